#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The host is no other machine because of us: it listens to its routers, forwards
# what it has forwarded before and nothing else, and is as it was in the end.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/topology.sh
. "$TOP/tests/topology.sh"
in_sandbox "$@"
install_product
sandbox_net
pam_stack login 'session required pam_netns.so'
conf 'policy p {
	out allow to any
}
session alice veth p'

# switch NAME [VALUE]: below net
switch()
{
	[ $# = 1 ] || echo "$2" >"/proc/sys/net/$1"
	cat "/proc/sys/net/$1"
}

# settings: of the host, every one that can be read, but counters and what ages
settings()
{
	find /proc/sys/net/ipv4 /proc/sys/net/ipv6 -type f -perm -400 \
		! -name stable_secret ! -name flush ! -name tcp_fastopen_key \
		! -name tcp_ehash_entries ! -path '*/neigh/*' -exec grep -H '' {} + 2>/dev/null |
		sort
}

# An address is there when nobody else has been found to have it.
is_settled()
{
	[ -z "$(ip -6 address show tentative)" ]
}

everything()
{
	wait_for 5 is_settled >&2
	settings
	ip -4 rule
	ip -6 rule
	ip -o address show dev lo
	ip -4 route show table all
	ip -6 route show table all | sed 's/ expires [0-9]*sec//'
	ip -o link show | sed 's/ state .*//'
	nft list ruleset
}

# restored NAME: what a reload, a session and an unload leave.
restored()
{
	local before

	before=$(everything)
	ok "$1: reload" netnsctl reload
	isnt "$(everything)" "$before" "  changes something"
	ok "  and again" netnsctl reload
	login alice || abort "$LOGIN_OUT"
	logout alice
	ok "  unload" netnsctl unload
	ok "  and all is as before" diff <(echo "$before") <(everything)
}

#
# As before
#

# Names that a link may have.
# shellcheck disable=SC2016 # as it is
odd=(a.b .hidden 'x\y' 'we"ird' "it's" 'a*' 'nu7x' 'a-b_c@d' '$(id)' '1')
n=0
for name in "${odd[@]}"; do
	n=$((n + 1))
	ip link add "$name" type veth peer name "odd$n" netns uplink || abort "no link $name"
	ip link set "$name" up
done
restored "a host that forwards nothing"
for name in "${odd[@]}"; do
	echo 0 >"/proc/sys/net/ipv6/conf/$name/accept_ra"
done
echo 2 >/proc/sys/net/ipv6/conf/a.b/accept_ra
restored "links with settings of their own"
echo 1 >/proc/sys/net/ipv4/conf/.hidden/forwarding
echo 1 >/proc/sys/net/ipv6/conf/a.b/forwarding
switch ipv4/conf/all/accept_redirects 0 >/dev/null
restored "forwarding by single links, and no redirects"
switch ipv6/conf/default/accept_ra 0 >/dev/null
switch ipv4/conf/default/forwarding 1 >/dev/null
switch ipv4/conf/all/src_valid_mark 1 >/dev/null
restored "defaults that are none"
switch ipv4/ip_forward 1 >/dev/null
echo 0 >/proc/sys/net/ipv4/conf/.hidden/forwarding
restored "an IPv4 router"
switch ipv4/ip_forward 0 >/dev/null
switch ipv6/conf/all/forwarding 1 >/dev/null
echo 0 >/proc/sys/net/ipv6/conf/a.b/forwarding
echo 1 >/proc/sys/net/ipv6/conf/a.b/accept_ra
restored "an IPv6 router"
switch ipv6/conf/all/forwarding 0 >/dev/null
switch ipv6/conf/default/accept_ra 1 >/dev/null
nft 'add table inet other
	add chain inet other c { type filter hook input priority 0; }
	add rule inet other c tcp dport 25 accept'
ip rule add priority 10 from 192.0.2.77 lookup main
ip -6 rule add priority 100 from 2001:db8::77 lookup main
restored "rules and tables of others"

conf 'session alice loopback'
before=$(everything)
ok "without links: reload" netnsctl reload
ok "  unload" netnsctl unload
ok "  and all is as before" diff <(echo "$before") <(everything)
conf 'policy p {
	out allow to any
}
session alice veth p'

