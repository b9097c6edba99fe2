#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# set hide: what listens in the file system of the host is out of a session's
# reach, and it sees its own links in /sys.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
in_sandbox "$@"
install_product
sandbox_net

for service in pamdo sshd su; do
	pam_stack $service 'session required pam_netns.so'
done
mounts=$(stat -Lc %i /proc/self/ns/mnt)
host=$(host_netns)

#
# Resolvers on the host, or what looks like them, and a daemon of another kind
#

directories=(/run/systemd/resolve/io.systemd.Resolve /run/nscd/socket /run/avahi-daemon/socket)
resolvers=("${directories[@]}" /run/mdnsd)
others=(/run/one.sock /run/other/sock /run/dbus/system_bus_socket)

start_daemons()
{
	"$TOP/tests/relay.py" "${resolvers[@]}" "${others[@]}" >"$WORK/relay" 2>&1 &
	relay=$!
	wait_for 5 grep -q ready "$WORK/relay" || abort "no daemons"
}

mkdir -p /run/systemd/resolve /run/nscd /run/avahi-daemon /run/other /run/dbus
echo 'nameserver 198.51.100.53' >/run/systemd/resolve/resolv.conf
echo 'nameserver 127.0.0.53' >/run/systemd/resolve/stub-resolv.conf
ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
in_peer peer1 socat -u UDP6-RECV:53,ipv6only=0 "OPEN:$WORK/udp,creat,append" &
in_peer peer1 socat -u TCP6-LISTEN:53,ipv6only=0,fork "OPEN:$WORK/tcp,creat,append" &
wait_for 5 in_peer peer1 sh -c 'ss -Hlntu sport = 53 | grep -c . | grep -qx 2' || abort "nobody to ask"
start_daemons

asked=0

# ask PATH...: a command that has each daemon ask the network, and says whether it could.
ask()
{
	echo "for path in $*; do echo \$path \$(echo \$path | timeout 3 socat -t 2 - UNIX-CONNECT:\$path 2>&1 |
		grep -oE 'answered|refused|No such file|denied'); done"
}

# is_seen N: what has come to peer1 by now, each query in four ways.
is_seen()
{
	[ "$(cat "$WORK/udp" "$WORK/tcp" 2>/dev/null | wc -l)" = $((4 * $1)) ]
}

run sh -c "$(ask "${resolvers[@]}" "${others[@]}")"
is "$(sort <<<"$OUT")" "$(printf '%s answered\n' "${resolvers[@]}" "${others[@]}" | sort)" "on the host all answer"
asked=$((asked + 7))
ok "by asking the network" wait_for 5 is_seen $asked

# by WAY USER COMMAND: what it prints in a session.
by()
{
	case $1 in
	ssh) ssh_as "$2" "$3" ;;
	su) su "$2" -c "$3" ;;
	pamdo) pamdo -u "$2" open run "$3" close | sed '/^open /d; /^run /d; /^close /d' ;;
	esac 2>&1
}

# hidden NAME WAY USER PATH...
hidden()
{
	local name=$1 way=$2 user=$3

	shift 3
	is_of_no_use "$name" "$(by "$way" "$user" "$(ask "$@")")" "$@"
}

# is_of_no_use NAME ANSWERS PATH...
is_of_no_use()
{
	local name=$1 answers=$2

	shift 2
	is "${answers// No such file/ refused}" "$(printf '%s refused\n' "$@")" \
		"$name: of no use are $*"
}

