/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "helper/nl.h"
#include "helper/usage.h"
#include "helper/usage_table.h"

/* Values that stand beside others begin at registers. */
#define REGISTER 4U
#define KEY_MAX  (16 + REGISTER + 16 + REGISTER)

struct element {
	uint8_t key[KEY_MAX];
	uint8_t data[16 + REGISTER]; /* of a map */
	uint64_t packets;
	uint64_t bytes;
	uint64_t left_ms; /* until it goes; 0: it stays */
};

struct elements {
	size_t key_length; /* others are not looked at */
	size_t data_length;
	struct element *list;
	size_t n;
	size_t room;
	int error;
};

static const void *value_of(const struct nlattr *attribute, size_t length)
{
	const struct nlattr *parts[TABLE_ATTRIBUTES] = { NULL };

	table_parse_nested(attribute, parts);
	if (!parts[NFTA_DATA_VALUE] || mnl_attr_get_payload_len(parts[NFTA_DATA_VALUE]) != length)
		return NULL;
	return mnl_attr_get_payload(parts[NFTA_DATA_VALUE]);
}

static int add_element(struct elements *elements, const struct element *element)
{
	if (elements->n == elements->room) {
		size_t room = elements->room ? elements->room * 2 : 64;
		struct element *list = reallocarray(elements->list, room, sizeof(*list));

		if (!list)
			return -ENOMEM;
		elements->list = list;
		elements->room = room;
	}
	elements->list[elements->n++] = *element;
	return 0;
}

static int note_expression(const struct nlattr *expression, void *data)
{
	struct element *element = data;

	(void)table_read_counter(expression, &element->packets, &element->bytes);
	return MNL_CB_OK;
}

static int note_element(const struct nlattr *attribute, void *userdata)
{
	const struct nlattr *parts[TABLE_ATTRIBUTES] = { NULL };
	struct elements *elements = userdata;
	struct element element = { 0 };
	const void *key, *data;

	table_parse_nested(attribute, parts);
	key = value_of(parts[NFTA_SET_ELEM_KEY], elements->key_length);
	data = elements->data_length ? value_of(parts[NFTA_SET_ELEM_DATA], elements->data_length)
				     : NULL;
	if (!key || (elements->data_length && !data) || elements->error)
		return MNL_CB_OK;
	memcpy(element.key, key, elements->key_length);
	if (data)
		memcpy(element.data, data, elements->data_length);
	element.left_ms = table_number(parts[NFTA_SET_ELEM_EXPIRATION]);
	if (parts[NFTA_SET_ELEM_EXPR])
		(void)note_expression(parts[NFTA_SET_ELEM_EXPR], &element);
	/* So kernels write it where there are several. */
	if (parts[NFTA_SET_ELEM_EXPRESSIONS])
		(void)mnl_attr_parse_nested(parts[NFTA_SET_ELEM_EXPRESSIONS], note_expression,
					    &element);
	elements->error = add_element(elements, &element);
	return MNL_CB_OK;
}

static void note_elements(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *a[TABLE_ATTRIBUTES] = { NULL };

	table_parse(message, a);
	if (a[NFTA_SET_ELEM_LIST_ELEMENTS])
		(void)mnl_attr_parse_nested(a[NFTA_SET_ELEM_LIST_ELEMENTS], note_element, data);
}

static void restart_elements(void *data)
{
	((struct elements *)data)->n = 0;
}

/* key NULL: all there are. */
static int read_elements(const char *set, const void *key, struct elements *elements)
{
	const struct table_query query = {
		.message = NFT_MSG_GETSETELEM,
		.name = set,
		.key = key,
		.key_length = elements->key_length,
		.dump = !key,
		.fn = note_elements,
		.restart = restart_elements,
		.data = elements,
	};
	int r = table_ask(&query);

	return r ? r : elements->error;
}

static void note_set(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *a[TABLE_ATTRIBUTES] = { NULL };

	table_parse(message, a);
	*(uint64_t *)data = table_number(a[NFTA_SET_TIMEOUT]);
}

static void note_table(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *a[TABLE_ATTRIBUTES] = { NULL };

	table_parse(message, a);
	*(uint64_t *)data = table_number(a[NFTA_TABLE_HANDLE]);
}

int usage_read_table(uint64_t *ret_handle)
{
	uint64_t handle = 0;
	const struct table_query query = {
		.message = NFT_MSG_GETTABLE,
		.fn = note_table,
		.data = &handle,
	};
	int r = table_ask(&query);

	if (!r)
		*ret_handle = handle;
	return r;
}

static int read_timeout(const char *set, uint64_t *ret_ms)
{
	uint64_t ms = 0;
	const struct table_query query = {
		.message = NFT_MSG_GETSET,
		.name = set,
		.fn = note_set,
		.data = &ms,
	};
	int r = table_ask(&query);

	if (!r)
		*ret_ms = ms;
	return r;
}

/*
 * Denials: see add_denied() in fw_compile.c
 */

