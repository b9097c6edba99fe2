/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/diag.h"
#include "helper/active.h"
#include "helper/ctl.h"
#include "helper/doctor.h"
#include "helper/draft.h"

/*
 * Exit status: by the worst of what was found; and beyond, since that would say
 * that nothing worse is there, for whatever could not be looked at.
 */
enum {
	STATUS_WARNING = 1,
	STATUS_ERROR = 2,
	STATUS_UNSEEN = 3,
};

static const struct {
	doctor_probe *probe;
	const char *what;
} probes[] = {
	{ doctor_pam, "the PAM stacks" },
	{ doctor_ssh, "the configuration of sshd" },
	{ doctor_sudo, "the configuration of sudo" },
	{ doctor_procs, "the processes" },
	{ doctor_linger, "the users who linger" },
	{ doctor_hidden, "the resolvers' sockets" },
	{ doctor_table, "the firewall" },
	{ doctor_net, "what sessions need of the host" },
};

_Static_assert(ARRAY_SIZE(probes) < DOCTOR_UNSEEN_MAX, "each may fail, and the configuration");

static void note_unseen(struct doctor *doctor, const char *what, int r)
{
	doctor->unseen[doctor->n_unseen++] = what;
	ctl_error(r, "cannot look at %s", what);
}

static void collect(void *data, const struct diag_entry *entry)
{
	struct doctor *doctor = data;
	bool is_error = entry->severity == DIAG_ERROR;
	struct doctor_finding *f;

	/* Nothing of the configuration mends that: see judge_helper(). */
	if (strcmp(entry->file, NETNS_HELPER) == 0)
		return;
	f = doctor_add(doctor, is_error ? DOCTOR_CONFIGURATION_ERROR : DOCTOR_CONFIGURATION_WARNING,
		       entry->file, entry->line, "%s", entry->text);
	doctor_mend(doctor, f, "netnsctl check shows the place; then netnsctl reload");
}

/* The file as a reload would read it, whatever is in force. */
static int load_file(struct doctor *doctor, struct conf **ret_conf)
{
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	int r = diag_new(&diag);

	if (r)
		return r;
	r = draft_load(NETNS_CONF, CONF_LOAD_TRUSTED, diag, ret_conf);
	diag_each(diag, collect, doctor);
	return diag_count(diag, DIAG_ERROR) ? 0 : r;
}

static int load_active(struct conf **ret_conf)
{
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	int r = diag_new(&diag);

	return r ? r : active_load(NETNS_CONF, diag, ret_conf);
}

/* What is in force is kept without the places of the file. */
static int choose(struct doctor *doctor, struct conf **file, struct conf **ret_conf)
{
	_cleanup_(conf_free_p) struct conf *active = NULL;
	bool has_links;
	int r = load_active(&active);

	doctor->in_force = r == 0;
	doctor->current = r == 0 && active_is_current(NETNS_CONF, &has_links);
	*ret_conf = active && !(doctor->current && *file) ? steal_ptr(&active) : steal_ptr(file);
	return r == -ENOENT ? 0 : r;
}

static void judge_room(struct doctor *doctor)
{
	const char *what;
	struct statvfs fs;

	/* Without a size there is no end to it. */
	if (statvfs(NETNS_RUN, &fs) < 0)
		return;
	if (fs.f_flag & ST_RDONLY)
		what = "is read-only";
	else if (fs.f_blocks && !fs.f_bavail)
		what = "is full";
	else if (fs.f_files && !fs.f_favail)
		what = "has no inodes left";
	else
		return;
	doctor_mend(doctor,
		    doctor_add(doctor, DOCTOR_RUN_FULL, NETNS_RUN, 0, "its file system %s", what),
		    "make room there, see df(1), then netnsctl reload");
}

static void judge(struct doctor *doctor)
{
	if (!doctor->in_force)
		doctor_mend(doctor,
			    doctor_add(doctor, DOCTOR_NOTHING_IN_FORCE, NULL, 0,
				       "no configuration is in force"),
			    "netnsctl reload; and at boot, systemctl enable pam_netns.service");
	else if (!doctor->current && !doctor_count(doctor, DOCTOR_ERROR))
		doctor_mend(doctor,
			    doctor_add(doctor, DOCTOR_CONFIGURATION_CHANGED, NETNS_CONF, 0,
				       "the file, or the users and groups, have changed since they "
				       "were loaded"),
			    "netnsctl reload; netnsctl check --diff says what changes");
	if (doctor->conf && !doctor_confines(doctor->conf))
		doctor_add(doctor, DOCTOR_NOBODY_CONFINED, NETNS_CONF, 0,
			   "no session line gives anybody a network of their own");
}

static void judge_helper(struct doctor *doctor)
{
	if (access(NETNS_HELPER, X_OK) < 0)
		doctor_mend(doctor,
			    doctor_add(doctor, DOCTOR_HELPER_MISSING, NETNS_HELPER, 0, "%s",
				       strerror(errno)),
			    "install pam_netns anew");
}

static void look(struct doctor *doctor, struct conf **ret_conf)
{
	_cleanup_(conf_free_p) struct conf *file = NULL;
	int r = load_file(doctor, &file);
	int r2 = choose(doctor, &file, ret_conf);

	if (r || r2)
		note_unseen(doctor, "the configuration", r ? r : r2);
	doctor->conf = *ret_conf;
	judge_room(doctor);
	judge(doctor);
	judge_helper(doctor);
	for (size_t i = 0; i < ARRAY_SIZE(probes); i++) {
		r = probes[i].probe(doctor);
		if (r)
			note_unseen(doctor, probes[i].what, r);
	}
}

static int find_status(const struct doctor *doctor)
{
	if (doctor->n_unseen || doctor->error)
		return STATUS_UNSEEN;
	if (doctor_count(doctor, DOCTOR_ERROR))
		return STATUS_ERROR;
	return doctor_count(doctor, DOCTOR_WARNING) ? STATUS_WARNING : 0;
}

static int run(bool json)
{
	_cleanup_(conf_free_p) struct conf *conf = NULL;
	struct doctor doctor = { 0 };
	int status;

	look(&doctor, &conf);
	if (doctor.error)
		ctl_error(doctor.error, "the list is not whole");
	if (json)
		doctor_print_json(&doctor, stdout);
	else
		doctor_print(&doctor, stdout);
	status = find_status(&doctor);
	doctor_done(&doctor);
	return ctl_finish(status, STATUS_UNSEEN);
}

/* Of all commands, this one has found nothing by then. */
static int usage(const char *command)
{
	ctl_usage(command);
	return STATUS_UNSEEN;
}

int ctl_doctor(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	bool json = false;
	int option;

	while ((option = ctl_option(argc, argv, "j", options)) != -1) {
		if (option != 'j')
			return usage(argv[0]);
		json = true;
	}
	if (argc != optind)
		return usage(argv[0]);
	if (ctl_need_root(argv[0]) || ctl_enter_host())
		return STATUS_UNSEEN;
	return run(json);
}
