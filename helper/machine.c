/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/confined.h"
#include "helper/exempt.h"
#include "helper/ground.h"
#include "helper/machine.h"
#include "helper/span.h"

static bool is_enough(void *data, const char *path, const char *group)
{
	(void)data;
	(void)path;
	(void)group;
	return true;
}

/*
 * Such groups count as a first line "session @GROUP host" would.  Who is in a
 * group is not known here, so nobody is confined for certain: what remains of
 * the tripwire is for those who have a confined session.
 */
int machine_init(struct machine *machine, const struct conf *conf)
{
	bool exempts;
	int r = exempt_search(is_enough, NULL, &exempts);

	return r ? r : machine_init_as(machine, conf, exempts);
}

int machine_init_as(struct machine *machine, const struct conf *conf, bool exempts)
{
	_cleanup_(spans_done) struct spans uids = { 0 };
	int r = exempts ? 0 : confined_uids(conf, &uids);

	if (r < 0)
		return r;
	machine->exempts = exempts;
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

int machine_look(struct machine *machine)
{
	bool was4, was6;
	int r;

	machine->context.resolvers = machine->resolvers;
	machine->context.n_resolvers = resolvers_find(machine->resolvers);
	r = ground_was_router(AF_INET, &was4);
	if (!r)
		r = ground_was_router(AF_INET6, &was6);
	if (r)
		return r;
	machine->context.restrict_forward4 = !was4;
	machine->context.restrict_forward6 = !was6;
	r = ground_list_routers4(&machine->routers4, &machine->context.n_routers4);
	machine->context.routers4 = machine->routers4;
	return r;
}

void machine_done(struct machine *machine)
{
	free(machine->confined);
	free(machine->routers4);
}
