#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# doctor: each thing that it finds, made wrong on purpose and mended again.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/topology.sh
. "$TOP/tests/topology.sh"
in_sandbox "$@"
install_product
sandbox_net
printf 'nameserver %s\n' 198.51.100.10 1001:db8:1::10 >/etc/resolv.conf
file=/etc/security/netns.conf
answers=$WORK/answers # all of them, for the schema
# shellcheck disable=SC2016 # make's, and jq's
where='where: ; $(info $(PAMDIR))@:'
module=$(make -s -C "$TOP" BUILD="$BUILD" --eval="$where" where)/pam_netns.so

# look: fills OUT (what was found, a line each: ID PLACE TEXT => MEND), ERR and STATUS
look()
{
	netnsctl doctor --json >"$WORK/out" 2>"$WORK/err"
	STATUS=$?
	ERR=$(<"$WORK/err")
	cat "$WORK/out" >>"$answers"
	OUT=$(jq -r '.findings[] | "\(.id) \(.file // "-"):\(.line // "-") \(.text) => \(.mend)"' "$WORK/out")
}

# finds STATUS REGEX NAME: that alone, a line
finds()
{
	local lines

	look
	lines=$(wc -l <<<"$OUT")
	like "$STATUS $lines $OUT$ERR" "^$1 1 $2" "$3"
}

# mended: nothing is wrong
mended()
{
	run netnsctl doctor
	is "$STATUS $OUT" "0 nothing is wrong" "... and mended"
}

# stack SERVICE LINE...: the session part of its file
stack()
{
	local service=$1

	shift
	printf '%s\n' "$@" >"/etc/pam.d/$service"
}

sshd_config()
{
	printf '%s\n' "$@" >/etc/ssh/sshd_config
}

# put_socket PATH: one on which nobody answers
put_socket()
{
	mkdir -p "${1%/*}"
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$1"
}

# as_user UID CMD...
as_user()
{
	local uid=$1

	shift
	setpriv --reuid "$uid" --regid "$uid" --clear-groups "$@"
}

