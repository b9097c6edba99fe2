#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# netnsctl denied: what users tried in vain, whose it was and what for, and as it happens.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/topology.sh
. "$TOP/tests/topology.sh"
in_sandbox "$@"
install_product

LAB4=198.51.100.77 LAB6=2001:db8:1:0:7::77
PEER4=198.51.100.10 PEER6=2001:db8:1::10
HOST4=192.0.2.2 HOST6=2001:db8::2
META4=169.254.169.254 META6=fd00:ec2::254
EVIL=$'e\033[2Jvil'

wide_net
echo 'nameserver 127.0.0.1' >/etc/resolv.conf # nobody: who asks hears so at once
pam_stack login 'session required pam_netns.so'
add_user "$EVIL" 1007
conf 'set dns none
set pool4 100.64.0.0/16
set pool6 fd6e:6574:6e73::/64
addresses wide { 198.51.100.0/24 2001:db8:1::/48 }
addresses lab { 198.51.100.77 2001:db8:1:0:7::77 }
policy web {
	out allow to any tcp 80
	out deny to lab
	out deny to wide
}
session alice,bob,1007 veth web
session * host'
run netnsctl reload
[ "$STATUS" = 0 ] || abort "the configuration is bad: $OUT"

# both CMD...: fills OUT (standard output), ERR (standard error) and STATUS.
both()
{
	OUT=$("$@" 2>"$WORK/err")
	STATUS=$?
	ERR=$(<"$WORK/err")
}

cat >"$WORK/try.py" <<'EOT'
# try.py [tcp|udp ADDRESS PORT]...: a packet for each, and for those of TCP its refusal
import socket, sys
for i in range(1, len(sys.argv), 3):
    proto, address, port = sys.argv[i:i + 3]
    with socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET,
                       socket.SOCK_STREAM if proto == 'tcp' else socket.SOCK_DGRAM) as s:
        s.settimeout(0.3) # what the host drops would be sent again after a second
        try:
            s.connect((address, int(port)))
            s.send(b'x')
        except OSError:
            pass
EOT

# try USER [tcp|udp ADDRESS PORT]...: a packet for each
try()
{
	in_session "$1" python3 -I "$WORK/try.py" "${@:2}"
}

# of FILTER [OPTION]...: a line for each denial
of()
{
	local filter=$1

	shift
	netnsctl denied --json "$@" | jq -r ".[] | $filter"
}

valid()
{
	netnsctl denied --json "$@" | jq -c . |
		python3 -I "$TOP/tests/schema.py" "$TOP/helper/denied.schema.json"
}

width_of()
{
	awk '{ if (length($0) > w) w = length($0) } END { print w + 0 }'
}

for user in alice bob "$EVIL"; do
	login "$user" || abort "$user cannot log in: $LOGIN_OUT"
done
read -r -d '' alice4 alice6 <<<"$(addresses_of alice)"
read -r -d '' bob4 bob6 <<<"$(addresses_of bob)"

#
# What there is
#

note "nothing yet"
both netnsctl denied
is "$STATUS$ERR" 0 "exit status"
is "$(wc -l <<<"$OUT")" 1 "there are titles alone"
is "$(netnsctl denied --json)" '[]' "JSON: no more than nothing"
ok "JSON: as the schema says" valid

note "whose, and what for"
start=$(date +%s)
tries=()
for destination in "$LAB4" "$LAB6" "$PEER4" "$PEER6" "$HOST4" "$HOST6" "$META4" "$META6" "$bob4" "$bob6"; do
	tries+=(tcp "$destination" 81 udp "$destination" 81)
done
try alice "${tries[@]}"
in_session alice sh -c "ping -c 1 -W 1 -n $LAB4 & ping -c 1 -W 1 -n $LAB6; wait" >/dev/null 2>&1
try bob udp $LAB4 82 udp $LAB4 82 udp $LAB4 82
try "$EVIL" udp $LAB6 83
end=$(date +%s)

