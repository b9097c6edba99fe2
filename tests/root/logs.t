#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The lines of the log for programs: each session's beginning and end, and what it has
# sent and received between them; a refusal; the totals of a namespace that goes.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/topology.sh
. "$TOP/tests/topology.sh"
in_sandbox "$@"
install_product

PEER4=198.51.100.10 PEER6=2001:db8:1::10
SPACED='e vil=1"\x'
ODD=$'\n\r\t"=\\'
FORGED=$'x\nMay  1 00:00:00 su: pam_netns(su:session): event=open user=root uid=0'

sandbox_net
ip netns add vpn0
pam_stack login 'session required pam_netns.so'
pam_stack optional 'session optional pam_netns.so'
pam_stack exempt 'session required pam_netns.so exempt_group=wheel'
pam_stack later 'session required pam_netns.so' 'session required pam_deny.so'
add_user "$SPACED" 1007
conf 'set pool4 100.64.0.0/16
set pool6 fd6e:6574:6e73::/64
policy web {
	out allow to any tcp 80
	out allow to any udp 53
}
session alice,1007 via login veth web
session bob via login loopback
session bob via later loopback
session carol via login join vpn0
session dave via login loopback private
session huge via login stay
session * host'
run netnsctl reload
[ "$STATUS" = 0 ] || abort "the configuration is bad: $OUT"

# records FILTER: the lines so far that jq selects; all of them are sound.
records()
{
	local all=$WORK/records

	if ! [ "$all" -nt "$LOG" ] && ! python3 -I "$TOP/tests/record.py" "$LOG" >"$all"; then
		grep -v '^{' "$all"
		rm "$all"
		return 1
	fi
	jq -r "$1" "$all"
}

says()
{
	[ "$(records "$1")" = "$2" ]
}

# pamdo_as USER ACTION...: by the service SERVICE
SERVICE=login
pamdo_as()
{
	local user=$1

	shift
	pamdo -s "$SERVICE" -u "$user" "$@" >"$WORK/said" 2>&1
}

# What syslogd has found to be no text it writes as #ooo.
not_raw()
{
	! grep -aE '#[0-7]{3}|[^ -~]' "$LOG"
}

# events: of what there is since the log was cleared
events()
{
	records '"\(.event) \(.user) \(.mode)"'
}

#
# What each says
#

note "fields"
clear_log
pamdo_as alice item tty=/dev/pts/7 item rhost=192.0.2.9 item ruser=bob open ns close
is "$(events)" $'open alice veth\nremoved alice null\nclose alice veth' \
	"a session begins, its namespace goes, and it ends"
open='select(.event == "open")' close='select(.event == "close")' removed='select(.event == "removed")'
is "$(records "$open | \"\\(.uid) \\(.service) \\(.policy) \\(.netns) \\(.tty) \\(.rhost) \\(.ruser)\"")" \
	"1001 login web $(sed -n 's/^ns //p' "$WORK/said") /dev/pts/7 192.0.2.9 bob" "who, by what, and where"
is "$(records "$close | del(.event, .duration, .bytes_in, .bytes_out, .packets_in, .packets_out, .denied)")" \
	"$(records "$open | del(.event)")" "the end says the same"
like "$(records "$close | .session")" '^[0-9]+-[0-9]+$' "and which session it was"
is "$(records "$close | \"\\(.denied) \\(.duration < 60)\"")" "0 true" "and for how long"

# one NAME USER EVENTS
one()
{
	clear_log
	pamdo_as "$2" open close
	is "$(events)" "$3" "$1"
}
one "loopback" bob $'open bob loopback\nremoved null null\nclose bob loopback'
one "loopback private" dave $'open dave private\nclose dave private'
one "join" carol $'open carol join\nclose carol join'
is "$(records "$open | \"\\(.namespace) \\(.policy)\"")" "vpn0 null" "  by the namespace's name"
one "stay" huge $'open huge stay\nclose huge stay'
one "root" root $'open root host\nclose root host'
is "$(records "$open | .exempt")" yes "  is exempt"
SERVICE=optional
one "host" alice $'open alice host\nclose alice host'
is "$(records "$open | .exempt")" null "  is not"
SERVICE=exempt
one "an exempt group" carol $'open carol host\nclose carol host'
is "$(records "$close | .exempt")" yes "  is exempt"

#
# Ends
#

note "ends"
SERVICE=login
clear_log
pamdo_as bob open end
ok "a handle that goes ends its session" \
	wait_for 5 says '"\(.event) \(.mode)"' $'open loopback\nclose loopback\nremoved null'
clear_log
pamdo_as dave open close close
is "$(records .event)" $'open\nclose' "a session ends once"
clear_log
pamdo_as dave open open close close
is "$(records '"\(.event) \(.session)"' | sort | uniq -c | awk '{ print $1, $2 }')" \
	$'1 close\n1 close\n1 open\n1 open' "two of one process are two"
