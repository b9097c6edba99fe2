/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/diag.h"
#include "conf/dump.h"
#include "helper/class.h"
#include "helper/compare.h"
#include "helper/members.h"
#include "helper/person.h"
#include "helper/state.h"

/* Of many users with the same change, so many are named. */
#define NAMED_MAX 12U

/* What a policy means, by kinds: as text, to be compared. */
struct meaning {
	char *text;
	size_t size;
};

struct comparison {
	const struct conf *before;
	const struct conf *conf;
	FILE *out;
};

/*
 * Within a policy
 */

static void put_list(const struct conf_addresses *list, FILE *out)
{
	for (size_t i = 0; i < list->n_members; i++) {
		if (list->members[i].list)
			put_list(list->members[i].list, out);
		else
			conf_dump_member(&list->members[i], out);
		fputc(' ', out);
	}
}

static void put_lists(const struct conf_target *targets, size_t n, FILE *out)
{
	for (size_t i = 0; i < n; i++)
		if (targets[i].list)
			put_list(targets[i].list, out);
}

static void put_dns(const struct conf_dns *dns, FILE *out)
{
	const struct conf_statement s = { .kind = CONF_DNS, .dns = *dns };

	conf_dump_statement(&s, out);
}

/* Of the kinds that come one after the other, all; of others, the one that holds. */
static void put_meaning(const struct conf *conf, const struct conf_policy *policy,
			enum conf_statement_kind kind, FILE *out)
{
	const struct conf_statement *s;
	struct conf_walk walk;

	if (kind == CONF_DNS) {
		put_dns(conf_policy_dns(conf, policy), out);
		return;
	}
	if (kind == CONF_RATE || kind == CONF_CONNECTIONS || kind == CONF_NAT_PORTS) {
		s = conf_policy_find(policy, kind);
		if (s)
			conf_dump_statement(s, out);
		return;
	}
	conf_walk_start(&walk, policy);
	while ((s = conf_walk_next(&walk))) {
		if (s->kind != kind)
			continue;
		conf_dump_statement(s, out);
		if (kind == CONF_RULE)
			put_lists(s->rule.targets, s->rule.n_targets, out);
		else
			put_lists(s->publish.from, s->publish.n_from, out);
		fputc(';', out);
	}
}

static int read_meaning(const struct conf *conf, const struct conf_policy *policy,
			enum conf_statement_kind kind, struct meaning *m)
{
	FILE *out = open_memstream(&m->text, &m->size);

	if (!out)
		return -ENOMEM;
	put_meaning(conf, policy, kind, out);
	return fclose(out) == 0 ? 0 : -ENOMEM;
}

static void put_name(const struct member *member, FILE *out)
{
	if (member->name[0])
		diag_put_visible(out, member->name);
	else
		fprintf(out, "%u", member->uid);
}

/* "bob: rate up 10mbit instead of rate up 5mbit, at once" */
static int compare_one(const struct comparison *c, const struct member *member,
		       const struct conf_policy *old, enum conf_statement_kind kind)
{
	const char *none = kind == CONF_NAT_PORTS ? "no block of source ports" : "no limit";
	const char *what = kind == CONF_RULE ? "other rules" : "other ports are published";
	struct meaning before = { 0 }, after = { 0 };
	int r = read_meaning(c->before, old, kind, &before);

	if (!r)
		r = read_meaning(c->conf, member->policy, kind, &after);
	if (!r && strcmp(before.text, after.text) != 0) {
		put_name(member, c->out);
		if (kind == CONF_RULE || kind == CONF_PUBLISH)
			fprintf(c->out, ": %s, at once\n", what);
		else
			fprintf(c->out, ": %s instead of %s, at once\n",
				after.text[0] ? after.text : none,
				before.text[0] ? before.text : none);
	}
	free(before.text);
	free(after.text);
	return r;
}

/* What the link has now, as it was. */
static const struct conf_policy *find_old(const struct conf *before, uint32_t group)
{
	for (size_t i = 0; before && i < before->n_policies; i++)
		if (class_of_policy(before->policies[i]->name) == group)
			return before->policies[i];
	return NULL;
}

static int compare_policy(const struct comparison *c, const struct member *member)
{
	static const enum conf_statement_kind kinds[] = { CONF_RULE,        CONF_PUBLISH,
							  CONF_DNS,         CONF_RATE,
							  CONF_CONNECTIONS, CONF_NAT_PORTS };
	const struct conf_policy *old = find_old(c->before, member->group);
	int r = 0;

	if (!member->group || !member->policy || !old)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(kinds) && !r; i++) {
		/* Another policy has been mentioned, and its rules are no news. */
		if (kinds[i] != CONF_RULE || strcmp(old->name, member->policy->name) == 0)
			r = compare_one(c, member, old, kinds[i]);
	}
	return r;
}

