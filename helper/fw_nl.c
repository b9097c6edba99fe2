/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/object.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "conf/base.h"
#include "helper/fw_nl.h"

/* libnftnl writes without asking for room: 64 KB of elements and a little, at the most. */
#define MESSAGE_MAX (128U << 10)

void fw_batch_done(struct fw_batch *batch)
{
	free(batch->bytes);
	free(batch->origins);
}

static void table_free_p(struct nftnl_table **table)
{
	if (*table)
		nftnl_table_free(*table);
}

static void chain_free_p(struct nftnl_chain **chain)
{
	if (*chain)
		nftnl_chain_free(*chain);
}

static void object_free_p(struct nftnl_obj **object)
{
	if (*object)
		nftnl_obj_free(*object);
}

static void set_free_p(struct nftnl_set **set)
{
	if (*set)
		nftnl_set_free(*set);
}

static void rule_free_p(struct nftnl_rule **rule)
{
	if (*rule)
		nftnl_rule_free(*rule);
}

static void elements_done(struct nftnl_set_elems_iter **elements)
{
	if (*elements)
		nftnl_set_elems_iter_destroy(*elements);
}

/* Where the next message goes; NULL: out of memory. */
static char *next_message(struct fw_batch *b, const struct fw_origin *origin)
{
	struct fw_origin *origins;

	origins = reallocarray(b->origins, b->n + 1, sizeof(*origins));
	if (!origins)
		return NULL;
	b->origins = origins;
	b->origins[b->n++] = *origin;
	if (b->room - b->length < MESSAGE_MAX) {
		size_t room = 2 * b->room + MESSAGE_MAX;
		char *bytes = realloc(b->bytes, room);

		if (!bytes)
			return NULL;
		/* What pads an attribute is left as it is by libmnl. */
		memset(bytes + b->length, 0, room - b->length);
		b->bytes = bytes;
		b->room = room;
	}
	b->last = b->length;
	return b->bytes + b->length;
}

static struct nlmsghdr *begin(struct fw_batch *b, uint16_t type, uint16_t flags,
			      const struct fw_origin *origin)
{
	char *bytes = next_message(b, origin);

	if (!bytes)
		return NULL;
	return nftnl_nlmsg_build_hdr(bytes, type, NFPROTO_INET, flags, b->n - 1);
}

static void finish(struct fw_batch *b, const struct nlmsghdr *message)
{
	b->length += MNL_ALIGN(message->nlmsg_len);
}

static int put_edge(struct fw_batch *b, struct nlmsghdr *(*build)(char *bytes, uint32_t number))
{
	const struct fw_origin origin = { "transaction", NULL, NULL };
	char *bytes = next_message(b, &origin);

	if (!bytes)
		return -ENOMEM;
	finish(b, build(bytes, b->n - 1));
	return 0;
}

static int put_table(struct fw_batch *b, const struct fw_table *table, uint16_t type)
{
	_cleanup_(table_free_p) struct nftnl_table *nl = nftnl_table_alloc();
	const struct fw_origin origin = { "table", table->name, NULL };
	struct nlmsghdr *h = begin(b, type, 0, &origin);

	if (!nl || !h || nftnl_table_set_str(nl, NFTNL_TABLE_NAME, table->name) < 0)
		return -ENOMEM;
	nftnl_table_set_u32(nl, NFTNL_TABLE_FAMILY, NFPROTO_INET);
	nftnl_table_nlmsg_build_payload(h, nl);
	finish(b, h);
	return 0;
}

static int put_counter(struct fw_batch *b, const struct fw_table *table, const char *name)
{
	_cleanup_(object_free_p) struct nftnl_obj *nl = nftnl_obj_alloc();
	const struct fw_origin origin = { "counter", name, NULL };
	struct nlmsghdr *h = begin(b, NFT_MSG_NEWOBJ, NLM_F_CREATE, &origin);

	if (!nl || !h)
		return -ENOMEM;
	nftnl_obj_set_u32(nl, NFTNL_OBJ_FAMILY, NFPROTO_INET);
	nftnl_obj_set_str(nl, NFTNL_OBJ_TABLE, table->name);
	nftnl_obj_set_str(nl, NFTNL_OBJ_NAME, name);
	/* Which do not say whether there was memory. */
	if (!nftnl_obj_get_str(nl, NFTNL_OBJ_TABLE) || !nftnl_obj_get_str(nl, NFTNL_OBJ_NAME))
		return -ENOMEM;
	nftnl_obj_set_u32(nl, NFTNL_OBJ_TYPE, NFT_OBJECT_COUNTER);
	nftnl_obj_set_u64(nl, NFTNL_OBJ_CTR_PKTS, 0);
	nftnl_obj_set_u64(nl, NFTNL_OBJ_CTR_BYTES, 0);
	nftnl_obj_nlmsg_build_payload(h, nl);
	finish(b, h);
	return 0;
}

static int set_base(struct nftnl_chain *nl, const struct fw_base *base)
{
	static const uint32_t hooks[] = {
		[FW_HOOK_PREROUTING] = NF_INET_PRE_ROUTING,   [FW_HOOK_INPUT] = NF_INET_LOCAL_IN,
		[FW_HOOK_FORWARD] = NF_INET_FORWARD,          [FW_HOOK_OUTPUT] = NF_INET_LOCAL_OUT,
		[FW_HOOK_POSTROUTING] = NF_INET_POST_ROUTING,
	};

	if (nftnl_chain_set_str(nl, NFTNL_CHAIN_TYPE, base->type) < 0)
		return -ENOMEM;
	nftnl_chain_set_u32(nl, NFTNL_CHAIN_HOOKNUM, hooks[base->hook]);
	nftnl_chain_set_s32(nl, NFTNL_CHAIN_PRIO, base->priority);
	nftnl_chain_set_u32(nl, NFTNL_CHAIN_POLICY, base->drop ? NF_DROP : NF_ACCEPT);
	return 0;
}

