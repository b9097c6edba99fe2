/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONF_KEYWORD_H
#define CONF_KEYWORD_H

#include <stddef.h>

struct conf_parser;
struct conf_statement;
struct keyword;

/* The parser stands behind the keyword.  statement: what to fill, in a policy. */
typedef int keyword_fn(struct conf_parser *p, const struct keyword *keyword,
		       struct conf_statement *statement);

struct keyword {
	const char *name;
	int value; /* of the enum that the words of the table stand for */
	keyword_fn *parse;
};

/* The words that may stand at one place of the language. */
struct keyword_table {
	const char *what; /* such a word is called, in errors */
	const struct keyword *words;
	size_t n_words;
};

extern const struct keyword_table keywords_top;
extern const struct keyword_table keywords_set; /* enum conf_setting */
extern const struct keyword_table keywords_policy; /* enum conf_statement_kind */
extern const struct keyword_table keywords_verb; /* enum conf_verb */
extern const struct keyword_table keywords_out; /* what may follow the verb */
extern const struct keyword_table keywords_in;
extern const struct keyword_table keywords_target; /* enum conf_target_kind */
extern const struct keyword_table keywords_proto; /* enum conf_proto */
extern const struct keyword_table keywords_dns; /* enum conf_dns_kind */
extern const struct keyword_table keywords_session; /* networks, and what may precede one */
extern const struct keyword_table keywords_network; /* enum conf_network */
extern const struct keyword_table keywords_loopback; /* what may follow it */
extern const struct keyword_table keywords_on_error; /* enum conf_on_error */
extern const struct keyword_table keywords_rate; /* bytes per second in one */
extern const struct keyword_table keywords_way; /* of traffic: up, down */
extern const struct keyword_table keywords_nat; /* after "nat" */
extern const struct keyword_table keywords_duration; /* seconds in one */
extern const struct keyword_table keywords_family; /* AF_ numbers */
extern const struct keyword_table keywords_reserved; /* no names of address lists */

const struct keyword *keyword_find(const struct keyword_table *table, const char *word,
				   size_t length);
const char *keyword_name(const struct keyword_table *table, int value);

/* "allow, deny or drop"; empty for a table too long to recite. */
#define KEYWORD_LIST_MAX 128
const char *keyword_list(const struct keyword_table *table, char text[KEYWORD_LIST_MAX]);

/* The best guess so far at what a misspelt word was meant to be. */
struct suggestion {
	const char *word;
	size_t length;
	const char *best; /* NULL: nothing comes near */
	unsigned distance;
};

void suggest_start(struct suggestion *s, const char *word, size_t length);
void suggest_name(struct suggestion *s, const char *name);
void suggest_keyword(struct suggestion *s, const struct keyword_table *table);

#endif
