/* SPDX-License-Identifier: GPL-2.0-or-later */
/* helper/record.c: a line stays a line, and what it says is what there was to say. */
#include "conf/base.h"
#include "helper/record.h"
#include "tests/tap.h"

static void becomes(const char *value, const char *wanted, const char *name)
{
	struct record record;

	record_init(&record);
	record_text(&record, "user", value);
	is_str(record.text, wanted, "%s", name);
}

static void test_values(void)
{
	becomes("alice", "user=alice", "a name");
	becomes("", "", "an empty one is left out");
	becomes(NULL, "", "and none");
	becomes("a b", "user=\"a b\"", "a blank");
	becomes(" ", "user=\" \"", "nothing but one");
	becomes("a=b", "user=a\\075b", "what would be another field");
	becomes("x uid=0", "user=\"x uid\\0750\"", "and behind a blank");
	becomes("a\"b", "user=a\\042b", "a quote");
	becomes("a\\b", "user=a\\134b", "a backslash");
	becomes("a\\040b", "user=a\\134040b", "what looks escaped");
	becomes("a\nb\tc\x1b[2J\x7f", "user=a\\012b\\011c\\033[2J\\177", "control characters");
	becomes("\xc3\xa9\xff", "user=\\303\\251\\377", "what is not ASCII");
}

static void test_long(void)
{
	char value[2 * RECORD_VALUE_MAX];
	struct record record;
	size_t length;

	memset(value, '\n', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	becomes("\\...", "user=\\134...", "what looks cut");
	record_init(&record);
	record_text(&record, "user", value);
	length = strlen(record.text);
	ok(length < RECORD_VALUE_MAX + 8, "a long value is cut: %zu", length);
	is_str(record.text + length - 8, "\\012\\...", "between characters, and that can be seen");
	memset(value, 'a', sizeof(value) - 1);
	record_init(&record);
	record_text(&record, "user", value);
	is_str(record.text + strlen(record.text) - 6, "aa\\...", "of plain ones, too");
}

static void test_full(void)
{
	char value[RECORD_VALUE_MAX / 2];
	struct record record;

	memset(value, 'a', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	record_init(&record);
	for (int i = 0; i < 100; i++)
		record_text(&record, "user", value);
	ok(strlen(record.text) == record.length && record.length < RECORD_MAX,
	   "more than there is room for");
	ok(record.length % (sizeof(value) - 1 + strlen("user= ")) == sizeof(value) - 1 + 5,
	   "is left out, field by field: %zu", record.length);
}

static void test_fields(void)
{
	struct record record;
	struct record more;

	record_init(&record);
	record_text(&record, "event", "close");
	record_number(&record, "uid", UINT32_MAX);
	record_init(&more);
	record_text(&more, "tty", NULL);
	record_append(&record, more.text);
	is_str(record.text, "event=close uid=4294967295", "nothing to append");
	record_seconds(&record, "duration", 1002);
	record_number(&record, "bytes", UINT64_MAX);
	is_str(record.text, "event=close uid=4294967295 duration=1.002 bytes=18446744073709551615",
	       "fields, in order");
}

int main(void)
{
	test_values();
	test_long();
	test_full();
	test_fields();
	return done_testing();
}