# usable NAME WAY USER PATH...
usable()
{
	local name=$1 way=$2 user=$3

	shift 3
	is "$(by "$way" "$user" "$(ask "$@")")" "$(printf '%s answered\n' "$@")" "$name: of use are $*"
	asked=$((asked + $#))
}

mountinfo()
{
	sed 's/^[0-9]* [0-9]* //; /nsfs/d' /proc/self/mountinfo
}

nothing_outside()
{
	mountinfo | diff "$WORK/mounts" -
}

#
# By default
#

conf 'session carol host
session bob   loopback private
session *     loopback'
ok "the configuration is loaded" netnsctl reload
is "$OUT" "" "  without a warning"
mountinfo >"$WORK/mounts"
start_sshd

for way in ssh su pamdo; do
	hidden "$way" $way alice "${resolvers[@]}"
	is "$(by $way alice 'ls /sys/class/net /sys/devices/virtual/net')" \
		$'/sys/class/net:\nlo\n\n/sys/devices/virtual/net:\nlo' "$way: alice sees lo alone in /sys"
	is "$(by $way alice 'cat /etc/resolv.conf; id -un 1002; stat -fc %T /sys/fs/cgroup; ls /run')" \
		"$(cat /etc/resolv.conf; id -un 1002; stat -fc %T /sys/fs/cgroup; ls /run)" \
		"$way: resolv.conf, users, the rest of /sys and of /run are as before"
	is "$(by $way alice 'ls -l /proc/self/fd' | grep -E "$LEAKS|socket:")" "" \
		"$way: alice inherits no descriptor of ours"
done
is "$(by ssh alice 'ls -A /run/systemd/resolve /run/nscd /run/avahi-daemon')" \
	$'/run/avahi-daemon:\n\n/run/nscd:\n\n/run/systemd/resolve:\nresolv.conf\nstub-resolv.conf' \
	"nothing else is where they listen"
hidden "loopback private" su bob "${resolvers[@]}"
usable "what nobody has listed" su alice "${others[@]}"
usable "the host's network" su carol "${resolvers[@]}"
is "$(by su carol 'stat -Lc %i /proc/self/ns/mnt; ls /sys/class/net')" "$mounts"$'\nlo\nup0' \
	"  which has no mounts of its own"
is "$(by su alice 'cat /sys/class/net/lo/address /sys/class/net/lo/operstate')" \
	$'00:00:00:00:00:00\nunknown' "what is in /sys can be read"

#
# While it is open
#

hold_ssh alice alice
shell=$(pgrep -u alice -x bash)
in_mounts()
{
	nsenter --mount --net --target "$shell" -- "$@"
}
as_alice()
{
	nsenter --mount --net --target "$shell" --setuid 1001 --setgid 1001 -- "$@"
}
is_of_no_use "a session that stays" "$(as_alice sh -c "$(ask "${resolvers[@]}")")" "${resolvers[@]}"
is "$(in_mounts sh -c "$(ask /run/mdnsd)")" "/run/mdnsd refused" "not even root can use it there"

mkdir /mnt/later
mount -t tmpfs later /mnt/later
echo "from the host" >/mnt/later/file
is "$(as_alice cat /mnt/later/file)" "from the host" "what the host mounts later appears inside"
umount /mnt/later
fails "and goes when it does" as_alice test -e /mnt/later/file
mount -t tmpfs over /run/nscd
echo over >/run/nscd/over
fails "what is mounted on what is hidden stays hidden" as_alice test -e /run/nscd/over
umount /run/nscd

kill "$relay"
wait "$relay"
start_daemons
is_of_no_use "when the daemons have been restarted" "$(as_alice sh -c "$(ask "${directories[@]}")")" "${directories[@]}"

for path in /run/systemd/resolve /run/nscd /sys/class/net /sys/devices/virtual/net; do
	fails "alice cannot take $path off" as_alice umount $path
	fails "  nor as the root of a user namespace" as_alice unshare -Urm umount $path
	fails "  nor lazily" as_alice unshare -Urm umount -l $path
done
ok "where she may unmount" as_alice unshare -Urm sh -c 'mount -t tmpfs x /tmp && umount /tmp'
fails "nor look below it" as_alice unshare -Urm mount --bind /run /mnt
as_alice unshare -Urm sh -c "mount --rbind / /mnt && $(ask /mnt/run/nscd/socket)" >"$WORK/out" 2>&1
like "$(<"$WORK/out")" "No such file" "nor by another name"
fails "nor have a /sys without it" as_alice unshare -Urmn mount -t sysfs x /mnt
outside=$(pgrep -u root -x sshd | head -n 1)
for process in 1 "$outside" $$; do
	fails "nor by the root of process $process" as_alice ls "/proc/$process/root/run"
done
for process in $(pgrep -u alice); do
	run as_alice sh -c "$(ask "/proc/$process/root/run/nscd/socket")"
	like "$OUT" "(No such file|denied)$" "nor by that of her process $process"
done
for path in /run/nscd /run/systemd/resolve; do
	fails "nor write to $path" in_mounts touch $path/file
done
is "$(in_mounts findmnt -rno TARGET | grep '^/run/pam_netns')" "" "nobody's network is kept by it"
is "$(leaks_of "$shell")" "" "and no descriptor of ours"

# From inside to others
is "$(in_mounts su bob -c "ls /sys/class/net; $(ask /run/nscd/socket)")" \
	$'lo\n/run/nscd/socket No such file' "bob's session from inside"
is "$(in_mounts su carol -c "$SELF_NETNS")" "$host" "carol's is in the host's network"
release alice

# sshd with mounts of its own, as its unit or a module before ours may give it.  What
# it runs for alice connects to any path that she says, as that process sees it.
stop_sshd
unshare --mount --propagation slave /usr/sbin/sshd
wait_for 5 ssh_answers || abort "sshd does not listen"
hold_ssh alice alice
server=$(pgrep -u alice sshd | head -n 1)
isnt "$(stat -Lc %i "/proc/$server/ns/mnt")" "$mounts" "sshd with mounts of its own"
is "$(leaks_of "$server"; find "/proc/$server/fd" -type l -lname '/*' ! -lname '/dev/*' -printf '%f -> %l\n')" "" \
	"  what it runs for alice has nothing open that leads back"
ways=()
for fd in {3..20}; do
	ways+=(-L "$((3500 + fd)):/proc/self/fd/$fd/run/nscd/socket")
done
ssh -N -l alice host "${ways[@]}" 2>/dev/null &
forward=$!
wait_for 5 sh -c 'ss -Hltn "sport = 3520" | grep -q .'
for fd in {3..20}; do
	echo | timeout 3 socat -t 2 - "TCP4:127.0.0.1:$((3500 + fd))"
done >"$WORK/ways" 2>/dev/null
is "$(cat "$WORK/ways")" "" "  and no forward leads past what is hidden"
kill $forward
wait $forward 2>/dev/null
release alice

ok "nothing of it is left outside" nothing_outside
ok "no session has reached the network by any of it" is_seen $asked
no_debris

#
# Closing leads back
#

# goes_back NAME STATES: before, in the session, and after it.
goes_back()
{
	local -a states

	mapfile -t states < <(grep ^state <<<"$2")
	is "${states[2]-}" "${states[0]-}" "$1: after close all is as before"
	unlike "${states[1]-}" "(ns:$host|mnt:$mounts) " "$1: in between it was elsewhere"
}

mkdir -m 700 /tmp/a
goes_back "from /" "$(pamdo cwd / state open state close state)"
goes_back "from a directory" "$(pamdo cwd /tmp/a state open state close state)"
goes_back "with the user's real uid" "$(pamdo ids 1001 cwd /tmp/a state open state close state)"
goes_back "from another mount namespace" "$(unshare -m pamdo cwd /tmp/a state open state close state)"
goes_back "from where it is hidden" "$(pamdo cwd /run/nscd state open state close state)"
is "$(pamdo cwd /run/nscd open system 'ls | wc -l' close system 'ls | wc -l' | grep -x '[0-9]*')" \
	$'0\n1' "  which is hidden there, too"
mkdir /run/nscd/deep
goes_back "from deep in there" "$(pamdo cwd /run/nscd/deep state open state close state)"
is "$(pamdo cwd /run/nscd/deep open system 'pwd; ls .. | wc -l' close | grep -v ' ')" \
	"/"$'\n'"$(find / -maxdepth 1 -mindepth 1 ! -name '.*' | wc -l)" "  which is not to be entered"
rmdir /run/nscd/deep
# shellcheck disable=SC2016
run pamdo share-fs mntns open mntns \
	system 'stat -Lc "child %i" /proc/$(pgrep -x pamdo | tail -n 1)/ns/mnt' close mntns
is "$(grep -E '^(mntns|child) ' <<<"$OUT" | sed "s/$mounts/same/; s/[0-9]\+/other/" | tr '\n' ' ')" \
	"mntns same mntns other child same mntns same " "a process that shares its directory moves alone"

# What the user that a resolver runs as has put there
resolved=/run/systemd/resolve
mv $resolved/resolv.conf $resolved/other
ln -s other $resolved/resolv.conf
is "$(by pamdo alice "ls $resolved; readlink $resolved/resolv.conf")" $'resolv.conf\nstub-resolv.conf\nother' \
	"a link is a link there, and is not followed"
rm $resolved/resolv.conf
mkfifo $resolved/resolv.conf
is "$(by pamdo alice "ls $resolved")" stub-resolv.conf "a FIFO is not there, and holds up nothing"
rm $resolved/resolv.conf
mv $resolved/other $resolved/resolv.conf

#
# On whose account
#

# strace's own way to say -1
keeps='(-1|4294967295)'
strace -qqq -o "$WORK/trace" -e trace=setresuid,unshare pamdo open state close state >"$WORK/states"
like "$(grep -A1 -B1 'unshare(CLONE_NEWNS)' "$WORK/trace" | tr '\n' ';')" \
	"^setresuid\($keeps, 1001, $keeps\) *= 0;unshare\(CLONE_NEWNS\) *= 0;setresuid\($keeps, 0, $keeps\) *= 0;\$" \
	"a session's mount namespace counts as the user's, not as root's"
is "$(grep -o 'uids:[0-9,]*' "$WORK/states" | sort -u)" "uids:0,0,0" "  and the process stays root"

#
# What the configuration says
#

# sees USER: whether the mounts are the host's, and which daemons answer.
sees()
{
	local line

	pamdo -u "$1" open mntns run "$(ask "${resolvers[@]}" "${others[@]}")" close >"$WORK/sees" 2>&1
	while read -r line; do
		case $line in
		"mntns $mounts") echo host ;;
		"mntns "*) echo own ;;
		*" answered") basename "${line% answered}" ;;
		esac
	done <"$WORK/sees"
}
every=$'io.systemd.Resolve\nsocket\nsocket\nmdnsd\none.sock\nsock\nsystem_bus_socket'

