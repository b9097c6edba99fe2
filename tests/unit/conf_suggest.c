/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/base.h"
#include "conf/keyword.h"
#include "tests/tap.h"

static const struct {
	const char *word;
	const struct keyword_table *table;
	const char *best; /* NULL: none */
} cases[] = {
	{ "upd", &keywords_proto, "udp" },
	{ "tpc", &keywords_proto, "tcp" },
	{ "TCP", &keywords_proto, "tcp" },
	{ "icmpv6", &keywords_proto, "icmp" },
	{ "sctp", &keywords_proto, NULL },
	{ "x", &keywords_duration, NULL },
	{ "adress", &keywords_top, "addresses" },
	{ "address", &keywords_top, "addresses" },
	{ "polciy", &keywords_top, "policy" },
	{ "sesion", &keywords_top, "session" },
	{ "", &keywords_top, NULL },
	{ "something-that-is-so-long-that-nobody-can-have-meant-it", &keywords_top, NULL },
	{ "loopbak", &keywords_network, "loopback" },
	{ "on_error", &keywords_set, "on-error" },
};

int main(void)
{
	char text[KEYWORD_LIST_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct suggestion s;

		suggest_start(&s, cases[i].word, strlen(cases[i].word));
		suggest_keyword(&s, cases[i].table);
		is_str(s.best, cases[i].best, "for '%s'", cases[i].word);
	}
	is_str(keyword_list(&keywords_verb, text), "allow, deny or drop", "a list of words");
	is_str(keyword_list(&keywords_dns, text), "auto or none", "a list of two");
	is_str(keyword_list(&keywords_family, text), "", "no list of too many");
	is_str(keyword_name(&keywords_verb, 1), "deny", "the word for a value");
	is_str(keyword_name(&keywords_verb, 77), "", "no word for another value");
	return done_testing();
}
