/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/in.h>
#include <sys/socket.h>

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>

#include "conf/base.h"
#include "helper/class.h"
#include "helper/fw.h"
#include "helper/fw_build.h"

#define LOGS_PER_SECOND 10

/* The chains of a policy, as its users see them. */
struct policy {
	struct fw_build *b;
	const struct conf_policy *conf;
	struct fw_chain *out; /* to the world and other users */
	struct fw_chain *in; /* from there */
	struct fw_chain *host; /* to this machine */
	struct fw_chain *from_host; /* from it */
};

/* Expressions that will be a rule. */
struct draft {
	struct fw_expr exprs[12]; /* the longest of ours and FW_END */
	size_t n;
};

static void add(struct draft *draft, struct fw_expr expr)
{
	draft->exprs[draft->n++] = expr;
}

enum service_kind {
	SERVICE_ALL,
	SERVICE_TCP,
	SERVICE_UDP,
	SERVICE_ICMP,
	N_SERVICE_KINDS,
};

struct service {
	bool there;
	struct spans ports;
};

/* A statement that is being translated, for one chain after the other. */
struct translation {
	const struct policy *policy;
	const struct conf_rule *rule;
	struct fw_place place;
	struct service services[N_SERVICE_KINDS];
};

static void translation_done(struct translation *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(t->services); i++)
		spans_done(&t->services[i].ports);
}

static void sort_services(struct translation *t)
{
	static const enum service_kind kinds[] = {
		[CONF_PROTO_TCP] = SERVICE_TCP,
		[CONF_PROTO_UDP] = SERVICE_UDP,
		[CONF_PROTO_ICMP] = SERVICE_ICMP,
	};

	t->services[SERVICE_ALL].there = t->rule->n_services == 0;
	for (size_t i = 0; i < t->rule->n_services; i++) {
		const struct conf_service *from = &t->rule->services[i];
		struct service *to = &t->services[kinds[from->proto]];
		struct span span;

		to->there = true;
		to->ports.width = sizeof(from->first);
		span = span_of_numbers(from->first, from->last, to->ports.width);
		fw_note(t->policy->b->table, spans_add(&to->ports, &span));
	}
	spans_merge(&t->services[SERVICE_TCP].ports);
	spans_merge(&t->services[SERVICE_UDP].ports);
}

static struct fw_expr match_icmp(struct fw_table *table)
{
	struct fw_set *set = fw_add_set(table, FW_TYPE_PROTO, 0, NULL);

	fw_add_number(set, IPPROTO_ICMP);
	fw_add_number(set, IPPROTO_ICMPV6);
	return fw_is_of(FW_L4PROTO, set);
}

/* Sets without a name are each for one rule, so that every draft gets its own. */
static struct draft start(const struct translation *t, const struct fw_end *end,
			  enum service_kind kind)
{
	const struct spans *ports = &t->services[kind].ports;
	struct fw_build *b = t->policy->b;
	struct draft draft = { .n = 0 };

	if (end)
		add(&draft, fw_match_end(b, end));
	if (kind == SERVICE_TCP && ports->n > 0)
		add(&draft, fw_is_in_spans(b->table, FW_TCP_DPORT, ports));
	else if (kind == SERVICE_UDP && ports->n > 0)
		add(&draft, fw_is_in_spans(b->table, FW_UDP_DPORT, ports));
	else if (kind == SERVICE_ICMP)
		add(&draft, match_icmp(b->table));
	return draft;
}

static struct fw_expr verdict(const struct translation *t)
{
	const struct fw_build *b = t->policy->b;

	if (t->rule->verb == CONF_ALLOW)
		return fw_accept();
	/* Only one's own users are told. */
	if (t->rule->verb == CONF_DENY && t->rule->direction == CONF_OUT)
		return fw_goto(b->refuse);
	return fw_goto(b->discard);
}

/* Of what is allowed the first packet; and never so much that it hurts the machine. */
static void add_log(const struct translation *t, struct fw_chain *chain, struct draft draft)
{
	char prefix[sizeof(t->place.text) + 16];

	snprintf(prefix, sizeof(prefix), "pam_netns %s ", t->place.text);
	if (t->rule->verb == CONF_ALLOW)
		add(&draft, fw_has(FW_CT_STATE, NF_CT_STATE_BIT(IP_CT_NEW)));
	add(&draft, fw_number(FW_LIMIT, LOGS_PER_SECOND));
	add(&draft, fw_log(prefix));
	fw_add_rule(chain, t->place.text, draft.exprs);
}

/* end NULL: whatever the address. */
static void translate(const struct translation *t, struct fw_chain *chain, const struct fw_end *end)
{
	for (enum service_kind kind = 0; kind < N_SERVICE_KINDS; kind++) {
		struct draft draft;

		if (!t->services[kind].there)
			continue;
		if (t->rule->log)
			add_log(t, chain, start(t, end, kind));
		draft = start(t, end, kind);
		add(&draft, fw_count());
		add(&draft, verdict(t));
		fw_add_rule(chain, t->place.text, draft.exprs);
	}
}

static void add_rule(const struct policy *p, const struct conf_statement *s)
{
	_cleanup_(translation_done) struct translation t = {
		.policy = p,
		.rule = &s->rule,
		.place = fw_place(&s->place),
	};
	const struct conf_rule *rule = &s->rule;
	bool is_out = rule->direction == CONF_OUT;
	_cleanup_(fw_ends_done) struct fw_ends ends = { 0 };

	sort_services(&t);
	fw_add_ends(p->b, rule->direction, rule->targets, rule->n_targets, &ends);
	for (size_t i = 0; i < ends.n; i++)
		translate(&t, is_out ? p->out : p->in, &ends.list[i]);
	if (fw_targets_name_host(rule->targets, rule->n_targets))
		translate(&t, is_out ? p->host : p->from_host, NULL);
}

