/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/class.h"
#include "helper/conntrack.h"
#include "helper/fit.h"
#include "helper/fwset.h"
#include "helper/nl.h"
#include "helper/veth.h"

#define SESSION_TABLE_MAX (64U << 10)
#define PORT_DNS          53

static int fail(struct fit *fit, int r, const char *step)
{
	fit->step = step;
	return r;
}

static int add_port(struct fit *fit, struct mnl_socket *netfilter,
		    const struct conf_publish *publish, const struct conf_prefix *address)
{
	int r = fwset_publish(netfilter, publish, address);

	if (r == -EEXIST) {
		fit->taken = publish->port;
		return 0;
	}
	return r;
}

static int add_ports(struct fit *fit, struct mnl_socket *netfilter,
		     const struct veth_addresses *addresses)
{
	const struct conf_statement *s;
	struct conf_walk walk;
	int r = 0;

	conf_walk_start(&walk, fit->policy);
	while (!r && (s = conf_walk_next(&walk))) {
		if (s->kind != CONF_PUBLISH)
			continue;
		r = add_port(fit, netfilter, &s->publish, &addresses->v4);
		if (!r)
			r = add_port(fit, netfilter, &s->publish, &addresses->v6);
	}
	return r;
}

static int add_blocks(struct fit *fit, struct mnl_socket *netfilter,
		      const struct veth_addresses *addresses)
{
	const struct conf_statement *s = conf_policy_find(fit->policy, CONF_NAT_PORTS);
	int r;

	if (!s)
		return 0;
	r = fwset_add_block(netfilter, s->nat_ports, fit->uid, &addresses->v4);
	return r ? r : fwset_add_block(netfilter, s->nat_ports, fit->uid, &addresses->v6);
}

/* What leads to addresses, and what their connections have. */
static int remove_of_addresses(struct mnl_socket *netfilter, const struct veth_addresses *addresses)
{
	const struct conf_prefix *const both[] = { &addresses->v4, &addresses->v6 };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(both) && !r; i++) {
		r = fwset_unpublish(netfilter, both[i]);
		if (!r)
			r = fwset_remove_block(netfilter, both[i]);
	}
	return r;
}

/* What is counted of them is the link's: it goes with it, and stays with a new policy. */
static int forget_denials(struct mnl_socket *netfilter, const struct veth_addresses *addresses)
{
	int r = fwset_forget_denials(netfilter, &addresses->v4);

	return r ? r : fwset_forget_denials(netfilter, &addresses->v6);
}

/* Of somebody who had the addresses, and whose link went by itself. */
static int forget_others(struct fit *fit, const struct veth_addresses *addresses)
{
	_cleanup_(nl_close_p) struct mnl_socket *netfilter = NULL;
	int r = nl_open(NETLINK_NETFILTER, &netfilter);

	if (!r)
		r = forget_denials(netfilter, addresses);
	return r ? fail(fit, r, "add the user to the firewall's sets") : 0;
}

/* The user's elements in the sets of the firewall.  In the host's namespace. */
static int add_elements(struct fit *fit, const struct veth_addresses *addresses)
{
	_cleanup_(nl_close_p) struct mnl_socket *netfilter = NULL;
	bool there = false;
	int r;

	r = nl_open(NETLINK_NETFILTER, &netfilter);
	if (!r && fit->live)
		r = fwset_add_live(netfilter, fit->uid);
	if (!r)
		r = add_ports(fit, netfilter, addresses);
	if (!r)
		r = add_blocks(fit, netfilter, addresses);
	/* Even a user without elements needs the table. */
	if (!r && !fit->live) {
		r = fwset_probe(netfilter, &there);
		if (!r && !there)
			r = -ENOENT;
	}
	return r ? fail(fit, r, r == -ENOENT ? NULL : "add the user to the firewall's sets") : 0;
}

