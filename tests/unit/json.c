/* SPDX-License-Identifier: GPL-2.0-or-later */
/* helper/json.c: what is written is JSON, whatever it is about. */
#include <math.h>

#include "conf/base.h"
#include "helper/json.h"
#include "tests/tap.h"

/* What a text becomes. */
static void becomes(const char *bytes, size_t length, const char *wanted, const char *name)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct json json = json_start(out);

	json_bytes(&json, NULL, bytes, length);
	fclose(out);
	is_str(text, wanted, "%s", name);
}

#define BECOMES(literal, wanted, name) becomes(literal, sizeof(literal) - 1, wanted, name)

static void test_strings(void)
{
	BECOMES("", "\"\"", "nothing");
	BECOMES("alice", "\"alice\"", "a name");
	BECOMES("a\"b\\c/d", "\"a\\\"b\\\\c/d\"", "a quote and a backslash");
	BECOMES("\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\"", "control characters with a name");
	BECOMES("\0\1\x1b[31m\x1f\x7f", "\"\\u0000\\u0001\\u001b[31m\\u001f\\u007f\"",
		"and without, a NUL among them");
	BECOMES("\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa7", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa7\"",
		"characters of two, three and four bytes");
	BECOMES("\xc2\x9b\x31m\xc2\xa0", "\"\\u009b1m\xc2\xa0\"", "controls beyond ASCII");
	BECOMES("\xe2\x80\xae\xe2\x81\xa6\xe2\x81\xa9\xe2\x80\xac\xe2\x80\xa8",
		"\"\\u202e\\u2066\\u2069\\u202c\\u2028\"", "what turns text round, or ends a line");
	BECOMES("\xef\xbb\xbf\xf3\xa0\x81\x81", "\"\\ufeff\\udb40\\udc41\"",
		"what is not seen, beyond 16 bits, too");
}

static void test_invalid(void)
{
	BECOMES("\xff\xfe", "\"\\ufffd\\ufffd\"", "bytes that begin nothing");
	BECOMES("a\x80z", "\"a\\ufffdz\"", "a byte of the middle");
	BECOMES("\xc3", "\"\\ufffd\"", "the end in a character");
	BECOMES("\xe2\x82\"", "\"\\ufffd\\ufffd\\\"\"", "a quote in the middle of one");
	BECOMES("\xc0\x80\xc1\xbf", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"", "two bytes for one");
	BECOMES("\xe0\x80\xaf", "\"\\ufffd\\ufffd\\ufffd\"", "three bytes for one");
	BECOMES("\xf0\x80\x80\xaf", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"", "four bytes for one");
	BECOMES("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"", "half a pair");
	BECOMES("\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"", "beyond the last");
	BECOMES("\xf4\x8f\xbf\xbd", "\"\xf4\x8f\xbf\xbd\"", "nearly the last");
}

static void test_shape(void)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct json json = json_start(out);

	json_open(&json, NULL, '[');
	json_open(&json, NULL, '{');
	json_string(&json, "a\"", "b");
	json_string(&json, "none", NULL);
	json_unsigned(&json, "u", UINT64_MAX);
	json_signed(&json, "i", INT64_MIN);
	json_open(&json, "list", '[');
	json_bool(&json, NULL, true);
	json_bool(&json, NULL, false);
	json_close(&json);
	json_open(&json, "empty", '{');
	json_close(&json);
	json_close(&json);
	json_open(&json, NULL, '[');
	json_close(&json);
	json_close(&json);
	json_end(&json);
	json_null(&json, NULL);
	json_end(&json);
	fclose(out);
	is_str(text,
	       "[{\"a\\\"\": \"b\", \"none\": null, \"u\": 18446744073709551615, "
	       "\"i\": -9223372036854775808, \"list\": [true, false], \"empty\": {}},\n []]\n"
	       "null\n",
	       "everything in everything, and two values one after the other");
}

static void test_numbers(void)
{
	static const double numbers[] = {
		0, -0.0001, 1.5, -2.25, 1e9, 0.0006, 9e15, INFINITY, NAN
	};
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct json json = json_start(out);

	json_open(&json, NULL, '{');
	json_open(&json, "n", '[');
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		json_double(&json, NULL, numbers[i]);
	json_close(&json);
	json_close(&json);
	fclose(out);
	is_str(text, "{\"n\": [0, 0, 1.500, -2.250, 1000000000, 0.001, null, null, null]}",
	       "numbers with a point, and what is none");
}

int main(void)
{
	test_strings();
	test_invalid();
	test_shape();
	test_numbers();
	return done_testing();
}
