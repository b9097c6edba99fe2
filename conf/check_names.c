/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "conf/check.h"
#include "conf/parse.h"

/* Name spaces of the table. */
enum {
	POLICY,
	LIST,
};

static const char *const kinds[] = { [POLICY] = "policy", [LIST] = "address list" };

/* A search through all names for each of thousands of mistakes helps nobody. */
#define GUESSES_MAX 100U

static struct table_key name_key(unsigned space, const char *name)
{
	return (struct table_key){ .space = space, .text = name, .length = strlen(name) };
}

static void report_undefined(struct check *c, unsigned space, const char *name,
			     const struct conf_place *place)
{
	struct suggestion s;

	/* What is missing here may stand in the part that could not be read. */
	if (c->p->incomplete)
		return;
	suggest_start(&s, name, strlen(name));
	if (c->n_guesses++ < GUESSES_MAX) {
		for (size_t i = 0; space == POLICY && i < c->conf->n_policies; i++) {
			if (c->conf->policies[i]->name)
				suggest_name(&s, c->conf->policies[i]->name);
		}
		for (size_t i = 0; space == LIST && i < c->conf->n_addresses; i++) {
			if (c->conf->addresses[i]->name)
				suggest_name(&s, c->conf->addresses[i]->name);
		}
		if (space == LIST)
			suggest_keyword(&s, &keywords_reserved);
	}
	if (s.best)
		parse_report(c->p, DIAG_ERROR, place, "undefined %s '%s', did you mean '%s'?",
			     kinds[space], name, s.best);
	else
		parse_report(c->p, DIAG_ERROR, place, "undefined %s '%s'", kinds[space], name);
}

static const void *find(struct check *c, unsigned space, const char *name,
			const struct conf_place *place)
{
	struct table_key key = name_key(space, name);
	const void *found = table_get(&c->names, &key);

	if (!found)
		report_undefined(c, space, name, place);
	return found;
}

/* place belongs to object. */
static int define(struct check *c, unsigned space, const char *name, const struct conf_place *place,
		  const void *object)
{
	struct table_key key;
	const void **slot;
	const struct conf_place *first;

	/* The head of the definition was wrong, which has been said. */
	if (!name)
		return 0;
	key = name_key(space, name);
	slot = table_at(&c->names, &key);
	if (!slot)
		return -ENOMEM;
	if (!*slot) {
		*slot = object;
		return 0;
	}
	first = space == POLICY ? &((const struct conf_policy *)*slot)->place
				: &((const struct conf_addresses *)*slot)->place;
	parse_report(c->p, DIAG_ERROR, place, "%s '%s' is defined already: %s:%u", kinds[space],
		     name, first->file, first->line);
	return 0;
}

static int define_all(struct check *c)
{
	const struct conf *conf = c->conf;
	int r;

	for (size_t i = 0; i < conf->n_addresses; i++) {
		const struct conf_addresses *list = conf->addresses[i];

		r = define(c, LIST, list->name, &list->place, list);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < conf->n_policies; i++) {
		const struct conf_policy *policy = conf->policies[i];

		r = define(c, POLICY, policy->name, &policy->place, policy);
		if (r < 0)
			return r;
	}
	return 0;
}

static void find_members(struct check *c, const struct conf_addresses *list)
{
	for (size_t i = 0; i < list->n_members; i++) {
		struct conf_member *member = &list->members[i];

		if (member->name)
			member->list = find(c, LIST, member->name, &member->place);
	}
}

static void find_targets(struct check *c, struct conf_target *targets, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (targets[i].kind == CONF_TARGET_LIST)
			targets[i].list = find(c, LIST, targets[i].name, &targets[i].place);
	}
}

static void find_in_policy(struct check *c, const struct conf_policy *policy)
{
	for (size_t i = 0; i < policy->n_statements; i++) {
		struct conf_statement *s = &policy->statements[i];

		if (s->kind == CONF_USE)
			s->use.policy = find(c, POLICY, s->use.name, &s->place);
		else if (s->kind == CONF_RULE)
			find_targets(c, s->rule.targets, s->rule.n_targets);
		else if (s->kind == CONF_PUBLISH)
			find_targets(c, s->publish.from, s->publish.n_from);
	}
}

/* Definitions may stand behind their uses: the order of files in a directory is arbitrary. */
int check_names(struct check *c)
{
	const struct conf *conf = c->conf;
	int r;

	r = define_all(c);
	if (r < 0)
		return r;
	for (size_t i = 0; i < conf->n_addresses; i++)
		find_members(c, conf->addresses[i]);
	for (size_t i = 0; i < conf->n_policies; i++)
		find_in_policy(c, conf->policies[i]);
	for (size_t i = 0; i < conf->n_sessions; i++) {
		struct conf_session *session = conf->sessions[i];

		if (session->network == CONF_NET_VETH)
			session->policy = find(c, POLICY, session->name, &session->name_place);
	}
	return 0;
}
