# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Connections that go on, and whether they do.  After topology.sh:
#
#   serve peer1 tcp 198.51.100.10 80 [...]     a server at a peer, in alice's session, or
#                                              at the host, for each three words
#   flow NAME alice down tcp 198.51.100.10 80  a client
#   flows NAME                                 it goes on
#   growing NAME...                            those that do, of which none should
#   end_flow NAME...

declare -A FLOW_PID FLOW_FILE
SERVER_PIDS=()

# good NAME CMD...: as ok, but not in a subshell, for what logs in and out.
good()
{
	local name=$1 good=false

	shift
	if "$@"; then
		good=true
	fi
	result $good "$name" "$*: ${LOGIN_OUT-}"
}

# network_of PEER-OR-USER
network_of()
{
	if [ "$1" = host ]; then
		echo /proc/1/ns/net
	elif [ -e "/run/netns/$1" ]; then
		echo "/run/netns/$1"
	else
		netns_file "$1"
	fi
}

# serve WHERE [PROTO ADDRESS PORT]...
serve()
{
	local where=$1 file words=()

	shift
	while [ $# -gt 0 ]; do
		file=$WORK/served.$1.$2.$3
		words+=("$1" "$2" "$3" "$file")
		shift 3
	done
	(exec nsenter --net="$(network_of "$where")" -- "$TOP/tests/flow.py" serve "${words[@]}") &
	SERVER_PIDS+=($!)
	# The last one.
	wait_for 5 test -e "$file" || abort "no server at $where: $file"
}

end_servers()
{
	kill "${SERVER_PIDS[@]}"
	wait "${SERVER_PIDS[@]}" 2>/dev/null
}

# served PROTO ADDRESS PORT: how many bytes have arrived there
served()
{
	stat -c %s "$WORK/served.$1.$2.$3"
}

# flow NAME WHERE up|down PROTO ADDRESS PORT
flow()
{
	local name=$1 file

	file=$(network_of "$2")
	shift 2
	rm -f "$WORK/flow.$name"
	(exec nsenter --net="$file" -- "$TOP/tests/flow.py" "$@" "$WORK/flow.$name") \
		2>"$WORK/flow.$name.err" &
	FLOW_PID[$name]=$!
	wait_for 5 test -e "$WORK/flow.$name" || note "$(cat "$WORK/flow.$name.err")"
	FLOW_FILE[$name]=$WORK/flow.$name
	[ "$1" = down ] || FLOW_FILE[$name]=$WORK/served.$2.$3.$4
}

end_flow()
{
	local name

	for name; do
		kill "${FLOW_PID[$name]}" 2>/dev/null
		wait "${FLOW_PID[$name]}" 2>/dev/null
	done
}

size_of()
{
	stat -c %s "${FLOW_FILE[$1]}"
}

has_grown()
{
	[ "$(size_of "$1")" -gt "$2" ]
}

# flows NAME: more than what may have been on its way arrives.
flows()
{
	wait_for 5 has_grown "$1" $(($(size_of "$1") + 5))
}

# growing NAME...: prints those of which something arrives in a second, at fifty times a
# second.  (No wait for luck: there is no event to wait for.)
growing()
{
	local name
	local -A before

	for name; do
		before[$name]=$(size_of "$name")
	done
	sleep 1
	for name; do
		[ "$(size_of "$name")" = "${before[$name]}" ] || echo "$name"
	done
}

# connects USER ADDRESS PORT: by TCP
connects()
{
	in_session "$1" timeout 3 socat -u /dev/null "TCP:$(bracket "$2"):$3,connect-timeout=1"
}

bracket()
{
	case $1 in
	*:*) echo "[$1]" ;;
	*) echo "$1" ;;
	esac
}
