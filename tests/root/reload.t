#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A reload with users logged in: at once for everybody, for the connections that
# are open too, and never anything in between.
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

# entries ADDRESS: of connection tracking, from there
entries()
{
	local full

	# As the kernel writes them: IPv6 with all zeros.
	full=$(python3 -c 'import ipaddress, sys; print(ipaddress.ip_address(sys.argv[1]).exploded)' "$1")
	grep -F "src=$full " /proc/net/nf_conntrack
}

netns_inode()
{
	in_session "$1" stat -Lc %i /proc/self/ns/net
}

# elements: how many the firewall has for alice, as one who is there, and her port 8081
elements()
{
	{
		nft list set inet pam_netns live
		nft list map inet pam_netns publish4_tcp
		nft list map inet pam_netns publish6_tcp
	} | grep -cwE '1001|8081 : .*'
}

policies='policy web {
	out allow to any tcp 80 8000 udp 8000
}
policy strict {
	out allow to any tcp 80
}
policy other {
	out allow to any tcp 81
}'

for family in 4 6; do
	address=PEER$family
	serve peer1 tcp "${!address}" 80
	serve peer1 tcp "${!address}" 81
	serve peer1 tcp "${!address}" 8000
	serve peer1 udp "${!address}" 8000
done

#
# Connections that are open
#

note "a stricter policy bites connections that are open"
conf "$policies
session alice,bob veth web"
ok "loaded" netnsctl reload
good "alice logs in" login alice
good "bob logs in" login bob
flow up4 alice up tcp $PEER4 8000
flow down4 alice down tcp $PEER4 8000
flow up6 alice up tcp $PEER6 8000
flow down6 alice down tcp $PEER6 8000
flow uup4 alice up udp $PEER4 8000
flow udown4 alice down udp $PEER4 8000
flow uup6 alice up udp $PEER6 8000
flow udown6 alice down udp $PEER6 8000
flow keep4 alice down tcp $PEER4 80
flow keep6 alice down tcp $PEER6 80
flow bob4 bob down tcp $PEER4 8000
changing=(up4 down4 up6 down6 uup4 udown4 uup6 udown6)
for name in "${changing[@]}" keep4 keep6 bob4; do
	ok "  $name flows" flows "$name"
done
conf -k "$policies
session alice veth strict
session bob veth web"
ok "alice's policy changes" netnsctl reload
like "$OUT" 'alice: veth strict, at once' "  said so"
# bob shares the servers' files for what goes up.
is "$(growing "${changing[@]}")" "" "  what is refused now stands"
for name in keep4 keep6 bob4; do
	ok "  $name goes on" flows "$name"
done
addresses=$(addresses_of alice)
for a in $addresses; do
	unlike "$(entries "$a")" 'dport=8000' "  no entry of $a is left of what is refused now"
	like "$(entries "$a")" 'dport=80 ' "  but of what is allowed"
done
end_flow "${changing[@]}" keep4 keep6 bob4

#
# Another class
#

note "another policy, without a new login"
inode=$(netns_inode alice)
ok "alice reaches port 80" connects alice $PEER4 80
fails "not port 81" connects alice $PEER4 81
conf -k "$policies
session alice veth other
session bob veth web"
ok "alice gets the other policy" netnsctl reload
fails "she does not reach port 80 any more" connects alice $PEER4 80
fails "  nor by IPv6" connects alice $PEER6 80
ok "but port 81" connects alice $PEER4 81
ok "  and by IPv6" connects alice $PEER6 81
is "$(netns_inode alice)" "$inode" "in the same namespace"

note "a file with errors changes nothing"
table=$(nft -s list table inet pam_netns)
conf -k "$policies
session alice veth web
session bob veth nothing"
fails "it is refused" netnsctl reload
is "$(nft -s list table inet pam_netns)" "$table" "the table is the same"
ok "alice has what she had" connects alice $PEER4 81

note "a group that one leaves"
echo 'lab:x:7000:alice' >>/etc/group
conf -k "$policies
session @lab veth web
session alice veth strict
session bob veth web"
ok "loaded" netnsctl reload
ok "by the group, alice reaches port 8000" connects alice $PEER4 8000
sed -i 's/^lab:.*/lab:x:7000:/' /etc/group
ok "reloaded without her in the group" netnsctl reload
like "$OUT" 'alice: veth strict, at once' "said so"
fails "she does not reach port 8000" connects alice $PEER4 8000
ok "but port 80" connects alice $PEER4 80

