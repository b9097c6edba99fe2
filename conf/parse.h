/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONF_PARSE_H
#define CONF_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/diag.h"
#include "conf/keyword.h"
#include "conf/lex.h"

/* The text of a file, kept as long as the conf: errors show lines of it. */
struct parse_text {
	const char *file; /* the very pointer of the places in it */
	char *bytes;
	size_t length;
	size_t *lines; /* where each line starts, once the first was shown */
	size_t n_lines;
};

struct conf_parser {
	struct conf *conf;
	struct diag *diag; /* these two are all that parse_report() needs */
	size_t n_errors_before; /* in diag, of whatever was read before */
	conf_include_fn *include;
	void *userdata;
	const char *file; /* being read */
	struct lexer lex;
	struct token token; /* what to look at next */
	unsigned n_spare; /* blocks ended without '}': it may come yet */
	bool incomplete; /* definitions were lost: nothing can be called undefined */
};

/* As conf_parse(), with enum conf_load_flags. */
int parse_all(const char *file, const char *text, size_t length, unsigned flags,
	      conf_include_fn *include, void *userdata, struct diag *diag, struct conf **ret_conf);

/*
 * The functions of the parser return 0, -ENOMEM, or -EINVAL after they have
 * explained why: their caller passes over the rest of the statement.
 */
void parse_advance(struct conf_parser *p);
void parse_skip(struct conf_parser *p, bool in_block);
bool parse_accept(struct conf_parser *p, const char *word);
bool parse_at_end(const struct conf_parser *p);
int parse_end(struct conf_parser *p);
int parse_word(struct conf_parser *p, const char *what, struct token *ret_word);
int parse_keyword(struct conf_parser *p, const struct keyword_table *table,
		  const struct keyword **ret_keyword);
int parse_name(struct conf_parser *p, const char *what, size_t max, char **ret_name,
	       struct conf_place *ret_place);
int parse_block(struct conf_parser *p, const char *what, char **ret_name,
		struct conf_place *ret_place, struct token *ret_open);
bool parse_block_end(struct conf_parser *p, const struct token *open, bool at_start, int *ret_r);

/* A word of items separated by commas, from which parse_next_item() then cuts them. */
int parse_list(struct conf_parser *p, const char *what, struct token *ret_list);
bool parse_next_item(struct token *list, struct token *ret_item);
/* Refuses what is in the list already. */
#define PARSE_STRINGS_MAX 64U
int parse_add_string(struct conf_parser *p, char ***list, size_t *n, const struct token *word);
int parse_dns(struct conf_parser *p, struct conf_dns *dns);

struct conf_place parse_place(const struct conf_parser *p, const struct token *token);
void parse_report(struct conf_parser *p, enum diag_severity severity,
		  const struct conf_place *place, const char *format, ...) PRINTF_LIKE(4, 5);
/* All three return -EINVAL. */
int parse_error(struct conf_parser *p, const struct token *at, const char *format, ...)
	PRINTF_LIKE(3, 4);
int parse_expected(struct conf_parser *p, const char *what);
int parse_unknown(struct conf_parser *p, const struct token *word,
		  const struct keyword_table *table);

/* A word as errors quote it, cut when it is very long. */
struct quoted {
	char text[48];
};
struct quoted quote(const struct token *word);

/* The handlers of the keyword tables. */
keyword_fn parse_set, parse_include, parse_addresses, parse_policy, parse_session;
keyword_fn parse_set_pool, parse_set_uplink, parse_set_dns, parse_set_linger, parse_set_on_error,
	parse_set_families, parse_set_hide;
keyword_fn parse_use, parse_rule_out, parse_rule_in, parse_publish, parse_policy_dns, parse_rate,
	parse_connections, parse_nat;

#endif
