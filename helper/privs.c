/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <cap-ng.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "conf/base.h"
#include "helper/privs.h"

#define PRIVS_SECUREBITS                                                                         \
	(SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |                         \
	 SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | \
	 SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

int privs_start(void)
{
	uid_t real, effective, saved;

	if (getresuid(&real, &effective, &saved) < 0)
		return -errno;
	if (real != 0 || effective != 0 || saved != 0)
		return -EPERM;
	/* Not even a process of root without CAP_SYS_PTRACE reads our memory. */
	return prctl(PR_SET_DUMPABLE, 0) < 0 ? -errno : 0;
}

/* Selects keep for the permitted and effective sets, and nothing else. */
static int select_caps(uint64_t keep)
{
	capng_clear(CAPNG_SELECT_ALL);
	for (unsigned c = 0; c <= CAP_LAST_CAP; c++)
		if ((keep & PRIVS_CAP(c)) &&
		    capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, c) != 0)
			return -EINVAL;
	return 0;
}

/*
 * What the kernel says we hold, against keep; asked directly, as a check of the
 * library too.  The ambient set is within the inheritable one (capabilities(7)),
 * so empty like that.  The bounding set is read up to the first capability that
 * the kernel does not know, which may be newer than our headers.
 */
static int verify(uint64_t keep)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[_LINUX_CAPABILITY_U32S_3];
	int r;

	if (syscall(SYS_capget, &header, d) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(d); i++) {
		uint32_t kept = (uint32_t)(keep >> (32 * i));

		if (d[i].permitted != kept || d[i].effective != kept || d[i].inheritable != 0)
			return -EPERM;
	}
	for (unsigned long c = 0; (r = prctl(PR_CAPBSET_READ, c, 0, 0, 0)) >= 0; c++)
		if (r != 0)
			return -EPERM;
	return 0;
}

int privs_limit(uint64_t keep)
{
	int r;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	/* Needs CAP_SETPCAP, so before it goes. */
	if (prctl(PR_SET_SECUREBITS, PRIVS_SECUREBITS) < 0)
		return -errno;
	r = select_caps(keep);
	if (r)
		return r;
	/* Bounding first: cutting it takes CAP_SETPCAP too; libcap-ng knows the order. */
	if (capng_apply(CAPNG_SELECT_ALL) != 0)
		return -EPERM;
	r = verify(keep);
	if (r)
		return r;
	if (prctl(PR_GET_SECUREBITS) != PRIVS_SECUREBITS ||
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 || prctl(PR_GET_DUMPABLE) != 0)
		return -EPERM;
	return 0;
}

int privs_unshare_netns(uid_t uid)
{
	int r = 0;

	if (setresuid((uid_t)-1, uid, (uid_t)-1) < 0)
		return -errno;
	if (unshare(CLONE_NEWNET) < 0)
		r = -errno;
	if (setresuid((uid_t)-1, 0, (uid_t)-1) < 0)
		return -errno;
	return r;
}

int privs_drop_final(void)
{
	int r = select_caps(0);

	if (r)
		return r;
	if (capng_apply(CAPNG_SELECT_CAPS) != 0)
		return -EPERM;
	return verify(0);
}
