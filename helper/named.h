/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_NAMED_H
#define HELPER_NAMED_H

#include <stddef.h>
#include <stdint.h>

/*
 * The network namespaces that have a name by the conventions of ip-netns(8),
 * which are not ours: join sessions are in them.
 */
#define NAMED_DIR "/run/netns"

/*
 * Opens the one called name, which no other user than root can have put there.
 * 0 or a negative errno: -ENOENT there is none, -EINVAL and -ELOOP it is
 * something else, -EPERM the directory is not root's, -EEXIST it is the one
 * whose inode is host.
 */
int named_open(const char *name, uint64_t host, int *ret_fd, uint64_t *ret_inode);

/* What that error means, for people. */
void named_explain(const char *name, int error, char *text, size_t size);

#endif
