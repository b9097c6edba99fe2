/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/diag.h"
#include "helper/active.h"
#include "helper/apply.h"
#include "helper/compare.h"
#include "helper/ctl_diff.h"
#include "helper/members.h"
#include "helper/state.h"

static int load_before(const char *source, struct conf **ret_conf)
{
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	int r = diag_new(&diag);

	if (!r)
		r = active_load(source, diag, ret_conf);
	/* As for a reload: what cannot be read is replaced. */
	return r == -ENOMEM ? r : 0;
}

static int print(const struct state *state, const struct members *members,
		 const struct conf *before, const struct conf *conf, bool *ret_differs)
{
	int r;

	if (!before)
		puts("nothing is in force now");
	r = compare_confs(before, conf, stdout, ret_differs);
	return r ? r : compare_users(state, members, before, conf, stdout);
}

int ctl_diff(const char *source, const struct conf *conf, struct diag *diag, bool *ret_differs)
{
	_cleanup_(conf_free_p) struct conf *before = NULL;
	_cleanup_(state_close) struct state state = STATE_INIT;
	struct members members = { 0 };
	struct apply apply = {
		.source = source,
		.conf = conf,
		.state = &state,
		.diag = diag,
	};
	int r;

	/* No lock: nothing is changed, and whoever logs in is not to wait. */
	r = state_open(&state, false);
	if (!r)
		r = members_find(&state, conf, &members);
	else if (r == -ENOENT)
		r = 0;
	if (!r)
		r = load_before(source, &before);
	apply.before = before;
	if (!r && diag)
		r = apply_check(&apply, &members);
	if (!r)
		r = print(&state, &members, before, conf, ret_differs);
	members_done(&members);
	return r;
}
