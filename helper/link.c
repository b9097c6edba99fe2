/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/link.h"
#include "helper/nl.h"

/* Room for bursts and for waiting, in parts of a second of traffic at full rate. */
#define TBF_BURST_PART 50
#define TBF_QUEUE_PART 20
#define TBF_BURST_MIN  16384

static size_t address_length(const struct conf_prefix *address)
{
	return address->family == AF_INET ? 4 : 16;
}

static struct nlmsghdr *put_link(struct nl_batch *batch, uint16_t type, uint16_t flags, int index)
{
	struct nlmsghdr *h = nl_put(batch, type, flags);
	struct ifinfomsg *link = mnl_nlmsg_put_extra_header(h, sizeof(*link));

	link->ifi_family = AF_UNSPEC;
	link->ifi_index = index;
	return h;
}

void link_put_veth(struct nl_batch *batch, const struct link_end *ours, uint32_t group,
		   const struct link_end *peer, int netns_fd)
{
	struct nlmsghdr *h = put_link(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
	struct nlattr *info, *data, *nest;

	mnl_attr_put_strz(h, IFLA_IFNAME, ours->name);
	mnl_attr_put(h, IFLA_ADDRESS, LINK_MAC_LENGTH, ours->mac);
	mnl_attr_put_u32(h, IFLA_GROUP, group);
	info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
	nest = mnl_attr_nest_start(h, VETH_INFO_PEER);
	/* The peer's attributes come behind a header of their own. */
	mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(h, IFLA_IFNAME, peer->name);
	mnl_attr_put(h, IFLA_ADDRESS, LINK_MAC_LENGTH, peer->mac);
	mnl_attr_put_u32(h, IFLA_NET_NS_FD, (uint32_t)netns_fd);
	mnl_attr_nest_end(h, nest);
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, info);
}

void link_put_delete(struct nl_batch *batch, const char *name)
{
	struct nlmsghdr *h = put_link(batch, RTM_DELLINK, 0, 0);

	mnl_attr_put_strz(h, IFLA_IFNAME, name);
}

void link_put_settings(struct nl_batch *batch, int index, const struct link_devconf *values,
		       size_t n)
{
	struct nlmsghdr *h = put_link(batch, RTM_SETLINK, 0, index);
	struct nlattr *spec = mnl_attr_nest_start(h, IFLA_AF_SPEC);
	struct nlattr *family = mnl_attr_nest_start(h, AF_INET);
	struct nlattr *conf = mnl_attr_nest_start(h, IFLA_INET_CONF);

	for (size_t i = 0; i < n; i++)
		mnl_attr_put_u32(h, values[i].key, values[i].value);
	mnl_attr_nest_end(h, conf);
	mnl_attr_nest_end(h, family);
	mnl_attr_nest_end(h, spec);
}

