/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "conf/addr.h"
#include "conf/array.h"
#include "conf/parse.h"
#include "conf/value.h"

int parse_set(struct conf_parser *p, const struct keyword *keyword,
	      struct conf_statement *statement)
{
	struct token word = p->token;
	struct conf_place *first;
	int r;

	r = parse_keyword(p, &keywords_set, &keyword);
	if (r < 0)
		return r;
	first = &p->conf->settings.set_at[keyword->value];
	if (first->line)
		return parse_error(p, &word, "%s is set already: %s:%u", quote(&word).text,
				   first->file, first->line);
	*first = parse_place(p, &word);
	p->conf->settings.is_set |= 1U << keyword->value;
	r = keyword->parse(p, keyword, statement);
	return r < 0 ? r : parse_end(p);
}

/* Where no session can have its address. */
static bool is_special(const struct conf_prefix *pool)
{
	static const struct conf_prefix special[] = {
		{ AF_INET, 8, { 0 } },         { AF_INET, 8, { 127 } },
		{ AF_INET, 16, { 169, 254 } }, { AF_INET, 3, { 224 } },
		{ AF_INET6, 8, { 0 } },        { AF_INET6, 10, { 0xfe, 0x80 } },
		{ AF_INET6, 8, { 0xff } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(special); i++) {
		if (addr_overlaps(pool, &special[i]))
			return true;
	}
	return false;
}

int parse_set_pool(struct conf_parser *p, const struct keyword *keyword,
		   struct conf_statement *statement)
{
	bool v4 = keyword->value == CONF_SETTING_POOL4;
	unsigned version = v4 ? 4 : 6, least = v4 ? 8 : 48, most = v4 ? 30 : 112;
	struct conf_prefix pool;
	struct token word;
	int r;

	(void)statement;
	r = parse_word(p, "a prefix", &word);
	if (r < 0)
		return r;
	r = value_prefix(p, &word, &pool);
	if (r < 0)
		return r;
	if (pool.family != (v4 ? AF_INET : AF_INET6))
		return parse_error(p, &word, "%s takes an IPv%u prefix", keyword->name, version);
	if (pool.length < least || pool.length > most)
		return parse_error(p, &word, "the length of %s is /%u to /%u", keyword->name, least,
				   most);
	if (is_special(&pool))
		return parse_error(p, &word, "%s covers addresses of special use",
				   quote(&word).text);
	if (v4)
		p->conf->settings.pool4 = pool;
	else
		p->conf->settings.pool6 = pool;
	return 0;
}

int parse_set_uplink(struct conf_parser *p, const struct keyword *keyword,
		     struct conf_statement *statement)
{
	struct conf_settings *settings = &p->conf->settings;
	struct token word;
	int r;

	(void)keyword, (void)statement;
	do {
		r = parse_word(p, "the name of a link", &word);
		if (r < 0)
			return r;
		if (word.length >= IFNAMSIZ || memchr(word.text, '/', word.length) ||
		    memchr(word.text, ':', word.length) || token_is(&word, ".") ||
		    token_is(&word, ".."))
			return parse_error(p, &word, "no link can be named %s", quote(&word).text);
		r = parse_add_string(p, &settings->uplinks, &settings->n_uplinks, &word);
		if (r < 0)
			return r;
	} while (!parse_at_end(p));
	return 0;
}

static int add_server(struct conf_parser *p, struct conf_dns *dns)
{
	struct conf_prefix *server;
	struct token word;
	int r;

	r = parse_word(p, "the address of a server", &word);
	if (r < 0)
		return r;
	if (!addr_is_meant(word.text, word.length))
		return parse_error(p, &word, "%s is not the address of a server",
				   quote(&word).text);
	server = array_add(dns->servers, dns->n_servers);
	if (!server)
		return -ENOMEM;
	return value_server(p, &word, server);
}

int parse_dns(struct conf_parser *p, struct conf_dns *dns)
{
	const struct token *word = &p->token;
	const struct keyword *keyword;
	int r;

	if (word->kind != TOKEN_WORD)
		return parse_expected(p, "auto, none or the address of a server");
	if (!addr_is_meant(word->text, word->length)) {
		r = parse_keyword(p, &keywords_dns, &keyword);
		if (r == 0)
			dns->kind = (enum conf_dns_kind)keyword->value;
		return r;
	}
	dns->kind = CONF_DNS_ADDRESSES;
	do {
		r = add_server(p, dns);
		if (r < 0)
			return r;
	} while (!parse_at_end(p));
	return 0;
}

int parse_set_dns(struct conf_parser *p, const struct keyword *keyword,
		  struct conf_statement *statement)
{
	(void)keyword, (void)statement;
	return parse_dns(p, &p->conf->settings.dns);
}

int parse_set_linger(struct conf_parser *p, const struct keyword *keyword,
		     struct conf_statement *statement)
{
	struct token word;
	int r;

	(void)keyword, (void)statement;
	r = parse_word(p, "a duration", &word);
	if (r < 0)
		return r;
	return value_duration(p, &word, &p->conf->settings.linger);
}

int parse_set_on_error(struct conf_parser *p, const struct keyword *keyword,
		       struct conf_statement *statement)
{
	int r;

	(void)statement;
	r = parse_keyword(p, &keywords_on_error, &keyword);
	if (r < 0)
		return r;
	p->conf->settings.on_error = (enum conf_on_error)keyword->value;
	return 0;
}

int parse_set_families(struct conf_parser *p, const struct keyword *keyword,
		       struct conf_statement *statement)
{
	struct conf_settings *settings = &p->conf->settings;
	struct token word;
	int r;

	(void)keyword, (void)statement;
	if (parse_accept(p, "any")) {
		settings->any_family = true;
		return 0;
	}
	do {
		r = parse_word(p, "any or an address family", &word);
		if (r < 0)
			return r;
		if (!keyword_find(&keywords_family, word.text, word.length))
			return parse_unknown(p, &word, &keywords_family);
		r = parse_add_string(p, &settings->families, &settings->n_families, &word);
		if (r < 0)
			return r;
	} while (!parse_at_end(p));
	return 0;
}

static bool has_dot_dot(const struct token *path)
{
	struct token rest = *path;

	while (rest.length > 0) {
		const char *slash = memchr(rest.text, '/', rest.length);
		size_t n = slash ? (size_t)(slash - rest.text) : rest.length;
		struct token part = token_cut(&rest, 0, n);

		if (token_is(&part, ".."))
			return true;
		rest = token_cut(&rest, slash ? n + 1 : n, rest.length - n - (slash ? 1 : 0));
	}
	return false;
}

static int no_path(struct conf_parser *p, const struct token *word, bool is_first)
{
	struct suggestion s;

	suggest_start(&s, word->text, word->length);
	if (is_first) {
		suggest_name(&s, "default");
		suggest_name(&s, "none");
	}
	if (s.best)
		return parse_error(p, word, "%s is not an absolute path, did you mean '%s'?",
				   quote(word).text, s.best);
	return parse_error(p, word, "%s is not an absolute path without '..'", quote(word).text);
}

/* The root, or what tells a process where it is. */
static bool cannot_hide(const struct token *path)
{
	struct token rest = *path;

	while (rest.length > 0 && rest.text[0] == '/')
		rest = token_cut(&rest, 1, rest.length - 1);
	return rest.length == 0 || (rest.length >= 4 && memcmp(rest.text, "proc", 4) == 0 &&
				    (rest.length == 4 || rest.text[4] == '/'));
}

/* Of those that glob(7) knows. */
static bool has_pattern(const struct token *path)
{
	for (size_t i = 0; i < path->length; i++)
		if (strchr("*?[", path->text[i]))
			return true;
	return false;
}

static int check_hidden(struct conf_parser *p, const struct token *word)
{
	const struct conf_settings *s = &p->conf->settings;

	if (word->text[0] != '/' || has_dot_dot(word))
		return no_path(p, word, !s->hide_default && !s->n_hide);
	if (cannot_hide(word))
		return parse_error(p, word, "%s cannot be hidden", quote(word).text);
	if (has_pattern(word))
		return parse_error(p, word, "%s is a pattern: hide the directory, or each path",
				   quote(word).text);
	if (word->length > CONF_HIDE_PATH_MAX)
		return parse_error(p, word, "this path has more than %u characters",
				   CONF_HIDE_PATH_MAX);
	if (s->n_hide == CONF_HIDE_MAX)
		return parse_error(p, word, "these are more than %u paths", CONF_HIDE_MAX);
	return 0;
}

int parse_set_hide(struct conf_parser *p, const struct keyword *keyword,
		   struct conf_statement *statement)
{
	struct conf_settings *settings = &p->conf->settings;
	struct token word;
	int r;

	(void)keyword, (void)statement;
	settings->hide_default = parse_accept(p, "default");
	if (settings->hide_default ? parse_at_end(p) : parse_accept(p, "none"))
		return 0;
	do {
		r = parse_word(p, "default, none or a path", &word);
		if (r < 0)
			return r;
		r = check_hidden(p, &word);
		if (r < 0)
			return r;
		r = parse_add_string(p, &settings->hide, &settings->n_hide, &word);
		if (r < 0)
			return r;
	} while (!parse_at_end(p));
	return 0;
}
