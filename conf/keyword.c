/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/keyword.h"
#include "conf/parse.h"

#ifndef AF_MCTP
#define AF_MCTP 45
#endif

#define TABLE(w, a)                                                  \
	{                                                            \
		.what = (w), .words = (a), .n_words = ARRAY_SIZE(a), \
	}

static const struct keyword top_words[] = {
	{ "set", 0, parse_set },
	{ "include", 0, parse_include },
	{ "addresses", 0, parse_addresses },
	{ "policy", 0, parse_policy },
	{ "session", 0, parse_session },
};
const struct keyword_table keywords_top = TABLE("keyword", top_words);

static const struct keyword set_words[] = {
	{ "pool4", CONF_SETTING_POOL4, parse_set_pool },
	{ "pool6", CONF_SETTING_POOL6, parse_set_pool },
	{ "uplink", CONF_SETTING_UPLINK, parse_set_uplink },
	{ "dns", CONF_SETTING_DNS, parse_set_dns },
	{ "linger", CONF_SETTING_LINGER, parse_set_linger },
	{ "on-error", CONF_SETTING_ON_ERROR, parse_set_on_error },
	{ "families", CONF_SETTING_FAMILIES, parse_set_families },
	{ "hide", CONF_SETTING_HIDE, parse_set_hide },
};
static_assert(ARRAY_SIZE(set_words) == N_CONF_SETTINGS, "each setting has its keyword");
const struct keyword_table keywords_set = TABLE("setting", set_words);

static const struct keyword policy_words[] = {
	{ "use", CONF_USE, parse_use },
	{ "out", CONF_RULE, parse_rule_out },
	{ "in", CONF_RULE, parse_rule_in },
	{ "publish", CONF_PUBLISH, parse_publish },
	{ "dns", CONF_DNS, parse_policy_dns },
	{ "rate", CONF_RATE, parse_rate },
	{ "connections", CONF_CONNECTIONS, parse_connections },
	{ "nat", CONF_NAT_PORTS, parse_nat },
};
static_assert(ARRAY_SIZE(policy_words) == CONF_NAT_PORTS + 2, "rules have two keywords");
const struct keyword_table keywords_policy = TABLE("statement", policy_words);

static const struct keyword verb_words[] = {
	{ "allow", CONF_ALLOW, NULL },
	{ "deny", CONF_DENY, NULL },
	{ "drop", CONF_DROP, NULL },
};
static_assert(ARRAY_SIZE(verb_words) == CONF_DROP + 1, "each verb has its keyword");
const struct keyword_table keywords_verb = TABLE("verb", verb_words);

#define SERVICE_WORDS                                                     \
	{ "tcp", CONF_PROTO_TCP, NULL }, { "udp", CONF_PROTO_UDP, NULL }, \
	{                                                                 \
		"icmp", CONF_PROTO_ICMP, NULL                             \
	}

static const struct keyword proto_words[] = { SERVICE_WORDS };
static_assert(ARRAY_SIZE(proto_words) == CONF_PROTO_ICMP + 1, "each protocol has its keyword");
const struct keyword_table keywords_proto = TABLE("protocol", proto_words);

static const struct keyword out_words[] = {
	{ "log", 0, NULL },
	{ "to", 0, NULL },
	SERVICE_WORDS,
};
const struct keyword_table keywords_out = TABLE("word", out_words);

static const struct keyword in_words[] = {
	{ "log", 0, NULL },
	{ "from", 0, NULL },
	SERVICE_WORDS,
};
const struct keyword_table keywords_in = TABLE("word", in_words);

static const struct keyword target_words[] = {
	{ "any", CONF_TARGET_ANY, NULL },         { "host", CONF_TARGET_HOST, NULL },
	{ "users", CONF_TARGET_USERS, NULL },     { "metadata", CONF_TARGET_METADATA, NULL },
	{ "private", CONF_TARGET_PRIVATE, NULL },
};
static_assert(ARRAY_SIZE(target_words) == CONF_TARGET_LIST, "each fixed target has its keyword");
const struct keyword_table keywords_target = TABLE("target", target_words);

static const struct keyword dns_words[] = {
	{ "auto", CONF_DNS_AUTO, NULL },
	{ "none", CONF_DNS_NONE, NULL },
};
static_assert(ARRAY_SIZE(dns_words) == CONF_DNS_ADDRESSES, "each kind of dns has its keyword");
const struct keyword_table keywords_dns = TABLE("word", dns_words);

static const struct keyword loopback_words[] = {
	{ "private", 0, NULL },
};
const struct keyword_table keywords_loopback = TABLE("word", loopback_words);

#define NETWORK_WORDS                                                                     \
	{ "host", CONF_NET_HOST, NULL }, { "stay", CONF_NET_STAY, NULL },                 \
		{ "loopback", CONF_NET_LOOPBACK, NULL }, { "veth", CONF_NET_VETH, NULL }, \
	{                                                                                 \
		"join", CONF_NET_JOIN, NULL                                               \
	}

static const struct keyword network_words[] = { NETWORK_WORDS };
static_assert(ARRAY_SIZE(network_words) == CONF_NET_JOIN + 1, "each network has its keyword");
const struct keyword_table keywords_network = TABLE("network", network_words);

static const struct keyword session_words[] = { { "via", 0, NULL }, NETWORK_WORDS };
const struct keyword_table keywords_session = TABLE("network", session_words);

