#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One process, several sessions: by one PAM handle or by many, one after the
# other, one inside the other, closed in any order, and from inside our own stack.
# What is closed puts back what its open found; nothing that is open still is ever
# led out of its network.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
in_sandbox "$@"
install_product

conf 'session root          host
session carol         host
session dave          stay
session huge via other join vpn0
session huge          loopback private
session *             loopback'
pam_stack pamdo 'session required pam_netns.so'
pam_stack other 'session required pam_netns.so'
pam_stack optional 'session optional pam_netns.so' 'session required pam_permit.so'
ip netns add vpn0
mkdir -p /etc/netns/vpn0
echo '# that of vpn0' >/etc/netns/vpn0/resolv.conf
touch /etc/resolv.conf
host=$(host_netns)
vpn=$(stat -Lc %i /run/netns/vpn0)
ok "the configuration is loaded" netnsctl reload

# Somebody of each is there all the while, so that all know where they belong.
hold alice pamdo -u alice open ns sleep-for-stdin close
hold bob pamdo -u bob open ns sleep-for-stdin close
wait_for 5 grep -q '^ns' "$WORK/alice.out"
wait_for 5 grep -q '^ns' "$WORK/bob.out"
alice=$(sed -n 's/^ns //p' "$WORK/alice.out")
bob=$(sed -n 's/^ns //p' "$WORK/bob.out")
isnt "$alice" "$host" "alice has a network"
isnt "$bob" "$host" "bob too"
isnt "$alice" "$bob" "and another one"

# The way that a process went, in words.
where_it_was()
{
	sed -n 's/^ns //p' <<<"$OUT" | sed "s/^$host\$/host/; s/^$alice\$/alice/; s/^$bob\$/bob/
		s/^$vpn\$/vpn/; s/^[0-9]*\$/other/" | tr '\n' ' '
}

# goes NAME "PLACE..." ACTION...: by pamdo; every "ns" is one place, and all succeeds.
goes()
{
	local name=$1 places=$2

	shift 2
	clear_log
	run timeout 60 pamdo "$@"
	is "$(where_it_was)" "$places " "$name"
	is "$STATUS" 0 "$name: without an error"
}

# With words of more than one action
# shellcheck disable=SC2034
{
	A=(handle 0) B=(handle 1:bob) C=(handle 2:carol) AGAIN=(handle 1:alice) D=(handle 2:dave)
}

#
note "one after the other"
#

goes "the same handle" "alice host alice host" open ns close ns open ns close ns
goes "the same handle, another user" "alice host bob host" open ns close ns user bob open ns close ns
goes "another handle" "alice host bob host" open ns close ns "${B[@]}" open ns close ns
goes "a confined user, a host user, a confined user" "alice host host host bob host" \
	open ns close ns user carol open ns close ns user bob open ns close ns
goes "ended, but not closed: the next one finds what it left" "alice alice bob alice" \
	open ns end ns "${B[@]}" open ns close ns

#
note "one inside the other"
#

goes "another user" "alice bob alice host" open ns "${B[@]}" open ns close ns "${A[@]}" close ns
goes "the same user" "alice alice alice host" open ns "${AGAIN[@]}" open ns close ns "${A[@]}" close ns
goes "a host user in a confined one's" "alice host alice host" \
	open ns "${C[@]}" open ns close ns "${A[@]}" close ns
goes "one who stays" "alice alice alice host" open ns "${D[@]}" open ns close ns "${A[@]}" close ns
goes "from some other network" "other alice bob alice other" \
	unshare-net ns open ns "${B[@]}" open ns close ns "${A[@]}" close ns

note "by one handle: a close for each open"
goes "twice the same user" "alice alice alice host host" open ns open ns close ns close ns close ns
goes "two users" "alice bob alice host" open ns user bob open ns close ns close ns
goes "three" "alice host bob host alice host" \
	open ns user carol open ns user bob open ns close ns close ns close ns
