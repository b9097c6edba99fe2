/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONF_COVERS_H
#define CONF_COVERS_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/ranges.h"

struct conf;
struct conf_rule;

/* The addresses of a list, flattened. */
struct list_set {
	bool known; /* false: too many in all */
	struct ranges ranges;
};

struct rule_set {
	const struct conf_rule *rule;
	struct ranges targets; /* without its lists */
	struct ranges services;
};

/* Which rules match all that another one matches. */
struct covers {
	const struct conf *conf;
	const size_t *order; /* of the lists: one comes behind those in it */
	struct list_set *lists; /* by index */
	struct rule_set **sets; /* by index of the policy, then of the statement */
	size_t n_ranges;
	unsigned comparisons; /* so far: what the questions have cost */
};

int covers_build(struct covers *s);
void covers_done(struct covers *s);
bool covers_rule(struct covers *s, const struct rule_set *outer, const struct rule_set *inner);

#endif
