/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "conf/lex.h"

void lex_init(struct lexer *lex, const char *text, size_t length)
{
	*lex = (struct lexer){ .text = text, .length = length, .line = 1 };
}

struct token token_cut(const struct token *token, size_t offset, size_t length)
{
	struct token part = *token;

	part.text += offset;
	part.column += (unsigned)offset;
	part.length = length;
	return part;
}

bool token_is(const struct token *token, const char *word)
{
	return token->kind == TOKEN_WORD && strlen(word) == token->length &&
	       memcmp(token->text, word, token->length) == 0;
}

/* The byte n further on; -1 beyond the end, so that NUL stays a byte like others. */
static int peek(const struct lexer *lex, size_t n)
{
	if (n >= lex->length - lex->offset)
		return -1;
	return (unsigned char)lex->text[lex->offset + n];
}

/* How many bytes the end of a line takes here: 0 when none is here. */
static size_t newline_length(const struct lexer *lex, size_t n)
{
	if (peek(lex, n) == '\n')
		return 1;
	return peek(lex, n) == '\r' && peek(lex, n + 1) == '\n' ? 2 : 0;
}

static void start_line(struct lexer *lex)
{
	lex->line++;
	lex->line_start = lex->offset;
}

static bool is_word_byte(int c)
{
	return c > ' ' && c < 0x7f && c != '#' && c != '{' && c != '}' && c != '\\';
}

/* Passes blanks and continued line ends. */
static void skip_blanks(struct lexer *lex)
{
	for (;;) {
		int c = peek(lex, 0);
		size_t n = c == '\\' ? newline_length(lex, 1) : 0;

		if (c == ' ' || c == '\t') {
			lex->offset++;
		} else if (n > 0) {
			lex->offset += 1 + n;
			start_line(lex);
		} else {
			return;
		}
	}
}

/*
 * Control characters are refused in comments as well: a file that hides them
 * shows something else on a terminal than what is read here.
 */
static void skip_comment(struct lexer *lex)
{
	int c;

	while ((c = peek(lex, 0)) >= 0 && !newline_length(lex, 0)) {
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return;
		lex->offset++;
	}
}

static struct token make_token(const struct lexer *lex, enum token_kind kind, size_t length)
{
	return (struct token){
		.kind = kind,
		.text = lex->text + lex->offset,
		.length = length,
		.line = lex->line,
		.column = (unsigned)(lex->offset - lex->line_start) + 1,
	};
}

static const char *problem_of(int c)
{
	if (c == '\\')
		return "'\\' has a meaning at the end of a line only";
	if (c >= 0x80)
		return "only comments may hold other than ASCII characters";
	return c == 0 ? "the file holds a NUL byte" : "the file holds a control character";
}

static struct token take_bad(struct lexer *lex)
{
	struct token token = make_token(lex, TOKEN_BAD, 1);

	token.problem = problem_of(peek(lex, 0));
	while (peek(lex, 0) >= 0 && !newline_length(lex, 0))
		lex->offset++;
	return token;
}

static struct token take(struct lexer *lex, enum token_kind kind, size_t length)
{
	struct token token = make_token(lex, kind, length);

	lex->offset += length;
	return token;
}

static bool ends_word(const struct lexer *lex, size_t n)
{
	int c = peek(lex, n);

	return c < 0 || c == ' ' || c == '\t' || c == '#' || c == '{' || c == '}' ||
	       newline_length(lex, n) || (c == '\\' && newline_length(lex, n + 1));
}

/* A bad byte spoils the word before it: half a word would get a misleading error. */
static struct token take_word(struct lexer *lex)
{
	size_t n = 0;

	while (is_word_byte(peek(lex, n)))
		n++;
	if (ends_word(lex, n))
		return take(lex, TOKEN_WORD, n);
	lex->offset += n;
	return take_bad(lex);
}

void lex_next(struct lexer *lex, struct token *ret_token)
{
	int c;
	size_t n;

	skip_blanks(lex);
	if (peek(lex, 0) == '#')
		skip_comment(lex);

	c = peek(lex, 0);
	n = newline_length(lex, 0);
	if (c < 0) {
		*ret_token = make_token(lex, TOKEN_END, 0);
	} else if (n > 0) {
		*ret_token = take(lex, TOKEN_NEWLINE, n);
		start_line(lex);
	} else if (c == '{' || c == '}') {
		*ret_token = take(lex, c == '{' ? TOKEN_OPEN : TOKEN_CLOSE, 1);
	} else if (is_word_byte(c)) {
		*ret_token = take_word(lex);
	} else {
		*ret_token = take_bad(lex);
	}
}

bool lex_find_crlf(const char *text, size_t length, struct token *ret_token)
{
	const char *found = memmem(text, length, "\r\n", 2);
	struct lexer lex;

	if (!found)
		return false;
	lex_init(&lex, text, length);
	for (const char *end;
	     (end = memchr(text + lex.offset, '\n', length - lex.offset)) < found;) {
		lex.offset = (size_t)(end - text) + 1;
		start_line(&lex);
	}
	lex.offset = (size_t)(found - text);
	*ret_token = make_token(&lex, TOKEN_NEWLINE, 1);
	return true;
}
