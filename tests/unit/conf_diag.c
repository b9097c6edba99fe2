/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/base.h"
#include "conf/conf.h"
#include "conf/diag.h"
#include "conf_help.h"
#include "tests/tap.h"

/* What a diagnostic for length bytes at column of a line looks like. */
static void check_excerpt(const char *line, unsigned column, unsigned length, const char *want,
			  const char *what)
{
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	struct conf_place place = { "f", 3, column, length };
	_cleanup_free_ char *got = NULL, *whole = NULL;

	if (diag_new(&diag) < 0 || asprintf(&whole, "f:3:%u: error: e\n%s", column, want) < 0)
		abort();
	diag_add(diag, DIAG_ERROR, &place, line, strlen(line), "e");
	got = diag_text(diag);
	is_str(got, whole, "%s", what);
}

static void test_excerpts(void)
{
	check_excerpt("set x", 5, 1, "    set x\n        ^\n", "one byte");
	check_excerpt("  set linger", 7, 6, "    set linger\n        ^~~~~~\n",
		      "a word, unindented");
	check_excerpt("\tset\tx y", 6, 3, "    set\tx y\n       \t^~~\n", "tabs in both lines");
	check_excerpt("set", 4, 1, "    set\n       ^\n", "behind the end");
	check_excerpt("set", 9, 4, "    set\n       ^\n", "far behind the end");
	check_excerpt("", 1, 1, "    \n    ^\n", "an empty line");
	check_excerpt("a\033[2Jb\377", 2, 1, "    a?[2Jb?\n     ^\n", "nothing for the terminal");
	check_excerpt("set", 1, 0, "    set\n    ^\n", "no length");
}

static void test_window(void)
{
	char line[301], want[512];

	memset(line, 'x', 300);
	line[300] = '\0';
	snprintf(want, sizeof(want), "    %.72s...\n    ^~\n", line);
	check_excerpt(line, 1, 2, want, "the start of a long line");

	line[199] = 'y';
	snprintf(want, sizeof(want), "    ...%.72s...\n       %36s^\n", line + 163, "");
	check_excerpt(line, 200, 1, want, "its middle");

	snprintf(want, sizeof(want), "    ...%.37s\n       %36s^\n", line + 263, "");
	check_excerpt(line, 300, 1, want, "its end");

	snprintf(want, sizeof(want), "    %.72s...\n    ^%.71s\n", line,
		 "~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~");
	check_excerpt(line, 1, 300, want, "a word longer than the window");
}

static void count_entry(void *userdata, enum diag_severity severity, const char *text)
{
	unsigned *counts = userdata;

	(void)text;
	counts[severity]++;
}

static void note_parts(void *data, const struct diag_entry *entry)
{
	char *text = data;
	size_t n = strlen(text);

	snprintf(text + n, 64 - n, "[%d %s %u %s]", (int)entry->severity, entry->file, entry->line,
		 entry->text);
}

static void test_entries(void)
{
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	struct conf_place whole = { "a\nb", 0, 0, 0 }, line = { "f", 2, 1, 1 };
	_cleanup_free_ char *text = NULL;
	unsigned counts[2] = { 0 };
	char parts[64] = "";

	if (diag_new(&diag) < 0)
		abort();
	errno = EIO;
	diag_add(diag, DIAG_WARNING, &whole, NULL, 0, "w\t%d", 1);
	diag_add(diag, DIAG_ERROR, &line, NULL, 0, "e");
	diag_add(diag, DIAG_ERROR, &line, NULL, 0, "e");
	is_int(errno, EIO, "errno is left alone");
	is_int((long long)diag_count(diag, DIAG_ERROR), 2, "two errors");
	is_int((long long)diag_count(diag, DIAG_WARNING), 1, "a warning");
	diag_for_each(diag, count_entry, counts);
	is_int(counts[DIAG_ERROR] * 10 + counts[DIAG_WARNING], 21, "each is seen once");
	diag_each(diag, note_parts, parts);
	is_str(parts, "[1 a\nb 0 w\t1][0 f 2 e][0 f 2 e]", "in its parts, as they are");
	text = diag_text(diag);
	is_str(text, "a\\012b: warning: w\\0111\nf:2:1: error: e\nf:2:1: error: e\n",
	       "in the order of finding, without raw bytes");
}

static void test_many(void)
{
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	struct conf_place place = { "f", 1, 1, 1 };
	_cleanup_free_ char *text = NULL;

	if (diag_new(&diag) < 0)
		abort();
	for (unsigned i = 0; i < 10007; i++)
		diag_add(diag, DIAG_ERROR, &place, NULL, 0, "e");
	text = diag_text(diag);
	is_int((long long)diag_count(diag, DIAG_ERROR), 10007, "many are all counted");
	ok(strstr(text, "\nand 7 more\n"), "but not all kept");
}

int main(void)
{
	test_excerpts();
	test_window();
	test_entries();
	test_many();
	diag_free(NULL);
	return done_testing();
}