static int compare_members(const struct state *state, const struct members *members,
			   const struct comparison *c)
{
	int r = 0;

	for (size_t i = 0; i < members->n && !r; i++) {
		const struct member *member = &members->list[i];
		_cleanup_close_ int fd = -1;
		uint64_t inode;

		/* A reload says nothing of those who have only joined. */
		if (state_open_pin(state, member->uid, &fd, &inode))
			continue;
		members_print_change(c->before, c->conf, member, c->out);
		r = compare_policy(c, member);
	}
	return r;
}

/*
 * Who is not there
 */

struct change {
	char *text; /* "loopback instead of host" */
	char *names;
	size_t n;
};

struct changes {
	struct change *list;
	size_t n;
};

static char *describe_change(const struct comparison *c, uint32_t uid)
{
	_cleanup_(person_done) struct person person = { 0 };
	char from[MEMBERS_NETWORK_MAX], to[MEMBERS_NETWORK_MAX];
	char *text;

	if (person_find(uid, &person) < 0)
		return NULL;
	members_describe(conf_match(c->conf, &person.subject), to);
	if (!c->before)
		return asprintf(&text, "%s", to) < 0 ? NULL : text;
	members_describe(conf_match(c->before, &person.subject), from);
	if (strcmp(from, to) == 0 || asprintf(&text, "%s instead of %s", to, from) < 0)
		return NULL;
	return text;
}

static int note_name(struct change *change, const char *name)
{
	char *names;

	if (change->n++ >= NAMED_MAX)
		return 0;
	if (asprintf(&names, "%s%s%s", change->names ? change->names : "",
		     change->names ? ", " : "", name) < 0)
		return -ENOMEM;
	free(change->names);
	change->names = names;
	return 0;
}

static int note_change(struct changes *changes, char *text, const char *name)
{
	struct change *change = NULL;

	for (size_t i = 0; i < changes->n && !change; i++)
		if (strcmp(changes->list[i].text, text) == 0)
			change = &changes->list[i];
	if (change) {
		free(text);
		return note_name(change, name);
	}
	change = reallocarray(changes->list, changes->n + 1, sizeof(*change));
	if (!change) {
		free(text);
		return -ENOMEM;
	}
	changes->list = change;
	changes->list[changes->n] = (struct change){ .text = text };
	return note_name(&changes->list[changes->n++], name);
}

static void print_changes(struct changes *changes, FILE *out)
{
	for (size_t i = 0; i < changes->n; i++) {
		struct change *change = &changes->list[i];

		if (out) {
			diag_put_visible(out, change->names);
			if (change->n > NAMED_MAX)
				fprintf(out, " and %zu more", change->n - NAMED_MAX);
			fprintf(out, ": %s from the next login on\n", change->text);
		}
		free(change->text);
		free(change->names);
	}
	free(changes->list);
}

/* Whom the user data base lists; of a directory, mostly nobody.  Root is exempt. */
static int list_others(const struct members *members, uint32_t **uids, size_t *n)
{
	const struct passwd *pw;
	size_t room = 0;

	setpwent();
	while ((pw = getpwent())) {
		if (pw->pw_uid == 0 || members_get(members, pw->pw_uid))
			continue;
		if (*n == room) {
			uint32_t *more = reallocarray(*uids, room ? room * 2 : 64, sizeof(*more));

			if (!more)
				break;
			*uids = more;
			room = room ? room * 2 : 64;
		}
		(*uids)[(*n)++] = pw->pw_uid;
	}
	endpwent();
	return pw ? -ENOMEM : 0;
}

static int compare_others(const struct members *members, const struct comparison *c)
{
	struct changes changes = { 0 };
	_cleanup_free_ uint32_t *uids = NULL;
	const struct passwd *pw;
	size_t n = 0;
	int r = list_others(members, &uids, &n);

	for (size_t i = 0; i < n && !r; i++) {
		char *text = describe_change(c, uids[i]);

		pw = text ? getpwuid(uids[i]) : NULL;
		if (pw)
			r = note_change(&changes, text, pw->pw_name);
		else
			free(text);
	}
	print_changes(&changes, r ? NULL : c->out);
	return r;
}

int compare_users(const struct state *state, const struct members *members,
		  const struct conf *before, const struct conf *conf, FILE *out)
{
	const struct comparison c = { before, conf, out };
	int r = compare_members(state, members, &c);

	return r ? r : compare_others(members, &c);
}
