/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "helper/fw.h"
#include "helper/fw_build.h"

#define V4(length, ...)             \
	{                           \
		AF_INET, (length),  \
		{                   \
			__VA_ARGS__ \
		}                   \
	}
#define V6(length, ...)             \
	{                           \
		AF_INET6, (length), \
		{                   \
			__VA_ARGS__ \
		}                   \
	}

/* How a translator makes an IPv4 address one of IPv6 by default, RFC 6052. */
#define NAT64(length, ...) \
	V6(96 + (length), 0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, __VA_ARGS__)

/*
 * Where clouds tell a machine its secrets and take its orders.  The link-local
 * ranges are whole: every provider has its own addresses there.
 */
static const struct conf_prefix metadata[] = {
	V4(16, 169, 254),
	V4(32, 100, 100, 100, 200), /* Alibaba */
	V4(32, 168, 63, 129, 16), /* Azure */
	V4(32, 192, 0, 0, 192), /* Oracle, once */
	NAT64(16, 169, 254),
	NAT64(32, 100, 100, 100, 200),
	NAT64(32, 168, 63, 129, 16),
	NAT64(32, 192, 0, 0, 192),
	V6(10, 0xfe, 0x80),
	V6(32, 0xfd, 0x00, 0x0e, 0xc2), /* Amazon: all its services */
	V6(128, 0xfd, 0x00, 0x00, 0xc1, 0, 0, 0, 0, 0, 0, 0, 0, 0xa9, 0xfe, 0xa9,
	   0xfe), /* Oracle */
	V6(128, 0xfd, 0x00, 0x00, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x42), /* Scaleway */
	V6(128, 0xfd, 0x20, 0x00, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54), /* Google */
};

/* RFC 1918, RFC 6598, RFC 4193. */
static const struct conf_prefix private[] = {
	V4(8, 10),          V4(12, 172, 16),     V4(16, 192, 168),   V4(10, 100, 64), NAT64(8, 10),
	NAT64(12, 172, 16), NAT64(16, 192, 168), NAT64(10, 100, 64), V6(7, 0xfc),
};

bool fw_is_metadata(const struct conf_prefix *address)
{
	for (size_t i = 0; i < ARRAY_SIZE(metadata); i++)
		if (conf_prefix_contains(&metadata[i], address))
			return true;
	return false;
}

static const char digits[FW_N_FAMILIES] = { [FW_V4] = '4', [FW_V6] = '6' };
static const enum fw_type types[FW_N_FAMILIES] = { [FW_V4] = FW_TYPE_IPV4, [FW_V6] = FW_TYPE_IPV6 };

/* The address of the other end, by direction. */
static const enum fw_field fields[FW_N_FAMILIES][2] = {
	[FW_V4] = { [CONF_OUT] = FW_IP_DADDR, [CONF_IN] = FW_IP_SADDR },
	[FW_V6] = { [CONF_OUT] = FW_IP6_DADDR, [CONF_IN] = FW_IP6_SADDR },
};

static enum fw_family family_of(const struct conf_prefix *prefix)
{
	return prefix->family == AF_INET ? FW_V4 : FW_V6;
}

static void add_prefix(struct fw_build *b, struct spans *spans, const struct conf_prefix *prefix)
{
	struct span span = span_of_prefix(prefix);

	fw_note(b->table, spans_add(spans, &span));
}

static void add_prefixes(struct fw_build *b, struct spans spans[FW_N_FAMILIES],
			 const struct conf_prefix *prefixes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add_prefix(b, &spans[family_of(&prefixes[i])], &prefixes[i]);
}

