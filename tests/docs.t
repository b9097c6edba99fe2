#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The documentation is sound, and says everything that the code accepts.
# Needs no root; runs from anywhere.
set -u
cd "$(dirname "$0")/.." || exit

count=0
failed=0

# ok NAME CMD...: CMD succeeds and prints nothing.
ok()
{
	name=$1
	shift
	count=$((count + 1))
	if said=$("$@" 2>&1) && [ -z "$said" ]; then
		echo "ok $count - $name"
	else
		failed=1
		echo "not ok $count - $name"
		printf '%s\n' "$said" | sed 's/^/# /'
	fi
}

# documented FILE PATTERN WORD...: for each word, a line of FILE matches the
# basic regular expression PATTERN with the word in place of @.  No words at all
# means that this test does not understand the source any more.
documented()
{
	file=$1 pattern=$2
	shift 2
	[ $# -gt 0 ] || echo "nothing found in the source"
	for word; do
		grep -q -e "$(printf '%s\n' "$pattern" | sed "s/@/$word/g")" "$file" ||
			echo "$file does not document: $word"
	done
}

exists()
{
	[ $# -gt 0 ] || echo "nothing is named"
	for file; do
		[ -f "$file" ] || echo "$file does not exist"
	done
}

# rows FILE: each names a test that there is, and words that it has; or a reason.
rows()
{
	sed '/^#/d; /^$/d' "$1" | {
		n=0
		while IFS='|' read -r number what file words; do
			n=$((n + 1))
			words=${words# } file=${file# } file=${file% }
			case $number$what in
			*[0-9]' '*' '*' ') ;;
			*) echo "$1: not understood: $number|$what" ;;
			esac
			if [ "$file" = - ]; then
				[ -n "$words" ] || echo "$1: ${number% }: neither a test nor a reason"
			elif [ ! -f "tests/$file" ]; then
				echo "$1: ${number% }: no tests/$file"
			elif ! grep -qF -e "$words" "tests/$file"; then
				echo "$1: ${number% }: tests/$file does not have: $words"
			fi
		done
		[ "$n" -ge 50 ] || echo "$1: $n rows only"
	}
}

# block START FILE: from the line that holds START to the one that closes the block.
block()
{
	awk -v start="$1" 'index($0, start) { on = 1; print; next } on { print } on && /^}/ { exit }' "$2"
}

commands()
{
	block 'commands[] = {' helper/ctl.c | sed -n 's/^[[:space:]]*{ "\([a-z-]*\)", ctl_.*/\1/p'
}

# "x , -long", as the page has it
options()
{
	sed -n "s/^[[:space:]]*{ \"\([a-z-]*\)\", [a-z]*_argument, NULL, '\(.\)' },/\2 , -\1/p" \
		helper/ctl*.c
}

arguments()
{
	sed -n 's/^[[:space:]]*{ "\([a-z_]*\)=\{0,1\}", ARGUMENT_[A-Z_]* },$/\1/p' helper/argument.c
}

operations()
{
	block 'enum proto_op {' helper/proto.h | sed -n 's/^[[:space:]]*PROTO_\([A-Z]*\).*/\1/p'
}

results()
{
	block 'enum proto_result {' helper/proto.h | sed -n 's/^[[:space:]]*PROTO_\([A-Z]*\).*/\1/p'
}

json_members()
{
	{
		block 'static void put_traffic(' helper/status_json.c
		block 'static void put_user(' helper/status_json.c
		block 'void stats_print_json(' helper/stats.c
	} | sed -n 's/.*(j, "\([a-z0-9_]*\)".*/\1/p'
}

metrics()
{
	{
		block 'families[] = {' helper/stats_prometheus.c
		block 'static void put_infos(' helper/stats_prometheus.c
		block 'static void put_host(' helper/stats_prometheus.c
	} | sed -n 's/^[[:space:]]*{ "\([a-z_]*\)", .*/\1/p; s/.*(out, "\([a-z_]*\)",.*/\1/p'
}

# "key", of the lines for programs in the log
fields()
{
	sed -n 's/.*\(record_[a-z]*\|put_item\)(.*, "\([a-z_]*\)", .*/\2/p' helper/account.c \
		pam_netns/account.c | sort -u
}

findings()
{
	sed -n 's/^[[:space:]]*"\([a-z-]*\)", DOCTOR_[A-Z]*,$/\1/p' helper/doctor.c
}

options_in_page()
{
	sed -n 's/^\.It Fl \(. , -[a-z-]*\)$/\1/p' helper/netnsctl.8
}

every_option_exists()
{
	options_in_page | while IFS= read -r option; do
		options | grep -qxF -e "$option" || echo "netnsctl does not know: $option"
	done
}

has_line()
{
	grep -q -e "$2" "$1" || echo "$1 does not say: $2"
}

for page in pam_netns/pam_netns.8 helper/netns-helper.8 helper/netnsctl.8 conf/netns.conf.5; do
	ok "$page is sound" mandoc -T lint -W warning "$page"
done

# shellcheck disable=SC2046 # one word each
{
	ok "every command of netnsctl is documented" \
		documented helper/netnsctl.8 '^\.It Cm @\( \|$\)' $(commands)
	ok "and is in its synopsis" documented helper/netnsctl.8 '^\.Cm @$' $(commands)
	ok "every member of its JSON is documented" \
		documented helper/netnsctl.8 '^\.It @ Ta ' $(json_members)
	ok "every metric is documented" \
		documented helper/netnsctl.8 '^\.It Li \(.* , \)*@\( , .*\)*$' $(metrics)
	ok "every field of the log is documented" \
		documented pam_netns/pam_netns.8 '^\.It Li \(.* , \)*@\( , .*\)*$' $(fields)
	ok "every finding of doctor is documented" \
		documented helper/netnsctl.8 '^\.It Sy @$' $(findings)
	ok "every argument of the module is documented" \
		documented pam_netns/pam_netns.8 '^\.It Cm @\( \|$\)' $(arguments)
	ok "and is in its synopsis" documented pam_netns/pam_netns.8 '^\.Op Cm @\( \|$\)' $(arguments)
	ok "every operation of the helper is documented" \
		documented helper/netns-helper.8 '^\.It Sy @$' $(operations)
	ok "every result is documented" documented helper/netns-helper.8 '^\.Sy @\( \|$\)' $(results)
	ok "every test that SECURITY.md names exists" \
		exists $(grep -o 'tests/root/[a-z-]*\.t' SECURITY.md | sort -u)
	ok "every way to escape that is known has its test, or a reason why not" rows tests/escape/ROWS
}

old_ifs=$IFS
IFS='
'
# shellcheck disable=SC2046 # one line each
ok "every option of netnsctl is documented" documented helper/netnsctl.8 '^\.It Fl @$' $(options)
IFS=$old_ifs
ok "every option that is documented exists" every_option_exists
ok "--help and --version, too" has_line helper/netnsctl.8 '^\.Fl -help | -version$'
ok "README.md names the demonstration" has_line README.md 'sudo make demo'
ok "README.md names the tests" has_line README.md 'sudo make check'
ok "NEWS is about this version" has_line NEWS "^$(sed -n 's/^VERSION := //p' Makefile)\$"

echo "1..$count"
exit $failed
