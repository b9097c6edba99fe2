#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Log-ins, log-outs, sweeps, reloads and kills, all at once: a user has one
# namespace while anybody is in, none afterwards, and nobody is in the host's.
# Then what is left behind: by processes, by crashes, by linger.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
in_sandbox "$@"
install_product

host=$(host_netns)
loopback='session root host
session *    loopback'
pam_stack pamdo 'session required pam_netns.so'
conf "$loopback"

# For root's shell inside a session: the time and the user's pin.
# shellcheck disable=SC2016 # for that shell
MOMENT='echo at $(date +%s%N) $(nsenter --mount=/proc/1/ns/mnt stat -c %i /run/pam_netns/ns/$PAM_UID)'

# stay USER FILE [ACTION...]: one session, and two moments of it, to a file.
stay()
{
	local user=$1 file=$2

	shift 2
	PAM_UID=$(id -u "$user") pamdo -u "$user" open ns links system "$MOMENT" "$@" \
		system "$MOMENT" close ns >"$file" 2>&1
}

# sessions FILE...: a line each, "FROM TO NETNS PIN PIN RESULT LINKS AFTER".
sessions()
{
	local file

	for file in "$@"; do
		awk 'BEGIN { m = n = 0 }
			$1 == "open" { result = $2 }
			$1 == "ns" { ns[n++] = $2 }
			$1 == "links" { links = NF > 1 ? $2 : "none" }
			$1 == "at" { t[m] = $2; pin[m++] = $3 == "" ? "none" : $3 }
			END { print t[0], t[1], ns[0], pin[0], pin[1], result, links, ns[1] }' "$file"
	done
}

# Of the sessions in a file: those whose time overlapped with that of another one,
# but which were elsewhere.
apart()
{
	awk '{ from[NR] = $1; to[NR] = $2; ns[NR] = $3 }
		END { for (i = 1; i <= NR; i++) for (j = 1; j < i; j++)
			if (from[i] < to[j] && from[j] < to[i] && ns[i] != ns[j])
				print ns[i], ns[j] }' "$1"
}

# together NAME COUNT FILE...: sessions of one user, of which none failed.
together()
{
	local name=$1 count=$2

	shift 2
	sessions "$@" >"$WORK/table"
	is "$(awk '$6 == 0 && $7 == "lo"' "$WORK/table" | wc -l)" "$count" "$name: all open, with lo up"
	is "$(awk -v host="$host" '$3 == host' "$WORK/table")" "" "$name: none in the host's network"
	is "$(awk '$3 != $4 || $3 != $5' "$WORK/table")" "" "$name: what is pinned is where they are"
	is "$(awk -v host="$host" '$8 != host' "$WORK/table")" "" "$name: all are led back"
	is "$(apart "$WORK/table")" "" "$name: never two at the same time"
}

# overlapping: how many pairs did, in the last table; to know that it was a race.
overlapping()
{
	awk '{ from[NR] = $1; to[NR] = $2 }
		END { for (i = 1; i <= NR; i++) for (j = 1; j < i; j++)
			n += from[i] < to[j] && from[j] < to[i]
		print n + 0 }' "$WORK/table"
}

#
# Two first log-ins at once
#

mkfifo "$WORK/gate1" "$WORK/gate2"
exec {gate1}<>"$WORK/gate1" {gate2}<>"$WORK/gate2"
# Lets both pass, at the same time.
gates()
{
	echo >&"$gate1"
	echo >&"$gate2"
}
both_in()
{
	grep -q there "$WORK/two.1" && grep -q there "$WORK/two.2"
}
differed=
for n in {1..15}; do
	for i in 1 2; do
		pamdo say ready sleep-for-stdin open ns links say there sleep-for-stdin close \
			<"$WORK/gate$i" >"$WORK/two.$i" 2>&1 &
		pids[i]=$!
	done
	wait_for 10 sh -c "grep -q ready '$WORK/two.1' && grep -q ready '$WORK/two.2'"
	gates
	wait_for 10 both_in || abort "two log-ins at once do not come in"
	one=$(grep -E '^(ns|links|open)' "$WORK/two.1")
	two=$(grep -E '^(ns|links|open)' "$WORK/two.2")
	[ "$one" = "$two" ] && [[ $one == "open 0 "*"links lo" ]] && [[ $one != *"ns $host"* ]] ||
		differed+="$one / $two"$'\n'
	gates
	wait "${pids[@]}"
done
exec {gate1}>&- {gate2}>&-
is "$differed" "" "two first log-ins at once are in one network, fifteen times"
no_debris

#
# Many, and a sweep all the while
#

