#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever is broken (the helper, the caller's limits, the configuration, /run,
# the user data base, /proc): a confined user is refused and sealed, or confined
# as before, with a line in the log and a sentence to the user; root comes in.
# None of it takes over 6 s.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
in_sandbox "$@"
install_product

host=$(host_netns)
told='The network of your session could not be set up'
limit=600 # hundredths of a second

# A second /proc: the first one is taken away below.
PROC=$WORK/proc
mkdir "$PROC"
mount -t proc proc "$PROC" || abort "no second /proc"

for service in required silent root carol; do
	pam_stack $service 'session required pam_netns.so'
done
pam_stack quiet 'session required pam_netns.so quiet'
pam_stack optional 'session optional pam_netns.so' 'session required pam_permit.so'

#
# What is looked at.  It is much, so it is done without starting programs.
#

USER_NAME=alice      # who is confined
PAMDO=(pamdo)        # her program
BEFORE=()            # what her program does before open
AFTER=()             # and afterwards, so that the rest of it can run
LOOK=(ns links)      # tells where it is
FDS=(state)          # tells which descriptors there are
declare -A SAID      # SAID[SERVICE.WORD]: what followed WORD, line for line
declare -A SAID_FDS  # the numbers of open descriptors at the start and at the end
declare -a LOGGED    # the lines of the log

now()
{
	local up

	read -r up _ <"$PROC/uptime"
	NOW=$((10#${up/./}))
}

# attempt SERVICE USER [OPTION]: one log-in, and what it led to, to a file.
attempt()
{
	local service=$1 user=$2 start

	shift 2
	now
	start=$NOW
	"${PAMDO[@]}" "$@" -s "$service" -u "$user" "${FDS[@]}" "${BEFORE[@]}" open "${AFTER[@]}" \
		"${LOOK[@]}" close "${LOOK[@]}" "${FDS[@]}" >"$WORK/said.$service" 2>&1
	now
	echo "took $((NOW - start))" >>"$WORK/said.$service"
}

# listen SERVICE: fills SAID.
listen()
{
	local service=$1 word rest

	for word in open close ns links msg msgs took pamdo: state; do
		SAID[$service.$word]=
	done
	SAID_FDS[$service]=
	SAID[$service.msgs]=0
	while read -r word rest; do
		[ "$word" != state ] || [[ ! $rest =~ fds:([0-9,]*) ]] ||
			SAID_FDS[$service]+="${BASH_REMATCH[1]//[^,]/} "
		[ "$word" != msg ] || SAID[$service.msgs]=$((SAID[$service.msgs] + 1))
		SAID[$service.$word]+="$rest "
	done <"$WORK/said.$service"
}

# attempts SERVICE...: all at once.
attempts()
{
	local service

	services=("$@")
	clear_log
	for service in "$@"; do
		case $service in
		root | carol) attempt "$service" "$service" & ;;
		silent) attempt silent "$USER_NAME" -q & ;;
		*) attempt "$service" "$USER_NAME" & ;;
		esac
	done
	wait
	for service in "$@"; do
		listen "$service"
	done
	logger -t marker end # comes behind all that was logged before
	wait_for_log 'marker: end' || abort "the log has stopped"
	mapfile -t LOGGED <"$LOG"
	unset 'LOGGED[-1]'
}

# logged REGEX: how many lines match.
logged()
{
	local line n=0

	for line in "${LOGGED[@]}"; do
		[[ ! $line =~ $1 ]] || n=$((n + 1))
	done
	LOGGED_N=$n
}

# is_logged REGEX NAME
is_logged()
{
	logged "$1"
	isnt "$LOGGED_N" 0 "$2" || note "no line matches: $1"
}

in_time()
{
	local service slow=

	for service in "${services[@]}"; do
		[ "${SAID[$service.took]}" -lt $limit ] || slow+=" $service: ${SAID[$service.took]}"
	done
	is "$slow" "" "$1: within 6 s"
}

root_comes_in()
{
	is "${SAID[root.open]}${SAID[root.ns]}" "0 Success $host $host " \
		"$1: root is in the host's network"
}

