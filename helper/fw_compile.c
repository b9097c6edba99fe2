/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "conf/diag.h"
#include "conf/nat.h"
#include "helper/class.h"
#include "helper/fw.h"
#include "helper/fw_build.h"

/* For how long a denial is remembered. */
#define DENIED_TIMEOUT 3600U

/*
 * How many are new in a minute, of each source.  A set has room for 65535, which
 * all share: one that scans ports would fill it, and of others nothing would be
 * remembered.
 */
#define DENIED_RATE  30U
#define DENIED_BURST 300U

/* Without these, connections hang where a packet is too big for the way. */
static void add_errors(struct fw_build *b)
{
	static const uint8_t icmp[] = { ICMP_DEST_UNREACH, ICMP_TIME_EXCEEDED, ICMP_PARAMETERPROB };
	static const uint8_t icmpv6[] = { ICMP6_DST_UNREACH, ICMP6_PACKET_TOO_BIG,
					  ICMP6_TIME_EXCEEDED, ICMP6_PARAM_PROB };

	b->errors = fw_add_chain(b->table, NULL, NULL, "errors");
	fw_rule(b->errors, NULL, fw_is_one_of(b->table, FW_ICMP, icmp, ARRAY_SIZE(icmp)),
		fw_accept());
	fw_rule(b->errors, NULL, fw_is_one_of(b->table, FW_ICMPV6, icmpv6, ARRAY_SIZE(icmpv6)),
		fw_accept());
}

/* A set of what was denied. */
struct note {
	const char *name;
	const enum fw_field *fields; /* the first one is the source */
	size_t n;
	bool has_ports;
};

/*
 * What is new and over the rate goes to beyond.  The rate is that of a source, as
 * the sets go by source: a link is another one after each log-in.
 */
static void add_note(struct fw_chain *chain, struct fw_table *table, const struct note *note,
		     const struct fw_chain *beyond)
{
	static const struct fw_rate rate = { DENIED_RATE, DENIED_BURST };
	struct fw_set *rates =
		fw_add_dynamic(table, note->fields, 1, DENIED_TIMEOUT, "%s_rate", note->name);
	struct fw_set *set =
		fw_add_dynamic(table, note->fields, note->n, DENIED_TIMEOUT, "%s", note->name);
	struct fw_expr is_new = fw_not(fw_is_added(set));
	struct fw_expr is_too_often = fw_not(fw_limit_each(rates, rate));

	if (note->has_ports) {
		fw_rule(chain, NULL, fw_is_tcp_or_udp(table), is_new, is_too_often,
			fw_goto(beyond));
		fw_rule(chain, NULL, fw_is_tcp_or_udp(table), fw_update(set));
	} else {
		fw_rule(chain, NULL, is_new, is_too_often, fw_goto(beyond));
		fw_rule(chain, NULL, fw_update(set));
	}
}

/*
 * How much, of all that comes here: that is of sessions, whose sources were looked at
 * as soon as they came, so that there is no more than one for each of them.  It goes
 * with the link.
 */
static void add_denials(struct fw_chain *chain, struct fw_table *table)
{
	static const struct {
		const char *name;
		enum fw_field saddr;
	} sets[] = { { "denials4", FW_IP_SADDR }, { "denials6", FW_IP6_SADDR } };

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		struct fw_set *set =
			fw_add_dynamic(table, &sets[i].saddr, 1, 0, "%s", sets[i].name);

		fw_rule(chain, NULL, fw_update(set));
	}
}

/* What users tried in vain, by source: that is who it was. */
static struct fw_chain *add_denied(struct fw_table *table)
{
	static const enum fw_field v4[] = { FW_IP_SADDR, FW_L4PROTO, FW_IP_DADDR, FW_TH_DPORT };
	static const enum fw_field v6[] = { FW_IP6_SADDR, FW_L4PROTO, FW_IP6_DADDR, FW_TH_DPORT };
	static const enum fw_field icmp[] = { FW_IP_SADDR, FW_IP_DADDR, FW_ICMP };
	static const enum fw_field icmpv6[] = { FW_IP6_SADDR, FW_IP6_DADDR, FW_ICMPV6 };
	static const struct note notes[] = {
		{ "denied4", v4, ARRAY_SIZE(v4), true },
		{ "denied6", v6, ARRAY_SIZE(v6), true },
		{ "denied4_icmp", icmp, ARRAY_SIZE(icmp), false },
		{ "denied6_icmp", icmpv6, ARRAY_SIZE(icmpv6), false },
	};
	struct fw_chain *beyond = fw_add_chain(table, NULL, NULL, "denied_beyond");
	struct fw_chain *chain = fw_add_chain(table, NULL, NULL, "denied");

	fw_rule(beyond, "too many of one session to be remembered", fw_count());
	add_denials(chain, table);
	for (size_t i = 0; i < ARRAY_SIZE(notes); i++)
		add_note(chain, table, &notes[i], beyond);
	return chain;
}

static void add_ends(struct fw_build *b)
{
	struct fw_chain *denied = add_denied(b->table);

	b->refuse = fw_add_chain(b->table, NULL, NULL, "refuse");
	fw_rule(b->refuse, NULL, fw_jump(denied));
	fw_rule(b->refuse, NULL, fw_is(FW_L4PROTO, IPPROTO_TCP), fw_reset());
	fw_rule(b->refuse, NULL, fw_reject());

	/* What comes from outside is not of a user. */
	b->discard = fw_add_chain(b->table, NULL, NULL, "discard");
	fw_rule(b->discard, NULL, fw_is_session(FW_IIFGROUP), fw_jump(denied));
	fw_rule(b->discard, NULL, fw_drop());
}

