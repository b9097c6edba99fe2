/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "helper/doctor.h"
#include "helper/list.h"
#include "helper/pamstack.h"

#define MODULE "pam_netns.so"
#define LINE   "session required " MODULE

/* Those known to open sessions of users. */
static const char *const session_services[] = {
	"atd",          "cockpit", "cron",   "crond",       "gdm-*",     "greetd",
	"lightdm*",     "login",   "remote", "runuser",     "runuser-l", "sddm*",
	"sshd",         "su",      "su-l",   "sudo",        "sudo-i",    "systemd-run0",
	"systemd-user", "vsftpd",  "xdm",    "xrdp-sesman",
};

/* Parts of others. */
static const char *const no_services[] = {
	"common-*",        "postlogin",     "postlogin-*",        "system-auth",
	"system-auth-*",   "password-auth", "password-auth-*",    "fingerprint-auth",
	"smartcard-auth",  "system-login",  "system-local-login", "system-remote-login",
	"system-services",
};

/* Programs with session lines that open none. */
static const char *const no_sessions[] = {
	"chage",  "chfn",  "chpasswd", "chsh",         "group*", "newusers",
	"passwd", "user*", "vlock",    "xscreensaver", "screen",
};

struct service {
	char *name;
	struct pamstack stack;
	int error;
};

struct services {
	struct service *list;
	size_t n;
};

static bool is_of(const char *const *patterns, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (fnmatch(patterns[i], name, FNM_NOESCAPE) == 0)
			return true;
	return false;
}

#define IS_OF(patterns, name) is_of(patterns, ARRAY_SIZE(patterns), name)

static void services_done(struct services *services)
{
	for (size_t i = 0; i < services->n; i++) {
		pamstack_done(&services->list[i].stack);
		free(services->list[i].name);
	}
	free(services->list);
}

static struct service *find_service(const struct services *services, const char *name)
{
	for (size_t i = 0; i < services->n; i++)
		if (strcmp(services->list[i].name, name) == 0)
			return &services->list[i];
	return NULL;
}

static int add_service(struct services *services, const char *name)
{
	struct service *service;

	if (pamstack_is_leftover(name) || IS_OF(no_services, name) || find_service(services, name))
		return 0;
	service = list_add(services->list, services->n);
	if (!service)
		return -ENOMEM;
	service->name = strdup(name);
	if (!service->name)
		return -ENOMEM;
	service->error = pamstack_read(pamstack_dirs, name, &service->stack);
	return service->error == -ENOMEM ? -ENOMEM : 0;
}

static int compare_names(const void *a, const void *b)
{
	const struct service *x = a;
	const struct service *y = b;

	return strcmp(x->name, y->name);
}

static int read_services(struct services *services)
{
	int r = 0;

	for (size_t i = 0; pamstack_dirs[i] && !r; i++) {
		_cleanup_(closedir_p) DIR *dir = opendir(pamstack_dirs[i]);
		const struct dirent *d;

		if (!dir && errno != ENOENT)
			return -errno;
		while (dir && !r && (d = readdir(dir)))
			if (d->d_type != DT_DIR)
				r = add_service(services, d->d_name);
	}
	if (services->n)
		qsort(services->list, services->n, sizeof(*services->list), compare_names);
	return r;
}

static bool is_included(const struct services *services, const char *name)
{
	for (size_t i = 0; i < services->n; i++)
		for (size_t j = 0; j < services->list[i].stack.n_included; j++)
			if (strcmp(services->list[i].stack.included[j], name) == 0)
				return true;
	return false;
}

static bool is_known(const struct doctor *doctor, enum doctor_kind kind, const char *file,
		     unsigned line)
{
	for (size_t i = 0; i < doctor->n_findings; i++) {
		const struct doctor_finding *f = &doctor->findings[i];

		if (f->kind == kind && f->line == line && f->file && strcmp(f->file, file) == 0)
			return true;
	}
	return false;
}