/* The port that was asked for and the port that it became: another's translation is not ours. */
static void add_publish(const struct policy *p, const struct conf_statement *s)
{
	const struct conf_publish *publish = &s->publish;
	enum fw_field dport = publish->proto == CONF_PROTO_TCP ? FW_TCP_DPORT : FW_UDP_DPORT;
	_cleanup_(fw_ends_done) struct fw_ends ends = { 0 };
	struct fw_place place = fw_place(&s->place);

	fw_add_ends(p->b, CONF_IN, publish->from, publish->n_from, &ends);
	for (size_t i = 0; i < ends.n; i++)
		fw_rule(p->in, place.text, fw_has(FW_CT_STATUS, IPS_DST_NAT),
			fw_is(dport, publish->to_port), fw_is(FW_CT_ORIGINAL_DPORT, publish->port),
			fw_match_end(p->b, &ends.list[i]), fw_count(), fw_accept());
}

typedef void add_fn(const struct policy *p, const struct conf_statement *s);

/* Adds what conf has of a kind, and what it uses, in place. */
static void add_all(const struct policy *p, const struct conf_policy *conf,
		    enum conf_statement_kind kind, add_fn *fn)
{
	for (size_t i = 0; i < conf->n_statements; i++) {
		const struct conf_statement *s = &conf->statements[i];

		if (s->kind == kind)
			fn(p, s);
		else if (s->kind == CONF_USE && s->use.policy)
			add_all(p, s->use.policy, kind, fn);
	}
}

/* One's answers, and errors about what was allowed; all else is judged at every packet. */
static void add_answers(const struct policy *p, struct fw_chain *chain)
{
	fw_rule(chain, NULL, fw_is(FW_CT_DIRECTION, IP_CT_DIR_REPLY), fw_accept());
	fw_rule(chain, NULL, fw_has(FW_CT_STATE, NF_CT_STATE_BIT(IP_CT_RELATED)),
		fw_jump(p->b->errors));
}

/* A connection is counted by its first packet, before it is one. */
static void add_connections(const struct policy *p)
{
	static const enum fw_field fields[] = { FW_IIF };
	const struct conf_statement *s = conf_policy_find(p->conf, CONF_CONNECTIONS);
	struct fw_chain *const chains[] = { p->out, p->host };
	struct fw_place place;
	struct fw_set *set;

	if (!s)
		return;
	place = fw_place(&s->place);
	set = fw_add_dynamic(p->b->table, fields, ARRAY_SIZE(fields), 0, "connections_%s",
			     p->conf->name);
	for (size_t i = 0; i < ARRAY_SIZE(chains); i++)
		fw_rule(chains[i], place.text, fw_not(fw_has(FW_CT_STATUS, IPS_CONFIRMED)),
			fw_limit_connections(set, s->connections), fw_count(),
			fw_goto(p->b->refuse));
}

/* A resolver may have an address of this machine, so both chains know it. */
static void add_resolvers(const struct policy *p, const struct fw_dns *dns, const char *comment)
{
	static const enum fw_field fields[] = { [FW_V4] = FW_IP_DADDR, [FW_V6] = FW_IP6_DADDR };
	struct fw_chain *const chains[] = { p->out, p->host };
	struct fw_table *table = p->b->table;

	for (size_t i = 0; i < ARRAY_SIZE(chains); i++) {
		for (enum fw_family f = 0; f < FW_N_FAMILIES; f++) {
			_cleanup_(spans_done) struct spans spans = { 0 };

			if (!fw_add_servers(table, &spans, f, dns->servers, dns->n_servers))
				continue;
			fw_rule(chains[i], comment, fw_is_in_spans(table, fields[f], &spans),
				fw_is_tcp_or_udp(table), fw_is(FW_TH_DPORT, 53), fw_count(),
				fw_accept());
		}
	}
}

static void add_dns(const struct policy *p)
{
	const struct fw_dns dns = fw_dns_of(p->b->conf, p->conf, p->b->context);
	struct fw_place place = { "dns" };

	if (dns.statement)
		place = fw_place(&dns.statement->place);
	add_resolvers(p, &dns, place.text);
}

static void add_defaults(const struct policy *p)
{
	struct fw_place place = fw_place(&p->conf->place);
	char comment[sizeof(place.text) + 16];

	snprintf(comment, sizeof(comment), "%s: default", place.text);
	fw_rule(p->out, comment, fw_count(), fw_goto(p->b->refuse));
	fw_rule(p->in, comment, fw_count(), fw_goto(p->b->discard));
	fw_rule(p->host, comment, fw_count(), fw_goto(p->b->discard));
	fw_rule(p->from_host, comment, fw_count(), fw_goto(p->b->discard));
}

static struct fw_chain *add_chain(const struct policy *p, const char *prefix, struct fw_set *map)
{
	struct fw_place place = fw_place(&p->conf->place);
	struct fw_chain *chain;

	chain = fw_add_chain(p->b->table, NULL, place.text, "%s_%s", prefix, p->conf->name);
	fw_add_goto(map, class_of_policy(p->conf->name), chain);
	add_answers(p, chain);
	return chain;
}

void fw_add_policy(struct fw_build *b, const struct conf_policy *conf)
{
	struct policy p = { .b = b, .conf = conf };

	p.out = add_chain(&p, "out", b->out);
	p.in = add_chain(&p, "in", b->in);
	p.host = add_chain(&p, "host", b->host);
	p.from_host = add_chain(&p, "from_host", b->from_host);
	add_connections(&p);
	add_dns(&p);
	add_all(&p, conf, CONF_PUBLISH, add_publish);
	add_all(&p, conf, CONF_RULE, add_rule);
	add_defaults(&p);
}
