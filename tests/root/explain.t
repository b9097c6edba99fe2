#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# explain, check --diff and reload --dry-run where there is something in force, and
# users are logged in: what they say is what the kernel has, and what a reload does.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/topology.sh
. "$TOP/tests/topology.sh"
in_sandbox "$@"
install_product
sandbox_net
printf 'nameserver %s\n' 198.51.100.10 2001:db8:1::10 >/etc/resolv.conf
pam_stack login 'session required pam_netns.so'
file=/etc/security/netns.conf

# both CMD...: fills OUT (standard output), ERR (standard error) and STATUS.
both()
{
	OUT=$("$@" 2>"$WORK/err")
	STATUS=$?
	ERR=$(<"$WORK/err")
}

# as_nobody CMD...: without any privilege
as_nobody()
{
	setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

# What a command that changes nothing must leave as it was.
fingerprint()
{
	find /run/pam_netns -printf '%p %m %u %s %i %T@\n' | sort
	nft -s list ruleset
	ip rule
	ip -o link show | grep -o '\<nu.*group [^ ]*'
}

#
# Nothing in force
#

note "nothing in force"
conf 'policy web {
	out allow to any tcp 80
}
session alice veth web
session *     host'
both netnsctl check --diff
is "$STATUS" 1 "all of it is new"
like "$OUT" '^nothing is in force now' "and it is said"
like "$OUT" $'policy web \(new\):\n\+ out allow to any tcp 80  \(/etc/security/netns.conf:2\)' \
	"the policy"
like "$OUT" $'session lines:\n\+ session alice veth web  \(/etc/security/netns.conf:4\)' \
	"the lines"
both netnsctl reload --dry-run
is "$STATUS" 0 "reload --dry-run would succeed"
ok "nothing has come into being" test ! -e /run/pam_netns

#
# What is in force, and what the file says
#

note "in force"
conf 'addresses lab { 198.51.100.0/24 2001:db8:1::/48 }
policy web {
	out allow to any tcp 80
	out deny to lab
	publish tcp 8022 to 22
	publish udp 8053
}
policy slow {
	rate up 10mbit
	out allow to lab
}
session alice,bob veth web
session carol     veth slow
session dave      loopback
session *         host'
ok "a configuration" netnsctl reload
for user in alice bob carol dave; do
	login $user
	like "$LOGIN_OUT" 'open 0' "$user is logged in"
done
both netnsctl explain alice
like "$OUT" "addresses $(addresses_of alice | tr '\n' ' ' | sed 's/ $//')"$'\n' \
	"explain knows the addresses that there are"
both as_nobody netnsctl explain alice
like "$OUT" "addresses $(addresses_of alice | tr '\n' ' ' | sed 's/ $//')"$'\n' \
	"so it does for anybody"
both netnsctl explain carol out tcp "$(addresses_of alice | head -n 1)" 80
like "$OUT" 'the other end is alice$' "and whose an address is"

printf '%s\n' 'policy web {' 'out allow to users' '}' 'session alice,carol veth web' >"$WORK/users.conf"
both netnsctl explain --file "$WORK/users.conf" carol out tcp "$(addresses_of alice | head -n 1)" 80
like "$OUT" $'dropped.*:2: out allow to users\n.*:1: policy web: no rule.*\\(of the other end\\)' \
	"between users, both have a say"

