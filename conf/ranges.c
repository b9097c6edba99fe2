/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/array.h"
#include "conf/base.h"
#include "conf/ranges.h"

void ranges_done(struct ranges *set)
{
	free(set->ranges);
	*set = (struct ranges){ 0 };
}

int ranges_add(struct ranges *set, struct point first, struct point last)
{
	struct range *range = array_add(set->ranges, set->n);

	if (!range)
		return -ENOMEM;
	range->first = first;
	range->last = last;
	return 0;
}

static int compare(const struct point *a, const struct point *b)
{
	if (a->space != b->space)
		return a->space < b->space ? -1 : 1;
	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	return a->low < b->low ? -1 : a->low > b->low;
}

static int compare_first(const void *a, const void *b)
{
	return compare(&((const struct range *)a)->first, &((const struct range *)b)->first);
}

/* The point behind the last one of a space is in no other space: it is the same again. */
static struct point successor(struct point point)
{
	if (point.low != UINT64_MAX || point.high != UINT64_MAX) {
		point.low++;
		point.high += point.low == 0;
	}
	return point;
}

/* Sorts, and joins what overlaps or touches: two halves cover what the whole does. */
void ranges_sort(struct ranges *set)
{
	struct range *last = set->ranges;

	if (set->n == 0)
		return;
	qsort(set->ranges, set->n, sizeof(*set->ranges), compare_first);
	for (size_t i = 1; i < set->n; i++) {
		const struct range *range = &set->ranges[i];
		struct point next = successor(last->last);

		if (compare(&range->first, &next) > 0)
			*++last = *range;
		else if (compare(&range->last, &last->last) > 0)
			last->last = range->last;
	}
	set->n = (size_t)(last - set->ranges) + 1;
}

bool ranges_cover(const struct ranges *set, const struct range *range)
{
	size_t low = 0, high = set->n;

	/* The last range that starts at or before this one. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&set->ranges[middle].first, &range->first) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && compare(&range->last, &set->ranges[low - 1].last) <= 0;
}
