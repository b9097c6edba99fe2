/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "conf/base.h"
#include "conf/diag.h"
#include "helper/active.h"
#include "helper/ctl.h"
#include "helper/who.h"

/* As of grep(1): 1 says that there is no one user. */
static int fail(int r, const char *step)
{
	(void)ctl_error(r, "cannot %s", step);
	return CTL_TROUBLE;
}

static int complain(const char *what)
{
	(void)ctl_error(0, "who: %s", what);
	return -EINVAL;
}

/* -EINVAL: it has been said why. */
static int read_question(char **words, int n, struct who *who)
{
	unsigned long port;
	char *end;

	if (n != 2)
		return complain(n > 2 ? "there are words too many" : "a port is missing");
	if (strcmp(words[0], "tcp") == 0)
		who->proto = CONF_PROTO_TCP;
	else if (strcmp(words[0], "udp") == 0)
		who->proto = CONF_PROTO_UDP;
	else
		return complain("a protocol is tcp or udp");
	errno = 0;
	port = strtoul(words[1], &end, 10);
	if (words[1][0] < '0' || words[1][0] > '9' || *end || errno || port == 0 ||
	    port > UINT16_MAX)
		return complain("a port is a number from 1 to 65535");
	who->port = (uint16_t)port;
	return 0;
}

static int run(struct who *who, bool json)
{
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	_cleanup_(conf_free_p) struct conf *conf = NULL;
	const char *step = "read what is in force";
	int r = diag_new(&diag);

	if (!r)
		r = active_load(NETNS_CONF, diag, &conf);
	if (r == -ENOENT) {
		(void)ctl_error(0, "no configuration is in force");
		return CTL_TROUBLE;
	}
	if (!r)
		r = who_find(who, conf, &step);
	if (r)
		return fail(r, step);
	if (json)
		who_print_json(who);
	else
		who_print(who);
	/* Whoever reads no more than the status is not to rely on it. */
	if (who->gap[0]) {
		(void)ctl_error(0, "the answer is not complete: cannot read %s", who->gap);
		return CTL_TROUBLE;
	}
	return ctl_finish(who->verdict == WHO_USER ? 0 : 1, CTL_TROUBLE);
}

int ctl_who(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	struct who who = { 0 };
	bool json = false;
	int option;
	int status;

	while ((option = ctl_option(argc, argv, "j", options)) != -1) {
		if (option != 'j')
			return ctl_usage(argv[0]);
		json = true;
	}
	if (read_question(argv + optind, argc - optind, &who))
		return ctl_usage(argv[0]);
	if (ctl_need_root(argv[0]) || ctl_enter_host())
		return CTL_TROUBLE;
	status = run(&who, json);
	who_done(&who);
	return status;
}
