/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <syslog.h>

#include "conf/conf.h"
#include "conf/diag.h"
#include "helper/account.h"
#include "helper/active.h"
#include "helper/joined.h"
#include "helper/op.h"
#include "helper/state.h"
#include "helper/tidy.h"
#include "helper/uids.h"
#include "helper/veth.h"

/* The sshd process that serves the user outlives the close of its session a little. */
#define STRAGGLERS_MS 3000

/* Seconds.  Without a usable configuration nothing lingers; but one may only not be read now. */
static int linger_time(uint32_t *ret_seconds)
{
	_cleanup_(conf_free_p) struct conf *conf = NULL;
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	int r = diag_new(&diag);

	if (!r)
		r = active_load(NETNS_CONF, diag, &conf);
	if (r == -ENOMEM || r == -EMFILE || r == -ENFILE || r == -EIO)
		return r;
	*ret_seconds = r < 0 ? 0 : conf->settings.linger;
	return 0;
}

/*
 * Only for netnsctl and its timer.  The helper of a logout is in the control group
 * of the session, which can be the user's to slow down or to freeze: it looks
 * after that user alone, and locks nobody else.
 */
static int tidy_all(const struct state *state, struct tidy_result *ret_result)
{
	_cleanup_free_ uint32_t *pinned = NULL;
	_cleanup_free_ uint32_t *linked = NULL;
	size_t n_pinned;
	size_t n_linked;
	uint32_t linger = 0;
	int r;

	r = linger_time(&linger);
	if (!r)
		r = state_list(state, &pinned, &n_pinned);
	if (!r)
		r = veth_list(&linked, &n_linked);
	/* One that somebody has unpinned is ours still. */
	if (!r)
		r = uids_add(&pinned, &n_pinned, linked, n_linked);
	if (!r && n_pinned)
		r = tidy_keep_idle(state, pinned, &n_pinned);
	return r ? r : tidy_many(state, pinned, n_pinned, linger, ret_result);
}

int op_sweep(struct op *op)
{
	_cleanup_(state_close) struct state state = STATE_INIT;
	_cleanup_(tidy_result_done) struct tidy_result result = { 0 };
	int r;

	r = state_open(&state, true);
	if (r)
		return op_fail_state(op, r);
	r = tidy_all(&state, &result);
	account_removed(&result);
	if (r)
		return op_fail(op, r, "cannot tidy %s/ns", NETNS_RUN);
	r = joined_sweep(&state);
	if (r)
		return op_fail(op, r, "cannot tidy %s/joined", NETNS_RUN);
	op->answer.result = PROTO_DONE;
	op->answer.count = result.removed;
	return 0;
}

int op_close(struct op *op)
{
	_cleanup_(state_close) struct state state = STATE_INIT;
	_cleanup_(tidy_result_done) struct tidy_result result = { 0 };
	struct proto_traffic traffic = { 0 };
	uint32_t linger = 0;
	int r;

	op->stragglers.asker = op->asker;
	r = state_open(&state, false);
	/* Never opened a session that left something: nothing to do. */
	if (r && r != -ENOENT)
		return op_fail_state(op, r);
	/* First: the link may be about to go. */
	if (!r)
		account_close(&op->request, &traffic);
	if (!r)
		r = linger_time(&linger);
	if (!r)
		r = tidy_one(&state, op->request.uid, linger, &op->stragglers, &result);
	account_removed(&result);
	if (r && r != -ENOENT)
		return op_fail(op, r, "cannot tidy %s/ns/%u", NETNS_RUN, op->request.uid);
	op->answer.result = PROTO_DONE;
	op->answer.traffic = traffic;
	op->answer.count = result.removed;
	op->entering = result.entering;
	return 0;
}

/* Those in the way at the first time are gone, or were never more than about to enter. */
static bool wait_for_others(struct op *op, const struct state *state)
{
	const uint64_t entering = STATE_LOCK_ENTERING(op->request.uid);
	bool gone = stragglers_wait(&op->stragglers, STRAGGLERS_MS);

	if (!op->entering)
		return gone;
	/* Without the user's lock: others may log in meanwhile.  Our deadline ends it. */
	if (state_lock(state, entering, true) == 0)
		state_unlock(state, entering);
	return true;
}

void op_close_after(struct op *op)
{
	_cleanup_(state_close) struct state state = STATE_INIT;
	_cleanup_(tidy_result_done) struct tidy_result result = { 0 };
	uint32_t linger = 0;
	int r;

	if (state_open(&state, false) < 0 || !wait_for_others(op, &state))
		return;
	r = linger_time(&linger);
	if (!r)
		r = tidy_one(&state, op->request.uid, linger, NULL, &result);
	account_removed(&result);
	if (r)
		syslog(LOG_ERR, "cannot tidy %s/ns: %s", NETNS_RUN, strerror(-r));
}
