/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/nl.h"
#include "helper/rule.h"

#define RULES_MAX 1024

/* As the kernel's own: systemd-networkd removes the rules of others. */
#define OUR_PROTOCOL RTPROT_KERNEL

/* What can stand at priority 0 and be ours or the kernel's. */
enum kind {
	KIND_LOCAL, /* from POOL iif lo lookup local */
	KIND_MAIN, /* from POOL iif lo lookup main */
	KIND_REFUSE, /* from POOL fwmark 0/MARK blackhole */
	KIND_KERNEL, /* from all lookup local */
	KIND_OTHER, /* somebody else's; left alone */
};

struct rule {
	enum kind kind;
	uint8_t protocol; /* RTPROT_: who has made it */
	struct conf_prefix from;
};

struct rules {
	struct rule rule[RULES_MAX]; /* those of priority 0, in order */
	size_t n;
	bool too_many;
};

static const enum kind wanted[] = { KIND_LOCAL, KIND_MAIN, KIND_REFUSE, KIND_KERNEL };

static size_t address_length(int family)
{
	return family == AF_INET ? 4 : 16;
}

static void put_rule(struct nl_batch *batch, uint16_t type, int family, const struct rule *which)
{
	const struct conf_prefix *from = &which->from;
	enum kind kind = which->kind;
	struct nlmsghdr *h = nl_put(batch, type, type == RTM_NEWRULE ? NLM_F_CREATE : 0);
	struct fib_rule_hdr *rule = mnl_nlmsg_put_extra_header(h, sizeof(*rule));

	rule->family = (uint8_t)family;
	rule->action = kind == KIND_REFUSE ? FR_ACT_BLACKHOLE : FR_ACT_TO_TBL;
	if (kind != KIND_REFUSE)
		rule->table = kind == KIND_MAIN ? RT_TABLE_MAIN : RT_TABLE_LOCAL;
	mnl_attr_put_u32(h, FRA_PRIORITY, 0);
	mnl_attr_put_u8(h, FRA_PROTOCOL, which->protocol);
	if (kind == KIND_KERNEL)
		return;
	rule->src_len = (uint8_t)from->length;
	mnl_attr_put(h, FRA_SRC, address_length(family), from->bytes);
	if (kind == KIND_REFUSE) {
		mnl_attr_put_u32(h, FRA_FWMARK, 0);
		mnl_attr_put_u32(h, FRA_FWMASK, RULE_MARK);
	} else {
		mnl_attr_put_strz(h, FRA_IIFNAME, "lo");
	}
}