is "$(ls /run/pam_netns/ns)" $'1001\n1002' "nobody else has a network"

#
note "closed out of order"
#

goes "the outer one first" "alice bob bob host" \
	open ns "${B[@]}" open ns "${A[@]}" close ns "${B[@]}" close ns
ok "  which is logged" wait_for_log 'pam_netns.pamdo:session.: closed before a session that was opened later'
goes "the outer one first, of the same user" "alice alice alice host" \
	open ns "${AGAIN[@]}" open ns "${A[@]}" close ns "${AGAIN[@]}" close ns
goes "the outer one first, with one who stays" "alice alice alice host" \
	open ns "${D[@]}" open ns "${A[@]}" close ns "${D[@]}" close ns
goes "the outer one first, with a host user" "alice host host host" \
	open ns "${C[@]}" open ns "${A[@]}" close ns "${C[@]}" close ns
goes "the outer one first, from another network" "other alice bob bob other" \
	unshare-net ns open ns "${B[@]}" open ns "${A[@]}" close ns "${B[@]}" close ns
goes "the middle one of three" "alice bob host host alice host" \
	open ns "${B[@]}" open ns "${C[@]}" open ns "${B[@]}" close ns \
	"${C[@]}" close ns "${A[@]}" close ns
goes "three from the outside in" "alice bob alice alice alice host" \
	open ns "${B[@]}" open ns handle 3:alice open ns "${A[@]}" close ns "${B[@]}" close ns \
	handle 3 close ns
goes "the outer one ends without a close" "alice bob bob alice" \
	open ns "${B[@]}" open ns "${A[@]}" end ns "${B[@]}" close ns
goes "the inner one ends without a close" "alice bob bob host" \
	open ns "${B[@]}" open ns end ns "${A[@]}" close ns
goes "closed and opened again below" "alice bob bob alice bob host" \
	open ns "${B[@]}" open ns "${A[@]}" close ns open ns close ns "${B[@]}" close ns
goes "a fork between them closes nothing of its parent's" "alice bob bob bob alice host" \
	open ns "${B[@]}" open ns "${A[@]}" fork-close ns "${B[@]}" fork-end ns close ns "${A[@]}" close ns

run unshare --pid --fork pamdo open ns "${B[@]}" open ns first-close ns close ns "${A[@]}" close ns
is "$(where_it_was)" "alice bob bob bob alice host " "nor does a child whose pid is its parent's, in a pid namespace of its own"

note "of which one was refused"
# A user who is not there
run pamdo -s optional open ns handle 1:nobody-at-all open ns handle 0 close ns handle 1 close ns
is "$(where_it_was)" "alice other other host " "the inner one stays sealed until it is closed, too"
run pamdo -s optional open ns handle 1:nobody-at-all open ns close ns handle 0 close ns
is "$(where_it_was)" "alice other alice host " "in order, the outer one is found again"
run pamdo open ns user nobody-at-all open ns user bob open ns close ns close ns
is "$(where_it_was)" "alice other bob alice host " "after a refusal, a retry takes its way back"
run pamdo -u nobody-at-all open ns open ns user alice open ns close ns
is "$(where_it_was)" "other other alice host " "so it does after two"

run pamdo user nobody-at-all open ns "${B[@]}" open ns handle 0 user alice open ns "${B[@]}" close ns handle 0 close ns
is "$(where_it_was)" "other bob alice alice host " "a retry after others have been opened comes after them"
run pamdo user nobody-at-all open ns "${B[@]}" open ns handle 0 user alice open ns close ns "${B[@]}" close ns
is "$(where_it_was)" "other bob alice bob host " "  and leads back to them"
run pamdo user nobody-at-all open ns "${C[@]}" open ns "${B[@]}" open ns handle 0 user alice open ns "${B[@]}" close ns \
	handle 0 close ns "${C[@]}" close ns
