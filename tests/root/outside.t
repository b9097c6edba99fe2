#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Ways out of the session's network by way of what is elsewhere: namespaces of
# others, and programs of one's own that are older than the configuration.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/topology.sh
. "$TOP/tests/topology.sh"
in_sandbox "$@"
install_product
sandbox_net
pam_stack login 'session required pam_netns.so'
host=$(host_netns)
PEER4=198.51.100.10 PEER6=2001:db8:1::10
hold peer in_peer peer1 "$TOP/tests/probe" serve far 80
printf '%s\n' {tcp,udp}\ {$PEER4,$PEER6}\ 80 >"$WORK/questions"
chmod 755 /root "$WORK"
is "$("$TOP/tests/probe" ask <"$WORK/questions" | grep -c '^far')" 4 "the peer answers the host"

# be USER CMD...
be()
{
	local user=$1

	shift
	setpriv --reuid "$user" --regid "$user" --init-groups --inh-caps=-all "$@"
}

#
note "older than the configuration"
#

be alice tmux -L old new -d 'sleep 3001'
cat >"$WORK/hold.py" <<'EOT'
import socket, time
sockets = [socket.socket(f, t) for f in (socket.AF_INET, socket.AF_INET6)
           for t in (socket.SOCK_STREAM, socket.SOCK_DGRAM)]
print(*(s.fileno() for s in sockets), flush=True)
time.sleep(3000)
EOT
cat >"$WORK/steal.py" <<'EOT'
import ctypes, os, socket, sys
peers = {socket.AF_INET: sys.argv[1], socket.AF_INET6: sys.argv[2]}
pidfd = os.pidfd_open(int(sys.argv[3]))
for number in sys.argv[4:]:
    fd = ctypes.CDLL(None, use_errno=True).syscall(438, pidfd, int(number), 0)
    if fd < 0:
        sys.exit("not got: " + os.strerror(ctypes.get_errno()))
    s = socket.socket(fileno=fd)
    s.settimeout(2)
    try:
        s.connect((peers[s.family], 80))
        s.send(b"hello\n")
        print("answer", s.recv(100))
    except OSError as e:
        print("none:", e)
EOT
be alice python3 "$WORK/hold.py" >"$WORK/holds" &
wait_for 5 test -s "$WORK/holds" || abort "no sockets"
holder=$(pgrep -u alice -f hold.py)
read -ra sockets <"$WORK/holds"

conf 'set pool4 100.64.0.0/16
set pool6 fd6e:6574:6e73::/64
policy nothing {
	out deny to any
}
session alice,bob veth nothing'
ok "the configuration is loaded" netnsctl reload
login alice || abort "$LOGIN_OUT"
login bob || abort "$LOGIN_OUT"

caught()
{
	nft -j list counter inet pam_netns tripwire | jq '.nftables[] | .counter.packets // empty'
}

# session_as USER CMD...: as that user, in that user's network
session_as()
{
	local user=$1

	shift
	in_session "$user" setpriv --reuid "$user" --regid "$user" --init-groups --inh-caps=-all "$@"
}

before=$(caught)
is "$(netns_of "$holder")" "$host" "a program that is older is in the host's network"
is "$(be alice "$TOP/tests/probe" ask <"$WORK/questions" | grep -c '^far')" 0 "what she sends from there is not answered"
ok "  but counted by the tripwire" test "$(caught)" -ge $((before + 4))
before=$(caught)
run session_as alice tmux -L old new-window \
	"$SELF_NETNS >/tmp/window; $TOP/tests/probe ask <$WORK/questions >>/tmp/window; echo end >>/tmp/window"
ok "a terminal multiplexer that is older, asked from the session" wait_for 10 grep -qx end /tmp/window
is "$(head -n 1 /tmp/window)" "$host" "  makes a window in the host's network"
is "$(grep -c '^far' /tmp/window)" 0 "  but gets no answer"
ok "  and is counted" test "$(caught)" -ge $((before + 4))
before=$(caught)
run session_as alice python3 "$WORK/steal.py" $PEER4 $PEER6 "$holder" "${sockets[@]}"
is "$(grep -cE '^none|not got' <<<"$OUT")" 4 "sockets that she takes from it get no answer"
ok "  and are counted" test "$(caught)" -ge $((before + 4))
be alice tmux -L old kill-server
kill "$holder"

#
note "namespaces of others"
#

be bob sleep 3002 &
nsenter --net="$(netns_file bob)" setpriv --reuid bob --regid bob --clear-groups --inh-caps=-all sleep 3003 &
wait_for 5 pgrep -u bob -f 'sleep 3003' >/dev/null
bobs=$(pgrep -u bob -f 'sleep 3003')
for file in /proc/1/ns/net "/proc/$bobs/ns/net" "$(netns_file bob)" "$(netns_file alice)"; do
	for as in '' 'unshare -Ur'; do
		# shellcheck disable=SC2086 # words
		run session_as alice $as nsenter --net="$file" true
		like "$STATUS $OUT" "^1 .*(Permission denied|not permitted)" "alice${as:+, by $as,} does not enter $file"
	done
done
ok "  (as root one could)" nsenter --net="$(netns_file bob)" true
session_as alice sleep 3004 &
wait_for 5 pgrep -u alice -f 'sleep 3004' >/dev/null
hers=$(pgrep -u alice -f 'sleep 3004')
run session_as alice unshare -Urn sh -c \
	"ip link add vx0 type veth peer name vx1 && echo made; ip link set vx1 netns $hers"
like "$OUT" 'made.*not permitted' "nor does a link of an own network come into hers"
unlike "$(in_session alice ip -o link)" vx1 "  where it is not"
kill "$bobs" "$hers" "$(pgrep -u bob -f 'sleep 3002')"

logout alice
logout bob
no_debris_swept
done_testing
