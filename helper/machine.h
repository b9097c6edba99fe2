/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_MACHINE_H
#define HELPER_MACHINE_H

#include "helper/fw.h"
#include "helper/resolvers.h"

struct conf;

/*
 * What the firewall depends on beside the configuration, as fw_compile() wants
 * it.  0 or a negative errno.
 */
struct machine {
	struct fw_context context; /* points to the rest */
	struct fw_uids *confined;
	fw_link_name *routers4;
	struct conf_prefix resolvers[RESOLVERS_MAX];
	bool exempts; /* a stack of PAM has an exempt_group: nobody is confined for certain */
};

/* What follows from the configuration, the user data base and the stacks of PAM. */
int machine_init(struct machine *machine, const struct conf *conf);
/* The same, whatever the stacks say now. */
int machine_init_as(struct machine *machine, const struct conf *conf, bool exempts);

/* And what this machine is like now: its resolvers, and whether it is a router. */
int machine_look(struct machine *machine);
void machine_done(struct machine *machine);

#endif
