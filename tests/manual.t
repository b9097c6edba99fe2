#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# netns.conf(5) knows every keyword of the parser, and its examples are accepted, as
# are those of README.md and what netns.conf has in comments.
set -u
LC_ALL=C
export LC_ALL
cd "$(dirname "$0")/.." || exit
page=conf/netns.conf.5
confdump=${BUILD:-build}/tests/confdump

tmp=$(mktemp -d) || exit
trap 'rm -rf "$tmp"' EXIT
count=0
failed=0

# result STATUS NAME: what is in $tmp/why explains a failure.
result()
{
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		failed=1
		echo "not ok $count - $2"
		sed 's/^/#  /' "$tmp/why"
	fi
}

mandoc -T lint -W warning "$page" >"$tmp/why" 2>&1
result $? "the page is sound"

# { "word", value, handler }
grep -o '{ "[a-z0-9-]*", [A-Z0-9_a-z]' conf/keyword.c | cut -d '"' -f 2 | sort -u >"$tmp/words"
grep -E '^\.(It )?(Ic|Cm|Op|Oo)|^\.It Ar .* Cm ' "$page" |
	sed 's/^\.//' | tr -s ' ' '\n' | sort -u >"$tmp/marked"
comm -23 "$tmp/words" "$tmp/marked" >"$tmp/why"
[ ! -s "$tmp/why" ]
result $? "it marks each of the $(wc -l <"$tmp/words") keywords"
[ "$(wc -l <"$tmp/words")" -ge 80 ]
result $? "no fewer than there were"

# What is between .Bd and .Ed in EXAMPLES, one file each.
awk -v dir="$tmp" '
	/^\.Sh / { in_examples = /EXAMPLES/ }
	/^\.Ed/ { file = "" }
	file { print >file }
	in_examples && /^\.Bd/ { file = dir "/example-" ++n }' "$page"
# Indented blocks of README.md that start with a statement, but lines of a PAM stack.
awk -v dir="$tmp" '
	function block() {
		if (text ~ /^(set|session|policy|addresses|include) / && text !~ /pam_netns\.so/)
			printf "%s", text >(dir "/readme-" ++n)
		text = ""
	}
	/^    / { sub(/^ +/, ""); text = text $0 "\n"; next }
	{ block() }
	END { block() }' README.md
[ "$(find "$tmp" -name 'readme-*' | wc -l)" -ge 10 ]
result $? "README.md has examples"

# The file that is installed, with all that it suggests.
sed -n 's/^#\([^ #]\)/\1/p; t; /^session/p' conf/netns.conf |
	grep -v -e '^include ' -e '^.netnsctl ' >"$tmp/sample"
[ "$(grep -c '^session ' "$tmp/sample")" -ge 6 ]
result $? "netns.conf has suggestions"

for example in "$tmp"/example-* "$tmp"/readme-* "$tmp/sample"; do
	"$confdump" "$example" 2>&1 >/dev/null |
		grep -v ': a login would not trust it$' >"$tmp/why"
	[ -s "$example" ] && [ ! -s "$tmp/why" ]
	result $? "${example##*/} is without fault"
done

echo "1..$count"
exit $failed
