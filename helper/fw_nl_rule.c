/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>

#include "conf/base.h"
#include "helper/fw_nl.h"

static void put_counter(struct fw_writer *w, const struct fw_expr *e)
{
	struct nftnl_expr *expr = fw_nl_add(w, "counter");

	(void)e;
	if (!expr)
		return;
	nftnl_expr_set_u64(expr, NFTNL_EXPR_CTR_PACKETS, 0);
	nftnl_expr_set_u64(expr, NFTNL_EXPR_CTR_BYTES, 0);
}

static void put_counter_named(struct fw_writer *w, const struct fw_expr *e)
{
	struct nftnl_expr *expr = fw_nl_add(w, "objref");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
	fw_nl_set_str(w, expr, NFTNL_EXPR_OBJREF_IMM_NAME, e->name);
}

static void set_limit(struct nftnl_expr *expr, uint64_t rate, uint64_t seconds, uint32_t burst,
		      bool over)
{
	nftnl_expr_set_u64(expr, NFTNL_EXPR_LIMIT_RATE, rate);
	nftnl_expr_set_u64(expr, NFTNL_EXPR_LIMIT_UNIT, seconds);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_LIMIT_BURST, burst);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_LIMIT_FLAGS, over ? NFT_LIMIT_F_INV : 0);
}

static void put_limit(struct fw_writer *w, const struct fw_expr *e)
{
	struct nftnl_expr *expr = fw_nl_add(w, "limit");

	if (expr)
		set_limit(expr, e->number, 1, FW_LIMIT_BURST(e->number), false);
}

static void put_log(struct fw_writer *w, const struct fw_expr *e)
{
	struct nftnl_expr *expr = fw_nl_add(w, "log");

	if (expr)
		fw_nl_set_str(w, expr, NFTNL_EXPR_LOG_PREFIX, e->name);
}

static void put_mark(struct fw_writer *w, const struct fw_expr *e)
{
	struct fw_value keep = { { 0 } }, set = { { 0 } };
	uint32_t others = ~e->number;
	struct nftnl_expr *expr;

	expr = fw_nl_add(w, "meta");
	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_KEY, NFT_META_MARK);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_DREG, NFT_REG_1);

	memcpy(keep.bytes, &others, sizeof(others));
	memcpy(set.bytes, &e->number, sizeof(e->number));
	fw_nl_bitwise(w, &keep, &set, sizeof(e->number));

	expr = fw_nl_add(w, "meta");
	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_KEY, NFT_META_MARK);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_SREG, NFT_REG_1);
}

/* What an element starts with when a packet adds it. */
static struct nftnl_expr *element_expr_new(const struct fw_expr *e)
{
	static const char *const names[FW_N_KINDS] = {
		[FW_UPDATE] = "counter",
		[FW_LIMIT_CONNECTIONS] = "connlimit",
		[FW_LIMIT_EACH] = "limit",
	};
	struct nftnl_expr *expr = nftnl_expr_alloc(names[e->kind]);

	if (!expr)
		return NULL;
	if (e->kind == FW_UPDATE) {
		nftnl_expr_set_u64(expr, NFTNL_EXPR_CTR_PACKETS, 0);
		nftnl_expr_set_u64(expr, NFTNL_EXPR_CTR_BYTES, 0);
	} else if (e->kind == FW_LIMIT_EACH) {
		set_limit(expr, e->rate.per_minute, 60, e->rate.burst, e->negate);
	} else {
		nftnl_expr_set_u32(expr, NFTNL_EXPR_CONNLIMIT_COUNT, e->number);
		nftnl_expr_set_u32(expr, NFTNL_EXPR_CONNLIMIT_FLAGS, NFT_CONNLIMIT_F_INV);
	}
	return expr;
}

