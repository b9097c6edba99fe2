#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The administrator's command: each of its commands, what it refuses, and how the
# configuration gets from the file into force.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
in_sandbox "$@"
install_product

pam_stack pamdo 'session required pam_netns.so'
host=$(host_netns)
run_dir=/run/pam_netns
active=$run_dir/active.conf
file=/etc/security/netns.conf

# both CMD...: fills OUT (standard output), ERR (standard error) and STATUS.
both()
{
	OUT=$("$@" 2>"$WORK/err")
	STATUS=$?
	ERR=$(cat "$WORK/err")
}

# open_session NAME USER: stays until close_session NAME; NETNS is where.
open_session()
{
	hold "$1" pamdo -u "$2" open ns sleep-for-stdin close
	wait_for 5 grep -q '^ns' "$WORK/$1.out"
	NETNS=$(sed -n 's/^ns //p' "$WORK/$1.out")
}

close_session()
{
	release "$1"
	wait_for 5 sh -c '! pgrep -x netns-helper'
}

# place USER: "host", "confined" or "refused".
place()
{
	local out

	out=$(pamdo -u "$1" open ns close)
	case $out in
	*'open 0'*"ns $host"*) echo host ;;
	*'open 0'*) echo confined ;;
	*) echo refused ;;
	esac
}

# as_alice CMD...: without any privilege
as_alice()
{
	setpriv --reuid alice --regid alice --init-groups "$@"
}

# What a command that does nothing must leave as it was.
fingerprint()
{
	find "$run_dir" -printf '%p %m %u %s %i %T@\n' 2>&1 | sort
	md5sum "$active" 2>&1
}

#
# What it can be called like
#

note "help, version and usage"
commands='check reload unload status top explain exec sweep'
for word in --help -h help; do
	both netnsctl $word
	is "$STATUS" 0 "$word: exit status"
	is "$ERR" "" "$word: not on stderr"
	for command in $commands; do
		like "$OUT" "(^|"$'\n'")  $command " "$word: has $command"
	done
done
both netnsctl --version
is "$STATUS $ERR" "0 " "--version: exit status"
like "$OUT" '^netnsctl [0-9]+\.[0-9]+' "--version: it says"

usage()
{
	local name=$1 expected=$2

	shift 2
	both netnsctl "$@"
	is "$STATUS" 2 "$name: exit status"
	like "$ERR" "$expected" "$name: explained on stderr"
	is "$OUT" "" "$name: nothing on stdout"
}
usage "no command" "usage: netnsctl COMMAND"
usage "an empty command" "usage: netnsctl COMMAND" ""
usage "an unknown command" "unknown command 'chekc'" chekc
usage "an unknown option" "usage: netnsctl COMMAND" --nonesuch
for command in $commands; do
	usage "$command, an unknown option" "usage: netnsctl $command" "$command" --nonesuch
done
usage "check, two files" "usage: netnsctl check" check a b
usage "reload, two files" "usage: netnsctl reload" reload /a /b
usage "status, two users" "usage: netnsctl status" status alice bob
usage "sweep, an argument" "usage: netnsctl sweep" sweep now
usage "exec, no user" "usage: netnsctl exec" exec
usage "exec, no command" "usage: netnsctl exec" exec alice
usage "exec, no command after --" "usage: netnsctl exec" exec alice --
ok "none of them has made anything" test ! -e "$run_dir"

#
# check
#

note "check"
conf 'set linger 5s
session @students,dave  loopback
session alice via cron,ss* \
                        stay
session *               host'
both netnsctl check
is "$STATUS$OUT$ERR" 0 "a good file: nothing to say"
cp $file "$WORK/good.conf"
both netnsctl check "$WORK/good.conf"
is "$STATUS$OUT" 0 "FILE: another one"

