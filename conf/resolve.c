/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/diag.h"
#include "conf/parse.h"
#include "conf/table.h"

/* Groups of many thousand members have entries of this order. */
#define BUFFER_MAX (16U << 20)

struct resolver {
	struct conf_parser p; /* for parse_report() */
	struct table known; /* names to the struct conf_who that was looked up first */
	char *buffer;
	size_t size;
};

static void resolver_done(struct resolver *res)
{
	table_done(&res->known);
	free(res->buffer);
}

/* 1 with *ret_id, 0 when nobody has the name, or a negative errno; -ERANGE: a larger buffer. */
static int look_up_once(const struct resolver *res, const struct conf_who *who, uint32_t *ret_id)
{
	struct passwd passwd, *user = NULL;
	struct group gr, *group = NULL;
	int error;

	if (who->kind == CONF_WHO_USER)
		error = getpwnam_r(who->name, &passwd, res->buffer, res->size, &user);
	else
		error = getgrnam_r(who->name, &gr, res->buffer, res->size, &group);
	if (user || group) {
		*ret_id = user ? user->pw_uid : group->gr_gid;
		return 1;
	}
	/* getpwnam(3) has more ways for a service to say "not found"; these are in use. */
	if (error == ENOENT || error == ESRCH)
		error = 0;
	return -error;
}

/* With a buffer that is large enough. */
static int look_up_some(struct resolver *res, const struct conf_who *who, uint32_t *ret_id)
{
	int r;

	while ((r = res->buffer ? look_up_once(res, who, ret_id) : -ERANGE) == -ERANGE) {
		size_t size = res->size ? 2 * res->size : 4096;
		char *larger = size <= BUFFER_MAX ? realloc(res->buffer, size) : NULL;

		if (!larger)
			return -ENOMEM;
		res->buffer = larger;
		res->size = size;
	}
	return r;
}

/* Whether the file of the data base can be read to its end; that it is not there is no error. */
static int read_through(const char *path)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	char part[4096];

	if (!f)
		return errno == ENOENT ? 0 : -errno;
	while (fread(part, 1, sizeof(part), f) > 0)
		;
	return ferror(f) ? -EIO : 0;
}

/*
 * Behind a service that could not be read comes the next one of nsswitch.conf(5), and
 * its "not found" is all that one hears: "files systemd" for instance.  So nobody is
 * left out, of the tripwire say, for a file that cannot be read just now.
 */
static int look_up(struct resolver *res, const struct conf_who *who, uint32_t *ret_id)
{
	int r = look_up_some(res, who, ret_id);

	if (r)
		return r;
	r = read_through(who->kind == CONF_WHO_USER ? "/etc/passwd" : "/etc/group");
	return r ? r : look_up_some(res, who, ret_id);
}

static bool is_group(struct resolver *res, const struct conf_who *who)
{
	const struct conf_who group = { .kind = CONF_WHO_GROUP, .name = who->name };
	uint32_t gid;

	return look_up(res, &group, &gid) > 0;
}

static void complain(struct resolver *res, const struct conf_who *who, bool is_host, int r)
{
	const char *name = who->name;

	if (r < 0)
		parse_report(&res->p, DIAG_ERROR, &who->place, "cannot look up '%s': %s", name,
			     strerror(-r));
	else if (who->kind == CONF_WHO_GROUP)
		parse_report(&res->p, is_host ? DIAG_WARNING : DIAG_ERROR, &who->place,
			     "group '%s' does not exist%s", name,
			     is_host ? ": this matches nobody" : "");
	else if (is_group(res, who))
		parse_report(&res->p, DIAG_WARNING, &who->place,
			     "no such user '%s': this matches nobody until there is one; "
			     "a group has this name: write @%s",
			     name, name);
	else
		parse_report(&res->p, DIAG_WARNING, &who->place,
			     "no such user '%s': this matches nobody until there is one", name);
}

static int resolve_who(struct resolver *res, struct conf_who *who, bool is_host)
{
	/* A warning at one line must not stand for an error at another. */
	const struct table_key key = { .space = who->kind,
				       .number = who->kind == CONF_WHO_GROUP && is_host,
				       .text = who->name,
				       .length = strlen(who->name) };
	const void **known = table_at(&res->known, &key);
	const struct conf_who *first;
	int r;

	if (!known)
		return -ENOMEM;
	if (*known) {
		first = *known;
		who->has_id = first->has_id;
		who->first = first->first;
		return 0;
	}
	*known = who;
	r = look_up(res, who, &who->first);
	if (r == -ENOMEM)
		return r;
	who->has_id = r > 0;
	if (r <= 0)
		complain(res, who, is_host, r);
	return 0;
}

int conf_resolve(struct conf *conf, struct diag *diag)
{
	_cleanup_(resolver_done) struct resolver res = { .p = { .conf = conf, .diag = diag } };
	size_t errors = diag_count(diag, DIAG_ERROR);
	int r;

	for (size_t i = 0; i < conf->n_sessions; i++) {
		const struct conf_session *session = conf->sessions[i];

		for (size_t j = 0; j < session->n_who; j++) {
			struct conf_who *who = &session->who[j];

			if (who->kind != CONF_WHO_USER && who->kind != CONF_WHO_GROUP)
				continue;
			r = resolve_who(&res, who, session->network == CONF_NET_HOST);
			if (r < 0)
				return r;
		}
	}
	return diag_count(diag, DIAG_ERROR) > errors ? -EINVAL : 0;
}
