/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>

#include "conf/addr.h"
#include "conf/base.h"
#include "conf/conf.h"
#include "conf/keyword.h"
#include "conf/lex.h"
#include "conf/parse.h"
#include "conf/value.h"

#define RATE_MAX_GBIT     1000U
#define DURATION_MAX_DAYS 30U

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
}

static size_t count_digits(const struct token *word)
{
	size_t n = 0;

	while (n < word->length && is_digit(word->text[n]))
		n++;
	return n;
}

int value_name(struct conf_parser *p, const struct token *word, const char *what, size_t max)
{
	if (word->length == 0)
		return parse_error(p, word, "expected %s here", what);
	if (!is_name_start(word->text[0]))
		return parse_error(p, word, "%s is not %s: a name starts with a letter, digit or _",
				   quote(word).text, what);
	for (size_t i = 0; i < word->length; i++) {
		struct token bad = token_cut(word, i, 1);

		if (!is_name_start(*bad.text) && *bad.text != '.' && *bad.text != '-')
			return parse_error(p, &bad, "%s is not %s: a name holds no %s",
					   quote(word).text, what, quote(&bad).text);
	}
	if (word->length > max)
		return parse_error(p, word, "the name is too long: at most %zu characters", max);
	return 0;
}

int value_number(struct conf_parser *p, const struct token *word, const char *what, uint64_t max,
		 uint64_t *ret_value)
{
	uint64_t value = 0;

	if (word->length == 0 || count_digits(word) < word->length)
		return parse_error(p, word, "expected %s, found %s", what, quote(word).text);
	if (word->length > 1 && word->text[0] == '0')
		return parse_error(p, word, "%s has a leading zero", quote(word).text);
	for (size_t i = 0; i < word->length; i++) {
		unsigned digit = (unsigned)(word->text[i] - '0');

		if (value > (max - digit) / 10)
			return parse_error(p, word, "%s is too large for %s: at most %" PRIu64,
					   quote(word).text, what, max);
		value = value * 10 + digit;
	}
	*ret_value = value;
	return 0;
}

int value_port(struct conf_parser *p, const struct token *word, uint16_t *ret_port)
{
	uint64_t port;
	int r;

	r = value_number(p, word, "a port", UINT16_MAX, &port);
	if (r < 0)
		return r;
	if (port == 0)
		return parse_error(p, word, "there is no port 0");
	*ret_port = (uint16_t)port;
	return 0;
}

/* Splits a word in two; false when it has no separator. */
static bool split(const struct token *word, char separator, struct token *ret_first,
		  struct token *ret_last)
{
	const char *at = memchr(word->text, separator, word->length);
	size_t n;

	if (!at)
		return false;
	n = (size_t)(at - word->text);
	*ret_first = token_cut(word, 0, n);
	*ret_last = token_cut(word, n + 1, word->length - n - 1);
	return true;
}

static int reversed(struct conf_parser *p, const struct token *word, char separator, uint32_t first,
		    uint32_t last)
{
	return parse_error(p, word, "the range is reversed: write %u%c%u", last, separator, first);
}

int value_ports(struct conf_parser *p, const struct token *word, uint16_t *ret_first,
		uint16_t *ret_last)
{
	struct token low, high;
	uint16_t first = 0, last = 0;
	int r;

	if (!split(word, '-', &low, &high))
		low = high = *word;
	if (low.length == 0 || high.length == 0)
		return parse_error(p, word, "%s is not a range of ports: write FIRST-LAST",
				   quote(word).text);
	r = value_port(p, &low, &first);
	if (r < 0)
		return r;
	r = value_port(p, &high, &last);
	if (r < 0)
		return r;
	if (first > last)
		return reversed(p, word, '-', first, last);
	*ret_first = first;
	*ret_last = last;
	return 0;
}

int value_id(struct conf_parser *p, const struct token *word, const char *what, uint32_t *ret_id)
{
	uint64_t id;
	int r;

	/* setresuid() and chown() take it for "leave as it is": nobody can have it. */
	if (token_is(word, "4294967295"))
		return parse_error(p, word, "%s is -1, which is nobody's id", quote(word).text);
	r = value_number(p, word, what, UINT32_MAX - 1, &id);
	if (r < 0)
		return r;
	*ret_id = (uint32_t)id;
	return 0;
}

int value_uids(struct conf_parser *p, const struct token *word, uint32_t *ret_first,
	       uint32_t *ret_last)
{
	struct token low, high;
	uint32_t first = 0, last = 0;
	int r;

	if (!split(word, ':', &low, &high))
		low = high = *word;
	if (low.length == 0 || high.length == 0)
		return parse_error(p, word, "%s is not a range of uids: write MIN:MAX",
				   quote(word).text);
	r = value_id(p, &low, "a uid", &first);
	if (r < 0)
		return r;
	r = value_id(p, &high, "a uid", &last);
	if (r < 0)
		return r;
	if (first > last)
		return reversed(p, word, ':', first, last);
	*ret_first = first;
	*ret_last = last;
	return 0;
}

