/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter_ipv4.h>
#include <linux/rtnetlink.h>

#include "conf/base.h"
#include "conf/nat.h"
#include "helper/fw.h"
#include "helper/fw_build.h"

/*
 * Packets are looked at as soon as they are whole, and filtered before the
 * rules of others.  Where the policy is to drop, the first rule lets everything
 * pass that is not ours.
 */
static const struct fw_base prerouting = { "filter", FW_HOOK_PREROUTING, NF_IP_PRI_RAW, false };
static const struct fw_base arriving = { "filter", FW_HOOK_PREROUTING, NF_IP_PRI_NAT_DST + 1,
					 false };
static const struct fw_base forward_out = { "filter", FW_HOOK_FORWARD, NF_IP_PRI_FILTER - 10,
					    true };
static const struct fw_base forward_in = { "filter", FW_HOOK_FORWARD, NF_IP_PRI_FILTER - 9, true };
static const struct fw_base input = { "filter", FW_HOOK_INPUT, NF_IP_PRI_FILTER - 10, true };
static const struct fw_base output = { "filter", FW_HOOK_OUTPUT, NF_IP_PRI_FILTER - 10, false };
static const struct fw_base dstnat = { "nat", FW_HOOK_PREROUTING, NF_IP_PRI_NAT_DST, false };
static const struct fw_base srcnat = { "nat", FW_HOOK_POSTROUTING, NF_IP_PRI_NAT_SRC, false };

/* What the chains have in common. */
struct base {
	const struct fw_build *b;
	struct fw_table *table;
	struct span pool4;
	struct span pool6;
	const char *spoofed; /* counters */
	const char *tripwire;
};

static const char not_session[] = "not from a session";
static const char not_for_session[] = "not for a session";

/* Of a session, only the protocols that the rules know come in; others cannot be translated. */
static void add_protocols(const struct base *base, struct fw_chain *chain)
{
	static const uint8_t v4[] = { IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP };
	static const uint8_t v6[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMPV6 };
	static const uint8_t icmp[] = { ICMP_ECHOREPLY, ICMP_DEST_UNREACH, ICMP_ECHO,
					ICMP_TIME_EXCEEDED, ICMP_PARAMETERPROB };
	static const uint8_t icmpv6[] = { ICMP6_DST_UNREACH,   ICMP6_PACKET_TOO_BIG,
					  ICMP6_TIME_EXCEEDED, ICMP6_PARAM_PROB,
					  ICMP6_ECHO_REQUEST,  ICMP6_ECHO_REPLY };
	struct fw_table *t = base->table;

	fw_rule(chain, "protocol", fw_not(fw_is_one_of(t, FW_IP_PROTOCOL, v4, ARRAY_SIZE(v4))),
		fw_count(), fw_drop());
	/* The first header: what could lead elsewhere or hide the rest is an extension. */
	fw_rule(chain, "protocol or extension header",
		fw_not(fw_is_one_of(t, FW_IP6_NEXTHDR, v6, ARRAY_SIZE(v6))), fw_count(), fw_drop());
	fw_rule(chain, "IP options", fw_not(fw_is(FW_IP_HDRLENGTH, 5)), fw_count(), fw_drop());
	/* Connection tracking has put together what can be. */
	fw_rule(chain, "fragment", fw_not(fw_is(FW_IP_FRAGMENT, 0)), fw_count(), fw_drop());
	fw_rule(chain, "kind of ICMP", fw_not(fw_is_one_of(t, FW_ICMP, icmp, ARRAY_SIZE(icmp))),
		fw_count(), fw_drop());
	fw_rule(chain, "kind of ICMP",
		fw_not(fw_is_one_of(t, FW_ICMPV6, icmpv6, ARRAY_SIZE(icmpv6))), fw_count(),
		fw_drop());
}

static void add_destinations(const struct base *base, struct fw_chain *chain)
{
	static const uint8_t types[] = { RTN_BROADCAST, RTN_ANYCAST, RTN_MULTICAST };
	static const struct conf_prefix loopback = { AF_INET, 8, { 127 } };
	struct span span = span_of_prefix(&loopback);

	fw_rule(chain, "not for one machine",
		fw_is_one_of(base->table, FW_FIB_DADDR_TYPE, types, ARRAY_SIZE(types)), fw_count(),
		fw_drop());
	/* The host may have route_localnet set, for others. */
	fw_rule(chain, "loopback", fw_is_in(FW_IP_DADDR, &span), fw_count(), fw_drop());
}

