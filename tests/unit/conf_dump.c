/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf_help.h"
#include "tests/tap.h"

/* Canonical text stays as it is; tests/conf.t has more of it. */
static const char canonical[] = "set pool4 10.0.0.0/8\n"
				"set linger 10m\n"
				"addresses office {\n"
				"\t192.0.2.0/24\n"
				"\tlabs\n"
				"}\n"
				"addresses labs {\n"
				"\t2001:db8::/32\n"
				"}\n"
				"policy p {\n"
				"\tdns 192.0.2.53\n"
				"\tout allow log to office tcp 22 80-90 udp 53\n"
				"\tin drop from users icmp\n"
				"\tpublish tcp 8022 to 22 from office\n"
				"\trate up 10mbit down 50mbit\n"
				"\tconnections 2000\n"
				"}\n"
				"session alice via sshd,su* veth p\n"
				"session bob,@wheel,1000:1999 via cron loopback\n"
				"session * host\n";

static void test_fixed_point(void)
{
	_cleanup_(parsed_done) struct parsed parsed = parse_text(canonical);
	_cleanup_free_ char *text = NULL;

	is_str(parsed.said, "", "nothing to complain about");
	if (!parsed.conf)
		return;
	text = dump_text(parsed.conf);
	is_str(text, canonical, "it dumps to itself");
}

/* As conf_resolve() does for a user and a group of these ids. */
static void resolve(struct conf *conf, uint32_t uid, uint32_t gid)
{
	for (size_t i = 0; i < conf->sessions[0]->n_who; i++) {
		struct conf_who *who = &conf->sessions[0]->who[i];

		if (who->kind != CONF_WHO_USER && who->kind != CONF_WHO_GROUP)
			continue;
		who->has_id = true;
		who->first = who->kind == CONF_WHO_USER ? uid : gid;
	}
}

static void check_resolved(const char *text, const char *want, const char *what)
{
	_cleanup_(parsed_done) struct parsed parsed = parse_text(text);
	_cleanup_free_ char *got = NULL;

	is_int(parsed.r, 0, "%s parses", what);
	if (!parsed.conf)
		return;
	resolve(parsed.conf, 1000, 10);
	got = dump_text(parsed.conf);
	is_str(got, want, "%s", what);
}

static void test_ids(void)
{
	static const char once[] = "session alice,1000,@10 host\n";

	check_resolved("session alice,@wheel host\n", once, "ids are written");
	check_resolved(once, once, "and not written again");
	check_resolved("session alice,1000:2000 host\n", "session alice,1000,1000:2000 host\n",
		       "a range is no uid");
	check_resolved("session 1000,alice host\n", "session 1000,alice host\n",
		       "a uid may stand before the name");
}

static void test_full_device(void)
{
	_cleanup_(parsed_done) struct parsed parsed = parse_text(canonical);
	_cleanup_fclose_ FILE *out = fopen("/dev/full", "we");

	ok(out && parsed.conf, "/dev/full opens");
	if (!out || !parsed.conf)
		return;
	setvbuf(out, NULL, _IONBF, 0);
	ok(conf_dump(parsed.conf, out) < 0, "a full device is an error");
}

int main(void)
{
	test_fixed_point();
	test_ids();
	test_full_device();
	return done_testing();
}
