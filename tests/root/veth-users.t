#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Users whose sessions have a link, many at once and with uids of all kinds: each
# has its own addresses, reaches what its own policy says, and leaves nothing.
# shellcheck source=tests/lib.sh
TEST_TIMEOUT=${TEST_TIMEOUT:-300}
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/topology.sh
. "$TOP/tests/topology.sh"
in_sandbox "$@"
install_product

USERS=80
FEW=10
PORT=80
POOL4_LIKE='100\.64\.[0-9]+\.[0-9]+'
POOL6_LIKE='fd6e:6574:6e73:'

wide_net
add_peer many to5 198.19.0 2001:db8:5:
# A peer with an address for each user: it takes all of these networks for its own.
ip -n many route add local 198.19.1.0/24 dev lo
ip -n many route add local 2001:db8:5:1::/64 dev lo
add_routes uplink 198.19.0.10 198.19.1.0/24
add_routes uplink 2001:db8:5::10 2001:db8:5:1::/64
pam_stack login 'session required pam_netns.so'

peer4()
{
	echo "198.19.1.$1"
}

peer6()
{
	printf '2001:db8:5:1::%x\n' "$1"
}

# good NAME CMD...: as ok, but not in a subshell, for what logs in and out.
good()
{
	local name=$1 good=false

	shift
	if "$@"; then
		good=true
	fi
	result $good "$name" "$*"
}

#
# Many users
#

# One policy each.
users_conf()
{
	local n

	echo "set pool4 $POOL4"
	echo "set pool6 $POOL6"
	echo 'set dns none'
	for ((n = 1; n <= USERS; n++)); do
		echo "policy p$n {"
		echo "	out allow to $(peer4 $n) $(peer6 $n) tcp $PORT"
		echo "	publish tcp $((20000 + n)) to $PORT"
		echo '}'
		echo "session u$n veth p$n"
	done
}

LOGIN_TIMES=() # in microseconds

# log_in USER...
log_in()
{
	local user

	for user; do
		login "$user" || {
			note "$user:" "$LOGIN_OUT"
			return 1
		}
		LOGIN_TIMES+=("$LOGIN_TIME")
	done
}

# log_out USER...
log_out()
{
	local name status=0

	for name; do
		logout "$name" || status=1
	done
	return "$status"
}

refused()
{
	! login "$1"
}

# median_ms FIRST COUNT: of the times of these logins
median_ms()
{
	printf '%s\n' "${LOGIN_TIMES[@]:$1:$2}" | sort -n |
		awk '{ t[NR] = $1 } END { printf "%.1f\n", t[int((NR + 1) / 2)] / 1000 }'
}

# routed 4|6: the addresses of all sessions, as the host routes them: "UID ADDRESS"
routed()
{
	ip -"$1" route show | sed -nE 's|^([^ /]+) dev nu([0-9]+) .*|\2 \1|p' | sort -n
}

reach_members()
{
	local n

	echo "*many /run/netns/many"
	for ((n = 1; n <= USERS; n++)); do
		echo "u$n $(netns_file "u$n")"
	done
}

reach_targets()
{
	local n

	for ((n = 1; n <= USERS; n++)); do
		peer4 $n
		peer6 $n
	done
	routed 4 | cut -d ' ' -f 2
	routed 6 | cut -d ' ' -f 2
}

# Each what is its own: that it reaches its own address shows that it has it.
reach_expected()
{
	local n=0 own

	while read -r _ own; do
		n=$((n + 1))
		echo "u$n $(peer4 $n) $(peer6 $n) $own"
	done < <(join <(routed 4 | sort) <(routed 6 | sort))
}

users=()
for ((n = 1; n <= USERS; n++)); do
	users+=("u$n")
	add_user "u$n" $((5000 + n))
done
conf "$(users_conf)"
ok "$USERS policies are loaded" netnsctl reload

note "$USERS users"
good "all log in" log_in "${users[@]}"
few=$(median_ms $((FEW - 5)) 10)
note "a log-in takes $few ms at $FEW users, and $(median_ms $((USERS - 10)) 10) ms at $USERS"
is "$(routed 4 | cut -d ' ' -f 2 | sort -u | wc -l)" $USERS "  each has an IPv4 address"
is "$(routed 6 | cut -d ' ' -f 2 | sort -u | wc -l)" $USERS "  and an IPv6 address"

reach_expected >"$WORK/expected"
mapfile -t targets < <(reach_targets)
start=${EPOCHREALTIME/[.,]/}
reach_members | python3 -B -I "$TOP/tests/matrix/reach.py" $PORT "${targets[@]}" >"$WORK/reached"
is $? 0 "  each tries ${#targets[@]} addresses"
note "which takes $(((${EPOCHREALTIME/[.,]/} - start) / 1000)) ms"
ok "  and reaches its own peer, no other one and nobody else" \
	diff "$WORK/expected" "$WORK/reached"

