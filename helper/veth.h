/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_VETH_H
#define HELPER_VETH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"

/*
 * The link between the host and a user's network namespace: nuUID there, eth0
 * here, with addresses and routes, and nothing that the other side could learn
 * or change by itself.  All return 0 or a negative errno.
 */
#define VETH_NAME_MAX 16 /* IFNAMSIZ: "nu4294967294" fits */
#define VETH_PREFIX   "nu"

/* family 0 of one: none. */
struct veth_addresses {
	struct conf_prefix v4;
	struct conf_prefix v6;
};

struct veth {
	uint32_t uid;
	const char *user; /* becomes the alias */
	uint32_t group; /* class of the policy */
	const struct conf_prefix *pool4;
	const struct conf_prefix *pool6;
	struct conf_rate rate;
	struct veth_addresses addresses; /* results of veth_create() */
	int index; /* of the host's end */
};

void veth_name(uint32_t uid, char name[VETH_NAME_MAX]);

/*
 * Makes the link between the namespaces host_fd and netns_fd, up and with its
 * addresses, and leaves the thread in netns_fd; after an error, in either, and what there
 * is of the link stays.  Under the user's lock: a link of that name is replaced.
 * *ret_step says what failed.
 */
int veth_create(struct veth *veth, int host_fd, int netns_fd, const char **ret_step);

/*
 * Makes the group and the rates of a link what veth says: one end of it, in the
 * namespace that this end is in.
 */
enum veth_end {
	VETH_HOST_END,
	VETH_SESSION_END,
};
int veth_change(const struct veth *veth, enum veth_end end);

/* The rest is for the host's namespace. */

/* What the host routes to the link.  -ENODEV: there is no such link. */
int veth_find_addresses(uint32_t uid, struct veth_addresses *ret);

/* Gives the link another class. 0 also when there is none. */
int veth_set_group(uint32_t uid, uint32_t group);

/* All that one question tells of it.  -ENODEV. */
struct link_view;
int veth_find(uint32_t uid, struct link_view *ret_view);

/* The class of the policy that the link has now.  -ENODEV. */
int veth_find_group(uint32_t uid, uint32_t *ret_group);

/* Both; group 0: the user has no link, or an unfinished one. */
int veth_find_link(uint32_t uid, uint32_t *ret_group, struct veth_addresses *ret);

/* Whether a link is one of these: named exactly as veth_name() does it, and in a class. */
bool veth_is_ours(const char *name, uint32_t group, uint32_t *ret_uid);

/* The users who have one.  *ret_uids is the caller's to free. */
int veth_list(uint32_t **ret_uids, size_t *ret_n);

/* Removes the link.  0 also when there is none. */
int veth_delete(uint32_t uid);

#endif