static const struct denied_set {
	const char *name;
	int family;
	uint8_t icmp; /* the protocol, if it is not in the key */
} denied_sets[] = {
	{ "denied4", AF_INET, 0 },
	{ "denied6", AF_INET6, 0 },
	{ "denied4_icmp", AF_INET, IPPROTO_ICMP },
	{ "denied6_icmp", AF_INET6, IPPROTO_ICMPV6 },
};

static size_t address_length(int family)
{
	return family == AF_INET ? 4 : 16;
}

static struct conf_prefix address_of(int family, const uint8_t *bytes)
{
	struct conf_prefix address = { .family = family };

	address.length = (unsigned)address_length(family) * 8;
	memcpy(address.bytes, bytes, address_length(family));
	return address;
}

static struct usage_denial denial_of(const struct denied_set *set, const struct element *element,
				     uint64_t timeout_ms)
{
	const uint8_t *at = element->key;
	struct usage_denial denial = {
		.source = address_of(set->family, at),
		.proto = set->icmp,
		.packets = element->packets,
		.bytes = element->bytes,
		.age_ms = timeout_ms > element->left_ms ? timeout_ms - element->left_ms : 0,
	};

	at += address_length(set->family);
	if (!set->icmp) {
		denial.proto = *at;
		at += REGISTER;
	}
	denial.destination = address_of(set->family, at);
	at += address_length(set->family);
	denial.port = set->icmp ? *at : (uint16_t)(at[0] << 8 | at[1]);
	return denial;
}

static int each_denial_of(const struct denied_set *set, usage_denial_fn *fn, void *data)
{
	struct elements elements = { 0 };
	uint64_t timeout_ms = 0;
	int r;

	elements.key_length = 2 * address_length(set->family) + REGISTER;
	if (!set->icmp)
		elements.key_length += REGISTER;
	r = read_timeout(set->name, &timeout_ms);
	if (!r)
		r = read_elements(set->name, NULL, &elements);
	for (size_t i = 0; i < elements.n && !r; i++) {
		const struct usage_denial denial = denial_of(set, &elements.list[i], timeout_ms);

		r = fn(data, &denial);
	}
	free(elements.list);
	return r;
}

int usage_each_denial(usage_denial_fn *fn, void *data)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(denied_sets) && !r; i++)
		r = each_denial_of(&denied_sets[i], fn, data);
	return r;
}

/*
 * By source alone: see add_denials() in fw_compile.c
 */

static const char *source_set(int family)
{
	return family == AF_INET ? "denials4" : "denials6";
}

static int each_source_of(int family, usage_source_fn *fn, void *data)
{
	struct elements elements = { .key_length = address_length(family) };
	int r = read_elements(source_set(family), NULL, &elements);

	for (size_t i = 0; i < elements.n && !r; i++) {
		const struct conf_prefix source = address_of(family, elements.list[i].key);

		r = fn(data, &source, elements.list[i].packets);
	}
	free(elements.list);
	return r;
}

int usage_each_source(usage_source_fn *fn, void *data)
{
	int r = each_source_of(AF_INET, fn, data);

	return r ? r : each_source_of(AF_INET6, fn, data);
}

int usage_read_source(const struct conf_prefix *source, uint64_t *ret_packets)
{
	struct elements elements = { .key_length = address_length(source->family) };
	int r = read_elements(source_set(source->family), source->bytes, &elements);

	if (!r || r == -ENOENT)
		*ret_packets = elements.n ? elements.list[0].packets : 0;
	free(elements.list);
	return r == -ENOENT ? 0 : r;
}

/*
 * Published ports: see add_dstnat() in fw_base.c
 */

static const struct port_map {
	const char *name;
	int family;
	uint8_t proto;
} port_maps[] = {
	{ "publish4_tcp", AF_INET, IPPROTO_TCP },
	{ "publish4_udp", AF_INET, IPPROTO_UDP },
	{ "publish6_tcp", AF_INET6, IPPROTO_TCP },
	{ "publish6_udp", AF_INET6, IPPROTO_UDP },
};

static int each_port_of(const struct port_map *map, usage_port_fn *fn, void *data)
{
	size_t length = address_length(map->family);
	struct elements elements = { .key_length = sizeof(uint16_t),
				     .data_length = length + REGISTER };
	int r = read_elements(map->name, NULL, &elements);

	for (size_t i = 0; i < elements.n && !r; i++) {
		const struct element *e = &elements.list[i];
		const struct usage_port port = {
			.address = address_of(map->family, e->data),
			.proto = map->proto,
			.port = (uint16_t)(e->key[0] << 8 | e->key[1]),
			.to_port = (uint16_t)(e->data[length] << 8 | e->data[length + 1]),
		};

		r = fn(data, &port);
	}
	free(elements.list);
	return r;
}

int usage_each_port(usage_port_fn *fn, void *data)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(port_maps) && !r; i++)
		r = each_port_of(&port_maps[i], fn, data);
	return r;
}
