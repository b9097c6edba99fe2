/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "helper/explain.h"

/* What is left of the words of a question. */
struct words {
	char *const *next;
	int n;
};

static const char *take(struct words *w)
{
	if (w->n == 0)
		return NULL;
	w->n--;
	return *w->next++;
}

static bool accept_word(struct words *w, const char *word)
{
	if (w->n == 0 || strcmp(*w->next, word) != 0)
		return false;
	take(w);
	return true;
}

static bool parse_number(const char *text, unsigned long max, unsigned long *ret)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || value > max)
		return false;
	*ret = value;
	return true;
}

/* What is wrong with a word, or with there being none. */
static const char *wrong_word(struct question *q, const char *word, const char *wrong,
			      const char *missing)
{
	q->wrong = word;
	return word ? wrong : missing;
}

/* What a program asks for as ::ffff:192.0.2.1 leaves as IPv4. */
static bool parse_address(const char *text, struct conf_prefix *ret)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct conf_prefix a = { .family = text && strchr(text, ':') ? AF_INET6 : AF_INET };

	if (!text || inet_pton(a.family, text, a.bytes) != 1)
		return false;
	if (a.family == AF_INET6 && memcmp(a.bytes, mapped, sizeof(mapped)) == 0) {
		memmove(a.bytes, a.bytes + sizeof(mapped), 4);
		memset(a.bytes + 4, 0, sizeof(a.bytes) - 4);
		a.family = AF_INET;
	}
	a.length = a.family == AF_INET ? 32 : 128;
	*ret = a;
	return true;
}

/* Of "icmp", the family decides which it is. */
static const char *parse_proto(const char *text, struct question *q)
{
	static const struct {
		const char *name;
		uint8_t number;
	} names[] = {
		{ "tcp", IPPROTO_TCP },         { "udp", IPPROTO_UDP },   { "icmp", IPPROTO_ICMP },
		{ "icmpv6", IPPROTO_ICMPV6 },   { "sctp", IPPROTO_SCTP }, { "dccp", IPPROTO_DCCP },
		{ "udplite", IPPROTO_UDPLITE }, { "gre", IPPROTO_GRE },   { "esp", IPPROTO_ESP },
		{ "igmp", IPPROTO_IGMP },
	};
	unsigned long number;

	if (!text)
		return "a protocol is missing: tcp, udp, icmp, or the number of another";
	q->proto_name = text;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i].name, text) == 0) {
			q->proto = names[i].number;
			return NULL;
		}
	}
	if (!parse_number(text, UINT8_MAX, &number))
		return wrong_word(q, text,
				  "is not a protocol: tcp, udp, icmp, or the number of another",
				  NULL);
	q->proto = (uint8_t)number;
	return NULL;
}

static bool has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE ||
	       proto == IPPROTO_SCTP || proto == IPPROTO_DCCP;
}

static const char *parse_end(struct words *w, struct question *q, struct conf_prefix *ret,
			     const char *missing)
{
	const char *word = take(w);

	return parse_address(word, ret)
		       ? NULL
		       : wrong_word(q, word, "is not an address: IPv4 or IPv6", missing);
}

static const char *parse_port(struct words *w, struct question *q)
{
	bool icmp = q->proto == IPPROTO_ICMP || q->proto == IPPROTO_ICMPV6;
	unsigned long number;

	if (!has_ports(q->proto) && !icmp)
		return NULL;
	if (w->n > 0 && parse_number(*w->next, icmp ? UINT8_MAX : UINT16_MAX, &number)) {
		take(w);
		q->has_number = true;
		q->number = (uint16_t)number;
		return NULL;
	}
	if (icmp)
		return NULL;
	if (accept_word(w, "from") || accept_word(w, "to"))
		return "a port is missing, 0 to 65535";
	return wrong_word(q, take(w), "is not a port: 0 to 65535", "a port is missing, 0 to 65535");
}

static const char *parse_rest(struct words *w, struct question *q)
{
	const char *wrong = NULL;

	if (q->direction == CONF_OUT && accept_word(w, "from"))
		wrong = parse_end(w, q, &q->source, "an address is missing after 'from'");
	if (wrong)
		return wrong;
	if (q->source.family && q->source.family != q->address.family)
		return "the addresses are not of one family";
	if (q->direction == CONF_IN && accept_word(w, "to")) {
		if (accept_word(w, "host"))
			q->at = EXPLAIN_AT_HOST;
		else if (accept_word(w, "session"))
			q->at = EXPLAIN_AT_SESSION;
		else
			return "'host' or 'session' is missing after 'to'";
	}
	return w->n > 0 ? "there are words too many" : NULL;
}

const char *question_parse(int argc, char *const *argv, struct question *q)
{
	struct words w = { argv, argc };
	const char *wrong;

	*q = (struct question){ .user = take(&w) };
	if (!q->user)
		return "a user is missing";
	if (accept_word(&w, "via")) {
		q->service = take(&w);
		if (!q->service)
			return "a service is missing after 'via'";
	}
	if (w.n == 0)
		return NULL;
	if (accept_word(&w, "in"))
		q->direction = CONF_IN;
	else if (!accept_word(&w, "out"))
		return "expected 'via', 'out' or 'in'";
	q->has_packet = true;
	wrong = parse_proto(take(&w), q);
	if (!wrong)
		wrong = parse_end(&w, q, &q->address, "an address is missing, of IPv4 or IPv6");
	if (wrong)
		return wrong;
	if (q->proto == IPPROTO_ICMP && q->address.family == AF_INET6)
		q->proto = IPPROTO_ICMPV6;
	wrong = parse_port(&w, q);
	return wrong ? wrong : parse_rest(&w, q);
}