note "a file that somebody else has written to"
before=$(settings)
ok "reload" netnsctl reload
cat >>/run/pam_netns/host <<-'EOT'
	1 ipv4/conf/all/log_martians
	1 ipv4/conf/up0/proxy_arp
	0 ipv6/conf/../../ipv4/tcp_syncookies
	0 ipv6/conf/up0/../../../core/somaxconn/accept_ra
	0 ../kernel/randomize_va_space
	1 ipv6/conf//accept_ra
	1 ipv6/conf/accept_ra
	nonsense
	1

	7ipv4/ip_forward
EOT
ok "unload" netnsctl unload
ok "writes nothing of it" diff <(echo "$before") <(settings)
ok "and the file is gone" test ! -e /run/pam_netns/host

#
# What is forwarded
#

# A neighbour that takes the host for its router, to peer1.
ip netns add beyond
ip -n beyond link set lo up
ip link add be0 type veth peer name eth0 netns beyond
ip link set be0 up
ip address add 192.168.55.1/24 dev be0
ip address add fd55::1/64 dev be0 nodad
ip -n beyond -batch - <<-EOT
	link set eth0 up
	address add 192.168.55.2/24 dev eth0
	address add fd55::2/64 dev eth0 nodad
	route add default via 192.168.55.1
	route add default via fd55::1
EOT
ip -n uplink route add 192.168.55.0/24 via 192.0.2.2
ip -n uplink route add fd55::/64 via 2001:db8::2
for listen in TCP4-LISTEN:7777 UDP4-RECVFROM:7777 TCP6-LISTEN:7777,ipv6only \
	UDP6-RECVFROM:7777,ipv6only; do
	in_peer peer1 socat $listen,fork,reuseaddr SYSTEM:'read -r _; echo yes' &
done

# ask KIND ADDRESS: prints KIND if there is an answer.
ask()
{
	local to=$1:$2:7777

	[[ $1 == UDP* ]] || to+=,connect-timeout=1
	[[ $(echo hello | timeout 3 socat -t 1 - "$to" 2>/dev/null) != *yes* ]] || echo "$1"
}

answers()
{
	{
		ask TCP4 198.51.100.10 &
		ask UDP4 198.51.100.10 &
		ask TCP6 '[2001:db8:1::10]' &
		ask UDP6 '[2001:db8:1::10]' &
		wait
	} | sort | paste -sd ' '
}
export -f ask answers

# forwards WANTED NAME: by these kinds there is a way through the host.
forwards()
{
	is "$(in_peer beyond bash -c answers)" "$1" "$2"
}

forwards_by()
{
	[ "$(in_peer beyond bash -c answers)" = "$1" ]
}

# router V4 V6 KINDS NAME
router()
{
	note "$4"
	switch ipv4/ip_forward "$1" >/dev/null
	switch ipv6/conf/all/forwarding "$2" >/dev/null
	wait_for 5 forwards_by "$3" || abort "not $3"
	ok "reload" netnsctl reload
	is "$(switch ipv4/ip_forward) $(switch ipv6/conf/all/forwarding)" "1 1" "  forwarding is on"
	forwards "$3" "  the same is forwarded as before"
	login alice || abort "$LOGIN_OUT"
	is "$(in_session alice bash -c answers)" "TCP4 TCP6 UDP4 UDP6" "  and what sessions send"
	logout alice
	ok "  a second reload" netnsctl reload
	forwards "$3" "  does not change that"
	ok "  unload" netnsctl unload
	forwards "$3" "  nor does the end"
}

router 1 1 "TCP4 TCP6 UDP4 UDP6" "a router"
router 1 0 "TCP4 UDP4" "a router for IPv4"
router 0 1 "TCP6 UDP6" "a router for IPv6"
router 0 0 "" "no router"

note "single links that are routers"
for link in be0 up0; do
	echo 1 >"/proc/sys/net/ipv4/conf/$link/forwarding"
done
wait_for 5 forwards_by "TCP4 UDP4" || abort "the links do not forward"
ok "reload" netnsctl reload
forwards "TCP4 UDP4" "  what came in by them is forwarded as before"
ok "  a second reload" netnsctl reload
forwards "TCP4 UDP4" "  does not change that"
ok "  unload" netnsctl unload
forwards "TCP4 UDP4" "  nor does the end"
echo 0 >/proc/sys/net/ipv4/conf/up0/forwarding
ok "reload, with one that is none" netnsctl reload
forwards "" "  which stays so"
ok "  unload" netnsctl unload
echo 0 >/proc/sys/net/ipv4/conf/be0/forwarding

