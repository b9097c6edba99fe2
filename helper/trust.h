/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_TRUST_H
#define HELPER_TRUST_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Whether what fd is open on is of this type (S_IFDIR ...), root's, and not for
 * others to write to.  0, or a negative errno: -EPERM, it is not.
 */
int trust_check(int fd, mode_t type);

/* Opens the directory name, no symbolic link, below at, and checks it. */
int trust_open_dir(int at, const char *name, int *ret_fd);

/*
 * Whether others than root can rename what is at path, which is absolute, or a directory
 * on the way there.  Links are followed; where they are is not looked at.
 */
bool trust_others_lead_to(const char *path);

#endif
