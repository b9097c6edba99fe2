/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_CONNTRACK_H
#define HELPER_CONNTRACK_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"

struct mnl_socket;

/* A connection-tracking entry, as its first packet had it and as the answers come. */
struct flow {
	int family;
	uint8_t proto; /* IPPROTO_ */
	uint8_t source[16];
	uint8_t destination[16];
	uint16_t source_port; /* host byte order; 0 where there are none */
	uint16_t destination_port;
	uint8_t answerer[16]; /* source of the answers: behind a published port, the session */
	uint16_t answerer_port;
	uint16_t asker_port; /* that answers go to: behind masquerading, the host's */
	bool answered; /* packets have come both ways */
	uint8_t tcp_state; /* TCP_CONNTRACK_ of <linux/netfilter/nf_conntrack_tcp.h>; 0: not TCP */
};

/* Whether more is to come: an entry outlives its connection. */
bool conntrack_is_open(const struct flow *flow);

/*
 * Removes the entries of the addresses in prefix (family 0: none), as the source of
 * flows or of answers, for which doomed returns true (NULL: all of them).  In the host's network
 * namespace, on a NETLINK_NETFILTER socket.  0 or a negative errno.
 */
typedef bool conntrack_doomed_fn(void *data, const struct flow *flow);
int conntrack_forget(struct mnl_socket *netfilter, const struct conf_prefix *prefix,
		     conntrack_doomed_fn *doomed, void *data);

/*
 * Calls fn for each entry of family until it returns something else than 0, which is
 * then returned.  Where entries come and go meanwhile, one may be seen twice, or not at all.
 */
typedef int conntrack_fn(void *data, const struct flow *flow);
int conntrack_list(struct mnl_socket *netfilter, int family, conntrack_fn *fn, void *data);

#endif
