/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_RECORD_H
#define HELPER_RECORD_H

#include <stddef.h>
#include <stdint.h>

/*
 * A line of the log for programs: KEY=VALUE, with a blank between two.  A value
 * with blanks is in double quotes; a double quote, "=", a backslash and whatever is
 * no printable ASCII is "\ooo" in it.  So what stands before a "=" is always a key,
 * a name adds none, and a line stays one line.
 */
#define RECORD_MAX       4096
#define RECORD_VALUE_MAX 512 /* what is longer ends in "\..." */

struct record {
	char text[RECORD_MAX];
	size_t length;
};

void record_init(struct record *record);

/* NULL, and an empty value, are left out; so is what there is no room for. */
void record_text(struct record *record, const char *key, const char *value);
void record_number(struct record *record, const char *key, uint64_t value);
void record_seconds(struct record *record, const char *key, uint64_t ms);

/* What another record says. */
void record_append(struct record *record, const char *text);

#endif