note "to loopback: cut at once"
flow down4 alice down tcp $PEER4 80
ok "a connection flows" flows down4
conf -k "$policies
session alice loopback
session bob veth web"
ok "loaded" netnsctl reload
like "$OUT" 'alice: cut off at once' "said so"
is "$(growing down4)" "" "it stands"
end_flow down4
is "$(ip -o link show | grep -c ' nu1001')" 0 "her link is gone"
is "$(netns_inode alice)" "$inode" "her session has its namespace still"
is "$(in_session alice ip -o link show | grep -c .)" 1 "  with lo alone"
ok "bob is as before" connects bob $PEER4 8000
conf -k "$policies
session alice veth web
session bob veth web"
ok "back to veth" netnsctl reload
LOGIN_PID[alice.first]=${LOGIN_PID[alice]}
mv "$WORK/login.alice" "$WORK/login.alice.first"
good "a new login of alice" login alice
isnt "$(netns_inode alice)" "$inode" "has a namespace of its own"
ok "with a link" connects alice $PEER4 80
good "the first one logs out" logout alice.first
ok "the second one still has its link" connects alice $PEER4 80

note "to the host: the open session keeps its policy while there is one"
conf -k "$policies
session bob veth web"
ok "loaded" netnsctl reload
like "$OUT" 'alice: host instead of veth web from the next login on' "said so"
ok "alice reaches port 8000" connects alice $PEER4 8000
conf -k "$policies
session bob veth strict"
ok "nobody has that policy any more" netnsctl reload
like "$OUT" 'alice: cut off at once' "said so"
is "$(ip -o link show | grep -c ' nu1001')" 0 "her link is gone"
good "alice logs out" logout alice
good "bob logs out" logout bob
no_debris

#
# Who is looked after in the meantime, and who cannot be
#

note "what users can cause: a reload that changes nothing"
conf "$policies
session alice,bob veth web"
ok "loaded" netnsctl reload
good "alice logs in" login alice
table=$(nft -a list table inet pam_netns | head -n 1)
touch /etc/passwd
good "bob logs in, with a user data base that has changed" login bob
ok "  which loads the file again" wait_for_log 'netns.conf is in force'
is "$(nft -a list table inet pam_netns | head -n 1)" "$table" "  the table is the same one"
like "$(nft list set inet pam_netns live)" '1001.*1002|1002.*1001' "  with both of them"
ok "  an administrator's reload" netnsctl reload
isnt "$(nft -a list table inet pam_netns | head -n 1)" "$table" "  makes it anew"

note "a user's lock that is held"
hold locker python3 -c '
import fcntl, struct, sys
f = open("/run/pam_netns/lock", "r+b")
fcntl.fcntl(f, 38, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 1001, 1, 0)) # F_OFD_SETLKW
print("locked", flush=True)
sys.stdin.readline()'
conf -k "policy web {
	out allow to any tcp 80 81 8000 udp 8000
}
policy strict {
	out allow to any tcp 80
}
session alice veth strict
session bob veth web"
netnsctl reload >"$WORK/reloaded" 2>&1 &
reload=$!
ok "the others get their policy" wait_for 5 connects bob "$PEER4" 81
for address in $PEER4 $PEER6; do
	fails "the one who holds it has nothing of what her former policy means now: $address" \
		connects alice "$address" 81
	fails "  nor of what it meant" connects alice "$address" 8000
done
release locker
wait $reload
is $? 0 "then the reload ends"
note "$(cat "$WORK/reloaded")"
ok "alice has the new one" connects alice $PEER4 80
fails "  and nothing else" connects alice $PEER4 81

note "a helper that its user has stopped"
strace -f -q -o /dev/null -e trace=setns -e inject=setns:signal=STOP:when=3 \
	pamdo -s login -u alice open close >/dev/null 2>&1 &
