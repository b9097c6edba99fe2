/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/check.h"
#include "conf/parse.h"

static void check_done(struct check *c)
{
	table_done(&c->names);
	free(c->lists);
	free(c->policies);
}

/* What would make the configuration mean something else than it says. */
static int find_errors(struct check *c)
{
	int r;

	r = check_names(c);
	if (r < 0)
		return r;
	r = check_nesting(c);
	if (r < 0)
		return r;
	check_servers(c);
	check_nat_sizes(c);
	return check_policies(c);
}

/* What means nothing.  Between errors it would be guesswork. */
static int find_useless(struct check *c)
{
	int r;

	check_any_session(c);
	check_unused(c);
	check_pools(c);
	check_nat(c);
	r = check_members(c);
	if (r < 0)
		return r;
	r = check_rules(c);
	if (r < 0)
		return r;
	r = check_publish(c);
	return r < 0 ? r : check_sessions(c);
}

int check_conf(struct conf_parser *p, unsigned flags)
{
	_cleanup_(check_done) struct check c = { .p = p, .conf = p->conf };
	int r;

	r = find_errors(&c);
	if (r < 0)
		return r;
	if (diag_count(p->diag, DIAG_ERROR) > p->n_errors_before)
		return 0;
	check_use(&c);
	return flags & CONF_LOAD_QUICK ? 0 : find_useless(&c);
}
