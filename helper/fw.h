/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_FW_H
#define HELPER_FW_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "conf/conf.h"

struct diag;

/*
 * The firewall: the configuration as a table "inet pam_netns" of nftables, which
 * is printed or put in force.  Users are found by the group of their link, the
 * class of their policy (class.h), so that no login changes a rule; it only adds
 * elements to
 *
 *   live           uids whose sockets have no business in the host's network
 *   blocks4, blocks6
 *                  an address of a session : where its connections get their source
 *                  ports; only if some policy has "nat ports"
 *   denials4, denials6
 *                  an address of a session, with a counter : packets that were denied;
 *                  packets add the elements, and a logout removes them
 *   publish4_tcp, publish4_udp, publish6_tcp, publish6_udp
 *                  a port of the host : an address of a session . its port
 *
 * All functions return 0 or a negative errno.
 */
#define FW_TABLE "pam_netns"

/* Bits in the mark of a session's packet: it may be routed; it was sent to this machine. */
#define FW_MARK_BIT  0x10000000U
#define FW_MARK_HOST 0x20000000U

struct fw_uids {
	uint32_t first;
	uint32_t last;
};

typedef char fw_link_name[16]; /* IFNAMSIZ */

/* What the table depends on beside the configuration. */
struct fw_context {
	const struct fw_uids *confined; /* who is in the host's network by mistake only */
	size_t n_confined;
	const struct conf_prefix *resolvers; /* of "dns auto" */
	size_t n_resolvers;
	bool restrict_forward4; /* the host forwards for the sessions' sake alone */
	bool restrict_forward6;
	const fw_link_name *routers4; /* but had these links forward what comes in by them */
	size_t n_routers4;
};

struct fw_table;

/* -EINVAL: what cannot be had is in diag. */
int fw_compile(const struct conf *conf, const struct fw_context *context, struct diag *diag,
	       struct fw_table **ret_table);

/*
 * The table of a session's own namespace, which leads questions to a resolver
 * on loopback to the one that the policy has.  NULL when it has none.
 */
int fw_compile_session(const struct conf *conf, const struct conf_policy *policy,
		       const struct fw_context *context, struct fw_table **ret_table);
void fw_free(struct fw_table *table);
void fw_free_p(struct fw_table **table);

/*
 * What is live now, before the table is put in force in place of another.  -EEXIST:
 * the port is published already.
 */
int fw_add_live(struct fw_table *table, uint32_t uid);
int fw_add_published(struct fw_table *table, const struct conf_publish *publish,
		     const struct conf_prefix *address);

/* The block of source ports of uid.  -ENOENT: the table has no such blocks. */
int fw_add_block(struct fw_table *table, uint16_t ports, uint32_t uid,
		 const struct conf_prefix *address);

/* As nft reads it: in one transaction, in place of the table that is there. */
int fw_print(const struct fw_table *table, FILE *out);

/*
 * Puts table in force in the thread's network namespace: all at once or, on a
 * failure, nothing.  *ret_culprit then is what the kernel refused ("rule
 * netns.conf:14 in chain out_web"), or NULL; it is freed by the caller.
 */
int fw_commit(const struct fw_table *table, char **ret_culprit);

/*
 * What fw_commit() sends: bytes that may be written to any number of netlink
 * sockets (NETLINK_NETFILTER), each in one go.  The message before the last asks
 * for an acknowledgement.
 */
int fw_serialize(const struct fw_table *table, char **ret_bytes, size_t *ret_length);

#endif
