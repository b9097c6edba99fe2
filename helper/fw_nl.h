/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_FW_NL_H
#define HELPER_FW_NL_H

#include <stdbool.h>
#include <stdint.h>

#include "helper/fw_ir.h"

struct nftnl_expr;
struct nftnl_rule;
struct nftnl_set;

/*
 * The translation of a table to libnftnl's objects, in parts: fw_nl.c makes the
 * messages and sends them, fw_nl_set.c makes sets, fw_nl_rule.c rules and
 * fw_nl_match.c the matches in them.
 */

/* What a message is about, for whom the kernel refuses it. */
struct fw_origin {
	const char *what;
	const char *name;
	const struct fw_rule *rule; /* of the chain name, or NULL */
};

/* A transaction.  Its messages are numbered from 0. */
struct fw_batch {
	char *bytes;
	size_t length;
	size_t room;
	size_t last; /* where the last message starts */
	struct fw_origin *origins; /* of the messages */
	uint32_t n;
};

/* Writes table, in place of the one that is there; of the messages, the last but one is
 * acknowledged. */
int fw_batch_write(struct fw_batch *batch, const struct fw_table *table);
void fw_batch_done(struct fw_batch *batch);

/* The name of a set in messages; one for a rule gets its real name from the kernel. */
const char *fw_nl_set_name(const struct fw_set *set);

/* The set with its elements; NULL: out of memory. */
struct nftnl_set *fw_nl_set_new(const struct fw_set *set);

/* The rule; NULL: out of memory. */
struct nftnl_rule *fw_nl_rule_new(const struct fw_chain *chain, const struct fw_rule *rule);

/* A value as the kernel has it. */
struct fw_value {
	uint8_t bytes[SPAN_WIDTH_MAX];
};
struct fw_value fw_nl_value(enum fw_type type, const uint8_t bytes[SPAN_WIDTH_MAX]);

/* A rule being written. */
struct fw_writer {
	struct nftnl_rule *rule;
	int family; /* that the packet has by now, or 0 */
	uint8_t proto; /* likewise */
	int error; /* 0 or -ENOMEM */
};

/* Adds an expression, which belongs to the rule; NULL: out of memory. */
struct nftnl_expr *fw_nl_add(struct fw_writer *w, const char *name);

/* text is copied; where there is no memory for that, w has the error. */
void fw_nl_set_str(struct fw_writer *w, struct nftnl_expr *expr, uint16_t attribute,
		   const char *text);

/* Registers are one row of bytes; each name is that of an offset in it. */
uint32_t fw_nl_register(size_t offset);

/* Goes on only with packets that have field. */
void fw_nl_require(struct fw_writer *w, enum fw_field field);
/* Loads field, which the packet has, into the registers. */
void fw_nl_load(struct fw_writer *w, enum fw_field field, size_t offset);
/* Changes the first register: its bits of mask are kept, those of toggle inverted. */
void fw_nl_bitwise(struct fw_writer *w, const struct fw_value *mask, const struct fw_value *toggle,
		   unsigned width);

/* Looks for the first register in set.  FW_NL_NO_DATA, or where the map's data goes. */
#define FW_NL_NO_DATA (-1)
void fw_nl_lookup(struct fw_writer *w, const struct fw_set *set, bool negate, int data_register);
/* The same for a field. */
void fw_nl_lookup_field(struct fw_writer *w, const struct fw_expr *e, int data_register);

void fw_nl_match(struct fw_writer *w, const struct fw_expr *e);
void fw_nl_match_set(struct fw_writer *w, const struct fw_expr *e);
void fw_nl_match_bits(struct fw_writer *w, const struct fw_expr *e);

#endif
