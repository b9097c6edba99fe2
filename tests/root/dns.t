#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Name queries of a session are answered by the resolver of its policy, whatever
# its resolv.conf says, by real servers to real clients; and by nobody else.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/topology.sh
. "$TOP/tests/topology.sh"
in_sandbox "$@"
install_product
wide_net
pam_stack login 'session required pam_netns.so'

ONE4=198.51.100.53 ONE6=2001:db8:1::53
TWO4=203.0.113.53 TWO6=2001:db8:2::53
OTHER4=198.51.100.10 OTHER6=2001:db8:1::10 # a server that nobody names
HOST4=192.0.2.2 HOST6=2001:db8::2
GATEWAY4=100.64.0.1 GATEWAY6=fd6e:6574:6e73::1
DEAD4=203.0.113.80 # no server there
RESOLVED=/run/systemd/resolve/resolv.conf

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

#
# Servers, each with its own answers
#

# text_records NAME COUNT
text_records()
{
	local n

	for ((n = 0; n < $2; n++)); do
		printf 'txt-record=%s,%03d%0200d\n' "$1" "$n" 0
	done
}

# server PEER NAME NUMBER ADDRESS...: who.test is NAME, 10.9.0.NUMBER and
# fd00:9::NUMBER.  PEER may be host, or a user.
server()
{
	local peer=$1 name=$2 number=$3 place=()

	shift 3
	cat >"$WORK/$name.conf" <<-EOT
		no-resolv
		no-hosts
		user=root
		bind-interfaces
		pid-file=$WORK/$name.pid
		log-queries
		log-facility=$WORK/$name.log
		edns-packet-max=4096
		txt-record=who.test,$name
		host-record=who.test,10.9.0.$number,fd00:9::$number
		$(printf 'listen-address=%s\n' "$@")
		$(text_records middle.test 12)
		$(text_records big.test 250)
	EOT
	case $peer in
	host) ;;
	peer*) place=(in_peer "$peer") ;;
	*) place=(in_session "$peer") ;;
	esac
	"${place[@]}" dnsmasq -C "$WORK/$name.conf" || abort "$name does not start"
}

# queries NAME...: that these servers have got
queries()
{
	local name

	for name; do
		grep ' query\[' "$WORK/$name.log"
	done
}

# none_of CMD...: it prints nothing.
none_of()
{
	local left

	left=$("$@" 2>&1)
	echo "$left"
	[ -z "$left" ]
}

server peer1 one4 14 $ONE4
server peer1 one6 16 $ONE6
server peer2 two4 24 $TWO4
server peer2 two6 26 $TWO6
server peer1 other 30 $OTHER4 $OTHER6
server host stub 40 127.0.0.53 127.0.0.1 ::1

# What leaves the host for any port 53.
in_peer uplink nft -f - <<-EOT
	table inet watch {
		counter queries { }
		chain prerouting {
			type filter hook prerouting priority raw
			iifname down0 meta l4proto { tcp, udp } th dport 53 counter name queries
		}
	}
EOT
left_host()
{
	in_peer uplink nft list counter inet watch queries | awk '$1 == "packets" { print $2 }'
}

#
# Clients
#

# asks USER: reads lines "PROTO ADDRESS WANTED", PROTO also "both", asks them all
# at once in that user's session, and expects the answers.
asks()
{
	local user=$1 proto address wanted answer

	sed 's/^both \(.*\)/udp \1\ntcp \1/' >"$WORK/asks"
	cut -d ' ' -f 1,2 "$WORK/asks" | in_session "$user" "$TOP/tests/dns.py" ask >"$WORK/answers"
	while read -r proto address wanted && read -r answer <&3; do
		is "$answer" "$wanted" "  $proto to $address: $wanted"
	done <"$WORK/asks" 3<"$WORK/answers"
}

# finds USER [4|6]: who.test, as programs of the user look it up
finds()
{
	local id=${USER_ID[$1]}

	in_session "$1" setpriv --reuid="$id" --regid="$id" --clear-groups timeout 9 getent "ahostsv${2-4}" who.test | awk 'NR == 1 { print $1 }'
}

