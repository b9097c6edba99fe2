#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What connection tracking knows of an address is forgotten, and nothing else: by the
# kernel alone, and one by one, for kernels that have no such thing.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
in_sandbox "$@"

hers=(100.64.0.5 fd6e:6574:6e73::5)
others=(100.64.0.6 fd6e:6574:6e73::6)
outside=(198.51.100.53 2001:db8:1::53)

for address in "${hers[@]}" "${others[@]}" "${outside[@]}"; do
	ip address add "$address" dev lo
done
nft -f - <<-EOT
	table inet t {
		chain published {
			type nat hook output priority -100
			udp dport 8022 dnat ip to ${hers[0]}:22
			udp dport 8022 dnat ip6 to [${hers[1]}]:22
		}
		chain known {
			type filter hook output priority 0
			ct state new counter
		}
	}
EOT

# made: a datagram of hers, one to a published port that she answers, one from another
# user to her, and two with which she has nothing to do.
made()
{
	python3 - "${hers[$1]}" "${others[$1]}" "${outside[$1]}" <<-EOT
		import socket, sys
		hers, other, outside = sys.argv[1:]
		for source, destination, port in ((hers, outside, 53), (other, outside, 8022), (other, hers, 9),
		    (other, outside, 53), (outside, other, 9)):
		    s = socket.socket(socket.AF_INET6 if ":" in source else socket.AF_INET, socket.SOCK_DGRAM)
		    s.bind((source, 0))
		    s.sendto(b"x", (destination, port))
	EOT
}

# known FAMILY: of the port and of the answers' port, sorted
known()
{
	grep -E "^ipv$1 " /proc/net/nf_conntrack | sed -E 's/.* dport=([0-9]+) .* sport=([0-9]+) .*/\1 \2/' | sort -n
}

all=$'9 9\n9 9\n53 53\n53 53\n8022 22'
for how in '' one-by-one; do
	for i in 0 1; do
		family=$((i * 2 + 4))
		made $i
		is "$(known $family)" "$all" "IPv$family: all is known"
		ok "  one address is to be forgotten, ${how:-by the kernel}" ctforget "${hers[i]}" $how
		is "$(known $family)" $'9 9\n53 53' "  the others' is left"
		ok "  that of nobody" ctforget "${hers[i]}" $how
		ok "  and of another" ctforget "${others[i]}" $how
		is "$(known $family)" '' "  nothing is left of those either"
	done
done
# lists ADDRESS: how many the kernel is asked for
lists()
{
	strace -e trace=sendto,recvmsg -o "$WORK/calls" ctforget "$1"
	grep -c '^sendto.*DUMP' "$WORK/calls"
}
asked=$(lists "${hers[0]}")
if grep -q 'error=-EINVAL' "$WORK/calls"; then
	is "$asked" 2 "lists of those over IPv4 are, before Linux 6.12"
else
	is "$asked" 0 "no list of the connections over IPv4 is asked for"
fi
is "$(lists "${hers[1]}")" 1 "one of those over IPv6 is"

done_testing
