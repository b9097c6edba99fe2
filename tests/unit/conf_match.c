/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <time.h>

#include "conf_help.h"
#include "tests/tap.h"

static const char text[] = "policy web { out allow }\n"
			   "session root,toor host\n"
			   "session @10,@11 stay\n"
			   "session deploy via cron,systemd-* loopback private\n"
			   "session deploy via ssh?,su[do]* veth web\n"
			   "session 2000:2999,5000 loopback\n"
			   "session alice join vpn0\n"
			   "session @staff veth web\n"
			   "session * via login host\n";

static void check(const struct conf *conf, const char *name, uint32_t uid, uint32_t gid,
		  const char *service, unsigned line)
{
	const uint32_t gids[] = { 7, gid };
	const struct conf_subject subject = { name, uid, gids, ARRAY_SIZE(gids), service };
	const struct conf_session *session = conf_match(conf, &subject);

	is_int(session ? session->place.line : 0, line, "%s, uid %u, gid %u, via %s", name, uid,
	       gid, service ? service : "(unknown)");
}

static void test_lines(const struct conf *conf)
{
	check(conf, "root", 0, 0, "sshd", 2);
	check(conf, "toor", 0, 0, "sshd", 2);
	check(conf, "roo", 1, 1, "sshd", 0);
	check(conf, "bob", 1, 10, "sshd", 3);
	check(conf, "bob", 1, 11, "sshd", 3);
	check(conf, "bob", 10, 1, "sshd", 0);
	check(conf, "deploy", 1, 1, "cron", 4);
	check(conf, "deploy", 1, 1, "crond", 0);
	check(conf, "deploy", 1, 1, "systemd-user", 4);
	check(conf, "deploy", 1, 1, "sshd", 5);
	check(conf, "deploy", 1, 1, "sudo", 5);
	check(conf, "deploy", 1, 1, "su", 0);
	check(conf, "deploy", 1, 1, "login", 9);
	check(conf, "deploy", 1, 1, NULL, 0);
	check(conf, "x", 1999, 1, "sshd", 0);
	check(conf, "x", 2000, 1, "sshd", 6);
	check(conf, "x", 2999, 1, "sshd", 6);
	check(conf, "x", 3000, 1, "sshd", 0);
	check(conf, "x", 5000, 1, NULL, 6);
	check(conf, "alice", 1, 1, "sshd", 7);
	check(conf, "alice", 2500, 1, "sshd", 6);
	check(conf, "x", 1, 50, "sshd", 0);
}

static void test_ids(struct conf *conf)
{
	struct conf_who *alice = conf->sessions[5]->who, *staff = conf->sessions[6]->who;

	alice->has_id = true;
	alice->first = 1234;
	staff->has_id = true;
	staff->first = 50;
	check(conf, "renamed", 1234, 1, "sshd", 7);
	check(conf, "alice", 4321, 1, "sshd", 7);
	check(conf, "x", 1, 50, "sshd", 8);
	check(conf, "staff", 1, 51, "sshd", 0);
}

static void test_speed(void)
{
	enum {
		LINES = 10000,
		ROUNDS = 20
	};
	static char long_text[LINES * 64];
	_cleanup_(parsed_done) struct parsed parsed = { 0 };
	struct timespec start, end;
	size_t n = 0;
	double ms;

	for (unsigned i = 0; i < LINES; i++)
		n += (size_t)snprintf(long_text + n, sizeof(long_text) - n,
				      "session user%u,@%u via sshd loopback\n", i, i + 1000);
	parsed = parse_text(long_text);
	is_int(parsed.r, 0, "%d lines", LINES);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (unsigned i = 0; i < ROUNDS && parsed.conf; i++) {
		const struct conf_subject subject = { "nobody", 65534, NULL, 0, "sshd" };

		conf_match(parsed.conf, &subject);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	ms = (double)(end.tv_sec - start.tv_sec) * 1e3 +
	     (double)(end.tv_nsec - start.tv_nsec) / 1e6;
	/* A hundred times what it takes: this is to find a square, not a slow machine. */
	ok(ms / ROUNDS < 50, "looking through them takes %.2f ms", ms / ROUNDS);
}

int main(void)
{
	_cleanup_(parsed_done) struct parsed parsed = parse_text(text);

	is_str(parsed.said, "", "nothing to complain about");
	if (parsed.conf) {
		test_lines(parsed.conf);
		test_ids(parsed.conf);
	}
	test_speed();
	return done_testing();
}