static int set_comment(struct nftnl_chain *nl, const char *comment)
{
	struct nftnl_udata_buf *data = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);
	int r = -ENOMEM;

	if (!data)
		return -ENOMEM;
	if (nftnl_udata_put_strz(data, NFTNL_UDATA_CHAIN_COMMENT, comment) &&
	    nftnl_chain_set_data(nl, NFTNL_CHAIN_USERDATA, nftnl_udata_buf_data(data),
				 nftnl_udata_buf_len(data)) == 0)
		r = 0;
	nftnl_udata_buf_free(data);
	return r;
}

static int put_chain(struct fw_batch *b, const struct fw_chain *chain)
{
	_cleanup_(chain_free_p) struct nftnl_chain *nl = nftnl_chain_alloc();
	const struct fw_origin origin = { "chain", chain->name, NULL };
	struct nlmsghdr *h = begin(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE, &origin);

	if (!nl || !h || nftnl_chain_set_str(nl, NFTNL_CHAIN_TABLE, chain->table->name) < 0 ||
	    nftnl_chain_set_str(nl, NFTNL_CHAIN_NAME, chain->name) < 0)
		return -ENOMEM;
	if (chain->base && set_base(nl, chain->base) < 0)
		return -ENOMEM;
	if (chain->comment && set_comment(nl, chain->comment) < 0)
		return -ENOMEM;
	nftnl_chain_nlmsg_build_payload(h, nl);
	finish(b, h);
	return 0;
}

/* One message has room for so many elements only. */
static int put_elements(struct fw_batch *b, struct nftnl_set *nl, const struct fw_origin *origin)
{
	_cleanup_(elements_done) struct nftnl_set_elems_iter *elements = NULL;
	struct nlmsghdr *h;
	int more;

	elements = nftnl_set_elems_iter_create(nl);
	if (!elements)
		return -ENOMEM;
	do {
		h = begin(b, NFT_MSG_NEWSETELEM, NLM_F_CREATE, origin);
		if (!h)
			return -ENOMEM;
		more = nftnl_set_elems_nlmsg_build_payload_iter(h, elements);
		finish(b, h);
	} while (more > 0);
	return more;
}

static int put_set(struct fw_batch *b, const struct fw_set *set)
{
	_cleanup_(set_free_p) struct nftnl_set *nl = fw_nl_set_new(set);
	const struct fw_origin origin = { "set", fw_nl_set_name(set), NULL };
	struct nlmsghdr *h = begin(b, NFT_MSG_NEWSET, NLM_F_CREATE, &origin);

	if (!nl || !h)
		return -ENOMEM;
	nftnl_set_nlmsg_build_payload(h, nl);
	finish(b, h);
	return set->n_elements > 0 ? put_elements(b, nl, &origin) : 0;
}

static int put_rule(struct fw_batch *b, const struct fw_chain *chain, const struct fw_rule *rule)
{
	_cleanup_(rule_free_p) struct nftnl_rule *nl = NULL;
	const struct fw_origin origin = { "chain", chain->name, rule };
	struct nlmsghdr *h;
	int r = 0;

	for (const struct fw_expr *e = rule->exprs; e->kind != FW_END && r == 0; e++) {
		if (e->set && !e->set->name)
			r = put_set(b, e->set);
	}
	if (r < 0)
		return r;
	nl = fw_nl_rule_new(chain, rule);
	h = nl ? begin(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, &origin) : NULL;
	if (!h)
		return -ENOMEM;
	nftnl_rule_nlmsg_build_payload(h, nl);
	finish(b, h);
	return 0;
}

static int put_rules(struct fw_batch *b, const struct fw_chain *chain)
{
	int r = 0;

	for (const struct fw_rule *rule = chain->rules; rule && r == 0; rule = rule->next)
		r = put_rule(b, chain, rule);
	return r;
}

/* Chains come first, as maps and rules lead to them. */
static int put_contents(struct fw_batch *b, const struct fw_table *table)
{
	const struct fw_chain *chain;
	int r = 0;

	for (chain = table->chains; chain && r == 0; chain = chain->next)
		r = put_chain(b, chain);
	for (size_t i = 0; i < table->n_counters && r == 0; i++)
		r = put_counter(b, table, table->counters[i]);
	for (const struct fw_set *set = table->sets; set && r == 0; set = set->next) {
		if (set->name)
			r = put_set(b, set);
	}
	for (chain = table->chains; chain && r == 0; chain = chain->next)
		r = put_rules(b, chain);
	return r;
}

int fw_batch_write(struct fw_batch *b, const struct fw_table *table)
{
	struct nlmsghdr *last;
	int r;

	r = put_edge(b, nftnl_batch_begin);
	/* Only what is there can be deleted, so it is made first. */
	if (r == 0)
		r = put_table(b, table, NFT_MSG_NEWTABLE);
	if (r == 0)
		r = put_table(b, table, NFT_MSG_DELTABLE);
	if (r == 0)
		r = put_table(b, table, NFT_MSG_NEWTABLE);
	if (r == 0)
		r = put_contents(b, table);
	if (r < 0)
		return r;
	last = (void *)(b->bytes + b->last);
	last->nlmsg_flags |= NLM_F_ACK;
	return put_edge(b, nftnl_batch_end);
}
