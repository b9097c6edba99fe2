# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the shell tests share.  A test that needs root:
#
#   #!/bin/bash
#   # What this proves, in one line.
#   . "$(dirname "$0")/../lib.sh"
#   in_sandbox "$@"
#   install_product
#   ...
#   done_testing
#
# It speaks TAP.  Nothing is skipped silently, and nothing sleeps: wait_for.

set -u

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
BUILD=${BUILD:-build}
case $BUILD in
/*) ;;
*) BUILD=$TOP/$BUILD ;;
esac

#
# TAP
#

tests_run=0
tests_failed=0
OUT=    # what the last run, ok or fails printed, both streams
STATUS= # and its exit status

note()
{
	printf '%s\n' "$@" | sed 's/^/# /'
}

# Ends the file as failed: without a plan it cannot pass.
abort()
{
	note "aborted: $*"
	log_tail
	exit 1
}

log_shown=0

# The last lines of the log that have come since the last time.
log_tail()
{
	local lines

	[ -s "${LOG-}" ] || return 0
	lines=$(tail -n "+$((log_shown + 1))" "$LOG" | tail -n 12)
	log_shown=$(wc -l <"$LOG")
	[ -z "$lines" ] || note "the end of the log:" "$lines"
}

# result TRUE-OR-FALSE NAME [DIAGNOSTICS]
result()
{
	tests_run=$((tests_run + 1))
	if "$1"; then
		echo "ok $tests_run - $2"
		return 0
	fi
	tests_failed=$((tests_failed + 1))
	echo "not ok $tests_run - $2"
	note "line ${BASH_LINENO[1]} of ${BASH_SOURCE[2]##*/}"
	[ -z "${3-}" ] || note "$3"
	log_tail
	return 1
}

# run CMD...: fills OUT and STATUS.
run()
{
	OUT=$("$@" 2>&1)
	STATUS=$?
}

# ok NAME CMD...: CMD succeeds.
ok()
{
	local name=$1 good=false

	shift
	run "$@"
	[ "$STATUS" != 0 ] || good=true
	result $good "$name" "exit status $STATUS of: $*"$'\n'"$OUT"
}

# fails NAME CMD...: CMD runs and refuses: "not found" or a signal is no refusal.
fails()
{
	local name=$1 good=false

	shift
	run "$@"
	case $STATUS in
	0 | 12[4-9] | 13? | 14? | 15?) ;; # also timeout(1)'s and the sandbox's own
	*) good=true ;;
	esac
	result $good "$name" "exit status $STATUS of: $*"$'\n'"$OUT"
}

# is GOT WANTED NAME
is()
{
	local good=false

	[ "$1" != "$2" ] || good=true
	result $good "$3" "got:    $1"$'\n'"wanted: $2"
}

# isnt GOT UNWANTED NAME: neither that nor nothing at all.
isnt()
{
	local good=false

	[ "$1" = "$2" ] || [ -z "$1" ] || good=true
	result $good "$3" "got:    $1"$'\n'"wanted: anything else"
}

# like GOT REGEX NAME
like()
{
	local good=false

	[[ ! $1 =~ $2 ]] || good=true
	result $good "$3" "got:        $1"$'\n'"to match:   $2"
}

# unlike GOT REGEX NAME
unlike()
{
	local good=false

	[[ $1 =~ $2 ]] || good=true
	result $good "$3" "got:           $1"$'\n'"not to match:  $2"
}

# skip NAME WHY: a failure, unless the caller of the tests allows it.
skip()
{
	[ -n "${NETNS_ALLOW_SKIP-}" ] || {
		result false "$1" "skipped without NETNS_ALLOW_SKIP: $2"
		return 1
	}
	tests_run=$((tests_run + 1))
	echo "ok $tests_run - $1 # SKIP $2"
}

done_testing()
{
	echo "1..$tests_run"
	[ "$tests_failed" = 0 ] && [ "$tests_run" -gt 0 ]
	exit
}