both netnsctl check --dump
is "$STATUS $ERR" "0 " "--dump: exit status"
like "$OUT" '@901' "--dump: a group is a number"
like "$OUT" 'session alice,1001 via cron,ss\* stay' "--dump: a user has a number too"
echo "$OUT" >"$WORK/dump.conf"
both netnsctl check --dump "$WORK/dump.conf"
is "$STATUS $ERR" "0 " "--dump: it parses"
is "$OUT" "$(cat "$WORK/dump.conf")" "--dump: to itself"

printf '%s\n' 'session alice lopback' 'set linger' 'session @nosuchgroup loopback' >"$WORK/bad.conf"
both netnsctl check "$WORK/bad.conf"
is "$STATUS" 1 "errors: exit status"
is "$OUT" "" "errors: nothing on stdout"
like "$ERR" "bad\.conf:1:15: error: .*lopback.*loopback" "errors: the first"
like "$ERR" "bad\.conf:2:" "errors: and the second"
like "$ERR" $'\n    session alice lopback\n {18}\^' "errors: the line and a caret"
both netnsctl check --dump "$WORK/bad.conf"
is "$STATUS$OUT" 1 "errors: no dump"
echo 'session @nosuchgroup loopback' >"$WORK/bad.conf"
both netnsctl check "$WORK/bad.conf"
is "$STATUS" 1 "a group that does not exist is an error"
like "$ERR" "bad\.conf:1:9: error: .*nosuchgroup" "with its place"
printf '%s\n' 'session * host' 'session alice loopback' >"$WORK/bad.conf"
both netnsctl check "$WORK/bad.conf"
is "$STATUS$OUT" 0 "a warning is no error"
like "$ERR" "bad\.conf:2:[0-9]+: warning:" "but is shown"
both netnsctl check /nonexistent.conf
is "$STATUS$OUT" 1 "no such file: exit status"
like "$ERR" "/nonexistent.conf.*No such file" "no such file: which"
both netnsctl check /etc
is "$STATUS$OUT" 1 "a directory: exit status"
mkfifo "$WORK/fifo.conf"
both timeout 5 netnsctl check "$WORK/fifo.conf"
is "$STATUS$OUT" 1 "a FIFO: no waiting"
ok "check has made nothing" test ! -e "$run_dir"

#
# reload
#

note "reload"
conf 'session alice loopback'
both netnsctl reload
is "$STATUS$ERR" 0 "a good file"
like "$(cat $active)" 'session alice,1001 loopback' "it is in force, with numbers"
is "$(stat -c '%a %U %G' $run_dir $run_dir/ns $run_dir/lock $active)" \
	"$(printf '%s root root\n' 700 700 600 600)" "what it makes is root's only"
run as_alice flock -x $run_dir/lock sleep 99
like "$STATUS $OUT" "^[1-9].*Permission denied" "alice cannot take the lock"
fails "nor read what is in force" as_alice cat $active

before=$(fingerprint)
conf -k 'session alice lopback
set linger'
both netnsctl reload
is "$STATUS$OUT" 1 "a bad file: exit status"
like "$ERR" 'netns\.conf:1:15: error:.*netns\.conf:2:.*nothing was changed' "a bad file: what is wrong"
is "$(fingerprint)" "$before" "a bad file: nothing was changed"
clear_log
is "$(place alice)" confined "the last good configuration is in force"
ok "a line in the log says so" wait_for_log 'user alice: .*netns\.conf could not be loaded; the last good one is in force'
ok "another one why" wait_for_log 'netns\.conf:1:15: error:'
is "$(place bob)" host "for everybody"
is "$(fingerprint | grep active)" "$(grep active <<<"$before")" "and as it was"

for how in 'rm' 'chmod 666' 'chown alice' 'chmod 0'; do
	conf -k 'session alice host'
	netnsctl reload >/dev/null
	conf -k 'session alice loopback'
	netnsctl reload >/dev/null
	$how $file
	# Root reads what nobody may: mode 0 is no fault.
	[ "$how" = 'chmod 0' ] || {
		both netnsctl reload
		is "$STATUS" 1 "$how: not loaded"
		like "$ERR" "netns\.conf" "$how: which file"
	}
	is "$(place alice)" confined "$how: the last good one is in force"
	rm -f $file
