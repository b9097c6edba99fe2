/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONF_LEX_H
#define CONF_LEX_H

#include <stdbool.h>
#include <stddef.h>

enum token_kind {
	TOKEN_WORD,
	TOKEN_OPEN, /* { */
	TOKEN_CLOSE, /* } */
	TOKEN_NEWLINE,
	TOKEN_END,
	TOKEN_BAD, /* a byte that may not be there: problem says why */
};

/* text points into the buffer of the lexer and is not terminated. */
struct token {
	enum token_kind kind;
	const char *text;
	size_t length;
	unsigned line; /* from 1 */
	unsigned column; /* from 1, in bytes */
	const char *problem;
};

struct lexer {
	const char *text;
	size_t length;
	size_t offset;
	size_t line_start;
	unsigned line;
};

void lex_init(struct lexer *lex, const char *text, size_t length);

/* After TOKEN_END comes TOKEN_END again; after TOKEN_BAD the end of its line. */
void lex_next(struct lexer *lex, struct token *ret_token);

/* Finds the first CR LF.  lex_next() takes it for the end of a line. */
bool lex_find_crlf(const char *text, size_t length, struct token *ret_token);

/* The part of a word that starts at offset. */
struct token token_cut(const struct token *token, size_t offset, size_t length);
bool token_is(const struct token *token, const char *word);

#endif
