/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include <stddef.h>
#include <stdint.h>

struct conf_parser;
struct conf_prefix;
struct keyword_table;
struct token;

/*
 * The meaning of single words.  Each returns 0, or -EINVAL after it has
 * explained in the diagnostics what is wrong with the word.
 */
#define VALUE_NAME_MAX       64U /* of policies and lists: they become names in nftables */
#define VALUE_LOGIN_NAME_MAX 255U
#define VALUE_FILE_NAME_MAX  255U

int value_name(struct conf_parser *p, const struct token *word, const char *what, size_t max);
int value_number(struct conf_parser *p, const struct token *word, const char *what, uint64_t max,
		 uint64_t *ret_value);
int value_port(struct conf_parser *p, const struct token *word, uint16_t *ret_port);
int value_ports(struct conf_parser *p, const struct token *word, uint16_t *ret_first,
		uint16_t *ret_last);
int value_id(struct conf_parser *p, const struct token *word, const char *what, uint32_t *ret_id);
int value_uids(struct conf_parser *p, const struct token *word, uint32_t *ret_first,
	       uint32_t *ret_last);
int value_prefix(struct conf_parser *p, const struct token *word, struct conf_prefix *ret_prefix);
int value_server(struct conf_parser *p, const struct token *word, struct conf_prefix *ret_prefix);

/* A number and its unit, multiplied. */
int value_rate(struct conf_parser *p, const struct token *word, uint64_t *ret_rate);
int value_duration(struct conf_parser *p, const struct token *word, uint32_t *ret_seconds);

#endif
