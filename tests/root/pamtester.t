#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The module's arguments, results and messages, and user names of all kinds, by
# pamtester.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
in_sandbox "$@"
install_product

conf 'session root     host
session @wheel   host
session *        loopback'
pam_stack netns 'session required pam_netns.so'

told="network of your session could not be set up"

for user in alice bob carol huge root; do
	run pamtester netns "$user" open_session close_session
	is "$STATUS" 0 "$user: open and close"
	unlike "$OUT" "$told" "$user: nothing is said"
done
is "$(complaints)" "" "nothing is logged when all is well"
no_debris

#
# Arguments
#

pam_stack netns 'session required pam_netns.so debug'
ok "debug" pamtester netns alice open_session close_session
ok "is heard" wait_for_log 'pam_netns.*alice.*network namespace [0-9]+'
clear_log

pam_stack netns 'session required pam_netns.so nonesuch'
fails "an unknown argument refuses the session" pamtester netns alice open_session
ok "and is named in the log" wait_for_log "pam_netns.*nonesuch"
ok "but root comes in" pamtester netns root open_session close_session

install -m 644 /dev/null /etc/security/other.conf
echo 'session * host' >/etc/security/other.conf
pam_stack netns 'session required pam_netns.so conf=/etc/security/other.conf'
is "$(pamdo -s netns open ns close | sed -n 's/^ns //p')" "$(host_netns)" "conf= decides instead"
pam_stack netns 'session required pam_netns.so'
isnt "$(pamdo -s netns open ns close | sed -n 's/^ns //p')" "$(host_netns)" "and for nobody else"

#
# Without the helper
#

mv /usr/libexec/netns-helper /usr/libexec/gone
clear_log
run pamtester netns alice open_session
isnt "$STATUS" 0 "without the helper a confined user is refused"
like "$OUT" "$told" "with one sentence"
is "$(grep -c "$told" <<<"$OUT")" 1 "said once"
like "$OUT" "System error" "the result is PAM_SYSTEM_ERR"
ok "the log has more" wait_for_log 'pam_netns.*alice.*/usr/libexec/netns-helper'
ok "root is not" pamtester netns root open_session close_session
fails "carol, whom only the configuration makes a host user, is" pamtester netns carol open_session

pam_stack netns 'session required pam_netns.so exempt_group=wheel'
ok "as a member of exempt_group= she is not" pamtester netns carol open_session close_session
fails "who is no member is" pamtester netns alice open_session
pam_stack netns 'session required pam_netns.so exempt_group=nosuchgroup'
fails "a group that does not exist exempts nobody" pamtester netns alice open_session
ok "but root" pamtester netns root open_session close_session

pam_stack netns 'session required pam_netns.so quiet'
clear_log
run pamtester netns alice open_session
isnt "$STATUS" 0 "quiet: refused"
unlike "$OUT" "$told" "quiet: nothing is said"
ok "quiet: but logged" wait_for_log 'pam_netns.*alice'
pam_stack netns 'session required pam_netns.so'
unlike "$(pamtester -v netns 'alice' 'open_session(PAM_SILENT)' 2>&1)" "$told" "PAM_SILENT does the same"

# Whatever the stack makes of it: the network is empty.
pam_stack netns 'session optional pam_netns.so' 'session required pam_permit.so'
run pamdo -s netns open ns run "ip -o link show up; $(try_tcp 4 127.0.0.1 22)"
like "$OUT" 'open 0 Success' "optional: the session opens"
isnt "$(sed -n 's/^ns //p' <<<"$OUT")" "$(host_netns)" "optional: but not in the host's network"
unlike "$OUT" '<UP|,UP' "optional: in an empty one"
mv /usr/libexec/gone /usr/libexec/netns-helper
pam_stack netns 'session required pam_netns.so'
no_debris

#
# User names
#

# Where a name that is taken for a path could lead.
files()
{
	find /etc /run /tmp /root /home /dev -xdev -path "$WORK" -prune -o -printf '%y %p\n' | sort -T "$WORK"
}
files >"$WORK/before"
clear_log
# shellcheck disable=SC2016
names=(../../etc/x a/b . .. "$(printf 'a\nb')" "$(head -c 5000 /dev/zero | tr '\0' a)" '' '%s%n%n' -x
	"$(printf 'a\001b')" "$(printf 'a\033[2Jb')" "$(printf 'al\303\255ce')" 'alice ' ALICE 1001 '*' @students
	'alice:x' '$(touch /run/oops)')
for user in "${names[@]}"; do
	name=$(printf '%q' "${user:0:30}")
	run timeout 10 pamdo -s netns -u "$user" open ns
	like "$OUT" 'open 4 ' "refused: user $name"
	isnt "$(sed -n 's/^ns //p' <<<"$OUT")" "$(host_netns)" "and sealed"
	run timeout 10 pamtester -- netns "$user" open_session
	is "$STATUS" 1 "by pamtester, too"
	like "$OUT" "System error" "and with the same result"
done
ok "none of them has made a file" diff "$WORK/before" <(files)
is "$(grep -cE 'pam_netns.*refused$' "$LOG")" $((2 * ${#names[@]})) "each has a line in the log, by both"
unlike "$(cat "$LOG")" '#0[0-9][0-9]|#1[0-9][0-9]' "with no control character in it"
unlike "$(cat "$LOG")" 'a{1000}' "and not as long as the name"
no_debris

done_testing
