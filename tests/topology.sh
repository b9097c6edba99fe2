# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Users with a link, and an internet with more in it than lib.sh's sandbox_net.
# After lib.sh:
#
#   . "$(dirname "$0")/../topology.sh"
#   in_sandbox "$@"
#   install_product
#   wide_net                        # the network below; the host may have any
#   add_user erin 1005              # beside those of the sandbox
#   login erin                      # a session that stays open; LOGIN_OUT: what it said
#   in_session erin ip address      # as root, in the network of erin's session
#   addresses_of erin               # as the session itself has them
#   logout erin
#
#   host                uplink               peer1
#   up0 192.0.2.2 ----- 192.0.2.1 ---------- 198.51.100.10 .53 .70 .77
#       2001:db8::2     2001:db8::1          2001:db8:1::10 ::53, :0:7::77
#   mgmt0 172.31.0.1         |  |  |         peer2
#         2001:db8:f::1      |  |  +-------- 203.0.113.10 .53 .66 .80
#                            |  |            2001:db8:2::10 ::53, :0:8::66 ::80
#                            |  |            intra, private networks
#                            |  +----------- 10.1.0.10 172.16.5.10 192.168.7.10
#                            |               100.70.0.10 fd00:1::10
#                            |               cloud, what clouds tell a machine
#                            +-------------- 169.254.169.254 100.100.100.200 168.63.129.16
#                                            192.0.0.192 fd00:ec2::254 fd20:ce::254
#
# Unlike in sandbox_net, the uplink has routes to the sessions, by way of the
# host: so everybody may try them, as a neighbour of the host could.  An address
# of the pools that is no session's is the uplink's own: what leaves for it in
# vain is noticed there.  resolv.conf names resolvers that sessions could reach;
# whoever wants an answer has to start them.

POOL4=100.64.0.0/16
POOL6=fd6e:6574:6e73::/64
NOBODY4=100.64.200.200
NOBODY6=fd6e:6574:6e73::c8c8

wide_net()
{
	sandbox_net
	add_peer intra to3 10.1.0 fd00:1:
	add_peer cloud to4 198.18.0 2001:db8:4:
	add_addresses peer1 198.51.100.53/24 198.51.100.70/24 198.51.100.77/24 \
		2001:db8:1::53/64 2001:db8:1:0:7::77/64
	add_addresses peer2 203.0.113.53/24 203.0.113.66/24 203.0.113.80/24 \
		2001:db8:2::53/64 2001:db8:2:0:8::66/64 2001:db8:2:0:8::80/64
	add_far_addresses intra 10.1.0.10 172.16.5.10 192.168.7.10 100.70.0.10
	add_far_addresses cloud 198.18.0.10 169.254.169.254 100.100.100.200 168.63.129.16 192.0.0.192
	add_far_addresses cloud 2001:db8:4::10 fd00:ec2::254 fd20:ce::254
	ip link add mgmt0 type veth peer name mgmt1
	ip link set mgmt1 up
	ip link set mgmt0 up
	ip address add 172.31.0.1/24 dev mgmt0
	ip address add 2001:db8:f::1/64 dev mgmt0 nodad
	add_routes uplink 192.0.2.2 172.31.0.1 "$POOL4"
	add_routes uplink 2001:db8::2 2001:db8:f::1 "$POOL6"
	ip -n uplink address add "$NOBODY4" dev lo
	ip -n uplink address add "$NOBODY6" dev lo
	limit_no_errors
	printf 'nameserver %s\n' 198.51.100.53 2001:db8:1::53 >/etc/resolv.conf
}

# The kernel sends only so many ICMP errors a second, to one destination and to
# all: a rejected probe could look like a dropped one.
limit_no_errors()
{
	echo 0 >/proc/sys/net/ipv4/icmp_ratemask
	echo 128 >/proc/sys/net/ipv6/icmp/ratemask # what is no error, and so never limited
}

# add_peer PEER LINK NET4 NET6, as join_peer
add_peer()
{
	ip netns add "$1"
	ip -n "$1" link set lo up
	in_peer "$1" sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad'
	join_peer "$@"
	wait_for 5 ping -c1 -W1 -n -q "$3.10" || abort "no way to $1"
}

# add_addresses PEER PREFIX...
add_addresses()
{
	printf 'address add %s dev eth0\n' "${@:2}" | ip -n "$1" -batch -
}

# add_far_addresses PEER KNOWN ADDRESS...: the uplink reaches them by the KNOWN one.
add_far_addresses()
{
	printf 'address add %s dev lo\n' "${@:3}" | ip -n "$1" -batch -
	add_routes uplink "${@:2}"
}

# add_routes PEER GATEWAY DESTINATION...
add_routes()
{
	printf "route add %s via $2\n" "${@:3}" | ip -n "$1" -batch -
}

#
# Users and their sessions
#

declare -A USER_ID=([alice]=1001 [bob]=1002 [carol]=1003 [dave]=1004 [huge]=3000000000)
declare -A LOGIN_PID
LOGIN_OUT=
# shellcheck disable=SC2034 # the tests use it
LOGIN_TIME= # in microseconds
LOGIN_SERVICE=login
LOGIN_READY= # a pipe, in which each session says that it has begun

# add_user NAME UID
add_user()
{
	USER_ID[$1]=$2
	echo "$1:x:$2:$2::/:/bin/sh" >>/etc/passwd
	echo "$1:*:19000:0:99999:7:::" >>/etc/shadow
	echo "$1:x:$2:" >>/etc/group
}

# login USER: returns when the session is there, or has been refused.  Not in a
# subshell (run, ok, fails), which could not hand on what is needed to log out.
login()
{
	local session=$WORK/login.$1 start

	[ -n "$LOGIN_READY" ] || {
		mkfifo "$WORK/login.ready"
		exec {LOGIN_READY}<>"$WORK/login.ready"
	}
	[ -p "$session" ] || mkfifo "$session"
	start=${EPOCHREALTIME/[.,]/}
	pamdo -s "$LOGIN_SERVICE" -u "$1" open \
		system "echo >$WORK/login.ready; read -r _ <$session" close \
		</dev/null >"$session.out" 2>&1 {LOGIN_READY}>&- &
	LOGIN_PID[$1]=$!
	read -r -t 10 -u "$LOGIN_READY" _ || abort "no answer to the log-in of $1"
	# shellcheck disable=SC2034
	LOGIN_TIME=$((${EPOCHREALTIME/[.,]/} - start))
	LOGIN_OUT=$(<"$session.out")
	[[ $LOGIN_OUT == *'open 0 '* ]]
}

# logout USER: returns the exit status of the program that had the session.
logout()
{
	local status

	echo >"$WORK/login.$1"
	wait "${LOGIN_PID[$1]}"
	status=$?
	unset "LOGIN_PID[$1]"
	return $status
}

netns_file()
{
	echo "/run/pam_netns/ns/${USER_ID[$1]}"
}

# in_session USER CMD...
in_session()
{
	local file

	file=$(netns_file "$1")
	shift
	nsenter --net="$file" -- "$@"
}

# addresses_of USER: the IPv4 and the IPv6 one, as the session itself says
addresses_of()
{
	in_session "$1" ip -o address show dev eth0 scope global |
		sed -n 's/.* inet6* \([^/ ]*\).*/\1/p'
}
