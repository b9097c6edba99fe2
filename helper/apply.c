/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <string.h>
#include <unistd.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/diag.h"
#include "helper/active.h"
#include "helper/apply.h"
#include "helper/fit.h"
#include "helper/flows.h"
#include "helper/fw.h"
#include "helper/fw_files.h"
#include "helper/fwset.h"
#include "helper/ground.h"
#include "helper/machine.h"
#include "helper/members.h"
#include "helper/nl.h"
#include "helper/obstacle.h"
#include "helper/ready.h"
#include "helper/state.h"

/* r: what the kernel says to it; 0: nothing. */
static int refuse(const struct apply *a, const char *text, int r)
{
	const struct conf_place place = { .file = a->source };

	diag_add(a->diag, DIAG_ERROR, &place, NULL, 0, "%s%s%s", text, r ? ": " : "",
		 r ? strerror(-r) : "");
	return -EINVAL;
}

static bool has_links(const struct conf *conf)
{
	return conf && conf_has_network(conf, CONF_NET_VETH);
}

/* Addresses are for as long as a link is. */
static int check_pools(const struct apply *a, const struct members *members)
{
	const struct conf_settings *now = &a->conf->settings;
	const struct conf_settings *then = a->before ? &a->before->settings : NULL;

	if (!has_links(a->conf) || !then ||
	    (conf_prefix_equal(&now->pool4, &then->pool4) &&
	     conf_prefix_equal(&now->pool6, &then->pool6)))
		return 0;
	for (size_t i = 0; i < members->n; i++)
		if (members->list[i].group)
			return refuse(a,
				      "the pools cannot be changed while users have addresses "
				      "of them (see netnsctl status)",
				      0);
	return 0;
}

/* What is in force stays so, whatever network has come up since. */
static int check_surroundings(const struct apply *a)
{
	int r;

	if (!has_links(a->conf) || a->keep)
		return 0;
	r = ground_check_pools(a->conf, a->diag);
	return r ? r : obstacle_warn(a->conf, a->diag);
}

static int commit_table(const struct apply *a, const struct fw_table *table)
{
	const struct conf_place place = { .file = a->source };
	_cleanup_free_ char *culprit = NULL;
	int r;

	r = fw_commit(table, &culprit);
	if (r == 0)
		return 0;
	/* Without links it is there for the tripwire alone. */
	diag_add(a->diag, has_links(a->conf) ? DIAG_ERROR : DIAG_WARNING, &place, NULL, 0,
		 "the kernel does not take the firewall (%s): %s", culprit ? culprit : "as a whole",
		 strerror(-r));
	return has_links(a->conf) ? -EINVAL : 0;
}

static int set_pending(void)
{
	_cleanup_close_ int fd = open(READY_PENDING, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : 0;
}

/* Whatever can fail for want of room, before anything changes. */
static int prepare(const struct apply *a, const struct machine *machine, uint64_t fingerprint)
{
	int r;

	r = a->keep ? 0
		    : active_prepare(a->source, a->conf, a->names, a->n_names, fingerprint,
				     machine->exempts);
	if (!r)
		r = fw_files_prepare(a->conf, &machine->context);
	if (!r && has_links(a->conf))
		r = ground_save();
	if (!r)
		r = set_pending();
	return r ? refuse(a, "cannot write the active configuration in " NETNS_RUN, r) : 0;
}

/* What was prepared and has not come into force. */
static void discard(const struct apply *a)
{
	active_discard(a->source);
	(void)fw_files_discard();
}

/* Without whom it is for: those come and go by elements. */
static int find_fingerprint(const struct fw_table *table, uint64_t *ret_fingerprint)
{
	_cleanup_free_ char *bytes = NULL;
	uint64_t hash = 14695981039346656037U; /* FNV-1a */
	size_t length;
	int r;

	r = fw_serialize(table, &bytes, &length);
	if (r)
		return r;
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (uint8_t)bytes[i]) * 1099511628211U;
	*ret_fingerprint = hash;
	return 0;
}

