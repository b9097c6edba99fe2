/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "conf/base.h"
#include "helper/class.h"
#include "helper/fit.h"
#include "helper/joined.h"
#include "helper/list.h"
#include "helper/netns.h"
#include "helper/procs.h"
#include "helper/state.h"
#include "helper/tidy.h"
#include "helper/veth.h"

#define ANCESTORS_MAX 64
#define PATIENCE_MS   1000 /* of a sweep */

struct target {
	uint32_t uid;
	uint64_t netns; /* 0: an unfinished pin */
	struct timespec since; /* when it was pinned */
	bool entering; /* somebody is about to be inside */
	bool used;
};

struct scan {
	struct target *targets; /* sorted by netns */
	size_t n;
	struct stragglers *stragglers;
};

static int compare_targets(const void *a, const void *b)
{
	const struct target *x = a;
	const struct target *y = b;

	return x->netns < y->netns ? -1 : x->netns > y->netns;
}

/* pid is the asker, or came from it. */
static bool descends_from(pid_t pid, pid_t asker)
{
	for (unsigned i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
		if (pid == asker)
			return true;
		pid = procs_parent(pid);
	}
	return false;
}

/* Remembers pid as one that will end soon; forgets all once one of them will not. */
static void straggle(struct stragglers *s, pid_t pid)
{
	int fd;

	if (s->asker <= 0)
		return;
	if (!descends_from(pid, s->asker) || s->n == TIDY_STRAGGLERS_MAX) {
		stragglers_done(s);
		return;
	}
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd >= 0)
		s->pidfds[s->n++] = fd;
}

static int note_process(void *userdata, pid_t pid, uint64_t netns)
{
	const struct target key = { .netns = netns };
	struct scan *scan = userdata;
	struct target *t;

	t = bsearch(&key, scan->targets, scan->n, sizeof(key), compare_targets);
	if (!t)
		return 0;
	t->used = true;
	if (scan->stragglers)
		straggle(scan->stragglers, pid);
	return 0;
}

/*
 * Locks the users and finds out their namespaces.  Who is closing waits: two sessions
 * of a user may end at once, and each must look after the other has.  For a sweep,
 * the one that is locked is in use; it waits a little for a single one, for whom it
 * holds up nobody else.
 */
static int lock_targets(const struct state *state, const uint32_t *uids, size_t n, bool wait,
			struct target *targets, size_t *ret_n)
{
	unsigned left_ms = n == 1 ? PATIENCE_MS : 0;

	*ret_n = 0;
	for (size_t i = 0; i < n; i++) {
		_cleanup_close_ int fd = -1;
		struct target t = { .uid = uids[i] };
		struct stat st;
		int r;

		r = wait ? state_lock(state, STATE_LOCK_USER(t.uid), true)
			 : state_lock_soon(state, STATE_LOCK_USER(t.uid), &left_ms);
		if (r == -EAGAIN)
			continue;
		if (r)
			return r;
		/* Asked before /proc is: who is not entering any more is inside by then. */
		r = state_lock(state, STATE_LOCK_ENTERING(t.uid), false);
		if (r && r != -EAGAIN)
			return r;
		t.entering = r == -EAGAIN;
		r = state_open_pin(state, t.uid, &fd, &t.netns);
		if (r && r != -ENOENT)
			return r;
		/* The inode of a namespace is made when it is first looked at: for its pin. */
		if (!r && fstat(fd, &st) == 0)
			t.since = st.st_ctim;
		targets[(*ret_n)++] = t;
	}
	qsort(targets, *ret_n, sizeof(*targets), compare_targets);
	return 0;
}

static bool lingers(const struct state *state, const struct target *t, uint32_t linger)
{
	uint32_t seconds;

	if (linger == 0 || t->netns == 0)
		return false;
	/* When it cannot be noted, it would linger for ever. */
	return state_mark(state, STATE_IDLE, t->uid, &seconds) == 0 && seconds < linger;
}

static int remove_user(const struct state *state, uint32_t uid)
{
	/* The link first: without it, what is left of the namespace leads nowhere. */
	int r = fit_remove(uid);

	if (!r)
		r = state_unpin(state, uid);
	/* Another session of the user may be elsewhere. */
	return r || !joined_is(state, uid) ? r : fit_note_live(uid);
}

int tidy_take_back(const struct state *state, int host_fd, uint32_t uid)
{
	return setns(host_fd, CLONE_NEWNET) < 0 ? -errno : remove_user(state, uid);
}

