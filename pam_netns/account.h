/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAM_NETNS_ACCOUNT_H
#define PAM_NETNS_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

struct pam_handle;
struct proto_traffic;
struct session;

/* Lines of the log for programs, in pam_netns(8) under ACCOUNTING. */
struct account {
	const char *user; /* may be NULL */
	bool has_uid;
	uint32_t uid;
	bool exempt;
	const char *mode; /* what the session gets, or would have; "" and NULL: it is not known */
	const char *name; /* of the policy, or of the namespace that it joins */
	uint64_t netns; /* 0: not known */
};

/*
 * Logs that the session is open, and keeps in it what the last line is to say.
 * traffic is what the user's link had counted by then, or NULL.
 */
void account_open(struct pam_handle *pamh, struct session *s, const struct account *account,
		  const struct proto_traffic *traffic);

/* Logs, once, that a session is closed; traffic is what its link has counted by now, or NULL. */
void account_close(struct pam_handle *pamh, struct session *s, const struct proto_traffic *traffic);

/* Logs that there is no session. */
void account_refuse(struct pam_handle *pamh, const struct account *account, const char *reason);

#endif
