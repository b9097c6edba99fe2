#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# netnsctl explain, without root and without anybody logged in: which line, which
# policy, and what decides about a packet.  Needs no root.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

WORK=$(mktemp -d) || exit
trap 'rm -rf "$WORK"' EXIT
chmod 755 "$WORK"
file=$WORK/netns.conf

# In a network without links, so that no address of this machine is in the way.
if unshare -Urn true 2>/dev/null; then
	alone()
	{
		unshare -Urn "$@"
	}
else
	alone()
	{
		"$@"
	}
fi

# explain QUESTION...: fills OUT, ERR and STATUS.
explain()
{
	OUT=$(alone "$BUILD/netnsctl" explain --file "$file" "$@" 2>"$WORK/err")
	STATUS=$?
	ERR=$(<"$WORK/err")
}

# says NAME REGEX QUESTION...
says()
{
	local name=$1 regex=$2

	shift 2
	explain "$@"
	like "$STATUS $OUT" "^0 .*$regex" "$name"
}

# Uids that no user has: what is said depends on the file alone.
cat >"$file" <<'EOT'
set pool4 100.64.0.0/16
set pool6 fd6e:6574:6e73::/64
addresses campus { 192.0.2.0/24 2001:db8::/32 }
policy base {
    out allow to any \
        tcp 80 443 icmp          # goes on
}
policy web {
    dns 203.0.113.53
    use base
    out deny log to campus tcp 22
    out drop to any tcp 23
    in  allow from any tcp 8000-8999
    publish tcp 8022 to 22 from campus
    rate up 10mbit
    connections 500
}
policy mesh {
    dns none
    out allow to users host
    in allow from users tcp 7000
}
session 4000000001 via cron,at*  loopback private
session 4000000001:4000000002    veth web
session 4000000003               veth mesh
session 4000000004               loopback
session 4000000005               join vpn
session 4000000006               stay
session 4000000007 via sshd      loopback
EOT
web=4000000001
mesh=4000000003

note "which line"
says "the line that matches" "$file:24: session 4000000001:4000000002 veth web" $web
like "$OUT" "veth web" "and its network"
like "$OUT" "but via cron,at\*: loopback private.*$file:23: " "the services for which it differs"
like "$OUT" "policy web.*$file:8: " "the policy, and where it begins"
like "$OUT" "$file:15: rate up 10mbit" "its rate"
like "$OUT" "$file:16: connections 500" "its connections"
like "$OUT" "$file:14: publish tcp 8022 to 22 from campus" "its published port"
like "$OUT" "$file:9: dns 203.0.113.53" "its line for names"
like "$OUT" "names are asked of 203.0.113.53, whatever is asked" "and what that means"
like "$OUT" 'addresses 100\.64\.[0-9.]+ fd6e:6574:6e73::[0-9a-f:]+, with the next log-in' \
	"the addresses to come"
says "with a service, its line" "loopback private.*$file:23: " $web via atd
unlike "$OUT" "but via" "and no others"
says "a service that no line names" "$file:24: " $web via login
says "no line for it: the host" "host"$'\n'".*no line matches" 4000000007 via login
says "but for the service that has one" "loopback"$'\n'".*:29: " 4000000007 via sshd
says "root is exempt" "root is exempt" root
says "join names the namespace" "join vpn" 4000000005
says "nobody has that uid" "no user has this uid" 4000000004

note "what goes out"
says "a rule, by its place and text" \
	"80: allowed"$'\n'" *$file:5: out allow to any tcp 80 443 icmp"$'\n' \
	$web out tcp 198.51.100.1 80
says "the same for IPv6" "allowed"$'\n'" *$file:5: " $web out tcp 2001:db8:9::1 443
says "icmp, an echo request" "allowed"$'\n'" *$file:5: " $web out icmp 198.51.100.1
says "icmp, a redirect" "dropped.*whatever the policy: of ICMP only" $web out icmp 198.51.100.1 5
says "deny is a reset" "refused, by a TCP reset"$'\n'" *$file:11: out deny log to campus tcp 22" \
	$web out tcp 192.0.2.7 22
