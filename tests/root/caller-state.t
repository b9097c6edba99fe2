#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Callers that see other files than the host, or may not do what others may: their
# session is in its network, or refused; never is it in the host's, nor does it hang.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
in_sandbox "$@"
install_product

conf 'session root host
session *    loopback'
pam_stack pamdo 'session required pam_netns.so'
host=$(host_netns)
ok "the configuration is loaded" netnsctl reload

# calls NAME opens|refused|blind|either COMMAND...: which runs pamdo, with "open ns"
calls()
{
	local name=$1 wanted=$2 open ns start=$SECONDS

	shift 2
	run timeout 60 "$@" </dev/null
	open=$(sed -n 's/^open \([0-9]*\).*/\1/p' <<<"$OUT")
	ns=$(sed -n 's/^ns //p' <<<"$OUT" | head -n 1)
	case $wanted in
	opens) is "$open" 0 "$name: opens" ;;
	refused | blind) is "$open" 4 "$name: refused" ;;
	either) like "$open" '^[04]$' "$name: opens or is refused" ;;
	esac || note "$OUT"
	# Without /proc it cannot tell.
	[ "$wanted" = blind ] || isnt "$ns" "$host" "  never in the host's network"
	ok "  and in time" test $((SECONDS - start)) -le 30
}

note "other mounts"
# in_mounts COMMAND...: words for calls
in_mounts()
{
	IN=(unshare --mount --propagation "${2-private}" sh -c "$1 && exec pamdo open ns close" sh)
}
while IFS='|' read -r name wanted command; do
	in_mounts "$command"
	calls "$name" "$wanted" "${IN[@]}"
done <<'EOT'
private mounts|opens|true
/run is another|opens|mount -t tmpfs none /run
/run is read-only|opens|mount --bind /run /run && mount -o remount,bind,ro /run
our place in /run is another|opens|mount -t tmpfs none /run/pam_netns
/etc/security is another|opens|mount -t tmpfs none /etc/security
a configuration of its own|opens|mount -t tmpfs none /etc/security && echo "session * host" >/etc/security/netns.conf
the helper is of another file system|opens|mount --bind /usr/libexec /usr/libexec
no program may be run there|refused|mount --bind /usr/libexec /usr/libexec && mount -o remount,bind,noexec /usr/libexec
no helper|refused|mount -t tmpfs none /usr/libexec
/dev is empty|refused|mount -t tmpfs none /dev
/sys is empty|opens|mount -t tmpfs none /sys
/proc is read-only|opens|mount --bind /proc /proc && mount -o remount,bind,ro /proc
/proc is empty|blind|mount -t tmpfs none /proc
EOT
in_mounts 'mount -t tmpfs none /run' slave
calls "mounts that follow the host's" opens "${IN[@]}"
is "$(findmnt -rn -o TARGET | grep -cE '^/run$')" 1 "nothing of that is seen outside"
mkdir /tmp/root
calls "in a directory by chroot" opens unshare --mount --propagation private \
	sh -c 'mount --rbind / /tmp/root && exec chroot /tmp/root pamdo open ns close'
calls "  without /proc" blind unshare --mount --propagation private \
	sh -c 'mount --bind / /tmp/root && mount --rbind /usr /tmp/root/usr; mount --rbind /etc /tmp/root/etc; mount --rbind /run /tmp/root/run
		exec chroot /tmp/root pamdo open ns close'
calls "in a pid namespace of its own" either unshare --pid --fork --mount-proc pamdo open ns close

note "less privilege"
for cap in net_admin setuid setgid sys_resource sys_ptrace kill dac_override setpcap sys_chroot; do
	calls "without CAP_${cap^^}" either setpriv --bounding-set "-$cap" --inh-caps "-$cap" pamdo open ns
done
calls "no new privileges" opens setpriv --no-new-privs pamdo open ns
calls "undumpable" opens pamdo undumpable open ns
calls "real uid of a user" opens pamdo ids 1002 open ns
run setpriv --bounding-set -sys_admin --inh-caps -sys_admin pamdo open ns
unlike "$OUT" 'open|ns ' "without CAP_SYS_ADMIN it is ended: not even an empty network can be had"
ok "  which is logged" wait_for_log 'cannot enter an empty network: Operation not permitted; process ended'
# Who has no privilege can be moved nowhere, and gives nobody what they had not.
run pamdo effective-id 1002 open ns
like "$OUT" 'open 4 ' "an effective uid without privilege: refused"
run setpriv --reuid bob --regid bob --init-groups pamdo open ns
like "$OUT" 'open 4 ' "a user's own program: refused"

note "system calls that are forbidden"
for call in clone execve kill mount prlimit setns setresuid setsid socket statx socketpair \
	close_range sendmsg pipe pidfd capset; do
	calls "$call" either pamdo forbid $call open ns
done
ok "who may not mount is told so" wait_for_log 'cannot use /run/pam_netns: Permission denied'
for calls in "unshare forbid setns" "unshare forbid kill forbid setns"; do
	# shellcheck disable=SC2086 # words
	run pamdo forbid $calls open ns
	is "$OUT" "msg error The network of your session could not be set up; please tell the administrator of this machine." \
		"$calls: it is ended, and does not go on in the host's network"
done

no_debris_swept
done_testing