# Until "stop" is there.
sweep_on()
{
	until [ -e "$WORK/stop" ]; do
		netnsctl sweep || echo failed
	done >"$WORK/sweeps" 2>&1
}
start_sweeping()
{
	rm -f "$WORK/stop"
	sweep_on &
	sweeper=$!
}
stop_sweeping()
{
	touch "$WORK/stop"
	wait $sweeper
	is "$(grep -vE '^[0-9]+ removed$' "$WORK/sweeps")" "" "$1: no sweep has failed"
}

start_sweeping
for n in {1..50}; do
	stay alice "$WORK/fifty.$n" &
	pids[n]=$!
done
wait "${pids[@]}"
together "fifty of alice" 50 "$WORK"/fifty.*
isnt "$(overlapping)" 0 "fifty of alice: at once"
stop_sweeping "fifty of alice"
no_debris

users=(alice bob carol dave huge)
start_sweeping
for n in {0..49}; do
	stay "${users[n % 5]}" "$WORK/five.${users[n % 5]}.$n" &
	pids[n]=$!
done
wait "${pids[@]}"
: >"$WORK/all"
for user in "${users[@]}"; do
	together "ten of $user among five users" 10 "$WORK/five.$user".*
	sed "s/^/$user /" "$WORK/table" >>"$WORK/all"
done
is "$(awk '{ user[NR] = $1; from[NR] = $2; to[NR] = $3; ns[NR] = $4 }
	END { for (i = 1; i <= NR; i++) for (j = 1; j < i; j++)
		if (user[i] != user[j] && ns[i] == ns[j] && from[i] < to[j] && from[j] < to[i])
			print user[i], user[j], ns[i] }' "$WORK/all")" "" "no two users have shared one"
stop_sweeping "five users"
no_debris

#
# Close against open: the last one out while the next one comes in
#

again=(open ns links close ns)
start_sweeping
for n in 1 2 3; do
	pamdo "${again[@]}" "${again[@]}" "${again[@]}" "${again[@]}" "${again[@]}" "${again[@]}" \
		"${again[@]}" "${again[@]}" "${again[@]}" "${again[@]}" >"$WORK/again.$n" 2>&1 &
	pids[n]=$!
done
wait "${pids[1]}" "${pids[2]}" "${pids[3]}"
is "$(cat "$WORK"/again.* | grep -cx 'open 0 Success')" 30 "close against open: all open"
is "$(cat "$WORK"/again.* | grep -cx 'close 0 Success')" 30 "close against open: and close"
is "$(cat "$WORK"/again.* | grep -cx 'links lo')" 30 "close against open: each with lo up"
is "$(cat "$WORK"/again.* | grep -cx "ns $host")" 30 "close against open: outside between them only"
stop_sweeping "close against open"
no_debris

#
# A sweep that looks just when the helper hands the network over: it sees the
# program before that is in, and the helper when that has gone.
#

HELPER=/usr/libexec/netns-helper
cp $HELPER $HELPER.real
strace -qqq -o "$WORK/trace" -e trace=setns -e inject=setns:delay_enter=2000000 \
	pamdo open ns links system "$MOMENT" sleep-for-stdin close <"$WORK/gate1" >"$WORK/handover" 2>&1 &
program=$!
exec {gate1}<>"$WORK/gate1"
wait_for 5 pgrep -x netns-helper >/dev/null || abort "no helper"
wait_for 5 test -e /run/pam_netns/ns/1001 || abort "no pin"
entering=$(pgrep -x pamdo)
# The sweep rests where it has read the program's link, in the order of pids.
nth=0
for pid in /proc/[1-9]*; do
	[ "${pid#/proc/}" -gt "$entering" ] || nth=$((nth + 1))
done
rm $HELPER
cat >$HELPER <<EOT
#!/bin/sh
exec strace -qqq -o $WORK/trace.sweep -e trace=readlinkat \\
	-e inject=readlinkat:delay_exit=3000000:when=$nth $HELPER.real
EOT
chmod 755 $HELPER
run netnsctl sweep
rm $HELPER
cp $HELPER.real $HELPER
is "$OUT" "0 removed" "a sweep during the handover removes nothing"
like "$(sed -n "${nth}p" "$WORK/trace.sweep")" "\"$entering/ns/net\".*DELAYED" "(which is when it looked)"
wait_for 5 grep -q '^at' "$WORK/handover"
is "$(sed -n 's/^ns //p' "$WORK/handover")" "$(stat -c %i /run/pam_netns/ns/1001 2>&1)" \
	"a session has the network that is pinned"
echo >&"$gate1"
wait $program
exec {gate1}>&-
no_debris_swept

#
# Reload against log-in
#

# Nothing is loaded yet, and all of them find that out.
conf "$loopback"
for n in {1..20}; do
	stay alice "$WORK/first.$n" &
	pids[n]=$!
done
wait "${pids[@]:1:20}"
together "twenty that load the configuration" 20 "$WORK"/first.*
no_debris

