/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_HOLDERS_H
#define HELPER_HOLDERS_H

#include <stddef.h>
#include <stdint.h>

struct conf;
struct diag;

/*
 * The users who have a block of source ports ("nat ports"), or get it when they log
 * in, by any service: of those whom the user data base lists, whom a session line
 * names, who are members of a group that one names, and who are there now.
 */
struct holder {
	uint32_t uid;
	char *name; /* NULL: no such user any more */
};

#define HOLDERS_GAP_MAX 160

struct holders {
	struct holder *list; /* by uid */
	size_t n;
	char gap[HOLDERS_GAP_MAX]; /* what could not be read, so that there may be others; or "" */
};

#define HOLDERS_OF_ANY UINT32_MAX

/*
 * Of one block, by its number, or of any.  live are the uids of those who are there.
 * 0 or a negative errno.
 */
int holders_find(const struct conf *conf, uint32_t block, const uint32_t *live, size_t n_live,
		 struct holders *ret_holders);
void holders_done(struct holders *holders);

/* Warns of users who share a block, and of a host that chooses such ports itself. */
int holders_warn(const struct conf *conf, struct diag *diag);

/* From which ports the host chooses for its own connections.  0 or a negative errno. */
#define HOLDERS_HOST_RANGE "/proc/sys/net/ipv4/ip_local_port_range"
int holders_read_host_range(uint16_t *ret_first, uint16_t *ret_last);

#endif
