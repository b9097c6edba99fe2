/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf_help.h"
#include "tests/tap.h"

static void test_defaults(void)
{
	_cleanup_(parsed_done) struct parsed parsed = parse_text("");
	const struct conf_settings *s = &parsed.conf->settings;
	char text[CONF_PREFIX_TEXT_MAX];

	is_int(parsed.r, 0, "an empty text is good");
	is_str(conf_prefix_format(&s->pool4, text), "100.64.0.0/10", "pool4");
	is_str(conf_prefix_format(&s->pool6, text), "fd6e:6574:6e73::/64", "pool6");
	is_int(s->dns.kind, CONF_DNS_AUTO, "dns");
	is_int(s->linger, 0, "linger");
	is_int(s->on_error, CONF_ON_ERROR_REFUSE, "on-error");
	ok(!s->any_family, "not every family");
	is_int((long long)s->n_families, 4, "but four");
	is_str(s->families[3], "netlink", "netlink is the last");
	ok(s->hide_default && s->n_hide == 0, "hide");
	is_int((long long)s->n_uplinks, 0, "uplink");
}

static void test_settings(void)
{
	_cleanup_(parsed_done) struct parsed parsed =
		parse_text("set linger 2h\nset hide none\nset families inet\nset on-error seal\n"
			   "set dns 192.0.2.1 ::2\n");
	const struct conf_settings *s;

	if (!ok(parsed.conf != NULL, "it parses"))
		return;
	s = &parsed.conf->settings;
	is_int(s->linger, 7200, "hours are seconds");
	ok(!s->hide_default && s->n_hide == 0, "nothing is hidden");
	is_int((long long)s->n_families, 1, "the default is replaced, not added to");
	is_int(s->on_error, CONF_ON_ERROR_SEAL, "on-error");
	is_int((long long)s->dns.n_servers, 2, "two servers");
	is_int(s->dns.servers[0].length, 32, "of full length");
}

static void test_links(void)
{
	_cleanup_(parsed_done) struct parsed parsed = parse_text("session x veth a\n"
								 "policy a {\nuse b\n"
								 "rate up 8kbit\n"
								 "out allow to l\n}\n"
								 "policy b {\ndns none\n"
								 "rate 1mbit\n}\n"
								 "addresses l { m }\n"
								 "addresses m { ::1 }\n"
								 "policy c { }\n");
	const struct conf_policy *a, *b;
	const struct conf_statement *s;

	if (!ok(parsed.conf != NULL, "it parses"))
		return;
	a = parsed.conf->policies[0];
	b = parsed.conf->policies[1];
	ok(parsed.conf->sessions[0]->policy == a, "a session knows its policy");
	ok(a->statements[0].use.policy == b, "a policy the one it uses");
	ok(a->statements[2].rule.targets[0].list == parsed.conf->addresses[0], "a rule its list");
	ok(parsed.conf->addresses[0]->members[0].list == parsed.conf->addresses[1],
	   "a list the list in it");
	ok(a->used && b->used && !parsed.conf->policies[2]->used, "what is used is marked");
	ok(parsed.conf->addresses[1]->used, "lists too");
	is_int((long long)b->index, 1, "each knows its place");

	s = conf_policy_find(a, CONF_RATE);
	ok(s == &a->statements[1], "its own rate holds for a policy");
	is_int(s ? (long long)s->rate.up : 0, 1000, "in bytes");
	ok(conf_policy_find(a, CONF_DNS) == &b->statements[0], "else what it uses");
	ok(!conf_policy_find(a, CONF_CONNECTIONS), "else nothing");
}

