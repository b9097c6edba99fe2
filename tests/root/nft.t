#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What netnsctl prints for nft and what it gives to the kernel are the same
# ruleset, which nft can list and read again; a table replaces another as a whole.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
in_sandbox "$@"
install_product

# in_fresh FUNCTION [ARG]...: in a network namespace of its own.
in_fresh()
{
	unshare --net -- bash -c '"$@"' in_fresh "$@"
}

# keep NAME: the table that is there, as nft lists it and as the kernel runs it.
# (Elements come in any order from the kernel.)
keep()
{
	nft list table inet pam_netns >"$WORK/$1" &&
		nft --debug=netlink list table inet pam_netns | sort >"$WORK/$1.code"
}

by_nft()
{
	fwtool "$@" | nft -f - && keep nft
}

by_kernel()
{
	fwtool "$@" && keep kernel
}

# The list is read again, and looks the same.
by_list()
{
	nft -f "$WORK/kernel" && keep list
}

# Sent to a socket as they are, in two namespaces.
by_bytes()
{
	fwtool "$@" >"$WORK/message" && netlink <"$WORK/message" && keep bytes
}

export WORK
export -f keep by_nft by_kernel by_list by_bytes

# A login only sends bytes: so does this.
netlink()
{
	python3 -c 'import socket, struct, sys
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
data = sys.stdin.buffer.read()
s.setsockopt(socket.SOL_SOCKET, 32, len(data)) # SO_SNDBUFFORCE
s.send(data)
answer = s.recv(65536, socket.MSG_DONTWAIT)
sys.exit(struct.unpack_from("=IHHIIi", answer)[5] != 0)'
}
export -f netlink

# options CONF: what it says of the machine.
options()
{
	sed -n 's/^# machine: //p' "$1"
}

same()
{
	diff -u "$WORK/$1" "$WORK/$2" && cmp "$WORK/$1.code" "$WORK/$2.code"
}

for conf in "$TOP"/tests/nft/*.conf; do
	name=${conf##*/}
	read -ra options <<<"$(options "$conf")"
	rm -f "$WORK"/{nft,kernel,list,bytes}*
	[ -n "$(fwtool "${options[@]}" print "$conf")" ] || continue # no table at all
	ok "$name: nft takes it" in_fresh by_nft "${options[@]}" print "$conf"
	ok "$name: the kernel takes it" in_fresh by_kernel "${options[@]}" commit "$conf"
	ok "$name: both are the same" same nft kernel
	ok "$name: nft reads what it has listed" in_fresh by_list
	ok "$name: and that is the same" same kernel list
	for _ in 1 2; do
		in_fresh by_bytes "${options[@]}" bytes "$conf"
	done
	ok "$name: so is what the bytes make" same kernel bytes
done

#
# One table in place of another
#

replaced()
{
	fwtool commit "$TOP/tests/nft/targets.conf" &&
		nft add element inet pam_netns live '{ 1001 }' &&
		nft add chain inet pam_netns stray &&
		nft add table inet another &&
		fwtool commit "$TOP/tests/nft/nothing.conf" &&
		nft list table inet another && keep second
}
export TOP
export -f replaced
ok "a table is replaced" in_fresh replaced
in_fresh by_kernel commit "$TOP/tests/nft/nothing.conf"
ok "nothing of the old one is left" same kernel second

# A failure changes nothing, and is explained.
refused()
{
	local before

	fwtool commit "$TOP/tests/nft/targets.conf" && before=$(nft list ruleset) || return
	! setpriv --bounding-set -net_admin fwtool commit "$TOP/tests/nft/nothing.conf" || return
	[ "$(nft list ruleset)" = "$before" ]
}
export -f refused
ok "what is refused changes nothing" in_fresh refused

# One port for two sessions.
run in_fresh fwtool -p 22=100.64.0.5=22 -p 22=100.64.0.6=22 commit "$TOP/tests/nft/nothing.conf"
is "$STATUS" 1 "one port for two sessions is a failure"
like "$OUT" "File exists" "that is found before the kernel sees it"

#
# Much of it
#

many()
{
	local i j

	echo 'set dns none'
	for ((i = 0; i < 50; i++)); do
		echo "addresses list$i {"
		for ((j = 0; j < 100; j++)); do
			echo "$((i + 11)).$j.0.$((j + 1)) 2001:db8:$i:$j::/64"
		done
		echo '}'
	done
	for ((i = 0; i < 200; i++)); do
		cat <<-EOT
			policy p$i {
				connections 100
				out allow to list$((i % 50)) tcp 22 80 443 udp 443
				out deny to private
				out allow log to any tcp 1-1024
				in allow from users list$(((i + 1) % 50))
				publish tcp $((i + 1000)) to 22
			}
			session $((i + 1000)) veth p$i
		EOT
	done
}
many >"$WORK/many.conf"

# timed CMD...: its milliseconds, in MS.
timed()
{
	local start=${EPOCHREALTIME/[.,]/}

	"$@"
	local status=$?
	MS=$(((${EPOCHREALTIME/[.,]/} - start) / 1000))
	return "$status"
}

many_by_kernel()
{
	local MS

	timed fwtool commit "$WORK/many.conf" || return
	note "200 policies, 10,000 addresses: compiled and committed in $MS ms"
	[ "$MS" -lt 5000 ] || return
	timed fwtool commit "$WORK/many.conf" || return
	note "in place of itself: $MS ms"
	[ "$MS" -lt 10000 ]
}

many_by_nft()
{
	local MS

	fwtool print "$WORK/many.conf" >"$WORK/many.nft" && timed nft -f "$WORK/many.nft" || return
	note "the same by nft: $MS ms"
	keep nft
}
export -f many_by_kernel many_by_nft timed note

in_fresh many_by_kernel >"$WORK/figures"
is $? 0 "200 policies with 10,000 addresses are loaded in a reasonable time"
cat "$WORK/figures"
in_fresh many_by_nft >"$WORK/figures"
is $? 0 "by nft too"
cat "$WORK/figures"
ok "the kernel takes them" in_fresh by_kernel commit "$WORK/many.conf"
ok "and both are the same" same nft kernel

done_testing
