#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A user who uses up what all share, connections and what is remembered of what
# was denied, comes to her own limit; others go on.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/topology.sh
. "$TOP/tests/topology.sh"
in_sandbox "$@"
install_product
# shellcheck source=tests/escape/attackers.sh
. "$TOP/tests/escape/attackers.sh"

PEER1=(198.51.100.10 2001:db8:1::10)
PEER2=(203.0.113.10 2001:db8:2::10)
FAMILIES=(4 6)
LIMIT=200
MANY=3000

wide_net
pam_stack login 'session required pam_netns.so'
conf "set pool4 $POOL4
set pool6 $POOL6
set dns none
policy few {
	connections $LIMIT
	out allow to 198.51.100.0/24 2001:db8:1::/64
}
policy unlimited {
	out allow to 198.51.100.0/24 2001:db8:1::/64
}
session alice,bob veth few
session carol,dave veth unlimited"
ok "the configuration is loaded" netnsctl reload
for user in alice bob carol; do
	enter $user
done

#
note "connections"
#

connections()
{
	cat /proc/sys/net/netfilter/nf_conntrack_count
}

few()
{
	test "$(connections)" -le $((LIMIT + 20))
}

bobs_port=80
# Each time to another port, or what has come before could be taken for it.
bob_connects()
{
	local i

	bobs_port=$((bobs_port + 1))
	for i in 0 1; do
		run as bob "${TRAFFIC[@]}" send {tcp,udp}/"${PEER1[i]}/$bobs_port"
		like "$OUT" 'tcp.* connected' "  bob connects meanwhile, IPv${FAMILIES[i]}"
		comes peer "  and his packets come" "^udp/${PEER1[i]}/$bobs_port from"
	done
}

forget_connections()
{
	"${TRAFFIC[@]}" forget || abort "connection tracking does not forget"
}

# traffic USER ARG...: of a program that is not run by "as"
traffic()
{
	local user=$1

	shift
	in_session "$user" setpriv --reuid "$user" --regid "$user" --init-groups --inh-caps=-all \
		"${TRAFFIC[@]}" "$@"
}

# many USER PROTOCOL ADDRESS PORT NUMBER [PORTS]: as hold has it
many()
{
	local user=$1

	shift
	hold "many-$user" traffic "$user" many "$@"
}

hold peer in_peer peer1 "${TRAFFIC[@]}" count 80 81 82 83 84
maximum=$(cat /proc/sys/net/netfilter/nf_conntrack_max)
for i in 0 1; do
	for protocol in tcp udp; do
		conntrack_before=$(connections)
		many carol $protocol "${PEER1[i]}" 80 $((2 * LIMIT))
		ok "without a limit, carol has $((2 * LIMIT)): $protocol, IPv${FAMILIES[i]}" \
			test "$(connections)" -ge $((conntrack_before + 2 * LIMIT))
		release many-carol
		forget_connections
		many alice $protocol "${PEER1[i]}" 80 $MANY
		[ $protocol = udp ] || is "$(held many-alice)" "$LIMIT $MANY" "alice of $MANY has $LIMIT"
		ok "  and no more are known" few
		ok "  (but these are)" test "$(connections)" -ge $LIMIT
		like "$(netnsctl denied --json alice)" "\"${PEER1[i]}\",.*" "  what was beyond is denied, and told"
		ok "  so that there is room for others" test $((100 * $(connections))) -lt $((80 * maximum))
		bob_connects
		release many-alice
		forget_connections
	done
done
release peer

#
note "what was denied"
#

SETS=(denied4 denied6)

# denied SET: "SOURCE PROTOCOL DESTINATION PORT" of each element
denied()
{
	nft -j list set inet pam_netns "$1" | jq -r '.nftables[] | .set? | .elem? // [] | .[] |
		.elem.val.concat | map(tostring) | join(" ")'
}

# hits SET SOURCE PORT: how often it was tried, by UDP
hits()
{
	nft -j list set inet pam_netns "$1" | jq --arg source "$2" --argjson port "$3" \
		'[.nftables[] | .set? | .elem? // [] | .[] | .elem |
			select(.val.concat[0] == $source and .val.concat[1] == "udp" and
				.val.concat[3] == $port) | .counter.packets] | add // 0'
}

# arrived_from USER: packets, at the host's end of the link
arrived_from()
{
	cat "/sys/class/net/nu$(id -u "$1")/statistics/rx_packets"
}

# Another each time: one has a single rate for all that is denied to her.
SCANNERS=(alice carol)

for i in 0 1; do
	scanner=${SCANNERS[i]}
	address=$(addresses_of "$scanner" | sed -n "$((i + 1))p")
	bob_address=$(addresses_of bob | sed -n "$((i + 1))p")
	# The peer's network: more than a set has room for.
	addresses=("${PEER2[i]}" "${PEER2[i]}1")
	start=${EPOCHREALTIME/[.,]/}
	arrived=$(arrived_from "$scanner")
	ok "$scanner tries all ports of two machines, IPv${FAMILIES[i]}" \
		as "$scanner" "${TRAFFIC[@]}" scan "${addresses[@]}"
	note "which takes $(((${EPOCHREALTIME/[.,]/} - start) / 1000)) ms"
	# A queue of the kernel may have been full.
	arrived=$(($(arrived_from "$scanner") - arrived))
	ok "  most of which come to the host" test "$arrived" -ge 100000
	run as bob "${TRAFFIC[@]}" send {tcp,udp}/"${PEER2[i]}"/{81,82}
	denied "${SETS[i]}" >"$WORK/denied"
	for protocol in tcp udp; do
		for port in 81 82; do
			ok "  what bob tried is known: $protocol $port" grep -qxF \
				"$bob_address $protocol ${PEER2[i]} $port" "$WORK/denied"
		done
	done
	number=$(grep -c "^$address udp " "$WORK/denied")
	note "$number of those of $scanner are"
	ok "  some of what $scanner tried is" test "$number" -ge 100
	ok "  but not so much that others have no room" test "$number" -le 3000
	ok "  the others are counted" test "$(rule_counter denied_beyond \
		'too many of one session to be remembered')" -ge $((arrived - number - 10))
	before=$(hits "${SETS[i]}" "$address" 1)
	as "$scanner" "${TRAFFIC[@]}" send "udp/${PEER2[i]}/1" >/dev/null
	is "$(hits "${SETS[i]}" "$address" 1)" $((before + 1)) "  what is known of $scanner still counts"
done

# Links come and go, and those who have them stay the same.
has_no_link()
{
	! ip link show nu1004
}

for i in 0 1; do
	known=()
	for n in 1 2 3 4; do
		login dave || abort "$LOGIN_OUT"
		address=$(addresses_of dave | sed -n "$((i + 1))p")
		# Others each time.
		mapfile -t targets < <(seq -f "udp/${PEER2[i]}/%.0f" "${n}000" "${n}399")
		traffic dave send "${targets[@]}" >/dev/null
		known+=("$(denied "${SETS[i]}" | grep -c "^$address ")")
		logout dave
		wait_for 5 has_no_link || abort "dave has a link still"
	done
	note "known of dave after each log-in: ${known[*]}"
	ok "dave tries 400 ports, some are known, IPv${FAMILIES[i]}" test "${known[0]}" -ge 100
	ok "  a new log-in does not make room for more" test "${known[3]}" -lt $((known[0] + 150))
done

for user in alice bob carol; do
	leave $user
done
no_debris
done_testing
