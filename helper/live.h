/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_LIVE_H
#define HELPER_LIVE_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "helper/veth.h"

struct state;

/* What exists now, read from the kernel, for netnsctl. */
struct live {
	uint32_t uid;
	char *name; /* NULL: no such user any more */
	uint64_t netns;
	unsigned processes;
	time_t since; /* when the namespace was pinned */
	uint32_t group; /* class of the policy that the link has; 0: there is no link */
	struct veth_addresses addresses;
};

/*
 * The users' namespaces, by uid, with what is in them. *ret_live is freed with
 * live_free().  0 or a negative errno.
 */
int live_list(const struct state *state, struct live **ret_live, size_t *ret_n);
void live_free(struct live *live, size_t n);

#endif