netnsctl denied --json >"$WORK/denied.json"
# in_it FILTER: as of, of what was there then
in_it()
{
	jq -r ".[] | $1" "$WORK/denied.json"
}
all=$(in_it '"\(.user) \(.protocol) \(.destination) \(.port // .icmp_type) \(.kind) \(.name)"')
# has_row EXPECTED NAME
has_row()
{
	ok "$2" grep -qxF -e "$1" <<<"$all"
}
for proto in tcp udp; do
	for family in 4 6; do
		lab=LAB$family peer=PEER$family host=HOST$family meta=META$family bob=bob$family
		has_row "alice $proto ${!lab} 81 list lab" "IPv$family, $proto: the list that says most of it"
		has_row "alice $proto ${!peer} 81 list wide" "IPv$family, $proto: another one"
		has_row "alice $proto ${!host} 81 host null" "IPv$family, $proto: the host"
		has_row "alice $proto ${!meta} 81 metadata null" "IPv$family, $proto: metadata"
		has_row "alice $proto ${!bob} 81 user bob" "IPv$family, $proto: another user, by name"
	done
done
has_row "alice icmp $LAB4 8 list lab" "ICMP has a type"
has_row "alice icmp $LAB6 128 list lab" "ICMPv6, too"
is "$(in_it 'select(.user == "bob") | "\(.destination) \(.port) \(.packets) \(.uid) \(.live)"')" \
	"$LAB4 82 3 1002 true" "bob's are counted"
is "$(in_it '.direction' | sort -u)" out "all went out"
is "$(in_it '.live' | sort -u)" true "of who is there now"
is "$(of '.source' --json alice | sort -u | xargs)" "$(printf '%s\n' "$alice4" "$alice6" | sort | xargs)" \
	"by these addresses"
is "$(in_it "select(.last < $start - 1 or .last > $end + 1)")" "" "and it is known when"
sorted=$(in_it .last)
is "$sorted" "$(sort -n <<<"$sorted")" "the latest is the last"
ok "JSON: as the schema says" valid

note "one user"
is "$(of .user bob)" bob "by name"
is "$(of .user 1002)" bob "by uid"
is "$(of .user "$EVIL" | jq -R .)" '"e\u001b[2Jvil"' "of any name"
is "$(netnsctl denied --json dave)" '[]' "who has none"
ok "JSON: as the schema says" valid alice
both netnsctl denied nobody-like-that
is "$STATUS$OUT" 1 "nobody"
like "$ERR" 'no such user: nobody-like-that' "which is said"
both netnsctl denied $'x\033[2Jy'
is "$STATUS$OUT" 1 "nobody of an evil name"
unlike "$ERR" $'\033' "which says nothing to the terminal"
both netnsctl denied alice bob
is "$STATUS$OUT" 2 "of one user, or all"
both netnsctl denied --nonsense
is "$STATUS$OUT" 2 "no such option"

#
# Names
#

note "reverse DNS"
printf '%s\n' "$LAB4 lab4.example" "$LAB6 lab6.example" >>/etc/hosts
is "$(of .host_name | sort -u)" null "nobody is asked"
unlike "$(COLUMNS=200 netnsctl denied)" 'example' "for people neither"
is "$(of 'select(.destination == "'$LAB4'" and .protocol == "tcp") | .host_name' --resolve)" \
	lab4.example "but with --resolve"
is "$(of 'select(.destination == "'$LAB6'" and .protocol == "tcp") | .host_name' -r)" \
	lab6.example "IPv6, too"
like "$(COLUMNS=200 netnsctl denied --resolve bob)" "bob +udp +$LAB4 +82 +3 +lab lab4.example" \
	"for people"

#
# Where it is shown
#

note "columns"
for width in 200 80 40 20 8 1; do
	table=$(COLUMNS=$width netnsctl denied)
	ok "no line is longer than $width" test "$(width_of <<<"$table")" -le $width
