/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_LINK_H
#define HELPER_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf_prefix;
struct mnl_socket;
struct nlattr;
struct nl_batch;

/*
 * Requests about links, addresses, routes, neighbours and queues, each put into
 * a batch for a NETLINK_ROUTE socket; what they do happens, or fails, at
 * nl_commit().  Links are named by index but where it is not known yet.
 */
#define LINK_LOOPBACK   1 /* the index of lo in every network namespace */
#define LINK_MAC_LENGTH 6

struct link_end {
	const char *name;
	uint8_t mac[LINK_MAC_LENGTH];
};

/*
 * A veth pair: ours in the socket's namespace, peer in that of netns_fd.  Both
 * stay down: IFF_UP for the peer in this message would cost an RCU grace period.
 */
void link_put_veth(struct nl_batch *batch, const struct link_end *ours, uint32_t group,
		   const struct link_end *peer, int netns_fd);
void link_put_delete(struct nl_batch *batch, const char *name);

/* One of the IPV4_DEVCONF_ numbers of <linux/ip.h>. */
struct link_devconf {
	uint16_t key;
	uint32_t value;
};

void link_put_settings(struct nl_batch *batch, int index, const struct link_devconf *values,
		       size_t n);

/* The kernel makes no link-local IPv6 address by itself. Fails without IPv6. */
void link_put_no_link_local(struct nl_batch *batch, int index);
void link_put_up(struct nl_batch *batch, int index, const char *alias);
/* alias: NULL leaves it as it is. */
void link_put_group(struct nl_batch *batch, const char *name, uint32_t group, const char *alias);

void link_put_address(struct nl_batch *batch, int index, const struct conf_prefix *address);
void link_put_no_address(struct nl_batch *batch, int index, const struct conf_prefix *address);

/*
 * A route to destination (NULL: the default) by way of gateway (NULL: the
 * destination is on the link itself).  With claim it must be the first one
 * there: -EEXIST otherwise.
 */
void link_put_route(struct nl_batch *batch, int index, const struct conf_prefix *destination,
		    const struct conf_prefix *gateway, int family, bool claim);

void link_put_no_route(struct nl_batch *batch, int index, const struct conf_prefix *destination);

/*
 * ::1 is this machine's when it is asked on the link, too.  What was sent from
 * there, and answered by way of the link, has that destination again.
 */
void link_put_local_loopback(struct nl_batch *batch, int index);

/*
 * The destination of full length that is routed to the link; family 0: none.
 * Asks at once: 0 or a negative errno.
 */
int link_find_route(struct mnl_socket *socket, int family, int index, struct conf_prefix *ret);

/* What has come over a link, as its other end sees it: out is what came in here. */
struct link_traffic {
	uint64_t bytes_out;
	uint64_t bytes_in;
	uint64_t packets_out;
	uint64_t packets_in;
};

#define LINK_ALIAS_MAX 256 /* IFALIASZ */

struct link_view {
	int index;
	uint32_t group;
	struct link_traffic traffic; /* since it was made */
	char alias[LINK_ALIAS_MAX];
};

/* The link, now, by one question.  -ENODEV: there is no such link. */
int link_find(struct mnl_socket *socket, const char *name, struct link_view *ret_view);

/* From IFLA_STATS64; NULL: nothing. */
struct link_traffic link_read_traffic(const struct nlattr *stats);

/* Calls fn for every link, now; a negative errno of fn ends it. */
typedef int link_fn(void *userdata, int index, const char *name, uint32_t group);
int link_for_each(struct mnl_socket *socket, link_fn *fn, void *userdata);

/* What has address answers at mac, for good. */
void link_put_neighbour(struct nl_batch *batch, int index, const struct conf_prefix *address,
			const uint8_t mac[LINK_MAC_LENGTH]);

/* Shapes what the link sends to rate bytes per second (a token bucket filter). */
void link_put_rate(struct nl_batch *batch, int index, uint64_t rate);
void link_put_no_rate(struct nl_batch *batch, int index);

#endif
