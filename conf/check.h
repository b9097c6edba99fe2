/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONF_CHECK_H
#define CONF_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/table.h"

struct conf;
struct conf_parser;

/*
 * What the parser cannot see in one statement.  The functions return 0 or
 * -ENOMEM; what is wrong goes to the diagnostics.
 */
struct check {
	struct conf_parser *p;
	struct conf *conf;
	struct table names; /* of policies and lists */
	unsigned n_guesses;
	size_t *lists; /* numbers: a list comes behind those in it */
	size_t *policies; /* likewise */
	bool endless; /* a loop, or so deep or large that nothing should follow it all */
};

/* flags: enum conf_load_flags */
int check_conf(struct conf_parser *p, unsigned flags);

int check_names(struct check *c);
int check_nesting(struct check *c);
int check_policies(struct check *c);
void check_servers(struct check *c);
void check_nat_sizes(struct check *c);
void check_use(struct check *c);

/* The searches for what has no effect; only for a conf without errors. */
void check_any_session(const struct check *c);
void check_unused(struct check *c);
int check_members(struct check *c);
int check_publish(struct check *c);
void check_nat(struct check *c);
void check_pools(struct check *c);
int check_rules(struct check *c);
int check_sessions(struct check *c);

#endif