says "drop is no answer" "dropped, without an answer"$'\n'" *$file:12: " $web out tcp 9.9.9.9 23
says "no rule: an ICMP error" "refused, by an ICMP error"$'\n'" *$file:8: policy web: no rule" \
	$web out udp 9.9.9.9 99
says "the host is closed" "dropped.*only 'host' means" $web out tcp 100.64.0.1 80
says "users are" "refused.*only 'users' means" $web out tcp 100.64.9.9 80
says "metadata, too" "refused.*only 'metadata'" $web out tcp 169.254.169.254 80
says "and by way of IPv6" "refused.*only 'metadata'" $web out tcp fd00:ec2::254 80
says "an address that IPv6 maps is IPv4" "refused.*only 'metadata'" \
	$web out tcp ::ffff:169.254.169.254 80
says "the policy with host" "allowed"$'\n'" *$file:20: " $mesh out udp 100.64.0.1 53
says "names go to the resolver" "allowed.*$file:9: dns.*led to 203.0.113.53 port 53" \
	$web out udp 127.0.0.53 53
says "whatever is asked" "led to 203.0.113.53 port 53" $web out tcp 9.9.9.9 53
says "without one loopback is loopback" "it does not leave the session" $mesh out udp 127.0.0.53 53
says "what has another source" "dropped.*the source is not the session's own" \
	$web out tcp 198.51.100.1 80 from 198.51.100.9
for proto in udplite sctp gre 41; do
	port=
	case $proto in udplite | sctp) port=80 ;; esac
	# shellcheck disable=SC2086 # none or one
	says "$proto does not pass" "dropped.*only TCP, UDP and ICMP pass" $web out $proto 198.51.100.1 $port
done
says "broadcasts do not" "dropped.*not for one machine" $web out udp 255.255.255.255 68
says "nor does multicast" "dropped.*not for one machine" $web out udp ff02::1 5353
says "loopback has no way out" "there is no way"$'\n'".*loopback alone" 4000000004 out tcp 9.9.9.9 80
says "but to itself" "allowed"$'\n'".*does not leave" 4000000004 out tcp ::1 80
says "stay is not filtered here" "not filtered" 4000000006 out tcp 9.9.9.9 80
says "nor is join" "not filtered" 4000000005 out tcp 9.9.9.9 80
says "nor is the host" "not filtered" root out tcp 9.9.9.9 80
says "the other policy by another service" "allowed|no way" $web via cron out tcp 198.51.100.1 80
like "$OUT" "there is no way" "which is loopback"

note "what comes in"
says "a rule lets it in" "to session: allowed"$'\n'" *$file:13: " $web in tcp 9.9.9.9 8500
says "no rule does" "to session: dropped.*$file:8: policy web: no rule" $web in tcp 9.9.9.9 22
says "a published port" "to host: allowed"$'\n'" *$file:14: publish" $web in tcp 192.0.2.9 8022
like "$OUT" "led to 100\.64\.[0-9.]+ port 22" "where it leads"
says "not for others" "to host: dropped.*$file:8: policy web: no rule" $web in tcp 9.9.9.9 8022
says "the session's own port of that number" "to session: allowed"$'\n'" *$file:13: " \
	$web in tcp 192.0.2.9 8022 to session
says "a port that is not published" "for the host itself" $web in tcp 192.0.2.9 8023 to host
says "an address of users from outside" "dropped.*comes from outside" $mesh in tcp 100.64.9.9 7000
says "the host itself" "dropped.*only 'host' means" $mesh in tcp 100.64.0.1 7000
says "nothing comes into loopback" "there is no way" 4000000004 in tcp 9.9.9.9 80