static int remove_one(const struct state *state, const struct target *t, struct tidy_result *result)
{
	struct tidy_gone gone = { .uid = t->uid, .netns = t->netns, .since = t->since };
	struct tidy_gone *place;
	int r;

	/* While it is there.  Nobody sends anything any more. */
	(void)veth_find(t->uid, &gone.link);
	r = remove_user(state, t->uid);
	if (r || !t->netns)
		return r;
	result->removed++;
	place = list_add(result->gone, result->n_gone);
	if (place)
		*place = gone;
	return 0;
}

static int remove_unused(const struct state *state, const struct target *targets, size_t n,
			 uint32_t linger, struct tidy_result *result)
{
	int first = 0;

	for (size_t i = 0; i < n; i++) {
		const struct target *t = &targets[i];
		int r;

		result->entering |= t->entering;
		if (t->used || t->entering)
			state_unmark(state, STATE_IDLE, t->uid);
		if (t->used || t->entering || lingers(state, t, linger))
			continue;
		r = remove_one(state, t, result);
		if (r && !first)
			first = r;
	}
	return first;
}

void tidy_result_done(struct tidy_result *result)
{
	free(result->gone);
	*result = (struct tidy_result){ 0 };
}

static int tidy(const struct state *state, const uint32_t *uids, size_t n, bool wait,
		uint32_t linger, struct stragglers *stragglers, struct tidy_result *ret_result)
{
	_cleanup_free_ struct target *targets = calloc(n ? n : 1, sizeof(*targets));
	struct scan scan = { .targets = targets, .stragglers = stragglers };
	struct tidy_result result = { 0 };
	int r;

	*ret_result = result;
	if (!targets)
		return -ENOMEM;
	r = lock_targets(state, uids, n, wait, targets, &scan.n);
	if (!r && scan.n)
		r = procs_scan(note_process, &scan);
	if (!r)
		r = remove_unused(state, targets, scan.n, linger, &result);
	for (size_t i = 0; i < n; i++) {
		state_unlock(state, STATE_LOCK_ENTERING(uids[i]));
		state_unlock(state, STATE_LOCK_USER(uids[i]));
	}
	*ret_result = result;
	return r;
}

int tidy_one(const struct state *state, uint32_t uid, uint32_t linger,
	     struct stragglers *stragglers, struct tidy_result *ret_result)
{
	return tidy(state, &uid, 1, true, linger, stragglers, ret_result);
}

int tidy_many(const struct state *state, const uint32_t *uids, size_t n, uint32_t linger,
	      struct tidy_result *ret_result)
{
	return tidy(state, uids, n, false, linger, NULL, ret_result);
}

int tidy_keep_idle(const struct state *state, uint32_t *uids, size_t *n)
{
	_cleanup_free_ struct target *targets = calloc(*n ? *n : 1, sizeof(*targets));
	struct scan scan = { .targets = targets, .n = *n };
	size_t idle = 0;
	int r;

	if (!targets)
		return -ENOMEM;
	for (size_t i = 0; i < *n; i++) {
		_cleanup_close_ int fd = -1;

		targets[i].uid = uids[i];
		r = state_open_pin(state, uids[i], &fd, &targets[i].netns);
		if (r && r != -ENOENT)
			return r;
	}
	qsort(targets, *n, sizeof(*targets), compare_targets);
	r = procs_scan(note_process, &scan);
	if (r)
		return r;
	for (size_t i = 0; i < *n; i++)
		if (!targets[i].used)
			uids[idle++] = targets[i].uid;
		else
			state_unmark(state, STATE_IDLE, targets[i].uid);
	*n = idle;
	return 0;
}

int tidy_find_link(uint32_t uid, struct link_view *ret_view)
{
	int r = veth_find(uid, ret_view);

	if (r || ret_view->group != CLASS_UNFINISHED)
		return r;
	r = fit_remove(uid);
	return r ? r : -ENODEV;
}

int stragglers_wait(struct stragglers *s, int timeout_ms)
{
	struct timespec start;
	bool all = s->n > 0;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (size_t i = 0; i < s->n && all; i++) {
		struct pollfd p = { .fd = s->pidfds[i], .events = POLLIN };
		struct timespec now;
		int passed;

		clock_gettime(CLOCK_MONOTONIC, &now);
		passed = (int)((now.tv_sec - start.tv_sec) * 1000 +
			       (now.tv_nsec - start.tv_nsec) / 1000000);
		all = passed < timeout_ms && poll(&p, 1, timeout_ms - passed) == 1;
	}
	stragglers_done(s);
	return all;
}

void stragglers_done(struct stragglers *s)
{
	for (size_t i = 0; i < s->n; i++)
		close(s->pidfds[i]);
	s->n = 0;
	/* Whatever is collected later would not be the whole. */
	s->asker = 0;
}
