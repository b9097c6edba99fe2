/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <err.h>
#include <security/pam_appl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/base.h"
#include "tests/faults/faultrun.h"

#define SLOW 6.5

char wrong[WRONG_MAX];
bool unset;
bool busy;
bool old;

void complain(const char *format, ...)
{
	size_t n = strlen(wrong);
	va_list args;

	if (n + 3 > sizeof(wrong))
		return;
	n += (size_t)snprintf(wrong + n, sizeof(wrong) - n, "%s", n ? "; " : "");
	va_start(args, format);
	vsnprintf(wrong + n, sizeof(wrong) - n, format, args);
	va_end(args);
	for (char *p = wrong; *p; p++)
		if (*p == '\n')
			*p = '/';
}

const char *in(const struct run *run, const char *name)
{
	static char path[4][300];
	static unsigned i;

	i = (i + 1) % 4;
	snprintf(path[i], sizeof(path[i]), "%s/%s", run->where, name);
	return path[i];
}

static char *read_in(const struct run *run, const char *name)
{
	return read_text(in(run, name));
}

static bool is_same(const struct run *run, const char *a, const char *b)
{
	char *x = read_text(in(run, a));
	char *y = read_text(in(run, b));
	bool same = strcmp(x, y) == 0;

	free(x);
	free(y);
	return same;
}

/*
 * Where two files differ, if they do.  Of the tripwire there may be more while
 * somebody is in; without a link there may be less, for that session can do without
 * it, as the log says then.  So there may be less of a port that is another user's.
 * Returns whether that is all.
 */
bool compare(const struct run *run, const char *name, const char *what, enum tripwire tripwire)
{
	char now_name[64];
	char *wanted, *all, *text;
	const char *side;
	char command[1400];
	bool differs;

	snprintf(now_name, sizeof(now_name), "%s.now", name);
	if (is_same(run, name, now_name))
		return false;
	wanted = read_in(run, name);
	side = tripwire == EXACT                                      ? ""
	       : tripwire == MAY_LACK && !strstr(wanted, " dev eth0") ? "<>"
								      : ">";
	snprintf(command, sizeof(command),
		 "diff %s %s.now | grep '^[<>]' >%s; "
		 "grep -vE '^([%s ][[:space:]]+elements = [{] %u [}]%s)$' %s | head -n 8",
		 in(run, name), in(run, name), in(run, "all"), side, run->uid,
		 busy && tripwire == MAY_LACK ? "|<[[:space:]]+elements = [{] 8022 : .* [}]" : "",
		 in(run, "all"));
	(void)shell(command, in(run, "diff"));
	text = read_in(run, "diff");
	all = read_in(run, "all");
	differs = all[0] && !text[0];
	if (text[0])
		complain("%s: %s", what, text);
	else if (!all[0])
		complain("%s: no picture to compare", what);
	free(text);
	free(all);
	free(wanted);
	return differs;
}

void put_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		err(2, "%s", path);
}

/* There is a table as a whole, or none. */
void judge_ground(const struct run *run)
{
	char *now = ground_of_host();
	bool good = false;

	for (size_t i = 0; i < ARRAY_SIZE(run->grounds) && !good; i++) {
		char *text = read_text(run->grounds[i]);

		good = strcmp(text, now) == 0;
		free(text);
	}
	if (!good) {
		put_text(in(run, "ground.now"), now);
		complain("a ground that is neither one");
	}
	free(now);
}

/* A log-in that cannot load a new file has what was in force before. */
void judge_picture(const struct run *run)
{
	if (access(in(run, "session"), F_OK) < 0)
		return; /* the first one is the one to compare with */
	/* Nothing is like nothing: there are no pictures of before where nothing is reloaded. */
	old = access(in(run, "session.old"), F_OK) == 0 &&
	      is_same(run, "session.old", "session.now");
	if (!old)
		unset = compare(run, "session", "opened", MAY_LACK);
}

/* Where "around" begins, which is the host. */
static size_t own_part(const char *text)
{
	const char *around = strstr(text, "\naround\n");

	return around ? (size_t)(around - text) : strlen(text);
}

static bool is_same_inside(const struct run *run, const char *a, const char *b)
{
	char *x = read_in(run, a);
	char *y = read_in(run, b);
	size_t n = own_part(x);
	bool same = n && n == own_part(y) && memcmp(x, y, n) == 0;

	free(x);
	free(y);
	return same;
}

void judge_sealed(const struct run *run)
{
	if (!is_same_inside(run, "sealed", "session.now"))
		complain("sealed, and not as a sealed session is");
}

void judge_session(const struct run *run, const struct report *r)
{
	if (r->seconds > SLOW)
		complain("took %.1f s", r->seconds);
	/* libpam itself has had no memory, and has called nobody. */
	if (r->opened == PAM_BUF_ERR)
		return;
	if (r->has_opened && r->inside == run->host)
		complain("%s in the host's network", r->opened ? "refused" : "SUCCESS");
	if (!r->has_closed)
		return;
	if (!r->closed && !run->leaves && r->outside != run->host)
		complain("closed, but not led back");
	if (r->closed && r->outside == 0)
		complain("lost");
	if (r->fds_after != r->fds_before)
		complain("%d descriptors left", r->fds_after - r->fds_before);
}