note "as JSON"
# member EXPRESSION: of the answer in OUT; "-" if it is no JSON.
member()
{
	python3 -c 'import json, sys
d = json.loads(sys.stdin.readline())
print(eval(sys.argv[1], {"d": d}))' "$1" <<<"$OUT" 2>&1
}
explain --json $web in tcp 192.0.2.9 8022
is "$(member 'sorted(d)')" "$(printf '%s' \
	"['decided_by', 'exempt', 'exempt_others', 'line', 'mode', 'name', 'others', 'packet', 'policy'," \
	" 'private', 'service', 'source', 'uid', 'user']")" "the members of an answer"
is "$(member '(d["user"], d["uid"], d["mode"], d["name"], d["line"]["line"])')" \
	"(None, 4000000001, 'veth', 'web', 24)" "who, and what"
is "$(member 'd["others"][0]["services"], d["others"][0]["private"]')" "(['cron', 'at*'], True)" \
	"the other services"
is "$(member '[d["policy"][k] for k in ("rate_up", "rate_down", "connections", "dns", "live")]')" \
	"[1250000, None, 500, ['203.0.113.53'], False]" "the policy"
is "$(member 'd["policy"]["published"][0]["port"], d["policy"]["published"][0]["to"]')" \
	"(8022, 22)" "its ports"
is "$(member 'sorted(d["packet"])')" "$(printf '%s' \
	"['address', 'answer', 'direction', 'masquerade', 'number', 'other_end', 'other_user'," \
	" 'protocol', 'reason', 'rules', 'source', 'target', 'target_port', 'to', 'verdict']")" \
	"the members of a packet"
is "$(member 'd["packet"]["verdict"], d["packet"]["reason"], d["packet"]["target_port"]')" \
	"('allow', 'publish', 22)" "what becomes of it"
is "$(member 'd["packet"]["rules"][0]["line"]["text"]')" \
	"publish tcp 8022 to 22 from campus" "the rule"
explain --json $web out tcp 198.51.100.1 80
is "$(member 'd["packet"]["masquerade"]')" True "what leaves is translated"
explain --json $web out gre 198.51.100.1
is "$(member 'd["packet"]["rules"][0]["comment"], d["packet"]["reason"]')" \
	"('protocol', 'protection')" "what is protected"
explain --json 4000000004
is "$(member 'd["policy"], d["packet"]')" "(None, None)" "nothing where there is nothing"

printf '%s\n' "$web" root "$web via cron" "4000000005 out tcp 9.9.9.9 80" "$web in tcp 192.0.2.9 8022" \
	"$web out gre 9.9.9.9" "$web out icmp ::1" "$mesh out tcp 100.64.9.9 80" >"$WORK/questions"
# valid FILTER...: what explain says to the questions, after FILTER, is as the schema says.
valid()
{
	alone "$BUILD/netnsctl" explain --file "$file" --json - <"$WORK/questions" | "$@" |
		python3 -I "$TOP/tests/schema.py" "$TOP/helper/explain.schema.json"
}
ok "answers are as their schema says" valid cat
fails "which does not take everything" valid sed 's/"uid": [0-9]*/"uid": "x"/'
fails "nor with a member too few" valid sed 's/"masquerade": [a-z]*, //'

note "many questions"
OUT=$(printf '%s\n' "$web out tcp 198.51.100.1 80" "$web" "nonesuch out tcp 1.2.3.4 1" "" \
	"$web out tcp" "$web via cron" |
	alone "$BUILD/netnsctl" explain --file "$file" - 2>"$WORK/err")
is "$? $(wc -l <<<"$OUT")" "1 6" "each has a line, and one was wrong"
is "$(sed -n 1p <<<"$OUT")" "allow rule $file:5: out allow to any tcp 80 443 icmp" "a packet"
is "$(sed -n 2p <<<"$OUT")" "veth web $file:24: session 4000000001:4000000002 veth web" "a user"
is "$(sed -n 3,5p <<<"$OUT" | sort -u)" error "what was wrong"
is "$(<"$WORK/err")" "netnsctl: line 3: no such user: nonesuch
netnsctl: line 4: a user is missing
netnsctl: line 5: an address is missing, of IPv4 or IPv6" "is said on stderr"