#
# What is left of them
#

# In the table's sets and maps, but for those that keep for an hour what was denied.
set_elements()
{
	local kind name

	while read -r kind name; do
		nft -j list "$kind" inet pam_netns "$name"
	done < <(nft -j -t list table inet pam_netns |
		jq -r '.nftables[] | if .set then "set \(.set.name)"
			elif .map then "map \(.map.name)" else empty end | select(test(" denied[46]") | not)') |
		jq -r '.nftables[] | (.set // .map // empty) | .name as $name |
			.elem // [] | .[] | select((.prefix? // null) | not) | "\($name) \(tojson)"' |
		grep -E "$POOL4_LIKE|$POOL6_LIKE|^live"
}

links()
{
	ip -o link show | grep -oE '\<nu[0-9]+\>'
}

pins()
{
	find /run/pam_netns/ns -mindepth 1
}

routes()
{
	{
		ip -4 route show table all
		ip -6 route show table all
	} | grep -E '\<nu[0-9]+\>'
}

connections()
{
	grep -E "$POOL4_LIKE|$POOL6_LIKE" /proc/net/nf_conntrack
}

# none_of CMD: it prints nothing.
none_of()
{
	local left

	left=$("$@" 2>&1)
	echo "$left"
	[ -z "$left" ]
}

for what in links pins routes connections set_elements; do
	there=$($what | wc -l)
	isnt "$there" 0 "  logged in, there are ${what/_/ }: $there"
done
for set in denials4 denials6; do
	is "$(set_elements | grep -c "^$set ")" $USERS "    in $set what was denied to each"
done
start=${EPOCHREALTIME/[.,]/}
good "all log out" log_out "${users[@]}"
note "a log-out takes $(((${EPOCHREALTIME/[.,]/} - start) / 1000 / USERS)) ms"
no_debris "  nothing is left behind"
for what in links pins routes connections set_elements; do
	ok "  no ${what/_/ }" none_of "$what"
done

#
# uids of all sizes
#

note "uids of 16 and 32 bits, the highest there are, and such that differ by a power of two"
# 2^16 and the size of the pool, that many above a smaller one
ids=(1001 65533 65534 66537 70000 135536 3000000000 3000065536 4294967293 4294967294)

# new_users ID...: one for each; fills names.
new_users()
{
	local id

	names=()
	for id; do
		names+=("w$id")
		grep -q "^w$id:" /etc/passwd || add_user "w$id" "$id"
	done
}

# all_addresses NAME...
all_addresses()
{
	local name

	for name; do
		addresses_of "$name"
	done
}

# each_talks NAME...: every one of them by both families, from its own address
each_talks()
{
	local name

	for name; do
		echo "$name $(netns_file "$name")"
	done | cat - <(echo '*many /run/netns/many') |
		python3 -B -I "$TOP/tests/matrix/reach.py" $PORT "$(peer4 1)" "$(peer6 1)" |
		grep -c " $(peer4 1) $(peer6 1)\$"
}

# open_conf POOL4: the users may reach the peer.
open_conf()
{
	conf "set pool4 $1
set pool6 $POOL6
set dns none
policy open {
	out allow to any tcp $PORT
}
session 1001:4294967294 veth open"
}

open_conf "$POOL4"
ok "a configuration for them is loaded" netnsctl reload
new_users "${ids[@]}"
good "all of ${#ids[@]} log in" log_in "${names[@]}"
is "$(all_addresses "${names[@]}" | sort -u | wc -l)" $((2 * ${#ids[@]})) \
	"  their addresses are distinct"
is "$(all_addresses "${names[@]}" | grep -cvE "$POOL4_LIKE|$POOL6_LIKE")" 0 \
	"  and from the pools"
is "$(each_talks "${names[@]}")" ${#ids[@]} "  and each has a way to the peer and back"
good "  and they log out" log_out "${names[@]}"
no_debris

note "a pool of 16 addresses, of which 13 can be users'"
# Whatever the uid is divided by, of many that are multiples of it some collide.
ids=(2000 2013 2014 2015 2016 2026 2028 2030 2032 65600 65616 4294967280 4294967294)
open_conf 100.64.7.0/28
ok "it is loaded" netnsctl reload
new_users "${ids[@]}"
good "13 log in" log_in "${names[@]}"
is "$(all_addresses "${names[@]}" | sort -u | wc -l)" 26 "  their addresses are distinct"
is "$(each_talks "${names[@]}")" 13 "  and each has a way to the peer and back"
add_user w2100 2100
good "  a 14th is refused" refused w2100
like "$LOGIN_OUT" 'msg error ' "  and told"
ok "  and the log says why" wait_for_log 'find a free address in the pool'
logout w2100
good "  when one leaves" logout w2013
good "  there is room for him" login w2100
good "  and they log out" log_out w2000 "${names[@]:2}" w2100
no_debris
done_testing
