#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What sshd does for a session beyond running a command: forwarding over a shared
# connection, to path sockets, of X11 and of the agent; forced commands and a
# root directory of their own.  All in the session's network, nothing in the
# host's; and nothing at all when the session cannot be set up.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/doors.sh
. "$(dirname "$0")/../doors.sh"
in_sandbox "$@"
install_product

conf 'session root    host
session @wheel  host
session alice   loopback'
machine_stacks
sed -i '/^@include common-session/i session required pam_netns.so' /etc/pam.d/sshd
sandbox_net
open_doors
host=$(host_netns)

# Who listens in the host's network, by TCP; and who in alice's.
listeners()
{
	ss -Hltn | awk '{ print $4 }' | sort
}
her_listeners()
{
	nsenter --net=/run/pam_netns/ns/1001 ss -Hltn | awk '{ print $4 }' | sort
}
hers()
{
	her_listeners | grep -qx "$1"
}

hold_ssh alice alice
alice=$(held alice)
isnt "$alice" "$host" "alice is not in the host's network"
for port in 8000 9001; do
	socat TCP4-LISTEN:$port,fork,reuseaddr "SYSTEM:echo I am host" &
done
hold server ssh_as alice 'socat TCP4-LISTEN:7001,fork,reuseaddr "SYSTEM:echo I am alice" &
	echo there; read -r _; kill $!'
wait_for 5 hers 0.0.0.0:7001
wait_for 5 sh -c "ss -Hltn 'sport = 9001' | grep -q ."
before=$(listeners)

#
# One connection for many, opened by password
#

# The master is asked, as a client would be while it works.
mux()
{
	ssh -S "$WORK/mux" -l alice host "$@"
}
SSH_ASKPASS=$WORK/askpass SSH_ASKPASS_REQUIRE=force ssh -fNM -S "$WORK/mux" -o BatchMode=no \
	-o PubkeyAuthentication=no -l alice host
for n in 1 2 3; do
	is "$(mux "$SELF_NETNS")" "$alice" "session $n over one connection: in alice's network"
done
is "$(mux -tt "$SELF_NETNS" 2>/dev/null | tr -d '\r')" "$alice" "  one on a terminal, too"
run sftp -q -b - -o ControlPath="$WORK/mux" alice@host <<<"put /etc/hostname sent"
is "$(cat ~alice/sent)" sandbox "  and sftp works"
# -O fails for a forward that cannot be; the one that leads nowhere is only found
# out by whoever uses it.
ok "forwards can be added" mux -O forward -L 3401:127.0.0.1:7001 -L 3402:127.0.0.1:8000 \
	-L 3403:198.51.100.10:8000 -D 1081
is "$(socat -u TCP4:127.0.0.1:3401 -)" "I am alice" "  -L leads to her own loopback"
is "$(socat -u TCP4:127.0.0.1:3402 - 2>&1)" "" "  not to the host's"
is "$(socat -u TCP4:127.0.0.1:3403 - 2>&1)" "" "  nor to a peer of the host"
is "$(socat -u SOCKS4:127.0.0.1:127.0.0.1:7001,socksport=1081 -)" "I am alice" "  -D as well"
fails "  and not to the host" socat -u SOCKS4:127.0.0.1:127.0.0.1:8000,socksport=1081 -
ok "-R can be added" mux -O forward -R 7402:127.0.0.1:8000
ok "  it listens in her network" hers 127.0.0.1:7402
is "$(mux 'socat -u TCP4:127.0.0.1:7402 -')" "I am host" "  and leads to the client"
is "$(listeners | grep -v ':340[123]$\|:1081$')" "$before" "  nothing new listens on the host but the client"
mux -q -O exit
wait_for 5 test ! -e "$WORK/mux"

#
# Path sockets
#

# They belong to no network: what the file system's permissions allow, is reached,
# by ssh as by the session itself.
socat "UNIX-LISTEN:/run/open.sock,fork,mode=666" "SYSTEM:echo I am open" &
socat "UNIX-LISTEN:/run/closed.sock,fork,mode=600" "SYSTEM:echo I am closed" &
wait_for 5 test -S /run/open.sock -a -S /run/closed.sock

