/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <string.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/explain.h"
#include "helper/fw.h"
#include "helper/fw_build.h"

const char *const explain_verdicts[N_EXPLAIN_VERDICTS] = {
	[EXPLAIN_ALLOW] = "allow",
	[EXPLAIN_REJECT] = "reject",
	[EXPLAIN_DROP] = "drop",
	[EXPLAIN_UNREACHABLE] = "unreachable",
	[EXPLAIN_UNFILTERED] = "unfiltered",
};

const char *const explain_reasons[N_EXPLAIN_REASONS] = {
	[EXPLAIN_RULE] = "rule",
	[EXPLAIN_PUBLISH] = "publish",
	[EXPLAIN_DNS] = "dns",
	[EXPLAIN_CONNECTIONS] = "connections",
	[EXPLAIN_DEFAULT] = "default",
	[EXPLAIN_PROTECTION] = "protection",
	[EXPLAIN_INSIDE] = "inside",
	[EXPLAIN_LOOPBACK] = "loopback",
	[EXPLAIN_HOST] = "host",
	[EXPLAIN_STAY] = "stay",
	[EXPLAIN_JOIN] = "join",
	[EXPLAIN_NOT_OURS] = "not-ours",
	[EXPLAIN_NO_ADDRESS] = "no-address",
	[EXPLAIN_OTHER_USER] = "other-user",
};

/* The policy that a chain is of; the chains are named by the compiler (fw_policy.c). */
static const struct conf_policy *policy_of(const struct conf *conf, const struct fw_chain *chain)
{
	static const char *const prefixes[] = { "out_", "in_", "host_", "from_host_" };

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t n = strlen(prefixes[i]);

		if (strncmp(chain->name, prefixes[i], n) != 0)
			continue;
		for (size_t j = 0; j < conf->n_policies; j++) {
			if (strcmp(conf->policies[j]->name, chain->name + n) == 0)
				return conf->policies[j];
		}
	}
	return NULL;
}

static bool is_of(const struct conf_statement *s, const char *comment)
{
	const struct fw_place place = fw_place(&s->place);

	return s->kind != CONF_USE && strcmp(place.text, comment) == 0;
}

/* The statement that a rule was made of: its comment has the place. */
static const struct conf_statement *statement_of(const struct conf_policy *policy,
						 const char *comment)
{
	const struct conf_statement *s;
	struct conf_walk walk;

	conf_walk_start(&walk, policy);
	while ((s = conf_walk_next(&walk)))
		if (is_of(s, comment))
			return s;
	return NULL;
}

static enum explain_reason reason_of(const struct explain_step *step)
{
	static const enum explain_reason reasons[] = {
		[CONF_USE] = EXPLAIN_DEFAULT,       [CONF_RULE] = EXPLAIN_RULE,
		[CONF_PUBLISH] = EXPLAIN_PUBLISH,   [CONF_DNS] = EXPLAIN_DNS,
		[CONF_RATE] = EXPLAIN_DEFAULT,      [CONF_CONNECTIONS] = EXPLAIN_CONNECTIONS,
		[CONF_NAT_PORTS] = EXPLAIN_DEFAULT,
	};

	if (!step->policy)
		return EXPLAIN_PROTECTION;
	if (step->statement)
		return reasons[step->statement->kind];
	if (step->rule && step->rule->comment && strcmp(step->rule->comment, "dns") == 0)
		return EXPLAIN_DNS;
	return EXPLAIN_DEFAULT;
}

static void add_step(const struct explain *x, const struct fw_step *from, struct answer *a)
{
	struct explain_step *step;

	if (a->n_steps == EXPLAIN_STEPS_MAX)
		return;
	step = &a->steps[a->n_steps++];
	*step = (struct explain_step){ .rule = from->rule, .chain = from->chain };
	step->policy = policy_of(x->conf, from->chain);
	if (step->policy && from->rule && from->rule->comment)
		step->statement = statement_of(step->policy, from->rule->comment);
	step->reason = reason_of(step);
}

/* What let it pass because it is not about it says nothing. */
void explain_read_decision(const struct explain *x, const struct fw_decision *decision,
			   struct answer *a)
{
	static const enum explain_verdict verdicts[] = {
		[FW_VERDICT_ACCEPT] = EXPLAIN_ALLOW,
		[FW_VERDICT_DROP] = EXPLAIN_DROP,
		[FW_VERDICT_REJECT] = EXPLAIN_REJECT,
		[FW_VERDICT_RESET] = EXPLAIN_REJECT,
	};

	a->verdict = verdicts[decision->verdict];
	a->reset = decision->verdict == FW_VERDICT_RESET;
	for (size_t i = 0; i < decision->n_steps; i++) {
		bool refuses = a->verdict != EXPLAIN_ALLOW && i + 1 == decision->n_steps;

		if (refuses || !decision->steps[i].chain->base)
			add_step(x, &decision->steps[i], a);
	}
	if (a->n_steps == 0)
		a->reason = EXPLAIN_NOT_OURS;
	else
		a->reason = a->steps[a->n_steps - 1].reason;
}

/* What a policy opens only by name, where nothing in it has. */
const char *explain_hint(const struct answer *a, const struct question *q)
{
	if (a->reason != EXPLAIN_DEFAULT || a->n_steps == 0)
		return NULL;
	if (a->end.party == PARTY_HOST)
		return "this is the host itself, which only 'host' means in a rule";
	if (a->end.party == PARTY_USER || a->end.party == PARTY_NOBODY)
		return "this is an address of users, which only 'users' means in a rule";
	if (fw_is_metadata(&a->target) || fw_is_metadata(&a->source))
		return "this is of a cloud's metadata, which only 'metadata' or its own address "
		       "means in a rule";
	(void)q;
	return NULL;
}
