/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_FWSET_H
#define HELPER_FWSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"

/*
 * The few changes that a login or logout makes to the firewall table: elements
 * of its sets and maps (see fw.h for the table itself).  One transaction each, in
 * the network namespace of the NETLINK_NETFILTER socket.  All return 0 or a
 * negative errno; -ENOENT means that the table is not there.
 */
struct mnl_socket;

/* Whether the table is there. */
int fwset_probe(struct mnl_socket *netfilter, bool *ret_there);

/* Makes uid one of those whose sockets in the host's network are there by mistake. */
int fwset_add_live(struct mnl_socket *netfilter, uint32_t uid);

/* Whether uid is one of those.  No error when there is no table: then nobody is. */
int fwset_is_live(struct mnl_socket *netfilter, uint32_t uid, bool *ret_is);

/*
 * Leads a port of the host to to_port at address.  -EEXIST: it leads to somebody
 * else; that it does so already is no error.
 */
int fwset_publish(struct mnl_socket *netfilter, const struct conf_publish *publish,
		  const struct conf_prefix *address);

/* Whether it leads there now, to whichever port. */
int fwset_is_published(struct mnl_socket *netfilter, const struct conf_publish *publish,
		       const struct conf_prefix *address, bool *ret_is);

/* Whatever leads to address leads nowhere any more; family 0: nothing does. */
int fwset_unpublish(struct mnl_socket *netfilter, const struct conf_prefix *address);

/*
 * Gives connections from address the block of source ports that uid has, in place
 * of another one.  Without the table, and without "nat ports" in it: -ENOENT.
 */
int fwset_add_block(struct mnl_socket *netfilter, uint16_t ports, uint32_t uid,
		    const struct conf_prefix *address);

/* No error when it is not there, or the table is not. */
int fwset_remove_block(struct mnl_socket *netfilter, const struct conf_prefix *address);
int fwset_remove_live(struct mnl_socket *netfilter, uint32_t uid);

/* What was denied address counts from 0 again; family 0: nothing is done.  As the last one. */
int fwset_forget_denials(struct mnl_socket *netfilter, const struct conf_prefix *address);

/* Removes the table of the network namespace, if there is one. */
int fwset_remove_table(struct mnl_socket *netfilter);

#endif