# put TEXT: as an editor that cares does.
put()
{
	printf '%s\n' "$1" >/etc/security/netns.conf.new
	chmod 644 /etc/security/netns.conf.new
	mv /etc/security/netns.conf.new /etc/security/netns.conf
}
# Also as one that does not: for a moment it is empty or half, and dangerous.
reload_on()
{
	local n=0

	until [ -e "$WORK/stop" ]; do
		n=$((n + 1))
		case $((n % 4)) in
		0) put "$loopback"$'\n'"# $n" ;;
		1) put "session *    loopback private"$'\n'"# $n" ;;
		2) printf 'session * host\nsesion' >/etc/security/netns.conf ;;
		3) rm -f /etc/security/netns.conf ;;
		esac
		netnsctl reload >/dev/null 2>&1
		netnsctl status >/dev/null || echo "status has failed"
	done >"$WORK/reloads" 2>&1
}
rm -f "$WORK/stop"
put "$loopback"
netnsctl reload >/dev/null
reload_on &
reloader=$!
for n in {1..40}; do
	stay alice "$WORK/reload.$n" &
	pids[n]=$!
	[ $((n % 5)) != 0 ] || wait "${pids[n]}"
done
wait "${pids[@]:1:40}"
touch "$WORK/stop"
wait $reloader
sessions "$WORK"/reload.* >"$WORK/table"
is "$(awk '$6 == 0 && $7 == "lo"' "$WORK/table" | wc -l)" 40 "reload against log-in: all open, with lo up"
is "$(awk -v host="$host" '$3 == host' "$WORK/table")" "" "reload against log-in: none in the host's network"
is "$(cat "$WORK/reloads")" "" "reload against log-in: status works all the while"
put 'session * loopback private'
ok "reload against log-in: the last one" netnsctl reload
stay alice "$WORK/last"
is "$(sessions "$WORK/last" | cut -d ' ' -f 4)" none "reload against log-in: is in force"
conf "$loopback"
no_debris

#
# Helpers that are killed
#

# Alice has a session all the while: she has a network, and it stays the one.
stays_alice()
{
	pamdo open ns sleep-for-stdin close
}
hold alice stays_alice
wait_for 5 grep -q '^ns' "$WORK/alice.out"
alice=$(sed -n 's/^ns //p' "$WORK/alice.out")
killer netns-helper 3000 >"$WORK/kills" &
killer1=$!
killer netns-helper 600 >>"$WORK/kills" &
killer2=$!
end=$((SECONDS + 20))
n=0
# As many as it takes to have killed enough, in a time that is long enough.
while [ "$(wc -l <"$WORK/kills")" -lt 60 ] && [ $SECONDS -lt $end ]; do
	for user in alice bob dave; do
		n=$((n + 1))
		pamdo -u $user open ns links close ns >"$WORK/killed.$user.$n" 2>&1 &
		pids[n % 3]=$!
	done
	wait "${pids[@]:0:3}"
done
kill $killer1 $killer2
wait $killer1 $killer2 2>/dev/null
note "$(wc -l <"$WORK/kills") helpers were killed in $n log-ins, $(cat "$WORK"/killed.* |
	grep -c '^open 0') of which came in"
ok "helpers have been killed" test "$(wc -l <"$WORK/kills")" -ge 20
is "$(cat "$WORK"/killed.* | grep -cE '^open [04] ')" "$n" "killed helpers: each opens or is refused"
isnt "$(cat "$WORK"/killed.* | grep -c '^open 0 ')" 0 "killed helpers: some open"
isnt "$(cat "$WORK"/killed.* | grep -c '^open 4 ')" 0 "killed helpers: some are refused"
wrong=
for file in "$WORK"/killed.*; do
	mapfile -t said < <(grep -E '^(open|ns|links)' "$file")
	case ${said[0]},${said[2]} in
	"open 0 Success,links lo") ;;
	"open 4 System error,links"*)
		[[ ${said[2]} =~ ^links\ *$ ]] || wrong+="$file: refused, but with ${said[2]}"$'\n'
		;;
	*) wrong+="$file: ${said[*]}"$'\n' ;;
	esac
	[ "${said[1]}" != "ns $host" ] || wrong+="$file: ${said[*]}"$'\n'
	case $file,${said[0]} in
	*alice*,"open 0"*) [ "${said[1]}" = "ns $alice" ] || wrong+="$file: ${said[*]}, not $alice"$'\n' ;;
	esac
done
is "$wrong" "" "killed helpers: whole or empty, never the host's network, and one of alice's"
is "$(cat "$WORK"/killed.* | grep -c '^close ')" "$n" "killed helpers: and close in the end"
is "$(grep -hE '^ns' "$WORK"/killed.* | awk 'NR % 2 == 0' | sort -u)" "ns $host" \
	"killed helpers: all are led back"
