# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion of netnsctl(8) in bash.  Which commands there are, and what follows them,
# is what "netnsctl --help" says; only what can stand for it is here.

# Of COMMAND: for what is about now, who has a namespace now, as far as one may see it.
# No name but those that are a word to a shell, and nothing else to a terminal.
_netnsctl_users()
{
	local pins=

	[[ $1 != status && $1 != exec ]] || pins=$(ls /run/pam_netns/ns 2>/dev/null)
	# shellcheck disable=SC2086 # words
	getent passwd $pins | cut -d : -f 1 | LC_ALL=C grep -xE '[A-Za-z0-9_][A-Za-z0-9_.-]*\$?'
}

# WORDS: those that begin as what is to be completed
_netnsctl_words()
{
	local word

	for word in $1; do
		[[ $word != "$cur"* ]] || COMPREPLY+=("$word")
	done
}

_netnsctl_files()
{
	compopt -o filenames 2>/dev/null # fails outside of a completion
	mapfile -t COMPREPLY < <(compgen "${1:--f}" -- "$cur")
}

# What the argument at the end is, of COMMAND with USAGE: sets kind and start.
_netnsctl_place()
{
	local i word n=0

	kind=
	for ((i = 2; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		# The short form is the first letter of the long one.
		if [[ $word == --* && $2 =~ "$word "([A-Z]+) ]] ||
			[[ $word =~ ^-[a-z]*([a-z])$ && $2 =~ --${BASH_REMATCH[1]}[a-z-]*\ ([A-Z]+) ]]; then
			kind=${BASH_REMATCH[1]}
			# --file=NAME is three words to bash
			[[ ${COMP_WORDS[++i]} != = ]] || ((++i))
			((i < COMP_CWORD)) || return
			kind=
		elif [[ $word != -?* ]] && ((++n == 2)); then
			start=$i
		fi
	done
	if [[ $cur == -* && $1 != exec ]]; then
		kind=OPTION
	elif [[ $1 == exec && $n -gt 0 ]]; then
		kind=COMMAND
	elif ((n > 0)); then
		kind=NEXT
	elif [[ $2 =~ USER|\[FILE\]|tcp\|udp ]]; then
		kind=${BASH_REMATCH[0]}
	fi
}

# What follows the user in a question to "netnsctl explain".
_netnsctl_explain()
{
	case " ${COMP_WORDS[*]:2:COMP_CWORD-2} " in
	*' via ') _netnsctl_words "$(cd /etc/pam.d && printf '%s\n' [A-Za-z]*)" ;;
	*' out ' | *' in ') _netnsctl_words 'tcp udp icmp' ;;
	*' in '*' to ') _netnsctl_words 'host session' ;;
	*' out '?*' '?*' '*) _netnsctl_words from ;;
	*' in '?*' '?*' '*) _netnsctl_words to ;;
	*' out '* | *' in '*) ;;
	*' via '*) _netnsctl_words 'out in' ;;
	*) _netnsctl_words 'via out in' ;;
	esac
}

_netnsctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} start=$COMP_CWORD
	local line name text kind commands='' usage=''

	COMPREPLY=()
	while IFS= read -r line; do
		if [[ $line =~ ^\ \ ([a-z]+)\ +(.*) ]]; then
			commands+=" ${BASH_REMATCH[1]}"
			name=${BASH_REMATCH[1]} text=${BASH_REMATCH[2]}
		elif [[ $line =~ ^\ {10}([^\ ].*) ]]; then
			text=" ${BASH_REMATCH[1]}"
		else
			continue
		fi
		# Without what it is good for, which is in a column of its own.
		[[ $name != "$command" ]] || usage+=${text%%  *}
	done < <("$1" --help 2>/dev/null </dev/null)
	if ((COMP_CWORD == 1)); then
		_netnsctl_words "$commands --help --version"
		return
	fi
	_netnsctl_place "$command" "$usage"
	[[ $cur != = ]] || cur=
	case $kind in
	OPTION) _netnsctl_words "$(grep -oE -e '--[a-z-]+' <<<"$usage")" ;;
	USER) _netnsctl_words "$(_netnsctl_users "$command")" ;;
	FILE | '[FILE]') _netnsctl_files ;;
	'tcp|udp') _netnsctl_words 'tcp udp' ;;
	NEXT) [[ $command != explain ]] || _netnsctl_explain ;;
	COMMAND)
		if declare -F _command_offset >/dev/null; then
			_command_offset "$start"
		elif ((start == COMP_CWORD)); then
			_netnsctl_files -c
		else
			_netnsctl_files
		fi
		;;
	esac
}

complete -F _netnsctl netnsctl
