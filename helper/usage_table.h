/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_USAGE_TABLE_H
#define HELPER_USAGE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helper/nl.h"

struct nlattr;

/* What the readers of the firewall's table share (usage_table.c, usage_set.c). */
#define TABLE_NAME       "pam_netns"
#define TABLE_ATTRIBUTES 16 /* of what is looked at, none has a higher number */

struct table_query {
	uint16_t message; /* NFT_MSG_ */
	const char *name; /* of a set or a counter; NULL: all there are */
	const void *key; /* of the one element of the set that is asked for; NULL: of none */
	size_t key_length;
	uint32_t type; /* of a counter: NFT_OBJECT_; 0: it is none */
	bool dump;
	nl_answer_fn *fn;
	void (*restart)(void *data); /* what has been read so far is not good */
	void *data;
};

/* -ENOENT: there is no table, or not what is asked for. */
int table_ask(const struct table_query *query);

/* Attributes by number, beside those that are there already; nest may be NULL. */
void table_parse(const struct nlmsghdr *message, const struct nlattr *attributes[TABLE_ATTRIBUTES]);
void table_parse_nested(const struct nlattr *nest,
			const struct nlattr *attributes[TABLE_ATTRIBUTES]);

/* A number of 64 bits; 0: it is not there. */
uint64_t table_number(const struct nlattr *attribute);

/* The counter among expressions, or in an element; false: there is none. */
bool table_read_counter(const struct nlattr *expression, uint64_t *ret_packets,
			uint64_t *ret_bytes);

#endif
