#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The profile for pam-auth-update: nothing happens until it is enabled; then the
# line is in what Debian's stacks include, at its place, and stays as it was
# edited; and as long as it is there, uninstalling is refused.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/doors.sh
. "$(dirname "$0")/../doors.sh"
in_sandbox "$@"
install_product

conf 'session root         host
session alice,carol  loopback
session *            host'
host=$(host_netns)
both='common-session common-session-noninteractive'

# modules FILE: of its session lines, in order, without arguments
modules()
{
	grep '^session' "/etc/pam.d/$1" | grep -o 'pam_[a-z_]*\.so'
}

# lines: what pam_netns has in /etc/pam.d, FILE: LINE
lines()
{
	(cd /etc/pam.d && grep pam_netns.so -- *) | tr -s '\t ' ' ' | sed 's/ $//'
}

machine_stacks
auth_update --package
is "$(lines)" "" "installing it, and what another package does then, enables nothing"

# A line that is written into its part of a file by hand ends that, as the manual
# warns.
cp /etc/pam.d/common-session "$WORK"
sed -i '/pam_unix\.so/a session required pam_netns.so # by hand' /etc/pam.d/common-session
auth_update --enable pam_netns
is "$(lines)" "common-session:session required pam_netns.so # by hand" "pam-auth-update leaves alone what was edited"
like "$(cat "$WORK/auth-update")" "Local modifications" "  and says so"
cp "$WORK/common-session" /etc/pam.d

auth_update --enable pam_netns mkhomedir
is "$(lines)" "common-session:session required pam_netns.so
common-session-noninteractive:session required pam_netns.so" "enabled: one line for sessions of each kind"
like "$(modules common-session | tr '\n' ' ')" 'pam_unix\.so .*pam_netns\.so .*pam_mkhomedir\.so' \
	"after what may need the host's network, before what starts programs"
is "$(modules common-session | grep -A 9 netns | grep -c 'unix\|deny')" 0 "  and nothing of the first kind behind it"

#
# Every door but runuser's, whose stack includes nothing
#

pam_stack pamdo 'session required pam_netns.so'
open_doors
inside=() outside=()
for name in "${DOORS[@]}"; do
	case $name in
	runuser*) outside+=("$name") ;;
	*) inside+=("$name") ;;
	esac
done
hold alice pamdo -u alice open ns sleep-for-stdin close
alice=$(sed -n 's/^ns //p' "$WORK/alice.out")
doors_lead alice "$alice" "${inside[@]}"
doors_lead alice "$host" "${outside[@]}"
doors_lead bob "$host" ssh-key login su cron at
doors_lead root "$host" ssh-key su-l cron systemd-user
echo 'session required pam_netns.so' >>/etc/pam.d/runuser
doors_lead alice "$alice" "${outside[@]}"

# An administrator who has both.
sed -i '/^@include common-session/i session required pam_netns.so' /etc/pam.d/sshd /etc/pam.d/cron
clear_log
doors_lead alice "$alice" ssh-key cron
is "$(complaints)" "" "the line twice in a stack: nothing to complain of"
sed -i '/pam_netns/d' /etc/pam.d/sshd /etc/pam.d/cron
release alice
no_debris_swept

#
# Arguments
#

doors_lead bob "$host" su
door su carol
isnt "$(grep ^ns <<<"$DOOR_OUT")" "ns $host carol" "carol is confined"
for file in $both; do
	sed -i 's/pam_netns\.so.*/pam_netns.so exempt_group=wheel/' "/etc/pam.d/$file"
done
auth_update --package
auth_update --disable mkhomedir
is "$(lines | grep common-)" "common-session:session required pam_netns.so exempt_group=wheel
common-session-noninteractive:session required pam_netns.so exempt_group=wheel" \
	"an argument that was added stays when profiles change"
doors_lead carol "$host" su sudo

#
# Nobody is let in without it
#

chmod 0 /usr/libexec/netns-helper
doors_refuse alice ssh-key login su-l sudo sudo-i cron at systemd-user
doors_lead root "$host" ssh-key su cron
chmod 755 /usr/libexec/netns-helper

#
# Away
#

sed -i '/pam_netns/d' /etc/pam.d/runuser /etc/pam.d/pamdo
fails "while it is enabled, make uninstall" make -s -C "$TOP" BUILD="$BUILD" uninstall
like "$OUT" "/etc/pam\.d/common-session"$'\n'"/etc/pam\.d/common-session-noninteractive" "  names the files"
like "$OUT" "pam-auth-update --remove pam_netns" "  and says what to do"
ok "  and has removed nothing" test -e /usr/share/pam-configs/pam_netns -a -x /usr/libexec/netns-helper
doors_lead alice "$host" runuser
auth_update --remove pam_netns
is "$(lines)" "" "pam-auth-update --remove takes it out"
doors_lead alice "$host" ssh-key su cron
ok "then make uninstall" make -s -C "$TOP" BUILD="$BUILD" uninstall
fails "  takes the profile away" test -e /usr/share/pam-configs/pam_netns
auth_update --package
is "$(grep -rl pam_netns /etc/pam.d /var/lib/pam)" "" "and nothing remembers it"
doors_lead alice "$host" ssh-key su cron
doors_lead root "$host" ssh-key su cron
shut_doors

done_testing
