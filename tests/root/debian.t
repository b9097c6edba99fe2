#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The line goes where README.md's table says, in the files that Debian's packages
# bring: then every program that opens sessions leads into the session's network.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/doors.sh
. "$(dirname "$0")/../doors.sh"
in_sandbox "$@"
install_product

conf 'session root      host
session @wheel    host
session alice     loopback'
host=$(host_netns)

machine_stacks
note "not as their package has brought them: $(changed_stacks | tr '\n' ' ')"
[ ! -e /usr/lib/pam.d/systemd-user ] ||
	is "$(grep -v '^#\|^$' /etc/pam.d/systemd-user | tr -s ' ')" \
		"$(systemd_user_stack | grep -v '^#\|^$' | tr -s ' ')" "systemd-user is as we know it"
pam_stack pamdo 'session required pam_netns.so'
open_doors

#
# Without the line, for comparison: who comes in, comes into the host's network
#

doors_lead alice "$host" ssh-key login su-l sudo runuser cron at systemd-user

#
# The table
#

# The rows: "SERVICE...|WHERE"
rows()
{
	awk -F '|' '/in `\/etc\/pam.d` on Debian 12/ { on = 1; next }
		on && !/^ *\|/ { exit }
		on && !/---/ { print $2 "|" $3 }' "$TOP/README.md"
}

# services ROW: the names in it, without paths
services()
{
	# shellcheck disable=SC2016 # no command
	grep -o '`[^`]*`' <<<"${1%%|*}" | tr -d '`' | grep -v /
}

# put_line FILE WHERE: as an administrator reads it
put_line()
{
	local line='session  required  pam_netns.so' what

	case $2 in
	*'before `'*)
		what=${2#*before \`}
		what=${what%%\`*}
		awk -v what="$what" -v line="$line" '
			function is_it()
			{
				sub(/ +$/, "")
				return /^@/ ? $0 == what : !/^#/ && index($0, what) > 0
			}
			!done && is_it() { print line; done = 1 }
			{ print }' "$1" >"$1.new"
		mv "$1.new" "$1"
		;;
	*'at the end'*) echo "$line" >>"$1" ;;
	*nowhere*) ;;
	*) abort "README.md: what does '$2' mean?" ;;
	esac
}

listed=()
while IFS= read -r row; do
	for service in $(services "$row"); do
		listed+=("$service")
		put_line "/etc/pam.d/$service" "${row#*|}"
	done
done < <(rows)
is "$(printf '%s\n' "${listed[@]}" | sort)" \
	"$(for name in "${DOORS[@]}"; do service_of "$name"; done | sort -u)" \
	"README.md's table has every program that is tried here"
is "$(sed -n 's/^\.It \([a-z-]*\) Ta .*/\1/p' "$TOP/pam_netns/pam_netns.8" | sort)" \
	"$(printf '%s\n' "${listed[@]}" | sort)" "  and so has pam_netns(8)'s"
is "$(cd /etc/pam.d && grep -c pam_netns.so -- * | grep -v ':0$' | sort)" "$(printf '%s:1\n' \
	atd cron login pamdo runuser sshd su sudo sudo-i systemd-user | sort)" "each file has the line once"

#
# Every door
#

hold alice pamdo -u alice open ns sleep-for-stdin close
alice=$(sed -n 's/^ns //p' "$WORK/alice.out")
isnt "$alice" "$host" "alice has a network of her own"
doors_lead alice "$alice" "${DOORS[@]}"
doors_lead carol "$host" ssh-password login su sudo-i runuser-l cron at systemd-user
echo 'root:secret' | chpasswd
doors_lead root "$host" "${DOORS[@]}"
release alice
wait_for 5 sh -c '! pgrep -u alice'
no_debris_swept "after the last of them nothing is left"
for daemon in sshd atd; do
	is "$(netns_of "$(cat /run/$daemon.pid)")" "$host" "$daemon itself is where it was"
done

#
# A session that cannot be set up
#

chmod 0 /usr/libexec/netns-helper
doors_refuse alice "${DOORS[@]}"
doors_lead root "$host" ssh-key login su-l sudo runuser cron at
chmod 755 /usr/libexec/netns-helper
shut_doors
no_debris

done_testing
