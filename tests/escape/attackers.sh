# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Users who try what they should not.  After topology.sh:
#
#   enter alice                     # opens a session of hers
#   as alice CMD...                 # runs CMD there, as she is; also in run and ok
#   leave alice
#   expect_all REGEX NAME           # of each line of OUT, and that there are some

# shellcheck disable=SC2034 # the tests use them
TRAFFIC=(python3 -I -B /usr/local/share/traffic.py)
# shellcheck disable=SC2034
FORGE=(python3 -I -B /usr/local/share/forge.py)

declare -A USER_IN USER_OUT USER_PID

# What alice runs must not depend on who may read the source tree.
install -m 644 -t /usr/local/share "$TOP"/tests/escape/*.py

# What runs in the session: a line is a command; its output ends with its status.
# shellcheck disable=SC2016 # for the shell in the session
SERVE_COMMANDS='while read -r line; do
	eval "$line" </dev/null 2>&1
	printf "\nstatus %s\n" $?
done'

# enter USER
enter()
{
	local user=$1 in out line

	mkfifo "$WORK/$user.commands" "$WORK/$user.results"
	exec {in}<>"$WORK/$user.commands" {out}<>"$WORK/$user.results"
	pamdo -s login -u "$user" open run "exec bash -c '$SERVE_COMMANDS'" close \
		<"$WORK/$user.commands" >"$WORK/$user.results" 2>&1 {in}>&- {out}>&- &
	USER_PID[$user]=$!
	USER_IN[$user]=$in
	USER_OUT[$user]=$out
	read -r -t 10 -u "$out" line
	[ "$line" = 'open 0 Success' ] || abort "no session for $user: $line"
}

# as USER CMD...
as()
{
	local user=$1 line

	shift
	echo "${*@Q}" >&"${USER_IN[$user]}"
	while read -r -t 60 -u "${USER_OUT[$user]}" line; do
		case $line in
		'status '*) return "${line#status }" ;;
		?*) echo "$line" ;;
		esac
	done
	echo "no answer from the session of $user"
	return 125
}

# leave USER
leave()
{
	local fd=${USER_IN[$1]}

	echo exit >&"$fd"
	wait "${USER_PID[$1]}"
}

# in_host_as USER CMD...: in the host's network
in_host_as()
{
	local user=$1

	shift
	setpriv --reuid "$user" --regid "$user" --init-groups "$@"
}

# expect_all REGEX NAME: each line of OUT matches, and there are some.
expect_all()
{
	local good=false

	[ -z "$OUT" ] || grep -qvE -e "$1" <<<"$OUT" || good=true
	result $good "$2" "to match: $1"$'\n'"$OUT"
}

# arrived NAME REGEX: what "hold NAME" of traffic.py has said so far
arrived()
{
	grep -E -e "$2" "$WORK/$1.out"
}

# comes WHO NAME REGEX: to who counts or watches; so all that was sent before it by
# the same way has come, too.
comes()
{
	ok "$2" wait_for 5 arrived "$1" "$3"
}

# nothing WHO NAME REGEX: has come so far
nothing()
{
	local good=false

	run arrived "$1" "$3"
	[ -n "$OUT" ] || good=true
	result $good "$2" "$OUT"
}

# counter NAME: the packets that a counter of the table has seen
counter()
{
	nft -j list counter inet pam_netns "$1" | jq '.nftables[] | .counter? // empty | .packets'
}

# rule_counter CHAIN COMMENT: the packets that the rules with that comment have counted
rule_counter()
{
	nft list chain inet pam_netns "$1" | grep -F "comment \"$2\"" |
		grep -oE 'counter packets [0-9]+' | awk '{ n += $3 } END { print n + 0 }'
}

# more NAME BEFORE AFTER NUMBER: a counter has risen by at least that.
more()
{
	ok "$1" test $(($3 - $2)) -ge "$4"
}
