/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>

#include "conf/base.h"
#include "helper/argument.h"
#include "helper/exempt.h"
#include "helper/explain.h"
#include "helper/pamstack.h"

#define MODULE "pam_netns.so"

/* What libpam uses for a service without a file. */
#define OTHER "other"

/* A group that does not exist exempts nobody. */
static bool is_in(const struct conf_subject *subject, const char *group)
{
	const struct group *entry = getgrnam(group);

	for (size_t i = 0; entry && i < subject->n_gids; i++)
		if (subject->gids[i] == entry->gr_gid)
			return true;
	return false;
}

/*
 * Any service
 */

struct search {
	struct answer *answer;
	char *last; /* the file that was counted last */
	int error;
};

static bool note_exempt(void *data, const char *path, const char *group)
{
	struct search *s = data;
	struct answer *a = s->answer;

	if (pamstack_is_leftover(strrchr(path, '/') + 1) || !is_in(&a->person.subject, group) ||
	    (s->last && strcmp(s->last, path) == 0))
		return false;
	free(s->last);
	s->last = strdup(path);
	if (a->exempt)
		a->n_exempt_others++;
	else
		a->exempt = strdup(path);
	if (!s->last || !a->exempt)
		s->error = -ENOMEM;
	return s->error != 0;
}

static int look_at_all(struct answer *a)
{
	struct search s = { .answer = a };
	bool stopped;
	int r = exempt_search(note_exempt, &s, &stopped);

	free(s.last);
	return r ? r : s.error;
}

/*
 * One service
 */

/* The file of a line that is not the one that was read counts unless one was asked for. */
static int note_file(const struct explain *x, const struct pamstack_line *line, const char *file,
		     struct answer *a)
{
	if (!file || !x->default_file || strcmp(file, x->default_file) == 0)
		return 0;
	a->decided_by = strdup(file);
	a->decided_at = strdup(line->file);
	return a->decided_by && a->decided_at ? 0 : -ENOMEM;
}

static int read_line(const struct explain *x, const struct pamstack_line *line, struct answer *a)
{
	_cleanup_free_ char *arguments = strdup(line->arguments);
	const char *file = NULL;
	bool exempt = false;
	char *rest = arguments;
	const char *word;

	if (!arguments)
		return -ENOMEM;
	while ((word = pamstack_argument(&rest))) {
		const char *value;
		enum argument argument = argument_parse(word, &value);

		if (argument == ARGUMENT_CONF)
			file = value;
		else if (argument == ARGUMENT_EXEMPT_GROUP)
			exempt |= is_in(&a->person.subject, value);
	}
	if (!exempt)
		return note_file(x, line, file, a);
	a->exempt = strdup(line->file);
	return a->exempt ? 0 : -ENOMEM;
}

/* Each line of the module moves the session; the last one leaves it where it is. */
static int look_at(const struct explain *x, const char *service, struct answer *a)
{
	_cleanup_(pamstack_done) struct pamstack stack = { 0 };
	int r;

	/* That is a file, and no service. */
	if (strchr(service, '/'))
		return 0;
	r = pamstack_read(pamstack_dirs, service, &stack);
	if (r == -ENOENT) {
		pamstack_done(&stack);
		r = pamstack_read(pamstack_dirs, OTHER, &stack);
	}
	/* A stack that cannot be read says nothing. */
	if (r)
		return r == -ENOMEM ? r : 0;
	for (size_t i = stack.n_lines; i-- > 0;)
		if (pamstack_is(&stack.lines[i], MODULE))
			return read_line(x, &stack.lines[i], a);
	return 0;
}

int explain_look_at_pam(const struct explain *x, const struct question *q, struct answer *a)
{
	return q->service ? look_at(x, q->service, a) : look_at_all(a);
}
