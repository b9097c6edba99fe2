/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "conf/addr.h"
#include "conf/array.h"
#include "conf/nat.h"
#include "conf/parse.h"
#include "conf/tree.h"
#include "conf/value.h"

static bool is_port_like(const struct token *word)
{
	return word->length > 0 && word->text[0] >= '0' && word->text[0] <= '9' &&
	       !memchr(word->text, '.', word->length) && !memchr(word->text, ':', word->length) &&
	       !memchr(word->text, '/', word->length);
}

/* A port where a target is expected: most likely the protocol before it is misspelt. */
static int lone_port(struct conf_parser *p, const struct token *port, const struct token *before)
{
	struct suggestion s;

	suggest_start(&s, before->text, before->length);
	suggest_keyword(&s, &keywords_proto);
	if (s.best)
		return parse_unknown(p, before, &keywords_proto);
	return parse_error(p, port, "expected tcp or udp before the port %s", quote(port).text);
}

static int parse_target(struct conf_parser *p, const struct token *word, struct conf_target *target)
{
	const struct keyword *keyword = keyword_find(&keywords_target, word->text, word->length);
	int r;

	target->place = parse_place(p, word);
	if (keyword) {
		target->kind = (enum conf_target_kind)keyword->value;
		return 0;
	}
	if (addr_is_meant(word->text, word->length)) {
		target->kind = CONF_TARGET_PREFIX;
		return value_prefix(p, word, &target->prefix);
	}
	if (keyword_find(&keywords_reserved, word->text, word->length))
		return parse_error(p, word, "expected a target, found %s", quote(word).text);
	target->kind = CONF_TARGET_LIST;
	r = value_name(p, word, "the name of an address list", VALUE_NAME_MAX);
	if (r < 0)
		return r;
	target->name = strndup(word->text, word->length);
	return target->name ? 0 : -ENOMEM;
}

static bool at_service(const struct conf_parser *p)
{
	return p->token.kind == TOKEN_WORD &&
	       keyword_find(&keywords_proto, p->token.text, p->token.length);
}

/* TARGET... up to the services or the end of the line. */
static int parse_targets(struct conf_parser *p, const char *preposition,
			 struct conf_target **targets, size_t *n_targets)
{
	struct token word, before = p->token;
	struct conf_target *target;
	int r;

	if (!parse_accept(p, preposition))
		return 0;
	do {
		r = parse_word(p, "a target", &word);
		if (r < 0)
			return r;
		if (is_port_like(&word))
			return lone_port(p, &word, &before);
		target = array_add(*targets, *n_targets);
		if (!target)
			return -ENOMEM;
		r = parse_target(p, &word, target);
		if (r < 0)
			return r;
		before = word;
	} while (!parse_at_end(p) && !at_service(p));
	return 0;
}

static int add_service(struct conf_parser *p, struct conf_rule *rule, enum conf_proto proto,
		       const struct token *word, bool has_ports)
{
	struct conf_service *service = array_add(rule->services, rule->n_services);

	if (!service)
		return -ENOMEM;
	service->place = parse_place(p, word);
	service->proto = proto;
	return has_ports ? value_ports(p, word, &service->first, &service->last) : 0;
}

static int parse_ports(struct conf_parser *p, struct conf_rule *rule, const struct keyword *proto)
{
	struct token word;
	int r;

	do {
		r = parse_word(p, "a port", &word);
		if (r < 0)
			return r;
		r = add_service(p, rule, (enum conf_proto)proto->value, &word, true);
		if (r < 0)
			return r;
	} while (p->token.kind == TOKEN_WORD && is_port_like(&p->token));
	return 0;
}

