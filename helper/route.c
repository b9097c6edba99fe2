/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/nl.h"
#include "helper/route.h"

struct search {
	struct route found;
	bool any;
};

static int note_link(const struct nlattr *attribute, void *data)
{
	struct search *s = data;

	if (mnl_attr_get_type(attribute) == RTA_OIF &&
	    !if_indextoname(mnl_attr_get_u32(attribute), s->found.link))
		s->found.link[0] = '\0';
	return MNL_CB_OK;
}

static void note_route(const struct nlmsghdr *h, void *data)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(h);
	struct search *s = data;

	s->found.type = route->rtm_type;
	s->any = true;
	mnl_attr_parse(h, sizeof(*route), note_link, s);
}

int route_find(struct mnl_socket *socket, const struct conf_prefix *address, struct route *ret)
{
	size_t length = address->family == AF_INET ? 4 : 16;
	struct search s = { .any = false };
	struct nl_batch batch;
	struct nlmsghdr *h;
	struct rtmsg *route;
	int r;

	nl_batch_init(&batch);
	h = nl_put(&batch, RTM_GETROUTE, 0);
	route = mnl_nlmsg_put_extra_header(h, sizeof(*route));
	route->rtm_family = (uint8_t)address->family;
	route->rtm_dst_len = (uint8_t)(length * 8);
	mnl_attr_put(h, RTA_DST, length, address->bytes);
	r = nl_query(socket, &batch, note_route, &s);
	if (r)
		return r;
	if (!s.any)
		return -ENETUNREACH;
	*ret = s.found;
	return 0;
}