int value_prefix(struct conf_parser *p, const struct token *word, struct conf_prefix *ret_prefix)
{
	bool v6 = memchr(word->text, ':', word->length);
	char text[CONF_PREFIX_TEXT_MAX];
	struct conf_prefix prefix;

	switch (addr_parse(word->text, word->length, &prefix)) {
	case ADDR_OK:
		*ret_prefix = prefix;
		return 0;
	case ADDR_NOT_IPV4:
		return parse_error(p, word, "%s is not an IPv4 address or prefix",
				   quote(word).text);
	case ADDR_NOT_IPV6:
		return parse_error(p, word, "%s is not an IPv6 address or prefix",
				   quote(word).text);
	case ADDR_ZONE:
		return parse_error(p, word, "an address has no zone here");
	case ADDR_MAPPED:
		return parse_error(p, word,
				   "an IPv4-mapped address is on no packet: write the "
				   "IPv4 address");
	case ADDR_BAD_LENGTH:
		return parse_error(p, word, "the length of an IPv%u prefix is 0 to %u", v6 ? 6 : 4,
				   addr_bits(v6 ? AF_INET6 : AF_INET));
	case ADDR_HOST_BITS:
		return parse_error(p, word, "%s has bits set beyond its length: write %s",
				   quote(word).text, conf_prefix_format(&prefix, text));
	}
	return -EINVAL;
}

/* What a session cannot ask: itself, nobody, everybody. */
static bool is_no_server(const struct conf_prefix *address)
{
	static const struct conf_prefix none[] = {
		{ AF_INET, 8, { 0 } },    { AF_INET, 8, { 127 } },   { AF_INET, 3, { 224 } },
		{ AF_INET6, 127, { 0 } }, { AF_INET6, 8, { 0xff } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		if (conf_prefix_contains(&none[i], address))
			return true;
	}
	return false;
}

int value_server(struct conf_parser *p, const struct token *word, struct conf_prefix *ret_prefix)
{
	int r;

	r = value_prefix(p, word, ret_prefix);
	if (r < 0)
		return r;
	if (ret_prefix->length < addr_bits(ret_prefix->family))
		return parse_error(p, word, "a server has an address, not a prefix");
	if (is_no_server(ret_prefix))
		return parse_error(p, word, "a session finds no server at this address");
	return 0;
}

/* A number with a unit behind it.  max is in units of max_unit. */
static int parse_quantity(struct conf_parser *p, const struct token *word, const char *what,
			  const struct keyword_table *units, uint64_t max, const char *max_unit,
			  uint64_t *ret_value)
{
	size_t n = count_digits(word);
	struct token number = token_cut(word, 0, n), unit = token_cut(word, n, word->length - n);
	const struct keyword *keyword = keyword_find(units, unit.text, unit.length);
	char list[KEYWORD_LIST_MAX];
	uint64_t limit, value;
	int r;

	if (n == 0)
		return parse_error(p, word, "expected %s, found %s", what, quote(word).text);
	if (unit.length == 0)
		return parse_error(p, word, "%s needs a unit: %s", quote(word).text,
				   keyword_list(units, list));
	if (!keyword)
		return parse_unknown(p, &unit, units);
	limit = max * (uint64_t)keyword_find(units, max_unit, strlen(max_unit))->value;
	/* Whatever the number is that so many digits make, it is beyond every limit. */
	value = UINT64_MAX;
	r = n < 20 ? value_number(p, &number, what, UINT64_MAX, &value) : 0;
	if (r < 0)
		return r;
	if (value > limit / (uint64_t)keyword->value)
		return parse_error(p, word, "%s is too much for %s: at most %" PRIu64 "%s",
				   quote(word).text, what, max, max_unit);
	*ret_value = value * (uint64_t)keyword->value;
	return 0;
}

int value_rate(struct conf_parser *p, const struct token *word, uint64_t *ret_rate)
{
	uint64_t rate;
	int r;

	r = parse_quantity(p, word, "a rate", &keywords_rate, RATE_MAX_GBIT, "gbit", &rate);
	if (r < 0)
		return r;
	if (rate == 0)
		return parse_error(p, word,
				   "a rate of 0 lets nothing pass: leave it out for no "
				   "limit");
	*ret_rate = rate;
	return 0;
}

int value_duration(struct conf_parser *p, const struct token *word, uint32_t *ret_seconds)
{
	uint64_t seconds;
	int r;

	if (token_is(word, "0")) {
		*ret_seconds = 0;
		return 0;
	}
	r = parse_quantity(p, word, "a duration", &keywords_duration, DURATION_MAX_DAYS, "d",
			   &seconds);
	if (r < 0)
		return r;
	*ret_seconds = (uint32_t)seconds;
	return 0;
}