/* Link-local addresses would pass the second test: they are right on every link. */
static void add_sources(const struct base *base, struct fw_chain *chain)
{
	struct fw_expr is_spoofed = fw_count_as(base->spoofed);

	fw_rule(chain, "spoofed", fw_not(fw_is_in(FW_IP_SADDR, &base->pool4)), is_spoofed,
		fw_drop());
	fw_rule(chain, "spoofed", fw_not(fw_is_in(FW_IP6_SADDR, &base->pool6)), is_spoofed,
		fw_drop());
	fw_rule(chain, "spoofed: another session's", fw_is(FW_FIB_SOURCE_LINK, 0), is_spoofed,
		fw_drop());
}

static void add_prerouting(const struct base *base)
{
	struct fw_chain *chain = fw_add_chain(base->table, &prerouting, NULL, "prerouting");

	fw_rule(chain, not_session, fw_not(fw_is_session(FW_IIFGROUP)), fw_accept());
	add_destinations(base, chain);
	add_sources(base, chain);
	add_protocols(base, chain);
	fw_rule(chain, "for this machine", fw_is(FW_FIB_DADDR_TYPE, RTN_LOCAL),
		fw_number(FW_SET_MARK, FW_MARK_HOST));
	fw_rule(chain, "routing wants to see it", fw_number(FW_SET_MARK, FW_MARK_BIT));
}

/*
 * With rp_filter, the kernel asks how it would answer what arrives for a session:
 * by a route from the pool, and routing refuses that without the mark.  Behind
 * address translation, so that what else arrives is left alone; IPv6 has no such
 * filter.
 */
static void add_arriving(const struct base *base)
{
	struct fw_chain *chain = fw_add_chain(base->table, &arriving, NULL, "arriving");

	fw_rule(chain, "rp_filter wants to see it", fw_is_in(FW_IP_DADDR, &base->pool4),
		fw_not(fw_is_session(FW_IIFGROUP)), fw_not(fw_is_in(FW_IP_SADDR, &base->pool4)),
		fw_number(FW_SET_MARK, FW_MARK_BIT));
}

/* What connection tracking does not know would leave with the session's own address. */
static void add_state(struct fw_chain *chain)
{
	fw_rule(chain, "no connection",
		fw_has(FW_CT_STATE, NF_CT_STATE_INVALID_BIT | NF_CT_STATE_UNTRACKED_BIT),
		fw_count(), fw_drop());
}

/* No policy at all means no traffic, answers included. */
static void add_classes(const struct base *base, struct fw_chain *chain, enum fw_field field,
			const struct fw_set *map)
{
	if (base->b->n_policies > 0)
		fw_rule(chain, NULL, fw_vmap(field, map));
	fw_rule(chain, "no policy", fw_count(), fw_drop());
}

static struct fw_expr is_uplink(const struct base *base, enum fw_field name)
{
	const struct conf_settings *settings = &base->b->conf->settings;
	struct fw_set *set;

	if (settings->n_uplinks == 1)
		return fw_is_named(name, settings->uplinks[0]);
	set = fw_add_set(base->table, FW_TYPE_LINK_NAME, 0, NULL);
	for (size_t i = 0; i < settings->n_uplinks; i++)
		fw_add_name(set, settings->uplinks[i]);
	return fw_is_of(name, set);
}

static struct fw_expr is_router4(const struct base *base)
{
	const struct fw_context *context = base->b->context;
	struct fw_set *set = fw_add_set(base->table, FW_TYPE_LINK_NAME, 0, NULL);

	for (size_t i = 0; i < context->n_routers4; i++)
		fw_add_name(set, context->routers4[i]);
	return fw_is_of(FW_IIFNAME, set);
}

static void add_uplinks_out(const struct base *base, struct fw_chain *chain)
{
	if (base->b->conf->settings.n_uplinks > 0)
		fw_rule(chain, "not by an uplink", fw_not(is_uplink(base, FW_OIFNAME)),
			fw_not(fw_is_session(FW_OIFGROUP)), fw_count(), fw_drop());
}

/* What comes in by another link could not be answered.  Answers may come by any. */
static void add_uplinks_in(const struct base *base, struct fw_chain *chain)
{
	if (base->b->conf->settings.n_uplinks > 0)
		fw_rule(chain, "not by an uplink", fw_not(is_uplink(base, FW_IIFNAME)),
			fw_not(fw_is_session(FW_IIFGROUP)),
			fw_is(FW_CT_DIRECTION, IP_CT_DIR_ORIGINAL), fw_count(), fw_drop());
}

