/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_STATS_H
#define HELPER_STATS_H

#include <stdint.h>
#include <stdio.h>

#include "helper/status.h"

/* A counter of the firewall's. */
struct stats_counter {
	uint64_t packets;
	uint64_t bytes;
};

/* What "netnsctl stats" adds up, or gives a monitoring system by user. */
struct stats {
	struct status status;
	size_t n_links; /* users who have one */
	struct usage sum; /* of all users; what has no sum is 0 */
	struct stats_counter tripwire; /* if status.usages.has_table */
	struct stats_counter spoofed;
};

/* 0 or a negative errno; *ret_step is what has failed. */
int stats_read(struct stats *stats, const char **ret_step);
void stats_done(struct stats *stats);

void stats_print(const struct stats *stats, FILE *out);
void stats_print_json(const struct stats *stats, FILE *out);
/* The text format of Prometheus (stats_prometheus.c). */
void stats_print_prometheus(const struct stats *stats, FILE *out);

#endif
