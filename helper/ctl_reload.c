/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <syslog.h>
#include <unistd.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/diag.h"
#include "helper/active.h"
#include "helper/apply.h"
#include "helper/ctl.h"
#include "helper/ctl_diff.h"
#include "helper/depends.h"
#include "helper/draft.h"
#include "helper/ground.h"
#include "helper/ready.h"
#include "helper/state.h"

#define RELOAD_DEADLINE 4 /* seconds; a little more than HOST_RELOAD_MS */

static void log_entry(void *userdata, enum diag_severity severity, const char *text)
{
	(void)userdata;
	syslog(severity == DIAG_ERROR ? LOG_ERR : LOG_WARNING, "%s", text);
}

struct reload {
	const char *path;
	bool if_changed;
	bool log; /* to syslog, for want of a terminal */
	bool wait; /* as in struct apply */
	bool dry_run;
};

static void report(const struct reload *reload, const struct diag *diag)
{
	if (reload->log)
		diag_for_each(diag, log_entry, NULL);
	else
		diag_print(diag, stderr);
}

static int fail(const struct reload *reload, int r, const char *text)
{
	if (reload->log)
		syslog(LOG_ERR, "%s: %s: %s", reload->path, text, strerror(-r));
	else
		ctl_error(r, "%s: %s", reload->path, text);
	return 1;
}

/* A file with errors changes nothing; but "nothing" can mean two things. */
static void say_what_stays(const struct reload *reload)
{
	char path[ACTIVE_PATH_MAX];
	const char *text =
		"no configuration is in force: all sessions but those of root and exempt "
		"users are refused";

	if (active_path(reload->path, path) == 0 && access(path, F_OK) == 0)
		text = "nothing was changed: what was loaded before stays in force until the next "
		       "boot";
	if (reload->log)
		syslog(LOG_ERR, "%s: %s", reload->path, text);
	else
		ctl_error(0, "%s", text);
}

/* What is wrong is said; the exit status. */
static int report_failure(const struct reload *reload, const struct diag *diag, int r)
{
	if (!(diag && diag_count(diag, DIAG_ERROR)))
		return fail(reload, r, "cannot put the configuration in force");
	say_what_stays(reload);
	return 1;
}

static int load_before(const struct reload *reload, struct conf **ret_conf)
{
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	int r = diag_new(&diag);

	if (!r)
		r = active_load(reload->path, diag, ret_conf);
	/* None; or none that can be read, which is replaced. */
	return r == -ENOMEM ? r : 0;
}

/* Reads the file, and puts it in force. */
static int load_and_apply(const struct reload *reload, const struct state *state,
			  const struct conf *before, struct diag *diag)
{
	_cleanup_(conf_free_p) struct conf *conf = NULL;
	struct depends depends;
	struct apply apply = {
		.source = reload->path,
		.before = before,
		.names = depends.list,
		.state = state,
		.diag = diag,
		.sparing = reload->if_changed && reload->log,
		.wait = reload->wait,
		.out = reload->log ? NULL : stdout,
	};
	int r;

	r = depends_stat(&depends);
	if (!r)
		r = draft_load(reload->path, CONF_LOAD_TRUSTED, diag, &conf);
	if (r)
		return r;
	depends_trim(&depends, conf);
	apply.n_names = depends.n;
	apply.conf = conf;
	return apply_conf(&apply);
}

/* What was in force may not be so any more, whatever the file says. */
static int apply_again(const struct reload *reload, const struct state *state,
		       const struct conf *before)
{
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	struct apply apply = {
		.source = reload->path,
		.conf = before,
		.before = before,
		.state = state,
		.keep = true,
		.wait = reload->wait,
	};
	int r = diag_new(&diag);

	apply.diag = diag;
	if (!r)
		r = apply_conf(&apply);
	if (r && diag)
		report(reload, diag);
	return r;
}

/* Whether the kernel has what the configuration needs. */
static bool is_complete(const struct conf *conf)
{
	bool is = true;

	if (ready_is_pending() || !ready_has_firewall())
		return false;
	return !conf_has_network(conf, CONF_NET_VETH) ||
	       (ground_is_set(&conf->settings, &is) == 0 && is);
}

static int reload_now(const struct reload *reload, const struct state *state)
{
	_cleanup_(conf_free_p) struct conf *before = NULL;
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	int r;

	r = load_before(reload, &before);
	if (!r)
		r = diag_new(&diag);
	if (!r)
		r = load_and_apply(reload, state, before, diag);
	if (diag)
		report(reload, diag);
	if (r) {
		if (before && strcmp(reload->path, NETNS_CONF) == 0 && !is_complete(before))
			(void)apply_again(reload, state, before);
		return report_failure(reload, diag, r);
	}
	if (reload->log)
		syslog(LOG_NOTICE, "%s is in force", reload->path);
	return 0;
}

static int fail_state(const struct reload *reload, int r)
{
	if (reload->log)
		syslog(LOG_ERR, "%s: cannot use %s: %s", reload->path, NETNS_RUN,
		       state_strerror(r));
	else
		ctl_error(0, "%s: cannot use %s: %s", reload->path, NETNS_RUN, state_strerror(r));
	return 1;
}

