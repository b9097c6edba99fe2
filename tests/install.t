#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What make install puts where, how it is made, and that uninstall takes it away.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
to=$WORK/root

make_it()
{
	make -s --no-print-directory -C "$TOP" "$@"
}

# Whatever the umask of who installs is.
ok "make install" bash -c "umask 077; make -s -C '$TOP' BUILD='$BUILD' DESTDIR='$to' install"
is "$OUT" "" "says nothing"

# The directory of PAM's modules differs between systems.
pamdir=$(cd "$to" && find . -name pam_netns.so -printf '%h')
pamdir=${pamdir#./}
like "$pamdir" '^usr/lib(64|/[a-z0-9_-]+)?/security$' "the module is where PAM looks"
[ ! -d /usr/lib/x86_64-linux-gnu/security ] ||
	ok "and where this system's are" test -d "/$pamdir"

# And that of what packages bring for zsh.
zshdir=$(cd "$to" && find . -name _netnsctl -printf '%h')
zshdir=${zshdir#./}
# shellcheck disable=SC2016 # zsh's
like $'\n'"$(zsh -f -c 'print -l $fpath')"$'\n' $'\n'"/$zshdir"$'\n' "what zsh completes is where it looks"

installed()
{
	(cd "$1" && find . -mindepth 1 -printf '%m %y %P\n' | LC_ALL=C sort -k 3)
}
expected()
{
	cat <<-EOT
		755 d etc
		755 d etc/security
		644 f etc/security/netns.conf
		755 d usr
		755 d usr/lib
		755 d usr/lib/NetworkManager
		755 d usr/lib/NetworkManager/conf.d
		644 f usr/lib/NetworkManager/conf.d/10-pam_netns.conf
	EOT
	[ "$pamdir" = usr/lib/security ] || echo "755 d ${pamdir%/security}"
	echo "755 d $pamdir"
	echo "644 f $pamdir/pam_netns.so"
	cat <<-EOT
		755 d usr/lib/systemd
		755 d usr/lib/systemd/network
		644 f usr/lib/systemd/network/10-pam_netns.network
		755 d usr/lib/systemd/system
		644 f usr/lib/systemd/system/pam_netns-sweep.service
		644 f usr/lib/systemd/system/pam_netns-sweep.timer
		644 f usr/lib/systemd/system/pam_netns.service
		755 d usr/libexec
		755 f usr/libexec/netns-helper
		755 d usr/sbin
		755 f usr/sbin/netnsctl
		755 d usr/share
		755 d usr/share/bash-completion
		755 d usr/share/bash-completion/completions
		644 f usr/share/bash-completion/completions/netnsctl
		755 d usr/share/doc
		755 d usr/share/doc/pam_netns
		644 f usr/share/doc/pam_netns/LICENSE
		644 f usr/share/doc/pam_netns/NEWS
		644 f usr/share/doc/pam_netns/README.md
		644 f usr/share/doc/pam_netns/SECURITY.md
		644 f usr/share/doc/pam_netns/netns.conf
		755 d usr/share/man
		755 d usr/share/man/man5
		644 f usr/share/man/man5/netns.conf.5
		755 d usr/share/man/man8
		644 f usr/share/man/man8/netns-helper.8
		644 f usr/share/man/man8/netnsctl.8
		644 f usr/share/man/man8/pam_netns.8
		755 d usr/share/pam-configs
		644 f usr/share/pam-configs/pam_netns
		755 d usr/share/zsh
		755 d $zshdir
		644 f $zshdir/_netnsctl
	EOT
}
is "$(installed "$to")" "$(expected | LC_ALL=C sort -k 3)" "the files and their modes are these"
is "$(find "$to" -perm /7000)" "" "none is setuid or setgid"
is "$(find "$to" ! -uid "$(id -u)")" "" "all belong to who installs"
is "$(python3 -c '
import os, sys
for top, dirs, files in os.walk(sys.argv[1]):
    for name in files:
        path = os.path.join(top, name)
        if "security.capability" in os.listxattr(path):
            print(path)' "$to")" "" "none has file capabilities"

#
# The programs
#

module=$to/$pamdir/pam_netns.so
helper=$to/usr/libexec/netns-helper
ctl=$to/usr/sbin/netnsctl

needed()
{
	readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | LC_ALL=C sort | tr '\n' ' '
}

if needed "$module" | grep -q san; then
	skip "how the programs are linked" "they are instrumented by a sanitizer"
else
	is "$(needed "$module")" "libc.so.6 libpam.so.0 " "the module needs libpam and libc only"
	like "$(needed "$helper")" '^libc\.so\.6 libcap-ng\.so\.0 libmnl\.so\.0 $' "the helper needs these only"
	like "$(needed "$ctl")" '^libc\.so\.6 libmnl\.so\.0 libnftnl\.so\.[0-9]+ $' "netnsctl needs these only"
	exports=$(readelf --dyn-syms -W "$module" |
		awk '$7 != "UND" && $5 ~ /GLOBAL|WEAK|UNIQUE/ { print $4, $8 }' | LC_ALL=C sort)
	is "$exports" "FUNC pam_sm_close_session"$'\n'"FUNC pam_sm_open_session" \
		"the module exports its two entry points only"
fi
for file in "$module" "$helper" "$ctl"; do
	name=${file##*/}
	dynamic=$(readelf -dW "$file")
	segments=$(readelf -lW "$file")
	like "$dynamic" '\(FLAGS\) .*BIND_NOW' "$name: bound at once"
	unlike "$dynamic" 'RPATH|RUNPATH|TEXTREL' "$name: no path of its own, no relocated text"
	like "$segments" 'GNU_RELRO' "$name: relocations are read-only"
	like "$segments" 'GNU_STACK .* RW  ' "$name: the stack is not executable"
	unlike "$segments" 'LOAD .* RWE ' "$name: nothing is writable and executable"
	like "$(readelf -hW "$file")" 'Type: *DYN' "$name: position independent"
	like "$(readelf --dyn-syms -W "$file")" '__stack_chk_fail' "$name: with stack protector"
done
for file in "$helper" "$ctl"; do
	like "$(readelf -dW "$file")" '\(FLAGS_1\) .*PIE' "${file##*/}: a PIE"
	like "$(readelf -lW "$file")" 'INTERP' "${file##*/}: a program"
	like "$("$file" --version)" "^${file##*/} [0-9]+\.[0-9]" "${file##*/}: it runs"
done
is "$(readelf -dW "$module" | grep -c SONAME)" 0 "the module is no library to link with"

#
# The units
#

# As far as one can tell where the programs are not installed.
units=$WORK/units
mkdir "$units"
for unit in "$to"/usr/lib/systemd/system/*; do
	sed "s|/usr/sbin/netnsctl|$ctl|" "$unit" >"$units/${unit##*/}"
done
if command -v systemd-analyze >/dev/null; then
	ok "systemd-analyze accepts the units" systemd-analyze verify --man=no "$units"/*
	is "$OUT" "" "without a word"
else
	note "there is no systemd-analyze to try the units"
fi

#
# Again, and away
#

echo '# mine' >>"$to/etc/security/netns.conf"
ok "make install again" make_it BUILD="$BUILD" DESTDIR="$to" install
is "$(tail -n 1 "$to/etc/security/netns.conf")" "# mine" "leaves the configuration alone"
is "$(installed "$to")" "$(expected | LC_ALL=C sort -k 3)" "and the rest as it was"
ok "the example is a good configuration" "$ctl" check "$to/usr/share/doc/pam_netns/netns.conf"

touch "$to/usr/sbin/other" "$to/$pamdir/pam_other.so" "$to/usr/share/man/man8/other.8"
ok "make uninstall" make_it BUILD="$BUILD" DESTDIR="$to" uninstall
is "$(cd "$to" && find . -type f -printf '%P\n' | LC_ALL=C sort)" "etc/security/netns.conf
$pamdir/pam_other.so
usr/sbin/other
usr/share/man/man8/other.8" "leaves the configuration, and what is not ours"
is "$(find "$to" -path '*pam_netns*')" "" "no directory of ours stays either"
ok "make uninstall again is no error" make_it BUILD="$BUILD" DESTDIR="$to" uninstall

#
# PREFIX=/usr/local
#

# From what has been built for /usr, as who changes his mind would.
cp -a "$BUILD" "$WORK/local"
ok "PREFIX=/usr/local: installs" \
	make_it BUILD="$WORK/local" PREFIX=/usr/local DESTDIR="$WORK/l" install
is "$(cd "$WORK/l" && find . -type f ! -path './usr/local/*' | LC_ALL=C sort)" \
	"$(printf '%s\n' ./etc/security/netns.conf "./$pamdir/pam_netns.so" \
		./usr/lib/NetworkManager/conf.d/10-pam_netns.conf \
		./usr/lib/systemd/network/10-pam_netns.network ./usr/share/pam-configs/pam_netns | LC_ALL=C sort)" \
	"PREFIX=/usr/local: what others look for is where they do"
# paths FILE: the absolute ones of ours that are compiled in.
paths()
{
	grep -aoE '/[a-z/]+/(netns-helper|netnsctl|netns\.conf)|/[a-z/]*run/pam_netns' "$1" | LC_ALL=C sort -u
}
module=$(find "$WORK/l" -name pam_netns.so)
is "$(paths "$module")" "/run/pam_netns"$'\n'"/usr/local/libexec/netns-helper" "PREFIX=/usr/local: the module finds its helper"
is "$(paths "$WORK/l/usr/local/libexec/netns-helper")" \
	"/etc/security/netns.conf"$'\n'"/run/pam_netns"$'\n'"/usr/local/sbin/netnsctl" \
	"PREFIX=/usr/local: the helper finds netnsctl"
is "$(paths "$WORK/l/usr/local/sbin/netnsctl")" \
	"/etc/security/netns.conf"$'\n'"/run/pam_netns"$'\n'"/usr/local/libexec/netns-helper" \
	"PREFIX=/usr/local: netnsctl finds the helper"
is "$(grep -h '^Exec' "$WORK"/l/usr/local/lib/systemd/system/*.service | grep -v '/usr/local/')" "" \
	"PREFIX=/usr/local: so do the units"

done_testing