/* "kind:depth" for each statement of the policy and of those it uses */
static void test_walk(void)
{
	_cleanup_(parsed_done) struct parsed parsed =
		parse_text("policy a {\nuse b\nconnections 1\nuse c\n}\n"
			   "policy b {\nuse c\nrate 1mbit\n}\npolicy c {\ndns none\n}\n"
			   "policy d { }\nsession x veth a\nsession y veth d\n");
	const struct conf_statement *s;
	struct conf_walk walk;
	char got[128] = "";
	size_t n = 0;

	if (!ok(parsed.conf != NULL, "it parses"))
		return;
	conf_walk_start(&walk, parsed.conf->policies[0]);
	while ((s = conf_walk_next(&walk)) && n < sizeof(got))
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%d:%u ", s->kind, walk.depth);
	is_str(got, "0:0 0:1 3:2 4:1 5:0 0:0 3:1 ", "each in its place");
	conf_walk_start(&walk, parsed.conf->policies[3]);
	ok(!conf_walk_next(&walk), "nothing is in an empty one");
}

static void test_failure(void)
{
	static const char bad[] = "session alice hots\n", good[] = "session alice host\n";
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	_cleanup_(conf_free_p) struct conf *conf = NULL;

	if (diag_new(&diag) < 0)
		abort();
	is_int(conf_parse("a", bad, strlen(bad), NULL, NULL, diag, &conf), -EINVAL, "a bad text");
	ok(!conf, "returns nothing");
	is_int(conf_parse("b", good, strlen(good), NULL, NULL, diag, &conf), 0,
	       "what was wrong before does not matter");
	ok(conf != NULL, "to a good text");
	is_int((long long)diag_count(diag, DIAG_ERROR), 1, "the error is still there");
}

struct included {
	const char *text;
	const char *pattern;
	unsigned line;
	int r;
};

static int include(struct conf_parser *p, const char *pattern, const struct conf_place *at,
		   void *userdata)
{
	struct included *inc = userdata;

	ok(strcmp(pattern, inc->pattern) == 0, "the pattern is %s", pattern);
	inc->line = at->line;
	if (inc->r < 0)
		return inc->r;
	ok(conf_parser_conf(p) && conf_parser_diag(p), "the parser knows what it fills");
	return conf_parse_text(p, "inc", inc->text, strlen(inc->text));
}

static void test_include(void)
{
	static const char text[] = "session a host\n include x/*.y # z\nsession c host\n";
	struct included inc = { .text = "session b host", .pattern = "x/*.y" };
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	_cleanup_(conf_free_p) struct conf *conf = NULL;

	if (diag_new(&diag) < 0)
		abort();
	is_int(conf_parse("t", text, strlen(text), include, &inc, diag, &conf), 0, "an include");
	is_int(inc.line, 2, "is in line 2");
	if (!ok(conf && conf->n_sessions == 3, "three lines"))
		return;
	is_str(conf->sessions[1]->who->name, "b", "the included one is the second");
	is_str(conf->sessions[1]->place.file, "inc", "and knows where it is from");
	is_str(conf->sessions[2]->place.file, "t", "as does the one behind it");
	is_int(conf->sessions[2]->place.line, 3, "which goes on counting");
}

static void test_include_failure(void)
{
	static const char text[] = "include x\nsession c veth p\nsession d hots\n";
	static const int results[] = { -EACCES, -EINVAL, -ENOMEM };

	for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
		struct included inc = { .pattern = "x", .r = results[i] };
		_cleanup_(diag_free_p) struct diag *diag = NULL;
		struct conf *conf = NULL;

		if (diag_new(&diag) < 0)
			abort();
		is_int(conf_parse("t", text, strlen(text), include, &inc, diag, &conf),
		       results[i] == -ENOMEM ? -ENOMEM : -EINVAL, "an include that fails (%d)",
		       results[i]);
		/* What it says itself, is not said for it; p is not called undefined. */
		is_int((long long)diag_count(diag, DIAG_ERROR),
		       results[i] == -EACCES   ? 2
		       : results[i] == -EINVAL ? 1
					       : 0,
		       "errors");
	}
}

int main(void)
{
	test_defaults();
	test_settings();
	test_links();
	test_walk();
	test_failure();
	test_include();
	test_include_failure();
	conf_free(NULL);
	return done_testing();
}