done

both netnsctl reload relative.conf
is "$STATUS$OUT" 1 "FILE must be an absolute path"
like "$ERR" "absolute" "and that is said"
both netnsctl reload "/$(printf '%0300d' 0)"
is "$STATUS$OUT" 1 "a path that is too long"
like "$ERR" "too long" "is called so"

note "a login finds by itself what has changed"
conf 'session alice loopback'
is "$(place alice)" confined "at first"
conf -k 'session alice host'
is "$(place alice)" host "after an edit"
touch -r $file "$WORK/time"
conf -k 'session alice stay'
touch -r "$WORK/time" $file
is "$(pamdo unshare-net ns open ns | sort -u | grep -c ^ns)" 1 "of the same size and time"
sed 's/stay/loopback/' $file >$file.new
mv $file.new $file
is "$(place alice)" confined "and a new file in its place"
rm -f $active
is "$(place alice)" confined "and with nothing loaded"

conf 'include netns.d/*.conf
include /etc/security/more.conf
session * host'
mkdir -p /etc/security/netns.d
echo 'session bob loopback' >/etc/security/more.conf
is "$(place alice) $(place bob)" "host confined" "one file is included"
echo 'session alice loopback' >/etc/security/netns.d/20.conf
is "$(place alice) $(place bob)" "confined confined" "a second one is added"
echo 'session alice stay' >/etc/security/netns.d/10.conf
is "$(place alice)" host "a third one before it"
echo 'session alice loopback' >/etc/security/netns.d/10.conf
is "$(place alice)" confined "is edited"
echo 'session bob stay' >/etc/security/more.conf
is "$(place alice) $(place bob)" "confined host" "and the first one"
echo 'session alice stay' >/etc/security/netns.d/20.conf
rm /etc/security/netns.d/10.conf
is "$(place alice)" host "the third one is removed"
mv /etc/security/netns.d /etc/security/was.d
is "$(place alice)" host "the directory too"
mv /etc/security/was.d /etc/security/netns.d
echo 'session alice loopback' >/etc/security/netns.d/20.conf
is "$(place alice)" confined "and is back"
rm -r /etc/security/netns.d /etc/security/more.conf

conf 'session @students loopback'
is "$(place alice)" confined "a group"
sed -i 's/^students:x:901:/students:x:905:/' /etc/group
is "$(place alice)" confined "gets another number"
like "$(cat $active)" '@905' "which is in force then"
sed -i 's/^students:x:905:alice,bob$/students:x:905:bob/' /etc/group
is "$(place alice) $(place bob)" "host confined" "and loses a member"
sed -i 's/^students:x:905:bob$/students:x:901:alice,bob/' /etc/group

note "many logins at once"
conf 'session alice loopback'
netnsctl reload >/dev/null
conf -k 'session alice,bob loopback'
clear_log
for n in {1..20}; do
	pamdo -u bob open ns close >"$WORK/many.$n" 2>&1 &
	pids[n]=$!
done
wait "${pids[@]}"
is "$(cat "$WORK"/many.* | grep -c 'open 0')" 20 "twenty logins after an edit: all open"
is "$(cat "$WORK"/many.* | grep -cx "ns $host")" 0 "by the new text"
loaded=$(grep -c 'is in force$' "$LOG")
ok "which is loaded once or a few times, not twenty: $loaded" test "$loaded" -ge 1 -a "$loaded" -le 3
no_debris

