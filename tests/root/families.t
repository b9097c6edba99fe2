#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A confined session can have sockets of the families that "set families" lists,
# and of no other, by no way into the kernel.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
in_sandbox "$@"
install_product

SESSIONS='session root  host
session @wheel host
session dave  stay
session bob   veth web
session huge  join vpn0
session *     loopback'
for service in su login sshd pamdo; do
	pam_stack $service 'session required pam_netns.so'
done
pam_stack optional 'session optional pam_netns.so' 'session required pam_permit.so'
sandbox_net
ip netns add vpn0

# with_families [FAMILY...]: what new sessions can have; without any, the default.
with_families()
{
	conf "${1+set families $*}
policy web {
	out allow to any
}
$SESSIONS"
	ok "set families ${*-}: loaded" netnsctl reload
	unlike "$OUT" families "  without a complaint"
}

FILTERS='grep -oP "^Seccomp_filters:\s*\K.*" /proc/self/status'

# differing BEFORE FAMILY...: lines of the standard input, of the program families,
# that are not as they should be, where the file BEFORE is what there is without any
# filter.  FAMILY is a number.
differing()
{
	local before=$1

	shift
	awk -v families=" $* " '
		function wanted(how, what, old,   part)
		{
			split(what, part, "/")
			if (how ~ /^socketcall/ || !index(families, " " part[1] " "))
				return "EAFNOSUPPORT"
			if (part[1] != 2 && part[1] != 10 || part[2] == 3)
				return old
			if (part[2] == 10)
				return index(families, " 17 ") ? old : "EAFNOSUPPORT"
			if (part[2] != 1 && part[2] != 2)
				return "ESOCKTNOSUPPORT"
			return part[3] ~ /^(0|1|6|17|58|262)$/ ? old : "EPROTONOSUPPORT"
		}
		NF > 3 || $1 !~ /^(long|socket.*|x32|io_uring)$/ { next }
		NR == FNR { old[$1, $2] = $3; n_old++; next }
		{ n++ }
		$1 == "io_uring" { if ($2 != "ENOSYS") print; next }
		$2 == "absent" { next }
		$3 != wanted($1, $2, old[$1, $2]) { print $0 ", wanted: " wanted($1, $2, old[$1, $2]) }
		END { if (n != n_old || n < 1000) print n " lines, wanted: " n_old }' "$before" -
}

# has FILE PATTERN NAME
has()
{
	ok "$3" grep -qxE "$2" "$1"
}

#
note "without a filter"
#

with_families any
pamdo -u alice open system families close >"$WORK/any.root"
su alice -c families >"$WORK/any.alice"
is "$(su alice -c "$FILTERS")" 0 "set families any: there is no filter"
has "$WORK/any.root" 'socket 17/3/0 possible' "  root can have packet sockets"
has "$WORK/any.root" 'socket 2/10/0 possible' "  also by their old name"
has "$WORK/any.alice" 'socket 2/2/136 possible' "  alice can have UDP-Lite"
has "$WORK/any.alice" 'io_uring possible' "  and an io_uring"
if grep -qx 'socket 40/1/0 possible' "$WORK/any.alice"; then
	ok "  and AF_VSOCK" true
else
	skip "  and AF_VSOCK" "this kernel has none"
fi
grep absent "$WORK/any.alice" | sed 's/^/# /'

#
note "by default: unix, inet, inet6, netlink"
#

with_families
run pamdo -u alice open system families close
is "$(differing "$WORK/any.root" 1 2 10 16 <<<"$OUT")" "" "not even root in the session has others"
has <(echo "$OUT") 'socket 2/3/1 possible' "  but has raw sockets"
su alice -c families >"$WORK/su"
is "$(differing "$WORK/any.alice" 1 2 10 16 <"$WORK/su")" "" "su: neither has alice"
for socket in 1/1/0 1/2/0 2/1/0 2/1/6 2/1/262 2/2/0 2/2/17 10/1/0 10/2/0 16/3/0; do
	has "$WORK/su" "socket $socket possible" "  but $socket"
done
has "$WORK/su" "socketpair 1/1/0 possible" "  and pairs"
start_sshd
run ssh_as alice families
is "$(differing "$WORK/any.alice" 1 2 10 16 <<<"$OUT")" "" "ssh: the same"
ptydo login -f alice -- '$ ' 'families >families.out; echo EN""D^M' END 'exit^M' >/dev/null
is "$(differing "$WORK/any.alice" 1 2 10 16 <~alice/families.out)" "" "login: the same"
is "$(su alice -c 'python3 -c "import socket; socket.socket(40, 1, 0)" 2>&1' | tail -n 1)" \
	"OSError: [Errno 97] Address family not supported by protocol" "AF_VSOCK, as programs see it"
