/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "conf/array.h"
#include "conf/parse.h"
#include "conf/tree.h"
#include "conf/value.h"

static bool only_digits(const struct token *word, char also)
{
	for (size_t i = 0; i < word->length; i++) {
		if ((word->text[i] < '0' || word->text[i] > '9') && word->text[i] != also)
			return false;
	}
	return word->length > 0;
}

/* Directory services have names that only their numbers can stand for here. */
static int check_foreign(struct conf_parser *p, const struct token *word, const char *what)
{
	for (size_t i = 0; i < word->length; i++) {
		struct token bad = token_cut(word, i, 1);

		if (strchr("@\"'", *bad.text))
			return parse_error(p, &bad,
					   "%s is not %s: a name holds no %s; write the uid, or "
					   "@gid, instead",
					   quote(word).text, what, quote(&bad).text);
	}
	return 0;
}

static int set_name(struct conf_parser *p, const struct token *word, const char *what,
		    enum conf_who_kind kind, struct conf_who *who)
{
	int r;

	r = check_foreign(p, word, what);
	if (r < 0)
		return r;
	r = value_name(p, word, what, VALUE_LOGIN_NAME_MAX);
	if (r < 0)
		return r;
	who->kind = kind;
	who->name = strndup(word->text, word->length);
	return who->name ? 0 : -ENOMEM;
}

static int parse_group(struct conf_parser *p, const struct token *word, struct conf_who *who)
{
	struct token group = token_cut(word, 1, word->length - 1);

	if (!only_digits(&group, '0'))
		return set_name(p, &group, "the name of a group", CONF_WHO_GROUP, who);
	who->kind = CONF_WHO_GID;
	return value_id(p, &group, "a gid", &who->first);
}

static int parse_who(struct conf_parser *p, const struct token *word, struct conf_who *who)
{
	who->place = parse_place(p, word);
	if (token_is(word, "*")) {
		who->kind = CONF_WHO_ANY;
		return 0;
	}
	if (word->length > 0 && word->text[0] == '@')
		return parse_group(p, word, who);
	if (only_digits(word, ':')) {
		who->kind = CONF_WHO_UIDS;
		return value_uids(p, word, &who->first, &who->last);
	}
	/* Taken for a user's name, such a line would silently match nobody. */
	if (only_digits(word, '-'))
		return parse_error(p, word, "%s is no user: a range of uids is written MIN:MAX",
				   quote(word).text);
	if (word->length > 1 && word->text[0] == '%')
		return parse_error(p, word, "%s is no user: a group is written @%.*s",
				   quote(word).text, word->length > 40 ? 40 : (int)word->length - 1,
				   word->text + 1);
	return set_name(p, word, "the name of a user", CONF_WHO_USER, who);
}

