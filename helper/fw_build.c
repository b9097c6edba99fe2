/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "helper/class.h"
#include "helper/fw.h"
#include "helper/fw_build.h"

/* nft has no way to write these between its quotes; a dollar is a variable there. */
static bool is_harmless(char c)
{
	return isalnum((unsigned char)c) || strchr("._-+:@,=/~", c);
}

/* The end of a long name tells more than its start: it has the number of the file. */
struct fw_place fw_place(const struct conf_place *place)
{
	const char *slash = strrchr(place->file, '/');
	const char *name = slash ? slash + 1 : place->file;
	size_t length = strlen(name);
	struct fw_place text;

	if (length > sizeof(text.text) - sizeof(":4294967295"))
		name += length - (sizeof(text.text) - sizeof(":4294967295"));
	snprintf(text.text, sizeof(text.text), "%s:%u", name, place->line);
	for (char *c = text.text; *c; c++) {
		if (!is_harmless(*c))
			*c = '_';
	}
	return text;
}

void fw_note(struct fw_table *table, int r)
{
	if (r < 0)
		table->error = r;
}

struct fw_expr fw_is_session(enum fw_field field)
{
	return fw_is_between(field, CLASS_PREFIX, CLASS_PREFIX | ~CLASS_MASK);
}

struct fw_expr fw_is_in_spans(struct fw_table *table, enum fw_field field,
			      const struct spans *spans)
{
	enum fw_type type = fw_fields[field].type;
	unsigned flags = 0;
	struct fw_set *set;

	if (spans->n == 1)
		return fw_is_in(field, &spans->list[0]);
	for (size_t i = 0; i < spans->n; i++) {
		if (!span_is_single(&spans->list[i], fw_types[type].width))
			flags = FW_SET_INTERVALS;
	}
	set = fw_add_set(table, type, flags, NULL);
	fw_add_spans(set, spans);
	return fw_is_of(field, set);
}

struct fw_expr fw_is_one_of(struct fw_table *table, enum fw_field field, const uint8_t *values,
			    size_t n)
{
	struct fw_set *set = fw_add_set(table, fw_fields[field].type, 0, NULL);

	for (size_t i = 0; i < n; i++)
		fw_add_number(set, values[i]);
	return fw_is_of(field, set);
}

struct fw_expr fw_is_tcp_or_udp(struct fw_table *table)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP };

	return fw_is_one_of(table, FW_L4PROTO, protocols, ARRAY_SIZE(protocols));
}

bool fw_add_servers(struct fw_table *table, struct spans *spans, enum fw_family family,
		    const struct conf_prefix *servers, size_t n)
{
	int wanted = family == FW_V4 ? AF_INET : AF_INET6;

	spans->width = family == FW_V4 ? 4 : 16;
	for (size_t i = 0; i < n; i++) {
		struct span span = span_of_prefix(&servers[i]);

		if (servers[i].family == wanted)
			fw_note(table, spans_add(spans, &span));
	}
	spans_merge(spans);
	return spans->n > 0;
}

struct fw_dns fw_dns_of(const struct conf *conf, const struct conf_policy *policy,
			const struct fw_context *context)
{
	const struct conf_statement *statement = conf_policy_find(policy, CONF_DNS);
	const struct conf_dns *dns = conf_policy_dns(conf, policy);

	if (dns->kind == CONF_DNS_AUTO)
		return (struct fw_dns){
			.servers = context->resolvers,
			.n_servers = context->n_resolvers,
			.statement = statement,
		};
	return (struct fw_dns){
		.servers = dns->servers,
		.n_servers = dns->n_servers,
		.fixed = true,
		.statement = statement,
	};
}