is "$(where_it_was)" "other host bob alice alice host host " "  nor do these lead it to the host's network"
run pamdo open ns handle 1:nobody-at-all open ns handle 2:bob open ns handle 1 user alice open ns handle 2 close ns \
	handle 1 close ns handle 0 close ns
is "$(where_it_was)" "alice other bob alice alice alice host " "  so it does inside of one that is open"

note "with files of its own"
# Inside, a mount of vpn0's is on it.
MOUNTED='grep -cx "# that of vpn0" /etc/resolv.conf'
mounted()
{
	grep -xE '[0-9]+' <<<"$OUT" | tr '\n' ' '
}
V=(handle 3:huge)
run pamdo -s other open ns system "$MOUNTED" mntns "${V[@]}" open ns system "$MOUNTED" close ns mntns \
	system "$MOUNTED" "${A[@]}" close ns
is "$(where_it_was)" "alice vpn alice host " "the inner one"
is "$(mounted)" "0 1 0 " "  has its files, and only that one"
is "$(grep ^mntns <<<"$OUT" | sort -u | wc -l)" 1 "  and the mounts of before are back"
run pamdo -s other -u huge mntns open ns system "$MOUNTED" handle 1:alice open ns handle 0 close ns \
	handle 1 close ns system "$MOUNTED" mntns
is "$(where_it_was)" "vpn alice alice host " "the outer one, closed first"
is "$(mounted)" "1 0 " "  takes its files along at the end"
is "$(grep ^mntns <<<"$OUT" | sort -u | wc -l)" 1 "  and the mounts of before are back"

release alice
release bob
no_debris_swept