# wait_for SECONDS CMD...: until CMD succeeds.  A machine that has much else to do
# gets PATIENCE times as long.
PATIENCE=4
wait_for()
{
	local seconds=$(($1 * PATIENCE)) pause=10 output end

	shift
	end=$((${EPOCHREALTIME/[.,]/} + seconds * 1000000))
	until output=$("$@" 2>&1); do
		if [ "${EPOCHREALTIME/[.,]/}" -ge "$end" ]; then
			note "waited $seconds s in vain for: $*" "$output"
			return 1
		fi
		sleep "$(printf '0.%03d' $pause)"
		pause=$((pause < 150 ? pause * 2 : 160))
	done
}

#
# The sandbox
#

# The rest of the file runs in a sandbox of its own, as root.
in_sandbox()
{
	local self

	if [ -z "${IN_SANDBOX-}" ]; then
		self=$(cd "$(dirname "$0")" && pwd -P)/${0##*/}
		[ "$(id -u)" = 0 ] || abort "only root can run this test"
		export BUILD
		# setsid: without the controlling terminal of who runs the tests.
		exec timeout --foreground -v -k 5 "${TEST_TIMEOUT:-300}" \
			"$TOP/tests/sandbox" setsid -w bash "$self" "$@"
	fi
	# Not the one that all tests share which run at once.
	exec </dev/null
	WORK=/root/test # not in /run, which some tests fill
	LOG=$WORK/log
	mkdir "$WORK"
	syslogd "$LOG" || abort "no log"
}

# What has been built, as make install puts it.
install_product()
{
	local product=$BUILD/tests/product.tar newer

	newer=$(cd "$TOP" && find Makefile conf helper pam_netns -type f -newer "$product" 2>&1)
	[ -z "$newer" ] || abort "run make tests first: not everything is built"$'\n'"$newer"
	tar -C / --no-overwrite-dir --keep-directory-symlink -xf "$product" ||
		abort "cannot install the product"
}

# use_bad_helper MODE [NUMBER]: in the helper's place, see tests/bad-helper.c.
use_bad_helper()
{
	if [ ! -e /usr/libexec/netns-helper.good ]; then
		mv /usr/libexec/netns-helper /usr/libexec/netns-helper.good
		install -m 755 /usr/local/bin/bad-helper /usr/libexec/netns-helper
	fi
	echo "$*" >/run/bad-helper-mode
}

use_good_helper()
{
	mv /usr/libexec/netns-helper.good /usr/libexec/netns-helper
}

# conf [-k] TEXT: the configuration.  -k keeps what was loaded before.
conf()
{
	if [ "$1" = -k ]; then
		shift
	else
		rm -f /run/pam_netns/active.conf
	fi
	printf '%s\n' "$1" >/etc/security/netns.conf
	chmod 644 /etc/security/netns.conf
}

# pam_stack SERVICE [LINE]...: everyone may; then the session lines given.
pam_stack()
{
	local service=$1

	shift
	[ $# -gt 0 ] || set -- 'session required pam_permit.so'
	{
		printf '%s required pam_permit.so\n' auth account password
		printf '%s\n' "$@"
	} >"/etc/pam.d/$service"
}

# wait_for_log REGEX [SECONDS]: a line that matches comes, or is there.
wait_for_log()
{
	wait_for "${2:-5}" grep -qE -e "$1" "$LOG"
}

# What we have said, but for the lines for programs about sessions that came and went.
complaints()
{
	grep -E 'pam_netns|netns-helper' "$LOG" | grep -vE ': event=(open|close|removed) '
}

clear_log()
{
	: >"$LOG"
	log_shown=0
}

#
# Network namespaces
#

# For commands of a session: prints the inode of its network namespace.
# shellcheck disable=SC2034 # the tests use it
SELF_NETNS='stat -Lc %i /proc/self/ns/net'

netns_of()
{
	stat -Lc %i "/proc/$1/ns/net"
}

host_netns()
{
	netns_of 1
}

self_netns()
{
	netns_of self
}

# What a session must not inherit, as "ls -l /proc/PID/fd" shows it.
LEAKS='(net|mnt|user|pid):\[|pidfd|io_uring|pam_netns|netns-helper'

leaks_of()
{
	find "/proc/$1/fd" -printf '%f -> %l\n' | grep -E "$LEAKS"
}

# What of ours is there beyond the lock, the active policy and an empty ns/.
debris()
{
	pgrep -a -x netns-helper
	ip -o link show | grep -oE '\<nu[0-9]+\>'
	[ ! -d /run/pam_netns ] || find /run/pam_netns -mindepth 1 \
		! -path /run/pam_netns/lock ! -name 'active*.conf' ! -path /run/pam_netns/ns \
		! -path /run/pam_netns/host ! -path '/run/pam_netns/session*' \
		! -path /run/pam_netns/hidden
	findmnt -rn -o TARGET | grep '^/run/pam_netns/ns/'
}

is_clean()
{
	local left

	left=$(debris)
	echo "$left"
	[ -z "$left" ]
}

# As after a boot: nothing of ours is in /run.
forget_run()
{
	umount -l /run/pam_netns/ns 2>/dev/null
	rm -rf /run/pam_netns
}

# no_debris [NAME]: nobody is logged in, so nothing of ours is left.
no_debris()
{
	ok "${1:-nothing is left behind}" wait_for 6 is_clean
}

# The same, after a sweep: after another one if a helper was still there at the first,
# which leaves alone whom somebody is about to be inside of.
no_debris_swept()
{
	ok "${1:-a sweep leaves nothing behind}" wait_for 6 is_clean_swept
}

is_clean_swept()
{
	netnsctl sweep >/dev/null
	is_clean
}

#
# Sessions that stay open while others are looked at
#

declare -A HOLD_FD HOLD_PID

# hold NAME CMD...: runs CMD in the background until release.  CMD prints a first
# line, held NAME, when it is there, and then reads one.
hold()
{
	local name=$1 fd

	shift
	# What one of the same name has said is not this one's.
	rm -f "$WORK/$name.out"
	mkfifo "$WORK/$name.in"
	exec {fd}<>"$WORK/$name.in"
	# The subshell, so that bash says nothing here about the signal that ends CMD.
	(
		"$@"
		exit
	) <"$WORK/$name.in" >"$WORK/$name.out" 2>&1 &
	HOLD_PID[$name]=$!
	HOLD_FD[$name]=$fd
	wait_for 10 is_held_or_gone "$name"
	[ -n "$(held "$name")" ] || abort "$name does not start: $*"
}

is_held_or_gone()
{
	[ -s "$WORK/$1.out" ] || is_gone "${HOLD_PID[$1]}"
}

held()
{
	head -n 1 "$WORK/$1.out"
}

# release NAME [LINE]: lets it end, by the line it reads, and returns its status.
release()
{
	local fd=${HOLD_FD[$1]} status

	echo "${2-}" >&"$fd"
	wait "${HOLD_PID[$1]}"
	status=$?
	exec {fd}>&-
	rm "$WORK/$1.in"
	return $status
}

# hold_ssh NAME USER: a session by ssh; held NAME is its network namespace.
hold_ssh()
{
	hold "$1" ssh_as "$2" "$SELF_NETNS; read -r _"
}

#
# Traffic, as seen from inside a session: commands in one line
#

# try_tcp FAMILY ADDRESS PORT: connects; FAMILY is 4 or 6.
try_tcp()
{
	echo "timeout 3 socat -u TCP$1:$2:$3,connect-timeout=1 -"
}

# talk_to_self FAMILY ADDRESS: a server and a client, prints "hello".
talk_to_self()
{
	local server="socat -u TCP$1-LISTEN:7000,reuseaddr -"
	local client="socat -u - TCP$1:$2:7000,retry=100,interval=0.02"

	echo "sh -c '$server & echo hello | $client; wait'"
}

#
# sshd
#

make_ssh_keys()
{
	mkdir -m 700 /root/.ssh
	rm -f /etc/ssh/ssh_host_*
	ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
	ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
	cp /root/.ssh/id_ed25519.pub /etc/ssh/authorized_keys
	echo "host $(cat /etc/ssh/ssh_host_ed25519_key.pub)" >/root/.ssh/known_hosts
	cat >/root/.ssh/config <<-EOT
		Host host
		HostName 127.0.0.1
		HostKeyAlias host
		BatchMode yes
		ConnectTimeout 10
		LogLevel ERROR
		CheckHostIP no
	EOT
}

# start_sshd [LINE]...: the real one, for every user with the one key that root
# has.  A LINE wins over what is here.
start_sshd()
{
	[ -e /root/.ssh/id_ed25519 ] || make_ssh_keys
	stop_sshd
	{
		[ $# = 0 ] || printf '%s\n' "$@"
		cat <<-EOT
			HostKey /etc/ssh/ssh_host_ed25519_key
			AuthorizedKeysFile /etc/ssh/authorized_keys
			PidFile /run/sshd.pid
			UsePAM yes
			PasswordAuthentication no
			KbdInteractiveAuthentication no
			PermitRootLogin yes
			PrintMotd no
			PrintLastLog no
			MaxStartups 1000
			MaxSessions 100
		EOT
		[[ $* = *Subsystem* ]] || echo 'Subsystem sftp internal-sftp'
	} >/etc/ssh/sshd_config
	/usr/sbin/sshd || abort "sshd does not start"
	wait_for 5 ssh_answers || abort "sshd does not listen"
}

ssh_answers()
{
	local line

	read -r -t 5 line <>/dev/tcp/127.0.0.1/22 && [[ $line == SSH-2.0* ]]
}

# The daemon, not the sessions.
stop_sshd()
{
	local pid

	[ -s /run/sshd.pid ] || return 0
	pid=$(cat /run/sshd.pid)
	kill "$pid"
	wait_for 5 is_gone "$pid" || abort "sshd does not stop"
	rm -f /run/sshd.pid
}

is_gone()
{
	! kill -0 "$1" 2>/dev/null
}

# ssh_as USER [CMD]...
ssh_as()
{
	local user=$1

	shift
	ssh -l "$user" host "$@"
}

#
# A network around the host
#
#   host           uplink                   peer1
#   up0 .2 ------- .1 down0   to1 .1 ------ eth0 .10      198.51.100.0/24, 2001:db8:1::/64
#   192.0.2.0/24              to2 .1 ------ eth0 .10      203.0.113.0/24,  2001:db8:2::/64
#   2001:db8:0::/64                         peer2
#
# uplink has no route to any session: what is not translated gets no answer.
sandbox_net()
{
	local n

	for n in uplink peer1 peer2; do
		ip netns add $n
		ip -n $n link set lo up
		in_peer $n sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad'
	done
	in_peer uplink sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
		echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
	ip -batch - <<-EOT
		link add up0 type veth peer name down0 netns uplink
		link set up0 up
		address add 192.0.2.2/24 dev up0
		address add 2001:db8::2/64 dev up0 nodad
	EOT
	ip -n uplink -batch - <<-EOT
		link set down0 up
		address add 192.0.2.1/24 dev down0
		address add 2001:db8::1/64 dev down0 nodad
	EOT
	join_peer peer1 to1 198.51.100 2001:db8:1:
	join_peer peer2 to2 203.0.113 2001:db8:2:
	ip route add default via 192.0.2.1
	ip -6 route add default via 2001:db8::1
	wait_for 5 ping -c1 -W1 -n -q 198.51.100.10 || abort "no way to peer1"
	wait_for 5 ping -c1 -W1 -n -q 2001:db8:2::10 || abort "no way to peer2"
}

# join_peer PEER LINK NET4 NET6
join_peer()
{
	ip -n uplink -batch - <<-EOT
		link add $2 type veth peer name eth0 netns $1
		link set $2 up
		address add $3.1/24 dev $2
		address add $4:1/64 dev $2 nodad
	EOT
	ip -n "$1" -batch - <<-EOT
		link set eth0 up
		address add $3.10/24 dev eth0
		address add $4:10/64 dev eth0 nodad
		route add default via $3.1
	EOT
	ip -n "$1" -6 route add default via "$4:1"
}

# in_peer NAME CMD...: NAME is uplink, peer1 or peer2.
in_peer()
{
	local name=$1

	shift
	nsenter --net="/run/netns/$name" -- "$@"
}