note "what a reload changes for those who are there"
conf 'session alice,bob,carol loopback'
open_session a alice
open_session b bob
conf -k 'session alice host
session bob  loopback private
session carol stay'
both netnsctl reload
is "$STATUS$ERR" 0 "it is loaded"
like "$OUT" '(^|'$'\n'')alice: host instead of loopback' "alice is named"
like "$OUT" '(^|'$'\n'')bob: loopback private instead of loopback' "so is bob"
unlike "$OUT" carol "carol, who is not there, is not"
both netnsctl reload
is "$STATUS$OUT$ERR" 0 "once more: nothing changes"
conf -k 'session alice via cron stay
session alice          host
session bob            loopback private'
both netnsctl reload
is "$STATUS$ERR" 0 "a line with via, for somebody who is there"
conf -k 'session alice,bob,carol loopback'
netnsctl reload >/dev/null
is "$(pamdo -u alice open ns close | sed -n 's/^ns //p')" \
	"$(sed -n 's/^ns //p' "$WORK/a.out")" "and back: the same network"
close_session a
close_session b
no_debris

#
# status
#

note "status"
conf 'session alice,bob,dave,huge loopback
session carol                host'
both netnsctl status
is "$STATUS$ERR" 0 "nobody: exit status"
is "$(wc -l <<<"$OUT")" 1 "nobody: only the head of the table"
both netnsctl status --json
is "$STATUS$ERR" 0 "nobody, --json: exit status"
is "$(jq -c . <<<"$OUT")" "[]" "nobody, --json: an empty list"
mv $run_dir $run_dir.away
both netnsctl status --json
is "$STATUS$ERR$(jq -c . <<<"$OUT")" '0[]' "no runtime directory: the same"
ok "and none is made" test ! -e $run_dir
mv $run_dir.away $run_dir

open_session a alice
alice=$NETNS
open_session a2 alice
open_session d dave
dave=$NETNS
open_session h huge
open_session c carol
sed -i '/^dave:/d' /etc/passwd
both env COLUMNS=120 netnsctl status
is "$STATUS$ERR" 0 "three: exit status"
is "$(wc -l <<<"$OUT")" 4 "three: a line each"
like "$OUT" '(^|'$'\n'')USER +UID +NETWORK +IPV4 +IPV6 +SESS +PROC .* AGE('$'\n''|$)' "three: the head"
like "$OUT" '('$'\n'')alice +1001 +loopback +- +- +2 +2 .* [0-9]+s('$'\n''|$)' "alice, with two sessions"
like "$OUT" '('$'\n'')#1004 +1004 +loopback +- +- +1 +1 ' "dave, whose account is gone"
like "$OUT" '('$'\n'')huge +3000000000 +loopback +- +- +1 +1 ' "huge, with a large uid"
unlike "$OUT" 'carol' "not carol, who is in the host's network"
is "$(awk 'NR > 1 { print $2 }' <<<"$OUT")" "$(printf '%s\n' 1001 1004 3000000000)" "in the order of uids"

both netnsctl status alice
is "$STATUS$ERR$(head -n 1 <<<"$OUT")" '0alice (uid 1001)' "USER: that one only"
both netnsctl status 1001
is "$(head -n 1 <<<"$OUT")" 'alice (uid 1001)' "USER: by uid"
both netnsctl status 1004
is "$STATUS$(head -n 1 <<<"$OUT")" '0#1004 (uid 1004)' "USER: the uid of somebody who is gone"
both netnsctl status bob
is "$STATUS$ERR$OUT" '0bob has no network namespace now' "USER: bob, who is not there"
both netnsctl status --json bob
is "$STATUS$(jq -c . <<<"$OUT")" "0[]" "USER: and as JSON"
for user in dave nosuchuser 4294967295 99999999999 -1 1001x ''; do
	both netnsctl status -- "$user"
	is "$STATUS$OUT" 1 "USER: '$user' is nobody"
	like "$ERR" "no such user: $user" "USER: and that is said"
done

