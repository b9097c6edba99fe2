#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Hosts that are not as one would like them: with a firewall of their own, without
# IPv6, with no uplink, two, or one that changes.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/topology.sh
. "$TOP/tests/topology.sh"
in_sandbox "$@"
install_product
sandbox_net
pam_stack login 'session required pam_netns.so'

PEER1='198.51.100.10 2001:db8:1::10'
PEER2='203.0.113.10 2001:db8:2::10'
ALL='TCP4 TCP6 UDP4 UDP6'

# Both peers answer "yes", by all of these.
for peer in peer1 peer2; do
	for listen in TCP4-LISTEN:7777 UDP4-RECVFROM:7777 TCP6-LISTEN:7777,ipv6only \
		UDP6-RECVFROM:7777,ipv6only; do
		in_peer $peer socat $listen,fork,reuseaddr SYSTEM:'read -r _; echo yes' &
	done
done

# ask KIND ADDRESS: prints KIND if there is an answer.
ask()
{
	local to=$1:$2:7777

	[[ $1 == UDP* ]] || to+=,connect-timeout=1
	[[ $(echo hello | timeout 3 socat -t 1 - "$to" 2>/dev/null) != *yes* ]] || echo "$1"
}

# answers ADDRESS4 ADDRESS6: the kinds by which there is one.  All at once, since
# what is dropped takes its time.
answers()
{
	{
		ask TCP4 "$1" &
		ask UDP4 "$1" &
		ask TCP6 "[$2]" &
		ask UDP6 "[$2]" &
		wait
	} | sort | paste -sd ' '
}
export -f ask answers

# reached PEER: the same from alice's session
reached()
{
	# shellcheck disable=SC2086,SC2016 # words; bash expands it
	in_session alice bash -c 'answers "$@"' answers $1
}

are_ready()
{
	# shellcheck disable=SC2086
	[ "$(answers $PEER1) $(answers $PEER2)" = "$ALL $ALL" ]
}

# veth_conf [LINE]...
veth_conf()
{
	conf -k "$(printf '%s\n' "$@")
policy p {
	dns none
	out allow to any tcp 7777 udp 7777
}
session alice veth p"
}

# begin NAME: loads the configuration, and alice logs in.
begin()
{
	note "$1"
	ok "$1: reload" netnsctl reload
	is "$OUT" "" "  without a word"
	login alice || abort "$LOGIN_OUT"
}

end()
{
	logout alice
	no_debris "  nothing is left behind"
}

wait_for 5 are_ready || abort "the peers do not answer"
veth_conf
begin "a host like others"
is "$(reached "$PEER1")" "$ALL" "  everything works"

#
# Somebody else's firewall
#

# foreign FAMILY TABLE CHAIN KINDS: a chain that forwards nothing; KINDS still work.
foreign()
{
	local chain="$1 $2 $3" warning=": warning: chain '$3' of the firewall's table '$1 $2' drops"

	nft "add table $1 $2; add chain $chain { type filter hook forward priority 0; policy drop; }"
	is "$(reached "$PEER1")" "$4" "$chain with policy drop: packets are lost"
	ok "  a check" netnsctl check
	like "$OUT" "/etc/security/netns.conf$warning" "  warns of it"
	ok "  so does a reload" netnsctl reload
	like "$OUT" "$warning" "  which goes on all the same"
	ok "  whoever may not look at it is told nothing" setpriv --reuid bob --clear-groups netnsctl check
	is "$OUT" "" "  nor that"
}

# remedy KINDS: what the warning says helps, and ends it.
remedy()
{
	local in out

	run netnsctl check
	in=$(sed -n "s/.* as by '\(.*\)' and '\(.*\)'.*/\1/p" <<<"$OUT")
	out=$(sed -n "s/.* as by '\(.*\)' and '\(.*\)'.*/\2/p" <<<"$OUT")
	ok "  '$in'" eval "$in"
	ok "  is half of it" netnsctl check
	like "$OUT" ' as by ' "  as is said yet"
	ok "  '$out'" eval "$out"
	ok "  and then another check" netnsctl check
	is "$OUT" "" "  warns of nothing"
	is "$(reached "$PEER1")" "$ALL" "  and all is well"
}

foreign inet fw forward ""
remedy
nft delete table inet fw
foreign ip other 'to-others' "TCP6 UDP6"
remedy
nft delete table ip other
foreign ip6 other forward "TCP4 UDP4"
remedy
nft delete table ip6 other

