/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "conf/nat.h"
#include "helper/fwset.h"
#include "helper/nl.h"

#define TABLE          "pam_netns"
#define SET_USERS      "live"
#define NAME_MAX_CHAIN 16

/* Every part of a concatenation takes whole registers (nf_tables.h: 4 bytes each). */
#define REGISTER 4
#define KEY_MAX  16
#define DATA_MAX (16 + REGISTER)

/* Published ports of one user in one map that a transaction removes. */
#define FOUND_MAX 48

struct element {
	const char *set;
	uint8_t key[KEY_MAX];
	size_t key_length;
	char chain[NAME_MAX_CHAIN]; /* of a map of verdicts: where to go; "" for others */
	uint8_t data[DATA_MAX]; /* of a map */
	size_t data_length;
};

static struct nlmsghdr *put_message(struct nl_batch *batch, uint16_t type, uint16_t flags,
				    uint8_t family, uint16_t resource)
{
	struct nlmsghdr *h = nl_put(batch, type, flags);
	struct nfgenmsg *nf = mnl_nlmsg_put_extra_header(h, sizeof(*nf));

	nf->nfgen_family = family;
	nf->version = NFNETLINK_V0;
	nf->res_id = htons(resource);
	return h;
}

/* The edges of a transaction are not acknowledged, nfnetlink(7). */
static void put_edge(struct nl_batch *batch, uint16_t type)
{
	struct nlmsghdr *h = put_message(batch, type, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);

	h->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
	nl_expect_no_ack(batch);
}

static void put_goto(struct nlmsghdr *h, const char *chain)
{
	struct nlattr *value = mnl_attr_nest_start(h, NFTA_SET_ELEM_DATA);
	struct nlattr *verdict = mnl_attr_nest_start(h, NFTA_DATA_VERDICT);

	mnl_attr_put_u32(h, NFTA_VERDICT_CODE, htonl((uint32_t)NFT_GOTO));
	mnl_attr_put_strz(h, NFTA_VERDICT_CHAIN, chain);
	mnl_attr_nest_end(h, verdict);
	mnl_attr_nest_end(h, value);
}

static void put_element(struct nl_batch *batch, uint16_t type, const struct element *e)
{
	struct nlmsghdr *h =
		put_message(batch, (NFNL_SUBSYS_NFTABLES << 8) | type,
			    type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0, NFPROTO_INET, 0);
	struct nlattr *list, *elem, *value;

	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, TABLE);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, e->set);
	list = mnl_attr_nest_start(h, NFTA_SET_ELEM_LIST_ELEMENTS);
	elem = mnl_attr_nest_start(h, NFTA_LIST_ELEM);
	value = mnl_attr_nest_start(h, NFTA_SET_ELEM_KEY);
	mnl_attr_put(h, NFTA_DATA_VALUE, e->key_length, e->key);
	mnl_attr_nest_end(h, value);
	if (e->chain[0] && type == NFT_MSG_NEWSETELEM)
		put_goto(h, e->chain);
	if (e->data_length && type == NFT_MSG_NEWSETELEM) {
		value = mnl_attr_nest_start(h, NFTA_SET_ELEM_DATA);
		mnl_attr_put(h, NFTA_DATA_VALUE, e->data_length, e->data);
		mnl_attr_nest_end(h, value);
	}
	mnl_attr_nest_end(h, elem);
	mnl_attr_nest_end(h, list);
}

static const char *const port_sets[2][2] = {
	{ "publish4_tcp", "publish4_udp" },
	{ "publish6_tcp", "publish6_udp" },
};
static const char *const block_sets[2] = { "blocks4", "blocks6" };
static const char *const denial_sets[2] = { "denials4", "denials6" };

static struct element user_element(uint32_t uid)
{
	struct element e = { .set = SET_USERS, .key_length = sizeof(uid) };

	/* The kernel compares meta skuid in the host's byte order. */
	memcpy(e.key, &uid, sizeof(uid));
	return e;
}

static struct element port_element(const struct conf_publish *port,
				   const struct conf_prefix *address)
{
	const uint16_t from = htons(port->port);
	const uint16_t to = htons(port->to_port);
	struct element e = {
		.set = port_sets[address->family == AF_INET6][port->proto == CONF_PROTO_UDP],
		.key_length = sizeof(from),
	};

	memcpy(e.key, &from, sizeof(from));
	e.data_length = address->family == AF_INET6 ? 16 : 4;
	memcpy(e.data, address->bytes, e.data_length);
	memcpy(e.data + e.data_length, &to, sizeof(to));
	e.data_length += REGISTER;
	return e;
}

