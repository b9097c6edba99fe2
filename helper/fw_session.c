/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <sys/socket.h>

#include <linux/netfilter_ipv4.h>

#include "conf/base.h"
#include "helper/fw.h"
#include "helper/fw_build.h"

/* The session's link, in its own namespace. */
#define LINK "eth0"

#define PORT_DNS 53

static const struct fw_base output = { "nat", FW_HOOK_OUTPUT, NF_IP_PRI_NAT_DST, false };
static const struct fw_base postrouting = { "nat", FW_HOOK_POSTROUTING, NF_IP_PRI_NAT_SRC, false };

static const struct family {
	enum fw_type type;
	enum fw_field saddr;
	enum fw_field daddr;
	struct conf_prefix loopback;
} families[FW_N_FAMILIES] = {
	[FW_V4] = { FW_TYPE_IPV4, FW_IP_SADDR, FW_IP_DADDR, { AF_INET, 8, { 127 } } },
	[FW_V6] = { FW_TYPE_IPV6,
		    FW_IP6_SADDR,
		    FW_IP6_DADDR,
		    { AF_INET6, 128, { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 } } },
};

struct session {
	struct fw_table *table;
	struct fw_chain *output;
	struct fw_chain *postrouting;
	bool fixed; /* whatever resolver is asked */
};

/* Several resolvers are asked in turn. */
static struct fw_expr translate(const struct session *s, const struct family *family,
				const struct conf_prefix *const *servers, size_t n)
{
	struct fw_set *map;

	if (n == 1)
		return fw_dnat(servers[0]);
	map = fw_add_map(s->table, FW_TYPE_NUMBER32, family->type, FW_TYPE_NONE, NULL);
	for (size_t i = 0; i < n; i++) {
		struct fw_element *element = fw_add_element(map);

		if (!element)
			break;
		element->key = span_of_numbers((uint32_t)i, (uint32_t)i, sizeof(uint32_t));
		memcpy(element->data, servers[i]->bytes, fw_types[family->type].width);
	}
	return fw_dnat_spread(servers[0]->family, map);
}

static void add_family(const struct session *s, const struct family *family,
		       const struct conf_prefix *const *servers, size_t n)
{
	struct span loopback = span_of_prefix(&family->loopback);
	struct fw_expr is_question = fw_is(FW_TH_DPORT, PORT_DNS);

	if (s->fixed)
		fw_rule(s->output, "dns", fw_is_tcp_or_udp(s->table), is_question,
			translate(s, family, servers, n));
	else
		fw_rule(s->output, "dns", fw_is_in(family->daddr, &loopback),
			fw_is_tcp_or_udp(s->table), is_question, translate(s, family, servers, n));
	/* A question to loopback was asked from there. */
	fw_rule(s->postrouting, "dns", fw_is_named(FW_OIFNAME, LINK),
		fw_is_in(family->saddr, &loopback), fw_masquerade());
}

static void compile(struct session *s, const struct fw_dns *dns, const struct conf_prefix **servers)
{
	s->output = fw_add_chain(s->table, &output, NULL, "output");
	s->postrouting = fw_add_chain(s->table, &postrouting, NULL, "postrouting");
	for (enum fw_family f = 0; f < FW_N_FAMILIES; f++) {
		size_t n = 0;

		for (size_t i = 0; i < dns->n_servers; i++) {
			if (dns->servers[i].family == families[f].loopback.family)
				servers[n++] = &dns->servers[i];
		}
		if (n > 0)
			add_family(s, &families[f], servers, n);
	}
}

int fw_compile_session(const struct conf *conf, const struct conf_policy *policy,
		       const struct fw_context *context, struct fw_table **ret_table)
{
	const struct fw_dns dns = fw_dns_of(conf, policy, context);
	_cleanup_(fw_free_p) struct fw_table *table = NULL;
	_cleanup_free_ const struct conf_prefix **servers = NULL;
	struct session session = { .fixed = dns.fixed };

	if (dns.n_servers > 0) {
		table = session.table = fw_table_new(FW_TABLE);
		servers = calloc(dns.n_servers, sizeof(*servers));
		if (!table || !servers)
			return -ENOMEM;
		compile(&session, &dns, servers);
		if (table->error)
			return table->error;
	}
	*ret_table = steal_ptr(&table);
	return 0;
}
