/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_SPAN_H
#define HELPER_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf_prefix;

/*
 * From first to last, both included: addresses, ports, uids.  All are numbers
 * of width bytes, the highest first, so that memcmp() compares them; the bytes
 * beyond are zero.
 */
#define SPAN_WIDTH_MAX 16U

struct span {
	uint8_t first[SPAN_WIDTH_MAX];
	uint8_t last[SPAN_WIDTH_MAX];
};

struct span span_of_numbers(uint32_t first, uint32_t last, unsigned width);
struct span span_of_prefix(const struct conf_prefix *prefix);
/* The name of a link, ended with zeros as the kernel compares it. */
struct span span_of_name(const char *name);
uint32_t span_first_number(const struct span *span, unsigned width);
uint32_t span_last_number(const struct span *span, unsigned width);

/* The length of the prefix that covers just this span, or -1: there is none. */
int span_prefix_length(const struct span *span, unsigned width);
bool span_is_single(const struct span *span, unsigned width);

/* The number after that one; false: it was the highest. */
bool span_next(uint8_t number[SPAN_WIDTH_MAX], unsigned width);

/* A set of numbers.  spans_done() frees; the others return 0 or -ENOMEM. */
struct spans {
	unsigned width;
	struct span *list;
	size_t n;
	size_t room;
};

void spans_done(struct spans *spans);
int spans_add(struct spans *spans, const struct span *span);
int spans_add_all(struct spans *spans, const struct spans *more);

/* Sorts, and joins what overlaps or touches. */
void spans_merge(struct spans *spans);

/* Both are merged before, and spans is afterwards. */
int spans_remove(struct spans *spans, const struct spans *holes);

/* Whether span lies in one of them, which are merged. */
bool spans_contain(const struct spans *spans, const struct span *span);

#endif