stopped=$!
ok "it is there" wait_for 5 pgrep -x netns-helper
pid=$(pgrep -x netns-helper)
ok "and ends with its time" wait_for 8 is_gone "$pid"
wait $stopped

note "a user who logs out while the table is made"
conf -k "policy open {
	publish tcp 8081 to 8000
	out allow to any tcp 80 udp 8000
}
$policies
session alice veth open
session bob veth web"
ok "loaded" netnsctl reload
is "$(elements)" 3 "alice is in the table, and her port by each family"
strace -f -q -o "$WORK/strace" -e trace=mkdir -e inject=mkdir:signal=STOP:when=1 \
	netnsctl reload >/dev/null 2>&1 &
reload=$!
is_stopped()
{
	grep -q STOP "$WORK/strace"
}
ok "the next one is being made" wait_for 5 is_stopped
good "alice logs out" logout alice
is "$(elements)" 0 "  and is not in the table"
kill -CONT "$(pgrep -x netnsctl)"
wait $reload
is $? 0 "the reload ends"
is "$(elements)" 0 "  and its table has nothing of her"
good "alice logs in again" login alice
is "$(elements)" 3 "  and is in the table"
ok "loaded" netnsctl reload
is "$(elements)" 3 "  as in the next"

note "a user data base that does not answer"
echo 'class:x:7001:alice' >>/etc/group
conf -k "$policies
session @class veth strict
session * veth web"
ok "loaded" netnsctl reload
fails "alice does not reach port 8000" connects alice $PEER4 8000
ok "reloaded without it" strace -q -o /dev/null -P /etc/passwd -e inject=openat:error=EMFILE \
	netnsctl reload
fails "alice does not get the line for everybody" connects alice $PEER4 8000
ok "but has what she had" connects alice $PEER4 80
like "$(nft list set inet pam_netns live)" 1001 "  and the tripwire knows that she is there"
good "dave logs in, and that is made good" login dave
good "  and out" logout dave
ok "  nothing is pending" test ! -e /run/pam_netns/pending
fails "alice does not reach port 8000" connects alice $PEER4 8000
sed -i '/^alice:/d' /etc/passwd
ok "reloaded without alice" netnsctl reload
fails "who is gone does not get the line for everybody" connects alice $PEER4 8000
ok "  but has what she had" connects alice $PEER4 80
like "$(nft list set inet pam_netns live)" 1001 "  with the tripwire"
echo 'alice:x:1001:1001::/:/bin/sh' >>/etc/passwd
conf -k "$policies
session alice,dave loopback
session bob veth web"
ok "by name: loaded" netnsctl reload
table=$(nft -s -a list table inet pam_netns)
active=$(cat /run/pam_netns/active.conf)
like "$table" 'confined.*'$'\n''.*'$'\n''.*1001-1002' "  and known to the tripwire, logged in or not"
# cannot_read CALL ERROR: all the time, of the file with the users
cannot_read()
{
	strace -q -o /dev/null -P /etc/passwd -e "trace=$1" -e "inject=$1:error=$2:when=1+" netnsctl reload
}
for how in 'openat EPERM' 'openat EMFILE' 'read EIO'; do
	touch /etc/passwd
	# shellcheck disable=SC2086 # words
	fails "a name that cannot be looked up, $how: nothing is loaded" cannot_read $how
	like "$OUT" "cannot look up 'alice'" "  which is said"
	is "$(nft -s -a list table inet pam_netns)" "$table" "  the table is the same one"
	is "$(cat /run/pam_netns/active.conf)" "$active" "  and the configuration"
done
touch /etc/passwd
ok "one that can at the second try" strace -q -o /dev/null -P /etc/passwd \
	-e inject=openat:error=EPERM:when=1 netnsctl reload
unlike "$OUT" "no such user" "  is known"
like "$(nft list set inet pam_netns confined)" '1001-1002' "  to the tripwire, too"
ok "loaded" netnsctl reload
good "alice logs out" logout alice
good "bob logs out" logout bob
no_debris

#
# Pools
#

