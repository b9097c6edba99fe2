/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/diag.h"
#include "helper/fw.h"
#include "helper/nl.h"
#include "helper/obstacle.h"
#include "helper/occupied.h"
#include "helper/veth.h"

#define CHAINS_MAX     32
#define NAME_BYTES     128 /* longer ones end in the middle */
#define ATTRIBUTES_MAX 32

struct chain {
	uint8_t family;
	char table[NAME_BYTES];
	char name[NAME_BYTES];
	bool drops; /* what comes to its end, by policy or by the last rule */
	/* What rules of its table let pass. */
	bool lets_in; /* what comes from our links */
	bool lets_out; /* what goes to them */
	bool lets_answers; /* what belongs to a connection that is there */
};

struct chains {
	struct chain list[CHAINS_MAX];
	size_t n;
};

static const char *const families[] = {
	[NFPROTO_INET] = "inet",
	[NFPROTO_IPV4] = "ip",
	[NFPROTO_IPV6] = "ip6",
};

static const char *family_name(uint8_t family)
{
	return family < ARRAY_SIZE(families) ? families[family] : NULL;
}

static int note_attribute(const struct nlattr *attr, void *data)
{
	const struct nlattr **attributes = data;

	if (mnl_attr_get_type(attr) < ATTRIBUTES_MAX)
		attributes[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

/* Numbers of nf_tables are big-endian; -1: there is none. */
static int64_t number(const struct nlattr *attr)
{
	return attr && mnl_attr_get_payload_len(attr) >= sizeof(uint32_t)
		       ? (int64_t)ntohl(mnl_attr_get_u32(attr))
		       : -1;
}

/* What passes from a session or to one is never the host's own. */
static bool is_passed(const struct nlattr *const *a)
{
	const struct nlattr *hook[ATTRIBUTES_MAX] = { NULL };
	int64_t at;

	if (!a[NFTA_CHAIN_HOOK])
		return false;
	mnl_attr_parse_nested(a[NFTA_CHAIN_HOOK], note_attribute, hook);
	at = number(hook[NFTA_HOOK_HOOKNUM]);
	return at == NF_INET_FORWARD || at == NF_INET_POST_ROUTING;
}

static bool is_ours(const struct nfgenmsg *nf, const struct nlattr *const *a)
{
	return nf->nfgen_family == NFPROTO_INET &&
	       strcmp(mnl_attr_get_str(a[NFTA_CHAIN_TABLE]), FW_TABLE) == 0;
}

static void note_chain(const struct nlmsghdr *h, void *data)
{
	const struct nfgenmsg *nf = mnl_nlmsg_get_payload(h);
	const struct nlattr *a[ATTRIBUTES_MAX] = { NULL };
	struct chains *chains = data;
	struct chain *chain;

	mnl_attr_parse(h, sizeof(*nf), note_attribute, a);
	if (!family_name(nf->nfgen_family) || !a[NFTA_CHAIN_TABLE] || !a[NFTA_CHAIN_NAME] ||
	    !is_passed(a) || is_ours(nf, a) || chains->n == CHAINS_MAX)
		return;
	chain = &chains->list[chains->n++];
	*chain = (struct chain){
		.family = nf->nfgen_family,
		.drops = number(a[NFTA_CHAIN_POLICY]) == NF_DROP,
	};
	snprintf(chain->table, sizeof(chain->table), "%s", mnl_attr_get_str(a[NFTA_CHAIN_TABLE]));
	snprintf(chain->name, sizeof(chain->name), "%s", mnl_attr_get_str(a[NFTA_CHAIN_NAME]));
}

/* "cmp" with a text that begins as the names of our links do. */
static bool compares_name(const struct nlattr *expression)
{
	const struct nlattr *a[ATTRIBUTES_MAX] = { NULL };
	const struct nlattr *cmp[ATTRIBUTES_MAX] = { NULL };
	const struct nlattr *value[ATTRIBUTES_MAX] = { NULL };
	const size_t length = strlen(VETH_PREFIX);

	mnl_attr_parse_nested(expression, note_attribute, a);
	if (!a[NFTA_EXPR_NAME] || !a[NFTA_EXPR_DATA] ||
	    strcmp(mnl_attr_get_str(a[NFTA_EXPR_NAME]), "cmp") != 0)
		return false;
	mnl_attr_parse_nested(a[NFTA_EXPR_DATA], note_attribute, cmp);
	if (cmp[NFTA_CMP_DATA])
		mnl_attr_parse_nested(cmp[NFTA_CMP_DATA], note_attribute, value);
	return value[NFTA_DATA_VALUE] &&
	       mnl_attr_get_payload_len(value[NFTA_DATA_VALUE]) >= length &&
	       memcmp(mnl_attr_get_payload(value[NFTA_DATA_VALUE]), VETH_PREFIX, length) == 0;
}

static bool is_verdict_drop(const struct nlattr *data)
{
	const struct nlattr *immediate[ATTRIBUTES_MAX] = { NULL };
	const struct nlattr *value[ATTRIBUTES_MAX] = { NULL };
	const struct nlattr *verdict[ATTRIBUTES_MAX] = { NULL };

	mnl_attr_parse_nested(data, note_attribute, immediate);
	if (immediate[NFTA_IMMEDIATE_DATA])
		mnl_attr_parse_nested(immediate[NFTA_IMMEDIATE_DATA], note_attribute, value);
	if (value[NFTA_DATA_VERDICT])
		mnl_attr_parse_nested(value[NFTA_DATA_VERDICT], note_attribute, verdict);
	return number(verdict[NFTA_VERDICT_CODE]) == NF_DROP;
}

/* That of iptables has no expression of its own. */
static bool is_target_reject(const struct nlattr *data)
{
	const struct nlattr *target[ATTRIBUTES_MAX] = { NULL };

	mnl_attr_parse_nested(data, note_attribute, target);
	return target[NFTA_TARGET_NAME] &&
	       strcmp(mnl_attr_get_str(target[NFTA_TARGET_NAME]), "REJECT") == 0;
}

enum effect {
	EFFECT_NONE, /* the next expression decides */
	EFFECT_REFUSES,
	EFFECT_OTHER, /* a condition, or anything else */
};

static enum effect find_effect(const struct nlattr *expression)
{
	const struct nlattr *a[ATTRIBUTES_MAX] = { NULL };
	const char *name;

	mnl_attr_parse_nested(expression, note_attribute, a);
	name = a[NFTA_EXPR_NAME] ? mnl_attr_get_str(a[NFTA_EXPR_NAME]) : "";
	if (strcmp(name, "counter") == 0 || strcmp(name, "log") == 0)
		return EFFECT_NONE;
	if (strcmp(name, "reject") == 0 ||
	    (a[NFTA_EXPR_DATA] && strcmp(name, "immediate") == 0 &&
	     is_verdict_drop(a[NFTA_EXPR_DATA])) ||
	    (a[NFTA_EXPR_DATA] && strcmp(name, "target") == 0 &&
	     is_target_reject(a[NFTA_EXPR_DATA])))
		return EFFECT_REFUSES;
	return EFFECT_OTHER;
}

/* What the expressions of a rule are about. */
struct rule {
	int64_t key; /* what was asked for last: an enum nft_meta_keys */
	bool names_in;
	bool names_out;
	bool asks_state; /* of the connection */
	bool refuses;
	enum effect effect; /* of the first that has one */
};

static int64_t key_of(const struct nlattr *data, uint16_t type)
{
	const struct nlattr *a[ATTRIBUTES_MAX] = { NULL };

	mnl_attr_parse_nested(data, note_attribute, a);
	return number(a[type]);
}

/* "conntrack" and "state" are iptables'. */
static bool is_state_match(const struct nlattr *data)
{
	const struct nlattr *match[ATTRIBUTES_MAX] = { NULL };
	const char *name;

	mnl_attr_parse_nested(data, note_attribute, match);
	name = match[NFTA_MATCH_NAME] ? mnl_attr_get_str(match[NFTA_MATCH_NAME]) : "";
	return strcmp(name, "conntrack") == 0 || strcmp(name, "state") == 0;
}

static void note_question(const struct nlattr *expression, struct rule *rule)
{
	const struct nlattr *a[ATTRIBUTES_MAX] = { NULL };
	const char *name;

	mnl_attr_parse_nested(expression, note_attribute, a);
	if (!a[NFTA_EXPR_NAME] || !a[NFTA_EXPR_DATA])
		return;
	name = mnl_attr_get_str(a[NFTA_EXPR_NAME]);
	if (strcmp(name, "meta") == 0)
		rule->key = key_of(a[NFTA_EXPR_DATA], NFTA_META_KEY);
	else if (strcmp(name, "ct") == 0)
		rule->asks_state |= key_of(a[NFTA_EXPR_DATA], NFTA_CT_KEY) == NFT_CT_STATE;
	else if (strcmp(name, "match") == 0)
		rule->asks_state |= is_state_match(a[NFTA_EXPR_DATA]);
}

static int note_expression(const struct nlattr *expression, void *data)
{
	struct rule *rule = data;
	enum effect effect = find_effect(expression);

	note_question(expression, rule);
	if (compares_name(expression)) {
		rule->names_in |= rule->key == NFT_META_IIFNAME;
		rule->names_out |= rule->key == NFT_META_OIFNAME;
	}
	rule->refuses |= effect == EFFECT_REFUSES;
	if (rule->effect == EFFECT_NONE)
		rule->effect = effect;
	return MNL_CB_OK;
}

static void note_rule(const struct nlmsghdr *h, void *data)
{
	const struct nlattr *a[ATTRIBUTES_MAX] = { NULL };
	struct rule rule = { .key = -1, .effect = EFFECT_NONE };
	struct chain *chain = data;

	mnl_attr_parse(h, sizeof(struct nfgenmsg), note_attribute, a);
	if (!a[NFTA_RULE_EXPRESSIONS] || !a[NFTA_RULE_CHAIN])
		return;
	mnl_attr_parse_nested(a[NFTA_RULE_EXPRESSIONS], note_expression, &rule);
	if (!rule.refuses) {
		chain->lets_in |= rule.names_in;
		chain->lets_out |= rule.names_out;
		chain->lets_answers |= rule.asks_state && !rule.names_in && !rule.names_out;
	}
	/* Without a condition: what comes behind it is never reached. */
	if (rule.effect == EFFECT_REFUSES &&
	    strcmp(mnl_attr_get_str(a[NFTA_RULE_CHAIN]), chain->name) == 0)
		chain->drops = true;
}

static struct nlmsghdr *put_dump(struct nl_batch *batch, uint16_t type, uint8_t family)
{
	struct nlmsghdr *h;
	struct nfgenmsg *nf;

	nl_batch_init(batch);
	h = nl_put(batch, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), NLM_F_DUMP);
	nf = mnl_nlmsg_put_extra_header(h, sizeof(*nf));
	nf->nfgen_family = family;
	nf->version = NFNETLINK_V0;
	return h;
}

static int find_chains(struct mnl_socket *socket, struct chains *chains)
{
	struct nl_batch batch;
	int r;

	do {
		chains->n = 0;
		put_dump(&batch, NFT_MSG_GETCHAIN, AF_UNSPEC);
		r = nl_query(socket, &batch, note_chain, chains);
	} while (r == -EINTR);
	return r;
}

/* In any chain of the table: one of the rules may lead there. */
static int find_rules(struct mnl_socket *socket, struct chain *chain)
{
	struct nl_batch batch;
	struct nlmsghdr *h;
	int r;

	do {
		h = put_dump(&batch, NFT_MSG_GETRULE, chain->family);
		mnl_attr_put_strz(h, NFTA_RULE_TABLE, chain->table);
		r = nl_query(socket, &batch, note_rule, chain);
	} while (r == -EINTR);
	return r;
}

/* firewalld lets nobody else change its table; that of iptables is its own. */
static void find_remedy(const struct chain *chain, char *text, size_t size)
{
	bool v4 = chain->family == NFPROTO_IPV4;

	if (strcmp(chain->table, "firewalld") == 0)
		snprintf(text, size,
			 "'firewall-cmd --permanent --zone=trusted --add-interface=" VETH_PREFIX
			 "+' and 'firewall-cmd --reload'");
	else if (chain->family != NFPROTO_INET && strcmp(chain->table, "filter") == 0 &&
		 strcmp(chain->name, "FORWARD") == 0)
		snprintf(text, size,
			 "'%1$s -I FORWARD -i " VETH_PREFIX
			 "+ -j ACCEPT' and '%1$s -I FORWARD -o " VETH_PREFIX "+ -j ACCEPT'",
			 v4 ? "iptables" : "ip6tables");
	else
		snprintf(text, size,
			 "'nft insert rule %1$s %2$s %3$s iifname \"" VETH_PREFIX
			 "*\" accept' and 'nft insert rule %1$s %2$s %3$s oifname \"" VETH_PREFIX
			 "*\" accept'",
			 family_name(chain->family), chain->table, chain->name);
}

/* firewalld has zones for both ways. */
static bool lets_pass(const struct chain *chain)
{
	if (strcmp(chain->table, "firewalld") == 0)
		return chain->lets_in || chain->lets_out;
	return chain->lets_in && (chain->lets_out || chain->lets_answers);
}

static void report(const struct chain *chain, obstacle_fn *fn, void *data)
{
	char remedy[4 * NAME_BYTES + 192];
	const struct obstacle obstacle = {
		.family = family_name(chain->family),
		.table = chain->table,
		.chain = chain->name,
		.remedy = remedy,
	};

	find_remedy(chain, remedy, sizeof(remedy));
	fn(data, &obstacle);
}

int obstacle_find(obstacle_fn *fn, void *data)
{
	_cleanup_(nl_close_p) struct mnl_socket *socket = NULL;
	struct chains chains;
	int r;

	r = nl_open(NETLINK_NETFILTER, &socket);
	if (!r)
		r = find_chains(socket, &chains);
	for (size_t i = 0; !r && i < chains.n; i++) {
		r = find_rules(socket, &chains.list[i]);
		if (!r && chains.list[i].drops && !lets_pass(&chains.list[i]))
			report(&chains.list[i], fn, data);
	}
	return r;
}

struct warnings {
	const struct conf *conf;
	struct diag *diag;
};

static void warn(void *data, const struct obstacle *o)
{
	const struct warnings *w = data;
	const struct conf_place place = { .file = w->conf->file_names[0] };

	diag_add(w->diag, DIAG_WARNING, &place, NULL, 0,
		 "chain '%s' of the firewall's table '%s %s' drops what it does not know, and so "
		 "all that veth sessions send and get: let it accept their links, as by %s",
		 o->chain, o->family, o->table, o->remedy);
}

int obstacle_warn(const struct conf *conf, struct diag *diag)
{
	struct warnings warnings = { conf, diag };
	int r;

	occupied_warn(conf, diag);
	r = obstacle_find(warn, &warnings);
	/* No privilege, or no nf_tables: a reload has its own words for that. */
	return r == -EPERM || r == -EOPNOTSUPP || r == -EPROTONOSUPPORT ? 0 : r;
}
