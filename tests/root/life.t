#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A user's network has a life of its own: it stays as long as a program is in it,
# whoever opened the session, whoever closes it, and if nobody does.  It belongs to
# the uid: when that is given to another name, or to nobody, the policy follows.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/topology.sh
. "$TOP/tests/topology.sh"
# shellcheck source=tests/flows.sh
. "$TOP/tests/flows.sh"
in_sandbox "$@"
install_product
sandbox_net

for service in login pamdo su; do
	pam_stack $service 'session required pam_netns.so'
done
host=$(host_netns)
conf 'set pool4 100.64.0.0/16
set pool6 fd6e:6574:6e73::/64
set linger 0s
policy web {
	out allow to any tcp 80 udp 80
	in  allow from any tcp 8080
	publish tcp 8080
}
policy other {
	out allow to any tcp 81 udp 81
}
session alice,alicia veth web
session eve          veth other
session zoe,bob      loopback
session guest        host'
ok "the configuration is loaded" netnsctl reload
PEER4=198.51.100.10 PEER6=2001:db8:1::10
hold peer in_peer peer1 "$TOP/tests/probe" serve far 80 81
[ -n "$(type -P tmux)" ] || abort "no tmux"

# process PATTERN: its pid
process()
{
	pgrep -f "^$1"
}

# Each protocol and family, to each port
for port in 80 81; do
	printf '%s\n' {tcp,udp}\ {$PEER4,$PEER6}\ $port
done >"$WORK/questions"

# out_of PID: which of them the peer answers, when they come from that network
out_of()
{
	local try answers

	# What is silent may only be slow.
	for try in 1 2 3 4; do
		mapfile -t answers < <(nsenter --net="/proc/$1/ns/net" "$TOP/tests/probe" ask <"$WORK/questions")
		[[ ${answers[*]} == *silent* ]] || break
	done
	[ "$try" != 4 ] || note "silent: ${answers[*]}" >&2
	printf '%s\n' "${answers[@]%% *}" | paste -d ' ' "$WORK/questions" - | sed -n 's/ far$//p' |
		tr '\n' ' '
}

web=$(grep ' 80$' "$WORK/questions" | tr '\n' ' ')
other=$(grep ' 81$' "$WORK/questions" | tr '\n' ' ')

ended()
{
	! pgrep -f "^$1" >/dev/null
}

# end_of PATTERN
end_of()
{
	pkill -KILL -f "^$1"
	wait_for 5 ended "$1" || abort "$1 does not end"
	netnsctl sweep >/dev/null
}

# stat_of WORD: of the one who is there, by netnsctl status --json
stat_of()
{
	netnsctl status --json | jq -r ".[] | $1"
}

#
note "programs that outlive their session"
#

cat >"$WORK/daemon.py" <<'EOT'
import os
# The usual way of it.
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
os.closerange(0, 64)
os.execv("/bin/sleep", ["sleep", "2004"])
EOT
chmod 755 "$WORK" /root
chmod 644 "$WORK/daemon.py"

while IFS='|' read -r name command pattern; do
	is "$(su alice -c "$command" </dev/null 2>&1)" "" "$name: starts, and the session ends"
	ok "  it is there" wait_for 5 process "$pattern"
	pid=$(process "$pattern")
	isnt "$(netns_of "$pid")" "$host" "  not in the host's network"
	is "$(netnsctl sweep)" "0 removed" "  a sweep leaves it its network"
	is "$(netns_of "$pid")" "$(stat -c %i /run/pam_netns/ns/1001)" "  which is pinned"
	is "$(su alice -c "$SELF_NETNS")" "$(netns_of "$pid")" "  and where the next log-in is"
	is "$(su bob -c "true"; ls /run/pam_netns/ns)" 1001 "  while others come and go"
	end_of "$pattern"
	no_debris "  with it goes all"
done <<EOT
nohup|nohup sleep 2001 >/dev/null 2>&1 &|sleep 2001
setsid|setsid -f sleep 2002 >/dev/null 2>&1|sleep 2002
a job in the background|sleep 2003 >/dev/null 2>&1 &|sleep 2003
a daemon|python3 $WORK/daemon.py|sleep 2004
EOT

note "tmux"
is "$(su alice -c 'tmux -L life new -d "sleep 2005"' </dev/null 2>&1)" "" "a session ends and leaves its tmux"
ok "  which is there" wait_for 5 process 'sleep 2005'
server=$(pgrep -u alice -x 'tmux: server')
isnt "$(netns_of "$server")" "$host" "  not in the host's network"
is "$(netns_of "$(process 'sleep 2005')")" "$(netns_of "$server")" "  nor is what runs in it"
su alice -c "tmux -L life new-window '$SELF_NETNS >/tmp/window; sleep 2006'" </dev/null
ok "  the next session makes it a window" wait_for 5 process 'sleep 2006'
is "$(cat /tmp/window)" "$(netns_of "$server")" "  which is in the same"
is "$(out_of "$server")" "$web" "  where the policy is as it was"
is "$(stat_of '.user + " " + .policy')" "alice web" "  status knows whose it is"
ok "  as well as that programs are in it" test "$(stat_of .processes)" -ge 3
su alice -c 'tmux -L life kill-server'
wait_for 5 ended 'sleep 200[56]'
no_debris_swept "  with its end goes all"

