/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/in.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/covers.h"

#define RANGES_MAX 1000000U

/* Spaces of points.  What stands for itself has one point in OTHER. */
enum {
	IPV4,
	IPV6,
	PORTS, /* + enum conf_proto */
	OTHER = PORTS + CONF_PROTO_ICMP + 1,
};

/* "any", and no services: they cover more than all that could be written instead. */
#define ANY_TARGET  100U
#define ANY_SERVICE 101U

static int add_point(struct ranges *set, unsigned number)
{
	struct point point = { .space = OTHER, .low = number };

	return ranges_add(set, point, point);
}

static uint64_t load_be64(const uint8_t *bytes)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | bytes[i];
	return value;
}

static int add_prefix(struct ranges *set, const struct conf_prefix *prefix)
{
	struct point first = {
		.space = prefix->family == AF_INET ? IPV4 : IPV6,
		.high = load_be64(prefix->bytes),
		.low = load_be64(prefix->bytes + 8),
	};
	struct point last = first;
	/* IPv4 addresses fill the upper half of high. */
	unsigned length = prefix->length;

	if (length < 64)
		last.high |= UINT64_MAX >> length;
	if (length <= 64)
		last.low = UINT64_MAX;
	else
		last.low |= length < 128 ? UINT64_MAX >> (length - 64) : 0;
	return ranges_add(set, first, last);
}

static int add_target(struct ranges *set, const struct conf_target *target)
{
	static const struct conf_prefix all4 = { .family = AF_INET }, all6 = { .family = AF_INET6 };
	int r;

	switch (target->kind) {
	case CONF_TARGET_PREFIX:
		return add_prefix(set, &target->prefix);
	case CONF_TARGET_LIST:
		return 0;
	case CONF_TARGET_ANY:
		r = add_point(set, ANY_TARGET);
		if (r == 0)
			r = add_point(set, CONF_TARGET_PRIVATE);
		if (r == 0)
			r = add_prefix(set, &all4);
		return r < 0 ? r : add_prefix(set, &all6);
	case CONF_TARGET_HOST:
	case CONF_TARGET_USERS:
	case CONF_TARGET_METADATA:
	case CONF_TARGET_PRIVATE:
		return add_point(set, target->kind);
	}
	return 0;
}

static int add_service(struct ranges *set, enum conf_proto proto, unsigned first, unsigned last)
{
	return ranges_add(set, (struct point){ .space = PORTS + proto, .low = first },
			  (struct point){ .space = PORTS + proto, .low = last });
}

static int add_all_services(struct ranges *set)
{
	int r;

	r = add_point(set, ANY_SERVICE);
	if (r == 0)
		r = add_service(set, CONF_PROTO_TCP, 1, UINT16_MAX);
	if (r == 0)
		r = add_service(set, CONF_PROTO_UDP, 1, UINT16_MAX);
	return r < 0 ? r : add_service(set, CONF_PROTO_ICMP, 0, 0);
}

static int build_rule(const struct conf_rule *rule, struct rule_set *set)
{
	static const struct conf_target any = { .kind = CONF_TARGET_ANY };
	int r = rule->n_targets == 0 ? add_target(&set->targets, &any) : 0;

	set->rule = rule;
	if (r == 0 && rule->n_services == 0)
		r = add_all_services(&set->services);
	for (size_t i = 0; i < rule->n_targets && r == 0; i++)
		r = add_target(&set->targets, &rule->targets[i]);
	for (size_t i = 0; i < rule->n_services && r == 0; i++) {
		const struct conf_service *s = &rule->services[i];

		r = add_service(&set->services, s->proto, s->first, s->last);
	}
	ranges_sort(&set->targets);
	ranges_sort(&set->services);
	return r;
}

static int build_rules(struct covers *s, const struct conf_policy *policy)
{
	struct rule_set *sets = calloc(policy->n_statements + 1, sizeof(*sets));
	int r = 0;

	if (!sets)
		return -ENOMEM;
	s->sets[policy->index] = sets;
	for (size_t i = 0; i < policy->n_statements && r == 0; i++) {
		if (policy->statements[i].kind == CONF_RULE)
			r = build_rule(&policy->statements[i].rule, &sets[i]);
	}
	return r;
}

