#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A user's rate is what the policy says, both ways and whatever is sent; it hurts
# nobody else, leaves room for the next connection, and follows a reload.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/topology.sh
. "$TOP/tests/topology.sh"
in_sandbox "$@"
install_product
wide_net
pam_stack login 'session required pam_netns.so'

HOST4=192.0.2.2 HOST6=2001:db8::2
# Of its several addresses, those that the peer would answer from by itself.
PEER4=$(in_peer peer1 ip -j route get $HOST4 | jq -r '.[0].prefsrc')
PEER6=$(in_peer peer1 ip -j route get $HOST6 | jq -r '.[0].prefsrc')
MBIT=1000000
LATENCY_MAX=500 # ms, for a connection while all is full
MUCH=$((160 * MBIT)) # what a link without a rate has at least, on any machine

# good NAME CMD...: as ok, but not in a subshell, for what logs in and out.
good()
{
	local name=$1 good=false

	shift
	if "$@"; then
		good=true
	fi
	result $good "$name" "$*: ${LOGIN_OUT-}"
}

# between GOT LEAST MOST NAME
between()
{
	local good=false

	[[ ! $1 =~ ^[0-9]+$ ]] || [ "$1" -lt "$2" ] || [ "$1" -gt "$3" ] || good=true
	result $good "$4: $1" "wanted: $2 to $3"
}

# rates STATEMENT: alice has that rate, and bob none.
rates()
{
	conf -k "set dns none
policy limited {
	out allow to any tcp 80 5201-5202 udp 80 5201-5202
	out allow to host tcp 5201
	$1
}
policy free {
	out allow to any tcp 5201-5202
}
session alice veth limited
session bob veth free"
	netnsctl reload
}

#
# Measuring
#

# iperf USER OPTION...: its report in a file
iperf()
{
	local user=$1

	shift
	in_session "$user" iperf3 -J -t 2 "$@" >"$WORK/iperf.$user"
}

# measure USER OPTION...: the bits a second that arrive
measure()
{
	iperf "$@"
	jq -r '.error // (.end.sum_received.bits_per_second | floor)' "$WORK/iperf.$1"
}

# is_rate MBIT NAME OPTION...: that is what arrives for alice, less the headers.
# Less can be a busy machine's doing, and is measured again; more cannot.
is_rate()
{
	local least=$(($1 * MBIT * 8 / 10)) most=$(($1 * MBIT * 11 / 10)) name=$2 got

	shift 2
	for _ in 1 2 3; do
		got=$(measure alice "$@")
		if ! [[ $got =~ ^[0-9]+$ ]] || [ "$got" -ge "$least" ]; then
			break
		fi
	done
	between "$got" "$least" "$most" "  $name"
}

# queue host|session: of that end of alice's link, as JSON
queue()
{
	if [ "$1" = host ]; then
		tc -s -j qdisc show dev nu1001
	else
		in_session alice tc -s -j qdisc show dev eth0
	fi
}

# overlimits host|session: how often something has had to wait there
overlimits()
{
	queue "$1" | jq '.[0].overlimits'
}

now()
{
	echo "${EPOCHREALTIME/[.,]/}" # in microseconds
}

# sent host|session: bytes, by that end
sent()
{
	queue "$1" | jq '.[0].bytes'
}

has_sent()
{
	[ "$(sent "$1")" -gt "$2" ]
}

# is_rate_since BITS TIME BYTES host|session NAME: sent a second, since these were sent
is_rate_since()
{
	local bits

	bits=$((($(sent "$4") - $3) * 8 * 1000000 / ($(now) - $2)))
	between $bits $(($1 * 7 / 10)) $(($1 * 11 / 10)) "  $5"
}

is_full()
{
	[ "$(overlimits host)" -gt "$1" ] && [ "$(overlimits session)" -gt "$2" ]
}

# start_in PLACE CMD...: in the place of the shell that calls it
start_in()
{
	local place=$1

	shift
	exec nsenter --net="$place" -- "$@"
}

for port in 5201 5202; do
	hold "iperf-$port" start_in /run/netns/peer1 iperf3 -s -p $port --forceflush
done
hold iperf-host start_in /proc/1/ns/net iperf3 -s --forceflush
hold sink start_in /run/netns/peer1 "$TOP/tests/load.py" sink 80

#
# As fast as it says
#

note "8 Mbit/s up, 16 Mbit/s down"
ok "loaded" rates 'rate up 8mbit down 16mbit'
good "alice logs in" login alice
good "bob logs in" login bob
is_rate 8 "up by TCP, IPv4" -c "$PEER4"
is_rate 8 "up by TCP, IPv6, four at once" -c "$PEER6" -P 4
is_rate 16 "down by TCP, IPv4, four at once" -c "$PEER4" -P 4 -R
is_rate 16 "down by TCP, IPv6" -c "$PEER6" -R
is_rate 8 "up by UDP, five times too much" -c "$PEER6" -u -b 40M -l 1300 -t 1
is_rate 16 "down by UDP, three times too much" -c "$PEER4" -u -b 48M -l 1300 -R -t 1
is_rate 8 "to the host itself" -c $HOST4 -t 1

