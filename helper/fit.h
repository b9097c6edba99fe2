/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_FIT_H
#define HELPER_FIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf_policy;
struct conf_prefix;
struct conf_settings;

/*
 * What a policy means for one user: a link, with its addresses and rates; who
 * answers name queries in the session; elements in the sets of the firewall.
 * Under the user's lock (state.h).  All return 0 or a negative errno, with which
 * step, unless it is NULL, says what could not be done ("make the link").
 */
struct fit {
	uint32_t uid;
	const char *user;
	const struct conf_settings *settings;
	const struct conf_policy *policy;
	int host_fd; /* the host's network namespace, and the user's */
	int netns_fd;
	bool live; /* the user has no business in the host's network */
	const struct conf_prefix *servers; /* who answers name queries; for fit_change() alone */
	size_t n_servers;
	const char *step;
	unsigned taken; /* results: a port that leads to another user; 0: none */
	int link; /* of fit_make(): index of the host's end */
};

/*
 * Makes it all, for a namespace that has a pin and no link.  The link gets its class
 * last, and loses it first: killed anywhere between, or after an error, what there is
 * of it passes nothing, and can be found by fit_remove().  Leaves the thread in one of
 * the two namespaces, without an error the host's.  -ENOENT with step NULL: the
 * firewall table is not there.
 */
int fit_make(struct fit *fit);

/* Makes a link that is there, and all the rest, what the policy says now. */
int fit_change(struct fit *fit);

/* Makes it known that the user, who has no link, has no business in the host's network. */
int fit_note_live(uint32_t uid);

/* The contrary. */
int fit_forget_live(uint32_t uid);

/* No port leads any more to an address whose link went without it; family 0: nothing is done. */
int fit_unpublish(const struct conf_prefix *address);

/* Takes all of it away, whatever is there.  In the host's namespace. */
int fit_remove(uint32_t uid);

#endif
