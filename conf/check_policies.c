/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "conf/check.h"
#include "conf/parse.h"

/* Of which a policy has one. */
static const struct {
	enum conf_statement_kind kind;
	const char *name;
} singles[] = {
	{ CONF_DNS, "dns" },
	{ CONF_RATE, "rate" },
	{ CONF_CONNECTIONS, "connections" },
	{ CONF_NAT_PORTS, "nat ports" },
};

static void report_twice(struct check *c, const struct conf_place *second,
			 const struct conf_place *first, const char *what)
{
	parse_report(c->p, DIAG_ERROR, second, "a second %s in this policy: the first is %s:%u",
		     what, first->file, first->line);
}

/* Two in the policy itself.  Its own one and a used one are no conflict: conf_policy_find(). */
static const struct conf_statement *find_own(struct check *c, const struct conf_policy *policy,
					     enum conf_statement_kind kind, const char *name)
{
	const struct conf_statement *first = NULL;

	for (size_t i = 0; i < policy->n_statements; i++) {
		const struct conf_statement *s = &policy->statements[i];

		if (s->kind == kind && first)
			report_twice(c, &s->place, &first->place, name);
		else if (s->kind == kind)
			first = s;
	}
	return first;
}

/* One that comes by two uses, unless it is the same one. */
static void check_used_twice(struct check *c, const struct conf_policy *policy,
			     enum conf_statement_kind kind, const char *name)
{
	const struct conf_statement *first = NULL, *found;

	for (size_t i = 0; i < policy->n_statements; i++) {
		const struct conf_statement *s = &policy->statements[i];

		if (s->kind != CONF_USE || !s->use.policy)
			continue;
		found = conf_policy_find(s->use.policy, kind);
		if (found && first && found != first)
			parse_report(c->p, DIAG_ERROR, &s->place,
				     "two policies used here differ in %s: write one here too",
				     name);
		first = first ? first : found;
	}
}

static void check_singles(struct check *c, const struct conf_policy *policy)
{
	for (size_t i = 0; i < ARRAY_SIZE(singles); i++) {
		if (!find_own(c, policy, singles[i].kind, singles[i].name) && !c->endless)
			check_used_twice(c, policy, singles[i].kind, singles[i].name);
	}
}

/* Using a policy again brings nothing new, so one of the two is a mistake. */
static int check_uses(struct check *c, const struct conf_policy *policy, struct table *seen)
{
	for (size_t i = 0; i < policy->n_statements; i++) {
		const struct conf_statement *s = &policy->statements[i], *first;
		struct table_key key = { .space = (uint32_t)policy->index };
		const void **slot;

		if (s->kind != CONF_USE)
			continue;
		key.text = s->use.name;
		key.length = strlen(s->use.name);
		slot = table_at(seen, &key);
		if (!slot)
			return -ENOMEM;
		first = *slot;
		if (first)
			report_twice(c, &s->place, &first->place, "use of the same policy");
		else
			*slot = s;
	}
	return 0;
}

/* at: in the policy itself, the statement by which s comes there. */
static int add_port(struct check *c, const struct conf_policy *policy,
		    const struct conf_statement *s, const struct conf_statement *at,
		    struct table *ports)
{
	const struct table_key key = {
		.space = (uint32_t)policy->index,
		.number = (uint64_t)s->publish.proto << 16 | s->publish.port,
	};
	const void **slot = table_at(ports, &key);
	const struct conf_statement *first;
	char what[48];

	if (!slot)
		return -ENOMEM;
	first = *slot;
	if (!first) {
		*slot = s;
	} else if (first != s) {
		snprintf(what, sizeof(what), "publish of %s port %u",
			 keyword_name(&keywords_proto, (int)s->publish.proto), s->publish.port);
		report_twice(c, &at->place, &first->place, what);
	}
	return 0;
}

static int check_ports(struct check *c, const struct conf_policy *policy, struct table *ports)
{
	const struct conf_statement *s;
	struct conf_walk walk;
	int r = 0;

	conf_walk_start(&walk, policy);
	while (r == 0 && (s = conf_walk_next(&walk))) {
		if (c->endless)
			walk.entering = NULL;
		if (s->kind == CONF_PUBLISH)
			r = add_port(c, policy, s, &policy->statements[walk.next[0] - 1], ports);
	}
	return r;
}

int check_policies(struct check *c)
{
	_cleanup_(table_done) struct table uses = { 0 }, ports = { 0 };
	int r = 0;

	for (size_t i = 0; i < c->conf->n_policies && r == 0; i++) {
		const struct conf_policy *policy = c->conf->policies[i];

		check_singles(c, policy);
		r = check_uses(c, policy, &uses);
		if (r == 0)
			r = check_ports(c, policy, &ports);
	}
	return r;
}

static void check_dns(struct check *c, const struct conf_dns *dns, const struct conf_place *place)
{
	const struct conf_settings *s = &c->conf->settings;
	char text[CONF_PREFIX_TEXT_MAX];

	for (size_t i = 0; i < dns->n_servers; i++) {
		const struct conf_prefix *server = &dns->servers[i];

		if (conf_prefix_contains(&s->pool4, server) ||
		    conf_prefix_contains(&s->pool6, server))
			parse_report(c->p, DIAG_ERROR, place,
				     "the server %s lies in the pool of the sessions",
				     conf_prefix_format(server, text));
	}
}

void check_servers(struct check *c)
{
	const struct conf_settings *settings = &c->conf->settings;

	check_dns(c, &settings->dns, &settings->set_at[CONF_SETTING_DNS]);
	for (size_t i = 0; i < c->conf->n_policies; i++) {
		const struct conf_policy *policy = c->conf->policies[i];

		for (size_t j = 0; j < policy->n_statements; j++) {
			const struct conf_statement *s = &policy->statements[j];

			if (s->kind == CONF_DNS)
				check_dns(c, &s->dns, &s->place);
		}
	}
}
