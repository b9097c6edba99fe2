#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The faults of libpam-net's modules, one by one, are not ours.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
in_sandbox "$@"
install_product

host=$(host_netns)
pam_stack required 'session required pam_netns.so'
pam_stack optional 'session optional pam_netns.so' 'session required pam_permit.so'
conf 'session root  host
session carol host
session dave  loopback private
session *     loopback'
netnsctl reload >/dev/null

# try SERVICE USER [ACTION...]: fills OUT, OPEN (the result), and NS: where the
# session is, and where its program is after close.
try()
{
	local service=$1 user=$2

	shift 2
	run "${WITH[@]}" pamdo -s "$service" -u "$user" open ns links close ns "$@"
	OPEN=$(sed -n 's/^open \([0-9]*\).*/\1/p' <<<"$OUT")
	NS=$(sed -n 's/^ns //p' <<<"$OUT" | tr '\n' ' ')
}
WITH=()

# never_out NAME USER: whatever the stack makes of it.
never_out()
{
	local service

	for service in required optional; do
		try $service "$2"
		isnt "${NS%% *}" "$host" "$1: $2, $service: not in the host's network"
		like "$OUT" 'links( lo)?'$'\n' "$1: $2, $service: and nothing but lo is up, if anything"
	done
	[ "$OPEN" != 4 ] || like "$NS" " $host \$" "$1: $2: close leads back"
}

#
# "The result of unshare_netns() is dropped, so a failed creation leaves the
# session in the host's network"
#

# fail_in_helper CALL ERROR [WHEN]: that system call fails for the helper, in
# which others than the asker may look.
HELPER=/usr/libexec/netns-helper
cp $HELPER $HELPER.real
fail_in_helper()
{
	rm -f $HELPER
	cat >$HELPER <<-EOT
		#!/bin/sh
		exec strace -qqq -o /tmp/trace -e trace=$1 -e inject=$1:error=$2${3+:when=$3} $HELPER.real
	EOT
	chmod 755 $HELPER
}
mend_helper()
{
	rm -f $HELPER
	cp $HELPER.real $HELPER
}

fail_in_helper uname ENOSYS # which it does not need
try required alice
is "$OPEN" 0 "under strace the helper works"
no_debris

while read -r call error cause; do
	for user in alice dave; do
		fail_in_helper "$call" "$error"
		clear_log
		try required $user
		is "$OPEN" 4 "$call fails with $error: $user is refused"
		isnt "${NS%% *}" "$host" "$call fails with $error: $user is not in the host's network"
		like "$OUT" 'links'$'\n' "$call fails with $error: $user is in an empty one"
		ok "$call fails with $error: it is logged for $user" wait_for_log "user $user: .*$cause.*refused"
		like "$(cat /tmp/trace)" INJECTED "$call fails with $error: so it was, for $user"
	done
	never_out "$call fails with $error" alice
