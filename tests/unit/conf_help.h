/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_CONF_HELP_H
#define TESTS_CONF_HELP_H

#include <string.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/dump.h"
#include "conf/diag.h"

/* A parsed text and what was said about it; to be freed by parsed_done(). */
struct parsed {
	int r;
	struct conf *conf; /* NULL unless r is 0 */
	struct diag *diag;
	char *said; /* what diag_print() writes */
};

static inline void parsed_done(struct parsed *parsed)
{
	conf_free(parsed->conf);
	diag_free(parsed->diag);
	free(parsed->said);
}

static inline char *diag_text(const struct diag *diag)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	diag_print(diag, out);
	if (fclose(out) != 0)
		abort();
	return text;
}

static inline char *dump_text(const struct conf *conf)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out || conf_dump(conf, out) < 0 || fclose(out) != 0)
		abort();
	return text;
}

static inline struct parsed parse_text(const char *text)
{
	struct parsed parsed = { 0 };

	if (diag_new(&parsed.diag) < 0)
		abort();
	parsed.r = conf_parse("t.conf", text, strlen(text), NULL, NULL, parsed.diag, &parsed.conf);
	parsed.said = diag_text(parsed.diag);
	return parsed;
}

#endif