int fw_targets_start(struct fw_build *b)
{
	for (enum fw_family f = 0; f < FW_N_FAMILIES; f++) {
		unsigned width = fw_types[types[f]].width;

		b->pool[f].width = b->metadata[f].width = b->closed[f].width = width;
	}
	b->lists = calloc(b->conf->n_addresses + 1, FW_N_FAMILIES * sizeof(*b->lists));
	if (!b->lists)
		return -ENOMEM;
	add_prefixes(b, b->pool, &b->conf->settings.pool4, 1);
	add_prefixes(b, b->pool, &b->conf->settings.pool6, 1);
	add_prefixes(b, b->metadata, metadata, ARRAY_SIZE(metadata));
	for (enum fw_family f = 0; f < FW_N_FAMILIES; f++) {
		spans_merge(&b->metadata[f]);
		fw_note(b->table, spans_add_all(&b->closed[f], &b->pool[f]));
		fw_note(b->table, spans_add_all(&b->closed[f], &b->metadata[f]));
		spans_merge(&b->closed[f]);
	}
	return b->table->error;
}

void fw_targets_done(struct fw_build *b)
{
	for (enum fw_family f = 0; f < FW_N_FAMILIES; f++) {
		spans_done(&b->pool[f]);
		spans_done(&b->metadata[f]);
		spans_done(&b->closed[f]);
	}
	free(b->lists);
}

/* PREFIX4 or, with the name of a list, PREFIX4_NAME; and likewise 6. */
static const struct fw_set *set_of(struct fw_build *b, enum fw_family family, const char *prefix,
				   const char *name, const struct spans *spans)
{
	struct fw_set *set;

	if (spans->n == 0)
		return NULL;
	set = fw_add_set(b->table, types[family], FW_SET_INTERVALS, "%s%c%s%s", prefix,
			 digits[family], name ? "_" : "", name ? name : "");
	fw_add_spans(set, spans);
	return set;
}

static const struct fw_set *fixed_set(struct fw_build *b, enum fw_family family,
				      const struct fw_set **known, const char *name,
				      const struct spans *spans)
{
	if (!*known)
		*known = set_of(b, family, name, NULL, spans);
	return *known;
}

static const struct fw_set *any_set(struct fw_build *b, enum fw_family family)
{
	return fixed_set(b, family, &b->any[family], "closed", &b->closed[family]);
}

static const struct fw_set *metadata_set(struct fw_build *b, enum fw_family family)
{
	return fixed_set(b, family, &b->metadata_set[family], "metadata", &b->metadata[family]);
}

static const struct fw_set *private_set(struct fw_build *b, enum fw_family family)
{
	_cleanup_(spans_done) struct spans spans = { .width = fw_types[types[family]].width };

	for (size_t i = 0; i < ARRAY_SIZE(private); i++) {
		if (family_of(&private[i]) == family)
			add_prefix(b, &spans, &private[i]);
	}
	spans_merge(&spans);
	fw_note(b->table, spans_remove(&spans, &b->closed[family]));
	return fixed_set(b, family, &b->private_set[family], "private", &spans);
}

/*
 * Sessions are reached by "users" alone, and metadata by an address only if that
 * lies among them: what is wider was not written to open those.
 */
static void add_address(struct fw_build *b, enum fw_family family, const struct conf_prefix *prefix,
			struct spans *spans)
{
	_cleanup_(spans_done) struct spans rest = { .width = spans->width };
	struct span span = span_of_prefix(prefix);
	bool named = spans_contain(&b->metadata[family], &span);

	if (family_of(prefix) != family)
		return;
	fw_note(b->table, spans_add(&rest, &span));
	fw_note(b->table, spans_remove(&rest, named ? &b->pool[family] : &b->closed[family]));
	fw_note(b->table, spans_add_all(spans, &rest));
}

static void add_list(struct fw_build *b, enum fw_family family, const struct conf_addresses *list,
		     struct spans *spans)
{
	for (size_t i = 0; i < list->n_members; i++) {
		const struct conf_member *member = &list->members[i];

		if (member->list)
			add_list(b, family, member->list, spans);
		else
			add_address(b, family, &member->prefix, spans);
	}
}

static const struct fw_set *new_list_set(struct fw_build *b, enum fw_family family,
					 const struct conf_addresses *list)
{
	_cleanup_(spans_done) struct spans spans = { .width = fw_types[types[family]].width };

	add_list(b, family, list, &spans);
	spans_merge(&spans);
	return set_of(b, family, "list", list->name, &spans);
}

