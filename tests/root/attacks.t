#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a user can do to the su that serves them: signals, and limits.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
in_sandbox "$@"
install_product

conf 'session @students loopback
session *         host'
pam_stack su 'session required pam_netns.so'
pam_stack pamdo 'session required pam_netns.so'
netnsctl reload
host=$(host_netns)

#
# Signals: until the helper has executed, su's own children work in its memory
#

run setpriv --reuid alice --regid alice --init-groups attack-su 120
note "su under attack: $OUT"
like "$OUT" 'ended by a signal 0$' "killing what su starts does not bring su down"
unlike "$OUT" 'let in 0,' "(and does not even keep it from working, most times)"
ok "nothing that was stopped or killed stays" wait_for 5 sh -c '! pgrep -x su'
no_debris_swept

#
# Limits: the look-up of a large group fails without a word when memory is short
#

sed -i "s/^students:.*/students:x:901:$(seq -f student%05.0f -s , 1 8000),alice,bob/" /etc/group
netnsctl reload
opened=0
refused=0
for kilobytes in $(seq 300 50 1400) 2000 4000; do
	run sh -c "ulimit -S -d $kilobytes; exec pamdo -u alice open ns close"
	ns=$(sed -n 's/^ns //p' <<<"$OUT")
	case $OUT in
	*'open 0'*) opened=$((opened + 1)) ;;
	*'open 4'*) refused=$((refused + 1)) ;;
	esac
	[ "$ns" != "$host" ] || result false "ulimit -d $kilobytes: alice is in the host's network"
done
note "$opened opened, $refused refused"
ok "short of memory, a member of a large group still has a session" test "$opened" -gt 0
run sh -c "ulimit -d 700; exec pamdo -u alice open ns close"
unlike "$OUT" "(^|"$'\n'")ns $host" "a hard limit does not help either"
no_debris_swept

#
# Mounts: a mount namespace that follows the host's and is full
#

ok "pins go to no other mount namespace" sh -c 'findmnt -n -o PROPAGATION /run/pam_netns/ns | grep -qx private'
hold session pamdo -u alice open ns sleep-for-stdin close
hold other unshare --mount --propagation slave sh -c 'echo there; read -r _'
copy=$(nsenter --target "$(pgrep -f 'echo there')" --mount findmnt -rn -o TARGET | grep -c '/ns/1001$')
release session
wait_for 5 test ! -e /run/pam_netns/ns/1001
is "$copy $(nsenter --target "$(pgrep -f 'echo there')" --mount findmnt -rn -o TARGET | grep -c '/ns/1001$')" \
	"1 0" "a copy of a pin goes when the pin goes"
release other
no_debris

forget_run
run strace -f -o /dev/null -e trace=mount -e inject=mount:error=ENOMEM:when=2 \
	pamdo -u alice open close
like "$OUT" 'open 4 ' "ns cannot be made private: no session"
ok "  but a mount it is" findmnt -n /run/pam_netns/ns
ok "  so that the next one" pamdo -u alice open close
is "$(findmnt -n -o PROPAGATION /run/pam_netns/ns)" private "  makes it private"
no_debris

done_testing
