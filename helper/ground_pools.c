/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/diag.h"
#include "helper/ground.h"
#include "helper/link.h"
#include "helper/nl.h"
#include "helper/pool.h"
#include "helper/rule.h"
#include "helper/sysctl.h"
#include "helper/veth.h"

/* 0.0.0.0/0, the halves that VPNs make of it, 2000::/3: these say "the rest". */
#define REST_LENGTH_MAX 3

#define ROUTE_TEXT_MAX 128

struct route {
	struct conf_prefix to;
	uint8_t type;
	uint32_t table;
	uint32_t link; /* 0: none, or several */
};

/* The routes that overlap the pool, and the links whose routes are ours. */
struct search {
	struct conf_prefix pool;
	struct conf_prefix gateways[2]; /* on lo: of this pool, and of the one in force */
	struct route *routes;
	size_t n_routes;
	size_t room_routes;
	uint32_t *links;
	size_t n_links;
	size_t room_links;
	int error;
};

static void search_done(struct search *s)
{
	free(s->routes);
	free(s->links);
}

/* Makes room for one more. */
static int grow(void **list, size_t n, size_t *room, size_t size)
{
	size_t more = n ? n * 2 : 64;
	void *new;

	if (n < *room)
		return 0;
	new = reallocarray(*list, more, size);
	if (!new)
		return -ENOMEM;
	*list = new;
	*room = more;
	return 0;
}

/*
 * Whether a route says that there is such a network.  One that refuses does not,
 * and in the main table it is no obstacle either, since those of the sessions are
 * longer: it is how an administrator keeps the pool's addresses off the uplink.
 * In another table it could be found before ours.  Broadcast and multicast
 * addresses come with a network that has a route.
 */
static bool is_network(const struct route *route)
{
	switch (route->type) {
	case RTN_UNICAST:
	case RTN_LOCAL:
		return true;
	case RTN_BLACKHOLE:
	case RTN_UNREACHABLE:
	case RTN_PROHIBIT:
		return route->table != RT_TABLE_MAIN;
	default:
		return false;
	}
}

static bool is_gateway(const struct search *s, const struct route *route)
{
	return route->link == LINK_LOOPBACK && (conf_prefix_equal(&route->to, &s->gateways[0]) ||
						conf_prefix_equal(&route->to, &s->gateways[1]));
}

