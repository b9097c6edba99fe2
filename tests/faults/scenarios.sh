# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is done under faults, see faultrun.c.  After lib.sh, in a sandbox:
#
#   . "$TOP/tests/faults/scenarios.sh"
#   faults_setup
#   faults_begin veth           # one of SCENARIOS
#   faults_calls                # "PROCESS CALL NUMBER", a line each
#   faults_points               # "PROCESS CALL ACTION", a line each: all of them
#   faults_try <POINTS          # "POINT | OUTCOME | NUMBER | WHAT IS WRONG"
#   faults_end

# shellcheck disable=SC2034 # the tests use it
SCENARIOS='first loopback second private seal unclosed veth veth-second join login-reload reload sweep'
ERRORS='EPERM ENOMEM EMFILE EINTR EAGAIN ENOSPC EBUSY EIO'
# What cannot fail: exit, exit_group, rt_sigreturn, rt_sigprocmask, futex; getpid, getuid,
# getgid, geteuid, getegid, getppid, gettid; umask
NO_ERROR=' 60 231 15 14 39 102 104 107 108 110 186 202 95 '

FAULTS_ARGS=()

# faults_conf PORT: two of them differ in what the live user of a link may do.
faults_conf()
{
	cat <<-EOT
		set pool4 100.64.0.0/16
		set pool6 fd6e:6574:6e73::/64
		policy p {
			dns 198.51.100.53
			out allow to any tcp $1
			publish tcp 8022 to 22
			rate up 10mbit down 20mbit
			connections 100
		}
		session root host
		session alice loopback
		session bob veth p
		session @joiners join vpn0
		session dave loopback private
		session huge join none
		session * host
	EOT
}

faults_setup()
{
	pam_stack faults 'session required pam_netns.so'
	sandbox_net
	echo 'joiners:x:992:carol' >>/etc/group
	ip netns add vpn0
	ip -n vpn0 link set lo up
	mkdir -p /etc/netns/vpn0
	echo 'nameserver 192.0.2.53' >/etc/netns/vpn0/resolv.conf
	echo '127.0.0.1 localhost' >/etc/netns/vpn0/hosts
	mkdir "$WORK/faults"
	faults_conf 443 >"$WORK/conf.a"
	faults_conf 80 >"$WORK/conf.b"
	sed '1i set on-error seal' "$WORK/conf.a" >"$WORK/conf.seal"
	cat >"$WORK/put" <<-EOT
		#!/bin/sh
		exec install -m 644 "$WORK/conf.\$1" /etc/security/netns.conf
	EOT
	chmod 755 "$WORK/put"
	for table in b a; do
		"$WORK/put" $table
		ok "the configuration is good" netnsctl reload
		faultrun -G >"$WORK/ground.$table"
		is "$(grep -cE '^rule(02|0a)00..0{8}06|^table inet pam_netns ' "$WORK/ground.$table")" 3 \
			"the ground: two routing rules that end in a black hole, and a table"
	done
	isnt "$(cat "$WORK/ground.a")" "$(cat "$WORK/ground.b")" "and another one makes another table"
}

# held_session USER: stays until release_session.  A reload that cannot change a live
# user's link takes it away: then a new one takes its place.
held_session()
{
	cat >"$WORK/hold" <<-EOT
		#!/bin/sh
		[ -s "$WORK/held.pid" ] && { [ $1 = alice ] || ip link show nu1002; } && exit
		[ ! -s "$WORK/held.pid" ] || kill -KILL \$(cat "$WORK/held.pid")
		rm -f "$WORK/held.pid" "$WORK/held.fifo"
		mkfifo "$WORK/held.fifo" "$WORK/held.ready"
		setsid pamdo -s faults -u $1 open system "echo \\\$PPID >$WORK/held.pid; echo >$WORK/held.ready" \
			sleep-for-stdin close <>"$WORK/held.fifo" >"$WORK/held.out" 2>&1 &
		read -r _ <"$WORK/held.ready"
		rm "$WORK/held.ready"
	EOT
	sh "$WORK/hold" >/dev/null 2>&1
	like "$(head -n 1 "$WORK/held.out")" '^open 0 ' "$1 has a session"
}

release_session()
{
	local pid

	[ -s "$WORK/held.pid" ] || return 0
	pid=$(cat "$WORK/held.pid")
	echo >"$WORK/held.fifo"
	wait_for 10 is_gone "$pid" || abort "a session does not end"
	rm -f "$WORK/held.pid"
}

faults_begin()
{
	local b="exec $WORK/put b" a="$WORK/put a && netnsctl reload"
	local again="$a && sh $WORK/hold"
	local grounds=(-g "$WORK/ground.a" -g "$WORK/ground.b")

	rm -f "$WORK"/faults/*
	case $1 in
	loopback) FAULTS_ARGS=(-u alice) ;;
	second)
		held_session alice
		FAULTS_ARGS=(-u alice)
		;;
	private) FAULTS_ARGS=(-u dave) ;;
	seal)
		"$WORK/put" seal && netnsctl reload
		FAULTS_ARGS=(-S huge -u alice)
		;;
	unclosed) FAULTS_ARGS=(-E -u alice) ;;
	veth) FAULTS_ARGS=(-u bob) ;;
	veth-second)
		held_session bob
		FAULTS_ARGS=(-u bob)
		;;
	join) FAULTS_ARGS=(-u carol) ;;
	login-reload) FAULTS_ARGS=(-u bob -p "$b" "${grounds[@]}" -r "$a") ;;
	first)
		# As after a boot: nothing has been loaded yet.
		FAULTS_ARGS=(-u bob -p "netnsctl unload; umount -l /run/pam_netns/ns; rm -rf /run/pam_netns"
			-r "netnsctl reload")
		;;
	reload)
		held_session bob
		FAULTS_ARGS=(-u bob -o 'exec netnsctl reload' -p "$b" "${grounds[@]}" -r "$again")
		;;
	sweep)
		# What a killed log-in leaves
		FAULTS_ARGS=(-u bob -o 'exec netnsctl sweep'
			-p "pamdo -s faults -u bob open system 'kill -KILL \$PPID'; true")
		;;
	*) abort "no scenario $1" ;;
	esac
	FAULTS_ARGS+=(-w "$WORK/faults")
	[ ! -e /usr/local/bin/oom.so ] || echo /usr/local/bin/oom.so >/etc/ld.so.preload
}

faults_end()
{
	rm -f /etc/ld.so.preload
	release_session
	"$WORK/put" a
	netnsctl reload >/dev/null
}

faults_calls()
{
	faultrun -l "${FAULTS_ARGS[@]}"
}

faults_points()
{
	faults_calls | awk -v errors="$ERRORS" -v no_error="$NO_ERROR" '
		BEGIN { n = split(errors, error) }
		{ print $1, $2, "before" }
		index(no_error, " " $3 " ") { next }
		{ print $1, $2, "after" }
		{ for (i = 1; i <= n; i++) print $1, $2, error[i] }'
}

# Each allocation, as far as there are any: the module's (in faultrun), and the programs'.
faults_oom_points()
{
	local program

	for program in faultrun netns-helper netnsctl; do
		seq -f "$program %.0f oom" 1 20000
	done
}

faults_try()
{
	faultrun "${FAULTS_ARGS[@]}"
}
