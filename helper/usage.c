/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <linux/netlink.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/conntrack.h"
#include "helper/nl.h"
#include "helper/state.h"
#include "helper/usage.h"

/* Whose an address is, in order to look it up. */
struct owner {
	struct conf_prefix address;
	struct usage *usage;
};

struct owners {
	struct owner *list;
	size_t n;
};

/*
 * Pins
 */

static int compare_uid(const void *a, const void *b)
{
	const struct usage *x = a;
	const struct usage *y = b;

	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

struct usage *usage_find(const struct usages *usages, uint32_t uid)
{
	const struct usage key = { .uid = uid };

	return usages->n ? bsearch(&key, usages->list, usages->n, sizeof(key), compare_uid) : NULL;
}

/* -ENOENT: gone meanwhile. */
static int read_pin(const struct state *state, uint32_t uid, struct usage *ret_usage)
{
	_cleanup_close_ int fd = -1;
	struct usage usage = { .uid = uid };
	struct stat st;
	int r;

	r = state_open_pin(state, uid, &fd, &usage.netns);
	if (r)
		return r;
	/* The inode of a namespace is made when it is first looked at: for its pin. */
	usage.since = fstat(fd, &st) == 0 ? st.st_ctime : 0;
	*ret_usage = usage;
	return 0;
}

static int read_pins(const struct state *state, struct usages *usages)
{
	_cleanup_free_ uint32_t *uids = NULL;
	size_t n;
	int r;

	r = state_list(state, &uids, &n);
	if (r)
		return r;
	usages->list = calloc(n ? n : 1, sizeof(*usages->list));
	if (!usages->list)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		r = read_pin(state, uids[i], &usages->list[usages->n]);
		if (r && r != -ENOENT)
			return r;
		if (!r)
			usages->n++;
	}
	qsort(usages->list, usages->n, sizeof(*usages->list), compare_uid);
	return 0;
}

/*
 * Names
 */

/* Without memory, the name is not known. */
static void set_name(struct usage *usage, const struct passwd *pw)
{
	if (pw && !usage->name && asprintf(&usage->name, "%s", pw->pw_name) < 0)
		usage->name = NULL;
}

/*
 * Each question of getpwuid() reads the file from its start: of very many users,
 * that takes very long.  The first entry is the one that it would find.
 */
static void read_names_of_file(struct usages *usages)
{
	_cleanup_fclose_ FILE *f = fopen("/etc/passwd", "re");
	const struct passwd *pw;

	while (f && (pw = fgetpwent(f))) {
		struct usage *usage = usage_find(usages, pw->pw_uid);

		if (usage)
			set_name(usage, pw);
	}
}

void usage_read_names(struct usages *usages)
{
	read_names_of_file(usages);
	for (size_t i = 0; i < usages->n; i++)
		if (!usages->list[i].name)
			set_name(&usages->list[i], getpwuid(usages->list[i].uid));
}

/*
 * What goes by address
 */

static int compare_owners(const void *a, const void *b)
{
	const struct conf_prefix *x = &((const struct owner *)a)->address;
	const struct conf_prefix *y = &((const struct owner *)b)->address;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	return memcmp(x->bytes, y->bytes, sizeof(x->bytes));
}

static int find_owners(const struct usages *usages, struct owners *owners)
{
	owners->list = calloc(usages->n * 2 + 1, sizeof(*owners->list));
	if (!owners->list)
		return -ENOMEM;
	for (size_t i = 0; i < usages->n; i++) {
		struct usage *usage = &usages->list[i];

		if (usage->addresses.v4.family)
			owners->list[owners->n++] = (struct owner){ usage->addresses.v4, usage };
		if (usage->addresses.v6.family)
			owners->list[owners->n++] = (struct owner){ usage->addresses.v6, usage };
	}
	qsort(owners->list, owners->n, sizeof(*owners->list), compare_owners);
	return 0;
}

static struct usage *find_owner(const struct owners *owners, int family, const uint8_t *bytes)
{
	struct owner key = { .address.family = family };
	const struct owner *found;

	memcpy(key.address.bytes, bytes, family == AF_INET ? 4 : 16);
	found = bsearch(&key, owners->list, owners->n, sizeof(key), compare_owners);
	return found ? found->usage : NULL;
}

static int count_denied(void *data, const struct conf_prefix *source, uint64_t packets)
{
	const struct owners *owners = data;
	struct usage *usage = find_owner(owners, source->family, source->bytes);

	if (usage)
		usage->denied += packets;
	return 0;
}

static int read_denied(struct usages *usages, struct owners *owners)
{
	int r = usage_each_source(count_denied, owners);

	usages->has_table = r == 0;
	return r == -ENOENT ? 0 : r;
}

static int count_connection(void *data, const struct flow *flow)
{
	const struct owners *owners = data;
	struct usage *from = find_owner(owners, flow->family, flow->source);
	struct usage *to = find_owner(owners, flow->family, flow->answerer);

	if (!conntrack_is_open(flow))
		return 0;
	if (from)
		from->connections++;
	if (to && to != from)
		to->connections++;
	return 0;
}

static int read_connections(struct owners *owners)
{
	_cleanup_(nl_close_p) struct mnl_socket *netfilter = NULL;
	int r;

	r = nl_open(NETLINK_NETFILTER, &netfilter);
	if (!r)
		r = conntrack_list(netfilter, AF_INET, count_connection, owners);
	if (!r)
		r = conntrack_list(netfilter, AF_INET6, count_connection, owners);
	/* The kernel tracks no connections, so there are none of ours. */
	return r == -EINVAL || r == -EOPNOTSUPP ? 0 : r;
}

/*
 * All of it
 */

static int read_by_address(unsigned parts, struct usages *usages, const char **ret_step)
{
	struct owners owners = { 0 };
	int r = find_owners(usages, &owners);

	*ret_step = "read what the firewall has denied";
	if (!r && parts & USAGE_DENIED)
		r = read_denied(usages, &owners);
	if (!r && parts & USAGE_CONNECTIONS) {
		*ret_step = "read the connections";
		r = read_connections(&owners);
	}
	free(owners.list);
	return r;
}

static int read_all(const struct state *state, unsigned parts, struct usages *usages,
		    const char **ret_step)
{
	int r;

	*ret_step = "read the namespaces in " NETNS_RUN;
	r = read_pins(state, usages);
	if (r)
		return r;
	*ret_step = "read the links";
	r = usage_read_links(usages);
	if (!r)
		r = usage_read_addresses(usages);
	if (!r && parts & USAGE_PROCESSES) {
		*ret_step = "read /proc";
		r = usage_read_processes(usages);
	}
	if (!r && parts & (USAGE_DENIED | USAGE_CONNECTIONS))
		r = read_by_address(parts, usages, ret_step);
	if (!r && parts & USAGE_NAMES)
		usage_read_names(usages);
	return r;
}

int usage_read(unsigned parts, struct usages *ret_usages, const char **ret_step)
{
	_cleanup_(state_close) struct state state = STATE_INIT;
	struct usages usages = { 0 };
	int r;

	*ret_step = "read " NETNS_RUN;
	r = state_open(&state, false);
	if (!r)
		r = read_all(&state, parts, &usages, ret_step);
	if (r && r != -ENOENT) {
		usage_done(&usages);
		return r;
	}
	*ret_usages = usages;
	return 0;
}

void usage_done(struct usages *usages)
{
	for (size_t i = 0; i < usages->n; i++)
		free(usages->list[i].name);
	free(usages->list);
	*usages = (struct usages){ 0 };
}