note "iptables' own, as iptables-nft makes them"
foreign ip filter FORWARD "TCP6 UDP6"
run netnsctl check
like "$OUT" "'iptables -I FORWARD -i nu\\+ -j ACCEPT' and 'iptables -I FORWARD -o nu\\+ -j ACCEPT'" "  in iptables' words"
foreign ip6 filter FORWARD ""
run netnsctl check
like "$OUT" "'iptables -I .*'ip6tables -I FORWARD -i nu\\+ -j ACCEPT'" "  both are named"
# -i nu+ is this there, too.
for family in ip ip6; do
	nft "add chain $family filter USER; add rule $family filter FORWARD jump USER
		add rule $family filter USER iifname nu* accept
		add rule $family filter USER oifname nu* accept"
done
ok "  a rule in a chain that theirs leads to" netnsctl check
is "$OUT" "" "  is one, too"
is "$(reached "$PEER1")" "$ALL" "  and helps"
nft 'delete table ip filter; delete table ip6 filter'

# drops_rest RULE KINDS: the last of a chain whose policy is to accept.
drops_rest()
{
	nft "add table inet fw
		add chain inet fw forward { type filter hook forward priority 0; policy accept; }
		add rule inet fw forward tcp dport 25 drop
		add rule inet fw forward $1"
	is "$(reached "$PEER1")" "$2" "a chain that ends with '$1'"
	ok "  a check" netnsctl check
	if [ "$2" = "$ALL" ]; then
		is "$OUT" "" "  has nothing to say"
	else
		like "$OUT" ": warning: chain 'forward' of the firewall's table 'inet fw' drops" "  warns of it"
		remedy
	fi
	nft delete table inet fw
}

note "what comes at the end of a chain"
drops_rest 'counter drop' ""
drops_rest 'log prefix "no: " counter reject with icmpx admin-prohibited' ""
drops_rest 'meta mark 7 drop' "$ALL"
drops_rest 'ct state invalid counter reject' "$ALL"
drops_rest 'limit rate 1000000/second accept' "$ALL"
nft 'add table inet fw
	add chain inet fw post { type filter hook postrouting priority 0; policy drop; }'
is "$(reached "$PEER1")" "" "a chain of the hook postrouting"
remedy
nft delete table inet fw

note "firewalld's, which only firewalld changes"
nft 'add table inet firewalld
	add chain inet firewalld filter_FORWARD { type filter hook forward priority 10; policy accept; }
	add chain inet firewalld filter_FORWARD_ZONES
	add rule inet firewalld filter_FORWARD ct state { established, related } accept
	add rule inet firewalld filter_FORWARD ct state invalid drop
	add rule inet firewalld filter_FORWARD jump filter_FORWARD_ZONES
	add rule inet firewalld filter_FORWARD reject with icmpx admin-prohibited'
is "$(reached "$PEER1")" "" "it rejects what no zone accepts"
run netnsctl check
like "$OUT" "'firewall-cmd --permanent --zone=trusted --add-interface=nu\\+' and 'firewall-cmd --reload'\$" \
	"  in its own words"
# That becomes:
nft 'add rule inet firewalld filter_FORWARD_ZONES iifname "nu*" accept'
is "$(reached "$PEER1")" "$ALL" "  with that, all is well"
run netnsctl check
is "$OUT" "" "  and nothing is said any more"
nft delete table inet firewalld

nft 'add table inet fw
	add chain inet fw forward { type filter hook forward priority 0; policy accept; }
	add chain inet fw input { type filter hook input priority 0; policy drop; }
	add rule inet fw input accept
	add chain inet fw unused
	add table arp fw
	add table bridge fw
	add chain bridge fw forward { type filter hook forward priority 0; policy drop; }'
ok "chains that are in nobody's way" netnsctl check
is "$OUT" "" "  are not mentioned"
nft 'delete table inet fw; delete table bridge fw; delete table arp fw'
nft 'add table inet fw
	add chain inet fw forward { type filter hook forward priority 0; policy drop; }'
conf -k 'session alice loopback'
ok "without veth sessions" netnsctl check
is "$OUT" "" "  it does not matter"
nft delete table inet fw
veth_conf
end

#
# Strict reverse paths
#

for link in all default up0; do
	echo 1 >/proc/sys/net/ipv4/conf/$link/rp_filter
done
begin "rp_filter=1 everywhere"
is "$(reached "$PEER1")" "$ALL" "  everything works"
end

#
# Uplinks
#

# A second one, to peer2.
ip -batch - <<-EOT
	link add up1 type veth peer name down1 netns uplink
	link set up1 up
	address add 192.0.3.2/24 dev up1
	address add 2001:db8:3::2/64 dev up1 nodad
	route add 203.0.113.0/24 via 192.0.3.1
	route add 2001:db8:2::/64 via 2001:db8:3::1
EOT
ip -n uplink -batch - <<-EOT
	link set down1 up
	address add 192.0.3.1/24 dev down1
	address add 2001:db8:3::1/64 dev down1 nodad
