#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# No table, no traffic: who flushes the ruleset of the host opens no door, and what
# was there comes back by the next login, sweep or reload.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/topology.sh
. "$TOP/tests/topology.sh"
# shellcheck source=tests/flows.sh
. "$TOP/tests/flows.sh"
in_sandbox "$@"
install_product
wide_net
pam_stack login 'session required pam_netns.so'

PEER4=198.51.100.10 PEER6=2001:db8:1::10
HOST4=172.31.0.1 HOST6=2001:db8:f::1
GATEWAY4=100.64.0.1 GATEWAY6=fd6e:6574:6e73::1
CONF="set pool4 $POOL4
set pool6 $POOL6
policy web {
	out allow to any tcp 80 udp 80
	out allow to host tcp 80
	publish tcp 8080 to 80
}
session alice,bob veth web"

rules()
{
	ip -4 rule
	ip -6 rule
}

# What a host has once, beside the table.
ground()
{
	rules
	ip -o address show dev lo
	cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding
}

# What leaves the host with a session's own address.
in_peer uplink nft -f - <<-EOT
	table inet watch {
		counter untranslated { }
		chain prerouting {
			type filter hook prerouting priority raw; policy accept;
			ip saddr $POOL4 counter name untranslated
			ip6 saddr $POOL6 counter name untranslated
		}
	}
EOT
untranslated()
{
	in_peer uplink nft list counter inet watch untranslated | awk '$1 == "packets" { print $2 }'
}

untouched=$(ground)
conf "$CONF"
ok "loaded" netnsctl reload
ground=$(ground)
isnt "$ground" "$untouched" "the host has what it needs"
good "alice logs in" login alice
good "bob logs in" login bob
read -r ALICE4 ALICE6 <<<"$(addresses_of alice | xargs)"
read -r BOB4 BOB6 <<<"$(addresses_of bob | xargs)"

# Where alice tries to get: servers that would notice.
TARGETS=()
# at WHERE ADDRESS...
at()
{
	local where=$1 address port servers=()

	shift
	TARGETS+=("$@")
	for address; do
		for port in 80 81; do
			servers+=(udp "$address" "$port" tcp "$address" "$port")
		done
	done
	serve "$where" "${servers[@]}"
}
at peer1 $PEER4 $PEER6
at host $HOST4 $HOST6 192.0.2.2 2001:db8::2 $GATEWAY4 $GATEWAY6
at bob "$BOB4" "$BOB6"
at uplink 192.0.2.1 2001:db8::1
serve host tcp 127.0.0.1 80
serve alice tcp "$ALICE4" 80 tcp "$ALICE6" 80
ok "the way works: to a peer" connects alice $PEER4 80
ok "  by IPv6" connects alice $PEER6 80
ok "  to the host" connects alice $HOST4 80
ok "  by IPv6" connects alice $HOST6 80
ok "  from outside to the port published" in_peer peer1 timeout 9 socat -u /dev/null TCP:192.0.2.2:8080
ok "  by IPv6" in_peer peer1 timeout 9 socat -u /dev/null 'TCP:[2001:db8::2]:8080'
fails "but not to another user" connects alice "$BOB4" 80

# arrivals: a line for each target, with what has arrived there by UDP.
arrivals()
{
	(cd "$WORK" && stat -c 'udp %n %s' served.udp.*.8[01])
}

# knock: alice tries everything; prints what has answered or noticed her.
knock()
{
	local before

	before=$(arrivals)
	in_session alice python3 -I - "${TARGETS[@]}" <<-'EOT'
		import socket, sys
		waiting = []
		for address in sys.argv[1:]:
		    family = socket.AF_INET6 if ":" in address else socket.AF_INET
		    for port in (80, 81):
		        u = socket.socket(family, socket.SOCK_DGRAM)
		        try:
		            u.sendto(b"u", (address, port))
		        except OSError:
		            pass
		        t = socket.socket(family)
		        t.setblocking(False)
		        try:
		            t.connect((address, port))
		        except BlockingIOError:
		            waiting.append((t, address, port))
		        except OSError:
		            pass
		import select, time
		end = time.monotonic() + 0.7
		poll = {t.fileno(): (t, a, p) for t, a, p in waiting}
		while poll and time.monotonic() < end:
		    for t in select.select([], [x[0] for x in poll.values()], [], 0.2)[1]:
		        _, a, p = poll.pop(t.fileno())
		        if t.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
		            print("tcp", a, p)
	EOT
	arrivals | grep -vxFf <(echo "$before") |
		sed -E 's/^udp served\.udp\.(.*)\.(8[01]) .*/udp \1 \2/'
}

