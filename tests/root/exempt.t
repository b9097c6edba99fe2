#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The tripwire in the host's network lets members of an exempt_group pass: they
# are there by right.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
in_sandbox "$@"
install_product
sandbox_net

PEER4=198.51.100.10 PEER6=2001:db8:1::10
conf 'session * loopback'

# The peer answers "yes", by all of these.
for listen in TCP4-LISTEN:7777 UDP4-RECVFROM:7777 TCP6-LISTEN:7777,ipv6only UDP6-RECVFROM:7777,ipv6only; do
	in_peer peer1 socat $listen,fork,reuseaddr SYSTEM:'read -r _; echo yes' &
done

# asks USER PROTOCOL ADDRESS: in a session of the user's, by a socket of theirs
asks()
{
	pamdo -s login -u "$1" open system "exec setpriv --reuid $1 --regid $1 --clear-groups \
		sh -c 'echo hello | timeout 3 socat -t 2 - $2:$3:7777'" close
}

# answered USER PROTOCOL ADDRESS
answered()
{
	[[ $(asks "$@" 2>&1) == *yes* ]]
}

is_answered()
{
	wait_for 5 answered root "$1" "$2"
}

caught()
{
	nft -j list counter inet pam_netns tripwire | jq '.nftables[] | .counter.packets // empty'
}

probes=("TCP4 $PEER4" "UDP4 $PEER4" "TCP6 [$PEER6]" "UDP6 [$PEER6]")
pam_stack login 'session required pam_netns.so'
for probe in "${probes[@]}"; do
	# shellcheck disable=SC2086 # words
	is_answered $probe || abort "no answer to $probe"
done

note "without an exempt group, who is in the host's network is there by mistake"
pam_stack login 'session required pam_permit.so'
ok "reload" netnsctl reload
for probe in "${probes[@]}"; do
	before=$(caught)
	# shellcheck disable=SC2086
	run asks carol $probe
	unlike "$OUT" yes "$probe: no answer"
	isnt "$(caught)" "$before" "  and the tripwire has counted it"
done

note "with one, its members pass"
pam_stack login 'session required pam_netns.so exempt_group=wheel'
ok "reload" netnsctl reload
before=$(caught)
for probe in "${probes[@]}"; do
	# shellcheck disable=SC2086
	run asks carol $probe
	like "$OUT" yes "$probe: an answer"
	# shellcheck disable=SC2086
	run asks alice $probe
	like "$OUT" 'open 0 ' "  alice has a session"
	unlike "$OUT" yes "  which has no such network"
done
is "$(caught)" "$before" "the tripwire has counted nothing"

note "but those of others do not while these have a session"
hold alice pamdo -s login -u alice open system 'echo ready; read -r _' close
run setpriv --reuid alice --regid alice --clear-groups \
	sh -c "echo hello | timeout 3 socat -t 2 - TCP4:$PEER4:7777"
unlike "$OUT" yes "alice, outside of it"
isnt "$(caught)" "$before" "  is counted"
release alice

#
# What counts as an exempt group
#

pam_stack login 'session required pam_netns.so'

# confines: whether anybody is confined by the configuration alone
confines()
{
	netnsctl check --nft | grep -q '1000-60000'
}

# exempts NAME FILE [LINE]...
exempts()
{
	local name=$1 file=$2

	shift 2
	mkdir -p "${file%/*}"
	printf '%s\n' "$@" >"$file"
	fails "$name: nobody is confined for certain" confines
	rm "$file"
	ok "  but without it" confines
}

# exempts_nobody NAME [LINE]...
exempts_nobody()
{
	local name=$1

	shift
	printf '%s\n' "$@" >/etc/pam.d/other-service
	ok "$name: is none" confines
	rm /etc/pam.d/other-service
}

exempts "any service" /etc/pam.d/other-service 'session required pam_netns.so exempt_group=wheel'
exempts "the vendor's" /usr/lib/pam.d/sshd 'session required pam_netns.so exempt_group=wheel'
exempts "the old file" /etc/pam.conf 'sshd session required pam_netns.so exempt_group=wheel'
exempts "other arguments" /etc/pam.d/other-service 'auth required pam_permit.so' \
	'session [success=ok] /lib/security/pam_netns.so debug [exempt_group=wheel] # here'
exempts "a line that goes on" /etc/pam.d/other-service \
	"session required pam_netns.so \\ " " debug \\" 'exempt_group=wheel'
exempts_nobody "a comment" '# session required pam_netns.so exempt_group=wheel' \
	'session required pam_netns.so # exempt_group=wheel'
exempts_nobody "another module's" 'session required pam_netns.so' \
	'session required pam_other.so exempt_group=wheel'
mkdir /etc/pam.d/directory
ln -s nowhere /etc/pam.d/link
exempts "beside what is no file" /etc/pam.d/other-service \
	'session required pam_netns.so exempt_group=wheel'
rm -r /etc/pam.d/directory /etc/pam.d/link

# What cannot be read for want of something may name one.
pam_stack other-service 'session required pam_netns.so exempt_group=wheel'
ok "a group is exempt" netnsctl reload
for fault in '-P /etc/pam.d -e inject=openat:error=EMFILE' '-P /etc/pam.d -e inject=getdents64:error=EIO' \
	'-P /etc/pam.d/other-service -e inject=openat:error=ENFILE' \
	'-P /etc/pam.d/other-service -e inject=read:error=EIO'; do
	# shellcheck disable=SC2086 # words
	fails "a reload that cannot read a stack, $fault" strace -f -o /dev/null $fault netnsctl reload
	unlike "$(nft list set inet pam_netns confined)" 1000-60000 "  confines nobody"
done
no_debris
done_testing
