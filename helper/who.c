/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "conf/nat.h"
#include "helper/class.h"
#include "helper/conntrack.h"
#include "helper/holders.h"
#include "helper/nl.h"
#include "helper/occupied.h"
#include "helper/usage.h"
#include "helper/who.h"

/*
 * Of a user's connections by the port, those that are listed.  It takes one socket to
 * have very many, and to have each compared with all others would take very long.
 */
#define CONNECTIONS_MAX 10U

struct search {
	struct who *who;
	const struct conf *conf;
	struct usages usages;
};

static uint8_t number_of(enum conf_proto proto)
{
	return proto == CONF_PROTO_TCP ? IPPROTO_TCP : IPPROTO_UDP;
}

static bool is_there(const struct who *who, const struct who_one *one)
{
	for (size_t i = 0; i < who->n; i++) {
		const struct who_one *other = &who->list[i];

		if (one->reason == other->reason && one->uid == other->uid &&
		    one->other_port == other->other_port &&
		    conf_prefix_equal(&one->other, &other->other))
			return true;
	}
	return false;
}

static int add(struct who *who, struct who_one one, const char *name)
{
	struct who_one *list;

	if (is_there(who, &one))
		return 0;
	list = reallocarray(who->list, who->n + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	who->list = list;
	one.name = name ? strdup(name) : NULL;
	list[who->n++] = one;
	return name && !one.name ? -ENOMEM : 0;
}

static struct usage *find_user(const struct usages *usages, int family, const uint8_t *address)
{
	size_t length = family == AF_INET ? 4 : 16;

	for (size_t i = 0; i < usages->n; i++) {
		const struct veth_addresses *a = &usages->list[i].addresses;
		const struct conf_prefix *own = family == AF_INET ? &a->v4 : &a->v6;

		if (own->family == family && memcmp(own->bytes, address, length) == 0)
			return &usages->list[i];
	}
	return NULL;
}

/*
 * Blocks
 */

/* By the class of the link: what it was made with, or changed to. */
static bool has_block(const struct conf *conf, const struct usage *usage)
{
	for (size_t i = 0; i < conf->n_policies; i++)
		if (usage->link && class_of_policy(conf->policies[i]->name) == usage->group)
			return conf_policy_find(conf->policies[i], CONF_NAT_PORTS) != NULL;
	return false;
}

static int add_holders(struct search *s, uint32_t number)
{
	_cleanup_free_ uint32_t *live = calloc(s->usages.n + 1, sizeof(*live));
	struct holders holders = { 0 };
	size_t n = 0;
	int r;

	if (!live)
		return -ENOMEM;
	for (size_t i = 0; i < s->usages.n; i++)
		if (has_block(s->conf, &s->usages.list[i]))
			live[n++] = s->usages.list[i].uid;
	r = holders_find(s->conf, number, live, n, &holders);
	for (size_t i = 0; i < holders.n && !r; i++)
		r = add(s->who, (struct who_one){ .reason = WHO_BLOCK, .uid = holders.list[i].uid },
			holders.list[i].name);
	memcpy(s->who->gap, holders.gap, sizeof(s->who->gap));
	holders_done(&holders);
	return r;
}

static int add_block(struct search *s)
{
	uint16_t ports = conf_nat_ports(s->conf);
	struct who *who = s->who;
	uint32_t number;

	who->has_blocks = ports != 0;
	if (!ports || who->port < CONF_NAT_FIRST)
		return 0;
	number = (who->port - CONF_NAT_FIRST) / ports;
	if (number >= conf_nat_blocks(ports))
		return 0;
	who->in_block = true;
	who->block = conf_nat_block(ports, number);
	return add_holders(s, number);
}

/*
 * What is there now
 */

static int note_port(void *data, const struct usage_port *port)
{
	struct search *s = data;
	const struct usage *usage;

	if (port->port != s->who->port || port->proto != number_of(s->who->proto))
		return 0;
	usage = find_user(&s->usages, port->address.family, port->address.bytes);
	if (!usage)
		return 0;
	return add(s->who, (struct who_one){ .reason = WHO_PUBLISHED, .uid = usage->uid },
		   usage->name);
}

static int note_flow(void *data, const struct flow *flow)
{
	struct search *s = data;
	struct who_one one = { .reason = WHO_CONNECTION, .other_port = flow->destination_port };
	struct usage *usage;

	if (flow->proto != number_of(s->who->proto) || flow->asker_port != s->who->port ||
	    !conntrack_is_open(flow))
		return 0;
	usage = find_user(&s->usages, flow->family, flow->source);
	/* To another user it has the user's own address, and its own port. */
	if (!usage || find_user(&s->usages, flow->family, flow->answerer))
		return 0;
	/* Nobody else counts them here. */
	if (usage->connections++ >= CONNECTIONS_MAX) {
		s->who->n_more++;
		return 0;
	}
	one.uid = usage->uid;
	one.other.family = flow->family;
	one.other.length = flow->family == AF_INET ? 32 : 128;
	memcpy(one.other.bytes, flow->destination, sizeof(one.other.bytes));
	return add(s->who, one, usage->name);
}

static int note_socket(void *data, uint32_t uid, bool listens)
{
	const struct who_one one = { .reason = WHO_SOCKET, .uid = uid };
	struct search *s = data;
	const struct passwd *pw;

	(void)listens;
	/* A server has a socket for each who has connected, and names take long to look up. */
	if (is_there(s->who, &one))
		return 0;
	pw = getpwuid(uid);
	return add(s->who, one, pw ? pw->pw_name : NULL);
}

static int add_flows(struct search *s)
{
	_cleanup_(nl_close_p) struct mnl_socket *netfilter = NULL;
	int r;

	r = nl_open(NETLINK_NETFILTER, &netfilter);
	if (!r)
		r = conntrack_list(netfilter, AF_INET, note_flow, s);
	if (!r)
		r = conntrack_list(netfilter, AF_INET6, note_flow, s);
	return r;
}

static int read_range(struct who *who)
{
	int r = holders_read_host_range(&who->host_first, &who->host_last);

	who->host_chooses = !r && who->port >= who->host_first && who->port <= who->host_last;
	return r;
}

/* Whoever is named has to be the only one. */
static enum who_verdict judge(const struct who *who)
{
	size_t n = 0;
	bool differ = who->host_chooses;

	if (!who->in_block)
		return WHO_OUTSIDE;
	for (size_t i = 0; i < who->n; i++) {
		n += who->list[i].reason == WHO_BLOCK;
		differ |= who->list[i].reason == WHO_SOCKET || who->list[i].uid != who->list[0].uid;
	}
	if (who->n > 0 && (differ || n == 0))
		return WHO_SEVERAL;
	return n == 1 ? WHO_USER : WHO_NOBODY;
}

int who_find(struct who *who, const struct conf *conf, const char **ret_step)
{
	struct search s = { .who = who, .conf = conf };
	int r;

	r = usage_read(USAGE_NAMES, &s.usages, ret_step);
	if (!r) {
		*ret_step = "look up users";
		r = add_block(&s);
	}
	if (!r) {
		*ret_step = "read the published ports";
		r = usage_each_port(note_port, &s);
		/* Without the firewall there are none. */
		r = r == -ENOENT ? 0 : r;
	}
	if (!r) {
		*ret_step = "read the connections";
		r = add_flows(&s);
	}
	if (!r) {
		*ret_step = "look for sockets";
		r = occupied_each(who->proto, who->port, note_socket, &s);
	}
	if (!r) {
		*ret_step = "read " HOLDERS_HOST_RANGE;
		r = read_range(who);
	}
	who->verdict = judge(who);
	usage_done(&s.usages);
	return r;
}

void who_done(struct who *who)
{
	for (size_t i = 0; i < who->n; i++)
		free(who->list[i].name);
	free(who->list);
	*who = (struct who){ 0 };
}
