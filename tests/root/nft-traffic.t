#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The firewall does to real packets what the configuration says.  The users'
# links are made by hand here: this is about the table alone.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
in_sandbox "$@"

NOTHING=0x6e000000 # the class that no policy has
GATEWAY4=100.64.0.1 GATEWAY6=fd6e:6574:6e73::1
HOST4=192.0.2.2 HOST6=2001:db8::2
PEER1_4=198.51.100.10 PEER1_6=2001:db8:1::10
PEER2_4=203.0.113.10 PEER2_6=2001:db8:2::10

# commit TEXT [OPTION]...: puts a configuration in force, with fwtool's options.
commit()
{
	printf '%s\n' "$1" >"$WORK/netns.conf"
	shift
	fwtool "$@" commit "$WORK/netns.conf" || abort "the table cannot be loaded"
}

# class_of POLICY
class_of()
{
	fwtool print "$WORK/netns.conf" | grep -oE "0x[0-9a-f]+ : goto out_$1\\b" | cut -d' ' -f1
}

# add_user NAME UID NUMBER: 100.64.0.NUMBER in the namespace NAME, without a policy.
add_user()
{
	local name=$1 uid=$2 number=$3 gateway own

	ip netns add "$name"
	in_peer "$name" sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
		echo 0 >/proc/sys/net/ipv6/conf/default/router_solicitations'
	ip link add "nu$uid" group $NOTHING type veth peer name eth0 netns "$name"
	echo 1 >"/proc/sys/net/ipv6/conf/nu$uid/addr_gen_mode"
	in_peer "$name" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/eth0/addr_gen_mode
		echo 1 >/proc/sys/net/ipv4/conf/eth0/route_localnet'
	gateway=$(cat "/sys/class/net/nu$uid/address")
	own=$(ip -n "$name" -j link show eth0 | jq -r '.[0].address')
	ip -n "$name" -batch - <<-EOT
		link set lo up
		link set eth0 up
		address add 100.64.0.$number/32 dev eth0
		address add fd6e:6574:6e73::$number/128 dev eth0 nodad
		route add $GATEWAY4 dev eth0 scope link
		route add default via $GATEWAY4 dev eth0
		route add $GATEWAY6 dev eth0
		route add default via $GATEWAY6 dev eth0
		neighbour replace $GATEWAY4 lladdr $gateway dev eth0 nud permanent
		neighbour replace $GATEWAY6 lladdr $gateway dev eth0 nud permanent
		route add local ::1 dev eth0 table local metric 2000
	EOT
	ip -batch - <<-EOT
		link set nu$uid up
		route add 100.64.0.$number dev nu$uid
		route add fd6e:6574:6e73::$number dev nu$uid
		neighbour replace 100.64.0.$number lladdr $own dev nu$uid nud permanent
		neighbour replace fd6e:6574:6e73::$number lladdr $own dev nu$uid nud permanent
	EOT
}

# give UID POLICY
give()
{
	ip link set "nu$1" group "$(class_of "$2")"
}

# serve NAMESPACE PORT...: answers there; "host" is the host.
serve()
{
	local name=$1

	shift
	if [ "$name" = host ]; then
		hold serve-host "$TOP/tests/probe" serve host "$@"
	else
		hold "serve-$name" in_peer "$name" "$TOP/tests/probe" serve "$name" "$@"
	fi
}

# in_host CMD...: as in_peer has it.
in_name()
{
	local name=$1

	shift
	if [ "$name" = host ]; then
		"$@"
	else
		in_peer "$name" "$@"
	fi
}

# probes NAMESPACE: reads lines "PROTO ADDRESS PORT WANTED...", asks them all from
# there, and expects the answers.
probes()
{
	local name=$1 proto address port wanted answer

	cat >"$WORK/probes"
	in_name "$name" "$TOP/tests/probe" ask < <(cut -d' ' -f1-3 "$WORK/probes") >"$WORK/answers"
	while read -r proto address port wanted && read -r answer <&3; do
		is "$answer" "$wanted" "$name to $address, $proto $port: $wanted"
	done <"$WORK/probes" 3<"$WORK/answers"
}

# counter NAME
counter()
{
	nft list counter inet pam_netns "$1" | awk '$1 == "packets" { print $2 }'
}

