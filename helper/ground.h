/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_GROUND_H
#define HELPER_GROUND_H

#include <stdbool.h>
#include <stddef.h>

#include "helper/fw.h"

struct conf;
struct conf_settings;
struct diag;

/*
 * What the host needs once for all users with a link: the gateway's addresses on
 * lo, the rules of rule.h, and forwarding.  All are for the host's network
 * namespace, want the reload lock (state.h), and return 0 or a negative errno.
 */

/*
 * Keeps what forwarding, what goes with it, and router advertisements were set to
 * before us, in /run/pam_netns/host.
 */
int ground_save(void);

/*
 * Whether the host forwarded the family before us: if not, it forwards nobody else's now.
 * Whoever may not read what was kept is told that it did not.
 */
int ground_was_router(int family, bool *ret_was);

/*
 * The links that forwarded IPv4 before us, each by itself.  *ret_names is the
 * caller's to free.
 */
int ground_list_routers4(fw_link_name **ret_names, size_t *ret_n);

/* Addresses and rules; those of old (may be NULL) go. */
int ground_set(const struct conf_settings *settings, const struct conf_settings *old);

/*
 * Forwarding, with links listening to routers as before, and marks that count for
 * rp_filter.  Last, when nothing can slip through any more.
 */
int ground_forward(void);
bool ground_forwards(void);

/* What ground_save() has kept. */
int ground_restore(void);

/* Whether all of that is still so. */
int ground_is_set(const struct conf_settings *settings, bool *ret_is);

/* The host as it was before us. */
int ground_clear(const struct conf_settings *old);

/*
 * Looks for networks that the host has to do with, by a route or an address of
 * its own, and that overlap a pool.  -EINVAL: there are some, and diag says what
 * could be done.  Needs no privilege, and no lock.
 */
int ground_check_pools(const struct conf *conf, struct diag *diag);

#endif
