/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_STATUS_H
#define HELPER_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "helper/conntrack.h"
#include "helper/usage.h"

struct conf;

/* What "netnsctl status" says of users who have a namespace. */
struct status {
	struct conf *active; /* what is in force; NULL: nothing is */
	struct conf *file; /* what it was made from, if that has not been edited since, or NULL */
	struct status_class *classes; /* of the policies, in order */
	struct usages usages;
};

struct status_class {
	uint32_t group;
	const char *policy;
};

/* Reads the configuration and no more; with it, the users are the caller's to read. */
int status_load(struct status *status, bool with_file);
void status_done(struct status *status);

/* The policy whose class a link has; NULL: none that is in force. */
const char *status_policy(const struct status *status, const struct usage *usage);

/* "veth web", "loopback" */
#define STATUS_NETWORK_MAX 300 /* names have a limit */
const char *status_network(const struct status *status, const struct usage *usage,
			   char text[STATUS_NETWORK_MAX]);

/*
 * More about one of them (status_detail.c)
 */

/* Packets that a line of the policy has decided about, of all users who have the policy. */
struct status_hits {
	char *place; /* "netns.conf:14"; "dns" of name queries without a line */
	bool is_default; /* what no rule of the policy matches */
	bool out; /* of users, or to them */
	uint64_t packets;
	uint64_t bytes;
	char *text; /* the line; NULL: it is not known */
};

struct status_detail {
	const struct usage *usage;
	const char *policy;
	unsigned n_users; /* who have the policy now */
	bool has_table;
	struct status_hits *hits;
	size_t n_hits;
	struct usage_port *ports;
	size_t n_ports;
	struct flow *flows;
	size_t n_flows;
};

/* 0 or a negative errno; *ret_step is what has failed. */
int status_read_detail(const struct status *status, const struct usage *usage,
		       struct status_detail *ret_detail, const char **ret_step);
void status_detail_done(struct status_detail *detail);

/* The user's end and the other one, whoever began; and whether the user did. */
struct status_ends {
	struct conf_prefix own, other;
	uint16_t own_port, other_port;
	bool out;
};
struct status_ends status_ends_of(const struct usage *usage, const struct flow *flow);
const char *status_proto_name(uint8_t proto, char text[8]);
const char *status_flow_state(const struct flow *flow); /* "" if there is none */

/* Cells that other tables have, too. */
struct columns;
void status_add_user(struct columns *columns, const struct usage *usage);
void status_add_network(struct columns *columns, const struct status *status,
			const struct usage *usage);

/* For people (status_text.c), and for programs (status_json.c): all, and one, or none. */
void status_print_table(const struct status *status);
void status_print_detail(const struct status *status, const struct status_detail *detail);
void status_print_json(const struct status *status);
void status_print_detail_json(const struct status *status, const struct status_detail *detail);

#endif
