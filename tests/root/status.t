#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# netnsctl status and top: what they say is what is, it fits where it is shown, and it
# comes at once however many users there are.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/topology.sh
. "$TOP/tests/topology.sh"
in_sandbox "$@"
install_product

CROWD=100
PEER4=198.51.100.10 PEER6=2001:db8:1::10
EVIL=$'e\033[2Jvil'
LONG=a-user-whose-name-is-longer-than-any-column-that-there-could-be

wide_net
pam_stack login 'session required pam_netns.so'
add_user "$EVIL" 1007
add_user $LONG 1008
mkdir -p /etc/security/netns.d
printf '%s\n' '# more' 'policy base {' '	out allow to any icmp' '}' >/etc/security/netns.d/more.conf
# shellcheck disable=SC2016 # no variables
conf 'set pool4 100.64.0.0/16
set pool6 fd6e:6574:6e73::/64
include netns.d/*.conf
policy web {
	use base
	out allow to any tcp 80
	out allow to any udp 53
	out allow to any tcp 443
	publish tcp 8022 to 22
	publish udp 8053 to 53
}
policy a-policy-whose-name-is-rather-long-too {
	use web
}
session alice,1007 veth web
session 1008 veth a-policy-whose-name-is-rather-long-too
session bob loopback
session 20000:29999 veth web
session * host'
run netnsctl reload
[ "$STATUS" = 0 ] || abort "the configuration is bad: $OUT"

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

# of USER FILTER: of what status --json says about all
of()
{
	netnsctl status --interval 0 --json | jq -r --arg user "$1" ".[] | select(.user == \$user) | $2"
}

# detail USER FILTER: of what it says about one
detail()
{
	netnsctl status --interval 0 --json "$1" | jq -r ".[0] | $2"
}

# says USER FILTER VALUE
says()
{
	local got

	got=$(of "$1" "$2")
	echo "$got"
	[ "$got" = "$3" ]
}

detail_says()
{
	local got

	got=$(detail "$1" "$2")
	echo "$got"
	[ "$got" = "$3" ]
}

valid()
{
	netnsctl status --interval "${INTERVAL:-0}" --json "$@" | jq -c . |
		python3 -I "$TOP/tests/schema.py" "$TOP/helper/status.schema.json"
}

width_of()
{
	awk '{ if (length($0) > w) w = length($0) } END { print w + 0 }'
}

# on_terminal COLUMNS COMMAND [PATTERN TEXT]...: what a terminal of that width shows
on_terminal()
{
	local columns=$1 command=$2

	shift 2
	TERM=${MY_TERM-xterm} ptydo sh -c "stty rows 24 cols $columns -echo; $command" -- "$@"
}

for user in alice bob "$EVIL" $LONG; do
	good "$(printf %q "$user") logs in" login "$user"
done

#
# Sessions and processes
#

note "sessions"
is "$(of alice '"\(.sessions) \(.processes)"')" "1 2" "one session, with the shell it waits for"
hold second pamdo -s login -u alice open ns sleep-for-stdin close
wait_for 5 grep -q '^ns' "$WORK/second.out"
is "$(of alice '"\(.sessions) \(.processes)"')" "2 3" "a second one"
in_session alice setpriv --reuid 1001 --regid 1001 --clear-groups setsid -f sleep 1000
ok "what the user has left behind is a process, and no session" \
	wait_for 5 says alice '"\(.sessions) \(.processes)"' "2 4"
pkill -u alice sleep
ok "it goes" wait_for 5 says alice '"\(.sessions) \(.processes)"' "2 3"
as_alice="setpriv --reuid 1001 --regid 1001 --clear-groups"
# shellcheck disable=SC2086 # words
hold away nsenter --net="$(netns_file alice)" -- $as_alice \
	sh -c 'sleep 1000 & exec unshare --user --net sh -c "echo away; read -r _"'
is "$(of alice '"\(.sessions) \(.processes)"')" "2 4" "nor is a child of hers who is elsewhere herself"
release away
pkill -u alice sleep
release second
ok "and when the second one ends, it is one again" \
	wait_for 5 says alice '"\(.sessions) \(.processes)"' "1 2"
is "$(of bob '"\(.sessions) \(.processes) \(.mode)"')" "1 2 loopback" "bob's"

#
# Traffic
#

note "traffic"
is "$(of bob '"\(.bytes_out) \(.rate_in) \(.denied) \(.connections)"')" "null null null null" \
	"who has no link has no traffic"
in_peer peer1 socat TCP4-LISTEN:80,fork,reuseaddr EXEC:'head -c 200000 /dev/zero' &
in_peer peer1 socat TCP6-LISTEN:80,ipv6only=1,fork,reuseaddr EXEC:'head -c 200000 /dev/zero' &
in_peer peer1 socat TCP4-LISTEN:443,fork,reuseaddr PIPE &
in_peer peer1 socat TCP6-LISTEN:443,ipv6only=1,fork,reuseaddr PIPE &
in_peer peer1 socat UDP4-LISTEN:53,fork PIPE &
in_peer peer1 socat "UDP6-LISTEN:53,bind=[$PEER6],fork" PIPE &
listening()
{
	[ "$(in_peer peer1 ss -Hltun | grep -cE ':(80|443|53) ')" = 6 ]
}
wait_for 5 listening || abort "nobody answers"
before=$(of alice .bytes_in)
is "$(in_session alice socat -u TCP4:$PEER4:80 - | wc -c)" 200000 "alice has 200000 bytes"
is "$(in_session alice socat -u "TCP6:[$PEER6]:80" - | wc -c)" 200000 "and again by IPv6"
got=$(($(of alice .bytes_in) - before))
ok "which are counted, with what is around them: $got" test $got -gt 400000 -a $got -lt 500000
ok "and what goes out is less" test "$(of alice .bytes_out)" -lt 50000
ok "and none of it is of others" test "$(of "$EVIL" .bytes_in)" -lt 10000
in_session alice ping -q -i 0.01 $PEER4 >/dev/null 2>&1 &
# shellcheck disable=SC2317 # called
moves()
{
	netnsctl status --json alice | jq -e '.[0] | .rate_out > 1000 and .rate_out < 100000 and
		.rate_in > 1000'
}
# shellcheck disable=SC2317
rests()
{
	netnsctl status --json alice | jq -e '.[0] | .rate_out == 0 and .rate_in == 0'
}
ok "the rate is that of now" wait_for 5 moves
pkill -x ping
ok "and it ends" wait_for 5 rests
is "$(netnsctl status --json --interval 0 alice | jq -c '.[0] | [.rate_out, .rate_in]')" \
	'[null,null]' "without a second look there is none"

#
# Denials, rules, ports, connections
#

note "all about alice"
denied=$(of alice .denied)
in_session alice socat -u TCP4:$PEER4:81 - 2>/dev/null
in_session alice socat -u "TCP6:[$PEER6]:81" - 2>/dev/null
in_session alice sh -c "echo | socat -u - UDP4:$PEER4:54; echo | socat -u - UDP6:[$PEER6]:54" \
	2>/dev/null
is $(($(of alice .denied) - denied)) 4 "four packets are denied: TCP and UDP, IPv4 and IPv6"
is "$(of "$EVIL" .denied)" 0 "and they are alice's"

line_of()
{
	grep -n "$1" /etc/security/netns.conf | cut -d : -f 1
}
hits='.rules[] | "\(.file):\(.line) \(.direction) \(.default) \(.packets > 0)"'
rules=$(detail alice "$hits")
for expected in "netns.conf:$(line_of 'any tcp 80') out false true" \
	"netns.conf:$(line_of 'tcp 443') out false false" \
	"netns.conf:$(line_of 'policy web') out true true" \
	"netns.conf:$(line_of 'tcp 8022') in false false" \
	"more.conf:3 out false true"; do
	like "$rules" "(^|"$'\n'")$expected("$'\n'"|$)" "hits: $expected"
done
both()
{
	OUT=$(netnsctl "$@" 2>"$WORK/err")
	STATUS=$?
}
both status alice
is "$STATUS$(cat "$WORK/err")" 0 "for people: exit status"
like "$OUT" "[0-9]+ +[0-9.]+K? netns.conf:$(line_of 'any tcp 80'): out allow to any tcp 80" \
	"a line with its hits"
like "$OUT" 'more.conf:3: out allow to any icmp' "one of another file"
echo 'newcomer:x:7999:7999::/:/bin/sh' >>/etc/passwd
both status alice
like "$OUT" "netns.conf:$(line_of 'any tcp 80'): out allow to any tcp 80" "also when there is a new user"
cp -p /etc/security/netns.conf "$WORK/netns.conf"
sed -i '1i # an edit' /etc/security/netns.conf
like "$(netnsctl status alice)" 'netns.conf:[0-9]+: \(the file has changed since it was loaded\)' \
	"of a file that was edited, only where it was"
cp -p "$WORK/netns.conf" /etc/security/netns.conf
netnsctl reload 2>/dev/null
both status alice
like "$OUT" 'of policy web, and what they decided about, of 2 users' "whose hits they are"
like "$OUT" 'tcp 8022 to 22, IPv4.*tcp 8022 to 22, IPv6.*udp 8053 to 53, IPv4.*udp 8053 to 53, IPv6' \
	"the published ports"
like "$OUT" "IPv6 +fd6e:6574:6e73::" "the IPv6 address"
is "$(detail "$EVIL" '.published | length')" 0 "which are alice's, who came first"
is "$(detail bob '[.rules, .published, .flows, .policy_users] | tostring')" '[[],[],[],null]' \
	"bob has nothing of this"

flow='.flows[] | select(.other_port == 443) | "\(.direction) \(.protocol) \(.other) \(.state)"'
for family in 4 6; do
	peer=PEER$family
	[ $family = 4 ] && end=$PEER4 || end="[$PEER6]"
	hold tcp$family nsenter --net="$(netns_file alice)" -- \
		sh -c "{ echo here; read -r _; } | socat -t 1 - TCP$family:$end:443"
	is "$(detail alice "$flow")" "out tcp ${!peer} established" "IPv$family: an open connection"
	like "$(netnsctl status alice)" "tcp +to [^ ]*${!peer}[^ ]*:443 +[0-9]+ +established" \
		"IPv$family: for people"
	release tcp$family
	ok "IPv$family: it ends" wait_for 5 detail_says alice "$flow" ""
	in_session alice sh -c "echo | socat -t 1 - UDP$family:$end:53"
	is "$(detail alice '.flows[] | select(.other_port == 53) | "\(.protocol) \(.other) \(.state)"' | tail -n 1)" \
		"udp ${!peer} answered" "IPv$family: UDP"
done

INTERVAL=0.1
ok "JSON: as the schema says" valid
INTERVAL=
for user in alice bob "$EVIL" dave; do
	ok "JSON: $(printf %q "$user"): as the schema says" valid "$user"
done
is "$(netnsctl status --json dave)" "[]" "JSON: nobody"

#
# Where it is shown
#

note "columns"
table=$(netnsctl status)
ok "no line is longer than 80" test "$(width_of <<<"$table")" -le 80
like "$table" $'\n''e\\033\[2Jvil ' "a name that would clear the screen does not"
unlike "$table$(netnsctl status -i 0 "$EVIL")$(netnsctl status -i 0 --json)" $'\033' "nor anywhere else"
like "$table" 'a-user-[a-z-]*\+ +veth a-[a-z-]*\+' "long names are cut"
for width in 60 40 20 8 1; do
	table=$(COLUMNS=$width netnsctl status --interval 0)
	ok "nor, of $width columns, longer than these" test "$(width_of <<<"$table")" -le $width
	is "$(wc -l <<<"$table")" 5 "  and there is a line for each"
done
like "$(COLUMNS=20 netnsctl status)" '^USER +'$'.*\n''alice ' "on 20 columns there is who it is"
like "$(COLUMNS=200 netnsctl status)" "$LONG +1008 +veth a-policy-whose-name-is-rather-long-too +100[0-9.]+ +fd6e:" \
	"on 200 there is all"
for width in nonsense -5 0 99999999999999999999; do
	is "$(COLUMNS=$width netnsctl status --interval 0 | width_of)" \
		"$(netnsctl status --interval 0 | width_of)" "COLUMNS=$width is no width"
done
like "$(on_terminal 80 'netnsctl status -i 0')" $'\033\\[1mUSER' "a terminal has colours"
ok "and 80 columns are enough there" \
	test "$(on_terminal 80 'NO_COLOR=1 netnsctl status -i 0' | tr -d '\r' | width_of)" -le 80
ok "and 20 as well" test "$(on_terminal 20 'NO_COLOR=1 netnsctl status -i 0' | tr -d '\r' | width_of)" -le 20
unlike "$(on_terminal 80 'NO_COLOR=1 netnsctl status -i 0')" $'\033' "not with NO_COLOR"
like "$(on_terminal 80 'NO_COLOR= netnsctl status -i 0')" $'\033' "but with an empty one"
unlike "$(MY_TERM=dumb on_terminal 80 'netnsctl status -i 0')" $'\033' "not if the terminal is dumb"
for arguments in alice '--json alice'; do
	# shellcheck disable=SC2086 # words
	netnsctl status $arguments >/dev/full 2>"$WORK/err"
	is "$? $(grep -c 'cannot write' "$WORK/err")" "1 1" "$arguments: a full disk is noticed"
done
for interval in x -1 '' 1x nan inf 3601 1e9; do
	both status "--interval=$interval"
	is "$STATUS$OUT" 2 "--interval '$interval' is none"
done

#
# top
#

note "top"
settings='stty -a | tr -d "\n" | md5sum | tee -a '$WORK/stty
: >"$WORK/stty"
run on_terminal 80 "$settings; netnsctl top; echo status \$?; $settings" 'u uid' q
is "$STATUS" 0 "q ends it"
like "$OUT" "status 0" "with 0"
like "$OUT" $'\033\\[\\?1049h.*alice.*\033\\[\\?1049l.*status' "the screen is there again"
like "$OUT" $'\033\\[\\?25h' "and the cursor"
is "$(sort -u "$WORK/stty" | wc -l)" 1 "and what keys do"
like "$OUT" '5 users|4 users' "it counts them"
unlike "$OUT" $'\033\\[2Jvil' "it is not to be cleared"
in_session "$EVIL" sh -c "for i in 1 2 3 4 5 6 7 8 9; do echo | socat -u - UDP4:$PEER4:53; done"
# first_by KEY: who stands first then, alice or the other
first_by()
{
	local frame

	frame=$(on_terminal 80 'NO_COLOR=1 netnsctl top --interval 60' 'u uid' "$1" 'u uid' q)
	frame=${frame%$'\033[?25h'*}
	frame=${frame##*$'\033[H'}
	grep -oE '^(alice|e.*vil) ' <<<"$frame" | head -n 1
}
is "$(first_by c)" 'e\033[2Jvil ' "by c, who has most connections is the first"
is "$(first_by d)" "alice " "by d, who was denied most"
is "$(first_by u)" "alice " "by u, the lowest uid"
run on_terminal 80 "trap : INT; netnsctl top; echo status \$?" 'u uid' '^C'
like "$OUT" $'\033\\[\\?1049l.*status 0' "Ctrl-C ends it as well"
run on_terminal 20 "netnsctl top --interval 0.1; echo status \$?" 'alice' tcdux 'alice' q
like "$OUT" "status 0" "it is there on 20 columns, and takes keys"
for size in 'rows 1 cols 1' 'rows 2 cols 5' 'rows 3 cols 20' 'rows 0 cols 0'; do
	run on_terminal 20 "stty $size; netnsctl top --interval 0.1; echo status \$?" '[J' q
	like "$OUT" "status 0" "$size: too"
done

# shown_while COMMAND [PATTERN TEXT]...: COMMAND runs once top has its screen
shown_while()
{
	local command=$1

	shift
	: >"$WORK/top.out"
	# shellcheck disable=SC2094 # it is looked at while it is written
	{
		wait_for 10 grep -q 'u uid' "$WORK/top.out"
		$command >/dev/null
		echo
	} | on_terminal 80 "netnsctl top --interval 60; echo status \$?" 'u uid' '<' "$@" \
		>"$WORK/top.out" 2>&1
	cat "$WORK/top.out"
}

narrow()
{
	stty -F "/proc/$(pgrep -x netnsctl)/fd/1" cols 30
}
like "$(shown_while narrow 'c +' q)" 'status 0' "a new size is seen at once"
for signal in TERM HUP QUIT; do
	like "$(shown_while "pkill -$signal -x netnsctl" 'status' '')" \
		$'\033\\[\\?1049l.*status 1' "SIG$signal ends it, and the screen is there again"
done
run on_terminal 80 'PS1="ready " bash --norc -i' 'ready ' $'netnsctl top\r' 'u uid' '^Z' 'Stopped' \
	$'fg\r' 'u uid' 'q' 'ready ' $'exit\r'
is "$STATUS" 0 "Ctrl-Z stops it, and fg brings it back"
both top </dev/null
is "$STATUS$OUT" 1 "without a terminal there is nothing to draw on"
like "$(cat "$WORK/err")" 'top needs a terminal' "which it says"
run on_terminal 80 'TERM=dumb netnsctl top; echo status $?'
like "$OUT" 'status 1' "nor on one that has no cursor"
for interval in x 0 0.01; do
	both top "--interval=$interval"
	is "$STATUS$OUT" 2 "--interval $interval is too short, or none"
done
both top alice
is "$STATUS$OUT" 2 "it is about all"

#
# Without a firewall
#

note "no table"
nft delete table inet pam_netns
both status
is "$STATUS$(cat "$WORK/err")" 0 "status: exit status"
is "$(of alice '"\(.denied) \(.policy)"')" "null web" "what was denied is not known"
ok "JSON: as the schema says" valid alice
like "$(netnsctl status alice)" 'The firewall is not loaded' "and it is said"
like "$(on_terminal 100 'netnsctl top' 'u uid' q)" 'no firewall' "by top, too"
netnsctl reload >/dev/null 2>&1

for user in alice bob "$EVIL" $LONG; do
	logout "$user"
done
no_debris

#
# Many
#

note "$CROWD users"
pam_stack crowd 'session required pam_netns.so'
for ((n = 1; n <= CROWD; n++)); do
	echo "u$n:x:$((20000 + n)):$((20000 + n))::/:/bin/sh"
done >>/etc/passwd
mapfile -t users < <(seq -f u%g $CROWD)
netnsctl reload >/dev/null 2>&1
hold crowd crowd crowd "${users[@]}"
ok "all have a session" wait_for 10 grep -qx "ready $CROWD" "$WORK/crowd.out"
start=${EPOCHREALTIME/[.,]/}
both status
took=$(((${EPOCHREALTIME/[.,]/} - start) / 1000))
is "$(wc -l <<<"$OUT")" $((CROWD + 1)) "each has a line"
ok "within a second: $took ms" test $took -lt 1000
is "$(netnsctl status --json | jq -c '[.[] | [.sessions, .processes]] | unique')" '[[1,2]]' \
	"and one session"
start=${EPOCHREALTIME/[.,]/}
both stats --prometheus
took=$(((${EPOCHREALTIME/[.,]/} - start) / 1000))
is "$(grep -c '^pam_netns_user_sessions{.*} 1$' <<<"$OUT")" $CROWD "stats has as many"
ok "within a second: $took ms" test $took -lt 1000
like "$(on_terminal 80 'netnsctl top' 'u uid' q)" "$CROWD users" "top counts as many"
kill -KILL "${HOLD_PID[crowd]}" 2>/dev/null

done_testing
