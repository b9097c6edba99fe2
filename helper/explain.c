/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/class.h"
#include "helper/explain.h"
#include "helper/fw.h"
#include "helper/pool.h"

/* The maps of published ports; what a question puts into them is taken out again. */
static const char *const port_maps[] = { "publish4_tcp", "publish4_udp", "publish6_tcp",
					 "publish6_udp" };

/* What is asked, and what is found. */
struct asking {
	struct explain *x;
	const struct question *q;
	struct answer *a;
	struct fw_packet packet;
	char links[2][VETH_NAME_MAX];
};

static void decide(struct answer *a, enum explain_verdict verdict, enum explain_reason reason)
{
	a->verdict = verdict;
	a->reason = reason;
}

/*
 * The packet
 */

static struct conf_prefix own_address(const struct answer *a, int family)
{
	return family == AF_INET ? a->addresses.v4 : a->addresses.v6;
}

static void put_basics(struct asking *k)
{
	const struct question *q = k->q;
	struct fw_packet *p = &k->packet;

	p->family = q->address.family;
	p->proto = q->proto;
	if (q->proto == IPPROTO_ICMP || q->proto == IPPROTO_ICMPV6)
		p->icmp_type = q->has_number          ? (uint8_t)q->number
			       : p->family == AF_INET ? ICMP_ECHO
						      : ICMP6_ECHO_REQUEST;
	else
		p->dport = q->number;
}

static void put_addresses(struct asking *k)
{
	memcpy(k->packet.saddr, k->a->source.bytes, sizeof(k->packet.saddr));
	memcpy(k->packet.daddr, k->a->target.bytes, sizeof(k->packet.daddr));
}

static void put_session(struct asking *k, struct fw_link *link, int which)
{
	veth_name(k->a->uid, k->links[which]);
	*link = (struct fw_link){ k->links[which], class_of_policy(k->a->policy->name) };
}

/* The other end: whoever is not of this machine is behind the link that leads there. */
static void put_end(struct asking *k, struct fw_link *link, int which)
{
	const struct end *end = &k->a->end;

	*link = (struct fw_link){ NULL, 0 };
	if (end->party == PARTY_USER) {
		veth_name(end->uid, k->links[which]);
		*link = (struct fw_link){ k->links[which], end->group };
	} else if (end->has_route && end->route.link[0]) {
		link->name = end->route.link;
	}
}

/* What the tables that translate addresses do with it first. */
static int translate(struct asking *k, const struct fw_table *table, enum fw_hook hook,
		     bool *ret_is)
{
	struct fw_nat nat;
	int r;

	*ret_is = false;
	if (!table)
		return 0;
	r = fw_eval_nat(table, hook, &k->packet, &nat);
	if (r || nat.kind != FW_NAT_DESTINATION)
		return r;
	*ret_is = true;
	k->a->translated = true;
	memcpy(k->a->target.bytes, nat.daddr, sizeof(nat.daddr));
	k->a->target_port = nat.dport;
	memcpy(k->packet.daddr, nat.daddr, sizeof(nat.daddr));
	k->packet.dport = nat.dport;
	return 0;
}

static int evaluate(struct asking *k)
{
	struct fw_decision decision;
	struct fw_nat nat;
	int r;

	r = fw_eval_packet(&k->x->eval, &k->packet, &decision);
	if (r)
		return r;
	explain_read_decision(k->x, &decision, k->a);
	if (decision.verdict != FW_VERDICT_ACCEPT || k->packet.path != FW_PATH_FORWARD)
		return 0;
	r = fw_eval_nat(k->x->table, FW_HOOK_POSTROUTING, &k->packet, &nat);
	k->a->masquerade = r == 0 && nat.kind == FW_NAT_SOURCE;
	return r;
}

/*
 * Out of the session
 */

/* Questions of name service are led to a resolver before they leave. */
static int leave(struct asking *k)
{
	const struct fw_table *table;
	bool is;
	int r;

	k->packet.path = FW_PATH_OUTPUT;
	k->packet.oif.name = "eth0";
	r = explain_session_table(k->x, k->a->policy, &table);
	return r ? r : translate(k, table, FW_HOOK_OUTPUT, &is);
}