note "whatever comes"
hostile=$'\e[31mx\n\xff'
for user in nonesuch '' "$hostile" 99999999999999 -1 '*'; do
	explain -- "$user"
	is "$STATUS $OUT" "1 " "no user is called '$(printf %q "$user")'"
	unlike "$ERR" $'\e' "and it is said without harm"
done
says "a hostile service is only a name" 'via \\033\[31mx\\012\\377: veth' $web via "$hostile"
explain --json $web via "$hostile"
is "$(member 'd["service"] == "\x1b[31mx\n\ufffd"')" True "in JSON, too"
while read -r words; do
	# shellcheck disable=SC2086 # words
	explain $words
	like "$STATUS $ERR" "^2 .*usage: netnsctl explain" "what is wrong is said: $words"
	is "$OUT" "" "nothing else is: $words"
done <<EOT
$web tcp
$web via
$web out
$web out tcp
$web out tcp 1.2.3.4
$web out tcp 1.2.3.4 65536
$web out tcp 1.2.3.4 80 90
$web out tcp 1.2.3 80
$web out tcp www.example.org 80
$web out nonesuch 1.2.3.4
$web out tcp 1.2.3.4 80 to host
$web out tcp 1.2.3.4 80 from ::1
$web in tcp 1.2.3.4 80 to nowhere
--nonesuch
EOT
# wrong WHAT QUESTION...: this is said of it
wrong()
{
	local what=$1

	shift
	explain "$@"
	is "$STATUS ${ERR%%$'\n'*}" "2 netnsctl: explain: $what" "it is said: $what"
}
for word in www.debian.org '[2001:db8::1]' 198.51.100.10:80 1.2.3; do
	wrong "'$word' is not an address: IPv4 or IPv6" $web out tcp "$word" 80
done
wrong "'$(printf '\\033[31mx\\012\\377')' is not an address: IPv4 or IPv6" $web out tcp "$hostile" 80
wrong "'x' is not an address: IPv4 or IPv6" $web out tcp ::1 80 from x
wrong "an address is missing after 'from'" $web out tcp ::1 80 from
wrong "'http' is not a port: 0 to 65535" $web out tcp ::1 http
wrong "'65536' is not a port: 0 to 65535" $web in udp 1.2.3.4 65536
wrong "a port is missing, 0 to 65535" $web out tcp 1.2.3.4
wrong "a port is missing, 0 to 65535" $web out tcp 1.2.3.4 from 1.2.3.5
wrong "'tpc' is not a protocol: tcp, udp, icmp, or the number of another" $web out tpc ::1 80
explain $web out
is "$(sed 1d <<<"$ERR" | awk 'length > 80')" "" "80 columns are enough for the usage"
OUT=$(printf '%s\n' "$web" "$web out tcp www.example.org 80" |
	alone "$BUILD/netnsctl" explain --file "$file" - 2>&1 >/dev/null)
is "$OUT" "netnsctl: line 2: 'www.example.org' is not an address: IPv4 or IPv6" "so it is in a list"
fails "no argument" "$BUILD/netnsctl" explain
ok "20 columns" env COLUMNS=20 "$BUILD/netnsctl" explain --file "$file" $web
# shellcheck disable=SC2016 # sh expands it
fails "a full disk is noticed" sh -c '"$0" explain --file "$1" 1 >/dev/full' "$BUILD/netnsctl" "$file"
# shellcheck disable=SC2016
fails "so is output that is closed" sh -c '"$0" explain --file "$1" 1 >&-' "$BUILD/netnsctl" "$file"
fails "a file that is not there" "$BUILD/netnsctl" explain --file /nonesuch $web
echo 'session' >"$WORK/bad.conf"
fails "a file with an error" "$BUILD/netnsctl" explain --file "$WORK/bad.conf" $web
like "$OUT" "bad.conf:1:" "which is shown"

done_testing
