/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_FW_IR_H
#define HELPER_FW_IR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/base.h"
#include "helper/span.h"

struct conf_prefix;

/*
 * A firewall table in nftables' terms, before it becomes text (fw_text.c) or
 * messages to the kernel (fw_nl.c).  Nothing in it is particular to our rules.
 *
 * Whoever builds a table need not look at every result: when memory runs out,
 * the table remembers it in its error, and what is built on top has no effect.
 */

/* Types of values.  The table fw_types says how nft calls them. */
enum fw_type {
	FW_TYPE_NONE,
	FW_TYPE_IPV4,
	FW_TYPE_IPV6,
	FW_TYPE_PROTO,
	FW_TYPE_PORT,
	FW_TYPE_ICMP,
	FW_TYPE_ICMPV6,
	FW_TYPE_UID,
	FW_TYPE_LINK,
	FW_TYPE_LINK_NAME,
	FW_TYPE_GROUP,
	FW_TYPE_ADDRESS_TYPE,
	FW_TYPE_DIRECTION,
	FW_TYPE_STATE,
	FW_TYPE_STATUS,
	FW_TYPE_PRESENCE,
	FW_TYPE_MARK,
	FW_TYPE_NUMBER8,
	FW_TYPE_NUMBER16,
	FW_TYPE_NUMBER32,
	FW_TYPE_VERDICT,
	FW_N_TYPES,
};

struct fw_symbol {
	const char *name; /* NULL ends the list */
	uint32_t value;
};

struct fw_type_info {
	const char *name;
	uint32_t id; /* nft's own number, which the kernel only keeps */
	unsigned width;
	bool host_order; /* a number of the kernel's own; others are in network order */
	bool prefixes; /* a span may be written ADDRESS/LENGTH */
	const struct fw_symbol *symbols;
};

extern const struct fw_type_info fw_types[FW_N_TYPES];

/* The bytes that a value takes beside others: whole registers. */
#define FW_REGISTER 4U
size_t fw_room(enum fw_type type);

/* What a packet, its connection or its socket is asked for: see fw_fields. */
enum fw_field {
	FW_IIF,
	FW_IIFGROUP,
	FW_IIFNAME,
	FW_OIFGROUP,
	FW_OIFNAME,
	FW_SKUID,
	FW_MARK,
	FW_L4PROTO,
	FW_CT_DIRECTION,
	FW_CT_STATE,
	FW_CT_STATUS,
	FW_CT_ORIGINAL_DPORT,
	FW_FIB_SOURCE_LINK, /* whether the way back to the source is the link it came by */
	FW_FIB_DADDR_TYPE,
	FW_IP_SADDR,
	FW_IP_DADDR,
	FW_IP_PROTOCOL,
	FW_IP_HDRLENGTH,
	FW_IP_FRAGMENT, /* offset and "more fragments" */
	FW_IP6_SADDR,
	FW_IP6_DADDR,
	FW_IP6_NEXTHDR,
	FW_ICMP,
	FW_ICMPV6,
	FW_TCP_DPORT,
	FW_UDP_DPORT,
	FW_TH_DPORT,
	FW_N_FIELDS,
};

struct fw_field_info {
	const char *text;
	enum fw_type type;
	int family; /* that the packet must have, or 0 */
	uint8_t proto; /* likewise, above IP */
};

extern const struct fw_field_info fw_fields[FW_N_FIELDS];

#define FW_KEYS_MAX          4U
#define FW_DATA_MAX          20U /* an IPv6 address and a port, in whole registers */
#define FW_LIMIT_BURST(rate) (2 * (rate))

struct fw_chain;

struct fw_element {
	struct span key;
	const struct fw_chain *chain; /* of a verdict map: where to go */
	uint8_t data[FW_DATA_MAX]; /* of another map: each value in whole registers */
};

enum fw_set_flags {
	FW_SET_INTERVALS = 1 << 0, /* elements may be more than one value */
	FW_SET_DYNAMIC = 1 << 1, /* packets add the elements */
};

