/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fnmatch.h>
#include <string.h>

#include "conf/base.h"
#include "conf/conf.h"

static bool has_gid(const struct conf_subject *subject, uint32_t gid)
{
	for (size_t i = 0; i < subject->n_gids; i++) {
		if (subject->gids[i] == gid)
			return true;
	}
	return false;
}

static bool matches_who(const struct conf_who *who, const struct conf_subject *subject)
{
	switch (who->kind) {
	case CONF_WHO_ANY:
		return true;
	case CONF_WHO_USER:
		return (who->has_id && who->first == subject->uid) ||
		       strcmp(who->name, subject->name) == 0;
	case CONF_WHO_UIDS:
		return subject->uid >= who->first && subject->uid <= who->last;
	case CONF_WHO_GROUP:
		return who->has_id && has_gid(subject, who->first);
	case CONF_WHO_GID:
		return has_gid(subject, who->first);
	}
	return false;
}

static bool matches_any_who(const struct conf_session *session, const struct conf_subject *subject)
{
	for (size_t i = 0; i < session->n_who; i++) {
		if (matches_who(&session->who[i], subject))
			return true;
	}
	return false;
}

/* Which service is unknown: then no line for some services is meant. */
static bool matches_service(const struct conf_session *session, const char *service)
{
	for (size_t i = 0; i < session->n_services && service; i++) {
		if (fnmatch(session->services[i], service, FNM_NOESCAPE) == 0)
			return true;
	}
	return session->n_services == 0;
}

const struct conf_session *conf_match(const struct conf *conf, const struct conf_subject *subject)
{
	for (size_t i = 0; i < conf->n_sessions; i++) {
		const struct conf_session *session = conf->sessions[i];

		/* The pattern is the expensive part, so it comes last. */
		if (matches_any_who(session, subject) && matches_service(session, subject->service))
			return session;
	}
	return NULL;
}

const struct conf_session *conf_match_some(const struct conf *conf,
					   const struct conf_subject *subject, size_t *next)
{
	while (*next < conf->n_sessions) {
		const struct conf_session *session = conf->sessions[(*next)++];

		if (!matches_any_who(session, subject))
			continue;
		/* For every service: none gets to a later line. */
		if (session->n_services == 0)
			*next = conf->n_sessions;
		return session;
	}
	return NULL;
}

bool conf_confines(const struct conf_session *session)
{
	return session->network != CONF_NET_HOST && session->network != CONF_NET_STAY;
}

bool conf_always_confines(const struct conf *conf, const struct conf_subject *subject)
{
	const struct conf_session *session;
	size_t next = 0;

	while ((session = conf_match_some(conf, subject, &next))) {
		if (!conf_confines(session))
			return false;
		if (session->n_services == 0)
			return true;
	}
	return false;
}

bool conf_has_network(const struct conf *conf, enum conf_network network)
{
	for (size_t i = 0; i < conf->n_sessions; i++) {
		if (conf->sessions[i]->network == network)
			return true;
	}
	return false;
}
