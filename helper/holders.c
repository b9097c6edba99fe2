/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/diag.h"
#include "conf/nat.h"
#include "helper/holders.h"
#include "helper/nsswitch.h"
#include "helper/person.h"
#include "helper/textfile.h"

/* Of the uids of a range that lead to a block: how many are looked up. */
#define RANGE_MAX 4096U

/* Of pairs who share a block. */
#define WARNINGS_MAX 3U

struct search {
	const struct conf *conf;
	uint32_t block;
	uint32_t n_blocks;
	uint32_t *uids; /* that may be ones */
	size_t n;
	size_t room;
};

static int add_uid(struct search *s, uint32_t uid)
{
	if (s->block != HOLDERS_OF_ANY && uid % s->n_blocks != s->block)
		return 0;
	if (s->n == s->room) {
		size_t room = s->room ? s->room * 2 : 64;
		uint32_t *uids = reallocarray(s->uids, room, sizeof(*uids));

		if (!uids)
			return -ENOMEM;
		s->uids = uids;
		s->room = room;
	}
	s->uids[s->n++] = uid;
	return 0;
}

static void set_gap(struct holders *holders, const char *format, ...) PRINTF_LIKE(2, 3);

/* The first one: what comes later mostly follows from it. */
static void set_gap(struct holders *holders, const char *format, ...)
{
	va_list args;

	if (holders->gap[0])
		return;
	va_start(args, format);
	vsnprintf(holders->gap, sizeof(holders->gap), format, args);
	va_end(args);
}

/*
 * Where they are looked for
 */

static int add_listed(struct search *s)
{
	const struct passwd *pw;
	int r = 0;

	setpwent();
	while (!r && (pw = getpwent()))
		r = add_uid(s, pw->pw_uid);
	endpwent();
	return r;
}

static int add_range(struct search *s, uint32_t first, uint32_t last)
{
	uint64_t uid = first;
	uint32_t step = 1;
	int r = 0;

	if (s->block != HOLDERS_OF_ANY) {
		step = s->n_blocks;
		uid += (s->block + s->n_blocks - first % s->n_blocks) % s->n_blocks;
	}
	for (unsigned i = 0; i < RANGE_MAX && uid <= last && !r; i++, uid += step)
		r = add_uid(s, (uint32_t)uid);
	return r;
}

/* Whose group it is as the primary one, it does not say. */
static int add_members(struct search *s, gid_t gid)
{
	const struct group *gr = getgrgid(gid);
	int r = 0;

	for (char **name = gr ? gr->gr_mem : NULL; name && *name && !r; name++) {
		const struct passwd *pw = getpwnam(*name);

		if (pw)
			r = add_uid(s, pw->pw_uid);
	}
	return r;
}

static int add_who(struct search *s, const struct conf_who *who)
{
	switch (who->kind) {
	case CONF_WHO_USER:
		return who->has_id ? add_uid(s, who->first) : 0;
	case CONF_WHO_GROUP:
		return who->has_id ? add_members(s, who->first) : 0;
	case CONF_WHO_GID:
		return add_members(s, who->first);
	case CONF_WHO_UIDS:
		return add_range(s, who->first, who->last);
	case CONF_WHO_ANY:
		break;
	}
	return 0;
}

static int add_named(struct search *s)
{
	int r = 0;

	for (size_t i = 0; i < s->conf->n_sessions; i++) {
		const struct conf_session *line = s->conf->sessions[i];

		if (!line->policy || !conf_policy_find(line->policy, CONF_NAT_PORTS))
			continue;
		for (size_t j = 0; j < line->n_who && !r; j++)
			r = add_who(s, &line->who[j]);
	}
	return r;
}

/* A directory of users mostly lists none, and says so to nobody. */
static int look_for_directory(struct holders *holders)
{
	_cleanup_free_ char *text = NULL;
	const char *source;
	int r = textfile_read(NSSWITCH_CONF, &text);

	/* Without it users are those of files. */
	if (r == -ENOENT)
		return 0;
	if (r == -ENOMEM)
		return r;
	if (r) {
		set_gap(holders, NSSWITCH_CONF ": %s", strerror(-r));
		return 0;
	}
	source = nsswitch_find_unlisted(text);
	if (source)
		set_gap(holders,
			"the users of '%.40s' in " NSSWITCH_CONF ", which need not list them",
			source);
	return 0;
}

/*
 * Who of them it is
 */

static bool may_have_block(const struct conf *conf, const struct conf_subject *subject)
{
	const struct conf_session *session;
	size_t next = 0;

	while ((session = conf_match_some(conf, subject, &next)))
		if (session->policy && conf_policy_find(session->policy, CONF_NAT_PORTS))
			return true;
	return false;
}

static bool is_among(const uint32_t *uids, size_t n, uint32_t uid)
{
	for (size_t i = 0; i < n; i++)
		if (uids[i] == uid)
			return true;
	return false;
}