/* Switching forwarding on for sessions makes no router of a host that was none. */
static void add_restriction(const struct base *base, struct fw_chain *chain)
{
	static const struct conf_prefix nowhere4 = { AF_INET, 32, { 0 } };
	static const struct conf_prefix nowhere6 = { AF_INET6, 128, { 0 } };
	const struct fw_context *context = base->b->context;
	struct fw_expr not_in = fw_not(fw_is_session(FW_IIFGROUP));
	struct fw_expr not_out = fw_not(fw_is_session(FW_OIFGROUP));
	struct span span4 = span_of_prefix(&nowhere4);
	struct span span6 = span_of_prefix(&nowhere6);

	/* What is forwarded has a source: this says which family. */
	if (context->restrict_forward4 && context->n_routers4 > 0)
		fw_rule(chain, "these links were routers before pam_netns",
			fw_not(fw_is_in(FW_IP_SADDR, &span4)), not_in, is_router4(base),
			fw_accept());
	if (context->restrict_forward4 && context->restrict_forward6)
		fw_rule(chain, "the host is no router: forwarding was off before pam_netns", not_in,
			not_out, fw_count(), fw_drop());
	else if (context->restrict_forward4)
		fw_rule(chain, "the host is no IPv4 router: forwarding was off before pam_netns",
			fw_not(fw_is_in(FW_IP_SADDR, &span4)), not_in, not_out, fw_count(),
			fw_drop());
	else if (context->restrict_forward6)
		fw_rule(chain, "the host is no IPv6 router: forwarding was off before pam_netns",
			fw_not(fw_is_in(FW_IP6_SADDR, &span6)), not_in, not_out, fw_count(),
			fw_drop());
}

static void add_forward_out(const struct base *base)
{
	struct fw_chain *chain = fw_add_chain(base->table, &forward_out, NULL, "forward_out");

	add_restriction(base, chain);
	fw_rule(chain, not_session, fw_not(fw_is_session(FW_IIFGROUP)), fw_accept());
	add_state(chain);
	/* Such as a container's port that is published: to ask for it is to ask the host. */
	fw_rule(chain, "sent to this machine, led elsewhere", fw_has(FW_MARK, FW_MARK_HOST),
		fw_is(FW_CT_DIRECTION, IP_CT_DIR_ORIGINAL), fw_count(), fw_drop());
	add_uplinks_out(base, chain);
	add_classes(base, chain, FW_IIFGROUP, base->b->out);
}

/* From outside comes what was never looked at: prerouting does it for sessions alone. */
static void add_forward_in(const struct base *base)
{
	static const uint8_t protocols[] = { IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP,
					     IPPROTO_ICMPV6 };
	struct fw_chain *chain = fw_add_chain(base->table, &forward_in, NULL, "forward_in");
	struct fw_expr is_spoofed = fw_count_as(base->spoofed);
	struct fw_expr is_outside = fw_not(fw_is_session(FW_IIFGROUP));

	fw_rule(chain, not_for_session, fw_not(fw_is_session(FW_OIFGROUP)), fw_accept());
	add_state(chain);
	fw_rule(chain, "spoofed", is_outside, fw_is_in(FW_IP_SADDR, &base->pool4), is_spoofed,
		fw_drop());
	fw_rule(chain, "spoofed", is_outside, fw_is_in(FW_IP6_SADDR, &base->pool6), is_spoofed,
		fw_drop());
	fw_rule(chain, "protocol",
		fw_not(fw_is_one_of(base->table, FW_L4PROTO, protocols, ARRAY_SIZE(protocols))),
		fw_count(), fw_drop());
	add_uplinks_in(base, chain);
	add_classes(base, chain, FW_OIFGROUP, base->b->in);
}

static void add_input(const struct base *base)
{
	struct fw_chain *chain = fw_add_chain(base->table, &input, NULL, "input");

	fw_rule(chain, not_session, fw_not(fw_is_session(FW_IIFGROUP)), fw_accept());
	add_state(chain);
	add_classes(base, chain, FW_IIFGROUP, base->b->host);
}

static void add_confined(const struct base *base, struct fw_set *set)
{
	const struct fw_context *context = base->b->context;
	_cleanup_(spans_done) struct spans spans = { .width = sizeof(uint32_t) };

	for (size_t i = 0; i < context->n_confined; i++) {
		const struct fw_uids *uids = &context->confined[i];
		struct span span = span_of_numbers(uids->first, uids->last, spans.width);

		fw_note(base->table, spans_add(&spans, &span));
	}
	spans_merge(&spans);
	fw_add_spans(set, &spans);
}

/*
 * A socket in the host's network whose owner has a network of their own is
 * there by mistake: it belongs to a process older than the policy, or one that
 * no PAM session started.  A server that answers a session has root's socket.
 */
static void add_tripwire(const struct base *base, struct fw_chain *chain)
{
	struct fw_set *confined, *live;

	confined = fw_add_set(base->table, FW_TYPE_UID, FW_SET_INTERVALS, "confined");
	add_confined(base, confined);
	live = fw_add_set(base->table, FW_TYPE_UID, 0, "live");
	fw_rule(chain, "tripwire", fw_is_of(FW_SKUID, confined), fw_count_as(base->tripwire),
		fw_reject());
	fw_rule(chain, "tripwire", fw_is_of(FW_SKUID, live), fw_count_as(base->tripwire),
		fw_reject());
}

