# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A namespace of "ip netns", as of a VPN, and what lies behind it.  After lib.sh:
#
#   . "$(dirname "$0")/../vpn.sh"
#   in_sandbox "$@"
#   install_product
#   make_far            # once; HOST and HOST_MOUNTS are then those of the host
#   make_vpn            # VPN is then the inode of vpn0
#   make_files          # in /etc/netns/vpn0
#   pamdo ...           # alice, a student
#   drop_vpn
#
#   vpn0                      far
#   eth0 10.8.0.2 ----------- eth0 10.8.0.1      10.8.0.0/24
#        fd00:8::2                 fd00:8::1     fd00:8::/64
#
# Only far has a server: on port 80, which answers "far", and one for names.

FILES=/etc/netns/vpn0

# What the tests compare with, set by make_far and make_vpn.
HOST='' HOST_MOUNTS='' VPN=''
export HOST HOST_MOUNTS VPN

mountinfo()
{
	sed 's/^[0-9]* [0-9]* //; /nsfs/d' "/proc/$1/mountinfo"
}

# note_mounts, and then nothing_outside: the host has the same mounts, but for
# namespaces.
note_mounts()
{
	mountinfo self >"$WORK/mounts"
}

nothing_outside()
{
	mountinfo self | diff "$WORK/mounts" -
}

make_far()
{
	HOST=$(host_netns)
	HOST_MOUNTS=$(stat -Lc %i /proc/self/ns/mnt)
	ip netns add far
	ip -n far link set lo up
	in_peer far "$TOP/tests/probe" serve far 80 >"$WORK/far" &
	in_peer far dnsmasq -C /dev/null --pid-file= --no-resolv --no-hosts \
		--address=/only.vpn/10.8.0.9
	wait_for 5 grep -q ready "$WORK/far" || abort "no server in far"
}

make_vpn()
{
	ip netns add vpn0
	# Not "ip -n vpn0": that would mount the files, too, and complain.
	in_peer vpn0 ip -batch - <<-EOT
		link set lo up
		link add eth0 type veth peer name eth0 netns far
		link set eth0 up
		address add 10.8.0.2/24 dev eth0
		address add fd00:8::2/64 dev eth0 nodad
	EOT
	ip -n far -batch - <<-EOT
		link set eth0 up
		address add 10.8.0.1/24 dev eth0
		address add fd00:8::1/64 dev eth0 nodad
	EOT
	VPN=$(stat -Lc %i /run/netns/vpn0)
}

# The link at once: it would stay for as long as somebody is inside.
drop_vpn()
{
	ip -n far link delete eth0
	ip netns delete vpn0
}

make_files()
{
	rm -rf /etc/netns
	mkdir -p $FILES/skel
	echo 'nameserver 10.8.0.1' >$FILES/resolv.conf
	printf '127.0.0.1 localhost\n10.8.0.7 of.vpn\n' >$FILES/hosts
	echo "the VPN's" >$FILES/skel/note
	echo secret >$FILES/for-programs-that-know # has no counterpart
}
