/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <grp.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/diag.h"
#include "helper/active.h"
#include "helper/argument.h"
#include "helper/doctor.h"
#include "helper/draft.h"
#include "helper/pamstack.h"

static struct doctor_finding *add(struct doctor *doctor, const struct pamstack_line *line,
				  const char *argument, const char *what)
{
	return doctor_add(doctor, DOCTOR_PAM_LINE_ARGUMENTS, line->file, line->line,
			  "the module argument '%s' is unusable: %s", argument, what);
}

static void report_unusable(struct doctor *doctor, const struct pamstack_line *line,
			    const char *argument, const char *value)
{
	if (value)
		doctor_mend(doctor,
			    add(doctor, line, argument,
				"its path is not absolute, or longer than 250 bytes"),
			    "write the whole path, as in 'conf=/etc/security/other.conf'");
	else
		doctor_mend(doctor, add(doctor, line, argument, "there is none of that name"),
			    "write 'exempt_group=GROUP', 'conf=FILE', 'debug' or 'quiet' instead, "
			    "or take it out; see pam_netns(8)");
}

static void judge_group(struct doctor *doctor, const struct pamstack_line *line,
			const char *argument, const char *group, size_t n)
{
	if (n > ARGUMENT_GROUPS_MAX)
		doctor_mend(doctor, add(doctor, line, argument, "the line has too many groups"),
			    "leave no more than %u there", ARGUMENT_GROUPS_MAX);
	else if (!getgrnam(group))
		doctor_mend(doctor,
			    doctor_add(doctor, DOCTOR_PAM_GROUP_MISSING, line->file, line->line,
				       "there is no group '%s', which '%s' would exempt", group,
				       argument),
			    "write the name of another group, or groupadd '%s'; then netnsctl "
			    "reload",
			    group);
}

/* Why nothing of the file can come into force; NULL: it can. */
static const char *find_fault(const char *path, int *ret_error)
{
	_cleanup_(conf_free_p) struct conf *conf = NULL;
	_cleanup_(diag_free_p) struct diag *diag = NULL;

	*ret_error = diag_new(&diag);
	if (*ret_error)
		return NULL;
	if (access(path, F_OK) < 0)
		return "there is no such file";
	*ret_error = draft_load(path, CONF_LOAD_TRUSTED, diag, &conf);
	if (*ret_error == -ENOMEM)
		return NULL;
	if (*ret_error)
		return "the file has errors";
	return conf_has_network(conf, CONF_NET_VETH) ? "the file has veth sessions" : NULL;
}

static void judge_file(struct doctor *doctor, const struct pamstack_line *line, const char *path)
{
	char active[ACTIVE_PATH_MAX] = "";
	struct doctor_finding *f;
	const char *fault;
	int r = 0;

	/* That one has findings of its own. */
	if (strcmp(path, NETNS_CONF) == 0)
		return;
	fault = active_path(path, active) ? "its path is too long" : find_fault(path, &r);
	if (r == -ENOMEM)
		doctor->error = r;
	if (!fault)
		return;
	f = doctor_add(doctor, DOCTOR_PAM_LINE_ARGUMENTS, line->file, line->line,
		       "the module argument 'conf=%s' is unusable: %s%s", path, fault,
		       access(active, F_OK) == 0
			       ? "; what was loaded of it before counts until the next boot"
			       : "");
	doctor_mend(doctor, f,
		    "write the path of another file, or mend that one: netnsctl reload '%s' says "
		    "whether it comes into force",
		    path);
}

void doctor_arguments(struct doctor *doctor, const struct pamstack_line *line)
{
	_cleanup_free_ char *text = strdup(line->arguments);
	const char *conf = NULL;
	size_t n_groups = 0;
	char *rest = text;
	const char *word;

	if (!text)
		doctor->error = -ENOMEM;
	while (text && (word = pamstack_argument(&rest))) {
		const char *value;

		switch (argument_parse(word, &value)) {
		case ARGUMENT_UNUSABLE:
			report_unusable(doctor, line, word, value);
			break;
		case ARGUMENT_CONF:
			conf = value;
			break;
		case ARGUMENT_EXEMPT_GROUP:
			judge_group(doctor, line, word, value, ++n_groups);
			break;
		case ARGUMENT_DEBUG:
		case ARGUMENT_QUIET:
			break;
		}
	}
	/* The module, too, goes by the last. */
	if (conf)
		judge_file(doctor, line, conf);
}
