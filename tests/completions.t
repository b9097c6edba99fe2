#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What bash and zsh complete of netnsctl is all that it says of itself, and that is all
# of the manual's synopsis; users, files and the rest are where they belong.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
mkdir "$WORK/bin" "$WORK/dir" "$WORK/dir/drafts"
touch "$WORK/dir/draft.conf" "$WORK/dir/a file"
ln -s "$BUILD/netnsctl" "$WORK/bin"
# Users whose names would do something if a shell, or a terminal, got them.
cat >"$WORK/bin/getent" <<-'EOT'
	#!/bin/sh
	[ $# = 1 ] || { shift; for uid; do echo "user$uid:x:$uid:1::/:"; done; exit; }
	printf '%s:x:1:1::/:\n' root alice al.ice2 alias_3- machine$ '$(touch hurt)' '`touch hurt`' \
		'a;touch hurt' "$(printf 'a\033[2Jx')" '-al' 'al ice' 'alïce'
EOT
chmod 755 "$WORK/bin/getent"
PATH=$WORK/bin:$BUILD/tests:/usr/sbin:/usr/bin:/sbin:/bin
cd "$WORK/dir" || exit

# What there is by three sources, a line each: COMMAND [OPTION].
by_help()
{
	netnsctl --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p' | while read -r command; do
		echo "$command"
		netnsctl "$command" --nonsense 2>&1 | sed -n "s/^usage: netnsctl $command //p" |
			grep -oE -e '--[a-z-]+' | sed "s/^/$command /"
	done
}
# exec, sweep and unload, which have no options, are asked otherwise: exec USER runs nothing.
by_manual()
{
	awk '/^\.Sh/ { on = $2 == "SYNOPSIS" }
		on && /^\.Cm/ && was == ".Nm" { command = $2; print command }
		on && command { while (match($0, /Fl -[a-z][a-z-]*/)) {
			print command, "-" substr($0, RSTART + 3, RLENGTH - 3)
			$0 = substr($0, RSTART + RLENGTH) } }
		{ was = $0 }
		on && /^\.Fl -help/ { exit }' "$TOP/helper/netnsctl.8" | grep -v ' --help$'
}

# in_bash, in_zsh: for each line of words, one of what the last of them could be
in_bash()
{
	bash --norc --noprofile "$WORK/bash" "$TOP/helper/netnsctl.bash" "$@" 2>&1
}
cat >"$WORK/bash" <<'EOT'
[ $# = 1 ] || . "$2"
. "$1"
_fake() { COMPREPLY=(a-thing); }
complete -F _fake thing
while IFS= read -r line; do
	eval "COMP_WORDS=(netnsctl $line)"
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE="netnsctl $line" COMP_POINT=${#COMP_LINE}
	_netnsctl netnsctl "${COMP_WORDS[-1]}"
	(IFS='|'; printf '%s\n' "${COMPREPLY[*]}")
done
EOT

# With what it would call to complete in the place of that.
in_zsh()
{
	zsh -f "$WORK/zsh" "$TOP/helper/_netnsctl" 2>&1
}
cat >"$WORK/zsh" <<'EOT'
compadd() { local w; [[ $1 != -- ]] || shift; for w; do [[ $w != $PREFIX* ]] || offers+=($w); done }
_describe() { compadd ${${(P)2}%%:*} }
_files() { compadd *(N) }
_normal() { offers+=("normal $CURRENT ${(j:,:)words}") }
compset() { IPREFIX=${PREFIX%%=*}=; PREFIX=${PREFIX#*=} }
words=(netnsctl '') CURRENT=2 PREFIX=
source $1
while IFS= read -r line; do
	eval "words=(netnsctl $line)"
	CURRENT=$#words PREFIX=$words[-1] offers=()
	_netnsctl
	print -r -- ${(j:|:)offers}
done
EOT

# by SHELL: the same, completed
by()
{
	local commands

	commands=$("in_$1" <<<"''" | tr '|' '\n' | grep -v -e '^-' -e '^$')
	echo "$commands"
	# What follows the user is not netnsctl's.
	commands=$(grep -vx exec <<<"$commands")
	paste -d '|' <(echo "$commands") <("in_$1" <<<"${commands//$'\n'/ --$'\n'} --") |
		awk -F '|' '{ for (i = 2; i <= NF; i++) if ($i != "") print $1, $i }'
}

sorted()
{
	LC_ALL=C sort -u
}

known=$(by_help | sorted)
ok "netnsctl says what there is" test "$(wc -l <<<"$known")" -ge 30
is "$(netnsctl --help | awk 'length($0) > 80')" "" "on lines that fit"
is "$(by_manual | sorted)" "$known" "the synopsis of its manual has the same"
is "$(by bash | sorted)" "$known" "bash completes the same"
is "$(by zsh | sorted)" "$known" "zsh completes the same"

#
# What stands for what
#

services=$(cd /etc/pam.d && printf '%s\n' [A-Za-z]* | paste -s -d '|')
cases()
{
	cat <<-'EOT'
		st => status|stats
		--v => --version
		explain '' => USERS
		explain --json al => alice|al.ice2|alias_3-
		denied --follow al => alice|al.ice2|alias_3-
		status roo => root
		exec r => root
		check --d => --diff|--dump
		top --interval '' =>
		top -i '' =>
		status -ji 1 roo => root
		status -j roo => root
		denied -f al => alice|al.ice2|alias_3-
		explain -f draft. => draft.conf
		explain -af draft.conf roo => root
		stats -o a => a file
		status --interval 1 --j => --json
		status --interval 1 roo => root
		check draft => draft.conf|drafts
		reload --log draft. => draft.conf
		explain --file draft. => draft.conf
		stats --output a => a file
		stats '' =>
		who '' => tcp|udp
		who --json u => udp
		who tcp '' =>
		explain alice '' => via|out|in
		explain alice via '' => SERVICES
		explain alice via cron '' => out|in
		explain alice out '' => tcp|udp|icmp
		explain alice in t => tcp
		explain alice out tcp '' =>
		explain alice out tcp ::1 '' => from
		explain alice in tcp ::1 22 t => to
		explain alice in tcp ::1 22 to '' => host|session
		sweep '' =>
		nonsense '' =>
		nonsense -- =>
	EOT
	# As bash divides it, and as zsh does not.
	[ "$1" = zsh ] || cat <<-'EOT'
		explain --file = draft. => draft.conf
		explain --file = => a file|draft.conf|drafts
		explain --file = draft.conf roo => root
		exec alice -- ls draft. => draft.conf
		exec root exp => COMMANDS
	EOT
	[ "$1" = bash ] || cat <<-'EOT'
		explain --file=draft. => draft.conf
		status --interval=dr =>
		exec alice -- ls draft. => normal 2 ls,draft.
		exec alice ls => normal 1 ls
	EOT
}

# ordered: what the words of each line are joined from, sorted
ordered()
{
	perl -pe 'chomp; $_ = join("|", sort split(/\|/)) . "\n"'
}

users='root|alice|al.ice2|alias_3-|machine$'
commands=$(bash --norc -c 'compgen -c exp' | paste -s -d '|')
for shell in bash zsh; do
	mapfile -t words < <(cases $shell | sed 's/ =>.*//')
	mapfile -t wanted < <(cases $shell | sed "s/.* => *//; s,USERS,$users,
		s,SERVICES,$services,; s,COMMANDS,$commands," | ordered)
	mapfile -t got < <(printf '%s\n' "${words[@]}" | in_$shell | ordered)
	for i in "${!words[@]}"; do
		is "${got[i]-nothing}" "${wanted[i]}" "$shell: ${words[i]}"
	done
done
is "$(find . -name hurt)" "" "nobody's name was run"
is "$(in_bash /usr/share/bash-completion/bash_completion <<<$'exec alice thing --o \'\'
exec alice -- thing \'\'\nsta')" $'a-thing\na-thing\nstatus|stats' \
	"bash, with bash-completion: what the command of exec completes"

#
# For real
#

mkdir "$WORK/functions"
cp "$TOP/helper/_netnsctl" "$WORK/functions"
cat >"$WORK/.zshrc" <<-EOT
	fpath=($WORK/functions \${(M)fpath:#*/Completion(|/Base)}) PS1='ready> '
	autoload -U compinit
	compinit -D -u
EOT
run ptydo env ZDOTDIR="$WORK" TERM=dumb zsh -d -i -- 'ready> ' 'netnsctl chec^I' 'check ' '--dif^I' '--diff ' '^Uexit^M'
is "$STATUS" 0 "zsh, on a terminal"
printf "PS1='ready> '\n. %s\n" "$TOP/helper/netnsctl.bash" >"$WORK/bashrc"
run ptydo env TERM=dumb bash --noprofile --rcfile "$WORK/bashrc" -i -- \
	'ready> ' 'netnsctl chec^I' 'check ' '--dif^I' '--diff ' '^Uexit^M'
is "$STATUS" 0 "bash, on a terminal"

done_testing
