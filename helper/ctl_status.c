/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/columns.h"
#include "helper/ctl.h"
#include "helper/status.h"

/* Between the two looks that a rate is made from. */
#define INTERVAL_MS 200

struct request {
	bool json;
	unsigned interval_ms; /* 0: no rates */
	bool one;
	uint32_t uid;
	const char *user; /* as it was asked for */
};

static int read_users(struct status *status, const struct request *request)
{
	const char *step = "read the configuration";
	int r = status_load(status, request->one);

	if (!r)
		r = usage_read(USAGE_ALL & ~(unsigned)USAGE_NAMES, &status->usages, &step);
	if (!r && request->interval_ms && status->usages.n > 0) {
		step = "read the links";
		r = usage_measure(&status->usages, request->interval_ms);
	} else if (!r) {
		usage_read_names(&status->usages);
	}
	return r ? ctl_error(r, "cannot %s", step) : 0;
}

static int print_one(const struct status *status, const struct request *request)
{
	const struct usage *usage = usage_find(&status->usages, request->uid);
	struct status_detail detail = { 0 };
	const char *step;
	int r;

	if (!usage && request->json)
		status_print_detail_json(status, NULL);
	if (!usage && !request->json) {
		columns_put_text(stdout, request->user, SIZE_MAX);
		puts(" has no network namespace now");
	}
	if (!usage)
		return 0;
	r = status_read_detail(status, usage, &detail, &step);
	if (r)
		return ctl_error(r, "cannot %s", step);
	if (request->json)
		status_print_detail_json(status, &detail);
	else
		status_print_detail(status, &detail);
	status_detail_done(&detail);
	return 0;
}

static int run(const struct request *request)
{
	struct status status = { 0 };
	int result = read_users(&status, request);

	if (!result && request->one)
		result = print_one(&status, request);
	else if (!result && request->json)
		status_print_json(&status);
	else if (!result)
		status_print_table(&status);
	status_done(&status);
	return result;
}

int ctl_status(int argc, char **argv)
{
	static const struct option options[] = {
		{ "interval", required_argument, NULL, 'i' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	struct request request = { .interval_ms = INTERVAL_MS };
	int option;

	while ((option = ctl_option(argc, argv, "i:j", options)) != -1) {
		if (option == 'j')
			request.json = true;
		else if (option != 'i' || ctl_read_interval(optarg, 0, &request.interval_ms))
			return ctl_usage(argv[0]);
	}
	if (argc - optind > 1)
		return ctl_usage(argv[0]);
	request.one = optind < argc;
	request.user = argv[optind];
	if (ctl_need_root(argv[0]) || ctl_enter_host() ||
	    (request.one && ctl_find_uid(request.user, &request.uid)))
		return 1;
	return run(&request);
}