static int ask_out(struct asking *k)
{
	struct answer *a = k->a;
	struct conf_prefix own = own_address(a, k->q->address.family);
	int r;

	a->source = k->q->source.family ? k->q->source : own;
	a->target = k->q->address;
	a->target_port = k->q->number;
	put_addresses(k);
	r = leave(k);
	if (r)
		return r;
	if (prefix_is_loopback(&a->target) || conf_prefix_equal(&a->target, &own)) {
		a->end.party = PARTY_SESSION;
		decide(a, EXPLAIN_ALLOW, EXPLAIN_INSIDE);
		return 0;
	}
	r = explain_find_end(k->x, a, &a->target, &a->end);
	if (r)
		return r;
	put_session(k, &k->packet.iif, 0);
	k->packet.oif = (struct fw_link){ NULL, 0 };
	k->packet.path = a->end.party == PARTY_HOST ? FW_PATH_INPUT : FW_PATH_FORWARD;
	if (k->packet.path == FW_PATH_FORWARD)
		put_end(k, &k->packet.oif, 1);
	k->packet.daddr_type = a->end.has_route ? a->end.route.type : 0;
	k->packet.spoofed = !conf_prefix_equal(&a->source, &own);
	r = evaluate(k);
	if (r == 0 && a->verdict == EXPLAIN_ALLOW && a->end.party == PARTY_NOBODY)
		decide(a, EXPLAIN_UNREACHABLE, EXPLAIN_NO_ADDRESS);
	return r;
}

/*
 * Into the session
 */

static bool publishes(const struct conf_policy *policy, const struct question *q)
{
	const struct conf_statement *s;
	struct conf_walk walk;

	conf_walk_start(&walk, policy);
	while ((s = conf_walk_next(&walk))) {
		if (s->kind == CONF_PUBLISH && s->publish.port == q->number &&
		    q->proto == (s->publish.proto == CONF_PROTO_TCP ? IPPROTO_TCP : IPPROTO_UDP))
			return true;
	}
	return false;
}

/* As a log-in would do it.  Whoever has a port already keeps it. */
static int publish_own(struct asking *k)
{
	const struct conf_prefix *addresses[] = { &k->a->addresses.v4, &k->a->addresses.v6 };
	const struct conf_statement *s;
	struct conf_walk walk;
	int r = 0;

	conf_walk_start(&walk, k->a->policy);
	while (!r && (s = conf_walk_next(&walk))) {
		for (size_t i = 0; s->kind == CONF_PUBLISH && i < ARRAY_SIZE(addresses) && !r;
		     i++) {
			r = fw_add_published(k->x->table, &s->publish, addresses[i]);
			if (r == -EEXIST)
				r = 0;
		}
	}
	return r;
}

static int lead_in(struct asking *k, bool *ret_is)
{
	size_t before[ARRAY_SIZE(port_maps)];
	int r = explain_members(k->x);

	for (size_t i = 0; i < ARRAY_SIZE(port_maps); i++)
		before[i] = fw_find_set(k->x->table, port_maps[i])->n_elements;
	if (!r)
		r = publish_own(k);
	if (!r)
		r = translate(k, k->x->table, FW_HOOK_PREROUTING, ret_is);
	for (size_t i = 0; i < ARRAY_SIZE(port_maps); i++)
		fw_find_set(k->x->table, port_maps[i])->n_elements = before[i];
	return r;
}

/* Sent to a port of the host: whatever address of it, the gateway's is one. */
static int ask_at_host(struct asking *k)
{
	const struct conf_settings *s = &k->x->conf->settings;
	struct conf_prefix own = own_address(k->a, k->q->address.family);
	struct answer *a = k->a;
	bool is = false;
	int r = 0;

	a->at_host = true;
	a->target = pool_address(own.family == AF_INET ? &s->pool4 : &s->pool6, POOL_GATEWAY);
	put_addresses(k);
	k->packet.path = FW_PATH_INPUT;
	k->packet.daddr_type = RTN_LOCAL;
	if (a->end.party != PARTY_HOST)
		r = lead_in(k, &is);
	if (r)
		return r;
	if (!is) {
		decide(a, EXPLAIN_UNFILTERED, EXPLAIN_NOT_OURS);
		return 0;
	}
	if (!conf_prefix_equal(&a->target, &own)) {
		decide(a, EXPLAIN_UNFILTERED, EXPLAIN_OTHER_USER);
		return 0;
	}
	k->packet.dnat = true;
	k->packet.original_dport = k->q->number;
	own = pool_address(own.family == AF_INET ? &s->pool4 : &s->pool6, POOL_GATEWAY);
	memcpy(k->packet.original_daddr, own.bytes, sizeof(k->packet.original_daddr));
	k->packet.path = FW_PATH_FORWARD;
	k->packet.daddr_type = 0;
	put_session(k, &k->packet.oif, 1);
	return evaluate(k);
}