#
note "a program that ends, and goes on as its child, while somebody looks who is inside"
#

HELPER=/usr/libexec/netns-helper
mkfifo -m 666 "$WORK/child"
exec {child}<>"$WORK/child"
su alice -c "setsid -f sh -c 'read -r line <$WORK/child; sleep 2007 &' >/dev/null 2>&1" </dev/null
ok "it waits" wait_for 5 pgrep -u alice -x sh
parent=$(pgrep -u alice -x sh)
# The list of processes is taken, and then nothing is done for a while.
cp $HELPER $HELPER.real
rm $HELPER
cat >$HELPER <<EOT
#!/bin/sh
exec strace -qqq -P /proc -o $WORK/trace -e trace=getdents64 \
	-e inject=getdents64:delay_exit=2000000:when=1 $HELPER.real
EOT
chmod 755 $HELPER
has_list()
{
	find /proc/[0-9]*/fd -lname /proc 2>/dev/null | grep -q .
}
pamdo open close >"$WORK/close" &
closing=$!
ok "another session closes" wait_for 5 has_list
echo go >&"$child"
ok "now it has ended" wait_for 5 is_gone "$parent"
wait $closing
like "$(cat "$WORK/trace")" DELAYED "  (while the list was there already)"
like "$(cat "$WORK/close")" 'close 0' "  and that has no error"
is "$(stat -c %i /run/pam_netns/ns/1001)" "$(netns_of "$(process 'sleep 2007')")" "  which is pinned"
rm $HELPER
mv $HELPER.real $HELPER
exec {child}>&-
end_of 'sleep 2007'
no_debris

#
note "whom a sweep locks"
#

hold alice pamdo open ns sleep-for-stdin close
# shellcheck disable=SC2016 # $PPID is pamdo's
run pamdo -u bob open system 'kill -KILL $PPID'
strace -f -qqq -o "$WORK/trace" -e trace=fcntl netnsctl sweep >"$WORK/sweep"
is "$(cat "$WORK/sweep")" "1 removed" "bob has gone, alice has not"
# locks UID
locks()
{
	grep -c "F_OFD_SETLK.*l_type=F_WRLCK.*l_start=$1," "$WORK/trace"
}
isnt "$(locks 1002)" 0 "  he is locked meanwhile"
is "$(locks 1001)" 0 "  and she is not: however many processes there are, nobody waits for them"

# The only one whom nobody is inside of, locked as by a helper that has been stopped
# shellcheck disable=SC2016 # $PPID is pamdo's
run pamdo -u bob open system 'kill -KILL $PPID'
hold lock python3 -c '
import fcntl, struct
lock = open("/run/pam_netns/lock", "r+b")
fcntl.fcntl(lock, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 1002, 1, 0)) # F_OFD_SETLK
print("ready", flush=True)
input()'
is "$(netnsctl sweep 2>&1)" "0 removed" "a sweep does not wait for one who is locked for long"
release lock >/dev/null
is "$(netnsctl sweep)" "1 removed" "  the next one removes what he had"
release alice >/dev/null
no_debris

#
note "who closes"
#

# The daemon's output goes on after its parent's end: to a file.
rm -f "$WORK/closes"
pamdo open ns daemon ns close ns end say end >"$WORK/closes" 2>&1
ok "a daemon that closes what its parent's parent has opened" wait_for 5 grep -qx end "$WORK/closes"
like "$(cat "$WORK/closes")" 'close 0' "  has no error"
is "$(sed -n 's/^ns //p' "$WORK/closes" | sort -u | wc -l)" 1 "  and stays where it is"
isnt "$(sed -n 's/^ns //p' "$WORK/closes" | tail -n 1)" "$host" "  which is not the host's network"
no_debris_swept
rm -f "$WORK/closes"
pamdo open ns daemon drop close end ns say end >"$WORK/closes" 2>&1
ok "the same as the user" wait_for 5 grep -qx end "$WORK/closes"
isnt "$(sed -n 's/^ns //p' "$WORK/closes" | tail -n 1)" "$host" "  is not the host's network either"
no_debris_swept
run pamdo open ns daemon
no_debris_swept "a daemon that closes nothing leaves nothing"
hold one pamdo open ns sleep-for-stdin close ns
run pamdo open ns fork-close ns drop close
is "$(sed -n 's/^ns //p' <<<"$OUT" | sort -u | wc -l)" 1 "a child closes, then the user: nobody moves"
ok "  and who is in it stays" test -e /run/pam_netns/ns/1001
release one
is "$(sed -n 's/^ns //p' "$WORK/one.out" | tail -n 1)" "$host" "  until the last one closes"
no_debris_swept