note "and nothing is left of those who end all at once"
for actions in "open" "open open" "open handle_1:bob open" "open handle_1:alice open handle_0 close" \
	"open end handle_1:bob open end" "open handle_1:bob open handle_0 end"; do
	# shellcheck disable=SC2086 # words
	run pamdo ${actions//_/ }
	is "$STATUS" 0 "$actions"
	no_debris_swept "  leaves nothing after a sweep"
done

#
note "a handle keeps no descriptor of what is closed"
#

# Six times: nothing may add up.
many=()
for n in {1..6}; do
	many+=(open "${B[@]}" open "${A[@]}" close "${B[@]}" close "${A[@]}")
done
run pamdo open close state "${many[@]}" state
is "$(grep ^state <<<"$OUT" | sed 's/.*fds:/fds:/' | sort -u | wc -l)" 1 "six times out of order"
run pamdo unshare-net open close state "${many[@]}" state
is "$(grep ^state <<<"$OUT" | sed 's/.*fds:/fds:/' | sort -u | wc -l)" 1 "and from another network"
no_debris

#
note "threads"
#

run pamdo open ns thread close ns
is "$(sed -n 's/^ns //p' <<<"$OUT" | tail -n 1)" "$host" "one made while it is open does not hinder the close"
run pamdo open ns thread handle 1:bob open ns
like "$OUT" 'open 4 ' "but the next open, which is refused"
isnt "$(sed -n 's/^ns //p' <<<"$OUT" | tail -n 1)" "$host" "  and sealed"
ok "  and logged" wait_for_log 'user bob: the calling process has more than one thread'
run pamdo open ns thread close ns open ns
like "$OUT" 'open 4 ' "by the same handle, too"
isnt "$(sed -n 's/^ns //p' <<<"$OUT" | tail -n 1)" "$host" "  and sealed"
run pamdo thread open ns close ns
like "$OUT" 'open 4 ' "one that was there before: refused"
is "$(sed -n 's/^ns //p' <<<"$OUT" | tail -n 1)" "$host" "  and close leads back"
run pamdo open ns thread-close ns
like "$OUT" "thread-ns $host" "another thread that closes goes back itself"
isnt "$(sed -n 's/^ns //p' <<<"$OUT" | tail -n 1)" "$host" "  and the one that had opened does not come along"
run pamdo -u root thread open ns close ns
is "$(sed -n 's/^ns //p' <<<"$OUT" | sort -u)" "$host" "root may have as many as it likes"
no_debris_swept

#
note "from inside our own open"
#

# inner FILE COMMAND: a line for the stack that runs it as root, as pam_systemd
# has a manager started, and waits.
inner()
{
	cat >"/usr/local/sbin/$1" <<-EOT
		#!/bin/sh
		[ "\$PAM_TYPE" = open_session ] || exit 0
		unset PAM_TYPE
		{ $2; } >>$WORK/$1 2>&1
	EOT
	chmod 755 "/usr/local/sbin/$1"
	rm -f "$WORK/$1"
	echo "session required pam_exec.so /usr/local/sbin/$1"
}

# reenters NAME: NS has where the outer session was, and its program afterwards
reenters()
{
	local name=$1

	SECONDS=0
	run timeout 30 pamdo -s outer open ns close ns
	mapfile -t NS < <(sed -n 's/^ns //p' <<<"$OUT")
	is "$STATUS" 0 "$name: opens and closes"
	ok "$name: at once" test $SECONDS -le 4
	isnt "${NS[0]-}" "$host" "$name: in her network"
	is "${NS[1]-}" "$host" "$name: and leads back"
	is "$(cat "$WORK"/enter* | grep -cE '^(open|close) [^0]')" 0 "$name: no inner session is refused"
	is "$(cat "$WORK"/enter* | grep -cx "ns $host")" 0 "$name: nor in the host's network"
}

netns_line='session required pam_netns.so'
pam_stack outer "$netns_line" "$(inner enter 'pamdo open ns close')"
reenters "behind our line"
is "$(sed -n 's/^ns //p' "$WORK/enter")" "${NS[0]}" \
	"  the inner session is where the outer one is"
pam_stack outer "$(inner enter 'pamdo open ns system "setsid sleep 1236 >/dev/null 2>&1 &" close')" "$netns_line"
reenters "before our line, with what stays"
is "$(sed -n 's/^ns //p' "$WORK/enter")" "${NS[0]}" \
	"  the outer session is where the inner one was"
is "$(netns_of "$(pgrep -f '^sleep 1236')")" "$(sed -n 's/^ns //p' "$WORK/enter")" "  and what stayed is"
pkill -f '^sleep 1236'
wait_for 5 sh -c '! pgrep -f "^sleep 1236"'
netnsctl sweep >/dev/null
pam_stack outer "$(inner enter1 'pamdo open ns close')" "$netns_line" "$(inner enter2 'pamdo open ns close')" \
	"$netns_line" "$(inner enter3 'pamdo open ns close; pamdo -u bob open ns close; su alice -c true')"
rm -f "$WORK/enter"
pam_stack su "$netns_line"
reenters "before, between and behind two lines of ours, by su and as bob, too"
pam_stack middle "$netns_line" "$(inner enter 'pamdo open ns close')"
pam_stack outer "$netns_line" "$(inner enter1 'pamdo -s middle open ns close')"
rm -f "$WORK"/enter*
reenters "three deep"
is "$(cat "$WORK"/enter* | grep -c '^open 0')" 2 "  all of them"
# Six at once
pam_stack outer "$netns_line" "$(inner enter1 'pamdo -s middle open ns close')"
rm -f "$WORK"/enter*
SECONDS=0
for n in {1..6}; do
	timeout 60 pamdo -s outer open ns close >"$WORK/six.$n" 2>&1 &
	pids[n]=$!
done
wait "${pids[@]}"
is "$(cat "$WORK"/six.* | grep -c ' 0 Success')" 12 "six at once, three deep"
is "$(cat "$WORK"/six.* "$WORK"/enter* | grep -cx "ns $host")" 0 "  none in the host's network"
ok "  without waiting for each other's end" test $SECONDS -le 20
no_debris_swept

done_testing