static int ask_in(struct asking *k)
{
	struct answer *a = k->a;
	int r;

	a->source = k->q->address;
	a->target = own_address(a, k->q->address.family);
	a->target_port = k->q->number;
	put_addresses(k);
	if (prefix_is_loopback(&a->source) || conf_prefix_equal(&a->source, &a->target)) {
		a->end.party = PARTY_SESSION;
		decide(a, EXPLAIN_ALLOW, EXPLAIN_INSIDE);
		return 0;
	}
	r = explain_find_end(k->x, a, &a->source, &a->end);
	if (r)
		return r;
	put_end(k, &k->packet.iif, 0);
	if (k->q->at == EXPLAIN_AT_HOST ||
	    (k->q->at == EXPLAIN_AT_ANY && a->end.party == PARTY_OUTSIDE &&
	     publishes(a->policy, k->q)))
		return ask_at_host(k);
	put_session(k, &k->packet.oif, 1);
	k->packet.path = a->end.party == PARTY_HOST ? FW_PATH_OUTPUT : FW_PATH_FORWARD;
	if (k->packet.path == FW_PATH_OUTPUT)
		k->packet.iif = (struct fw_link){ NULL, 0 };
	return evaluate(k);
}

static int ask_packet(struct asking *k)
{
	static const enum explain_reason reasons[] = {
		[CONF_NET_HOST] = EXPLAIN_HOST,
		[CONF_NET_STAY] = EXPLAIN_STAY,
		[CONF_NET_JOIN] = EXPLAIN_JOIN,
	};
	enum conf_network network = k->a->session ? k->a->session->network : CONF_NET_HOST;
	bool inside = prefix_is_loopback(&k->q->address);

	put_basics(k);
	k->a->source = k->q->source;
	if (network == CONF_NET_VETH)
		return k->q->direction == CONF_OUT ? ask_out(k) : ask_in(k);
	k->a->target = k->q->address;
	k->a->target_port = k->q->number;
	if (network != CONF_NET_LOOPBACK)
		decide(k->a, EXPLAIN_UNFILTERED, reasons[network]);
	else if (inside)
		decide(k->a, EXPLAIN_ALLOW, EXPLAIN_INSIDE);
	else
		decide(k->a, EXPLAIN_UNREACHABLE, EXPLAIN_LOOPBACK);
	k->a->end.party = inside ? PARTY_SESSION : PARTY_OUTSIDE;
	return 0;
}

/*
 * The user
 */

/* Those that there are, or those that a log-in gives while nobody else has them. */
static int find_addresses(const struct explain *x, struct answer *a)
{
	const struct conf_settings *s = &x->conf->settings;
	uint32_t offset = pool_offset(a->uid, 0, pool_size(&s->pool4, &s->pool6));
	uint32_t group;
	int r;

	r = veth_find_link(a->uid, &group, &a->addresses);
	if (r)
		return r;
	a->live = group != 0;
	if (!a->addresses.v4.family)
		a->addresses.v4 = pool_address(&s->pool4, offset);
	if (!a->addresses.v6.family)
		a->addresses.v6 = pool_address(&s->pool6, offset);
	return 0;
}

int explain_ask(struct explain *x, const struct question *q, struct answer *ret_answer)
{
	struct answer a = { 0 };
	struct asking k = { .x = x, .q = q, .a = &a };
	int r;

	r = explain_find_user(q->user, &a);
	if (!r)
		r = explain_look_at_pam(x, q, &a);
	if (!r) {
		a.person.subject.service = q->service;
		/* Who is exempt is so from whatever the file says. */
		if (a.uid != 0 && !(q->service && a.exempt))
			a.session = conf_match(x->conf, &a.person.subject);
		a.policy = a.session ? a.session->policy : NULL;
		if (a.policy)
			r = find_addresses(x, &a);
	}
	if (!r && q->has_packet)
		r = ask_packet(&k);
	if (r)
		answer_done(&a);
	else
		*ret_answer = a;
	return r;
}