note "pools stay while there are addresses of them"
conf "$policies
session alice veth web"
ok "loaded" netnsctl reload
good "alice logs in" login alice
conf -k "set pool4 10.99.0.0/16
$policies
session alice veth web"
fails "another pool is refused" netnsctl reload
like "$OUT" 'pools cannot be changed while users have addresses' "  and said why"
ok "alice has what she had" connects alice $PEER4 80
good "alice logs out" logout alice
no_debris
ok "now it can" netnsctl reload
good "alice logs in" login alice
like "$(addresses_of alice)" '10\.99\.' "her address is from the new pool"
ok "and she gets out" connects alice $PEER4 80
is "$(ip -o -4 address show dev lo | grep -c '100\.64\.')" 0 "the old gateway address is gone"
good "alice logs out" logout alice
no_debris

#
# Nothing in between
#

note "while policies change all the time"
for n in 1 2; do
	printf '%s\n' "$policies" "policy churn {" "out allow to any tcp 80" \
		"out deny to any tcp 8$n$n$n" "}" "session alice veth churn" >"/etc/security/netns.$n"
done
conf "$(cat /etc/security/netns.1)"
ok "loaded" netnsctl reload
good "alice logs in" login alice

# Connects in turn to what is always allowed and to what never is.
cat >"$WORK/knock.py" <<'EOT'
import socket, sys
good = bad = 0
while not sys.stdin in __import__("select").select([sys.stdin], [], [], 0)[0]:
    for family, address in ((socket.AF_INET, sys.argv[1]), (socket.AF_INET6, sys.argv[2])):
        for port in (80, 81):
            s = socket.socket(family)
            s.settimeout(2)
            try:
                s.connect((address, port))
                connected = True
            except OSError:
                connected = False
            s.close()
            good += connected == (port == 80)
            bad += connected != (port == 80)
print(good, bad)
EOT
mkfifo "$WORK/knock"
exec {stop}<>"$WORK/knock"
in_session alice python3 -I "$WORK/knock.py" $PEER4 $PEER6 <"$WORK/knock" >"$WORK/knocked" &
knocker=$!
failed=0
for n in {1..30}; do
	install -m 644 "/etc/security/netns.$((n % 2 + 1))" /etc/security/netns.conf
	netnsctl reload >/dev/null 2>"$WORK/error" || failed=$((failed + 1))
done
is $failed 0 "30 reloads"
echo >&"$stop"
wait $knocker
read -r right wrong <"$WORK/knocked"
note "$right connections as they should be"
ok "connections were tried meanwhile" test "$right" -gt 30
is "$wrong" 0 "each as both configurations have it"
good "alice logs out" logout alice
no_debris

note "logins and reloads at once"
for n in {1..12}; do
	add_user "u$n" $((2000 + n))
done
both='policy p {
	out allow to any tcp 80
}
policy q {
	out allow to any tcp 81
}'
printf '%s\n' "$both" "session 2000:2999 veth p" "session bob veth q" >/etc/security/netns.1
printf '%s\n' "$both" "session 2000:2999 veth q" "session bob veth p" >/etc/security/netns.2
# Whom nothing confines yet would log in to the host's network.
install -m 644 /etc/security/netns.2 /etc/security/netns.conf
ok "loaded" netnsctl reload
for round in 1 2 3; do
	(
		for n in 1 2 1 2 1 2 "$((round % 2 + 1))"; do
			install -m 644 "/etc/security/netns.$n" "$WORK/next"
			mv "$WORK/next" /etc/security/netns.conf
			netnsctl reload >/dev/null || echo "reload failed"
		done
	) >"$WORK/reloads" 2>&1 &
	reloads=$!
	all=true
	for n in {1..12}; do
		login "u$n" || all=false
	done
	wait $reloads
	result $all "12 users log in while the policy changes" "$LOGIN_OUT"
	is "$(cat "$WORK/reloads")" "" "  and no reload fails"
	port=$((80 + round % 2)) # netns.2 has q
	wrong=
	for n in {1..12}; do
		connects "u$n" $PEER4 $port >/dev/null 2>&1 || wrong+=" u$n:$port"
		! connects "u$n" $PEER6 $((161 - port)) >/dev/null 2>&1 || wrong+=" u$n:$((161 - port))"
	done
	is "$wrong" "" "  each has what the last reload says"
	is "$(nft -j list set inet pam_netns live | grep -oE '20[0-9]{2}' | sort -u | wc -l)" 12 \
		"  and is known to the tripwire"
	all=true
	for n in {1..12}; do
		logout "u$n" || all=false
	done
	result $all "  all log out" ""
	no_debris
