#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The sandbox of the other tests: what happens in it is not seen outside, and no
# link of it leads out.  Runs outside, unlike them.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# What a test may do to its standard input: ssh(1) does.
if [ "${1-}" = nonblocking ]; then
	in_sandbox "$@"
	perl -MFcntl -e 'fcntl(STDIN, F_SETFL, O_NONBLOCK) or die'
	exit
fi
[ "$(id -u)" = 0 ] || abort "only root can run this test"

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

sandbox()
{
	timeout --foreground -k 5 60 "$TOP/tests/sandbox" "$@"
}

# What the machine looks like.  Lifetimes and counters change by themselves.
fingerprint()
{
	uname -n
	cat /proc/self/mountinfo
	ip -o link show
	ip -o address show | sed 's/valid_lft.*//'
	for family in -4 -6; do
		ip $family rule show
		ip $family route show table all | sed 's/ expires [0-9]*sec//'
	done
	ls -A /run/netns /run/pam_netns 2>/dev/null
	if command -v nft >/dev/null; then
		nft -s list ruleset
	fi
	find /etc/passwd /etc/group /etc/shadow /etc/pam.d /etc/security /etc/hosts /etc/resolv.conf \
		-type f -exec md5sum {} +
	ls -A /usr/sbin /usr/libexec /var/log /dev/shm
	ipcs
}

# Beside it, since the sandbox may load kernel modules, which brings new ones.
sysctls()
{
	find /proc/sys/net /proc/sys/kernel/hostname -type f ! -name '*conntrack_count' \
		! -name flush -exec grep -Hs . {} + | sort
}

fingerprint >"$WORK/before"
sysctls >"$WORK/sysctls-before"

# Everything that the tests do, and worse.  Says "done" with its namespace and
# waits to be told to end, leaving a process behind.
cat >"$WORK/mischief" <<'EOT'
set -e
. tests/lib.sh
sandbox_net
useradd mallory
echo 'auth required pam_permit.so' >/etc/pam.d/other
touch /etc/security/netns.conf /usr/sbin/new /usr/libexec/new /var/log/new /run/new /dev/shm/new
rm -r /etc/hosts /usr/games /var/log/dpkg.log 2>/dev/null || true
hostname mischief
ip link add br0 type bridge
ip rule add from 192.0.2.99 blackhole
nft add table inet mischief
sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.core.somaxconn=77
mkdir -p /mnt/new
mount -t tmpfs tmpfs /mnt/new
ipcmk -Q >/dev/null
setsid sleep 1000 &
echo "done $(self_netns)"
read -r _
EOT
coproc MISCHIEF { sandbox bash -c "$(cat "$WORK/mischief")" 2>"$WORK/errors"; }
pid=$MISCHIEF_PID
# Bash unsets these when the coprocess ends.
exec 3<&"${MISCHIEF[0]}" 4>&"${MISCHIEF[1]}"
read -r -t 30 -u 3 said inode
is "$said" "done" "a sandbox in which much happens" || note "$(cat "$WORK/errors")"
ok "while it runs nothing of it is seen" diff "$WORK/before" <(fingerprint)
echo >&4
wait "$pid"
is $? 0 "it ends"

processes_in()
{
	for ns in /proc/[0-9]*/ns/net; do
		[ "$(stat -Lc %i "$ns" 2>/dev/null)" != "$1" ] || echo "$ns"
	done
}
is "$(processes_in "$inode")" "" "with all its processes"
ok "afterwards nothing of it is seen" diff "$WORK/before" <(fingerprint)
is "$(sysctls | comm -23 "$WORK/sysctls-before" -)" "" "no network setting has changed"

# No way out
run sandbox ip -j -details link show
is "$(jq -r '.[] | select(.flags | index("UP")) | .ifname' <<<"$OUT")" lo "lo is its only link that is up"
is "$(jq -r '.[] | select(has("link_netnsid")) | .ifname' <<<"$OUT")" "" "no link has an end elsewhere"
run sandbox sh -c 'ip route show table all; ip -6 route show table all'
is "$(grep -v ' dev lo ' <<<"$OUT")" "" "no route leads anywhere but to lo"
socat -u "ABSTRACT-LISTEN:netns-test-$$" /dev/null &
listener=$!
wait_for 5 grep -q "@netns-test-$$" /proc/net/unix
fails "an abstract socket of the outside is out of reach" \
	sandbox socat -u /dev/null "ABSTRACT-CONNECT:netns-test-$$"
kill "$listener"

# Its links' other ends are in its own namespaces.
run sandbox bash -c '. tests/lib.sh; sandbox_net
	ip -o link show; ip netns exec uplink ip -o link show; ip netns list-id'
is "$(grep -o 'link-netns [a-z0-9]*' <<<"$OUT" | sort -u | tr '\n' ' ')" \
	"link-netns peer1 link-netns peer2 link-netns uplink " "the test network's ends have names"
unlike "$OUT" 'link-netnsid (4|5|unknown)' "and no others"

# The machine that the tests rely on
sandbox sh -c 'exit 7'
is $? 7 "the exit status is passed on"
sandbox sh -c 'kill -9 $$'
is $? 137 "so is a signal"
ok "PID 1 is in the same mount namespace" \
	sandbox bash -c '[[ /proc/1/ns/mnt -ef /proc/self/ns/mnt ]]'
ok "and in the same root" sandbox bash -c '[[ / -ef /proc/1/root/ && -e /proc/1/root/run/sshd ]]'
is "$(sandbox findmnt -no PROPAGATION /)" shared "/ is shared, as under systemd"
is "$(sandbox id -Gn alice)" "alice students" "alice is a student"
is "$(sandbox id -u huge)" 3000000000 "huge has a uid over 2^31"
ok "alice has a password" sandbox sh -c "printf 'auth required pam_unix.so\n' >/etc/pam.d/t
	echo secret | pamtester t alice authenticate"
fails "it is that one only" sandbox sh -c "printf 'auth required pam_unix.so nodelay\n' >/etc/pam.d/t
	echo wrong | pamtester t alice authenticate"

# All that run at once have been given the same one by prove(1).
exec 3</dev/null
flags=$(grep ^flags: /proc/self/fdinfo/3)
ok "a test sets its standard input to be non-blocking" "$TOP/tests/root/sandbox.t" nonblocking <&3
is "$(grep ^flags: /proc/self/fdinfo/3)" "$flags" "no other test sees that"

# It ends when whoever started it is killed, by whatever signal.
for signal in TERM KILL; do
	"$TOP/tests/sandbox" sleep 98765 &
	pid=$!
	wait_for 5 pgrep -f '^sleep 98765$' >/dev/null
	kill -$signal $pid
	wait $pid 2>/dev/null
	ok "SIG$signal ends all of it" wait_for 5 sh -c '! pgrep -f "^sleep 98765$"'
done

done_testing
