/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_JSON_H
#define HELPER_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Writes JSON as it goes: what is between the values, and how strings have to be
 * written, is done here.
 *
 *	struct json json = json_start(stdout);
 *
 *	json_open(&json, NULL, '[');
 *	json_open(&json, NULL, '{');
 *	json_string(&json, "user", name);
 *	json_unsigned(&json, "uid", uid);
 *	json_close(&json);
 *	json_close(&json);
 *	json_end(&json);
 *
 * Of members of an object, key is the name; of elements of an array and of the
 * value itself, NULL.  A value is one line; objects in an array that is the value
 * itself are a line each.  Whether all has been written, ferror() tells.
 */
#define JSON_DEPTH_MAX 16U

struct json {
	FILE *out;
	unsigned depth;
	char close[JSON_DEPTH_MAX]; /* what ends each of what is open */
	bool any[JSON_DEPTH_MAX + 1]; /* whether there was something in it */
};

struct json json_start(FILE *out);

/* what: '{' or '['.  Deeper than JSON_DEPTH_MAX the program is wrong, and is aborted. */
void json_open(struct json *json, const char *key, char what);
void json_close(struct json *json);

/* The end of a value, and of its line; another one may follow. */
void json_end(struct json *json);

/*
 * NULL is written as null.  Whatever else the bytes are, what is written is valid,
 * in UTF-8, on one line, and says nothing to a terminal: what would is escaped,
 * and U+FFFD stands for each byte that is not part of a character.
 */
void json_string(struct json *json, const char *key, const char *text);
void json_bytes(struct json *json, const char *key, const char *bytes, size_t length);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);
/* Readers that keep numbers as doubles know those beyond 2^53 only nearly. */
void json_unsigned(struct json *json, const char *key, uint64_t value);
void json_signed(struct json *json, const char *key, int64_t value);
/* With up to three digits behind the point; what is no number is null. */
void json_double(struct json *json, const char *key, double value);

/*
 * The character at the start of bytes, whose length is returned.  Of what is none, one
 * byte is taken, and stands for U+FFFD.
 */
size_t json_decode(const char *bytes, size_t length, uint32_t *ret_char);

/* What moves a cursor, hides or turns round what is beside it, or ends a line somewhere. */
bool json_is_dangerous(uint32_t character);

#endif
