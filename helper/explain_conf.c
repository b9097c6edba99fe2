/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/explain.h"
#include "helper/fw.h"
#include "helper/nl.h"

int explain_start(struct explain *x, const struct conf *conf, const char *path, struct diag *diag)
{
	int r;

	*x = (struct explain){ .conf = conf, .path = path };
	r = machine_init(&x->machine, conf);
	if (r)
		return r;
	r = machine_look(&x->machine);
	if (!r)
		r = fw_compile(conf, &x->machine.context, diag, &x->table);
	if (!r)
		r = fw_eval_init(&x->eval, x->table);
	if (r)
		return r;
	x->sessions = calloc(conf->n_policies + 1, sizeof(struct fw_table *));
	x->has_session = calloc(conf->n_policies + 1, sizeof(*x->has_session));
	return x->sessions && x->has_session ? 0 : -ENOMEM;
}

void explain_done(struct explain *x)
{
	for (size_t i = 0; x->sessions && i < x->conf->n_policies; i++)
		fw_free(x->sessions[i]);
	free(x->sessions);
	free(x->has_session);
	members_done(&x->members);
	fw_free(x->table);
	nl_close_p(&x->routes);
	machine_done(&x->machine);
}

int explain_session_table(struct explain *x, const struct conf_policy *policy,
			  const struct fw_table **ret_table)
{
	size_t i = policy->index;
	int r = 0;

	if (!x->has_session[i])
		r = fw_compile_session(x->conf, policy, &x->machine.context, &x->sessions[i]);
	x->has_session[i] = r == 0;
	*ret_table = x->sessions[i];
	return r;
}

void answer_done(struct answer *a)
{
	person_done(&a->person);
	free(a->exempt);
	free(a->decided_by);
	free(a->decided_at);
	end_done(&a->end);
}
