/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAM_NETNS_MOUNTS_H
#define PAM_NETNS_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct proto_mount;

/*
 * A mount namespace of the session's own, for a session that sees other files
 * than its caller; and where the process was before.  As with the network, what
 * leads back to the host is not kept open: sshd's unprivileged process inherits
 * it.
 */
struct mounts {
	uint64_t before; /* inode of the mount namespace it came from; 0: not moved */
	int before_fd; /* -1: process 1's */
	int root_fd; /* -1: the root of the namespace */
	int cwd_fd; /* -1: the root of the process */
};

#define MOUNTS_INIT                                          \
	{                                                    \
		.before_fd = -1, .root_fd = -1, .cwd_fd = -1 \
	}

/*
 * Gives the process mounts of its own, on the account of uid, in which each of list is what its
 * descriptor is: a mount that is attached nowhere.  A path at which there is
 * nothing is passed over.  What is mounted elsewhere later, is so for the process
 * too; and nothing of this, nor of what is mounted in here, is seen elsewhere.
 *
 * Returns 0 with *ret_path the last path that was passed over (NULL: none); or a
 * negative errno, with what could not be done in *ret_step ("replace"), and to
 * which path in *ret_path (NULL: to none).  Then the process is where it was, if
 * it could go back at all.
 */
int mounts_enter(struct mounts *m, uid_t uid, const struct proto_mount *list, const int *fds,
		 size_t n, const char **ret_step, const char **ret_path);

/*
 * Goes back, if the process was moved, to the root and the working directory of
 * before, or where root may not enter the latter, to /.  0 or a negative errno.
 */
int mounts_leave(struct mounts *m);

/* There is no way back any more. */
void mounts_forget(struct mounts *m);

#endif