/* Nobody can have a policy that no session line names: it is there for others to use. */
static bool is_needed(const struct conf *conf, const struct conf_policy *policy)
{
	for (size_t i = 0; i < conf->n_sessions; i++) {
		if (conf->sessions[i]->policy == policy)
			return true;
	}
	return false;
}

static int find_policies(struct fw_build *b)
{
	b->policies = calloc(b->conf->n_policies + 1, sizeof(struct conf_policy *));
	if (!b->policies)
		return -ENOMEM;
	for (size_t i = 0; i < b->conf->n_policies; i++) {
		if (is_needed(b->conf, b->conf->policies[i]))
			b->policies[b->n_policies++] = b->conf->policies[i];
	}
	return 0;
}

static int check_classes(const struct conf *conf, struct diag *diag)
{
	int r = 0;

	for (size_t i = 0; i < conf->n_policies; i++) {
		const struct conf_policy *one = conf->policies[i];

		for (size_t j = 0; j < i; j++) {
			const struct conf_policy *other = conf->policies[j];

			if (class_of_policy(one->name) != class_of_policy(other->name))
				continue;
			diag_add(diag, DIAG_ERROR, &one->place, NULL, 0,
				 "the policies '%s' and '%s' (%s:%u) get the same class: "
				 "rename one",
				 one->name, other->name, other->place.file, other->place.line);
			r = -EINVAL;
		}
	}
	return r;
}

/* Names of links may hold what nft has no way to write. */
static int check_uplinks(const struct conf *conf, struct diag *diag)
{
	const struct conf_place place = {
		.file = conf->n_file_names > 0 ? conf->file_names[0] : "netns.conf",
	};
	int r = 0;

	for (size_t i = 0; i < conf->settings.n_uplinks; i++) {
		if (!strpbrk(conf->settings.uplinks[i], "\"\\*"))
			continue;
		diag_add(diag, DIAG_ERROR, &place, NULL, 0,
			 "set uplink: nftables has no way to write the name '%s'",
			 conf->settings.uplinks[i]);
		r = -EINVAL;
	}
	return r;
}

static void add_maps(struct fw_build *b)
{
	struct fw_set **const maps[] = { &b->out, &b->in, &b->host, &b->from_host };

	for (size_t i = 0; i < ARRAY_SIZE(maps); i++)
		*maps[i] = fw_add_map(b->table, FW_TYPE_GROUP, FW_TYPE_VERDICT, FW_TYPE_NONE, NULL);
}

static int compile(struct fw_build *b)
{
	int r;

	r = find_policies(b);
	if (r == 0)
		r = fw_targets_start(b);
	if (r < 0)
		return r;
	add_maps(b);
	fw_add_base(b);
	add_errors(b);
	add_ends(b);
	for (size_t i = 0; i < b->n_policies; i++)
		fw_add_policy(b, b->policies[i]);
	return b->table->error;
}

int fw_compile(const struct conf *conf, const struct fw_context *context, struct diag *diag,
	       struct fw_table **ret_table)
{
	_cleanup_(fw_free_p) struct fw_table *table = fw_table_new(FW_TABLE);
	struct fw_build b = { .conf = conf, .context = context, .table = table };
	int r;

	if (!table)
		return -ENOMEM;
	r = check_classes(conf, diag);
	if (r == 0)
		r = check_uplinks(conf, diag);
	if (r < 0)
		return r;
	r = compile(&b);
	fw_targets_done(&b);
	free(b.policies);
	if (r < 0)
		return r;
	*ret_table = steal_ptr(&table);
	return 0;
}

void fw_free(struct fw_table *table)
{
	fw_table_free(table);
}

void fw_free_p(struct fw_table **table)
{
	fw_table_free_p(table);
}

int fw_add_live(struct fw_table *table, uint32_t uid)
{
	fw_add_number(fw_find_set(table, "live"), uid);
	return table->error;
}

static bool has_element(const struct fw_set *set, const struct span *key)
{
	for (size_t i = 0; i < set->n_elements; i++)
		if (memcmp(&set->elements[i].key, key, sizeof(*key)) == 0)
			return true;
	return false;
}

int fw_add_published(struct fw_table *table, const struct conf_publish *publish,
		     const struct conf_prefix *address)
{
	bool v4 = address->family == AF_INET;
	unsigned width = v4 ? 4 : 16;
	struct span key = span_of_numbers(publish->port, publish->port, sizeof(publish->port));
	struct fw_element *element;
	struct fw_set *map;
	char name[16];

	snprintf(name, sizeof(name), "publish%c_%s", v4 ? '4' : '6',
		 publish->proto == CONF_PROTO_TCP ? "tcp" : "udp");
	map = fw_find_set(table, name);
	if (has_element(map, &key))
		return -EEXIST;
	element = fw_add_element(map);
	if (!element)
		return -ENOMEM;
	element->key = key;
	memcpy(element->data, address->bytes, width);
	element->data[width] = (uint8_t)(publish->to_port >> 8);
	element->data[width + 1] = (uint8_t)publish->to_port;
	return 0;
}

int fw_add_block(struct fw_table *table, uint16_t ports, uint32_t uid,
		 const struct conf_prefix *address)
{
	bool v4 = address->family == AF_INET;
	struct fw_set *map = fw_find_set(table, v4 ? "blocks4" : "blocks6");
	struct fw_element *element;
	char name[16];

	snprintf(name, sizeof(name), "ports_%u", conf_nat_block_of(ports, uid).first);
	if (!map || !fw_find_chain(table, name))
		return -ENOENT;
	element = fw_add_element(map);
	if (!element)
		return -ENOMEM;
	element->key = span_of_prefix(address);
	element->chain = fw_find_chain(table, name);
	return 0;
}