for user in bob huge; do
	is "$(su $user -c families | differing "$WORK/any.alice" 1 2 10 16)" "" \
		"$user, in another kind of network: the same"
done
for user in root carol dave; do
	is "$(su $user -c "$FILTERS")" 0 "$user, who is not confined, has no filter"
done

#
note "what must go on"
#

for address in 127.0.0.1 ::1; do
	ok "alice pings $address" su alice -c "ping -c1 -W2 -n $address"
done
is "$(su alice -c 'grep NoNewPrivs /proc/self/status')" $'NoNewPrivs:\t0' \
	"programs with the setuid bit keep their power"
is "$(su alice -c 'su bob -c "id -u"')" 1002 "  su does"
hold bob su bob -c "$SELF_NETNS; read -r _"
is "$(su alice -c "su bob -c '$SELF_NETNS'")" "$(held bob)" "  and leads to his network"
release bob
is "$(su alice -c "su root -c \"$SELF_NETNS\"")" "$(host_netns)" "su root leads to the host's"
ok "  where netnsctl works" su alice -c 'su root -c "netnsctl reload && netnsctl status"'
is "$(su alice -c "su root -c '$FILTERS'")" 1 "  but root keeps the filter"

#
note "one filter is enough"
#

sessions=()
for _ in 1 2 3; do
	sessions+=(open system "$FILTERS" close)
done
is "$(pamdo -u alice "${sessions[@]}" | grep -cx 1)" 3 "three sessions in one process: one filter"
inner=$(printf %q "$FILTERS")
inner=$(printf %q "su alice -c $inner")
is "$(su alice -c "su bob -c $inner")" 1 "  in one another: one filter"
sed 's/^set.*//;1i set families unix inet inet6 netlink packet' /etc/security/netns.conf >"$WORK/more"
cp /etc/security/netns.conf "$WORK/less"
is "$(pamdo -u alice "${sessions[@]:0:3}" system "cat $WORK/more >/etc/security/netns.conf" \
	"${sessions[@]:0:3}" system "cat $WORK/less >/etc/security/netns.conf" \
	"${sessions[@]}" | grep -x '[0-9]' | tr '\n' ' ')" "1 2 2 2 2 " \
	"  one for each list that it has seen"
run pamdo -u alice open close system "sed -i 's/^session \*.*/session * host/' /etc/security/netns.conf" \
	open ns system "$FILTERS" close
like "$OUT" "ns $(host_netns)"$'\n'1 "a session in the host's network, by the same process, keeps it"

#
note "other lists"
#

with_families inet
run su alice -c families
is "$(differing "$WORK/any.alice" 1 2 16 <<<"$OUT")" "" \
	"inet: no inet6, but unix and netlink, which opening a session needs"
hold bob su bob -c "$SELF_NETNS; read -r _"
is "$(su alice -c "su bob -c '$SELF_NETNS'")" "$(held bob)" "  from inside, too"
release bob
with_families inet6 packet vsock
run pamdo -u alice open system families close
is "$(differing "$WORK/any.root" 1 10 16 17 40 <<<"$OUT")" "" "inet6 packet vsock: these"
with_families inet packet
run pamdo -u alice open system families close
is "$(differing "$WORK/any.root" 1 2 16 17 <<<"$OUT")" "" "inet packet: also by the old name"

#
note "sealed, and refused"
#

with_families
ip netns delete vpn0
run pamdo -s optional -u huge open ns system families
like "$OUT" 'open 0 ' "refused behind optional"
is "$(differing "$WORK/any.root" 1 2 10 16 <<<"$OUT")" "" "  what is left has no other families"
sed -i '1i set on-error seal' /etc/security/netns.conf
run pamdo -u huge open ns system families
like "$OUT" 'open 0 ' "sealed"
is "$(differing "$WORK/any.root" 1 2 10 16 <<<"$OUT")" "" "  nor has the sealed session"
with_families any
sed -i '1i set on-error seal' /etc/security/netns.conf
run pamdo -u huge open ns system "$FILTERS"
like "$OUT" $'open 0 .*\n0\n' "  unless any is allowed"

with_families
for fault in error=EPERM error=ENOMEM error=EINVAL retval=0; do
	clear_log
	run strace -o /dev/null -e trace=seccomp -e inject="seccomp:$fault:when=1" \
		pamdo -u alice open ns
	like "$OUT" 'open 4 System error' "without a filter, $fault: refused"
	isnt "$(sed -n 's/^ns //p' <<<"$OUT")" "$(host_netns)" "  and sealed"
	ok "  and the log says so" wait_for_log 'user alice: cannot restrict the families of sockets: '
done
touch -d @1 /run/pam_netns/joined/* # as if that had been long ago
no_debris_swept
done_testing
