/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_FW_EVAL_H
#define HELPER_FW_EVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helper/fw_ir.h"
#include "helper/span.h"

struct fw_chain;
struct fw_rule;
struct fw_table;

/*
 * What the kernel would do with a packet by a table, and which rule says so, for
 * those who ask without sending one.  It reads the table as nf_tables does, so
 * that only the compiler knows what a configuration means.
 *
 * Chains that translate addresses are run apart (fw_eval_nat()): a packet tells
 * where they have led it.  Limits, of logs and of connections, are taken as not reached.
 */

/* The hooks that a packet passes. */
enum fw_path {
	FW_PATH_FORWARD, /* prerouting, forward, postrouting */
	FW_PATH_INPUT, /* prerouting, input: it is for this machine */
	FW_PATH_OUTPUT, /* output, postrouting: it is from this machine */
};

struct fw_link {
	const char *name; /* NULL: not known, so that no rule matches that asks for it */
	uint32_t group; /* of a session's link, the class of its policy */
};

/* Left at zero is what most packets are: new, and neither translated nor forged. */
struct fw_packet {
	enum fw_path path;
	int family; /* AF_INET or AF_INET6 */
	uint8_t proto; /* above IP */
	uint8_t icmp_type; /* likewise of ICMPv6 */
	uint16_t dport; /* of protocols that have ports */
	uint8_t saddr[SPAN_WIDTH_MAX];
	uint8_t daddr[SPAN_WIDTH_MAX];
	struct fw_link iif; /* but for FW_PATH_OUTPUT */
	struct fw_link oif; /* but for FW_PATH_INPUT */

	/* Whether DNAT has made daddr and dport of what it was sent to, and of what. */
	bool dnat;
	uint16_t original_dport;
	uint8_t original_daddr[SPAN_WIDTH_MAX];
	/*
	 * RTN_UNICAST and so on, of the destination it was sent to.  0: as the path and
	 * the address have it; with dnat, RTN_LOCAL, since that is what is published.
	 */
	uint32_t daddr_type;
	bool spoofed; /* the way back to saddr is not by iif */

	bool confirmed; /* it is not the first of its connection */
	bool reply; /* it goes the other way than the first */
	uint32_t ct_state; /* a bit of NF_CT_STATE_*; 0: new or, if confirmed, established */
	uint32_t mark; /* that it comes with */
	bool has_socket;
	uint32_t skuid; /* whose socket it is */
};

enum fw_verdict {
	FW_VERDICT_ACCEPT,
	FW_VERDICT_DROP,
	FW_VERDICT_REJECT, /* by an ICMP error */
	FW_VERDICT_RESET, /* by a TCP reset */
};

/*
 * How a base chain has ended.  A rule without a comment says little: if one with
 * a comment led to where that stands, by goto or jump, it is named instead.
 */
struct fw_step {
	const struct fw_chain *base;
	const struct fw_chain *chain; /* that the rule stands in */
	const struct fw_rule *rule; /* NULL: no rule, but the policy of base */
};

/* The base chains of a table, as the kernel has them: by hook and priority. */
#define FW_EVAL_BASES_MAX 8U
struct fw_eval {
	const struct fw_chain *bases[FW_EVAL_BASES_MAX];
	size_t n_bases;
};

struct fw_decision {
	enum fw_verdict verdict;
	/* All base chains that the packet came to: each but the last let it pass. */
	struct fw_step steps[FW_EVAL_BASES_MAX];
	size_t n_steps;
};

/* 0, or -E2BIG: the table has more base chains than that.  Nothing is to be freed. */
int fw_eval_init(struct fw_eval *eval, const struct fw_table *table);

/*
 * 0, or -ELOOP: chains lead to each other deeper than the kernel lets them.  What
 * *ret_decision points to belongs to the table.
 */
int fw_eval_packet(const struct fw_eval *eval, const struct fw_packet *packet,
		   struct fw_decision *ret_decision);

/*
 * The step that has to be named: the last of a refusal; of other decisions the
 * first that a rule outside the base chains took, as those of policies do, or
 * else the last.  NULL: the packet came to no chain.
 */
const struct fw_step *fw_decided_by(const struct fw_decision *decision);

/* What the first chain of type nat that translates an address makes of a packet. */
enum fw_nat_kind {
	FW_NAT_NONE,
	FW_NAT_SOURCE, /* it gets an address of this machine */
	FW_NAT_DESTINATION, /* it goes to daddr and dport */
};

struct fw_nat {
	enum fw_nat_kind kind;
	uint8_t daddr[SPAN_WIDTH_MAX];
	uint16_t dport;
};

/* In that hook alone.  -ELOOP as above. */
int fw_eval_nat(const struct fw_table *table, enum fw_hook hook, const struct fw_packet *packet,
		struct fw_nat *ret_nat);

#endif