/*
 * Whatever a user can change, such as the name of a shell, makes logins reload.
 * The same table anew would let everybody's connections be counted anew.
 */
static bool has_table(const struct apply *a, uint64_t fingerprint)
{
	return a->sparing && active_table(a->source) == fingerprint && ready_has_firewall() &&
	       !ready_is_pending();
}

static int put_in_force(const struct apply *a, const struct fw_table *table, bool has_it)
{
	const struct conf_settings *old = has_links(a->before) ? &a->before->settings : NULL;
	int r = 0;

	/* Rules before the table: without a mark, nothing of a session is routed. */
	if (has_links(a->conf))
		r = ground_set(&a->conf->settings, old);
	if (!r && !has_it)
		r = commit_table(a, table);
	if (r && has_links(a->conf) && !old)
		(void)ground_clear(&a->conf->settings);
	if (r)
		return r;
	if (has_links(a->conf))
		r = ground_forward();
	if (!r)
		r = fw_files_commit();
	return r || a->keep ? r : active_commit(a->source);
}

static int end_flows(const struct apply *a, const struct fw_table *table)
{
	struct members members;
	int r;

	if (!has_links(a->conf) && !has_links(a->before))
		return 0;
	r = members_find(a->state, a->conf, &members);
	if (r)
		return r;
	r = flows_end_refused(table, &a->conf->settings, &members);
	members_done(&members);
	return r;
}

/* Whether it is done. */
static bool change_members(const struct apply *a, const struct members *seen,
			   const struct machine *machine, const struct fw_table *table, bool again)
{
	const struct conf_settings *old = has_links(a->before) ? &a->before->settings : NULL;
	const struct conf_place place = { .file = a->source };
	int ended;
	bool all;
	int r;

	r = members_change(a->state, seen, a->before, a->conf, &machine->context, a->wait, a->out);
	/* Whoever could not be changed must not hold up what is for all. */
	ended = end_flows(a, table);
	all = !r && !ended;
	if (!r || (r == -EAGAIN && !a->wait))
		r = ended;
	/* With the links, the last need for it is gone; what is active may say so already. */
	if (all && !has_links(a->conf) && (old || again)) {
		r = ground_clear(old);
		all = r == 0;
	}
	if (r)
		diag_add(a->diag, DIAG_WARNING, &place, NULL, 0,
			 "in force, but not all open sessions could be changed: %s", strerror(-r));
	return all;
}

/* What is to be in force, and whether it could be; nothing changes. */
static int plan(const struct apply *a, const struct members *members, struct machine *machine,
		struct fw_table **table, uint64_t *fingerprint)
{
	int r;

	/* What is kept says whether the table has those who are confined: so it must be. */
	r = a->keep ? machine_init_as(machine, a->conf, active_exempts(a->source))
		    : machine_init(machine, a->conf);
	if (r)
		return r;
	r = machine_look(machine);
	if (!r)
		r = fw_compile(a->conf, &machine->context, a->diag, table);
	if (!r)
		r = find_fingerprint(*table, fingerprint);
	if (!r)
		r = members_add_to(members, *table);
	if (!r)
		r = check_pools(a, members);
	return r ? r : check_surroundings(a);
}

static int apply_all(const struct apply *a, struct members *members)
{
	_cleanup_(machine_done) struct machine machine = { 0 };
	_cleanup_(fw_free_p) struct fw_table *table = NULL;
	bool done = !ready_is_pending();
	uint64_t fingerprint = 0;
	bool has_it = false;
	int r;

	r = plan(a, members, &machine, &table, &fingerprint);
	if (!r)
		has_it = has_table(a, fingerprint);
	if (!r)
		r = prepare(a, &machine, fingerprint);
	if (!r) {
		r = members_hold(members);
		if (!r)
			r = put_in_force(a, table, has_it);
		if (r) {
			members_let_go(members);
			/* Part of it may be in force: what was is put back. */
			done = !a->before;
		}
	}
	if (!r)
		done = change_members(a, members, &machine, table, !done);
	else
		discard(a);
	/* It stays when somebody is still to be changed, be it by an earlier reload. */
	if (done)
		unlink(READY_PENDING);
	return r;
}

