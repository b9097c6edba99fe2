#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that call PAM in unusual ways, tests/pamdo.c: in any state of theirs
# the session is in its network or does not open, and close_session puts
# everything back.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
in_sandbox "$@"
install_product

conf 'session root     host
session @wheel   host
session alice    loopback
session bob      stay
session dave     loopback private'
for service in pamdo su; do
	pam_stack $service 'session required pam_netns.so'
done
host=$(host_netns)

# do_pam ACTION...: as alice's program.  Fills OUT; NS has the namespaces it told.
do_pam()
{
	run pamdo "$@"
	mapfile -t NS < <(sed -n 's/^ns //p' <<<"$OUT")
}

# refused_or_confined NAME: after "open ns"; a refusal leaves an empty network.
refused_or_confined()
{
	like "$OUT" '^(msg .*)?open [04] ' "$1: it opens or is refused"
	isnt "${NS[0]-}" "$host" "$1: never in the host's network"
}

# opens NAME: after "open ns".
opens()
{
	like "$OUT" 'open 0 Success' "$1: it opens"
	isnt "${NS[0]-}" "$host" "$1: and is in its network"
}

#
# Nothing but the network and the mounts changes, and close puts it back.
#

for user in alice bob carol dave root; do
	do_pam -u $user cwd / state open state close state end state
	mapfile -t states < <(grep ^state <<<"$OUT")
	without_ns=("${states[@]/ns:* uids/uids}")
	is "${states[2]-}" "${states[0]}" "$user: after close all is as before"
	is "${states[3]-}" "${states[0]}" "$user: and after the end"
	# Those that lead back are the module's only descriptors, and there only when
	# the way back is not to the host, or not to /.
	is "${without_ns[1]-}" "${without_ns[0]}" "$user: the session differs in these only"
done

do_pam -u alice unshare-net ns open ns close ns
opens "from another namespace"
isnt "${NS[1]-}" "${NS[0]-}" "from another namespace: into the session's"
is "${NS[2]-}" "${NS[0]-}" "and back again"
do_pam -u carol unshare-net ns open ns close ns
is "${NS[1]-}" "$host" "carol: from another namespace to the host's"
is "${NS[2]-}" "${NS[0]-}" "and back"
do_pam -u bob unshare-net ns open ns close ns
is "${NS[*]}" "${NS[0]} ${NS[0]} ${NS[0]}" "stay is to stay"

do_pam open ns close open ns close ns
is "$(grep -c 'open 0' <<<"$OUT")" 2 "it can be opened again"
isnt "${NS[1]-}" "$host" "the second time too"
is "${NS[2]-}" "$host" "and closed again"
do_pam close ns open ns close close ns
is "${NS[0]-}" "$host" "close without open does nothing"
is "${NS[2]-}" "$host" "nor does a second close"
no_debris "nothing is left of any of them"

# With one processor for all, the helper of open is still there when that of
# close looks who is inside.
one_cpu=$(taskset -cp $$ | sed 's/.*: //; s/[,-].*//')
closes_at_once()
{
	local n

	for n in {1..40}; do
		taskset -c "$one_cpu" pamdo open close
		wait_for 6 is_clean || return 1
	done
}
ok "a session that closes at once leaves nothing, forty times" closes_at_once

#
# Who closes, and who does not
#

do_pam open ns fork-end ns run "$SELF_NETNS" close ns
opens "pam_end in a child"
is "${NS[1]-}" "${NS[0]-}" "pam_end in a child: the session goes on"
like "$OUT" "(^|"$'\n'")${NS[0]-}"$'\n' "with its network"
is "${NS[2]-}" "$host" "and is closed by its owner"
no_debris

do_pam open ns fork-close ns
like "$OUT" 'close 0 ' "close in a child"
is "${NS[1]-}" "${NS[0]-}" "does not move the parent"
# The opener was still inside when its child closed, and went without a word.
no_debris_swept "what is left, a sweep removes"

do_pam open ns end ns
isnt "${NS[1]-}" "$host" "an end without a close does not lead back"
no_debris "but leaves nothing"

do_pam open ns drop close end
opens "close as the user"
like "$OUT" 'close 0 ' "close as the user: no error"
like "$OUT" 'end 0' "close as the user: no crash"
unlike "$OUT" 'msg error' "close as the user: no complaint"
no_debris_swept "what it could not remove, a sweep does"

hold killed pamdo open ns sleep-for-stdin
pin=$(ls /run/pam_netns/ns)
is "$pin" 1001 "a session is there"
pkill -KILL -x pamdo
release killed 2>/dev/null
isnt "$(pamdo open ns close | sed -n 's/^ns //p')" "$host" "killed: the next session is confined"
no_debris_swept "killed: a sweep leaves nothing"

