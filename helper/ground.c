/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/ground.h"
#include "helper/link.h"
#include "helper/nl.h"
#include "helper/pool.h"
#include "helper/rule.h"
#include "helper/sysctl.h"

static int set_gateway(struct mnl_socket *socket, const struct conf_prefix *pool, bool present)
{
	const struct conf_prefix gateway = pool_address(pool, POOL_GATEWAY);
	struct nl_batch batch;
	int r;

	nl_batch_init(&batch);
	if (present)
		link_put_address(&batch, LINK_LOOPBACK, &gateway);
	else
		link_put_no_address(&batch, LINK_LOOPBACK, &gateway);
	r = nl_commit(socket, &batch, NULL);
	return !present && r == -EADDRNOTAVAIL ? 0 : r;
}

/* pool NULL: none.  old NULL: none, or that which the rules are for. */
static int set_family(struct mnl_socket *socket, int family, const struct conf_prefix *pool,
		      const struct conf_prefix *old)
{
	struct conf_prefix found = { 0 };
	int r = 0;

	if (!old) {
		r = rule_find_pool(socket, family, &found);
		if (r)
			return r;
		if (found.family)
			old = &found;
		else if (!pool)
			return 0;
	}
	if (old && (!pool || !conf_prefix_equal(pool, old)))
		r = set_gateway(socket, old, false);
	if (!r && pool)
		r = set_gateway(socket, pool, true);
	return r ? r : rule_set(socket, family, pool);
}

/* Either may be NULL. */
static int set_all(const struct conf_settings *new, const struct conf_settings *old)
{
	_cleanup_(nl_close_p) struct mnl_socket *socket = NULL;
	bool ipv6 = false;
	int r;

	r = nl_open(NETLINK_ROUTE, &socket);
	if (!r)
		r = set_family(socket, AF_INET, new ? &new->pool4 : NULL, old ? &old->pool4 : NULL);
	if (!r)
		r = sysctl_uses_ipv6(&ipv6);
	if (r || !sysctl_has_ipv6())
		return r;
	/* Switched off while we were there: what is left of it goes. */
	if (!ipv6)
		return set_family(socket, AF_INET6, NULL, NULL);
	return set_family(socket, AF_INET6, new ? &new->pool6 : NULL, old ? &old->pool6 : NULL);
}

int ground_set(const struct conf_settings *settings, const struct conf_settings *old)
{
	return set_all(settings, old);
}

struct address_search {
	const struct conf_prefix *address;
	bool found;
};

static int note_local(const struct nlattr *attr, void *data)
{
	struct address_search *s = data;

	/* IPv6 has no IFA_LOCAL where nobody is at the other end. */
	if (mnl_attr_get_type(attr) == IFA_LOCAL || mnl_attr_get_type(attr) == IFA_ADDRESS)
		s->found |= mnl_attr_get_payload_len(attr) * 8 == s->address->length &&
			    memcmp(mnl_attr_get_payload(attr), s->address->bytes,
				   s->address->length / 8) == 0;
	return MNL_CB_OK;
}

static void note_address(const struct nlmsghdr *h, void *data)
{
	const struct ifaddrmsg *message = mnl_nlmsg_get_payload(h);
	struct address_search *s = data;

	if (message->ifa_family == s->address->family)
		mnl_attr_parse(h, sizeof(*message), note_local, s);
}

/* Somebody may have flushed lo, or switched IPv6 off and on again. */
static int find_gateway(struct mnl_socket *socket, const struct conf_prefix *pool, bool *ret_is)
{
	const struct conf_prefix gateway = pool_address(pool, POOL_GATEWAY);
	struct address_search s = { .address = &gateway };
	struct nl_batch batch;
	struct ifaddrmsg *message;
	int r;

	do {
		nl_batch_init(&batch);
		message = mnl_nlmsg_put_extra_header(nl_put(&batch, RTM_GETADDR, NLM_F_DUMP),
						     sizeof(*message));
		message->ifa_family = (uint8_t)pool->family;
		message->ifa_index = LINK_LOOPBACK;
		r = nl_query(socket, &batch, note_address, &s);
	} while (r == -EINTR && !s.found);
	*ret_is = s.found;
	return s.found ? 0 : r;
}

static int check_family(struct mnl_socket *socket, const struct conf_prefix *pool, bool *is_set)
{
	bool has_rules = true;
	bool has_gateway = true;
	int r = rule_is_set(socket, pool->family, pool, &has_rules);

	if (!r)
		r = find_gateway(socket, pool, &has_gateway);
	*is_set &= has_rules && has_gateway;
	return r;
}

int ground_is_set(const struct conf_settings *settings, bool *ret_is)
{
	_cleanup_(nl_close_p) struct mnl_socket *socket = NULL;
	bool is = ground_forwards();
	bool ipv6 = false;
	int r;

	r = nl_open(NETLINK_ROUTE, &socket);
	if (!r)
		r = check_family(socket, &settings->pool4, &is);
	if (!r)
		r = sysctl_uses_ipv6(&ipv6);
	if (!r && ipv6)
		r = check_family(socket, &settings->pool6, &is);
	if (!r)
		*ret_is = is;
	return r;
}

int ground_clear(const struct conf_settings *old)
{
	int r = ground_restore();
	int s = set_all(NULL, old);

	return r ? r : s;
}