static const struct keyword on_error_words[] = {
	{ "refuse", CONF_ON_ERROR_REFUSE, NULL },
	{ "seal", CONF_ON_ERROR_SEAL, NULL },
};
const struct keyword_table keywords_on_error = TABLE("word", on_error_words);

/* Bits on the wire are counted in thousands, and kept as bytes. */
static const struct keyword rate_words[] = {
	{ "kbit", 1000 / 8, NULL },
	{ "mbit", 1000000 / 8, NULL },
	{ "gbit", 1000000000 / 8, NULL },
};
const struct keyword_table keywords_rate = TABLE("unit", rate_words);

static const struct keyword way_words[] = {
	{ "up", 0, NULL },
	{ "down", 1, NULL },
};
const struct keyword_table keywords_way = TABLE("word", way_words);

static const struct keyword nat_words[] = {
	{ "ports", 0, NULL },
};
const struct keyword_table keywords_nat = TABLE("word", nat_words);

static const struct keyword duration_words[] = {
	{ "s", 1, NULL },
	{ "m", 60, NULL },
	{ "h", 3600, NULL },
	{ "d", 86400, NULL },
};
const struct keyword_table keywords_duration = TABLE("unit", duration_words);

static const struct keyword family_words[] = {
	{ "unix", AF_UNIX, NULL },
	{ "inet", AF_INET, NULL },
	{ "ax25", AF_AX25, NULL },
	{ "ipx", AF_IPX, NULL },
	{ "appletalk", AF_APPLETALK, NULL },
	{ "netrom", AF_NETROM, NULL },
	{ "bridge", AF_BRIDGE, NULL },
	{ "atmpvc", AF_ATMPVC, NULL },
	{ "x25", AF_X25, NULL },
	{ "inet6", AF_INET6, NULL },
	{ "rose", AF_ROSE, NULL },
	{ "key", AF_KEY, NULL },
	{ "netlink", AF_NETLINK, NULL },
	{ "packet", AF_PACKET, NULL },
	{ "atmsvc", AF_ATMSVC, NULL },
	{ "rds", AF_RDS, NULL },
	{ "pppox", AF_PPPOX, NULL },
	{ "llc", AF_LLC, NULL },
	{ "ib", AF_IB, NULL },
	{ "mpls", AF_MPLS, NULL },
	{ "can", AF_CAN, NULL },
	{ "tipc", AF_TIPC, NULL },
	{ "bluetooth", AF_BLUETOOTH, NULL },
	{ "iucv", AF_IUCV, NULL },
	{ "rxrpc", AF_RXRPC, NULL },
	{ "isdn", AF_ISDN, NULL },
	{ "phonet", AF_PHONET, NULL },
	{ "ieee802154", AF_IEEE802154, NULL },
	{ "caif", AF_CAIF, NULL },
	{ "alg", AF_ALG, NULL },
	{ "nfc", AF_NFC, NULL },
	{ "vsock", AF_VSOCK, NULL },
	{ "kcm", AF_KCM, NULL },
	{ "qipcrtr", AF_QIPCRTR, NULL },
	{ "smc", AF_SMC, NULL },
	{ "xdp", AF_XDP, NULL },
	{ "mctp", AF_MCTP, NULL },
};
const struct keyword_table keywords_family = TABLE("address family", family_words);

/*
 * What stands where the name of an address list may stand: after "to", or at
 * the start of a line when the brace before it was forgotten.
 */
static const struct keyword reserved_words[] = {
	{ "any", 0, NULL },       { "host", 0, NULL },    { "users", 0, NULL },
	{ "metadata", 0, NULL },  { "private", 0, NULL }, { "tcp", 0, NULL },
	{ "udp", 0, NULL },       { "icmp", 0, NULL },    { "log", 0, NULL },
	{ "to", 0, NULL },        { "from", 0, NULL },    { "set", 0, NULL },
	{ "include", 0, NULL },   { "policy", 0, NULL },  { "session", 0, NULL },
	{ "addresses", 0, NULL },
};
const struct keyword_table keywords_reserved = TABLE("word", reserved_words);

const struct keyword *keyword_find(const struct keyword_table *table, const char *word,
				   size_t length)
{
	for (size_t i = 0; i < table->n_words; i++) {
		const char *name = table->words[i].name;

		if (strlen(name) == length && memcmp(name, word, length) == 0)
			return &table->words[i];
	}
	return NULL;
}

const char *keyword_name(const struct keyword_table *table, int value)
{
	for (size_t i = 0; i < table->n_words; i++) {
		if (table->words[i].value == value)
			return table->words[i].name;
	}
	return "";
}

const char *keyword_list(const struct keyword_table *table, char text[KEYWORD_LIST_MAX])
{
	size_t n = 0;

	text[0] = '\0';
	if (table->n_words > N_CONF_SETTINGS)
		return text;
	for (size_t i = 0; i < table->n_words; i++) {
		const char *gap = i == 0 ? "" : i + 1 < table->n_words ? ", " : " or ";

		n += (size_t)snprintf(text + n, KEYWORD_LIST_MAX - n, "%s%s", gap,
				      table->words[i].name);
	}
	return text;
}

const char *conf_network_name(enum conf_network network)
{
	return keyword_name(&keywords_network, (int)network);
}