/* Once, although the stacks of many services may have the line. */
static struct doctor_finding *add_at(struct doctor *doctor, enum doctor_kind kind,
				     const struct pamstack_line *line, const char *text)
{
	if (is_known(doctor, kind, line->file, line->line))
		return NULL;
	return doctor_add(doctor, kind, line->file, line->line, "%s%s", line->control, text);
}

static bool is_module_there(const struct pamstack_line *line)
{
	_cleanup_free_ char *path = NULL;

	/* libpam puts something of its own in place of "$ISA". */
	if (strchr(line->module, '$') ||
	    asprintf(&path, "%s%s", line->module[0] == '/' ? "" : NETNS_MODULES "/", line->module) <
		    0)
		return true;
	return access(path, F_OK) == 0;
}

/* With the arguments that the line has: who is exempt stays so. */
static void mend_line(struct doctor *doctor, struct doctor_finding *f, const char *verb,
		      const struct pamstack_line *line, const char *where)
{
	doctor_mend(doctor, f, "%s '" LINE "%s%s' %s", verb, *line->arguments ? " " : "",
		    line->arguments, where);
}

static void judge_line(struct doctor *doctor, const struct pamstack_line *line)
{
	if (!pamstack_refuses(line))
		mend_line(doctor,
			  add_at(doctor, DOCTOR_PAM_LINE_OPTIONAL, line,
				 ": a failure of " MODULE " does not refuse the session"),
			  "write", line, "there");
	else if (!pamstack_refuses_absence(line))
		mend_line(doctor,
			  add_at(doctor, DOCTOR_PAM_LINE_PASSES_ABSENCE, line,
				 line->may_be_missing ? ", with '-' before: " MODULE
							" may be missing"
						      : ": " MODULE " may be missing"),
			  "write", line, "there");
	else if (!is_module_there(line) &&
		 !is_known(doctor, DOCTOR_PAM_MODULE_MISSING, line->file, line->line))
		doctor_mend(doctor,
			    doctor_add(doctor, DOCTOR_PAM_MODULE_MISSING, line->file, line->line,
				       "there is no %s", line->module),
			    "install pam_netns, or take the line out");
}

/* Of whatever network sessions by the line would be: it refuses them all. */
static void judge_arguments(struct doctor *doctor, const struct service *service)
{
	const struct pamstack *stack = &service->stack;

	for (size_t i = 0; i < stack->n_lines; i++) {
		const struct pamstack_line *l = &stack->lines[i];

		if (pamstack_is(l, MODULE) &&
		    !is_known(doctor, DOCTOR_PAM_LINE_ARGUMENTS, l->file, l->line) &&
		    !is_known(doctor, DOCTOR_PAM_GROUP_MISSING, l->file, l->line))
			doctor_arguments(doctor, l);
	}
}

/* Before what starts programs or sets a security context, and what is included. */
static unsigned find_place(const struct pamstack *stack)
{
	for (size_t i = 0; i < stack->n_lines; i++) {
		const struct pamstack_line *l = &stack->lines[i];

		if (strcmp(l->file, stack->file) != 0 || pamstack_is(l, "pam_systemd.so") ||
		    pamstack_is(l, "pam_exec.so") ||
		    (pamstack_is(l, "pam_selinux.so") && strstr(l->arguments, "open")))
			return l->line_of_service;
	}
	return 0;
}

/* A service that this one includes, and that needs the line itself. */
static const char *find_parent(const struct service *service)
{
	for (size_t i = 0; i < service->stack.n_included; i++)
		if (IS_OF(session_services, service->stack.included[i]))
			return service->stack.included[i];
	return NULL;
}

/* What the line of another service has, so that who is exempt there is here, too. */
static const char *find_arguments(const struct services *services)
{
	for (size_t i = 0; i < services->n; i++) {
		const struct pamstack *stack = &services->list[i].stack;

		for (size_t j = 0;
		     IS_OF(session_services, services->list[i].name) && j < stack->n_lines; j++)
			if (pamstack_is(&stack->lines[j], MODULE) &&
			    strstr(stack->lines[j].arguments, "exempt_group="))
				return stack->lines[j].arguments;
	}
	return "";
}