# The C library keeps one for the log.
no_descriptors()
{
	local service first last more=

	for service in "${services[@]}"; do
		read -r first last <<<"${SAID_FDS[$service]}"
		[ $((${#last} - ${#first})) -le 1 ] || more+=" $service"
	done
	is "$more" "" "$1: no descriptor stays open"
}

# While it is open: elsewhere than in the host's network, with no link up.
sealed()
{
	local service at open=

	for service in "${services[@]}"; do
		[ "$service" != root ] || continue
		at=${SAID[$service.ns]%% *}
		if ! [[ $at =~ ^[0-9]+$ ]] || [ "$at" = "$host" ] ||
			! [[ ${SAID[$service.links]} =~ ^' ' ]]; then
			open+=" $service: $at ${SAID[$service.links]}"
		fi
	done
	is "$open" "" "$1: sealed"
}

# Each told once, or not at all; each has its one line in the log.
told_and_logged()
{
	local service told_n='' logged_n='' confined=()

	for service in "${services[@]}"; do
		[ "$service" = root ] || confined+=("$service")
	done
	for service in "${confined[@]}"; do
		told_n+="${SAID[$service.msgs]} "
		logged "pam_netns\\($service:session\\): user $USER_NAME: .*; the session is refused\$"
		logged_n+="$LOGGED_N "
	done
	is "$told_n" "1 1 ${thorough:+0 0 }" "$1: one sentence, or none when quiet"
	like "${SAID[required.msg]}" "^error $told" "$1: the right one"
	is "$logged_n" "1 1 ${thorough:+1 1 }" "$1: one line in the log for each"
	logged 'event=refused '
	is "$LOGGED_N" ${#confined[@]} "$1: and one for programs"
}

no_helper()
{
	! pgrep -x netns-helper
}

# How an answer is come by does not change what the module makes of it: of much that is
# alike, the first is tried with each of its options, the rest as "required" and
# "optional" alone; where root asks no helper, without root.
thorough=yes
root=root # comes in, too

# refused NAME CAUSE: the log names CAUSE, a regular expression.
refused()
{
	local name=$1 cause=$2

	attempts required optional ${thorough:+quiet silent} $root
	like "${SAID[required.open]}" '^4 ' "$name: refused with PAM_SYSTEM_ERR"
	sealed "$name"
	like "${SAID[optional.open]}" '^0 ' "$name: optional opens"
	like "${SAID[optional.ns]}" " $host \$" "$name: and close leads back"
	told_and_logged "$name"
	is_logged "$cause" "$name: the log names the cause"
	logged '#[0-7]{3}'
	is "$LOGGED_N" 0 "$name: without control characters"
	[ -z "$root" ] || root_comes_in "$name"
	in_time "$name"
	no_descriptors "$name"
	ok "$name: no helper is left" wait_for 2 no_helper
}

# confined NAME [CAUSE]: alice is in her network, as if nothing were the matter.
confined()
{
	local name=$1 cause=${2-}

	attempts required root ${thorough:+carol}
	is "${SAID[required.open]}" "0 Success " "$name: opens"
	like "${SAID[required.ns]}" "^[0-9]+ $host \$" "$name: in a network, and close leads back"
	isnt "${SAID[required.ns]}" "$host $host " "$name: not in the host's network"
	like "${SAID[required.links]}" '^lo ' "$name: with lo up"
	is "${SAID[required.msgs]} ${SAID[root.msgs]}" "0 0" "$name: nothing is said"
	if [ "$thorough" ]; then
		is "${SAID[carol.open]}${SAID[carol.ns]} ${SAID[carol.msgs]}" \
			"0 Success $host $host  0" "$name: a host user is in the host's network, untold"
	fi
	[ -z "$cause" ] || is_logged "$cause" "$name: the log names the cause"
	root_comes_in "$name"
	in_time "$name"
	no_descriptors "$name"
}

good='session root    host
session @wheel  host
session dave    loopback private
session *       loopback'
#
# The helper
#

HELPER=/usr/libexec/netns-helper
conf "$good"
confined "nothing wrong"
logged 'pam_netns\('
wrong_n=$LOGGED_N
logged 'pam_netns\([a-z]*:session\): event=(open|close) '
is "$LOGGED_N $((wrong_n - LOGGED_N))" "6 0" "nothing wrong: and nothing logged but what is open, and closed"
no_debris

cp $HELPER "$WORK/helper"
broken_helper()
{
	rm -rf $HELPER
	case $1 in
	missing) ;;
	'not executable') install -m 644 "$WORK/helper" $HELPER ;;
	'a directory') mkdir $HELPER ;;
	'a FIFO') mkfifo $HELPER ;;
	'a text') echo 'no program' >$HELPER ;;
	empty) : >$HELPER ;;
	'for an interpreter that is not there') echo '#!/nonexistent' >$HELPER ;;
	'cut off') head -c 5000 "$WORK/helper" >$HELPER ;;
	esac
	case $1 in
	'a text' | empty | for* | cut*) chmod 755 $HELPER ;;
	esac
}
while IFS=: read -r how cause; do
	broken_helper "$how"
	refused "helper $how" "$HELPER.*($cause)"
	thorough=
	root=
