/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_PROCS_H
#define HELPER_PROCS_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Calls fn for every process of the system with the inode of the network
 * namespace that it is in, and again for each thread of it that is in another
 * one, until fn returns non-zero, which is then returned.  0 at the end, a negative errno when
 * /proc cannot be read whole: then nothing is known of who is inside.
 *
 * Needs CAP_SYS_PTRACE for the processes of others (proc_pid_ns(5)).
 */
typedef int procs_fn(void *userdata, pid_t pid, uint64_t netns);
int procs_scan(procs_fn *fn, void *userdata);

/* Real, effective, saved and that of its files.  -ESRCH: pid is gone. */
#define PROCS_UIDS 4
int procs_uids(pid_t pid, uint32_t ret_uids[PROCS_UIDS]);

/* The parent of pid; 0 when pid is gone. */
pid_t procs_parent(pid_t pid);

#endif
