/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_modules.h>

#include "conf/base.h"
#include "helper/proto.h"
#include "helper/record.h"
#include "pam_netns/account.h"
#include "pam_netns/session.h"

/* A clock that goes on while the machine sleeps. */
static uint64_t now_ms(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void put_item(pam_handle_t *pamh, struct record *record, const char *key, int item)
{
	const void *value = NULL;

	if (pam_get_item(pamh, item, &value) == PAM_SUCCESS)
		record_text(record, key, value);
}

/*
 * As pam_syslog(3) does it, which at the end of a handle does not know any more whose
 * line it is.  The identity stays the program's.
 */
static void put_line(pam_handle_t *pamh, int level, const struct record *record)
{
	struct record service;

	record_init(&service);
	put_item(pamh, &service, "", PAM_SERVICE);
	syslog(LOG_AUTHPRIV | level, "pam_netns(%s:session): %s",
	       service.length ? service.text + strlen("=") : "", record->text);
}

/* A program may open several sessions, and there was another process of that number. */
static void put_session(struct record *record, uint64_t opened_ms)
{
	char text[64];

	snprintf(text, sizeof(text), "%d-%" PRIu64, (int)getpid(), opened_ms);
	record_text(record, "session", text);
}

/* What all lines about a session have in common. */
static void put_account(pam_handle_t *pamh, struct record *record, const struct account *a,
			uint64_t opened_ms)
{
	bool joins = a->mode && strcmp(a->mode, "join") == 0;

	record_text(record, "user", a->user);
	if (a->has_uid)
		record_number(record, "uid", a->uid);
	put_item(pamh, record, "service", PAM_SERVICE);
	put_session(record, opened_ms);
	record_text(record, "mode", a->mode);
	record_text(record, joins ? "namespace" : "policy", a->name);
	if (a->exempt)
		record_text(record, "exempt", "yes");
	if (a->netns)
		record_number(record, "netns", a->netns);
	put_item(pamh, record, "tty", PAM_TTY);
	put_item(pamh, record, "rhost", PAM_RHOST);
	put_item(pamh, record, "ruser", PAM_RUSER);
}

void account_open(pam_handle_t *pamh, struct session *s, const struct account *a,
		  const struct proto_traffic *traffic)
{
	const struct proto_traffic none = { 0 };
	struct record common;
	struct record record;

	s->opened_ms = now_ms();
	s->traffic = traffic ? *traffic : none;
	record_init(&common);
	put_account(pamh, &common, a, s->opened_ms);
	record_init(&record);
	record_text(&record, "event", "open");
	record_append(&record, common.text);
	put_line(pamh, LOG_INFO, &record);
	free(s->record);
	s->record = strdup(common.text);
}

/* A table that is another one, or was emptied, has counted from 0. */
static uint64_t denied_between(const struct proto_traffic *then, const struct proto_traffic *now)
{
	bool goes_on = now->table == then->table && now->denied >= then->denied;

	return goes_on ? now->denied - then->denied : now->denied;
}

/* What has been counted from then to now, of one link. */
static void put_traffic(struct record *record, const struct proto_traffic *then,
			const struct proto_traffic *now)
{
	if (!now || !now->link || now->link != then->link)
		return;
	record_number(record, "bytes_out", now->bytes_out - then->bytes_out);
	record_number(record, "bytes_in", now->bytes_in - then->bytes_in);
	record_number(record, "packets_out", now->packets_out - then->packets_out);
	record_number(record, "packets_in", now->packets_in - then->packets_in);
	if (then->knows_denied && now->knows_denied && now->table)
		record_number(record, "denied", denied_between(then, now));
}

void account_close(pam_handle_t *pamh, struct session *s, const struct proto_traffic *traffic)
{
	struct record record;

	if (!s->record)
		return;
	record_init(&record);
	record_text(&record, "event", "close");
	record_append(&record, s->record);
	record_seconds(&record, "duration", now_ms() - s->opened_ms);
	put_traffic(&record, &s->traffic, traffic);
	put_line(pamh, LOG_INFO, &record);
	free(s->record);
	s->record = NULL;
}

void account_refuse(pam_handle_t *pamh, const struct account *a, const char *reason)
{
	struct record record;

	record_init(&record);
	record_text(&record, "event", "refused");
	put_account(pamh, &record, a, now_ms());
	record_text(&record, "reason", reason);
	put_line(pamh, LOG_NOTICE, &record);
}
