#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A helper that lies about the session's files (tests/bad-helper.c): the user is
# refused and sealed, and the program sees what it saw before.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
in_sandbox "$@"
install_product

conf 'session root host
session *    loopback'
pam_stack pamdo 'session required pam_netns.so'
host=$(host_netns)
place="mnt:$(stat -Lc %i /proc/self/ns/mnt) .* cwd:/tmp dumpable:1 fds:0,1,2, "
ok "loaded" netnsctl reload
mount -t tmpfs later /mnt # what a bind of / would not show
ln -s /etc /tmp/link
cat /proc/self/mountinfo >"$WORK/mounts"

is_unchanged()
{
	diff "$WORK/mounts" /proc/self/mountinfo
}

# shown: how often alice stands in /etc/hosts, in the session and after it.
shown()
{
	grep -x '[01]' <<<"$OUT" | tr '\n' ' '
}

# shellcheck disable=SC2016
count='grep -c ^alice: /etc/hosts || :'
for mode in "mounts 0" "mounts 1" "mounts 64" "path /etc/hosts" "path /etc/pam.d/su"; do
	# shellcheck disable=SC2086
	use_bad_helper $mode
	run pamdo open system "$count" close system "$count"
	case $mode in
	"mounts 0" | *su) wanted='0 0 ' ;;
	*) wanted='1 0 ' ;;
	esac
	is "$(shown)" "$wanted" "$mode is believed"
done
ok "but for the session alone" is_unchanged

for mode in "mounts 65" "mounts 66" "mounts 4294967295" "mounts-without 0" "mounts-without 1" \
	"mounts-spare 1" "mounts-spare 63" "mounts-spare 64" mounts-cut \
	"path /" "path etc/hosts" "path /etc" "path /etc/" "path /etc/." "path /etc/.." \
	"path /etc/../tmp/x" "path /etc//hosts" "path //etc/hosts" "path /etc/hosts/." \
	"path /tmp/link/hosts" "path /proc" "path /proc/self/ns/mnt" "path /proc/1" "path /run/.." path-empty path-open path-forge \
	"no-mount /etc/hosts" "no-mount /proc/self/ns/net" "no-mount /mnt" \
	"no-mount-path /etc/hosts" "no-mount-path /mnt" "no-mount-path /" no-mount-pipe \
	mount-directory "mount-result 2" "mount-result 3" "mount-result 4" mount-host; do
	# shellcheck disable=SC2086
	use_bad_helper $mode
	clear_log
	run pamdo cwd /tmp open ns state system "$count" close
	like "$OUT" 'open 4 System error' "$mode: refused"
	isnt "$(sed -n 's/^ns //p' <<<"$OUT")" "$host" "  and sealed"
	like "$OUT" "$place" "  the program is where it was, with no descriptor more"
	is "$(shown)" '0 ' "  and sees its own file"
	ok "  the log says so" wait_for_log 'user alice: .*; the session is refused'
	saved=$(<"$LOG")
	unlike "$saved" '#012|cannot enter an empty|netns-helper ended' "  in a plain line"
done
ok "nothing of it all is left outside" is_unchanged
no_debris

done_testing