#
# Advertisements of routers
#

# advertise NETNS LINK PREFIX: one, with a prefix and itself as the default router.
cat >"$WORK/advertise.py" <<-'EOT'
	import socket, struct, sys
	link, prefix = sys.argv[1:]
	s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
	s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
	index = socket.if_nametoindex(link)
	s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
	advertisement = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
	advertisement += struct.pack("!BBBBIII", 3, 4, 64, 0xc0, 86400, 14400, 0)
	advertisement += socket.inet_pton(socket.AF_INET6, prefix)
	s.sendto(advertisement, ("ff02::1", 0, 0, index))
EOT

advertise()
{
	in_peer "$1" python3 -B -I "$WORK/advertise.py" "$2" "$3"
}

# default_by LINK: whether an advertisement has led to a route
default_by()
{
	ip -6 route show default proto ra dev "$1" | grep -q .
}

# Sends until it is there: the link may not be ready for it yet.
learns()
{
	advertise "$1" "$2" "$4" && default_by "$3"
}

# add_uplink LINK NETNS
add_uplink()
{
	ip netns add "$2"
	ip link add "$1" type veth peer name eth0 netns "$2"
	ip -n "$2" link set eth0 up
	ip link set "$1" up
}

is "$(switch ipv6/conf/default/accept_ra)" 1 "links listen to advertisements"
add_uplink ra.0 router0
ok "an uplink learns a route" wait_for 5 learns router0 eth0 ra.0 2001:db8:50::
ok "reload" netnsctl reload
ok "  which it still has" default_by ra.0
ip -6 route flush dev ra.0 proto ra
ok "  and learns again" wait_for 5 learns router0 eth0 ra.0 2001:db8:50::
add_uplink ra1 router1
ok "an uplink that comes later does, too" wait_for 5 learns router1 eth0 ra1 2001:db8:51::
add_uplink ra2 router2
echo 1 >/proc/sys/net/ipv6/conf/ra2/accept_ra
ok "one that is told to listen once, too" netnsctl reload
ok "  after a reload" wait_for 5 learns router2 eth0 ra2 2001:db8:52::
add_uplink ra3 router3
echo 0 >/proc/sys/net/ipv6/conf/ra3/accept_ra
ok "one that is told not to listen" netnsctl reload
is "$(switch ipv6/conf/ra3/accept_ra)" 0 "  does not"
ok "unload" netnsctl unload
ok "  the routes are still there" default_by ra.0
ip -6 route flush dev ra.0 proto ra
ok "  and can be learnt" wait_for 5 learns router0 eth0 ra.0 2001:db8:50::

note "on a router nobody listens"
switch ipv6/conf/all/forwarding 1 >/dev/null
before=$(grep -H '' /proc/sys/net/ipv6/conf/*/accept_ra)
ok "reload" netnsctl reload
is "$(grep -H '' /proc/sys/net/ipv6/conf/*/accept_ra)" "$before" "  nor does anybody then"
ok "unload" netnsctl unload
no_debris

#
# Uninstalled
#

before=$(everything)
ok "reload" netnsctl reload
fails "make uninstall, with a stack that needs us" make -s -C "$TOP" BUILD="$BUILD" uninstall
ok "  changes nothing" nft list table inet pam_netns
rm /etc/pam.d/login
ok "make uninstall" make -s -C "$TOP" BUILD="$BUILD" uninstall
ok "  leaves the host as it was" diff <(echo "$before") <(everything)
ok "  and no netnsctl" test ! -e /usr/sbin/netnsctl
ok "  so that another one does without" make -s -C "$TOP" BUILD="$BUILD" uninstall
install_product
ok "installed again: reload" netnsctl reload
printf '#!/bin/sh\nexit 1\n' >/usr/sbin/netnsctl
ok "where nothing can be taken out of force: make uninstall" make -s -C "$TOP" BUILD="$BUILD" uninstall
is "$OUT" "uninstall: what is in force stays so until the next boot" "  says so"
ok "  and removes the rest" test ! -e /usr/libexec/netns-helper
done_testing