#
note "a user who is deleted meanwhile"
#

# rename_user FROM TO: TO has FROM's uid then; TO empty: nobody has.
rename_user()
{
	if [ -n "$2" ]; then
		sed -i "s/^$1:/$2:/" /etc/passwd /etc/shadow
	else
		sed -i "/^$1:/d" /etc/passwd /etc/shadow
	fi
}
cp -p /etc/passwd "$WORK/passwd"
cp -p /etc/shadow "$WORK/shadow"
users_back()
{
	cp -p "$WORK/passwd" /etc/passwd
	cp -p "$WORK/shadow" /etc/shadow
}

hold alice pamdo open ns sleep-for-stdin close ns
rename_user alice ''
release alice
is "$(sed -n '$s/^ns //p' "$WORK/alice.out")" "$host" "her program closes all the same"
no_debris "  and leaves nothing"
users_back

# stays_behind: a process of alice's, when she has logged out; PID
stays_behind()
{
	su alice -c 'setsid -f sleep 2010 >/dev/null 2>&1' </dev/null
	wait_for 5 process 'sleep 2010' >/dev/null || abort "nothing stays behind"
	PID=$(process 'sleep 2010')
	NS=$(netns_of "$PID")
}

class_of()
{
	ip -j link show nu1001 | jq -r '.[].group'
}

alias_of()
{
	ip -j link show nu1001 | jq -r '.[].ifalias'
}

stays_behind
is "$(alias_of) $(out_of "$PID")" "alice $web" "what she leaves behind has her policy"
class=$(class_of)
rename_user alice ''
ok "reload, when nobody has the uid" netnsctl reload
is "$(class_of) $(out_of "$PID")" "$class $web" "  it keeps it"
is "$(stat_of .user)" null "  status has no name for it"
is "$(netnsctl status | awk 'NR == 2 { print $1, $2, $3 }')" "#1001 veth web" "  but for the uid"
run pamdo -u alice open ns
like "$OUT" 'open 4 ' "  and who is no user cannot come in"
is "$(netnsctl sweep)" "0 removed" "  a sweep leaves it"
users_back

note "another name gets the uid"
clear_log
rename_user alice eve
run pamdo -u eve open ns run "$SELF_NETNS" system 'ls /run/pam_netns/ns' close
like "$OUT" 'open 0 ' "eve has alice's uid, and comes in"
is "$(sed -n 's/^ns //p' <<<"$OUT")" "$NS" "  to the uid's network, for what runs there could do to her all that she can"
isnt "$(class_of)" "$class" "  which has another policy now"
is "$(out_of "$PID")" "$other" "  hers, for what was left behind, too"
is "$(alias_of)" eve "  the link has her name"
is "$(stat_of '.user + " " + .policy')" "eve other" "  so has status"
unlike "$(nft list map inet pam_netns publish4_tcp)" 8080 "  what alice had published is not any more"
ok "  the log says that the configuration was loaded anew" wait_for_log 'netns.conf is in force'
rename_user eve alice

note "and the first one has it again"
run pamdo -u alice open ns close
is "$(class_of) $(alias_of) $(out_of "$PID")" "$class alice $web" "all is as before"
like "$(nft list map inet pam_netns publish4_tcp)" 8080 "  with the port"

note "a user who is renamed"
rename_user alice alicia
run pamdo -u alicia open ns close
is "$(sed -n 's/^ns //p' <<<"$OUT")" "$NS" "is where she was"
is "$(class_of) $(alias_of) $(out_of "$PID")" "$class alicia $web" "  with the policy of the new name, which is the same"
rename_user alicia alice

note "a name that gets no link"
rename_user alice zoe
run pamdo -u zoe open ns links close
like "$OUT" 'links lo'$'\n' "zoe is offline"
isnt "$(sed -n 's/^ns //p' <<<"$OUT")" "$host" "  not in the host's network"
is "$(out_of "$PID")" "" "  and what was left behind is cut off"
rename_user zoe alice

note "a name that is the host's"
rename_user alice guest
run pamdo -u guest open ns close
is "$(sed -n 's/^ns //p' <<<"$OUT")" "$host" "guest is in the host's network"
is "$(netns_of "$PID")" "$NS" "  what was left behind is not"
is "$(out_of "$PID")" "" "  nor gets out any more"
rename_user guest alice
end_of 'sleep 2010'
no_debris "in the end nothing is left"

done_testing
