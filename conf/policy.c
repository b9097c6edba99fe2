/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/base.h"
#include "conf/conf.h"
#include "conf/nat.h"

void conf_walk_start(struct conf_walk *walk, const struct conf_policy *policy)
{
	walk->policies[0] = policy;
	walk->next[0] = 0;
	walk->depth = 0;
	walk->entering = NULL;
}

const struct conf_statement *conf_walk_next(struct conf_walk *walk)
{
	const struct conf_statement *s;

	if (walk->entering) {
		walk->depth++;
		walk->policies[walk->depth] = walk->entering;
		walk->next[walk->depth] = 0;
	}
	while (walk->next[walk->depth] == walk->policies[walk->depth]->n_statements) {
		if (walk->depth == 0)
			return NULL;
		walk->depth--;
	}
	s = &walk->policies[walk->depth]->statements[walk->next[walk->depth]++];
	walk->entering = s->kind == CONF_USE ? s->use.policy : NULL;
	return s;
}

static const struct conf_statement *find_own(const struct conf_policy *policy,
					     enum conf_statement_kind kind)
{
	for (size_t i = 0; i < policy->n_statements; i++) {
		if (policy->statements[i].kind == kind)
			return &policy->statements[i];
	}
	return NULL;
}

/* A policy is met before those that it uses, so its own statement comes before theirs. */
const struct conf_statement *conf_policy_find(const struct conf_policy *policy,
					      enum conf_statement_kind kind)
{
	const struct conf_statement *found = find_own(policy, kind);
	struct conf_walk walk;

	conf_walk_start(&walk, policy);
	while (!found && conf_walk_next(&walk)) {
		if (walk.entering)
			found = find_own(walk.entering, kind);
	}
	return found;
}

uint32_t conf_nat_blocks(uint16_t ports)
{
	return (CONF_NAT_LAST - CONF_NAT_FIRST + 1) / ports;
}

struct conf_block conf_nat_block(uint16_t ports, uint32_t number)
{
	uint32_t first = CONF_NAT_FIRST + number * ports;

	return (struct conf_block){ (uint16_t)first, (uint16_t)(first + ports - 1) };
}

struct conf_block conf_nat_block_of(uint16_t ports, uint32_t uid)
{
	return conf_nat_block(ports, uid % conf_nat_blocks(ports));
}

uint16_t conf_nat_ports(const struct conf *conf)
{
	const struct conf_statement *s = NULL;

	for (size_t i = 0; i < conf->n_sessions && !s; i++)
		if (conf->sessions[i]->policy)
			s = conf_policy_find(conf->sessions[i]->policy, CONF_NAT_PORTS);
	return s ? s->nat_ports : 0;
}

const struct conf_dns *conf_policy_dns(const struct conf *conf, const struct conf_policy *policy)
{
	const struct conf_statement *statement = conf_policy_find(policy, CONF_DNS);

	return statement ? &statement->dns : &conf->settings.dns;
}
