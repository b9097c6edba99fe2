/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/dump.h"
#include "helper/class.h"
#include "helper/fw_build.h"
#include "helper/nl.h"
#include "helper/status.h"

/* What fw_policy.c writes behind the place of a policy, where none of its rules matches. */
#define DEFAULT_SUFFIX ": default"

struct reading {
	struct status_detail *detail;
	const struct status *status;
	size_t room; /* for connections */
};

/*
 * Rules
 */

static const struct conf_policy *find_policy(const struct conf *conf, const char *name)
{
	for (size_t i = 0; conf && i < conf->n_policies; i++)
		if (strcmp(conf->policies[i]->name, name) == 0)
			return conf->policies[i];
	return NULL;
}

static char *statement_text(const struct conf *conf, const struct conf_statement *s)
{
	char *text = conf_dump_source(conf, &s->place);
	size_t size;
	FILE *out;

	if (text)
		return text;
	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	conf_dump_statement(s, out);
	fclose(out);
	return text;
}

/* What stands at a place of the policy; NULL: nothing that is known. */
static char *find_text(const struct conf *conf, const char *policy_name, const char *place)
{
	const struct conf_policy *policy = find_policy(conf, policy_name);
	const struct conf_statement *s;
	struct conf_walk walk;

	if (!policy)
		return NULL;
	conf_walk_start(&walk, policy);
	while ((s = conf_walk_next(&walk)))
		if (strcmp(fw_place(&s->place).text, place) == 0)
			return statement_text(conf, s);
	return NULL;
}

/* Chains are called DIRECTION_POLICY. */
static bool is_chain_of(const char *chain, const char *policy, bool *ret_out)
{
	static const struct {
		const char *prefix;
		bool out;
	} kinds[] = {
		{ "out_", true }, { "host_", true }, { "in_", false }, { "from_host_", false }
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t length = strlen(kinds[i].prefix);

		if (strncmp(chain, kinds[i].prefix, length) == 0 &&
		    strcmp(chain + length, policy) == 0) {
			*ret_out = kinds[i].out;
			return true;
		}
	}
	return false;
}

/* Takes ": default" from the end. */
static bool strip_default(char *place)
{
	size_t length = strlen(place);

	if (length < strlen(DEFAULT_SUFFIX) ||
	    strcmp(place + length - strlen(DEFAULT_SUFFIX), DEFAULT_SUFFIX) != 0)
		return false;
	place[length - strlen(DEFAULT_SUFFIX)] = '\0';
	return true;
}

static struct status_hits *find_hits(struct status_detail *detail, const struct status_hits *like)
{
	for (size_t i = 0; i < detail->n_hits; i++) {
		struct status_hits *hits = &detail->hits[i];

		if (hits->out == like->out && hits->is_default == like->is_default &&
		    strcmp(hits->place, like->place) == 0)
			return hits;
	}
	return NULL;
}

static char *find_line(const struct status *status, const char *policy, const char *place)
{
	char *text = find_text(status->file, policy, place);

	return text ? text : find_text(status->active, policy, place);
}

static int add_hits(struct reading *reading, const struct usage_rule *rule, bool out)
{
	struct status_detail *detail = reading->detail;
	struct status_hits new = { .out = out, .packets = rule->packets, .bytes = rule->bytes };
	struct status_hits *hits;

	new.place = strdup(rule->comment);
	if (!new.place)
		return -ENOMEM;
	new.is_default = strip_default(new.place);
	hits = find_hits(detail, &new);
	if (hits) {
		hits->packets += rule->packets;
		hits->bytes += rule->bytes;
	} else {
		if (!new.is_default)
			new.text = find_line(reading->status, detail->policy, new.place);
		detail->hits[detail->n_hits++] = new;
		return 0;
	}
	free(new.place);
	return 0;
}

/*
 * There are no more lines than rules.  (Of what comes from calloc(), gcc -fanalyzer
 * thinks that it is lost in add_all_hits().)
 */
static int make_room(struct status_hits **ret_hits, size_t n)
{
	void *room;

	if (posix_memalign(&room, sizeof(void *), n * sizeof(**ret_hits)) != 0)
		return -ENOMEM;
	*ret_hits = room;
	return 0;
}

static int add_all_hits(struct reading *reading, const struct usage_rules *rules)
{
	const char *policy = reading->detail->policy;
	bool out;
	int r = 0;

	for (size_t i = 0; i < rules->n && policy && !r; i++)
		if (is_chain_of(rules->list[i].chain, policy, &out))
			r = add_hits(reading, &rules->list[i], out);
	return r;
}

static int read_hits(struct reading *reading)
{
	struct status_detail *detail = reading->detail;
	struct usage_rules rules;
	int r = usage_read_rules(&rules);

	if (r)
		return r == -ENOENT ? 0 : r;
	detail->has_table = true;
	r = make_room(&detail->hits, rules.n);
	if (!r)
		r = add_all_hits(reading, &rules);
	usage_rules_done(&rules);
	return r;
}

/*
 * Ports and connections
 */

static bool has_address(const struct usage *usage, int family, const uint8_t *bytes)
{
	const struct conf_prefix *own =
		family == AF_INET ? &usage->addresses.v4 : &usage->addresses.v6;

	return own->family == family && memcmp(own->bytes, bytes, family == AF_INET ? 4 : 16) == 0;
}

