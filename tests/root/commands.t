#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What holds for every command of netnsctl: without root, with what it does not know,
# users that are none, names that would speak to a terminal, an output that is not
# there, a narrow terminal, and for programs.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/topology.sh
. "$TOP/tests/topology.sh"
in_sandbox "$@"
install_product
sandbox_net
printf 'nameserver %s\n' 198.51.100.10 2001:db8:1::10 >/etc/resolv.conf
pam_stack login 'session required pam_netns.so'
EVIL=$'e\033[2Jvil'
add_user "$EVIL" 1007
file=/etc/security/netns.conf
conf 'policy web {
	nat ports 512
	out allow to any tcp 80
}
session alice,1007 veth web
session * host'

# A command, with arguments by which it does something; the exit status without root,
# and that of a wrong call.  0: it needs none.
table='check           | 0 | 2
	check --dump       | 0 | 2
	check --nft        | 0 | 2
	check --diff       | 2 | 2
	reload             | 1 | 2
	reload --dry-run   | 1 | 2
	status             | 1 | 2
	status alice       | 1 | 2
	top                | 1 | 2
	denied             | 1 | 2
	who tcp 80         | 2 | 2
	stats              | 1 | 2
	stats --prometheus | 1 | 2
	explain alice      | 0 | 2
	explain --active alice | 1 | 2
	doctor             | 3 | 3
	exec alice true    | 1 | 2
	sweep              | 1 | 2
	unload             | 1 | 2'
mapfile -t rows < <(sed 's/^[[:space:]]*//; s/ *| */|/g' <<<"$table")

# both CMD...: fills OUT (standard output), ERR (standard error) and STATUS.
both()
{
	OUT=$("$@" 2>"$WORK/err")
	STATUS=$?
	ERR=$(<"$WORK/err")
}

is "$(printf '%s\n' "${rows[@]%%[ |]*}" | sort -u)" \
	"$(netnsctl --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p' | sort)" "every command is in the table"

#
# How they are called, and by whom
#

note "without root"
for row in "${rows[@]}"; do
	IFS='|' read -r words unprivileged _ <<<"$row"
	# shellcheck disable=SC2086 # words
	both setpriv --reuid 1003 --regid 1003 --clear-groups netnsctl $words
	is "$STATUS" "$unprivileged" "$words: exit status"
	[ "$unprivileged" = 0 ] ||
		like "$OUT$ERR" "^netnsctl: ${words%% *}[^"$'\n'"]* needs root: [^"$'\n'"]*$" "$words: what it needs"
done

note "wrong calls"
# wrong STATUS COMMAND ARGUMENT...: it says how, on one stream, and in plain text
wrong()
{
	local name

	printf -v name '%q ' "${@:2}"
	both netnsctl "${@:2}"
	is "$STATUS $OUT" "$1 " "$name: exit status"
	like "$ERR" "(^|"$'\n'")usage: netnsctl $2 " "$name: usage"
	unlike "$ERR" $'[\001-\010\013-\037\177]' "$name: nothing speaks to a terminal"
}
tried=' '
for row in "${rows[@]}"; do
	IFS='|' read -r words _ status <<<"$row"
	read -ra words <<<"$words"
	[[ $tried != *" ${words[0]} "* ]] || continue
	tried+="${words[0]} "
	# What follows the user is the other command's.
	if [ "${words[0]}" = exec ]; then
		wrong "$status" exec
		wrong "$status" exec alice
		wrong "$status" exec alice --
		continue
	fi
	wrong "$status" "${words[@]}" $'--no\033[2Jsense'
	wrong "$status" "${words[@]}" $'-\033'
	wrong "$status" "${words[@]}" x $'\033[2J' x
done

#
# Names
#

note "names"
ok "a configuration" netnsctl reload
login alice || abort "alice cannot log in: $LOGIN_OUT"
long=$(printf '%0300d' 0 | tr 0 a)
in_vain()
{
	local name

	printf -v name '%q ' "$@"
	both netnsctl "$@"
	isnt "$STATUS" 0 "${name::70}: exit status $STATUS"
	like "${OUT:+x}$ERR" "^(netnsctl: |usage: |[^"$'\n'"]*: error: )[^"$'\n'"]" "${name::70}: it says why, on standard error"
	unlike "$ERR" $'[\001-\010\013-\037\177]' "${name::70}: in plain text"
}
for user in nobody-there '' $'\033]0;x\007' $'a\rb' "$long" -al 4294967295; do
	in_vain status -- "$user"
	in_vain denied -- "$user"
	in_vain explain -- "$user"
	in_vain exec "$user" true
