#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# join: what is no namespace of "ip netns", or not root's alone, is refused.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/vpn.sh
. "$TOP/tests/vpn.sh"
in_sandbox "$@"
install_product

pam_stack pamdo 'session required pam_netns.so'
make_far
make_vpn
make_files
conf 'session alice join vpn0'
told='The network of your session could not be set up'

#
# What cannot be had
#

# not_had NAME CAUSE: CAUSE is in the log; nothing is moved.
not_had()
{
	clear_log
	run pamdo mntns open mntns ns run 'ip -o link show up' close mntns ns
	like "$OUT" 'open 4 ' "$1: refused"
	isnt "$(sed -n 's/^ns //p' <<<"$OUT" | head -n 1)" "$HOST" "  and sealed"
	unlike "$OUT" ': (lo|eth0)' "  in a network where nothing is up"
	is "$(sed -n 's/^ns //p' <<<"$OUT" | tail -n 1)" "$HOST" "  close leads back"
	is "$(sed -n 's/^mntns //p' <<<"$OUT" | sort -u)" "$HOST_MOUNTS" "  in the host's mounts throughout"
	is "$(grep -c "^msg error $told" <<<"$OUT")" 1 "  alice is told"
	ok "  the log says why" wait_for_log "user alice: $2.*; the session is refused"
}

drop_vpn
name=/run/netns/vpn0
not_had "no such namespace" "there is no network namespace $name"
echo >$name
not_had "a file" "$name is no network namespace"
rm $name
mkdir $name
not_had "a directory" "$name is no network namespace"
rmdir $name
mkfifo $name
not_had "a FIFO" "$name is no network namespace"
rm $name
ln -s /proc/1/ns/net $name
not_had "a link to the host's" "$name is no network namespace but a symbolic link"
ip netns add other
ln -sf other $name
not_had "a link to another one" "$name is no network namespace but a symbolic link"
ip netns delete other
rm $name
touch $name
mount --bind /proc/1/ns/net $name
not_had "the host's own" "$name is the host's own network"
umount $name
mount --bind /proc/self/ns/uts $name
not_had "a namespace of another kind" "$name is no network namespace"
umount $name
rm $name
make_vpn
chmod g+w /run/netns
not_had "others may write there" "/run/netns is not root's, or others"
chmod g-w /run/netns
chown alice /run/netns
not_had "it is not root's" "/run/netns is not root's, or others"
chown root /run/netns
ok "all is well again" pamdo open close

note "what is in /etc/netns, and should not be"
for dir in /etc/netns $FILES; do
	chmod o+w "$dir"
	not_had "others may write to $dir" "$dir is not root's, or others"
	make_files
	chown bob "$dir"
	not_had "$dir is somebody's" "$dir is not root's, or others"
	make_files
done
rm -rf $FILES
ln -s /etc/skel $FILES
not_had "it is a link" "cannot open $FILES: Not a directory"
rm $FILES
echo >$FILES
not_had "it is a file" "cannot open $FILES: Not a directory"
rm $FILES
make_files
bad="$FILES/hosts is neither a file nor a directory, or is not root's"
ln -sf /etc/hostname $FILES/hosts
not_had "a link" "$bad"
rm $FILES/hosts
mkfifo $FILES/hosts
not_had "a FIFO" "$bad"
rm $FILES/hosts
install -o bob /dev/null $FILES/hosts
not_had "somebody's file" "$bad"
install -m 664 /dev/null $FILES/hosts
not_had "a file that others may write to" "$bad"
make_files
for n in {1..29}; do
	touch "/etc/a-$n" "$FILES/a-$n"
done
ok "32 files" pamdo open close
touch /etc/a-30 $FILES/a-30
not_had "33 files" "more than 32 files in $FILES"
make_files
rm /etc/a-*
touch "/etc/a"$'\n'"b" "$FILES/a"$'\n'"b"
not_had "a name of two lines" "cannot use $FILES/a"
make_files
rm "/etc/a"$'\n'"b"
ok "all is well again" pamdo open close

#
# Instead of a refusal
#

note "set on-error seal"
drop_vpn
conf 'set on-error seal
session alice join vpn0'
clear_log
run pamdo open ns run 'ip -o link show up; grep -c nameserver.10.8.0.1 /etc/resolv.conf' close ns mntns
like "$OUT" 'open 0 ' "the session opens"
isnt "$(sed -n 's/^ns //p' <<<"$OUT" | head -n 1)" "$HOST" "  not in the host's network"
unlike "$OUT" ': (lo|eth0)' "  but in one where nothing is up"
is "$(grep -xE '[0-9]+' <<<"$OUT")" 0 "  without vpn0's files"
is "$(sed -n 's/^mntns //p' <<<"$OUT")" "$HOST_MOUNTS" "  and it goes back to the host's mounts"
ok "  and the log says so" wait_for_log "user alice: sealed: there is no network namespace $name"
make_vpn
chmod o+w $FILES
run pamdo open ns close
isnt "$(sed -n 's/^ns //p' <<<"$OUT")" "$VPN" "nor is it in vpn0 without the files"
make_files
is "$(pamdo open ns close | sed -n 's/^ns //p')" "$VPN" "all is well again"
no_debris "nothing is left of any of them"

done_testing
