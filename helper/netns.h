/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_NETNS_H
#define HELPER_NETNS_H

#include <stdint.h>

/*
 * Network namespaces by descriptor and inode.  The host's network is that of
 * process 1, which is what systemd, sshd and this project agree on.  All return
 * 0 or a negative errno.
 */

#define NETNS_OF_HOST "/proc/1/ns/net"
/* The thread's own: setns(2) and unshare(2) change one thread. */
#define NETNS_OF_SELF "/proc/thread-self/ns/net"

/*
 * Opens a network namespace by a path in /proc or the path of a pin, close-on-
 * exec.  -EINVAL: there is something else at that path.
 */
int netns_open(const char *path, int *ret_fd, uint64_t *ret_inode);

/* Whether fd is a network namespace (-EINVAL: it is not), and which. */
int netns_identify(int fd, uint64_t *ret_inode);

/* The inode of the calling thread's namespace, or of that at another path in /proc. */
int netns_inode(const char *path, uint64_t *ret_inode);

#endif
