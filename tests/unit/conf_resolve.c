/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <grp.h>
#include <pwd.h>

#include "conf_help.h"
#include "tests/tap.h"

static const struct conf_who *who(const struct parsed *parsed, size_t line, size_t i)
{
	return &parsed->conf->sessions[line]->who[i];
}

static void test_known(void)
{
	_cleanup_(parsed_done) struct parsed parsed =
		parse_text("session root,1:2 host\nsession @root host\nsession @3 host\n"
			   "session root via sshd stay\n");
	const struct group *group = getgrnam("root");

	if (!ok(parsed.conf != NULL, "it parses"))
		return;
	is_int(conf_resolve(parsed.conf, parsed.diag), 0, "all names exist");
	ok(who(&parsed, 0, 0)->has_id, "root is known");
	is_int(who(&parsed, 0, 0)->first, 0, "and has uid 0");
	ok(!who(&parsed, 0, 1)->has_id, "a range is left alone");
	ok(who(&parsed, 1, 0)->has_id, "so is the group");
	is_int(who(&parsed, 1, 0)->first, group ? group->gr_gid : 0, "with its gid");
	ok(who(&parsed, 3, 0)->has_id, "also where the name comes again");
}

/* What conf_resolve() says of the text, after it returned want. */
static char *resolve_text(const char *text, int want, const char *what)
{
	_cleanup_(parsed_done) struct parsed parsed = parse_text(text);

	if (!ok(parsed.conf != NULL, "it parses"))
		return NULL;
	diag_free(parsed.diag);
	parsed.diag = NULL;
	if (diag_new(&parsed.diag) < 0)
		abort();
	is_int(conf_resolve(parsed.conf, parsed.diag), want, "%s", what);
	ok(!who(&parsed, 0, 0)->has_id, "what does not exist has no id");
	return diag_text(parsed.diag);
}

static void test_unknown_user(void)
{
	_cleanup_free_ char *said = resolve_text("session no-such-user-1,no-such-user-1.b host\n"
						 "session no-such-user-1 via sshd,cron stay\n",
						 0, "users who do not exist are no error");

	is_str(said,
	       "t.conf:1:9: warning: no such user 'no-such-user-1': "
	       "this matches nobody until there is one\n"
	       "    session no-such-user-1,no-such-user-1.b host\n"
	       "            ^~~~~~~~~~~~~~\n"
	       "t.conf:1:24: warning: no such user 'no-such-user-1.b': "
	       "this matches nobody until there is one\n"
	       "    session no-such-user-1,no-such-user-1.b host\n"
	       "                           ^~~~~~~~~~~~~~~~\n",
	       "each name is complained about once, with its line");
}

/* A group of the machine that runs this, whose name is nobody's. */
static void test_group_for_user(void)
{
	_cleanup_free_ char *name = NULL, *text = NULL, *want = NULL, *said = NULL;
	const struct group *group;

	setgrent();
	while (!name && (group = getgrent()))
		name = getpwnam(group->gr_name) ? NULL : strdup(group->gr_name);
	endgrent();
	if (!name) {
		ok(true, "every group here has the name of a user");
		return;
	}
	if (asprintf(&text, "session %s loopback\n", name) < 0 ||
	    asprintf(&want,
		     "no such user '%s': this matches nobody until there is one; "
		     "a group has this name: write @%s\n",
		     name, name) < 0)
		abort();
	said = resolve_text(text, 0, "a group written as a user is no error");
	ok(said && strstr(said, want), "but @ is proposed");
}

static void test_unknown_group(void)
{
	_cleanup_free_ char *said = resolve_text("session @no-such-group-1 host\n"
						 "session @no-such-group-1 via cron stay\n"
						 "session @no-such-group-1,@no-such-group-2 host\n",
						 -EINVAL, "a group that does not exist");

	is_str(said,
	       "t.conf:1:9: warning: group 'no-such-group-1' does not exist: this matches nobody\n"
	       "    session @no-such-group-1 host\n"
	       "            ^~~~~~~~~~~~~~~~\n"
	       "t.conf:2:9: error: group 'no-such-group-1' does not exist\n"
	       "    session @no-such-group-1 via cron stay\n"
	       "            ^~~~~~~~~~~~~~~~\n"
	       "t.conf:3:26: warning: group 'no-such-group-2' does not exist: this matches nobody\n"
	       "    session @no-such-group-1,@no-such-group-2 host\n"
	       "                             ^~~~~~~~~~~~~~~~\n",
	       "is an error, and in a line for host a warning");
}

static void test_unknown_group_host(void)
{
	_cleanup_free_ char *said =
		resolve_text("session @no-such-group-1 host\nsession * loopback\n", 0,
			     "with such a warning alone, the configuration is good");

	ok(said && strstr(said, "warning"), "and it is said");
}

int main(void)
{
	test_known();
	test_unknown_user();
	test_group_for_user();
	test_unknown_group();
	test_unknown_group_host();
	return done_testing();
}