# forward OPTION...: a connection that does nothing else; its errors are in a file.
forward()
{
	ssh -N -o LogLevel=INFO -o ExitOnForwardFailure=yes -l alice host "$@" 2>"$WORK/forward" &
	forward=$!
}
listens()
{
	ss -Hltn "sport = $1" | grep -q .
}
stop_forward()
{
	kill "$forward" 2>/dev/null
	wait "$forward" 2>/dev/null
}
forward -L 3411:/run/open.sock -L 3412:/run/closed.sock -R "/home/alice/back.sock:127.0.0.1:8000"
wait_for 5 listens 3412
is "$(socat -u TCP4:127.0.0.1:3411 - 2>&1)" "$(ssh_as alice socat -u UNIX-CONNECT:/run/open.sock -)" \
	"-L to a path socket: what she reaches, it reaches"
is "$(socat -u TCP4:127.0.0.1:3412 - 2>&1)" "" "  what is closed to her, it does not"
like "$(cat "$WORK/forward")" "open failed" "  and ssh is told so"
wait_for 5 test -S ~alice/back.sock
is "$(stat -c '%U %a' ~alice/back.sock)" "alice 600" "-R to a path socket: it is hers alone"
stop_forward
start_sshd 'PasswordAuthentication yes' 'AllowStreamLocalForwarding no'
forward -L 3413:/run/open.sock
wait_for 5 listens 3413
is "$(socat -u TCP4:127.0.0.1:3413 - 2>&1)" "" "AllowStreamLocalForwarding no: not any more"
ok "  it is prohibited" wait_for_log 'refused streamlocal port forward.*/run/open\.sock'
stop_forward

#
# X11 and the agent
#

# The client's display need not be there until somebody connects to it: it is a
# listener here that tells what comes.
start_sshd 'X11Forwarding yes' 'X11UseLocalhost yes' 'XAuthLocation /usr/bin/xauth'
mkdir -m 1777 /tmp/.X11-unix
socat -u UNIX-LISTEN:/tmp/.X11-unix/X7,fork "CREATE:$WORK/display" &
wait_for 5 test -S /tmp/.X11-unix/X7
export DISPLAY=:7 XAUTHORITY=$WORK/xauthority
xauth -q add :7 . "$(printf '%032d' 7)" 2>/dev/null
# Without it, xauth says that it makes one.
install -o alice -g alice -m 600 /dev/null ~alice/.Xauthority
eval "$(ssh-agent -s)" >/dev/null
ssh-add -q /root/.ssh/id_ed25519

