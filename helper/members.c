/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/class.h"
#include "helper/fw.h"
#include "helper/fw_build.h"
#include "helper/fwset.h"
#include "helper/joined.h"
#include "helper/members.h"
#include "helper/nl.h"
#include "helper/person.h"
#include "helper/state.h"
#include "helper/usage.h"

/* The policies that a configuration has for the links of a user. */
struct choice {
	const struct conf_policy *same; /* the one that the link has now */
	const struct conf_policy *first;
	bool confined; /* nothing else than a namespace, by any service */
};

/*
 * By which service live sessions were opened is not known: as long as one of them
 * gives the policy that the link has, that is the one.
 */
static struct choice choose(const struct conf *conf, const struct conf_subject *subject,
			    uint32_t group)
{
	const struct conf_session *session;
	struct choice choice = { 0 };
	size_t next = 0;

	while ((session = conf_match_some(conf, subject, &next))) {
		const struct conf_policy *policy = session->policy;

		if (session->network != CONF_NET_VETH)
			continue;
		if (!choice.first)
			choice.first = policy;
		if (!choice.same && class_of_policy(policy->name) == group)
			choice.same = policy;
	}
	choice.confined = conf_always_confines(conf, subject);
	return choice;
}

/* A policy that a link has, while somebody may still have it. */
static bool is_in_use(const struct conf *conf, uint32_t group)
{
	for (size_t i = 0; i < conf->n_sessions; i++) {
		const struct conf_session *session = conf->sessions[i];

		if (session->network == CONF_NET_VETH &&
		    class_of_policy(session->policy->name) == group)
			return true;
	}
	return false;
}

static bool is_from(const struct conf_prefix *pool, const struct conf_prefix *address)
{
	return !address->family || conf_prefix_contains(pool, address);
}

static void decide(const struct conf *conf, const struct conf_subject *subject,
		   struct member *member)
{
	struct choice choice = choose(conf, subject, member->group);

	member->policy = choice.same ? choice.same : choice.first;
	member->live = choice.confined;
	/* Whoever is let into the host's network keeps what the open sessions have. */
	member->keep = !member->policy && !member->live && is_in_use(conf, member->group);
}

/* Of whom nothing is known: the network is there still, and the tripwire with it. */
static int keep(const struct conf *conf, struct member *member)
{
	_cleanup_(nl_close_p) struct mnl_socket *netfilter = NULL;
	int r = nl_open(NETLINK_NETFILTER, &netfilter);

	member->keep = is_in_use(conf, member->group);
	/* A kernel without netfilter has no tripwire. */
	if (r)
		return r == -EPROTONOSUPPORT ? 0 : r;
	return fwset_is_live(netfilter, member->uid, &member->live);
}

/* What the link is, is known. */
static int read_member(const struct conf *conf, struct member member, struct member *ret_member)
{
	_cleanup_(person_done) struct person person = { 0 };
	int r;

	r = person_find(member.uid, &person);
	if (r == -ENOMEM)
		return r;
	member.doubt = r == -ENOENT ? 0 : r;
	if (!r)
		decide(conf, &person.subject, &member);
	else
		r = keep(conf, &member);
	if (r)
		return r;
	/* Made by a login while the pools were changed. */
	if (!is_from(&conf->settings.pool4, &member.addresses.v4) ||
	    !is_from(&conf->settings.pool6, &member.addresses.v6)) {
		member.policy = NULL;
		member.keep = false;
	}
	member.name = person.name ? steal_ptr(&person.name) : strdup("");
	if (!member.name)
		return -ENOMEM;
	*ret_member = member;
	return 0;
}

int members_read(const struct conf *conf, uint32_t uid, struct member *ret_member)
{
	struct member member = { .uid = uid };
	int r;

	r = veth_find_link(uid, &member.group, &member.addresses);
	return r ? r : read_member(conf, member, ret_member);
}

/* Complete, so that there is no need to ask for it alone. */
static bool is_known(const struct usage *usage)
{
	return usage->link && usage->group != CLASS_UNFINISHED &&
	       (usage->addresses.v4.family || usage->addresses.v6.family);
}

/*
 * To tell the addresses of one link, the kernel goes through the routes of all: so they
 * are read at once.  Whoever comes or goes meanwhile may be missed: those are few.
 */
static int read_links(const uint32_t *uids, size_t n, struct usages *usages)
{
	int r;

	usages->list = calloc(n + 1, sizeof(*usages->list));
	if (!usages->list)
		return -ENOMEM;
	for (; usages->n < n; usages->n++)
		usages->list[usages->n].uid = uids[usages->n];
	r = usage_read_links(usages);
	if (!r)
		r = usage_read_addresses(usages);
	return r == -EINTR ? 0 : r;
}

int members_read_all(const struct conf *conf, const uint32_t *uids, size_t n,
		     struct members *members)
{
	_cleanup_(usage_done) struct usages usages = { 0 };
	int r;