done <<EOT
missing:No such file
not executable:Permission denied
a directory:Permission denied
a FIFO:Permission denied
a text:Exec format error
empty:Exec format error
for an interpreter that is not there:No such file
cut off:ended without an answer|Exec format error
EOT
thorough=yes
root=root
rm -rf $HELPER
install -m 755 "$WORK/helper" $HELPER

while IFS=: read -r mode cause; do
	# shellcheck disable=SC2086 # a word and a number, such as "answer": the size of one
	use_bad_helper $mode
	refused "helper: $mode" "$cause"
	thorough=
	root=
done <<EOT
exit:netns-helper ended without an answer
fail:netns-helper ended without an answer
abort:netns-helper ended without an answer
close:netns-helper ended without an answer
shutdown:netns-helper ended without an answer
hang:netns-helper did not answer within 5 s
stop:netns-helper did not answer within 5 s
garbage 0:netns-helper ended without an answer
garbage 1:no usable answer from .*netns-helper
garbage answer:no usable answer from .*netns-helper
garbage 60000:no usable answer from .*netns-helper
garbage 200000:no usable answer from .*netns-helper
short 1:no usable answer from .*netns-helper
short 8:no usable answer from .*netns-helper
short answer:no usable answer from .*netns-helper
long 1:no usable answer from .*netns-helper
long answer:no usable answer from .*netns-helper
version 0:no usable answer from .*netns-helper
version 2:no usable answer from .*netns-helper
text:no usable answer from .*netns-helper
result 0:no usable answer from .*netns-helper
result 1:no usable answer from .*netns-helper
result 3:helper answered something else
result 5:no usable answer from .*netns-helper
result 4294967295:no usable answer from .*netns-helper
result-fd 0:no usable answer from .*netns-helper
result-fd 2:no usable answer from .*netns-helper
result-fd 3:no usable answer from .*netns-helper
result-fd 4:no usable answer from .*netns-helper
result-fd 5:no usable answer from .*netns-helper
fds 0:no usable answer from .*netns-helper
fds 2:no usable answer from .*netns-helper
fds 3:no usable answer from .*netns-helper
fds 10:no usable answer from .*netns-helper
fds 253:no usable answer from .*netns-helper
EOT
thorough=yes
root=root

# A right answer with something else behind it
while IFS=: read -r mode cause; do
	use_bad_helper "$mode"
	refused "helper: sends a wrong $mode" "cannot enter network namespace [0-9]+: .*($cause)"
	thorough=
	root=
done <<EOT
regular:Invalid argument
directory:Invalid argument
mount:Invalid argument
user:Invalid argument
proc:Invalid argument
pipe:Invalid argument
socket:Invalid argument
host:Stale file handle
lie:Stale file handle
host-lie:Stale file handle
EOT

thorough=yes
root=root
use_bad_helper many
refused "helper: answers many times" 'user alice: .*refused'
use_bad_helper forge
refused "helper: a reason of two lines" 'user alice: .*refused'

# So that all of the above means something.
use_bad_helper good
attempts required
is "${SAID[required.open]}" "0 Success " "a stand-in that answers right is believed"
use_good_helper
confined "the helper is back"

#
# The caller's means
#

echo 'gather:x:800:' >>/etc/group
awk 'BEGIN { for (g = 10000; g < 26000; g++) print "g" g ":x:" g ":many,crowd"
	for (; g < 27000; g++) print "g" g ":x:" g ":crowd"
	for (; g < 29000; g++) print "g" g ":x:" g ":some" }' >>/etc/group
for user in many:1011 crowd:1012 some:1013; do
	echo "${user%:*}:x:${user#*:}:800::/:/bin/sh" >>/etc/passwd
done

conf 'session root    host
session @wheel  host
session @g28999 loopback
session @g25999 loopback
session *       host'
USER_NAME=some
confined "2,000 groups, the last of which decides"
USER_NAME=many
confined "16,000 groups, the last of which decides"
# What the caller lets itself be limited to is not for us.
BEFORE=(softlimit as=1) AFTER=(softlimit as=max)
confined "no more memory, and 16,000 groups"
BEFORE=() AFTER=()
USER_NAME=crowd
refused "17,000 groups" 'user crowd: .*more than 16384 groups'
USER_NAME=alice