static void put_dynset(struct fw_writer *w, const struct fw_expr *e)
{
	struct nftnl_expr *expr = fw_nl_add(w, "dynset");
	struct nftnl_expr *inner = element_expr_new(e);

	if (!expr || !inner) {
		if (inner)
			nftnl_expr_free(inner);
		w->error = -ENOMEM;
		return;
	}
	nftnl_expr_set_u32(expr, NFTNL_EXPR_DYNSET_SREG_KEY, NFT_REG_1);
	/* Both count in an element that is there; to update is to renew its timeout as well. */
	nftnl_expr_set_u32(expr, NFTNL_EXPR_DYNSET_OP,
			   e->set->timeout ? NFT_DYNSET_OP_UPDATE : NFT_DYNSET_OP_ADD);
	fw_nl_set_str(w, expr, NFTNL_EXPR_DYNSET_SET_NAME, fw_nl_set_name(e->set));
	nftnl_expr_set_u32(expr, NFTNL_EXPR_DYNSET_SET_ID, e->set->id);
	nftnl_expr_set(expr, NFTNL_EXPR_DYNSET_EXPR, inner, 0);
}

static void load_fields(struct fw_writer *w, const struct fw_set *set)
{
	size_t offset = 0;

	for (size_t i = 0; i < set->n_keys; i++)
		fw_nl_require(w, set->fields[i]);
	for (size_t i = 0; i < set->n_keys; i++) {
		fw_nl_load(w, set->fields[i], offset);
		offset += fw_room(set->key[i]);
	}
}

static void put_update(struct fw_writer *w, const struct fw_expr *e)
{
	load_fields(w, e->set);
	put_dynset(w, e);
}

static void put_match_added(struct fw_writer *w, const struct fw_expr *e)
{
	load_fields(w, e->set);
	fw_nl_lookup(w, e->set, e->negate, FW_NL_NO_DATA);
}

static void put_immediate(struct fw_writer *w, int verdict, const struct fw_chain *chain)
{
	struct nftnl_expr *expr = fw_nl_add(w, "immediate");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdict);
	if (chain)
		fw_nl_set_str(w, expr, NFTNL_EXPR_IMM_CHAIN, chain->name);
}

static void put_verdict(struct fw_writer *w, const struct fw_expr *e)
{
	if (e->kind == FW_ACCEPT)
		put_immediate(w, NF_ACCEPT, NULL);
	else if (e->kind == FW_DROP)
		put_immediate(w, NF_DROP, NULL);
	else
		put_immediate(w, e->kind == FW_GOTO ? NFT_GOTO : NFT_JUMP, e->chain);
}

static void put_reject(struct fw_writer *w, const struct fw_expr *e)
{
	bool reset = e->kind == FW_RESET;
	struct nftnl_expr *expr;

	expr = fw_nl_add(w, "reject");
	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_REJECT_TYPE,
			   reset ? NFT_REJECT_TCP_RST : NFT_REJECT_ICMPX_UNREACH);
	nftnl_expr_set_u8(expr, NFTNL_EXPR_REJECT_CODE,
			  reset ? 0 : NFT_REJECT_ICMPX_ADMIN_PROHIBITED);
}

static void put_vmap(struct fw_writer *w, const struct fw_expr *e)
{
	fw_nl_lookup_field(w, e, NFT_REG_VERDICT);
}

static void put_masquerade(struct fw_writer *w, const struct fw_expr *e)
{
	(void)e;
	(void)fw_nl_add(w, "masq");
}

static void put_port(struct fw_writer *w, uint32_t reg, const uint8_t *port)
{
	struct nftnl_expr *expr = fw_nl_add(w, "immediate");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_DREG, reg);
	nftnl_expr_set(expr, NFTNL_EXPR_IMM_DATA, port, sizeof(uint16_t));
}

static void put_masquerade_to(struct fw_writer *w, const struct fw_expr *e)
{
	uint32_t first = fw_nl_register(0);
	uint32_t last = fw_nl_register(SPAN_WIDTH_MAX); /* as nft does */
	struct nftnl_expr *expr;

	put_port(w, first, e->span.first);
	put_port(w, last, e->span.last);
	expr = fw_nl_add(w, "masq");
	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_MASQ_FLAGS, NF_NAT_RANGE_PROTO_SPECIFIED);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_MASQ_REG_PROTO_MIN, first);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_MASQ_REG_PROTO_MAX, last);
}

/* To the address in the first registers, and the port behind it. */
static void put_nat(struct fw_writer *w, int family, bool with_port)
{
	struct nftnl_expr *expr = fw_nl_add(w, "nat");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_NAT_FAMILY,
			   family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_NAT_REG_ADDR_MIN, NFT_REG_1);
	if (with_port)
		nftnl_expr_set_u32(expr, NFTNL_EXPR_NAT_REG_PROTO_MIN,
				   fw_nl_register(family == AF_INET ? 4 : 16));
}

