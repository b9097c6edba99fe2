#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A pool overlaps no network that the host has to do with: netnsctl says so, to
# everybody who asks, and a reload changes nothing then.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/topology.sh
. "$TOP/tests/topology.sh"
in_sandbox "$@"
install_product

wide_net
pam_stack login 'session required pam_netns.so'
# add_link NAME: up, and to nowhere.
add_link()
{
	ip link add "$1" type veth peer name "$1p"
	ip link set "$1" up
	ip link set "$1p" up
}

add_link net0

# pools_conf [LINE]...: with a veth session
pools_conf()
{
	conf -k "$(printf '%s\n' "$@")
policy p {
	out allow to any
}
session alice,bob veth p"
}

as_alice()
{
	setpriv --reuid alice --regid alice --clear-groups -- "$@"
}

# What a reload could have changed.
in_force()
{
	cat /run/pam_netns/active.conf
	ip -4 rule
	ip -6 rule
	ip -o address show dev lo
	nft -s list table inet pam_netns
}

# flip FAMILY OBJECT add ARGUMENT...: takes back what ip(8) has added.
flip()
{
	ip "$1" "$2" del "${@:4}"
}

# overlaps NAME POOL ROUTE IP-ARGUMENTS: with that there is an error about POOL,
# which names ROUTE; without it there is none.
overlaps()
{
	local name=$1 pool=$2 route=$3 before

	shift 3
	ip "$@" || abort "ip $*"
	before=$(in_force)
	run as_alice netnsctl check
	is "$STATUS" 1 "$name: an error"
	like "$OUT" "$pool, [0-9a-f:.]+/[0-9]+, overlaps a network of this host \\($route\\): " "  which names it"
	fails "  a reload is refused" netnsctl reload
	like "$OUT" "\\($route\\).*nothing was changed" "  for the same reason"
	is "$(in_force)" "$before" "  and has changed nothing"
	flip "$@"
	ok "  none without it" as_alice netnsctl check
	is "$OUT" "" "  not even a warning"
}

# agrees NAME IP-ARGUMENTS: with that all is well.
agrees()
{
	local name=$1

	shift
	ip "$@" || abort "ip $*"
	ok "$name: no error" as_alice netnsctl check
	is "$OUT" "" "  nor a warning"
	ok "  and a reload" netnsctl reload
	flip "$@"
}

pools_conf
ok "the default pools overlap nothing" as_alice netnsctl check
is "$OUT" "" "and there is no warning"
ok "reload" netnsctl reload
ok "and again, with our own gateways and rules there" netnsctl reload

#
# What counts
#

overlaps "a network in the pool" pool4 '100\.64\.3\.0/24 dev net0' \
	-4 address add 100.64.3.1/24 dev net0
overlaps "the same in IPv6" pool6 'fd6e:6574:6e73:0:1::/80 dev net0' \
	-6 address add fd6e:6574:6e73:0:1::1/80 dev net0 nodad
overlaps "a network that the pool is in" pool4 '100\.0\.0\.0/8 dev up0' \
	-4 route add 100.0.0.0/8 via 192.0.2.1
overlaps "the same in IPv6" pool6 'fd6e::/16 dev up0' -6 route add fd6e::/16 via 2001:db8::1
overlaps "the pool itself" pool4 '100\.64\.0\.0/10 dev up0' \
	-4 route add 100.64.0.0/10 via 192.0.2.1
overlaps "an address alone" pool4 'local 100\.64\.9\.9 dev net0' \
	-4 address add 100.64.9.9/32 dev net0
overlaps "an IPv6 address alone" pool6 'fd6e:6574:6e73::9 dev net0' \
	-6 address add fd6e:6574:6e73::9/128 dev net0 nodad
overlaps "an address of lo that is not the gateway" pool4 'local 100\.64\.0\.2 dev lo' \
	-4 address add 100.64.0.2/32 dev lo
overlaps "a route of another table" pool4 '100\.64\.4\.0/24 dev net0 table 77' \
	-4 route add 100.64.4.0/24 dev net0 table 77
overlaps "the same in IPv6" pool6 'fd6e:6574:6e73:0:4::/80 dev net0 table 100000' \
	-6 route add fd6e:6574:6e73:0:4::/80 dev net0 table 100000
overlaps "a route by several links" pool4 '100\.64\.5\.0/24' \
	-4 route add 100.64.5.0/24 nexthop via 192.0.2.1 dev up0 nexthop via 172.31.0.7 dev mgmt0
overlaps "a refusal that is found before the routes of the sessions" \
	pool4 'blackhole 100\.64\.0\.0/10 table 77' -4 route add blackhole 100.64.0.0/10 table 77
overlaps "the same in IPv6" pool6 'unreachable fd6e::/16 dev lo table 77' \
	-6 route add unreachable fd6e::/16 table 77
overlaps "the shortest prefix after a default" pool4 '96\.0\.0\.0/4 dev up0' \
	-4 route add 96.0.0.0/4 via 192.0.2.1

#
# What does not
#

agrees "half of everything, as VPNs have it" -4 route add 0.0.0.0/1 via 192.0.2.1
agrees "an eighth of everything" -4 route add 96.0.0.0/3 via 192.0.2.1
agrees "an IPv6 eighth" -6 route add e000::/3 via 2001:db8::1
agrees "a default route of another table" -4 route add default via 192.0.2.1 table 77
for type in blackhole unreachable prohibit; do
	agrees "$type: the pool's addresses stay off the uplink" -4 route add $type 100.64.0.0/10
	agrees "the same in IPv6" -6 route add $type fd6e:6574:6e73::/64