# records USER NAME OPTION...: how many drill gets
records()
{
	local user=$1 name=$2

	shift 2
	in_session "$user" timeout 9 drill "$@" "$name" TXT | grep -c "^$name"
}

# resolv SERVER...: the host gets a new file, in the way of those that write it.
resolv()
{
	printf 'nameserver %s\n' "$@" >/etc/resolv.conf.new
	mv /etc/resolv.conf.new /etc/resolv.conf
}

# resolved SERVER...: and so does what systemd-resolved says of its own.
resolved()
{
	mkdir -p "${RESOLVED%/*}"
	printf 'nameserver %s\n' "$@" >$RESOLVED.new
	mv $RESOLVED.new $RESOLVED
}

sources()
{
	grep '^#source ' /run/pam_netns/active.conf | cut -d ' ' -f 8
}

#
# dns auto
#

note "dns auto, and resolv.conf names servers"
resolv $ONE4 $ONE6
conf 'policy p { }
session alice,bob veth p'
ok "loaded" netnsctl reload
is "$OUT" "" "  without a warning"
server host host 50 $HOST4 $HOST6 $GATEWAY4 $GATEWAY6
good "alice logs in" login alice
read -r OWN4 OWN6 < <(addresses_of alice | tr '\n' ' ')
asks alice <<-EOT
	both 127.0.0.53 one4
	both 127.0.0.1 one4
	both 127.1.2.3 one4
	both ::1 one6
	both $ONE4 one4
	both $ONE6 one6
	udp $TWO4 prohibited
	tcp $TWO6 refused
	udp $OTHER6 prohibited
	tcp $OTHER4 refused
	both $HOST4 silent
	both $GATEWAY6 silent
	both $OWN4 refused
	both $OWN6 refused
EOT
is "$(finds alice)" 10.9.0.14 "getent finds what the first server says"
is "$(finds alice 6)" fd00:9::14 "  by AAAA too"
server alice own 60 "$OWN4" "$OWN6"
asks alice <<-EOT
	both $OWN4 own
	both $OWN6 own
	udp 127.0.0.1 one4
EOT
kill "$(<"$WORK/own.pid")"
in_session alice sh -c 'echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter'
asks alice <<-EOT
	both 127.0.0.53 one4
EOT

note "long answers"
for server in 127.0.0.53 ::1 $ONE4 $ONE6; do
	is "$(records alice middle.test "@$server" -b 4096)" 12 \
		"  from $server: 2.5 KB in fragments"
	is "$(records alice middle.test -a "@$server")" 12 "  from $server: by TCP, as UDP has no room"
	is "$(records alice big.test -t "@$server")" 250 "  from $server: 50 KB by TCP"
done

note "dns auto, and resolv.conf names a stub"
# One and the same socket, before and after.
mkfifo "$WORK/talk4" "$WORK/talk6"
exec {talk4}<>"$WORK/talk4" {talk6}<>"$WORK/talk6"
talk()
{
	exec nsenter --net="$(netns_file alice)" -- "$TOP/tests/dns.py" talk "$1"
}
talk 127.0.0.53 <"$WORK/talk4" >"$WORK/said4" &
talker4=$!
talk ::1 <"$WORK/talk6" >"$WORK/said6" &
talker6=$!

# talks LINES: how many have been said, each once more
talks()
{
	echo >&"$talk4"
	echo >&"$talk6"
	wait_for 5 has_said "$1" || abort "no answer"
	SAID="$(tail -n 1 "$WORK/said4") $(tail -n 1 "$WORK/said6")"
}

has_said()
{
	[ "$(wc -l <"$WORK/said4")" = "$1" ] && [ "$(wc -l <"$WORK/said6")" = "$1" ]
}

talks 1
is "$SAID" "one4 one6" "a socket that stays open asks"
resolv 127.0.0.53
resolved $TWO4 $TWO6
asks alice <<-EOT
	both 127.0.0.53 one4
EOT
good "bob's login notices" login bob
asks bob <<-EOT
	both 127.0.0.53 two4
	both ::1 two6
EOT
asks alice <<-EOT
	both 127.0.0.53 two4
	both 127.0.0.1 two4
	both ::1 two6
	both $TWO4 two4
	both $TWO6 two6
	udp $ONE4 prohibited
	tcp $ONE6 refused
