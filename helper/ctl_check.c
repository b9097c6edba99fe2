/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/dump.h"
#include "conf/diag.h"
#include "helper/ctl.h"
#include "helper/ctl_diff.h"
#include "helper/draft.h"
#include "helper/fw.h"
#include "helper/ground.h"
#include "helper/machine.h"
#include "helper/holders.h"
#include "helper/obstacle.h"

static int compile(const struct conf *conf, struct diag *diag, struct fw_table **ret_table)
{
	_cleanup_(machine_done) struct machine machine = { 0 };
	int r;

	r = machine_init(&machine, conf);
	return r ? r : fw_compile(conf, &machine.context, diag, ret_table);
}

/* Whether this host could have it; as much as possible is said at once. */
static int try(const struct conf *conf, struct diag *diag, struct fw_table **ret_table)
{
	bool has_links = conf_has_network(conf, CONF_NET_VETH);
	int r = has_links ? ground_check_pools(conf, diag) : 0;
	int r2 = compile(conf, diag, ret_table);

	if (!r && !r2 && has_links)
		r = obstacle_warn(conf, diag);
	if (!r && !r2 && has_links)
		r = holders_warn(conf, diag);
	return r ? r : r2;
}

/* As of diff(1): 0 for no difference, 1 for some. */
static int diff(const struct conf *conf)
{
	bool differs;
	int r = ctl_diff(NETNS_CONF, conf, NULL, &differs);

	if (!r)
		return ctl_finish(differs, CTL_TROUBLE);
	ctl_error(r, "cannot compare with what is in force");
	return CTL_TROUBLE;
}

static int print_conf(const struct conf *conf, const struct fw_table *firewall, int print)
{
	int r = 0;

	if (print == 'D')
		return diff(conf);
	if (print == 'd')
		r = conf_dump(conf, stdout);
	else if (print == 'n')
		r = fw_print(firewall, stdout);
	return r ? ctl_error(r, "cannot write the configuration") : 0;
}

int ctl_check(int argc, char **argv)
{
	static const struct option options[] = {
		{ "diff", no_argument, NULL, 'D' },
		{ "dump", no_argument, NULL, 'd' },
		{ "nft", no_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 },
	};
	_cleanup_(fw_free_p) struct fw_table *firewall = NULL;
	_cleanup_(conf_free_p) struct conf *conf = NULL;
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	int print = 0; /* the option that asks for something */
	int failure = 1;
	int option;
	int r;

	while ((option = ctl_option(argc, argv, "Ddn", options)) != -1) {
		if (option == '?' || (print && print != option))
			return ctl_usage(argv[0]);
		print = option;
	}
	if (argc - optind > 1)
		return ctl_usage(argv[0]);
	if (print == 'D') {
		failure = CTL_TROUBLE;
		if (ctl_need_root("check --diff") || ctl_enter_host())
			return failure;
	}

	r = diag_new(&diag);
	/* A draft may be anybody's; the file itself must be one that reload accepts. */
	if (!r)
		r = optind < argc ? draft_load(argv[optind], 0, diag, &conf)
				  : draft_load(NETNS_CONF, CONF_LOAD_TRUSTED, diag, &conf);
	if (!r)
		r = try(conf, diag, &firewall);
	if (diag)
		diag_print(diag, stderr);
	if (r && !(diag && diag_count(diag, DIAG_ERROR)))
		ctl_error(r, "cannot check the configuration");
	return r ? failure : print_conf(conf, firewall, print);
}