note "others meanwhile, and the next connection"
before=$(overlimits host) before_up=$(overlimits session)
(start_in "$(netns_file alice)" iperf3 -c "$PEER4" --bidir -P 2 -t 60 >"$WORK/busy" 2>&1) &
busy=$!
ok "alice's link is full in both directions" wait_for 5 \
	is_full $((before + 200)) $((before_up + 200))
start=$(now) down=$(sent host) up=$(sent session)
between "$(in_session alice "$TOP/tests/load.py" connect 80 "$PEER4" "$PEER6")" 5 $LATENCY_MAX \
	"  ms for one of twenty new connections"
between "$(measure bob -c "$PEER4" -p 5202 -t 1)" $MUCH 999999999999 "  bob's rate, up"
between "$(measure bob -c "$PEER6" -p 5202 -t 1 -R)" $MUCH 999999999999 "  and down"
is_rate_since $((8 * MBIT)) "$start" "$up" session "what alice has sent meanwhile"
is_rate_since $((16 * MBIT)) "$start" "$down" host "and got"
kill -INT $busy
wait $busy

note "packets that are larger than the bucket"
for address in "$PEER4" "$PEER6"; do
	is "$(in_session alice "$TOP/tests/load.py" super 80 "$address" 39000)" 39000 \
		"  39 KB in one packet arrive, $address"
done

#
# Reloads
#

note "a faster rate, for what is open"
# By the link: a program's own figures have what waits in the socket, too.
(start_in "$(netns_file alice)" iperf3 -c "$PEER4" -t 60 >"$WORK/busy" 2>&1) &
busy=$!
# sends BYTES: from now on
sends()
{
	wait_for 10 has_sent session $(($(sent session) + $1))
}
ok "alice sends" sends 500000
start=$(now) up=$(sent session)
ok "a second long" sends 1000000
is_rate_since $((8 * MBIT)) "$start" "$up" session "her connection, before"
ok "loaded" rates 'rate up 40mbit down 16mbit'
ok "alice sends on" sends 3000000
start=$(now) up=$(sent session)
ok "a second long" sends 5000000
is_rate_since $((40 * MBIT)) "$start" "$up" session "and afterwards"
kill -INT $busy
wait $busy
is_rate 16 "the other way it is as it was" -c "$PEER4" -R

note "a slower one, in one direction"
ok "loaded" rates 'rate down 4mbit'
is_rate 4 "down" -c "$PEER6" -R
between "$(measure alice -c "$PEER6" -t 1)" $MUCH 999999999999 "  up, there is no limit"
is "$(queue session | jq -r '.[].kind')" noqueue "  nor a queue"

note "none"
ok "loaded" rates ''
between "$(measure alice -c "$PEER4" -t 1)" $MUCH 999999999999 "  up, there is no limit"
between "$(measure alice -c "$PEER4" -t 1 -R)" $MUCH 999999999999 "  nor down"
is "$(queue host | jq -r '.[].kind')" noqueue "  nor a queue"

note "one that is slow"
ok "loaded" rates 'rate 1mbit'
for address in "$PEER4" "$PEER6"; do
	between "$(in_session alice "$TOP/tests/load.py" push 80 "$address" 200000)" 1200 4000 \
		"  ms for 200 KB to $address"
done

#
# What the kernel has been told
#

note "rates of all sizes"

# shaped host|session: "RATE ENOUGH", in bytes: ENOUGH is a bucket for a jiffy and a
# packet, and room for more to wait.
shaped()
{
	queue "$1" | jq -r '.[] | select(.kind == "tbf") | .options |
		"\(.rate) \(.burst >= 16000 and .burst >= .rate / 100 and .lat >= 10000)"'
}

# A unit is a power of ten, and a byte has eight bits.
while read -r up up_bytes down down_bytes; do
	ok "rate up $up down $down" rates "rate up $up down $down"
	is "$(shaped session)" "$up_bytes true" "  the session's end"
	is "$(shaped host)" "$down_bytes true" "  the host's end"
done <<-EOT
	1kbit 125 8kbit 1000
	8kbit 1000 1kbit 125
	999kbit 124875 1mbit 125000
	34gbit 4250000000 35gbit 4375000000
	35gbit 4375000000 34gbit 4250000000
	100gbit 12500000000 1000gbit 125000000000
	1000gbit 125000000000 100gbit 12500000000
EOT
between "$(measure alice -c "$PEER4" -t 1)" $MUCH 999999999999 "what is faster than any link does not limit"
ok "back to the slowest" rates 'rate 1kbit'
is "$(shaped session)" "125 true" "  the session's end"
between "$(in_session alice "$TOP/tests/load.py" connect 80 "$PEER4")" 0 $LATENCY_MAX \
	"  ms for one of ten connections"

note "from the beginning"
good "alice logs out" logout alice
ok "loaded" rates 'rate up 1000gbit down 8kbit'
good "alice logs in" login alice
is "$(shaped session)" "125000000000 true" "  the session's end"
is "$(shaped host)" "1000 true" "  the host's end"
good "alice logs out" logout alice
good "bob logs out" logout bob
no_debris
done_testing
