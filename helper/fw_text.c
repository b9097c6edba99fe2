/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "conf/base.h"
#include "helper/fw.h"
#include "helper/fw_ir.h"

static void put_number(FILE *out, enum fw_type type, uint32_t number)
{
	for (const struct fw_symbol *s = fw_types[type].symbols; s && s->name; s++) {
		if (s->value == number) {
			fputs(s->name, out);
			return;
		}
	}
	fprintf(out, type == FW_TYPE_GROUP ? "0x%08" PRIx32 : "%" PRIu32, number);
}

static void put_address(FILE *out, int family, const uint8_t *bytes)
{
	char text[INET6_ADDRSTRLEN];

	if (inet_ntop(family, bytes, text, sizeof(text)))
		fputs(text, out);
}

static void put_value(FILE *out, enum fw_type type, const uint8_t bytes[SPAN_WIDTH_MAX])
{
	struct span span;

	if (type == FW_TYPE_IPV4) {
		put_address(out, AF_INET, bytes);
	} else if (type == FW_TYPE_IPV6) {
		put_address(out, AF_INET6, bytes);
	} else if (type == FW_TYPE_LINK_NAME) {
		fprintf(out, "\"%.*s\"", (int)SPAN_WIDTH_MAX, (const char *)bytes);
	} else {
		memcpy(span.first, bytes, sizeof(span.first));
		put_number(out, type, span_first_number(&span, fw_types[type].width));
	}
}

static void put_span(FILE *out, enum fw_type type, const struct span *span)
{
	unsigned width = fw_types[type].width;
	int length = fw_types[type].prefixes ? span_prefix_length(span, width) : -1;

	put_value(out, type, span->first);
	if (span_is_single(span, width))
		return;
	if (length >= 0) {
		fprintf(out, "/%d", length);
		return;
	}
	fputc('-', out);
	put_value(out, type, span->last);
}

/* Each in whole registers, as they are kept. */
static void put_data(FILE *out, const struct fw_set *set, const uint8_t *data)
{
	for (size_t i = 0; i < ARRAY_SIZE(set->data) && set->data[i] != FW_TYPE_NONE; i++) {
		unsigned width = fw_types[set->data[i]].width;
		uint8_t value[SPAN_WIDTH_MAX] = { 0 };

		memcpy(value, data, width);
		fputs(i ? " . " : "", out);
		put_value(out, set->data[i], value);
		data += fw_room(set->data[i]);
	}
}

static void put_element(FILE *out, const struct fw_set *set, const struct fw_element *element)
{
	put_span(out, set->key[0], &element->key);
	if (set->data[0] == FW_TYPE_NONE)
		return;
	fputs(" : ", out);
	if (set->data[0] == FW_TYPE_VERDICT)
		fprintf(out, "goto %s", element->chain->name);
	else
		put_data(out, set, element->data);
}

static void put_elements(FILE *out, const struct fw_set *set, const char *separator)
{
	fputs("{ ", out);
	for (size_t i = 0; i < set->n_elements; i++) {
		fputs(i ? separator : "", out);
		put_element(out, set, &set->elements[i]);
	}
	fputs(" }", out);
}

static void put_set_use(FILE *out, const struct fw_set *set)
{
	if (set->name)
		fprintf(out, "@%s", set->name);
	else
		put_elements(out, set, ", ");
}

static void put_bits(FILE *out, enum fw_type type, uint32_t bits)
{
	const char *separator = "";

	for (uint32_t bit = 1; bit; bit <<= 1) {
		if (!(bits & bit))
			continue;
		fputs(separator, out);
		put_number(out, type, bit);
		separator = ",";
	}
}

/* nft takes names of bits for a test of bits, and numbers for the whole value. */
static void put_match_bits(FILE *out, const struct fw_expr *e)
{
	enum fw_type type = fw_fields[e->field].type;

	fputs(fw_fields[e->field].text, out);
	if (fw_types[type].symbols) {
		fputs(e->negate ? " ! " : " ", out);
		put_bits(out, type, e->number);
	} else {
		fprintf(out, " & 0x%08" PRIx32 " %s 0", e->number, e->negate ? "==" : "!=");
	}
}