	*members = (struct members){ .list = calloc(n + 1, sizeof(*members->list)) };
	r = members->list ? read_links(uids, n, &usages) : -ENOMEM;
	for (; members->n < n && !r; members->n += r == 0) {
		const struct usage *u = &usages.list[members->n];
		const struct member known = {
			.uid = u->uid,
			.group = u->group,
			.addresses = u->addresses,
		};
		struct member *member = &members->list[members->n];

		r = is_known(u) ? read_member(conf, known, member)
				: members_read(conf, u->uid, member);
	}
	return r;
}

int members_list(const struct state *state, uint32_t **ret_uids, size_t *ret_n)
{
	int r = state_list(state, ret_uids, ret_n);

	return r ? r : joined_add_to(state, ret_uids, ret_n);
}

int members_find(const struct state *state, const struct conf *conf, struct members *members)
{
	_cleanup_free_ uint32_t *uids = NULL;
	size_t n;
	int r;

	*members = (struct members){ 0 };
	r = members_list(state, &uids, &n);
	if (!r)
		r = members_read_all(conf, uids, n, members);
	if (r)
		members_done(members);
	return r;
}

void members_done(struct members *members)
{
	for (size_t i = 0; i < members->n; i++)
		free(members->list[i].name);
	free(members->list);
	*members = (struct members){ 0 };
}

static int compare_members(const void *a, const void *b)
{
	const struct member *x = a;
	const struct member *y = b;

	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

const struct member *members_get(const struct members *members, uint32_t uid)
{
	const struct member key = { .uid = uid };

	return members->n ? bsearch(&key, members->list, members->n, sizeof(key), compare_members)
			  : NULL;
}

/* now: only what leads there already, by the table that is in force. */
static int add_port(struct fw_table *table, const struct conf_publish *publish,
		    const struct conf_prefix *address, struct mnl_socket *now)
{
	bool wanted = address->family != 0;
	int r = 0;

	if (wanted && now)
		r = fwset_is_published(now, publish, address, &wanted);
	if (!r && wanted)
		r = fw_add_published(table, publish, address);
	/* The first one has the port. */
	return r == -EEXIST ? 0 : r;
}

static int add_published(struct fw_table *table, const struct member *member,
			 struct mnl_socket *now)
{
	const struct conf_statement *s;
	struct conf_walk walk;
	int r = 0;

	conf_walk_start(&walk, member->policy);
	while (!r && (s = conf_walk_next(&walk))) {
		if (s->kind != CONF_PUBLISH)
			continue;
		r = add_port(table, &s->publish, &member->addresses.v4, now);
		if (!r)
			r = add_port(table, &s->publish, &member->addresses.v6, now);
	}
	return r;
}

static int add_all_published(struct fw_table *table, const struct members *members,
			     struct mnl_socket *now)
{
	int r = 0;

	for (size_t i = 0; i < members->n && !r; i++) {
		const struct member *member = &members->list[i];

		if (member->group && member->policy)
			r = add_published(table, member, now);
	}
	return r;
}

static int add_blocks(struct fw_table *table, const struct member *member)
{
	const struct conf_prefix *const addresses[] = { &member->addresses.v4,
							&member->addresses.v6 };
	const struct conf_statement *s = NULL;
	int r = 0;

	if (member->group && member->policy)
		s = conf_policy_find(member->policy, CONF_NAT_PORTS);
	for (size_t i = 0; i < ARRAY_SIZE(addresses) && s && !r; i++)
		if (addresses[i]->family)
			r = fw_add_block(table, s->nat_ports, member->uid, addresses[i]);
	return r;
}

int members_add_to(const struct members *members, struct fw_table *table)
{
	_cleanup_(nl_close_p) struct mnl_socket *netfilter = NULL;
	bool has_links = false;
	int r = 0;

	for (size_t i = 0; i < members->n && !r; i++) {
		has_links |= members->list[i].group != 0;
		if (members->list[i].live)
			r = fw_add_live(table, members->list[i].uid);
		if (!r)
			r = add_blocks(table, &members->list[i]);
	}
	if (r || !has_links)
		return r;
	r = nl_open(NETLINK_NETFILTER, &netfilter);
	/* Whoever has a port keeps it; then what is left goes to the others. */
	if (!r)
		r = add_all_published(table, members, netfilter);
	return r ? r : add_all_published(table, members, NULL);
}

/* Whose link is to have another policy, or to go. */
static bool is_moved(const struct member *member)
{
	if (!member->group || member->keep)
		return false;
	return !member->policy || class_of_policy(member->policy->name) != member->group;
}

int members_hold(const struct members *members)
{
	int r = 0;

	for (size_t i = 0; i < members->n && !r; i++)
		if (is_moved(&members->list[i]))
			r = veth_set_group(members->list[i].uid, CLASS_NOTHING);
	return r;
}

void members_let_go(const struct members *members)
{
	for (size_t i = 0; i < members->n; i++)
		if (is_moved(&members->list[i]))
			(void)veth_set_group(members->list[i].uid, members->list[i].group);
}