# pings ADDRESS...: prints those that answer alice.
pings()
{
	local address pids=()

	for address; do
		in_session alice ping -c1 -W1 -n -q "$address" >/dev/null 2>&1 && echo "$address" &
		pids+=($!)
	done
	wait "${pids[@]}"
}

# comers: prints by which way those outside get to alice.
comers()
{
	local pids=()

	in_peer peer1 timeout 2 socat -u /dev/null TCP:192.0.2.2:8080,connect-timeout=1 &&
		echo "the port published" &
	pids+=($!)
	in_peer uplink timeout 2 socat -u /dev/null "TCP:$ALICE4:80,connect-timeout=1" &&
		echo "her address" &
	pids+=($!)
	in_peer uplink timeout 2 socat -u /dev/null "TCP:[$ALICE6]:80,connect-timeout=1" &&
		echo "her IPv6 address" &
	wait "${pids[@]}" $!
}

allowed="tcp $PEER4 80
tcp $PEER6 80
tcp $HOST4 80
tcp $HOST6 80
tcp 192.0.2.2 80
tcp 2001:db8::2 80
tcp $GATEWAY4 80
tcp $GATEWAY6 80
tcp 192.0.2.1 80
tcp 2001:db8::1 80
udp $PEER4 80
udp $PEER6 80
udp 192.0.2.1 80
udp 2001:db8::1 80"
is "$(comers 2>/dev/null)" "the port published" "those outside get to her by the port that she publishes"
is "$(knock | sort)" "$(sort <<<"$allowed")" "of everything around, alice gets what her policy allows"

host_is_fine()
{
	ok "  the host itself reaches a peer" timeout 9 socat -u /dev/null TCP:$PEER4:80
	ok "    by IPv6" timeout 9 socat -u /dev/null "TCP:[$PEER6]:80"
	ok "    and itself" timeout 9 socat -u /dev/null TCP:127.0.0.1:80
	ok "    and is reached" in_peer peer1 timeout 9 socat -u /dev/null TCP:192.0.2.2:80
	ok "    by IPv6" in_peer peer1 timeout 9 socat -u /dev/null 'TCP:[2001:db8::2]:80'
}

nothing_gets_anywhere()
{
	is "$(growing down4 up4 down6 up6 udown4 udown6)" "" "  connections that were open stand"
	is "$(knock)" "" "  of everything around, alice gets nothing"
	is "$(pings $HOST4 $HOST6 $PEER4 $PEER6 "$BOB4" "$BOB6")" "" "  nor an answer to a ping"
	is "$(comers 2>/dev/null)" "" "  nor does anybody get to her"
	host_is_fine
	is "$(untranslated)" 0 "  and nothing leaves with her own address"
}

start_flows()
{
	flow down4 alice down tcp $PEER4 80
	flow up4 alice up tcp $PEER4 80
	flow down6 alice down tcp $PEER6 80
	flow up6 alice up tcp $PEER6 80
	flow udown4 alice down udp $PEER4 80
	flow udown6 alice down udp $PEER6 80
	for name in down4 up4 down6 up6 udown4 udown6; do
		ok "  $name flows" flows $name
	done
}

end_flows()
{
	end_flow down4 up4 down6 up6 udown4 udown6
}

is_as_before()
{
	is "$(ground)" "$ground" "  the host has what it had"
	is "$(knock | sort)" "$(sort <<<"$allowed")" "  and alice gets what her policy allows"
	ok "  and those outside the port that she publishes" \
		in_peer peer1 timeout 9 socat -u /dev/null TCP:192.0.2.2:8080
	like "$(nft list set inet pam_netns live)" '1001' "  and the tripwire knows her"
}

broken="$CONF
session carol veth nothing"

for how in 'nft flush ruleset' 'nft delete table inet pam_netns'; do
	note "$how"
	start_flows
	$how
	nothing_gets_anywhere
	note "the next login puts it back"
	good "dave logs in, who is not confined" login dave
	good "  and out" logout dave
	is_as_before
	end_flows
done

note "a sweep puts it back"
nft flush ruleset
ok "netnsctl sweep" netnsctl sweep
like "$OUT" 'put back' "  says so"
is_as_before
ok "once more" netnsctl sweep
is "$OUT" "0 removed" "  there is nothing to say"

