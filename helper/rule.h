/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_RULE_H
#define HELPER_RULE_H

#include <stdbool.h>
#include <stdint.h>

struct conf_prefix;
struct mnl_socket;

/*
 * No table, no traffic: while the firewall table is away (another service has
 * flushed the ruleset) nothing marks the packets of sessions, and routing itself
 * refuses what is not marked.  Four policy-routing rules a family, before the
 * local table, or a session could still reach the host's addresses:
 *
 *   0: from POOL iif lo lookup local     what the host itself sends with a
 *   0: from POOL iif lo lookup main      session's address (an ICMP error)
 *   0: from POOL fwmark 0/MARK blackhole
 *   0: from all lookup local             the kernel's own first rule, moved behind
 *
 * Rules of one priority stay in the order of their making.  All return 0 or a
 * negative errno.
 */
#define RULE_MARK 0x10000000

/*
 * Makes the rules of a family what they should be for pool; NULL: what they
 * were before us.  At no moment is there less protection than before, or no
 * rule for the local table.
 */
int rule_set(struct mnl_socket *socket, int family, const struct conf_prefix *pool);

/* The pool that the rules of a family are for; family 0: there are none of ours. */
int rule_find_pool(struct mnl_socket *socket, int family, struct conf_prefix *ret_pool);

/* Whether rule_set() would change nothing. */
int rule_is_set(struct mnl_socket *socket, int family, const struct conf_prefix *pool,
		bool *ret_is);

#endif
