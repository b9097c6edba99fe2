/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/json.h"
#include "helper/status.h"

static void put_address(struct json *j, const char *key, const struct conf_prefix *address)
{
	char text[CONF_PREFIX_TEXT_MAX];

	json_string(j, key, address->family ? conf_prefix_format(address, text) : NULL);
}

static void put_number(struct json *j, const char *key, bool known, uint64_t value)
{
	if (known)
		json_unsigned(j, key, value);
	else
		json_null(j, key);
}

static void put_traffic(struct json *j, const struct status *status, const struct usage *u)
{
	put_number(j, "bytes_out", u->link, u->traffic.bytes_out);
	put_number(j, "bytes_in", u->link, u->traffic.bytes_in);
	put_number(j, "packets_out", u->link, u->traffic.packets_out);
	put_number(j, "packets_in", u->link, u->traffic.packets_in);
	put_number(j, "rate_out", u->has_rate, (uint64_t)u->rate_out);
	put_number(j, "rate_in", u->has_rate, (uint64_t)u->rate_in);
	put_number(j, "denied", u->link && status->usages.has_table, u->denied);
	put_number(j, "connections", u->link, u->connections);
}

/* The members of an object that is open. */
static void put_user(struct json *j, const struct status *status, const struct usage *u)
{
	json_string(j, "user", u->name);
	json_unsigned(j, "uid", u->uid);
	json_string(j, "mode", u->link ? "veth" : "loopback");
	json_string(j, "policy", status_policy(status, u));
	put_address(j, "ipv4", &u->addresses.v4);
	put_address(j, "ipv6", &u->addresses.v6);
	json_unsigned(j, "netns", u->netns);
	json_unsigned(j, "sessions", u->sessions);
	json_unsigned(j, "processes", u->processes);
	put_traffic(j, status, u);
	json_signed(j, "since", u->since);
}

static void put_place(struct json *j, const struct status_hits *hits)
{
	const char *colon = strrchr(hits->place, ':');

	/* Name queries that no line is about have no place. */
	if (colon) {
		json_bytes(j, "file", hits->place, (size_t)(colon - hits->place));
		json_unsigned(j, "line", strtoul(colon + 1, NULL, 10));
	} else {
		json_null(j, "file");
		json_null(j, "line");
	}
}

static void put_hits(struct json *j, const struct status_detail *detail)
{
	json_open(j, "rules", '[');
	for (size_t i = 0; i < detail->n_hits; i++) {
		const struct status_hits *hits = &detail->hits[i];

		json_open(j, NULL, '{');
		put_place(j, hits);
		json_string(j, "direction", hits->out ? "out" : "in");
		json_bool(j, "default", hits->is_default);
		json_string(j, "text", hits->text);
		json_unsigned(j, "packets", hits->packets);
		json_unsigned(j, "bytes", hits->bytes);
		json_close(j);
	}
	json_close(j);
}

static void put_ports(struct json *j, const struct status_detail *detail)
{
	json_open(j, "published", '[');
	for (size_t i = 0; i < detail->n_ports; i++) {
		const struct usage_port *port = &detail->ports[i];
		char text[8];

		json_open(j, NULL, '{');
		json_string(j, "protocol", status_proto_name(port->proto, text));
		json_unsigned(j, "port", port->port);
		json_unsigned(j, "to", port->to_port);
		put_address(j, "address", &port->address);
		json_close(j);
	}
	json_close(j);
}

static void put_flows(struct json *j, const struct status_detail *detail)
{
	json_open(j, "flows", '[');
	for (size_t i = 0; i < detail->n_flows; i++) {
		const struct flow *flow = &detail->flows[i];
		const struct status_ends ends = status_ends_of(detail->usage, flow);
		char text[8];

		json_open(j, NULL, '{');
		json_string(j, "direction", ends.out ? "out" : "in");
		json_string(j, "protocol", status_proto_name(flow->proto, text));
		put_address(j, "own", &ends.own);
		json_unsigned(j, "own_port", ends.own_port);
		put_address(j, "other", &ends.other);
		json_unsigned(j, "other_port", ends.other_port);
		json_string(j, "state", status_flow_state(flow));
		json_close(j);
	}
	json_close(j);
}

void status_print_json(const struct status *status)
{
	struct json j = json_start(stdout);

	json_open(&j, NULL, '[');
	for (size_t i = 0; i < status->usages.n; i++) {
		json_open(&j, NULL, '{');
		put_user(&j, status, &status->usages.list[i]);
		json_close(&j);
	}
	json_close(&j);
	json_end(&j);
}

void status_print_detail_json(const struct status *status, const struct status_detail *detail)
{
	struct json j = json_start(stdout);

	json_open(&j, NULL, '[');
	if (detail) {
		json_open(&j, NULL, '{');
		put_user(&j, status, detail->usage);
		put_number(&j, "policy_users", detail->usage->link, detail->n_users);
		put_hits(&j, detail);
		put_ports(&j, detail);
		put_flows(&j, detail);
		json_close(&j);
	}
	json_close(&j);
	json_end(&j);
}
