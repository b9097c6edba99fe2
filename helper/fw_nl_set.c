/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include <libnftnl/set.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "conf/base.h"
#include "helper/fw_nl.h"

/* How nft tells, in a set's user data, in which order it wrote the values. */
enum byte_order {
	ORDER_NONE, /* of several values */
	ORDER_HOST,
	ORDER_NETWORK,
};

/* A concatenation of types is a number of six bits for each, the last the lowest. */
#define TYPE_BITS 6

const char *fw_nl_set_name(const struct fw_set *set)
{
	if (set->name)
		return set->name;
	return set->data[0] == FW_TYPE_NONE ? "__set%d" : "__map%d";
}

struct fw_value fw_nl_value(enum fw_type type, const uint8_t bytes[SPAN_WIDTH_MAX])
{
	struct fw_value value;
	struct span span;
	uint32_t number;

	memcpy(value.bytes, bytes, sizeof(value.bytes));
	if (!fw_types[type].host_order || fw_types[type].width != sizeof(number))
		return value;
	memcpy(span.first, bytes, sizeof(span.first));
	number = span_first_number(&span, sizeof(number));
	memcpy(value.bytes, &number, sizeof(number));
	return value;
}

static uint32_t type_id(const enum fw_type *types, size_t n)
{
	uint32_t id = 0;

	for (size_t i = 0; i < n; i++)
		id = id << TYPE_BITS | fw_types[types[i]].id;
	return n > 1 ? id : fw_types[types[0]].id;
}

static uint32_t type_width(const enum fw_type *types, size_t n)
{
	size_t width = 0;

	for (size_t i = 0; i < n; i++)
		width += fw_room(types[i]);
	return n > 1 ? (uint32_t)width : fw_types[types[0]].width;
}

static uint32_t byte_order(const enum fw_type *types, size_t n)
{
	if (n > 1 || types[0] == FW_TYPE_VERDICT)
		return ORDER_NONE;
	return fw_types[types[0]].host_order ? ORDER_HOST : ORDER_NETWORK;
}

static size_t count_data(const struct fw_set *set)
{
	size_t n = 0;

	while (n < ARRAY_SIZE(set->data) && set->data[n] != FW_TYPE_NONE)
		n++;
	return n;
}

static uint32_t set_flags(const struct fw_set *set)
{
	uint32_t flags = 0;

	if (!set->name)
		flags |= NFT_SET_ANONYMOUS | NFT_SET_CONSTANT;
	if (set->flags & FW_SET_INTERVALS)
		flags |= NFT_SET_INTERVAL;
	if (set->flags & FW_SET_DYNAMIC)
		flags |= NFT_SET_EVAL;
	if (set->timeout)
		flags |= NFT_SET_TIMEOUT;
	if (set->data[0] != FW_TYPE_NONE)
		flags |= NFT_SET_MAP;
	return flags;
}

/* Adds the element, which then belongs to the set. */
static int add_element(struct nftnl_set *nl, struct nftnl_set_elem *element)
{
	if (!element)
		return -ENOMEM;
	nftnl_set_elem_add(nl, element);
	return 0;
}

static struct nftnl_set_elem *element_new(const void *key, unsigned width, uint32_t flags)
{
	struct nftnl_set_elem *element = nftnl_set_elem_alloc();

	if (!element)
		return NULL;
	if (flags)
		nftnl_set_elem_set_u32(element, NFTNL_SET_ELEM_FLAGS, flags);
	if (nftnl_set_elem_set(element, NFTNL_SET_ELEM_KEY, key, width) == 0)
		return element;
	nftnl_set_elem_free(element);
	return NULL;
}

static int add_user_data(struct nftnl_udata_buf *data, const struct fw_set *set)
{
	size_t n_data = count_data(set);

	if (!data || !nftnl_udata_put_u32(data, NFTNL_UDATA_SET_KEYBYTEORDER,
					  byte_order(set->key, set->n_keys)))
		return -ENOMEM;
	if (n_data > 0 && !nftnl_udata_put_u32(data, NFTNL_UDATA_SET_DATABYTEORDER,
					       byte_order(set->data, n_data)))
		return -ENOMEM;
	return 0;
}

static int set_user_data(struct nftnl_set *nl, const struct fw_set *set)
{
	struct nftnl_udata_buf *data = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);
	int r = add_user_data(data, set);

	if (r == 0 && nftnl_set_set_data(nl, NFTNL_SET_USERDATA, nftnl_udata_buf_data(data),
					 nftnl_udata_buf_len(data)) < 0)
		r = -ENOMEM;
	if (data)
		nftnl_udata_buf_free(data);
	return r;
}

/* Says that an interval goes up to the highest value there is. */
static int set_open(struct nftnl_set_elem *element)
{
	struct nftnl_udata_buf *data = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);
	int r = -ENOMEM;

	if (!data)
		return -ENOMEM;
	if (nftnl_udata_put_u32(data, NFTNL_UDATA_SET_ELEM_FLAGS, NFTNL_SET_ELEM_F_INTERVAL_OPEN) &&
	    nftnl_set_elem_set(element, NFTNL_SET_ELEM_USERDATA, nftnl_udata_buf_data(data),
			       nftnl_udata_buf_len(data)) == 0)
		r = 0;
	nftnl_udata_buf_free(data);
	return r;
}

