/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONF_ADDR_H
#define CONF_ADDR_H

#include <stdbool.h>
#include <stddef.h>

struct conf_prefix;

enum addr_problem {
	ADDR_OK,
	ADDR_NOT_IPV4,
	ADDR_NOT_IPV6,
	ADDR_ZONE,
	ADDR_MAPPED,
	ADDR_BAD_LENGTH,
	ADDR_HOST_BITS, /* ret_prefix holds what was probably meant */
};

/*
 * Whether a word can only be meant as an address: digits and dots alone, or
 * with a colon or a slash in it.  Such a word is no name.
 */
bool addr_is_meant(const char *text, size_t length);

/* Untouched unless the result is ADDR_OK or ADDR_HOST_BITS. */
enum addr_problem addr_parse(const char *text, size_t length, struct conf_prefix *ret_prefix);

unsigned addr_bits(int family);
bool addr_overlaps(const struct conf_prefix *a, const struct conf_prefix *b);

#endif