static int read_session_table(const char *policy, char **ret_bytes, size_t *ret_length)
{
	_cleanup_free_ char *bytes = NULL;
	_cleanup_close_ int fd = -1;
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), NETNS_RUN "/session/%s", policy);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size <= 0 || st.st_size > SESSION_TABLE_MAX)
		return -EFBIG;
	bytes = malloc((size_t)st.st_size);
	if (!bytes)
		return -ENOMEM;
	if (read(fd, bytes, (size_t)st.st_size) != st.st_size)
		return -EIO;
	*ret_bytes = steal_ptr(&bytes);
	*ret_length = (size_t)st.st_size;
	return 0;
}

/*
 * The table of the session's own namespace, which answers questions to a
 * resolver there; made by netnsctl reload, byte for byte.  In that namespace.
 */
static int load_session_table(struct fit *fit, bool replace)
{
	_cleanup_(nl_close_p) struct mnl_socket *netfilter = NULL;
	_cleanup_free_ char *bytes = NULL;
	size_t length;
	int r;

	r = read_session_table(fit->policy->name, &bytes, &length);
	/* No file: dns none. */
	if (r == -ENOENT && !replace)
		return 0;
	if (r && r != -ENOENT)
		return fail(fit, r, "read the session's table in " NETNS_RUN "/session");
	r = nl_open(NETLINK_NETFILTER, &netfilter);
	if (!r)
		r = bytes ? nl_send_bytes(netfilter, bytes, length) : fwset_remove_table(netfilter);
	return r ? fail(fit, r, "load the session's table") : 0;
}

static bool is_asked_elsewhere(void *data, const struct flow *flow)
{
	const struct fit *fit = data;

	if (flow->destination_port != PORT_DNS)
		return false;
	for (size_t i = 0; i < fit->n_servers; i++) {
		const struct conf_prefix *server = &fit->servers[i];

		if (server->family == flow->family &&
		    memcmp(server->bytes, flow->answerer, server->length / 8) == 0)
			return false;
	}
	return true;
}

/*
 * A socket that stays open goes on asking whom its first query was led to, as
 * long as connection tracking knows of it.  In the session's namespace.
 */
static int forget_servers(struct fit *fit)
{
	static const struct conf_prefix everywhere[] = { { .family = AF_INET },
							 { .family = AF_INET6 } };
	_cleanup_(nl_close_p) struct mnl_socket *netfilter = NULL;
	int r;

	r = nl_open(NETLINK_NETFILTER, &netfilter);
	for (size_t i = 0; i < ARRAY_SIZE(everywhere) && !r; i++)
		r = conntrack_forget(netfilter, &everywhere[i], is_asked_elsewhere, fit);
	return r ? fail(fit, r, "end what was led to other resolvers") : 0;
}

static struct veth make_veth(const struct fit *fit)
{
	const struct conf_statement *rate = conf_policy_find(fit->policy, CONF_RATE);

	return (struct veth){
		.uid = fit->uid,
		.user = fit->user,
		.group = class_of_policy(fit->policy->name),
		.pool4 = &fit->settings->pool4,
		.pool6 = &fit->settings->pool6,
		.rate = rate ? rate->rate : (struct conf_rate){ 0 },
	};
}

static int enter(struct fit *fit, int fd)
{
	return setns(fd, CLONE_NEWNET) < 0 ? fail(fit, -errno, "enter a network namespace") : 0;
}

int fit_make(struct fit *fit)
{
	struct veth veth = make_veth(fit);
	const uint32_t group = veth.group;
	int r;

	veth.group = CLASS_UNFINISHED;
	r = veth_create(&veth, fit->host_fd, fit->netns_fd, &fit->step);
	if (r)
		return r;
	fit->link = veth.index;
	r = load_session_table(fit, false);
	if (!r)
		r = enter(fit, fit->host_fd);
	if (!r)
		r = forget_others(fit, &veth.addresses);
	if (!r)
		r = add_elements(fit, &veth.addresses);
	if (r)
		return r;
	r = veth_set_group(fit->uid, group);
	return r ? fail(fit, r, "let the link through the firewall") : 0;
}

