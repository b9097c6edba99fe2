/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>

#include "conf/base.h"
#include "helper/link.h"
#include "helper/nl.h"

#define LOOPBACK_INDEX 1 /* in every network namespace: LOOPBACK_IFINDEX of the kernel */

int link_up_loopback(void)
{
	_cleanup_(nl_close_p) struct mnl_socket *socket = NULL;
	char buffer[MNL_NLMSG_HDRLEN + MNL_ALIGN(sizeof(struct ifinfomsg))]
		__attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *h = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *link;
	int r;

	h->nlmsg_type = RTM_NEWLINK;
	link = mnl_nlmsg_put_extra_header(h, sizeof(*link));
	link->ifi_family = AF_UNSPEC;
	link->ifi_index = LOOPBACK_INDEX;
	link->ifi_flags = IFF_UP;
	link->ifi_change = IFF_UP;

	r = nl_open(NETLINK_ROUTE, &socket);
	if (r)
		return r;
	return nl_request(socket, h);
}