# rule_counter CHAIN COMMENT: the packets that the rules with that comment have counted.
rule_counter()
{
	nft list chain inet pam_netns "$1" | grep -F "comment \"$2\"" |
		grep -oE 'counter packets [0-9]+' | awk '{ n += $3 } END { print n + 0 }'
}

sandbox_net
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
ip address add $GATEWAY4/32 dev lo
ip address add $GATEWAY6/128 dev lo
# Metadata, and a way for those outside to try the sessions' own addresses.
ip -n uplink -batch - <<-EOT
	address add 169.254.169.254/32 dev lo
	address add fd00:ec2::254/128 dev lo nodad
	route add 100.64.0.0/10 via $HOST4
	route add fd6e:6574:6e73::/64 via $HOST6
EOT
# What leaves with a session's own address.
in_peer uplink nft -f - <<-EOT
	table inet watch {
		counter untranslated { }
		chain prerouting {
			type filter hook prerouting priority raw; policy accept;
			ip saddr 100.64.0.0/10 counter name untranslated
			ip6 saddr fd6e:6574:6e73::/64 counter name untranslated
		}
	}
EOT
untranslated()
{
	in_peer uplink nft list counter inet watch untranslated | awk '$1 == "packets" { print $2 }'
}

for peer in peer1 peer2 uplink; do
	serve $peer 22 53 80 81 82 7000
done
serve host 22 23 53 80
add_user alice 1001 11
add_user bob 1002 12
add_user carol 1003 13
for user in alice bob carol; do
	serve $user 22 7000 7001 7002 7003
done

CONF="
	set dns $PEER1_4 $PEER1_6
	addresses two { 203.0.113.0/24 2001:db8:2::/64 }
	policy alice {
		out drop to two tcp 81
		out allow to any tcp 80 81 udp 80
		out allow to host tcp 22 udp 22
		out allow to users tcp 7000 udp 7000
		publish tcp 8022 to 22 from two
		publish udp 8022 to 22
		publish tcp 8024 to 7100 from two
		in allow from users tcp 7001 udp 7001
		in allow from host tcp 7002 udp 7002
		connections 20
	}
	policy bob {
		out allow to two
		out allow to metadata tcp 80
		in allow from users tcp 7000 udp 7000
		in allow from any tcp 7001 udp 7001
	}
	policy carol {
		out allow to users host
	}
	session 1001 veth alice
	session 1002 veth bob
	session 1003 veth carol"
PUBLISHED=(-p '8022=100.64.0.11=22' -p '8022=fd6e:6574:6e73::11=22'
	-p '8024=100.64.0.11=7100' -p '8024=fd6e:6574:6e73::11=7100')

commit "$CONF" "${PUBLISHED[@]}"
nft add element inet pam_netns publish4_udp '{ 8022 : 100.64.0.11 . 22 }'
nft add element inet pam_netns publish6_udp '{ 8022 : fd6e:6574:6e73::11 . 22 }'

#
# Nobody has a policy yet
#

for user in alice bob; do
	probes $user <<-EOT
		tcp $PEER1_4 80 silent
		udp $PEER1_6 80 silent
		tcp $GATEWAY4 22 silent
		tcp 100.64.0.13 7000 silent
		tcp fd6e:6574:6e73::13 7000 silent
	EOT
done
probes host <<-EOT
	tcp 100.64.0.11 7002 silent
	udp fd6e:6574:6e73::11 7002 stopped
EOT
is "$(untranslated)" 0 "no packet has left"

give 1001 alice
give 1002 bob
give 1003 carol

#
# What each may do
#

