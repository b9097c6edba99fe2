/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/columns.h"
#include "helper/denied.h"
#include "helper/json.h"
#include "helper/status.h"

#define TEXT_MAX 400
#define LINE_MAX 1200

static const struct column table[] = {
	{ "LAST", true, 0, 3 },         { "USER", false, 6, 0 }, { "PROTO", false, 0, 4 },
	{ "DESTINATION", false, 8, 0 }, { "PORT", true, 0, 1 },  { "COUNT", true, 0, 2 },
	{ "WHAT", false, 6, 5 },
};

static bool is_icmp(const struct denied *denied)
{
	return denied->what.proto == IPPROTO_ICMP || denied->what.proto == IPPROTO_ICMPV6;
}

/* Of who has gone it is a conclusion: in parentheses. */
static const char *user_text(const struct denied *denied, char text[TEXT_MAX])
{
	char uid[AMOUNT_TEXT_MAX];
	const char *name = denied->user;

	if (!denied->has_uid)
		return conf_prefix_format(&denied->what.source, text);
	snprintf(uid, sizeof(uid), "#%u", denied->uid);
	if (!name)
		name = uid;
	snprintf(text, TEXT_MAX, denied->is_live ? "%s" : "(%s)", name);
	return text;
}

static const char *port_text(const struct denied *denied, char text[AMOUNT_TEXT_MAX])
{
	snprintf(text, AMOUNT_TEXT_MAX, is_icmp(denied) ? "type %u" : "%u", denied->what.port);
	return text;
}

static const char *known_text(const struct denied *denied, char text[TEXT_MAX])
{
	static const char *const kinds[DENIED_N_KINDS] = {
		[DENIED_OTHER] = "",    [DENIED_HOST] = "this host",
		[DENIED_USER] = "user", [DENIED_METADATA] = "metadata",
		[DENIED_LIST] = "",
	};
	const char *kind = kinds[denied->kind];
	const char *name = denied->name ? denied->name : "";
	const char *host = denied->host_name ? denied->host_name : "";

	snprintf(text, TEXT_MAX, "%s%s%s%s%s", kind, *kind && *name ? " " : "", name,
		 (*kind || *name) && *host ? " " : "", host);
	return text;
}

void denied_print_table(const struct denieds *denieds)
{
	struct columns c = columns_start(table, ARRAY_SIZE(table));
	const struct columns_page page = columns_page_of(stdout);
	uint64_t now = denied_now_ms();

	for (size_t i = 0; i < denieds->n; i++) {
		const struct denied *denied = &denieds->list[i];
		char amount[AMOUNT_TEXT_MAX];
		char text[TEXT_MAX];
		char proto[8];

		columns_add(&c, CELL_PLAIN,
			    age_text((int64_t)(now - denied->seen_ms) / 1000, amount));
		columns_add(&c, denied->is_live ? CELL_PLAIN : CELL_FAINT, user_text(denied, text));
		columns_add(&c, CELL_PLAIN, status_proto_name(denied->what.proto, proto));
		columns_add(&c, CELL_PLAIN, conf_prefix_format(&denied->what.destination, text));
		columns_add(&c, CELL_PLAIN, port_text(denied, amount));
		columns_add(&c, CELL_PLAIN, amount_text(denied->what.packets, amount));
		columns_add(&c, CELL_PLAIN, known_text(denied, text));
	}
	columns_print(&c, &page);
	columns_done(&c);
}

static const char *clock_text(uint64_t ms, char text[16])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	if (!localtime_r(&seconds, &tm) || !strftime(text, 16, "%H:%M:%S", &tm))
		return "-";
	return text;
}

static void print_line(const struct denied *denied, size_t width)
{
	char user[TEXT_MAX], known[TEXT_MAX], line[LINE_MAX];
	char address[CONF_PREFIX_TEXT_MAX], port[AMOUNT_TEXT_MAX];
	char clock[16], proto[8], more[AMOUNT_TEXT_MAX] = "";

	if (denied->fresh > 1)
		snprintf(more, sizeof(more), " %" PRIu64 "x", denied->fresh);
	known_text(denied, known);
	snprintf(line, sizeof(line), "%s %s %s %s %s%s%s%s%s", clock_text(denied->seen_ms, clock),
		 user_text(denied, user), status_proto_name(denied->what.proto, proto),
		 conf_prefix_format(&denied->what.destination, address), port_text(denied, port),
		 more, *known ? " (" : "", known, *known ? ")" : "");
	columns_put_text(stdout, line, width);
	putchar('\n');
}

void denied_print_lines(const struct denieds *denieds)
{
	size_t width = isatty(STDOUT_FILENO) ? columns_page_of(stdout).width : SIZE_MAX;

	for (size_t i = 0; i < denieds->n; i++)
		print_line(&denieds->list[i], width);
}

/*
 * JSON
 */

static void put_optional(struct json *j, const char *key, bool known, uint64_t value)
{
	if (known)
		json_unsigned(j, key, value);
	else
		json_null(j, key);
}

static void put(struct json *j, const struct denied *denied)
{
	static const char *const kinds[DENIED_N_KINDS] = {
		[DENIED_OTHER] = "other",       [DENIED_HOST] = "host", [DENIED_USER] = "user",
		[DENIED_METADATA] = "metadata", [DENIED_LIST] = "list",
	};
	const struct usage_denial *what = &denied->what;
	char text[CONF_PREFIX_TEXT_MAX];
	char proto[8];

	json_open(j, NULL, '{');
	json_string(j, "user", denied->user);
	put_optional(j, "uid", denied->has_uid, denied->uid);
	json_bool(j, "live", denied->is_live);
	json_string(j, "direction", "out");
	json_string(j, "protocol", status_proto_name(what->proto, proto));
	json_string(j, "source", conf_prefix_format(&what->source, text));
	json_string(j, "destination", conf_prefix_format(&what->destination, text));
	put_optional(j, "port", !is_icmp(denied), what->port);
	put_optional(j, "icmp_type", is_icmp(denied), what->port);
	json_string(j, "kind", kinds[denied->kind]);
	json_string(j, "name", denied->name);
	json_string(j, "host_name", denied->host_name);
	json_unsigned(j, "last", denied->seen_ms / 1000);
	json_unsigned(j, "packets", what->packets);
	json_unsigned(j, "bytes", what->bytes);
	json_unsigned(j, "new_packets", denied->fresh);
	json_close(j);
}

void denied_print_json(const struct denieds *denieds)
{
	struct json j = json_start(stdout);

	json_open(&j, NULL, '[');
	for (size_t i = 0; i < denieds->n; i++)
		put(&j, &denieds->list[i]);
	json_close(&j);
	json_end(&j);
}

void denied_print_json_lines(const struct denieds *denieds)
{
	struct json j = json_start(stdout);

	for (size_t i = 0; i < denieds->n; i++) {
		put(&j, &denieds->list[i]);
		json_end(&j);
	}
}
