/* SPDX-License-Identifier: GPL-2.0-or-later */
/* helper/columns.c: a table fits, whatever is in it; amounts and ages are short. */
#include "conf/base.h"
#include "helper/columns.h"
#include "tests/tap.h"

static const struct column table[] = {
	{ "NAME", false, 4, 0 },
	{ "WHAT", false, 4, 2 },
	{ "MANY", true, 0, 1 },
	{ "MORE", true, 0, COLUMN_EXTRA },
};

/* The table at that width; the caller's to free. */
static char *print(const struct columns *c, size_t width, size_t rows)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	const struct columns_page page = {
		.out = out,
		.width = width,
		.indent = "",
		.line_end = "\n",
		.rows = rows,
	};

	columns_print(c, &page);
	fclose(out);
	return text;
}

static void prints(const struct columns *c, size_t width, const char *wanted, const char *name)
{
	_cleanup_free_ char *text = print(c, width, SIZE_MAX);

	is_str(text, wanted, "%s", name);
}

static void add_row(struct columns *c, const char *const cells[ARRAY_SIZE(table)])
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		columns_add(c, CELL_PLAIN, cells[i]);
}

static size_t longest(const char *text)
{
	size_t most = 0;

	for (const char *end; (end = strchr(text, '\n')); text = end + 1)
		if ((size_t)(end - text) > most)
			most = (size_t)(end - text);
	return most;
}

static void test_table(void)
{
	struct columns c = columns_start(table, ARRAY_SIZE(table));
	bool fits = true;
	bool all = true;

	prints(&c, 80, "NAME WHAT MANY\n", "nothing: the titles");
	add_row(&c, (const char *const[]){ "alice", "veth web", "1", "2" });
	add_row(&c, (const char *const[]){ "a\033[2J\n", "", "100000", "" });
	prints(&c, 81,
	       "NAME         WHAT       MANY MORE\n"
	       "alice        veth web      1    2\n"
	       "a\\033[2J\\012          100000\n",
	       "all of it, and what speaks to a terminal does not");
	prints(&c, 80,
	       "NAME         WHAT       MANY\n"
	       "alice        veth web      1\n"
	       "a\\033[2J\\012          100000\n",
	       "of the usual width: without what is extra");
	prints(&c, 24,
	       "NAME     WHAT       MANY\n"
	       "alice    veth web      1\n"
	       "a\\033[2+          100000\n",
	       "the widest text is cut");
	prints(&c, 12,
	       "NAME    MANY\n"
	       "alice      1\n"
	       "a\\03+ 100000\n",
	       "a column goes");
	prints(&c, 4, "NAME\nali+\na\\0+\n", "and another one");
	prints(&c, 1, "+\n+\n+\n", "the rest is as long as it may be");
	for (size_t width = 1; width < 200; width++) {
		_cleanup_free_ char *text = print(&c, width, SIZE_MAX);
		_cleanup_free_ char *less = print(&c, width, 1);

		fits &= longest(text) <= width;
		all &= strlen(less) < strlen(text);
	}
	ok(fits, "no line is longer than it may be");
	ok(all, "and there are not more than there may be");
	columns_done(&c);
}

static void test_amounts(void)
{
	static const struct {
		uint64_t amount;
		const char *text;
	} amounts[] = {
		{ 0, "0" },
		{ 999, "999" },
		{ 1000, "1.0K" },
		{ 1999, "1.9K" },
		{ 9999, "9.9K" },
		{ 10000, "10K" },
		{ 999999, "999K" },
		{ 1000000, "1.0M" },
		{ 123456789, "123M" },
		{ UINT64_MAX, "18E" },
	};
	char text[AMOUNT_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(amounts); i++)
		is_str(amount_text(amounts[i].amount, text), amounts[i].text, "%llu",
		       (unsigned long long)amounts[i].amount);
}

static void test_ages(void)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} ages[] = {
		{ -1, "0s" },        { 59, "59s" },     { 60, "1m00s" },   { 599, "9m59s" },
		{ 600, "10m" },      { 3599, "59m" },   { 3600, "1h00m" }, { 35999, "9h59m" },
		{ 36000, "10h" },    { 359999, "99h" }, { 360000, "4d" },  { 864000000, "10000d" },
		{ INT64_MIN, "0s" },
	};
	char text[AMOUNT_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(ages); i++)
		is_str(age_text(ages[i].seconds, text), ages[i].text, "%lld seconds",
		       (long long)ages[i].seconds);
}

int main(void)
{
	test_table();
	test_amounts();
	test_ages();
	return done_testing();
}