conf "$good"
FDS=()
BEFORE=(softlimit as=1) AFTER=(softlimit as=max)
confined "no more memory"
BEFORE=(softlimit data=1 softlimit stack=1 softlimit memlock=0 softlimit nproc=0 softlimit sigpending=0)
AFTER=(softlimit data=max softlimit stack=8388608)
confined "all other limits"
# Not to a file of ours either.
rm -f /run/pam_netns/active.conf
run pamdo -s required softlimit fsize=0 open ns links close
like "$OUT" '^open 0 Success'$'\n''ns [0-9]+'$'\n''links lo'$'\n' "no file may be written: opens"
unlike "$OUT" "ns $host" "no file may be written: not in the host's network"
for n in 0 1 2 10; do
	run pamdo -s required softlimit nofile=64 fill-fds "$n" open softlimit nofile=max ns links close
	like "$OUT" 'open (0 Success|4 System error)' "$n descriptors: opens, or is refused"
	unlike "$OUT" "ns $host" "$n descriptors: not in the host's network"
	[ "$n" -lt 2 ] || like "$OUT" 'open 0 Success' "$n descriptors: opens"
done
BEFORE=() AFTER=() FDS=(state)
no_debris

#
# The configuration
#

NETNS_CONF=/etc/security/netns.conf
bad='session * host' # what no broken file may lead to

# Each takes the place of a good one, and would let alice out.
break_conf()
{
	local d=/etc/security

	rm -rf $NETNS_CONF
	[ "$1" = missing ] || echo "$bad" >$NETNS_CONF
	case $1 in
	missing) ;;
	'of an unknown word') echo 'sesion alice loopback' >>$NETNS_CONF ;;
	'of an unknown group') echo 'session @nosuchgroup loopback' >$NETNS_CONF && echo "$bad" >>$NETNS_CONF ;;
	'that ends in a policy') echo 'policy p {' >>$NETNS_CONF ;;
	'with a NUL') printf '\0\n' >>$NETNS_CONF ;;
	'of random bytes') head -c 4000 /dev/urandom >>$NETNS_CONF ;;
	'that is a program') cp /bin/true $NETNS_CONF ;;
	'that includes itself') echo "include $NETNS_CONF" >>$NETNS_CONF ;;
	'that includes what is not there') echo "include netns.d/x" >>$NETNS_CONF ;;
	'that includes what others may write')
		mkdir -p $d/netns.d
		install -m 666 /dev/null $d/netns.d/x.conf
		echo "include netns.d/*.conf" >>$NETNS_CONF
		;;
	world-writable) chmod 646 $NETNS_CONF ;;
	group-writable) chmod 664 $NETNS_CONF ;;
	"of another user's") chown alice $NETNS_CONF ;;
	'that is a link')
		mv $NETNS_CONF $d/other
		ln -s other $NETNS_CONF
		;;
	'that is a dangling link') ln -sf nowhere $NETNS_CONF ;;
	'that is a FIFO') rm $NETNS_CONF && mkfifo $NETNS_CONF ;;
	'that is a device') rm $NETNS_CONF && mknod $NETNS_CONF c 1 5 ;;
	'that is a directory') rm $NETNS_CONF && mkdir $NETNS_CONF ;;
	huge) head -c 4194305 /dev/zero | tr '\0' '\n' >>$NETNS_CONF ;;
	'of a gigabyte') truncate -s 1G $NETNS_CONF ;;
	'in a directory of all') chmod 777 $d ;;
	'in a directory of a group') chmod 775 $d ;;
	"in a directory of another user's") chown alice $d ;;
	'in a directory that is a link')
		mv $d $d.real
		ln -s security.real $d
		;;
	'in no directory') mv $d $d.real ;;
	*) abort "break_conf: $1" ;;
	esac
}

mend_conf()
{
	local d=/etc/security

	[ ! -d $d.real ] || { rm -f $d; mv $d.real $d; }
	rm -rf $NETNS_CONF $d/netns.d $d/other
	chown root $d
	chmod 755 $d
	conf "$good"
}

while IFS=: read -r how cause; do
	mend_conf
	break_conf "$how"
	refused "configuration $how, none loaded" "$cause"
	thorough=

	mend_conf
	netnsctl reload >/dev/null || abort "cannot load the good one"
	cp /run/pam_netns/active.conf "$WORK/active"
	break_conf "$how"
	confined "configuration $how, a good one loaded" "$cause"
	is_logged 'pam_netns.*the last good one is in force' \
		"configuration $how: the last good one is said to be in force"
	ok "configuration $how: and is" cmp "$WORK/active" /run/pam_netns/active.conf
	fails "configuration $how: reload refuses it" netnsctl reload