static int add_holder(const struct search *s, uint32_t uid, bool is_live, struct holders *holders)
{
	_cleanup_(person_done) struct person person = { 0 };
	int r = person_find(uid, &person);
	struct holder *list;

	if (r == -ENOMEM)
		return r;
	/* With too many groups nobody is let in. */
	if (r && r != -ENOENT && r != -E2BIG && !is_live)
		set_gap(holders, "uid %u from the user data base: %s", uid, strerror(-r));
	/* Root is exempt.  Whoever is there has what the link was made with. */
	if (uid == 0 || (!is_live && (r || !may_have_block(s->conf, &person.subject))))
		return 0;
	list = reallocarray(holders->list, holders->n + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	holders->list = list;
	list[holders->n] = (struct holder){ .uid = uid };
	list[holders->n++].name = steal_ptr(&person.name);
	return 0;
}

static int compare_uids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static int choose(const struct search *s, const uint32_t *live, size_t n_live,
		  struct holders *holders)
{
	int r = 0;

	if (s->n > 0)
		qsort(s->uids, s->n, sizeof(*s->uids), compare_uids);
	for (size_t i = 0; i < s->n && !r; i++)
		if (i == 0 || s->uids[i] != s->uids[i - 1])
			r = add_holder(s, s->uids[i], is_among(live, n_live, s->uids[i]), holders);
	return r;
}

int holders_find(const struct conf *conf, uint32_t block, const uint32_t *live, size_t n_live,
		 struct holders *ret_holders)
{
	struct search s = {
		.conf = conf,
		.block = block,
		.n_blocks = conf_nat_blocks(conf_nat_ports(conf)),
	};
	struct holders holders = { 0 };
	int r;

	r = look_for_directory(&holders);
	if (!r)
		r = add_listed(&s);
	if (!r)
		r = add_named(&s);
	for (size_t i = 0; i < n_live && !r; i++)
		r = add_uid(&s, live[i]);
	if (!r)
		r = choose(&s, live, n_live, &holders);
	free(s.uids);
	if (r)
		holders_done(&holders);
	else
		*ret_holders = holders;
	return r;
}

void holders_done(struct holders *holders)
{
	for (size_t i = 0; i < holders->n; i++)
		free(holders->list[i].name);
	free(holders->list);
	*holders = (struct holders){ 0 };
}

/*
 * Warnings
 */

int holders_read_host_range(uint16_t *ret_first, uint16_t *ret_last)
{
	_cleanup_free_ char *text = NULL;
	uint16_t first, last;
	int r = textfile_read(HOLDERS_HOST_RANGE, &text);

	if (r)
		return r;
	if (sscanf(text, "%hu %hu", &first, &last) != 2)
		return -EINVAL;
	*ret_first = first;
	*ret_last = last;
	return 0;
}

static const struct conf_place *place_of(const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_sessions; i++) {
		const struct conf_session *line = conf->sessions[i];
		const struct conf_statement *s =
			line->policy ? conf_policy_find(line->policy, CONF_NAT_PORTS) : NULL;

		if (s)
			return &s->place;
	}
	return NULL;
}

static void warn_of_range(const struct conf *conf, struct diag *diag)
{
	uint16_t first, last;

	if (holders_read_host_range(&first, &last) == 0 && first <= CONF_NAT_LAST &&
	    last >= CONF_NAT_FIRST)
		diag_add_of(diag, DIAG_WARNING, conf, place_of(conf),
			    "the host chooses from the ports %u to %u for its own connections "
			    "(net.ipv4.ip_local_port_range): users have those from %u to %u",
			    first, last, CONF_NAT_FIRST, CONF_NAT_LAST);
}

static void warn_of_pairs(const struct conf *conf, const struct holders *holders,
			  const struct holder **by_block, struct diag *diag)
{
	uint16_t ports = conf_nat_ports(conf);
	uint32_t n_blocks = conf_nat_blocks(ports);
	size_t n = 0;

	for (size_t i = 0; i < holders->n; i++) {
		const struct holder *holder = &holders->list[i];
		const struct holder **first = &by_block[holder->uid % n_blocks];

		if (*first && ++n <= WARNINGS_MAX)
			diag_add_of(diag, DIAG_WARNING, conf, place_of(conf),
				    "%s and %s (uids %u and %u) share a block of source ports: "
				    "'netnsctl who' cannot tell them apart",
				    (*first)->name, holder->name, (*first)->uid, holder->uid);
		*first = *first ? *first : holder;
	}
	if (n > WARNINGS_MAX)
		diag_add_of(diag, DIAG_WARNING, conf, place_of(conf),
			    "%zu more users share a block with others: there are %u blocks of %u "
			    "source ports",
			    n - WARNINGS_MAX, n_blocks, ports);
}

int holders_warn(const struct conf *conf, struct diag *diag)
{
	_cleanup_free_ const struct holder **by_block = NULL;
	struct holders holders = { 0 };
	uint16_t ports = conf_nat_ports(conf);
	int r;

	if (!ports)
		return 0;
	by_block = calloc(conf_nat_blocks(ports), sizeof(*by_block));
	if (!by_block)
		return -ENOMEM;
	warn_of_range(conf, diag);
	r = holders_find(conf, HOLDERS_OF_ANY, NULL, 0, &holders);
	if (!r)
		warn_of_pairs(conf, &holders, by_block, diag);
	holders_done(&holders);
	return r;
}