static int parse_whos(struct conf_parser *p, struct conf_session *session)
{
	struct token list, item;
	struct conf_who *who;
	int r;

	if (p->token.kind == TOKEN_BAD && *p->token.text == '\\')
		return parse_error(p, &p->token,
				   "a name holds no '\\'; write the uid, or @gid, instead");
	r = parse_list(p, "a user, @group, uid, MIN:MAX or *", &list);
	if (r < 0)
		return r;
	while (parse_next_item(&list, &item)) {
		who = array_add(session->who, session->n_who);
		if (!who)
			return -ENOMEM;
		r = parse_who(p, &item, who);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool has_open_bracket(const struct token *word)
{
	const char *open = memchr(word->text, '[', word->length);
	size_t n = open ? (size_t)(open - word->text) : word->length;

	/* The first ']' after "[", "[!" or "[^" stands for itself. */
	n += n + 1 < word->length && strchr("!^", word->text[n + 1]) ? 3 : 2;
	return open && (n >= word->length || !memchr(word->text + n, ']', word->length - n));
}

/* What libpam hands to a module is the base name of the service, in lower case. */
static int check_service(struct conf_parser *p, const struct token *word)
{
	if (word->length == 0)
		return parse_error(p, word, "expected the name of a service here");
	for (size_t i = 0; i < word->length; i++) {
		char c = word->text[i];

		if (c >= 'A' && c <= 'Z')
			return parse_error(p, word, "%s: PAM has services in lower case only",
					   quote(word).text);
	}
	if (memchr(word->text, '/', word->length))
		return parse_error(p, word, "%s: the name of a service has no '/'",
				   quote(word).text);
	if (has_open_bracket(word))
		return parse_error(p, word, "%s: expected ']' after '['", quote(word).text);
	return 0;
}

static int parse_via(struct conf_parser *p, struct conf_session *session)
{
	struct token list, item;
	int r;

	r = parse_list(p, "the name of a service", &list);
	if (r < 0)
		return r;
	while (parse_next_item(&list, &item)) {
		r = check_service(p, &item);
		if (r < 0)
			return r;
		r = parse_add_string(p, &session->services, &session->n_services, &item);
		if (r < 0)
			return r;
	}
	return 0;
}

static int parse_join(struct conf_parser *p, struct conf_session *session)
{
	struct conf_place place;
	struct token word = p->token;

	if (word.kind == TOKEN_WORD &&
	    (memchr(word.text, '/', word.length) || token_is(&word, ".") || token_is(&word, "..")))
		return parse_error(p, &word, "%s is no name in /run/netns: expected that of a file",
				   quote(&word).text);
	return parse_name(p, "the name of a namespace", VALUE_FILE_NAME_MAX, &session->name,
			  &place);
}

/* Whether the network, or "via", comes later in the line. */
static bool comes_later(const struct conf_parser *p)
{
	struct lexer lex = p->lex;
	struct token word;

	do
		lex_next(&lex, &word);
	while (word.kind == TOKEN_WORD && !keyword_find(&keywords_session, word.text, word.length));
	return word.kind == TOKEN_WORD;
}

/* Where no "via" has been: the word may as well be a name too many. */
static int parse_first(struct conf_parser *p, const struct conf_who *who,
		       const struct keyword **ret_keyword)
{
	const struct token *word = &p->token;
	struct suggestion s;

	if (word->kind != TOKEN_WORD || keyword_find(&keywords_session, word->text, word->length) ||
	    !comes_later(p))
		return parse_keyword(p, &keywords_session, ret_keyword);
	if (who->kind == CONF_WHO_USER && strcmp(who->name, "via") == 0)
		return parse_error(p, word, "expected whom the line is for before via");
	suggest_start(&s, word->text, word->length);
	suggest_keyword(&s, &keywords_session);
	if (s.best)
		return parse_error(p, word,
				   "unknown network %s, did you mean '%s'? "
				   "(names in a list are separated by commas)",
				   quote(word).text, s.best);
	return parse_error(p, word, "unknown network %s (names in a list are separated by commas)",
			   quote(word).text);
}

static int parse_network(struct conf_parser *p, bool after_via, struct conf_session *session)
{
	const struct keyword *keyword;
	int r;

	r = after_via ? parse_keyword(p, &keywords_network, &keyword)
		      : parse_first(p, session->who, &keyword);
	if (r < 0)
		return r;
	session->network = (enum conf_network)keyword->value;
	switch (session->network) {
	case CONF_NET_LOOPBACK:
		if (parse_at_end(p) || token_is(&p->token, "via"))
			return 0;
		session->private = true;
		return parse_keyword(p, &keywords_loopback, &keyword);
	case CONF_NET_VETH:
		return parse_name(p, "the name of a policy", VALUE_NAME_MAX, &session->name,
				  &session->name_place);
	case CONF_NET_JOIN:
		return parse_join(p, session);
	case CONF_NET_HOST:
	case CONF_NET_STAY:
		return 0;
	}
	return 0;
}

static int parse_session_line(struct conf_parser *p, struct conf_session *session)
{
	bool has_via;
	int r;

	r = parse_whos(p, session);
	if (r < 0)
		return r;
	has_via = parse_accept(p, "via");
	if (has_via) {
		r = parse_via(p, session);
		if (r < 0)
			return r;
	}
	r = parse_network(p, has_via, session);
	if (r == 0 && !has_via && token_is(&p->token, "via"))
		return parse_error(p, &p->token,
				   "via stands before the network: "
				   "session WHO via SERVICE NETWORK");
	return r < 0 ? r : parse_end(p);
}

int parse_session(struct conf_parser *p, const struct keyword *keyword,
		  struct conf_statement *statement)
{
	struct conf_session *session = calloc(1, sizeof(*session));
	struct conf_session **slot;
	int r;

	(void)keyword, (void)statement;
	if (!session)
		return -ENOMEM;
	session->place = parse_place(p, &p->token);
	r = parse_session_line(p, session);
	slot = r == 0 ? array_add(p->conf->sessions, p->conf->n_sessions) : NULL;
	if (slot)
		*slot = session;
	else
		conf_session_free(session);
	return r == 0 && !slot ? -ENOMEM : r;
}