static int lock(struct state *state)
{
	int r = state_open(state, true);

	return r ? r : state_lock(state, STATE_LOCK_RELOAD, true);
}

static int reload_locked(const struct reload *reload)
{
	_cleanup_(state_close) struct state state = STATE_INIT;
	int r;

	if (ctl_enter_host())
		return 1;
	r = lock(&state);
	if (r)
		return fail_state(reload, r);
	/* Many logins may have found it changed at once. */
	if (reload->if_changed && ready_check(reload->path))
		return 0;
	return reload_now(reload, &state);
}

/* All but the last step, and what that would change. */
static int try_reload(const struct reload *reload)
{
	_cleanup_(conf_free_p) struct conf *conf = NULL;
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	bool differs = true;
	int r;

	if (ctl_enter_host())
		return 1;
	r = diag_new(&diag);
	if (!r)
		r = draft_load(reload->path, CONF_LOAD_TRUSTED, diag, &conf);
	if (!r)
		r = ctl_diff(reload->path, conf, diag, &differs);
	if (diag)
		report(reload, diag);
	if (!r && !differs)
		puts("nothing would change");
	if (r && !(diag && diag_count(diag, DIAG_ERROR)))
		return fail(reload, r, "cannot try the configuration");
	return r != 0;
}

/*
 * A login waits for us, in a control group that may be its user's to freeze: a
 * signal whose default is the end ends us even there, and the lock with us.
 */
static void set_deadline(void)
{
	const struct itimerval deadline = { .it_value = { .tv_sec = RELOAD_DEADLINE } };

	signal(SIGALRM, SIG_DFL);
	setitimer(ITIMER_REAL, &deadline, NULL);
}

int ctl_reload(int argc, char **argv)
{
	static const struct option options[] = {
		{ "dry-run", no_argument, NULL, 'n' },
		{ "if-changed", no_argument, NULL, 'i' },
		{ "log", no_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 },
	};
	struct reload reload = { .path = NETNS_CONF };
	char path[ACTIVE_PATH_MAX];
	int option;

	while ((option = ctl_option(argc, argv, "iln", options)) != -1) {
		if (option == 'i')
			reload.if_changed = true;
		else if (option == 'l')
			reload.log = true;
		else if (option == 'n')
			reload.dry_run = true;
		else
			return ctl_usage(argv[0]);
	}
	if (argc - optind > 1 || (reload.dry_run && (reload.if_changed || reload.log)))
		return ctl_usage(argv[0]);
	if (ctl_need_root(argv[0]))
		return 1;
	reload.wait = !reload.log;
	if (reload.log) {
		openlog("netnsctl", LOG_PID, LOG_AUTHPRIV);
		set_deadline();
	}
	if (optind < argc) {
		/* Not realpath(): a link must be seen as one, and refused. */
		if (argv[optind][0] != '/')
			return ctl_error(0, "%s: an absolute path is needed", argv[optind]);
		if (active_path(argv[optind], path) < 0)
			return ctl_error(0, "%s: the path is too long", argv[optind]);
		reload.path = argv[optind];
	}
	return reload.dry_run ? try_reload(&reload) : reload_locked(&reload);
}

static int fail_left(const uint32_t *uids, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct passwd *pw = getpwuid(uids[i]);

		(void)ctl_error(0, "%s (uid %u) is logging in or out, and keeps the link",
				pw ? pw->pw_name : "a user", uids[i]);
	}
	return ctl_error(0, "not everything is out of force: the firewall stays; try again");
}

int ctl_unload(int argc, char **argv)
{
	_cleanup_(state_close) struct state state = STATE_INIT;
	_cleanup_free_ uint32_t *left = NULL;
	size_t n = 0;
	int r;

	if (argc > 1)
		return ctl_usage(argv[0]);
	if (ctl_need_root(argv[0]) || ctl_enter_host())
		return 1;
	r = lock(&state);
	if (!r)
		r = apply_nothing(&state, &left, &n);
	if (r == -EAGAIN && n > 0)
		return fail_left(left, n);
	return r ? ctl_error(r, "cannot take everything out of force") : 0;
}

static int repair_locked(const struct state *state)
{
	_cleanup_(conf_free_p) struct conf *conf = NULL;
	const struct reload reload = { .path = NETNS_CONF };
	bool has_links;
	int r;

	r = load_before(&reload, &conf);
	if (r || !conf || is_complete(conf))
		return r ? ctl_error(r, "cannot read the active configuration") : 0;
	puts("what is in force was not complete: put back");
	/* With the places of the file itself, unless it has been edited. */
	if (active_is_current(NETNS_CONF, &has_links))
		return reload_now(&reload, state);
	r = apply_again(&reload, state, conf);
	return r ? ctl_error(r, "cannot put back what is in force") : 0;
}

int ctl_repair(void)
{
	_cleanup_(state_close) struct state state = STATE_INIT;
	int r = lock(&state);

	return r ? ctl_error(0, "cannot use %s: %s", NETNS_RUN, state_strerror(r))
		 : repair_locked(&state);
}