done <<EOT
missing:netns.conf.*No such file
of an unknown word:netns.conf:2:.*sesion
of an unknown group:netns.conf:1:.*nosuchgroup
that ends in a policy:netns.conf:[23]:
with a NUL:netns.conf:2:.*NUL
of random bytes:netns.conf:[0-9]+:
that is a program:netns.conf:[0-9]+:
that includes itself:netns.conf:2:.*itself
that includes what is not there:netns.conf:2:.*(No such file|cannot read)
that includes what others may write:netns.d/x.conf.*writable
world-writable:netns.conf.*writable
group-writable:netns.conf.*writable
of another user's:netns.conf.*owned by
that is a link:netns.conf.*symbolic link
that is a dangling link:netns.conf.*symbolic link
that is a FIFO:netns.conf.*not a regular file
that is a device:netns.conf.*not a regular file
that is a directory:netns.conf.*(not a regular file|Is a directory)
huge:netns.conf.*(large|big)
of a gigabyte:netns.conf.*(large|big)
in a directory of all:/etc/security.*writable
in a directory of a group:/etc/security.*writable
in a directory of another user's:/etc/security.*owned by
in a directory that is a link:/etc/security.*symbolic link
in no directory:/etc/security.*No such file
EOT
thorough=yes
mend_conf
confined "the configuration is good again"
no_debris

# The active one is the only one that a login reads.
for how in 'chmod 666' 'chown alice' 'truncate -s 10' 'truncate -s 1G' 'sed -i s/loopback/lopback/'; do
	conf "$good"
	netnsctl reload >/dev/null
	cp -p /run/pam_netns/active.conf "$WORK/active"
	$how /run/pam_netns/active.conf
	attempts required optional
	isnt "${SAID[required.ns]%% *}" "$host" "active configuration, $how: not in the host's network"
	isnt "${SAID[optional.ns]%% *}" "$host" "active configuration, $how, optional: not either"
done
conf "$good"

#
# /run
#

RUN=/run/pam_netns
# run_on OPTIONS...: the runtime directory is a file system of its own.
run_on()
{
	forget_run
	mkdir -m 700 $RUN
	mount -t tmpfs -o "mode=700,$1" tmpfs $RUN || abort "cannot mount on $RUN"
}
run_back()
{
	umount -R $RUN || abort "cannot unmount $RUN"
	conf "$good"
}
fill_run()
{
	head -c 1M /dev/zero >$RUN/lock 2>/dev/null
}

run_on size=4k
fill_run
refused "/run full, none loaded" "$RUN.*No space left"
run_back
run_on size=8k
netnsctl reload >/dev/null
fill_run
is "$(df --output=avail $RUN | tail -n 1 | tr -d ' ')" 0 "/run is full"
confined "/run full, loaded"
echo "$bad" >$NETNS_CONF
confined "/run full, and a changed configuration" "$RUN.*No space left"
is_logged 'pam_netns.*the last good one is in force' "/run full: the last good one is said to be in force"
is "$(ls $RUN/ns)" "" "/run full: no pin is left"
run_back

# All that a reload has left over.
take_inodes()
{
	local n=0

	while : >"$RUN/taken.$n"; do
		n=$((n + 1))
	done 2>/dev/null
}

run_on nr_inodes=2
refused "/run without inodes, none loaded" "$RUN.*No space left"
run_back
run_on nr_inodes=8
netnsctl reload >/dev/null
take_inodes
refused "/run without inodes, loaded" "cannot pin.*$RUN.*No space left"
is "$(ls $RUN/ns)" "" "/run without inodes: no half of a pin"
run_back

run_on size=1m
mount -o remount,ro $RUN
refused "/run read-only, none loaded" "$RUN.*Read-only file system"
mount -o remount,rw $RUN
netnsctl reload >/dev/null
mount -o remount,ro $RUN
refused "/run read-only, loaded" "$RUN.*Read-only file system"
USER_NAME=dave
confined "/run read-only: loopback private needs none of it"
USER_NAME=alice
run_back

# Not ours alone
for how in 'chmod 777' 'chmod 775' 'chown alice'; do
	forget_run
	mkdir -m 700 $RUN
	$how $RUN
	refused "/run/pam_netns, $how" "$RUN.*(not root|not permitted)"