static int transact(struct mnl_socket *netfilter, uint16_t type, const struct element *elements,
		    size_t n)
{
	struct nl_batch batch;

	nl_batch_init(&batch);
	put_edge(&batch, NFNL_MSG_BATCH_BEGIN);
	for (size_t i = 0; i < n; i++)
		put_element(&batch, type, &elements[i]);
	put_edge(&batch, NFNL_MSG_BATCH_END);
	return nl_commit(netfilter, &batch, NULL);
}

/* The keys of a map that lead to one address. */
struct found {
	const struct conf_prefix *address;
	size_t address_length;
	const char *set;
	struct element elements[FOUND_MAX];
	size_t n;
};

struct parts {
	const struct nlattr *key;
	const struct nlattr *data;
};

static int note_value(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == NFTA_DATA_VALUE)
		*(const struct nlattr **)data = attr;
	return MNL_CB_OK;
}

static int note_part(const struct nlattr *attr, void *data)
{
	struct parts *parts = data;

	if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_KEY)
		return mnl_attr_parse_nested(attr, note_value, &parts->key);
	if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_DATA)
		return mnl_attr_parse_nested(attr, note_value, &parts->data);
	return MNL_CB_OK;
}

static int note_element(const struct nlattr *attr, void *data)
{
	struct parts parts = { NULL, NULL };
	struct found *found = data;
	struct element *e;

	if (mnl_attr_parse_nested(attr, note_part, &parts) < 0)
		return MNL_CB_ERROR;
	if (!parts.key || !parts.data || found->n == FOUND_MAX ||
	    mnl_attr_get_payload_len(parts.key) > KEY_MAX ||
	    mnl_attr_get_payload_len(parts.data) < found->address_length ||
	    memcmp(mnl_attr_get_payload(parts.data), found->address->bytes,
		   found->address_length) != 0)
		return MNL_CB_OK;
	e = &found->elements[found->n++];
	e->set = found->set;
	e->key_length = mnl_attr_get_payload_len(parts.key);
	memcpy(e->key, mnl_attr_get_payload(parts.key), e->key_length);
	return MNL_CB_OK;
}

static int note_list(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_LIST_ELEMENTS)
		return mnl_attr_parse_nested(attr, note_element, data);
	return MNL_CB_OK;
}

static void note_reply(const struct nlmsghdr *h, void *data)
{
	(void)mnl_attr_parse(h, sizeof(struct nfgenmsg), note_list, data);
}

/*
 * Under the user's lock: but for a reload, whose table has what it has seen, nobody
 * else makes a user's elements.
 */
static int remove_ports(struct mnl_socket *netfilter, const char *set,
			const struct conf_prefix *address)
{
	struct found found = { .address = address,
			       .address_length = address->family == AF_INET ? 4 : 16,
			       .set = set };
	struct nl_batch batch;
	struct nlmsghdr *h;
	int r;

	do {
		found.n = 0;
		nl_batch_init(&batch);
		h = put_message(&batch, (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETSETELEM,
				NLM_F_DUMP, NFPROTO_INET, 0);
		mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, TABLE);
		mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, set);
		r = nl_query(netfilter, &batch, note_reply, &found);
		if (!r && found.n)
			r = transact(netfilter, NFT_MSG_DELSETELEM, found.elements, found.n);
	} while (!r && found.n == FOUND_MAX);
	return r == -ENOENT ? 0 : r;
}

/* There is no table, and without nf_tables there cannot be one. */
static int or_no_table(int r)
{
	return r == -EOPNOTSUPP ? -ENOENT : r;
}

