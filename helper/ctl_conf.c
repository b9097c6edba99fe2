/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <syslog.h>
#include <unistd.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/diag.h"
#include "helper/active.h"
#include "helper/ctl.h"
#include "helper/ctl_fw.h"
#include "helper/fw.h"
#include "helper/live.h"
#include "helper/state.h"

#define RELOAD_DEADLINE 4 /* seconds; a little more than HOST_RELOAD_MS */

/* What the language has and this version has not; and what no file can say. */
static void add_warnings(const struct conf *conf, struct diag *diag)
{
	const struct conf_place file = { .file = conf->n_file_names ? conf->file_names[0] : "" };
	const struct conf_place place = { .file = NETNS_HELPER };

	for (size_t i = 0; i < conf->n_sessions; i++) {
		const struct conf_session *s = conf->sessions[i];

		if (s->network == CONF_NET_VETH || s->network == CONF_NET_JOIN)
			diag_add(diag, DIAG_WARNING, &s->place, NULL, 0,
				 "this version refuses %s sessions", conf_network_name(s->network));
	}
	if (conf->settings.is_set & 1U << CONF_SETTING_FAMILIES)
		diag_add(diag, DIAG_WARNING, &file, NULL, 0,
			 "'set families' has no effect in this version");
	if (conf->settings.is_set & 1U << CONF_SETTING_HIDE)
		diag_add(diag, DIAG_WARNING, &file, NULL, 0,
			 "'set hide' has no effect in this version");
	if (access(NETNS_HELPER, X_OK) < 0)
		diag_add(diag, DIAG_WARNING, &place, NULL, 0, "%s: every session is refused",
			 strerror(errno));
}

/* Loads path and looks its names up. What is wrong is in diag. */
static int load(const char *path, unsigned flags, struct diag *diag, struct conf **ret_conf)
{
	_cleanup_(conf_free_p) struct conf *conf = NULL;
	int r;

	r = conf_load(path, flags, diag, &conf);
	if (!r)
		r = conf_resolve(conf, diag);
	if (r)
		return r;
	add_warnings(conf, diag);
	*ret_conf = steal_ptr(&conf);
	return 0;
}

int ctl_check(int argc, char **argv)
{
	static const struct option options[] = {
		{ "dump", no_argument, NULL, 'd' },
		{ "nft", no_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 },
	};
	_cleanup_(fw_free_p) struct fw_table *firewall = NULL;
	_cleanup_(conf_free_p) struct conf *conf = NULL;
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	int print = 0; /* the option that asks for something */
	int option;
	int r;

	while ((option = getopt_long(argc, argv, "dn", options, NULL)) != -1) {
		if (option == '?' || (print && print != option))
			return ctl_usage(argv[0]);
		print = option;
	}
	if (argc - optind > 1)
		return ctl_usage(argv[0]);

	r = diag_new(&diag);
	/* A draft may be anybody's; the file itself must be one that reload accepts. */
	if (!r)
		r = optind < argc ? load(argv[optind], 0, diag, &conf)
				  : load(NETNS_CONF, CONF_LOAD_TRUSTED, diag, &conf);
	if (!r)
		r = ctl_fw_compile(conf, diag, &firewall);
	if (diag)
		diag_print(diag, stderr);
	if (r && !(diag && diag_count(diag, DIAG_ERROR)))
		return ctl_error(r, "cannot check the configuration");
	if (r)
		return 1;
	if (print == 'd')
		r = conf_dump(conf, stdout);
	else if (print == 'n')
		r = fw_print(firewall, stdout);
	return r ? ctl_error(r, "cannot write the configuration") : 0;
}

static void log_entry(void *userdata, enum diag_severity severity, const char *text)
{
	(void)userdata;
	syslog(severity == DIAG_ERROR ? LOG_ERR : LOG_WARNING, "%s", text);
}

struct reload {
	const char *path;
	bool if_changed;
	bool log; /* to syslog, for want of a terminal */
};

static void report(const struct reload *reload, const struct diag *diag)
{
	if (reload->log)
		diag_for_each(diag, log_entry, NULL);
	else
		diag_print(diag, stderr);
}

/* What names mean can change too: then the ids in the active configuration are old. */
static int stat_names(struct conf_source names[2])
{
	static const char *const paths[] = { "/etc/passwd", "/etc/group" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		int r;

		names[i] = (struct conf_source){ .path = (char *)(uintptr_t)paths[i] };
		r = conf_source_stat(&names[i]);
		if (r)
			return r;
	}
	return 0;
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

static int read_and_write(const struct reload *reload, const struct state *state)
{
	_cleanup_(conf_free_p) struct conf *conf = NULL;
	_cleanup_(conf_free_p) struct conf *old = NULL;
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	struct conf_source names[2];
	int r;

	r = diag_new(&diag);
	if (!r)
		r = stat_names(names);
	if (!r)
		r = load(reload->path, CONF_LOAD_TRUSTED, diag, &conf);
	if (diag)
		report(reload, diag);
	if (r && !(diag && diag_count(diag, DIAG_ERROR)))
		return fail(reload, r, "cannot load the configuration");
	if (r) {
		say_what_stays(reload);
		return 1;
	}

	diag_free(diag);
	diag = NULL;
	if (!reload->log && diag_new(&diag) == 0)
		(void)active_load(reload->path, diag, &old);
	r = active_write(reload->path, conf, names, ARRAY_SIZE(names));
	if (r)
		return fail(reload, r, "cannot write the active configuration in " NETNS_RUN);
	if (!reload->log)
		live_print_changes(state, old, conf, stdout);
	else
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

static int reload_locked(const struct reload *reload)
{
	_cleanup_(state_close) struct state state = STATE_INIT;
	int r;

	r = state_open(&state, true);
	if (!r)
		r = state_lock(&state, STATE_LOCK_RELOAD, true);
	if (r)
		return fail_state(reload, r);
	/* Many logins may have found it changed at once. */
	if (reload->if_changed && active_is_current(reload->path))
		return 0;
	return read_and_write(reload, &state);
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
		{ "if-changed", no_argument, NULL, 'i' },
		{ "log", no_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 },
	};
	struct reload reload = { .path = NETNS_CONF };
	char path[ACTIVE_PATH_MAX];
	int option;

	while ((option = getopt_long(argc, argv, "il", options, NULL)) != -1) {
		if (option == 'i')
			reload.if_changed = true;
		else if (option == 'l')
			reload.log = true;
		else
			return ctl_usage(argv[0]);
	}
	if (argc - optind > 1)
		return ctl_usage(argv[0]);
	if (ctl_need_root(argv[0]))
		return 1;
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
	return reload_locked(&reload);
}
