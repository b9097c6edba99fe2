/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fnmatch.h>
#include <string.h>

#include "conf/array.h"
#include "conf/check.h"
#include "conf/parse.h"

/*
 * Finds lines that never match, and names written twice in a line.  A line is
 * taken apart into pairs of one WHO and one service: it never matches when
 * each of its pairs is covered by an earlier pair.  Finding that takes a few
 * look-ups per pair, however many lines there are.
 */

/* Different services that are told apart: one bit each.  More are let pass. */
#define SERVICES_MAX 64U

/* Ranges of uids kept per service: inserting one moves those behind it. */
#define UIDS_MAX 32768U

/* Spaces of the table, in steps of the kinds of WHO. */
enum {
	TWICE,
	SEEN, /* + number of the service */
};
#define KINDS (CONF_WHO_GID + 1U)

struct uids {
	uint32_t first;
	uint32_t last;
};

struct service {
	const char *pattern;
	uint64_t covered_by; /* bit per service */
	const struct conf_place *any; /* the line for "*" */
	struct uids *uids; /* in order, neither overlapping nor touching */
	size_t n_uids;
};

struct search {
	struct check *c;
	struct table table;
	struct service services[SERVICES_MAX]; /* the first stands for every service */
	unsigned n_services;
};

static void search_done(struct search *s)
{
	table_done(&s->table);
	for (unsigned i = 0; i < s->n_services; i++)
		free(s->services[i].uids);
}

static bool is_pattern(const char *service)
{
	return strpbrk(service, "*?[");
}

static bool covers_service(const char *outer, const char *inner)
{
	return strcmp(outer, "*") == 0 || strcmp(outer, inner) == 0 ||
	       (!is_pattern(inner) && fnmatch(outer, inner, FNM_NOESCAPE) == 0);
}

static void add_service(struct search *s, const char *pattern)
{
	struct service *new = &s->services[s->n_services];
	uint64_t bit = UINT64_C(1) << s->n_services;

	*new = (struct service){ .pattern = pattern, .covered_by = bit };
	for (unsigned i = 0; i < s->n_services; i++) {
		if (covers_service(s->services[i].pattern, pattern))
			new->covered_by |= UINT64_C(1) << i;
		if (covers_service(pattern, s->services[i].pattern))
			s->services[i].covered_by |= bit;
	}
	s->n_services++;
}

