/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/base.h"
#include "conf/conf.h"
#include "helper/confined.h"
#include "helper/ground.h"
#include "helper/machine.h"
#include "helper/span.h"

int machine_init(struct machine *machine, const struct conf *conf)
{
	_cleanup_(spans_done) struct spans uids = { 0 };
	int r;

	r = confined_uids(conf, &uids);
	if (r < 0)
		return r;
	machine->confined = calloc(uids.n + 1, sizeof(*machine->confined));
	if (!machine->confined)
		return -ENOMEM;
	for (size_t i = 0; i < uids.n; i++) {
		machine->confined[i].first = span_first_number(&uids.list[i], uids.width);
		machine->confined[i].last = span_last_number(&uids.list[i], uids.width);
	}
	machine->context.confined = machine->confined;
	machine->context.n_confined = uids.n;
	return 0;
}

void machine_look(struct machine *machine)
{
	machine->context.resolvers = machine->resolvers;
	machine->context.n_resolvers = resolvers_find(machine->resolvers);
	machine->context.restrict_forward = !ground_was_router();
}

void machine_done(struct machine *machine)
{
	free(machine->confined);
}
