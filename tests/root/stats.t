#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# netnsctl stats: what a monitoring system gets is in its format, whatever users are
# called, and is what status says.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/topology.sh
. "$TOP/tests/topology.sh"
in_sandbox "$@"
install_product

PEER4=198.51.100.10 PEER6=2001:db8:1::10
EVIL=$'e"v\\i\nl\033[2J\xc2\x9b'
EVIL=${EVIL/$'\n'/,uid=\"0\"\} 1} # no user data base has a name with a newline
BYTES=$'\xff\xc3\xa9'

both()
{
	OUT=$("$@" 2>"$WORK/err")
	STATUS=$?
	ERR=$(cat "$WORK/err")
}

# samples FILTER: of what there is now
samples()
{
	netnsctl stats --prometheus | python3 -I "$TOP/tests/prometheus.py" | jq -r "$1"
}

valid()
{
	netnsctl stats --json | jq -c . |
		python3 -I "$TOP/tests/schema.py" "$TOP/helper/stats.schema.json"
}

sandbox_net
pam_stack login 'session required pam_netns.so'
add_user "$EVIL" 1007
add_user "$BYTES" 1008
conf 'set pool4 100.64.0.0/16
set pool6 fd6e:6574:6e73::/64
set dns none
policy web {
	out allow to any tcp 80
}
session alice,1007,1008 veth web
session bob loopback
session * host'

note "nobody"
is "$(samples '"\(.name) \(.labels.mode) \(.value)"' | grep -v ^info)" \
	$'users loopback 0\nusers veth 0\nfirewall_loaded null 0' "nothing is loaded, and nobody there"
ok "JSON: as the schema says" valid
like "$(netnsctl stats)" '^users +0, 0 with a link' "for people"
run netnsctl reload
[ "$STATUS" = 0 ] || abort "the configuration is bad: $OUT"
is "$(samples 'select(.name == "firewall_loaded") | .value')" 1 "it is loaded"

note "users"
login alice || abort "alice is refused: $LOGIN_OUT"
login bob || abort "bob is refused: $LOGIN_OUT"
hold evil pamdo -s login -u "$EVIL" open sleep-for-stdin close
hold bytes pamdo -s login -u "$BYTES" open sleep-for-stdin close
in_session alice sh -c "socat -u TCP4:$PEER4:81 -; socat -u TCP6:[$PEER6]:81 -
	echo | socat -u - UDP4:$PEER4:54; echo | socat -u - UDP6:[$PEER6]:54" 2>/dev/null
setpriv --reuid 1001 --regid 1001 --clear-groups socat -u TCP4:$PEER4:80 - 2>/dev/null

# of_alice NAME: what status says is between a look before it and one after it.
names='sent_bytes_total:bytes_out received_bytes_total:bytes_in sent_packets_total:packets_out
	received_packets_total:packets_in denied_packets_total:denied connections:connections
	sessions:sessions processes:processes created_timestamp_seconds:since'
before=$(samples .)
status=$(netnsctl status --interval 0 --json)
after=$(samples .)
value()
{
	jq -r --arg name "user_$1" 'select(.name == $name and .labels.user == "alice") | .value' <<<"$2"
}
for name in $names; do
	want=$(jq -r ".[] | select(.user == \"alice\") | .${name#*:}" <<<"$status")
	first=$(value "${name%:*}" "$before") last=$(value "${name%:*}" "$after")
	ok "${name%:*}: $first, $want, $last" \
		test "${first:-x}" -le "$want" -a "$want" -le "${last:-x}"
done
is "$(value denied_packets_total "$after")" 4 "TCP and UDP, IPv4 and IPv6 were denied"
is "$(value sessions "$after") $(value processes "$after")" "1 2" "in one session"
ok "and something was sent" test "$(value sent_bytes_total "$after")" -gt 100
info='select(.name == "user_info") | .labels'
is "$(samples "$info | select(.user == \"alice\") | \"\\(.uid) \\(.mode) \\(.policy) \\(.ipv4) \\(.ipv6)\"")" \
	"$(jq -r '.[0] | "1001 \(.mode) \(.policy) \(.ipv4) \(.ipv6)"' <<<"$status")" "what she has"
is "$(samples "$info | select(.user == \"bob\") | \"\\(.uid) \\(.mode) \\(.policy) \\(.ipv4)\"")" \
	"1002 loopback  " "bob has no link"
is "$(samples 'select(.labels.user == "bob") | .name' | sort | xargs)" \
	"user_created_timestamp_seconds user_info user_processes user_sessions" "nor its counters"
is "$(samples 'select(.name == "users") | "\(.labels.mode) \(.value)"')" $'loopback 1\nveth 3' "how many"
is "$(samples 'select(.name == "tripwire_packets_total") | .value > 0')" true "the tripwire has seen her"

note "hostile names"
is "$(samples "$info | select(.uid == \"1007\") | .user")" 'e"v\i,uid="0"} 1l\u001b[2J\u009b' \
	"quotes, a backslash, and what speaks to a terminal"
is "$(samples "$info | select(.uid == \"1008\") | .user")" '\ufffdé' "what is no text"
is "$(samples "$info | .uid" | sort | xargs)" "1001 1002 1007 1008" "nobody else is there"

note "totals"
ok "JSON: as the schema says" valid
sum='[.[] | .X | select(. != null)] | add'
json=$(netnsctl stats --json)
for member in sessions processes denied; do
	is "$(jq ".$member" <<<"$json")" "$(jq "${sum/X/$member}" <<<"$status")" "$member"
done
is "$(jq -c '[.users, .users_with_link, .firewall]' <<<"$json")" "[4,3,true]" "users"
both netnsctl stats
is "$STATUS$ERR" 0 "for people: exit status"
like "$OUT" $'^users +4, 3 with a link\nsessions +4\n.*\ndenied +4 packets of those .*\ntripwire +[1-9][0-9]* packets' "what there is"
ok "no line is longer than 80" test "$(awk '{ if (length($0) > w) w = length($0) } END { print w + 0 }' <<<"$OUT")" -le 80

note "a file"
dir=$WORK/collector
mkdir "$dir"
file=$dir/pam_netns.prom
(umask 077 && netnsctl stats --prometheus --output "$file")
is "$? $(stat -c %a "$file")" "0 644" "it is written, and the collector may read it"
ok "and is in the format" python3 -I "$TOP/tests/prometheus.py" <"$file"
exec {reader}<"$file"
old=$(cat "$file")
ok "again" netnsctl stats -p -o "$file"
is "$(cat <&"$reader")" "$old" "who has begun to read the old one has all of it"
exec {reader}<&-
ln "$file" "$dir/other"
mkdir "$dir/directory.prom"
ln -s /dev/null "$dir/link"
both netnsctl stats -p -o "$dir/directory.prom"
is "$STATUS$OUT" 1 "a directory is not replaced"
both netnsctl stats -p -o "$dir/link"
is "$STATUS $(readlink "$dir/link")" "1 /dev/null" "nor is a link"
like "$ERR" 'not a regular file' "which it says"
both netnsctl stats -p -o "$dir/none/x.prom"
like "$STATUS $ERR" '^1 netnsctl: cannot write .*No such file' "there is no such directory"
is "$(find "$dir" -mindepth 1 -printf '%f\n' | sort | xargs)" "directory.prom link other pam_netns.prom" "and nothing else is left"
mount -t tmpfs -o size=4k,mode=755 small "$dir/directory.prom"
both netnsctl stats -p -o "$dir/directory.prom/x.prom"
like "$STATUS $ERR" '^1 netnsctl: cannot write .*No space' "a full disk is noticed"
is "$(ls "$dir/directory.prom")" "" "  and nothing of it is left"
umount "$dir/directory.prom"

note "how it is called"
for arguments in '' --json --prometheus; do
	# shellcheck disable=SC2086 # words
	netnsctl stats $arguments >/dev/full 2>"$WORK/err"
	is "$? $(grep -c 'cannot write' "$WORK/err")" "1 1" "stats $arguments: a full disk is noticed"
done
for arguments in '--json --prometheus' alice '-o' '--nonsense'; do
	# shellcheck disable=SC2086 # words
	both netnsctl stats $arguments
	is "$STATUS$OUT" 2 "stats $arguments: is not to be had"
done
both setpriv --reuid 1003 --regid 1003 --clear-groups netnsctl stats --prometheus
is "$STATUS$OUT" 1 "not without root"
like "$ERR" '^netnsctl: stats needs root' "which it says"

note "no table"
nft delete table inet pam_netns
is "$(samples 'select(.name | test("denied|tripwire|spoofed|loaded")) | "\(.name) \(.value)"')" \
	"firewall_loaded 0" "what it counted is not there"
ok "JSON: as the schema says" valid
like "$(netnsctl stats)" 'The firewall is not loaded' "for people"
netnsctl reload >/dev/null 2>&1
logout alice
logout bob
release evil
release bytes
no_debris

done_testing
