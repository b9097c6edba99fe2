/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/span.h"

static void put_number(uint8_t bytes[SPAN_WIDTH_MAX], uint32_t number, unsigned width)
{
	for (unsigned i = width; i-- > 0; number >>= 8)
		bytes[i] = (uint8_t)number;
}

static uint32_t get_number(const uint8_t bytes[SPAN_WIDTH_MAX], unsigned width)
{
	uint32_t number = 0;

	for (unsigned i = 0; i < width; i++)
		number = number << 8 | bytes[i];
	return number;
}

struct span span_of_numbers(uint32_t first, uint32_t last, unsigned width)
{
	struct span span = { 0 };

	put_number(span.first, first, width);
	put_number(span.last, last, width);
	return span;
}

uint32_t span_first_number(const struct span *span, unsigned width)
{
	return get_number(span->first, width);
}

uint32_t span_last_number(const struct span *span, unsigned width)
{
	return get_number(span->last, width);
}

struct span span_of_prefix(const struct conf_prefix *prefix)
{
	unsigned width = prefix->family == AF_INET ? 4 : 16;
	struct span span = { 0 };

	memcpy(span.first, prefix->bytes, width);
	memcpy(span.last, prefix->bytes, width);
	for (unsigned bit = prefix->length; bit < width * 8; bit++)
		span.last[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return span;
}

struct span span_of_name(const char *name)
{
	struct span span = { 0 };

	memcpy(span.first, name, strnlen(name, sizeof(span.first) - 1));
	memcpy(span.last, span.first, sizeof(span.last));
	return span;
}

int span_prefix_length(const struct span *span, unsigned width)
{
	unsigned bit = 0;

	while (bit < width * 8 &&
	       !((span->first[bit / 8] ^ span->last[bit / 8]) & (0x80 >> bit % 8)))
		bit++;
	for (unsigned rest = bit; rest < width * 8; rest++) {
		int mask = 0x80 >> rest % 8;

		if ((span->first[rest / 8] & mask) || !(span->last[rest / 8] & mask))
			return -1;
	}
	return (int)bit;
}

bool span_is_single(const struct span *span, unsigned width)
{
	return memcmp(span->first, span->last, width) == 0;
}

bool span_next(uint8_t number[SPAN_WIDTH_MAX], unsigned width)
{
	for (unsigned i = width; i-- > 0;) {
		if (++number[i] != 0)
			return true;
	}
	return false;
}

/* Never called with 0. */
static void span_previous(uint8_t number[SPAN_WIDTH_MAX], unsigned width)
{
	for (unsigned i = width; i-- > 0;) {
		if (number[i]-- != 0)
			return;
	}
}

void spans_done(struct spans *spans)
{
	free(spans->list);
	*spans = (struct spans){ .width = spans->width };
}

int spans_add(struct spans *spans, const struct span *span)
{
	if (spans->n == spans->room) {
		size_t room = spans->room ? 2 * spans->room : 8;
		struct span *list = reallocarray(spans->list, room, sizeof(*list));

		if (!list)
			return -ENOMEM;
		spans->list = list;
		spans->room = room;
	}
	spans->list[spans->n++] = *span;
	return 0;
}

int spans_add_all(struct spans *spans, const struct spans *more)
{
	int r = 0;

	for (size_t i = 0; i < more->n && r == 0; i++)
		r = spans_add(spans, &more->list[i]);
	return r;
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct span));
}

/* The second does not start before the first. */
static bool is_joined(const struct span *first, const struct span *second, unsigned width)
{
	uint8_t next[SPAN_WIDTH_MAX];

	memcpy(next, first->last, sizeof(next));
	return !span_next(next, width) || memcmp(second->first, next, width) <= 0;
}

void spans_merge(struct spans *spans)
{
	size_t n = 0;

	if (spans->n == 0)
		return;
	qsort(spans->list, spans->n, sizeof(*spans->list), compare);
	for (size_t i = 1; i < spans->n; i++) {
		struct span *to = &spans->list[n];
		const struct span *from = &spans->list[i];

		if (!is_joined(to, from, spans->width))
			spans->list[++n] = *from;
		else if (memcmp(to->last, from->last, spans->width) < 0)
			memcpy(to->last, from->last, sizeof(to->last));
	}
	spans->n = n + 1;
}

/* What is left of span after the holes, which are sorted. */
static int add_rest(struct spans *to, struct span span, const struct spans *holes)
{
	for (size_t i = 0; i < holes->n; i++) {
		const struct span *hole = &holes->list[i];
		struct span before = span;
		int r;

		if (memcmp(hole->last, span.first, to->width) < 0 ||
		    memcmp(hole->first, span.last, to->width) > 0)
			continue;
		if (memcmp(hole->first, span.first, to->width) > 0) {
			memcpy(before.last, hole->first, sizeof(before.last));
			span_previous(before.last, to->width);
			r = spans_add(to, &before);
			if (r < 0)
				return r;
		}
		if (memcmp(hole->last, span.last, to->width) >= 0)
			return 0;
		memcpy(span.first, hole->last, sizeof(span.first));
		span_next(span.first, to->width);
	}
	return spans_add(to, &span);
}

int spans_remove(struct spans *spans, const struct spans *holes)
{
	_cleanup_(spans_done) struct spans rest = { .width = spans->width };
	struct spans old = *spans;
	int r = 0;

	for (size_t i = 0; i < spans->n && r == 0; i++)
		r = add_rest(&rest, spans->list[i], holes);
	if (r < 0)
		return r;
	*spans = rest;
	rest = old;
	return 0;
}

bool spans_contain(const struct spans *spans, const struct span *span)
{
	for (size_t i = 0; i < spans->n; i++) {
		if (memcmp(spans->list[i].first, span->first, spans->width) <= 0 &&
		    memcmp(spans->list[i].last, span->last, spans->width) >= 0)
			return true;
	}
	return false;
}
