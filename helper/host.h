/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_HOST_H
#define HELPER_HOST_H

#include <stdint.h>

/*
 * Moves the process to where process 1 is: its mount namespace (the caller of
 * PAM may have a private one, in which pins would be lost, or another root) and
 * its network.  *ret_fd is the host's network namespace, the caller's to close.
 * Needs CAP_SYS_ADMIN, CAP_SYS_CHROOT and CAP_SYS_PTRACE.  Returns 0 or a
 * negative errno.
 */
int host_enter(int *ret_fd, uint64_t *ret_inode);

/*
 * Has netnsctl load the configuration file conf when it changed since the
 * last time, or when somebody has removed the firewall that it needs, in a process of its own: only
 * that one looks names up, which can take long or load strange libraries.  Returns -ETIMEDOUT when
 * it takes longer than HOST_RELOAD_MS (it is killed), -EINVAL when it fails (it has logged why).
 */
#define HOST_RELOAD_MS 3000
int host_refresh_conf(const char *conf);

#endif
