#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# nat ports: what a peer sees are source ports of the user's block, whatever is tried, and
# netnsctl who names the user by one, or says why not.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/topology.sh
. "$TOP/tests/topology.sh"
in_sandbox "$@"
install_product

PEER4=198.51.100.10 PEER6=2001:db8:1::10
PORTS=64 BLOCKS=496
EVIL=$'e\033[2Jvil'

wide_net
pam_stack login 'session required pam_netns.so'
add_user erin $((1001 + BLOCKS)) # shares the block of alice
add_user "$EVIL" 1007
# config PORTS [LINE]...: of alice, bob and who has no block
config()
{
	local ports=$1

	shift
	conf -k "set dns none
set pool4 $POOL4
set pool6 $POOL6
policy web {
	${ports:+nat ports $ports}
	out allow to any
	in  allow from users tcp 9
}
policy free {
	out allow to any
	out allow to users
}
$(printf '%s\n' "$@")
session alice,bob,1007 veth web
session carol veth free
session * host"
}
config $PORTS
run netnsctl reload
[ "$STATUS" = 0 ] || abort "the configuration is bad: $OUT"

# both CMD...: fills OUT (standard output), ERR (standard error) and STATUS.
both()
{
	OUT=$("$@" 2>"$WORK/err")
	STATUS=$?
	ERR=$(<"$WORK/err")
}

# first_of UID, last_of UID: of the block
first_of()
{
	echo $((1024 + $1 % BLOCKS * PORTS))
}

last_of()
{
	echo $(($(first_of "$1") + PORTS - 1))
}

cat >"$WORK/tell.py" <<'EOT'
# tell.py ADDRESS...: whoever sends something to 80 or 81 of TCP or to 53 of UDP hears which
# source port that came from.
import selectors, socket, sys
def bound(address, kind, port):
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    s = socket.socket(family, kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, port))
    return s
def accept(s):
    watched.register(s.accept()[0], selectors.EVENT_READ, answer)
def answer(s):
    try:
        if s.recv(100):
            s.sendall(b'%d\n' % s.getpeername()[1])
            return
    except OSError:
        pass
    watched.unregister(s)
    s.close()
def answer_packet(s):
    peer = s.recvfrom(100)[1]
    s.sendto(b'%d\n' % peer[1], peer)
watched = selectors.DefaultSelector()
for address in sys.argv[1:]:
    for port in 80, 81:
        s = bound(address, socket.SOCK_STREAM, port)
        s.listen(128)
        watched.register(s, selectors.EVENT_READ, accept)
    watched.register(bound(address, socket.SOCK_DGRAM, 53), selectors.EVENT_READ, answer_packet)
print('here', flush=True)
while True:
    for key, _ in watched.select():
        key.data(key.fileobj)
EOT
in_peer peer1 python3 -I "$WORK/tell.py" $PEER4 $PEER6 >"$WORK/tell" 2>&1 &
wait_for 5 grep -q here "$WORK/tell" || abort "nobody answers"

cat >"$WORK/ask.py" <<'EOT'
# ask.py ADDRESS4 ADDRESS6 [tcp|udp FAMILY SOURCEPORT]...: what is answered, a line each
import socket, sys
def ask(proto, family, own):
    s = socket.socket(socket.AF_INET6 if family == '6' else socket.AF_INET,
                      socket.SOCK_STREAM if proto == 'tcp' else socket.SOCK_DGRAM)
    s.settimeout(3)
    with s:
        s.bind(('', int(own)))
        s.connect((sys.argv[1 + (family == '6')], 80 if proto == 'tcp' else 53))
        s.send(b'x')
        return s.recv(100).decode().strip()
for i in range(3, len(sys.argv), 3):
    try:
        print(ask(*sys.argv[i:i + 3]))
    except OSError as e:
        print(type(e).__name__)
EOT

# seen USER [tcp|udp FAMILY SOURCEPORT]...: the source ports that the peer sees, a line each
seen()
{
	in_session "$1" python3 -I "$WORK/ask.py" $PEER4 $PEER6 "${@:2}"
}