/* A set, or with data a map. Without a name it belongs to the one rule that uses it. */
struct fw_set {
	struct fw_set *next;
	struct fw_table *table;
	char *name;
	uint32_t id; /* its number in the table, from 1 */
	enum fw_type key[FW_KEYS_MAX];
	enum fw_type data[2];
	enum fw_field fields[FW_KEYS_MAX]; /* of a dynamic one: what packets add */
	size_t n_keys;
	unsigned flags;
	uint32_t timeout; /* seconds */
	struct fw_element *elements;
	size_t n_elements;
};

enum fw_expr_kind {
	FW_END, /* of a list of expressions */
	/* matches */
	FW_MATCH, /* field is in span */
	FW_MATCH_SET, /* field is in set */
	FW_MATCH_BITS, /* field has one of the bits of number */
	FW_MATCH_ADDED, /* the fields of set are in it */
	/* statements */
	FW_COUNTER,
	FW_COUNTER_NAMED, /* name */
	FW_LIMIT, /* goes on number times a second, with a burst of twice that */
	FW_LOG, /* name is the prefix */
	FW_SET_MARK, /* sets the bits of number in the mark */
	FW_UPDATE, /* puts the fields of set, with a counter, into it, or counts there */
	FW_LIMIT_CONNECTIONS, /* likewise, and goes on over number connections */
	FW_LIMIT_EACH, /* likewise, and goes on within rate; negated, over it */
	/* verdicts */
	FW_ACCEPT,
	FW_DROP,
	FW_RESET, /* rejects a TCP connection */
	FW_REJECT,
	FW_GOTO, /* chain */
	FW_JUMP, /* chain */
	FW_VMAP, /* what the map set has for field */
	FW_MASQUERADE,
	FW_MASQUERADE_TO, /* with one of the ports in span */
	FW_DNAT, /* to the address span */
	FW_DNAT_MAP, /* to the address and port that the map set has for field */
	FW_DNAT_SPREAD, /* to each of the addresses in the map set in turn */
	FW_N_KINDS,
};

struct fw_rate {
	uint64_t per_minute;
	uint32_t burst;
};

struct fw_expr {
	enum fw_expr_kind kind;
	enum fw_field field;
	bool negate; /* a match: is not; a limit: is over it */
	int family; /* of DNAT */
	uint32_t number;
	struct fw_rate rate;
	const char *name; /* lives as long as the rule is being added, or is static */
	const struct fw_set *set;
	const struct fw_chain *chain;
	struct span span;
};

struct fw_rule {
	struct fw_rule *next;
	struct fw_expr *exprs; /* up to FW_END */
	char *comment; /* or NULL */
	char *log_prefix; /* what the name of FW_LOG points to */
};

enum fw_hook {
	FW_HOOK_PREROUTING,
	FW_HOOK_INPUT,
	FW_HOOK_FORWARD,
	FW_HOOK_OUTPUT,
	FW_HOOK_POSTROUTING,
};

/* What makes a chain a base chain. */
struct fw_base {
	const char *type;
	enum fw_hook hook;
	int priority;
	bool drop; /* its policy */
};

struct fw_chain {
	struct fw_chain *next;
	struct fw_table *table;
	char *name;
	char *comment; /* or NULL */
	const struct fw_base *base; /* static, or NULL */
	struct fw_rule *rules;
	struct fw_rule **rules_end; /* where the next one is linked */
};

/* An inet table. */
struct fw_table {
	const char *name;
	const char **counters; /* static names */
	size_t n_counters;
	struct fw_set *sets;
	struct fw_set **sets_end;
	uint32_t n_sets;
	struct fw_chain *chains;
	struct fw_chain **chains_end;
	int error; /* 0 or a negative errno */
};

struct fw_table *fw_table_new(const char *name);
void fw_table_free(struct fw_table *table);
void fw_table_free_p(struct fw_table **table);