static int note_attribute(const struct nlattr *attr, void *data)
{
	const struct nlattr **attributes = data;

	if (mnl_attr_get_type(attr) <= RTA_MAX)
		attributes[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static void note_route(const struct nlmsghdr *h, void *data)
{
	const struct rtmsg *message = mnl_nlmsg_get_payload(h);
	const struct nlattr *a[RTA_MAX + 1] = { NULL };
	struct search *s = data;
	struct route route = { .to = { message->rtm_family, message->rtm_dst_len, { 0 } },
			       .type = message->rtm_type };

	/* Without IPv6, the routes of all families come. */
	if (h->nlmsg_type != RTM_NEWROUTE || message->rtm_family != s->pool.family ||
	    message->rtm_dst_len <= REST_LENGTH_MAX || s->error)
		return;
	mnl_attr_parse(h, sizeof(*message), note_attribute, a);
	if (!a[RTA_DST] || mnl_attr_get_payload_len(a[RTA_DST]) > sizeof(route.to.bytes))
		return;
	memcpy(route.to.bytes, mnl_attr_get_payload(a[RTA_DST]),
	       mnl_attr_get_payload_len(a[RTA_DST]));
	route.table = a[RTA_TABLE] ? mnl_attr_get_u32(a[RTA_TABLE]) : message->rtm_table;
	route.link = a[RTA_OIF] ? mnl_attr_get_u32(a[RTA_OIF]) : 0;
	if (!is_network(&route) || is_gateway(s, &route) ||
	    (!conf_prefix_contains(&route.to, &s->pool) &&
	     !conf_prefix_contains(&s->pool, &route.to)))
		return;
	s->error = grow((void **)&s->routes, s->n_routes, &s->room_routes, sizeof(route));
	if (!s->error)
		s->routes[s->n_routes++] = route;
}

static int find_routes(struct mnl_socket *socket, struct search *s)
{
	struct nl_batch batch;
	struct nlmsghdr *h;
	struct rtmsg *route;
	int r;

	do {
		s->n_routes = 0;
		nl_batch_init(&batch);
		h = nl_put(&batch, RTM_GETROUTE, NLM_F_DUMP);
		route = mnl_nlmsg_put_extra_header(h, sizeof(*route));
		route->rtm_family = (uint8_t)s->pool.family;
		r = nl_query(socket, &batch, note_route, s);
	} while (r == -EINTR);
	return r ? r : s->error;
}

static int note_link(void *userdata, int index, const char *name, uint32_t group)
{
	struct search *s = userdata;
	uint32_t uid;
	int r;

	if (!veth_is_ours(name, group, &uid))
		return 0;
	r = grow((void **)&s->links, s->n_links, &s->room_links, sizeof(*s->links));
	if (!r)
		s->links[s->n_links++] = (uint32_t)index;
	return r;
}

static int compare_links(const void *a, const void *b)
{
	const uint32_t *left = a;
	const uint32_t *right = b;

	return (*left > *right) - (*left < *right);
}

/* After the routes: a session that begins meanwhile has its link first. */
static int find_links(struct mnl_socket *socket, struct search *s)
{
	int r;

	do {
		s->n_links = 0;
		r = link_for_each(socket, note_link, s);
	} while (r == -EINTR);
	if (!r && s->n_links)
		qsort(s->links, s->n_links, sizeof(*s->links), compare_links);
	return r;
}

/* A link that is gone had its routes with it. */
static bool is_foreign(const struct search *s, const struct route *route)
{
	char name[IF_NAMESIZE];

	if (!route->link)
		return true;
	if (s->n_links &&
	    bsearch(&route->link, s->links, s->n_links, sizeof(*s->links), compare_links))
		return false;
	return if_indextoname(route->link, name);
}

/* The widest says most: an address of the host comes with the network it is in. */
static const struct route *choose(const struct search *s)
{
	const struct route *best = NULL;

	for (size_t i = 0; i < s->n_routes; i++)
		if ((!best || s->routes[i].to.length < best->to.length) &&
		    is_foreign(s, &s->routes[i]))
			best = &s->routes[i];
	return best;
}

/* As ip-route(8) has it. */
static void format(const struct route *route, char text[ROUTE_TEXT_MAX])
{
	static const char *const types[] = {
		[RTN_LOCAL] = "local ",
		[RTN_BLACKHOLE] = "blackhole ",
		[RTN_UNREACHABLE] = "unreachable ",
		[RTN_PROHIBIT] = "prohibit ",
	};
	const char *type = route->type < ARRAY_SIZE(types) ? types[route->type] : NULL;
	char prefix[CONF_PREFIX_TEXT_MAX];
	char link[IF_NAMESIZE];
	char table[24] = "";
	bool has_link = route->link && if_indextoname(route->link, link);

	if (route->table != RT_TABLE_MAIN && route->table != RT_TABLE_LOCAL)
		snprintf(table, sizeof(table), " table %u", route->table);
	snprintf(text, ROUTE_TEXT_MAX, "%s%s%s%s%s", type ? type : "",
		 conf_prefix_format(&route->to, prefix), has_link ? " dev " : "",
		 has_link ? link : "", table);
}

/* *ret_text is "" when there is none. */
static int find_overlap(struct mnl_socket *socket, const struct conf_prefix *pool,
			char ret_text[ROUTE_TEXT_MAX])
{
	_cleanup_(search_done) struct search s = { .pool = *pool };
	const struct route *route;
	int r;

	s.gateways[0] = pool_address(pool, POOL_GATEWAY);
	r = rule_find_pool(socket, pool->family, &s.gateways[1]);
	if (!r && s.gateways[1].family)
		s.gateways[1] = pool_address(&s.gateways[1], POOL_GATEWAY);
	if (!r)
		r = find_routes(socket, &s);
	if (!r && s.n_routes)
		r = find_links(socket, &s);
	if (r)
		return r;
	ret_text[0] = '\0';
	route = choose(&s);
	if (route)
		format(route, ret_text);
	return 0;
}

/* Of addresses that are hardly anybody's, in the order in which they are suggested. */
static const struct conf_prefix suggestions[] = {
	{ AF_INET, 10, { 100, 64 } },
	{ AF_INET, 15, { 198, 18 } },
	{ AF_INET, 11, { 100, 96 } },
	{ AF_INET6, 64, { 0xfd, 0x6e, 0x65, 0x74, 0x6e, 0x73 } },
	{ AF_INET6, 64, { 0xfd, 0x6e, 0x65, 0x74, 0x6e, 0x74 } },
	{ AF_INET6, 64, { 0xfc, 0x6e, 0x65, 0x74, 0x6e, 0x73 } },
};

/* "" when none of them is free. */
static int suggest(struct mnl_socket *socket, const char *name, int family,
		   char text[ROUTE_TEXT_MAX])
{
	char prefix[CONF_PREFIX_TEXT_MAX];
	char route[ROUTE_TEXT_MAX];

	text[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(suggestions) && !text[0]; i++) {
		const struct conf_prefix *pool = &suggestions[i];
		int r = pool->family == family ? find_overlap(socket, pool, route) : -EAFNOSUPPORT;

		if (!r && !route[0])
			snprintf(text, ROUTE_TEXT_MAX, ", such as 'set %s %s'", name,
				 conf_prefix_format(pool, prefix));
		else if (r && r != -EAFNOSUPPORT)
			return r;
	}
	return 0;
}

static int complain(struct mnl_socket *socket, const struct conf *conf, enum conf_setting setting,
		    const char *route, struct diag *diag)
{
	const bool v4 = setting == CONF_SETTING_POOL4;
	const struct conf_prefix *pool = v4 ? &conf->settings.pool4 : &conf->settings.pool6;
	const char *name = v4 ? "pool4" : "pool6";
	struct conf_place place = conf->settings.set_at[setting];
	char prefix[CONF_PREFIX_TEXT_MAX];
	char suggestion[ROUTE_TEXT_MAX];
	int r;

	if (!place.line)
		place.file = conf->file_names[0];
	r = suggest(socket, name, pool->family, suggestion);
	if (r)
		return r;
	diag_add_of(diag, DIAG_ERROR, conf, &place,
		    "%s%s, %s, overlaps a network of this host (%s): choose another prefix%s",
		    place.line ? "" : "the default of ", name, conf_prefix_format(pool, prefix),
		    route, suggestion);
	return -EINVAL;
}

static int check_pool(struct mnl_socket *socket, const struct conf *conf, enum conf_setting setting,
		      struct diag *diag)
{
	char route[ROUTE_TEXT_MAX];
	int r;

	r = find_overlap(socket,
			 setting == CONF_SETTING_POOL4 ? &conf->settings.pool4
						       : &conf->settings.pool6,
			 route);
	return r || !route[0] ? r : complain(socket, conf, setting, route, diag);
}

int ground_check_pools(const struct conf *conf, struct diag *diag)
{
	_cleanup_(nl_close_p) struct mnl_socket *socket = NULL;
	bool ipv6 = false;
	int r4, r6 = 0;
	int r;

	r = nl_open(NETLINK_ROUTE, &socket);
	if (!r)
		r = sysctl_uses_ipv6(&ipv6);
	if (r)
		return r;
	r4 = check_pool(socket, conf, CONF_SETTING_POOL4, diag);
	if (ipv6)
		r6 = check_pool(socket, conf, CONF_SETTING_POOL6, diag);
	return r4 ? r4 : r6;
}
