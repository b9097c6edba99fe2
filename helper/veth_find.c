/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "helper/class.h"
#include "helper/link.h"
#include "helper/nl.h"
#include "helper/veth.h"

int veth_find(uint32_t uid, struct link_view *ret_view)
{
	_cleanup_(nl_close_p) struct mnl_socket *socket = NULL;
	char name[VETH_NAME_MAX];
	int r;

	veth_name(uid, name);
	r = nl_open(NETLINK_ROUTE, &socket);
	return r ? r : link_find(socket, name, ret_view);
}

int veth_find_group(uint32_t uid, uint32_t *ret_group)
{
	struct link_view view;
	int r = veth_find(uid, &view);

	if (!r)
		*ret_group = view.group;
	return r;
}

struct listing {
	uint32_t *uids;
	size_t n;
	size_t room;
};

bool veth_is_ours(const char *name, uint32_t group, uint32_t *ret_uid)
{
	char own[VETH_NAME_MAX];
	unsigned uid;

	if (sscanf(name, VETH_PREFIX "%u", &uid) != 1 || (group & CLASS_MASK) != CLASS_PREFIX)
		return false;
	veth_name(uid, own);
	if (strcmp(name, own) != 0)
		return false;
	*ret_uid = uid;
	return true;
}

static int note_veth(void *userdata, int index, const char *name, uint32_t group)
{
	struct listing *listing = userdata;
	uint32_t uid;

	(void)index;
	if (!veth_is_ours(name, group, &uid))
		return 0;
	if (listing->n == listing->room) {
		size_t room = listing->room ? listing->room * 2 : 64;
		uint32_t *uids = reallocarray(listing->uids, room, sizeof(*uids));

		if (!uids)
			return -ENOMEM;
		listing->uids = uids;
		listing->room = room;
	}
	listing->uids[listing->n++] = uid;
	return 0;
}

int veth_list(uint32_t **ret_uids, size_t *ret_n)
{
	_cleanup_(nl_close_p) struct mnl_socket *socket = NULL;
	struct listing listing = { 0 };
	int r;

	r = nl_open(NETLINK_ROUTE, &socket);
	if (r)
		return r;
	do {
		listing.n = 0;
		r = link_for_each(socket, note_veth, &listing);
	} while (r == -EINTR);
	if (r) {
		free(listing.uids);
		return r;
	}
	*ret_uids = listing.uids;
	*ret_n = listing.n;
	return 0;
}

int veth_find_addresses(uint32_t uid, struct veth_addresses *ret)
{
	_cleanup_(nl_close_p) struct mnl_socket *socket = NULL;
	struct veth_addresses addresses = { 0 };
	char name[VETH_NAME_MAX];
	int index;
	int r;

	veth_name(uid, name);
	index = (int)if_nametoindex(name);
	if (!index)
		return -errno;
	r = nl_open(NETLINK_ROUTE, &socket);
	if (!r)
		r = link_find_route(socket, AF_INET, index, &addresses.v4);
	if (!r)
		r = link_find_route(socket, AF_INET6, index, &addresses.v6);
	if (!r)
		*ret = addresses;
	return r;
}

int veth_find_link(uint32_t uid, uint32_t *ret_group, struct veth_addresses *ret)
{
	struct veth_addresses addresses = { 0 };
	uint32_t group = 0;
	int r;

	r = veth_find_group(uid, &group);
	if (!r)
		r = veth_find_addresses(uid, &addresses);
	if (r == -ENODEV || (!r && group == CLASS_UNFINISHED)) {
		group = 0;
		addresses = (struct veth_addresses){ 0 };
		r = 0;
	}
	if (r)
		return r;
	*ret_group = group;
	*ret = addresses;
	return 0;
}
