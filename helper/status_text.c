/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/columns.h"
#include "helper/status.h"

/* Of connections that people are shown; programs get all. */
#define FLOWS_SHOWN  100
#define LABEL_WIDTH  12
#define WIDTH_NARROW 50
#define TEXT_MAX     400
#define INDENT       "  "

/*
 * A line for each
 */

static const struct column table[] = {
	{ "USER", false, 8, 0 },
	{ "UID", true, 0, COLUMN_EXTRA },
	{ "NETWORK", false, 8, 1 },
	{ "IPV4", false, 0, 8 },
	{ "IPV6", false, 0, COLUMN_EXTRA + 1 },
	{ "SESS", true, 0, 5 },
	{ "PROC", true, 0, 7 },
	{ "OUT", true, 0, 6 },
	{ "IN", true, 0, 6 },
	{ "OUT/s", true, 0, 2 },
	{ "IN/s", true, 0, 3 },
	{ "DENY", true, 0, 4 },
	{ "AGE", true, 0, 9 },
};

static void add_amount(struct columns *c, bool known, uint64_t amount)
{
	char text[AMOUNT_TEXT_MAX];

	columns_add(c, known ? CELL_PLAIN : CELL_FAINT, known ? amount_text(amount, text) : "-");
}

static void add_address(struct columns *c, const struct conf_prefix *address)
{
	char text[CONF_PREFIX_TEXT_MAX];

	if (address->family)
		columns_add(c, CELL_PLAIN, conf_prefix_format(address, text));
	else
		columns_add(c, CELL_FAINT, "-");
}

void status_add_user(struct columns *c, const struct usage *u)
{
	char text[AMOUNT_TEXT_MAX];

	snprintf(text, sizeof(text), "#%u", u->uid);
	columns_add(c, u->name ? CELL_PLAIN : CELL_NOTICE, u->name ? u->name : text);
}

void status_add_network(struct columns *c, const struct status *status, const struct usage *u)
{
	char network[STATUS_NETWORK_MAX];

	columns_add(c, u->link && !status_policy(status, u) ? CELL_NOTICE : CELL_PLAIN,
		    status_network(status, u, network));
}

static void add_row(struct columns *c, const struct status *status, const struct usage *u)
{
	bool knows_denied = u->link && status->usages.has_table;
	char text[AMOUNT_TEXT_MAX];

	status_add_user(c, u);
	snprintf(text, sizeof(text), "%u", u->uid);
	columns_add(c, CELL_PLAIN, text);
	status_add_network(c, status, u);
	add_address(c, &u->addresses.v4);
	add_address(c, &u->addresses.v6);
	add_amount(c, true, u->sessions);
	add_amount(c, true, u->processes);
	add_amount(c, u->link, u->traffic.bytes_out);
	add_amount(c, u->link, u->traffic.bytes_in);
	add_amount(c, u->has_rate, (uint64_t)u->rate_out);
	add_amount(c, u->has_rate, (uint64_t)u->rate_in);
	if (knows_denied && u->denied)
		columns_add(c, CELL_NOTICE, amount_text(u->denied, text));
	else
		add_amount(c, knows_denied, 0);
	columns_add(c, CELL_PLAIN, age_text(u->since ? time(NULL) - u->since : 0, text));
}

void status_print_table(const struct status *status)
{
	struct columns c = columns_start(table, ARRAY_SIZE(table));
	const struct columns_page page = columns_page_of(stdout);

	for (size_t i = 0; i < status->usages.n; i++)
		add_row(&c, status, &status->usages.list[i]);
	columns_print(&c, &page);
	columns_done(&c);
}

/*
 * All about one
 */

/* "  label      text": the terminal breaks the line where it has to. */
static void put_line(const struct columns_page *page, const char *label, const char *format, ...)
	PRINTF_LIKE(3, 4);

