/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/base.h"
#include "conf/conf.h"
#include "helper/confined.h"
#include "helper/ctl_fw.h"
#include "helper/fw.h"
#include "helper/span.h"

/* This machine, and what a fw_context of it points to. */
struct machine {
	struct fw_context context;
	struct fw_uids *confined;
};

static void machine_done(struct machine *m)
{
	free(m->confined);
}

static int find_confined(const struct conf *conf, struct machine *m)
{
	_cleanup_(spans_done) struct spans uids = { 0 };
	int r;

	r = confined_uids(conf, &uids);
	if (r < 0)
		return r;
	m->confined = calloc(uids.n + 1, sizeof(*m->confined));
	if (!m->confined)
		return -ENOMEM;
	for (size_t i = 0; i < uids.n; i++) {
		m->confined[i].first = span_first_number(&uids.list[i], uids.width);
		m->confined[i].last = span_last_number(&uids.list[i], uids.width);
	}
	m->context.confined = m->confined;
	m->context.n_confined = uids.n;
	return 0;
}

int ctl_fw_compile(const struct conf *conf, struct diag *diag, struct fw_table **ret_table)
{
	_cleanup_(machine_done) struct machine m = { 0 };
	int r;

	r = find_confined(conf, &m);
	return r < 0 ? r : fw_compile(conf, &m.context, diag, ret_table);
}
