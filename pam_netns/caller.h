/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAM_NETNS_CALLER_H
#define PAM_NETNS_CALLER_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * What the calling process has of the user that it serves, put aside while we
 * work.  su runs PAM with its user's real uid, who may so signal it at any
 * moment, and under its user's limits, in which the look-up of a large group
 * fails without a word; and with a timer slack of its user's, in which no time-out
 * comes, of the helper's neither.
 */
struct caller {
	bool has_limits;
	bool has_slack;
	unsigned long slack;
	bool has_uid;
	uid_t real;
};

/*
 * Puts aside.  -EPERM: the limits are too low to trust a look-up, and cannot be
 * raised without CAP_SYS_RESOURCE.  A caller without privilege keeps its uid.
 * Limits are the process's: of all that borrow at once, in whatever threads, the
 * first one puts them aside, and the last one to return puts them back.
 */
int caller_borrow(struct caller *caller);

/* Puts back. */
void caller_return(struct caller *caller);

#endif