conf 'set hide none
session * loopback'
is "$(sees alice)" $'host\n'"$every" "none: all is as on the host"
conf 'set hide /run/absent /run/one.sock/absent
session * loopback'
is "$(sees alice)" $'host\n'"$every" "paths that are not there: the same"
ln -s other /run/link
conf 'set hide /run/absent /run/./one.sock //run/link /run/other/sock /var/run/dbus/system_bus_socket /root
session * loopback'
is "$(sees alice)" $'own\nio.systemd.Resolve\nsocket\nsocket\nmdnsd' "paths: only these are hidden"
is "$(by su alice 'ls /sys/class/net')" $'lo\nup0' "  and nothing else is"
is "$(by pamdo alice 'ls -A /root /run/link; cat /run/one.sock 2>&1')" \
	$'/root:\n\n/run/link:\ncat: /run/one.sock: No such device or address' "  not only sockets are"
conf 'set hide default /run/dbus /run/nscd/socket /run/nscd
session * loopback'
is "$(sees alice)" $'own\none.sock\nsock' "default and paths: both are hidden"
is "$(by su alice 'ls /sys/class/net')" lo "  and the host's links"
unlike "$(<"$LOG")" 'that the session' "and nothing is amiss"

note "where users can make links, or shut directories"
chmod 755 ~alice
mkdir ~alice/agent
chown alice ~alice/agent
mkdir /run/deep
ln -s ../run/deep/../other /run/deep/link
ln -s deep /run/short
conf 'set hide /tmp/.s.PGSQL.5432 /home/alice/agent/sock /home/alice/way/sock /run/short/link/sock
session * loopback'
ok "the configuration is loaded" netnsctl reload
as_user()
{
	setpriv --reuid "$1" --regid "$1" --clear-groups "${@:2}"
}
for target in .s.PGSQL.5432 /etc/passwd /etc / /run/absent "$(printf '/..%.0s' {1..200})"; do
	rm -f /tmp/.s.PGSQL.5432 ~alice/agent/sock ~alice/way
	as_user alice ln -s "$target" /tmp/.s.PGSQL.5432
	as_user alice ln -s "$target" ~alice/agent/sock
	as_user alice ln -s "${target%passwd}" ~alice/way
	is "$(by su bob "id -un; stat -c %F ~alice/agent/sock ~alice/way /tmp/.s.PGSQL.5432; ls -d /etc/passwd")" \
		$'bob\nsocket\nsocket\nsocket\n/etc/passwd' \
		"alice's links to ${target:0:20} are hidden, and nothing else of bob's"
	rm -f /tmp/.s.PGSQL.5432 ~alice/agent/sock ~alice/way
