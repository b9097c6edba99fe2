/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "conf/base.h"
#include "helper/fit.h"
#include "helper/joined.h"
#include "helper/netns.h"
#include "helper/procs.h"
#include "helper/state.h"
#include "helper/uids.h"

struct member {
	uint32_t uid;
	bool locked;
	bool seen;
};

struct scan {
	uint64_t host;
	struct member *members; /* sorted by uid */
	size_t n;
};

int joined_note_locked(const struct state *state, uint32_t uid)
{
	/* First: what is in the set without a mark would stay for ever. */
	int r = state_mark_anew(state, STATE_JOINED, uid);

	return r ? r : fit_note_live(uid);
}

int joined_note(uint32_t uid)
{
	_cleanup_(state_close) struct state state = STATE_INIT;
	int r;

	r = state_open(&state, true);
	if (!r)
		r = state_lock(&state, STATE_LOCK_USER(uid), true);
	return r ? r : joined_note_locked(&state, uid);
}

bool joined_is(const struct state *state, uint32_t uid)
{
	return state_is_marked(state, STATE_JOINED, uid);
}

int joined_add_to(const struct state *state, uint32_t **uids, size_t *n)
{
	_cleanup_free_ uint32_t *joined = NULL;
	size_t n_joined;
	int r;

	r = state_list_marked(state, STATE_JOINED, &joined, &n_joined);
	return r ? r : uids_add(uids, n, joined, n_joined);
}

static int compare_members(const void *a, const void *b)
{
	const struct member *x = a;
	const struct member *y = b;

	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

static int note_process(void *userdata, pid_t pid, uint64_t netns)
{
	struct scan *scan = userdata;
	uint32_t uids[PROCS_UIDS];

	/* One that has gone counts no more. */
	if (netns == scan->host || procs_uids(pid, uids) < 0)
		return 0;
	for (size_t i = 0; i < PROCS_UIDS; i++) {
		const struct member key = { .uid = uids[i] };
		struct member *m =
			bsearch(&key, scan->members, scan->n, sizeof(key), compare_members);

		if (m)
			m->seen = true;
	}
	return 0;
}

/* Who is logging in, or out, just now is left for the next time. */
static int lock_members(const struct state *state, struct scan *scan)
{
	for (size_t i = 0; i < scan->n; i++) {
		int r = state_lock(state, STATE_LOCK_USER(scan->members[i].uid), false);

		if (r && r != -EAGAIN)
			return r;
		scan->members[i].locked = r == 0;
	}
	return 0;
}

static int tidy_member(const struct state *state, const struct member *m)
{
	_cleanup_close_ int pin = -1;
	uint32_t seconds;
	uint64_t inode;
	int r;

	if (m->seen)
		return state_mark_anew(state, STATE_JOINED, m->uid);
	r = state_mark(state, STATE_JOINED, m->uid, &seconds);
	if (r || seconds < JOINED_GRACE)
		return r;
	/* The user's own namespace keeps the element for as long as it is there. */
	r = state_open_pin(state, m->uid, &pin, &inode);
	if (r == -ENOENT)
		r = fit_forget_live(m->uid);
	if (!r)
		state_unmark(state, STATE_JOINED, m->uid);
	return r;
}

static int tidy_members(const struct state *state, struct scan *scan)
{
	int first = 0;
	int r;

	r = netns_inode(NETNS_OF_HOST, &scan->host);
	if (!r)
		r = lock_members(state, scan);
	if (!r)
		r = procs_scan(note_process, scan);
	for (size_t i = 0; i < scan->n; i++) {
		const struct member *m = &scan->members[i];
		int one = r || !m->locked ? 0 : tidy_member(state, m);

		if (one && !first)
			first = one;
		if (m->locked)
			state_unlock(state, STATE_LOCK_USER(m->uid));
	}
	return r ? r : first;
}

int joined_sweep(const struct state *state)
{
	_cleanup_free_ struct member *members = NULL;
	_cleanup_free_ uint32_t *uids = NULL;
	struct scan scan = { .n = 0 };
	int r;

	r = state_list_marked(state, STATE_JOINED, &uids, &scan.n);
	if (r || scan.n == 0)
		return r;
	members = calloc(scan.n, sizeof(*members));
	if (!members)
		return -ENOMEM;
	for (size_t i = 0; i < scan.n; i++)
		members[i].uid = uids[i];
	qsort(members, scan.n, sizeof(*members), compare_members);
	scan.members = members;
	return tidy_members(state, &scan);
}