both netnsctl status --json
is "$STATUS$ERR" 0 "--json: exit status"
is "$(jq -r 'map(.uid) | @csv' <<<"$OUT")" 1001,1004,3000000000 "--json: everybody"
is "$(jq -c '[.[] | keys] | unique' <<<"$OUT")" \
	'[["bytes_in","bytes_out","connections","denied","ipv4","ipv6","mode","netns","packets_in","packets_out","policy","processes","rate_in","rate_out","sessions","since","uid","user"]]' \
	"--json: the fields"
is "$(jq -c '[.[] | map_values(type)] | unique | map([.mode, .netns, .processes, .since, .uid, .user])' <<<"$OUT")" \
	'[["string","number","number","number","number","null"],["string","number","number","number","number","string"]]' \
	"--json: their types"
is "$(jq -c '.[0] | [.user, .uid, .mode, .netns, .processes]' <<<"$OUT")" \
	"[\"alice\",1001,\"loopback\",$alice,2]" "--json: alice"
is "$(jq -c '.[1] | [.user, .uid, .netns]' <<<"$OUT")" "[null,1004,$dave]" "--json: dave has no name"
now=$(date +%s)
# shellcheck disable=SC2016 # jq's variable
ok "--json: since is a time" \
	jq -e --argjson now "$now" 'all(.[]; .since <= $now and .since > $now - 300)' <<<"$OUT"
both netnsctl status --json alice
is "$(jq -c 'map(.user)' <<<"$OUT")" '["alice"]' "--json USER: that one only"

#
# exec
#

note "exec"
both netnsctl exec alice -- stat -Lc %i /proc/self/ns/net
is "$STATUS$ERR $OUT" "0 $alice" "the command is in the user's network"
is "$(netnsctl exec alice stat -Lc %i /proc/self/ns/net)" "$alice" "also without --"
is "$(netnsctl exec 1001 -- stat -Lc %i /proc/self/ns/net)" "$alice" "by uid"
is "$(netnsctl exec 1004 -- stat -Lc %i /proc/self/ns/net)" "$dave" "of somebody whose account is gone"
is "$(netnsctl exec alice -- id -u)" 0 "as root"
is "$(netnsctl exec alice -- printf '<%s>' 'a b' '' '*' -- -x)" '<a b><><*><--><-x>' \
	"its arguments arrive as they are"
is "$(echo text | netnsctl exec alice -- cat)" text "and its input"
both netnsctl exec alice -- sh -c 'exit 7'
is "$STATUS" 7 "its exit status is ours"
# shellcheck disable=SC2016 # its own process id
both netnsctl exec alice -- sh -c 'kill -TERM $$'
is "$STATUS" 143 "so is its signal"
netnsctl exec alice -- sleep 77 &
pid=$!
wait_for 5 pgrep -x sleep >/dev/null
kill -TERM $pid
wait $pid 2>/dev/null
is $? 143 "and what is sent to us is sent to it"
is "$(netnsctl exec alice -- sh -c 'ls -l /proc/$$/fd' | grep -E "$LEAKS")" "" "no descriptor of ours is open in it"
both netnsctl exec alice -- /nonexistent
is "$STATUS$OUT" 1 "a command that does not exist"
like "$ERR" "netnsctl: .*/nonexistent: No such file" "is named"
for user in bob carol; do
	both netnsctl exec $user -- touch "$WORK/oops"
	is "$STATUS$OUT" 1 "$user has no network of his own: exit status"
	like "$ERR" "$user has no network namespace" "$user has no network of his own: said"
done
both netnsctl exec nosuchuser -- touch "$WORK/oops"
is "$STATUS$OUT" 1 "nor has who does not exist"
like "$ERR" "no such user: nosuchuser" "and that is said"
both netnsctl exec dave -- touch "$WORK/oops"
like "$STATUS$ERR" "^1netnsctl: no such user: dave" "a name that is gone needs its number"
ok "nothing was run" test ! -e "$WORK/oops"

for name in a a2 d h c; do
	close_session $name
done
echo 'dave:x:1004:1004::/home/dave:/bin/sh' >>/etc/passwd
no_debris

