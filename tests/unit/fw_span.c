/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/socket.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/span.h"
#include "tests/tap.h"

static void add(struct spans *spans, uint32_t first, uint32_t last)
{
	struct span span = span_of_numbers(first, last, spans->width);

	if (spans_add(spans, &span) < 0)
		abort();
}

/* "1-3 7": what is in spans. */
static const char *text_of(const struct spans *spans)
{
	static char text[256];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < spans->n; i++) {
		unsigned first = span_first_number(&spans->list[i], spans->width);
		unsigned last = span_last_number(&spans->list[i], spans->width);

		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      first == last ? "%s%u" : "%s%u-%u", i ? " " : "", first,
				      last);
	}
	return text;
}

static void test_merge(void)
{
	_cleanup_(spans_done) struct spans spans = { .width = 2 };

	spans_merge(&spans);
	is_str(text_of(&spans), "", "nothing stays nothing");
	add(&spans, 80, 80);
	add(&spans, 22, 22);
	add(&spans, 81, 90);
	add(&spans, 85, 100);
	add(&spans, 86, 87);
	add(&spans, 102, 102);
	add(&spans, 65535, 65535);
	add(&spans, 0, 0);
	spans_merge(&spans);
	is_str(text_of(&spans), "0 22 80-100 102 65535", "what touches or overlaps is joined");
	add(&spans, 1, 65534);
	spans_merge(&spans);
	is_str(text_of(&spans), "0-65535", "up to both ends");
}

static const char *rest(uint32_t first, uint32_t last, const struct spans *holes)
{
	_cleanup_(spans_done) struct spans spans = { .width = 2 };

	add(&spans, first, last);
	if (spans_remove(&spans, holes) < 0)
		abort();
	return text_of(&spans);
}

static void test_remove(void)
{
	_cleanup_(spans_done) struct spans holes = { .width = 2 };

	is_str(rest(5, 7, &holes), "5-7", "without holes all stays");
	add(&holes, 10, 19);
	add(&holes, 30, 30);
	is_str(rest(0, 65535, &holes), "0-9 20-29 31-65535", "holes in the middle");
	is_str(rest(10, 19, &holes), "", "just a hole");
	is_str(rest(12, 15, &holes), "", "within one");
	is_str(rest(5, 12, &holes), "5-9", "its start");
	is_str(rest(15, 25, &holes), "20-25", "its end");
	is_str(rest(19, 30, &holes), "20-29", "both edges");
	is_str(rest(0, 9, &holes), "0-9", "before");
	is_str(rest(31, 40, &holes), "31-40", "behind");
	add(&holes, 65535, 65535);
	add(&holes, 0, 0);
	spans_merge(&holes);
	is_str(rest(0, 65535, &holes), "1-9 20-29 31-65534", "holes at the ends");
}

static void test_contain(void)
{
	_cleanup_(spans_done) struct spans spans = { .width = 4 };
	struct span inside = span_of_numbers(10, 20, 4), over = span_of_numbers(10, 21, 4);

	add(&spans, 10, 20);
	add(&spans, 22, 30);
	ok(spans_contain(&spans, &inside), "a span is in itself");
	ok(!spans_contain(&spans, &over), "one over the edge is not");
}

static struct span prefix(int family, unsigned length, const uint8_t bytes[16])
{
	struct conf_prefix p = { .family = family, .length = length };

	memcpy(p.bytes, bytes, sizeof(p.bytes));
	return span_of_prefix(&p);
}

static void test_prefix(void)
{
	static const uint8_t v4[16] = { 10, 128 }, v6[16] = { 0xfd, 0, 0, 1, 0x80 };
	static const uint8_t zero[16];
	struct span span;

	span = prefix(AF_INET, 9, v4);
	is_int(span_first_number(&span, 4), 0x0a800000, "the first of a prefix");
	is_int(span_last_number(&span, 4), 0x0affffff, "the last of a prefix");
	is_int(span_prefix_length(&span, 4), 9, "its length");
	span = prefix(AF_INET6, 33, v6);
	is_int(span_prefix_length(&span, 16), 33, "the length of an IPv6 prefix");
	span = prefix(AF_INET, 32, v4);
	is_int(span_prefix_length(&span, 4), 32, "an address is one");
	ok(span_is_single(&span, 4), "and single");
	span = prefix(AF_INET6, 0, zero);
	is_int(span_prefix_length(&span, 16), 0, "so is everything");
	span = span_of_numbers(1, 2, 4);
	is_int(span_prefix_length(&span, 4), -1, "1-2 is none");
	span = span_of_numbers(0, 2, 4);
	is_int(span_prefix_length(&span, 4), -1, "nor 0-2");
}

static void test_next(void)
{
	uint8_t number[SPAN_WIDTH_MAX] = { 0, 255, 255 };

	ok(span_next(number, 3) && number[0] == 1 && number[1] == 0 && number[2] == 0,
	   "the next number carries over");
	memset(number, 255, sizeof(number));
	ok(!span_next(number, sizeof(number)), "there is none behind the last");
}

int main(void)
{
	test_merge();
	test_remove();
	test_contain();
	test_prefix();
	test_next();
	return done_testing();
}
