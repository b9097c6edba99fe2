#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Published ports: from outside, they lead to the session of one user, while there
# is one; and nothing else leads there.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/topology.sh
. "$TOP/tests/topology.sh"
in_sandbox "$@"
install_product
wide_net
pam_stack login 'session required pam_netns.so'

HOST4=192.0.2.2 HOST6=2001:db8::2
SECOND4=192.0.2.77 SECOND6=2001:db8::77
MGMT4=172.31.0.1 MGMT6=2001:db8:f::1
PEER1_4=198.51.100.10
PEER2_4=203.0.113.10
# Of the peers' own choice, as they have several.
PEER1_6=$(in_peer peer1 ip -j route get $HOST6 | jq -r '.[0].prefsrc')
PEER2_6=$(in_peer peer2 ip -j route get $HOST6 | jq -r '.[0].prefsrc')
GATEWAY4=100.64.0.1 GATEWAY6=fd6e:6574:6e73::1
ip address add $SECOND4/24 dev up0
ip address add $SECOND6/64 dev up0 nodad

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

# in_place NAME CMD...: the host, a peer or a user
in_place()
{
	local name=$1

	shift
	case $name in
	host) "$@" ;;
	peer* | uplink) in_peer "$name" "$@" ;;
	*) in_session "$name" "$@" ;;
	esac
}

# serve NAME PORT...: answers there by TCP and UDP, until "stop NAME".
serve()
{
	hold "serve-$1" start_probe "$1" serve "$@"
}

# start_probe NAME ARG...: in the place of the shell that calls it
start_probe()
{
	local file=/proc/1/ns/net

	case $1 in
	host) ;;
	peer* | uplink) file=/run/netns/$1 ;;
	*) file=$(netns_file "$1") ;;
	esac
	shift
	exec nsenter --net="$file" -- "$TOP/tests/probe" "$@"
}

stop()
{
	kill "${HOLD_PID[serve-$1]}"
	release "serve-$1"
}

# probes NAME: reads lines "PROTO ADDRESS PORT WANTED...", asks them all from
# there, and expects the answers.
probes()
{
	local name=$1 proto address port wanted answer

	cat >"$WORK/probes"
	cut -d' ' -f1-3 "$WORK/probes" | in_place "$name" "$TOP/tests/probe" ask >"$WORK/answers"
	while read -r proto address port wanted && read -r answer <&3; do
		is "$answer" "$wanted" "  $name to $address, $proto $port: $wanted"
	done <"$WORK/probes" 3<"$WORK/answers"
}

# published: elements of the maps, "4_tcp 8022"
published()
{
	local map

	for map in 4_tcp 4_udp 6_tcp 6_udp; do
		nft -j list map inet pam_netns "publish$map" |
			jq -r --arg map $map '.nftables[].map | values | .elem // [] | .[] | "\($map) \(.[0])"'
	done | sort
}

# entries PORT: of connection tracking, for that port of the host
entries()
{
	grep -E "dport=$1 .*src=(100\.64\.|fd6e:)" /proc/net/nf_conntrack
}

none_of()
{
	local left

	left=$("$@" 2>&1)
	echo "$left"
	[ -z "$left" ]
}

#
# One user
#

note "a port of the host that is published"
conf "policy web {
	dns none
	publish tcp 8022 to 22 from 198.51.100.0/24 2001:db8:1::/64
	publish udp 5353 to 5000
	publish tcp 9443
}
policy visitor {
	dns none
	out allow to host users
}
session alice veth web
session bob veth visitor"
ok "loaded" netnsctl reload
is "$OUT" "" "  without a warning"
serve host 8022 5353 9443
run netnsctl check
is "$(grep -c 'a program of the host listens at' <<<"$OUT")" 3 "one for each when a program is there"
like "$OUT" ':3:2: warning: .* at tcp port 8022: nobody outside reaches it' "  with its place"
probes peer1 <<-EOT
	tcp $HOST4 8022 host $PEER1_4
	udp $HOST6 5353 host $PEER1_6
EOT
good "alice logs in" login alice
good "bob logs in" login bob
read -r OWN4 OWN6 < <(addresses_of alice | tr '\n' ' ')
read -r BOB4 BOB6 < <(addresses_of bob | tr '\n' ' ')
serve alice 22 5000 9443 8022 5353
is "$(published)" "4_tcp 8022
4_tcp 9443
4_udp 5353
6_tcp 8022
6_tcp 9443
6_udp 5353" "the maps have it"
probes peer1 <<-EOT
	tcp $HOST4 8022 alice $PEER1_4
	tcp $HOST6 8022 alice $PEER1_6
	udp $HOST4 5353 alice $PEER1_4
	udp $HOST6 5353 alice $PEER1_6
	tcp $HOST4 9443 alice $PEER1_4
	tcp $HOST6 9443 alice $PEER1_6
	tcp $SECOND4 8022 alice $PEER1_4
	tcp $SECOND6 8022 alice $PEER1_6
	tcp $MGMT4 8022 alice $PEER1_4
	tcp $MGMT6 8022 alice $PEER1_6
	udp $MGMT4 5353 alice $PEER1_4
	udp $SECOND6 5353 alice $PEER1_6
	udp $HOST4 8022 host $PEER1_4
	tcp $HOST6 5353 host $PEER1_6
	tcp $HOST4 22 refused
	udp $HOST6 5000 refused
	tcp $OWN4 22 silent
	tcp $OWN6 9443 silent
	udp $OWN4 5000 silent
	udp $OWN6 5000 silent