probes alice <<-EOT
	tcp $PEER1_4 80 peer1 $HOST4
	tcp $PEER1_6 80 peer1 $HOST6
	udp $PEER1_4 80 peer1 $HOST4
	udp $PEER1_6 80 peer1 $HOST6
	tcp $PEER1_4 81 peer1 $HOST4
	tcp $PEER1_6 81 peer1 $HOST6
	tcp $PEER2_4 81 silent
	tcp $PEER2_6 81 silent
	tcp $PEER1_4 82 refused
	tcp $PEER1_6 82 refused
	udp $PEER1_4 82 prohibited
	udp $PEER1_6 82 prohibited
	tcp $PEER1_4 53 peer1 $HOST4
	udp $PEER1_6 53 peer1 $HOST6
	tcp $PEER2_4 53 refused
	udp $PEER2_6 53 prohibited
	tcp 169.254.169.254 80 refused
	tcp fd00:ec2::254 80 refused
	udp 169.254.169.254 80 prohibited
	tcp $GATEWAY4 22 host 100.64.0.11
	tcp $GATEWAY6 22 host fd6e:6574:6e73::11
	tcp $HOST4 22 host 100.64.0.11
	udp $HOST6 22 host fd6e:6574:6e73::11
	tcp $GATEWAY4 23 silent
	tcp $HOST6 23 silent
	udp $HOST4 23 silent
	tcp $HOST4 80 silent
	udp $HOST6 80 silent
	tcp 100.64.0.12 7000 bob 100.64.0.11
	udp fd6e:6574:6e73::12 7000 bob fd6e:6574:6e73::11
	tcp 100.64.0.12 7001 refused
	udp fd6e:6574:6e73::12 7001 prohibited
	tcp 100.64.0.13 7000 silent
	tcp 100.64.0.99 7000 refused
	tcp fd6e:6574:6e73::99 7000 refused
EOT
probes bob <<-EOT
	tcp $PEER2_4 82 peer2 $HOST4
	udp $PEER2_6 82 peer2 $HOST6
	tcp $PEER1_4 80 refused
	udp $PEER1_6 80 prohibited
	tcp 169.254.169.254 80 uplink $HOST4
	tcp fd00:ec2::254 80 uplink $HOST6
	tcp 169.254.169.254 81 refused
	tcp 100.64.0.11 7001 refused
	tcp $GATEWAY6 22 silent
EOT
probes carol <<-EOT
	tcp 100.64.0.11 7001 alice 100.64.0.13
	udp fd6e:6574:6e73::11 7001 alice fd6e:6574:6e73::13
	tcp 100.64.0.11 7003 silent
	udp fd6e:6574:6e73::11 7003 silent
	tcp fd6e:6574:6e73::12 7001 silent
	tcp $HOST4 80 host 100.64.0.13
	udp $GATEWAY6 53 host fd6e:6574:6e73::13
	tcp $PEER1_4 80 refused
EOT
probes host <<-EOT
	tcp 100.64.0.11 7002 alice $GATEWAY4
	udp fd6e:6574:6e73::11 7002 alice $GATEWAY6
	tcp 100.64.0.11 7001 silent
	udp fd6e:6574:6e73::11 7003 stopped
	tcp $PEER1_4 82 peer1 $HOST4
EOT
is "$(untranslated)" 0 "no packet has left with a session's address"

#
# From outside
#

probes peer2 <<-EOT
	tcp $HOST4 8022 alice $PEER2_4
	tcp $HOST6 8022 alice $PEER2_6
	udp $HOST4 8022 alice $PEER2_4
	tcp $HOST4 8023 refused
	tcp 100.64.0.11 22 silent
	tcp fd6e:6574:6e73::11 22 silent
	tcp 100.64.0.12 7001 bob $PEER2_4
	udp fd6e:6574:6e73::12 7001 bob $PEER2_6
	tcp 100.64.0.12 7000 silent
	udp fd6e:6574:6e73::12 7000 silent
EOT
probes peer1 <<-EOT
	tcp $HOST4 8022 silent
	tcp $HOST6 8022 silent
	udp $HOST6 8022 alice $PEER1_6
EOT
# A published port is for those outside.
probes bob <<-EOT
	tcp $HOST4 8022 silent
EOT
# So are the ports that others have published.
nft -f - <<-EOT
	table inet another {
		chain prerouting {
			type nat hook prerouting priority dstnat;
			fib daddr type local tcp dport 9080 dnat ip to $PEER1_4:80
			fib daddr type local tcp dport 9080 dnat ip6 to [$PEER1_6]:80
		}
	}
EOT
probes peer2 <<-EOT
	tcp $HOST4 9080 silent
EOT
probes alice <<-EOT
	tcp $HOST4 9080 silent
	tcp $GATEWAY6 9080 silent
EOT
is "$(rule_counter forward_out 'sent to this machine, led elsewhere')" 4 "counted: led elsewhere"
nft delete table inet another

#
# Forged and odd packets
#

