/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf_help.h"
#include "helper/confined.h"
#include "helper/span.h"
#include "tests/tap.h"

static void check(const char *sessions, const char *want, const char *what)
{
	_cleanup_(parsed_done) struct parsed parsed = parse_text(sessions);
	_cleanup_(spans_done) struct spans uids = { 0 };
	char text[256] = "";
	size_t n = 0;

	if (parsed.r < 0 || confined_uids(parsed.conf, &uids) < 0)
		abort();
	for (size_t i = 0; i < uids.n; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%u-%u", i ? " " : "",
				      span_first_number(&uids.list[i], uids.width),
				      span_last_number(&uids.list[i], uids.width));
	is_str(text, want, "%s", what);
}

int main(void)
{
	check("", "", "nobody");
	check("session * host\n", "", "everybody is in the host's network");
	check("session 5,7:9 loopback\n", "5-5 7-9", "uids and ranges, daemons' too if named");
	check("session 1:20 join vpn\n", "1-20", "all networks of one's own are alike");
	check("session * loopback\n", "1000-60000", "everybody means people");
	check("session 1500 host\nsession * loopback\n", "1000-1499 1501-60000",
	      "the first line decides");
	check("session 1500 stay\nsession 1499:1501 loopback\n", "1499-1499 1501-1501",
	      "who stays may be in the host's network");
	check("session * host\nsession 5 loopback\n", "", "what stands behind decides nothing");
	check("session 5 via cron loopback\n", "", "by one service only is not always");
	check("session 5 via cron loopback\nsession 5 loopback\n", "5-5",
	      "by that and all others is");
	check("session 5 via cron host\nsession 5:6 loopback\n", "6-6", "nor is by all but one");
	check("session @5 loopback\n", "", "who is in a group is not known here");
	check("session 5 loopback\nsession @5 host\nsession 6 loopback\n", "5-5",
	      "a group could be anybody's");
	check("session @5 loopback\nsession 6 loopback\n", "6-6", "unless it is confined too");
	check("session alice loopback\n", "", "a name without a uid is nobody yet");
	check("session alice host\nsession 5 loopback\n", "5-5",
	      "and cannot be the one with that uid: names come with theirs");
	return done_testing();
}
