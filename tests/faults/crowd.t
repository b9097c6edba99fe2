#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# netnsctl, when very many users are there: each of its commands that says something.
#
#   USERS=N make check-storm
# shellcheck source=tests/lib.sh
TEST_TIMEOUT=${TEST_TIMEOUT:-600}
. "$(dirname "$0")/../lib.sh"
# What the sandbox does not hand on
set -- "${1:-${USERS:-1000}}"
in_sandbox "$@"
install_product
users=$1

FIRST=20000
RUNS=5
LIMIT=1000 # milliseconds

pam_stack crowd 'session required pam_netns.so'
for ((n = 1; n <= users; n++)); do
	echo "u$n:x:$((FIRST + n)):$((FIRST + n))::/:/bin/sh"
done >>/etc/passwd
# Of each ten, nine have a link.
{
	printf '%s\n' 'set pool4 100.64.0.0/16' 'set pool6 fd6e:6574:6e73::/64' 'set dns none' \
		'policy web {' '	nat ports 64' '	out allow to any tcp 80' '}'
	for ((n = 1; n <= users; n++)); do
		echo "session $((FIRST + n)) $([ $((n % 10)) = 0 ] && echo loopback || echo veth web)"
	done
} >"$WORK/crowd.conf"
conf "$(cat "$WORK/crowd.conf")"
ok "the configuration is good" netnsctl reload
mapfile -t names < <(seq -f u%g "$users")
mkfifo "$WORK/crowd.in"
exec {hold}<>"$WORK/crowd.in"
crowd crowd "${names[@]}" <"$WORK/crowd.in" >"$WORK/crowd.out" 2>&1 &
wait_for 75 grep -q ready "$WORK/crowd.out"
is "$(cat "$WORK/crowd.out")" "ready $users" "all $users have a session"

# took CMD...: the median of some runs, in milliseconds
took()
{
	local i start

	for ((i = 0; i < RUNS; i++)); do
		start=${EPOCHREALTIME/[.,]/}
		"$@" >"$WORK/took.out" 2>&1 || return 1
		echo $(((${EPOCHREALTIME/[.,]/} - start) / 1000))
	done | sort -n | sed -n "$(((RUNS + 1) / 2))p"
}

# in_time NAME CMD...
in_time()
{
	local name=$1 ms

	shift
	ms=$(took "$@")
	ok "$name: $ms ms" test "$ms" -lt $LIMIT
}
# first_address USER: the IPv4 one
first_address()
{
	netnsctl status --interval 0 --json "$1" | jq -r '.[0].ipv4'
}
in_time "status" netnsctl status
is "$(wc -l <"$WORK/took.out")" $((users + 1)) "  a line each"
in_time "status --json" netnsctl status --json
is "$(jq length "$WORK/took.out")" "$users" "  an object each"
in_time "status USER" netnsctl status u1
in_time "denied" netnsctl denied
in_time "denied --json" netnsctl denied --json
# A port of the block of FIRST + 1, which others share.
in_time "who" sh -c "netnsctl who tcp $((1024 + (FIRST + 1) % 496 * 64)); [ \$? = 1 ]"
like "$(cat "$WORK/took.out")" "u1 .*u$((users > 496 ? 497 : 1)) " "  users who share a block"
in_time "stats" netnsctl stats
in_time "stats --prometheus" netnsctl stats --prometheus
is "$(python3 -I "$TOP/tests/prometheus.py" <"$WORK/took.out" | jq -r .name | grep -c '^user_info$')" \
	"$users" "  in its format, and with an info each"
in_time "explain" netnsctl explain --active u1 out tcp 192.0.2.7 80
in_time "explain, in from another user" netnsctl explain u1 in tcp "$(first_address u2)" 80
in_time "doctor" sh -c 'netnsctl doctor; [ $? -lt 3 ]'
conf -k "$(sed 's/tcp 80/tcp 80 443/' "$WORK/crowd.conf")"
in_time "check --diff" sh -c 'netnsctl check --diff; [ $? = 1 ]'
is "$(grep -c ': other rules, at once$' "$WORK/took.out")" $((users - users / 10)) "  a line each"
in_time "reload --dry-run" netnsctl reload --dry-run
conf -k "$(cat "$WORK/crowd.conf")"
in_time "exec" netnsctl exec u1 true
in_time "sweep" netnsctl sweep
in_time "top, from its start to its end" ptydo sh -c 'TERM=xterm netnsctl top' -- 'u uid' q
like "$(cat "$WORK/took.out")" " $users users" "  it counts as many"
exec {hold}>&-
kill %1

done_testing