before=$(counter spoofed)
ip -n alice address add 100.64.0.12/32 dev lo
ip -n alice address add fd6e:6574:6e73::12/128 dev lo nodad
ip -n alice address add 192.0.2.200/32 dev lo
ip -n alice address add 2001:db8::200/128 dev lo nodad
forged()
{
	in_peer alice timeout 2 socat -T1 - "$1:$2,bind=$3" <<<x
}
for try in "UDP4:$PEER1_4:80 100.64.0.12" "UDP6:[$PEER1_6]:80 [fd6e:6574:6e73::12]" \
	"UDP4:$PEER1_4:80 192.0.2.200" "UDP6:[$PEER1_6]:80 [2001:db8::200]"; do
	read -r target source <<<"$try"
	is "$(forged "${target%%:*}" "${target#*:}" "$source")" "" "no answer to the source $source"
done
ip -n alice address flush dev lo
ip -n alice address add 127.0.0.1/8 dev lo
ip -n alice address add ::1/128 dev lo
[ $(($(counter spoofed) - before)) -ge 4 ]
is $? 0 "each is counted as spoofed"

before=$(counter spoofed)
ip -n uplink address add 100.64.0.77/32 dev lo
is "$(in_peer uplink timeout 2 socat -T1 - UDP4:100.64.0.12:7001,bind=100.64.0.77 <<<x)" "" \
	"outside nobody is a session"
isnt "$(counter spoofed)" "$before" "and that is counted too"
ip -n uplink address delete 100.64.0.77/32 dev lo

# send OPTIONS...: a datagram to peer1, from alice; python's setsockopt() arguments.
send()
{
	in_peer alice python3 -c '
import socket, sys
family, proto, address, size = sys.argv[1:5]
s = socket.socket(int(family), socket.SOCK_DGRAM, int(proto))
for option in sys.argv[5:]:
	level, name, value = option.split(":")
	s.setsockopt(int(level), int(name), bytes.fromhex(value))
s.settimeout(1)
s.connect((address, 80))
s.send(b"x" * int(size))
try:
	print(s.recv(1000).decode().strip())
except TimeoutError:
	print("silent")' "$@" 2>&1 | tail -n 1
}

is "$(send 2 17 $PEER1_4 3000)" "peer1 $HOST4" "fragments are put together, IPv4"
is "$(send 10 17 $PEER1_6 3000)" "peer1 $HOST6" "and IPv6"
is "$(send 2 17 $PEER1_4 10 0:4:01010100)" silent "IP options are dropped"
is "$(send 10 17 $PEER1_6 10 41:54:0000010400000000)" silent "so are hop-by-hop options"
is "$(send 10 17 $PEER1_6 10 41:59:0000010400000000)" silent "destination options"
is "$(send 2 136 $PEER1_4 10)" silent "and UDP-Lite"
isnt "$(rule_counter prerouting 'IP options')" 0 "counted: IP options"
is "$(rule_counter prerouting 'protocol or extension header')" 2 "counted: extension headers"
is "$(rule_counter prerouting protocol)" 1 "counted: protocols"
is "$(rule_counter prerouting fragment)" 0 "no fragment has come so far"

# As row 38 of the attempts to escape: with route_localnet, 127.0.0.1 can be sent for.
echo 1 >/proc/sys/net/ipv4/conf/nu1003/route_localnet
ip -n carol route add 127.0.0.53 dev eth0 via $GATEWAY4 table 7
ip -n carol rule add to 127.0.0.53 lookup 7 priority 0 2>/dev/null
ip -n carol rule del from all lookup local && ip -n carol rule add from all lookup local priority 1
probes carol <<-EOT
	udp 127.0.0.53 53 silent
EOT
isnt "$(rule_counter prerouting loopback)" 0 "counted: the host's loopback"
ip netns delete carol && ip link delete nu1003 2>/dev/null

#
# What was denied is remembered, by source
#

denied()
{
	nft -j list set inet pam_netns "$1" | jq -r '.nftables[] | .set? | .elem? // [] | .[] |
		.elem.val.concat | map(tostring) | join(" ")'
}
for line in "100.64.0.11 tcp $PEER1_4 82" "100.64.0.11 udp $PEER1_4 82" \
	"100.64.0.12 tcp $PEER1_4 80" "100.64.0.11 tcp $HOST4 80" "100.64.0.11 tcp 100.64.0.13 7000"; do
	ok "denied: $line" grep -qxF "$line" <(denied denied4)
done
ok "denied: IPv6 too" grep -qxF "fd6e:6574:6e73::11 udp $PEER1_6 82" <(denied denied6)
in_peer bob ping -q -c1 -W1 $PEER1_4 >/dev/null
ok "denied: ping" grep -qxF "100.64.0.12 $PEER1_4 echo-request" <(denied denied4_icmp)
fails "nothing of those outside" grep -F "$PEER2_4 " <(denied denied4 | grep "^$PEER2_4")

#
# Too big for the way
#

BYTES=500000
ip -n uplink link set to2 mtu 1400

# target FAMILY ADDRESS PORT: as socat has it.
target()
{
	if [ "$1" = 4 ]; then
		echo "TCP4:$2:$3"
	else
		echo "TCP6:[$2]:$3"
	fi
}

# sent FAMILY ADDRESS: from bob to peer2; prints how much has arrived.
sent()
{
	in_peer peer2 timeout 10 socat -u "TCP$1-LISTEN:83,reuseaddr" - | wc -c &
	in_peer bob sh -c "head -c $BYTES /dev/zero |
		timeout 8 socat -u - $(target "$1" "$2" 83),retry=20,interval=0.05"
	wait $!
}

# Here the errors are about answers, so that they are none themselves.
fetched()
{
	in_peer peer2 timeout 8 socat -u "$(target "$1" "$2" 8024)" - | wc -c
}
for family in 4 6; do
	address=PEER2_$family
	is "$(sent $family "${!address}")" $BYTES "what is too big for a router arrives, IPv$family"
done
hold sender in_peer alice sh -c "echo ready
	exec timeout 30 socat -U TCP6-LISTEN:7100,ipv6only=0,reuseaddr,fork \
		SYSTEM:'head -c $BYTES /dev/zero'"
for family in 4 6; do
	address=HOST$family
	is "$(fetched $family "${!address}")" $BYTES "from a published port too, IPv$family"
done
release sender

#
# Connections, of both families together
#

# connections N: so many at once to peer1, of alternating families; prints how many there are.
connections()
{
	in_peer alice python3 -c '
import socket, sys
peers = [(socket.AF_INET, sys.argv[1]), (socket.AF_INET6, sys.argv[2])]
held = []
for i in range(int(sys.argv[3])):
	family, address = peers[i % 2]
	s = socket.socket(family, socket.SOCK_STREAM)
	s.settimeout(1)
	try:
		s.connect((address, 80))
		held.append(s)
	except OSError:
		pass
print(len(held))' $PEER1_4 $PEER1_6 "$1"
}

# What the probes have left behind would count.
conntrack_flush()
{
	python3 -c 'import socket, struct
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
s.send(struct.pack("=IHHIIBBH", 20, 0x102, 5, 1, 0, 0, 0, 0))
s.recv(1000)'
}
commit "$CONF"
conntrack_flush
is "$(connections 30)" 20 "no more than 20 connections at once"
wait_for 5 sh -c '! nft list set inet pam_netns connections_alice | grep -q count'

#
# What changes while somebody talks
#

# talk NAME PROTO ADDRESS PORT: goes on in the background.
talk()
{
	rm -f "$WORK/talk$1.out" # or what is there is taken for the answer
	hold "talk$1" in_peer "$1" "$TOP/tests/probe" talk "$2" "$3" "$4"
}

# stops NAME WANTED TEXT
stops()
{
	wait_for 4 is_gone "${HOLD_PID[talk$1]}"
	is "$(sed -n '2p' "$WORK/talk$1.out")" "$2" "$3"
	release "talk$1"
}

goes_on()
{
	! is_gone "${HOLD_PID[talk$1]}"
}

STRICT=${CONF/out allow to any tcp 80 81 udp 80/out allow to any tcp 443}
for proto in tcp udp; do
	for address in $PEER1_4 $PEER1_6; do
		commit "$CONF"
		talk alice "$proto" "$address" 80
		like "$(held talkalice)" "^peer1 ($HOST4|$HOST6)$" "alice talks to $address, $proto"
		commit "$CONF"
		ok "the same configuration again does not hurt" goes_on alice
		commit "$STRICT"
		stops alice "$([ $proto = tcp ] && echo refused || echo prohibited)" \
			"a stricter one ends it"
	done
done

commit "$CONF"
talk alice tcp $PEER1_4 80
ip link set nu1001 group $NOTHING
stops alice silent "without a policy nothing goes on"
give 1001 bob
probes alice <<-EOT
	tcp $PEER1_4 80 refused
	tcp $PEER2_6 82 peer2 $HOST6
EOT
is $? 0 "another policy holds from the next packet on"
give 1001 alice

#
# Sockets that are in the host's network by mistake
#

commit "$CONF" -c 1500:1500
as_uid()
{
	setpriv --reuid "$1" --regid "$1" --clear-groups "$TOP/tests/probe" ask |
		tr '\n' ' '
}
lines="tcp $PEER1_4 80
udp $PEER1_6 80
tcp 127.0.0.1 80
tcp ::1 80
tcp 100.64.0.11 7002"
is "$(as_uid 1499 <<<"$lines")" "peer1 $HOST4 peer1 $HOST6 host 127.0.0.1 host ::1 alice $GATEWAY4 " \
	"those who are not confined are not hindered"
is "$(as_uid 1500 <<<"$lines")" "prohibited stopped prohibited prohibited prohibited " \
	"the confined cannot talk from the host"
nft add element inet pam_netns live '{ 1499 }'
is "$(as_uid 1499 <<<"$lines")" "prohibited stopped prohibited prohibited prohibited " \
	"nor can who is live"
[ "$(counter tripwire)" -ge 10 ]
is $? 0 "each is counted"

# As sshd does: the connection is root's, what serves it afterwards is not.
hold server python3 -c '
import os, socket
s = socket.create_server(("", 2222))
print("ready", flush=True)
connection, _ = s.accept()
os.setuid(1500)
connection.sendall(b"hello\n")
connection.recv(1)'
is "$(in_peer peer1 timeout 3 socat -u "TCP4:$HOST4:2222" -)" hello \
	"a connection that root has accepted is not a confined user's"
release server

#
# Links out
#

commit "set uplink up0 other0
$CONF"
probes bob <<-EOT
	tcp $PEER2_4 82 peer2 $HOST4
	tcp 100.64.0.11 7001 refused
EOT
commit "set uplink other0
$CONF"
probes bob <<-EOT
	tcp $PEER2_4 82 silent
	udp $PEER2_6 82 silent
EOT

# A machine behind the host, which has not been a router until now.
ip netns add lan
ip -batch - <<-EOT
	link add lan0 type veth peer name eth0 netns lan
	link set lan0 up
	address add 10.9.0.1/24 dev lan0
EOT
ip -n lan -batch - <<-EOT
	link set eth0 up
	address add 10.9.0.2/24 dev eth0
	route add default via 10.9.0.1
EOT
ip -n uplink route add 10.9.0.0/24 via $HOST4
commit "$CONF"
probes lan <<<"tcp $PEER1_4 80 peer1 10.9.0.2"
commit "$CONF" -f
probes lan <<<"tcp $PEER1_4 80 silent"
probes bob <<<"tcp $PEER2_4 82 peer2 $HOST4"

#
# Questions to a resolver on loopback
#

# dns NAME POLICY [OPTION]...: loads the session's table there.
dns()
{
	in_peer "$1" nft delete table inet pam_netns 2>/dev/null
	in_peer "$1" fwtool -s "$2" "${@:3}" commit "$WORK/netns.conf"
}

commit "
	policy alice {
		dns auto
	}
	policy bob {
		dns $PEER1_4 $PEER1_6
	}
	session 1001 veth alice
	session 1002 veth bob" -r $PEER2_4 -r $PEER1_4
dns alice alice -r $PEER2_4 -r $PEER1_4
dns bob bob
probes bob <<-EOT
	udp 127.0.0.53 53 peer1 $HOST4
	tcp 127.0.0.1 53 peer1 $HOST4
	udp ::1 53 peer1 $HOST6
	tcp ::1 53 peer1 $HOST6
	udp $PEER2_4 53 peer1 $HOST4
	tcp $PEER2_6 53 peer1 $HOST6
	udp 127.0.0.1 54 refused
EOT
answers=$(for _ in 1 2 3 4; do
	in_peer alice "$TOP/tests/probe" ask <<<"udp 127.0.0.53 53"
done | sort -u | tr '\n' ,)
is "$answers" "peer1 $HOST4,peer2 $HOST4," "resolvers are asked in turn"
probes alice <<-EOT
	udp ::1 53 refused
	udp $PEER1_6 53 prohibited
EOT

done_testing
