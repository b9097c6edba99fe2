#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The firewall does what the configuration says: every user, in both directions,
# for every address, protocol and port around, by real connections.  What the
# configuration says, tests/matrix/model.py has read for itself.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/topology.sh
. "$TOP/tests/topology.sh"
in_sandbox "$@"
install_product
matrix=$TOP/tests/matrix

add_user erin 1005
add_user heidi 1006
add_user ivan 1007
add_user grace 70000
wide_net
resolvers=(198.51.100.53 2001:db8:1::53)
printf 'nameserver %s\n' "${resolvers[@]}" >/etc/resolv.conf
pam_stack login 'session required pam_netns.so'

conf "$(cat "$matrix/netns.conf")"
ok "the configuration has no errors" netnsctl check
is "$OUT" "" "nor does it get a warning"
ok "and is loaded" netnsctl reload

#
# Who takes part
#

agent="exec python3 -B -I $matrix/agent.py"

# session NAME [ROLE]: logs in for as long as the driver wants.
session()
{
	local uid=${USER_ID[$1]}

	echo "${2-user} ${3-$1} $uid pamdo -s login -u $1 open system '$agent $uid' close"
}

cast()
{
	local name

	for name in alice bob carol dave erin grace heidi huge; do
		session "$name"
	done
	session ivan host host
	for name in uplink peer1 peer2 intra cloud; do
		echo "peer $name 0 exec nsenter --net=/run/netns/$name -- sh -c '$agent'"
	done
}

# relay: results that come without numbers get ours.
relay()
{
	local line

	while IFS= read -r line; do
		case $line in
		'ok - '*) result true "${line#ok - }" ;;
		'not ok - '*) result false "${line#not ok - }" ;;
		*) echo "$line" ;;
		esac
	done
}

cast >"$WORK/cast"
start=$EPOCHSECONDS
python3 -B "$matrix/probe.py" "$matrix/netns.conf" "$WORK/cast" "${resolvers[@]}" >"$WORK/tap"
is $? 0 "the probes have come to their end"
relay <"$WORK/tap"
note "the probes took $((EPOCHSECONDS - start)) s"

no_debris "everybody has logged out, and nothing is left behind"
done_testing
