/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_POOL_H
#define HELPER_POOL_H

#include <stdbool.h>
#include <stdint.h>

struct conf_prefix;

/*
 * The users' addresses.  Both pools are counted alike: 0 is the network, 1 the
 * gateway that the host has, and a user's offset is the same in both, from the
 * uid while nobody else has that one.
 */
#define POOL_GATEWAY 1

/* How many offsets there are for users, the smaller pool decides. */
uint32_t pool_size(const struct conf_prefix *pool4, const struct conf_prefix *pool6);

/* The offset of uid at the given attempt, from 0; all are tried after pool_size(). */
uint32_t pool_offset(uint32_t uid, uint32_t attempt, uint32_t size);

/* The address at offset, as a prefix of full length. */
struct conf_prefix pool_address(const struct conf_prefix *pool, uint32_t offset);

#endif
