/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <time.h>

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

/* How long a reload waits for users who are just logging in, for all of them together. */
#define WAIT_MS  600
#define PAUSE_MS 10

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
	r = members_read(change->conf, uid, &member);
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
	r = members_read(change->conf, uid, &member);
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

/* Whoever is logging in holds the lock for a moment only, if not on purpose. */
static int lock_soon(const struct state *state, uint32_t uid, unsigned *tries)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
	int r;

	while ((r = state_lock(state, STATE_LOCK_USER(uid), false)) == -EAGAIN && *tries > 0) {
		(*tries)--;
		nanosleep(&pause, NULL);
	}
	return r;
}

int members_change(const struct state *state, const struct conf *before, const struct conf *conf,
		   const struct fw_context *context, bool wait, FILE *out)
{
	struct change change = { state, before, conf, context, out, -1 };
	_cleanup_free_ uint32_t *uids = NULL;
	_cleanup_close_ int host_fd = -1;
	uint64_t inode;
	size_t n;
	unsigned tries = WAIT_MS / PAUSE_MS;
	int first = 0;
	int r;

	r = netns_open(NETNS_OF_HOST, &host_fd, &inode);
	if (!r)
		r = members_list(state, &uids, &n);
	if (r)
		return r;
	change.host_fd = host_fd;
	for (size_t i = 0; i < n; i++) {
		r = wait ? state_lock(state, STATE_LOCK_USER(uids[i]), true)
			 : lock_soon(state, uids[i], &tries);
		if (!r) {
			r = change_locked(&change, uids[i]);
			state_unlock(state, STATE_LOCK_USER(uids[i]));
		}
		if (r && !first)
			first = r;
	}
	return first;
}