static int parse_services(struct conf_parser *p, struct conf_rule *rule)
{
	const struct keyword *proto;
	struct token word;
	int r;

	while (!parse_at_end(p)) {
		word = p->token;
		r = parse_keyword(p, &keywords_proto, &proto);
		if (r < 0)
			return r;
		if (proto->value != CONF_PROTO_ICMP)
			r = parse_ports(p, rule, proto);
		else if (p->token.kind == TOKEN_WORD && is_port_like(&p->token))
			r = parse_error(p, &p->token, "icmp has no ports");
		else
			r = add_service(p, rule, CONF_PROTO_ICMP, &word, false);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The word after the verb, when it is wrong: here every kind of word is possible. */
static int wrong_word(struct conf_parser *p, enum conf_direction direction)
{
	const struct keyword_table *table = direction == CONF_OUT ? &keywords_out : &keywords_in;
	const char *other = direction == CONF_OUT ? "from" : "to";

	if (token_is(&p->token, other))
		return parse_error(p, &p->token, "a rule for %s has '%s', not '%s'",
				   direction == CONF_OUT ? "out" : "in",
				   direction == CONF_OUT ? "to" : "from", other);
	if (p->token.kind != TOKEN_WORD || token_is(&p->token, "log"))
		return parse_expected(p, direction == CONF_OUT ? "to or a service"
							       : "from or a service");
	if (is_port_like(&p->token))
		return lone_port(p, &p->token, &p->token);
	return parse_unknown(p, &p->token, table);
}

static int parse_rule(struct conf_parser *p, enum conf_direction direction, struct conf_rule *rule)
{
	const char *preposition = direction == CONF_OUT ? "to" : "from";
	const struct keyword *verb;
	int r;

	r = parse_keyword(p, &keywords_verb, &verb);
	if (r < 0)
		return r;
	rule->direction = direction;
	rule->verb = (enum conf_verb)verb->value;
	rule->log = parse_accept(p, "log");
	if (!parse_at_end(p) && !token_is(&p->token, preposition) && !at_service(p))
		return wrong_word(p, direction);
	r = parse_targets(p, preposition, &rule->targets, &rule->n_targets);
	return r < 0 ? r : parse_services(p, rule);
}

int parse_rule_out(struct conf_parser *p, const struct keyword *keyword,
		   struct conf_statement *statement)
{
	(void)keyword;
	return parse_rule(p, CONF_OUT, &statement->rule);
}

int parse_rule_in(struct conf_parser *p, const struct keyword *keyword,
		  struct conf_statement *statement)
{
	(void)keyword;
	return parse_rule(p, CONF_IN, &statement->rule);
}

static int parse_port(struct conf_parser *p, uint16_t *ret_port)
{
	struct token word;
	int r;

	r = parse_word(p, "a port", &word);
	return r < 0 ? r : value_port(p, &word, ret_port);
}

int parse_publish(struct conf_parser *p, const struct keyword *keyword,
		  struct conf_statement *statement)
{
	struct conf_publish *publish = &statement->publish;
	struct token word = p->token;
	int r;

	r = parse_keyword(p, &keywords_proto, &keyword);
	if (r < 0)
		return r;
	if (keyword->value == CONF_PROTO_ICMP)
		return parse_error(p, &word, "a published port is one of tcp or udp");
	publish->proto = (enum conf_proto)keyword->value;
	r = parse_port(p, &publish->port);
	if (r < 0)
		return r;
	publish->to_port = publish->port;
	if (parse_accept(p, "to")) {
		r = parse_port(p, &publish->to_port);
		if (r < 0)
			return r;
	}
	return parse_targets(p, "from", &publish->from, &publish->n_from);
}

int parse_use(struct conf_parser *p, const struct keyword *keyword,
	      struct conf_statement *statement)
{
	(void)keyword;
	return parse_name(p, "the name of a policy", VALUE_NAME_MAX, &statement->use.name,
			  &statement->place);
}

int parse_policy_dns(struct conf_parser *p, const struct keyword *keyword,
		     struct conf_statement *statement)
{
	(void)keyword;
	return parse_dns(p, &statement->dns);
}

/* "up RATE", "down RATE", each once. */
static int parse_rate_way(struct conf_parser *p, struct conf_rate *rate)
{
	const struct keyword *way;
	struct token word = p->token;
	uint64_t *value;
	int r;

	r = parse_keyword(p, &keywords_way, &way);
	if (r < 0)
		return r;
	value = way->value == 0 ? &rate->up : &rate->down;
	if (*value != 0)
		return parse_error(p, &word, "%s is given twice", quote(&word).text);
	r = parse_word(p, "a rate", &word);
	return r < 0 ? r : value_rate(p, &word, value);
}

int parse_rate(struct conf_parser *p, const struct keyword *keyword,
	       struct conf_statement *statement)
{
	struct conf_rate *rate = &statement->rate;
	struct token word = p->token;
	int r;

	(void)keyword;
	if (word.kind != TOKEN_WORD)
		return parse_expected(p, "a rate, up or down");
	if (word.text[0] >= '0' && word.text[0] <= '9') {
		parse_advance(p);
		r = value_rate(p, &word, &rate->up);
		rate->down = rate->up;
		return r;
	}
	do {
		r = parse_rate_way(p, rate);
		if (r < 0)
			return r;
	} while (!parse_at_end(p));
	return 0;
}

int parse_connections(struct conf_parser *p, const struct keyword *keyword,
		      struct conf_statement *statement)
{
	struct token word;
	uint64_t value;
	int r;

	(void)keyword;
	r = parse_word(p, "a number", &word);
	if (r < 0)
		return r;
	r = value_number(p, &word, "a number of connections", UINT32_MAX, &value);
	if (r < 0)
		return r;
	if (value == 0)
		return parse_error(p, &word, "at least one connection must be possible");
	statement->connections = (uint32_t)value;
	return 0;
}

int parse_nat(struct conf_parser *p, const struct keyword *keyword,
	      struct conf_statement *statement)
{
	struct token word;
	uint64_t value;
	int r;

	r = parse_keyword(p, &keywords_nat, &keyword);
	if (!r)
		r = parse_word(p, "a number", &word);
	if (!r)
		r = value_number(p, &word, "a block of source ports", CONF_NAT_PORTS_MAX, &value);
	if (r < 0)
		return r;
	if (value < CONF_NAT_PORTS_MIN)
		return parse_error(p, &word, "a block of source ports has %u at least",
				   CONF_NAT_PORTS_MIN);
	statement->nat_ports = (uint16_t)value;
	return 0;
}

static int parse_policy_statement(struct conf_parser *p, struct conf_policy *policy)
{
	const struct keyword *keyword;
	struct conf_statement *statement;
	struct token word = p->token;
	int r;

	r = parse_keyword(p, &keywords_policy, &keyword);
	if (r < 0)
		return r;
	statement = array_add(policy->statements, policy->n_statements);
	if (!statement)
		return -ENOMEM;
	statement->kind = (enum conf_statement_kind)keyword->value;
	statement->place = parse_place(p, &word);
	r = keyword->parse(p, keyword, statement);
	if (r == 0)
		r = parse_end(p);
	/* The checks see whole statements only. */
	if (r < 0)
		conf_statement_done(&policy->statements[--policy->n_statements]);
	return r;
}

static int parse_policy_body(struct conf_parser *p, struct conf_policy *policy,
			     const struct token *open)
{
	int r;

	for (;;) {
		while (p->token.kind == TOKEN_NEWLINE)
			parse_advance(p);
		if (parse_block_end(p, open, true, &r))
			return r;
		r = parse_policy_statement(p, policy);
		if (r == -EINVAL)
			parse_skip(p, true);
		else if (r < 0)
			return r;
	}
}

int parse_policy(struct conf_parser *p, const struct keyword *keyword,
		 struct conf_statement *statement)
{
	struct conf_policy **slot = array_add(p->conf->policies, p->conf->n_policies);
	struct token open;
	int r;

	(void)keyword, (void)statement;
	if (!slot)
		return -ENOMEM;
	*slot = calloc(1, sizeof(**slot));
	if (!*slot)
		return -ENOMEM;
	(*slot)->index = p->conf->n_policies - 1;
	r = parse_block(p, "the name of a policy", &(*slot)->name, &(*slot)->place, &open);
	return r < 0 ? r : parse_policy_body(p, *slot, &open);
}