/* There is one firewall, and the default file has it. */
static int check_other(const struct apply *a)
{
	if (!has_links(a->conf))
		return 0;
	return refuse(a, "veth sessions can only be in " NETNS_CONF ", whose firewall the host has",
		      0);
}

int apply_check(const struct apply *a, const struct members *members)
{
	_cleanup_(machine_done) struct machine machine = { 0 };
	_cleanup_(fw_free_p) struct fw_table *table = NULL;
	uint64_t fingerprint;

	return strcmp(a->source, NETNS_CONF) != 0
		       ? check_other(a)
		       : plan(a, members, &machine, &table, &fingerprint);
}

static int apply_other(const struct apply *a)
{
	int r;

	r = check_other(a);
	if (r)
		return r;
	r = active_prepare(a->source, a->conf, a->names, a->n_names, 0, false);
	if (!r)
		r = active_commit(a->source);
	if (r)
		active_discard(a->source);
	return r ? refuse(a, "cannot write the active configuration in " NETNS_RUN, r) : 0;
}

int apply_conf(const struct apply *a)
{
	struct members members;
	int r;

	if (strcmp(a->source, NETNS_CONF) != 0)
		return apply_other(a);
	r = members_find(a->state, a->conf, &members);
	if (r)
		return r;
	r = apply_all(a, &members);
	members_done(&members);
	return r;
}

/* -EAGAIN: but these, whose locks are held. */
static int remove_links(const struct state *state, uint32_t **ret_left, size_t *ret_n)
{
	_cleanup_free_ uint32_t *uids = NULL;
	unsigned left_ms = STATE_WAIT_MS;
	size_t n_left = 0;
	size_t n;
	int r;

	r = veth_list(&uids, &n);
	for (size_t i = 0; i < n && !r; i++) {
		r = state_lock_soon(state, STATE_LOCK_USER(uids[i]), &left_ms);
		if (r == -EAGAIN) {
			uids[n_left++] = uids[i];
			r = 0;
			continue;
		}
		if (!r)
			r = fit_remove(uids[i]);
		state_unlock(state, STATE_LOCK_USER(uids[i]));
	}
	if (r || n_left == 0)
		return r;
	*ret_left = steal_ptr(&uids);
	*ret_n = n_left;
	return -EAGAIN;
}

/* The settings by which the ground was made: what is in force, or else the defaults. */
static int load_active(struct conf **ret_conf)
{
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	int r = diag_new(&diag);

	if (!r)
		r = active_load(NETNS_CONF, diag, ret_conf);
	return r == -ENOMEM ? r : 0;
}

static int remove_table(void)
{
	_cleanup_(nl_close_p) struct mnl_socket *netfilter = NULL;
	int r = nl_open(NETLINK_NETFILTER, &netfilter);

	return r ? r : fwset_remove_table(netfilter);
}

int apply_nothing(const struct state *state, uint32_t **ret_left, size_t *ret_n)
{
	_cleanup_(conf_free_p) struct conf *conf = NULL;
	int r;
	int r2;

	r = load_active(&conf);
	/* First: nobody comes in any more who would need what goes. */
	if (!r)
		r = active_remove();
	if (!r)
		r = remove_links(state, ret_left, ret_n);
	if (r && r != -EAGAIN)
		return r;
	/* With a link left, too: the next time, nobody knows its settings any more. */
	r2 = ground_clear(has_links(conf) ? &conf->settings : NULL);
	if (!r)
		r = r2 ? r2 : remove_table();
	return r ? r : fw_files_remove();
}