/* Those of the policy of before. */
static int remove_elements(struct fit *fit, const struct veth_addresses *addresses)
{
	_cleanup_(nl_close_p) struct mnl_socket *netfilter = NULL;
	int r;

	r = nl_open(NETLINK_NETFILTER, &netfilter);
	if (!r && !fit->live)
		r = fwset_remove_live(netfilter, fit->uid);
	return r ? r : remove_of_addresses(netfilter, addresses);
}

int fit_change(struct fit *fit)
{
	struct veth veth = make_veth(fit);
	uint32_t group = 0;
	int r;

	r = enter(fit, fit->host_fd);
	if (!r)
		r = veth_find_group(fit->uid, &group);
	if (!r)
		r = veth_find_addresses(fit->uid, &veth.addresses);
	if (!r && group != veth.group)
		r = remove_elements(fit, &veth.addresses);
	if (!r)
		r = veth_change(&veth, VETH_HOST_END);
	if (r)
		return fail(fit, r, "change the host's end of the link");
	r = add_elements(fit, &veth.addresses);
	if (!r)
		r = enter(fit, fit->netns_fd);
	if (r)
		return r;
	r = veth_change(&veth, VETH_SESSION_END);
	r = r ? fail(fit, r, "change the session's end of the link")
	      : load_session_table(fit, true);
	if (!r)
		r = forget_servers(fit);
	if (setns(fit->host_fd, CLONE_NEWNET) < 0 && !r)
		r = fail(fit, -errno, "go back to the host's network");
	return r;
}

int fit_note_live(uint32_t uid)
{
	_cleanup_(nl_close_p) struct mnl_socket *netfilter = NULL;
	int r;

	r = nl_open(NETLINK_NETFILTER, &netfilter);
	if (!r)
		r = fwset_add_live(netfilter, uid);
	/* No table, and no netfilter: nothing depends on it for whoever has no link. */
	return r == -ENOENT || r == -EPROTONOSUPPORT ? 0 : r;
}

int fit_forget_live(uint32_t uid)
{
	_cleanup_(nl_close_p) struct mnl_socket *netfilter = NULL;
	int r = nl_open(NETLINK_NETFILTER, &netfilter);

	/* A kernel without netfilter: nobody can have been noted. */
	if (r)
		return r == -EPROTONOSUPPORT ? 0 : r;
	return fwset_remove_live(netfilter, uid);
}

int fit_unpublish(const struct conf_prefix *address)
{
	_cleanup_(nl_close_p) struct mnl_socket *netfilter = NULL;
	int r = nl_open(NETLINK_NETFILTER, &netfilter);

	if (!r)
		r = fwset_unpublish(netfilter, address);
	return r ? r : fwset_remove_block(netfilter, address);
}

int fit_remove(uint32_t uid)
{
	_cleanup_(nl_close_p) struct mnl_socket *netfilter = NULL;
	struct veth_addresses addresses = { 0 };
	int r;

	r = nl_open(NETLINK_NETFILTER, &netfilter);
	/* A kernel without netfilter: nobody can have got a link. */
	if (r == -EPROTONOSUPPORT)
		return 0;
	if (!r)
		r = veth_set_group(uid, CLASS_UNFINISHED);
	if (!r)
		r = fwset_remove_live(netfilter, uid);
	if (!r)
		r = veth_find_addresses(uid, &addresses);
	/* The link is the last: while it is there, what belongs to it can be found. */
	if (!r)
		r = remove_of_addresses(netfilter, &addresses);
	if (!r)
		r = forget_denials(netfilter, &addresses);
	/* By its class, nothing passes that could be known anew. */
	if (!r)
		r = conntrack_forget(netfilter, &addresses.v4, NULL, NULL);
	if (!r)
		r = conntrack_forget(netfilter, &addresses.v6, NULL, NULL);
	if (!r)
		r = veth_delete(uid);
	return r == -ENODEV ? 0 : r;
}
