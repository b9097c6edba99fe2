/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>

#include "conf/base.h"
#include "helper/fw_ir.h"
#include "helper/fw_nl.h"

/*
 * Each match loads a field into the first register and compares it there, in
 * just the way that nft does it: nft can only list what it recognizes.
 */

enum load_kind {
	LOAD_META,
	LOAD_CT,
	LOAD_FIB,
	LOAD_PAYLOAD,
};

static const struct load {
	enum load_kind kind;
	uint32_t key; /* of the kind; of FIB, the result; of PAYLOAD, the header */
	uint32_t detail; /* of FIB, the flags; of PAYLOAD, the offset */
	uint16_t mask; /* the bits of it that count, or 0: all */
} loads[] = {
	[FW_IIF] = { .kind = LOAD_META, .key = NFT_META_IIF },
	[FW_IIFGROUP] = { .kind = LOAD_META, .key = NFT_META_IIFGROUP },
	[FW_IIFNAME] = { .kind = LOAD_META, .key = NFT_META_IIFNAME },
	[FW_OIFGROUP] = { .kind = LOAD_META, .key = NFT_META_OIFGROUP },
	[FW_OIFNAME] = { .kind = LOAD_META, .key = NFT_META_OIFNAME },
	[FW_SKUID] = { .kind = LOAD_META, .key = NFT_META_SKUID },
	[FW_MARK] = { .kind = LOAD_META, .key = NFT_META_MARK },
	[FW_L4PROTO] = { .kind = LOAD_META, .key = NFT_META_L4PROTO },
	[FW_CT_DIRECTION] = { .kind = LOAD_CT, .key = NFT_CT_DIRECTION },
	[FW_CT_STATE] = { .kind = LOAD_CT, .key = NFT_CT_STATE },
	[FW_CT_STATUS] = { .kind = LOAD_CT, .key = NFT_CT_STATUS },
	[FW_CT_ORIGINAL_DPORT] = { .kind = LOAD_CT, .key = NFT_CT_PROTO_DST },
	[FW_FIB_SOURCE_LINK] = { .kind = LOAD_FIB,
				 .key = NFT_FIB_RESULT_OIF,
				 .detail = NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF | NFTA_FIB_F_PRESENT },
	[FW_FIB_DADDR_TYPE] = { .kind = LOAD_FIB,
				.key = NFT_FIB_RESULT_ADDRTYPE,
				.detail = NFTA_FIB_F_DADDR },
	[FW_IP_SADDR] = { .kind = LOAD_PAYLOAD, .key = NFT_PAYLOAD_NETWORK_HEADER, .detail = 12 },
	[FW_IP_DADDR] = { .kind = LOAD_PAYLOAD, .key = NFT_PAYLOAD_NETWORK_HEADER, .detail = 16 },
	[FW_IP_PROTOCOL] = { .kind = LOAD_PAYLOAD, .key = NFT_PAYLOAD_NETWORK_HEADER, .detail = 9 },
	[FW_IP_HDRLENGTH] = { .kind = LOAD_PAYLOAD,
			      .key = NFT_PAYLOAD_NETWORK_HEADER,
			      .detail = 0,
			      .mask = 0x0f },
	[FW_IP_FRAGMENT] = { .kind = LOAD_PAYLOAD,
			     .key = NFT_PAYLOAD_NETWORK_HEADER,
			     .detail = 6,
			     .mask = 0x3fff },
	[FW_IP6_SADDR] = { .kind = LOAD_PAYLOAD, .key = NFT_PAYLOAD_NETWORK_HEADER, .detail = 8 },
	[FW_IP6_DADDR] = { .kind = LOAD_PAYLOAD, .key = NFT_PAYLOAD_NETWORK_HEADER, .detail = 24 },
	[FW_IP6_NEXTHDR] = { .kind = LOAD_PAYLOAD, .key = NFT_PAYLOAD_NETWORK_HEADER, .detail = 6 },
	[FW_ICMP] = { .kind = LOAD_PAYLOAD, .key = NFT_PAYLOAD_TRANSPORT_HEADER, .detail = 0 },
	[FW_ICMPV6] = { .kind = LOAD_PAYLOAD, .key = NFT_PAYLOAD_TRANSPORT_HEADER, .detail = 0 },
	[FW_TCP_DPORT] = { .kind = LOAD_PAYLOAD, .key = NFT_PAYLOAD_TRANSPORT_HEADER, .detail = 2 },
	[FW_UDP_DPORT] = { .kind = LOAD_PAYLOAD, .key = NFT_PAYLOAD_TRANSPORT_HEADER, .detail = 2 },
	[FW_TH_DPORT] = { .kind = LOAD_PAYLOAD, .key = NFT_PAYLOAD_TRANSPORT_HEADER, .detail = 2 },
};
static_assert(ARRAY_SIZE(loads) == FW_N_FIELDS, "every field can be loaded");

