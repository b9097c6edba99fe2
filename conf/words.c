/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "conf/array.h"
#include "conf/parse.h"
#include "conf/value.h"

void parse_advance(struct conf_parser *p)
{
	lex_next(&p->lex, &p->token);
}

bool parse_at_end(const struct conf_parser *p)
{
	return p->token.kind == TOKEN_NEWLINE || p->token.kind == TOKEN_END ||
	       p->token.kind == TOKEN_CLOSE;
}

int parse_end(struct conf_parser *p)
{
	return parse_at_end(p) ? 0 : parse_expected(p, "the end of the line");
}

bool parse_accept(struct conf_parser *p, const char *word)
{
	if (!token_is(&p->token, word))
		return false;
	parse_advance(p);
	return true;
}

static bool at_top_keyword(const struct conf_parser *p)
{
	return p->token.kind == TOKEN_WORD &&
	       keyword_find(&keywords_top, p->token.text, p->token.length);
}

/*
 * Passes over the rest of a statement, and over a block that it opens: what is
 * in there would only cause errors that vanish with the first one.
 */
void parse_skip(struct conf_parser *p, bool in_block)
{
	unsigned depth = 0;
	bool at_start = false;

	for (; p->token.kind != TOKEN_END; parse_advance(p)) {
		if (p->token.kind == TOKEN_OPEN) {
			depth++;
			p->incomplete = true;
		} else if (p->token.kind == TOKEN_CLOSE) {
			if (depth == 0 && in_block)
				return;
			depth -= depth > 0;
		} else if (p->token.kind == TOKEN_NEWLINE && depth == 0) {
			return;
		} else if (at_start && at_top_keyword(p)) {
			return;
		}
		at_start = p->token.kind == TOKEN_NEWLINE;
	}
}

int parse_word(struct conf_parser *p, const char *what, struct token *ret_word)
{
	if (p->token.kind != TOKEN_WORD)
		return parse_expected(p, what);
	*ret_word = p->token;
	parse_advance(p);
	return 0;
}

int parse_keyword(struct conf_parser *p, const struct keyword_table *table,
		  const struct keyword **ret_keyword)
{
	const struct keyword *keyword;
	char list[KEYWORD_LIST_MAX];

	if (p->token.kind != TOKEN_WORD)
		return parse_expected(p, keyword_list(table, list));
	keyword = keyword_find(table, p->token.text, p->token.length);
	if (!keyword)
		return parse_unknown(p, &p->token, table);
	parse_advance(p);
	*ret_keyword = keyword;
	return 0;
}

int parse_name(struct conf_parser *p, const char *what, size_t max, char **ret_name,
	       struct conf_place *ret_place)
{
	struct token word;
	char *name;
	int r;

	r = parse_word(p, what, &word);
	if (r < 0)
		return r;
	r = value_name(p, &word, what, max);
	if (r < 0)
		return r;
	name = strndup(word.text, word.length);
	if (!name)
		return -ENOMEM;
	*ret_name = name;
	*ret_place = parse_place(p, &word);
	return 0;
}

/*
 * Looks for the brace on this line and at the start of the next one.  Even
 * without a brace, what follows is taken for the block when it starts no
 * statement of its own: one error for a forgotten brace, not one per line.
 */
static bool find_open(struct conf_parser *p)
{
	struct lexer lex;
	struct token token;

	while (p->token.kind == TOKEN_WORD || p->token.kind == TOKEN_BAD)
		parse_advance(p);
	lex = p->lex;
	token = p->token;
	while (p->token.kind == TOKEN_NEWLINE)
		parse_advance(p);
	if (p->token.kind != TOKEN_END && !at_top_keyword(p))
		return true;
	p->lex = lex;
	p->token = token;
	return false;
}

/*
 * NAME {.  Returns 0 when a block follows, though its name be wrong (*ret_name
 * stays NULL then): the errors in the block shall be found in the same run.
 */
int parse_block(struct conf_parser *p, const char *what, char **ret_name,
		struct conf_place *ret_place, struct token *ret_open)
{
	int r;

	r = parse_name(p, what, VALUE_NAME_MAX, ret_name, ret_place);
	if (r < 0 && r != -EINVAL)
		return r;
	if (r == 0 && p->token.kind != TOKEN_OPEN)
		r = parse_expected(p, "'{'");
	if (r < 0 && !find_open(p))
		return r;
	*ret_open = p->token;
	if (p->token.kind == TOKEN_OPEN)
		parse_advance(p);
	return 0;
}

/* Whether the block ends here, with or without its brace; *ret_r says how it went. */
bool parse_block_end(struct conf_parser *p, const struct token *open, bool at_start, int *ret_r)
{
	if (p->token.kind == TOKEN_CLOSE) {
		parse_advance(p);
		*ret_r = parse_end(p);
		return true;
	}
	if (p->token.kind != TOKEN_END && !(at_start && at_top_keyword(p)))
		return false;
	if (open->kind == TOKEN_OPEN && p->token.kind == TOKEN_END)
		parse_error(p, open, "the block is never closed: expected '}'");
	else if (open->kind == TOKEN_OPEN)
		parse_error(p, &p->token, "expected '}' before %s", quote(&p->token).text);
	p->n_spare += open->kind == TOKEN_OPEN;
	*ret_r = 0;
	return true;
}

int parse_list(struct conf_parser *p, const char *what, struct token *ret_list)
{
	struct token list, comma;
	int r;

	r = parse_word(p, what, &list);
	if (r < 0)
		return r;
	comma = token_cut(&list, list.length - 1, 1);
	if (!token_is(&comma, ",")) {
		comma = p->token;
		if (comma.kind != TOKEN_WORD || comma.text[0] != ',') {
			*ret_list = list;
			return 0;
		}
		comma.length = 1;
	} else if (p->token.kind != TOKEN_WORD) {
		return parse_error(p, &comma, "expected %s after the comma", what);
	}
	return parse_error(p, &comma, "a list has no blanks beside its commas");
}

bool parse_next_item(struct token *list, struct token *ret_item)
{
	const char *comma;
	size_t n;

	if (!list->text)
		return false;
	comma = memchr(list->text, ',', list->length);
	n = comma ? (size_t)(comma - list->text) : list->length;
	*ret_item = token_cut(list, 0, n);
	*list = token_cut(list, n, list->length - n);
	if (comma)
		*list = token_cut(list, 1, list->length - 1);
	else
		list->text = NULL;
	return true;
}

int parse_add_string(struct conf_parser *p, char ***list, size_t *n, const struct token *word)
{
	char **slot;

	for (size_t i = 0; i < *n; i++) {
		if (token_is(word, (*list)[i]))
			return parse_error(p, word, "%s is listed twice", quote(word).text);
	}
	/* So that the search above stays cheap for any file. */
	if (*n == PARSE_STRINGS_MAX)
		return parse_error(p, word, "too many: at most %u here", PARSE_STRINGS_MAX);
	slot = array_add(*list, *n);
	if (!slot)
		return -ENOMEM;
	*slot = strndup(word->text, word->length);
	return *slot ? 0 : -ENOMEM;
}
