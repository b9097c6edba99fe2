/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "conf/addr.h"
#include "conf/array.h"
#include "conf/parse.h"
#include "conf/value.h"

/* A list is named where keywords and addresses may stand too. */
static int check_list_name(struct conf_parser *p, const struct token *word)
{
	if (keyword_find(&keywords_reserved, word->text, word->length))
		return parse_error(p, word, "%s has a meaning of its own and names no list",
				   quote(word).text);
	if (addr_is_meant(word->text, word->length))
		return parse_error(p, word, "%s looks like an address and names no list",
				   quote(word).text);
	return 0;
}

static int parse_member(struct conf_parser *p, const struct token *word, struct conf_member *member)
{
	int r;

	member->place = parse_place(p, word);
	if (addr_is_meant(word->text, word->length))
		return value_prefix(p, word, &member->prefix);
	if (keyword_find(&keywords_reserved, word->text, word->length))
		return parse_error(p, word, "%s is no address: a list cannot hold it",
				   quote(word).text);
	r = value_name(p, word, "the name of an address list", VALUE_NAME_MAX);
	if (r < 0)
		return r;
	member->name = strndup(word->text, word->length);
	return member->name ? 0 : -ENOMEM;
}

static int add_member(struct conf_parser *p, struct conf_addresses *list)
{
	struct conf_member member = { 0 }, *slot;
	struct token word;
	int r;

	r = parse_word(p, "an address, a prefix or the name of a list", &word);
	if (r < 0)
		return r;
	r = parse_member(p, &word, &member);
	if (r < 0)
		return r;
	slot = array_add(list->members, list->n_members);
	if (!slot) {
		free(member.name);
		return -ENOMEM;
	}
	*slot = member;
	return 0;
}

/* What is no word at all: a block in the block goes as a whole. */
static void skip_other(struct conf_parser *p)
{
	if (p->token.kind == TOKEN_OPEN)
		parse_skip(p, true);
	else if (p->token.kind == TOKEN_BAD)
		parse_advance(p);
}

/* The words of a list do not depend on each other: every wrong one is named. */
static int parse_members(struct conf_parser *p, struct conf_addresses *list,
			 const struct token *open)
{
	bool at_start = true;
	int r;

	for (;;) {
		for (; p->token.kind == TOKEN_NEWLINE; at_start = true)
			parse_advance(p);
		if (parse_block_end(p, open, at_start, &r))
			return r;
		at_start = false;
		r = add_member(p, list);
		if (r == -EINVAL)
			skip_other(p);
		else if (r < 0)
			return r;
	}
}

int parse_addresses(struct conf_parser *p, const struct keyword *keyword,
		    struct conf_statement *statement)
{
	struct conf_addresses **slot = array_add(p->conf->addresses, p->conf->n_addresses);
	struct token word = p->token, open;
	int r;

	(void)keyword, (void)statement;
	if (!slot)
		return -ENOMEM;
	*slot = calloc(1, sizeof(**slot));
	if (!*slot)
		return -ENOMEM;
	(*slot)->index = p->conf->n_addresses - 1;
	r = parse_block(p, "the name of an address list", &(*slot)->name, &(*slot)->place, &open);
	if (r < 0)
		return r;
	if ((*slot)->name)
		check_list_name(p, &word);
	return parse_members(p, *slot, &open);
}
