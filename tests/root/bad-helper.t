#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever the helper does, or what stands in its place (tests/bad-helper.c), a
# confined user is refused and sealed, soon, and told so; root logs in.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
in_sandbox "$@"
install_product

conf 'session root host
session *    loopback'
pam_stack pamdo 'session required pam_netns.so'
host=$(host_netns)
helper=/usr/libexec/netns-helper
told="network of your session could not be set up"

no_helper()
{
	! pgrep -x netns-helper
}

# refuses NAME: alice in every way that the module promises.
refuses()
{
	local since=${EPOCHREALTIME/[.,]/}

	clear_log
	run pamdo open ns state run "$(try_tcp 4 127.0.0.1 22)"
	ok6s=$((${EPOCHREALTIME/[.,]/} - since < 6000000))
	saved=$OUT
	like "$saved" 'open 4 System error' "$1: refused"
	isnt "$(sed -n 's/^ns //p' <<<"$saved")" "$host" "$1: sealed"
	is "$ok6s" 1 "$1: within 6 s"
	is "$(grep -c "^msg error .*$told" <<<"$saved")" 1 "$1: told in one sentence"
	like "$(cat "$LOG")" 'pam_netns.*alice' "$1: logged"
	unlike "$(cat "$LOG")" '#012|CRIT|cannot enter an empty' "$1: in plain lines"
	like "$saved" 'fds:0,1,2, ' "$1: no descriptor is left open"
	ok "$1: no helper is left" wait_for 2 no_helper
	like "$(pamdo -u root open ns close)" "^open 0 Success"$'\n'"ns $host"$'\n' "$1: root logs in"
}

run pamdo open ns close
like "$OUT" 'open 0' "the good one works"
use_bad_helper leave
clear_log
run strace -qqq -o /dev/null -e trace=setns -e inject=setns:delay_enter=500000:when=1 pamdo open ns
like "$OUT" 'open 4 System error' "gone before the asker has entered: refused"
isnt "$(sed -n 's/^ns //p' <<<"$OUT")" "$host" "  and sealed"
ok "  and logged" wait_for_log 'user alice: cannot enter network namespace .*timed out'
use_bad_helper good
run pamdo open ns
like "$OUT" 'open 0' "and so does one in its place: what follows would be believed"
isnt "$(sed -n 's/^ns //p' <<<"$OUT")" "$host" "in an empty network"

for mode in exit fail abort close shutdown \
	"garbage 0" "garbage 1" "garbage 4" "garbage 296" "garbage 65536" "garbage 200000" \
	"short 296" "short 1" "short 8" "long 1" "long 296" many "version 0" "version 2" \
	"result 0" "result 1" "result 3" "result 5" "result 4294967295" \
	"result-fd 0" "result-fd 2" "result-fd 3" "result-fd 4" \
	text forge regular directory mount user host proc pipe socket "fds 0" "fds 2" "fds 253" \
	lie host-lie; do
	# shellcheck disable=SC2086
	use_bad_helper $mode
	refuses "$mode"
done
for mode in hang stop; do # each takes the whole deadline
	use_bad_helper $mode
	refuses "$mode"
done

use_good_helper
mv $helper $helper.away
refuses "missing"
for what in directory script "not a program" "not executable" "a FIFO"; do
	case $what in
	directory) mkdir $helper ;;
	script) printf '#!/nonexistent\n' >$helper ;;
	"not a program") printf '\177ELF' >$helper ;;
	"not executable") cp $helper.away $helper ;;
	"a FIFO") mkfifo $helper ;;
	esac
	[ "$what" = "not executable" ] || [ "$what" = "a FIFO" ] || chmod 755 $helper
	[ "$what" != "not executable" ] || chmod 644 $helper
	refuses "$what"
	rm -rf $helper
done
mv $helper.away $helper

# Killed at some moment of its work.
killer()
{
	while :; do
		pkill -KILL -x netns-helper
	done
}
killer &
killer=$!
for n in {1..30}; do
	pamdo open ns close
done >"$WORK/killed" 2>&1
kill $killer
wait $killer 2>/dev/null
is "$(grep -c '^open [04] ' "$WORK/killed")" 30 "killed at any moment: each opens or is refused"
is "$(grep -cx "ns $host" "$WORK/killed")" 0 "killed at any moment: never in the host's network"
netnsctl sweep >/dev/null
no_debris
is "$(pamdo open ns close | grep -c ' 0 Success')" 2 "afterwards all is well"
no_debris

done_testing