# in_block PORT UID
in_block()
{
	[ "$1" -ge "$(first_of "$2")" ] && [ "$1" -le "$(last_of "$2")" ]
}

for user in alice bob carol; do
	login "$user" || abort "$user cannot log in: $LOGIN_OUT"
done

# What uses up a block waits for long: beside the rest, which goes elsewhere.
cat >"$WORK/many.py" <<'EOT'
# many.py ADDRESS PORT [ADDRESS PORT]...: connections to the first one until one fails, and then
# one to each of the others; waits for the end of the input.
import socket, sys
def connect(address, port):
    s = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET)
    s.settimeout(1.5)
    try:
        s.connect((address, int(port)))
    except OSError as e:
        return type(e).__name__
    held.append(s)
print('begun', flush=True)
held = []
why = None
while not why and len(held) < 200:
    why = connect(*sys.argv[1:3])
print(len(held), why, *[connect(*sys.argv[i:i + 2]) for i in range(3, len(sys.argv), 2)], flush=True)
sys.stdin.read(1)
EOT
hold many4 in_session alice python3 -I "$WORK/many.py" $PEER4 81 $PEER4 80 $PEER6 81
hold many6 in_session bob python3 -I "$WORK/many.py" $PEER6 81 $PEER6 80 $PEER4 81

note "what the peer sees"
ways=()
declare -A asked=([alice]='' [bob]='' [carol]='')
for family in 4 6; do
	for proto in tcp udp; do
		ways+=("IPv$family, $proto")
		asked[alice]+=" $proto $family 0 $proto $family $(($(first_of 1002) + family))"
		asked[bob]+=" $proto $family 0"
		asked[carol]+=" $proto $family $(($(first_of 1001) + family)) $proto $family 4040$family"
	done
done
for user in alice bob carol; do
	# shellcheck disable=SC2086 # words
	mapfile -t "ports_$user" < <(seen $user ${asked[$user]})
