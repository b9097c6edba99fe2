/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONF_RANGES_H
#define CONF_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An address, a port of a protocol, or a thing that stands for itself alone. */
struct point {
	uint32_t space; /* keeps points of different kinds apart */
	uint64_t high;
	uint64_t low;
};

struct range {
	struct point first;
	struct point last;
};

/* A set of points; to be sorted after the last addition and before the first question. */
struct ranges {
	struct range *ranges;
	size_t n;
};

void ranges_done(struct ranges *set);
int ranges_add(struct ranges *set, struct point first, struct point last);
void ranges_sort(struct ranges *set);
bool ranges_cover(const struct ranges *set, const struct range *range);

#endif