static const struct fw_set *list_set(struct fw_build *b, enum fw_family family,
				     const struct conf_addresses *list)
{
	const struct fw_set **known = &b->lists[list->index * FW_N_FAMILIES + family];

	if (!*known)
		*known = new_list_set(b, family, list);
	return *known;
}

static struct fw_end *add_end(struct fw_build *b, struct fw_ends *ends, enum fw_field field)
{
	struct fw_end *list = reallocarray(ends->list, ends->n + 1, sizeof(*list));

	if (!list) {
		fw_note(b->table, -ENOMEM);
		return NULL;
	}
	ends->list = list;
	list[ends->n] = (struct fw_end){ .field = field };
	return &list[ends->n++];
}

static void add_set_end(struct fw_build *b, struct fw_ends *ends, enum fw_field field,
			const struct fw_set *set, bool negate)
{
	struct fw_end *end = set ? add_end(b, ends, field) : NULL;

	if (!end)
		return;
	end->set = set;
	end->negate = negate;
}

/* NULL stands for "any". */
static void add_target(struct fw_build *b, enum conf_direction direction,
		       const struct conf_target *target, struct fw_ends *ends)
{
	enum conf_target_kind kind = target ? target->kind : CONF_TARGET_ANY;

	for (enum fw_family f = 0; f < FW_N_FAMILIES; f++) {
		enum fw_field field = fields[f][direction];

		if (kind == CONF_TARGET_ANY)
			add_set_end(b, ends, field, any_set(b, f), true);
		else if (kind == CONF_TARGET_METADATA)
			add_set_end(b, ends, field, metadata_set(b, f), false);
		else if (kind == CONF_TARGET_PRIVATE)
			add_set_end(b, ends, field, private_set(b, f), false);
		else if (kind == CONF_TARGET_LIST)
			add_set_end(b, ends, field, list_set(b, f, target->list), false);
	}
	if (kind == CONF_TARGET_USERS)
		add_end(b, ends, direction == CONF_OUT ? FW_OIFGROUP : FW_IIFGROUP);
}

/* The addresses that are written in the rule itself, together. */
static void add_addresses(struct fw_build *b, enum fw_family family, enum conf_direction direction,
			  const struct conf_target *targets, size_t n, struct fw_ends *ends)
{
	_cleanup_(spans_done) struct spans spans = { .width = fw_types[types[family]].width };
	struct fw_end *end;

	for (size_t i = 0; i < n; i++) {
		if (targets[i].kind == CONF_TARGET_PREFIX)
			add_address(b, family, &targets[i].prefix, &spans);
	}
	spans_merge(&spans);
	end = spans.n > 0 ? add_end(b, ends, fields[family][direction]) : NULL;
	if (!end)
		return;
	end->spans = spans;
	spans = (struct spans){ 0 };
}

void fw_add_ends(struct fw_build *b, enum conf_direction direction,
		 const struct conf_target *targets, size_t n, struct fw_ends *ends)
{
	if (n == 0)
		add_target(b, direction, NULL, ends);
	for (size_t i = 0; i < n; i++)
		add_target(b, direction, &targets[i], ends);
	for (enum fw_family f = 0; f < FW_N_FAMILIES; f++)
		add_addresses(b, f, direction, targets, n, ends);
}

bool fw_targets_name_host(const struct conf_target *targets, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (targets[i].kind == CONF_TARGET_HOST)
			return true;
	}
	return false;
}

struct fw_expr fw_match_end(struct fw_build *b, const struct fw_end *end)
{
	struct fw_expr match;

	if (end->set)
		match = fw_is_of(end->field, end->set);
	else if (end->spans.n > 0)
		match = fw_is_in_spans(b->table, end->field, &end->spans);
	else
		match = fw_is_session(end->field);
	return end->negate ? fw_not(match) : match;
}

void fw_ends_done(struct fw_ends *ends)
{
	for (size_t i = 0; i < ends->n; i++)
		spans_done(&ends->list[i].spans);
	free(ends->list);
}
