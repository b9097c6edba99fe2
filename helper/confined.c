/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/base.h"
#include "conf/conf.h"
#include "helper/confined.h"
#include "helper/span.h"

/*
 * Whom "*" means here: people.  The rest are daemons, which need no session for
 * what they do, and would lose their network by a line that is not about them.
 */
#define PEOPLE_FIRST 1000U
#define PEOPLE_LAST  60000U

/* No line confines root. */
#define OTHERS_FIRST 1U
#define OTHERS_LAST  (UINT32_MAX - 1)

static int add_range(struct spans *to, uint32_t first, uint32_t last)
{
	struct span span = span_of_numbers(first, last, to->width);

	return spans_add(to, &span);
}

/*
 * Whom a line is about.  A line that confines must be about them without doubt;
 * for one that does not, it is enough that it could be.
 */
static int add_who(const struct conf_session *session, const struct conf_who *who, struct spans *to)
{
	bool confining = conf_confines(session);

	switch (who->kind) {
	case CONF_WHO_ANY:
		return confining ? add_range(to, PEOPLE_FIRST, PEOPLE_LAST)
				 : add_range(to, OTHERS_FIRST, OTHERS_LAST);
	case CONF_WHO_UIDS:
		return add_range(to, who->first, who->last);
	case CONF_WHO_USER:
		return who->has_id ? add_range(to, who->first, who->first) : 0;
	case CONF_WHO_GROUP:
	case CONF_WHO_GID:
		return confining ? 0 : add_range(to, OTHERS_FIRST, OTHERS_LAST);
	}
	return 0;
}

static int add_whole(const struct conf_session *session, struct spans *to)
{
	int r = 0;

	if (conf_confines(session) && session->n_services > 0)
		return 0;
	for (size_t i = 0; i < session->n_who && r == 0; i++)
		r = add_who(session, &session->who[i], to);
	spans_merge(to);
	return r;
}

/* Those of a that are in b too. */
static int keep_common(struct spans *a, const struct spans *b)
{
	_cleanup_(spans_done) struct spans rest = { .width = a->width };
	int r;

	r = spans_add_all(&rest, a);
	if (r == 0)
		r = spans_remove(&rest, b);
	return r < 0 ? r : spans_remove(a, &rest);
}

/* The first line about somebody decides. */
static int decide(const struct conf_session *session, struct spans *open, struct spans *uids)
{
	_cleanup_(spans_done) struct spans who = { .width = uids->width };
	int r;

	r = add_whole(session, &who);
	if (r == 0)
		r = keep_common(&who, open);
	if (r == 0)
		r = spans_remove(open, &who);
	if (r == 0 && conf_confines(session))
		r = spans_add_all(uids, &who);
	return r;
}

int confined_uids(const struct conf *conf, struct spans *uids)
{
	_cleanup_(spans_done) struct spans open = { .width = sizeof(uint32_t) };
	int r;

	uids->width = open.width;
	r = add_range(&open, OTHERS_FIRST, OTHERS_LAST);
	for (size_t i = 0; i < conf->n_sessions && r == 0; i++)
		r = decide(conf->sessions[i], &open, uids);
	spans_merge(uids);
	return r;
}

bool confined_has(const struct conf *conf, uint32_t uid)
{
	_cleanup_(spans_done) struct spans uids = { 0 };
	const struct span one = span_of_numbers(uid, uid, sizeof(uid));

	return confined_uids(conf, &uids) == 0 && spans_contain(&uids, &one);
}