done
forget_run
mkdir /tmp/elsewhere
ln -s /tmp/elsewhere $RUN
refused "/run/pam_netns, a link" "$RUN.*(Not a directory|symbolic links)"
is "$(ls -A /tmp/elsewhere)" "" "and nothing is made where it leads"
rm $RUN
: >$RUN
refused "/run/pam_netns, a file" "$RUN.*(Not a directory|File exists)"
rm $RUN
mkdir -m 700 $RUN
ln -s /etc/passwd $RUN/lock
refused "/run/pam_netns/lock, a link" "$RUN.*symbolic links"
forget_run
conf "$good"

#
# The user data base
#

cp /etc/nsswitch.conf "$WORK/nsswitch"
nss()
{
	printf '%s\n' "$@" >/etc/nsswitch.conf
}
# It fails for alice, but root is found before that.
USER_NAME=ldapuser
nss 'passwd: files nosuchservice' 'group: files'
refused "NSS fails for a user" 'user ldapuser: cannot find the user'
USER_NAME=alice
nss 'passwd: nosuchservice' 'group: files'
attempts required optional quiet silent
like "${SAID[required.open]}" '^4 ' "NSS fails for all: refused"
sealed "NSS fails for all"
told_and_logged "NSS fails for all"

# The groups that decide cannot be found, and it must not look as if there were none.
cp "$WORK/nsswitch" /etc/nsswitch.conf
conf 'session root      host
session @wheel    host
session @students loopback
session *         host'
confined "by group"
# (Only the last service of nsswitch.conf is seen to fail: SECURITY.md says so.)
nss 'passwd: files' 'group: files'
mv /etc/group "$WORK/group.away"
attempts required optional
mv "$WORK/group.away" /etc/group
isnt "${SAID[required.ns]%% *}" "$host" "NSS fails for groups: not in the host's network"
isnt "${SAID[optional.ns]%% *}" "$host" "NSS fails for groups, optional: not either"
cp "$WORK/nsswitch" /etc/nsswitch.conf
confined "NSS works again"
conf "$good"

#
# /proc
#

for option in hidepid=noaccess hidepid=invisible hidepid=ptraceable; do
	mount -o remount,$option /proc || abort "cannot remount /proc"
	confined "/proc with $option"
done
mount -o remount,hidepid=off /proc

# Nobody can know where the session was, so close does not lead back either.
without_proc()
{
	attempts required optional ${thorough:+quiet silent} $root
	like "${SAID[required.open]}" '^4 ' "$1: refused"
	sealed "$1"
	told_and_logged "$1"
	is_logged 'user alice: cannot tell which network the caller is in' "$1: the log names the cause"
	root_comes_in "$1"
	in_time "$1"
}
FDS=()
LOOK=(system "echo ns \$(stat -Lc %i $PROC/self/ns/net)" links)
# In whose view there is none, as in a chroot
# shellcheck disable=SC2016 # for the inner shell
PAMDO=(unshare --mount sh -c 'umount -l /proc && exec pamdo "$@"' sh)
without_proc "no /proc for the caller"
PAMDO=(pamdo)
umount -l /proc
without_proc "no /proc"
mount -t proc proc /proc
FDS=(state) LOOK=(ns links)
confined "/proc is back"

#
# set on-error seal
#

seals()
{
	local name=$1 cause=$2

	attempts required optional root
	is "${SAID[required.open]}${SAID[optional.open]}" "0 Success 0 Success " "$name: opens"
	sealed "$name"
	like "${SAID[required.ns]}" " $host \$" "$name: and close leads back"
	is_logged "pam_netns\\(required:.*user $USER_NAME: sealed: .*($cause)" "$name: the log names the cause"
	root_comes_in "$name"
	in_time "$name"
	no_descriptors "$name"
}
run_on nr_inodes=8
conf "set on-error seal
$good"
netnsctl reload >/dev/null
take_inodes
seals "on-error seal, no inodes" "No space left"
is "$(ls $RUN/ns)" "" "on-error seal: no half of a pin"
run_back
conf 'set on-error seal
session root host
session alice join vpn0'
seals "on-error seal, not available" "no network namespace /run/netns/vpn0"
no_debris
mv $HELPER "$WORK/away"
refused "on-error seal, without the helper" "$HELPER.*No such file"
mv "$WORK/away" $HELPER
break_conf 'of an unknown word'
rm -f $RUN/active.conf
refused "on-error seal, nothing loaded" 'sesion'
mend_conf
no_debris

done_testing