/*
 * An interval is an element where it starts and one behind its end, which is
 * missing where nothing is behind.
 */
static int add_interval(struct nftnl_set *nl, const struct span *span, unsigned width)
{
	struct nftnl_set_elem *first = element_new(span->first, width, 0);
	uint8_t next[SPAN_WIDTH_MAX];
	int r;

	r = add_element(nl, first);
	if (r < 0)
		return r;
	memcpy(next, span->last, sizeof(next));
	if (!span_next(next, width))
		return set_open(first);
	return add_element(nl, element_new(next, width, NFT_SET_ELEM_INTERVAL_END));
}

static int add_intervals(struct nftnl_set *nl, const struct fw_set *set)
{
	static const uint8_t zero[SPAN_WIDTH_MAX];
	unsigned width = fw_types[set->key[0]].width;
	int r = 0;

	/* What is below the first interval ends there. */
	if (set->n_elements > 0 && memcmp(set->elements[0].key.first, zero, width) != 0)
		r = add_element(nl, element_new(zero, width, NFT_SET_ELEM_INTERVAL_END));
	for (size_t i = 0; i < set->n_elements && r == 0; i++)
		r = add_interval(nl, &set->elements[i].key, width);
	return r;
}

static int set_data(struct nftnl_set_elem *nl, const struct fw_set *set,
		    const struct fw_element *element)
{
	size_t n = count_data(set);

	if (n == 0)
		return 0;
	if (set->data[0] != FW_TYPE_VERDICT)
		return nftnl_set_elem_set(nl, NFTNL_SET_ELEM_DATA, element->data,
					  type_width(set->data, n));
	nftnl_set_elem_set_u32(nl, NFTNL_SET_ELEM_VERDICT, (uint32_t)NFT_GOTO);
	return nftnl_set_elem_set_str(nl, NFTNL_SET_ELEM_CHAIN, element->chain->name);
}

static int add_values(struct nftnl_set *nl, const struct fw_set *set)
{
	unsigned width = fw_types[set->key[0]].width;

	for (size_t i = 0; i < set->n_elements; i++) {
		struct fw_value key = fw_nl_value(set->key[0], set->elements[i].key.first);
		struct nftnl_set_elem *element = element_new(key.bytes, width, 0);

		if (add_element(nl, element) < 0 || set_data(element, set, &set->elements[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int count_element(struct nftnl_set_elem *element, void *userdata)
{
	(void)element;
	++*(uint32_t *)userdata;
	return 0;
}

/*
 * Lets the kernel choose the quickest way to keep a set that is complete.  The
 * size of a dynamic one is its own affair: said in advance, it would be
 * allocated in advance, a megabyte for each set.
 */
static void set_size(struct nftnl_set *nl, const struct fw_set *set)
{
	uint32_t n = 0;

	if (set->name)
		return;
	nftnl_set_elem_foreach(nl, count_element, &n);
	nftnl_set_set_u32(nl, NFTNL_SET_DESC_SIZE, n);
}

static int fill(struct nftnl_set *nl, const struct fw_set *set)
{
	size_t n_data = count_data(set);
	int r;

	nftnl_set_set_u32(nl, NFTNL_SET_FAMILY, NFPROTO_INET);
	nftnl_set_set_u32(nl, NFTNL_SET_ID, set->id);
	nftnl_set_set_u32(nl, NFTNL_SET_FLAGS, set_flags(set));
	nftnl_set_set_u32(nl, NFTNL_SET_KEY_TYPE, type_id(set->key, set->n_keys));
	nftnl_set_set_u32(nl, NFTNL_SET_KEY_LEN, type_width(set->key, set->n_keys));
	if (n_data > 0) {
		nftnl_set_set_u32(nl, NFTNL_SET_DATA_TYPE, type_id(set->data, n_data));
		nftnl_set_set_u32(nl, NFTNL_SET_DATA_LEN, type_width(set->data, n_data));
	}
	if (set->timeout)
		nftnl_set_set_u64(nl, NFTNL_SET_TIMEOUT, set->timeout * 1000ULL);
	if (nftnl_set_set_str(nl, NFTNL_SET_TABLE, set->table->name) < 0 ||
	    nftnl_set_set_str(nl, NFTNL_SET_NAME, fw_nl_set_name(set)) < 0)
		return -ENOMEM;
	r = set_user_data(nl, set);
	if (r == 0)
		r = set->flags & FW_SET_INTERVALS ? add_intervals(nl, set) : add_values(nl, set);
	set_size(nl, set);
	return r;
}

struct nftnl_set *fw_nl_set_new(const struct fw_set *set)
{
	struct nftnl_set *nl = nftnl_set_alloc();

	if (nl && fill(nl, set) < 0) {
		nftnl_set_free(nl);
		return NULL;
	}
	return nl;
}
