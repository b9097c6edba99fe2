/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAM_NETNS_FAMILIES_H
#define PAM_NETNS_FAMILIES_H

#include <stddef.h>
#include <stdint.h>

#include "conf/base.h"

/*
 * From now on this thread, and all that it starts, can create sockets only of
 * the families whose bits are set in families: bit N for the AF_ of number N; 0
 * for all, and then nothing is done.  There is no way back.  Of AF_INET and
 * AF_INET6 these are sockets for TCP, UDP, echo requests and, with the privilege,
 * raw ones.
 *
 * Nothing is added to what is in force by an earlier call.  0 or a negative
 * errno; -ENOSYS: this architecture's system calls are not known.
 */
int families_restrict(uint64_t families) WARN_UNUSED_RESULT;

/*
 * The program of that filter, of FAMILIES_PROGRAM_MAX at most; returns its length,
 * or 0 where the architecture is not known.
 */
struct sock_filter;
#define FAMILIES_PROGRAM_MAX 1024
size_t families_compile(uint64_t families, struct sock_filter *code);

#endif
