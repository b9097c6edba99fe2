#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What runs when nobody looks: jobs of cron and at, with the mail that they send,
# in networks of their own if the configuration says so; and terminal
# multiplexers, which stay where they were started.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/doors.sh
. "$(dirname "$0")/../doors.sh"
# shellcheck source=tests/topology.sh
. "$(dirname "$0")/../topology.sh"
in_sandbox "$@"
install_product

wide_net
machine_stacks
sed -i '/^@include common-session-noninteractive/i session required pam_netns.so' /etc/pam.d/cron /etc/pam.d/atd
pam_stack su 'session required pam_netns.so'
pam_stack pamdo 'session required pam_netns.so'
conf 'policy web {
	out allow to any tcp 8000
}
session root                host
session alice via cron,atd  loopback private
session alice               loopback
session bob                 veth web
session *                   host'
ok "the configuration is loaded" netnsctl reload
host=$(host_netns)
open_doors

#
# Jobs have a network of their own, and what they print is mailed: by cron from
# it, by atd when it has closed the session, as pam_netns(8) says
#

# The mail program says where it is.
cat >/usr/sbin/sendmail <<'EOT'
#!/bin/sh
cat >/dev/null
stat -Lc %i /proc/self/ns/net >"/tmp/mail.$$"
mv "/tmp/mail.$$" /tmp/mail
EOT
chmod 755 /usr/sbin/sendmail
cat >/usr/local/bin/look-later <<'EOT'
#!/bin/sh
/usr/local/bin/look >"/tmp/look.$$"
mv "/tmp/look.$$" "/tmp/look.$(id -un)"
echo output
EOT

hold alice pamdo -u alice open ns sleep-for-stdin close
alice=$(sed -n 's/^ns //p' "$WORK/alice.out")
hold bob pamdo -u bob open ns sleep-for-stdin close
bob=$(sed -n 's/^ns //p' "$WORK/bob.out")

# job_of DOOR USER: fills NS with where the job was, MAIL with where the mail.
job_of()
{
	rm -f /tmp/mail "/tmp/look.$2"
	if [ "$1" = cron ]; then
		cron_job "$2"
	else
		at_job "$2" >"$WORK/at" 2>&1
	fi
	wait_for 10 test -e "/tmp/look.$2" -a -e /tmp/mail
	NS=$(awk '{ print $2; exit }' "/tmp/look.$2")
	MAIL=$(cat /tmp/mail)
	[ "$1" != cron ] || stop_daemon cron
}
for name in cron at; do
	job_of $name alice
	isnt "$NS" "$host" "$name: alice's job is not in the host's network"
	isnt "$NS" "$alice" "  nor in that of her other sessions, by 'via'"
	isnt "$MAIL" "" "  its mail is sent"
	mail[0]=$MAIL
	job_of $name bob
	is "$NS" "$bob" "$name: bob's is in the network of his sessions"
	mail[1]=$MAIL
	job_of $name carol
	is "$NS $MAIL" "$host $host" "$name: carol's is in the host's, with its mail"
	case $name in
	cron)
		isnt "${mail[0]}" "$host" "  alice's mail is not sent from the host's network"
		is "${mail[1]}" "$bob" "  and bob's from his"
		;;
	at) is "${mail[*]}" "$host $host" "  atd sends it from the host's" ;;
	esac
done
job_of cron root
is "$NS $MAIL" "$host $host" "cron: root's, too"
like "$(ps -o comm= --ppid "$(cat /run/atd.pid)")" '^$' "no process of atd stays"

#
# Terminal multiplexers
#

# A server of bob's from before the line was there, and one of now.
setpriv --reuid bob --regid bob --init-groups env -C / HOME=/home/bob tmux -L old new-session -d
su bob -c 'cd; tmux -L new new-session -d'
# in_tmux SERVER COMMAND: asked for by a session of bob's.
in_tmux()
{
	rm -f ~bob/out
	su bob -c "tmux -L $1 new-window -d '{ $2; } >~/out.new 2>&1; mv ~/out.new ~/out'"
	wait_for 10 test -e ~bob/out
	cat ~bob/out
}
in_peer peer1 socat TCP6-LISTEN:8000,fork,reuseaddr,ipv6only=0 'SYSTEM:echo I am peer1' &
in_peer peer1 socat TCP6-LISTEN:8001,fork,reuseaddr,ipv6only=0 'SYSTEM:echo I am peer1' &
wait_for 5 sh -c "$(try_tcp 4 198.51.100.10 8001) | grep -q peer1"
is "$(in_tmux new "$SELF_NETNS")" "$bob" "tmux: what a session starts is in its network"
is "$(in_tmux new "$(try_tcp 4 198.51.100.10 8000)")" "I am peer1" "  and reaches what the policy allows"
is "$(in_tmux old "$SELF_NETNS")" "$host" "one that ran before stays where it was"
for to in '4 198.51.100.10' '6 [2001:db8:1::10]'; do
	for port in 8000 8001; do
		# shellcheck disable=SC2086 # two words
		unlike "$(in_tmux old "$(try_tcp $to $port)")" 'I am' "  but nothing that bob sends from there leaves: $to $port"
	done
done
like "$(sh -c "$(try_tcp 6 '[2001:db8:1::10]' 8001)")" 'I am peer1' "  while root's does"
su bob -c 'tmux -L new kill-server; tmux -L old kill-server'

#
# Nothing of ours is where others look for namespaces to join
#

is "$(cd /run/netns && echo *) " \
	"cloud intra peer1 peer2 uplink " "there is none of ours in /run/netns"
fails "alice cannot even look for them" su alice -c 'ls /run/pam_netns/ns'
release alice
release bob
shut_doors
no_debris_swept

done_testing
