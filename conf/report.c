/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <string.h>

#include "conf/array.h"
#include "conf/dump.h"
#include "conf/parse.h"

struct quoted quote(const struct token *word)
{
	struct quoted q;
	int max = (int)sizeof(q.text) - 6;

	if (word->length > (size_t)max)
		snprintf(q.text, sizeof(q.text), "'%.*s...'", max, word->text);
	else
		snprintf(q.text, sizeof(q.text), "'%.*s'", (int)word->length, word->text);
	return q;
}

struct conf_place parse_place(const struct conf_parser *p, const struct token *token)
{
	bool one_byte = token->kind != TOKEN_WORD;

	return (struct conf_place){
		.file = p->file,
		.line = token->line,
		.column = token->column,
		.length = one_byte ? 1 : (unsigned)token->length,
	};
}

/* Without memory for the index, errors go without their source lines. */
static void index_lines(struct parse_text *text)
{
	size_t *start = array_add(text->lines, text->n_lines);

	for (size_t at = 0; start; start = array_add(text->lines, text->n_lines)) {
		const char *end = memchr(text->bytes + at, '\n', text->length - at);

		*start = at;
		if (!end)
			return;
		at = (size_t)(end - text->bytes) + 1;
	}
}

static const char *find_line(const struct conf *conf, const struct conf_place *place,
			     size_t *ret_length)
{
	struct parse_text *text = NULL;
	const char *line, *end;

	for (size_t i = 0; i < conf->n_texts && !text; i++)
		text = conf->texts[i].file == place->file ? &conf->texts[i] : NULL;
	if (!text)
		return NULL;
	if (!text->lines)
		index_lines(text);
	if (place->line == 0 || place->line > text->n_lines)
		return NULL;

	line = text->bytes + text->lines[place->line - 1];
	*ret_length = text->length - text->lines[place->line - 1];
	end = memchr(line, '\n', *ret_length);
	if (end)
		*ret_length = (size_t)(end - line);
	if (*ret_length > 0 && line[*ret_length - 1] == '\r')
		--*ret_length;
	return line;
}

/* The words of a line, behind those in text; whether the statement goes on in the next. */
static bool add_words(char *text, size_t *n, const char *line, size_t length)
{
	for (size_t i = 0; i < length && line[i] != '#'; i++) {
		if (line[i] == '\\' && i + 1 == length)
			return true;
		if (line[i] != ' ' && line[i] != '\t')
			text[(*n)++] = line[i];
		else if (*n > 0 && text[*n - 1] != ' ')
			text[(*n)++] = ' ';
	}
	return false;
}

char *conf_dump_source(const struct conf *conf, const struct conf_place *place)
{
	struct conf_place at = *place;
	char *text = NULL;
	size_t n = 0, length = 0;
	const char *line;
	bool goes_on;

	do {
		char *more;

		line = find_line(conf, &at, &length);
		more = line ? realloc(text, n + length + 2) : NULL;
		if (!more) {
			free(text);
			return NULL;
		}
		text = more;
		goes_on = add_words(text, &n, line, length);
		at.line++;
	} while (goes_on);
	while (n > 0 && text[n - 1] == ' ')
		n--;
	text[n] = '\0';
	return text;
}

static void report(const struct conf *conf, struct diag *diag, enum diag_severity severity,
		   const struct conf_place *place, const char *format, va_list args)
	PRINTF_LIKE(5, 0);

static void report(const struct conf *conf, struct diag *diag, enum diag_severity severity,
		   const struct conf_place *place, const char *format, va_list args)
{
	size_t length = 0;
	const char *line = find_line(conf, place, &length);

	diag_vadd(diag, severity, place, line, length, format, args);
}

void diag_add_of(struct diag *diag, enum diag_severity severity, const struct conf *conf,
		 const struct conf_place *place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(conf, diag, severity, place, format, args);
	va_end(args);
}

void parse_report(struct conf_parser *p, enum diag_severity severity,
		  const struct conf_place *place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(p->conf, p->diag, severity, place, format, args);
	va_end(args);
}

int parse_error(struct conf_parser *p, const struct token *at, const char *format, ...)
{
	struct conf_place place = parse_place(p, at);
	va_list args;

	va_start(args, format);
	report(p->conf, p->diag, DIAG_ERROR, &place, format, args);
	va_end(args);
	return -EINVAL;
}

int parse_expected(struct conf_parser *p, const char *what)
{
	static const char *const names[] = {
		[TOKEN_OPEN] = "'{'",
		[TOKEN_CLOSE] = "'}'",
		[TOKEN_NEWLINE] = "the end of the line",
		[TOKEN_END] = "the end of the file",
	};
	const struct token *token = &p->token;

	if (token->kind == TOKEN_BAD)
		return parse_error(p, token, "%s", token->problem);
	if (token->kind == TOKEN_WORD)
		return parse_error(p, token, "expected %s, found %s", what, quote(token).text);
	return parse_error(p, token, "expected %s, found %s", what, names[token->kind]);
}

int parse_unknown(struct conf_parser *p, const struct token *word,
		  const struct keyword_table *table)
{
	char list[KEYWORD_LIST_MAX];
	struct suggestion s;

	suggest_start(&s, word->text, word->length);
	suggest_keyword(&s, table);
	if (s.best)
		return parse_error(p, word, "unknown %s %s, did you mean '%s'?", table->what,
				   quote(word).text, s.best);
	if (keyword_list(table, list)[0])
		return parse_error(p, word, "unknown %s %s: expected %s", table->what,
				   quote(word).text, list);
	return parse_error(p, word, "unknown %s %s", table->what, quote(word).text);
}
