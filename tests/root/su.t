#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# su moves between networks, and whoever calls it cannot get in the way: the
# module runs with the caller's real uid, on the caller's terminal.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
in_sandbox "$@"
install_product

conf 'session root              host
session @wheel            host
session dave via su,su-l  stay
session alice,bob,dave    loopback'
for service in su su-l; do
	pam_stack $service 'session required pam_netns.so'
done
host=$(host_netns)

#
# From the host
#

for su in 'su' 'su -'; do
	# shellcheck disable=SC2086
	hold alice $su alice -c "$SELF_NETNS; read -r _"
	alice=$(held alice)
	isnt "$alice" "$host" "$su alice: not in the host's network"
	is "$($su alice -c "$SELF_NETNS")" "$alice" "$su alice: again, the same"
	isnt "$($su bob -c "$SELF_NETNS")" "$alice" "$su bob: another one"
	isnt "$($su bob -c "$SELF_NETNS")" "$host" "$su bob: not the host's"
	is "$($su carol -c "$SELF_NETNS")" "$host" "$su carol: the host's"
	is "$($su root -c "$SELF_NETNS")" "$host" "$su root: the host's"
	is "$($su dave -c "$SELF_NETNS")" "$host" "$su dave: he stays where root is"
	is "$($su alice -c 'ls -l /proc/self/fd' | grep -E "$LEAKS|socket:")" "" \
		"$su alice: no descriptor of ours"
	release alice
	no_debris "$su: nothing is left"
done

#
# From alice's session
#

# as_alice COMMAND: in a session of hers.
as_alice()
{
	su alice -c "$1"
}

hold alice su alice -c "$SELF_NETNS; read -r _"
hold bob su bob -c "$SELF_NETNS; read -r _"
alice=$(held alice)
bob=$(held bob)
for su in 'su' 'su -'; do
	is "$(as_alice "$su bob -c '$SELF_NETNS'")" "$bob" "alice: $su bob leads to his network"
	is "$(as_alice "$su alice -c '$SELF_NETNS'")" "$alice" "alice: $su alice to hers"
	is "$(as_alice "$su carol -c '$SELF_NETNS'")" "$host" "alice: $su carol to the host's"
	is "$(as_alice "$su root -c '$SELF_NETNS'")" "$host" "alice: $su root too"
	is "$(as_alice "$su dave -c '$SELF_NETNS'")" "$alice" "alice: $su dave stays in hers"
	is "$(as_alice "$su bob -c true; $SELF_NETNS")" "$alice" "alice: after $su bob she is back"
	is "$(as_alice "$su bob -c '$su alice -c \"$SELF_NETNS\"'")" "$alice" \
		"alice: $su bob, $su alice leads back to hers"
	is "$(as_alice "$su bob -c 'ls -l /proc/self/fd'" | grep -E "$LEAKS|socket:")" "" \
		"alice: $su bob inherits no descriptor of ours"
done
fails "she cannot join bob's network" \
	as_alice "nsenter --net=/proc/$(pgrep -u bob | head -n 1)/ns/net true"
fails "nor the host's" as_alice 'nsenter --net=/proc/1/ns/net true'

#
# Alice against the helper
#

# One that never answers: time enough to look.  To be alice, not by PAM.
use_bad_helper hang
be_alice()
{
	setpriv --reuid alice --regid alice --init-groups "$@"
}
helper_state()
{
	ps -o state= -C netns-helper
}

SECONDS=0
be_alice su bob -c "$SELF_NETNS" >"$WORK/su.out" 2>&1 &
su=$!
wait_for 5 helper_state
helper=$(pgrep -x netns-helper)
is "$(ps -o ruid=,euid=,suid= -p "$helper" | tr -s ' ')" " 0 0 0" "su's helper is root's by all its uids"
for signal in STOP TSTP INT TERM KILL; do
	fails "alice cannot send it SIG$signal" be_alice bash -c "kill -$signal $helper"
	like "$OUT" "not permitted" "for lack of permission"
done
fails "nor change its priority" be_alice renice 19 "$helper"
fails "nor trace it" be_alice strace -p "$helper"
fails "nor see what it has open" be_alice ls "/proc/$helper/fd"
wait $su
isnt $? 0 "su bob fails in the end"
ok "within 6 s" test $SECONDS -le 6
unlike "$(cat "$WORK/su.out")" "^$host$" "and not in the host's network"
ok "the helper is gone" wait_for 1 is_gone "$helper"

# How late a time-out may be is the user's to say, by prctl(2) as well.
SECONDS=0
run timeout -s KILL 20 setpriv --reuid alice --regid alice --init-groups \
	sh -c "echo 4000000000000000000 >/proc/self/timerslack_ns; exec su bob -c '$SELF_NETNS'"
isnt "$STATUS" 0 "with time-outs that are late su bob fails, too"
ok "within 6 s" test $SECONDS -le 6
pkill -KILL -x netns-helper

# at_terminal KEY [PATTERN TEXT]...: types KEY while su waits for the helper.
at_terminal()
{
	local key=$1

	shift
	# The quotes keep the marks out of the echo of the command itself.
	ptydo -t 20 setpriv --reuid alice --regid alice --init-groups bash --norc -i -- \
		'$ ' "(until pgrep -x netns-helper; do :; done; echo HEL''PER) & su bob -c '$SELF_NETNS'; echo EN''D^M" \
		HELPER "$key" "$@" END 'exit^M' >"$WORK/pty" 2>&1 &
	pty=$!
	wait_for 5 grep -q HELPER "$WORK/pty"
}

at_terminal '^Z' Stopped 'fg^M'
helper=$(pgrep -x netns-helper)
is "$(ps -o tty= -p "$helper")" "?" "the helper has no terminal"
isnt "$(ps -o sess= -p "$helper")" "$(ps -o sess= -C su)" "and is not in su's session"
wait_for 8 grep -q Stopped "$WORK/pty"
wait $pty
like "$(cat "$WORK/pty")" "Stopped.*END" "Ctrl-Z stops su when it is done with the helper"
unlike "$(cat "$WORK/pty")" "(^|[^0-9])$host([^0-9]|$)" "and does not lead to the host's network"
ok "the helper is gone" wait_for 1 is_gone "$helper"

at_terminal '^C'
helper=$(pgrep -x netns-helper)
wait $pty
unlike "$(cat "$WORK/pty")" "(^|[^0-9])$host([^0-9]|$)" "nor does Ctrl-C"
ok "the helper is gone" wait_for 1 is_gone "$helper"
use_good_helper

# Many su of which some are stopped and some are killed, at whatever moment.
be_alice bash -c 'for i in {1..40}; do
		su bob -c "stat -Lc %i /proc/self/ns/net" &
		for ((n = 0; n < i * 200; n++)); do :; done
		if ((i % 2)); then kill -STOP $!; else kill -KILL $!; fi
		pkill -STOP -x netns-helper
		pkill -KILL -x netns-helper
	done' >"$WORK/attack" 2>/dev/null
SECONDS=0
is "$(su bob -c "$SELF_NETNS")" "$bob" "while forty su hang or are dead, bob gets his network"
ok "at once" test $SECONDS -le 1
is "$(grep -v "^$bob$" "$WORK/attack")" "" "no su has led elsewhere"
pkill -CONT -x su
pkill -KILL -x su
release alice
release bob
no_debris_swept

done_testing
