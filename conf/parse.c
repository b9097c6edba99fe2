/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "conf/array.h"
#include "conf/check.h"
#include "conf/parse.h"
#include "conf/tree.h"

int parse_include(struct conf_parser *p, const struct keyword *keyword,
		  struct conf_statement *statement)
{
	_cleanup_free_ char *pattern = NULL;
	struct conf_place place;
	struct token word;
	int r;

	(void)keyword, (void)statement;
	r = parse_word(p, "the name of a file", &word);
	if (r < 0)
		return r;
	r = parse_end(p);
	if (r < 0)
		return r;
	pattern = strndup(word.text, word.length);
	if (!pattern)
		return -ENOMEM;

	place = parse_place(p, &word);
	r = p->include ? p->include(p, pattern, &place, p->userdata) : -EOPNOTSUPP;
	if (r == 0 || r == -ENOMEM)
		return r;
	p->incomplete = true;
	return r == -EINVAL ? r
			    : parse_error(p, &word, "cannot include %s: %s", quote(&word).text,
					  strerror(-r));
}

/* Where a block was taken for ended too early, this is its end and has been explained. */
static int stray_close(struct conf_parser *p)
{
	int r = -EINVAL;

	if (p->n_spare == 0)
		r = parse_error(p, &p->token, "'}' closes no block");
	else
		p->n_spare--;
	parse_advance(p);
	return r;
}

/* What stands in policies only; behind one that was taken for ended, it does. */
static int stray_statement(struct conf_parser *p)
{
	if (p->n_spare > 0)
		return -EINVAL;
	return parse_error(p, &p->token, "%s belongs into a policy", quote(&p->token).text);
}

static int parse_statement(struct conf_parser *p)
{
	const struct keyword *keyword;
	const struct token *word = &p->token;
	int r;

	if (word->kind == TOKEN_CLOSE)
		return stray_close(p);
	if (word->kind == TOKEN_WORD && keyword_find(&keywords_policy, word->text, word->length))
		return stray_statement(p);
	r = parse_keyword(p, &keywords_top, &keyword);
	return r < 0 ? r : keyword->parse(p, keyword, NULL);
}

static int parse_statements(struct conf_parser *p)
{
	int r;

	for (;;) {
		while (p->token.kind == TOKEN_NEWLINE)
			parse_advance(p);
		if (p->token.kind == TOKEN_END)
			return 0;
		r = parse_statement(p);
		if (r == -EINVAL)
			parse_skip(p, false);
		else if (r < 0)
			return r;
	}
}

static struct parse_text *add_text(struct conf_parser *p, const char *file, const char *bytes,
				   size_t length)
{
	struct conf *conf = p->conf;
	struct parse_text *text;
	char **name;

	name = array_add(conf->file_names, conf->n_file_names);
	text = array_add(conf->texts, conf->n_texts);
	if (!name || !text)
		return NULL;
	*name = strdup(file);
	text->file = *name;
	text->bytes = malloc(length + 1);
	if (!text->file || !text->bytes)
		return NULL;
	if (length > 0)
		memcpy(text->bytes, bytes, length);
	text->length = length;
	return text;
}

int conf_parse_text(struct conf_parser *p, const char *file, const char *text, size_t length)
{
	struct conf_parser outer = *p;
	const struct parse_text *copy = add_text(p, file, text, length);
	struct token crlf;
	int r;

	if (!copy)
		return -ENOMEM;
	p->file = copy->file;
	if (lex_find_crlf(copy->bytes, length, &crlf))
		parse_error(p, &crlf, "lines end in CR LF: expected LF alone");

	lex_init(&p->lex, copy->bytes, length);
	parse_advance(p);
	r = parse_statements(p);

	p->file = outer.file;
	p->lex = outer.lex;
	p->token = outer.token;
	return r;
}

struct diag *conf_parser_diag(struct conf_parser *p)
{
	return p->diag;
}

struct conf *conf_parser_conf(struct conf_parser *p)
{
	return p->conf;
}

static void parser_done(struct conf_parser *p)
{
	conf_free(p->conf);
}

int parse_all(const char *file, const char *text, size_t length, unsigned flags,
	      conf_include_fn *include, void *userdata, struct diag *diag, struct conf **ret_conf)
{
	_cleanup_(parser_done) struct conf_parser p = {
		.diag = diag,
		.include = include,
		.userdata = userdata,
		.n_errors_before = diag_count(diag, DIAG_ERROR),
	};
	int r;

	r = conf_new(&p.conf);
	if (r < 0)
		return r;
	r = conf_parse_text(&p, file, text, length);
	if (r < 0)
		return r;
	if (!p.conf->settings.set_at[CONF_SETTING_FAMILIES].line)
		r = conf_set_default_families(p.conf);
	if (r < 0)
		return r;
	r = check_conf(&p, flags);
	if (r < 0)
		return r;
	if (diag_count(diag, DIAG_ERROR) > p.n_errors_before)
		return -EINVAL;
	*ret_conf = steal_ptr(&p.conf);
	return 0;
}

int conf_parse(const char *file, const char *text, size_t length, conf_include_fn *include,
	       void *userdata, struct diag *diag, struct conf **ret_conf)
{
	return parse_all(file, text, length, 0, include, userdata, diag, ret_conf);
}
