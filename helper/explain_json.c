/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/dump.h"
#include "conf/nat.h"
#include "helper/explain.h"
#include "helper/fw_build.h"
#include "helper/json.h"

/* Members that a line of the file has: key NULL puts them into what is open. */
static void put_line(struct json *j, const struct explain *x, const char *key,
		     const struct conf_place *place, const struct conf_session *session,
		     const struct conf_statement *statement)
{
	_cleanup_free_ char *text = explain_line(x, place, session, statement);

	if (key)
		json_open(j, key, '{');
	json_string(j, "file", place->file);
	json_unsigned(j, "line", place->line);
	json_string(j, "text", text);
	if (key)
		json_close(j);
}

static void put_session(struct json *j, const struct explain *x, const struct conf_session *s)
{
	json_string(j, "mode", conf_network_name(s ? s->network : CONF_NET_HOST));
	json_bool(j, "private", s && s->private);
	json_string(j, "name", s ? s->name : NULL);
	if (s)
		put_line(j, x, "line", &s->place, s, NULL);
	else
		json_null(j, "line");
}

static void put_others(struct json *j, const struct explain *x, const struct question *q,
		       const struct answer *a)
{
	const struct conf_session *s;
	size_t next = 0;

	json_open(j, "others", '[');
	while (!q->service && a->uid != 0 &&
	       (s = conf_match_some(x->conf, &a->person.subject, &next))) {
		if (s->n_services == 0)
			continue;
		json_open(j, NULL, '{');
		json_open(j, "services", '[');
		for (size_t i = 0; i < s->n_services; i++)
			json_string(j, NULL, s->services[i]);
		json_close(j);
		put_session(j, x, s);
		json_close(j);
	}
	json_close(j);
}

static void put_address(struct json *j, const char *key, const struct conf_prefix *address)
{
	char text[CONF_PREFIX_TEXT_MAX];

	json_string(j, key, address->family ? conf_prefix_format(address, text) : NULL);
}

static void put_published(struct json *j, const struct explain *x, const struct conf_policy *policy)
{
	const struct conf_statement *s;
	struct conf_walk walk;

	json_open(j, "published", '[');
	conf_walk_start(&walk, policy);
	while ((s = conf_walk_next(&walk))) {
		if (s->kind != CONF_PUBLISH)
			continue;
		json_open(j, NULL, '{');
		json_string(j, "protocol", s->publish.proto == CONF_PROTO_TCP ? "tcp" : "udp");
		json_unsigned(j, "port", s->publish.port);
		json_unsigned(j, "to", s->publish.to_port);
		put_line(j, x, NULL, &s->place, NULL, s);
		json_close(j);
	}
	json_close(j);
}

static void put_limits(struct json *j, const struct conf_policy *policy)
{
	const struct conf_statement *rate = conf_policy_find(policy, CONF_RATE);
	const struct conf_statement *connections = conf_policy_find(policy, CONF_CONNECTIONS);

	/* Bytes a second. */
	if (rate && rate->rate.up)
		json_unsigned(j, "rate_up", rate->rate.up);
	else
		json_null(j, "rate_up");
	if (rate && rate->rate.down)
		json_unsigned(j, "rate_down", rate->rate.down);
	else
		json_null(j, "rate_down");
	if (connections)
		json_unsigned(j, "connections", connections->connections);
	else
		json_null(j, "connections");
}

static void put_block(struct json *j, const struct answer *a)
{
	const struct conf_statement *s = conf_policy_find(a->policy, CONF_NAT_PORTS);
	struct conf_block block;

	if (!s) {
		json_null(j, "source_ports");
		return;
	}
	block = conf_nat_block_of(s->nat_ports, a->uid);
	json_open(j, "source_ports", '{');
	json_unsigned(j, "first", block.first);
	json_unsigned(j, "last", block.last);
	json_close(j);
}

