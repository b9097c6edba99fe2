/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "conf/base.h"
#include "helper/nl.h"
#include "helper/usage.h"
#include "helper/usage_table.h"

/* A table that is replaced while it is read is read again. */
#define ATTEMPTS 20

/* Whatever is asked for, its table and its name have these numbers. */
#define ATTRIBUTE_TABLE 1
#define ATTRIBUTE_NAME  2
_Static_assert(ATTRIBUTE_TABLE == NFTA_RULE_TABLE && ATTRIBUTE_TABLE == NFTA_OBJ_TABLE &&
		       ATTRIBUTE_TABLE == NFTA_SET_TABLE &&
		       ATTRIBUTE_TABLE == NFTA_SET_ELEM_LIST_TABLE,
	       "tables");
_Static_assert(ATTRIBUTE_NAME == NFTA_OBJ_NAME && ATTRIBUTE_NAME == NFTA_SET_NAME &&
		       ATTRIBUTE_NAME == NFTA_SET_ELEM_LIST_SET,
	       "names");

/* How nft writes what it keeps of a rule: a kind, a length, and so many bytes. */
#define KEPT_COMMENT 0
#define KEPT_HEADER  2

static int note_attribute(const struct nlattr *attr, void *data)
{
	const struct nlattr **attributes = data;

	if (mnl_attr_get_type(attr) < TABLE_ATTRIBUTES)
		attributes[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

void table_parse(const struct nlmsghdr *message, const struct nlattr *attributes[TABLE_ATTRIBUTES])
{
	(void)mnl_attr_parse(message, sizeof(struct nfgenmsg), note_attribute, attributes);
}

void table_parse_nested(const struct nlattr *nest,
			const struct nlattr *attributes[TABLE_ATTRIBUTES])
{
	if (nest)
		(void)mnl_attr_parse_nested(nest, note_attribute, attributes);
}

uint64_t table_number(const struct nlattr *attribute)
{
	uint64_t value = 0;

	/* Where it stands, no number of 64 bits need be able to. */
	if (attribute && mnl_attr_get_payload_len(attribute) == sizeof(value))
		memcpy(&value, mnl_attr_get_payload(attribute), sizeof(value));
	return be64toh(value);
}

static const char *text_of(const struct nlattr *attribute)
{
	return attribute && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0
		       ? mnl_attr_get_str(attribute)
		       : "";
}

bool table_read_counter(const struct nlattr *expression, uint64_t *ret_packets, uint64_t *ret_bytes)
{
	const struct nlattr *parts[TABLE_ATTRIBUTES] = { NULL };
	const struct nlattr *values[TABLE_ATTRIBUTES] = { NULL };

	table_parse_nested(expression, parts);
	if (strcmp(text_of(parts[NFTA_EXPR_NAME]), "counter") != 0)
		return false;
	table_parse_nested(parts[NFTA_EXPR_DATA], values);
	*ret_packets = table_number(values[NFTA_COUNTER_PACKETS]);
	*ret_bytes = table_number(values[NFTA_COUNTER_BYTES]);
	return true;
}

static void put_key(struct nlmsghdr *h, const struct table_query *query)
{
	struct nlattr *list = mnl_attr_nest_start(h, NFTA_SET_ELEM_LIST_ELEMENTS);
	struct nlattr *element = mnl_attr_nest_start(h, NFTA_LIST_ELEM);
	struct nlattr *key = mnl_attr_nest_start(h, NFTA_SET_ELEM_KEY);

	mnl_attr_put(h, NFTA_DATA_VALUE, query->key_length, query->key);
	mnl_attr_nest_end(h, key);
	mnl_attr_nest_end(h, element);
	mnl_attr_nest_end(h, list);
}

static int ask_once(struct mnl_socket *socket, const struct table_query *query)
{
	struct nl_batch batch;
	struct nlmsghdr *h;
	struct nfgenmsg *nf;

	nl_batch_init(&batch);
	h = nl_put(&batch, (uint16_t)((NFNL_SUBSYS_NFTABLES << 8) | query->message),
		   query->dump ? NLM_F_DUMP : 0);
	nf = mnl_nlmsg_put_extra_header(h, sizeof(*nf));
	nf->nfgen_family = NFPROTO_INET;
	nf->version = NFNETLINK_V0;
	mnl_attr_put_strz(h, ATTRIBUTE_TABLE, TABLE_NAME);
	if (query->name)
		mnl_attr_put_strz(h, ATTRIBUTE_NAME, query->name);
	if (query->key)
		put_key(h, query);
	if (query->type)
		mnl_attr_put_u32(h, NFTA_OBJ_TYPE, htonl(query->type));
	return nl_query(socket, &batch, query->fn, query->data);
}

int table_ask(const struct table_query *query)
{
	_cleanup_(nl_close_p) struct mnl_socket *socket = NULL;
	int r;

	r = nl_open(NETLINK_NETFILTER, &socket);
	if (r)
		return r;
	r = ask_once(socket, query);
	for (unsigned i = 1; i < ATTEMPTS && r == -EINTR; i++) {
		if (query->restart)
			query->restart(query->data);
		r = ask_once(socket, query);
	}
	/* nfnetlink.c: outside of a transaction, this says that there is no nf_tables. */
	return r == -EINVAL || r == -EOPNOTSUPP ? -ENOENT : r;
}

/*
 * Rules
 */

struct reading {
	struct usage_rules rules;
	size_t room;
	int error;
};

static void restart_rules(void *data)
{
	struct reading *reading = data;

	usage_rules_done(&reading->rules);
	reading->room = 0;
}

/* "" if there is none; the caller's to free. */
static char *read_comment(const struct nlattr *kept)
{
	const unsigned char *bytes = kept ? mnl_attr_get_payload(kept) : NULL;
	size_t left = kept ? mnl_attr_get_payload_len(kept) : 0;

	while (left >= KEPT_HEADER && left - KEPT_HEADER >= bytes[1]) {
		if (bytes[0] == KEPT_COMMENT)
			return strndup((const char *)bytes + KEPT_HEADER, bytes[1]);
		left -= KEPT_HEADER + bytes[1];
		bytes += KEPT_HEADER + bytes[1];
	}
	return strdup("");
}

struct expressions {
	struct usage_rule *rule;
	bool counts;
};

static int note_expression(const struct nlattr *expression, void *data)
{
	struct expressions *e = data;

	e->counts |= table_read_counter(expression, &e->rule->packets, &e->rule->bytes);
	return MNL_CB_OK;
}

static bool find_counter(const struct nlattr *expressions, struct usage_rule *rule)
{
	struct expressions found = { .rule = rule };

	if (expressions)
		(void)mnl_attr_parse_nested(expressions, note_expression, &found);
	return found.counts;
}

static int add_rule(struct reading *reading, const struct usage_rule *rule)
{
	struct usage_rules *rules = &reading->rules;

	if (rules->n == reading->room) {
		size_t room = reading->room ? reading->room * 2 : 64;
		struct usage_rule *list = reallocarray(rules->list, room, sizeof(*list));

		if (!list)
			return -ENOMEM;
		rules->list = list;
		reading->room = room;
	}
	rules->list[rules->n++] = *rule;
	return 0;
}

static void note_rule(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *a[TABLE_ATTRIBUTES] = { NULL };
	struct reading *reading = data;
	struct usage_rule rule = { 0 };

	table_parse(message, a);
	/* The kernel has sent the rules of all tables if it does not know how to choose. */
	if (reading->error || strcmp(text_of(a[NFTA_RULE_TABLE]), TABLE_NAME) != 0 ||
	    !find_counter(a[NFTA_RULE_EXPRESSIONS], &rule))
		return;
	rule.chain = strdup(text_of(a[NFTA_RULE_CHAIN]));
	rule.comment = read_comment(a[NFTA_RULE_USERDATA]);
	reading->error = rule.chain && rule.comment ? add_rule(reading, &rule) : -ENOMEM;
	if (reading->error) {
		free(rule.chain);
		free(rule.comment);
	}
}

int usage_read_rules(struct usage_rules *ret_rules)
{
	struct reading reading = { 0 };
	const struct table_query query = {
		.message = NFT_MSG_GETRULE,
		.dump = true,
		.fn = note_rule,
		.restart = restart_rules,
		.data = &reading,
	};
	int r = table_ask(&query);

	if (!r)
		r = reading.error;
	/* A dump of what is not there is an empty one; our table has always some. */
	if (!r && reading.rules.n == 0)
		r = -ENOENT;
	if (r) {
		usage_rules_done(&reading.rules);
		return r;
	}
	*ret_rules = reading.rules;
	return 0;
}

void usage_rules_done(struct usage_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++) {
		free(rules->list[i].chain);
		free(rules->list[i].comment);
	}
	free(rules->list);
	*rules = (struct usage_rules){ 0 };
}

/*
 * Counters
 */

struct counter {
	uint64_t packets;
	uint64_t bytes;
};

static void note_counter(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *a[TABLE_ATTRIBUTES] = { NULL };
	const struct nlattr *values[TABLE_ATTRIBUTES] = { NULL };
	struct counter *counter = data;

	table_parse(message, a);
	table_parse_nested(a[NFTA_OBJ_DATA], values);
	counter->packets = table_number(values[NFTA_COUNTER_PACKETS]);
	counter->bytes = table_number(values[NFTA_COUNTER_BYTES]);
}

int usage_read_counter(const char *name, uint64_t *ret_packets, uint64_t *ret_bytes)
{
	struct counter counter = { 0 };
	const struct table_query query = {
		.message = NFT_MSG_GETOBJ,
		.name = name,
		.type = NFT_OBJECT_COUNTER,
		.fn = note_counter,
		.data = &counter,
	};
	int r = table_ask(&query);

	if (r)
		return r;
	*ret_packets = counter.packets;
	*ret_bytes = counter.bytes;
	return 0;
}
