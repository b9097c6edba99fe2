/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <linux/ip.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "helper/link.h"
#include "helper/nl.h"
#include "helper/pool.h"
#include "helper/sysctl.h"
#include "helper/veth.h"

#define SESSION_LINK "eth0"

/*
 * Every setting that decides anything is made, for IPv4 takes them from the
 * host's defaults and IPv6 from permissive ones of its own.
 */
static const struct link_devconf host_settings[] = {
	{ IPV4_DEVCONF_FORWARDING, 1 },          { IPV4_DEVCONF_ACCEPT_REDIRECTS, 0 },
	{ IPV4_DEVCONF_SECURE_REDIRECTS, 0 },    { IPV4_DEVCONF_SEND_REDIRECTS, 0 },
	{ IPV4_DEVCONF_ACCEPT_SOURCE_ROUTE, 0 }, { IPV4_DEVCONF_RP_FILTER, 1 },
	{ IPV4_DEVCONF_SRC_VMARK, 1 },           { IPV4_DEVCONF_PROXY_ARP, 0 },
	{ IPV4_DEVCONF_ARP_IGNORE, 1 },          { IPV4_DEVCONF_ROUTE_LOCALNET, 0 },
};
static const struct link_devconf session_settings[] = {
	{ IPV4_DEVCONF_FORWARDING, 0 },
	{ IPV4_DEVCONF_ACCEPT_REDIRECTS, 0 },
	{ IPV4_DEVCONF_SECURE_REDIRECTS, 0 },
	{ IPV4_DEVCONF_SEND_REDIRECTS, 0 },
	{ IPV4_DEVCONF_ACCEPT_SOURCE_ROUTE, 0 },
	{ IPV4_DEVCONF_RP_FILTER, 0 },
	{ IPV4_DEVCONF_PROXY_ARP, 0 },
	/* For the translation of questions to a resolver on 127.0.0.53. */
	{ IPV4_DEVCONF_ROUTE_LOCALNET, 1 },
};
static const struct sysctl settings6[] = {
	{ "disable_ipv6", "0" },         { "accept_ra", "0" },    { "accept_redirects", "0" },
	{ "accept_source_route", "-1" }, { "seg6_enabled", "0" }, { "router_solicitations", "0" },
};

/* Where the host has no IPv6, it is off at both ends. */
static const struct sysctl no_settings6[] = { { "disable_ipv6", "1" } };

void veth_name(uint32_t uid, char name[VETH_NAME_MAX])
{
	snprintf(name, VETH_NAME_MAX, VETH_PREFIX "%u", uid);
}

/* A locally administered address from the uid: 02 for the session, 06 for the host. */
static struct link_end make_end(const char *name, uint8_t first, uint32_t uid)
{
	struct link_end end = {
		.name = name,
		.mac = { first, 0x6e, (uint8_t)(uid >> 24), (uint8_t)(uid >> 16),
			 (uint8_t)(uid >> 8), (uint8_t)uid },
	};

	return end;
}

/* What is on its way. */
struct making {
	struct veth *veth;
	struct link_end ours;
	struct link_end theirs;
	char name[VETH_NAME_MAX];
	bool ipv6;
	int index;
	const char *step;
};

static void step(struct making *m, const char *what)
{
	m->step = what;
}

static int make_pair(struct making *m, struct mnl_socket *host, int netns_fd)
{
	struct nl_batch batch;
	int r = -EEXIST;

	/* Twice: one that somebody has unpinned goes first. */
	for (int attempt = 0; attempt < 2 && r == -EEXIST; attempt++) {
		nl_batch_init(&batch);
		if (attempt > 0)
			link_put_delete(&batch, m->name);
		link_put_veth(&batch, &m->ours, m->veth->group, &m->theirs, netns_fd);
		r = nl_commit(host, &batch, NULL);
	}
	if (r)
		return r;
	m->index = (int)if_nametoindex(m->name);
	m->veth->index = m->index;
	return m->index ? 0 : -errno;
}

static int set_ipv6(const struct making *m, const struct link_end *end)
{
	int r;

	if (m->ipv6)
		return sysctl_set_link(end->name, settings6, ARRAY_SIZE(settings6));
	r = sysctl_set_link(end->name, no_settings6, ARRAY_SIZE(no_settings6));
	return r == -ENOENT ? 0 : r;
}