done
while read -r words; do
	# shellcheck disable=SC2086 # words
	in_vain ${words//@/$'\033[2J'}
	# shellcheck disable=SC2086
	in_vain ${words//@/$long}
done <<'EOT'
@
check @
check /@
reload @
reload /@
status --interval @
top --interval @
who @ 80
who tcp @
stats --output /@/x
explain --file @ alice
explain alice via
explain alice out @ 192.0.2.1 80
explain alice out tcp @ 80
explain alice @
exec alice @
EOT

#
# Output
#

note "an output that is not there"
# into PLACE WORDS
into()
{
	# shellcheck disable=SC2086 # words
	case $1 in
	'&-') netnsctl $2 >&- ;;
	*) netnsctl $2 >"$1" ;;
	esac
}
while read -r words; do
	for to in /dev/full '&-'; do
		both into "$to" "$words"
		isnt "$STATUS" 0 "$words >$to: exit status $STATUS"
		like "$ERR" '^netnsctl: cannot write the (output|configuration): [^'$'\n'']*$' "$words >$to: it says why"
	done
	case $words in
	who* | check\ --diff) is "$STATUS" 2 "$words: no status that says something" ;;
	esac
done <<'EOT'
--help
--version
check --dump
check --nft
reload --dry-run
status
status alice
status --json
denied
denied --json
who tcp 80
who tcp 6200
who --json tcp 80
stats
stats --json
stats --prometheus
explain alice
explain --json alice
explain bob out tcp 192.0.2.80 80
doctor
doctor --json
sweep
EOT
conf -k "$(sed 's/tcp 80/tcp 81/' $file)"
both sh -c 'exec netnsctl check --diff >/dev/full'
is "$STATUS" 2 "check --diff >/dev/full: exit status"
like "$ERR" '^netnsctl: cannot write [^'$'\n'']*$' "check --diff >/dev/full: it says why"
conf -k "$(sed 's/tcp 81/tcp 80/' $file)"

note "a terminal of 20 columns"
for row in "${rows[@]}"; do
	words=${row%%|*}
	case $words in
	top | unload) continue ;; # has no end by itself; is the last one
	esac
	# shellcheck disable=SC2086 # words
	both netnsctl $words
	wanted=$STATUS said=${OUT:+something}
	run ptydo sh -c "stty rows 24 cols 20 -echo; exec netnsctl $words" --
	is "$STATUS ${OUT:+something}" "$wanted $said" "$words: as elsewhere"
	[[ $words != status && $words != denied ]] ||
		is "$(sed 's/\x1b\[[0-9;]*m//g; s/\r//' <<<"$OUT" | awk 'length($0) > 20')" "" "$words: it fits"
	unlike "$OUT" $'\033(\\[[0-9;]*)?[^[0-9;m]' "$words: no more than colours"
done
run ptydo sh -c "stty rows 24 cols 20 -echo; exec netnsctl top" -- alice q
is "$STATUS" 0 "top: is there, and ends"

#
# For programs
#

note "JSON"
mapfile -t speaking < <(netnsctl --help | sed -n 's/^  \([a-z][a-z]*\) .*--json.*/\1/p')
is "$(printf '%s\n' "${speaking[@]}" | sort)" \
	"$(basename -a -s .schema.json "$TOP"/helper/*.schema.json | sort)" "each that speaks it has a schema"
for command in "${speaking[@]}"; do
	case $command in
	who) arguments='tcp 6200' ;;
	explain) arguments='alice out tcp 192.0.2.80 80' ;;
	*) arguments= ;;
	esac
	# shellcheck disable=SC2086 # words
	both netnsctl "$command" --json $arguments
	is "$ERR" "" "$command: nothing on standard error"
	jq -c . <<<"$OUT" >"$WORK/answer"
	ok "$command: as its schema says, and nothing else" \
		python3 -I "$TOP/tests/schema.py" "$TOP/helper/$command.schema.json" <"$WORK/answer"
	ok "$command: its own test knows the schema" grep -qr "helper/$command.schema.json" \
		"$TOP/tests/root" --include='*.t' --exclude=commands.t
done

note "everything is taken out of force"
both netnsctl unload </dev/null
is "$STATUS$OUT$ERR" 0 "unload says nothing"
for words in 'status --json' 'denied --json' 'who --json tcp 80' 'stats --json' 'doctor --json'; do
	# shellcheck disable=SC2086 # words
	both netnsctl $words
	ok "$words: nothing but JSON, or nothing" jq . <<<"$OUT"
done
logout alice
run netnsctl sweep
no_debris
done_testing
