#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Many users, very many log-ins and log-outs at once, a tenth of all programs killed
# at random: nobody is ever in a wrong network, and nothing is left.
#
#   SEED=N USERS=N LOGINS=N AT_ONCE=N make check-storm
# shellcheck source=tests/lib.sh
TEST_TIMEOUT=${TEST_TIMEOUT:-3600}
. "$(dirname "$0")/../lib.sh"
# What the sandbox does not hand on
set -- "${1:-${SEED:-$RANDOM}}" "${2:-${USERS:-1000}}" "${3:-${LOGINS:-5000}}" "${4:-${AT_ONCE:-32}}"
in_sandbox "$@"
install_product
seed=$1 users=$2 logins=$3 at_once=$4

FIRST=20000
PEER=198.51.100.10
PORT=7007
# What is the machine's: others on it use memory, too.
NOISE=16384 # kilobytes
WARM=200 # log-ins, for what the kernel keeps once it has had it

sandbox_net
pam_stack storm 'session required pam_netns.so'
for ((n = 1; n <= users; n++)); do
	echo "u$n:x:$((FIRST + n)):$((FIRST + n))::/:/bin/sh"
done >>/etc/passwd
# Whom each fourth is: see storm.c.
{
	cat <<-EOT
		set pool4 100.64.0.0/16
		set pool6 fd6e:6574:6e73::/64
		set dns none
		policy reaches {
			out allow to $PEER udp $PORT
			publish tcp 8022 to 22
		}
		policy shut {
			out allow to $PEER tcp $PORT
		}
	EOT
	for ((n = 1; n <= users; n++)); do
		case $((n % 4)) in
		0 | 1) echo "session $((FIRST + n)) loopback" ;;
		2) echo "session $((FIRST + n)) veth reaches" ;;
		3) echo "session $((FIRST + n)) veth shut" ;;
		esac
	done
} >"$WORK/storm.conf"
conf "$(cat "$WORK/storm.conf")"
ok "the configuration is good" netnsctl reload

cat >"$WORK/echo.py" <<-EOT
	import socket
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.bind(("$PEER", $PORT))
	print("ready", flush=True)
	while True:
	    s.sendto(*s.recvfrom(100))
EOT
in_peer peer1 python3 "$WORK/echo.py" >"$WORK/echo.out" &
wait_for 10 grep -q ready "$WORK/echo.out" || abort "nobody answers"

connections()
{
	cat /proc/sys/net/netfilter/nf_conntrack_count
}

kilobytes()
{
	awk -v key="$1:" '$1 == key { print $2 }' /proc/meminfo
}

# As /proc/locks has it.  Others have locks on files of the same number.
lock_name()
{
	local major minor inode

	read -r major minor inode <<<"$(stat -c '%Hd %Ld %i' /run/pam_netns/lock)"
	printf '%02x:%02x:%d' "$major" "$minor" "$inode"
}

# Not those that tell what was denied lately, or count connections: they go by time,
# as does what connection tracking knows.
elements()
{
	nft -s list ruleset | awk '/^\t(set|map) / { timed = /denied|denials|connections/ } !timed' |
		tr ',' '\n'
}

# What must be the same afterwards, and is this sandbox's alone
host_has()
{
	echo "links $(ip -o link show | wc -l)"
	echo "pins $(find /run/pam_netns/ns -mindepth 1 | wc -l)"
	echo "mounts $(wc -l </proc/self/mountinfo)"
	echo "files $(find /run/pam_netns | wc -l)"
	echo "routes $(ip route show table all | wc -l) $(ip -6 route show table all | wc -l)"
	echo "rules $(ip rule | wc -l) $(ip -6 rule | wc -l)"
	echo "elements $(elements | wc -l)"
	echo "namespaces $(find /proc/[0-9]*/ns/net -printf '%l\n' 2>/dev/null | sort -u | wc -l)"
	echo "helpers $(pgrep -c -x netns-helper)"
	echo "locks $(grep -c "$(lock_name) " /proc/locks)"
	echo "descriptors of process 1 $(find /proc/1/fd -mindepth 1 | wc -l)"
}

# And what is the machine's: kilobytes, and network namespaces as the kernel counts them
kernel_has()
{
	echo "slab $(kilobytes Slab)"
	echo "percpu $(kilobytes Percpu)"
	echo "net_namespace $(awk '$1 == "net_namespace" { print $2 }' /proc/slabinfo)"
}

# Of the first ones, some may have gone since.
no_more_connections()
{
	[ "$(connections)" -le "$connections" ]
}

as_before()
{
	host_has >"$WORK/host.now"
	diff "$WORK/host.before" "$WORK/host.now"
}

# Memory comes back a while after what has had it.
memory_as_before()
{
	kernel_has >"$WORK/kernel.now"
	paste "$WORK/kernel.before" "$WORK/kernel.now" | awk -v noise="$NOISE" '
		$1 != "net_namespace" { grown += $4 - $2 }
		END { print grown " kB more"; exit grown > noise }'
}

note "seed $seed: $users users, $logins log-ins, $at_once at once"
storm "$seed" $WARM "$at_once" $FIRST "$users" $PEER $PORT >/dev/null
ok "a sweep before all" netnsctl sweep
wait_for 10 is_clean || abort "not clean before all"
host_has >"$WORK/host.before"
kernel_has >"$WORK/kernel.before"
connections=$(connections)

start=$EPOCHSECONDS
storm "$seed" "$logins" "$at_once" $FIRST "$users" $PEER $PORT >"$WORK/storm.out" 2>&1
note "$((EPOCHSECONDS - start)) s" "$(tail -n 20 "$WORK/storm.out")"
figure()
{
	awk -v name="$1" '$1 == name && NF == 2 { print $2 }' "$WORK/storm.out"
}
is "$(grep -E '^wrong uid' "$WORK/storm.out" | head -n 20)" "" "nobody is in a wrong network"
is "$(figure wrong)" 0 "and the storm has come to its end"
is $(($(figure opened) + $(figure refused) + $(figure callers-killed))) "$logins" \
	"each log-in is opened, refused or killed"
ok "refused are those whose helper was killed" test "$(figure refused)" -le "$(figure helpers-killed)"
ok "a tenth of the programs has been killed" test "$(figure callers-killed)" -ge $((logins / 10))
# Each log-in has two.
ok "a tenth of the helpers has been killed" test "$(figure helpers-killed)" -ge $((logins / 5))

note "left before a sweep:" "$(as_before)"
# Some hundreds are more than one has the time for: it says so, and the next goes on.
ok "sweeps after all" wait_for 10 netnsctl sweep
ok "nothing is left" wait_for 10 as_before
ok "no connection is known that was not" wait_for 10 no_more_connections
ok "and no memory" wait_for 20 memory_as_before
note "before and after:" "$(paste "$WORK/host.before" "$WORK/host.now")" \
	"$(paste "$WORK/kernel.before" "$WORK/kernel.now")"
pam_stack pamdo 'session required pam_netns.so'
run pamdo -u u2 open links close
like "$OUT" $'open 0 Success\nlinks lo eth0\nclose 0' "and the next one comes in"

done_testing
