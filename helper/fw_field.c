/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/rtnetlink.h>

#include "conf/base.h"
#include "helper/fw_ir.h"

/*
 * The names are those that nft knows by itself: what it has to look up in
 * /etc/protocols may not be there.
 */
static const struct fw_symbol protos[] = {
	{ "icmp", IPPROTO_ICMP },
	{ "tcp", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP },
	{ "icmpv6", IPPROTO_ICMPV6 },
	{ NULL, 0 },
};

static const struct fw_symbol icmp_types[] = {
	{ "echo-reply", ICMP_ECHOREPLY },
	{ "destination-unreachable", ICMP_DEST_UNREACH },
	{ "echo-request", ICMP_ECHO },
	{ "time-exceeded", ICMP_TIME_EXCEEDED },
	{ "parameter-problem", ICMP_PARAMETERPROB },
	{ NULL, 0 },
};

static const struct fw_symbol icmpv6_types[] = {
	{ "destination-unreachable", ICMP6_DST_UNREACH },
	{ "packet-too-big", ICMP6_PACKET_TOO_BIG },
	{ "time-exceeded", ICMP6_TIME_EXCEEDED },
	{ "parameter-problem", ICMP6_PARAM_PROB },
	{ "echo-request", ICMP6_ECHO_REQUEST },
	{ "echo-reply", ICMP6_ECHO_REPLY },
	{ NULL, 0 },
};

static const struct fw_symbol address_types[] = {
	{ "unicast", RTN_UNICAST }, { "local", RTN_LOCAL },         { "broadcast", RTN_BROADCAST },
	{ "anycast", RTN_ANYCAST }, { "multicast", RTN_MULTICAST }, { NULL, 0 },
};

static const struct fw_symbol directions[] = {
	{ "original", IP_CT_DIR_ORIGINAL },
	{ "reply", IP_CT_DIR_REPLY },
	{ NULL, 0 },
};

static const struct fw_symbol states[] = {
	{ "invalid", NF_CT_STATE_INVALID_BIT },
	{ "related", NF_CT_STATE_BIT(IP_CT_RELATED) },
	{ "new", NF_CT_STATE_BIT(IP_CT_NEW) },
	{ "untracked", NF_CT_STATE_UNTRACKED_BIT },
	{ NULL, 0 },
};

static const struct fw_symbol statuses[] = {
	{ "confirmed", IPS_CONFIRMED },
	{ "dnat", IPS_DST_NAT },
	{ NULL, 0 },
};

static const struct fw_symbol presences[] = {
	{ "missing", 0 },
	{ "exists", 1 },
	{ NULL, 0 },
};

/* The numbers are those of nft's data types, include/datatype.h there. */
const struct fw_type_info fw_types[FW_N_TYPES] = {
	[FW_TYPE_NONE] = { .name = NULL },
	[FW_TYPE_IPV4] = { .name = "ipv4_addr", .id = 7, .width = 4, .prefixes = true },
	[FW_TYPE_IPV6] = { .name = "ipv6_addr", .id = 8, .width = 16, .prefixes = true },
	[FW_TYPE_PROTO] = { .name = "inet_proto", .id = 12, .width = 1, .symbols = protos },
	[FW_TYPE_PORT] = { .name = "inet_service", .id = 13, .width = 2 },
	[FW_TYPE_ICMP] = { .name = "icmp_type", .id = 14, .width = 1, .symbols = icmp_types },
	[FW_TYPE_ICMPV6] = { .name = "icmpv6_type", .id = 29, .width = 1, .symbols = icmpv6_types },
	[FW_TYPE_UID] = { .name = "uid", .id = 24, .width = 4, .host_order = true },
	[FW_TYPE_LINK] = { .name = "iface_index", .id = 20, .width = 4, .host_order = true },
	[FW_TYPE_LINK_NAME] = { .name = "ifname", .id = 41, .width = 16, .host_order = true },
	[FW_TYPE_GROUP] = { .name = "devgroup",
			    .id = 35,
			    .width = 4,
			    .host_order = true,
			    .prefixes = true },
	[FW_TYPE_ADDRESS_TYPE] = { .name = "fib_addrtype",
				   .id = 38,
				   .width = 4,
				   .host_order = true,
				   .symbols = address_types },
	[FW_TYPE_DIRECTION] = { .name = "ct_dir",
				.id = 27,
				.width = 1,
				.host_order = true,
				.symbols = directions },
	[FW_TYPE_STATE] = { .name = "ct_state",
			    .id = 26,
			    .width = 4,
			    .host_order = true,
			    .symbols = states },
	[FW_TYPE_STATUS] = { .name = "ct_status",
			     .id = 28,
			     .width = 4,
			     .host_order = true,
			     .symbols = statuses },
	[FW_TYPE_PRESENCE] = { .name = "boolean",
			       .id = 39,
			       .width = 4,
			       .host_order = true,
			       .symbols = presences },
	[FW_TYPE_MARK] = { .name = "mark", .id = 19, .width = 4, .host_order = true },
	[FW_TYPE_NUMBER8] = { .name = "integer", .id = 4, .width = 1 },
	[FW_TYPE_NUMBER16] = { .name = "integer", .id = 4, .width = 2 },
	[FW_TYPE_NUMBER32] = { .name = "integer", .id = 4, .width = 4, .host_order = true },
	[FW_TYPE_VERDICT] = { .name = "verdict", .id = 0xffffff00, .width = 0 },
};