done
is "$(by su bob 'cat /run/other/sock' 2>&1)" "cat: /run/other/sock: No such device or address" \
	"links of root's are followed"
: >~alice/agent/sock
for mode in 700 0; do
	chmod $mode ~alice/agent
	is "$(by su bob 'id -un')" bob "a directory of alice's that she shuts, mode $mode, keeps nobody out"
	is "$(su alice -c 'chmod 700 ~/agent; stat -c %F ~/agent/sock')" socket "  and hides nothing of it from her"
done
rm -r ~alice/agent
mkdir ~alice/agent
touch ~alice/agent/sock ~alice/other
ln -s /etc ~alice/way
chown -R -h alice ~alice
as_user alice mkdir /tmp/.s.PGSQL.5432
cat >"$WORK/exchange.py" <<-EOT
	import ctypes
	while True:
	    for pair in [b"agent", b"way"], [b"/tmp/.s.PGSQL.5432", b"other"]:
	        ctypes.CDLL(None).renameat2(-100, pair[0], -100, pair[1], 2)
EOT
(cd ~alice && exec setpriv --reuid alice --regid alice --clear-groups python3 - <"$WORK/exchange.py") &
exchange=$!
opened=0
for n in {1..60}; do
	pamdo -u bob open close >"$WORK/out" 2>&1 && opened=$((opened + 1))
