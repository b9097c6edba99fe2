/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/diag.h"
#include "helper/active.h"
#include "helper/ctl.h"
#include "helper/denied.h"

/* The kernel tells of elements that transactions add, and of none that packets add. */
#define LOOK_MS 1000

struct request {
	bool follow;
	bool json;
	bool resolve;
	bool one;
	uint32_t uid;
};

/* By which --follow ends. */
static const int end_signals[] = { SIGINT, SIGTERM };

static const char no_firewall[] = "the firewall is not loaded: nothing is remembered of what was "
				  "denied";

/* Of what is not written yet, nothing is left half. */
static void end(int signal)
{
	(void)signal;
	_exit(0);
}

/*
 * Whoever has an address chooses who is asked for its name, and that one need not
 * answer: nobody has to wait for that who wants an end.
 */
static void resolve(const struct request *request, struct denieds *denieds)
{
	sigset_t set, before;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(end_signals) && request->follow; i++)
		sigaddset(&set, end_signals[i]);
	(void)sigprocmask(SIG_UNBLOCK, &set, &before);
	denied_resolve(denieds);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
}

/* Whose they are, and what for; by what is in force now. */
static int attribute(const struct request *request, struct denieds *denieds)
{
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	_cleanup_(conf_free_p) struct conf *conf = NULL;
	int r;

	if (diag_new(&diag) == 0)
		(void)active_load(NETNS_CONF, diag, &conf);
	r = denied_attribute(denieds, conf);
	if (!r && request->one)
		denied_leave_user(denieds, request->uid);
	if (!r && request->resolve)
		resolve(request, denieds);
	return r;
}

static int list(const struct request *request)
{
	struct denieds denieds = { 0 };
	int r = denied_read(&denieds);

	if (r == -ENOENT)
		return ctl_error(0, "%s", no_firewall);
	if (!r)
		r = attribute(request, &denieds);
	if (!r && request->json)
		denied_print_json(&denieds);
	else if (!r)
		denied_print_table(&denieds);
	denied_done(&denieds);
	return r ? ctl_error(r, "cannot read what the firewall has denied") : 0;
}

/*
 * As it happens
 */

static int print_fresh(const struct request *request, const struct denieds *now,
		       const struct denieds *before)
{
	struct denieds fresh = { 0 };
	int r = denied_find_fresh(now, before, &fresh);

	if (!r && fresh.n > 0)
		r = attribute(request, &fresh);
	if (!r && request->json)
		denied_print_json_lines(&fresh);
	else if (!r)
		denied_print_lines(&fresh);
	denied_done(&fresh);
	return r;
}

static int look(const struct request *request, struct denieds *seen, bool *is_away)
{
	struct denieds now = { 0 };
	int r = denied_read(&now);

	if (r == -ENOENT && !*is_away)
		(void)ctl_error(0, "%s", no_firewall);
	*is_away = r == -ENOENT;
	if (r)
		return *is_away ? 0 : r;
	r = print_fresh(request, &now, seen);
	denied_done(seen);
	*seen = now;
	return r;
}

/* Those that were ignored stay so, as for what runs in the background. */
static int catch_end(int *ret_fd)
{
	const struct sigaction at_once = { .sa_handler = end };
	struct sigaction action;
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(end_signals); i++)
		if (sigaction(end_signals[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN &&
		    sigaction(end_signals[i], &at_once, NULL) == 0)
			sigaddset(&set, end_signals[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	*ret_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return *ret_fd < 0 ? -errno : 0;
}

/* Whether to look again: not after a signal, nor when nobody reads any more. */
static bool wait_for_more(int signals, bool *ret_lost)
{
	struct pollfd fds[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = STDOUT_FILENO, .events = 0 },
	};
	int n = poll(fds, ARRAY_SIZE(fds), LOOK_MS);

	if (n == 0 || (n < 0 && errno == EINTR))
		return true;
	*ret_lost = n < 0 || fds[1].revents != 0;
	return false;
}

static int follow(const struct request *request)
{
	_cleanup_close_ int signals = -1;
	struct denieds seen = { 0 };
	bool is_away = false, is_lost = false;
	int r;

	r = denied_read(&seen);
	if (r == -ENOENT)
		r = 0; /* which the first look says */
	if (!r)
		r = catch_end(&signals);
	while (!r && !is_lost && wait_for_more(signals, &is_lost)) {
		r = look(request, &seen, &is_away);
		is_lost = fflush(stdout) != 0;
	}
	denied_done(&seen);
	if (r)
		return ctl_error(r, "cannot read what the firewall has denied");
	return is_lost ? 1 : 0;
}

/* With nothing to write, it would not be noticed. */
static int check_output(void)
{
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
		return ctl_error(-EBADF, "cannot write the output");
	return 0;
}

int ctl_denied(int argc, char **argv)
{
	static const struct option options[] = {
		{ "follow", no_argument, NULL, 'f' },
		{ "json", no_argument, NULL, 'j' },
		{ "resolve", no_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	struct request request = { 0 };
	int option;

	while ((option = ctl_option(argc, argv, "fjr", options)) != -1) {
		if (option == 'f')
			request.follow = true;
		else if (option == 'j')
			request.json = true;
		else if (option == 'r')
			request.resolve = true;
		else
			return ctl_usage(argv[0]);
	}
	if (argc - optind > 1)
		return ctl_usage(argv[0]);
	request.one = optind < argc;
	if (ctl_need_root(argv[0]) || ctl_enter_host() ||
	    (request.one && ctl_find_uid(argv[optind], &request.uid)) || check_output())
		return 1;
	return request.follow ? follow(&request) : list(&request);
}