EOT
wait_for 5 are_ready || abort "no way by the second uplink"
begin "two uplinks"
is "$(reached "$PEER1")" "$ALL" "  the first works"
is "$(reached "$PEER2")" "$ALL" "  the second, too"
veth_conf 'set uplink up0'
ok "  set uplink up0: reload" netnsctl reload
is "$(reached "$PEER1")" "$ALL" "  that works"
is "$(reached "$PEER2")" "" "  the other does not"
veth_conf 'set uplink up1'
ok "  set uplink up1: reload" netnsctl reload
is "$(reached "$PEER1")" "" "  the first does not work"
is "$(reached "$PEER2")" "$ALL" "  the second does"
veth_conf
ok "  without: reload" netnsctl reload
is "$(reached "$PEER1") $(reached "$PEER2")" "$ALL $ALL" "  both do"

note "an uplink that goes, and comes back with another address"
ip link delete up0
is "$(reached "$PEER1")" "" "without it, there is no way"
is "$(reached "$PEER2")" "$ALL" "  but by the other"
ip -batch - <<-EOT
	link add up0 type veth peer name down0 netns uplink
	link set up0 up
	address add 192.0.2.99/24 dev up0
	address add 2001:db8::99/64 dev up0 nodad
EOT
ip -n uplink -batch - <<-EOT
	link set down0 up
	address add 192.0.2.1/24 dev down0
	address add 2001:db8::1/64 dev down0 nodad
EOT
ip route add default via 192.0.2.1
ip -6 route add default via 2001:db8::1
wait_for 5 are_ready || abort "no way by the new uplink"
is "$(reached "$PEER1")" "$ALL" "the open session reaches everything again"

# learns_at_once NAME: no connection has to wait for its end.
learns_at_once()
{
	local to

	for to in "TCP4:${PEER1% *}" "TCP6:[${PEER1#* }]"; do
		run in_session alice timeout 20 socat -u "$to:7777" -
		like "$OUT" 'unreachable|No route to host' "$1, by ${to%%:*}"
	done
}

note "no default route"
ip route del default
ip -6 route del default
is "$(reached "$PEER1")" "" "an open session reaches nothing"
learns_at_once "  and learns of it at once"
end
begin "a host without a default route"
is "$(reached "$PEER1")" "" "  there is no way"
learns_at_once "  and a session learns of it at once"
ip route add default via 192.0.2.1
ip -6 route add default via 2001:db8::1
is "$(reached "$PEER1")" "$ALL" "  when there is a route, everything works"
end

#
# Without IPv6
#

# has_no_ipv6 LINK...: not even an address of the link alone
has_no_ipv6()
{
	! ip -6 -o address show | grep -w "$1" &&
		! in_session alice ip -6 -o address show | grep -v ' ::1/128' | grep inet6
}

# only_ipv4 NAME
only_ipv4()
{
	begin "$1"
	is "$(reached "$PEER1")" "TCP4 UDP4" "  IPv4 works"
	ok "  the link has no IPv6 address at either end" has_no_ipv6 nu1001
}

for link in all default; do
	echo 1 >/proc/sys/net/ipv6/conf/$link/disable_ipv6
done
only_ipv4 "IPv6 is disabled by sysctl"
end
ok "unload" netnsctl unload
is "$(ip -6 rule)" "$(ip -6 rule | grep -vE 'from [0-9a-f]+:')" "  no rule stays"
for link in all default; do
	echo 0 >/proc/sys/net/ipv6/conf/$link/disable_ipv6
done
ip -batch - <<-EOT
	address add 2001:db8::99/64 dev up0 nodad
	address add 2001:db8:3::2/64 dev up1 nodad
	route add default via 2001:db8::1
	route add 2001:db8:2::/64 via 2001:db8:3::1
EOT
wait_for 5 are_ready || abort "no IPv6 after that"
begin "IPv6 is back"
is "$(reached "$PEER1")" "$ALL" "  everything works"
note "and disabled while there is a session"
for link in all default; do
	echo 1 >/proc/sys/net/ipv6/conf/$link/disable_ipv6
done
is "$(reached "$PEER1")" "TCP4 UDP4" "IPv4 goes on"
ok "a reload" netnsctl reload
is "$(reached "$PEER1")" "TCP4 UDP4" "  with the same result"
is "$(ip -6 rule | grep -cE 'from [0-9a-f]+:')" 0 "  and without rules for IPv6"
end
ok "unload" netnsctl unload

# The kernel's option ipv6.disable=1 leaves this out.
mount -t tmpfs -o ro tmpfs /proc/sys/net/ipv6
only_ipv4 "a kernel without IPv6"
end
done_testing