/* What makes both ends alike: settings, then up, and not the other way round. */
static int start_end(struct making *m, struct mnl_socket *socket, const struct link_end *end,
		     const struct link_devconf *settings, size_t n, const char *alias)
{
	struct nl_batch batch;
	int r;

	nl_batch_init(&batch);
	link_put_settings(&batch, m->index, settings, n);
	if (m->ipv6)
		link_put_no_link_local(&batch, m->index);
	r = nl_commit(socket, &batch, NULL);
	if (!r)
		r = set_ipv6(m, end);
	if (r)
		return r;
	nl_batch_init(&batch);
	link_put_up(&batch, m->index, alias);
	return nl_commit(socket, &batch, NULL);
}

/* Puts routes to the address at offset; -EEXIST: somebody else has it. */
static int claim_offset(struct making *m, struct mnl_socket *host, uint32_t offset)
{
	struct veth *v = m->veth;
	struct nl_batch batch;
	unsigned failed = 0;
	int r;

	v->addresses.v4 = pool_address(v->pool4, offset);
	v->addresses.v6 = pool_address(v->pool6, offset);
	nl_batch_init(&batch);
	link_put_route(&batch, m->index, &v->addresses.v4, NULL, AF_INET, true);
	if (m->ipv6)
		link_put_route(&batch, m->index, &v->addresses.v6, NULL, AF_INET6, true);
	r = nl_commit(host, &batch, &failed);
	if (r != -EEXIST)
		return r;
	/* One of two may have been free: what we took of it goes back. */
	nl_batch_init(&batch);
	if (failed > 0)
		link_put_no_route(&batch, m->index, &v->addresses.v4);
	else if (m->ipv6)
		link_put_no_route(&batch, m->index, &v->addresses.v6);
	(void)nl_commit(host, &batch, NULL);
	return r;
}

static int claim_address(struct making *m, struct mnl_socket *host)
{
	uint32_t size = pool_size(m->veth->pool4, m->veth->pool6);
	int r = -EEXIST;

	/* The routing table says who has which address, and decides between two at once. */
	for (uint32_t attempt = 0; attempt < size && r == -EEXIST; attempt++)
		r = claim_offset(m, host, pool_offset(m->veth->uid, attempt, size));
	return r == -EEXIST ? -EADDRNOTAVAIL : r;
}

static int make_host_end(struct making *m, struct mnl_socket *host)
{
	struct veth *v = m->veth;
	struct nl_batch batch;
	int r;

	step(m, "set up the host's end of the link");
	r = start_end(m, host, &m->ours, host_settings, ARRAY_SIZE(host_settings), v->user);
	if (r)
		return r;
	step(m, "find a free address in the pool");
	r = claim_address(m, host);
	if (r)
		return r;
	step(m, "set up the host's end of the link");
	nl_batch_init(&batch);
	link_put_neighbour(&batch, m->index, &v->addresses.v4, m->theirs.mac);
	if (m->ipv6)
		link_put_neighbour(&batch, m->index, &v->addresses.v6, m->theirs.mac);
	if (v->rate.down)
		link_put_rate(&batch, m->index, v->rate.down);
	return nl_commit(host, &batch, NULL);
}

static void put_family(struct making *m, struct nl_batch *batch, const struct conf_prefix *pool,
		       const struct conf_prefix *address)
{
	const struct conf_prefix gateway = pool_address(pool, POOL_GATEWAY);

	link_put_address(batch, m->index, address);
	link_put_neighbour(batch, m->index, &gateway, m->ours.mac);
	link_put_route(batch, m->index, &gateway, NULL, pool->family, false);
	link_put_route(batch, m->index, NULL, &gateway, pool->family, false);
}

