/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "conf/base.h"
#include "pam_netns/caller.h"

static const struct {
	__rlimit_resource_t resource;
	rlim_t least; /* with less, the user data base may be read in part */
} limits[] = {
	{ RLIMIT_AS, 256U << 20 },
	{ RLIMIT_DATA, 64U << 20 },
	{ RLIMIT_STACK, 1U << 20 },
	{ RLIMIT_NOFILE, 16 },
};
_Static_assert(ARRAY_SIZE(limits) == CALLER_LIMITS, "a limit without a place to keep it");

/* One thread only: glibc's wrapper would change the ids of all. */
static int set_real_uid(uid_t uid)
{
	return syscall(SYS_setresuid, uid, (uid_t)-1, (uid_t)-1) < 0 ? -errno : 0;
}

/* As far up as it goes.  What is not known cannot be given back, and is left alone. */
static int raise_limit(size_t i, struct caller *caller)
{
	const struct rlimit none = { .rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY };
	struct rlimit before;
	struct rlimit hard;

	if (getrlimit(limits[i].resource, &before) < 0)
		return -errno;
	caller->limits[i] = before;
	caller->has_limit[i] = true;
	/* Descriptors have no infinity. */
	if (limits[i].resource != RLIMIT_NOFILE && setrlimit(limits[i].resource, &none) == 0)
		return 0;
	hard = (struct rlimit){ .rlim_cur = before.rlim_max, .rlim_max = before.rlim_max };
	if (setrlimit(limits[i].resource, &hard) < 0)
		return -errno;
	return hard.rlim_cur < limits[i].least ? -EPERM : 0;
}

int caller_borrow(struct caller *caller)
{
	int first = 0;

	caller->real = getuid();
	caller->has_uid = caller->real != 0 && set_real_uid(0) == 0;
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		int r = raise_limit(i, caller);

		if (r && !first)
			first = r;
	}
	return first;
}

void caller_return(struct caller *caller)
{
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (caller->has_limit[i])
			(void)setrlimit(limits[i].resource, &caller->limits[i]);
	if (caller->has_uid)
		(void)set_real_uid(caller->real);
}