done
kill $exchange
wait $exchange 2>/dev/null
is $opened 60 "files, directories and links that she exchanges all the time keep nobody out"
is "$(grep -c '/run/pam_netns/hidden ' /proc/self/mountinfo)" 0 "  nor do they bring a mount to the host"
rm -r ~alice/{agent,way,other} /tmp/.s.PGSQL.5432
as_user alice mkdir ~alice/agent
touch ~alice/agent/sock
for fault in move_mount:error=ENOMEM move_mount:error=EPERM move_mount:error=ENOSPC; do
	run strace -f -o /dev/null -e inject=$fault:when=1 pamdo -u bob open system 'echo in' close
	like "$OUT" 'open 4 ' "but nobody is let in where something of hers cannot be hidden, $fault"
done
: >~alice/agent/sock
mknod /dev/fuse c 10 229
cat >"$WORK/fuse.py" <<-EOT
	import ctypes, os
	fd = os.open("/dev/fuse", os.O_RDWR)
	options = b"fd=%d,rootmode=40000,user_id=1001,group_id=1001" % fd
	if ctypes.CDLL(None).mount(b"hers", b"/home/alice/agent", b"fuse", 0, options) != 0:
	    raise SystemExit("mount")
	print("ready", flush=True)
	input()
EOT
if hold fuse python3 "$WORK/fuse.py" && [ "$(held fuse)" = ready ]; then
	is "$(by su bob 'id -un')" bob "nor does a file system of hers that root is not let into keep anybody out"
	release fuse
	umount -l ~alice/agent
else
	note "this kernel has no FUSE: a file system of hers is not tried"
fi
rm -r ~alice/agent /run/deep /run/short

ip netns add vpn0
mkdir -p /etc/netns/vpn0
echo 'nameserver 10.8.0.1' >/etc/netns/vpn0/resolv.conf
conf 'policy auto  { out allow to any }
policy other {
	out allow to any
	dns none
}
set hide default /run/other
session alice veth auto
session bob   veth other
session dave  join vpn0'
ok "links and joined namespaces: loaded" netnsctl reload
is "$(sees alice)" $'own\nio.systemd.Resolve\nsocket\nsocket\nmdnsd\none.sock\nsystem_bus_socket' \
	"veth with dns auto: what is listed is hidden"
is "$(sees bob)" $'own\none.sock\nsystem_bus_socket' "veth with other dns: resolvers, too"
is "$(sees dave)" $'own\none.sock\nsystem_bus_socket' "join: the same"
is "$(by su dave 'cat /etc/resolv.conf')" 'nameserver 10.8.0.1' "  with its files"
is "$(by su bob 'ls -d /sys/class/net/up0')" /sys/class/net/up0 "  /sys is the host's"
sed -i '/^set hide/d' /etc/security/netns.conf
ok "without a list: loaded" netnsctl reload
is "$(sees alice | head -n 1)" host "  veth with dns auto has the host's mounts"
is "$(sees bob | head -n 1)" own "  veth with other dns has not"
netnsctl unload
no_debris "nothing is left of all that"

#
# What cannot be done
#

# refused NAME: alice's session is, and it was in an empty network.
refused()
{
	like "$OUT" 'open 4 ' "$1: refused"
	unlike "$OUT" "(^|"$'\n'")ns $host" "  and sealed"
	ok "  which is logged" wait_for_log "user alice: cannot .*$2.*; the session is refused"
}

# in_helper NAME CALL ERROR WHICH REGEX: injected into the helper.
in_helper()
{
	clear_log
	run strace -f -qqq -o "$WORK/trace" -e "trace=$2" -e "inject=$2:error=$3:when=$4" \
		pamdo open ns close
	[ "$(grep -c INJECTED "$WORK/trace")" = 1 ] || note "injected: $(grep -c INJECTED "$WORK/trace")"
	refused "$1" "$5"
}

