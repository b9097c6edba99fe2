/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "conf/base.h"
#include "pam_netns/caller.h"

#define SLACK_NS 50000UL /* the kernel's own */

static const struct {
	__rlimit_resource_t resource;
	rlim_t least; /* with less, the user data base may be read in part */
} limits[] = {
	{ RLIMIT_AS, 256U << 20 },
	{ RLIMIT_DATA, 64U << 20 },
	{ RLIMIT_STACK, 1U << 20 },
	{ RLIMIT_NOFILE, 16 },
};

/* What was put aside, and by how many. */
static struct {
	pthread_mutex_t mutex;
	unsigned borrowers;
	int result;
	bool has[ARRAY_SIZE(limits)];
	struct rlimit limits[ARRAY_SIZE(limits)];
} kept = { .mutex = PTHREAD_MUTEX_INITIALIZER };

/* One thread only: glibc's wrapper would change the ids of all. */
static int set_real_uid(uid_t uid)
{
	return syscall(SYS_setresuid, uid, (uid_t)-1, (uid_t)-1) < 0 ? -errno : 0;
}

/* As far up as it goes.  What is not known cannot be given back, and is left alone. */
static int raise_limit(size_t i)
{
	const struct rlimit none = { .rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY };
	struct rlimit before;
	struct rlimit hard;

	kept.has[i] = false;
	if (getrlimit(limits[i].resource, &before) < 0)
		return -errno;
	kept.limits[i] = before;
	kept.has[i] = true;
	/* Descriptors have no infinity. */
	if (limits[i].resource != RLIMIT_NOFILE && setrlimit(limits[i].resource, &none) == 0)
		return 0;
	hard = (struct rlimit){ .rlim_cur = before.rlim_max, .rlim_max = before.rlim_max };
	if (setrlimit(limits[i].resource, &hard) < 0)
		return -errno;
	return hard.rlim_cur < limits[i].least ? -EPERM : 0;
}

static int raise_limits(void)
{
	int first = 0;

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		int r = raise_limit(i);

		if (r && !first)
			first = r;
	}
	return first;
}

/* Of this thread.  By number: glibc's wrapper cuts off half of it. */
static void limit_slack(struct caller *caller)
{
	long slack = syscall(SYS_prctl, PR_GET_TIMERSLACK, 0, 0, 0, 0);

	/* There is no error: what looks like one is the number. */
	caller->slack = (unsigned long)(slack == -1 ? -errno : slack);
	caller->has_slack = caller->slack > SLACK_NS &&
			    syscall(SYS_prctl, PR_SET_TIMERSLACK, SLACK_NS, 0, 0, 0) == 0;
}

int caller_borrow(struct caller *caller)
{
	int r;

	limit_slack(caller);
	caller->real = getuid();
	caller->has_uid = caller->real != 0 && set_real_uid(0) == 0;
	pthread_mutex_lock(&kept.mutex);
	if (kept.borrowers++ == 0)
		kept.result = raise_limits();
	r = kept.result;
	pthread_mutex_unlock(&kept.mutex);
	caller->has_limits = true;
	return r;
}

void caller_return(struct caller *caller)
{
	if (caller->has_limits) {
		pthread_mutex_lock(&kept.mutex);
		if (--kept.borrowers == 0)
			for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
				if (kept.has[i])
					(void)setrlimit(limits[i].resource, &kept.limits[i]);
		pthread_mutex_unlock(&kept.mutex);
	}
	if (caller->has_slack)
		(void)syscall(SYS_prctl, PR_SET_TIMERSLACK, caller->slack, 0, 0, 0);
	if (caller->has_uid)
		(void)set_real_uid(caller->real);
}