static void put_policy(struct json *j, const struct explain *x, const struct answer *a)
{
	struct fw_dns dns;

	if (!a->policy) {
		json_null(j, "policy");
		return;
	}
	dns = fw_dns_of(x->conf, a->policy, &x->machine.context);
	json_open(j, "policy", '{');
	json_string(j, "name", a->policy->name);
	put_line(j, x, "line", &a->policy->place, NULL, NULL);
	put_address(j, "ipv4", &a->addresses.v4);
	put_address(j, "ipv6", &a->addresses.v6);
	json_bool(j, "live", a->live);
	json_open(j, "dns", '[');
	for (size_t i = 0; i < dns.n_servers; i++)
		put_address(j, NULL, &dns.servers[i]);
	json_close(j);
	put_limits(j, a->policy);
	put_block(j, a);
	put_published(j, x, a->policy);
	json_close(j);
}

static void put_rules(struct json *j, const struct explain *x, const struct answer *a)
{
	json_open(j, "rules", '[');
	for (size_t i = 0; i < a->n_steps; i++) {
		const struct explain_step *step = &a->steps[i];

		json_open(j, NULL, '{');
		json_string(j, "reason", explain_reasons[step->reason]);
		json_string(j, "policy", step->policy ? step->policy->name : NULL);
		if (step->statement)
			put_line(j, x, "line", &step->statement->place, NULL, step->statement);
		else if (step->policy)
			put_line(j, x, "line", &step->policy->place, NULL, NULL);
		else
			json_null(j, "line");
		json_string(j, "chain", step->chain->name);
		json_string(j, "comment", step->rule ? step->rule->comment : NULL);
		json_close(j);
	}
	json_close(j);
}

static void put_end(struct json *j, const struct answer *a)
{
	static const char *const parties[] = {
		[PARTY_OUTSIDE] = "outside", [PARTY_HOST] = "host",       [PARTY_USER] = "user",
		[PARTY_NOBODY] = "nobody",   [PARTY_SESSION] = "session",
	};

	json_string(j, "other_end", parties[a->end.party]);
	json_string(j, "other_user", a->end.name && a->end.name[0] ? a->end.name : NULL);
}

static void put_packet(struct json *j, const struct explain *x, const struct question *q,
		       const struct answer *a)
{
	bool in = q->direction == CONF_IN;

	if (!q->has_packet) {
		json_null(j, "packet");
		return;
	}
	json_open(j, "packet", '{');
	json_string(j, "direction", in ? "in" : "out");
	json_string(j, "protocol", q->proto_name);
	put_address(j, "address", &q->address);
	if (q->has_number)
		json_unsigned(j, "number", q->number);
	else
		json_null(j, "number");
	json_string(j, "to", !in || !a->policy ? NULL : a->at_host ? "host" : "session");
	json_string(j, "verdict", explain_verdicts[a->verdict]);
	json_string(j, "answer", a->verdict != EXPLAIN_REJECT ? NULL : a->reset ? "reset" : "icmp");
	json_string(j, "reason", explain_reasons[a->reason]);
	put_rules(j, x, a);
	put_end(j, a);
	put_address(j, "source", &a->source);
	json_bool(j, "masquerade", a->masquerade);
	put_address(j, "target", &a->target);
	json_unsigned(j, "target_port", a->target_port);
	json_close(j);
}

void explain_print_json(const struct explain *x, const struct question *q, const struct answer *a,
			FILE *out)
{
	struct json j = json_start(out);

	json_open(&j, NULL, '{');
	json_string(&j, "user", a->unknown ? NULL : a->person.name);
	json_unsigned(&j, "uid", a->uid);
	json_string(&j, "service", q->service);
	json_string(&j, "source", x->path);
	put_session(&j, x, a->session);
	json_string(&j, "exempt", a->exempt);
	json_unsigned(&j, "exempt_others", a->n_exempt_others);
	json_string(&j, "decided_by", a->decided_by);
	put_others(&j, x, q, a);
	put_policy(&j, x, a);
	put_packet(&j, x, q, a);
	json_close(&j);
	json_end(&j);
}