const struct fw_field_info fw_fields[FW_N_FIELDS] = {
	[FW_IIF] = { .text = "iif", .type = FW_TYPE_LINK },
	[FW_IIFGROUP] = { .text = "iifgroup", .type = FW_TYPE_GROUP },
	[FW_IIFNAME] = { .text = "iifname", .type = FW_TYPE_LINK_NAME },
	[FW_OIFGROUP] = { .text = "oifgroup", .type = FW_TYPE_GROUP },
	[FW_OIFNAME] = { .text = "oifname", .type = FW_TYPE_LINK_NAME },
	[FW_SKUID] = { .text = "meta skuid", .type = FW_TYPE_UID },
	[FW_MARK] = { .text = "meta mark", .type = FW_TYPE_MARK },
	[FW_L4PROTO] = { .text = "meta l4proto", .type = FW_TYPE_PROTO },
	[FW_CT_DIRECTION] = { .text = "ct direction", .type = FW_TYPE_DIRECTION },
	[FW_CT_STATE] = { .text = "ct state", .type = FW_TYPE_STATE },
	[FW_CT_STATUS] = { .text = "ct status", .type = FW_TYPE_STATUS },
	[FW_CT_ORIGINAL_DPORT] = { .text = "ct original proto-dst", .type = FW_TYPE_PORT },
	[FW_FIB_SOURCE_LINK] = { .text = "fib saddr . iif oif", .type = FW_TYPE_PRESENCE },
	[FW_FIB_DADDR_TYPE] = { .text = "fib daddr type", .type = FW_TYPE_ADDRESS_TYPE },
	[FW_IP_SADDR] = { .text = "ip saddr", .type = FW_TYPE_IPV4, .family = AF_INET },
	[FW_IP_DADDR] = { .text = "ip daddr", .type = FW_TYPE_IPV4, .family = AF_INET },
	[FW_IP_PROTOCOL] = { .text = "ip protocol", .type = FW_TYPE_PROTO, .family = AF_INET },
	[FW_IP_HDRLENGTH] = { .text = "ip hdrlength", .type = FW_TYPE_NUMBER8, .family = AF_INET },
	[FW_IP_FRAGMENT] = { .text = "ip frag-off & 0x3fff",
			     .type = FW_TYPE_NUMBER16,
			     .family = AF_INET },
	[FW_IP6_SADDR] = { .text = "ip6 saddr", .type = FW_TYPE_IPV6, .family = AF_INET6 },
	[FW_IP6_DADDR] = { .text = "ip6 daddr", .type = FW_TYPE_IPV6, .family = AF_INET6 },
	[FW_IP6_NEXTHDR] = { .text = "ip6 nexthdr", .type = FW_TYPE_PROTO, .family = AF_INET6 },
	[FW_ICMP] = { .text = "icmp type",
		      .type = FW_TYPE_ICMP,
		      .family = AF_INET,
		      .proto = IPPROTO_ICMP },
	[FW_ICMPV6] = { .text = "icmpv6 type",
			.type = FW_TYPE_ICMPV6,
			.family = AF_INET6,
			.proto = IPPROTO_ICMPV6 },
	[FW_TCP_DPORT] = { .text = "tcp dport", .type = FW_TYPE_PORT, .proto = IPPROTO_TCP },
	[FW_UDP_DPORT] = { .text = "udp dport", .type = FW_TYPE_PORT, .proto = IPPROTO_UDP },
	[FW_TH_DPORT] = { .text = "th dport", .type = FW_TYPE_PORT },
};

size_t fw_room(enum fw_type type)
{
	size_t registers = (fw_types[type].width + FW_REGISTER - 1) / FW_REGISTER;

	return registers * FW_REGISTER;
}
