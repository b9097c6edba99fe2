/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <string.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/pool.h"
#include "tests/tap.h"

static struct conf_prefix prefix(const char *text, unsigned length)
{
	struct conf_prefix p = { .family = strchr(text, ':') ? AF_INET6 : AF_INET,
				 .length = length };

	if (inet_pton(p.family, text, p.bytes) != 1)
		abort();
	return p;
}

static void is_address(const struct conf_prefix *pool, uint32_t offset, const char *wanted)
{
	struct conf_prefix address = pool_address(pool, offset);
	char text[CONF_PREFIX_TEXT_MAX];

	is_str(conf_prefix_format(&address, text), wanted, "offset %u", offset);
}

/* Every offset once, and none that is not a user's. */
static void is_permutation(uint32_t uid, uint32_t size)
{
	bool seen[64] = { false };
	bool good = size < ARRAY_SIZE(seen);

	for (uint32_t attempt = 0; attempt < size && good; attempt++) {
		uint32_t offset = pool_offset(uid, attempt, size);

		good = offset > POOL_GATEWAY && offset < size + 2 && !seen[offset];
		seen[offset % ARRAY_SIZE(seen)] = true;
	}
	ok(good, "uid %u comes to each of %u offsets", uid, size);
}

int main(void)
{
	const struct conf_prefix big4 = prefix("100.64.0.0", 10);
	const struct conf_prefix big6 = prefix("fd6e:6574:6e73::", 64);
	const struct conf_prefix small4 = prefix("192.0.2.4", 30);
	const struct conf_prefix small6 = prefix("2001:db8::", 112);
	const struct conf_prefix widest4 = prefix("10.0.0.0", 8);
	const struct conf_prefix widest6 = prefix("fd00::", 48);

	is_address(&big4, POOL_GATEWAY, "100.64.0.1");
	is_address(&big4, 1001, "100.64.3.233");
	is_address(&big6, 1001, "fd6e:6574:6e73::3e9");
	is_address(&big6, 0xfffffffe, "fd6e:6574:6e73::ffff:fffe");
	is_address(&small4, 2, "192.0.2.6");

	/* The network, the gateway and the last are nobody's. */
	is_int(pool_size(&small4, &big6), 1, "a /30 has an address for one user");
	is_int(pool_size(&big4, &small6), 65533, "the smaller pool decides");
	is_int(pool_size(&big4, &big6), (1 << 22) - 3, "a /10");
	is_int(pool_size(&widest4, &widest6), (1 << 24) - 3, "a /8");

	is_int(pool_offset(0, 0, 100), 2, "the first uid has the first offset");
	is_int(pool_offset(1001, 0, 100000), 1003, "a uid that fits has its own");
	is_int(pool_offset(4294967294U, 3, 100), 2 + 97, "it wraps around without overflow");
	is_permutation(0, 13);
	is_permutation(1001, 13);
	is_permutation(4294967294U, 13);
	is_permutation(4294967294U, 1);
	return done_testing();
}
