# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every program of Debian's by which a user gets a session, each with its own PAM
# stack, the one that the package brings.  After lib.sh:
#
#   . "$(dirname "$0")/../doors.sh"
#   in_sandbox "$@"
#   install_product
#   machine_stacks           # into /etc/pam.d; without the module's line
#   open_doors               # sshd and atd run
#   door sudo alice          # DOOR_OUT: what a command of alice's sees by sudo
#   shut_doors

# shellcheck disable=SC2034 # the tests use it
DOORS=(ssh-key ssh-password ssh-keyboard ssh-terminal login su su-l sudo sudo-i runuser runuser-u
	runuser-l cron at systemd-user)

# The PAM service of a door.
service_of()
{
	case $1 in
	ssh-*) echo sshd ;;
	runuser-u) echo runuser ;;
	at) echo atd ;;
	*) echo "$1" ;;
	esac
}

#
# The stacks
#

# What Debian 12 has for a user's systemd manager, where systemd is not installed.
systemd_user_stack()
{
	cat <<-'EOT'
		@include common-account

		session  required pam_selinux.so close
		session  required pam_selinux.so nottys open
		session  required pam_loginuid.so
		session  required pam_limits.so
		@include common-session-noninteractive
		session optional pam_keyinit.so force revoke
		session optional pam_systemd.so
	EOT
}

# machine_stacks: as the packages bring them; the files of common-* are made by
# pam-auth-update, from what is installed.
machine_stacks()
{
	local file

	rm -rf /etc/pam.d
	mkdir /etc/pam.d
	for file in sshd login su su-l sudo sudo-i runuser runuser-l cron atd other; do
		[ -e "/etc/pam.d.machine/$file" ] || abort "this machine has no /etc/pam.d/$file"
		sed '/pam_netns\.so/d' "/etc/pam.d.machine/$file" >"/etc/pam.d/$file"
	done
	if [ -e /usr/lib/pam.d/systemd-user ]; then
		cp /usr/lib/pam.d/systemd-user /etc/pam.d
	else
		systemd_user_stack >/etc/pam.d/systemd-user
	fi
	auth_update --force
}

# auth_update OPTION...: what packages do when they come and go.
auth_update()
{
	DEBIAN_FRONTEND=noninteractive pam-auth-update "$@" </dev/null >"$WORK/auth-update" 2>&1 ||
		abort "pam-auth-update $*: $(cat "$WORK/auth-update")"
}

# Those that are not as their package has brought them, by the package's sums.
changed_stacks()
{
	dpkg-query -W -f '${Conffiles}\n' openssh-server login util-linux sudo cron at |
		awk '$1 ~ "^/etc/pam.d/" { print $2 "  " $1 }' |
		(cd /etc/pam.d && sed 's|/etc/pam.d/||' | grep -E '  (sshd|login|su|su-l|sudo|sudo-i|runuser|runuser-l|cron|atd)$' |
			md5sum -c --quiet 2>/dev/null)
}

#
# The programs
#

# A job has no standard output: it writes into a file, and then gives it its name.
open_doors()
{
	cat >/usr/local/bin/look <<-'EOT'
		#!/bin/sh
		# What a session is given: its network, and descriptors beyond the first three.
		exec 2>&1
		echo "ns $(stat -Lc %i /proc/self/ns/net) $(id -un)"
		ls -l /proc/self/fd | grep -E '(net|mnt|user|pid):\[|pidfd|io_uring|pam_netns|netns-helper|socket:'
		exit 0
	EOT
	cat >/usr/local/bin/look-later <<-'EOT'
		#!/bin/sh
		/usr/local/bin/look >"/tmp/look.$$"
		mv "/tmp/look.$$" "/tmp/look.$(id -un)"
	EOT
	printf '#!/bin/sh\necho secret\n' >"$WORK/askpass"
	chmod 755 /usr/local/bin/look /usr/local/bin/look-later "$WORK/askpass"
	echo 'Defaults !use_pty' >/etc/sudoers.d/test-plain
	start_sshd 'PasswordAuthentication yes' 'KbdInteractiveAuthentication yes'
	start_atd
}

shut_doors()
{
	stop_sshd
	stop_daemon atd
}

start_atd()
{
	rm -f /run/atd.pid
	atd -f &
	DAEMON[atd]=$!
	wait_for 5 test -s /run/atd.pid || abort "atd does not start"
}

