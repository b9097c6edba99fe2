/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/array.h"
#include "conf/check.h"
#include "conf/covers.h"
#include "conf/parse.h"

/*
 * Finds rules that an earlier one covers.  Every two rules of a policy are
 * compared, within a budget that no configuration of a sane size uses up: when
 * it does, that costs warnings and nothing else.
 */
#define COMPARISONS_MAX 2000000U

/* A rule of an expanded policy. */
struct entry {
	const struct conf_statement *statement; /* the rule */
	const struct rule_set *set;
	size_t origin; /* number of the policy's own statement by which it is here */
};

struct search {
	struct check *c;
	struct covers covers;
	struct entry *entries;
	size_t n_entries;
};

static void search_done(struct search *s)
{
	covers_done(&s->covers);
	free(s->entries);
}

/* What decides before entry i; rules of one origin are compared where they are written. */
static const struct entry *find_cover(struct search *s, size_t i)
{
	for (size_t j = 0; j < i && s->covers.comparisons < COMPARISONS_MAX; j++) {
		if (s->entries[j].origin < s->entries[i].origin &&
		    covers_rule(&s->covers, s->entries[j].set, s->entries[i].set))
			return &s->entries[j];
	}
	return NULL;
}

static int expand(struct search *s, const struct conf_policy *policy)
{
	const struct conf_statement *statement;
	struct conf_walk walk;

	s->n_entries = 0;
	conf_walk_start(&walk, policy);
	while ((statement = conf_walk_next(&walk))) {
		size_t in_policy = walk.policies[walk.depth]->index;
		struct entry *entry;

		if (statement->kind != CONF_RULE)
			continue;
		entry = array_add(s->entries, s->n_entries);
		if (!entry)
			return -ENOMEM;
		entry->statement = statement;
		entry->set = &s->covers.sets[in_policy][walk.next[walk.depth] - 1];
		entry->origin = walk.next[0] - 1;
	}
	return 0;
}

/* Some rules of a used policy may be overruled on purpose; all of them, hardly. */
static void report_use(struct search *s, const struct conf_statement *use, size_t first, size_t n)
{
	for (size_t i = first; i < first + n; i++) {
		if (!find_cover(s, i))
			return;
	}
	parse_report(s->c->p, DIAG_WARNING, &use->place,
		     "no rule of '%s' ever matches here: those before it decide", use->use.name);
}

static void report_rule(struct search *s, size_t i)
{
	const struct entry *cover = find_cover(s, i);

	if (cover)
		parse_report(s->c->p, DIAG_WARNING, &s->entries[i].statement->place,
			     "this rule never matches: %s:%u decides before it",
			     cover->statement->place.file, cover->statement->place.line);
}

static int search_policy(struct search *s, const struct conf_policy *policy)
{
	int r;

	r = expand(s, policy);
	for (size_t i = 0, n; i < s->n_entries && r == 0; i += n) {
		const struct conf_statement *own = &policy->statements[s->entries[i].origin];

		for (n = 1; i + n < s->n_entries; n++) {
			if (s->entries[i + n].origin != s->entries[i].origin)
				break;
		}
		if (own->kind == CONF_USE)
			report_use(s, own, i, n);
		else
			report_rule(s, i);
	}
	return r;
}

int check_rules(struct check *c)
{
	_cleanup_(search_done) struct search s = {
		.c = c,
		.covers = { .conf = c->conf, .order = c->lists },
	};
	int r;

	r = covers_build(&s.covers);
	for (size_t i = 0; i < c->conf->n_policies && r == 0; i++) {
		if (s.covers.comparisons < COMPARISONS_MAX)
			r = search_policy(&s, c->conf->policies[i]);
	}
	return r;
}