#
# sweep
#

note "sweep"
both netnsctl sweep
is "$STATUS$ERR $OUT" "0 0 removed" "nothing to do"
open_session a alice
open_session b bob
pkill -KILL -P "${HOLD_PID[a]}"
release a 2>/dev/null
both netnsctl sweep
is "$STATUS$ERR $OUT" "0 1 removed" "after a kill: one"
is "$(ls $run_dir/ns)" 1002 "and not bob's, who is there"
both netnsctl sweep
is "$STATUS$ERR $OUT" "0 0 removed" "once"
close_session b
no_debris

conf 'set linger 1h
session alice loopback'
open_session a alice
alice=$NETNS
close_session a
both netnsctl sweep
is "$STATUS$ERR $OUT" "0 0 removed" "linger: kept for an hour"
is "$(ls $run_dir/ns)" 1001 "linger: it is there"
is "$(netnsctl status --json | jq -c 'map([.user, .processes])')" '[["alice",0]]' "linger: with nobody in it"
for fault in openat:error=EMFILE read:error=EIO; do
	fails "linger: a sweep that cannot read how long, $fault" \
		strace -f -o /dev/null -P $run_dir/active.conf -P active.conf -e inject=$fault netnsctl sweep
	is "$(ls $run_dir/ns)" 1001 "linger: it is there"
done
open_session a alice
is "$NETNS" "$alice" "linger: she finds it again"
ok "linger: and is not thought of as gone" test ! -e $run_dir/idle/1001
close_session a
conf -k 'set linger 0s
session alice loopback'
netnsctl reload >/dev/null
both netnsctl sweep
is "$STATUS$ERR $OUT" "0 1 removed" "no linger any more: removed"
ok "no mark is left of it" test ! -e $run_dir/idle/1001
no_debris

#
# Without privilege
#

note "as alice"
conf 'session alice loopback'
open_session a alice
before=$(fingerprint)
for arguments in reload status 'status alice' 'status --json' top "exec alice -- touch $WORK/oops" sweep \
	'reload --if-changed --log'; do
	# shellcheck disable=SC2086 # words
	both as_alice netnsctl $arguments
	is "$STATUS$OUT" 1 "$arguments: exit status"
	like "$ERR" "netnsctl: ${arguments%% *} needs root" "$arguments: what is missing"
done
is "$(fingerprint)" "$before" "nothing has changed"
ok "nothing was run" test ! -e "$WORK/oops"
both as_alice netnsctl check
is "$STATUS$OUT$ERR" 0 "but anybody may check what he may read"
chmod 600 $file
both as_alice netnsctl check
is "$STATUS$OUT" 1 "and not what he may not"
like "$ERR" "netns\.conf.*Permission denied" "for that reason"
both as_alice netnsctl --help
is "$STATUS$ERR" 0 "and ask for help"
close_session a

#
# Output that goes nowhere
#

note "no standard output"
conf 'session alice loopback'
netnsctl reload >/dev/null
open_session a alice
for arguments in --help --version 'check --dump' status 'status --json' sweep; do
	for where in /dev/full '&-'; do
		# shellcheck disable=SC2086 # words
		if [ "$where" = '&-' ]; then
			netnsctl $arguments 2>"$WORK/err" >&-
		else
			netnsctl $arguments 2>"$WORK/err" >/dev/full
		fi
		is $? 1 "$arguments >$where: exit status"
		like "$(cat "$WORK/err")" "netnsctl: cannot write" "$arguments >$where: said"
	done
done
close_session a
netnsctl check "$WORK/good.conf" >&-
is $? 0 "who says nothing does not miss it"

