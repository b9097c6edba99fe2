/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "helper/doctor.h"
#include "helper/list.h"

const char *const doctor_severities[N_DOCTOR_SEVERITIES] = {
	[DOCTOR_ERROR] = "error",
	[DOCTOR_WARNING] = "warning",
	[DOCTOR_NOTE] = "note",
};

/* Programs and scripts know the names: none changes. */
const struct doctor_kind_info doctor_kinds[N_DOCTOR_KINDS] = {
	[DOCTOR_NOTHING_IN_FORCE] = {
		"nothing-in-force", DOCTOR_ERROR,
		"all sessions but those of root and exempt users are refused",
	},
	[DOCTOR_CONFIGURATION_ERROR] = {
		"configuration-error", DOCTOR_ERROR,
		"nothing of the file comes into force, and after the next boot all sessions but "
		"those of root and exempt users are refused",
	},
	[DOCTOR_CONFIGURATION_WARNING] = {
		"configuration-warning", DOCTOR_WARNING,
		"it may not be what was meant",
	},
	[DOCTOR_CONFIGURATION_CHANGED] = {
		"configuration-changed", DOCTOR_NOTE,
		"the next login of somebody who is not exempt loads the file as it is",
	},
	[DOCTOR_RUN_FULL] = {
		"run-full", DOCTOR_ERROR,
		"nothing new comes into force, also if it is stricter; and who has no session yet "
		"is refused, unless for the host's network",
	},
	[DOCTOR_NOBODY_CONFINED] = {
		"nobody-confined", DOCTOR_NOTE,
		"every session is in the network of the host, or of whoever opens it",
	},
	[DOCTOR_PAM_LINE_MISSING] = {
		"pam-line-missing", DOCTOR_ERROR,
		"its sessions are in the network of the program that opens them: the host's, for "
		"a daemon",
	},
	[DOCTOR_PAM_LINE_MISSING_ELSEWHERE] = {
		"pam-line-missing-elsewhere", DOCTOR_WARNING,
		"if a program opens sessions of confined users by it, they are in the network of "
		"that program",
	},
	[DOCTOR_PAM_LINE_OPTIONAL] = {
		"pam-line-optional", DOCTOR_ERROR,
		"a session that is refused goes on without a network, and with nothing hidden; "
		"without the module's file, in the host's network",
	},
	[DOCTOR_PAM_LINE_PASSES_ABSENCE] = {
		"pam-line-passes-absence", DOCTOR_ERROR,
		"without the module's file, sessions go on in the host's network",
	},
	[DOCTOR_PAM_LINE_SKIPPED] = {
		"pam-line-skipped", DOCTOR_ERROR,
		"whoever comes that way is in the network of the program that opens the session",
	},
	[DOCTOR_PAM_MODULE_MISSING] = {
		"pam-module-missing", DOCTOR_ERROR,
		"libpam refuses every session of the service, root's too",
	},
	[DOCTOR_PAM_LINE_ARGUMENTS] = {
		"pam-line-arguments", DOCTOR_ERROR,
		"every session by the line is refused, but those of root and of exempt users",
	},
	[DOCTOR_PAM_GROUP_MISSING] = {
		"pam-group-missing", DOCTOR_WARNING,
		"it exempts nobody: administrators who rely on it are confined, or refused, as "
		"others are",
	},
	[DOCTOR_PAM_UNREADABLE] = {
		"pam-unreadable", DOCTOR_WARNING,
		"libpam refuses the service, or does with it what cannot be told here",
	},
	[DOCTOR_HELPER_MISSING] = {
		"helper-missing", DOCTOR_ERROR,
		"every session is refused, but those of root and of exempt users",
	},
	[DOCTOR_SSHD_WITHOUT_PAM] = {
		"sshd-without-pam", DOCTOR_ERROR,
		"sshd opens no PAM session: whoever logs in by it is in the host's network",
	},
	[DOCTOR_SSHD_UNREADABLE] = {
		"sshd-unreadable", DOCTOR_WARNING,
		"sshd does not start with it, or does what cannot be told here",
	},
	[DOCTOR_SSHD_FORWARDING] = {
		"sshd-forwarding", DOCTOR_NOTE,
		"ports, displays and tunnels are forwarded inside the session's network; sockets "
		"in the file system belong to no network",
	},
	[DOCTOR_SUDOEDIT_SESSION] = {
		"sudoedit-session", DOCTOR_WARNING,
		"the editor of a confined user runs in the target user's network: root's is the "
		"host's",
	},
	[DOCTOR_PROCESS_OUTSIDE] = {
		"process-outside", DOCTOR_WARNING,
		"they are older than the configuration, or no session of PAM started them; what "
		"they send is dropped if the firewall knows the user, see pam_netns(8)",
	},
	[DOCTOR_SESSION_UNHIDDEN] = {
		"session-unhidden", DOCTOR_WARNING,
		"they see what 'set hide' takes from sessions: they began before it was there, or "
		"by another configuration",
	},
	[DOCTOR_LINGER] = {
		"linger", DOCTOR_NOTE,
		"the user's systemd manager starts at boot and stays: it keeps the network, and "
		"published ports, with nobody logged in",
	},
	[DOCTOR_RESOLVER_VISIBLE] = {
		"resolver-visible", DOCTOR_WARNING,
		"confined sessions can have names resolved by it, in the host's network",
	},
	[DOCTOR_BUS_VISIBLE] = {
		"bus-visible", DOCTOR_NOTE,
		"confined sessions can have names resolved by way of the bus",
	},
	[DOCTOR_TABLE_MISSING] = {
		"table-missing", DOCTOR_WARNING,
		"sessions with a link have no traffic, and processes outside are not held back",
	},
	[DOCTOR_TABLE_ALTERED] = {
		"table-altered", DOCTOR_WARNING,
		"what passes is not what the policies say",
	},
	[DOCTOR_FORWARDING_OFF] = {
		"forwarding-off", DOCTOR_WARNING,
		"sessions with a link reach nothing outside",
	},
	[DOCTOR_ROUTING_INCOMPLETE] = {
		"routing-incomplete", DOCTOR_WARNING,
		"sessions with a link may reach nothing, and are not held back by routing if the "
		"firewall goes",
	},
	[DOCTOR_RELOAD_INTERRUPTED] = {
		"reload-interrupted", DOCTOR_WARNING,
		"links of users who are logged in may not have the policy that they should",
	},
	[DOCTOR_CHAIN_DROPS] = {
		"chain-drops", DOCTOR_WARNING,
		"all that sessions with a link send and get is lost there",
	},
	[DOCTOR_POOL_OVERLAP] = {
		"pool-overlap", DOCTOR_WARNING,
		"sessions cannot reach that network, nor it them; the next reload is refused",
	},
	[DOCTOR_PORT_OCCUPIED] = {
		"port-occupied", DOCTOR_WARNING,
		"it is out of reach from outside while a user has the port",
	},
	[DOCTOR_UPLINK_MISSING] = {
		"uplink-missing", DOCTOR_WARNING,
		"nothing that sessions send goes by it; with no other uplink, all is dropped that "
		"they send out of the host",
	},
	[DOCTOR_JOIN_MISSING] = {
		"join-missing", DOCTOR_WARNING,
		"the sessions that are to join it are refused",
	},
};

