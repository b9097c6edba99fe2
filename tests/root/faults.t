#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A system call or an allocation fails, or its process is killed there, while a
# session is opened and closed, at a reload, in a sweep: a session is as it should
# be, or refused and sealed, the next one comes in, and nothing is left.  A few
# points of each scenario, always the same; "make check-faults" tries all.
#
#   tests/root/faults.t [SEED [POINTS]]
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
set -- "${1:-20782}" "${2:-6}"
in_sandbox "$@"
install_product
# shellcheck source=tests/faults/scenarios.sh
. "$TOP/tests/faults/scenarios.sh"
seed=$1 points=$2

# some: so many lines of the input, the same ones for a seed
some()
{
	awk -v seed="$seed" -v n="$1" 'BEGIN { srand(seed) } { printf "%.9f %s\n", rand(), $0 }' |
		sort -n | head -n "$1" | cut -d ' ' -f 2-
}

# Killed after each of the last N messages to the kernel (sendto, 44) that make a session
killed_late()
{
	faults_calls | awk '$1 == "0.1.1" && $3 == 44 { print $1, $2, "after" }' | tail -n "$1"
}

# Killed before and after each mount(2), 165: of ns, which there is one of
killed_mounting()
{
	faults_calls | awk '$3 == 165 { print $1, $2, "before"; print $1, $2, "after" }'
}

# failed_looks PROCESS N: the last N of its calls of access(2), 21: what cannot be looked at
# is not absent.
failed_looks()
{
	faults_calls | awk -v p="$1" '$1 == p && $3 == 21 { print $1, $2, "EIO" }' | tail -n "$2"
}

# failed_calls PROCESS NUMBERS: prctl(2), 157: what a process was like is to be known before it
# becomes something else; umount2(2), 166: of a copy of all pins, which may stay.
failed_calls()
{
	faults_calls | awk -v p="$1" -v n=" $2 " '$1 == p && index(n, " " $3 " ") { print $1, $2, "EPERM" }'
}

faults_setup

# So that all of the below means something.
faults_begin loopback
pam_stack faults 'session required pam_permit.so'
fails "a stack without the module" faultrun "${FAULTS_ARGS[@]}" </dev/null
like "$OUT" "SUCCESS in the host's network" "is seen to let everybody into the host's network"
pam_stack faults 'session required pam_netns.so'

: >"$WORK/all"
for scenario in $SCENARIOS; do
	faults_begin "$scenario"
	{
		faults_points | some "$points"
		[ "$scenario" != veth ] || killed_late 3
		[ "$scenario" != first ] || {
			killed_mounting
			failed_looks 0.1.1.1 4
		}
		[ "$scenario" != loopback ] || failed_calls 0 '157 166'
		[ "$scenario" != private ] || failed_looks 0.1.1 1
		[ "$scenario" != reload ] || failed_looks 0 3
		[ "$scenario" != sweep ] || seq -f 'netns-helper %.0f oom' 1 12
		for program in faultrun netns-helper netnsctl; do
			echo "$program $((seed % 60 + 1)) oom"
		done
	} >"$WORK/points"
	faults_try <"$WORK/points" >"$WORK/tried" 2>"$WORK/errors"
	is "$(grep -c ' | ' "$WORK/tried")" "$(wc -l <"$WORK/points")" "$scenario: all points are tried, seed $seed" ||
		note "$(cat "$WORK/errors")"
	is "$(grep ' | .* | .* | .' "$WORK/tried")" "" "$scenario: nothing is wrong with any" ||
		note "again: tests/faults/part $scenario 'POINT'"
	[ "$scenario" != sweep ] ||
		like "$(cat "$WORK/tried")" 'netns-helper [0-9]+ oom [|] failed' "and a sweep is short of memory itself"
	cat "$WORK/tried" >>"$WORK/all"
	faults_end
done

# What cannot be read for want of memory is no "set linger" of none.
faults_begin loopback
sed '1i set linger 10m' "$WORK/conf.a" >"$WORK/conf.linger"
"$WORK/put" linger
netnsctl reload
ok "somebody comes and goes" pamdo -s faults -u alice open close
lost=
failed=0
for n in {1..30}; do
	echo "netns-helper $n" >/tmp/oom
	netnsctl sweep >/dev/null 2>&1 || failed=$((failed + 1))
	[ -e /run/pam_netns/ns/1001 ] || lost+=" $n"
done
is "$lost" "" "with whatever allocation of a sweep's that fails her network lingers"
isnt "$failed" 0 "  and $failed sweeps do"
rm -f /tmp/oom
faults_end
netnsctl sweep >/dev/null

# outcomes REGEX [FILE]
outcomes()
{
	cut -d '|' -f 2 "${2:-$WORK/all}" | grep -cE "$1"
}
note "$(cut -d '|' -f 2 "$WORK/all" | sort | uniq -c)"
for outcome in opened refused killed; do
	isnt "$(outcomes "$outcome")" 0 "some are $outcome"
done
# Not each program has so many allocations.
grep -v ' oom |' "$WORK/all" >"$WORK/calls"
ok "few are not reached" test "$(outcomes missed "$WORK/calls")" -le $(($(wc -l <"$WORK/all") / 5))
no_debris

done_testing