static void report_missing(struct doctor *doctor, const struct services *services,
			   const struct service *service)
{
	const char *arguments = find_arguments(services);
	const char *blank = *arguments ? " " : "";
	const struct pamstack *stack = &service->stack;
	const char *parent = find_parent(service);
	unsigned before = find_place(stack);
	struct doctor_finding *f;
	char where[64] = "at its end";

	if (before)
		snprintf(where, sizeof(where), "before line %u", before);
	f = doctor_add(doctor,
		       IS_OF(session_services, service->name) ? DOCTOR_PAM_LINE_MISSING
							      : DOCTOR_PAM_LINE_MISSING_ELSEWHERE,
		       stack->file, before, "the service '%s' opens sessions without " MODULE,
		       service->name);
	if (parent)
		doctor_mend(doctor, f,
			    "write '" LINE "%s%s' into the file of '%s', which it includes", blank,
			    arguments, parent);
	else if (strncmp(stack->file, "/etc/", 5) != 0)
		doctor_mend(doctor, f,
			    "cp %s /etc/pam.d, and write '" LINE "%s%s' into the copy, %s",
			    stack->file, blank, arguments, where);
	else
		doctor_mend(doctor, f, "write '" LINE "%s%s' %s", blank, arguments, where);
}

static void judge_stack(struct doctor *doctor, const struct services *services,
			const struct service *service)
{
	const struct pamstack *stack = &service->stack;
	const struct pamstack_line *line = NULL;
	const struct pamstack_line *by;

	for (size_t i = 0; i < stack->n_lines; i++) {
		if (!pamstack_is(&stack->lines[i], MODULE))
			continue;
		line = &stack->lines[i];
		judge_line(doctor, line);
	}
	if (!line && pamstack_opens(stack, NULL))
		report_missing(doctor, services, service);
	by = line && pamstack_opens(stack, MODULE) ? pamstack_skips(stack, MODULE) : NULL;
	if (by && !is_known(doctor, DOCTOR_PAM_LINE_SKIPPED, by->file, by->line))
		mend_line(doctor,
			  doctor_add(doctor, DOCTOR_PAM_LINE_SKIPPED, by->file, by->line,
				     "'%s %s' can lead around " MODULE " in the stack of '%s'",
				     by->control, by->module, service->name),
			  "move", line, "before it");
}

static void judge(struct doctor *doctor, const struct services *services,
		  const struct service *service)
{
	const struct pamstack *stack = &service->stack;

	if (!IS_OF(session_services, service->name) && is_included(services, service->name))
		return;
	/* Gone meanwhile, or a link to nothing: as none. */
	if (service->error == -ENOENT)
		return;
	if (service->error)
		doctor_mend(doctor,
			    doctor_add(doctor, DOCTOR_PAM_UNREADABLE, stack->file, 0, "%s",
				       service->error == -EINVAL ? "is no regular file"
								 : strerror(-service->error)),
			    "a regular file of text there, or none");
	else if (stack->wrong &&
		 !is_known(doctor, DOCTOR_PAM_UNREADABLE, stack->wrong_file, stack->wrong_line))
		doctor_mend(doctor,
			    doctor_add(doctor, DOCTOR_PAM_UNREADABLE, stack->wrong_file,
				       stack->wrong_line, "the line %s", stack->wrong),
			    "see pam.d(5)");
	if (!service->error && !stack->wrong)
		judge_stack(doctor, services, service);
}

int doctor_pam(struct doctor *doctor)
{
	_cleanup_(services_done) struct services services = { 0 };
	int r;

	/* libpam reads this one only where there is no directory. */
	if (access("/etc/pam.d", F_OK) < 0 && access("/etc/pam.conf", F_OK) == 0)
		return -EOPNOTSUPP;
	r = read_services(&services);
	for (size_t i = 0; !r && i < services.n; i++) {
		const struct service *service = &services.list[i];

		if (IS_OF(no_sessions, service->name))
			continue;
		if (!doctor->conf || doctor_confines_by(doctor->conf, service->name))
			judge(doctor, &services, service);
		judge_arguments(doctor, service);
	}
	return r;
}
