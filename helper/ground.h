/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_GROUND_H
#define HELPER_GROUND_H

#include <stdbool.h>

struct conf_settings;

/*
 * What the host needs once for all users with a link: the gateway's addresses on
 * lo, the rules of rule.h, and forwarding.  All are for the host's network
 * namespace, want the reload lock (state.h), and return 0 or a negative errno.
 */

/* Keeps what forwarding and router advertisements were set to before us, in /run/pam_netns/host. */
int ground_save(void);

/* Whether the host forwarded before us: if not, it forwards nobody else's packets now. */
bool ground_was_router(void);

/* Addresses and rules; those of old (may be NULL) go. */
int ground_set(const struct conf_settings *settings, const struct conf_settings *old);

/* Forwarding.  Last, when nothing can slip through any more. */
int ground_forward(void);

/* Whether all of that is still so. */
int ground_is_set(const struct conf_settings *settings, bool *ret_is);

/* The host as it was before us. */
int ground_clear(const struct conf_settings *old);

/*
 * Looks for a route of the host that overlaps a pool and is none of ours.
 * *ret_route gets its text ("100.64.0.0/24 dev eth0"), "" when there is none.
 */
#define GROUND_ROUTE_MAX 96
int ground_find_overlap(const struct conf_settings *settings, char ret_route[GROUND_ROUTE_MAX]);

#endif
