#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What needs a real systemd: tests/vm/guest, in a virtual machine with a stock Debian 12
# and its kernel, booted twice.  Not a part of "make check", for its time.
#
#   tests/vm/check.t       keeps Debian's packages in $BUILD/vm/root.tar
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

VM=$BUILD/vm
BOOT_SECONDS=600
PACKAGES=systemd-sysv,libpam-systemd,dbus,dbus-user-session,openssh-server,openssh-client
PACKAGES+=,linux-image-cloud-amd64,nftables,iproute2,sudo,polkitd,systemd-container
PACKAGES+=,libcap-ng0,libmnl0,libnftnl11,procps,kmod,login,passwd,udev,socat,strace

[ "$(id -u)" = 0 ] || abort "only root can make the machine's files"
mkdir -p "$VM"
work=$(mktemp -d "$VM/work.XXXXXX") || abort "no directory"
trap 'rm -rf "$work"' EXIT

[ -s "$VM/root.tar" ] || {
	mmdebstrap --mode=root --format=tar --variant=minbase --include="$PACKAGES" \
		--aptopt='Acquire::Languages "none"' --dpkgopt='path-exclude=/usr/share/doc/*' \
		bookworm "$VM/root.tar.new" >"$VM/mmdebstrap.log" 2>&1 &&
		mv "$VM/root.tar.new" "$VM/root.tar"
} || abort "no Debian: $(tail -n 5 "$VM/mmdebstrap.log")"

# Whoever is at the console of a real machine has done all this.
root=$work/root
mkdir "$root"
tar -C "$root" -xf "$VM/root.tar" || abort "cannot unpack Debian"
tar -C "$root" --no-overwrite-dir --keep-directory-symlink -xf "$BUILD/tests/product.tar" ||
	abort "cannot unpack the product"
install -D -m 755 "$TOP/tests/vm/guest" "$root/root/tests/vm/guest"
install -m 644 "$TOP/tests/lib.sh" "$root/root/tests/lib.sh"
install -m 755 "$BUILD/tests/pamdo" "$BUILD/tests/ctforget" "$root/usr/local/bin"
cat >"$root/etc/systemd/system/guest.service" <<-EOT
	[Unit]
	Description=tests/vm/guest
	After=pam_netns.service ssh.service systemd-user-sessions.service
	After=multi-user.target
	SuccessAction=poweroff
	FailureAction=poweroff
	[Service]
	Type=oneshot
	ExecStart=/bin/bash /root/tests/vm/guest
	StandardOutput=file:/dev/ttyS1
	StandardError=file:/dev/ttyS1
	[Install]
	WantedBy=multi-user.target
EOT
chroot "$root" sh -eu -c '
	passwd -d root
	useradd -m -u 1001 -s /bin/bash alice
	useradd -m -u 1002 -s /bin/bash bob
	echo /dev/vda / ext4 rw 0 1 >/etc/fstab
	echo guest >/etc/hostname
	pam-auth-update --package --enable pam_netns
	systemctl enable -q pam_netns.service pam_netns-sweep.timer nftables.service guest.service
	' >"$work/chroot" 2>&1 || abort "$(cat "$work/chroot")"
cp "$root"/boot/vmlinuz-* "$work/vmlinuz"
cp "$root"/boot/initrd.img-* "$work/initrd"
mke2fs -q -t ext4 -d "$root" "$work/disk" 2G >"$work/mke2fs" 2>&1 || abort "no disk"
rm -rf "$root"

# boot: prints what tests/vm/guest says
boot()
{
	# No network; what it says comes by the second serial port.
	timeout --foreground "$BOOT_SECONDS" qemu-system-x86_64 -accel tcg,thread=multi -smp 2 -m 1024 \
		-display none -no-reboot -nic none -kernel "$work/vmlinuz" -initrd "$work/initrd" \
		-append 'root=/dev/vda rw console=ttyS0 quiet' -drive "file=$work/disk,format=raw,if=virtio" \
		-serial "file:$work/console" -serial "file:$work/says" </dev/null >"$work/qemu" 2>&1
	tr -d '\r' <"$work/says"
}

# relay: what it has said, with our numbers
relay()
{
	local line

	while read -r line; do
		case $line in
		ok\ *) result true "${line#ok * - }" ;;
		not\ ok\ *) result false "${line#not ok * - }" ;;
		1..*) ;;
		*) printf '%s\n' "$line" ;;
		esac
	done
}

for phase in 1 2; do
	note "boot $phase"
	boot >"$work/tap"
	relay <"$work/tap"
	like "$(tail -n 1 "$work/tap")" '^1\.\.[1-9]' "boot $phase comes to its end" ||
		note "$(tail -n 20 "$work/qemu" "$work/console")"
done
done_testing