EOT
probes peer2 <<-EOT
	tcp $HOST4 8022 silent
	tcp $HOST6 8022 silent
	tcp $MGMT4 8022 silent
	udp $HOST4 5353 alice $PEER2_4
	udp $HOST6 5353 alice $PEER2_6
	tcp $SECOND4 9443 alice $PEER2_4
	tcp $SECOND6 9443 alice $PEER2_6
EOT

note "who is not outside reaches what the host has there"
probes host <<-EOT
	tcp $HOST4 8022 host $HOST4
	tcp $HOST6 8022 host $HOST6
	udp $HOST4 5353 host $HOST4
	udp $HOST6 5353 host $HOST6
	tcp 127.0.0.1 8022 host 127.0.0.1
	tcp ::1 8022 host ::1
	udp 127.0.0.1 5353 host 127.0.0.1
	tcp $GATEWAY4 9443 host $GATEWAY4
	tcp $OWN4 22 silent
EOT
probes bob <<-EOT
	tcp $HOST4 8022 host $BOB4
	tcp $HOST6 8022 host $BOB6
	udp $GATEWAY4 5353 host $BOB4
	udp $GATEWAY6 5353 host $BOB6
	tcp $OWN4 22 silent
	udp $OWN6 5000 silent
EOT
probes alice <<-EOT
	tcp $HOST4 8022 silent
	udp $GATEWAY6 5353 silent
EOT

note "what another table leads to the session is judged by what was asked for"
# foreign PRIORITY: 9022 to a published port of the session; a published one elsewhere
foreign()
{
	nft -f - <<-EOT
		table inet foreign
		delete table inet foreign
		table inet foreign {
			chain prerouting {
				type nat hook prerouting priority $1
				tcp dport 9022 dnat ip to $OWN4:22
				tcp dport 9022 dnat ip6 to [$OWN6]:22
				tcp dport 9023 dnat ip to $OWN4:9443
				tcp dport 9023 dnat ip6 to [$OWN6]:9443
				udp dport 9022 dnat ip to $OWN4:5000
				udp dport 9022 dnat ip6 to [$OWN6]:5000
				tcp dport 9024 dnat ip to $BOB4:22
				tcp dport 8022 dnat ip to $OWN4:9443
				udp dport 5353 dnat ip6 to [$OWN6]:8022
			}
		}
	EOT
}
foreign -110
probes peer1 <<-EOT
	tcp $HOST4 9022 silent
	tcp $HOST6 9022 silent
	tcp $HOST4 9023 silent
	tcp $HOST6 9023 silent
	udp $HOST4 9022 silent
	udp $HOST6 9022 silent
	tcp $HOST4 9024 silent
	tcp $HOST4 8022 silent
	udp $HOST6 5353 silent
	tcp $HOST6 8022 alice $PEER1_6
	udp $HOST4 5353 alice $PEER1_4
EOT
foreign -90
probes peer1 <<-EOT
	tcp $HOST4 9022 silent
	tcp $HOST4 8022 alice $PEER1_4
	udp $HOST6 5353 alice $PEER1_6
EOT
nft delete table inet foreign

note "a reload with the session open"
conf -k "policy web {
	dns none
	publish tcp 8022 to 22 from 203.0.113.0/24 2001:db8:2::/64
	publish udp 5354 to 5000
	publish tcp 9443 to 8022
	in allow from $PEER1_4 tcp 22
}
policy visitor {
	dns none
	out allow to host users
}
session alice veth web
session bob veth visitor"
ok "loaded" netnsctl reload
probes peer1 <<-EOT
	tcp $HOST4 8022 alice $PEER1_4
	tcp $HOST6 8022 silent
	tcp $OWN4 22 alice $PEER1_4
	tcp $OWN6 22 silent
	udp $HOST4 5353 host $PEER1_4
	udp $HOST6 5353 host $PEER1_6
	udp $HOST4 5354 alice $PEER1_4
	udp $HOST6 5354 alice $PEER1_6
	tcp $HOST4 9443 alice $PEER1_4
	tcp $HOST6 9443 alice $PEER1_6
EOT
probes peer2 <<-EOT
	tcp $HOST4 8022 alice $PEER2_4
	tcp $HOST6 8022 alice $PEER2_6
EOT
is "$(published)" "4_tcp 8022
4_tcp 9443
4_udp 5354
6_tcp 8022
6_tcp 9443
6_udp 5354" "the maps have what is left and what is new"

