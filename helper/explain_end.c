/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/class.h"
#include "helper/explain.h"
#include "helper/fw.h"
#include "helper/nl.h"
#include "helper/pool.h"

/* How many uids that could have an address are looked up. */
#define CANDIDATES_MAX 16U

static bool parse_uid(const char *text, uint32_t *ret)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || value >= UINT32_MAX)
		return false;
	*ret = (uint32_t)value;
	return true;
}

/* By name, or by uid even if it is nobody's. */
int explain_find_user(const char *text, struct answer *a)
{
	const struct passwd *pw;
	int r;

	errno = 0;
	pw = getpwnam(text);
	if (pw)
		a->uid = pw->pw_uid;
	else if (errno && errno != ENOENT && errno != ESRCH)
		return -errno;
	else if (!parse_uid(text, &a->uid))
		return -ENOENT;
	r = person_find(a->uid, &a->person);
	if (r != -ENOENT)
		return r;
	a->unknown = true;
	a->person.subject = (struct conf_subject){ .name = "", .uid = a->uid };
	return 0;
}

bool prefix_is_loopback(const struct conf_prefix *address)
{
	static const struct conf_prefix loopback4 = { AF_INET, 8, { 127 } };
	static const struct conf_prefix loopback6 = { AF_INET6, 128, { [15] = 1 } };
	static const struct conf_prefix any4 = { AF_INET, 32, { 0 } };
	static const struct conf_prefix any6 = { AF_INET6, 128, { 0 } };

	/* What is sent to no address goes to loopback. */
	return conf_prefix_contains(&loopback4, address) ||
	       conf_prefix_equal(&loopback6, address) || conf_prefix_equal(&any4, address) ||
	       conf_prefix_equal(&any6, address);
}

static int compare_uids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Of links, unlike of namespaces, everybody is told. */
int explain_members(struct explain *x)
{
	_cleanup_free_ uint32_t *uids = NULL;
	size_t n;
	int r;

	if (x->has_members)
		return 0;
	r = veth_list(&uids, &n);
	if (r)
		return r;
	if (n)
		qsort(uids, n, sizeof(*uids), compare_uids);
	r = members_read_all(x->conf, uids, n, &x->members);
	if (!r)
		r = members_add_to(&x->members, x->table);
	x->knows_ports = !r && geteuid() == 0;
	if (r == -EPERM || r == -EACCES)
		r = 0;
	x->has_members = r == 0;
	if (r)
		members_done(&x->members);
	return r;
}

static int set_user(const struct member *member, bool live, struct end *end)
{
	end->name = strdup(member->name);
	if (!end->name)
		return -ENOMEM;
	end->party = PARTY_USER;
	end->uid = member->uid;
	end->live = live;
	/* Whoever has no policy now keeps that of the link. */
	end->group = member->policy ? class_of_policy(member->policy->name) : member->group;
	return 0;
}

/* A user who would have the address by the uid. */
static int guess_user(const struct explain *x, const struct conf_prefix *address, struct end *end)
{
	const struct conf_settings *s = &x->conf->settings;
	uint32_t size = pool_size(&s->pool4, &s->pool6);
	const struct conf_prefix *pool = address->family == AF_INET ? &s->pool4 : &s->pool6;
	uint32_t first = 0;

	/* The last four bytes: pools begin with zeros there. */
	for (unsigned i = address->length / 8 - 4; i < address->length / 8; i++)
		first = first << 8 | (uint8_t)(address->bytes[i] ^ pool->bytes[i]);
	first -= pool_offset(0, 0, size);
	for (uint64_t uid = first, tries = 0; uid < UINT32_MAX && tries < CANDIDATES_MAX;
	     uid += size, tries++) {
		struct conf_prefix own = pool_address(pool, pool_offset((uint32_t)uid, 0, size));
		struct member member;
		int r;

		if (!conf_prefix_equal(&own, address) || !getpwuid((uid_t)uid))
			continue;
		r = members_read(x->conf, (uint32_t)uid, &member);
		if (r)
			return r;
		if (!member.group && member.policy)
			r = set_user(&member, false, end);
		free(member.name);
		if (r || end->party == PARTY_USER)
			return r;
	}
	return 0;
}

static int find_in_pool(struct explain *x, const struct conf_prefix *address, struct end *end)
{
	int r = explain_members(x);

	end->party = PARTY_NOBODY;
	for (size_t i = 0; i < x->members.n && !r; i++) {
		const struct member *m = &x->members.list[i];

		if (conf_prefix_equal(&m->addresses.v4, address) ||
		    conf_prefix_equal(&m->addresses.v6, address))
			return set_user(m, true, end);
	}
	return r ? r : guess_user(x, address, end);
}

/* The host has it, or will have it with the first reload. */
static bool is_gateway(const struct conf_settings *s, const struct conf_prefix *address)
{
	const struct conf_prefix gateways[] = { pool_address(&s->pool4, POOL_GATEWAY),
						pool_address(&s->pool6, POOL_GATEWAY) };

	return conf_prefix_equal(&gateways[0], address) || conf_prefix_equal(&gateways[1], address);
}

static bool is_missing(int r)
{
	return r == -ENETUNREACH || r == -EHOSTUNREACH || r == -EACCES || r == -EINVAL ||
	       r == -EAFNOSUPPORT || r == -EOPNOTSUPP;
}

int explain_find_end(struct explain *x, const struct answer *a, const struct conf_prefix *address,
		     struct end *ret_end)
{
	const struct conf_settings *s = &x->conf->settings;
	struct end end = { .party = PARTY_OUTSIDE };
	int r = 0;

	if (!x->routes)
		r = nl_open(NETLINK_ROUTE, &x->routes);
	if (!r)
		r = route_find(x->routes, address, &end.route);
	end.has_route = r == 0;
	if (is_missing(r))
		r = 0;
	if (r)
		return r;
	if (is_gateway(s, address)) {
		end.has_route = true;
		end.route.type = RTN_LOCAL;
	}
	if (conf_prefix_equal(address, &a->addresses.v4) ||
	    conf_prefix_equal(address, &a->addresses.v6))
		end.party = PARTY_SESSION;
	else if (end.has_route && end.route.type == RTN_LOCAL)
		end.party = PARTY_HOST;
	else if (conf_prefix_contains(&s->pool4, address) ||
		 conf_prefix_contains(&s->pool6, address))
		r = find_in_pool(x, address, &end);
	if (r)
		end_done(&end);
	else
		*ret_end = end;
	return r;
}

void end_done(struct end *end)
{
	free(end->name);
	end->name = NULL;
}