/* Those in it have been built before. */
static int build_list(struct covers *s, const struct conf_addresses *list)
{
	struct list_set *set = &s->lists[list->index];
	int r = 0;

	set->known = true;
	for (size_t i = 0; i < list->n_members && r == 0; i++) {
		const struct conf_member *member = &list->members[i];
		const struct list_set *inner;

		if (!member->list) {
			r = add_prefix(&set->ranges, &member->prefix);
			continue;
		}
		inner = &s->lists[member->list->index];
		set->known = set->known && inner->known &&
			     s->n_ranges + set->ranges.n + inner->ranges.n <= RANGES_MAX;
		for (size_t j = 0; set->known && j < inner->ranges.n && r == 0; j++)
			r = ranges_add(&set->ranges, inner->ranges.ranges[j].first,
				       inner->ranges.ranges[j].last);
	}
	ranges_sort(&set->ranges);
	s->n_ranges += set->ranges.n;
	return r;
}

int covers_build(struct covers *s)
{
	const struct conf *conf = s->conf;
	int r = 0;

	s->lists = calloc(conf->n_addresses + 1, sizeof(*s->lists));
	s->sets = calloc(conf->n_policies + 1, sizeof(*s->sets));
	if (!s->lists || !s->sets)
		return -ENOMEM;
	for (size_t i = 0; i < conf->n_addresses && r == 0; i++)
		r = build_list(s, conf->addresses[s->order[i]]);
	for (size_t i = 0; i < conf->n_policies && r == 0; i++)
		r = build_rules(s, conf->policies[i]);
	return r;
}

void covers_done(struct covers *s)
{
	const struct conf *conf = s->conf;

	for (size_t i = 0; s->lists && i < conf->n_addresses; i++)
		ranges_done(&s->lists[i].ranges);
	for (size_t i = 0; s->sets && i < conf->n_policies; i++) {
		for (size_t j = 0; s->sets[i] && j < conf->policies[i]->n_statements; j++) {
			ranges_done(&s->sets[i][j].targets);
			ranges_done(&s->sets[i][j].services);
		}
		free(s->sets[i]);
	}
	free(s->lists);
	free(s->sets);
}

static bool covers_all(const struct ranges *outer, const struct ranges *inner)
{
	for (size_t i = 0; i < inner->n; i++) {
		if (!ranges_cover(outer, &inner->ranges[i]))
			return false;
	}
	return true;
}

static bool covers_range(const struct covers *s, const struct rule_set *outer,
			 const struct range *range)
{
	if (ranges_cover(&outer->targets, range))
		return true;
	for (size_t i = 0; i < outer->rule->n_targets; i++) {
		const struct conf_addresses *list = outer->rule->targets[i].list;

		if (list && ranges_cover(&s->lists[list->index].ranges, range))
			return true;
	}
	return false;
}

static bool covers_ranges(struct covers *s, const struct rule_set *outer,
			  const struct ranges *inner)
{
	for (size_t i = 0; i < inner->n; i++) {
		s->comparisons++;
		if (!covers_range(s, outer, &inner->ranges[i]))
			return false;
	}
	return true;
}

static bool covers_list(struct covers *s, const struct rule_set *outer,
			const struct conf_addresses *list)
{
	for (size_t i = 0; i < outer->rule->n_targets; i++) {
		if (outer->rule->targets[i].list == list)
			return true;
	}
	return s->lists[list->index].known &&
	       covers_ranges(s, outer, &s->lists[list->index].ranges);
}

bool covers_rule(struct covers *s, const struct rule_set *outer, const struct rule_set *inner)
{
	s->comparisons++;
	if (outer->rule->direction != inner->rule->direction ||
	    !covers_all(&outer->services, &inner->services) ||
	    !covers_ranges(s, outer, &inner->targets))
		return false;
	for (size_t i = 0; i < inner->rule->n_targets; i++) {
		const struct conf_addresses *list = inner->rule->targets[i].list;

		if (list && !covers_list(s, outer, list))
			return false;
	}
	return true;
}
