#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a hostile user tries from inside of a session with a link, and what others
# try to get in: nothing gets through.  Of each attempt it is also shown that it
# gets through where it may, or that it was stopped by the rule that is for it.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/topology.sh
. "$TOP/tests/topology.sh"
in_sandbox "$@"
install_product
# shellcheck source=tests/escape/attackers.sh
. "$TOP/tests/escape/attackers.sh"

FAMILIES=(4 6)
PEER1=(198.51.100.10 2001:db8:1::10)
PEER2=(203.0.113.10 2001:db8:2::10)
GATEWAY=(100.64.0.1 fd6e:6574:6e73::1)
UPLINK=(192.0.2.1 2001:db8::1)
HOST=(192.0.2.2 2001:db8::2)
# Also such that only the loopback device has.
HOST_ADDRESSES=("${GATEWAY[@]}" "${HOST[@]}" 172.31.0.1 2001:db8:f::1 10.77.0.1 fd77::1)
METADATA=(169.254.169.254 169.254.170.2 100.100.100.200 168.63.129.16 192.0.0.192
	fd00:ec2::254 fd20:ce::254)

# A host that is a router for others too: nothing may depend on its not being one.
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
wide_net
add_far_addresses cloud 198.18.0.10 169.254.170.2
ip address add 10.77.0.1/32 dev lo
ip address add fd77::1/128 dev lo
pam_stack login 'session required pam_netns.so'
conf "set pool4 $POOL4
set pool6 $POOL6
set dns none
# What it would refuse, the rules are to stop, too.
set families any
addresses near { 198.51.100.0/24 2001:db8:1::/64 }
policy attacker {
	out allow to near
	out allow to any tcp 80 udp 80
	out allow to host tcp 8004 udp 8004
	out allow to users
	publish tcp 8022 to 9000
	publish udp 8022 to 9000
	rate 100mbit
}
policy neighbour {
	in allow from users tcp 9001 udp 9001
	out allow to near
}
session alice veth attacker
session bob veth neighbour"
ok "the configuration is loaded" netnsctl reload

# targets PROTOCOLS PORTS ADDRESS...: for "send"
targets()
{
	local protocol port address

	for protocol in $1; do
		for port in $2; do
			for address in "${@:3}"; do
				echo "$protocol/$address/$port"
			done
		done
	done
}

# send_all PROTOCOLS PORTS ADDRESS...
send_all()
{
	# shellcheck disable=SC2046 # no blanks in them
	"${SENDER[@]}" "${TRAFFIC[@]}" send $(targets "$@")
}

# From whom: the words of a command that is put in front.
SENDER=()

# sent_by SENDER... -- PROTOCOLS PORTS ADDRESS...: in OUT
sent_by()
{
	SENDER=()
	while [ "$1" != -- ]; do
		SENDER+=("$1")
		shift
	done
	shift
	run send_all "$@"
}

enter alice
enter bob
mapfile -t ALICE < <(addresses_of alice)
mapfile -t BOB < <(addresses_of bob)
is "${#ALICE[@]} ${#BOB[@]}" "2 2" "alice and bob have addresses of both families"
is "$(as alice id -u) $(as alice grep CapEff /proc/self/status)" \
	$'1001 CapEff:\t0000000000000000' "alice is who she is, without capabilities"
# shellcheck disable=SC2086 # words
is "$(as alice $SELF_NETNS)" "$(stat -Lc %i "$(netns_file alice)")" "  and in her own network"

# What leaves the host for the outside, from here to the end.
hold uplink in_peer uplink "${TRAFFIC[@]}" watch down0
hold peer1 in_peer peer1 "${TRAFFIC[@]}" watch eth0
hold peer2 in_peer peer2 "${TRAFFIC[@]}" watch eth0

#
note "sockets"
#

hold hostabs sh -c 'socat ABSTRACT-LISTEN:hostabs,fork /dev/null & echo $!; read -r _; kill $!'
abstract=(socat -u /dev/null ABSTRACT-CONNECT:hostabs)
ok "an abstract socket of the host: there it answers" wait_for 5 in_host_as alice "${abstract[@]}"
run as alice "${abstract[@]}"
like "$STATUS $OUT" '^1 .*Connection refused' "  from the session it is refused"
release hostabs

