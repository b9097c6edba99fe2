/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <string.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/json.h"
#include "helper/stats.h"

/*
 * https://prometheus.io/docs/instrumenting/exposition_formats/, text: a family of
 * samples after the other, each with what it is first.
 */
#define PREFIX "pam_netns_"

static void put_head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name, type);
}

/*
 * Three escapes are known to it, and a parser stops at any other.  What a terminal
 * would obey, and bytes that are no text, are for people to see: "\u001b" in the
 * label.
 */
static void put_label(FILE *out, const char *before, const char *name, const char *value)
{
	size_t length = value ? strlen(value) : 0;

	fprintf(out, "%s%s=\"", before, name);
	while (length > 0) {
		uint32_t c;
		size_t n = json_decode(value, length, &c);

		if (c == '\n')
			fputs("\\n", out);
		else if (c == '"' || c == '\\')
			fprintf(out, "\\%c", (int)c);
		else if (json_is_dangerous(c))
			fprintf(out, "\\\\u%04" PRIx32, c);
		else
			fwrite(value, 1, n, out);
		value += n;
		length -= n;
	}
	putc('"', out);
}

static void put_user(FILE *out, const char *name, const struct usage *u)
{
	fprintf(out, PREFIX "%s{uid=\"%" PRIu32 "\"", name, u->uid);
	put_label(out, ",", "user", u->name);
}

/*
 * By user
 */

static uint64_t bytes_out(const struct usage *u)
{
	return u->traffic.bytes_out;
}

static uint64_t bytes_in(const struct usage *u)
{
	return u->traffic.bytes_in;
}

static uint64_t packets_out(const struct usage *u)
{
	return u->traffic.packets_out;
}

static uint64_t packets_in(const struct usage *u)
{
	return u->traffic.packets_in;
}

static uint64_t denied(const struct usage *u)
{
	return u->denied;
}

static uint64_t sessions(const struct usage *u)
{
	return u->sessions;
}

static uint64_t processes(const struct usage *u)
{
	return u->processes;
}

static uint64_t connections(const struct usage *u)
{
	return u->connections;
}

static uint64_t since(const struct usage *u)
{
	return (uint64_t)u->since;
}

static const struct family {
	const char *name;
	const char *type;
	const char *help;
	uint64_t (*value)(const struct usage *usage);
	bool of_link; /* there is none without */
	bool of_table;
} families[] = {
	{ "user_sent_bytes_total", "counter", "Bytes that the user has sent over the link.",
	  bytes_out, true, false },
	{ "user_received_bytes_total", "counter", "Bytes that have come for the user.", bytes_in,
	  true, false },
	{ "user_sent_packets_total", "counter", "Packets that the user has sent over the link.",
	  packets_out, true, false },
	{ "user_received_packets_total", "counter", "Packets that have come for the user.",
	  packets_in, true, false },
	{ "user_denied_packets_total", "counter", "Packets of the user that were denied.", denied,
	  true, true },
	{ "user_connections", "gauge", "Open connections.", connections, true, false },
	{ "user_sessions", "gauge", "Ways into the user's network namespace.", sessions, false,
	  false },
	{ "user_processes", "gauge", "Processes in the user's network namespace.", processes, false,
	  false },
	{ "user_created_timestamp_seconds", "gauge",
	  "When the user's network namespace was made, since the Epoch.", since, false, false },
};

static void put_family(FILE *out, const struct stats *stats, const struct family *f)
{
	const struct usages *usages = &stats->status.usages;

	put_head(out, f->name, f->type, f->help);
	for (size_t i = 0; i < usages->n; i++) {
		const struct usage *u = &usages->list[i];

		if ((f->of_link && !u->link) || (f->of_table && !usages->has_table))
			continue;
		put_user(out, f->name, u);
		fprintf(out, "} %" PRIu64 "\n", f->value(u));
	}
}

static void put_address(FILE *out, const char *name, const struct conf_prefix *address)
{
	char text[CONF_PREFIX_TEXT_MAX] = "";

	if (address->family)
		(void)conf_prefix_format(address, text);
	put_label(out, ",", name, text);
}

static void put_infos(FILE *out, const struct stats *stats)
{
	const struct usages *usages = &stats->status.usages;

	put_head(out, "user_info", "gauge", "What the user has, as labels; always 1.");
	for (size_t i = 0; i < usages->n; i++) {
		const struct usage *u = &usages->list[i];

		put_user(out, "user_info", u);
		put_label(out, ",", "mode", u->link ? "veth" : "loopback");
		put_label(out, ",", "policy", status_policy(&stats->status, u));
		put_address(out, "ipv4", &u->addresses.v4);
		put_address(out, "ipv6", &u->addresses.v6);
		fputs("} 1\n", out);
	}
}

/*
 * Of the host
 */

static void put_counter(FILE *out, const char *name, const char *help, uint64_t value)
{
	put_head(out, name, "counter", help);
	fprintf(out, PREFIX "%s %" PRIu64 "\n", name, value);
}

static void put_host(FILE *out, const struct stats *stats)
{
	const struct usages *usages = &stats->status.usages;

	put_head(out, "info", "gauge", "The version of pam_netns; always 1.");
	fputs(PREFIX "info", out);
	put_label(out, "{", "version", VERSION);
	fputs("} 1\n", out);
	put_head(out, "users", "gauge", "Users who have a network namespace, by mode.");
	fprintf(out, PREFIX "users{mode=\"loopback\"} %zu\n", usages->n - stats->n_links);
	fprintf(out, PREFIX "users{mode=\"veth\"} %zu\n", stats->n_links);
	put_head(out, "firewall_loaded", "gauge", "Whether the firewall is there.");
	fprintf(out, PREFIX "firewall_loaded %d\n", usages->has_table);
	if (!usages->has_table)
		return;
	put_counter(out, "tripwire_packets_total",
		    "Packets of confined users from the host's network, which were rejected.",
		    stats->tripwire.packets);
	put_counter(out, "tripwire_bytes_total", "Their bytes.", stats->tripwire.bytes);
	put_counter(out, "spoofed_packets_total",
		    "Packets with a source that is another's, which were dropped.",
		    stats->spoofed.packets);
	put_counter(out, "spoofed_bytes_total", "Their bytes.", stats->spoofed.bytes);
}

void stats_print_prometheus(const struct stats *stats, FILE *out)
{
	put_host(out, stats);
	put_infos(out, stats);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		put_family(out, stats, &families[i]);
}