struct nftnl_expr *fw_nl_add(struct fw_writer *w, const char *name)
{
	struct nftnl_expr *expr = nftnl_expr_alloc(name);

	if (expr)
		nftnl_rule_add_expr(w->rule, expr);
	else
		w->error = -ENOMEM;
	return expr;
}

void fw_nl_set_str(struct fw_writer *w, struct nftnl_expr *expr, uint16_t attribute,
		   const char *text)
{
	if (nftnl_expr_set_str(expr, attribute, text) < 0)
		w->error = -ENOMEM;
}

/* What starts sixteen bytes has a name that nft likes better. */
uint32_t fw_nl_register(size_t offset)
{
	if (offset % SPAN_WIDTH_MAX == 0)
		return NFT_REG_1 + (uint32_t)(offset / SPAN_WIDTH_MAX);
	return NFT_REG32_00 + (uint32_t)(offset / FW_REGISTER);
}

static void set_value(struct nftnl_expr *expr, uint16_t attr, const struct fw_value *value,
		      unsigned width)
{
	nftnl_expr_set(expr, attr, value->bytes, width);
}

static void put_compare(struct fw_writer *w, enum nft_cmp_ops op, const struct fw_value *value,
			unsigned width)
{
	struct nftnl_expr *expr = fw_nl_add(w, "cmp");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_OP, op);
	set_value(expr, NFTNL_EXPR_CMP_DATA, value, width);
}

void fw_nl_bitwise(struct fw_writer *w, const struct fw_value *mask, const struct fw_value *toggle,
		   unsigned width)
{
	struct nftnl_expr *expr = fw_nl_add(w, "bitwise");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_LEN, width);
	set_value(expr, NFTNL_EXPR_BITWISE_MASK, mask, width);
	set_value(expr, NFTNL_EXPR_BITWISE_XOR, toggle, width);
}

static void put_mask(struct fw_writer *w, const struct fw_value *mask, unsigned width)
{
	const struct fw_value zero = { { 0 } };

	fw_nl_bitwise(w, mask, &zero, width);
}

static void put_load_meta(struct fw_writer *w, uint32_t key, uint32_t reg)
{
	struct nftnl_expr *expr = fw_nl_add(w, "meta");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_DREG, reg);
}

static void put_load_ct(struct fw_writer *w, uint32_t key, uint32_t reg)
{
	struct nftnl_expr *expr = fw_nl_add(w, "ct");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CT_KEY, key);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CT_DREG, reg);
	if (key == NFT_CT_PROTO_DST)
		nftnl_expr_set_u8(expr, NFTNL_EXPR_CT_DIR, IP_CT_DIR_ORIGINAL);
}

static void put_load_fib(struct fw_writer *w, const struct load *load, uint32_t reg)
{
	struct nftnl_expr *expr = fw_nl_add(w, "fib");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_FIB_RESULT, load->key);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_FIB_FLAGS, load->detail);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_FIB_DREG, reg);
}

static void put_load_payload(struct fw_writer *w, const struct load *load, unsigned width,
			     uint32_t reg)
{
	struct nftnl_expr *expr = fw_nl_add(w, "payload");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_BASE, load->key);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_OFFSET, load->detail);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_LEN, width);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_DREG, reg);
}

/* A header is where its protocol has it only in packets of that protocol. */
void fw_nl_require(struct fw_writer *w, enum fw_field field)
{
	const struct fw_field_info *info = &fw_fields[field];
	struct fw_value value = { { 0 } };

	if (info->family && info->family != w->family) {
		put_load_meta(w, NFT_META_NFPROTO, NFT_REG_1);
		value.bytes[0] = info->family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6;
		put_compare(w, NFT_CMP_EQ, &value, 1);
		w->family = info->family;
	}
	if (info->proto && info->proto != w->proto) {
		put_load_meta(w, NFT_META_L4PROTO, NFT_REG_1);
		value.bytes[0] = info->proto;
		put_compare(w, NFT_CMP_EQ, &value, 1);
		w->proto = info->proto;
	}
}

/* The first width bytes of field, at an offset of the registers. */
static void put_load(struct fw_writer *w, enum fw_field field, unsigned width, size_t offset)
{
	const struct load *load = &loads[field];
	uint32_t reg = fw_nl_register(offset);

	switch (load->kind) {
	case LOAD_META:
		put_load_meta(w, load->key, reg);
		break;
	case LOAD_CT:
		put_load_ct(w, load->key, reg);
		break;
	case LOAD_FIB:
		put_load_fib(w, load, reg);
		break;
	case LOAD_PAYLOAD:
		put_load_payload(w, load, width, reg);
		break;
	}
	if (load->mask) {
		struct span span = span_of_numbers(load->mask, load->mask, width);
		struct fw_value mask = fw_nl_value(fw_fields[field].type, span.first);

		put_mask(w, &mask, width);
	}
}

