/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "conf/check.h"
#include "conf/parse.h"

/*
 * A port of the host leads to one user's session.  Finds those that are
 * published for several: whoever logs in second does not get them.
 */

/* Whom the lines of a policy are for, as long as that is one user. */
struct person {
	const struct conf_session *line; /* NULL: nobody yet */
	const struct conf_who *name; /* one of the two, or both */
	const struct conf_who *uid;
	bool several;
};

/* False: the line may be for more than one. */
static bool is_for_one(const struct conf_session *line, struct person *person)
{
	*person = (struct person){ .line = line };
	for (size_t i = 0; i < line->n_who; i++) {
		const struct conf_who *who = &line->who[i];

		if (who->kind == CONF_WHO_USER) {
			if (person->name && strcmp(person->name->name, who->name) != 0)
				return false;
			person->name = who;
		} else if (who->kind == CONF_WHO_UIDS && who->first == who->last) {
			if (person->uid && person->uid->first != who->first)
				return false;
			person->uid = who;
		} else {
			return false;
		}
	}
	return true;
}

/* Whose uid a name is, is not known here. */
static bool may_be_same(const struct person *a, const struct person *b)
{
	if (a->uid && b->uid)
		return a->uid->first == b->uid->first;
	return !a->name || !b->name || strcmp(a->name->name, b->name->name) == 0;
}

static const struct conf_statement *find_publish(const struct conf_policy *policy)
{
	const struct conf_statement *s;
	struct conf_walk walk;

	conf_walk_start(&walk, policy);
	while ((s = conf_walk_next(&walk)) && s->kind != CONF_PUBLISH)
		;
	return s;
}

static const char *proto_of(const struct conf_statement *s)
{
	return keyword_name(&keywords_proto, (int)s->publish.proto);
}

static void report_line(struct check *c, const struct conf_session *line,
			const struct conf_statement *s)
{
	parse_report(c->p, DIAG_WARNING, &line->name_place,
		     "only one user at a time can have %s port %u, which this policy publishes: "
		     "%s:%u",
		     proto_of(s), s->publish.port, s->place.file, s->place.line);
}

static void report_lines(struct check *c, const struct conf_session *second,
			 const struct conf_session *first, const struct conf_statement *s)
{
	parse_report(c->p, DIAG_WARNING, &second->name_place,
		     "only one user at a time can have %s port %u: it is published by the session "
		     "line of %s:%u too",
		     proto_of(s), s->publish.port, first->place.file, first->place.line);
}

/* people: by the number of the policy. */
static void check_line(struct check *c, const struct conf_session *line, struct person *people)
{
	const struct conf_statement *s = find_publish(line->policy);
	struct person *before = &people[line->policy->index];
	struct person person;

	if (!s)
		return;
	if (!is_for_one(line, &person)) {
		report_line(c, line, s);
		before->several = true;
	} else if (before->line && !may_be_same(before, &person)) {
		report_lines(c, line, before->line, s);
		before->several = true;
	} else {
		before->line = before->line ? before->line : line;
		before->name = before->name ? before->name : person.name;
		before->uid = before->uid ? before->uid : person.uid;
	}
}

/* Different policies, each for one user. */
static int check_ports(struct check *c, const struct conf_policy *policy,
		       const struct person *person, struct table *ports)
{
	const struct conf_statement *s;
	struct conf_walk walk;

	conf_walk_start(&walk, policy);
	while ((s = conf_walk_next(&walk))) {
		const struct table_key key = {
			.number = (uint64_t)s->publish.proto << 16 | s->publish.port,
		};
		const struct person *first;
		const void **slot;

		if (s->kind != CONF_PUBLISH)
			continue;
		slot = table_at(ports, &key);
		if (!slot)
			return -ENOMEM;
		first = *slot;
		if (first && !may_be_same(first, person)) {
			report_lines(c, person->line, first->line, s);
			return 0;
		}
		*slot = first ? first : person;
	}
	return 0;
}

int check_publish(struct check *c)
{
	const struct conf *conf = c->conf;
	_cleanup_free_ struct person *people = calloc(conf->n_policies + 1, sizeof(*people));
	_cleanup_(table_done) struct table ports = { 0 };
	int r = 0;

	if (!people)
		return -ENOMEM;
	for (size_t i = 0; i < conf->n_sessions; i++) {
		if (conf->sessions[i]->policy)
			check_line(c, conf->sessions[i], people);
	}
	for (size_t i = 0; i < conf->n_policies && r == 0; i++) {
		if (people[i].line && !people[i].several)
			r = check_ports(c, conf->policies[i], &people[i], &ports);
	}
	return r;
}
