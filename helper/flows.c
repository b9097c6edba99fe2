/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/conntrack.h"
#include "helper/flows.h"
#include "helper/fw_eval.h"
#include "helper/members.h"
#include "helper/nl.h"

/* Whose an address is: a user's, or the host's own. */
struct owner {
	struct conf_prefix address;
	uint32_t group; /* 0: the host's */
};

struct owners {
	struct owner *list; /* sorted by address */
	size_t n;
	size_t room;
};

struct judge {
	struct fw_eval eval;
	struct owners owners;
	const struct conf_prefix *pool; /* that is being looked through */
};

static int compare_owners(const void *a, const void *b)
{
	const struct conf_prefix *x = &((const struct owner *)a)->address;
	const struct conf_prefix *y = &((const struct owner *)b)->address;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	return memcmp(x->bytes, y->bytes, sizeof(x->bytes));
}

static int add_owner(struct owners *owners, const struct conf_prefix *address, uint32_t group)
{
	if (!address->family)
		return 0;
	if (owners->n == owners->room) {
		size_t room = owners->room ? owners->room * 2 : 64;
		struct owner *list = reallocarray(owners->list, room, sizeof(*list));

		if (!list)
			return -ENOMEM;
		owners->list = list;
		owners->room = room;
	}
	owners->list[owners->n++] = (struct owner){ *address, group };
	return 0;
}

static int add_members(struct owners *owners, const struct members *members)
{
	int r = 0;

	for (size_t i = 0; i < members->n && !r; i++) {
		const struct member *m = &members->list[i];

		if (m->group)
			r = add_owner(owners, &m->addresses.v4, m->group);
		if (m->group && !r)
			r = add_owner(owners, &m->addresses.v6, m->group);
	}
	return r;
}

static bool read_address(const struct sockaddr *address, struct conf_prefix *ret)
{
	*ret = (struct conf_prefix){ 0 };
	if (!address)
		return false;
	if (address->sa_family == AF_INET)
		memcpy(ret->bytes, &((const struct sockaddr_in *)(const void *)address)->sin_addr,
		       4);
	else if (address->sa_family == AF_INET6)
		memcpy(ret->bytes, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
		       16);
	else
		return false;
	ret->family = address->sa_family;
	return true;
}

static int add_host(struct owners *owners)
{
	struct conf_prefix address;
	struct ifaddrs *all;
	int r = 0;

	if (getifaddrs(&all) < 0)
		return -errno;
	for (const struct ifaddrs *i = all; i && !r; i = i->ifa_next)
		if (read_address(i->ifa_addr, &address))
			r = add_owner(owners, &address, 0);
	freeifaddrs(all);
	return r;
}

static const struct owner *find_owner(const struct owners *owners, int family,
				      const uint8_t address[16])
{
	struct owner key = { .address.family = family };

	memcpy(key.address.bytes, address, family == AF_INET ? 4 : 16);
	return bsearch(&key, owners->list, owners->n, sizeof(key), compare_owners);
}

static bool is_in_pool(const struct judge *judge, const uint8_t address[16])
{
	struct conf_prefix prefix = { .family = judge->pool->family };

	prefix.length = prefix.family == AF_INET ? 32 : 128;
	memcpy(prefix.bytes, address, prefix.length / 8);
	return conf_prefix_contains(judge->pool, &prefix);
}

/* A later packet in the direction of the first one. */
static struct fw_packet make_packet(const struct judge *judge, const struct flow *flow,
				    const struct owner *from, const struct owner *to)
{
	struct fw_packet p = {
		.family = flow->family,
		.proto = flow->proto,
		.icmp_type = flow->family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST,
		.dport = flow->answerer_port,
		.original_dport = flow->destination_port,
		.confirmed = true,
	};
	const struct owner *asked = find_owner(&judge->owners, flow->family, flow->destination);

	memcpy(p.saddr, flow->source, sizeof(flow->source));
	memcpy(p.daddr, flow->answerer, sizeof(flow->answerer));
	memcpy(p.original_daddr, flow->destination, sizeof(flow->destination));
	p.dnat = memcmp(flow->answerer, flow->destination, sizeof(flow->answerer)) != 0 ||
		 flow->answerer_port != flow->destination_port;
	p.daddr_type = asked && !asked->group ? RTN_LOCAL : RTN_UNICAST;
	p.iif.group = from ? from->group : 0;
	p.oif.group = to ? to->group : 0;
	if (to && !to->group)
		p.path = FW_PATH_INPUT;
	else if (from && !from->group)
		p.path = FW_PATH_OUTPUT;
	return p;
}

static bool is_refused(void *data, const struct flow *flow)
{
	const struct judge *judge = data;
	const struct owner *from = find_owner(&judge->owners, flow->family, flow->source);
	const struct owner *to = find_owner(&judge->owners, flow->family, flow->answerer);
	struct fw_decision decision;
	struct fw_packet packet;

	/* Of somebody who has gone. */
	if ((!from && is_in_pool(judge, flow->source)) ||
	    (!to && is_in_pool(judge, flow->answerer)))
		return true;
	packet = make_packet(judge, flow, from, to);
	return fw_eval_packet(&judge->eval, &packet, &decision) < 0 ||
	       decision.verdict != FW_VERDICT_ACCEPT;
}

static int end_refused(struct judge *judge, const struct conf_settings *settings)
{
	const struct conf_prefix *pools[] = { &settings->pool4, &settings->pool6 };
	_cleanup_(nl_close_p) struct mnl_socket *netfilter = NULL;
	int r;

	r = nl_open(NETLINK_NETFILTER, &netfilter);
	for (size_t i = 0; i < ARRAY_SIZE(pools) && !r; i++) {
		judge->pool = pools[i];
		r = conntrack_forget(netfilter, pools[i], is_refused, judge);
	}
	return r;
}

int flows_end_refused(const struct fw_table *table, const struct conf_settings *settings,
		      const struct members *members)
{
	struct judge judge = { 0 };
	int r;

	r = fw_eval_init(&judge.eval, table);
	if (!r)
		r = add_members(&judge.owners, members);
	if (!r)
		r = add_host(&judge.owners);
	if (!r) {
		qsort(judge.owners.list, judge.owners.n, sizeof(*judge.owners.list),
		      compare_owners);
		r = end_refused(&judge, settings);
	}
	free(judge.owners.list);
	return r;
}
