/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_OBSTACLE_H
#define HELPER_OBSTACLE_H

struct conf;
struct diag;

/* A chain of another's that drops or rejects every packet which it does not know. */
struct obstacle {
	const char *family; /* "inet", "ip", "ip6" */
	const char *table;
	const char *chain;
	const char *remedy; /* commands, for people */
};

/*
 * Calls fn for each that stands in the way of what is forwarded.  0 or a negative
 * errno; -EPERM and -EOPNOTSUPP, -EPROTONOSUPPORT: without privilege, or without
 * nf_tables.
 */
typedef void obstacle_fn(void *data, const struct obstacle *obstacle);
int obstacle_find(obstacle_fn *fn, void *data);

/*
 * Warns of what this host has in the way of veth sessions: chains of others that
 * drop every packet which they do not know, whatever our own chains say, and
 * programs at published ports.  Who may not look at the chains is told nothing
 * about them.  0 or a negative errno.
 */
int obstacle_warn(const struct conf *conf, struct diag *diag);

#endif
