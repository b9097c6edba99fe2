/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/class.h"
#include "helper/fit.h"
#include "helper/fw.h"
#include "helper/fw_build.h"
#include "helper/joined.h"
#include "helper/members.h"
#include "helper/netns.h"
#include "helper/person.h"
#include "helper/state.h"
#include "helper/uids.h"

/* How long a reload waits for users who are just logging in, for all of them together. */
#define WAIT_MS 600

/* A change of the configuration, on its way to the members. */
struct change {
	const struct state *state;
	const struct conf *before;
	const struct conf *conf;
	const struct fw_context *context;
	FILE *out;
	int host_fd;
};

void members_describe(const struct conf_session *s, char text[MEMBERS_NETWORK_MAX])
{
	snprintf(text, MEMBERS_NETWORK_MAX, "%s%s%s%s",
		 conf_network_name(s ? s->network : CONF_NET_HOST),
		 s && s->private ? " private" : "", s && s->name ? " " : "",
		 s && s->name ? s->name : "");
}

static void print_next(const struct conf *before, const struct conf *conf,
		       const struct member *member, FILE *out)
{
	_cleanup_(person_done) struct person person = { 0 };
	char from[MEMBERS_NETWORK_MAX];
	char to[MEMBERS_NETWORK_MAX];

	if (!member->name[0] || person_find(member->uid, &person) < 0)
		return;
	members_describe(conf_match(conf, &person.subject), to);
	if (!before) {
		fprintf(out, "%s: %s from the next login on\n", member->name, to);
		return;
	}
	members_describe(conf_match(before, &person.subject), from);
	if (strcmp(from, to) != 0)
		fprintf(out, "%s: %s instead of %s from the next login on\n", member->name, to,
			from);
}

void members_print_change(const struct conf *before, const struct conf *conf,
			  const struct member *member, FILE *out)
{
	char uid[16];
	const char *name = member->name;

	snprintf(uid, sizeof(uid), "%u", member->uid);
	if (!name[0])
		name = uid;
	if (member->group && member->policy &&
	    class_of_policy(member->policy->name) != member->group)
		fprintf(out, "%s: veth %s, at once\n", name, member->policy->name);
	else if (member->group && !member->policy && !member->keep)
		fprintf(out, "%s: cut off at once\n", name);
	if (!member->group || !member->policy)
		print_next(before, conf, member, out);
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

static bool has_address(const struct member *member, const struct conf_prefix *address)
{
	return member->group && (conf_prefix_equal(&member->addresses.v4, address) ||
				 conf_prefix_equal(&member->addresses.v6, address));
}

/*
 * Whoever was seen, and logged out before the table was in force, took the ports
 * out of the table of before, and this one has them.  The addresses may be
 * somebody else's by now.
 */
static int unpublish_seen(const struct change *change, const struct member *seen,
			  const struct member *member)
{
	const struct conf_prefix *addresses[] = { &seen->addresses.v4, &seen->addresses.v6 };
	struct members now;
	int r;

	if (!seen->group ||
	    (has_address(member, addresses[0]) && has_address(member, addresses[1])))
		return 0;
	r = members_find(change->state, change->conf, &now);
	for (size_t i = 0; i < ARRAY_SIZE(addresses) && !r; i++) {
		bool had = false;

		for (size_t j = 0; j < now.n && !had; j++)
			had = has_address(&now.list[j], addresses[i]);
		if (!had)
			r = fit_unpublish(addresses[i]);
	}
	members_done(&now);
	return r;
}

static int change_read(const struct change *change, const struct member *seen,
		       const struct member *member)
{
	_cleanup_close_ int fd = -1;
	uint64_t inode;
	int r;

	r = seen ? unpublish_seen(change, seen, member) : 0;
	if (r)
		return r;
	r = state_open_pin(change->state, member->uid, &fd, &inode);
	if (!r) {
		if (change->out)
			members_print_change(change->before, change->conf, member, change->out);
		if (member->group)
			return change_link(change, member, fd);
	} else if (r != -ENOENT) {
		return r;
	} else if (!joined_is(change->state, member->uid)) {
		return seen && seen->live ? fit_forget_live(member->uid) : 0;
	}
	return member->live ? fit_note_live(member->uid) : 0;
}

/* seen: the user as the table has it, or NULL. */
static int change_locked(const struct change *change, uint32_t uid, const struct member *seen)
{
	struct member member;
	int r;

	r = members_read(change->conf, uid, &member);
	if (r)
		return r;
	r = change_read(change, seen, &member);
	free(member.name);
	return r ? r : member.doubt;
}

/* Who is there, and who was. */
static int list_both(const struct state *state, const struct members *seen, uint32_t **ret_uids,
		     size_t *ret_n)
{
	_cleanup_free_ uint32_t *uids = calloc(seen->n + 1, sizeof(*uids));
	_cleanup_free_ uint32_t *now = NULL;
	size_t n;
	int r;

	if (!uids)
		return -ENOMEM;
	for (size_t i = 0; i < seen->n; i++)
		uids[i] = seen->list[i].uid;
	r = members_list(state, &now, &n);
	if (!r)
		r = uids_add(&now, &n, uids, seen->n);
	if (r)
		return r;
	*ret_uids = steal_ptr(&now);
	*ret_n = n;
	return 0;
}

int members_change(const struct state *state, const struct members *seen, const struct conf *before,
		   const struct conf *conf, const struct fw_context *context, bool wait, FILE *out)
{
	struct change change = { state, before, conf, context, out, -1 };
	_cleanup_free_ uint32_t *uids = NULL;
	_cleanup_close_ int host_fd = -1;
	uint64_t inode;
	size_t n;
	unsigned left_ms = wait ? STATE_WAIT_MS : WAIT_MS;
	int first = 0;
	int r;

	r = netns_open(NETNS_OF_HOST, &host_fd, &inode);
	if (!r)
		r = list_both(state, seen, &uids, &n);
	if (r)
		return r;
	change.host_fd = host_fd;
	for (size_t i = 0; i < n; i++) {
		r = state_lock_soon(state, STATE_LOCK_USER(uids[i]), &left_ms);
		if (!r) {
			r = change_locked(&change, uids[i], members_get(seen, uids[i]));
			state_unlock(state, STATE_LOCK_USER(uids[i]));
		}
		if (r && !first)
			first = r;
	}
	return first;
}
