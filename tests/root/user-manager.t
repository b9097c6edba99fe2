#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A user's systemd manager, by tests/usermanager.c, which does with PAM what
# systemd does: it lives in the session's network, also when nobody is logged in;
# and the session is closed without privilege, by another process.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/doors.sh
. "$(dirname "$0")/../doors.sh"
# shellcheck source=tests/topology.sh
. "$(dirname "$0")/../topology.sh"
in_sandbox "$@"
install_product

wide_net
machine_stacks
sed -i '/pam_selinux.so nottys open/i session required pam_netns.so' /etc/pam.d/systemd-user
pam_stack pamdo 'session required pam_netns.so'
conf 'policy web {
	out allow to any tcp 80
}
session root                     host
session alice                    veth web
session bob                      loopback
session dave via systemd-user    loopback private
session carol                    host'
ok "the configuration is loaded" netnsctl reload
host=$(host_netns)

# manager USER: one that says where it is, and ends when it is told to.
manager()
{
	hold "manager.$1" usermanager "$1" sh -c "$SELF_NETNS; read -r _"
}
sd_pam_of()
{
	pgrep -u "$1" -x '\(sd-pam\)'
}

#
# The network is the one of the user's other sessions
#

for user in alice bob; do
	manager $user
	ns=$(held "manager.$user")
	isnt "$ns" "$host" "$user's manager is not in the host's network"
	is "$(pamdo -u $user open ns close | sed -n 's/^ns //p')" "$ns" "  a session of $user's is in the same"
	is "$(netns_of "$(sd_pam_of $user)")" "$ns" "  so is what will close its session"
	is "$(ps -o uid=,gid= -p "$(sd_pam_of $user)" | tr -s ' ')" " $(id -u $user) $(id -g $user)" \
		"  without privilege"
	for pid in $(pgrep -u $user); do
		is "$(leaks_of "$pid")" "" "  nothing of ours is open in $(cat "/proc/$pid/comm")"
	done
	# Nobody else is there any more, and somebody sweeps.
	netnsctl sweep >/dev/null
	is "$(pamdo -u $user open ns close | sed -n 's/^ns //p')" "$ns" "  the network stays as long as it runs"
done
manager carol
is "$(held manager.carol)" "$host" "carol's, a host user's, is in the host's"
manager dave
isnt "$(held manager.dave)" "$host" "dave's, with a private network, is not"
is "$(ip -j link show nu1001 | jq -r '.[].operstate')" UP "alice's has her link"

#
# The end: closed as the user
#

for user in alice bob carol dave; do
	pid=$(sd_pam_of $user)
	release manager.$user
	ok "$user: the end of the manager ends (sd-pam)" wait_for 5 is_gone "$pid"
	is "$(tail -n 2 "$WORK/manager.$user.out" | tr '\n' ' ')" "close 0 end 0 " "  the session closes without an error"
done
is "$(complaints)" "" "nothing is logged"
is "$(ls /run/pam_netns/ns)" "1001"$'\n'"1002" "without privilege the namespaces stay"
no_debris_swept "until the next sweep"

# Killed together with all that is in its control group.
manager alice
pkill -KILL -u alice
release manager.alice 2>/dev/null
no_debris_swept "a manager that is killed leaves nothing after a sweep"

#
# Started while the user logs in, by the login itself, as pam_systemd does
#

cat >/usr/local/bin/start-manager <<'EOT'
#!/bin/sh
# What logind does meanwhile: waits until the manager has its session.
usermanager "$PAM_USER" sh -c 'stat -Lc %i /proc/self/ns/net >/tmp/manager; sleep 1000' >/dev/null 2>&1 &
until [ -s /tmp/manager ]; do sleep 0.05; done
EOT
chmod 755 /usr/local/bin/start-manager
for order in before after; do
	rm -f /tmp/manager
	case $order in
	before) pam_stack pamdo 'session required pam_netns.so' \
		'session required pam_exec.so type=open_session /usr/local/bin/start-manager' ;;
	after) pam_stack pamdo 'session required pam_exec.so type=open_session /usr/local/bin/start-manager' \
		'session required pam_netns.so' ;;
	esac
	run timeout 20 pamdo -u alice open ns close
	like "$OUT" "open 0 .*close 0" "the line $order what starts the manager: the session opens"
	ns=$(sed -n 's/^ns //p' <<<"$OUT")
	isnt "$ns" "$host" "  in a network of its own"
	is "$(cat /tmp/manager)" "$ns" "  the manager's is the same"
	pkill -KILL -u alice
	no_debris_swept
done

#
# No session
#

chmod 0 /usr/libexec/netns-helper
run usermanager alice touch /tmp/started
is "$STATUS" 224 "without the helper the manager is not started: 224, EXIT_PAM"
fails "  nothing of it has run" test -e /tmp/started
run usermanager root touch /tmp/started
is "$STATUS" 0 "  root's is"
chmod 755 /usr/libexec/netns-helper
no_debris

done_testing