# The lowest descriptors are then what it opens first.
conf -k 'session alice lopback'
netnsctl reload <&- >&- 2>&-
is $? 1 "no descriptors at all: exit status"
is "$(stat -c %s $run_dir/lock)" 0 "what it says does not go to the lock file"
conf -k 'session alice loopback'
netnsctl reload <&- >&- 2>&-
is $? 0 "no descriptors at all: a good file is loaded"
is "$(grep -v '^#' $active)" "session alice,1001 loopback" "and nothing else is in it"

#
# conf=
#

note "a service with a file of its own"
conf 'session alice loopback'
mkdir -p /etc/security/a
echo 'session alice host' >/etc/security/other.conf
echo 'session bob loopback' >/etc/security/a/b.conf
echo 'session carol loopback' >/etc/security/a-b.conf
pam_stack other 'session required pam_netns.so conf=/etc/security/other.conf'
pam_stack slash 'session required pam_netns.so conf=/etc/security/a/b.conf'
pam_stack dash 'session required pam_netns.so conf=/etc/security/a-b.conf'

# by SERVICE USER: as place
by()
{
	(
		pamdo() { command pamdo -s "$service" "$@"; }
		service=$1
		place "$2"
	)
}

is "$(place alice)" confined "by the usual file alice is confined"
before=$(fingerprint | grep "$active")
is "$(by other alice)" host "by the other she is not"
is "$(stat -c '%a %U' $run_dir/active-etc-security-other.conf)" "600 root" "it is loaded beside the usual one"
is "$(fingerprint | grep "$active")" "$before" "which is as it was"
echo 'session alice loopback' >/etc/security/other.conf
both netnsctl reload /etc/security/other.conf
is "$STATUS$ERR" 0 "it can be reloaded by name"
like "$(cat $run_dir/active-etc-security-other.conf)" 'alice,1001 loopback' "and is in force"
is "$(by slash bob) $(by slash carol)" "confined host" "two whose names are almost the same: the one"
is "$(by dash bob) $(by dash carol)" "host confined" "and the other"
is "$(by slash bob) $(by slash carol)" "confined host" "in turns"
echo 'nonsense' >/etc/security/a-b.conf
is "$(by dash carol) $(by slash carol)" "confined host" "each has a last good one of its own"
rm -f $run_dir/active-*.conf
is "$(by dash carol)" refused "with none loaded, nobody comes in"
is "$(by dash root)" host "but root"
no_debris

#
# A runtime directory that is not ours
#

note "what others have made"
conf 'session alice loopback'
netnsctl reload >/dev/null
for how in 'chown alice' 'chmod 777' 'chmod 770' 'chown alice lock' 'chmod 666 lock' 'chmod 777 ns' 'chown alice ns'; do
	read -r change mode part <<<"$how"
	forget_run
	netnsctl reload >/dev/null
	# Somebody's idea of what is in force, which claims to be up to date.
	sed -i 's/loopback/host/' $active
	[ "$part" ] || chown alice $active
	$change "$mode" $run_dir${part:+/$part}
	[ "$part" ] && sed -i 's/host/loopback/' $active
	clear_log
	is "$(place alice)" refused "$how: alice is refused"
	ok "$how: the log says why" wait_for_log "user alice: .*($run_dir|active).*refused"
	is "$(place root)" host "$how: root is not"
	for command in 'reload' 'status' 'sweep' 'exec alice true'; do
		# shellcheck disable=SC2086 # words
		both netnsctl $command
		is "$STATUS$OUT" 1 "$how: $command: exit status"
		like "$ERR" "netnsctl: .*(pam_netns|namespace of alice).*(not permitted|Permission denied|not root's)" "$how: $command: why"
	done
done
forget_run
mkdir -m 700 "$WORK/elsewhere"
ln -s "$WORK/elsewhere" $run_dir
is "$(place alice)" refused "a symbolic link: alice is refused"
fails "a symbolic link: nothing is loaded" netnsctl reload
is "$(ls -A "$WORK/elsewhere")" "" "a symbolic link: it is not followed"
rm $run_dir
is "$(place alice)" confined "without all that she is let in"
no_debris

done_testing
