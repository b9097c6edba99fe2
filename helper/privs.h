/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_PRIVS_H
#define HELPER_PRIVS_H

#include <stdint.h>
#include <sys/types.h>

#include "conf/base.h"

/*
 * How the helper's privilege falls, stage by stage; it never rises.  All
 * return 0 or a negative errno, after which the helper must not go on.
 */

/* A set of capabilities, PRIVS_CAP(CAP_...) or'ed together. */
#define PRIVS_CAP(c) (UINT64_C(1) << (c))

/*
 * Started by root: uid 0 (-EPERM otherwise) with the caller's capabilities.
 * Here the helper may look at process 1, enter its mount namespace and have
 * netnsctl load a changed configuration; it reads nothing of its request but
 * which operation and which file.  Not dumpable from here on.
 */
int privs_start(void) WARN_UNUSED_RESULT;

/*
 * Limited to what the operation needs: exactly the capabilities of keep, in
 * the permitted and effective sets; bounding and ambient sets empty; uid 0
 * means nothing on exec any more (securebits, locked); no new privileges.
 * Read back from the kernel: -EPERM when it is not exactly so.
 */
int privs_limit(uint64_t keep) WARN_UNUSED_RESULT;

/*
 * A new network namespace, on the account of uid.  The kernel counts namespaces by the
 * effective uid of their maker (user.max_net_namespaces): those of a user, who can keep
 * them alive by descriptors, are not to use up root's.  What we may do hangs on
 * capabilities (SECBIT_NO_SETUID_FIXUP), and who may signal us on the other two uids.
 */
int privs_unshare_netns(uid_t uid) WARN_UNUSED_RESULT;

/* Done: none at all, while we wait for a peer. */
int privs_drop_final(void) WARN_UNUSED_RESULT;

#endif