done
table=$(COLUMNS=200 netnsctl denied)
like "$table" "alice +tcp +$META4 +81 +1 +metadata" "metadata"
like "$table" "alice +udp +$HOST6 +81 +1 +this host" "the host"
like "$table" "alice +tcp +$bob4 +81 +1 +user bob" "a user"
like "$table" "alice +icmp +$LAB4 +type 8 +1 +lab" "ICMP"
like "$table" 'e\\033\[2Jvil' "a name that would clear the screen does not"
unlike "$table" $'\033' "nor does anything else"
like "$(COLUMNS=20 netnsctl denied bob)" $'\nbob ' "on 20 columns there is who it is"
for options in '' --json; do
	# shellcheck disable=SC2086 # words
	netnsctl denied $options >/dev/full 2>"$WORK/err"
	is "$? $(grep -c 'cannot write' "$WORK/err")" "1 1" "${options:-table}: a full disk is noticed"
	# shellcheck disable=SC2086
	netnsctl denied $options >&- 2>"$WORK/err"
	is $? 1 "${options:-table}: no output is noticed"
done
both setpriv --reuid alice --regid alice --init-groups netnsctl denied
is "$STATUS$OUT" 1 "without privilege it fails"
is "$ERR" "netnsctl: denied needs root: it looks into /run/pam_netns and other users' processes" \
	"and says in a sentence why"

#
# As it happens
#

note "--follow"
# Each of these looks once a second: they all do it beside each other.
declare -A FOLLOW
# follow NAME [OPTION]...: in the background, in $WORK/NAME and $WORK/NAME.err
follow()
{
	: >"$WORK/$1"
	# What runs in the background ignores Ctrl-C, unless it is told not to.
	env --default-signal=INT netnsctl denied --follow "${@:2}" >"$WORK/$1" 2>"$WORK/$1.err" &
	FOLLOW[$1]=$!
}

# sees NAME PATTERN USER [PROTO ADDRESS PORT]...: tries until it is seen
sees()
{
	try "${@:3}"
	grep -qE -e "$2" "$WORK/$1"
}

# has_seen NAME PATTERN: in the end
has_seen()
{
	wait_for 5 grep -qE -e "$2" "$WORK/$1"
}

# ends NAME SIGNAL: the status that it ends with
ends()
{
	kill "-$2" "${FOLLOW[$1]}"
	wait "${FOLLOW[$1]}"
}

time_of_day='^[0-9]{2}:[0-9]{2}:[0-9]{2}'
follow all
follow bob --json bob
follow late --json
mkfifo "$WORK/pipe"
netnsctl denied --follow >"$WORK/pipe" 2>/dev/null &
unread=$!
exec {reader}<"$WORK/pipe"
exec {reader}<&-
ok "it ends when nobody reads any more" wait_for 5 is_gone $unread
wait $unread
is $? 1 "which is a failure"
netnsctl denied --follow >/dev/full 2>/dev/null &
full=$!

netnsctl denied --follow >"$WORK/back" 2>/dev/null & # and this one goes on ignoring it
back=$!

ok "a new one" wait_for 5 sees all "$time_of_day alice tcp $LAB4 90( [0-9]+x)? \(lab\)\$" \
	alice tcp $LAB4 90 udp $LAB6 91 tcp $LAB4 95