static int make_session_end(struct making *m)
{
	_cleanup_(nl_close_p) struct mnl_socket *socket = NULL;
	struct veth *v = m->veth;
	struct nl_batch batch;
	int r;

	step(m, "set up the session's end of the link");
	r = nl_open(NETLINK_ROUTE, &socket);
	if (r)
		return r;
	m->index = (int)if_nametoindex(m->theirs.name);
	if (!m->index)
		return -errno;
	/* Where nothing is forwarded, this and the link's own one count each by itself. */
	r = sysctl_write("ipv4/conf/all/accept_redirects", 0);
	if (r)
		return r;
	r = start_end(m, socket, &m->theirs, session_settings, ARRAY_SIZE(session_settings), NULL);
	if (r)
		return r;
	nl_batch_init(&batch);
	put_family(m, &batch, v->pool4, &v->addresses.v4);
	if (m->ipv6)
		put_family(m, &batch, v->pool6, &v->addresses.v6);
	if (m->ipv6)
		link_put_local_loopback(&batch, m->index);
	if (v->rate.up)
		link_put_rate(&batch, m->index, v->rate.up);
	return nl_commit(socket, &batch, NULL);
}

static int make_ends(struct making *m, int host_fd, int netns_fd)
{
	_cleanup_(nl_close_p) struct mnl_socket *host = NULL;
	int r;

	step(m, "enter the host's network");
	if (setns(host_fd, CLONE_NEWNET) < 0)
		return -errno;
	step(m, "make the link");
	r = sysctl_uses_ipv6(&m->ipv6);
	if (!r)
		r = nl_open(NETLINK_ROUTE, &host);
	if (!r)
		r = make_pair(m, host, netns_fd);
	if (!r)
		r = make_host_end(m, host);
	if (r)
		return r;
	step(m, "enter the session's network");
	if (setns(netns_fd, CLONE_NEWNET) < 0)
		return -errno;
	return make_session_end(m);
}

int veth_create(struct veth *veth, int host_fd, int netns_fd, const char **ret_step)
{
	struct making m = { .veth = veth };
	int r;

	veth_name(veth->uid, m.name);
	m.ours = make_end(m.name, 0x06, veth->uid);
	m.theirs = make_end(SESSION_LINK, 0x02, veth->uid);
	r = make_ends(&m, host_fd, netns_fd);
	if (!m.ipv6)
		veth->addresses.v6.family = 0;
	*ret_step = m.step;
	return r;
}

static int change_rate(struct mnl_socket *socket, int index, uint64_t rate)
{
	struct nl_batch batch;
	int r;

	nl_batch_init(&batch);
	if (rate)
		link_put_rate(&batch, index, rate);
	else
		link_put_no_rate(&batch, index);
	r = nl_commit(socket, &batch, NULL);
	/* It had none. */
	return !rate && (r == -ENOENT || r == -EINVAL) ? 0 : r;
}

int veth_change(const struct veth *veth, enum veth_end end)
{
	_cleanup_(nl_close_p) struct mnl_socket *socket = NULL;
	char name[VETH_NAME_MAX] = SESSION_LINK;
	struct nl_batch batch;
	int index;
	int r;

	if (end == VETH_HOST_END)
		veth_name(veth->uid, name);
	index = (int)if_nametoindex(name);
	if (!index)
		return -errno;
	r = nl_open(NETLINK_ROUTE, &socket);
	if (!r && end == VETH_HOST_END) {
		nl_batch_init(&batch);
		link_put_group(&batch, name, veth->group, veth->user);
		r = nl_commit(socket, &batch, NULL);
	}
	return r ? r
		 : change_rate(socket, index,
			       end == VETH_HOST_END ? veth->rate.down : veth->rate.up);
}

int veth_set_group(uint32_t uid, uint32_t group)
{
	_cleanup_(nl_close_p) struct mnl_socket *socket = NULL;
	char name[VETH_NAME_MAX];
	struct nl_batch batch;
	int r;

	r = nl_open(NETLINK_ROUTE, &socket);
	if (r)
		return r;
	veth_name(uid, name);
	nl_batch_init(&batch);
	link_put_group(&batch, name, group, NULL);
	r = nl_commit(socket, &batch, NULL);
	return r == -ENODEV ? 0 : r;
}

int veth_delete(uint32_t uid)
{
	_cleanup_(nl_close_p) struct mnl_socket *socket = NULL;
	char name[VETH_NAME_MAX];
	struct nl_batch batch;
	int r;

	r = nl_open(NETLINK_ROUTE, &socket);
	if (r)
		return r;
	veth_name(uid, name);
	nl_batch_init(&batch);
	link_put_delete(&batch, name);
	r = nl_commit(socket, &batch, NULL);
	return r == -ENODEV ? 0 : r;
}
