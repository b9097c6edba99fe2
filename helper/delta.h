/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_DELTA_H
#define HELPER_DELTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct conf_place;

/* Two lists of lines, and what has to be taken from the one and added to make the other. */
struct delta_line {
	char *text;
	const struct conf_place *place; /* where it stands; NULL: not known */
	char *shown; /* in place of text, or NULL */
};

struct delta_list {
	struct delta_line *lines;
	size_t n;
};

/* Takes text, and shown, which may be NULL.  -ENOMEM: also if text is NULL. */
int delta_add(struct delta_list *list, char *text, const struct conf_place *place, char *shown);
void delta_done(struct delta_list *list);

bool delta_is_same(const struct delta_list *before, const struct delta_list *after);

/* Prints "- TEXT" and "+ TEXT  (FILE:LINE)", in order.  0 or -ENOMEM. */
int delta_print(const struct delta_list *before, const struct delta_list *after, FILE *out);

#endif
