/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdlib.h>

#include "conf/base.h"
#include "helper/columns.h"
#include "helper/json.h"
#include "helper/who.h"

#define NAME_MAX_TEXT 300
#define LINE_MAX      600

/* Names may be anything: nothing of them speaks to the terminal. */
static void put_line(const char *format, ...) PRINTF_LIKE(1, 2);

static void put_line(const char *format, ...)
{
	char line[LINE_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	columns_put_text(stdout, line, SIZE_MAX);
	putchar('\n');
}

static const char *proto_text(const struct who *who)
{
	return who->proto == CONF_PROTO_TCP ? "tcp" : "udp";
}

static const char *name_text(const struct who_one *one, char text[NAME_MAX_TEXT])
{
	snprintf(text, NAME_MAX_TEXT, one->name ? "%s (uid %u)" : "%suid %u",
		 one->name ? one->name : "", one->uid);
	return text;
}

static void put_verdict(const struct who *who)
{
	const char *proto = proto_text(who);
	char name[NAME_MAX_TEXT];

	switch (who->verdict) {
	case WHO_USER:
		put_line("%s %u: %s", proto, who->port, name_text(&who->list[0], name));
		break;
	case WHO_SEVERAL:
		put_line("%s %u: cannot be told for certain", proto, who->port);
		break;
	case WHO_NOBODY:
		put_line("%s %u: nobody has the block %u-%u", proto, who->port, who->block.first,
			 who->block.last);
		break;
	case WHO_OUTSIDE:
	case WHO_N_VERDICTS:
		put_line("%s %u: %s", proto, who->port,
			 who->has_blocks ? "cannot be told: in no user's block of source ports"
					 : "cannot be told: no policy in force has 'nat ports'");
		break;
	}
}

static void put_one(const struct who *who, const struct who_one *one)
{
	char text[CONF_PREFIX_TEXT_MAX];
	char name[NAME_MAX_TEXT];

	name_text(one, name);
	switch (one->reason) {
	case WHO_BLOCK:
		put_line("  %s: has the block %u-%u", name, who->block.first, who->block.last);
		break;
	case WHO_PUBLISHED:
		put_line("  %s: the port is published for this user now", name);
		break;
	case WHO_CONNECTION:
		put_line("  %s: has a connection to %s port %u now", name,
			 conf_prefix_format(&one->other, text), one->other_port);
		break;
	case WHO_SOCKET:
	case WHO_N_REASONS:
		put_line("  this host: a socket of %s has the port now", name);
		break;
	}
}

void who_print(const struct who *who)
{
	put_verdict(who);
	for (size_t i = 0; i < who->n; i++)
		put_one(who, &who->list[i]);
	if (who->n_more)
		put_line("  and %zu more connection%s of the same users", who->n_more,
			 who->n_more == 1 ? "" : "s");
	if (who->host_chooses)
		put_line("  this host: chooses from %u-%u for its own connections", who->host_first,
			 who->host_last);
	if (who->gap[0])
		put_line("  others may have the block, too: not all users could be read");
}

static void put_json_one(struct json *j, const struct who_one *one)
{
	static const char *const reasons[WHO_N_REASONS] = {
		[WHO_BLOCK] = "block",
		[WHO_PUBLISHED] = "published",
		[WHO_CONNECTION] = "connection",
		[WHO_SOCKET] = "socket",
	};
	char text[CONF_PREFIX_TEXT_MAX];

	json_open(j, NULL, '{');
	json_string(j, "reason", reasons[one->reason]);
	json_string(j, "user", one->name);
	json_unsigned(j, "uid", one->uid);
	json_string(j, "other", one->other.family ? conf_prefix_format(&one->other, text) : NULL);
	json_unsigned(j, "other_port", one->other_port);
	json_close(j);
}

void who_print_json(const struct who *who)
{
	static const char *const verdicts[WHO_N_VERDICTS] = {
		[WHO_USER] = "user",
		[WHO_SEVERAL] = "several",
		[WHO_NOBODY] = "nobody",
		[WHO_OUTSIDE] = "outside",
	};
	struct json json = json_start(stdout);
	struct json *j = &json;

	json_open(j, NULL, '{');
	json_string(j, "protocol", proto_text(who));
	json_unsigned(j, "port", who->port);
	json_string(j, "verdict", verdicts[who->verdict]);
	json_string(j, "user", who->verdict == WHO_USER ? who->list[0].name : NULL);
	if (who->verdict == WHO_USER)
		json_unsigned(j, "uid", who->list[0].uid);
	else
		json_null(j, "uid");
	json_bool(j, "has_blocks", who->has_blocks);
	if (who->in_block) {
		json_open(j, "block", '{');
		json_unsigned(j, "first", who->block.first);
		json_unsigned(j, "last", who->block.last);
		json_close(j);
	} else {
		json_null(j, "block");
	}
	json_bool(j, "host_chooses", who->host_chooses);
	json_bool(j, "complete", !who->gap[0]);
	json_open(j, "candidates", '[');
	for (size_t i = 0; i < who->n; i++)
		put_json_one(j, &who->list[i]);
	json_close(j);
	json_unsigned(j, "more", who->n_more);
	json_close(j);
	json_end(j);
}