done
for i in "${!ways[@]}"; do
	way=${ways[i]}
	for port in "alice ${ports_alice[i * 2]-}" "bob ${ports_bob[i]-}"; do
		read -r user port <<<"$port"
		ok "$way: $user has one of the block: $port" in_block "$port" "${USER_ID[$user]}"
		is "$(netnsctl who "${way#* }" "$port" | head -n 1)" \
			"${way#* } $port: $user (uid ${USER_ID[$user]})" "  and is named by it"
	done
	port=${ports_alice[i * 2 + 1]-}
	ok "$way: alice does not get one of bob's by choosing it: $port" in_block "$port" 1001
	port=${ports_carol[i * 2]-}
	ok "$way: nor does who has no block: $port" test "$port" -gt 32767
	family=${way:3:1}
	is "${ports_carol[i * 2 + 1]-}" "4040$family" "$way: whose ports otherwise stay"
done
for peer in $PEER4 $PEER6; do
	ok "$peer: ICMP has no ports, and passes" in_session alice ping -c 1 -W 2 -n "$peer"
done

#
# A block that is used up
#

note "more connections than ports"
# had NAME: what many.py says in the end
had()
{
	wait_for 15 grep -q ' ' "$WORK/$1.out"
	sed 1d "$WORK/$1.out"
}
is "$(had many4)" "$PORTS TimeoutError None None" \
	"IPv4: to one destination as many as there are ports, then no answer; to others there are some left"
is "$(had many6)" "$PORTS TimeoutError None None" "IPv6: likewise; and bob has his own"
release many4
release many6

#
# Who
#

note "who"
# verdict PROTO PORT...: verdict, user and the reasons, a line each
verdict()
{
	local port

	for port in "${@:2}"; do
		netnsctl who --json "$1" "$port"
	done |
		jq -r '"\(.verdict) \(.user) \([.candidates[] | "\(.reason):\(.user)"] | unique | join(" "))"'
}
alice=$(first_of 1001)
for proto in tcp udp; do
	mapfile -t said < <(verdict $proto $((alice + 64)) $((alice + 127)) $((alice + 128)) 32767 1 1023 32768 65535)
	like "${said[0]-}" '^user bob ' "$proto: the first of a block"
	like "${said[1]-}" '^user bob ' "$proto: the last of it"
	like "${said[2]-}" '^nobody null ' "$proto: one behind it is nobody's"
	like "${said[3]-}" '^nobody null ' "$proto: the last port of all"
	is "${#said[@]} $(printf '%s\n' "${said[@]:4}" | sort -u)" "8 outside null " "$proto: others are in no block"
done
both netnsctl who tcp "$alice"
is "$STATUS$ERR" 0 "one user: exit status"
like "$OUT" "^tcp $alice: alice \(uid 1001\)"$'\n'"  alice \(uid 1001\): has the block $alice-$((alice + 63))" \
	"and it is said why"
both netnsctl who udp $((alice + 128))
is "$STATUS$ERR" 1 "nobody: exit status"
is "$OUT" "udp $((alice + 128)): nobody has the block $((alice + 128))-$((alice + 191))" "and it is said"
both netnsctl who tcp 40000
is "$STATUS$ERR" 1 "outside: exit status"
like "$OUT" 'cannot be told: in no user.s block' "and it is said"
evil=$(first_of 1007)
both netnsctl who tcp "$evil"
is "$STATUS" 0 "somebody who is not there: exit status"
like "$OUT" 'e\\033\[2Jvil \(uid 1007\)' "by a name that says nothing to the terminal"

note "what is not certain"
hold out4 nsenter --net="$(netns_file carol)" -- sh -c \
	"{ echo here; read -r _; } | socat -t 1 - TCP4:$PEER4:81,sourceport=45454"
wait_for 5 sh -c "netnsctl who tcp 45454 | grep -q carol"
is "$(verdict tcp 45454)" "outside null connection:carol" "a connection that is there now"
like "$(netnsctl who tcp 45454)" "carol \(uid 1003\): has a connection to $PEER4 port 81 now" "for people"
release out4
cat >"$WORK/spread.py" <<'EOT'
# spread.py ADDRESS...: 15 connections of UDP to each, all from port 45456
import socket, sys
for address in sys.argv[1:]:
    with socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(('', 45456))
        for port in range(2001, 2016):
            s.sendto(b'x', (address, port))
EOT
ok "a port, many connections" in_session carol python3 -I "$WORK/spread.py" $PEER4 $PEER6
both netnsctl who --json udp 45456
is "$(jq -c '[.verdict, ([.candidates[] | "\(.reason):\(.user)"] | unique), (.candidates | length), .more]' <<<"$OUT")" \
	'["outside",["connection:carol"],10,20]' "some are listed, and the others counted"
both netnsctl who udp 45456
is "$(grep -c "carol (uid 1003): has a connection to" <<<"$OUT") $(grep more <<<"$OUT")" \
	"10   and 20 more connections of the same users" "for people"
hold nine nsenter --net="$(netns_file bob)" -- sh -c "echo here; exec socat -u TCP4-LISTEN:9 -"
wait_for 5 sh -c "nsenter --net='$(netns_file bob)' ss -Hltn | grep -q ':9 '"
read -r bob4 _ <<<"$(addresses_of bob | xargs)"
hold tobob nsenter --net="$(netns_file carol)" -- sh -c \
	"echo here; read -r _ | socat -t 1 - TCP4:$bob4:9,sourceport=45455"
ok "a connection to another user" wait_for 5 sh -c \
	"netnsctl status --interval 0 --json carol | jq -e '.[0].flows[] | select(.own_port == 45455)'"
is "$(verdict tcp 45455)" "outside null " "has no port of the host"
release tobob
release nine
hold socket sh -c "python3 -c 'import socket
s = socket.socket(socket.AF_INET6); s.bind((\"::\", $alice)); s.listen(); print(\"here\", flush=True); input()'"
is "$(verdict tcp "$alice")" "several null block:alice socket:root" "a socket of the host has a port of alice's"
is "$(verdict udp "$alice" | cut -d ' ' -f 1-2)" "user alice" "but not of UDP"
both netnsctl who tcp "$alice"
is "$STATUS" 1 "exit status"
like "$OUT" 'cannot be told for certain.*this host: a socket of root' "for people"
release socket
hold own setpriv --reuid 1001 --regid 1001 --clear-groups python3 -c "import socket
s = socket.socket(); s.bind(('', $alice)); s.listen(); print('here', flush=True); input()"
is "$(verdict tcp "$alice")" "several null block:alice socket:alice" \
	"nor does one of hers there: its connections do not come from the block"
release own
range=$(cat /proc/sys/net/ipv4/ip_local_port_range)
echo 1600 60999 >/proc/sys/net/ipv4/ip_local_port_range
is "$(verdict tcp $((alice + 1)) | cut -d ' ' -f 1)" several "a host that chooses such ports itself"
like "$(netnsctl check 2>&1)" 'the host chooses from the ports 1600 to 60999' "of which check warns"
echo "$range" >/proc/sys/net/ipv4/ip_local_port_range
config $PORTS "policy more {" "	use web" "	publish tcp $((alice + 2)) to 22" "}" "session erin veth more"
both netnsctl check
like "$ERR" "tcp port $((alice + 2)) is also in the block of source ports of some users" \
	"check: a published port among them"
like "$ERR" "alice and erin \(uids 1001 and 1497\) share a block of source ports" "check: a block that is shared"
ok "reload" netnsctl reload
is "$(verdict tcp "$alice")" "several null block:alice block:erin" "a block that is shared"
login erin || abort "erin cannot log in: $LOGIN_OUT"
port=$(seen erin udp 4 0)
ok "whoever shares it has ports of it, too: $port" in_block "$port" 1001
is "$(verdict tcp $((alice + 2)))" "several null block:alice block:erin published:erin" "a published port"
is "$(netnsctl who tcp $((alice + 2)) | grep -c 'erin.*published for this user')" 1 "for people"
logout erin

#
# How it is asked
#

note "questions"
for words in '' 'tcp' 'sctp 80' 'tcp 0' 'tcp 65536' 'tcp x' 'tcp -1' 'tcp 80 81' '--nonsense tcp 80'; do
	# shellcheck disable=SC2086 # words
	both netnsctl who $words
	is "$STATUS$OUT" 2 "who $words: none"
	like "$ERR" '^netnsctl: who: [^u].*usage: netnsctl who ' "who $words: and why"
done
both setpriv --reuid alice --regid alice --init-groups netnsctl who tcp 80
is "$STATUS$OUT" 2 "without privilege it fails"
like "$ERR" '^netnsctl: who needs root: [^'$'\n'']*$' "and says in a sentence why"
netnsctl who tcp "$alice" >/dev/full 2>"$WORK/err"
isnt $? 0 "a full disk is noticed"
ok "JSON: as the schema says" sh -c "for port in 80 $alice $((alice + 128)) 45454 45456; do
		netnsctl who --json tcp \$port
	done | python3 -I '$TOP/tests/schema.py' '$TOP/helper/who.schema.json'"

note "what cannot be read"
sed -i.before 's/^passwd:.*/passwd: files ldap/' /etc/nsswitch.conf
for words in "tcp $((alice + 64))" "udp $((alice + 128))" "--json tcp $((alice + 64))"; do
	# shellcheck disable=SC2086 # words
	both netnsctl who $words
	is "$STATUS" 2 "who $words: users that a directory does not list: exit status"
	is "$ERR" "netnsctl: the answer is not complete: cannot read the users of 'ldap' in /etc/nsswitch.conf, which need not list them" \
		"and what could not be read is said, once"
done
is "$(jq -r '"\(.complete) \(.user)"' <<<"$OUT")" "false bob" "what is known is there, for programs"
like "$(netnsctl who tcp $((alice + 64)) 2>/dev/null)" "^tcp .*: bob .*others may have the block, too" "for people"
both netnsctl who tcp 40000
is "$STATUS$ERR" 1 "where no user is asked for, nothing is missing"
rm /etc/nsswitch.conf
both netnsctl who --json tcp $((alice + 64))
is "$STATUS$ERR $(jq .complete <<<"$OUT")" "0 true" "without the file users are those of /etc/passwd"
mkdir /etc/nsswitch.conf
both netnsctl who --json tcp $((alice + 64))
is "$STATUS $(jq .complete <<<"$OUT")" "2 false" "a file that cannot be read"
like "$ERR" 'not complete: cannot read /etc/nsswitch.conf: ' "which is said"
rmdir /etc/nsswitch.conf
mv /etc/nsswitch.conf.before /etc/nsswitch.conf
mkdir -p "$WORK/net/tcp" "$WORK/net/udp6" # a directory gives no text
# shellcheck disable=SC2016 # the inner shell's
for place in 'tcp /dev/null /proc/sys/net/ipv4/ip_local_port_range' \
	"tcp $WORK/net /proc/\$\$/net" "udp $WORK/net /proc/\$\$/net"; do
	both unshare -m sh -c "mount --bind ${place#* } && exec netnsctl who ${place%% *} $alice"
	is "$STATUS$OUT" 2 "without ${place##* } of ${place%% *} there is no answer"
	like "$ERR" '^netnsctl: cannot (read /proc/sys|look for sockets)[^'$'\n'']*$' "which is said"
done

#
# When the configuration changes
#

note "reload"
elements()
{
	nft list map inet pam_netns "blocks$1" | grep -o 'goto ports_' | wc -l
}
for family in 4 6; do
	is "$(nft list map inet pam_netns blocks$family | grep -o 'goto ports_[0-9]*' | sort | xargs)" \
		"goto ports_$alice goto ports_$((alice + 64))" "IPv$family: who is there has a block, after a reload too"
done
nft delete table inet pam_netns
ok "without a table" netnsctl sweep
port=$(seen alice tcp 6 0)
ok "and when it is back, it has them: $port" in_block "$port" 1001
config 128
is "$(netnsctl reload --dry-run | grep -E '^[+-] nat|at once')" "- nat ports 64
+ nat ports 128  (/etc/security/netns.conf:5)
alice: nat ports 128 instead of nat ports 64, at once
bob: nat ports 128 instead of nat ports 64, at once" "other blocks: what would change"
ok "they change" netnsctl reload
PORTS=128 BLOCKS=248
port=$(seen bob tcp 4 0)
ok "at once: $port" in_block "$port" 1002
like "$(netnsctl explain alice)" "connections leave from the ports $(first_of 1001)-$(last_of 1001) of the host" \
	"explain says which"
is "$(netnsctl explain --json alice | jq -c .policy.source_ports)" \
	"{\"first\":$(first_of 1001),\"last\":$(last_of 1001)}" "for programs"
ok "as the schema says" sh -c "netnsctl explain --json alice |
	python3 -I '$TOP/tests/schema.py' '$TOP/helper/explain.schema.json'"
config ''
like "$(netnsctl reload --dry-run)" 'alice: no block of source ports instead of nat ports 128, at once' \
	"without: what would change"
ok "without" netnsctl reload
port=$(seen alice udp 4 5555)
is "$port" 5555 "a port stays what it was"
is "$(verdict tcp 5555 | cut -d ' ' -f 1)" outside "nobody is named by it"
like "$(netnsctl who tcp 5555)" "no policy in force has 'nat ports'" "and it is said why"
is "$(netnsctl explain --json alice | jq -c .policy.source_ports)" null "explain"
config $PORTS
ok "again" netnsctl reload
port=$(seen alice tcp 4 0)
ok "who was there has a block again: $port" in_block "$port" 1001

logout alice
is "$(elements 4) $(elements 6)" "1 1" "who logs out has none"
login alice || abort "alice cannot log in: $LOGIN_OUT"
is "$(elements 4) $(elements 6)" "2 2" "and who logs in has"
for user in alice bob carol; do
	logout $user
done
is "$(elements 4) $(elements 6)" "0 0" "nobody is left"
no_debris
rm -r /run/pam_netns/active.conf
both netnsctl who tcp 80
is "$STATUS$OUT" 2 "with nothing in force it is a failure"
like "$ERR" 'no configuration is in force' "and said"

done_testing