done
agrees "a throw of another table" -4 route add throw 100.64.0.0/10 table 77
agrees "a neighbour of the pool" -4 address add 100.128.0.1/10 dev net0
agrees "a neighbour of the IPv6 pool" -6 address add fd6e:6574:6e73:1::1/64 dev net0 nodad
ip address add 100.64.3.1/24 dev net0
conf 'session alice loopback'
ok "without veth sessions the pools do not matter" netnsctl check
ok "  nor at a reload" netnsctl reload

#
# What is said
#

pools_conf
run netnsctl check
is "$OUT" "/etc/security/netns.conf: error: the default of pool4, 100.64.0.0/10, overlaps a network \
of this host (100.64.3.0/24 dev net0): choose another prefix, such as 'set pool4 198.18.0.0/15'" \
	"a default that overlaps is told of the file"
ip address add fd6e:6574:6e73::5/64 dev net0 nodad
pools_conf '# pools' 'set pool6 fd6e:6574:6e73::/60' 'set pool4 100.64.0.0/12'
run netnsctl check
is "$OUT" "/etc/security/netns.conf:3:5: error: pool4, 100.64.0.0/12, overlaps a network \
of this host (100.64.3.0/24 dev net0): choose another prefix, such as 'set pool4 198.18.0.0/15'
    set pool4 100.64.0.0/12
        ^~~~~
/etc/security/netns.conf:2:5: error: pool6, fd6e:6574:6e73::/60, overlaps a network \
of this host (fd6e:6574:6e73::/64 dev net0): choose another prefix, such as 'set pool6 \
fd6e:6574:6e74::/64'
    set pool6 fd6e:6574:6e73::/60
        ^~~~~" "both pools, each with its line, and what is free"
draft=/home/draft.conf
cp /etc/security/netns.conf $draft
run as_alice netnsctl check $draft
like "$OUT" "^$draft:3:5: error: pool4.*$draft:2:5: error: pool6" "of a draft, too"
is "$STATUS" 1 "  which is an error"
for option in --dump --nft; do
	run as_alice netnsctl check $option $draft
	is "$STATUS" 1 "  with $option"
	unlike "$OUT" 'table|session|^set' "  which prints nothing then"
done
pools_conf 'set pool4 198.18.0.0/15' 'set pool6 fd6e:6574:6e74::/64'
ok "what was suggested is accepted" netnsctl check
ok "  and loaded" netnsctl reload
ip route add 198.18.7.0/24 via 192.0.2.1
run netnsctl check
like "$OUT" "pool4.* such as 'set pool4 100\\.96\\.0\\.0/11'" "the next suggestion is a free one, too"
ip route add 100.96.0.0/16 via 192.0.2.1
run netnsctl check
like "$OUT" 'pool4.*: choose another prefix'$'\n' "where none is free, there is none"
ip route del 100.96.0.0/16
ip route del 198.18.7.0/24

#
# What is ours
#

ip address flush dev net0
pools_conf 'set pool4 100.64.5.0/24' 'set pool6 fd6e:6574:6e73:1::/64'
ok "pools that are parts of others" netnsctl reload
pools_conf 'set pool4 100.64.0.0/16' 'set pool6 fd6e:6574:6e73::/48'
ok "the gateway that is in force is no obstacle" as_alice netnsctl check
ok "  not at a reload either" netnsctl reload
is "$(ip -o address show dev lo | grep -cE '100\.64|fd6e')" 2 "  and goes"

login alice || abort "$LOGIN_OUT"
ok "the routes of sessions are no obstacle" as_alice netnsctl check
is "$OUT" "" "  nor worth a warning"
ok "  nor at a reload" netnsctl reload

# churn: bob comes and goes.
churn()
{
	local n

	for ((n = 0; n < 25; n++)); do
		pamdo -s login -u bob open close >/dev/null || return
		netnsctl sweep >/dev/null
	done
}

# checks PID: until PID is gone, each a success.
checks()
{
	local n=0

	while kill -0 "$1" 2>/dev/null; do
		netnsctl check || return
		n=$((n + 1))
	done
	echo "$n checks"
	[ "$n" -gt 10 ]
}

churn &
churn=$!
ok "those that come and go are none" checks $churn
wait $churn
is $? 0 "  and they did"

add_link nu7
ip address add 100.64.77.1/24 dev nu7
run netnsctl check
like "$OUT" '\(100\.64\.77\.0/24 dev nu7\)' "a link that is only named like ours is"
ip link set nu7 group $((0x6e000077))
ok "  its class makes it ours" netnsctl check
add_link nu07
ip link set nu07 group $((0x6e000077))
ip address add 100.64.78.1/24 dev nu07
run netnsctl check
like "$OUT" '\(100\.64\.78\.0/24 dev nu07\)' "  not without exactly such a name"
ip link del nu07
ip link del nu7

# What has come up since must not keep the firewall away.
ip address add 100.64.3.1/24 dev net0
nft flush ruleset
conf -k 'session * nonsense'
fails "a reload of a bad file, after a flush" netnsctl reload
ok "  restores what was in force, whatever overlaps by now" nft list table inet pam_netns
ok "  for the session as well" in_session alice ping -c1 -W2 -n -q 198.51.100.10
ok "  in both families" in_session alice ping -c1 -W2 -n -q 2001:db8:1::10

logout alice
no_debris
done_testing
