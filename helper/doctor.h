/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_DOCTOR_H
#define HELPER_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "conf/base.h"

struct conf;
struct conf_session;
struct pamstack_line;

/*
 * netnsctl doctor: probes look at the host, each at one thing and independent of
 * the others, and put what they find into one list.
 */

/* What is wrong.  The names of the kinds are stable: see doctor_kinds. */
enum doctor_kind {
	DOCTOR_NOTHING_IN_FORCE,
	DOCTOR_CONFIGURATION_ERROR,
	DOCTOR_CONFIGURATION_WARNING,
	DOCTOR_CONFIGURATION_CHANGED,
	DOCTOR_RUN_FULL,
	DOCTOR_NOBODY_CONFINED,
	DOCTOR_PAM_LINE_MISSING,
	DOCTOR_PAM_LINE_MISSING_ELSEWHERE,
	DOCTOR_PAM_LINE_OPTIONAL,
	DOCTOR_PAM_LINE_PASSES_ABSENCE,
	DOCTOR_PAM_LINE_SKIPPED,
	DOCTOR_PAM_MODULE_MISSING,
	DOCTOR_PAM_LINE_ARGUMENTS,
	DOCTOR_PAM_GROUP_MISSING,
	DOCTOR_PAM_UNREADABLE,
	DOCTOR_HELPER_MISSING,
	DOCTOR_SSHD_WITHOUT_PAM,
	DOCTOR_SSHD_UNREADABLE,
	DOCTOR_SSHD_FORWARDING,
	DOCTOR_SUDOEDIT_SESSION,
	DOCTOR_PROCESS_OUTSIDE,
	DOCTOR_SESSION_UNHIDDEN,
	DOCTOR_LINGER,
	DOCTOR_RESOLVER_VISIBLE,
	DOCTOR_BUS_VISIBLE,
	DOCTOR_TABLE_MISSING,
	DOCTOR_TABLE_ALTERED,
	DOCTOR_FORWARDING_OFF,
	DOCTOR_ROUTING_INCOMPLETE,
	DOCTOR_RELOAD_INTERRUPTED,
	DOCTOR_CHAIN_DROPS,
	DOCTOR_POOL_OVERLAP,
	DOCTOR_PORT_OCCUPIED,
	DOCTOR_UPLINK_MISSING,
	DOCTOR_JOIN_MISSING,
	N_DOCTOR_KINDS,
};

/*
 * An error: somebody whom the configuration confines is in the host's network, or
 * can come there by logging in; or nobody can log in.  A warning: something does
 * not work as the configuration says.  A note needs nothing to be done.
 */
enum doctor_severity {
	DOCTOR_ERROR,
	DOCTOR_WARNING,
	DOCTOR_NOTE,
	N_DOCTOR_SEVERITIES,
};

struct doctor_kind_info {
	const char *name;
	enum doctor_severity severity;
	const char *means;
};

extern const struct doctor_kind_info doctor_kinds[N_DOCTOR_KINDS];
extern const char *const doctor_severities[N_DOCTOR_SEVERITIES];

struct doctor_finding {
	enum doctor_kind kind;
	char *file; /* where; NULL: in no file */
	unsigned line; /* 0: the file as a whole */
	char *text; /* what was found */
	char *mend; /* what to do, or NULL */
	char *user; /* whom it is about, or NULL */
	pid_t *pids; /* processes that it is about */
	size_t n_pids;
};

/* What is known of a user. */
struct doctor_user {
	uint32_t uid;
	char *name; /* NULL: nobody has the uid */
	bool confined; /* whatever service opens the session, and not exempt */
	bool hides; /* something is hidden from every session */
};

#define DOCTOR_UNSEEN_MAX 9U

struct doctor {
	/* In force, with the places of the file if that has not changed since; or else what the
	 * file says; NULL: neither can be read. */
	const struct conf *conf;
	bool in_force; /* something is */
	bool current; /* and was made of what the files are now */

	struct doctor_finding *findings;
	size_t n_findings;
	const char *unseen[DOCTOR_UNSEEN_MAX]; /* what could not be looked at */
	size_t n_unseen;

	struct doctor_user *users; /* by uid: those who were asked for */
	size_t n_users;
	uint32_t *exempt; /* groups that a stack of PAM exempts */
	size_t n_exempt;
	bool has_exempt; /* they have been looked for */
	int error; /* -ENOMEM: the list is not whole */
};

/*
 * Adds what was found, at file (may be NULL) and line.  NULL when memory ran out,
 * which the functions below may be given.  It is valid until the next is added.
 */
struct doctor_finding *doctor_add(struct doctor *doctor, enum doctor_kind kind, const char *file,
				  unsigned line, const char *format, ...) PRINTF_LIKE(5, 6);
void doctor_mend(struct doctor *doctor, struct doctor_finding *finding, const char *format, ...)
	PRINTF_LIKE(3, 4);
void doctor_about(struct doctor *doctor, struct doctor_finding *finding, const char *user,
		  const pid_t *pids, size_t n_pids);

size_t doctor_count(const struct doctor *doctor, enum doctor_severity severity);
void doctor_done(struct doctor *doctor);

/* By severity, for people and for programs. */
void doctor_print(const struct doctor *doctor, FILE *out);
void doctor_print_json(const struct doctor *doctor, FILE *out);

/* Whom it is; NULL when that cannot be told, which *ret_error then says. */
const struct doctor_user *doctor_user(struct doctor *doctor, uint32_t uid, int *ret_error);

/* Whether the configuration confines anybody whose session the service opens. */
bool doctor_confines_by(const struct conf *conf, const char *service);
/* By any service. */
bool doctor_confines(const struct conf *conf);

/* Whether sessions by a line hide something that is there now. */
bool doctor_hides(const struct conf *conf, const struct conf_session *session);

/* What is wrong with the arguments of the module in the line, which is its own. */
void doctor_arguments(struct doctor *doctor, const struct pamstack_line *line);

/*
 * The probes.  0, or a negative errno when what it is about cannot be looked at;
 * what has been found until then stays.
 */
typedef int doctor_probe(struct doctor *doctor);
doctor_probe doctor_pam;
doctor_probe doctor_ssh;
doctor_probe doctor_sudo;
doctor_probe doctor_procs;
doctor_probe doctor_linger;
doctor_probe doctor_hidden;
doctor_probe doctor_net;
doctor_probe doctor_table;

#endif