static void put_dnat(struct fw_writer *w, const struct fw_expr *e)
{
	struct nftnl_expr *expr = fw_nl_add(w, "immediate");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_DREG, NFT_REG_1);
	nftnl_expr_set(expr, NFTNL_EXPR_IMM_DATA, e->span.first, e->family == AF_INET ? 4 : 16);
	put_nat(w, e->family, false);
}

static void put_dnat_map(struct fw_writer *w, const struct fw_expr *e)
{
	fw_nl_lookup_field(w, e, NFT_REG_1);
	put_nat(w, e->family, true);
}

static void put_dnat_spread(struct fw_writer *w, const struct fw_expr *e)
{
	struct nftnl_expr *expr = fw_nl_add(w, "numgen");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_NG_DREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_NG_TYPE, NFT_NG_INCREMENTAL);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_NG_MODULUS, (uint32_t)e->set->n_elements);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_NG_OFFSET, 0);
	fw_nl_lookup(w, e->set, false, NFT_REG_1);
	put_nat(w, e->family, false);
}

typedef void put_fn(struct fw_writer *w, const struct fw_expr *e);

static put_fn *const put_kinds[] = {
	[FW_END] = NULL,
	[FW_MATCH] = fw_nl_match,
	[FW_MATCH_SET] = fw_nl_match_set,
	[FW_MATCH_BITS] = fw_nl_match_bits,
	[FW_MATCH_ADDED] = put_match_added,
	[FW_COUNTER] = put_counter,
	[FW_COUNTER_NAMED] = put_counter_named,
	[FW_LIMIT] = put_limit,
	[FW_LOG] = put_log,
	[FW_SET_MARK] = put_mark,
	[FW_UPDATE] = put_update,
	[FW_LIMIT_CONNECTIONS] = put_update,
	[FW_LIMIT_EACH] = put_update,
	[FW_ACCEPT] = put_verdict,
	[FW_DROP] = put_verdict,
	[FW_RESET] = put_reject,
	[FW_REJECT] = put_reject,
	[FW_GOTO] = put_verdict,
	[FW_JUMP] = put_verdict,
	[FW_VMAP] = put_vmap,
	[FW_MASQUERADE] = put_masquerade,
	[FW_MASQUERADE_TO] = put_masquerade_to,
	[FW_DNAT] = put_dnat,
	[FW_DNAT_MAP] = put_dnat_map,
	[FW_DNAT_SPREAD] = put_dnat_spread,
};
static_assert(ARRAY_SIZE(put_kinds) == FW_N_KINDS, "every kind can be written");

static int set_comment(struct nftnl_rule *nl, const char *comment)
{
	struct nftnl_udata_buf *data = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);
	int r = -ENOMEM;

	if (!data)
		return -ENOMEM;
	if (nftnl_udata_put_strz(data, NFTNL_UDATA_RULE_COMMENT, comment) &&
	    nftnl_rule_set_data(nl, NFTNL_RULE_USERDATA, nftnl_udata_buf_data(data),
				nftnl_udata_buf_len(data)) == 0)
		r = 0;
	nftnl_udata_buf_free(data);
	return r;
}

struct nftnl_rule *fw_nl_rule_new(const struct fw_chain *chain, const struct fw_rule *rule)
{
	struct fw_writer w = { .rule = nftnl_rule_alloc() };

	if (!w.rule)
		return NULL;
	nftnl_rule_set_u32(w.rule, NFTNL_RULE_FAMILY, NFPROTO_INET);
	if (nftnl_rule_set_str(w.rule, NFTNL_RULE_TABLE, chain->table->name) < 0 ||
	    nftnl_rule_set_str(w.rule, NFTNL_RULE_CHAIN, chain->name) < 0)
		w.error = -ENOMEM;
	for (const struct fw_expr *e = rule->exprs; e->kind != FW_END; e++)
		put_kinds[e->kind](&w, e);
	if (!w.error && rule->comment)
		w.error = set_comment(w.rule, rule->comment);
	if (!w.error)
		return w.rule;
	nftnl_rule_free(w.rule);
	return NULL;
}
