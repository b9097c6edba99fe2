/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONF_DIAG_H
#define CONF_DIAG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "conf/base.h"

struct conf;
struct conf_place;

/*
 * What is wrong with a configuration, in the order of finding.  Each entry
 * owns copies of its texts, so it outlives the conf.
 */
enum diag_severity {
	DIAG_ERROR,
	DIAG_WARNING,
};

struct diag;

int diag_new(struct diag **ret_diag);
void diag_free(struct diag *diag);
void diag_free_p(struct diag **diag);

/*
 * place may have line 0: the message is about the file as a whole.  line_text
 * is the source line (line_length bytes, NULL: none), shown above the caret.
 * On memory exhaustion, and when there are thousands already, the entry is
 * counted and its text lost.
 */
void diag_add(struct diag *diag, enum diag_severity severity, const struct conf_place *place,
	      const char *line_text, size_t line_length, const char *format, ...) PRINTF_LIKE(6, 7);
void diag_vadd(struct diag *diag, enum diag_severity severity, const struct conf_place *place,
	       const char *line_text, size_t line_length, const char *format, va_list args)
	PRINTF_LIKE(6, 0);

/* The same of a place in conf, whose text has the line. */
void diag_add_of(struct diag *diag, enum diag_severity severity, const struct conf *conf,
		 const struct conf_place *place, const char *format, ...) PRINTF_LIKE(5, 6);

/* Text of others, so that it says nothing to a terminal: what is not printable ASCII as \ooo. */
void diag_put_visible(FILE *out, const char *text);

size_t diag_count(const struct diag *diag, enum diag_severity severity);

/* file:line:column: error: text, then the line and the carets. */
void diag_print(const struct diag *diag, FILE *out);

/* Calls fn with the first line of each entry ("netns.conf:14:5: error: ..."), for the log. */
void diag_for_each(const struct diag *diag,
		   void (*fn)(void *userdata, enum diag_severity severity, const char *text),
		   void *userdata);

/* One of them in its parts, for who writes it in another form; lost ones are left out. */
struct diag_entry {
	enum diag_severity severity;
	const char *file;
	unsigned line; /* 0: the file as a whole */
	const char *text;
};
void diag_each(const struct diag *diag, void (*fn)(void *userdata, const struct diag_entry *entry),
	       void *userdata);

#endif