#
# Threads: one would stay outside
#

do_pam thread open ns
like "$OUT" 'open 4 ' "a second thread: refused"
isnt "${NS[0]-}" "$host" "a second thread: sealed"
ok "a second thread: logged" grep -q 'thread' "$LOG"
no_debris

#
# Signals
#

for how in sigchld-ignore sigchld-reap block-signals alarms; do
	do_pam $how state open ns close state children
	opens $how
	is "$(grep -c ^state <<<"$(grep ^state <<<"$OUT" | sed 's/SigPnd:[0-9a-f]*//' | sort -u)")" 1 \
		"$how: all is as before"
	like "$OUT" 'children none' "$how: no child of ours is left to it"
done
do_pam sigchld-reap open run 'exit 7' close
like "$OUT" 'run (7|-1)' "its own children are still its own"
no_debris

#
# Descriptors, ids, directory
#

do_pam close-fds state open ns close state
opens "descriptors 0 to 2 closed"
is "$(grep ^state <<<"$OUT" | sort -u | wc -l)" 1 "descriptors 0 to 2 closed: and they stay so"
for n in {0..12}; do
	do_pam rlimit nofile=128 fill-fds "$n" open ns
	refused_or_confined "$n descriptors free"
done
do_pam rlimit nofile=128 fill-fds 30 open ns
opens "30 descriptors free"

do_pam ids 1001 state open ns run "$SELF_NETNS" close state
opens "real uid of another user"
is "$(grep ^state <<<"$OUT" | sort -u | wc -l)" 1 "real uid of another user: it keeps it"
mkdir -m 700 /tmp/a /tmp/a/b
do_pam cwd /tmp/a/b open ns run pwd close state
opens "a directory that is closed to the user"
like "$OUT" 'cwd:/tmp/a/b ' "and the program stays there"
no_debris

#
# Limits (su passes on those of its caller)
#

limits=(fsize=0 nofile=4 nofile=16 nofile=100 as=30000000 as=10000000 data=0 stack=16384 cpu=1 nproc=0
	nproc=1 core=0 memlock=0 sigpending=0)
for limit in "${limits[@]}"; do
	do_pam rlimit "$limit" open ns
	refused_or_confined "$limit"
done
for limit in fsize=0 core=0 cpu=1 nproc=1 memlock=0 sigpending=0; do
	do_pam rlimit "$limit" open ns close
	opens "$limit"
done
for limit in '-f 0' '-n 4' '-n 16' '-v 30000' '-t 1' '-s 16' '-u 1' '-c 0' '-l 0' '-i 0'; do
	# shellcheck disable=SC2016
	run setpriv --reuid bob --regid bob --init-groups bash -c "ulimit $limit"' &&
		exec su alice -c "stat -Lc %i /proc/self/ns/net"'
	unlike "$OUT" "(^|"$'\n'")$host($|"$'\n'")" "su under ulimit $limit: never the host's network"
done
no_debris_swept "nothing is left of any of them"

#
# Many at once
#

# session_of_many N: prints its namespace and waits for the others.
session_of_many()
{
	pamdo open ns system "echo >>$WORK/started; until [ -e $WORK/go ]; do sleep 0.05; done" close
}

started()
{
	[ "$(wc -l <"$WORK/started")" = 50 ]
}

rm -f "$WORK/started" "$WORK/go"
for n in {1..50}; do
	session_of_many >"$WORK/many.$n" &
	pids[n]=$!
done
ok "fifty sessions of alice open at once" wait_for 20 started
is "$(cat "$WORK"/many.* | grep -c 'open 0')" 50 "all of them"
is "$(cat "$WORK"/many.* | grep '^ns' | sort -u | wc -l)" 1 "in one namespace"
isnt "$(cat "$WORK"/many.* | sed -n 's/^ns //p' | sort -u)" "$host" "not the host's"
is "$(ls /run/pam_netns/ns)" 1001 "pinned once"
touch "$WORK/go"
wait "${pids[@]}"
is "$(cat "$WORK"/many.* | grep -c 'close 0')" 50 "and close at once"
no_debris

for n in {1..60}; do
	pamdo open ns close >"$WORK/many.$n" &
	pids[n]=$!
done
wait "${pids[@]}"
is "$(cat "$WORK"/many.* | grep -c '0 Success')" 120 "sixty short ones come and go"
is "$(cat "$WORK"/many.* | grep -cx "ns $host")" 0 "none in the host's network"
no_debris

done_testing
