/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_USAGE_H
#define HELPER_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "helper/link.h"
#include "helper/veth.h"

/*
 * Who has a network of their own now, and what they do with it, read from the
 * kernel at once for all of them: pins, links, routes, processes, the firewall's
 * table and connection tracking, each by one dump.  For netnsctl, as root and in
 * the host's network namespace.  All return 0 or a negative errno.
 */

struct usage {
	uint32_t uid;
	char *name; /* NULL: no such user any more, or not asked for */
	uint64_t netns;
	time_t since; /* when the namespace was pinned */
	int link; /* index of the host's end; 0: there is none, and of the next three nothing */
	uint32_t group; /* class of the policy that the link has; 0: there is no link */
	struct veth_addresses addresses;
	struct link_traffic traffic; /* since the link was made; as the user sees it */
	unsigned processes;
	unsigned sessions; /* ways in, see usage_procs.c */
	uint64_t denied; /* packets, since the link was made, or the table if that is later */
	unsigned connections; /* open ones */
	bool has_rate; /* there is a link, and it was looked at twice */
	double rate_out; /* bytes a second */
	double rate_in;
	double denied_rate; /* a second */
};

struct usages {
	struct usage *list; /* by uid */
	size_t n;
	bool has_table; /* the firewall is there; asked with USAGE_DENIED */
	int64_t read_ns; /* when traffic was, by usage_now_ns() */
};

/* What is read beside pins and links. */
enum usage_part {
	USAGE_NAMES = 1 << 0, /* from the user data base */
	USAGE_PROCESSES = 1 << 1,
	USAGE_DENIED = 1 << 2,
	USAGE_CONNECTIONS = 1 << 3,
	USAGE_ALL = (1 << 4) - 1,
};

/* *ret_step is what has failed, for people: "read the links". Nobody there is no failure. */
int usage_read(unsigned parts, struct usages *ret_usages, const char **ret_step);
void usage_done(struct usages *usages);

/* Reads the traffic again; of links that are gone it stays as it was. */
int usage_read_traffic(struct usages *usages);

/* Names, which may take long where a directory service is asked; those that are known stay. */
void usage_read_names(struct usages *usages);

/*
 * Rates (usage_rate.c): from an earlier look; or from two that are ms apart, and while
 * time passes the names are read.
 */
void usage_compare(struct usages *now, const struct usages *before);
int usage_measure(struct usages *usages, unsigned ms);
int64_t usage_now_ns(void);

struct usage *usage_find(const struct usages *usages, uint32_t uid);

/*
 * The firewall's table
 */

/* A rule that counts. */
struct usage_rule {
	char *chain;
	char *comment; /* its place in the configuration, "netns.conf:14"; "" without one */
	uint64_t packets;
	uint64_t bytes;
};

struct usage_rules {
	struct usage_rule *list; /* in order, chain by chain */
	size_t n;
};

/* -ENOENT: there is no table. */
int usage_read_rules(struct usage_rules *ret_rules);
void usage_rules_done(struct usage_rules *rules);

/* What stands in one of the sets of denials. */
struct usage_denial {
	struct conf_prefix source;
	struct conf_prefix destination;
	uint8_t proto; /* IPPROTO_ */
	uint16_t port; /* of the destination; type of an ICMP message */
	uint64_t packets;
	uint64_t bytes;
	uint64_t age_ms; /* since the last one */
};

/* Tells one table from the next.  -ENOENT: there is none. */
int usage_read_table(uint64_t *ret_handle);

/* Calls fn for each denial that the table remembers.  -ENOENT: there is no table. */
typedef int usage_denial_fn(void *data, const struct usage_denial *denial);
int usage_each_denial(usage_denial_fn *fn, void *data);

/* Calls fn for each source of which packets were denied.  -ENOENT: there is no table. */
typedef int usage_source_fn(void *data, const struct conf_prefix *source, uint64_t packets);
int usage_each_source(usage_source_fn *fn, void *data);

/* The packets of one source that were denied; without a table, none. */
int usage_read_source(const struct conf_prefix *source, uint64_t *ret_packets);

/* A port of the host that leads to a session. */
struct usage_port {
	struct conf_prefix address;
	uint8_t proto; /* IPPROTO_ */
	uint16_t port;
	uint16_t to_port;
};

/* Calls fn for each.  -ENOENT: there is no table. */
typedef int usage_port_fn(void *data, const struct usage_port *port);
int usage_each_port(usage_port_fn *fn, void *data);

/* A counter with a name, "spoofed" or "tripwire". -ENOENT: there is no table. */
int usage_read_counter(const char *name, uint64_t *ret_packets, uint64_t *ret_bytes);

/*
 * Pieces of usage_read(), each in a file of its own
 */
int usage_read_links(struct usages *usages); /* usage_link.c */
int usage_read_addresses(struct usages *usages);
int usage_read_processes(struct usages *usages); /* usage_procs.c */

#endif
