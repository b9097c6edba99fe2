/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "helper/json.h"

#define REPLACEMENT 0xfffdU

struct json json_start(FILE *out)
{
	return (struct json){ .out = out };
}

/*
 * Strings
 */

static bool is_more(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* How many bytes a character has that begins like this; 0: none does. */
static size_t length_of(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first < 0xe0) /* below, two bytes would say what one can */
		return 2;
	if ((first & 0xf0) == 0xe0)
		return 3;
	return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

size_t json_decode(const char *bytes, size_t length, uint32_t *ret_char)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = (unsigned char)bytes[0];
	size_t n = length_of(first);
	uint32_t c = n > 1 ? first & (0x7fU >> n) : first;

	*ret_char = REPLACEMENT;
	if (n == 0 || n > length)
		return 1;
	for (size_t i = 1; i < n; i++) {
		if (!is_more((unsigned char)bytes[i]))
			return 1;
		c = c << 6 | ((unsigned char)bytes[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 1;
	*ret_char = c;
	return n;
}

bool json_is_dangerous(uint32_t c)
{
	static const struct {
		uint32_t first;
		uint32_t last;
	} ranges[] = {
		{ 0, 0x1f },        { 0x7f, 0x9f },       { 0xad, 0xad },     { 0x61c, 0x61c },
		{ 0x200b, 0x200f }, { 0x2028, 0x202e },   { 0x2060, 0x206f }, { 0xfeff, 0xfeff },
		{ 0xfff9, 0xfffd }, { 0xe0000, 0xe007f },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

static void put_escaped(FILE *out, uint32_t c)
{
	static const char names[] = "\bb\tt\nn\ff\rr\"\"\\\\";

	for (const char *name = names; *name; name += 2) {
		if (c == (unsigned char)*name) {
			fprintf(out, "\\%c", name[1]);
			return;
		}
	}
	if (c > 0xffff)
		fprintf(out, "\\u%04x\\u%04x", (unsigned)(0xd800 + ((c - 0x10000) >> 10)),
			(unsigned)(0xdc00 + ((c - 0x10000) & 0x3ff)));
	else
		fprintf(out, "\\u%04x", (unsigned)c);
}

static void put_string(FILE *out, const char *bytes, size_t length)
{
	putc('"', out);
	while (length > 0) {
		uint32_t c;
		size_t n = json_decode(bytes, length, &c);

		if (c == '"' || c == '\\' || json_is_dangerous(c))
			put_escaped(out, c);
		else
			fwrite(bytes, 1, n, out);
		bytes += n;
		length -= n;
	}
	putc('"', out);
}

/*
 * Values
 */

static void begin(struct json *json, const char *key)
{
	bool lines = json->depth == 1 && json->close[0] == ']';

	if (json->any[json->depth])
		fputs(lines ? ",\n " : ", ", json->out);
	json->any[json->depth] = true;
	if (!key)
		return;
	put_string(json->out, key, strlen(key));
	fputs(": ", json->out);
}

void json_open(struct json *json, const char *key, char what)
{
	if (json->depth == JSON_DEPTH_MAX)
		abort();
	begin(json, key);
	putc(what, json->out);
	json->close[json->depth++] = what == '{' ? '}' : ']';
	json->any[json->depth] = false;
}

void json_close(struct json *json)
{
	if (json->depth == 0)
		abort();
	putc(json->close[--json->depth], json->out);
}

void json_end(struct json *json)
{
	putc('\n', json->out);
	json->any[0] = false;
}

void json_bytes(struct json *json, const char *key, const char *bytes, size_t length)
{
	begin(json, key);
	put_string(json->out, bytes, length);
}

void json_string(struct json *json, const char *key, const char *text)
{
	if (text)
		json_bytes(json, key, text, strlen(text));
	else
		json_null(json, key);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin(json, key);
	fputs(value ? "true" : "false", json->out);
}

void json_null(struct json *json, const char *key)
{
	begin(json, key);
	fputs("null", json->out);
}

void json_unsigned(struct json *json, const char *key, uint64_t value)
{
	begin(json, key);
	fprintf(json->out, "%" PRIu64, value);
}

void json_signed(struct json *json, const char *key, int64_t value)
{
	begin(json, key);
	fprintf(json->out, "%" PRId64, value);
}

/* In thousandths: what printf() makes of a point is the locale's business. */
void json_double(struct json *json, const char *key, double value)
{
	double size = value < 0 ? -value : value;
	uint64_t thousandths;

	if (!(size < 9e15)) {
		json_null(json, key);
		return;
	}
	thousandths = (uint64_t)(size * 1000 + 0.5);
	begin(json, key);
	fprintf(json->out, "%s%" PRIu64, value < 0 && thousandths ? "-" : "", thousandths / 1000);
	if (thousandths % 1000)
		fprintf(json->out, ".%03u", (unsigned)(thousandths % 1000));
}
