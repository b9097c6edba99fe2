#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/lint finds what it says it looks for: each check once with a violation of
# its own, in a copy of a few files that are all right.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

WORK=$(mktemp -d) || exit
trap 'rm -rf "$WORK"' EXIT
unset BUILD
COPY=$WORK/copy

fresh_copy()
{
	rm -rf "$COPY"
	mkdir "$COPY"
	(cd "$TOP" && cp --parents -t "$COPY" Makefile .clang-format .clang-tidy tests/unit.mk \
		tests/root.mk tests/run conf/base.h conf/conf.h helper/netns.[ch] helper/nl.[ch] \
		pam_netns/session.[ch] pam_netns/mounts.h pam_netns/families.h \
		helper/answer.h helper/proto.h)
	cat >"$COPY/helper/good.8" <<-EOT
		.\" SPDX-License-Identifier: GPL-2.0-or-later
		.Dd July 1, 2025
		.Dt GOOD 8
		.Os
		.Sh NAME
		.Nm good
		.Nd a page without faults
		.Sh DESCRIPTION
		Nothing.
	EOT
}

lint()
{
	"$TOP/tests/lint" -C "$COPY" "$@"
}

# finds CHECK REGEX COMMAND: once COMMAND has been run in a fresh copy.
finds()
{
	fresh_copy
	(cd "$COPY" && bash -c "$3") || abort "cannot do: $3"
	run lint "$1"
	is "$STATUS" 1 "$1: fails after $(head -n 1 <<<"$3")"
	like "$OUT" "$2" "$1: and says what and where"
}

# c_finds CHECK FILE REGEX LINE...: in that file with these lines.  The others are away: what
# looks into C takes long.
c_finds()
{
	finds "$1" "$2:$3" "find . -name '*.[ch]' -delete; $(c_file "$2" "${@:4}")"
}

# passes CHECK COMMAND
passes()
{
	fresh_copy
	(cd "$COPY" && bash -c "$2") || abort "cannot do: $2"
	ok "$1: passes after $2" lint "$1"
}

# c_file NAME LINE...: a command that makes one.
c_file()
{
	local name=$1

	shift
	printf "printf '%%s\\\\n' '/* SPDX-License-Identifier: GPL-2.0-or-later */'"
	printf ' %q' "$@"
	printf ' >%s' "$name"
}

fresh_copy
ok "the copy is all right" lint
like "$OUT" "nothing to complain about" "and that is said"
for check in text modes layers headers size format manuals shell cppcheck tidy analyzer; do
	like "$OUT" "(^|"$'\n'")$check +[a-z]" "a line says what $check does"
done

#
# text
#

finds text 'Makefile:[0-9]+: white space at the end' 'printf "\t\n" >>Makefile'
finds text 'helper/nl\.c:[0-9]+: a carriage return' 'printf "int x;\r\n" >>helper/nl.c'
finds text 'helper/nl\.c:[0-9]+: a blank before a tab' 'printf "  \tint x;\n" >>helper/nl.c'
finds text 'helper/nl\.c: no newline' 'printf "int x;" >>helper/nl.c'
# In two halves, as in tests/lint.
for word in "TO""DO" "FIX""ME" "X""XX"; do
	finds text 'helper/nl\.h:[0-9]+: a note' "echo '/* $word: all of it */' >>helper/nl.h"
done
passes text "echo 'mktemp /tmp/X''XXXXX' >>tests/run"
# shellcheck disable=SC2016
finds text 'conf/new\.c:1: no .*SPDX.*helper/new\.8:1: no .*SPDX.*tests/new\.mk:1: .*tests/new\.t:1: ' \
	'for name in conf/new.c tests/new.t tests/new.mk helper/new.8; do
		echo "#!nothing" >$name
	done'

#
# modes
#

finds modes 'tests/run: .*not executable' 'chmod -x tests/run'
finds modes 'helper/nl\.c: executable' 'chmod +x helper/nl.c'
finds modes 'a file\.c: a blank' "touch 'helper/a file.c'"

#
# layers
#

# All at once: each is a line of its own.
fresh_copy
while read -r file header; do
	echo "#include $header" >>"$COPY/$file"
	expected+=("$file:$(wc -l <"$COPY/$file"): must not include $header ")
