#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# login on a terminal.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
in_sandbox "$@"
install_product

conf 'session root        host
session @wheel      host
session alice,bob   loopback
session dave        loopback private'
pam_stack login 'session required pam_netns.so'
host=$(host_netns)

# login_as USER COMMAND: types COMMAND and prints what it printed.  The quotes
# keep the marks out of the echo of what is typed.
login_as()
{
	local prompt='$ '

	[ "$1" != root ] || prompt='# '
	ptydo login -f "$1" -- "$prompt" "echo BEG''IN; $2; echo EN''D; exit^M" >"$WORK/login"
	tr -d '\r' <"$WORK/login" | sed -n '/BEGIN$/,/^END$/{/BEGIN$/d;/^END$/d;p}'
}

alice=$(login_as alice "$SELF_NETNS")
like "$alice" '^[0-9]+$' "alice can log in"
isnt "$alice" "$host" "and is not in the host's network"
is "$(login_as carol "$SELF_NETNS")" "$host" "carol, a host user, is"
is "$(login_as root "$SELF_NETNS")" "$host" "so is root"
isnt "$(login_as dave "$SELF_NETNS")" "$host" "dave is not"
no_debris "after log-out nothing is left"

# Two at once
hold_login()
{
	hold "$1" sh -c "ptydo login -f $1 -- '$ ' 'echo N\"\"S=\$($SELF_NETNS)^M' NS= '<' '' 'exit^M' |
		sed -u -n 's/.*NS=\([0-9]*\).*/\1/p'"
}
hold_login alice
hold_login bob
alice=$(held alice)
like "$alice" '^[0-9]+$' "alice logs in and stays"
is "$(login_as alice "$SELF_NETNS")" "$alice" "on another terminal she is in the same network"
isnt "$(held bob)" "$alice" "bob is in another one"
isnt "$(held bob)" "$host" "which is not the host's"
is "$(login_as alice "$(talk_to_self 4 127.0.0.1)" | tail -n 1)" hello "her lo carries IPv4"
is "$(login_as alice 'ls -l /proc/self/fd' | grep -E "$LEAKS|socket:")" "" \
	"her shell has no descriptor of ours"
shell=$(pgrep -u alice -x bash)
is "$(leaks_of "$shell")" "" "neither has the one that stays"
is "$(leaks_of "$(ps -o ppid= -p "$shell" | tr -d ' ')" | grep netns-helper)" "" \
	"login itself is not connected to the helper any more"
release alice
release bob
no_debris "after log-out nothing is left"

# Nobody comes in without the helper, but root.
chmod 0 /usr/libexec/netns-helper
is "$(login_as alice "$SELF_NETNS" 2>/dev/null)" "" "without the helper alice gets no shell"
like "$(cat "$WORK/login")" "network of your session could not be set up" "and is told why"
like "$(cat "$LOG")" "alice.*refused" "so is the log"
is "$(login_as root "$SELF_NETNS")" "$host" "root logs in all the same"
chmod 755 /usr/libexec/netns-helper

# Nor with a configuration that cannot be used, when none is loaded.  What is broken
# says that all are host users.
break_conf()
{
	local file=/etc/security/netns.conf

	rm -rf $file /run/pam_netns/active.conf
	install -m 644 /dev/null $file
	echo 'session * host' >$file
	case $1 in
	'with an unknown word') echo 'sesion alice loopback' >>$file ;;
	group-writable) chmod 664 $file ;;
	'that is a link')
		mv $file /etc/security/other
		ln -s other $file
		;;
	'that is a FIFO') rm $file && mkfifo $file ;;
	'of a gigabyte') truncate -s 1G $file ;;
	'that is missing') rm $file ;;
	*) abort "break_conf: $1" ;;
	esac
}
for how in 'with an unknown word' group-writable 'that is a link' 'that is a FIFO' 'of a gigabyte' \
	'that is missing'; do
	break_conf "$how"
	clear_log
	SECONDS=0
	is "$(login_as alice "$SELF_NETNS" 2>/dev/null)" "" "configuration $how: alice gets no shell"
	like "$(cat "$WORK/login")" "network of your session could not be set up" "  and is told why"
	ok "  the log names the file" wait_for_log 'user alice: .*netns\.conf.*the session is refused'
	is "$(login_as root "$SELF_NETNS")" "$host" "  root logs in"
	ok "  none of it hangs" test $SECONDS -le 6
done
rm -f /etc/security/other
break_conf 'that is missing'
conf 'session root host
session *    loopback'
alice=$(login_as alice "$SELF_NETNS")
like "$alice" '^[0-9]+$' "with a good one alice logs in again"
isnt "$alice" "$host" "  and is not in the host's network"

# The terminal is hung up: no close in good order.
# shellcheck disable=SC2016
ptydo login -f alice -- '$ ' 'kill -HUP $PPID; kill -KILL $$^M' >/dev/null
no_debris_swept "after a hang-up neither"

done_testing
