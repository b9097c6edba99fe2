#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Log-ins through a real sshd are in the network that netns.conf says, with all
# that ssh does for them: forwarding, sftp, more sessions.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
in_sandbox "$@"
install_product

conf 'session root          host
session @wheel        host
session alice,bob     loopback
session huge          loopback
session dave          loopback private'
pam_stack sshd 'session required pam_netns.so'
sandbox_net
start_sshd

#
# Who is where
#

hold_ssh alice alice
hold_ssh bob bob
alice=$(held alice)
bob=$(held bob)
isnt "$alice" "$(host_netns)" "alice is not in the host's network"
isnt "$bob" "$(host_netns)" "neither is bob"
isnt "$bob" "$alice" "nor are they in the same"
is "$(ssh_as alice "$SELF_NETNS")" "$alice" "another session of alice is in hers"
is "$(ssh_as bob "$SELF_NETNS")" "$bob" "and one of bob in his"
is "$(ssh_as carol "$SELF_NETNS")" "$(host_netns)" "carol, a host user, is in the host's"
is "$(ssh_as root "$SELF_NETNS")" "$(host_netns)" "so is root"

hold_ssh dave dave
isnt "$(held dave)" "$(host_netns)" "dave is not in the host's network"
isnt "$(ssh_as dave "$SELF_NETNS")" "$(held dave)" "each of his sessions has its own"
hold_ssh huge huge
isnt "$(held huge)" "$(host_netns)" "a user with a huge uid is not in the host's network"
is "$(ssh_as huge "$SELF_NETNS")" "$(held huge)" "and has one namespace too"

is "$(ls /run/pam_netns/ns)" "1001"$'\n'"1002"$'\n'"3000000000" "the shared namespaces are pinned"
is "$(stat -c '%a %U' /run/pam_netns)" "700 root" "where nobody else can look"
fails "alice cannot look" ssh_as alice "ls /run/pam_netns"
release dave
release huge

# Several sessions over one connection share what it has.
ssh -fN -M -S "$WORK/mux" -l alice host
is "$(ssh -S "$WORK/mux" -l alice host "$SELF_NETNS")" "$alice" "a multiplexed session too"
ssh -q -S "$WORK/mux" -O exit host

#
# lo, and nothing else
#

for user in alice dave; do
	run ssh_as "$user" "ip -j address show up"
	is "$(jq -r '.[].ifname' <<<"$OUT")" lo "$user: lo is the only link that is up"
	is "$(jq -r '.[].addr_info[] | "\(.local)/\(.prefixlen)"' <<<"$OUT")" \
		"127.0.0.1/8"$'\n'"::1/128" "$user: with both addresses"
	is "$(ssh_as "$user" "$(talk_to_self 4 127.0.0.1)")" hello "$user: it carries IPv4"
	is "$(ssh_as "$user" "$(talk_to_self 6 '[::1]')")" hello "$user: it carries IPv6"
done

# Servers outside, which say who they are to whom they let in.
serve()
{
	socat "TCP6-LISTEN:$2,fork,reuseaddr,ipv6only=0" "SYSTEM:echo I am $1" &
}
serve host 8000
in_peer peer1 socat TCP6-LISTEN:8000,fork,reuseaddr,ipv6only=0 'SYSTEM:echo I am peer1' &
socat -u UDP6-RECV:8001,ipv6only=0 "CREATE:$WORK/udp" &
socat ABSTRACT-LISTEN:hostabs,fork 'SYSTEM:echo I am abstract' &

