/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <linux/netlink.h>
#include <sched.h>
#include <string.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/class.h"
#include "helper/fit.h"
#include "helper/fw.h"
#include "helper/fw_build.h"
#include "helper/fwset.h"
#include "helper/joined.h"
#include "helper/members.h"
#include "helper/netns.h"
#include "helper/nl.h"
#include "helper/person.h"
#include "helper/state.h"

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

/*
 * A user whom nobody knows, or nobody can ask about, keeps what there is, while it
 * is there: another line, such as the one for everybody, is not about them.
 */
static int read_member(const struct conf *conf, uint32_t uid, struct member *ret_member)
{
	_cleanup_(person_done) struct person person = { 0 };
	struct member member = { .uid = uid };
	int r;

	r = veth_find_link(uid, &member.group, &member.addresses);
	if (r)
		return r;
	r = person_find(uid, &person);
	if (r == -ENOMEM)
		return r;
	if (!r)
		decide(conf, &person.subject, &member);
	else
		member.keep = is_in_use(conf, member.group);
	member.doubt = r == -ENOENT ? 0 : r;
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

/* Whoever has something that the firewall knows of. */
static int list_all(const struct state *state, uint32_t **uids, size_t *n)
{
	int r = state_list(state, uids, n);

	return r ? r : joined_add_to(state, uids, n);
}

int members_find(const struct state *state, const struct conf *conf, struct members *members)
{
	_cleanup_free_ uint32_t *uids = NULL;
	size_t n;
	int r;

	*members = (struct members){ 0 };
	r = list_all(state, &uids, &n);
	if (r)
		return r;
	members->list = calloc(n + 1, sizeof(*members->list));
	if (!members->list)
		return -ENOMEM;
	for (; members->n < n && !r; members->n += r == 0)
		r = read_member(conf, uids[members->n], &members->list[members->n]);
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

int members_add_to(const struct members *members, struct fw_table *table)
{
	_cleanup_(nl_close_p) struct mnl_socket *netfilter = NULL;
	bool has_links = false;
	int r = 0;

	for (size_t i = 0; i < members->n && !r; i++) {
		has_links |= members->list[i].group != 0;
		if (members->list[i].live)
			r = fw_add_live(table, members->list[i].uid);
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

/* A change of the configuration, on its way to the members. */
struct change {
	const struct state *state;
	const struct conf *before;
	const struct conf *conf;
	const struct fw_context *context;
	FILE *out;
	int host_fd;
};

/* "loopback private", "veth web" */
static void describe(const struct conf_session *s, char *text, size_t size)
{
	snprintf(text, size, "%s%s%s%s", conf_network_name(s ? s->network : CONF_NET_HOST),
		 s && s->private ? " private" : "", s && s->name ? " " : "",
		 s && s->name ? s->name : "");
}

static void print_next(const struct change *change, const struct member *member)
{
	_cleanup_(person_done) struct person person = { 0 };
	char from[PATH_MAX];
	char to[PATH_MAX];

	if (!member->name[0] || person_find(member->uid, &person) < 0)
		return;
	describe(conf_match(change->conf, &person.subject), to, sizeof(to));
	if (!change->before) {
		fprintf(change->out, "%s: %s from the next login on\n", member->name, to);
		return;
	}
	describe(conf_match(change->before, &person.subject), from, sizeof(from));
	if (strcmp(from, to) != 0)
		fprintf(change->out, "%s: %s instead of %s from the next login on\n", member->name,
			to, from);
}

static void print_change(const struct change *change, const struct member *member)
{
	char uid[16];
	const char *name = member->name;

	if (!change->out)
		return;
	snprintf(uid, sizeof(uid), "%u", member->uid);
	if (!name[0])
		name = uid;
	if (member->group && member->policy &&
	    class_of_policy(member->policy->name) != member->group)
		fprintf(change->out, "%s: veth %s, at once\n", name, member->policy->name);
	else if (member->group && !member->policy && !member->keep)
		fprintf(change->out, "%s: cut off at once\n", name);
	if (!member->group || !member->policy)
		print_next(change, member);
}

static int change_link(const struct change *change, const struct member *member, int netns_fd)
{
	struct fit fit = {
		.uid = member->uid,
		.user = member->name,
		.settings = &change->conf->settings,
		.policy = member->policy,
		.host_fd = change->host_fd,
		.netns_fd = netns_fd,
		.live = member->live,
	};
	struct fw_dns dns;
	int r;

	if (member->policy) {
		dns = fw_dns_of(change->conf, member->policy, change->context);
		fit.servers = dns.servers;
		fit.n_servers = dns.n_servers;
		r = fit_change(&fit);
		if (r)
			(void)fit_remove(member->uid);
		return r;
	}
	r = member->keep ? 0 : fit_remove(member->uid);
	return r || !member->live ? r : fit_note_live(member->uid);
}

/* Who has no namespace here may be in another one, and is not changed. */
static int change_joined(const struct change *change, uint32_t uid)
{
	struct member member;
	int r;

	if (!joined_is(change->state, uid))
		return 0;
	r = read_member(change->conf, uid, &member);
	if (r)
		return r;
	free(member.name);
	return member.live ? fit_note_live(uid) : 0;
}

static int change_locked(const struct change *change, uint32_t uid)
{
	struct member member;
	_cleanup_close_ int fd = -1;
	uint64_t inode;
	int r;

	r = state_open_pin(change->state, uid, &fd, &inode);
	if (r)
		return r == -ENOENT ? change_joined(change, uid) : r;
	r = read_member(change->conf, uid, &member);
	if (r)
		return r;
	print_change(change, &member);
	if (member.group)
		r = change_link(change, &member, fd);
	else if (member.live)
		r = fit_note_live(uid);
	free(member.name);
	return r ? r : member.doubt;
}

int members_change(const struct state *state, const struct conf *before, const struct conf *conf,
		   const struct fw_context *context, bool wait, FILE *out)
{
	struct change change = { state, before, conf, context, out, -1 };
	_cleanup_free_ uint32_t *uids = NULL;
	_cleanup_close_ int host_fd = -1;
	uint64_t inode;
	size_t n;
	int first = 0;
	int r;

	r = netns_open(NETNS_OF_HOST, &host_fd, &inode);
	if (!r)
		r = list_all(state, &uids, &n);
	if (r)
		return r;
	change.host_fd = host_fd;
	for (size_t i = 0; i < n; i++) {
		r = state_lock(state, STATE_LOCK_USER(uids[i]), wait);
		if (!r) {
			r = change_locked(&change, uids[i]);
			state_unlock(state, STATE_LOCK_USER(uids[i]));
		}
		if (r && !first)
			first = r;
	}
	return first;
}