EOT
talks 2
is "$SAID" "two4 two6" "the socket that stays open is answered by the new servers"
kill $talker4 $talker6
wait $talker4 $talker6
for stub in 127.0.0.53 127.0.0.1 ::1; do
	resolv $stub
	is "$(finds alice)" "$([ $stub = ::1 ] && echo 10.9.0.26 || echo 10.9.0.24)" \
		"getent finds it with resolv.conf at $stub"
	is "$(finds alice 6)" "$([ $stub = ::1 ] && echo fd00:9::26 || echo fd00:9::24)" \
		"  by AAAA too"
done
good "bob logs out" logout bob

note "systemd-resolved gets other servers"
resolved $ONE4 $ONE6
good "bob's login notices" login bob
asks alice <<-EOT
	both 127.0.0.53 one4
	both ::1 one6
EOT
good "bob logs out" logout bob

note "resolv.conf is a link to what changes"
ln -s ../run/resolvconf/resolv.conf /etc/resolv.conf.new
mv /etc/resolv.conf.new /etc/resolv.conf
clear_log
good "bob's login notices" login bob
ok "  and loads the configuration" wait_for_log 'netns.conf is in force'
good "bob logs out" logout bob
clear_log
good "he logs in again" login bob
good "bob logs out" logout bob
unlike "$(<"$LOG")" 'is in force' "  and as nothing has changed, nothing is loaded"
mkdir /run/resolvconf
echo "nameserver $TWO4" >/run/resolvconf/resolv.conf
good "bob's login notices what the link leads to now" login bob
asks alice <<-EOT
	udp 127.0.0.53 two4
	both ::1 refused
EOT
good "bob logs out" logout bob
echo "nameserver $ONE4" >/run/resolvconf/resolv.conf.new
mv /run/resolvconf/resolv.conf.new /run/resolvconf/resolv.conf
good "bob's login notices that it is another file" login bob
asks alice <<-EOT
	udp 127.0.0.53 one4
EOT
good "bob logs out" logout bob

note "nobody can be asked"
before=$(left_host)
resolv 127.0.0.53
resolved 127.0.0.1 ::1
ok "loaded" netnsctl reload
like "$OUT" "warning: sessions with the policy 'p' get no answers" "  with a warning"
ok "checked" netnsctl check
like "$OUT" "warning: sessions with the policy 'p' get no answers" "  with a warning"
asks alice <<-EOT
	both 127.0.0.53 refused
	both ::1 refused
	udp $ONE4 prohibited
	tcp $ONE6 refused
EOT
is "$(finds alice)" "" "getent finds nothing"
is "$(left_host)" "$before" "no query has left the host"

note "as soon as somebody can, a login will notice"
like "$(sources)" '/etc/resolv\.conf' "resolv.conf is looked at"
like "$(sources)" "$RESOLVED" "and what systemd-resolved says"
resolved $ONE4
good "bob's login notices" login bob
asks alice <<-EOT
	udp 127.0.0.53 one4
EOT
good "bob logs out" logout bob
good "alice logs out" logout alice

#
# Servers that the configuration names
#

note "fixed servers"
resolv $TWO4 $TWO6
resolved $TWO4 $TWO6
conf "policy p {
	out allow to any udp 53 tcp 53
	dns $ONE4 $ONE6
}
session alice,bob veth p"
ok "loaded" netnsctl reload
unlike "$(sources)" resolv "a login has no use for resolv.conf"
good "alice logs in" login alice
good "bob logs in" login bob
read -r OWN4 OWN6 < <(addresses_of alice | tr '\n' ' ')
read -r BOB4 BOB6 < <(addresses_of bob | tr '\n' ' ')
asks alice <<-EOT
	both 127.0.0.53 one4
	both ::1 one6
	both $ONE4 one4
	both $ONE6 one6
	both $OTHER4 one4
	both $OTHER6 one6
	both $HOST4 one4
	both $GATEWAY6 one6
	both $OWN4 one4
	both $OWN6 one6
	both $BOB4 one4
	both $BOB6 one6
	both 169.254.169.254 one4
	both fd00:ec2::254 one6