static int add_port(void *data, const struct usage_port *port)
{
	struct status_detail *detail = ((struct reading *)data)->detail;
	struct usage_port *ports;

	if (!has_address(detail->usage, port->address.family, port->address.bytes))
		return 0;
	ports = reallocarray(detail->ports, detail->n_ports + 1, sizeof(*ports));
	if (!ports)
		return -ENOMEM;
	detail->ports = ports;
	detail->ports[detail->n_ports++] = *port;
	return 0;
}

static int compare_ports(const void *a, const void *b)
{
	const struct usage_port *x = a;
	const struct usage_port *y = b;

	if (x->proto != y->proto)
		return x->proto < y->proto ? -1 : 1;
	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	return x->address.family - y->address.family;
}

static int read_ports(struct reading *reading)
{
	struct status_detail *detail = reading->detail;
	int r = usage_each_port(add_port, reading);

	if (detail->n_ports > 0)
		qsort(detail->ports, detail->n_ports, sizeof(*detail->ports), compare_ports);
	return r == -ENOENT ? 0 : r;
}

static int add_flow(void *data, const struct flow *flow)
{
	struct reading *reading = data;
	struct status_detail *detail = reading->detail;

	if (!conntrack_is_open(flow) || (!has_address(detail->usage, flow->family, flow->source) &&
					 !has_address(detail->usage, flow->family, flow->answerer)))
		return 0;
	if (detail->n_flows == reading->room) {
		size_t room = reading->room ? reading->room * 2 : 64;
		struct flow *flows = reallocarray(detail->flows, room, sizeof(*flows));

		if (!flows)
			return -ENOMEM;
		detail->flows = flows;
		reading->room = room;
	}
	detail->flows[detail->n_flows++] = *flow;
	return 0;
}

static int compare_flows(const void *a, const void *b)
{
	const struct flow *x = a;
	const struct flow *y = b;
	int order;

	if (x->proto != y->proto)
		return x->proto < y->proto ? -1 : 1;
	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	order = memcmp(x->destination, y->destination, sizeof(x->destination));
	if (order)
		return order;
	if (x->destination_port != y->destination_port)
		return x->destination_port < y->destination_port ? -1 : 1;
	return x->source_port - y->source_port;
}

static int read_flows(struct reading *reading)
{
	_cleanup_(nl_close_p) struct mnl_socket *netfilter = NULL;
	struct status_detail *detail = reading->detail;
	int r;

	r = nl_open(NETLINK_NETFILTER, &netfilter);
	if (!r)
		r = conntrack_list(netfilter, AF_INET, add_flow, reading);
	if (!r)
		r = conntrack_list(netfilter, AF_INET6, add_flow, reading);
	if (detail->n_flows > 0)
		qsort(detail->flows, detail->n_flows, sizeof(*detail->flows), compare_flows);
	/* The kernel tracks none. */
	return r == -EINVAL || r == -EOPNOTSUPP ? 0 : r;
}

struct status_ends status_ends_of(const struct usage *usage, const struct flow *flow)
{
	unsigned length = flow->family == AF_INET ? 32 : 128;
	const struct conf_prefix frame = { .family = flow->family, .length = length };
	struct status_ends ends = { .own = frame, .other = frame };

	ends.out = has_address(usage, flow->family, flow->source);
	memcpy(ends.own.bytes, ends.out ? flow->source : flow->answerer, length / 8);
	memcpy(ends.other.bytes, ends.out ? flow->destination : flow->source, length / 8);
	ends.own_port = ends.out ? flow->source_port : flow->answerer_port;
	ends.other_port = ends.out ? flow->destination_port : flow->source_port;
	return ends;
}

const char *status_proto_name(uint8_t proto, char text[8])
{
	switch (proto) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return "icmp";
	default:
		snprintf(text, 8, "%u", proto);
		return text;
	}
}

const char *status_flow_state(const struct flow *flow)
{
	static const char *const states[] = {
		[TCP_CONNTRACK_SYN_SENT] = "opening",        [TCP_CONNTRACK_SYN_RECV] = "opening",
		[TCP_CONNTRACK_ESTABLISHED] = "established", [TCP_CONNTRACK_FIN_WAIT] = "closing",
		[TCP_CONNTRACK_CLOSE_WAIT] = "closing",      [TCP_CONNTRACK_LAST_ACK] = "closing",
		[TCP_CONNTRACK_SYN_SENT2] = "opening",
	};

	if (flow->tcp_state < ARRAY_SIZE(states) && states[flow->tcp_state])
		return states[flow->tcp_state];
	return flow->answered ? "answered" : "unanswered";
}

/*
 * All of it
 */

int status_read_detail(const struct status *status, const struct usage *usage,
		       struct status_detail *ret_detail, const char **ret_step)
{
	struct status_detail detail = { .usage = usage, .policy = status_policy(status, usage) };
	struct reading reading = { .detail = &detail, .status = status };
	int r = 0;

	for (size_t i = 0; i < status->usages.n; i++)
		detail.n_users += status->usages.list[i].group == usage->group;
	*ret_step = "read the firewall";
	if (usage->link)
		r = read_hits(&reading);
	if (!r && usage->link)
		r = read_ports(&reading);
	if (!r && usage->link) {
		*ret_step = "read the connections";
		r = read_flows(&reading);
	}
	if (r)
		status_detail_done(&detail);
	else
		*ret_detail = detail;
	return r;
}

void status_detail_done(struct status_detail *detail)
{
	for (size_t i = 0; i < detail->n_hits; i++) {
		free(detail->hits[i].place);
		free(detail->hits[i].text);
	}
	free(detail->hits);
	free(detail->ports);
	free(detail->flows);
}
