#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The program that opens a join session goes back when it closes it, or when
# something fails on the way: to its network, its mounts, its root and directory.
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
# By name, so that nothing is kept for the tripwire.
conf 'session alice join vpn0'
ok "the configuration is loaded" netnsctl reload

note_mounts

#
# All is well
#

# goes_back NAME STATES: before and after.
goes_back()
{
	local -a states

	mapfile -t states < <(grep ^state <<<"$2")
	is "${states[2]-}" "${states[0]-}" "$1: after close all is as before"
	like "${states[1]-}" "^state ns:$VPN " "$1: in between it was in vpn0"
	isnt "$(word mnt "${states[1]-}")" "$(word mnt "${states[0]-}")" "$1: with mounts of its own"
	is "$(word cwd "${states[1]-}")" "$(word cwd "${states[0]-}")" "$1: in the same directory"
}

# word KEY STATE
word()
{
	local rest=${2#* "$1":}

	echo "${rest%% *}"
}

mkdir -m 700 /tmp/a /tmp/a/b
goes_back "from /" "$(pamdo cwd / state open state close state)"
goes_back "from a directory" "$(pamdo cwd /tmp/a/b state open state close state)"
goes_back "from one on another mount" "$(pamdo cwd /dev/shm state open state close state)"
goes_back "from one that is gone" \
	"$(pamdo cwd /tmp/a/b system 'rmdir /tmp/a/b' state open state close state)"
goes_back "from another mount namespace" \
	"$(unshare --mount pamdo cwd /tmp/a state open state close state)"
goes_back "from one that is private" \
	"$(unshare --mount --propagation private pamdo cwd /tmp/a state open state close state)"
goes_back "with the user's real uid, as su" "$(pamdo ids 1001 cwd /tmp/a state open state close state)"
goes_back "from another network" "$(pamdo unshare-net state open state close state)"
run pamdo state open close open close state
is "$(grep ^state <<<"$OUT" | sort -u | wc -l)" 1 "twice, one after the other"
run pamdo state open open close close state
is "$(grep ^state <<<"$OUT" | sort -u | wc -l)" 1 "twice, one within the other"
run pamdo open mntns fork-close mntns
is "$(grep ^mntns <<<"$OUT" | sort -u | wc -l)" 1 "a close in a child moves nobody else"
run pamdo open drop close end
like "$OUT" 'close 0 ' "a close without privilege is no error"
run pamdo thread mntns open mntns
is "$(sed -n 's/^mntns //p' <<<"$OUT" | sort -u)" "$HOST_MOUNTS" "with a second thread nothing is moved"
ok "nothing of it is left outside" nothing_outside

# A root of its own, that is a mount
mkdir "$WORK/root"
mount --rbind / "$WORK/root"
mount --make-rprivate "$WORK/root"
hold jail chroot "$WORK/root" /usr/local/bin/pamdo cwd /tmp/a open ns sleep-for-stdin close say closed \
	sleep-for-stdin
wait_for 5 grep -q '^ns' "$WORK/jail.out"
jail=$(pgrep -x pamdo)
is "$(sed -n 's/^ns //p' "$WORK/jail.out")" "$VPN" "in a root of its own"
is "$(cat "/proc/$jail/root/etc/resolv.conf")" "nameserver 10.8.0.1" "  it sees the files"
echo >&"${HOLD_FD[jail]}"
wait_for 5 grep -q closed "$WORK/jail.out"
is "$(readlink "/proc/$jail/root" "/proc/$jail/cwd")" "$WORK/root"$'\n'"$WORK/root/tmp/a" \
	"  and goes back to that root, and its directory"
is "$(stat -Lc %i "/proc/$jail/ns/mnt")" "$HOST_MOUNTS" "  in the host's mounts"
release jail
umount -l "$WORK/root"

# Where a file is missing that is here.
in_other_etc()
{
	# shellcheck disable=SC2016 # for the inner shell
	unshare --mount sh -c 'cp -a /etc /tmp/etc && rm /tmp/etc/hosts && mount --bind /tmp/etc /etc &&
		exec "$@"' sh "$@"
}
clear_log
run in_other_etc pamdo open run 'cat /etc/resolv.conf; ls /etc/hosts' close
like "$OUT" 'open 0 .*nameserver 10.8.0.1.*/etc/hosts.*No such file' \
	"a file that its caller has not got is passed over"
ok "  which is logged" wait_for_log 'user alice: there is no /etc/hosts here'
rm -rf /tmp/etc

#
# What fails in the program itself, once it has moved or before
#

# stays_behind NAME: refused, and but for the network where it was.
stays_behind()
{
	local -a mounts

	mapfile -t mounts < <(sed -n 's/^mntns //p' <<<"$OUT")
	like "$OUT" 'open 4 ' "$1: refused"
	isnt "$(sed -n 's/^ns //p' <<<"$OUT" | head -n 1)" "$HOST" "  and sealed"
	is "${mounts[1]-}" "$HOST_MOUNTS" "  in the mounts of before"
	is "${mounts[2]-}" "$HOST_MOUNTS" "  and close changes nothing there"
	is "$(sed -n 's/.* cwd:\([^ ]*\) .*/\1/p' <<<"$OUT" | sort -u)" /tmp/a "  and the directory"
	ok "  which is logged" wait_for_log 'user alice: cannot .*; the session is refused'
}

# injected NAME CALL ERROR WHICH: into pamdo alone, and not its helper.
injected()
{
	clear_log
	run strace -qqq -o "$WORK/trace" -e "trace=$2" -e "inject=$2:error=$3:when=$4" \
		pamdo cwd /tmp/a mntns state open mntns ns state close mntns
	grep -q INJECTED "$WORK/trace" || note "nothing was injected"
	stays_behind "$1"
}
injected "no mount namespace" unshare ENOSPC 1
injected "mounts that cannot follow the host's" mount EINVAL 1
for n in 2 3 4; do
	injected "one of the files cannot" mount EINVAL $n
done
for n in 1 2 3; do
	injected "the mount number $n does not go there" move_mount EPERM $n
done

clear_log
run strace -qqq -o "$WORK/trace" -e trace=move_mount,setns -e inject=move_mount:error=EPERM:when=2 \
	-e inject=setns:error=EPERM:when=2 pamdo open mntns ns close mntns
is "$(grep -c INJECTED "$WORK/trace")" 2 "no way back at once"
like "$OUT" 'open 4 ' "  refused"
isnt "$(sed -n 's/^ns //p' <<<"$OUT")" "$HOST" "  and sealed"
is "$(sed -n 's/^mntns //p' <<<"$OUT" | tail -n 1)" "$HOST_MOUNTS" "  close tries again"

ok "nothing of it is left outside" nothing_outside
no_debris

done_testing