struct doctor_finding *doctor_add(struct doctor *doctor, enum doctor_kind kind, const char *file,
				  unsigned line, const char *format, ...)
{
	struct doctor_finding *f = list_add(doctor->findings, doctor->n_findings);
	va_list args;

	if (!f) {
		doctor->error = -ENOMEM;
		return NULL;
	}
	f->kind = kind;
	f->line = line;
	f->file = file ? strdup(file) : NULL;
	va_start(args, format);
	if (vasprintf(&f->text, format, args) < 0)
		f->text = NULL;
	va_end(args);
	if (!f->text || (file && !f->file))
		doctor->error = -ENOMEM;
	return f;
}

void doctor_mend(struct doctor *doctor, struct doctor_finding *finding, const char *format, ...)
{
	va_list args;

	if (!finding)
		return;
	va_start(args, format);
	if (vasprintf(&finding->mend, format, args) < 0) {
		finding->mend = NULL;
		doctor->error = -ENOMEM;
	}
	va_end(args);
}

void doctor_about(struct doctor *doctor, struct doctor_finding *finding, const char *user,
		  const pid_t *pids, size_t n_pids)
{
	if (!finding)
		return;
	finding->user = user ? strdup(user) : NULL;
	finding->pids = n_pids ? reallocarray(NULL, n_pids, sizeof(*pids)) : NULL;
	if ((user && !finding->user) || (n_pids && !finding->pids))
		doctor->error = -ENOMEM;
	if (!finding->pids)
		return;
	memcpy(finding->pids, pids, n_pids * sizeof(*pids));
	finding->n_pids = n_pids;
}

size_t doctor_count(const struct doctor *doctor, enum doctor_severity severity)
{
	size_t n = 0;

	for (size_t i = 0; i < doctor->n_findings; i++)
		n += doctor_kinds[doctor->findings[i].kind].severity == severity;
	return n;
}

void doctor_done(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->n_findings; i++) {
		free(doctor->findings[i].file);
		free(doctor->findings[i].text);
		free(doctor->findings[i].mend);
		free(doctor->findings[i].user);
		free(doctor->findings[i].pids);
	}
	for (size_t i = 0; i < doctor->n_users; i++)
		free(doctor->users[i].name);
	free(doctor->findings);
	free(doctor->users);
	free(doctor->exempt);
	*doctor = (struct doctor){ 0 };
}
