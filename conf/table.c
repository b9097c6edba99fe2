/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "conf/table.h"

/* FNV-1a: the keys are an administrator's, so nobody is there to make them collide. */
static uint32_t hash_bytes(uint32_t hash, const void *bytes, size_t length)
{
	const uint8_t *byte = bytes;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ byte[i]) * 16777619U;
	return hash;
}

static uint32_t hash_key(const struct table_key *key)
{
	uint32_t hash = 2166136261U;

	hash = hash_bytes(hash, &key->space, sizeof(key->space));
	hash = hash_bytes(hash, &key->number, sizeof(key->number));
	return hash_bytes(hash, key->text, key->length);
}

static bool is_equal(const struct table_key *a, const struct table_key *b)
{
	return a->space == b->space && a->number == b->number && a->length == b->length &&
	       (a->length == 0 || memcmp(a->text, b->text, a->length) == 0);
}

/* The slot of key or the empty one where it belongs; there is always an empty one. */
static struct table_slot *find_slot(const struct table *table, const struct table_key *key,
				    uint32_t hash)
{
	size_t i = hash & (table->n_slots - 1);

	while (table->slots[i].taken &&
	       (table->slots[i].hash != hash || !is_equal(&table->slots[i].key, key)))
		i = (i + 1) & (table->n_slots - 1);
	return &table->slots[i];
}

static bool grow(struct table *table)
{
	struct table larger = { .n_slots = table->n_slots ? 2 * table->n_slots : 64 };

	larger.slots = calloc(larger.n_slots, sizeof(*larger.slots));
	if (!larger.slots)
		return false;
	for (size_t i = 0; i < table->n_slots; i++) {
		const struct table_slot *slot = &table->slots[i];

		if (slot->taken)
			*find_slot(&larger, &slot->key, slot->hash) = *slot;
	}
	larger.n_taken = table->n_taken;
	free(table->slots);
	*table = larger;
	return true;
}

void table_done(struct table *table)
{
	free(table->slots);
	*table = (struct table){ 0 };
}

const void *table_get(const struct table *table, const struct table_key *key)
{
	return table->n_slots ? find_slot(table, key, hash_key(key))->value : NULL;
}

const void **table_at(struct table *table, const struct table_key *key)
{
	uint32_t hash = hash_key(key);
	struct table_slot *slot;

	if (table->n_taken + 1 > table->n_slots / 2 && !grow(table))
		return NULL;
	slot = find_slot(table, key, hash);
	if (!slot->taken) {
		*slot = (struct table_slot){ .key = *key, .hash = hash, .taken = true };
		table->n_taken++;
	}
	return &slot->value;
}
