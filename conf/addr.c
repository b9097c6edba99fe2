/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "conf/addr.h"
#include "conf/base.h"
#include "conf/conf.h"

unsigned addr_bits(int family)
{
	return family == AF_INET ? 32 : 128;
}

bool addr_is_meant(const char *text, size_t length)
{
	bool number = length > 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] == ':' || text[i] == '/')
			return true;
		if (text[i] != '.' && (text[i] < '0' || text[i] > '9'))
			number = false;
	}
	return number;
}

/* Clears what lies beyond the prefix; whether there was anything. */
static bool clear_host_bits(struct conf_prefix *prefix)
{
	bool any = false;

	for (unsigned i = 0; i < sizeof(prefix->bytes); i++) {
		unsigned kept = prefix->length > i * 8 ? prefix->length - i * 8 : 0;
		uint8_t mask = kept >= 8 ? 0xff : (uint8_t)(0xff00 >> kept);

		any = any || (prefix->bytes[i] & ~mask);
		prefix->bytes[i] &= mask;
	}
	return any;
}

/* Three digits at most and no leading zero: "08" is not 8, as "010" is not 10. */
static bool parse_length(const char *text, size_t length, unsigned max, unsigned *ret_value)
{
	unsigned value = 0;

	if (length == 0 || length > 3 || (length > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (unsigned)(text[i] - '0');
	}
	*ret_value = value;
	return value <= max;
}

static enum addr_problem parse_bytes(const char *text, size_t length, struct conf_prefix *prefix)
{
	char copy[INET6_ADDRSTRLEN];
	struct in6_addr v6;

	prefix->family = memchr(text, ':', length) ? AF_INET6 : AF_INET;
	if (prefix->family == AF_INET6 && memchr(text, '%', length))
		return ADDR_ZONE;
	if (length < sizeof(copy)) {
		memcpy(copy, text, length);
		copy[length] = '\0';
	}
	if (length >= sizeof(copy) || inet_pton(prefix->family, copy, prefix->bytes) != 1)
		return prefix->family == AF_INET ? ADDR_NOT_IPV4 : ADDR_NOT_IPV6;

	/* No packet carries a mapped address: a rule for one would never match. */
	memcpy(&v6, prefix->bytes, sizeof(v6));
	if (prefix->family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6))
		return ADDR_MAPPED;
	return ADDR_OK;
}

enum addr_problem addr_parse(const char *text, size_t length, struct conf_prefix *ret_prefix)
{
	const char *slash = memchr(text, '/', length);
	size_t length_of_address = slash ? (size_t)(slash - text) : length;
	struct conf_prefix prefix = { 0 };
	enum addr_problem problem;

	problem = parse_bytes(text, length_of_address, &prefix);
	if (problem != ADDR_OK)
		return problem;

	prefix.length = addr_bits(prefix.family);
	if (slash &&
	    !parse_length(slash + 1, length - length_of_address - 1, prefix.length, &prefix.length))
		return ADDR_BAD_LENGTH;
	if (clear_host_bits(&prefix))
		problem = ADDR_HOST_BITS;
	*ret_prefix = prefix;
	return problem;
}

bool conf_prefix_contains(const struct conf_prefix *outer, const struct conf_prefix *inner)
{
	struct conf_prefix cut = *inner;

	if (outer->family != inner->family || outer->length > inner->length)
		return false;
	cut.length = outer->length;
	clear_host_bits(&cut);
	return memcmp(cut.bytes, outer->bytes, sizeof(cut.bytes)) == 0;
}

bool conf_prefix_equal(const struct conf_prefix *a, const struct conf_prefix *b)
{
	return a->family == b->family && a->length == b->length &&
	       memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool addr_overlaps(const struct conf_prefix *a, const struct conf_prefix *b)
{
	return conf_prefix_contains(a, b) || conf_prefix_contains(b, a);
}

const char *conf_prefix_format(const struct conf_prefix *prefix, char text[CONF_PREFIX_TEXT_MAX])
{
	size_t n;

	if (!inet_ntop(prefix->family, prefix->bytes, text, CONF_PREFIX_TEXT_MAX)) {
		text[0] = '\0';
		return text;
	}
	n = strlen(text);
	if (prefix->length < addr_bits(prefix->family))
		snprintf(text + n, CONF_PREFIX_TEXT_MAX - n, "/%u", prefix->length);
	return text;
}
