#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The session lines of netns.conf: who matches which line, by which service, and
# what network that is.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
in_sandbox "$@"
install_product

for service in cron login sshd su systemd-user systemd-other; do
	pam_stack $service 'session required pam_netns.so'
done
host=$(host_netns)

# where SERVICE USER: the network that a session gets when it is opened from
# some other namespace than the host's: host, stay, loopback, private (a new
# one, not pinned), refused (and then in an empty one).
where()
{
	local netns pinned

	run pamdo -s "$1" -u "$2" unshare-net ns open ns \
		system 'nsenter --mount=/proc/1/ns/mnt stat -Lc "pin %i" /run/pam_netns/ns/* 2>/dev/null' close
	echo "$OUT" >"$WORK/where" # we are in a subshell
	mapfile -t netns < <(sed -n 's/^ns //p' <<<"$OUT")
	pinned=$(sed -n 's/^pin //p' <<<"$OUT")
	case $OUT in
	*'open 0 Success'*) ;;
	*'open 4 '*)
		[ "${netns[1]-}" != "$host" ] || echo "the host's, although"
		[ "${netns[1]-}" != "${netns[0]}" ] || echo "not sealed, although"
		echo refused
		return
		;;
	*)
		echo "neither opened nor refused: $OUT"
		return
		;;
	esac
	case ${netns[1]} in
	"$host") echo host ;;
	"${netns[0]}") echo stay ;;
	"$pinned") echo loopback ;;
	*) echo private ;;
	esac
}

# gets USER NETWORK [SERVICE]
gets()
{
	is "$(where "${3-sshd}" "$1")" "$2" "  $1${3+ via $3}: $2"
}

#
# The order of the lines
#

note "the first line that matches decides"
conf 'session alice      loopback
session @students  host
session 1001       stay
session carol,dave stay
session *          loopback private'
gets alice loopback
gets bob host
gets carol stay
gets dave stay
gets huge private

conf 'session @students host
session alice     loopback'
gets alice host
conf 'session *     stay
session alice loopback'
gets alice stay
gets huge stay

note "whom no line names is in the host's network"
conf 'session alice loopback'
gets alice loopback
gets bob host
gets huge host
conf '# nobody at all'
gets alice host

note "root is, whatever the lines say"
conf 'session root loopback
session *    loopback'
gets root host

#
# Who
#

note "groups: primary, supplementary, by number; not those of others"
conf 'session @alice    loopback
session @wheel    loopback private
session @901      stay'
gets alice loopback # her primary group, in whose entry she does not stand
gets carol private
gets bob stay
gets dave host

note "uids and ranges, with both ends"
conf 'session 1001            stay
session 1002:1003       loopback
session 1005:2999999999 loopback private'
gets alice stay
gets bob loopback
gets carol loopback
gets dave host
gets huge host

note "a uid over 2^31"
for who in huge 3000000000 2147483648:4294967294 3000000000:3000000000 @huge @3000000000; do
	conf "session $who loopback"
	is "$(where sshd huge)" loopback "  huge as $who: loopback"
	is "$(where sshd alice)" host "  alice is not $who"
done

note "names that look like something else"
for name in host via loopback private session; do
	echo "$name:x:$((4000 + ${#name})):4000::/:/bin/sh" >>/etc/passwd
	conf "session $name loopback"
	gets "$name" loopback
	gets alice host
done

#
# Services
#

note "one user, another network by each service"
conf 'session alice via cron     host
session alice via su       stay
session alice via sshd     loopback
session alice via systemd-user loopback private
session alice              stay'
gets alice host cron
gets alice stay su
gets alice loopback sshd
gets alice private systemd-user
gets alice stay login
gets bob host cron

note "globs, and several services"
conf 'session alice via cron,systemd-*    loopback private
session alice via ss?d,[k-m]ogin    loopback
session bob   via *                 loopback
session carol via [!s]*             loopback
session dave  via s,sshdd,shd,*-ssh loopback'
gets alice private cron
gets alice private systemd-user
gets alice private systemd-other
gets alice loopback sshd
gets alice loopback login
gets alice host su
gets bob loopback su
gets carol loopback cron
gets carol host sshd
gets dave host sshd

note "the name as PAM knows it, in lower case"
conf 'session alice via sshd loopback'
gets alice loopback SSHD

#
# Names and uids
#

note "two names with one uid are one user, by whichever name a line knows it"
echo 'alias:x:1001:1001::/home/alice:/bin/sh' >>/etc/passwd
conf 'session alice loopback
session alias host'
gets alice loopback
gets alias loopback
hold session pamdo -s sshd -u alice open ns sleep-for-stdin close
alice=$(sed -n 's/^ns //p' "$WORK/session.out")
is "$(pamdo -s sshd -u alias open ns close | sed -n 's/^ns //p')" "$alice" "  in one namespace"
release session
conf 'session alias host
session alice loopback'
gets alice host
gets alias host
conf 'session alias loopback'
gets alias loopback
gets alice loopback
sed -i '/^alias:/d' /etc/passwd

note "a user who is renamed needs a line of the new name, which the log says; a uid stays"
conf 'session alice loopback'
gets alice loopback
sed -i 's/^alice:/alicia:/' /etc/passwd /etc/shadow
clear_log
gets alicia host
ok "  the line that matches nobody now is logged" wait_for_log 'netns.conf:1:.*alice'
conf 'session 1001 loopback'
gets alicia loopback
sed -i 's/^alicia:/alice:/' /etc/passwd /etc/shadow
gets alice loopback

note "a name that is given to another uid takes the line with it"
sed -i 's/^dave:x:1004:/dave:x:2004:/' /etc/passwd
conf 'session dave loopback'
gets dave loopback
is "$(pamdo -s sshd -u dave open system 'ls /run/pam_netns/ns' close | grep -x '[0-9]*')" 2004 \
	"  pinned as that uid"
sed -i 's/^dave:x:2004:/dave:x:1004:/' /etc/passwd
gets dave loopback

#
# What cannot be had
#

note "a network that is not there: refused, sealed, and said so"
conf 'session alice join vpn0
session carol loopback'
clear_log
gets alice refused
like "$(cat "$WORK/where")" 'msg error The network of your session could not be set up' \
	"  alice is told in one sentence"
ok "  the log has the reason" wait_for_log "user alice: .*/run/netns/vpn0; .*refused"
gets carol loopback
pam_stack optional 'session optional pam_netns.so' 'session required pam_permit.so'
run pamdo -s optional -u alice open ns run 'ip -o link show up' close
like "$OUT" 'open 0 ' "  behind optional: the session opens"
isnt "$(sed -n 's/^ns //p' <<<"$OUT")" "$host" "  but not in the host's network"
unlike "$OUT" ': lo:' "  in one where nothing is up"

note "set on-error seal: an empty network instead of a refusal"
conf 'set on-error seal
session alice join vpn0
session carol loopback'
clear_log
run pamdo -s sshd -u alice open ns run 'ip -o link show up' close
like "$OUT" 'open 0 ' "  the session opens"
isnt "$(sed -n 's/^ns //p' <<<"$OUT")" "$host" "  not in the host's network"
unlike "$OUT" ': lo:' "  but in one where nothing is up"
ok "  and the log says so" wait_for_log 'user alice: sealed: .*/run/netns/vpn0'
gets carol loopback

no_debris "nothing is left of any of them"
done_testing
