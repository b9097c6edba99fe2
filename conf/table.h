/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONF_TABLE_H
#define CONF_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A hash table from small keys to what its user attaches to them.  The text of
 * a key must live as long as the table.
 */
struct table_key {
	uint32_t space; /* keeps keys of different kinds apart */
	uint64_t number;
	const void *text; /* may be NULL */
	size_t length;
};

struct table_slot {
	struct table_key key;
	uint32_t hash;
	bool taken;
	const void *value;
};

struct table {
	struct table_slot *slots;
	size_t n_slots; /* 0 or a power of two */
	size_t n_taken;
};

void table_done(struct table *table);

/* NULL: not there. */
const void *table_get(const struct table *table, const struct table_key *key);

/* The place of the value of key; its value is NULL when it is new. NULL: out of memory. */
const void **table_at(struct table *table, const struct table_key *key);

#endif