int fwset_probe(struct mnl_socket *netfilter, bool *ret_there)
{
	struct nl_batch batch;
	struct nlmsghdr *h;
	int r;

	nl_batch_init(&batch);
	h = put_message(&batch, (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETTABLE, 0, NFPROTO_INET, 0);
	mnl_attr_put_strz(h, NFTA_TABLE_NAME, TABLE);
	r = nl_query(netfilter, &batch, NULL, NULL);
	/* nfnetlink.c: outside of a transaction, this says that there is no nf_tables. */
	if (r == -EINVAL)
		r = -ENOENT;
	if (r && r != -ENOENT)
		return r;
	*ret_there = r == 0;
	return 0;
}

int fwset_add_live(struct mnl_socket *netfilter, uint32_t uid)
{
	const struct element e = user_element(uid);

	return or_no_table(transact(netfilter, NFT_MSG_NEWSETELEM, &e, 1));
}

static int remove_element(struct mnl_socket *netfilter, const struct element *e)
{
	int r = or_no_table(transact(netfilter, NFT_MSG_DELSETELEM, e, 1));

	return r == -ENOENT ? 0 : r;
}

static int find_element(struct mnl_socket *netfilter, const struct element *e, nl_answer_fn *fn,
			void *data, bool *ret_is)
{
	struct nl_batch batch;
	int r;

	nl_batch_init(&batch);
	put_element(&batch, NFT_MSG_GETSETELEM, e);
	r = nl_query(netfilter, &batch, fn, data);
	/* Outside of a transaction, EINVAL says that there is no nf_tables. */
	if (r && r != -ENOENT && r != -EINVAL)
		return r;
	*ret_is = r == 0;
	return 0;
}

int fwset_remove_live(struct mnl_socket *netfilter, uint32_t uid)
{
	const struct element e = user_element(uid);

	return remove_element(netfilter, &e);
}

int fwset_is_live(struct mnl_socket *netfilter, uint32_t uid, bool *ret_is)
{
	const struct element e = user_element(uid);

	return find_element(netfilter, &e, NULL, NULL, ret_is);
}

int fwset_publish(struct mnl_socket *netfilter, const struct conf_publish *publish,
		  const struct conf_prefix *address)
{
	const struct element e = port_element(publish, address);
	int r;

	if (!address->family)
		return 0;
	r = transact(netfilter, NFT_MSG_NEWSETELEM, &e, 1);
	/* It has another value. */
	return r == -EBUSY ? -EEXIST : r;
}

int fwset_is_published(struct mnl_socket *netfilter, const struct conf_publish *publish,
		       const struct conf_prefix *address, bool *ret_is)
{
	const struct element e = port_element(publish, address);
	struct found found = { .address = address,
			       .address_length = address->family == AF_INET ? 4 : 16,
			       .set = e.set };
	bool there = false;
	int r = find_element(netfilter, &e, note_reply, &found, &there);

	if (!r)
		*ret_is = found.n > 0;
	return r;
}

int fwset_unpublish(struct mnl_socket *netfilter, const struct conf_prefix *address)
{
	int r = 0;

	if (!address->family)
		return 0;
	for (size_t p = 0; p < ARRAY_SIZE(port_sets[0]) && !r; p++)
		r = remove_ports(netfilter, port_sets[address->family == AF_INET6][p], address);
	return r;
}

static struct element address_element(const char *const sets[2], const struct conf_prefix *address)
{
	bool v4 = address->family == AF_INET;
	struct element e = { .set = sets[!v4], .key_length = v4 ? 4 : 16 };

	memcpy(e.key, address->bytes, e.key_length);
	return e;
}

int fwset_add_block(struct mnl_socket *netfilter, uint16_t ports, uint32_t uid,
		    const struct conf_prefix *address)
{
	struct element e = address_element(block_sets, address);
	int r;

	if (!address->family)
		return 0;
	snprintf(e.chain, sizeof(e.chain), "ports_%u", conf_nat_block_of(ports, uid).first);
	r = transact(netfilter, NFT_MSG_NEWSETELEM, &e, 1);
	/* Of somebody who had the address, and was removed by half. */
	if (r == -EBUSY || r == -EEXIST) {
		r = transact(netfilter, NFT_MSG_DELSETELEM, &e, 1);
		if (!r)
			r = transact(netfilter, NFT_MSG_NEWSETELEM, &e, 1);
	}
	return or_no_table(r);
}

int fwset_remove_block(struct mnl_socket *netfilter, const struct conf_prefix *address)
{
	const struct element e = address_element(block_sets, address);

	return address->family ? remove_element(netfilter, &e) : 0;
}

/* To look first is cheap; for a transaction that fails the kernel waits for all processors. */
int fwset_forget_denials(struct mnl_socket *netfilter, const struct conf_prefix *address)
{
	const struct element e = address_element(denial_sets, address);
	bool there = false;
	int r = address->family ? find_element(netfilter, &e, NULL, NULL, &there) : 0;

	return r || !there ? r : remove_element(netfilter, &e);
}

int fwset_remove_table(struct mnl_socket *netfilter)
{
	struct nl_batch batch;
	struct nlmsghdr *h;
	int r;

	nl_batch_init(&batch);
	put_edge(&batch, NFNL_MSG_BATCH_BEGIN);
	h = put_message(&batch, (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_DELTABLE, 0, NFPROTO_INET, 0);
	mnl_attr_put_strz(h, NFTA_TABLE_NAME, TABLE);
	put_edge(&batch, NFNL_MSG_BATCH_END);
	r = or_no_table(nl_commit(netfilter, &batch, NULL));
	return r == -ENOENT ? 0 : r;
}