static void put_match(FILE *out, const struct fw_expr *e)
{
	fprintf(out, "%s%s ", fw_fields[e->field].text, e->negate ? " !=" : "");
	if (e->kind == FW_MATCH_SET)
		put_set_use(out, e->set);
	else
		put_span(out, fw_fields[e->field].type, &e->span);
}

static void put_fields(FILE *out, const struct fw_set *set)
{
	for (size_t i = 0; i < set->n_keys; i++)
		fprintf(out, "%s%s", i ? " . " : "", fw_fields[set->fields[i]].text);
}

static void put_update(FILE *out, const struct fw_expr *e)
{
	fprintf(out, "%s @%s { ", e->set->timeout ? "update" : "add", e->set->name);
	put_fields(out, e->set);
	if (e->kind == FW_LIMIT_CONNECTIONS)
		fprintf(out, " ct count over %" PRIu32 " }", e->number);
	else if (e->kind == FW_LIMIT_EACH)
		fprintf(out, " limit rate%s %" PRIu64 "/minute burst %" PRIu32 " packets }",
			e->negate ? " over" : "", e->rate.per_minute, e->rate.burst);
	else
		fputs(" counter }", out);
}

static void put_match_added(FILE *out, const struct fw_expr *e)
{
	put_fields(out, e->set);
	fprintf(out, "%s @%s", e->negate ? " !=" : "", e->set->name);
}

static void put_dnat(FILE *out, const struct fw_expr *e)
{
	fprintf(out, "dnat %s to ", e->family == AF_INET ? "ip" : "ip6");
	if (e->kind == FW_DNAT) {
		put_address(out, e->family, e->span.first);
		return;
	}
	if (e->kind == FW_DNAT_MAP)
		fprintf(out, "%s map ", fw_fields[e->field].text);
	else
		fprintf(out, "numgen inc mod %zu map ", e->set->n_elements);
	put_set_use(out, e->set);
}

static void put_masquerade_to(FILE *out, const struct fw_expr *e)
{
	fputs("masquerade to :", out);
	put_span(out, FW_TYPE_PORT, &e->span);
}

static void put_vmap(FILE *out, const struct fw_expr *e)
{
	fprintf(out, "%s vmap ", fw_fields[e->field].text);
	put_set_use(out, e->set);
}

static void put_simple(FILE *out, const struct fw_expr *e)
{
	static const char *const words[FW_N_KINDS] = {
		[FW_COUNTER] = "counter",
		[FW_ACCEPT] = "accept",
		[FW_DROP] = "drop",
		[FW_RESET] = "reject with tcp reset",
		[FW_REJECT] = "reject with icmpx admin-prohibited",
		[FW_MASQUERADE] = "masquerade",
	};

	fputs(words[e->kind], out);
}

static void put_statement(FILE *out, const struct fw_expr *e)
{
	if (e->kind == FW_COUNTER_NAMED)
		fprintf(out, "counter name \"%s\"", e->name);
	else if (e->kind == FW_LIMIT)
		fprintf(out, "limit rate %" PRIu32 "/second burst %" PRIu32 " packets", e->number,
			FW_LIMIT_BURST(e->number));
	else if (e->kind == FW_LOG)
		fprintf(out, "log prefix \"%s\"", e->name);
	else if (e->kind == FW_SET_MARK)
		fprintf(out, "meta mark set meta mark | 0x%08" PRIx32, e->number);
	else if (e->kind == FW_GOTO || e->kind == FW_JUMP)
		fprintf(out, "%s %s", e->kind == FW_GOTO ? "goto" : "jump", e->chain->name);
	else
		put_simple(out, e);
}

/* A table rather than a switch: most kinds are written alike. */
typedef void put_fn(FILE *out, const struct fw_expr *e);

