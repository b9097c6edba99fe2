/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/base.h"
#include "conf/conf.h"
#include "helper/fw_ir.h"

static unsigned field_width(enum fw_field field)
{
	return fw_types[fw_fields[field].type].width;
}

struct fw_expr fw_simple(enum fw_expr_kind kind)
{
	return (struct fw_expr){ .kind = kind };
}

struct fw_expr fw_number(enum fw_expr_kind kind, uint32_t number)
{
	return (struct fw_expr){ .kind = kind, .number = number };
}

struct fw_expr fw_is_in(enum fw_field field, const struct span *span)
{
	return (struct fw_expr){ .kind = FW_MATCH, .field = field, .span = *span };
}

struct fw_expr fw_is_between(enum fw_field field, uint32_t first, uint32_t last)
{
	struct span span = span_of_numbers(first, last, field_width(field));

	return fw_is_in(field, &span);
}

struct fw_expr fw_is(enum fw_field field, uint32_t number)
{
	return fw_is_between(field, number, number);
}

struct fw_expr fw_is_named(enum fw_field field, const char *link)
{
	struct span span = span_of_name(link);

	return fw_is_in(field, &span);
}

struct fw_expr fw_is_of(enum fw_field field, const struct fw_set *set)
{
	return (struct fw_expr){ .kind = FW_MATCH_SET, .field = field, .set = set };
}

struct fw_expr fw_has(enum fw_field field, uint32_t bits)
{
	return (struct fw_expr){ .kind = FW_MATCH_BITS, .field = field, .number = bits };
}

struct fw_expr fw_not(struct fw_expr match)
{
	match.negate = !match.negate;
	return match;
}

struct fw_expr fw_count_as(const char *counter)
{
	return (struct fw_expr){ .kind = FW_COUNTER_NAMED, .name = counter };
}

struct fw_expr fw_log(const char *prefix)
{
	return (struct fw_expr){ .kind = FW_LOG, .name = prefix };
}

struct fw_expr fw_update(const struct fw_set *set)
{
	return (struct fw_expr){ .kind = FW_UPDATE, .set = set };
}

struct fw_expr fw_limit_connections(const struct fw_set *set, uint32_t number)
{
	return (struct fw_expr){ .kind = FW_LIMIT_CONNECTIONS, .set = set, .number = number };
}

struct fw_expr fw_limit_each(const struct fw_set *set, struct fw_rate rate)
{
	return (struct fw_expr){ .kind = FW_LIMIT_EACH, .set = set, .rate = rate };
}

struct fw_expr fw_is_added(const struct fw_set *set)
{
	return (struct fw_expr){ .kind = FW_MATCH_ADDED, .set = set };
}

struct fw_expr fw_goto(const struct fw_chain *chain)
{
	return (struct fw_expr){ .kind = FW_GOTO, .chain = chain };
}

struct fw_expr fw_jump(const struct fw_chain *chain)
{
	return (struct fw_expr){ .kind = FW_JUMP, .chain = chain };
}

struct fw_expr fw_vmap(enum fw_field field, const struct fw_set *map)
{
	return (struct fw_expr){ .kind = FW_VMAP, .field = field, .set = map };
}

struct fw_expr fw_masquerade_to(uint16_t first, uint16_t last)
{
	return (struct fw_expr){
		.kind = FW_MASQUERADE_TO,
		.span = span_of_numbers(first, last, sizeof(first)),
	};
}

struct fw_expr fw_dnat(const struct conf_prefix *address)
{
	return (struct fw_expr){
		.kind = FW_DNAT,
		.family = address->family,
		.span = span_of_prefix(address),
	};
}

struct fw_expr fw_dnat_map(int family, enum fw_field field, const struct fw_set *map)
{
	return (struct fw_expr){
		.kind = FW_DNAT_MAP,
		.family = family,
		.field = field,
		.set = map,
	};
}

struct fw_expr fw_dnat_spread(int family, const struct fw_set *map)
{
	return (struct fw_expr){ .kind = FW_DNAT_SPREAD, .family = family, .set = map };
}