ok "and by UDP, IPv6" has_seen all "$time_of_day alice udp $LAB6 91( [0-9]+x)? \(lab\)\$"
ok "JSON: of one user" wait_for 5 sees bob '"user": "bob".*"port": 93,' bob tcp $LAB4 93 udp $LAB4 82
ok "one that is known, again" has_seen all "$time_of_day bob udp $LAB4 82( [0-9]+x)? \(lab\)\$"
is "$(grep -cE " 81( |\$)" "$WORK/all")" 0 "and none of before"
try alice tcp $LAB4 93
ok "a line each time" wait_for 5 sees bob '"port": 94,' bob udp $LAB4 94
is "$(jq -r .user "$WORK/bob" | sort -u)" bob "JSON: of one user there are none of others"
ends bob TERM
is $? 0 "a signal ends it"
kill -INT $back
ends all INT
is "$?$(<"$WORK/all.err")" 0 "Ctrl-C ends it, and nothing is said"
# Whoever has an address chooses who is asked for its name.
hold silent python3 -uIc 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 53)); print("here"); s.recv(1000); print("asked"); input()'
follow names --resolve alice
ok "names are asked for" wait_for 5 sees silent.out asked alice udp 203.0.113.98 98
kill -INT "${FOLLOW[names]}"
ok "a server that does not answer is not waited for" wait_for 1 is_gone "${FOLLOW[names]}"
wait "${FOLLOW[names]}"
is "$?$(<"$WORK/names.err")" 0 "nor is that a failure"
release silent
ok "as the schema says" python3 -I "$TOP/tests/schema.py" "$TOP/helper/denied.schema.json" <"$WORK/bob"
is "$(jq -s 'map(select(.port == 93)) | [(map(.new_packets) | add), (map(.packets) | max)] | unique | length' \
	"$WORK/bob")" 1 "no packet is told twice, and none is left out"
ok "in the background, Ctrl-C is not for it" wait_for 5 sees back "alice udp $LAB4 97" alice udp $LAB4 97
kill -TERM $back
wait $back
is $? 0 "but another signal is"
ok "a full disk ends it" wait_for 5 is_gone $full
wait $full
is $? 1 "which is a failure, too"
fails "and it does not begin without an output" timeout 10 sh -c 'exec netnsctl denied --follow >&-'

ok "before a reload" has_seen late '"port": 95,'
# shellcheck disable=SC2317 # called
reloaded()
{
	netnsctl reload && netnsctl denied --json | jq -e 'length == 0'
}
packets_95()
{
	of 'select(.port == 95) | .packets'
}
before=$(packets_95)
ok "all of it is seen" has_seen late "\"port\": 95,.*\"packets\": $before,"
: >"$WORK/late"
kill -STOP "${FOLLOW[late]}" # so that it sees neither of the two alone
ok "a reload forgets" reloaded
tries=()
for ((i = 0; i < before; i++)); do
	tries+=(tcp "$LAB4" 95)
done
try alice "${tries[@]}"
is "$(packets_95)" "$before" "as much as before is denied again"
kill -CONT "${FOLLOW[late]}"
ok "and it is new" has_seen late '"port": 95,'
nft delete table inet pam_netns
ok "that there is no firewall is said" has_seen late.err 'firewall is not loaded'
netnsctl reload >/dev/null 2>&1
ok "and when it is back, it goes on" wait_for 5 sees late '"port": 96,' alice udp $LAB6 96
is "$(wc -l <"$WORK/late.err")" 1 "that was said once"
ends late TERM

#
# Who has gone, and no firewall
#

note "gone"
sed -i '/^erin:/d' /etc/passwd
try alice udp $LAB4 98
logout alice
is "$(of 'select(.port == 98) | "\(.user) \(.uid) \(.live)"')" "alice 1001 false" \
	"whose address it was: nobody else gets it"
like "$(netnsctl denied alice)" '\(alice\) +udp' "which is a conclusion, for people"
echo 'erin:x:66534:66534::/:/bin/sh' >>/etc/passwd
is "$(of 'select(.port == 98) | "\(.user) \(.uid) \(.source)"')" "null null $alice4" \
	"but if another could have had it, there is the address"
like "$(netnsctl denied)" "$alice4 +udp +$LAB4 +98" "for people"
ok "JSON: as the schema says" valid

note "no firewall"
nft delete table inet pam_netns
both netnsctl denied
is "$STATUS$OUT" 1 "it is a failure"
like "$ERR" 'the firewall is not loaded' "and said"

logout bob
logout "$EVIL"
no_debris
done_testing