# shellcheck disable=SC2016 # the session's variables
hold x ssh_as alice -X -A 'echo "there $DISPLAY $SSH_AUTH_SOCK"; read -r _'
read -r _ display agent < <(held x)
like "$display" '^localhost:[0-9]+\.0$' "X11: the session has a display"
port=${display#*:}
port=$((6000 + ${port%.*}))
ok "  whose listener is in her network" hers "127.0.0.1:$port"
is "$(listeners)" "$before" "  and not in the host's, which has no new one"
like "$(ssh_as alice xauth list 2>&1)" "unix:$((port - 6000)) .*MIT-MAGIC-COOKIE-1" "  she has its cookie"
# The beginning of the X11 protocol with that cookie, which sshd's client checks.
cat >/usr/local/bin/say-x11 <<'EOT'
#!/bin/sh
# say-x11 PORT: begins to talk to the display, as an X11 client does
cookie=$(xauth list | awk '{ print $3; exit }')
printf 'l\0\13\0\0\0\22\0\20\0\0\0MIT-MAGIC-COOKIE-1\0\0%b' \
	"$(echo "$cookie" | sed 's/../\\0x&/g; s/\\0x/\\x/g')" | socat -t 2 - "TCP4:127.0.0.1:$1"
EOT
sed -i '1s|.*|#!/bin/bash|' /usr/local/bin/say-x11
chmod 755 /usr/local/bin/say-x11
ssh_as alice "say-x11 $port" >"$WORK/say" 2>&1
ok "  and what is said to it comes to the client's" wait_for 5 grep -aq MIT-MAGIC-COOKIE-1 "$WORK/display"
fails "the host has nothing there" timeout 5 socat -u "TCP4:127.0.0.1:$port" -
like "$agent" '^/tmp/ssh-.*/agent\.' "agent: the session has a socket of it, in the file system"
is "$(ssh_as alice -A ssh-add -l)" "$(ssh-add -l)" "  and reaches the client's agent by it"
is "$(ssh_as alice -X -A "$SELF_NETNS")" "$alice" "  from her network"
is "$(ssh_as alice -X -A 'ls -l /proc/self/fd' | grep -E "$LEAKS|socket:")" "" "  with no descriptor of ours"
release x
is "$(ssh_as carol -A ssh-add -l)" "$(ssh-add -l)" "carol, a host user, has an agent, too"
eval "$(ssh-agent -k)" >/dev/null
unset DISPLAY XAUTHORITY

#
# Commands that the administrator has chosen
#

forced()
{
	echo "command=\"$1\",restrict $(cat /root/.ssh/id_ed25519.pub)" >/etc/ssh/authorized_keys
}
forced "$SELF_NETNS"
is "$(ssh_as alice echo other)" "$alice" "a forced command of the key runs in her network"
forward -L 3421:127.0.0.1:7001
wait_for 5 listens 3421
is "$(socat -u TCP4:127.0.0.1:3421 - 2>&1)" "" "  with nothing forwarded, as the key says"
stop_forward
cp /root/.ssh/id_ed25519.pub /etc/ssh/authorized_keys
start_sshd "ForceCommand $SELF_NETNS"
is "$(ssh_as alice echo other)" "$alice" "one of sshd_config, too"
is "$(ssh_as carol echo other)" "$host" "  and carol's in the host's"

# An own root directory, with sftp alone: nothing is executed in it.
mkdir -p /srv/jail/home/alice
chown alice /srv/jail/home/alice
start_sshd 'Subsystem sftp internal-sftp' 'Match User alice' 'ChrootDirectory /srv/jail' \
	'ForceCommand internal-sftp -d /home/alice' 'Match all'
hold sftp sh -c 'echo there; exec ssh -s -l alice host sftp'
wait_for 5 pgrep -u alice -f '^sshd: alice@internal-sftp'
server=$(pgrep -u alice -f '^sshd: alice@internal-sftp')
is "$(netns_of "$server")" "$alice" "ChrootDirectory, internal-sftp: in her network"
is "$(readlink "/proc/$server/root")" "/srv/jail" "  with its own root"
is "$(leaks_of "$server")" "" "  and nothing of ours open"
kill "$server"
release sftp 2>/dev/null
run sftp -q -b - alice@host <<<"put /etc/hostname"
is "$(cat /srv/jail/home/alice/hostname 2>&1)" sandbox "  it works" || note "$OUT"
fails "  there is no way to another command" ssh_as alice true

# One with a shell in it.
copy_with_libraries()
{
	local file

	for file in "$@" $(ldd "$@" | grep -o '/[^ ]*\.so[^ ]*' | sort -u); do
		install -D "$file" "/srv/jail$file"
	done
}
copy_with_libraries /bin/bash /usr/bin/stat
mkdir -p /srv/jail/proc
mount -t proc proc /srv/jail/proc
start_sshd 'Match User alice' 'ChrootDirectory /srv/jail' 'Match all'
is "$(ssh_as alice "$SELF_NETNS")" "$alice" "ChrootDirectory, a shell: in her network"
is "$(ssh_as alice 'echo /*')" "$(chroot /srv/jail /bin/bash -c 'echo /*')" \
	"  with its own root"
umount /srv/jail/proc
release server
release alice
no_debris

#
# No session: nothing runs, and nothing is forwarded
#

start_sshd 'PasswordAuthentication yes' 'KbdInteractiveAuthentication yes' 'X11Forwarding yes'
chmod 0 /usr/libexec/netns-helper
for way in '' -tt; do
	# shellcheck disable=SC2086 # none, or one
	run ssh_as alice $way "$SELF_NETNS"
	is "$STATUS" 254 "without the helper: ssh${way:+ }$way ends with 254"
	is "$(tr -d '\r' <<<"$OUT" | grep -xE '[0-9]+')" "" "  and nothing has run"
	like "$OUT" 'network of your session could not be set up' "  alice is told why"
done
run sftp -q -b - alice@host <<<"put /etc/hostname refused"
isnt "$STATUS" 0 "  sftp fails"
ok "  and has sent nothing" test ! -e ~alice/refused
for how in '-L 3431:127.0.0.1:8000' '-L 3431:127.0.0.1:7001' '-L 3431:/run/open.sock'; do
	clear_log
	# shellcheck disable=SC2086 # two words
	forward $how
	# It may also have been sent away before it could listen.
	wait_for 5 sh -c "ss -Hltn 'sport = 3431' | grep -q . || ! kill -0 $forward 2>/dev/null"
	is "$(socat -u TCP4:127.0.0.1:3431 - 2>/dev/null)" "" "  $how leads nowhere"
	ok "  it is refused" wait_for_log 'refused (local|streamlocal) port forward'
	stop_forward
done
forward -R 7431:127.0.0.1:8000
wait "$forward"
isnt "$?" 0 "  -R is refused"
is "$(listeners)" "$(printf '%s\n' "$before" | sort)" "  and nobody listens"
chmod 755 /usr/libexec/netns-helper
shut_doors
no_debris

done_testing
