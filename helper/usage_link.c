/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "helper/nl.h"
#include "helper/usage.h"

/* Links and routes come and go; what changes at each of so many looks cannot be told. */
#define ATTEMPTS 20

/* Attributes by number; none that is looked at has a higher one. */
#define ATTRIBUTES_MAX (IFLA_GROUP > RTA_MAX ? IFLA_GROUP : RTA_MAX)

/* Users by the index of their link. */
struct by_link {
	struct usage **list;
	size_t n;
	int family; /* of the addresses that are being read */
};

static int note_attribute(const struct nlattr *attr, void *data)
{
	const struct nlattr **attributes = data;

	if (mnl_attr_get_type(attr) <= ATTRIBUTES_MAX)
		attributes[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static void note_link(const struct nlmsghdr *h, void *data)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(h);
	const struct nlattr *a[ATTRIBUTES_MAX + 1] = { NULL };
	const struct usages *usages = data;
	struct usage *usage;
	uint32_t group;
	uint32_t uid;

	mnl_attr_parse(h, sizeof(*link), note_attribute, a);
	if (h->nlmsg_type != RTM_NEWLINK || !a[IFLA_IFNAME] || !a[IFLA_GROUP])
		return;
	group = mnl_attr_get_u32(a[IFLA_GROUP]);
	if (!veth_is_ours(mnl_attr_get_str(a[IFLA_IFNAME]), group, &uid))
		return;
	usage = usage_find(usages, uid);
	if (!usage)
		return;
	usage->link = link->ifi_index;
	usage->group = group;
	usage->traffic = link_read_traffic(a[IFLA_STATS64]);
}

static int dump(struct mnl_socket *socket, struct nl_batch *batch, nl_answer_fn *fn, void *data)
{
	int r = nl_query(socket, batch, fn, data);

	/* The message is the same at each attempt. */
	for (unsigned i = 1; i < ATTEMPTS && r == -EINTR; i++)
		r = nl_query(socket, batch, fn, data);
	return r;
}

int usage_read_links(struct usages *usages)
{
	_cleanup_(nl_close_p) struct mnl_socket *socket = NULL;
	struct nl_batch batch;
	struct ifinfomsg *link;
	int r;

	r = nl_open(NETLINK_ROUTE, &socket);
	if (r)
		return r;
	nl_batch_init(&batch);
	link = mnl_nlmsg_put_extra_header(nl_put(&batch, RTM_GETLINK, NLM_F_DUMP), sizeof(*link));
	link->ifi_family = AF_UNSPEC;
	r = dump(socket, &batch, note_link, usages);
	usages->read_ns = usage_now_ns();
	return r;
}

/*
 * What is read again is read by number: a name may be another link's by now.
 */
static int compare_links(const void *a, const void *b)
{
	const struct usage *x = *(struct usage *const *)a;
	const struct usage *y = *(struct usage *const *)b;

	return x->link < y->link ? -1 : x->link > y->link;
}

static int sort_by_link(const struct usages *usages, struct by_link *by)
{
	by->list = calloc(usages->n + 1, sizeof(struct usage *));
	if (!by->list)
		return -ENOMEM;
	for (size_t i = 0; i < usages->n; i++)
		if (usages->list[i].link)
			by->list[by->n++] = &usages->list[i];
	qsort(by->list, by->n, sizeof(struct usage *), compare_links);
	return 0;
}

static struct usage *find_link(const struct by_link *by, int index)
{
	const struct usage key = { .link = index };
	const struct usage *const wanted = &key;
	struct usage *const *found;

	found = bsearch(&wanted, by->list, by->n, sizeof(struct usage *), compare_links);
	return found ? *found : NULL;
}

static void note_traffic(const struct nlmsghdr *h, void *data)
{
	const struct if_stats_msg *link = mnl_nlmsg_get_payload(h);
	const struct nlattr *a[ATTRIBUTES_MAX + 1] = { NULL };
	const struct by_link *by = data;
	struct usage *usage = find_link(by, (int)link->ifindex);

	if (!usage || h->nlmsg_type != RTM_NEWSTATS)
		return;
	mnl_attr_parse(h, sizeof(*link), note_attribute, a);
	usage->traffic = link_read_traffic(a[IFLA_STATS_LINK_64]);
}

int usage_read_traffic(struct usages *usages)
{
	_cleanup_(nl_close_p) struct mnl_socket *socket = NULL;
	struct by_link by = { 0 };
	struct nl_batch batch;
	struct if_stats_msg *stats;
	int r;

	r = nl_open(NETLINK_ROUTE, &socket);
	if (!r)
		r = sort_by_link(usages, &by);
	if (r)
		return r;
	nl_batch_init(&batch);
	stats = mnl_nlmsg_put_extra_header(nl_put(&batch, RTM_GETSTATS, NLM_F_DUMP),
					   sizeof(*stats));
	stats->filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64);
	r = dump(socket, &batch, note_traffic, &by);
	usages->read_ns = usage_now_ns();
	free(by.list);
	return r;
}

static void note_address(const struct nlmsghdr *h, void *data)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(h);
	const struct nlattr *a[ATTRIBUTES_MAX + 1] = { NULL };
	const struct by_link *by = data;
	size_t length = by->family == AF_INET ? 4 : 16;
	struct conf_prefix *address;
	struct usage *usage;

	mnl_attr_parse(h, sizeof(*route), note_attribute, a);
	if (h->nlmsg_type != RTM_NEWROUTE || route->rtm_type != RTN_UNICAST ||
	    route->rtm_table != RT_TABLE_MAIN || route->rtm_dst_len != length * 8 || !a[RTA_OIF] ||
	    !a[RTA_DST] || mnl_attr_get_payload_len(a[RTA_DST]) != length)
		return;
	usage = find_link(by, (int)mnl_attr_get_u32(a[RTA_OIF]));
	if (!usage)
		return;
	address = by->family == AF_INET ? &usage->addresses.v4 : &usage->addresses.v6;
	address->family = by->family;
	address->length = (unsigned)length * 8;
	memcpy(address->bytes, mnl_attr_get_payload(a[RTA_DST]), length);
}

static int read_family(struct mnl_socket *socket, struct by_link *by, int family)
{
	struct nl_batch batch;
	struct nlmsghdr *h;
	struct rtmsg *route;
	int r;

	by->family = family;
	nl_batch_init(&batch);
	h = nl_put(&batch, RTM_GETROUTE, NLM_F_DUMP);
	route = mnl_nlmsg_put_extra_header(h, sizeof(*route));
	route->rtm_family = (uint8_t)family;
	mnl_attr_put_u32(h, RTA_TABLE, RT_TABLE_MAIN);
	r = dump(socket, &batch, note_address, by);
	/* Others change routes at any time; those of ours that stay have been seen by now. */
	if (r == -EINTR)
		return 0;
	/* Nothing has ever been in the table: a host without IPv4, or without IPv6, */
	if (r == -ENOENT)
		return 0;
	/* or a kernel without it. */
	return family == AF_INET6 && (r == -EOPNOTSUPP || r == -EAFNOSUPPORT) ? 0 : r;
}

int usage_read_addresses(struct usages *usages)
{
	_cleanup_(nl_close_p) struct mnl_socket *socket = NULL;
	struct by_link by = { 0 };
	int r;

	r = nl_open(NETLINK_ROUTE, &socket);
	if (!r)
		r = sort_by_link(usages, &by);
	if (!r)
		r = read_family(socket, &by, AF_INET);
	if (!r)
		r = read_family(socket, &by, AF_INET6);
	free(by.list);
	return r;
}
