/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include "conf/base.h"
#include "helper/client.h"
#include "helper/proto.h"
#include "pam_netns/account.h"
#include "pam_netns/caller.h"
#include "pam_netns/opened.h"
#include "pam_netns/session.h"

#define DATA_NAME "pam_netns"

/* What the PAM handle keeps for us. */
struct opened {
	struct session *last;
};

static void drop(struct session *s)
{
	session_forget(s);
	free(s->record);
	free(s);
}

/* *ret_traffic is what is known of the session's link; nothing, if the helper is not asked. */
static void tidy(pam_handle_t *pamh, struct session *s, struct proto_traffic *ret_traffic)
{
	_cleanup_(caller_return) struct caller caller = { 0 };
	_cleanup_(client_done) struct client client = CLIENT_INIT;
	struct proto_request request = {
		.op = PROTO_CLOSE,
		.uid = s->uid,
		.link = s->record ? s->traffic.link : 0,
	};
	struct proto_answer answer;

	/* systemd's (sd-pam) closes as the user; the next sweep will find it. */
	if (!s->tidy || geteuid() != 0)
		return;
	s->tidy = false;
	/* Low limits do no harm here: what fails now, the next sweep mends. */
	(void)caller_borrow(&caller);
	if (client_ask(&client, &request, NULL, 0, &answer, NULL) < 0 ||
	    answer.result != PROTO_DONE)
		pam_syslog(pamh, LOG_WARNING, "uid %u: %s", s->uid, answer.text);
	else
		*ret_traffic = answer.traffic;
}

void opened_tidy(pam_handle_t *pamh, struct session *s)
{
	struct proto_traffic traffic = { 0 };

	tidy(pamh, s, &traffic);
	account_close(pamh, s, &traffic);
}

/*
 * The PAM handle goes.  In the process that opened and did not close the
 * session (a later module failed, the caller gave up) it may be the user's next
 * program that runs here: it is never moved back.
 */
static void cleanup(pam_handle_t *pamh, void *data, int status)
{
	struct opened *opened = data;
	struct session *s;

	(void)status;
	while ((s = opened->last)) {
		opened->last = s->older;
		if (s->owner == getpid())
			opened_tidy(pamh, s);
		drop(s);
	}
	free(opened);
}

static struct opened *find(pam_handle_t *pamh)
{
	const void *data;

	return pam_get_data(pamh, DATA_NAME, &data) == PAM_SUCCESS
		       ? (struct opened *)(uintptr_t)data
		       : NULL;
}

static struct opened *find_or_make(pam_handle_t *pamh)
{
	struct opened *opened = find(pamh);

	if (opened)
		return opened;
	opened = calloc(1, sizeof(*opened));
	if (opened && pam_set_data(pamh, DATA_NAME, opened, cleanup) != PAM_SUCCESS) {
		free(opened);
		return NULL;
	}
	return opened;
}

int opened_begin(pam_handle_t *pamh, struct session **ret_session)
{
	const struct session init = SESSION_INIT;
	struct opened *opened = find_or_make(pamh);
	struct session *s = opened ? opened->last : NULL;

	*ret_session = NULL;
	if (!opened)
		return -ENOMEM;
	/* After one that was refused, the way back is that one's. */
	if (!s || s->open || (s->before != 0 && s->owner != getpid())) {
		s = malloc(sizeof(*s));
		if (!s)
			return -ENOMEM;
		*s = init;
		s->older = opened->last;
		opened->last = s;
	}
	*ret_session = s;
	return session_note(s);
}

struct session *opened_last(pam_handle_t *pamh)
{
	const struct opened *opened = find(pamh);

	return opened ? opened->last : NULL;
}

void opened_end(pam_handle_t *pamh)
{
	struct opened *opened = find(pamh);
	struct session *s = opened ? opened->last : NULL;

	if (!s || (s->before != 0 && s->owner != getpid()))
		return;
	opened->last = s->older;
	drop(s);
}