release alice
no_debris_swept "killed helpers: nothing is left after a sweep"

#
# What outlives its session
#

# leave USER COMMAND: logs in, leaves COMMAND running and logs out.  Its network
# is in NS.
leave()
{
	NS=$(pamdo -u "$1" open ns system "setsid $2 >/dev/null 2>&1 &" close | sed -n '1,/^ns/s/^ns //p')
}
where()
{
	pamdo open ns close | sed -n 's/^ns //p'
}
pins()
{
	ls /run/pam_netns/ns
}

leave alice 'sleep 1234'
ok "a process outlives its session" wait_for 5 pgrep -f '^sleep 1234'
straggler=$(pgrep -f '^sleep 1234')
is "$(netns_of "$straggler")" "$NS" "it is in the session's network"
is "$(netnsctl sweep)" "0 removed" "a sweep does not remove it"
is "$(where)" "$NS" "the next log-in is there too"
is "$(netns_of "$straggler")" "$NS" "where it still is"
is "$(pins)" 1001 "and it is pinned"
kill "$straggler"
wait_for 5 is_gone "$straggler"
netnsctl sweep >/dev/null
is "$(pins)" "" "after its end a sweep removes it"
no_debris

# The stopped one cannot be waited for, and the one of another user counts too.
leave alice 'setpriv --reuid bob --clear-groups sh -c "kill -STOP \$\$"'
wait_for 5 pgrep -u bob >/dev/null
is "$(netnsctl sweep)" "0 removed" "a stopped process of another user keeps it"
pkill -KILL -u bob
ok "and killed it does not" wait_for 5 sh -c '! pgrep -u bob'
no_debris_swept

leave alice lone-thread
is_zombie()
{
	[ "$(ps -o state= -C lone-thread)" = Z ]
}
ok "a process without its first thread" wait_for 5 is_zombie
straggler=$(pgrep -x lone-thread)
fails "has no network namespace as such" netns_of "$straggler"
is "$(netnsctl sweep)" "0 removed" "but keeps it"
is "$(where)" "$NS" "and the next log-in is there too"
like "$(netnsctl status --json)" '"processes": 1' "status counts it"
kill -KILL "$straggler"
wait_for 5 is_gone "$straggler"
no_debris_swept

#
# What is left by a crash
#

netnsctl sweep >/dev/null # makes the directories
: >/run/pam_netns/ns/1001
isnt "$(where)" "$host" "an unfinished pin is no obstacle"
no_debris "and is gone at log-out"
: >/run/pam_netns/ns/1002
no_debris_swept "or by a sweep"

: >/run/pam_netns/ns/1001
mount --bind /proc/self/ns/uts /run/pam_netns/ns/1001
isnt "$(where)" "$host" "a pin that is no network is none"
no_debris_swept "and goes, whatever is on it"

: >/run/pam_netns/ns/1001
mount --bind /proc/1/ns/net /run/pam_netns/ns/1001
isnt "$(where)" "$host" "a pin of the host's network is not entered"
like "$(pamdo open)" 'open 4 ' "it is refused"
umount /run/pam_netns/ns/1001
rm /run/pam_netns/ns/1001

hold alice pamdo open ns sleep-for-stdin close
mount --bind /run/pam_netns/ns/1001 /run/pam_netns/ns/1001
release alice
no_debris_swept "a pin that was mounted twice goes too"

touch /run/pam_netns/ns/{strange,-1,4294967295,99999999999,1001x}
ok "what is not ours is no obstacle to a sweep" netnsctl sweep
is "$(pins | wc -l)" 5 "and stays"
rm -f /run/pam_netns/ns/*

#
# set linger
#

conf "set linger 2s
$loopback"
alice=$(where)
left=${EPOCHREALTIME/[.,]/}
is "$(pins)" 1001 "linger: at log-out it stays"
is "$(where)" "$alice" "linger: and the next log-in has the same"
left=${EPOCHREALTIME/[.,]/}
swept()
{
	netnsctl sweep
	[ -z "$(pins)" ]
}
ok "linger: then a sweep removes it" wait_for 10 swept
# Whole seconds are counted.
ok "linger: not too early" test $((${EPOCHREALTIME/[.,]/} - left)) -ge 1000000
leave alice 'sleep 1235'
ok "linger: a process that stays" wait_for 5 pgrep -f '^sleep 1235'
straggler=$(pgrep -f '^sleep 1235')
is "$(netnsctl sweep)" "0 removed" "linger: keeps it without any time"
is "$(find /run/pam_netns/idle -type f)" "" "linger: and it does not count as idle"
kill "$straggler"
wait_for 5 is_gone "$straggler"
ok "linger: after its end it goes" wait_for 10 swept
no_debris

done_testing
