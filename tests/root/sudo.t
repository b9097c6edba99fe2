#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sudo moves between networks as su does: to that of the target user, on a
# terminal of its own as without one.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/doors.sh
. "$(dirname "$0")/../doors.sh"
in_sandbox "$@"
install_product

conf 'session root             host
session @wheel           host
session dave via sudo*   stay
session alice,bob,dave   loopback'
machine_stacks
sed -i '/^@include common-session/i session required pam_netns.so' /etc/pam.d/sudo /etc/pam.d/sudo-i
pam_stack su 'session required pam_netns.so'
host=$(host_netns)
sudoers=/etc/sudoers.d/tests
echo 'ALL ALL=(ALL) NOPASSWD: ALL' >$sudoers
hold alice su alice -c "$SELF_NETNS; read -r _"
hold bob su bob -c "$SELF_NETNS; read -r _"
alice=$(held alice)
bob=$(held bob)
isnt "$alice" "$host" "alice is not in the host's network"
isnt "$bob" "$alice" "nor is bob in hers"

# as_alice COMMAND: in a session of hers.
as_alice()
{
	su alice -c "$1" 2>&1
}

for pty in '!use_pty' use_pty; do
	printf '%s\n' 'ALL ALL=(ALL) NOPASSWD: ALL' "Defaults $pty" >$sudoers
	for sudo in 'sudo' 'sudo -i'; do
		name="$pty: $sudo"
		is "$($sudo -u bob stat -Lc %i /proc/self/ns/net)" "$bob" "$name: from the host to bob's network"
		is "$(as_alice "$sudo -u bob $SELF_NETNS")" "$bob" "$name: from alice's to bob's"
		is "$(as_alice "$sudo -u alice $SELF_NETNS")" "$alice" "$name: to her own"
		is "$(as_alice "$sudo $SELF_NETNS")" "$host" "$name: to root's, the host's"
		is "$(as_alice "$sudo -u carol $SELF_NETNS")" "$host" "$name: to carol's, the host's"
		is "$(as_alice "$sudo -u dave $SELF_NETNS")" "$alice" "$name: dave stays where she is"
		is "$($sudo -u dave stat -Lc %i /proc/self/ns/net)" "$host" "$name: and where root is"
		is "$(as_alice "$sudo -u bob true; $SELF_NETNS")" "$alice" "$name: afterwards she is in hers"
		is "$(as_alice "$sudo -u bob ls -l /proc/self/fd" | grep -E "$LEAKS")" "" \
			"$name: no descriptor of ours"
	done
done
# On a terminal.
ptydo su alice -c "sudo -u bob $SELF_NETNS" -- >"$WORK/pty"
is "$(tr -d '\r' <"$WORK/pty")" "$bob" "on a terminal, with use_pty: bob's network"

# What the manual warns of.
printf '%s\n' 'ALL ALL=(ALL) NOPASSWD: ALL' 'Defaults !pam_session' >$sudoers
is "$(sudo -u bob stat -Lc %i /proc/self/ns/net)" "$host" "!pam_session: there is no session, bob is where root is"
is "$(as_alice "sudo -u bob $SELF_NETNS")" "$alice" "  or where alice is"

# The editor of sudoedit is the invoking user's, in a session of the target user's.
printf '#!/bin/sh\nid -un >/tmp/editor; %s >>/tmp/editor\n' "$SELF_NETNS" >/usr/local/bin/editor
chmod 755 /usr/local/bin/editor
install -o bob /dev/null /srv/bobs
: >/srv/roots
# edits COMMAND: who runs the editor, and in which network.
edits()
{
	install -m 666 /dev/null /tmp/editor
	as_alice "SUDO_EDITOR=/usr/local/bin/editor $1" >"$WORK/sudoedit"
	paste -sd ' ' /tmp/editor
}
allowed='alice ALL=(root) NOPASSWD: sudoedit /srv/roots, (bob) NOPASSWD: sudoedit /srv/bobs, /usr/bin/stat'
echo "$allowed" >$sudoers
is "$(edits 'sudoedit /srv/roots')" "alice $host" "sudoedit: alice has her editor in root's network, the host's"
is "$(edits 'sudoedit -u bob /srv/bobs')" "alice $bob" "  or in bob's"
for pty in '!use_pty' use_pty; do
	printf '%s\n' 'Defaults!sudoedit !pam_session' "Defaults $pty" "$allowed" >$sudoers
	for command in 'sudoedit' 'sudo -e' 'sudo --edit'; do
		is "$(edits "$command /srv/roots")" "alice $alice" "!pam_session for it, $pty: $command: in hers"
		is "$(edits "$command -u bob /srv/bobs")" "alice $alice" "  and not in bob's"
	done
	is "$(as_alice "sudo -u bob $SELF_NETNS")" "$bob" "  all else has a session"
done
echo 'ALL ALL=(ALL) NOPASSWD: ALL' >$sudoers

#
# A session that cannot be set up
#

chmod 0 /usr/libexec/netns-helper
for sudo in 'sudo' 'sudo -i'; do
	run $sudo -u bob stat -Lc %i /proc/self/ns/net
	isnt "$STATUS" 0 "without the helper: $sudo -u bob fails"
	like "$OUT" 'policy plugin failed session initialization' "  says sudo"
	is "$(grep -xE '[0-9]+' <<<"$OUT")" "" "  and runs nothing"
	is "$($sudo stat -Lc %i /proc/self/ns/net)" "$host" "  root's works"
done
chmod 755 /usr/libexec/netns-helper
release alice
release bob
no_debris_swept

done_testing
