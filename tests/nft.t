#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every configuration in tests/nft becomes the ruleset beside it.  Needs no root.
#
# A line "# machine: OPTIONS" in a configuration is for fwtool, which then stands
# in for netnsctl on such a machine.  UPDATE=1 writes what is wanted anew.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

WORK=$(mktemp -d) || exit
trap 'rm -rf "$WORK"' EXIT

# alone CMD...: on a host whose networks and PAM have nothing to do with it, if it
# may have such a one.
alone()
{
	"$@"
}
# shellcheck disable=SC2016 # sh expands it
if unshare -Urnm mount -t tmpfs tmpfs /etc/pam.d 2>/dev/null; then
	alone()
	{
		unshare -Urnm sh -c 'for dir in /etc/pam.d /usr/lib/pam.d; do
			[ ! -d $dir ] || mount -t tmpfs tmpfs $dir || exit
		done
		exec "$@"' sh "$@"
	}
fi

# ruleset CONF: prints it.
ruleset()
{
	local options

	options=$(sed -n 's/^# machine: //p' "$1")
	if [ -n "$options" ]; then
		# shellcheck disable=SC2086 # words
		"$BUILD/tests/fwtool" $options print "$1"
	else
		alone "$BUILD/netnsctl" check --nft "$1"
	fi
}

# becomes CONF WANTED
becomes()
{
	local got

	got=$(ruleset "$1" && echo end) && diff -u "$2" <(printf '%s' "${got%end}")
}

for conf in "$TOP"/tests/nft/*.conf; do
	wanted=${conf%.conf}.nft
	[ -z "${UPDATE-}" ] || ruleset "$conf" >"$wanted"
	ok "${conf##*/} becomes ${wanted##*/}" becomes "$conf" "$wanted"
done

# A packet of each policy's sessions comes to the policy's chains and is decided there.
# decides CONF WANTED
decides()
{
	local options policies policy pool

	options=$(sed -n 's/^# machine: //p' "$1")
	policies=$(grep -oE 'goto out_[^, ]+' "$2" | cut -d_ -f2-)
	pool=$(sed -n 's|^\t*ip saddr != \([0-9.]*\)/.*|\1|p' "$2")
	for policy in $policies; do
		# shellcheck disable=SC2086 # words
		"$BUILD/tests/fwtool" $options decide "$1" <<-EOT >"$WORK/decided" || return
			$policy $pool - 198.51.100.1 tcp 1
			- 198.51.100.1 $policy $pool tcp 1
			$policy $pool host 192.0.2.2 tcp 1
			host 192.0.2.2 $policy $pool tcp 1
		EOT
		diff <(printf "%s_$policy\n" out in host from_host) \
			<(grep -oE " (out|in|host|from_host)_$policy " "$WORK/decided" | tr -d ' ') || return
	done
	[ -n "$policies" ]
}

for conf in "$TOP"/tests/nft/*.conf; do
	! grep -q 'vmap {' "${conf%.conf}.nft" ||
		ok "${conf##*/}: each policy has its say" decides "$conf" "${conf%.conf}.nft"
done

run alone "$BUILD/netnsctl" check "$TOP/tests/nft/collision.bad"
is "$STATUS" 1 "two policies with the same class are refused"
like "$OUT" "collision.bad:5:.*'p3441' and 'p185a' \(.*collision.bad:2\)" "with both names"
run alone "$BUILD/netnsctl" check "$TOP/tests/nft/quoted.bad"
is "$STATUS" 1 "so are names of links that nft cannot write"
like "$OUT" "'eth\*'.*'we\"ird'" "both of them"

run "$BUILD/netnsctl" check --nft --dump "$TOP/tests/nft/nothing.conf"
is "$STATUS" 2 "one can ask for one thing only"

done_testing
