/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAM_NETNS_SESSION_H
#define PAM_NETNS_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf/base.h"
#include "helper/proto.h"
#include "pam_netns/mounts.h"

/*
 * Where a session's process was before we moved it.  The host's network is not
 * kept open but opened again at the end: sshd's unprivileged process inherits
 * what we hold.
 */
struct session {
	pid_t owner; /* the process that was moved; its children only have a copy of this */
	uint64_t before; /* inode of the namespace it came from; 0: not moved */
	int before_fd; /* -1: the host's, or not moved */
	bool open; /* and not refused */
	bool tidy; /* tell the helper at the end */
	uint32_t uid;
	struct mounts mounts;
	char *record; /* of what all lines of the log say about it; NULL: no more is said */
	uint64_t opened_ms;
	struct proto_traffic traffic; /* by then */
	struct session *older; /* of the same PAM handle */
	struct session *below; /* what this process had opened before it, and not closed */
};

#define SESSION_INIT                                   \
	{                                              \
		.before_fd = -1, .mounts = MOUNTS_INIT \
	}

/*
 * The calls below return 0 or a negative errno and leave the thread in the
 * network namespace that it was in, or, if they succeed, in the new one.
 */

/* Notes where the thread is, so that session_restore() finds back.  Once a session. */
int session_note(struct session *s) WARN_UNUSED_RESULT;

/*
 * Enters the namespace fd, which must be the network namespace inode, and not
 * the host's unless host_intended; looks afterwards whether it is so.
 */
int session_enter(int fd, uint64_t inode, bool host_intended) WARN_UNUSED_RESULT;

/* Enters the host's network, if the thread is not there already. */
int session_enter_host(void) WARN_UNUSED_RESULT;

/*
 * Enters an empty network: what is left when nothing else is certain.  Families
 * of sockets that belong to no network are refused, where they can be.
 */
int session_seal(void) WARN_UNUSED_RESULT;

/* Whether the process has opened another session since, which is still open. */
bool session_is_covered(const struct session *s);

/*
 * Goes back, with its mounts too. 0 also when it never moved, or in another
 * process than the owner.  A session that is covered leaves its way back to the
 * one that covers it, and the process where that one is.
 */
int session_restore(struct session *s) WARN_UNUSED_RESULT;

/* There is no way back any more: it went, or it is somebody else's. */
void session_forget(struct session *s);

/* Whether this process has one thread only: the others would stay where they are. */
int session_check_single_thread(void) WARN_UNUSED_RESULT;

#endif
