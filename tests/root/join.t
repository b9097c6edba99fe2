#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# join: sessions in a namespace of "ip netns", with the files of /etc/netns, and
# nothing of that outside of them.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/vpn.sh
. "$TOP/tests/vpn.sh"
in_sandbox "$@"
install_product

for service in pamdo sshd su login; do
	pam_stack $service 'session required pam_netns.so'
done
make_far
make_vpn
ip netns add bare # without files

#
# The host's resolv.conf is a link to a file that others replace, as it is where
# systemd-resolved runs.
#

mkdir /run/resolve
echo 'nameserver 127.0.0.53' >/run/resolve/stub
ln -sf ../run/resolve/stub /etc/resolv.conf
make_files

conf 'session dave    join bare
session huge    join vpn0
session @wheel    host
session @students join vpn0
session *         host'
ok "the configuration is loaded" netnsctl reload
is "$OUT" "" "  without a warning"
note_mounts

#
# Where the session is, and what it sees
#

# by WAY USER COMMAND: what it prints in a session.
by()
{
	case $1 in
	ssh) ssh_as "$2" "$3" ;;
	su) su "$2" -c "$3" ;;
	login)
		ptydo login -f "$2" -- '$ ' "echo BEG''IN; $3; echo EN''D; exit^M" |
			tr -d '\r' | sed -n '/BEGIN$/,/^END$/{/BEGIN$/d;/^END$/d;p}'
		;;
	pamdo) pamdo -u "$2" open run "$3" close | sed '/^open /d; /^run /d; /^close /d' ;;
	esac
}

look='stat -Lc %i /proc/self/ns/net; cat /etc/resolv.conf; getent hosts of.vpn; cat /etc/skel/note'
seen="$VPN
nameserver 10.8.0.1
10.8.0.7        of.vpn
the VPN's"
start_sshd
for way in ssh su login pamdo; do
	for user in alice huge; do
		is "$(by $way $user "$look")" "$seen" "$way: $user is in vpn0, and sees its files"
	done
	is "$(by $way dave 'stat -Lc "%i" /proc/self/ns/net /proc/self/ns/mnt')" \
		"$(stat -Lc %i /run/netns/bare)"$'\n'"$HOST_MOUNTS" \
		"$way: dave is in bare, which has no files: and has the host's mounts"
	is "$(by $way carol 'stat -Lc "%i" /proc/self/ns/net /proc/self/ns/mnt; cat /etc/resolv.conf')" \
		"$HOST"$'\n'"$HOST_MOUNTS"$'\nnameserver 127.0.0.53' "$way: carol has the host's of both"
	is "$(by $way alice 'ls -l /proc/self/fd' | grep -E "$LEAKS|socket:")" "" \
		"$way: alice inherits no descriptor of ours"
done
echo "get /etc/hosts $WORK/got" | sftp -q -b - -o User=alice host >/dev/null
ok "sftp, run by sshd itself: too" cmp "$WORK/got" /etc/netns/vpn0/hosts
is "$(cat /etc/resolv.conf)" "nameserver 127.0.0.53" "the host sees its own file"
fails "and its own directory" test -e /etc/skel/note
ok "and has no mount of ours" nothing_outside

lines='tcp 10.8.0.1 80
udp 10.8.0.1 80
tcp fd00:8::1 80
udp fd00:8::1 80
tcp 198.51.100.10 80
tcp 2001:db8:1::10 80'
is "$(by ssh alice "$TOP/tests/probe ask <<<'$lines'")" 'far 10.8.0.2
far 10.8.0.2
far fd00:8::2
far fd00:8::2
ENETUNREACH
ENETUNREACH' "what vpn0 reaches, the session reaches, and nothing else"
is "$(by ssh alice 'getent ahostsv4 only.vpn' | sed -n '1s/ .*//p')" 10.8.0.9 \
	"names are asked of the nameserver in its resolv.conf"

#
# While it is open
#