done <<'EOT'
conf/base.h <syslog.h>
conf/base.h <linux/netlink.h>
conf/base.h <libmnl/libmnl.h>
conf/base.h <cap-ng.h>
conf/base.h <security/pam_modules.h>
conf/base.h <openssl/ssl.h>
conf/base.h "helper/wire.h"
conf/base.h "pam_netns/user.h"
conf/base.h "../helper/wire.h"
conf/base.h "base.h"
helper/netns.c <security/pam_ext.h>
helper/netns.c <libmnl/libmnl.h>
helper/netns.h <libmnl/libmnl.h>
helper/nl.h <libmnl/libmnl.h>
helper/nl.c <libnftnl/table.h>
helper/netns.c <cap-ng.h>
helper/netns.c <sys/capability.h>
helper/netns.c "conf/parse.h"
helper/netns.c "pam_netns/session.h"
pam_netns/session.c <libmnl/libmnl.h>
pam_netns/session.c <cap-ng.h>
pam_netns/session.c "conf/conf.h"
pam_netns/session.h "conf/diag.h"
pam_netns/session.c "helper/state.h"
EOT
run lint layers
is "$STATUS" 1 "layers: fails"
for line in "${expected[@]}"; do
	like "$OUT" "$line" "layers: $line"
done
is "$(grep -c 'must not' <<<"$OUT")" ${#expected[@]} "layers: and no other line"
finds layers 'conf/base\.h:[0-9]+: must not include <syslog\.h>' \
	'printf "\t# \tinclude\t<syslog.h> /* why */\n" >>conf/base.h'
passes layers 'echo "#include <libnftnl/table.h>" >helper/fw_nl_new.c'
passes layers 'echo "#include \"helper/wire.h\"" >>pam_netns/session.c'

#
# headers
#

c_finds headers conf/new.h '.*size_t' '#ifndef NEW' '#define NEW' 'size_t new(void);' '#endif'
c_finds headers conf/new.h '.*redefinition' 'struct new {' '	int x;' '};'

#
# size
#

# shellcheck disable=SC2016
finds size 'helper/nl\.c: 401 lines, more than 400' \
	'yes "" | head -n $((401 - $(wc -l <helper/nl.c))) >>helper/nl.c'
# shellcheck disable=SC2016
passes size 'yes "" | head -n $((400 - $(wc -l <helper/nl.c))) >>helper/nl.c'
long='{ echo "int f(int x)"; echo "{"; yes "	x++;" | head -n %s; echo "	return x;"; echo "}"; } >helper/new.c'
# shellcheck disable=SC2059
finds size 'helper/new\.c:1: f\(\) has 61 lines, more than 60' "$(printf "$long" 57)"
# shellcheck disable=SC2059
passes size "$(printf "$long" 56)"

#
# What others check: that their complaints are not lost
#

finds format 'helper/nl\.c:[0-9]+: is not what clang-format' "echo 'int  x;' >>helper/nl.c"
finds manuals 'helper/good\.8:[0-9:]+ ' "echo '.Nonesuch macro' >>helper/good.8"
# shellcheck disable=SC2016
finds shell 'tests/run:[0-9:]+ .*SC2086' 'echo "rm \$x" >>tests/run'
# shellcheck disable=SC2016
finds shell 'helper/new\.bash:[0-9:]+ .*SC2086' \
	'printf "# shellcheck shell=bash\nrm \$x\n" >helper/new.bash'
finds shell 'helper/_new:[0-9]+: parse error' 'printf "#compdef new\nf() { (\n" >helper/_new'
c_finds cppcheck helper/new.c '[0-9]+: .*zerodiv' \
	'int f(void);' 'int f(void)' '{' '	int x = 0;' '' '	return 1 / x;' '}'
c_finds tidy helper/new.c '[0-9:]+ .*bugprone-' '#include <string.h>' '' \
	'int f(const char *a);' 'int f(const char *a)' '{' '	return !strcmp(a, "x") == 2;' '}' \
	'int g(const char *a);' 'int g(const char *a)' '{' '	if (strcmp(a, "x"))' '		return 1;' \
	'	return (int)sizeof(sizeof(a));' '}'
c_finds analyzer helper/new.c '[0-9:]+ .*double-free' '#include <stdlib.h>' '' \
	'void f(void *p);' 'void f(void *p)' '{' '	free(p);' '	free(p);' '}'

#
# Without the tools
#

mkdir "$WORK/bin"
cp -s /usr/bin/* "$WORK/bin" 2>/dev/null # but for the directories
while read -r check program package; do
	fresh_copy
	mv "$WORK/bin/$program" "$WORK/away"
	PATH=$WORK/bin run lint "$check"
	mv "$WORK/away" "$WORK/bin/$program"
	is "$STATUS" 1 "$check: fails without $program"
	like "$OUT" "$program is missing: install the package $package" "$check: and names the package"
done <<'EOT'
headers clang clang
size ctags universal-ctags
format clang-format clang-format
manuals mandoc mandoc
shell shellcheck shellcheck
shell zsh zsh
cppcheck cppcheck cppcheck
tidy clang-tidy clang-tidy
EOT

run lint nonesuch
is "$STATUS" 2 "an unknown check: exit status"
like "$OUT" "^usage:" "an unknown check: usage"
run "$TOP/tests/lint" -C /nonexistent
is "$STATUS" 2 "an unknown directory: exit status"

done_testing
