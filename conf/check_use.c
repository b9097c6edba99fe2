/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "conf/check.h"
#include "conf/parse.h"

/* The tree links with const: what is marked is reached by its number. */
static void mark_list(struct check *c, const struct conf_addresses *list)
{
	c->conf->addresses[list->index]->used = true;
}

static void mark_targets(struct check *c, const struct conf_target *targets, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (targets[i].list)
			mark_list(c, targets[i].list);
	}
}

/* A list in a policy that nobody uses is not the one to complain about. */
static void mark_lists(struct check *c, const struct conf_policy *policy)
{
	for (size_t i = 0; i < policy->n_statements; i++) {
		const struct conf_statement *s = &policy->statements[i];

		if (s->kind == CONF_RULE)
			mark_targets(c, s->rule.targets, s->rule.n_targets);
		else if (s->kind == CONF_PUBLISH)
			mark_targets(c, s->publish.from, s->publish.n_from);
	}
}

static void mark_members(struct check *c, const struct conf_addresses *list)
{
	for (size_t i = 0; i < list->n_members && list->used; i++) {
		if (list->members[i].list)
			mark_list(c, list->members[i].list);
	}
}

static void mark_policy(struct check *c, const struct conf_policy *policy)
{
	c->conf->policies[policy->index]->used = true;
}

static void mark_uses(struct check *c, const struct conf_policy *policy)
{
	for (size_t i = 0; i < policy->n_statements && policy->used; i++) {
		if (policy->statements[i].kind == CONF_USE)
			mark_policy(c, policy->statements[i].use.policy);
	}
}

/* From the end of the order on, whoever uses another one comes before it. */
void check_use(struct check *c)
{
	const struct conf *conf = c->conf;

	for (size_t i = 0; i < conf->n_sessions; i++) {
		if (conf->sessions[i]->policy)
			mark_policy(c, conf->sessions[i]->policy);
	}
	for (size_t i = conf->n_policies; i-- > 0;)
		mark_uses(c, conf->policies[c->policies[i]]);
	for (size_t i = 0; i < conf->n_policies; i++)
		mark_lists(c, conf->policies[i]);
	for (size_t i = conf->n_addresses; i-- > 0;)
		mark_members(c, conf->addresses[c->lists[i]]);
}

void check_unused(struct check *c)
{
	for (size_t i = 0; i < c->conf->n_addresses; i++) {
		const struct conf_addresses *list = c->conf->addresses[i];

		if (!list->used)
			parse_report(c->p, DIAG_WARNING, &list->place,
				     "no rule uses the address list '%s'", list->name);
	}
	for (size_t i = 0; i < c->conf->n_policies; i++) {
		const struct conf_policy *policy = c->conf->policies[i];

		if (!policy->used)
			parse_report(c->p, DIAG_WARNING, &policy->place,
				     "no session uses the policy '%s'", policy->name);
	}
}

static int check_member(struct check *c, const struct conf_addresses *list, size_t i,
			struct table *seen)
{
	const struct conf_member *member = &list->members[i], *first;
	struct table_key key = {
		.space = (uint32_t)list->index,
		.text = member->name,
		.length = member->name ? strlen(member->name) : 0,
	};
	const void **slot;

	if (!member->name) {
		key.number = (uint64_t)member->prefix.family << 8 | member->prefix.length;
		key.text = member->prefix.bytes;
		key.length = sizeof(member->prefix.bytes);
	}
	slot = table_at(seen, &key);
	if (!slot)
		return -ENOMEM;
	first = *slot;
	if (first)
		parse_report(c->p, DIAG_WARNING, &member->place,
			     "this one is in the list already: %s:%u", first->place.file,
			     first->place.line);
	*slot = member;
	return 0;
}

int check_members(struct check *c)
{
	_cleanup_(table_done) struct table seen = { 0 };
	int r = 0;

	for (size_t i = 0; i < c->conf->n_addresses; i++) {
		const struct conf_addresses *list = c->conf->addresses[i];

		for (size_t j = 0; j < list->n_members && r == 0; j++)
			r = check_member(c, list, j, &seen);
	}
	return r;
}

static void check_prefix(struct check *c, const struct conf_prefix *prefix,
			 const struct conf_place *place)
{
	const struct conf_settings *s = &c->conf->settings;

	if (conf_prefix_contains(&s->pool4, prefix) || conf_prefix_contains(&s->pool6, prefix))
		parse_report(c->p, DIAG_WARNING, place,
			     "only 'users' stands for addresses in the pool of the sessions");
}

static void check_targets(struct check *c, const struct conf_target *targets, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (targets[i].kind == CONF_TARGET_PREFIX)
			check_prefix(c, &targets[i].prefix, &targets[i].place);
	}
}

/* Which address a session has is not for a rule to know: it may be another's tomorrow. */
void check_pools(struct check *c)
{
	for (size_t i = 0; i < c->conf->n_addresses; i++) {
		const struct conf_addresses *list = c->conf->addresses[i];

		for (size_t j = 0; j < list->n_members; j++) {
			if (!list->members[j].name)
				check_prefix(c, &list->members[j].prefix, &list->members[j].place);
		}
	}
	for (size_t i = 0; i < c->conf->n_policies; i++) {
		const struct conf_policy *policy = c->conf->policies[i];

		for (size_t j = 0; j < policy->n_statements; j++) {
			const struct conf_statement *s = &policy->statements[j];

			if (s->kind == CONF_RULE)
				check_targets(c, s->rule.targets, s->rule.n_targets);
			else if (s->kind == CONF_PUBLISH)
				check_targets(c, s->publish.from, s->publish.n_from);
		}
	}
}