hold_ssh alice alice
is "$(held alice)" "$VPN" "alice stays"
shell=$(pgrep -u alice -x bash)
sshd=$(ps -o ppid= -p "$shell" | tr -d ' ')
monitor=$(ps -o ppid= -p "$sshd" | tr -d ' ')
for process in "$shell" "$sshd" "$monitor"; do
	name=$(cat "/proc/$process/comm")
	is "$(leaks_of "$process")" "" "no descriptor of ours is open in the $name"
	is "$(stat -Lc %i "/proc/$process/ns/net")" "$VPN" "  which is in vpn0"
	isnt "$(stat -Lc %i "/proc/$process/ns/mnt")" "$HOST_MOUNTS" "  with mounts of the session's own"
done
in_mounts()
{
	nsenter --mount --target "$shell" -- "$@"
}

mkdir /mnt/later /mnt/own
mount -t tmpfs later /mnt/later
echo "from the host" >/mnt/later/file
is "$(cat "/proc/$shell/root/mnt/later/file")" "from the host" "what the host mounts later appears inside"
umount /mnt/later
fails "and goes when it does" test -e "/proc/$shell/root/mnt/later/file"
in_mounts mount -t tmpfs own /mnt/own
in_mounts mkdir -p /etc/skel/dir
in_mounts mount -t tmpfs own /etc/skel/dir
is "$(in_mounts findmnt -rno TARGET | grep -c '^/mnt/own\|^/etc/skel/dir')" 2 "what is mounted inside"
ok "is nowhere in the host's mounts" nothing_outside
in_mounts umount /etc/skel/dir
rmdir /etc/netns/vpn0/skel/dir

as_alice()
{
	nsenter --mount --net --target "$shell" --setuid 1001 --setgid 1001 -- "$@"
}
for file in /etc/resolv.conf /etc/hosts /etc/skel; do
	fails "alice cannot take $file off" as_alice umount $file
	fails "  nor as the root of a user namespace" as_alice unshare -Urm umount $file
	fails "  nor lazily" as_alice unshare -Urm umount -l $file
	ok "  where she may unmount" as_alice unshare -Urm sh -c 'mount -t tmpfs x /tmp && umount /tmp'
done
is "$(in_mounts cat /etc/resolv.conf)" "nameserver 10.8.0.1" "it is all there"

echo 'nameserver 10.8.0.2' >/etc/netns/vpn0/resolv.conf
is "$(in_mounts cat /etc/resolv.conf)" "nameserver 10.8.0.2" "a file that is written to changes inside"
echo 'nameserver 127.0.0.54' >/run/resolve/new
mv /run/resolve/new /run/resolve/stub
is "$(cat /etc/resolv.conf)" "nameserver 127.0.0.54" "the host's resolver replaces its file"
is "$(in_mounts cat /etc/resolv.conf)" "nameserver 10.8.0.2" "which does not show inside"
rm /run/resolve/stub
is "$(in_mounts cat /etc/resolv.conf)" "nameserver 10.8.0.2" "nor that it goes"
is "$(by su alice 'cat /etc/resolv.conf')" "nameserver 10.8.0.2" \
	"and a link that leads nowhere is replaced as well"
echo 'nameserver 127.0.0.53' >/run/resolve/stub

# Files are no matter of the network: whoever comes from inside keeps them.
is "$(in_mounts nsenter --net=/run/netns/vpn0 pamdo -u carol ns open ns close ns | grep '^ns ')" \
	"ns $VPN"$'\n'"ns $HOST"$'\n'"ns $VPN" "carol's session from inside is in the host's network"

ip netns delete vpn0
is "$(nsenter --net --target "$shell" "$TOP/tests/probe" ask <<<'tcp 10.8.0.1 80')" "far 10.8.0.2" \
	"the namespace is deleted, and the session goes on in it"
clear_log
run pamdo open ns
like "$OUT" 'open 4 ' "but no other one begins"
old=$VPN
ip -n far link delete eth0
make_vpn
isnt "$VPN" "$old" "it is made anew"
is "$(by su alice "$SELF_NETNS")" "$VPN" "and new sessions are in the new one"
is "$(stat -Lc %i "/proc/$shell/ns/net")" "$old" "the open one stays where it is"
release alice
ok "nothing of it is left" nothing_outside
is "$(ls /run/pam_netns/ns)" "" "no user has a namespace of ours"

done_testing