void link_put_no_link_local(struct nl_batch *batch, int index)
{
	struct nlmsghdr *h = put_link(batch, RTM_SETLINK, 0, index);
	struct nlattr *spec = mnl_attr_nest_start(h, IFLA_AF_SPEC);
	struct nlattr *family = mnl_attr_nest_start(h, AF_INET6);

	mnl_attr_put_u8(h, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(h, family);
	mnl_attr_nest_end(h, spec);
}

static void put_alias(struct nlmsghdr *h, const char *alias)
{
	if (alias)
		mnl_attr_put(h, IFLA_IFALIAS, strnlen(alias, IFALIASZ - 1), alias);
}

void link_put_up(struct nl_batch *batch, int index, const char *alias)
{
	struct nlmsghdr *h = put_link(batch, RTM_SETLINK, 0, index);
	struct ifinfomsg *link = mnl_nlmsg_get_payload(h);

	link->ifi_flags = IFF_UP;
	link->ifi_change = IFF_UP;
	put_alias(h, alias);
}

void link_put_group(struct nl_batch *batch, const char *name, uint32_t group, const char *alias)
{
	struct nlmsghdr *h = put_link(batch, RTM_SETLINK, 0, 0);

	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	mnl_attr_put_u32(h, IFLA_GROUP, group);
	put_alias(h, alias);
}

static void put_address(struct nl_batch *batch, uint16_t type, uint16_t flags, int index,
			const struct conf_prefix *address)
{
	struct nlmsghdr *h = nl_put(batch, type, flags);
	struct ifaddrmsg *a = mnl_nlmsg_put_extra_header(h, sizeof(*a));

	a->ifa_family = (uint8_t)address->family;
	a->ifa_prefixlen = (uint8_t)address->length;
	a->ifa_index = (uint32_t)index;
	a->ifa_scope = RT_SCOPE_UNIVERSE;
	/* Nobody else is on the link who could have it. */
	a->ifa_flags = address->family == AF_INET6 ? IFA_F_NODAD : 0;
	mnl_attr_put(h, IFA_LOCAL, address_length(address), address->bytes);
	mnl_attr_put(h, IFA_ADDRESS, address_length(address), address->bytes);
}

void link_put_address(struct nl_batch *batch, int index, const struct conf_prefix *address)
{
	put_address(batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, index, address);
}

void link_put_no_address(struct nl_batch *batch, int index, const struct conf_prefix *address)
{
	put_address(batch, RTM_DELADDR, 0, index, address);
}

void link_put_local_loopback(struct nl_batch *batch, int index)
{
	struct nlmsghdr *h = nl_put(batch, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
	struct rtmsg *route = mnl_nlmsg_put_extra_header(h, sizeof(*route));
	uint8_t loopback[16] = { [15] = 1 };

	route->rtm_family = AF_INET6;
	route->rtm_table = RT_TABLE_LOCAL;
	route->rtm_protocol = RTPROT_STATIC;
	route->rtm_scope = RT_SCOPE_HOST;
	route->rtm_type = RTN_LOCAL;
	route->rtm_dst_len = 128;
	mnl_attr_put_u32(h, RTA_OIF, (uint32_t)index);
	mnl_attr_put_u32(h, RTA_PRIORITY, 1024);
	mnl_attr_put(h, RTA_DST, 16, loopback);
}

void link_put_route(struct nl_batch *batch, int index, const struct conf_prefix *destination,
		    const struct conf_prefix *gateway, int family, bool claim)
{
	struct nlmsghdr *h =
		nl_put(batch, RTM_NEWROUTE, NLM_F_CREATE | (claim ? NLM_F_EXCL : NLM_F_REPLACE));
	struct rtmsg *route = mnl_nlmsg_put_extra_header(h, sizeof(*route));

	route->rtm_family = (uint8_t)family;
	route->rtm_table = RT_TABLE_MAIN;
	route->rtm_protocol = RTPROT_STATIC;
	route->rtm_scope = gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	route->rtm_type = RTN_UNICAST;
	mnl_attr_put_u32(h, RTA_OIF, (uint32_t)index);
	if (destination) {
		route->rtm_dst_len = (uint8_t)destination->length;
		mnl_attr_put(h, RTA_DST, address_length(destination), destination->bytes);
	}
	if (gateway)
		mnl_attr_put(h, RTA_GATEWAY, address_length(gateway), gateway->bytes);
}

void link_put_no_route(struct nl_batch *batch, int index, const struct conf_prefix *destination)
{
	struct nlmsghdr *h = nl_put(batch, RTM_DELROUTE, 0);
	struct rtmsg *route = mnl_nlmsg_put_extra_header(h, sizeof(*route));

	route->rtm_family = (uint8_t)destination->family;
	route->rtm_table = RT_TABLE_MAIN;
	route->rtm_scope = RT_SCOPE_NOWHERE;
	route->rtm_dst_len = (uint8_t)destination->length;
	mnl_attr_put_u32(h, RTA_OIF, (uint32_t)index);
	mnl_attr_put(h, RTA_DST, address_length(destination), destination->bytes);
}

struct route_search {
	int family;
	uint32_t index;
	struct conf_prefix found;
};

/* Attributes by number; none that is looked at has a higher one. */
#define ATTRIBUTES_MAX (IFLA_GROUP > RTA_MAX ? IFLA_GROUP : RTA_MAX)

static int note_attribute(const struct nlattr *attr, void *data)
{
	const struct nlattr **attributes = data;

	if (mnl_attr_get_type(attr) <= ATTRIBUTES_MAX)
		attributes[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

struct each_link {
	link_fn *fn;
	void *userdata;
	int error;
};

static void note_link(const struct nlmsghdr *h, void *data)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(h);
	const struct nlattr *a[ATTRIBUTES_MAX + 1] = { NULL };
	struct each_link *each = data;

	mnl_attr_parse(h, sizeof(*link), note_attribute, a);
	if (h->nlmsg_type != RTM_NEWLINK || !a[IFLA_IFNAME] || !a[IFLA_GROUP] || each->error)
		return;
	each->error = each->fn(each->userdata, link->ifi_index, mnl_attr_get_str(a[IFLA_IFNAME]),
			       mnl_attr_get_u32(a[IFLA_GROUP]));
}

int link_for_each(struct mnl_socket *socket, link_fn *fn, void *userdata)
{
	struct each_link each = { .fn = fn, .userdata = userdata };
	struct nl_batch batch;
	int r;

	nl_batch_init(&batch);
	put_link(&batch, RTM_GETLINK, NLM_F_DUMP, 0);
	r = nl_query(socket, &batch, note_link, &each);
	return r ? r : each.error;
}

/* The kernel's bytes need not be where a number of 64 bits may be. */
struct link_traffic link_read_traffic(const struct nlattr *stats)
{
	struct rtnl_link_stats64 counters = { 0 };
	size_t length = stats ? mnl_attr_get_payload_len(stats) : 0;

	if (length > sizeof(counters))
		length = sizeof(counters);
	if (length > 0)
		memcpy(&counters, mnl_attr_get_payload(stats), length);
	return (struct link_traffic){
		.bytes_out = counters.rx_bytes,
		.bytes_in = counters.tx_bytes,
		.packets_out = counters.rx_packets,
		.packets_in = counters.tx_packets,
	};
}

static void note_view(const struct nlmsghdr *h, void *data)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(h);
	const struct nlattr *a[ATTRIBUTES_MAX + 1] = { NULL };
	struct link_view *view = data;

	mnl_attr_parse(h, sizeof(*link), note_attribute, a);
	if (h->nlmsg_type != RTM_NEWLINK)
		return;
	view->index = link->ifi_index;
	view->group = a[IFLA_GROUP] ? mnl_attr_get_u32(a[IFLA_GROUP]) : 0;
	view->traffic = link_read_traffic(a[IFLA_STATS64]);
	if (a[IFLA_IFALIAS])
		snprintf(view->alias, sizeof(view->alias), "%.*s",
			 (int)mnl_attr_get_payload_len(a[IFLA_IFALIAS]),
			 mnl_attr_get_str(a[IFLA_IFALIAS]));
}

int link_find(struct mnl_socket *socket, const char *name, struct link_view *ret_view)
{
	struct link_view view = { 0 };
	struct nl_batch batch;
	struct nlmsghdr *h;
	int r;

	nl_batch_init(&batch);
	h = put_link(&batch, RTM_GETLINK, 0, 0);
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	r = nl_query(socket, &batch, note_view, &view);
	if (!r)
		*ret_view = view;
	return r;
}

static void note_route(const struct nlmsghdr *h, void *data)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(h);
	const struct nlattr *a[ATTRIBUTES_MAX + 1] = { NULL };
	struct route_search *s = data;
	size_t length = s->family == AF_INET ? 4 : 16;

	mnl_attr_parse(h, sizeof(*route), note_attribute, a);
	if (route->rtm_type != RTN_UNICAST || route->rtm_table != RT_TABLE_MAIN ||
	    route->rtm_dst_len != length * 8 || !a[RTA_OIF] || !a[RTA_DST] ||
	    mnl_attr_get_u32(a[RTA_OIF]) != s->index ||
	    mnl_attr_get_payload_len(a[RTA_DST]) != length)
		return;
	s->found.family = s->family;
	s->found.length = (unsigned)length * 8;
	memcpy(s->found.bytes, mnl_attr_get_payload(a[RTA_DST]), length);
}

static int find_route(struct mnl_socket *socket, struct route_search *s)
{
	struct nl_batch batch;
	struct nlmsghdr *h;
	struct rtmsg *route;

	nl_batch_init(&batch);
	h = nl_put(&batch, RTM_GETROUTE, NLM_F_DUMP);
	route = mnl_nlmsg_put_extra_header(h, sizeof(*route));
	route->rtm_family = (uint8_t)s->family;
	/* The kernel leaves out the routes of other links (NETLINK_GET_STRICT_CHK). */
	mnl_attr_put_u32(h, RTA_OIF, s->index);
	return nl_query(socket, &batch, note_route, s);
}

int link_find_route(struct mnl_socket *socket, int family, int index, struct conf_prefix *ret)
{
	struct route_search s = { .family = family, .index = (uint32_t)index };
	int r;

	/* Others change routes at any time; ours stay while the user is locked. */
	do
		r = find_route(socket, &s);
	while (r == -EINTR && !s.found.family);
	/* Without IPv6 there is nothing to find. */
	if (r && r != -EINTR && !(family == AF_INET6 && (r == -EOPNOTSUPP || r == -EAFNOSUPPORT)))
		return r;
	*ret = s.found;
	return 0;
}

void link_put_neighbour(struct nl_batch *batch, int index, const struct conf_prefix *address,
			const uint8_t mac[LINK_MAC_LENGTH])
{
	struct nlmsghdr *h = nl_put(batch, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
	struct ndmsg *neighbour = mnl_nlmsg_put_extra_header(h, sizeof(*neighbour));

	neighbour->ndm_family = (uint8_t)address->family;
	neighbour->ndm_ifindex = index;
	neighbour->ndm_state = NUD_PERMANENT;
	mnl_attr_put(h, NDA_DST, address_length(address), address->bytes);
	mnl_attr_put(h, NDA_LLADDR, LINK_MAC_LENGTH, mac);
}

static struct nlmsghdr *put_root_queue(struct nl_batch *batch, uint16_t type, uint16_t flags,
				       int index)
{
	struct nlmsghdr *h = nl_put(batch, type, flags);
	struct tcmsg *queue = mnl_nlmsg_put_extra_header(h, sizeof(*queue));

	queue->tcm_family = AF_UNSPEC;
	queue->tcm_ifindex = index;
	queue->tcm_parent = TC_H_ROOT;
	return h;
}

void link_put_rate(struct nl_batch *batch, int index, uint64_t rate)
{
	uint64_t burst =
		rate / TBF_BURST_PART > TBF_BURST_MIN ? rate / TBF_BURST_PART : TBF_BURST_MIN;
	uint64_t limit = burst + rate / TBF_QUEUE_PART;
	/* With a link layer named, the kernel needs no rate table of us (sch_tbf.c). */
	struct tc_tbf_qopt options = {
		.rate = { .linklayer = TC_LINKLAYER_ETHERNET,
			  .rate = rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate },
		.limit = limit > UINT32_MAX ? UINT32_MAX : (uint32_t)limit,
	};
	struct nlmsghdr *h =
		put_root_queue(batch, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, index);
	struct nlattr *nest;

	mnl_attr_put_strz(h, TCA_KIND, "tbf");
	nest = mnl_attr_nest_start(h, TCA_OPTIONS);
	mnl_attr_put(h, TCA_TBF_PARMS, sizeof(options), &options);
	mnl_attr_put_u32(h, TCA_TBF_BURST, burst > UINT32_MAX ? UINT32_MAX : (uint32_t)burst);
	if (rate > UINT32_MAX)
		mnl_attr_put_u64(h, TCA_TBF_RATE64, rate);
	mnl_attr_nest_end(h, nest);
}

void link_put_no_rate(struct nl_batch *batch, int index)
{
	put_root_queue(batch, RTM_DELQDISC, 0, index);
}
