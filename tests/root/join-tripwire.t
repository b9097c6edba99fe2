#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The tripwire and join: whom a line confines has no business in the host's
# network, by name from the reload on, by group while logged in.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/vpn.sh
. "$TOP/tests/vpn.sh"
in_sandbox "$@"
install_product

sandbox_net
make_far
make_vpn
for service in pamdo cron; do
	pam_stack $service 'session required pam_netns.so'
done
in_peer peer1 "$TOP/tests/probe" serve peer1 80 >"$WORK/peer1" &
wait_for 5 grep -q ready "$WORK/peer1" || abort "no server in peer1"
joined=/run/pam_netns/joined

lines='tcp 198.51.100.10 80
udp 198.51.100.10 80
tcp 2001:db8:1::10 80
udp 2001:db8:1::10 80'
# What the four lines say to a socket in the host's network.
free='peer1 192.0.2.2
peer1 192.0.2.2
peer1 2001:db8::2
peer1 2001:db8::2'
stopped='prohibited
stopped
prohibited
stopped'

# as USER CMD...: in the host's network, by no session.
as()
{
	local user=$1

	shift
	setpriv --reuid "$user" --regid "$user" --init-groups -- "$@"
}

# is_free USER NAME, is_stopped USER NAME
is_free()
{
	is "$(as "$1" "$TOP/tests/probe" ask <<<"$lines")" "$free" "$2"
}

is_stopped()
{
	is "$(as "$1" "$TOP/tests/probe" ask <<<"$lines")" "$stopped" "$2"
}

# login USER [SERVICE]: a session that has a process of the user's.
login()
{
	local name=$1${2-}

	hold "$name" pamdo -s "${2-pamdo}" -u "$1" open run 'read -r _' close
	wait_for 5 pgrep -u "$1" -x sh >"$WORK/pid" || abort "$1 does not log in"
}

# As if nothing had been seen for a long time.
much_later()
{
	touch -d @1 $joined/*
}

sweep()
{
	netnsctl sweep >"$WORK/sweep" 2>&1
}

conf 'session dave    join vpn0
session carol    host
session @students join vpn0
session *         host'
is_free alice "nothing is loaded yet: a student reaches the world from the host's network"
netnsctl reload

is_stopped dave "by name: at once"
is_free carol "another one is free"
is_free alice "by group: a student is free as long as nobody has looked up the group"
login dave
fails "dave, whom the table knows, is noted nowhere" test -e $joined
release dave
login alice
is_stopped alice "alice logs in: she is not free any more"
is "$(ls $joined)" 1001 "which is noted"
is_free bob "another student is"

sweep
is_stopped alice "a sweep while she is there changes nothing"
much_later
sweep
is_stopped alice "nor does one much later"
netnsctl reload
is_stopped alice "nor a reload"
nft flush ruleset
netnsctl reload
is_stopped alice "nor that the firewall was flushed, and loaded again"

release alice
is_stopped alice "she logs out: it stays"
sweep
is_stopped alice "and after a sweep, which may have come too early"
much_later
login alice
sweep
is_stopped alice "she logs in again: it was not too late"
release alice
much_later
sweep
is_free alice "she logs out, and a later sweep lets her go"
fails "and leaves no note" test -e $joined

note "sessions of her own network beside"
conf 'session @students via cron loopback
session @students join vpn0
session * host'
netnsctl reload
login alice
login alice cron
is_stopped alice "with both"
release alicecron
no_namespace()
{
	[ -z "$(ls /run/pam_netns/ns)" ]
}
ok "the loopback one goes with its namespace" wait_for 6 no_namespace
is_stopped alice "and she still is not free"
login alice cron
release alice
much_later
sweep
is_stopped alice "it is the same the other way round"
release alicecron
ok "her namespace goes" wait_for 6 no_namespace
much_later
sweep
is_free alice "and a later sweep lets her go"

note "a link and loopback, neither of them joined"
conf 'set pool4 100.64.0.0/16
set pool6 fd6e:6574:6e73::/64
policy p {
	dns none
}
session @students via cron veth p
session @students loopback
session * host'
netnsctl reload
has_no_link()
{
	! ip link show nu1002
}
for second in cron ''; do
	first=$([ "$second" ] || echo cron)
	# shellcheck disable=SC2086 # no service is the usual one
	login bob $first
	# shellcheck disable=SC2086
	login bob $second
	is_stopped bob "with both"
	release bobcron
	ok "the link goes" wait_for 6 has_no_link
	is_stopped bob "and he still is not free"
	release bob
	wait_for 6 no_namespace
	much_later
	sweep
	is_free bob "he logs out, and a later sweep lets him go"
	fails "and leaves no note" test -e $joined
done

note "by name, where the table knows nobody: a stack has an exempt group"
pam_stack other 'session required pam_netns.so exempt_group=wheel'
conf 'session dave join vpn0
session * host'
netnsctl reload
is_free dave "free until he logs in"
login dave
is_stopped dave "and not then"
release dave
much_later
sweep
is_free dave "he logs out, and a later sweep lets him go"
sed -i '/^#exempt/d' /run/pam_netns/active.conf
login dave
is_stopped dave "nor where an older version has written what is in force"
release dave
much_later
sweep

rm /etc/pam.d/other
netnsctl reload
pam_stack other 'session required pam_netns.so exempt_group=wheel'
conf -k 'session'
nft flush ruleset
fails "the group comes when the file has mistakes and the table is away" netnsctl reload
login dave
is_stopped dave "what was in force is put back as it was: not while he is logged in"
release dave
much_later
sweep
is_stopped dave "nor before and after"
conf -k 'session dave join vpn0
session * host'
netnsctl reload
rm /etc/pam.d/other
conf -k 'session'
nft flush ruleset
fails "the same when the group goes" netnsctl reload
is_free dave "he is free"
login dave
is_stopped dave "and not while he is logged in"
release dave
much_later
sweep

note "she leaves the group"
conf 'session @students via cron loopback
session @students join vpn0
session * host'
netnsctl reload
login alice
is_stopped alice "a student"
sed -i '/^students:/s/alice,//' /etc/group
netnsctl reload
is_free alice "after the next reload she is none"
release alice
much_later
sweep
fails "and nothing is left" test -e $joined
no_debris

done_testing