clear_log
pamdo_as alice open drop close
is "$(events)" $'open alice veth\nclose alice veth' "a session ends without privilege, too"
is "$(records "$close | .bytes_out")" null "  and nothing is known of its traffic"
clear_log
netnsctl sweep >/dev/null
is "$(records '"\(.event) \(.user) \(.uid) \(.duration < 60) \(.bytes_in)"')" \
	"removed alice 1001 true 0" "the sweep has the totals"
SERVICE=later
clear_log
pamdo_as bob open end
ok "what a later module refuses has ended" \
	wait_for 5 says '"\(.event) \(.service)"' $'open later\nclose later\nremoved null'

#
# Refusals
#

note "refused"
SERVICE=login
clear_log
ip netns del vpn0
pamdo_as carol open
is "$(records '"\(.event) \(.user) \(.uid) \(.service) \(.mode) \(.namespace) \(.reason)"')" \
	"refused carol 1003 login join vpn0 there is no network namespace /run/netns/vpn0" \
	"by the helper: who, what it was to be, and why not"
ip netns add vpn0
is "$(grep -c 'user carol: there is no .*; the session is refused$' "$LOG")" 1 "and there is the line for people"
clear_log
pamdo_as nobody-of-that-name open
is "$(records '"\(.event) \(.user) \(.uid) \(.mode)"')" "refused nobody-of-that-name null null" \
	"by the module: what is known"
sed -i '1i set on-error seal' /etc/security/netns.conf
ip netns del vpn0
clear_log
pamdo_as carol open close
is "$(events)" $'open carol sealed\nclose carol sealed' "sealed is no refusal"
sed -i 1d /etc/security/netns.conf
netnsctl reload >/dev/null 2>&1

#
# Names
#

note "hostile names"
clear_log
pamdo_as "$FORGED" open
is "$(records '"\(.event) \(.user)"')" "refused $FORGED" "a user who would forge a line"
clear_log
pamdo_as "$SPACED" item tty=$'\033[2J a' item rhost='x uid=0' item ruser="$ODD" open close
is "$(records "$close | .user, .tty, .rhost, .ruser | @json")" \
	"$(jq -nr '$ARGS.positional[] | @json' --args "$SPACED" $'\033[2J a' 'x uid=0' "$ODD")" "names come as they were"
is "$(records "$open | \"\\(.uid) \\(.policy)\"")" "1007 web" "and nobody's place is taken"
is "$(records "$removed | .user")" "$SPACED" "in the totals as well"
long=$(printf '\001%.0s' {1..600})
pamdo_as alice item "rhost=$long" open close
is "$(records "$open | select(.user == \"alice\") | .rhost | endswith(\"...\")")" true "a long one is cut"
ok "nothing of all that is raw" not_raw

#
# Traffic
#

note "traffic"
in_peer peer1 socat TCP4-LISTEN:80,fork,reuseaddr EXEC:'head -c 200000 /dev/zero' &
in_peer peer1 socat TCP6-LISTEN:80,ipv6only=1,fork,reuseaddr EXEC:'head -c 200000 /dev/zero' &
in_peer peer1 socat UDP4-LISTEN:53,fork PIPE &
in_peer peer1 socat "UDP6-LISTEN:53,bind=[$PEER6],fork" PIPE &
listening()
{
	[ "$(in_peer peer1 ss -Hltun | grep -cE ':(80|53) ')" = 4 ]
}
wait_for 5 listening || abort "nobody answers"

# traffic: of alice's link, as the lines of the log have it
COUNTED='"\(.bytes_out) \(.bytes_in) \(.packets_out) \(.packets_in)"'
traffic()
{
	netnsctl status --interval 0 --json alice | jq -r ".[0] | $COUNTED"
}

exchange()
{
	in_session alice sh -c "socat -u TCP4:$PEER4:80 - | wc -c
		socat -u TCP6:[$PEER6]:80 - | wc -c
		echo a | socat -t 0.1 - UDP4:$PEER4:53
		echo b | socat -t 0.1 - UDP6:[$PEER6]:53" | tr '\n' ' '
}

refused()
{
	in_session alice sh -c "socat -u TCP4:$PEER4:81 -; socat -u TCP6:[$PEER6]:81 -
		echo | socat -u - UDP4:$PEER4:54; echo | socat -u - UDP6:[$PEER6]:54" 2>/dev/null
}

# difference A B: of each of the numbers
difference()
{
	paste <(tr ' ' '\n' <<<"$1") <(tr ' ' '\n' <<<"$2") | awk '{ print $1 - $2 }' | paste -sd ' '
}

# sum A B: of each of the numbers
sum()
{
	paste <(tr ' ' '\n' <<<"$1") <(tr ' ' '\n' <<<"$2") | awk '{ print $1 + $2 }' | paste -sd ' '
}

# within LOW VALUE HIGH: each of the numbers is; the kernel sends at any time.
within()
{
	echo "$*"
	paste <(tr ' ' '\n' <<<"$1") <(tr ' ' '\n' <<<"$2") <(tr ' ' '\n' <<<"$3") |
		awk '$2 == "" || $2 < $1 || $2 > $3 { bad = 1 } END { exit bad }'
}

