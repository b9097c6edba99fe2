/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/base.h"
#include "conf/ranges.h"
#include "tests/tap.h"

static struct point point(uint32_t space, uint64_t high, uint64_t low)
{
	return (struct point){ space, high, low };
}

static void add(struct ranges *set, struct point first, struct point last)
{
	if (ranges_add(set, first, last) < 0)
		abort();
}

static bool covers(const struct ranges *set, struct point first, struct point last)
{
	const struct range range = { first, last };

	return ranges_cover(set, &range);
}

static void test_join(void)
{
	_cleanup_(ranges_done) struct ranges set = { 0 };

	add(&set, point(1, 0, 30), point(1, 0, 40));
	add(&set, point(1, 0, 10), point(1, 0, 19));
	add(&set, point(1, 0, 20), point(1, 0, 25));
	add(&set, point(1, 0, 12), point(1, 0, 14));
	ranges_sort(&set);
	is_int((long long)set.n, 2, "what touches or overlaps is one");
	ok(covers(&set, point(1, 0, 10), point(1, 0, 25)), "two halves cover the whole");
	ok(!covers(&set, point(1, 0, 10), point(1, 0, 30)), "a gap is not covered");
	ok(!covers(&set, point(1, 0, 9), point(1, 0, 9)), "nor is what lies before");
	ok(!covers(&set, point(1, 0, 41), point(1, 0, 41)), "nor behind");
	ok(!covers(&set, point(2, 0, 10), point(2, 0, 10)), "nor in another space");
}

static void test_carry(void)
{
	_cleanup_(ranges_done) struct ranges set = { 0 };

	add(&set, point(1, 1, 0), point(1, 1, 5));
	add(&set, point(1, 0, 7), point(1, 0, UINT64_MAX));
	add(&set, point(1, UINT64_MAX, 0), point(1, UINT64_MAX, UINT64_MAX));
	add(&set, point(2, 0, 0), point(2, 0, 0));
	ranges_sort(&set);
	is_int((long long)set.n, 3, "numbers carry over, spaces do not");
	ok(covers(&set, point(1, 0, 8), point(1, 1, 5)), "across the low half");
}

static void test_empty(void)
{
	_cleanup_(ranges_done) struct ranges set = { 0 };

	ranges_sort(&set);
	ok(!covers(&set, point(0, 0, 0), point(0, 0, 0)), "nothing covers nothing");
}

int main(void)
{
	test_join();
	test_carry();
	test_empty();
	return done_testing();
}