PRIVILEGED=(packet packet-dgram raw4 raw6 icmp4 icmp6 xdp)
create=("${TRAFFIC[@]}" create)
run in_session alice "${create[@]}" "${PRIVILEGED[@]}"
expect_all ' possible$' "packet, raw and XDP sockets: root can have them, there"
run as alice "${create[@]}" "${PRIVILEGED[@]}"
expect_all ' EPERM$' "  alice cannot"
run as alice unshare -Ur "${create[@]}" "${PRIVILEGED[@]}"
expect_all ' EPERM$' "  nor as root of a user namespace of her own"
is "$(wc -l <<<"$OUT")" ${#PRIVILEGED[@]} "  (all have been tried)"

#
note "rules and links"
#

# What there is in the session's network, and the host's end of it.
network_state()
{
	in_session alice sh -c 'nft list ruleset; ip -d address; ip rule; ip -6 rule
		ip route show table all; ip -6 route show table all; ip neigh; tc qdisc show'
	ip -d link show nu1001
	ip neigh show dev nu1001
}

# The second word: as root of an own network, which shows that the command is one.
in_own_netns=(unshare -Urn sh -c
	'ip link add eth0 up type veth peer name eth1 && ip link set lo up &&
	ip -6 address add fd00::1/64 dev eth0 nodad && ip address add 192.0.2.9/24 dev eth0 &&
	tc qdisc add dev eth0 root pfifo && nft add table inet x && exec "$@"' -)
state=$(network_state)
like "$state" 'tbf .*' "what can be changed: the session has a rate, too"
while read -r -a command; do
	what=${command[*]}
	# Where the own network is another, or nothing was there before.
	ok "$what: elsewhere possible" as alice "${in_own_netns[@]}" "${command[@]}"
	run as alice "${command[@]}"
	like "$STATUS $OUT" '^[1-9].*Operation not permitted' "  not here"
	run as alice unshare -Ur "${command[@]}"
	like "$STATUS $OUT" '^[1-9].*Operation not permitted' "  nor as root of a user namespace"
done <<-EOT
	nft flush ruleset
	nft add table inet mine
	ip link add d0 type veth peer name d1
	ip link set lo down
	ip link set eth0 down
	ip link set eth0 address 02:00:00:00:00:01
	ip link delete eth0
	ip address add 10.9.9.9/32 dev eth0
	ip address add fd00:bad::66/128 dev eth0
	ip route add 10.8.0.0/16 dev eth0
	ip -6 route add fd00:8::/64 dev eth0
	ip rule add from all lookup main
	ip neigh replace 192.0.2.66 lladdr 02:00:00:00:00:01 dev eth0
	tc qdisc del dev eth0 root
EOT
is "$(network_state)" "$state" "nothing has changed"
# shellcheck disable=SC2016 # for that shell
run as alice unshare -Ur sh -c 'for f in ip_forward ping_group_range conf/all/route_localnet; do
	echo 1 >/proc/sys/net/ipv4/$f; done'
like "$OUT" 'Permission denied.*Permission denied.*Permission denied' "nor do settings"

#
note "ping"
#

run as alice "${create[@]}" ping4 ping6
expect_all ' EACCES$' "no sockets for it"
ping=(-n -q -c1 -W0.5)
install -m 755 "$(command -v ping)" /usr/local/bin/ping-cap
setcap cap_net_raw+ep /usr/local/bin/ping-cap
install -m 4755 "$(command -v ping)" /usr/local/bin/ping-suid

# pings PROGRAM: to whom she may and to whom not
pings()
{
	local i

	for i in 0 1; do
		ok "$1 to ${PEER1[i]}, who is allowed" as alice "$1" "${ping[@]}" "${PEER1[i]}"
		run as alice "$1" "${ping[@]}" "${PEER2[i]}"
		like "$STATUS $OUT" '^1 .*100% packet loss' "  but not to ${PEER2[i]}"
		run as alice "$1" "${ping[@]}" "${GATEWAY[i]}"
		like "$STATUS $OUT" '^1 .*100% packet loss' "  nor to the gateway"
	done
}

pings ping-cap
pings ping-suid
in_session alice sh -c 'echo 0 2147483647 >/proc/sys/net/ipv4/ping_group_range'
pings ping
nothing peer2 "no ping has come there" "^(1|58) .* ${PEER2[0]}|^58 .* ${PEER2[1]} "
in_session alice sh -c 'echo 1 0 >/proc/sys/net/ipv4/ping_group_range'

#
note "forged sources"
#

# from PEER PORT SOURCE...: alice sends to the peer, by each protocol, from sources
# that she does not have, and to a port for each.
from()
{
	local port=$2 targets=() source

	for source in "${@:3}"; do
		targets+=({udp,tcp}"/$1/$port<$source")
		port=$((port + 1))
	done
	run as alice "${TRAFFIC[@]}" send "${targets[@]}"
	is "$(wc -l <<<"$OUT")" ${#targets[@]} "alice has tried to forge ${#targets[@]} packets"
}

forged6=(fd00:bad::66 "${BOB[1]}" "${GATEWAY[1]}" "$NOBODY6" fe80::66%eth0 "${HOST[@]:1}"
	"${PEER1[1]}" "${PEER2[1]}")
before=$(counter spoofed)
from "${PEER1[1]}" 9100 "${forged6[@]}"
expect_all '^(udp.* sent|tcp.* timeout)$' "  they are made, for IPv6"
more "  but counted as spoofed" "$before" "$(counter spoofed)" $((2 * ${#forged6[@]}))
forged4=("${BOB[0]}" "${GATEWAY[0]}" "$NOBODY4" 10.9.9.9 "${HOST[0]}" "${PEER2[0]}")
from "${PEER1[0]}" 9100 "${forged4[@]}"
expect_all ' (ENETUNREACH|EINVAL)$' "  they are not made, for IPv4"
before=$(counter spoofed)
for source in "${forged4[@]}"; do
	echo "packet udp $source ${PEER1[0]} ,"
done | in_session alice xargs "${FORGE[@]}"
more "  made by root they are counted" "$before" "$(counter spoofed)" ${#forged4[@]}
for i in 0 1; do
	from "${PEER1[i]}" 9200 "${ALICE[i]}"
	for protocol in 6 17; do
		comes peer1 "  from her own address they come, protocol $protocol" \
			"^$protocol .* ${PEER1[i]} 9200\$"
	done
done
nothing peer1 "nothing forged has come" ' (91..|9)$'
nothing uplink "nor to the host's neighbour" ' (91..|9)$'
in_session alice "${FORGE[@]}" packet udp "${ALICE[0]}" "${PEER1[0]}"
comes peer1 "  what root makes with her address has" "^17 .* ${PEER1[0]} 9\$"

#
note "the host's services"
#

ports='22 53 8003 8022'
# shellcheck disable=SC2086 # words
hold host "${TRAFFIC[@]}" count -g nu1001 -g up0 $ports 8004 5353
sent_by -- 'tcp udp' "$ports" "${HOST_ADDRESSES[@]}"
for target in $(targets 'tcp udp' "$ports" "${HOST_ADDRESSES[@]}"); do
	echo "$target"
done | sort >"$WORK/wanted"
# arrivals FROM: the targets
arrivals()
{
	sed -n "s/ from $1\$//p" "$WORK/host.out" | sort
}
all_arrived()
{
	[ "$(grep -vc '^ready$' "$WORK/host.out")" = "$(wc -l <"$WORK/wanted")" ]
}
wait_for 5 all_arrived
ok "the host itself reaches them at all its addresses" \
	diff "$WORK/wanted" <(sed -n 's/ from .*//p' "$WORK/host.out" | sort)
sent_by as alice -- 'tcp udp' "$ports" "${HOST_ADDRESSES[@]}"
is "$(wc -l <<<"$OUT")" "$(wc -l <"$WORK/wanted")" "alice has tried them all"
unlike "$OUT" ' connected' "  and got no answer"
sent_by as alice -- 'tcp udp' 8004 "${HOST_ADDRESSES[@]}"
for address in "${HOST_ADDRESSES[@]}"; do
	for protocol in tcp udp; do
		comes host "  where she may, she comes to $address by $protocol" \
			"^$protocol/$address/8004 from (${ALICE[0]}|${ALICE[1]})\$"
	done
done
nothing host "  and nowhere else" "^[a-z]*/[^/]*/(${ports// /|}) from (${ALICE[0]}|${ALICE[1]})\$"

note "its loopback"
for link in all lo nu1001; do
	echo 1 >"/proc/sys/net/ipv4/conf/$link/route_localnet"
done
before=$(rule_counter prerouting loopback)
run as alice "${TRAFFIC[@]}" send -d eth0 {tcp,udp}/127.{0.0.1,9.9.9}/800{3,4}
expect_all '^(udp.* sent|tcp.* timeout)$' "packets to 127.0.0.0/8 leave the session by eth0"
more "  and are counted" "$before" "$(rule_counter prerouting loopback)" 8
run as alice "${TRAFFIC[@]}" send -d eth0 {tcp,udp}/::1/8004
unlike "$OUT" ' connected' "  ::1 does not answer either"
sent_by as alice -- udp 8004 "${HOST[0]}"
wait_for 5 test "$(arrived host "^udp/${HOST[0]}/8004 from" | wc -l)" -ge 2
nothing host "  nothing has come" '^[a-z]*/(127\.|::1/).* from (100\.64\.|fd6e)'
sent_by -- 'tcp udp' 8003 127.9.9.9
comes host "  the host's own has" '^udp/127.9.9.9/8003 from 127'
for link in all lo nu1001; do
	echo 0 >"/proc/sys/net/ipv4/conf/$link/route_localnet"
done

note "multicast and broadcast"
before=$(rule_counter prerouting 'not for one machine')
groups=(udp/224.0.0.251/5353 udp/255.255.255.255/5353 udp/ff02::fb%eth0/5353)
run as alice "${TRAFFIC[@]}" send -d eth0 "${groups[@]}"
expect_all ' sent$' "packets to the groups of multicast DNS leave the session"
more "  and are counted" "$before" "$(rule_counter prerouting 'not for one machine')" 3
run as alice "${TRAFFIC[@]}" send -d eth0 udp/ff02::1%eth0/5353 udp/ff02::fb%eth0/8003
expect_all ' sent$' "  others too"
run in_peer uplink "${TRAFFIC[@]}" send -d down0 "${groups[@]//eth0/down0}"
expect_all ' sent$' "the uplink sends the same"
for target in "${groups[@]}"; do
	comes host "  which the host takes: $target" \
		"^${target//eth0/down0} from (${UPLINK[0]}|fe80:.*|${UPLINK[1]})\$"
done
uplink_local=$(in_peer uplink ip -j -6 address show dev down0 scope link | jq -r '.[].addr_info[]?.local')
is "$(arrived host '^udp/(224\.|255\.|ff02:)' | grep -vE " from (${UPLINK[0]}|${UPLINK[1]}|$uplink_local)\$")" "" \
	"  but nothing of anybody else"

#
note "other users"
#

hold bob in_session bob "${TRAFFIC[@]}" count 9000 9001
sent_by as alice -- 'tcp udp' 9000 "${BOB[@]}"
expect_all '^(udp.* sent|tcp.* (timeout|ECONNREFUSED))$' "alice tries bob's session"
sent_by as alice -- 'tcp udp' 9001 "${BOB[@]}"
for i in 0 1; do
	for protocol in tcp udp; do
		comes bob "  she comes where he lets her: $protocol/${BOB[i]}" \
			"^$protocol/${BOB[i]}/9001 from ${ALICE[i]}\$"
	done
done
nothing bob "  and nowhere else" '/9000 '
sent_by as bob -- 'tcp udp' 9001 "${ALICE[@]}"
unlike "$OUT" ' connected' "bob, who may not, does not reach alice"
sent_by as bob -- 'tcp udp' 8022 "${HOST_ADDRESSES[@]}"
unlike "$OUT" ' connected' "  nor by the port that she has published"

#
note "metadata"
#

hold cloud in_peer cloud "${TRAFFIC[@]}" count 80
sent_by -- 'tcp udp' 80 "${METADATA[@]}"
for address in "${METADATA[@]}"; do
	for protocol in tcp udp; do
		comes cloud "the host reaches $protocol/$address" "^$protocol/$address/80 from"
	done
done
before=$(arrived cloud from | wc -l)
sent_by as alice -- 'tcp udp' 80 "${METADATA[@]}"
expect_all '^(udp.* sent|tcp.* (timeout|ECONNREFUSED|EHOSTUNREACH|EACCES))$' \
	"alice, who may reach any, does not"
sent_by as alice -- 'tcp udp' 80 198.18.0.10 2001:db8:4::10
for address in 198.18.0.10 2001:db8:4::10; do
	for protocol in tcp udp; do
		comes cloud "  but what else is there: $protocol/$address" "^$protocol/$address/80 from"
	done
done
is "$(arrived cloud from | wc -l)" $((before + 4)) "  and nothing more has come"
release cloud

#
note "source routing"
#

for link in all up0 nu1001; do
	echo 1 >"/proc/sys/net/ipv6/conf/$link/seg6_enabled"
	echo 1 >"/proc/sys/net/ipv4/conf/$link/accept_source_route"
done
for name in uplink peer1 peer2; do
	in_peer $name sh -c 'echo 1 >/proc/sys/net/ipv4/conf/all/accept_source_route'
done
ROUTED=('-l IP options' '-s protocol or extension header')
for i in 0 1; do
	read -r option rule <<<"${ROUTED[i]}"
	target=${PEER2[i]}
	# Some kernels want privilege for the option.
	run as alice "${TRAFFIC[@]}" send "$option" "${GATEWAY[i]}" {tcp,udp}/"$target"/97{0,1}0
	expect_all '^(udp.* sent|tcp.* timeout|.* EPERM)$' "alice sends by way of the gateway to $target"
	before=$(rule_counter prerouting "$rule")
	for hop in "${GATEWAY[i]}" "${HOST[i]}"; do
		run in_session alice "${TRAFFIC[@]}" send "$option" "$hop" {tcp,udp}/"$target"/9720
		expect_all '^(udp.* sent|tcp.* timeout)$' "  so does root, by way of $hop"
	done
	more "  which is counted" "$before" "$(rule_counter prerouting "$rule")" 4
	run in_peer peer1 "${TRAFFIC[@]}" send "$option" "${HOST[i]}" \
		"udp/$target/9730<${PEER1[i]}"
	wanted="^17 .* $target 9730\$"
	[ "$i" = 0 ] || wanted="^43 ${PEER1[1]} $target "
	comes peer2 "  the same from outside is obeyed" "$wanted"
	nothing peer2 "  and nothing of alice has come" " $target 97[0-2]0\$|^43 ${HOST[1]} "
done
for link in all up0 nu1001; do
	echo 0 >"/proc/sys/net/ipv6/conf/$link/seg6_enabled"
	echo 0 >"/proc/sys/net/ipv4/conf/$link/accept_source_route"
done

#
note "other protocols"
#

# packets_of_all SOURCE DESTINATION: for forge.py
packets_of_all()
{
	local protocol separator=

	for protocol in sctp dccp gre ipip sit; do
		echo "$separator packet $protocol $1 $2"
		separator=,
	done
}

PROTOCOL_RULES=(protocol 'protocol or extension header')
run as alice "${create[@]}" sctp sctp-stream dccp
expect_all ' (EPROTONOSUPPORT|ESOCKTNOSUPPORT|EACCES|EAFNOSUPPORT)$' \
	"sockets for SCTP and DCCP cannot be had"
for i in 0 1; do
	before=$(rule_counter prerouting "${PROTOCOL_RULES[i]}")
	run as alice "${TRAFFIC[@]}" send "udplite/${PEER1[i]}/80" "udplite/${PEER2[i]}/80" \
		"udplite/${HOST[i]}/8004" "udplite/${BOB[i]}/9001"
	expect_all ' sent$' "packets of UDP-Lite can be made, IPv${FAMILIES[i]}"
	more "  but are counted" "$before" "$(rule_counter prerouting "${PROTOCOL_RULES[i]}")" 4
	before=$(rule_counter prerouting "${PROTOCOL_RULES[i]}")
	packets_of_all "${ALICE[i]}" "${PEER1[i]}" | in_session alice xargs "${FORGE[@]}"
	more "  so are those of others, made by root" "$before" \
		"$(rule_counter prerouting "${PROTOCOL_RULES[i]}")" 5
	packets_of_all "${UPLINK[i]}" "${PEER1[i]}" | in_peer uplink xargs "${FORGE[@]}"
	in_peer uplink "${TRAFFIC[@]}" send "udplite/${PEER1[i]}/80<${UPLINK[i]}" \
		"udplite/${HOST[i]}/8004<${UPLINK[i]}" >/dev/null
	for protocol in 132 33 47 4 41 136; do
		comes peer1 "  from the uplink, protocol $protocol comes" \
			"^$protocol ${UPLINK[i]} ${PEER1[i]} "
	done
	comes host "  and UDP-Lite to the host" "^udplite/${HOST[i]}/8004 from ${UPLINK[i]}\$"
done
nothing uplink "none of alice has" '^(132|33|47|4|41|136) '
nothing host "  to the host neither" "^udplite.* from (100\.64|fd6e)"
nothing bob "  nor to bob" "^udplite"
release bob

#
note "from outside to the session"
#

hold alice in_session alice "${TRAFFIC[@]}" count 9000
hold alice-link in_session alice "${TRAFFIC[@]}" watch eth0
# outside NAME ADDRESS4 ADDRESS6: who tries, and from where
outside()
{
	local name=$1 i protocol

	shift
	for i in 0 1; do
		run in_peer "$name" "${TRAFFIC[@]}" send \
			{tcp,udp,udplite}/"${ALICE[i]}"/{9000,8022}"<${*:i + 1:1}"
		expect_all '^(udp.* sent|tcp.* timeout)$' "$name tries the address of alice, IPv${FAMILIES[i]}"
		run in_peer "$name" "${TRAFFIC[@]}" send {tcp,udp}/"${HOST[i]}/8022<${*:i + 1:1}"
		like "$OUT" 'tcp.* connected' "  the port that is published answers"
		for protocol in "tcp/${ALICE[i]}/9000" "udp/${HOST[i]}/8022"; do
			comes alice "  that has come: ${protocol%%/*}" "^$protocol from ${*:i + 1:1}\$"
		done
	done
}

outside uplink "${UPLINK[@]}"
outside peer1 "${PEER1[@]}"
is "$(arrived alice from | wc -l)" 8 "nothing else has come to her"
nothing alice-link "  not even to her link" '^136 | 8022$'
release alice
release alice-link

#
note "routes and neighbours"
#

# tables: of alice's session and of the host, as far as they could be changed
tables()
{
	local command

	for command in 'ip route' 'ip -6 route' 'ip neigh show dev eth0' 'ip neigh show dev nu1001' \
		"ip -o route get ${PEER2[0]}" "ip -o route get ${PEER2[1]}" \
		"ip -o route get ${GATEWAY[0]}" "ip -o route get ${BOB[0]}" 'ip -br address'; do
		echo "$command:"
		# shellcheck disable=SC2086 # words
		in_session alice $command
		$command
	done 2>&1 | grep -vE ' dev (up0|mgmt[01]) '
}

# forge WHERE... LINK -- NEIGHBOUR4 NEIGHBOUR6 ROUTER4 ROUTER6 OWN4 OWN6 OTHER4: all
# that could be believed
forge()
{
	local where=()

	while [ "$1" != -- ]; do
		where+=("$1")
		shift
	done
	shift
	local link=${where[-1]}
	unset 'where[-1]'
	"${where[@]}" "${FORGE[@]}" "$link" ra , "$link" neighbour "$1" , "$link" neighbour "$2" , \
		"$link" redirect "$3" "$5" "${PEER2[0]}" "$7" , \
		"$link" redirect "$4" "$6" "${PEER2[1]}" fe80::9
}

# On a link where all is believed, it is seen to work.
in_peer peer1 sh -c 'cd /proc/sys/net
	echo 1 >ipv6/conf/eth0/accept_ra; echo 1 >ipv6/conf/eth0/accept_redirects
	echo 1 >ipv4/conf/all/accept_redirects; echo 0 >ipv4/neigh/eth0/locktime
	ip -6 route add 2001:db8:2::/64 via fe80::bad dev eth0
	ip neigh add 198.51.100.9 lladdr 02:00:00:00:00:09 dev eth0
	ip neigh add 198.51.100.8 lladdr 02:00:00:00:00:08 nud stale dev eth0
	ip neigh add 2001:db8:1::8 lladdr 02:00:00:00:00:08 nud stale dev eth0'
forge in_peer uplink to1 -- 198.51.100.8 2001:db8:1::8 198.51.100.1 fe80::bad "${PEER1[@]}" \
	198.51.100.9
believed=("2001:db8:bad::/64" '198.51.100.8 .*02:ba:d0:ba:d0:ba' '2001:db8:1::8 .*02:ba:d0:ba:d0:ba'
	"${PEER2[0]} via 198.51.100.9" "${PEER2[1]} .*via fe80::9")
peer_tables()
{
	in_peer peer1 sh -c 'ip -6 route; ip neigh; ip route get 203.0.113.10
		ip route get 2001:db8:2::10'
}
peer_believes()
{
	peer_tables | grep -E "$1"
}
for text in "${believed[@]}"; do
	ok "elsewhere a forged message is believed: $text" wait_for 5 peer_believes "$text"
done

before=$(tables)
in_alice=(nsenter --net="$(netns_file alice)")
for ends in "${ALICE[*]}" "${BOB[*]}" "${UPLINK[*]}"; do
	# shellcheck disable=SC2086 # two words
	forge "${in_alice[@]}" eth0 -- $ends "${UPLINK[0]}" fe80::bad "${HOST[@]}" "${ALICE[0]}"
done
forge env nu1001 -- "${GATEWAY[@]}" "${GATEWAY[@]}" "${ALICE[@]}" "${BOB[0]}"
forge env nu1001 -- "${GATEWAY[@]}" "${GATEWAY[0]}" fe80::bad "${ALICE[@]}" "${BOB[0]}"
sent_by as alice -- tcp 8004 "${HOST[@]}"
expect_all ' connected$' "after forged messages on both sides of her link, alice goes on"
is "$(tables)" "$before" "  with the same routes and neighbours"
is "$(in_session alice ip neigh show dev eth0 | grep -vc PERMANENT)" 0 "  her neighbours are permanent"
is "$(ip neigh show dev nu1001 | grep -vc PERMANENT)" 0 "  the host's too"
is "$(in_session alice ip neigh show dev eth0 | wc -l) $(ip neigh show dev nu1001 | wc -l)" "2 2" \
	"  and there are two"

# settings LINK: what would let such messages in
settings()
{
	(cd /proc/sys/net && grep -H . {ipv4,ipv6}/conf/"$1"/accept_redirects ipv6/conf/"$1"/accept_ra \
		ipv4/conf/"$1"/{secure_redirects,accept_source_route,proxy_arp})
}

run in_session alice bash -c "$(declare -f settings); settings eth0"
expect_all ':0$' "no setting of the session's end lets them in"
run settings nu1001
expect_all ':0$' "nor one of the host's"
release host

#
note "all the time"
#

nothing uplink "no packet has left the host with the address of a session" \
	'^[0-9]+ (100\.64\.|fd6e:6574:6e73:)'
leave alice
leave bob
nft delete table inet pam_netns
"${TRAFFIC[@]}" send "udp/${PEER1[0]}/9999<${GATEWAY[0]}" "udp/${PEER1[1]}/9999<${GATEWAY[1]}" \
	>/dev/null
for i in 0 1; do
	comes uplink "  (without rules, one would have been seen)" "^17 ${GATEWAY[i]} ${PEER1[i]} 9999\$"
done
release uplink
release peer1
release peer2
no_debris
done_testing