for family in 4 6; do
	peer=198.51.100.10
	[ $family = 4 ] || peer=2001:db8:1::10
	for proto in tcp\ 8022 udp\ 8053; do
		# shellcheck disable=SC2086 # a protocol and a port
		both netnsctl explain alice in ${proto% *} $peer ${proto#* }
		like "$STATUS $OUT" '^0 .*to host: allowed' "IPv$family, $proto: alice has the port"
		# shellcheck disable=SC2086
		both netnsctl explain bob in ${proto% *} $peer ${proto#* }
		like "$OUT" 'leads to another user now' "IPv$family, $proto: bob has it not"
		# shellcheck disable=SC2086
		both as_nobody netnsctl explain bob in ${proto% *} $peer ${proto#* }
		like "$OUT" 'allowed.*only root is told' "IPv$family, $proto: that is root's to know"
	done
done

both netnsctl explain --active bob out tcp 198.51.100.10 81
like "$STATUS $OUT" "^0 .*$file:4: out deny to lab" "--active has the places of the file"
both netnsctl check --diff
is "$STATUS$OUT" 0 "check --diff: nothing differs"
both netnsctl reload --dry-run
is "$STATUS$OUT" "0nothing would change" "reload --dry-run: nor would anything change"

note "exempt groups"
both netnsctl explain alice
unlike "$OUT" exempt "nobody is exempt"
# shellcheck disable=SC1003 # the line goes on
pam_stack sudo 'session required pam_netns.so debug \' '    exempt_group=students'
both as_nobody netnsctl explain alice
like "$OUT" 'exempt, as /etc/pam.d/sudo says:'$'\n' "a stack that exempts a group is named"
unlike "$OUT" 'others? say' "alone, if it is the only one"
both as_nobody netnsctl explain --json dave
like "$OUT" '"exempt": null' "but not for others"

# The session by SERVICE is the host's, in all forms of the answer, or it is not.
is_exempt_via()
{
	local say="exempt, as $2 says"

	both as_nobody netnsctl explain alice via "$1"
	like "$STATUS $OUT" "^0 alice \(uid 1001\) via $1: host"$'\n'" *a group of theirs is $say$" \
		"via $1: exempt, and in the host's network"
	both as_nobody netnsctl explain alice via "$1" out tcp 198.51.100.10 81
	like "$OUT" "$say.*: not filtered"$'\n'" *the session is in the host's network" \
		"via $1: a packet is not filtered"
	both as_nobody netnsctl explain --json alice via "$1" out tcp 2001:db8:1::10 81
	like "$OUT" "\"mode\": \"host\".*\"line\": null, \"exempt\": \"$2\", \"exempt_others\": 0, .*\"policy\": null" \
		"via $1: so says JSON"
	like "$OUT" '"verdict": "unfiltered".*"reason": "host"' "via $1: of the packet, too"
	both as_nobody netnsctl explain - <<<"alice via $1 out udp 198.51.100.10 81"
	is "$STATUS $OUT" "0 unfiltered host the session is in the host's network" "via $1: and a list"
}
is_confined_via()
{
	both as_nobody netnsctl explain alice via "$1" out tcp 198.51.100.10 81
	like "$STATUS $OUT" "^0 alice \(uid 1001\) via $1: veth web.*refused" "via $1: filtered"
	unlike "$OUT" exempt "via $1: no word of an exemption"
	both as_nobody netnsctl explain --json alice via "$1" out tcp 2001:db8:1::10 81
	like "$OUT" '"mode": "veth".*"exempt": null.*"verdict": "reject"' "via $1: so says JSON"
	both as_nobody netnsctl explain - <<<"alice via $1 out tcp 198.51.100.10 81"
	like "$OUT" '^reject rule ' "via $1: and a list"
}
is_exempt_via sudo /etc/pam.d/sudo
is_confined_via login
printf 'session required pam_netns.so exempt_group=staff [exempt_group=students]\n' >/etc/pam.d/common-net
pam_stack su '@include common-net'
pam_stack cron 'session include common-net' 'session required pam_netns.so'
pam_stack passwd '# session required pam_netns.so exempt_group=students' \
	'session required pam_netns.so exempt_group=nonesuch'
is_exempt_via su /etc/pam.d/common-net
is_confined_via cron
is_confined_via passwd
# Leftovers are nobody's stacks, and come first if they are not left out.
for leftover in a.dpkg-old a.bak a.rpmsave a~; do
	cp /etc/pam.d/sudo "/etc/pam.d/$leftover"
done
both as_nobody netnsctl explain alice
like "$OUT" 'veth web.*exempt, as /etc/pam.d/common-net and 1 other say:' "the first in order, and how many more"
is "$(awk 'length > 80' <<<"$OUT")" "" "in 80 columns"
pam_stack atd 'session required pam_netns.so exempt_group=students exempt_group=students'
both as_nobody netnsctl explain alice out tcp 198.51.100.10 81
like "$OUT" 'exempt, as /etc/pam.d/atd and 2 others say:.*: refused' "with a packet: it depends"
both as_nobody netnsctl explain --json alice
like "$OUT" '"mode": "veth".*"exempt": "/etc/pam.d/atd", "exempt_others": 2,' "in JSON, too"
rm /etc/pam.d/*~ /etc/pam.d/a.* /etc/pam.d/common-net
for service in sudo su cron passwd atd; do
	pam_stack $service
done

note "stacks with a file of their own"
other=/etc/security/other.conf
pam_stack su "session required pam_netns.so conf=$other"
pam_stack cron 'session required pam_netns.so' "session required pam_netns.so conf=$file"
both as_nobody netnsctl explain alice via su
like "$STATUS $OUT" "^0 alice .* via su: veth web"$'\n'".*but /etc/pam.d/su decides by $other:"$'\n'" *netnsctl explain --file $other alice via su" \
	"it is said, and how to ask for it"
both as_nobody netnsctl explain --json alice via su out tcp 198.51.100.10 81
like "$OUT" "\"decided_by\": \"$other\"" "in JSON, too"
both as_nobody netnsctl explain - <<<$'alice via login\nalice via su out tcp 198.51.100.10 81'
like "$OUT" $'^veth .*\nreject ' "of a list each has its answer"
is "$STATUS $ERR" "0 netnsctl: line 2: /etc/pam.d/su decides by $other: explain --file $other" \
	"and where it is another's, that is said"
printf '%s\n' 'session alice loopback' >$other
both as_nobody netnsctl explain --file $other alice via su
like "$STATUS $OUT" '^0 alice .* loopback' "the file can be asked for"
unlike "$OUT" decides "which is the one that decides"
rm $other
for service in alice 'alice via login' 'alice via cron'; do
	# shellcheck disable=SC2086 # words
	both as_nobody netnsctl explain $service
	unlike "$OUT" decides "explain $service: nothing of the kind"
	# shellcheck disable=SC2086
	both as_nobody netnsctl explain --json $service
	like "$OUT" '"decided_by": null' "explain $service: so says JSON"
done
pam_stack su
pam_stack cron

note "the file has been edited"
conf -k 'set linger 5m
addresses lab { 198.51.100.0/25 2001:db8:1::/48 }
policy web {
	out allow to any tcp 80 443
	out allow to host udp 53
	publish tcp 8022 to 22
}
policy slow {
	rate up 20mbit
	out allow to lab
	connections 10
}
policy fast {
	out allow
}
session alice     veth web
session bob       veth fast
session carol     veth slow
session dave      loopback private
session erin      loopback
session *         host'
add_user erin 1005
before=$(fingerprint)
both netnsctl explain bob
like "$OUT" "veth fast"$'\n'" *$file:17: " "explain looks at the file"
both netnsctl explain --active bob out tcp 198.51.100.10 81
like "$OUT" 'veth web.*refused.*/run/pam_netns/active.conf:[0-9]+: out deny to lab' \
	"and --active at what is in force"
both as_nobody netnsctl explain --active bob
is "$STATUS $OUT" "1 " "which is root's to read"
like "$ERR" 'explain --active needs root' "as is said"

both netnsctl check --diff
diff=$OUT
is "$STATUS $ERR" "1 " "check --diff: there are differences"
wanted="settings:
+ set linger 5m  ($file:1)
addresses lab:
- 198.51.100.0/24
+ 198.51.100.0/25  ($file:2)
policy web:
- out allow to any tcp 80
- out deny to lab
- publish udp 8053
+ out allow to any tcp 80 443  ($file:4)
+ out allow to host udp 53  ($file:5)
policy slow:
- rate up 10mbit
+ rate up 20mbit  ($file:9)
+ connections 10  ($file:11)
policy fast (new):
+ out allow  ($file:14)
session lines:"
# Lines may come in another order, as long as none is missing and all are in theirs.
sorted_sections()
{
	awk '/:$/ { section = $0 } { print section "|" $0 }' | sort
}
got=$(sed '/^session lines:$/q' <<<"$diff")
is "$(sorted_sections <<<"$got")" "$(sorted_sections <<<"$wanted")" "settings, lists and policies"
like "$diff" $'- session alice,1001,bob,1002 veth web\n' "the line that goes"
like "$diff" "\+ session bob veth fast  \($file:17\)" "and one that comes"
users=$(sed '1,/^session lines:$/d; /^[-+] /d' <<<"$diff")
is "$users" "alice: other rules, at once
alice: other ports are published, at once
bob: veth fast, at once
bob: other ports are published, at once
carol: other rules, at once
carol: rate up 20mbit instead of rate up 10mbit, at once
carol: connections 10 instead of no limit, at once
dave: loopback private instead of loopback from the next login on
erin: loopback instead of host from the next login on" "and for whom"
both netnsctl reload --dry-run
is "$STATUS $OUT" "0 $diff" "reload --dry-run says the same"
is "$(fingerprint)" "$before" "and nothing has changed"
both netnsctl check
is "$STATUS$OUT" 0 "check alone means what it did"
cp $file "$WORK/draft.conf"
both netnsctl check --diff "$WORK/draft.conf"
is "$STATUS" 1 "a draft is compared with what is in force"
both netnsctl reload
is "$STATUS $OUT" "0 bob: veth fast, at once
dave: loopback private instead of loopback from the next login on" "a reload does what was said"
unlike "$(grep -vxF "$OUT" <<<"$users")" 'veth|private' "in the same words"
both netnsctl check --diff
is "$STATUS$OUT" 0 "and then there is no difference"

note "what is refused"
conf -k 'set pool4 100.127.0.0/16
policy web {
	out allow to any tcp 80
}
session alice,bob,carol veth web'
both netnsctl reload --dry-run
is "$STATUS $OUT" "1 " "a pool that is in use"
like "$ERR" 'the pools cannot be changed while users have addresses' "as by reload"
conf -k 'session alice loopback
nonsense'
both netnsctl reload --dry-run
is "$STATUS $OUT" "1 " "reload --dry-run: an error is 1"
like "$ERR" 'netns.conf:2:1: error' "which is shown"
both netnsctl check --diff
is "$STATUS $OUT" "2 " "check --diff: an error is 2"
both netnsctl check
is "$STATUS" 1 "and for check it is 1"
both netnsctl check --diff /nonesuch
is "$STATUS" 2 "check --diff: no file"
both as_nobody netnsctl check --diff
is "$STATUS" 2 "check --diff: without root"
like "$ERR" 'needs root' "what it needs"
both as_nobody netnsctl reload --dry-run
is "$STATUS" 1 "reload --dry-run: without root"
both netnsctl check --diff --dump
is "$STATUS" 2 "one thing only"
both netnsctl reload --dry-run --log
is "$STATUS" 2 "nothing is logged by a dry run"
conf -k 'session alice loopback'
fails "output that is closed" sh -c 'netnsctl reload --dry-run >&-'
fails "a full disk" sh -c 'netnsctl check --diff >/dev/full'
both netnsctl reload --dry-run
like "$OUT" 'alice: cut off at once' "who is cut off"
like "$OUT" $'policy web \(gone\):\n- ' "what goes"
both netnsctl reload --dry-run /etc/security/other.conf
is "$STATUS" 1 "another file that is not there"
printf '%s\n' 'session alice loopback' >/etc/security/other.conf
both netnsctl reload --dry-run /etc/security/other.conf
like "$STATUS $OUT" '^0 nothing is in force now' "another file is compared with what it was"
ok "as before" test ! -e /run/pam_netns/active-etc-security-other.conf.conf

conf -k 'session * host'
ok "nobody is confined" netnsctl reload
for user in alice bob carol dave; do
	logout $user
	is $? 0 "$user logs out"
done
no_debris
done_testing