declare -A DAEMON

stop_daemon()
{
	kill "${DAEMON[$1]}"
	wait "${DAEMON[$1]}" 2>/dev/null
	unset "DAEMON[$1]"
}

# ssh_by METHOD USER COMMAND
ssh_by()
{
	SSH_ASKPASS=$WORK/askpass SSH_ASKPASS_REQUIRE=force ssh -o BatchMode=no \
		-o PreferredAuthentications="$1" -o PubkeyAuthentication=no -l "$2" host "$3"
}

# Types name and password, as somebody at the console does.
by_login()
{
	local prompt='$ '

	[ "$1" != root ] || prompt='# '
	# The quotes keep the marks out of the echo of what is typed.
	ptydo login -- 'login: ' "$1^M" 'Password: ' 'secret^M' "$prompt" \
		"echo BEG''IN; look; echo EN''D; exit^M" >"$WORK/login" 2>&1
	tr -d '\r' <"$WORK/login" | sed -n '/BEGIN$/,/^END$/{/BEGIN$/d;/^END$/d;p}'
}

# by_job USER SERVICE COMMAND...: COMMAND puts the job in; waits for what it has
# seen, or until the log says that it was refused.
by_job()
{
	local user=$1 service=$2

	shift 2
	rm -f "/tmp/look.$user"
	"$@" >"$WORK/job" 2>&1
	wait_for 10 job_is_over "$user" "$service" || cat "$WORK/job"
	[ ! -e "/tmp/look.$user" ] || cat "/tmp/look.$user"
}

job_is_over()
{
	[ -e "/tmp/look.$1" ] || grep -q "pam_netns($2:session): user $1: .*refused" "$LOG"
}

# cron runs what is to be run at every start of the system when it starts itself.
cron_job()
{
	rm -f /run/crond.reboot /run/crond.pid
	rm -rf /var/spool/cron/crontabs/*
	echo '@reboot /usr/local/bin/look-later' | crontab -u "$1" - || return
	cron -f -L 15 &
	DAEMON[cron]=$!
}

at_job()
{
	echo /usr/local/bin/look-later | setpriv --reuid "$1" --regid "$1" --init-groups env -C / USER="$1" \
		LOGNAME="$1" HOME=/ at now
}

# door NAME USER: fills DOOR_OUT.
door()
{
	DOOR_OUT=$(through "$@" 2>"$WORK/door.err")
	[ "$1" != cron ] || {
		by_job "$2" cron cron_job "$2" >"$WORK/cron"
		DOOR_OUT=$(cat "$WORK/cron")
		stop_daemon cron
	}
}

through()
{
	local user=$2

	case $1 in
	ssh-key) ssh_as "$user" look ;;
	ssh-password) ssh_by password "$user" look ;;
	ssh-keyboard) ssh_by keyboard-interactive "$user" look ;;
	ssh-terminal) ssh_as "$user" -tt look 2>&1 | tr -d '\r' ;;
	login) by_login "$user" ;;
	su) su "$user" -c look ;;
	su-l) su - "$user" -c look ;;
	sudo) sudo -u "$user" look ;;
	sudo-i) sudo -i -u "$user" look ;;
	runuser) runuser "$user" -c look ;;
	runuser-u) runuser -u "$user" -- look ;;
	runuser-l) runuser -l "$user" -c look ;;
	at) by_job "$user" atd at_job "$user" ;;
	systemd-user) usermanager "$user" look ;;
	esac
}

#
# What is to be seen by each
#

# doors_lead USER NETNS DOOR...: there, and nothing of ours is open.
doors_lead()
{
	local user=$1 netns=$2 name

	shift 2
	for name; do
		door "$name" "$user"
		is "$(grep ^ns <<<"$DOOR_OUT")" "ns $netns $user" "$name: $user" || note "$(cat "$WORK/door.err")"
		is "$(grep -v '^ns\|^close\|^end' <<<"$DOOR_OUT")" "" "  nothing of ours is open"
	done
}

# doors_refuse USER DOOR...: nothing runs.
doors_refuse()
{
	local user=$1 name

	shift
	for name; do
		clear_log
		door "$name" "$user"
		is "$(grep ^ns <<<"$DOOR_OUT")" "" "$name: $user's command does not run"
		ok "  and the log says why" \
			wait_for_log "pam_netns\($(service_of "$name"):session\): user $user: .*refused"
	done
}
