/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_FW_BUILD_H
#define HELPER_FW_BUILD_H

#include "conf/conf.h"
#include "helper/fw_ir.h"

struct fw_context;

/* What the parts of the compiler share.  Failures go to the error of the table. */
enum fw_family {
	FW_V4,
	FW_V6,
	FW_N_FAMILIES,
};

struct fw_build {
	const struct conf *conf;
	const struct fw_context *context;
	struct fw_table *table;
	const struct conf_policy **policies; /* that a session can have */
	size_t n_policies;

	/* Chains to go to: */
	struct fw_chain *errors; /* accepts what ICMP tells about connections */
	struct fw_chain *refuse; /* notes and rejects */
	struct fw_chain *discard; /* notes and drops */

	/* Maps from the classes of the policies to their chains. */
	struct fw_set *out;
	struct fw_set *in;
	struct fw_set *host;
	struct fw_set *from_host;

	/* Addresses that are not for all, and the sets made of others so far. */
	struct spans pool[FW_N_FAMILIES];
	struct spans metadata[FW_N_FAMILIES];
	struct spans closed[FW_N_FAMILIES]; /* both */
	const struct fw_set *any[FW_N_FAMILIES]; /* what "any" leaves out */
	const struct fw_set *metadata_set[FW_N_FAMILIES];
	const struct fw_set *private_set[FW_N_FAMILIES];
	const struct fw_set **lists; /* of the conf's lists, each for both families */
};

/* The place of a statement as comments have it: "netns.conf:14". */
struct fw_place {
	char text[96];
};
struct fw_place fw_place(const struct conf_place *place);

/* Takes a result: after a failure the table counts as failed. */
void fw_note(struct fw_table *table, int r);

/* Matches.  Those that are given the table may make a set, and are good for one rule. */
struct fw_expr fw_is_session(enum fw_field field); /* a link */
struct fw_expr fw_is_in_spans(struct fw_table *table, enum fw_field field,
			      const struct spans *spans); /* at least one */
struct fw_expr fw_is_one_of(struct fw_table *table, enum fw_field field, const uint8_t *values,
			    size_t n);
struct fw_expr fw_is_tcp_or_udp(struct fw_table *table);

/* The resolvers of a policy. */
struct fw_dns {
	const struct conf_prefix *servers;
	size_t n_servers;
	bool fixed; /* the policy names them */
	const struct conf_statement *statement; /* or NULL */
};
struct fw_dns fw_dns_of(const struct conf *conf, const struct conf_policy *policy,
			const struct fw_context *context);

/* Those of family, merged.  False: there are none. */
bool fw_add_servers(struct fw_table *table, struct spans *spans, enum fw_family family,
		    const struct conf_prefix *servers, size_t n);

/* The base chains (fw_base.c). */
void fw_add_base(struct fw_build *b);

/*
 * Targets (fw_target.c): the other end of a connection, as a list of matches of
 * which one must hold.  "host" is left out: packets for the machine itself, and
 * from it, have their own chains.
 */
struct fw_end {
	enum fw_field field;
	bool negate;
	const struct fw_set *set; /* NULL: spans, or without any, a session */
	struct spans spans;
};

struct fw_ends {
	struct fw_end *list;
	size_t n;
};

int fw_targets_start(struct fw_build *b);
void fw_targets_done(struct fw_build *b);
void fw_add_ends(struct fw_build *b, enum conf_direction direction,
		 const struct conf_target *targets, size_t n, struct fw_ends *ends);
/* Whether "metadata" means it. */
bool fw_is_metadata(const struct conf_prefix *address);
bool fw_targets_name_host(const struct conf_target *targets, size_t n);
struct fw_expr fw_match_end(struct fw_build *b, const struct fw_end *end);
void fw_ends_done(struct fw_ends *ends);

/* The chains of a policy (fw_policy.c). */
void fw_add_policy(struct fw_build *b, const struct conf_policy *conf);

#endif
