#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the parser says to tests/conf/*.in: NAME.err is its diagnostics, NAME.out
# the canonical text of what is accepted.  stdin-NAME.in is read as standard
# input.  Each message in the source must be in some NAME.err.
set -u
cd "$(dirname "$0")/.." || exit
build=$(cd "${BUILD:-build}" && pwd) || exit
confdump=$build/tests/confdump
fuzz=$build/tests/conf-fuzz
LC_ALL=C
export LC_ALL

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

# Whose the files of a source tree are, is another matter: unit/conf_load.c.
without_distrust()
{
	grep -v ': warning: .*: a login would not trust it$'
}

# dump FILE: its diagnostics in $tmp/err, its text in $tmp/out
dump()
{
	case $1 in
	stdin-*) "$confdump" - <"$1" ;;
	*) "$confdump" "$1" ;;
	esac >"$tmp/out" 2>"$tmp/all"
	status=$?
	without_distrust <"$tmp/all" >"$tmp/err"
	return $status
}

# same WANTED GOT: where WANTED does not exist, nothing is wanted.
same()
{
	[ -e "$1" ] || set -- /dev/null "$2"
	diff -u "$1" "$2" >>"$tmp/why"
}

check_case()
{
	: >"$tmp/why"
	dump "$1.in"
	status=$?
	wanted=1
	[ -e "$1.out" ] && wanted=0
	[ $status = $wanted ] || echo "exit status $status, not $wanted" >>"$tmp/why"
	same "$1.err" "$tmp/err"
	same "$1.out" "$tmp/out"
	[ ! -s "$tmp/why" ]
	result $? "$1.in"
}

# What was accepted is accepted again as it was dumped, word for word.
check_fixed_point()
{
	: >"$tmp/why"
	cp "$1" "$tmp/again"
	"$confdump" "$tmp/again" 2>/dev/null | diff -u "$1" - >"$tmp/why"
	result $? "$1 dumps to itself"
}

cd tests/conf || exit
for case in *.in; do
	check_case "${case%.in}"
done
for text in *.out; do
	check_fixed_point "$text"
done
"$fuzz" ./*.in ../../conf/netns.conf >"$tmp/why" 2>&1
result $? "the fuzzer's checks hold for all of them"

cd ../..
"$confdump" conf/netns.conf 2>&1 >"$tmp/out" | without_distrust >"$tmp/why"
[ ! -s "$tmp/why" ]
result $? "conf/netns.conf is without fault"
echo 'session * host' | diff -u - "$tmp/out" >"$tmp/why"
result $? "conf/netns.conf changes nothing"

# The formats in the calls that report, as patterns, against what was reported.
# What open.c says depends on who owns the files: unit/conf_load.c.
perl -e '
	use strict;
	local $/;
	my $said = join "", map { open(my $f, "<", $_) or die; <$f> } <tests/conf/*.err>;
	my $call = qr/\b(parse_error|parse_report|wrong|report_excess|parse_expected|parse_word
			 |parse_name|parse_list|value_name|value_number|set_name|problem_of)\(/x;
	my $string = qr/"(?:[^"\\]|\\.)*"/;
	my $n = 0;
	for my $file (grep { !m{/(open|resolve)\.c$} } <conf/*.c>) {
		open(my $f, "<", $file) or die;
		my $source = <$f>;
		$source =~ s{"\s*PRIu64\s*"}{u}g; # "%" PRIu64 " more"
		$source =~ s{"\s*PRIu64}{u"}g;
		$source =~ s{"\s*\n\s*"}{}g; # "one " newline "text"
		while ($source =~ /(?:$call|\breturn\b)((?:[^;"]|$string)*);/g) {
			my ($name, $arguments) = ($1 // "return", $2);
			while ($arguments =~ /($string)/g) {
				my $text = substr $1, 1, -1;
				next unless $text =~ /[a-z]{3}/;
				$text =~ s/\\(.)/$1/g;
				my $pattern = join ".*", map { quotemeta }
					split /%(?:[.*]*s|zu|u|c)/, $text, -1;
				$n++;
				print "$file: $name: $text\n" unless $said =~ /$pattern/;
			}
		}
	}
	print "only $n messages found\n" if $n < 80;
' >"$tmp/why"
[ ! -s "$tmp/why" ]
result $? "every message is in some .err"

echo "1..$count"
exit $failed
