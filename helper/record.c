/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "helper/record.h"

#define ESCAPED_MAX 4 /* "\ooo" */
#define CUT         "\\..."

void record_init(struct record *record)
{
	record->text[0] = '\0';
	record->length = 0;
}

void record_append(struct record *record, const char *text)
{
	size_t length = strlen(text);
	bool first = record->length == 0;

	if (length == 0)
		return;
	if (record->length + length + 2 > sizeof(record->text))
		return;
	if (!first)
		record->text[record->length++] = ' ';
	memcpy(record->text + record->length, text, length + 1);
	record->length += length;
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '=' && c != '\\';
}

static void escape(const char *value, char text[RECORD_VALUE_MAX])
{
	size_t n = 0;

	for (const char *p = value; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (n + ESCAPED_MAX + sizeof(CUT) > RECORD_VALUE_MAX) {
			memcpy(text + n, CUT, sizeof(CUT));
			return;
		}
		if (is_plain(c))
			text[n++] = (char)c;
		else
			n += (size_t)snprintf(text + n, ESCAPED_MAX + 1, "\\%03o", c);
	}
	text[n] = '\0';
}

void record_text(struct record *record, const char *key, const char *value)
{
	char field[RECORD_VALUE_MAX + 64];
	char text[RECORD_VALUE_MAX];
	const char *quote;

	if (!value || !*value)
		return;
	escape(value, text);
	quote = strchr(text, ' ') ? "\"" : "";
	snprintf(field, sizeof(field), "%s=%s%s%s", key, quote, text, quote);
	record_append(record, field);
}

void record_seconds(struct record *record, const char *key, uint64_t ms)
{
	char field[64];

	snprintf(field, sizeof(field), "%s=%" PRIu64 ".%03u", key, ms / 1000,
		 (unsigned)(ms % 1000));
	record_append(record, field);
}

void record_number(struct record *record, const char *key, uint64_t value)
{
	char field[64];

	snprintf(field, sizeof(field), "%s=%" PRIu64, key, value);
	record_append(record, field);
}
