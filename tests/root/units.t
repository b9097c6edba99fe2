#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The sweep does its work inside what its unit leaves it: there is no systemd in
# here, so the unit's lines are done by hand.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/topology.sh
. "$TOP/tests/topology.sh"
# shellcheck source=tests/flows.sh
. "$TOP/tests/flows.sh"
in_sandbox "$@"
install_product
sandbox_net
pam_stack login 'session required pam_netns.so'

UNIT=$TOP/helper/pam_netns-sweep.service

# setting NAME: all its values
setting()
{
	sed -n "s/^$1=//p" "$UNIT" | xargs
}

# As systemd.exec(5) has ReadWritePaths=, ProtectSystem=strict and
# ProtectKernelTunables=, in a mount namespace of its own.
cat >"$WORK/confine" <<'EOT'
writable=$1 tunables=$2
shift 2
for path in $writable; do
	path=${path#-}
	[ ! -e "$path" ] || mount --rbind "$path" "$path" || exit 125
done
findmnt -rno TARGET | while read -r target; do
	case $target in
	/proc | /proc/* | /sys | /sys/* | /dev | /dev/*) continue ;;
	esac
	for path in $writable; do
		[[ $target/ != "${path#-}"/* ]] || continue 2
	done
	mount -o remount,bind,ro "$target" || exit 125
done || exit 125
if [ "$tunables" = yes ]; then
	mount --rbind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys || exit 125
fi
exec "$@"
EOT

as_unit()
{
	local bounding=-all cap

	for cap in $(setting CapabilityBoundingSet); do
		cap=${cap#CAP_}
		bounding+=,+${cap,,}
	done
	unshare --mount --propagation slave bash "$WORK/confine" "$(setting ReadWritePaths)" \
		"$(setting ProtectKernelTunables)" \
		setpriv --no-new-privs --bounding-set "$bounding" "$@"
}

is "$(setting ProtectSystem) $(setting NoNewPrivileges)" "strict yes" "the unit is confined, as here"
sweep=$(setting ExecStart)
conf 'policy web {
	out allow to any tcp 80
}
session alice veth web'
ok "loaded" netnsctl reload
good "alice logs in" login alice
serve peer1 tcp 198.51.100.10 80
ok "she gets out" connects alice 198.51.100.10 80
fails "the unit may not write elsewhere" as_unit touch /etc/x
# shellcheck disable=SC2086 # words
ok "a sweep with nothing to do" as_unit $sweep
is "$OUT" "0 removed" "  says so"

nft flush ruleset
echo 0 >/proc/sys/net/ipv4/ip_forward
# shellcheck disable=SC2086
ok "a sweep after the ruleset was flushed" as_unit $sweep
like "$OUT" 'put back' "  puts it back"
ok "  and alice gets out" connects alice 198.51.100.10 80
is "$(cat /proc/sys/net/ipv4/ip_forward)" 1 "  by forwarding, too"

kill -KILL "${LOGIN_PID[alice]}"
echo >"$WORK/login.alice"
wait "${LOGIN_PID[alice]}" 2>/dev/null
unset "LOGIN_PID[alice]"
swept()
{
	# shellcheck disable=SC2086
	as_unit $sweep | grep -qx '1 removed'
}
ok "a sweep after she was killed" wait_for 5 swept
end_servers
no_debris
done_testing