clear_log
login alice || abort "alice is refused"
is "$(exchange)" "200000 200000 a b " "alice's first session has her traffic"
refused
before=$(traffic)
hold second pamdo -s login -u alice open say here sleep-for-stdin close
early=$(traffic)
exchange >/dev/null
exchange >/dev/null
after=$(traffic)
release second
ok "the second one ends" wait_for 5 says "$close | .user" alice
ok "it had what passed the link while it was open" within "$(difference "$after" "$early")" \
	"$(records "$close | $COUNTED")" "$(difference "$(traffic)" "$before")"
like "$(records "$close | $COUNTED")" '^[0-9]{4,} 8[0-9]{5} ' "which was four times 200000 bytes"
is "$(records "$close | .denied")" 0 "and nothing was denied"
is "$(records "$removed | .user")" "" "the link is still there"
refused
after=$(traffic)
logout alice
ok "the first one ends" wait_for 5 says "$removed | .user" alice
all=$(records "$close | $COUNTED" | tail -n 1)
few='2000 2000 20 20'
ok "it had all there was" within "$after" "$all" "$(sum "$after" "$few")"
is "$(records "$close | .denied" | tail -n 1)" 8 "denials of before and after, TCP and UDP, IPv4 and IPv6"
ok "and so are the totals" within "$all" "$(records "$removed | $COUNTED")" "$(sum "$after" "$few")"
is "$(records '"\(.event)"' | sort | uniq -c | xargs)" "2 close 2 open 1 removed" "there is no other line"

#
# Denials
#

note "denials"
# Of a pool with 13 addresses for users: 1001 and 1014 get the same one.
add_user heir 1014
sed -i 's|^set pool4 .*|set pool4 100.64.7.0/28|
	s|^set pool6 .*|set pool6 fd6e:6574:6e73::/112|
	s|^session alice,1007|session alice,1007,1014|' /etc/security/netns.conf
run netnsctl reload
[ "$STATUS" = 0 ] || abort "the configuration is bad: $OUT"

# deny USER NUMBER: a packet each to so many ports, by IPv4 and IPv6, and counts with them.
denied=0
deny()
{
	in_session "$1" python3 -I -c '
import socket, sys
for address in sys.argv[2:]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        for port in range(1000, 1000 + int(sys.argv[1])):
            s.sendto(b"x", (address, port))' "$2" $PEER4 $PEER6
	denied=$((denied + 2 * $2))
	ok "$1 has been denied $denied packets" wait_for 5 counts "$1" $denied
}

# counts USER NUMBER: of packets that were denied, by status
counts()
{
	[ "$(netnsctl status --interval 0 --json "$1" | jq '.[0].denied')" = "$2" ]
}

# sources SET: of what was denied, as the table has them
sources()
{
	nft -j list set inet pam_netns "$1" | jq -r '.nftables[] | .set? | .elem? // [] | .[] | .elem.val'
}

# closed NUMBER: of packets, as the last line has it
closed()
{
	[ "$(records "$close | .denied" | tail -n 1)" = "$1" ]
}

clear_log
login alice || abort "alice is refused"
addresses=$(addresses_of alice)
deny alice 400
is "$(records .event)" open "in one session"
known=$(netnsctl denied --json alice | jq 'map(.packets) | add')
ok "of which fewer are remembered, one by one: $known" test "$known" -lt 750
is "$(netnsctl stats --json | jq .denied)" $denied "but stats has all of them"
is "$(sources denials4; sources denials6)" "$addresses" "by her addresses"
hold second pamdo -s login -u alice open say here sleep-for-stdin close
deny alice 10
release second
ok "the second session has its own" wait_for 5 closed 20
hold second pamdo -s login -u alice open say here sleep-for-stdin close
deny alice 5
ok "the table is made anew" netnsctl reload
denied=0
deny alice 420
release second
ok "the next has what has come since, though there were less before" wait_for 5 closed 840
logout alice
ok "so has the first one" wait_for 5 closed 840
is "$(sources denials4; sources denials6)" "" "of nobody is anything left"
ok "  in these sets: what was tried is remembered" test "$(sources denied4_rate)" = "${addresses%%$'\n'*}"
for user in alice heir; do
	denied=0
	login $user || abort "$user is refused"
	is "$(addresses_of $user)" "$addresses" "$user has the same addresses"
	ok "  and begins with nothing" counts $user 0
	[ $user = alice ] || deny $user 3
	logout $user
	ok "  and ends with what was hers: $denied" wait_for 5 closed $denied
done
nft "add element inet pam_netns denials4 { ${addresses%%$'\n'*} }"
login alice
ok "nor with what somebody has left whose link went by itself" counts alice 0

# What the helper asks netlink for, of the table's sets.
strace -f -qq -e trace=sendto -o "$WORK/trace" pamdo -s login -u alice open close >/dev/null
is "$(grep -c GETSETELEM "$WORK/trace") $(grep GETSETELEM "$WORK/trace" | grep -c DUMP)" "4 0" \
	"a session reads two elements as it begins, the same as it ends, and nothing else"
logout alice

#
# No log
#

note "nobody listens"
pkill -x syslogd
rm -f /dev/log
ok "a session opens and closes all the same" pamdo -s login -u bob open close
no_debris

done_testing