/* All return NULL when memory ran out; the functions that take the result may be given it. */
const char *fw_add_counter(struct fw_table *table, const char *name);
struct fw_chain *fw_add_chain(struct fw_table *table, const struct fw_base *base,
			      const char *comment, const char *format, ...) PRINTF_LIKE(4, 5);
/* format NULL: for one rule.  fw_add_map() with data2 FW_TYPE_NONE has one value. */
struct fw_set *fw_add_set(struct fw_table *table, enum fw_type key, unsigned flags,
			  const char *format, ...) PRINTF_LIKE(4, 5);
struct fw_set *fw_add_map(struct fw_table *table, enum fw_type key, enum fw_type data1,
			  enum fw_type data2, const char *name);
/* timeout 0: what packets add stays. */
struct fw_set *fw_add_dynamic(struct fw_table *table, const enum fw_field *fields, size_t n,
			      uint32_t timeout, const char *format, ...) PRINTF_LIKE(5, 6);

struct fw_set *fw_find_set(const struct fw_table *table, const char *name);
const struct fw_chain *fw_find_chain(const struct fw_table *table, const char *name);

/* A zeroed element to fill, or NULL. */
struct fw_element *fw_add_element(struct fw_set *set);
void fw_add_number(struct fw_set *set, uint32_t number);
void fw_add_name(struct fw_set *set, const char *link);
void fw_add_spans(struct fw_set *set, const struct spans *spans);
void fw_add_goto(struct fw_set *map, uint32_t number, const struct fw_chain *chain);

/* Adds a rule of the expressions up to FW_END; comment may be NULL. */
void fw_add_rule(struct fw_chain *chain, const char *comment, const struct fw_expr *exprs);

/* fw_rule(chain, comment, EXPR, ...) */
#define fw_rule(chain, comment, ...) \
	fw_add_rule(chain, comment, (const struct fw_expr[]){ __VA_ARGS__, { .kind = FW_END } })

/* Expressions. */
struct fw_expr fw_is(enum fw_field field, uint32_t number);
struct fw_expr fw_is_between(enum fw_field field, uint32_t first, uint32_t last);
struct fw_expr fw_is_in(enum fw_field field, const struct span *span);
struct fw_expr fw_is_of(enum fw_field field, const struct fw_set *set);
struct fw_expr fw_is_named(enum fw_field field, const char *link);
struct fw_expr fw_has(enum fw_field field, uint32_t bits);
struct fw_expr fw_not(struct fw_expr match);
struct fw_expr fw_simple(enum fw_expr_kind kind);
struct fw_expr fw_count_as(const char *counter);
struct fw_expr fw_number(enum fw_expr_kind kind, uint32_t number);
struct fw_expr fw_log(const char *prefix);
struct fw_expr fw_update(const struct fw_set *set);
struct fw_expr fw_limit_connections(const struct fw_set *set, uint32_t number);
struct fw_expr fw_limit_each(const struct fw_set *set, struct fw_rate rate);
struct fw_expr fw_is_added(const struct fw_set *set);
struct fw_expr fw_goto(const struct fw_chain *chain);
struct fw_expr fw_jump(const struct fw_chain *chain);
struct fw_expr fw_vmap(enum fw_field field, const struct fw_set *map);
struct fw_expr fw_masquerade_to(uint16_t first, uint16_t last);
struct fw_expr fw_dnat(const struct conf_prefix *address);
struct fw_expr fw_dnat_map(int family, enum fw_field field, const struct fw_set *map);
struct fw_expr fw_dnat_spread(int family, const struct fw_set *map);

#define fw_count()      fw_simple(FW_COUNTER)
#define fw_accept()     fw_simple(FW_ACCEPT)
#define fw_drop()       fw_simple(FW_DROP)
#define fw_reset()      fw_simple(FW_RESET)
#define fw_reject()     fw_simple(FW_REJECT)
#define fw_masquerade() fw_simple(FW_MASQUERADE)

#endif
