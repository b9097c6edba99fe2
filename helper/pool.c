/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/socket.h>

#include "conf/conf.h"
#include "helper/pool.h"

#define FIRST_USER 2

static uint32_t hosts(const struct conf_prefix *pool)
{
	unsigned bits = (pool->family == AF_INET ? 32 : 128) - pool->length;

	return bits >= 32 ? UINT32_MAX : (UINT32_C(1) << bits) - 1;
}

uint32_t pool_size(const struct conf_prefix *pool4, const struct conf_prefix *pool6)
{
	uint32_t last4 = hosts(pool4);
	uint32_t last6 = hosts(pool6);

	/* Not the last one: in IPv4 it is the broadcast address. */
	return (last4 < last6 ? last4 : last6) - FIRST_USER;
}

uint32_t pool_offset(uint32_t uid, uint32_t attempt, uint32_t size)
{
	return FIRST_USER + (uint32_t)(((uint64_t)uid + attempt) % size);
}

struct conf_prefix pool_address(const struct conf_prefix *pool, uint32_t offset)
{
	struct conf_prefix address = *pool;
	unsigned last = pool->family == AF_INET ? 4 : 16;

	address.length = last * 8;
	/* The host bits of a pool are zero, so nothing carries. */
	for (unsigned i = 1; i <= sizeof(offset); i++, offset >>= 8)
		address.bytes[last - i] |= (uint8_t)offset;
	return address;
}