note "a reload puts it back"
nft flush ruleset
ok "netnsctl reload" netnsctl reload
is_as_before

note "also while the file has errors"
conf -k "$broken"
nft flush ruleset
ok "netnsctl sweep" netnsctl sweep
is_as_before
nft flush ruleset
fails "netnsctl reload, which cannot have the file" netnsctl reload
is_as_before
nft flush ruleset
good "bob logs in once more" login dave
good "  and out" logout dave
is_as_before
conf -k "$CONF
# edited"
nft flush ruleset
ok "a sweep, with a file that was edited" netnsctl sweep
is_as_before
ok "reloaded" netnsctl reload

note "rules that somebody has removed"
for family in 4 6; do
	while read -r rule; do
		# shellcheck disable=SC2086 # words
		ip -$family rule del $rule
		ok "IPv$family, without '$rule': a sweep" netnsctl sweep
		is "$(ground)" "$ground" "  puts it back"
	done < <(ip -$family rule | sed -n 's/^0:[[:space:]]*/priority 0 /p')
	while ip -$family rule del priority 0 from "$([ $family = 4 ] && echo $POOL4 || echo $POOL6)"; do
		:
	done 2>/dev/null
	ok "IPv$family, without any of ours: a sweep" netnsctl sweep
	is "$(ground)" "$ground" "  puts them back"
	ip -$family rule add priority 0 from all lookup local
	ok "with a second one for the local table: a reload" netnsctl reload
	is "$(ground)" "$ground" "  removes it"
done
note "reloads that were killed over and over, each before the old rules were removed"
for family in 4 6; do
	ip -$family rule | sed -n 's/^0:[[:space:]]*/priority 0 /p' >"$WORK/rules"
	for n in {1..20}; do
		while read -r rule; do
			# shellcheck disable=SC2086 # words
			ip -$family rule add $rule protocol kernel
		done <"$WORK/rules"
	done 2>/dev/null
	isnt "$(ip -$family rule | wc -l)" "$(wc -l <"$WORK/rules")" "IPv$family: there are many rules"
	ok "  a sweep" netnsctl sweep
	is "$(ground)" "$ground" "  leaves what should be"
done
for gateway in $GATEWAY4/32 $GATEWAY6/128; do
	ip address del "$gateway" dev lo
	ok "without $gateway: a sweep" netnsctl sweep
	is "$(ground)" "$ground" "  puts it back"
	run netnsctl sweep
	is "$OUT" "0 removed" "  and then has nothing to do"
done
echo 0 >/proc/sys/net/ipv4/ip_forward
echo 0 >/proc/sys/net/ipv6/conf/all/forwarding
ok "without forwarding: a sweep" netnsctl sweep
is_as_before

#
# Between a flush and what repairs it
#

note "while it is flushed and put back, over and over"
declare -A arrived
for address in "$HOST4" "$HOST6" "$BOB4" "$BOB6" $PEER4 $PEER6; do
	arrived["$address"]=$(served udp "$address" 81)
	flow "flood.$address" alice up udp "$address" 81
done
for n in {1..20}; do
	nft flush ruleset
	netnsctl sweep >/dev/null || result false "sweep $n" ""
done
ok "alice gets out" connects alice $PEER4 80
# A packet that is between two hooks when the table goes has been let on by the first
# and finds no second: of thousands one, when it comes to that.
for address in "$HOST4" "$HOST6" "$BOB4" "$BOB6" $PEER4 $PEER6; do
	end_flow "flood.$address"
	more=$(($(served udp "$address" 81) - ${arrived["$address"]}))
	note "$more packets at $address"
	ok "no more than a packet has arrived at $address, port 81" test $more -le 1
done
is "$(untranslated)" 0 "and nothing has left with her own address"

#
# Out of force
#

note "netnsctl unload"
start_flows
ok "unloaded" netnsctl unload
is "$(ground)" "$untouched" "the host is as it was"
is "$(nft list tables)" "" "without a table"
is "$(ip -o link show | grep -c ' nu')" 0 "or links"
nothing_gets_anywhere
end_flows
good "alice logs out" logout alice
good "a new login of alice" login alice
is "$(ground)" "$ground" "loads it again"
ok "and she gets out" connects alice $PEER4 80
end_servers
good "alice logs out" logout alice
good "bob logs out" logout bob
no_debris
done_testing
