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
};

/*
 * Removes the entries of the addresses in prefix (family 0: none), as the source of
 * flows or of answers, for which doomed returns true (NULL: all of them).  In the host's network
 * namespace, on a NETLINK_NETFILTER socket.  0 or a negative errno.
 */
typedef bool conntrack_doomed_fn(void *data, const struct flow *flow);
int conntrack_forget(struct mnl_socket *netfilter, const struct conf_prefix *prefix,
		     conntrack_doomed_fn *doomed, void *data);

#endif