static void add_output(const struct base *base)
{
	struct fw_chain *chain = fw_add_chain(base->table, &output, NULL, "output");

	add_tripwire(base, chain);
	fw_rule(chain, not_for_session, fw_not(fw_is_session(FW_OIFGROUP)), fw_accept());
	add_classes(base, chain, FW_OIFGROUP, base->b->from_host);
}

static void add_dstnat(const struct base *base)
{
	static const struct {
		const char *name;
		int family;
		enum fw_field dport;
	} maps[] = {
		{ "publish4_tcp", AF_INET, FW_TCP_DPORT },
		{ "publish4_udp", AF_INET, FW_UDP_DPORT },
		{ "publish6_tcp", AF_INET6, FW_TCP_DPORT },
		{ "publish6_udp", AF_INET6, FW_UDP_DPORT },
	};
	struct fw_chain *chain = fw_add_chain(base->table, &dstnat, NULL, "dstnat");

	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		enum fw_type address = maps[i].family == AF_INET ? FW_TYPE_IPV4 : FW_TYPE_IPV6;
		struct fw_set *map;

		map = fw_add_map(base->table, FW_TYPE_PORT, address, FW_TYPE_PORT, maps[i].name);
		fw_rule(chain, NULL, fw_not(fw_is_session(FW_IIFGROUP)),
			fw_is(FW_FIB_DADDR_TYPE, RTN_LOCAL),
			fw_dnat_map(maps[i].family, maps[i].dport, map));
	}
}

/* A block of source ports is a chain: what nft can write of a map has no ranges of ports. */
static void add_blocks(const struct base *base, uint16_t ports)
{
	for (uint32_t i = 0; i < conf_nat_blocks(ports); i++) {
		const struct conf_block block = conf_nat_block(ports, i);
		struct fw_chain *chain =
			fw_add_chain(base->table, NULL, NULL, "ports_%u", block.first);

		fw_rule(chain, NULL, fw_is_tcp_or_udp(base->table),
			fw_masquerade_to(block.first, block.last));
	}
}

/*
 * Log-ins add who has which block to the maps.  All others get ports that are in
 * none, whatever they choose, so that nobody is taken for somebody else.
 */
static void add_port_ranges(const struct base *base, struct fw_chain *chain)
{
	static const struct {
		const char *name;
		enum fw_type type;
		enum fw_field saddr;
	} maps[] = {
		{ "blocks4", FW_TYPE_IPV4, FW_IP_SADDR },
		{ "blocks6", FW_TYPE_IPV6, FW_IP6_SADDR },
	};
	const struct span *const pools[] = { &base->pool4, &base->pool6 };
	struct fw_expr is_outside = fw_not(fw_is_session(FW_OIFGROUP));

	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		struct fw_set *map = fw_add_map(base->table, maps[i].type, FW_TYPE_VERDICT,
						FW_TYPE_NONE, maps[i].name);

		fw_rule(chain, NULL, is_outside, fw_is_tcp_or_udp(base->table),
			fw_vmap(maps[i].saddr, map));
		fw_rule(chain, NULL, fw_is_in(maps[i].saddr, pools[i]), is_outside,
			fw_is_tcp_or_udp(base->table),
			fw_masquerade_to(CONF_NAT_LAST + 1, UINT16_MAX));
	}
}

static void add_srcnat(const struct base *base)
{
	struct fw_chain *chain = fw_add_chain(base->table, &srcnat, NULL, "srcnat");
	struct fw_expr is_outside = fw_not(fw_is_session(FW_OIFGROUP));
	uint16_t ports = conf_nat_ports(base->b->conf);

	if (ports) {
		add_port_ranges(base, chain);
		add_blocks(base, ports);
	}

	fw_rule(chain, NULL, fw_is_in(FW_IP_SADDR, &base->pool4), is_outside, fw_masquerade());
	fw_rule(chain, NULL, fw_is_in(FW_IP6_SADDR, &base->pool6), is_outside, fw_masquerade());
}

void fw_add_base(struct fw_build *b)
{
	const struct base base = {
		.b = b,
		.table = b->table,
		.pool4 = span_of_prefix(&b->conf->settings.pool4),
		.pool6 = span_of_prefix(&b->conf->settings.pool6),
		.spoofed = fw_add_counter(b->table, "spoofed"),
		.tripwire = fw_add_counter(b->table, "tripwire"),
	};

	add_prerouting(&base);
	add_arriving(&base);
	add_forward_out(&base);
	add_forward_in(&base);
	add_input(&base);
	add_output(&base);
	add_dstnat(&base);
	add_srcnat(&base);
}