void fw_nl_load(struct fw_writer *w, enum fw_field field, size_t offset)
{
	put_load(w, field, fw_types[fw_fields[field].type].width, offset);
}

static struct fw_value prefix_mask(enum fw_type type, unsigned length)
{
	uint8_t mask[SPAN_WIDTH_MAX] = { 0 };

	for (unsigned bit = 0; bit < length; bit++)
		mask[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return fw_nl_value(type, mask);
}

static void put_match_prefix(struct fw_writer *w, const struct fw_expr *e, unsigned length)
{
	enum nft_cmp_ops op = e->negate ? NFT_CMP_NEQ : NFT_CMP_EQ;
	enum fw_type type = fw_fields[e->field].type;
	struct fw_value value = fw_nl_value(type, e->span.first);
	unsigned width = fw_types[type].width;

	/* Whole bytes of a header are loaded alone. */
	if (loads[e->field].kind == LOAD_PAYLOAD && length % 8 == 0)
		width = length / 8;
	put_load(w, e->field, width, 0);
	if (length < width * 8) {
		struct fw_value mask = prefix_mask(type, length);

		put_mask(w, &mask, width);
	}
	put_compare(w, op, &value, width);
}

static void put_match_range(struct fw_writer *w, const struct fw_expr *e)
{
	enum fw_type type = fw_fields[e->field].type;
	struct fw_value first = fw_nl_value(type, e->span.first);
	struct fw_value last = fw_nl_value(type, e->span.last);
	unsigned width = fw_types[type].width;

	/* The two comparisons are one only where both must hold, and in network order. */
	assert(!e->negate && !fw_types[type].host_order);
	fw_nl_load(w, e->field, 0);
	put_compare(w, NFT_CMP_GTE, &first, width);
	put_compare(w, NFT_CMP_LTE, &last, width);
}

void fw_nl_match(struct fw_writer *w, const struct fw_expr *e)
{
	const struct fw_type_info *type = &fw_types[fw_fields[e->field].type];
	bool single = span_is_single(&e->span, type->width);
	int length = type->prefixes ? span_prefix_length(&e->span, type->width) : -1;

	fw_nl_require(w, e->field);
	if (single)
		put_match_prefix(w, e, type->width * 8);
	else if (length >= 0)
		put_match_prefix(w, e, (unsigned)length);
	else
		put_match_range(w, e);
	if (e->field == FW_L4PROTO && single && !e->negate)
		w->proto = e->span.first[0];
}

void fw_nl_lookup(struct fw_writer *w, const struct fw_set *set, bool negate, int data_register)
{
	struct nftnl_expr *expr = fw_nl_add(w, "lookup");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	fw_nl_set_str(w, expr, NFTNL_EXPR_LOOKUP_SET, fw_nl_set_name(set));
	nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_SET_ID, set->id);
	if (negate)
		nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
	if (data_register != FW_NL_NO_DATA)
		nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_DREG, (uint32_t)data_register);
}

/* Intervals are kept in network order, whatever the order of the field. */
static void put_byte_order(struct fw_writer *w, unsigned width)
{
	struct nftnl_expr *expr = fw_nl_add(w, "byteorder");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BYTEORDER_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BYTEORDER_DREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BYTEORDER_OP, NFT_BYTEORDER_HTON);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BYTEORDER_LEN, width);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BYTEORDER_SIZE, width);
}

void fw_nl_lookup_field(struct fw_writer *w, const struct fw_expr *e, int data_register)
{
	const struct fw_type_info *type = &fw_types[fw_fields[e->field].type];

	fw_nl_require(w, e->field);
	fw_nl_load(w, e->field, 0);
	if (type->host_order && (e->set->flags & FW_SET_INTERVALS))
		put_byte_order(w, type->width);
	fw_nl_lookup(w, e->set, e->negate, data_register);
}

void fw_nl_match_set(struct fw_writer *w, const struct fw_expr *e)
{
	fw_nl_lookup_field(w, e, FW_NL_NO_DATA);
}

void fw_nl_match_bits(struct fw_writer *w, const struct fw_expr *e)
{
	enum fw_type type = fw_fields[e->field].type;
	unsigned width = fw_types[type].width;
	struct span span = span_of_numbers(e->number, e->number, width);
	struct fw_value bits = fw_nl_value(type, span.first);
	const struct fw_value zero = { { 0 } };

	fw_nl_require(w, e->field);
	fw_nl_load(w, e->field, 0);
	put_mask(w, &bits, width);
	put_compare(w, e->negate ? NFT_CMP_EQ : NFT_CMP_NEQ, &zero, width);
}
