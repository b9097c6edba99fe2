/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>

#include "conf/base.h"
#include "helper/columns.h"
#include "helper/json.h"
#include "helper/stats.h"

static void add_up(struct stats *stats)
{
	const struct usages *usages = &stats->status.usages;
	struct usage *sum = &stats->sum;

	for (size_t i = 0; i < usages->n; i++) {
		const struct usage *u = &usages->list[i];

		stats->n_links += u->link != 0;
		sum->sessions += u->sessions;
		sum->processes += u->processes;
		sum->connections += u->connections;
		sum->denied += u->denied;
		sum->traffic.bytes_out += u->traffic.bytes_out;
		sum->traffic.bytes_in += u->traffic.bytes_in;
		sum->traffic.packets_out += u->traffic.packets_out;
		sum->traffic.packets_in += u->traffic.packets_in;
	}
}

static int read_counters(struct stats *stats)
{
	int r = usage_read_counter("tripwire", &stats->tripwire.packets, &stats->tripwire.bytes);

	if (!r)
		r = usage_read_counter("spoofed", &stats->spoofed.packets, &stats->spoofed.bytes);
	/* Without users nobody has looked for it yet; and it may have just gone. */
	if (!r || r == -ENOENT)
		stats->status.usages.has_table = r == 0;
	return r == -ENOENT ? 0 : r;
}

int stats_read(struct stats *stats, const char **ret_step)
{
	int r;

	*stats = (struct stats){ 0 };
	*ret_step = "read the configuration";
	r = status_load(&stats->status, false);
	if (!r)
		r = usage_read(USAGE_ALL, &stats->status.usages, ret_step);
	if (!r) {
		*ret_step = "read the firewall's counters";
		r = read_counters(stats);
	}
	if (!r)
		add_up(stats);
	return r;
}

void stats_done(struct stats *stats)
{
	status_done(&stats->status);
}

static void print_traffic(FILE *out, const char *title, uint64_t bytes, uint64_t packets)
{
	char size[AMOUNT_TEXT_MAX];

	fprintf(out, "%-12s %s bytes in %" PRIu64 " packets\n", title, amount_text(bytes, size),
		packets);
}

void stats_print(const struct stats *stats, FILE *out)
{
	const struct usage *sum = &stats->sum;
	size_t n = stats->status.usages.n;

	fprintf(out, "%-12s %zu, %zu with a link\n", "users", n, stats->n_links);
	fprintf(out, "%-12s %u\n", "sessions", sum->sessions);
	fprintf(out, "%-12s %u\n", "processes", sum->processes);
	fprintf(out, "%-12s %u\n", "connections", sum->connections);
	print_traffic(out, "out", sum->traffic.bytes_out, sum->traffic.packets_out);
	print_traffic(out, "in", sum->traffic.bytes_in, sum->traffic.packets_in);
	if (!stats->status.usages.has_table) {
		fputs("The firewall is not loaded.\n", out);
		return;
	}
	fprintf(out, "%-12s %" PRIu64 " packets of those who have a link\n", "denied", sum->denied);
	fprintf(out, "%-12s %" PRIu64 " packets of confined users from the host's network\n",
		"tripwire", stats->tripwire.packets);
	fprintf(out, "%-12s %" PRIu64 " packets with a source that is another's\n", "spoofed",
		stats->spoofed.packets);
}

static void put_number(struct json *j, const char *key, bool known, uint64_t value)
{
	if (known)
		json_unsigned(j, key, value);
	else
		json_null(j, key);
}

void stats_print_json(const struct stats *stats, FILE *out)
{
	const struct usage *sum = &stats->sum;
	bool has_table = stats->status.usages.has_table;
	struct json j = json_start(out);

	json_open(&j, NULL, '{');
	json_unsigned(&j, "users", stats->status.usages.n);
	json_unsigned(&j, "users_with_link", stats->n_links);
	json_unsigned(&j, "sessions", sum->sessions);
	json_unsigned(&j, "processes", sum->processes);
	json_unsigned(&j, "connections", sum->connections);
	json_unsigned(&j, "bytes_out", sum->traffic.bytes_out);
	json_unsigned(&j, "bytes_in", sum->traffic.bytes_in);
	json_unsigned(&j, "packets_out", sum->traffic.packets_out);
	json_unsigned(&j, "packets_in", sum->traffic.packets_in);
	json_bool(&j, "firewall", has_table);
	put_number(&j, "denied", has_table, sum->denied);
	put_number(&j, "tripwire_packets", has_table, stats->tripwire.packets);
	put_number(&j, "tripwire_bytes", has_table, stats->tripwire.bytes);
	put_number(&j, "spoofed_packets", has_table, stats->spoofed.packets);
	put_number(&j, "spoofed_bytes", has_table, stats->spoofed.bytes);
	json_close(&j);
	json_end(&j);
}
