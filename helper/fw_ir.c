/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/fw_ir.h"

/* Takes what was allocated: NULL makes the table fail. */
static void *check(struct fw_table *table, void *memory)
{
	if (!memory)
		table->error = -ENOMEM;
	return memory;
}

static char *PRINTF_LIKE(2, 0) format_name(struct fw_table *table, const char *format, va_list args)
{
	char *name;

	return check(table, vasprintf(&name, format, args) < 0 ? NULL : name);
}

struct fw_table *fw_table_new(const char *name)
{
	struct fw_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->name = name;
	table->sets_end = &table->sets;
	table->chains_end = &table->chains;
	return table;
}

static void free_sets(struct fw_set *set)
{
	while (set) {
		struct fw_set *next = set->next;

		free(set->name);
		free(set->elements);
		free(set);
		set = next;
	}
}

static void free_rules(struct fw_rule *rule)
{
	while (rule) {
		struct fw_rule *next = rule->next;

		free(rule->exprs);
		free(rule->comment);
		free(rule->log_prefix);
		free(rule);
		rule = next;
	}
}

static void free_chains(struct fw_chain *chain)
{
	while (chain) {
		struct fw_chain *next = chain->next;

		free_rules(chain->rules);
		free(chain->name);
		free(chain->comment);
		free(chain);
		chain = next;
	}
}

void fw_table_free(struct fw_table *table)
{
	if (!table)
		return;
	free_sets(table->sets);
	free_chains(table->chains);
	free(table->counters);
	free(table);
}

void fw_table_free_p(struct fw_table **table)
{
	int saved = errno;

	fw_table_free(*table);
	errno = saved;
}

const char *fw_add_counter(struct fw_table *table, const char *name)
{
	const char **counters = reallocarray(table->counters, table->n_counters + 1, sizeof(name));

	if (!check(table, counters))
		return NULL;
	table->counters = counters;
	return counters[table->n_counters++] = name;
}

struct fw_chain *fw_add_chain(struct fw_table *table, const struct fw_base *base,
			      const char *comment, const char *format, ...)
{
	struct fw_chain *chain = check(table, calloc(1, sizeof(*chain)));
	va_list args;

	if (!chain)
		return NULL;
	*table->chains_end = chain;
	table->chains_end = &chain->next;
	chain->table = table;
	chain->base = base;
	chain->rules_end = &chain->rules;
	chain->comment = comment ? check(table, strdup(comment)) : NULL;
	va_start(args, format);
	chain->name = format_name(table, format, args);
	va_end(args);
	return chain;
}

static struct fw_set *PRINTF_LIKE(2, 0)
	add_set(struct fw_table *table, const char *format, va_list args)
{
	struct fw_set *set = check(table, calloc(1, sizeof(*set)));

	if (!set)
		return NULL;
	*table->sets_end = set;
	table->sets_end = &set->next;
	set->table = table;
	set->id = ++table->n_sets;
	set->name = format ? format_name(table, format, args) : NULL;
	return set;
}

struct fw_set *fw_add_set(struct fw_table *table, enum fw_type key, unsigned flags,
			  const char *format, ...)
{
	struct fw_set *set;
	va_list args;

	va_start(args, format);
	set = add_set(table, format, args);
	va_end(args);
	if (!set)
		return NULL;
	set->key[0] = key;
	set->n_keys = 1;
	set->flags = flags;
	return set;
}

struct fw_set *fw_add_map(struct fw_table *table, enum fw_type key, enum fw_type data1,
			  enum fw_type data2, const char *name)
{
	struct fw_set *map =
		name ? fw_add_set(table, key, 0, "%s", name) : fw_add_set(table, key, 0, NULL);

	if (!map)
		return NULL;
	map->data[0] = data1;
	map->data[1] = data2;
	return map;
}

struct fw_set *fw_add_dynamic(struct fw_table *table, const enum fw_field *fields, size_t n,
			      uint32_t timeout, const char *format, ...)
{
	struct fw_set *set;
	va_list args;

	va_start(args, format);
	set = add_set(table, format, args);
	va_end(args);
	if (!set)
		return NULL;
	set->n_keys = n;
	for (size_t i = 0; i < n; i++) {
		set->fields[i] = fields[i];
		set->key[i] = fw_fields[fields[i]].type;
	}
	set->flags = FW_SET_DYNAMIC;
	set->timeout = timeout;
	return set;
}

struct fw_set *fw_find_set(const struct fw_table *table, const char *name)
{
	struct fw_set *set = table->sets;

	while (set && !(set->name && strcmp(set->name, name) == 0))
		set = set->next;
	return set;
}

const struct fw_chain *fw_find_chain(const struct fw_table *table, const char *name)
{
	const struct fw_chain *chain = table->chains;

	while (chain && strcmp(chain->name, name) != 0)
		chain = chain->next;
	return chain;
}

struct fw_element *fw_add_element(struct fw_set *set)
{
	struct fw_element *elements;

	if (!set)
		return NULL;
	elements = reallocarray(set->elements, set->n_elements + 1, sizeof(*elements));
	if (!check(set->table, elements))
		return NULL;
	set->elements = elements;
	elements[set->n_elements] = (struct fw_element){ .chain = NULL };
	return &elements[set->n_elements++];
}

static unsigned key_width(const struct fw_set *set)
{
	return fw_types[set->key[0]].width;
}

void fw_add_number(struct fw_set *set, uint32_t number)
{
	struct fw_element *element = fw_add_element(set);

	if (element)
		element->key = span_of_numbers(number, number, key_width(set));
}

void fw_add_name(struct fw_set *set, const char *link)
{
	struct fw_element *element = fw_add_element(set);

	if (element)
		element->key = span_of_name(link);
}

void fw_add_goto(struct fw_set *map, uint32_t number, const struct fw_chain *chain)
{
	struct fw_element *element = fw_add_element(map);

	if (!element)
		return;
	element->key = span_of_numbers(number, number, key_width(map));
	element->chain = chain;
}

void fw_add_spans(struct fw_set *set, const struct spans *spans)
{
	for (size_t i = 0; i < spans->n; i++) {
		struct fw_element *element = fw_add_element(set);

		if (!element)
			return;
		element->key = spans->list[i];
	}
}

static size_t count_exprs(const struct fw_expr *exprs)
{
	size_t n = 0;

	while (exprs[n].kind != FW_END)
		n++;
	return n;
}

/* The kernel's log wants a text, which the caller need not keep. */
static void own_prefix(struct fw_table *table, struct fw_rule *rule)
{
	for (struct fw_expr *e = rule->exprs; e->kind != FW_END; e++) {
		if (e->kind == FW_LOG)
			e->name = rule->log_prefix = check(table, strdup(e->name));
	}
}

void fw_add_rule(struct fw_chain *chain, const char *comment, const struct fw_expr *exprs)
{
	size_t n = count_exprs(exprs) + 1;
	struct fw_rule *rule;

	rule = chain ? check(chain->table, calloc(1, sizeof(*rule))) : NULL;
	if (!rule)
		return;
	rule->comment = comment ? check(chain->table, strdup(comment)) : NULL;
	rule->exprs = check(chain->table, calloc(n, sizeof(*exprs)));
	if (rule->exprs) {
		memcpy(rule->exprs, exprs, n * sizeof(*exprs));
		own_prefix(chain->table, rule);
	}
	*chain->rules_end = rule;
	chain->rules_end = &rule->next;
}