note "a real server"
stop alice
make_ssh_keys
cat >/etc/ssh/sshd_config <<-EOT
	HostKey /etc/ssh/ssh_host_ed25519_key
	PidFile $WORK/sshd.pid
EOT
in_session alice /usr/sbin/sshd -p 22 || abort "sshd does not start"
for address in $HOST4 $HOST6; do
	is "$(in_peer peer2 ssh-keyscan -T 3 -p 8022 -t ed25519 "$address" 2>/dev/null | cut -d' ' -f2-)" \
		"$(cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub)" "it shows its key at $address"
done
kill "$(<"$WORK/sshd.pid")"
serve alice 22 5000 8022

note "the end of the session"
LOGIN_PID[alice.first]=${LOGIN_PID[alice]}
mv "$WORK/login.alice" "$WORK/login.alice.first"
good "alice logs in a second time" login alice
good "the first session ends" logout alice.first
probes peer2 <<-EOT
	tcp $HOST4 8022 alice $PEER2_4
	udp $HOST6 5354 alice $PEER2_6
EOT
# Connections that are open when their server ends.
for proto in "tcp $HOST4 8022" "tcp $HOST6 8022" "udp $HOST4 5354" "udp $HOST6 5354"; do
	# shellcheck disable=SC2086 # words
	hold "talk-${proto// /-}" start_probe peer2 talk $proto
done
stop alice
isnt "$(entries 8022 | wc -l)" 0 "connection tracking knows of connections by TCP"
isnt "$(entries 5354 | wc -l)" 0 "and by UDP"
good "the second session ends" logout alice
is "$(published)" "" "the maps are empty"
ok "connection tracking has forgotten all: TCP" none_of entries 8022
ok "  and UDP" none_of entries 5354
for proto in "tcp $HOST4 8022" "tcp $HOST6 8022" "udp $HOST4 5354" "udp $HOST6 5354"; do
	release "talk-${proto// /-}"
done
probes peer2 <<-EOT
	tcp $HOST4 8022 host $PEER2_4
	tcp $HOST6 9443 host $PEER2_6
	udp $HOST4 5354 refused
	udp $HOST6 5353 host $PEER2_6
EOT
good "bob logs out" logout bob
no_debris

#
# Two users
#

note "two users with one port"
conf 'policy web {
	dns none
	publish tcp 8022 to 22
	publish udp 8022 to 22
}
session alice,bob veth web'
ok "loaded" netnsctl reload
like "$OUT" "warning: only one user at a time can have tcp port 8022" "  with a warning"

# leads_to NAME
leads_to()
{
	probes peer1 <<-EOT
		tcp $HOST4 8022 $1 $PEER1_4
		tcp $HOST6 8022 $1 $PEER1_6
		udp $HOST4 8022 $1 $PEER1_4
		udp $HOST6 8022 $1 $PEER1_6
	EOT
}
# Of the two, the one with the higher uid.
good "bob is the first" login bob
unlike "$(<"$LOG")" 'leads to another user' "  of whom nobody complains"
good "alice logs in, too" login alice
ok "  and the log says that she does not get the port" \
	wait_for_log 'alice.*port 8022 leads to another user'
serve bob 22
serve alice 22
leads_to bob
ok "a reload" netnsctl reload
note "  changes nothing in that"
leads_to bob
nft flush ruleset
ok "even with the table gone, a reload" netnsctl reload
is "$(published | wc -l)" 4 "  gives each port to one"
stop bob
good "bob logs out" logout bob
ok "after a reload" netnsctl reload
leads_to alice
good "bob logs in again" login bob
serve bob 22
leads_to alice
stop alice
good "alice logs out" logout alice
leads_to host
stop bob
good "bob logs out" logout bob
clear_log
good "and in" login bob
unlike "$(<"$LOG")" 'leads to another user' "  of which nobody complains"
serve bob 22
leads_to bob
stop bob
good "bob logs out" logout bob
no_debris

#
# Many ports
#

note "more ports than fit in a message"
{
	echo 'policy web {'
	echo 'dns none'
	for ((n = 1; n <= 150; n++)); do
		echo "publish tcp $((20000 + n)) to 22"
		echo "publish udp $((20000 + n)) to 22"
	done
	echo '}'
	echo 'session alice veth web'
} >"$WORK/many"
conf "$(cat "$WORK/many")"
ok "loaded" netnsctl reload
good "alice logs in" login alice
note "in $((LOGIN_TIME / 1000)) ms"
is "$(published | wc -l)" 600 "all are there"
serve alice 22
probes peer1 <<-EOT
	tcp $HOST4 20001 alice $PEER1_4
	tcp $HOST6 20150 alice $PEER1_6
	udp $HOST4 20150 alice $PEER1_4
	udp $HOST6 20001 alice $PEER1_6
EOT
stop alice
good "alice logs out" logout alice
is "$(published | wc -l)" 0 "none is left"
stop host
no_debris
done_testing