EOT
is "$(finds alice)" 10.9.0.14 "getent is answered by them, too"
is "$(records alice middle.test @$TWO4 -b 4096)" 12 "long answers come in fragments"
is "$(records alice big.test @$TWO6 -t)" 250 "  and by TCP"
good "bob logs out" logout bob

note "two of a kind"
conf -k "policy p {
	dns $ONE4 $TWO4 $ONE6 $TWO6
}
session alice,bob veth p"
ok "loaded" netnsctl reload
for address in 127.0.0.53 ::1; do
	for proto in udp tcp; do
		n=$([ $address = ::1 ] && echo 6 || echo 4)
		for _ in 1 2 3 4 5 6; do
			echo "$proto $address" | in_session alice "$TOP/tests/dns.py" ask
		done | sort | uniq -c | sed 's/^ *//' >"$WORK/spread"
		is "$(<"$WORK/spread")" "3 one$n"$'\n'"3 two$n" "$proto to $address: in turn"
	done
done
conf -k "policy p {
	dns $DEAD4 $ONE4
}
session alice,bob veth p"
ok "one of them is dead" netnsctl reload
printf '%s\n' 'nameserver 127.0.0.53' 'options timeout:1 attempts:2' >/etc/resolv.conf
is "$(finds alice)" 10.9.0.14 "getent finds what the other one says"
is "$(finds alice)" 10.9.0.14 "  again"

note "one for IPv4 alone"
conf -k "policy p {
	dns $ONE4
	out allow to $TWO6 udp 53
}
session alice,bob veth p"
ok "loaded" netnsctl reload
asks alice <<-EOT
	both ::1 refused
	udp $TWO6 two6
	tcp $TWO6 refused
	udp $OTHER6 prohibited
	both $OTHER4 one4
EOT

note "at an address of the host"
conf -k "policy p {
	dns $HOST4 $HOST6
}
session alice,bob veth p"
ok "loaded" netnsctl reload
asks alice <<-EOT
	both 127.0.0.53 host
	both ::1 host
	both $GATEWAY4 host
	both $OTHER6 host
EOT

note "the policy's word counts"
conf -k "set dns $OTHER4 $OTHER6
policy base {
	dns $TWO4 $TWO6
}
policy p {
	use base
	dns $ONE4
}
policy q {
	use base
}
policy r { }
session alice veth p
session bob veth q
session carol veth r"
ok "loaded" netnsctl reload
good "bob logs in" login bob
good "carol logs in" login carol
asks alice <<-EOT
	udp 127.0.0.53 one4
	udp ::1 refused
EOT
asks bob <<-EOT
	udp 127.0.0.53 two4
	udp ::1 two6
EOT
asks carol <<-EOT
	udp 127.0.0.53 other
	udp ::1 other
EOT
good "bob logs out" logout bob
good "carol logs out" logout carol

note "dns none"
resolv $ONE4 $ONE6
before=$(left_host)
conf -k "set dns $ONE4 $ONE6
policy p {
	dns none
}
session alice,bob veth p"
ok "loaded" netnsctl reload
is "$OUT" "" "  without a warning"
asks alice <<-EOT
	both 127.0.0.53 refused
	both ::1 refused
	udp $ONE4 prohibited
	tcp $ONE6 refused
	both $HOST4 silent
	both $GATEWAY6 silent
EOT
is "$(finds alice)" "" "getent finds nothing"
is "$(in_session alice nft list tables)" "" "the session has no table"
is "$(left_host)" "$before" "no query has left the host"
conf -k "policy p {
	dns none
	out allow to $TWO4 udp 53
}
session alice,bob veth p"
ok "port 53 is one like others" netnsctl reload
asks alice <<-EOT
	udp 127.0.0.53 refused
	udp $TWO4 two4
	tcp $TWO4 refused
EOT

note "and back, for the session that is open"
conf -k 'policy p { }
session alice,bob veth p'
ok "loaded" netnsctl reload
asks alice <<-EOT
	both 127.0.0.53 one4
	both ::1 one6
EOT
good "alice logs out" logout alice

ok "nobody has ever asked the stubs of the host" none_of queries stub
no_debris
done_testing
