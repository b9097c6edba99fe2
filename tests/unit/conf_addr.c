/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/in.h>

#include "conf/addr.h"
#include "conf/base.h"
#include "conf/conf.h"
#include "tests/tap.h"

static const struct {
	const char *text;
	enum addr_problem problem;
	const char *prefix; /* NULL: none */
} cases[] = {
	{ "192.0.2.1", ADDR_OK, "192.0.2.1" },
	{ "192.0.2.1/32", ADDR_OK, "192.0.2.1" },
	{ "192.0.2.0/24", ADDR_OK, "192.0.2.0/24" },
	{ "0.0.0.0/0", ADDR_OK, "0.0.0.0/0" },
	{ "128.0.0.0/1", ADDR_OK, "128.0.0.0/1" },
	{ "::", ADDR_OK, "::" },
	{ "::/0", ADDR_OK, "::/0" },
	{ "2001:DB8::/32", ADDR_OK, "2001:db8::/32" },
	{ "2001:db8:0:0:0:0:0:1", ADDR_OK, "2001:db8::1" },
	{ "fd00::8000:0/97", ADDR_OK, "fd00::8000:0/97" },
	{ "192.0.2.1/24", ADDR_HOST_BITS, "192.0.2.0/24" },
	{ "192.0.2.255/31", ADDR_HOST_BITS, "192.0.2.254/31" },
	{ "255.255.255.255/0", ADDR_HOST_BITS, "0.0.0.0/0" },
	{ "2001:db8::1/127", ADDR_HOST_BITS, "2001:db8::/127" },
	{ "192.0.2.0/33", ADDR_BAD_LENGTH, NULL },
	{ "192.0.2.0/", ADDR_BAD_LENGTH, NULL },
	{ "192.0.2.0/00", ADDR_BAD_LENGTH, NULL },
	{ "192.0.2.0/-1", ADDR_BAD_LENGTH, NULL },
	{ "192.0.2.0/24/24", ADDR_BAD_LENGTH, NULL },
	{ "192.0.2.0/4294967320", ADDR_BAD_LENGTH, NULL },
	{ "::/129", ADDR_BAD_LENGTH, NULL },
	{ "192.0.2", ADDR_NOT_IPV4, NULL },
	{ "192.0.2.256", ADDR_NOT_IPV4, NULL },
	{ "192.0.2.1.1", ADDR_NOT_IPV4, NULL },
	{ "192.0.02.1", ADDR_NOT_IPV4, NULL },
	{ "0x7f.0.0.1", ADDR_NOT_IPV4, NULL },
	{ "", ADDR_NOT_IPV4, NULL },
	{ "/24", ADDR_NOT_IPV4, NULL },
	{ "2001:db8:::1", ADDR_NOT_IPV6, NULL },
	{ ":", ADDR_NOT_IPV6, NULL },
	{ "1:2:3:4:5:6:7:8:9", ADDR_NOT_IPV6, NULL },
	{ "0000000000000000000000000000000000000000000000000000000000000000:", ADDR_NOT_IPV6,
	  NULL },
	{ "::ffff:192.0.2.1", ADDR_MAPPED, NULL },
	{ "::ffff:0:0/96", ADDR_MAPPED, NULL },
	{ "fe80::1%eth0", ADDR_ZONE, NULL },
};

static struct conf_prefix prefix(const char *text)
{
	struct conf_prefix result = { 0 };

	ok(addr_parse(text, strlen(text), &result) == ADDR_OK, "%s is a prefix", text);
	return result;
}

static void test_parse(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct conf_prefix got = { .family = -1 };
		char text[CONF_PREFIX_TEXT_MAX];

		is_int(addr_parse(cases[i].text, strlen(cases[i].text), &got), cases[i].problem,
		       "the result for '%s'", cases[i].text);
		if (cases[i].prefix)
			is_str(conf_prefix_format(&got, text), cases[i].prefix,
			       "what it stands for");
		else
			is_int(got.family, -1, "nothing is returned");
	}
}

static void test_contains(void)
{
	struct conf_prefix net = prefix("10.0.0.0/8"), all4 = prefix("0.0.0.0/0");
	struct conf_prefix part = prefix("10.255.0.0/16"), other = prefix("11.0.0.0/16");
	struct conf_prefix all6 = prefix("::/0"), host6 = prefix("2001:db8::1");
	struct conf_prefix odd = prefix("2001:db8::/31"), in_odd = prefix("2001:db9::/32");

	ok(conf_prefix_contains(&net, &part), "a net contains a part of it");
	ok(!conf_prefix_contains(&part, &net), "and not the other way round");
	ok(conf_prefix_contains(&net, &net), "it contains itself");
	ok(!conf_prefix_contains(&net, &other), "another net is not in it");
	ok(conf_prefix_contains(&all4, &net), "everything contains it");
	ok(!conf_prefix_contains(&all6, &net), "everything of the other family does not");
	ok(conf_prefix_contains(&all6, &host6), "an IPv6 address");
	ok(conf_prefix_contains(&odd, &in_odd), "a length that is no multiple of 8");
	ok(addr_overlaps(&part, &net) && addr_overlaps(&net, &part), "overlap has two directions");
	ok(!addr_overlaps(&part, &other), "and may be absent");
}

static void test_meant(void)
{
	static const char *const addresses[] = { "1", "10.0.0.1", "::", "a/b", "a:", "1.2" };
	static const char *const words[] = { "a", "1a", "a.b", "campus-2", "" };

	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++)
		ok(addr_is_meant(addresses[i], strlen(addresses[i])), "'%s' is meant as an address",
		   addresses[i]);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		ok(!addr_is_meant(words[i], strlen(words[i])), "'%s' is not", words[i]);
}

int main(void)
{
	test_parse();
	test_contains();
	test_meant();
	return done_testing();
}