done <<EOT
unshare ENOSPC cannot make a network namespace: No space left on device
unshare ENOMEM cannot make a network namespace: Cannot allocate memory
unshare EPERM cannot make a network namespace: Operation not permitted
setns EPERM cannot enter the namespaces of process 1
sendto EPERM cannot bring up lo
EOT
for call in mount:ENOSPC fcntl:ENOLCK statfs:EIO fstatfs:EIO openat:EMFILE sendmsg:EPIPE; do
	fail_in_helper ${call%:*} ${call#*:}
	never_out "${call/:/ fails with }" alice
done
mend_helper
# What was made before it could not be told.
no_debris_swept

# An answer that is right, and a module that cannot follow it
inject()
{
	WITH=(strace -qqq -o /tmp/trace -e "trace=$1" -e "inject=$1:error=$2")
}
for call in setns:EPERM setns:ENOMEM sendmsg:ENOBUFS recvmsg:ENOMEM socketpair:EMFILE clone:EAGAIN poll:ENOMEM; do
	inject ${call%:*} ${call#*:}
	clear_log
	try optional alice
	is "$OPEN" 0 "module, ${call/:/ fails with }: optional opens"
	like "$(cat /tmp/trace)" INJECTED "module, ${call/:/ fails with }: so it was"
	isnt "${NS%% *}" "$host" "module, ${call/:/ fails with }: not in the host's network"
	try required alice
	is "$OPEN" 4 "module, ${call/:/ fails with }: refused"
done
netnsctl sweep >/dev/null
# Not even an empty one can be made, as when the machine has too many.
WITH=(strace -qqq -f -o /tmp/trace -e trace=unshare -e inject=unshare:error=ENOSPC)
clear_log
for service in required optional; do
	try $service alice
	is "$OPEN$NS" "" "no namespace can be made at all: $service goes no further"
	ok "no namespace can be made at all: $service says why" wait_for_log \
		'user alice: cannot enter an empty network: No space left on device; process ended'
	clear_log
done
WITH=()
no_debris_swept

#
# "A failed user lookup returns PAM_SUCCESS"
# "A user name becomes a path unchecked"
#

files()
{
	find /etc /var /usr/libexec /usr/sbin /run /tmp /root /home -xdev -path "$WORK" -prune -o \
		-printf '%y %p\n' | sort
}
files >"$WORK/before"
clear_log
nobodies=(nobody-of-that-name ../../etc/x ../ns/1001 a/b /etc/passwd . .. "$(printf 'a\nb')"
	"$(printf 'a\rb')" "$(head -c 5000 /dev/zero | tr '\0' a)" '' '%s%n' '%n%n%n%n' -x --help
	"$(printf '\033[31mred')" "$(printf '\377\376')" 'alice root' 1001 0 '0 ')
for user in "${nobodies[@]}"; do
	name=$(printf '%q' "${user:0:20}")
	try required "$user"
	is "$OPEN" 4 "user $name: an error"
	isnt "${NS%% *}" "$host" "user $name: not in the host's network"
	try optional "$user"
	isnt "${NS%% *}" "$host" "user $name: not by optional either"
done
ok "none of them made a file" diff "$WORK/before" <(files)
no_debris "nor anything else"
for service in required optional; do
	is "$(grep -cE "pam_netns\($service:session\): user .*: cannot find the user.*refused" "$LOG")" \
		${#nobodies[@]} "each has its line in the log ($service)"
done
unlike "$(cat "$LOG")" '#[0-7]{3}' "without control characters"
is "$(LC_ALL=C grep -c '[^ -~]' "$LOG")" 0 "and without any others that are not printed"
is "$(awk 'length > (/ event=/ ? 1000 : 400)' "$LOG")" "" "and short"
ok "a newline is escaped" grep -qF 'user a\012b:' "$LOG"
ok "a name stays one word" grep -qF 'user alice\040root:' "$LOG"
ok "a format is only text" grep -qF 'user %s%n:' "$LOG"

#
# "openlog() replaces the host program's identity"
# and all else that belongs to it
#

# stays NAME [-n] SERVICE USER: what tests/pamwatch.c says has changed while the
# session was open fills CHANGED; but for the filter of families, which nothing
# can take off: FILTER is what became of it.
stays()
{
	local name=$1

	shift
	clear_log
	run pamwatch "$@"
	SAID=$OUT
	FILTER=$(grep ': seccomp ' <<<"$OUT")
	CHANGED=$(sed -n '/: seccomp /!s/^while open: //p' <<<"$OUT")
	is "$(grep -E '^(closed|ended): ' <<<"$OUT" | grep -v ': seccomp ')" "" "$name: after close all is as before"
	ok "$name: it can still log" wait_for_log ' mine: ended'
	is "$(grep -oE ' (mine|pamwatch)(\[[0-9]+\])?: [a-z ]+$' "$LOG")" \
		" mine: before"$'\n'" mine: open"$'\n'" mine: closed"$'\n'" mine: ended" \
		"$name: in its own name, and with its own mask"
}
is_filtered()
{
	local when

	is "$FILTER" "$(for when in 'while open' closed ended; do
		printf '%s: no more: seccomp 0\n%s: new: seccomp 2\n' "$when" "$when"
	done)" "$1: its families are filtered from then on"
}
net='(no more|new): net net:\[[0-9]+\]'
# With what is to be hidden in loopback there are mounts, too, and the directory
# to go back to, like all such out of reach of what is executed.
both=$net$'\n''(no more|new): mnt mnt:\[[0-9]+\]'
directory='new: fd [0-9]+ 1 [0-9a-f]+ /[a-z/]*'
for user in alice dave; do
	stays $user required $user
	like "$SAID" '^open 0'$'\n' "$user: opens"
	like "$CHANGED" "^$both"$'\n'"$both"$'\n'"$directory\$" "$user: only the network and mounts have changed"
	is_filtered $user
done
for user in carol root; do
	stays $user required $user
	like "$SAID" '^open 0'$'\n' "$user: opens"
	is "$CHANGED$FILTER" "" "$user: nothing has changed"
done
# The way back is kept open.
back='new: fd [0-9]+ 1 [0-9a-f]+ net:\[[0-9]+\]'
stays "carol from another network" -n required carol
like "$CHANGED" "^$net"$'\n'"$net"$'\n'"$back\$" "  only the network, and the way back"
stays "alice from another network" -n required alice
like "$CHANGED" "^$both"$'\n'"$both"$'\n'"$back"$'\n'"$directory\$" "  only these, and the way back"
stays "nobody" optional nobody-of-that-name
like "$CHANGED" "^$net"$'\n'"$net\$" "refused: only the network has changed"
mv $HELPER $HELPER.away
stays "without the helper" optional alice
like "$CHANGED" "^$net"$'\n'"$net\$" "without the helper: only the network has changed"
mv $HELPER.away $HELPER
echo exit >/run/bad-helper-mode
for mode in hang 'fds 3' host garbage; do
	# shellcheck disable=SC2086 # a word and a number
	use_bad_helper $mode
	stays "helper: $mode" optional alice
	like "$CHANGED" "^$net"$'\n'"$net\$" "helper: $mode: only the network has changed"
	is_filtered "helper: $mode"
done
use_good_helper
no_debris

#
# "Helper functions are exported"
#

module=$(find /usr/lib* /lib* -path '*/security/pam_netns.so' 2>/dev/null | head -n 1)
nm "$BUILD/pam_netns.so" | awk '$2 ~ /[tTdDbBrR]/ && $3 !~ /^_|\./ { print $3 }' |
	sort -u >"$WORK/names"
ok "the module has functions of its own" grep -qx session_seal "$WORK/names"
cat >"$WORK/look.py" <<'EOT'
import ctypes, sys

# Of the module's own names, those that can be found: in it, or in the program.
module, names, mode = sys.argv[1], open(sys.argv[2]).read().split(), getattr(ctypes, sys.argv[3])
program = ctypes.CDLL(None)
before = {n for n in names if hasattr(program, n)}
loaded = ctypes.CDLL(module, mode=mode)
print(" ".join(n for n in names if n not in before and hasattr(loaded, n)))
print(" ".join(n for n in names if n not in before and hasattr(ctypes.CDLL(None), n)))
EOT
run python3 "$WORK/look.py" "$module" "$WORK/names" RTLD_LOCAL
is "$OUT" "pam_sm_close_session pam_sm_open_session" "RTLD_LOCAL: its two entry points can be found"
run python3 "$WORK/look.py" "$module" "$WORK/names" RTLD_GLOBAL
is "$OUT" "pam_sm_close_session pam_sm_open_session"$'\n'"pam_sm_close_session pam_sm_open_session" \
	"RTLD_GLOBAL: nor does it add more to the program"

done_testing