reach()
{
	ssh_as "$1" "$(try_tcp "$2" "$3" 8000)"
}
for place in 4,127.0.0.1 '6,[::1]' 4,192.0.2.2 '6,[2001:db8::2]' 4,198.51.100.10 \
	'6,[2001:db8:1::10]'; do
	wait_for 5 reach carol "${place%,*}" "${place#*,}" || note "$place"
	like "$(reach carol "${place%,*}" "${place#*,}")" "^I am (host|peer1)$" \
		"carol reaches ${place#*,}"
	fails "alice does not" reach alice "${place%,*}" "${place#*,}"
	fails "nor does dave" reach dave "${place%,*}" "${place#*,}"
done
fails "alice cannot ping the host" ssh_as alice 'ping -c1 -W1 -n 192.0.2.2'
fails "nor anyone over IPv6" ssh_as alice 'ping -c1 -W1 -n 2001:db8:1::10'
fails "she has no way to say so" ssh_as alice 'ip route get 198.51.100.10'

for user in alice dave carol; do
	for to in UDP4:127.0.0.1 UDP4:192.0.2.2 'UDP6:[::1]' 'UDP6:[2001:db8::2]'; do
		ssh_as "$user" "echo $user | socat -u - $to:8001" 2>/dev/null
	done
done
wait_for 5 sh -c "[ \$(grep -c carol '$WORK/udp') = 4 ]"
is "$(sort -u "$WORK/udp")" carol "of all datagrams only carol's have arrived"

is "$(ssh_as carol 'socat -u ABSTRACT-CONNECT:hostabs -')" "I am abstract" \
	"carol reaches the host's abstract sockets"
fails "alice does not" ssh_as alice 'socat -u ABSTRACT-CONNECT:hostabs -'

# What two users may not do to each other, two sessions of one may.
hold server ssh_as alice 'socat TCP4-LISTEN:7001,fork,reuseaddr "SYSTEM:echo I am alice" &
	echo there; read -r _; kill $!'
wait_for 5 ssh_as alice "$(try_tcp 4 127.0.0.1 7001)"
is "$(ssh_as alice "$(try_tcp 4 127.0.0.1 7001)")" "I am alice" \
	"a session of alice reaches a server in another one of hers"
fails "bob does not reach it" ssh_as bob "$(try_tcp 4 127.0.0.1 7001)"
fails "nor does the host" sh -c "$(try_tcp 4 127.0.0.1 7001)"

#
# Forwarding
#

# forward OPTION...: a connection of alice's that does nothing else.
forward()
{
	ssh -N -o LogLevel=INFO -o ExitOnForwardFailure=yes -l alice host "$@" 2>"$WORK/forward" &
	forward=$!
}
listens()
{
	ss -Hltn "sport = $1" | grep -q .
}
stop_forward()
{
	kill "$forward"
	wait "$forward" 2>/dev/null
}

forward -L 3333:127.0.0.1:7001 -L 3334:127.0.0.1:8000 -L 3335:198.51.100.10:8000 -D 1080
wait_for 5 listens 1080
is "$(socat -u TCP4:127.0.0.1:3333 -)" "I am alice" "-L leads to the session's own loopback"
is "$(socat -u TCP4:127.0.0.1:3334 - 2>&1)" "" "not to the host's"
is "$(socat -u TCP4:127.0.0.1:3335 - 2>&1)" "" "nor to a peer of the host"
is "$(socat -u SOCKS4:127.0.0.1:127.0.0.1:7001,socksport=1080 -)" "I am alice" "-D does as well"
fails "and not to the host" socat -u SOCKS4:127.0.0.1:127.0.0.1:8000,socksport=1080 -
fails "nor to a peer" socat -u SOCKS4:127.0.0.1:198.51.100.10:8000,socksport=1080 -
stop_forward
like "$(cat "$WORK/forward")" "open failed" "ssh has been told so"

forward -R 7002:127.0.0.1:8000
wait_for 5 ssh_as alice "$(try_tcp 4 127.0.0.1 7002)"
is "$(ssh_as alice "$(try_tcp 4 127.0.0.1 7002)")" "I am host" "-R listens in the session"
fails "and not on the host" listens 7002
fails "nor in bob's session" ssh_as bob "$(try_tcp 4 127.0.0.1 7002)"
stop_forward

#
# sftp
#

# sftp_server PATTERN: the process that serves alice, while it does.
sftp_server()
{
	hold sftp sh -c 'echo there; exec ssh -s -l alice host sftp'
	wait_for 5 pgrep -u alice -f "$1"
	server=$(pgrep -u alice -f "$1")
	is "$(netns_of "$server")" "$alice" "$1 is in the session's network"
	is "$(leaks_of "$server")" "" "nothing of ours is open in it"
	kill "$server"
	release sftp 2>/dev/null
	echo remote >~alice/file
	run sftp -q -b - alice@host <<<"get file $WORK/got"
	is "$(cat "$WORK/got")" remote "and it works" || note "$OUT"
	rm -f "$WORK/got"
}
sftp_server '^sshd: alice@internal-sftp'
start_sshd 'Subsystem sftp /usr/lib/openssh/sftp-server'
sftp_server '^/usr/lib/openssh/sftp-server'

#
# Descriptors
#

is "$(ssh_as alice 'ls -l /proc/self/fd' | grep -E "$LEAKS|socket:")" "" \
	"a session's command has no descriptor of ours"
is "$(ssh_as alice -tt 'ls -l /proc/self/fd' 2>&1 | grep -E "$LEAKS|socket:")" "" \
	"nor has one on a terminal"
is "$(ssh_as dave 'ls -l /proc/self/fd' | grep -E "$LEAKS|socket:")" "" \
	"nor one in a private network"
for pid in $(pgrep -u alice) $(pgrep -f 'sshd: alice \[priv\]'); do
	is "$(leaks_of "$pid")" "" "nor has $(tr '\0' ' ' <"/proc/$pid/cmdline")"
done

#
# The end
#

release server
release alice
release bob
no_debris "after the last log-out nothing is left"
isnt "$(ssh_as alice "$SELF_NETNS")" "$(host_netns)" "alice can log in again"
no_debris

done_testing