static void put_line(const struct columns_page *page, const char *label, const char *format, ...)
{
	bool narrow = page->width < WIDTH_NARROW;
	char text[TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(page->out, "%s%-*s", narrow ? "" : INDENT, narrow ? 0 : LABEL_WIDTH, label);
	fputs(narrow ? " " : "", page->out);
	columns_put_text(page->out, text, SIZE_MAX);
	putc('\n', page->out);
}

static void put_heading(const struct columns_page *page, const char *format, ...) PRINTF_LIKE(2, 3);

static void put_heading(const struct columns_page *page, const char *format, ...)
{
	char text[TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	putc('\n', page->out);
	columns_put_styled(page, CELL_TITLE, text, page->width);
	putc('\n', page->out);
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void put_traffic(const struct columns_page *page, const char *label, uint64_t bytes,
			uint64_t packets, bool has_rate, double rate)
{
	char amount[AMOUNT_TEXT_MAX];
	char now[AMOUNT_TEXT_MAX];

	if (has_rate)
		put_line(page, label, "%s bytes in %" PRIu64 " packet%s, %s a second now",
			 amount_text(bytes, amount), packets, plural(packets),
			 amount_text((uint64_t)rate, now));
	else
		put_line(page, label, "%s bytes in %" PRIu64 " packet%s",
			 amount_text(bytes, amount), packets, plural(packets));
}

static void put_link(const struct columns_page *page, const struct status *status,
		     const struct usage *u)
{
	char text[CONF_PREFIX_TEXT_MAX];

	put_line(page, "IPv4", "%s",
		 u->addresses.v4.family ? conf_prefix_format(&u->addresses.v4, text) : "-");
	put_line(page, "IPv6", "%s",
		 u->addresses.v6.family ? conf_prefix_format(&u->addresses.v6, text) : "-");
	put_traffic(page, "out", u->traffic.bytes_out, u->traffic.packets_out, u->has_rate,
		    u->rate_out);
	put_traffic(page, "in", u->traffic.bytes_in, u->traffic.packets_in, u->has_rate,
		    u->rate_in);
	if (status->usages.has_table)
		put_line(page, "denied", "%" PRIu64 " packet%s", u->denied, plural(u->denied));
}

static void put_head(const struct columns_page *page, const struct status *status,
		     const struct usage *u)
{
	char network[STATUS_NETWORK_MAX];
	char age[AMOUNT_TEXT_MAX];
	char since[64] = "";
	char uid[AMOUNT_TEXT_MAX];
	struct tm tm;
	_cleanup_free_ char *title = NULL;

	snprintf(uid, sizeof(uid), "#%u", u->uid);
	if (asprintf(&title, "%s (uid %u)", u->name ? u->name : uid, u->uid) >= 0)
		columns_put_styled(page, CELL_TITLE, title, page->width);
	putc('\n', page->out);
	put_line(page, "network", "%s%s", status_network(status, u, network),
		 u->link && !status_policy(status, u) ? " (no policy that is in force)" : "");
	if (u->link)
		put_link(page, status, u);
	put_line(page, "sessions", "%u, with %u process%s", u->sessions, u->processes,
		 u->processes == 1 ? "" : "es");
	if (localtime_r(&u->since, &tm))
		strftime(since, sizeof(since), "%Y-%m-%d %H:%M:%S", &tm);
	put_line(page, "namespace", "net:[%" PRIu64 "], since %s (%s)", u->netns, since,
		 age_text(time(NULL) - u->since, age));
}

static void put_hits(const struct columns_page *page, const struct status_detail *detail)
{
	static const struct column columns[] = {
		{ "PACKETS", true, 0, 0 },
		{ "BYTES", true, 0, 1 },
		{ "LINE", false, 8, 0 },
	};
	struct columns c = columns_start(columns, ARRAY_SIZE(columns));

	put_heading(page, "Rules of policy %s, and what they decided about, of %u user%s:",
		    detail->policy, detail->n_users, plural(detail->n_users));
	for (size_t i = 0; i < detail->n_hits; i++) {
		const struct status_hits *hits = &detail->hits[i];
		_cleanup_free_ char *line = NULL;
		char text[AMOUNT_TEXT_MAX];
		const char *what = hits->text;

		if (hits->is_default)
			what = hits->out ? "no rule for what goes out"
					 : "no rule for what comes in";
		else if (!what && !strchr(hits->place, ':'))
			what = "to the resolvers";
		if (!what)
			what = "(the file has changed since it was loaded)";
		if (asprintf(&line, "%s: %s", hits->place, what) < 0)
			line = NULL;
		add_amount(&c, true, hits->packets);
		columns_add(&c, CELL_PLAIN, amount_text(hits->bytes, text));
		columns_add(&c, hits->packets ? CELL_PLAIN : CELL_FAINT, line ? line : "");
	}
	columns_print(&c, page);
	columns_done(&c);
}

static void put_ports(const struct columns_page *page, const struct status_detail *detail)
{
	if (detail->n_ports > 0)
		put_heading(page, "Published ports of this host:");
	for (size_t i = 0; i < detail->n_ports; i++) {
		const struct usage_port *port = &detail->ports[i];
		char proto[8];
		char line[TEXT_MAX];

		snprintf(line, sizeof(line), INDENT "%s %u to %u, IPv%c",
			 status_proto_name(port->proto, proto), port->port, port->to_port,
			 port->address.length == 32 ? '4' : '6');
		columns_put_text(page->out, line, page->width);
		putc('\n', page->out);
	}
}

static void add_end(struct columns *c, const struct conf_prefix *address, uint16_t port)
{
	char text[CONF_PREFIX_TEXT_MAX];
	char end[CONF_PREFIX_TEXT_MAX + 8];

	(void)conf_prefix_format(address, text);
	if (port)
		snprintf(end, sizeof(end), address->length == 32 ? "%s:%u" : "[%s]:%u", text, port);
	else
		snprintf(end, sizeof(end), "%s", text);
	columns_add(c, CELL_PLAIN, end);
}

static void put_flows(const struct columns_page *page, const struct status_detail *detail)
{
	static const struct column columns[] = {
		{ "PROTO", false, 0, 1 }, { "", false, 0, 2 },      { "OTHER END", false, 8, 0 },
		{ "PORT", true, 0, 3 },   { "STATE", false, 0, 4 },
	};
	struct columns c = columns_start(columns, ARRAY_SIZE(columns));
	char text[AMOUNT_TEXT_MAX];

	put_heading(page, "Open connections: %zu", detail->n_flows);
	for (size_t i = 0; i < detail->n_flows && i < FLOWS_SHOWN; i++) {
		const struct flow *flow = &detail->flows[i];
		const struct status_ends ends = status_ends_of(detail->usage, flow);
		char proto[8];

		columns_add(&c, CELL_PLAIN, status_proto_name(flow->proto, proto));
		columns_add(&c, CELL_PLAIN, ends.out ? "to" : "from");
		add_end(&c, &ends.other, ends.other_port);
		snprintf(text, sizeof(text), "%u", ends.own_port);
		columns_add(&c, CELL_PLAIN, ends.own_port ? text : "-");
		columns_add(&c, CELL_PLAIN, status_flow_state(flow));
	}
	if (detail->n_flows > 0)
		columns_print(&c, page);
	if (detail->n_flows > FLOWS_SHOWN)
		put_line(page, "...", "and %zu more: see --json", detail->n_flows - FLOWS_SHOWN);
	columns_done(&c);
}

void status_print_detail(const struct status *status, const struct status_detail *detail)
{
	struct columns_page page = columns_page_of(stdout);

	put_head(&page, status, detail->usage);
	page.indent = INDENT;
	if (detail->usage->link && !detail->has_table)
		put_heading(&page, "The firewall is not loaded: nothing passes.");
	if (detail->n_hits > 0)
		put_hits(&page, detail);
	put_ports(&page, detail);
	if (detail->usage->link)
		put_flows(&page, detail);
}