static put_fn *const put_kinds[FW_N_KINDS] = {
	[FW_MATCH] = put_match,
	[FW_MATCH_SET] = put_match,
	[FW_MATCH_BITS] = put_match_bits,
	[FW_UPDATE] = put_update,
	[FW_LIMIT_CONNECTIONS] = put_update,
	[FW_LIMIT_EACH] = put_update,
	[FW_MATCH_ADDED] = put_match_added,
	[FW_VMAP] = put_vmap,
	[FW_MASQUERADE_TO] = put_masquerade_to,
	[FW_DNAT] = put_dnat,
	[FW_DNAT_MAP] = put_dnat,
	[FW_DNAT_SPREAD] = put_dnat,
};

static void put_rule(FILE *out, const struct fw_rule *rule)
{
	const char *separator = "\t\t";

	for (const struct fw_expr *e = rule->exprs; e->kind != FW_END; e++) {
		fputs(separator, out);
		(put_kinds[e->kind] ? put_kinds[e->kind] : put_statement)(out, e);
		separator = " ";
	}
	if (rule->comment)
		fprintf(out, " comment \"%s\"", rule->comment);
	fputc('\n', out);
}

static void put_hook(FILE *out, const struct fw_base *base)
{
	static const char *const names[] = {
		[FW_HOOK_PREROUTING] = "prerouting",   [FW_HOOK_INPUT] = "input",
		[FW_HOOK_FORWARD] = "forward",         [FW_HOOK_OUTPUT] = "output",
		[FW_HOOK_POSTROUTING] = "postrouting",
	};

	fprintf(out, "\t\ttype %s hook %s priority %d; policy %s;\n", base->type, names[base->hook],
		base->priority, base->drop ? "drop" : "accept");
}

static void put_chain(FILE *out, const struct fw_chain *chain)
{
	fprintf(out, "\n\tchain %s {\n", chain->name);
	if (chain->comment)
		fprintf(out, "\t\tcomment \"%s\"\n", chain->comment);
	if (chain->base)
		put_hook(out, chain->base);
	for (const struct fw_rule *rule = chain->rules; rule; rule = rule->next)
		put_rule(out, rule);
	fputs("\t}\n", out);
}

static void put_set(FILE *out, const struct fw_set *set)
{
	fprintf(out, "\n\t%s %s {\n\t\ttype ", set->data[0] ? "map" : "set", set->name);
	for (size_t i = 0; i < set->n_keys; i++)
		fprintf(out, "%s%s", i ? " . " : "", fw_types[set->key[i]].name);
	for (size_t i = 0; i < ARRAY_SIZE(set->data) && set->data[i] != FW_TYPE_NONE; i++)
		fprintf(out, "%s%s", i ? " . " : " : ", fw_types[set->data[i]].name);
	fputc('\n', out);
	if (set->flags & FW_SET_DYNAMIC)
		fprintf(out, "\t\tflags dynamic%s\n", set->timeout ? ",timeout" : "");
	if (set->flags & FW_SET_INTERVALS)
		fputs("\t\tflags interval\n", out);
	if (set->timeout)
		fprintf(out, "\t\ttimeout %" PRIu32 "s\n", set->timeout);
	if (set->n_elements > 0) {
		fputs("\t\telements = ", out);
		put_elements(out, set, ",\n\t\t\t     ");
		fputc('\n', out);
	}
	fputs("\t}\n", out);
}

int fw_print(const struct fw_table *table, FILE *out)
{
	/* One transaction, in which a table that is there goes. */
	fprintf(out, "table inet %s\ndelete table inet %s\n\ntable inet %s {\n", table->name,
		table->name, table->name);
	for (size_t i = 0; i < table->n_counters; i++)
		fprintf(out, "\tcounter %s {\n\t}\n", table->counters[i]);
	for (const struct fw_set *set = table->sets; set; set = set->next) {
		if (set->name)
			put_set(out, set);
	}
	for (const struct fw_chain *chain = table->chains; chain; chain = chain->next)
		put_chain(out, chain);
	fputs("}\n", out);
	return ferror(out) ? -EIO : 0;
}