static int note_attribute(const struct nlattr *attr, void *data)
{
	const struct nlattr **attributes = data;

	if (mnl_attr_get_type(attr) <= FRA_MAX)
		attributes[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static uint32_t get_u32(const struct nlattr *attr)
{
	return attr && mnl_attr_get_payload_len(attr) >= sizeof(uint32_t) ? mnl_attr_get_u32(attr)
									  : 0;
}

static enum kind find_kind(const struct fib_rule_hdr *rule, const struct nlattr **a)
{
	bool from_lo = a[FRA_IIFNAME] && strcmp(mnl_attr_get_str(a[FRA_IIFNAME]), "lo") == 0;
	uint32_t table = a[FRA_TABLE] ? get_u32(a[FRA_TABLE]) : rule->table;

	if (rule->dst_len || rule->flags & FIB_RULE_INVERT || a[FRA_OIFNAME] || rule->tos ||
	    a[FRA_UID_RANGE] || a[FRA_IP_PROTO] || a[FRA_SPORT_RANGE] || a[FRA_DPORT_RANGE] ||
	    a[FRA_TUN_ID] || a[FRA_L3MDEV])
		return KIND_OTHER;
	if (!rule->src_len && !a[FRA_IIFNAME] && !a[FRA_FWMARK] && !a[FRA_FWMASK] &&
	    rule->action == FR_ACT_TO_TBL && table == RT_TABLE_LOCAL)
		return KIND_KERNEL;
	if (rule->src_len && from_lo && rule->action == FR_ACT_TO_TBL && table == RT_TABLE_LOCAL)
		return KIND_LOCAL;
	if (rule->src_len && from_lo && rule->action == FR_ACT_TO_TBL && table == RT_TABLE_MAIN)
		return KIND_MAIN;
	if (rule->src_len && !a[FRA_IIFNAME] && rule->action == FR_ACT_BLACKHOLE &&
	    get_u32(a[FRA_FWMARK]) == 0 && get_u32(a[FRA_FWMASK]) == RULE_MARK)
		return KIND_REFUSE;
	return KIND_OTHER;
}

static void note_rule(const struct nlmsghdr *h, void *data)
{
	const struct fib_rule_hdr *rule = mnl_nlmsg_get_payload(h);
	const struct nlattr *a[FRA_MAX + 1] = { NULL };
	struct rules *rules = data;
	struct rule *r;

	mnl_attr_parse(h, sizeof(*rule), note_attribute, a);
	if (get_u32(a[FRA_PRIORITY]) != 0)
		return;
	if (rules->n == RULES_MAX) {
		rules->too_many = true;
		return;
	}
	r = &rules->rule[rules->n++];
	r->kind = find_kind(rule, a);
	r->protocol = a[FRA_PROTOCOL] && mnl_attr_get_payload_len(a[FRA_PROTOCOL]) > 0
			      ? mnl_attr_get_u8(a[FRA_PROTOCOL])
			      : RTPROT_UNSPEC;
	r->from.family = rule->family;
	r->from.length = rule->src_len;
	if (a[FRA_SRC] && mnl_attr_get_payload_len(a[FRA_SRC]) <= sizeof(r->from.bytes))
		memcpy(r->from.bytes, mnl_attr_get_payload(a[FRA_SRC]),
		       mnl_attr_get_payload_len(a[FRA_SRC]));
}

static int read_rules(struct mnl_socket *socket, int family, struct rules *ret_rules)
{
	struct nl_batch batch;
	struct fib_rule_hdr *rule;
	int r;

	do {
		memset(ret_rules, 0, sizeof(*ret_rules));
		nl_batch_init(&batch);
		rule = mnl_nlmsg_put_extra_header(nl_put(&batch, RTM_GETRULE, NLM_F_DUMP),
						  sizeof(*rule));
		rule->family = (uint8_t)family;
		r = nl_query(socket, &batch, note_rule, ret_rules);
	} while (r == -EINTR);
	return r ? r : ret_rules->too_many ? -E2BIG : 0;
}

/* Exactly ours in order, whatever others have between; or, without a pool, none of ours. */
static bool is_right(const struct rules *rules, const struct conf_prefix *pool)
{
	const size_t n = pool ? ARRAY_SIZE(wanted) : 1;
	size_t next = 0;

	for (size_t i = 0; i < rules->n; i++) {
		const struct rule *r = &rules->rule[i];

		if (r->kind == KIND_OTHER)
			continue;
		if (next == n || r->kind != wanted[pool ? next : ARRAY_SIZE(wanted) - 1] ||
		    r->protocol != OUR_PROTOCOL ||
		    (r->kind != KIND_KERNEL && !conf_prefix_equal(&r->from, pool)))
			return false;
		next++;
	}
	return next == n;
}

int rule_find_pool(struct mnl_socket *socket, int family, struct conf_prefix *ret_pool)
{
	struct rules rules;
	int r = read_rules(socket, family, &rules);

	if (r)
		return r;
	ret_pool->family = 0;
	for (size_t i = 0; i < rules.n; i++)
		if (rules.rule[i].kind == KIND_REFUSE)
			*ret_pool = rules.rule[i].from;
	return 0;
}

int rule_is_set(struct mnl_socket *socket, int family, const struct conf_prefix *pool, bool *ret_is)
{
	struct rules rules;
	int r = read_rules(socket, family, &rules);

	if (!r)
		*ret_is = is_right(&rules, pool);
	return r;
}

/* How many of the rules at the end are exactly ours: what was made, but not made room for. */
static size_t count_made(const struct rules *rules, const struct conf_prefix *pool)
{
	const size_t n = pool ? ARRAY_SIZE(wanted) : 1;
	size_t at = rules->n;

	for (size_t i = n; i > 0; i--) {
		const struct rule *r;

		while (at > 0 && rules->rule[at - 1].kind == KIND_OTHER)
			at--;
		if (at == 0)
			return 0;
		r = &rules->rule[--at];
		if (r->kind != wanted[pool ? i - 1 : ARRAY_SIZE(wanted) - 1] ||
		    r->protocol != OUR_PROTOCOL ||
		    (r->kind != KIND_KERNEL && !conf_prefix_equal(&r->from, pool)))
			return 0;
	}
	return rules->n - at;
}

static void put_all(struct nl_batch *batch, int family, const struct conf_prefix *pool)
{
	for (size_t i = pool ? 0 : ARRAY_SIZE(wanted) - 1; i < ARRAY_SIZE(wanted); i++) {
		struct rule new = { .kind = wanted[i], .protocol = OUR_PROTOCOL };

		if (pool)
			new.from = *pool;
		put_rule(batch, RTM_NEWRULE, family, &new);
	}
}

/*
 * New ones first, behind what is there, then what was there goes, each by its
 * description: the kernel removes the first that fits.  The old rules of the
 * same description are the first.
 */
int rule_set(struct mnl_socket *socket, int family, const struct conf_prefix *pool)
{
	struct nl_batch batch;
	struct rules old;
	size_t made;
	int r;

	r = read_rules(socket, family, &old);
	if (r || is_right(&old, pool))
		return r;
	/* Whoever was killed in between has made them already. */
	made = count_made(&old, pool);
	if (made == 0) {
		nl_batch_init(&batch);
		put_all(&batch, family, pool);
		r = nl_commit(socket, &batch, NULL);
	}
	for (size_t i = 0; i < old.n - made && !r; i++) {
		if (old.rule[i].kind == KIND_OTHER)
			continue;
		nl_batch_init(&batch);
		put_rule(&batch, RTM_DELRULE, family, &old.rule[i]);
		r = nl_commit(socket, &batch, NULL);
	}
	return r;
}