/* NULL: one too many. */
static struct service *get_service(struct search *s, const char *pattern)
{
	for (unsigned i = 0; i < s->n_services; i++) {
		if (strcmp(s->services[i].pattern, pattern) == 0)
			return &s->services[i];
	}
	if (s->n_services == SERVICES_MAX)
		return NULL;
	add_service(s, pattern);
	return &s->services[s->n_services - 1];
}
/* The number of the first range that starts behind uid. */
static size_t find_behind(const struct service *service, uint32_t uid)
{
	size_t low = 0, high = service->n_uids;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (service->uids[middle].first <= uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool has_uids(const struct service *service, const struct conf_who *who)
{
	size_t i = find_behind(service, who->first);

	return i > 0 && who->last <= service->uids[i - 1].last;
}

/* The uid behind the highest one is -1, which is nobody's: adding 1 cannot overflow. */
static int add_uids(struct service *service, const struct conf_who *who)
{
	size_t start = find_behind(service, who->first), end;
	struct uids new = { who->first, who->last };
	struct uids *uids;

	if (service->n_uids == UIDS_MAX)
		return 0;
	if (start > 0 && service->uids[start - 1].last + 1 >= new.first)
		new.first = service->uids[--start].first;
	for (end = start; end < service->n_uids; end++) {
		if (service->uids[end].first > new.last + 1)
			break;
		if (service->uids[end].last > new.last)
			new.last = service->uids[end].last;
	}
	if (start == end) {
		if (!array_add(service->uids, service->n_uids))
			return -ENOMEM;
		uids = &service->uids[start];
		memmove(uids + 1, uids, (service->n_uids - 1 - start) * sizeof(*uids));
	} else {
		uids = &service->uids[start];
		memmove(uids + 1, &service->uids[end], (service->n_uids - end) * sizeof(*uids));
		service->n_uids -= end - start - 1;
	}
	*uids = new;
	return 0;
}

static struct table_key who_key(unsigned space, const struct conf_who *who)
{
	return (struct table_key){
		.space = space * KINDS + who->kind,
		.number = (uint64_t)who->first << 32 | who->last,
		.text = who->name,
		.length = who->name ? strlen(who->name) : 0,
	};
}

/* *ret_place: the line that covers, or NULL when several do together. */
static bool is_covered(const struct search *s, const struct conf_who *who,
		       const struct service *service, const struct conf_place **ret_place)
{
	for (unsigned i = 0; i < s->n_services; i++) {
		const struct service *outer = &s->services[i];
		struct table_key key = who_key(SEEN + i, who);

		if (!(service->covered_by >> i & 1))
			continue;
		*ret_place = outer->any ? outer->any : table_get(&s->table, &key);
		if (*ret_place || (who->kind == CONF_WHO_UIDS && has_uids(outer, who)))
			return true;
	}
	return false;
}

static int add_pair(struct search *s, const struct conf_session *session,
		    const struct conf_who *who, struct service *service)
{
	struct table_key key = who_key(SEEN + (unsigned)(service - s->services), who);
	const void **slot = table_at(&s->table, &key);

	if (!slot)
		return -ENOMEM;
	if (!*slot)
		*slot = &session->place;
	if (who->kind == CONF_WHO_ANY && !service->any)
		service->any = &session->place;
	return who->kind == CONF_WHO_UIDS ? add_uids(service, who) : 0;
}

static int add_pairs(struct search *s, const struct conf_session *session,
		     const struct conf_who *who)
{
	struct service *service;
	int r = 0;

	if (session->n_services == 0)
		return add_pair(s, session, who, s->services);
	for (size_t i = 0; i < session->n_services && r == 0; i++) {
		service = get_service(s, session->services[i]);
		if (service)
			r = add_pair(s, session, who, service);
	}
	return r;
}

/* What covers a line. */
struct cover {
	const struct conf_place *place; /* NULL: none yet */
	bool several;
};

static bool is_who_covered(struct search *s, const struct conf_session *session,
			   const struct conf_who *who, struct cover *cover)
{
	size_t n = session->n_services ? session->n_services : 1;

	for (size_t i = 0; i < n; i++) {
		const struct conf_place *place;
		const struct service *service = NULL;

		if (session->n_services)
			service = get_service(s, session->services[i]);
		/* Of one that is not kept, at least "every service" covers it. */
		if (!is_covered(s, who, service ? service : s->services, &place))
			return false;
		if (!place || (cover->place && cover->place != place))
			cover->several = true;
		cover->place = place;
	}
	return true;
}

static bool is_line_covered(struct search *s, const struct conf_session *session,
			    struct cover *cover)
{
	for (size_t i = 0; i < session->n_who; i++) {
		if (!is_who_covered(s, session, &session->who[i], cover))
			return false;
	}
	return true;
}

static void report_covered(struct search *s, const struct conf_session *session,
			   const struct cover *cover)
{
	if (cover->several)
		parse_report(s->c->p, DIAG_WARNING, &session->place,
			     "this line never matches: those before it decide");
	else
		parse_report(s->c->p, DIAG_WARNING, &session->place,
			     "this line never matches: %s:%u decides before it", cover->place->file,
			     cover->place->line);
}

/* Only one statement stands in a line, so that two of a line are of one statement. */
static int find_twice(struct search *s, const struct conf_session *session)
{
	for (size_t i = 0; i < session->n_who; i++) {
		const struct conf_who *who = &session->who[i];
		struct table_key key = who_key(TWICE, who);
		const void **slot = table_at(&s->table, &key);
		const struct conf_place *last;

		if (!slot)
			return -ENOMEM;
		last = *slot;
		if (last && last->file == who->place.file && last->line == who->place.line)
			parse_report(s->c->p, DIAG_WARNING, &who->place,
				     "this one is named twice in the line");
		*slot = &who->place;
	}
	return 0;
}

static bool is_root(const struct conf_who *who)
{
	return who->kind == CONF_WHO_USER ? strcmp(who->name, "root") == 0
					  : who->kind == CONF_WHO_UIDS && who->last == 0;
}

static void find_root(struct search *s, const struct conf_session *session)
{
	for (size_t i = 0; i < session->n_who && session->network != CONF_NET_HOST; i++) {
		if (is_root(&session->who[i]))
			parse_report(s->c->p, DIAG_WARNING, &session->who[i].place,
				     "root is always in the host's network");
	}
}

static int check_session(struct search *s, const struct conf_session *session)
{
	struct cover cover = { 0 };
	int r;

	find_root(s, session);
	r = find_twice(s, session);
	if (r < 0)
		return r;
	if (is_line_covered(s, session, &cover)) {
		report_covered(s, session, &cover);
		return 0;
	}
	for (size_t i = 0; i < session->n_who && r == 0; i++)
		r = add_pairs(s, session, &session->who[i]);
	return r;
}

void check_any_session(const struct check *c)
{
	const struct conf_place place = { .file = c->conf->file_names[0] };

	if (c->conf->n_sessions == 0)
		parse_report(c->p, DIAG_WARNING, &place,
			     "no session line: everybody is in the host's network");
}

int check_sessions(struct check *c)
{
	_cleanup_(search_done) struct search s = { .c = c };
	int r = 0;

	add_service(&s, "*");
	for (size_t i = 0; i < c->conf->n_sessions && r == 0; i++)
		r = check_session(&s, c->conf->sessions[i]);
	return r;
}