note "nothing loaded yet"
rm -rf /usr/lib/pam.d/* /run/dbus /run/nscd /run/avahi-daemon /run/systemd/resolve /var/lib/systemd/linger
sshd_config 'UsePAM yes' 'DisableForwarding yes'
whole='policy web {
	out allow to any tcp 80
	publish tcp 8022 to 22
}
session alice veth web
session bob   loopback
session carol via sshd,login loopback
session *     host'
conf "$whole"
line='session required pam_netns.so'
stack login "$line"
finds 2 'nothing-in-force -:- .* netnsctl reload' "nothing-in-force"
ok "reload" netnsctl reload
mended

note "the configuration"
conf -k 'sesion alice host'
finds 2 "configuration-error $file:1 unknown" "configuration-error"
conf -k "$whole"$'\nset linger 1m'
finds 0 "configuration-changed $file:- " "configuration-changed"
conf -k $'session nobody-there loopback\nsession bob loopback'
netnsctl reload 2>/dev/null
finds 1 "configuration-warning $file:1 .*nobody-there" "configuration-warning"
conf -k 'session * host'
netnsctl reload
finds 0 "nobody-confined $file:- " "nobody-confined"
stack sshd 'session required pam_unix.so'
finds 0 "nobody-confined $file:- " "then no stack needs the line"
rm /etc/pam.d/sshd
conf -k "$whole"
netnsctl reload
mended

note "no room in /run"
cp -a /run/pam_netns "$WORK/run"
# on_full WHAT OPTIONS: the runtime directory is in a file system that is so
on_full()
{
	mount -t tmpfs -o "mode=700,$2" tmpfs /run/pam_netns
	find "$WORK/run" -maxdepth 1 -type f -exec cp -t /run/pam_netns {} +
	touch /run/pam_netns/taken{1..30} 2>/dev/null
	head -c 1M /dev/zero >/run/pam_netns/lock 2>/dev/null
	[ "$1" != 'is read-only' ] || mount -o remount,ro /run/pam_netns
	finds 2 "run-full /run/pam_netns:- its file system $1 => make room" "run-full: $1"
	umount /run/pam_netns
}
on_full 'is full' size=64k
on_full 'has no inodes left' nr_inodes=20
on_full 'is read-only' size=4m
mended

note "PAM"
for service in sshd su cron atd systemd-user gdm-password; do
	stack $service 'session required pam_unix.so' '@include common' 'session optional pam_systemd.so'
	stack common 'session required pam_permit.so'
	finds 2 "pam-line-missing /etc/pam.d/$service:2 .* write '$line' before line 2" \
		"pam-line-missing: $service"
	rm /etc/pam.d/$service /etc/pam.d/common
done
for program in pam_systemd.so 'pam_exec.so /bin/true'; do
	stack cron 'session required pam_unix.so' "session optional $program"
	finds 2 "pam-line-missing /etc/pam.d/cron:2 .* before line 2" "pam-line-missing: before $program"
	rm /etc/pam.d/cron
done
stack systemd-user 'session required pam_selinux.so close' 'session required pam_selinux.so nottys open'
mv /etc/pam.d/systemd-user /usr/lib/pam.d
finds 2 "pam-line-missing /usr/lib/pam.d/systemd-user:2 .* cp /usr/lib/pam.d/systemd-user /etc/pam.d" \
	"pam-line-missing: the vendor's file"
stack systemd-user "$line"
mended
rm /etc/pam.d/systemd-user /usr/lib/pam.d/systemd-user
stack su "$line" 'session required pam_unix.so'
stack su-l 'auth include su' 'session include su'
mended
stack su 'session required pam_unix.so'
look
like "$OUT" "su-l:.*into the file of 'su', which it includes" "pam-line-missing: by another service"
stack su "$line"
stack sshd 'session required pam_unix.so'
stack login "$line exempt_group=wheel"
finds 2 "pam-line-missing /etc/pam.d/sshd:- .* write '$line exempt_group=wheel' at its end" \
	"pam-line-missing: with the arguments of others"
stack login "$line"
rm /etc/pam.d/su /etc/pam.d/su-l /etc/pam.d/sshd
stack parlour 'session required pam_unix.so'
finds 1 "pam-line-missing-elsewhere /etc/pam.d/parlour:- .* at its end" "pam-line-missing-elsewhere"
stack parlour 'session required pam_deny.so'
mended
stack parlour 'auth required pam_unix.so'
mended
stack parlour.dpkg-old 'session required pam_unix.so'
mended
rm /etc/pam.d/parlour*

for control in optional sufficient '[success=ok default=ignore]'; do
	stack login "session $control pam_netns.so" 'session required pam_unix.so'
	finds 2 "pam-line-optional /etc/pam.d/login:1 .* write '$line' there" "pam-line-optional: $control"
done
stack login 'session optional pam_netns.so  exempt_group=wheel'
finds 2 "pam-line-optional /etc/pam.d/login:1 .* write '$line exempt_group=wheel' there" \
	"pam-line-optional: with the arguments that it has"
stack common '' 'session optional pam_netns.so'
for service in login sshd; do
	stack $service '@include common'
done
finds 2 'pam-line-optional /etc/pam.d/common:2 ' "pam-line-optional: once, where it is"
rm /etc/pam.d/sshd /etc/pam.d/common
for start in '-session required' 'session [module_unknown=ignore success=ok default=bad]'; do
	stack login "$start pam_netns.so"
	finds 2 "pam-line-passes-absence /etc/pam.d/login:1 .* write '$line' there" \
		"pam-line-passes-absence: $start"
done
for control in sufficient '[success=1 default=ignore]' '[default=done]'; do
	stack login "session $control pam_unix.so" "$line" 'session required pam_permit.so'
	finds 2 "pam-line-skipped /etc/pam.d/login:1 .* move '$line' before it" \
		"pam-line-skipped: $control"
done
stack login 'session sufficient pam_unix.so' "$line exempt_group=wheel"
finds 2 "pam-line-skipped /etc/pam.d/login:1 .* move '$line exempt_group=wheel' before it" \
	"pam-line-skipped: with the arguments that it has"
stack common '# a comment' 'session sufficient pam_unix.so'
stack login 'session include common' "$line"
finds 2 'pam-line-skipped /etc/pam.d/common:2 ' "pam-line-skipped: by what is included"
stack login 'session substack common' "$line"
mended
rm /etc/pam.d/common

stack login "$line"
mv "$module" "$module.away"
finds 2 'pam-module-missing /etc/pam.d/login:1 ' "pam-module-missing"
mv "$module.away" "$module"
mended

helper=/usr/libexec/netns-helper
mv $helper $helper.away
finds 2 "helper-missing $helper:- No such file or directory => install pam_netns anew" "helper-missing"
mv $helper.away $helper
mended
chmod 0 $helper
finds 2 "helper-missing $helper:- Permission denied " "helper-missing: no program"
chmod 755 $helper
mended

other=/etc/security/other.conf
for argument in exempt_goup=sudo debug=1 DEBUG '[quiet please]' conf; do
	stack login "$line $argument"
	finds 2 "pam-line-arguments /etc/pam.d/login:1 .*'${argument//[][]/}' is unusable: there is none .* write 'exempt_group=" \
		"pam-line-arguments: $argument"
done
for path in other.conf '' "/$(printf '%0250d' 0)"; do
	stack login "$line conf=$path"
	finds 2 "pam-line-arguments /etc/pam.d/login:1 .*'conf=$path' .* write the whole path, as in 'conf=$other'" \
		"pam-line-arguments: conf=${path:0:20}"
done
stack login "$line conf=$other"
finds 2 "pam-line-arguments /etc/pam.d/login:1 .*'conf=$other' is unusable: there is no such file => .*reload '$other'" \
	"pam-line-arguments: a file that is not there"
fails "reload says so" netnsctl reload $other
echo 'session bob loopbak' >$other
finds 2 "pam-line-arguments /etc/pam.d/login:1 .*'conf=$other' .*: the file has errors => " \
	"pam-line-arguments: a file with errors"
fails "reload says so" netnsctl reload $other
printf '%s\n' 'policy web { }' 'session bob veth web' >$other
finds 2 "pam-line-arguments /etc/pam.d/login:1 .*'conf=$other' .*: the file has veth sessions => " \
	"pam-line-arguments: a file with links"
fails "reload says so" netnsctl reload $other
echo 'session bob loopback' >$other
mended # the next login loads it
ok "reload" netnsctl reload $other
rm $other
finds 2 "pam-line-arguments .*there is no such file; what was loaded of it before counts" \
	"pam-line-arguments: a file that has gone"
rm /run/pam_netns/active-*
groups=$(printf ' exempt_group=%s' {wheel,students}{,,,})
stack login "$line$groups"
mended
stack login "$line$groups exempt_group=sudo"
finds 2 "pam-line-arguments /etc/pam.d/login:1 .*'exempt_group=sudo' .* too many groups => leave no more than 8" \
	"pam-line-arguments: a ninth group"
stack login "$line [exempt_group=no such\\] group]"
finds 1 "pam-group-missing /etc/pam.d/login:1 there is no group 'no such\] group', .*groupadd 'no such" \
	"pam-group-missing"
stack login "$line quiet debug exempt_group=wheel conf=$file"
mended
stack common "$line exempt_goup=sudo"
for service in login sshd; do
	stack $service '@include common'
done
finds 2 'pam-line-arguments /etc/pam.d/common:1 ' "pam-line-arguments: once, where it is"
rm /etc/pam.d/sshd /etc/pam.d/common
conf -k 'session * host'
netnsctl reload
stack login "$line exempt_goup=sudo"
look
like "$STATUS $OUT" '^2 pam-line-arguments /etc/pam.d/login:1 ' "pam-line-arguments: with nobody confined, too"
stack login "$line"
conf -k "$whole"
netnsctl reload
mended

stack sshd '@include sshd'
finds 1 'pam-unreadable /etc/pam.d/sshd:1 the line goes round in circles' "pam-unreadable: a circle"
stack sshd "$line" 'session include nowhere'
finds 1 'pam-unreadable /etc/pam.d/sshd:2 the line includes a file' "pam-unreadable: no such file"
truncate -s 1G /etc/pam.d/sshd
finds 1 'pam-unreadable /etc/pam.d/sshd:- File too large' "pam-unreadable: huge"
rm /etc/pam.d/sshd
mkfifo /etc/pam.d/sshd
finds 1 'pam-unreadable /etc/pam.d/sshd:- is no regular file => a regular file' "pam-unreadable: a FIFO"
ok "which holds up no reload" timeout 10 netnsctl reload
rm /etc/pam.d/sshd
odd=$'session sufficient pam_\e[31m\x9b\xff.so'
stack $'par\e]0;\n' "$odd" "$line"
look
is "$STATUS" 2 "odd bytes in a stack and in its name"
netnsctl doctor >"$WORK/out"
fails "say nothing to a terminal" grep -qP '[^\n -~]' "$WORK/out"
rm /etc/pam.d/par*
mended

note "sshd"
sshd_config 'UsePAM no' 'UsePAM yes' 'DisableForwarding yes'
finds 2 "sshd-without-pam /etc/ssh/sshd_config:1 .* write 'UsePAM yes'" "sshd-without-pam"
sshd_config 'DisableForwarding yes' 'Match User alice' 'UsePAM yes'
finds 2 "sshd-without-pam /etc/ssh/sshd_config:- " "sshd-without-pam: by default"
mkdir -p /etc/ssh/conf.test
printf '\n\nusepam = "no"\nMatch all\n' >/etc/ssh/conf.test/1.conf
echo 'UsePAM yes' >/etc/ssh/conf.test/2.conf
sshd_config 'Include conf.test/*.conf' 'UsePAM yes' 'DisableForwarding yes'
finds 2 "sshd-without-pam /etc/ssh/conf.test/1.conf:3 " "sshd-without-pam: in what is included"
rm /etc/ssh/conf.test/1.conf
sshd_config '  include	/etc/ssh/conf.test/*.conf # all' 'UsePAM no' 'DisableForwarding=yes'
mended
sshd_config 'UsePAM yes' 'AllowStreamLocalForwarding no' 'X11Forwarding yes' 'Match User bob' 'X11Forwarding no'
finds 0 'sshd-forwarding /etc/ssh/sshd_config:- .*: AllowTcpForwarding, X11Forwarding; a Match block' \
	"sshd-forwarding"
echo 'Include /etc/ssh/conf.test/*' >/etc/ssh/conf.test/2.conf
sshd_config 'UsePAM yes' 'DisableForwarding yes' 'Include conf.test/*'
finds 1 'sshd-unreadable /etc/ssh/conf.test/2.conf:1 ' "sshd-unreadable: a circle"
rm -r /etc/ssh/conf.test
sshd_config 'UsePAM yes' 'DisableForwarding yes'
mended
rm /etc/ssh/sshd_config
mended
sshd_config 'UsePAM yes' 'DisableForwarding yes'

note "sudo"
mkdir -p /etc/sudoers.d
stack sudo "$line"
printf '%s\n' '# sudoedit' 'root ALL=(ALL:ALL) ALL' >/etc/sudoers
mended
echo 'bob ALL=(root) sudoedit /etc/motd' >/etc/sudoers.d/motd
finds 1 "sudoedit-session /etc/sudoers.d/motd:1 .* 'Defaults!sudoedit !pam_session'" "sudoedit-session"
for defaults in 'Defaults!sudoedit !pam_session' 'Defaults !pam_session'; do
	printf '%s\n' "$defaults" 'root ALL=(ALL:ALL) ALL' >/etc/sudoers
	mended
done
printf '%s\n' '#Defaults!sudoedit !pam_session' 'Defaults:bob !pam_session' >/etc/sudoers
finds 1 "sudoedit-session /etc/sudoers.d/motd:1 " "sudoedit-session: neither by a comment nor for one user"
rm /etc/pam.d/sudo
mended
mv /etc/sudoers.d/motd /etc/sudoers.d/motd.old
stack sudo "$line"
mended
rm -r /etc/pam.d/sudo /etc/sudoers /etc/sudoers.d

note "processes"
login alice
login bob
mended
hold outside as_user 1001 sh -c 'echo $$; printf "x\33[31m" >/proc/self/comm; read -r _'
finds 1 "process-outside -:- alice has 1 process in the host's network: $(held outside) " "process-outside"
is "$(jq -c '.findings[0] | [.user, .pids]' "$WORK/out")" "[\"alice\",[$(held outside)]]" \
	"for programs, too"
netnsctl doctor >"$WORK/out"
ok "the name of a program says nothing to a terminal" grep -qF 'x\033[31m' "$WORK/out"
release outside
mended
hold within nsenter --net="$(netns_file bob)" setpriv --reuid 1001 --regid 1001 --clear-groups \
	sh -c 'echo $$; read -r _'
finds 1 "process-outside -:- alice has 1 process in the network of uid 1002: $(held within) " \
	"process-outside: in another user's network"
release within
hold seeing nsenter --net="$(netns_file bob)" setpriv --reuid 1002 --regid 1002 --clear-groups \
	sh -c 'echo $$; read -r _'
finds 1 "session-unhidden -:- bob has 1 process with nothing hidden: $(held seeing) " "session-unhidden"
release seeing
mended
hold other as_user 1003 sh -c 'echo $$; read -r _'
mended # some services give carol the host's network
release other
# shellcheck disable=SC2016 # Perl's
hold many as_user 1001 perl -MPOSIX -e 'pipe(R, W);
	for (1 .. 1000) { if (!fork) { close W; sysread R, $_, 1; POSIX::_exit(0) } }
	$| = 1; print "there\n"; <STDIN>'
start=${EPOCHREALTIME/[.,]/}
finds 1 "process-outside -:- alice has 1001 processes in the host's network: .* and more" "a thousand of them"
took=$((${EPOCHREALTIME/[.,]/} - start))
ok "in less than a second ($((took / 1000)) ms)" [ $took -lt $((1000000 * PATIENCE)) ]
is "$(jq '.findings[0].pids | length' "$WORK/out")" 1001 "all are there for programs"
release many
ok "they are gone" wait_for 5 eval '! pgrep -u 1001 perl'
mended
hold outside as_user 1001 sh -c 'echo $$; read -r _'
stack sudo "$line exempt_group=students"
ok "an exempt group" netnsctl reload
mended # alice is exempt by sudo, so she is in the host's network for a reason
rm /etc/pam.d/sudo
ok "none" netnsctl reload
release outside
logout alice
logout bob

note "who lingers"
mkdir -p /var/lib/systemd/linger
touch /var/lib/systemd/linger/{carol,gone}
mended
touch /var/lib/systemd/linger/alice
finds 0 "linger -:- the user 'alice' lingers => loginctl disable-linger 'alice'" "linger"
rm -r /var/lib/systemd/linger

note "resolvers"
for path in /run/systemd/resolve/io.systemd.Resolve /run/nscd/socket /run/avahi-daemon/socket; do
	put_socket $path
	mended
	conf -k "set hide none"$'\n'"$whole"
	netnsctl reload
	finds 1 "resolver-visible $file:1 ${path%/*} is not hidden" "resolver-visible: ${path%/*}"
	conf -k "set hide ${path%/*}"$'\n'"$whole"
	netnsctl reload
	mended
	ln -s ${path%/*} /run/leads-there
	conf -k "set hide /run/leads-there"$'\n'"$whole"
	netnsctl reload
	mended
	rm /run/leads-there
	conf -k "$whole"
	netnsctl reload
	put_socket /run/dbus/system_bus_socket
	[ $path = /run/nscd/socket ] ||
		finds 0 'bus-visible -:- /run/dbus/system_bus_socket is not hidden' "bus-visible: ${path%/*}"
	conf -k "set hide default /run/dbus/system_bus_socket"$'\n'"$whole"
	netnsctl reload
	mended
	conf -k "$whole"
	netnsctl reload
	rm -r ${path%/*} /run/dbus
done
mended

note "the firewall"
nft flush ruleset
finds 1 'table-missing -:- .* netnsctl sweep' "table-missing"
netnsctl sweep >/dev/null
mended
nft flush table inet pam_netns
finds 1 'table-altered -:- chain .* has 0 rules, and not ' "table-altered: flushed"
netnsctl reload
mended
nft flush chain inet pam_netns out_web
finds 1 "table-altered -:- chain 'out_web' " "table-altered: a chain"
netnsctl reload
nft add rule inet pam_netns out_web accept
finds 1 "table-altered -:- chain 'out_web' .* netnsctl reload" "table-altered: a rule more"
netnsctl reload
nft add chain inet pam_netns strange
nft add rule inet pam_netns strange accept
finds 1 "table-altered -:- .* has the chain 'strange', which is not ours" "table-altered: a chain more"
netnsctl reload
nft 'add chain inet pam_netns strange { type filter hook forward priority 0; policy drop; }'
finds 1 "table-altered -:- .* has the chain 'strange', which is not ours" "table-altered: one without rules"
netnsctl reload
mended
nft delete table inet pam_netns
nft add table inet pam_netns
finds 1 'table-altered -:- chain .* has 0 rules' "table-altered: another's table"
netnsctl reload
mended

note "what sessions need"
for key in ipv4/ip_forward ipv6/conf/all/forwarding ipv4/conf/all/src_valid_mark; do
	echo 0 >/proc/sys/net/$key
	finds 1 "forwarding-off -:- net\\.${key//\//.} is off => netnsctl sweep" "forwarding-off: $key"
	netnsctl sweep >/dev/null
	mended
done
for family in 4 6; do
	ip -$family rule del from "$(ip -$family rule | awk '/blackhole/ { print $3 }')" fwmark 0/0x10000000 blackhole
	finds 1 'routing-incomplete -:- .* netnsctl sweep' "routing-incomplete: a rule, IPv$family"
	netnsctl sweep >/dev/null
	mended
	ip -$family address flush dev lo scope global
	finds 1 'routing-incomplete -:- ' "routing-incomplete: the gateway's address, IPv$family"
	netnsctl sweep >/dev/null
	mended
done
touch /run/pam_netns/pending
finds 1 'reload-interrupted /run/pam_netns/pending:- ' "reload-interrupted"
netnsctl sweep >/dev/null
mended
for family in inet ip ip6; do
	nft "add table $family other; add chain $family other forward { type filter hook forward priority 0; policy drop; }"
	finds 1 "chain-drops -:- chain 'forward' .*'$family other' .* => 'nft insert rule $family other forward" \
		"chain-drops: $family"
	for half in 'iifname "nu*" accept' 'oifname "nu*" drop'; do
		nft "insert rule $family other forward $half"
		finds 1 "chain-drops " "chain-drops: $family, with '$half' alone"
	done
	nft "insert rule $family other forward oifname \"nu*\" accept"
	mended
	nft "flush chain $family other forward
		add rule $family other forward iifname \"nu*\" accept
		add rule $family other forward ct state established,related accept"
	mended
	nft delete table $family other
done
for prefix in 100.64.7.0/24 fd6e:6574:6e73::7:0/112; do
	ip route add $prefix dev up0
	finds 1 "pool-overlap $file:- .*'set pool4' and" "pool-overlap: $prefix"
	ip route del $prefix dev up0
	mended
done
hold listener python3 -c 'import socket
s = socket.create_server(("0.0.0.0", 8022))
print("there", flush=True); input()'
finds 1 "port-occupied $file:3 .* tcp port 8022: " "port-occupied"
release listener
mended
conf -k $'set uplink up0 vpn9\n'"$whole"
netnsctl reload
finds 1 "uplink-missing $file:1 there is no link 'vpn9' => start .*'ip link'" "uplink-missing"
ip link add vpn8 type veth peer name vpn7
ip link property add dev vpn8 altname vpn9
finds 1 "uplink-missing $file:1 'vpn9' is another name of the link 'vpn8' " "uplink-missing: another name"
ip link property del dev vpn8 altname vpn9
ip link set vpn8 name vpn9
mended
ip link del vpn9
conf -k $'set uplink vpn9\nsession bob loopback\nsession * host'
netnsctl reload
mended # without links, there is nothing to go out
conf -k $'session dave join office\nsession huge join office\n'"$whole"
netnsctl reload
rm -f /run/netns/office
finds 1 "join-missing $file:1 there is no network namespace /run/netns/office => .*ip netns add 'office'; or correct" \
	"join-missing: once, where it is"
mkdir -p /run/netns
touch /run/netns/office
finds 1 "join-missing $file:1 /run/netns/office is no network namespace => " "join-missing: a file"
rm /run/netns/office
ip netns add office
mended
chmod 777 /run/netns
finds 1 "join-missing $file:1 /run/netns is not root's" "join-missing: others may write there"
chmod 755 /run/netns
ip netns del office
ip netns attach office 1
finds 1 "join-missing $file:1 /run/netns/office is the host's own network" "join-missing: the host's"
ip netns del office
echo '# another line' >>$file
look
like "$OUT" "join-missing $file:- there is no network namespace" "join-missing: by what is in force"
conf -k "$whole"
netnsctl reload
mended

note "who asks, and how"
run setpriv --reuid 65534 --regid 65534 --clear-groups netnsctl doctor
is "$STATUS" 3 "without privilege, nothing can be told"
like "$OUT" '^netnsctl: doctor needs root: it looks into /run/pam_netns and other users. processes$' \
	"which is said in a line"
for arguments in --nonsense alice '--json alice'; do
	# shellcheck disable=SC2086
	run netnsctl doctor $arguments
	like "$STATUS $OUT" '^3 .*usage: netnsctl doctor \[--json\]' "doctor $arguments"
done
for arguments in '' --json; do
	# shellcheck disable=SC2016,SC2086
	run sh -c 'netnsctl doctor $1 >/dev/full' - "$arguments"
	like "$STATUS $OUT" '^3 netnsctl: cannot write the output' "doctor $arguments on a full disk"
	# shellcheck disable=SC2016
	run sh -c 'netnsctl doctor $1 >&-' - "$arguments"
	like "$STATUS $OUT" '^3 netnsctl: cannot write the output' "doctor $arguments without output"
done
mv /etc/pam.d "$WORK/pam.d"
echo "login $line" >/etc/pam.conf
look
like "$STATUS $OUT$ERR" '^3 netnsctl: cannot look at the PAM stacks' "what cannot be looked at"
is "$(jq -c .unseen "$WORK/out")" '["the PAM stacks"]' "is named for programs"
rm /etc/pam.conf
mv "$WORK/pam.d" /etc/pam.d
netnsctl unload
stack login 'session optional pam_netns.so'
run netnsctl doctor
like "$STATUS $OUT" '^2 error: .*\[nothing-in-force\].*pam.d/login:1: error: .*\[pam-line-optional\]
    .*
    mend: write .*
2 errors, 0 warnings, 0 notes$' "for people"

ok "all answers are as the schema says" python3 "$TOP/tests/schema.py" "$TOP/helper/doctor.schema.json" \
	<"$answers"
is "$(jq -r '.findings[].id' "$answers" | sort -u)" \
	"$(jq -r '."$defs".id.enum[]' "$TOP/helper/doctor.schema.json" | sort)" "and each finding was among them"

done_testing