done

note "a reload that is killed"
kill_reload()
{
	timeout -s KILL "$1" netnsctl reload
} >/dev/null 2>&1
conf "$(cat /etc/security/netns.1)"
ok "loaded" netnsctl reload
good "u1 logs in" login u1
killed=0
for n in {1..25}; do
	install -m 644 "/etc/security/netns.$((n % 2 + 1))" /etc/security/netns.conf
	kill_reload "0.$(printf "%03d" $((n * 2)))"
	[ $? != 137 ] || killed=$((killed + 1))
	# The next login makes good what is not done.
	login u2 || abort "no login after a killed reload: $LOGIN_OUT"
	logout u2
	port=$((80 + n % 2))
	connects u1 $PEER4 $port >/dev/null 2>&1 || result false "after the kill at $((n * 2)) ms, u1 reaches $port"
	! connects u1 $PEER4 $((161 - port)) >/dev/null 2>&1 ||
		result false "after the kill at $((n * 2)) ms, u1 does not reach $((161 - port))"
done
note "$killed of 25 were killed"
ok "some were killed" test $killed -gt 0

note "a user who holds up her own lock, by one helper after another"
cat >"$WORK/lock.py" <<'EOT'
import fcntl, os, struct, sys
lock = os.open("/run/pam_netns/lock", os.O_RDWR)
F_OFD_SETLKW = 38
fcntl.fcntl(lock, F_OFD_SETLKW, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, int(sys.argv[1]), 1, 0))
print("locked", flush=True)
sys.stdin.readline()
EOT
for n in 1 2; do
	install -m 644 "/etc/security/netns.$n" /etc/security/netns.conf
	ok "configuration $n: loaded" netnsctl reload
done
hold lock python3 "$WORK/lock.py" "$(id -u u1)"
install -m 644 /etc/security/netns.1 /etc/security/netns.conf
good "another logs in" login u2
logout u2
ok "  somebody is left to be changed" test -e /run/pam_netns/pending
run timeout 15 netnsctl sweep
isnt "$STATUS" 124 "a sweep comes to its end"
ok "a reload comes to its end" timeout 20 netnsctl reload
like "$OUT" "warning: in force, but not all open sessions could be changed" "  and says that she was left out"
ok "  which the next one will see to" test -e /run/pam_netns/pending
release lock
ok "when she does not any more, a sweep does" netnsctl sweep
ok "  and that is all" test ! -e /run/pam_netns/pending
run strace -f -o /dev/null -P /run/pam_netns/pending -e inject=access:error=EIO netnsctl sweep
like "$OUT" 'what is in force was not complete' "a sweep takes for pending what it cannot look at"
is "$(connects u1 $PEER4 80 >/dev/null 2>&1; echo $?)" 0 "  u1 has what the configuration says"

note "who holds up what is taken out of force"
hold lock python3 "$WORK/lock.py" "$(id -u u1)"
good "another is there" login u2
run timeout 20 netnsctl unload
is "$STATUS" 1 "an unload comes to its end"
like "$OUT" "^netnsctl: u1 \(uid $(id -u u1)\) is logging in or out, and keeps the link"$'\n'"netnsctl: [^"$'\n'"]*the firewall stays; try again$" \
	"  and says who was left out"
like "$(ip -o link show)" "nu$(id -u u1)" "  who keeps the link"
unlike "$(ip -o link show)" "nu$(id -u u2)" "  as no other does"
ok "  and is behind the firewall" nft list table inet pam_netns
fails "  which lets nothing else pass" connects u1 $PEER4 81
release lock
ok "when she does not any more, all goes" netnsctl unload
fails "  the firewall, too" nft list table inet pam_netns
unlike "$(ip -o link show; ip rule; ip -6 rule; ip -o address show dev lo)" \
	"nu[0-9]|100\\.64|fd6e:|fwmark" "  and the rest"
good "u1 logs out" logout u1
good "u2 logs out" logout u2
ok "a sweep" netnsctl sweep
no_debris
done_testing
