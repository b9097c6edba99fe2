/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/base.h"
#include "conf/table.h"
#include "tests/tap.h"

enum {
	MANY = 5000
};

static struct table_key key(uint32_t space, uint64_t number, const char *text)
{
	return (struct table_key){ space, number, text, strlen(text) };
}

static void test_many(void)
{
	_cleanup_(table_done) struct table table = { 0 };
	static char names[MANY][8];
	unsigned wrong = 0;

	for (unsigned i = 0; i < MANY; i++) {
		struct table_key k;
		const void **slot;

		snprintf(names[i], sizeof(names[i]), "n%u", i);
		k = key(0, 0, names[i]);
		slot = table_at(&table, &k);
		if (!slot || *slot)
			abort();
		*slot = names[i];
	}
	for (unsigned i = 0; i < MANY; i++) {
		struct table_key k = key(0, 0, names[i]);

		wrong += table_get(&table, &k) != names[i];
	}
	is_int(wrong, 0, "%d names are found again", MANY);
}

static void test_keys(void)
{
	_cleanup_(table_done) struct table table = { 0 };
	const struct table_key keys[] = { key(1, 2, "a"), key(2, 1, "a"), key(1, 2, "b"),
					  key(1, 2, ""), key(1, 3, "a") };
	const void **slot;

	ok(!table_get(&table, &keys[0]), "nothing is in an empty table");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		slot = table_at(&table, &keys[i]);
		ok(slot && !*slot, "key %zu is new", i);
		if (slot)
			*slot = &keys[i];
	}
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		ok(table_get(&table, &keys[i]) == &keys[i], "key %zu has its own value", i);
}

int main(void)
{
	test_many();
	test_keys();
	return done_testing();
}