conf 'session * loopback private'
ok "loaded again" netnsctl reload
in_helper "no file system" fsopen EPERM 1 'hide /run/systemd/resolve'
in_helper "not another one" fsmount EPERM 2 'hide /run/nscd'
in_helper "no /sys" fsopen EPERM 4 '/sys show the session.s links'
in_helper "no socket to put there" mknod,mknodat ENOSPC 1 'hide /run/mdnsd'
in_helper "no copy of resolv.conf" sendfile EIO 1 'hide /run/systemd/resolve'
in_helper "it stays writable" fsconfig EBUSY 4 'hide /run/systemd/resolve'
in_helper "no mount of it" open_tree EPERM 1 'hide /run/mdnsd'
in_helper "it does not go there" move_mount EPERM 5 'replace /sys/class/net'
clear_log
run strace -qqq -o "$WORK/trace" -e trace=move_mount -e inject=move_mount:retval=0:when=1 pamdo open ns close
refused "it went somewhere else" 'replace /run/systemd/resolve: Stale file handle'
clear_log
run strace -qqq -o "$WORK/trace" -e trace=unshare -e inject=unshare:error=EPERM:when=1 pamdo open ns
refused "no mounts of its own" 'make a mount namespace'
clear_log
run strace -qqq -o "$WORK/trace" -e trace=capset -e inject=capset:error=EPERM:when=1 pamdo open ns state
state=$(grep ^state <<<"$OUT")
refused "none on the user's account" 'make a mount namespace'
like "$state" " mnt:$mounts uids:0,0,0 .* dumpable:1 " "  and it is as before"

clear_log
run strace -f -qqq -o "$WORK/trace" -e trace=open_tree,unshare -e inject=open_tree:error=EINVAL:when=2 \
	pamdo open run 'ls /sys/class/net /sys/devices/virtual/net; ls -d /sys/kernel' mntns close mntns
is "$(grep -c INJECTED "$WORK/trace")" 1 "an old kernel"
like "$OUT" $'net:\nlo\n\n/sys/devices/virtual/net:\nlo\n/sys/kernel' "  has the session's links all the same"
is "$(sed -n 's/^mntns //p' <<<"$OUT" | tail -n 1)" "$mounts" "  and the way back"

# What cannot be hidden takes the network along that was made for it, at once.
conf 'session * loopback'
ok "a network for all sessions: loaded" netnsctl reload
in_helper "not there either" fsopen EPERM 1 'hide /run/systemd/resolve'
no_debris "  and no network is left"
clear_log
run strace -f -qqq -o "$WORK/trace" -e trace=open_tree -e inject=open_tree:error=EINVAL:when=2+ pamdo open ns close
refused "nor with an old kernel" '/sys show the session.s links'
no_debris "  and no network is left"
hold alice pamdo open ns sleep-for-stdin close
in_helper "while another session is open" fsopen EPERM 1 'hide /run/systemd/resolve'
is "$(ls /run/pam_netns/ns)" 1001 "  that one's network stays"
release alice >/dev/null
no_debris "  until its end"
conf 'policy other {
	out allow to any
	dns none
}
session * veth other'
ok "with a link: loaded" netnsctl reload
in_helper "not there either" fsopen EPERM 1 'hide /run/systemd/resolve'
is "$(debris)" "" "  and no link is left"
netnsctl unload
conf 'session * loopback private'
ok "loaded again" netnsctl reload

rm /run/pam_netns/hidden
: >/run/pam_netns/hidden
run pamdo open ns close
refused "what is no socket in its place" 'hide /run/mdnsd: Socket operation on non-socket'
rm /run/pam_netns/hidden

conf 'set on-error seal
session * join absent'
is "$(sees alice)" $'own\none.sock\nsock\nsystem_bus_socket' "a sealed session has it hidden, too"
clear_log
run strace -f -qqq -o "$WORK/trace" -e trace=fsopen -e inject=fsopen:error=EPERM:when=1+ pamdo open ns close
refused "or is refused" 'hide /run/systemd/resolve'

# An edge of the file system, and who has no such files
conf 'session * loopback'
jail=$WORK/jail
mkdir "$jail"
mount --rbind / "$jail"
mount --make-rprivate "$jail"
like "$(chroot "$jail" /usr/local/bin/pamdo open run "$(ask /run/nscd/socket)" close 2>&1)" \
	"/run/nscd/socket No such file" "in a root of its own"
umount -l "$jail"
ok "nothing of it is left outside" nothing_outside
no_debris

done_testing
