/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "helper/conntrack.h"
#include "helper/nl.h"

/* Bit of CTA_FILTER_..._FLAGS, private to the kernel's nf_conntrack_netlink.c: the source. */
#define FILTER_SOURCE (1U << 0)

/* Original tuples, each as the kernel wrote it: a netlink attribute. */
struct doomed {
	char *bytes;
	size_t length;
	size_t room;
};

struct search {
	const struct conf_prefix *prefix;
	conntrack_doomed_fn *fn;
	void *data;
	struct doomed doomed;
	int error;
};

static size_t address_length(int family)
{
	return family == AF_INET ? 4 : 16;
}

static struct nlmsghdr *put_message(struct nl_batch *batch, uint16_t type, uint16_t flags,
				    int family)
{
	struct nlmsghdr *h = nl_put(batch, (NFNL_SUBSYS_CTNETLINK << 8) | type, flags);
	struct nfgenmsg *nf = mnl_nlmsg_put_extra_header(h, sizeof(*nf));

	nf->nfgen_family = (uint8_t)family;
	nf->version = NFNETLINK_V0;
	return h;
}

/* Only entries whose source, in the tuple of that kind, is the address; see has_filter(). */
static void put_filter(struct nlmsghdr *h, uint16_t tuple, const struct conf_prefix *address)
{
	struct nlattr *nest = mnl_attr_nest_start(h, tuple);
	struct nlattr *ip = mnl_attr_nest_start(h, CTA_TUPLE_IP);

	mnl_attr_put(h, CTA_IP_V4_SRC, address_length(AF_INET), address->bytes);
	mnl_attr_nest_end(h, ip);
	mnl_attr_nest_end(h, nest);
	nest = mnl_attr_nest_start(h, CTA_FILTER);
	mnl_attr_put_u32(h,
			 tuple == CTA_TUPLE_ORIG ? CTA_FILTER_ORIG_FLAGS : CTA_FILTER_REPLY_FLAGS,
			 FILTER_SOURCE);
	mnl_attr_nest_end(h, nest);
}

static int note_attribute(const struct nlattr *attr, void *data)
{
	const struct nlattr **attributes = data;

	/* The tuples, and what is in them, have small numbers. */
	if (mnl_attr_get_type(attr) < 8)
		attributes[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static void read_address(const struct nlattr *attr, int family, uint8_t address[16])
{
	if (attr && mnl_attr_get_payload_len(attr) == address_length(family))
		memcpy(address, mnl_attr_get_payload(attr), address_length(family));
}

static uint16_t read_port(const struct nlattr *attr)
{
	return attr && mnl_attr_get_payload_len(attr) >= sizeof(uint16_t)
		       ? ntohs(mnl_attr_get_u16(attr))
		       : 0;
}

struct end {
	uint8_t address[16];
	uint16_t port;
};

static void read_tuple(const struct nlattr *tuple, int family, struct end *source,
		       struct end *destination, uint8_t *proto)
{
	const struct nlattr *part[8] = { NULL };
	const struct nlattr *ip[8] = { NULL };
	const struct nlattr *port[8] = { NULL };
	bool v4 = family == AF_INET;

	mnl_attr_parse_nested(tuple, note_attribute, part);
	if (part[CTA_TUPLE_IP])
		mnl_attr_parse_nested(part[CTA_TUPLE_IP], note_attribute, ip);
	if (part[CTA_TUPLE_PROTO])
		mnl_attr_parse_nested(part[CTA_TUPLE_PROTO], note_attribute, port);
	read_address(ip[v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC], family, source->address);
	read_address(ip[v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST], family, destination->address);
	source->port = read_port(port[CTA_PROTO_SRC_PORT]);
	destination->port = read_port(port[CTA_PROTO_DST_PORT]);
	*proto = port[CTA_PROTO_NUM] ? mnl_attr_get_u8(port[CTA_PROTO_NUM]) : 0;
}

static void read_flow(const struct nlattr *orig, const struct nlattr *reply, int family,
		      struct flow *flow)
{
	struct end source = { 0 };
	struct end destination = { 0 };
	struct end answerer = { 0 };
	struct end asker = { 0 };
	uint8_t proto;

	read_tuple(orig, family, &source, &destination, &flow->proto);
	read_tuple(reply, family, &answerer, &asker, &proto);
	flow->family = family;
	memcpy(flow->source, source.address, sizeof(flow->source));
	memcpy(flow->destination, destination.address, sizeof(flow->destination));
	memcpy(flow->answerer, answerer.address, sizeof(flow->answerer));
	flow->source_port = source.port;
	flow->destination_port = destination.port;
	flow->answerer_port = answerer.port;
	flow->asker_port = asker.port;
}

static uint32_t read_u32(const struct nlattr *attr)
{
	return attr && mnl_attr_get_payload_len(attr) >= sizeof(uint32_t)
		       ? ntohl(mnl_attr_get_u32(attr))
		       : 0;
}

static void read_state(const struct nlattr *const *a, struct flow *flow)
{
	const struct nlattr *info[8] = { NULL };
	const struct nlattr *tcp[8] = { NULL };

	flow->answered = (read_u32(a[CTA_STATUS]) & IPS_SEEN_REPLY) != 0;
	if (a[CTA_PROTOINFO])
		mnl_attr_parse_nested(a[CTA_PROTOINFO], note_attribute, info);
	if (info[CTA_PROTOINFO_TCP])
		mnl_attr_parse_nested(info[CTA_PROTOINFO_TCP], note_attribute, tcp);
	if (tcp[CTA_PROTOINFO_TCP_STATE])
		flow->tcp_state = mnl_attr_get_u8(tcp[CTA_PROTOINFO_TCP_STATE]);
}

static bool is_in(const struct conf_prefix *prefix, const uint8_t address[16])
{
	struct conf_prefix other = { .family = prefix->family };

	other.length = (unsigned)address_length(prefix->family) * 8;
	memcpy(other.bytes, address, sizeof(other.bytes));
	return conf_prefix_contains(prefix, &other);
}

static int add_doomed(struct doomed *doomed, const struct nlattr *tuple)
{
	size_t length = MNL_ALIGN(tuple->nla_len);

	if (doomed->length + length > doomed->room) {
		size_t room = (doomed->room + length) * 2;
		char *bytes = realloc(doomed->bytes, room);

		if (!bytes)
			return -ENOMEM;
		doomed->bytes = bytes;
		doomed->room = room;
	}
	memcpy(doomed->bytes + doomed->length, tuple, length);
	doomed->length += length;
	return 0;
}

static void note_entry(const struct nlmsghdr *h, void *data)
{
	const struct nlattr *a[8] = { NULL };
	struct search *s = data;
	struct flow flow = { 0 };

	mnl_attr_parse(h, sizeof(struct nfgenmsg), note_attribute, a);
	if (!a[CTA_TUPLE_ORIG] || !a[CTA_TUPLE_REPLY] || s->error)
		return;
	read_flow(a[CTA_TUPLE_ORIG], a[CTA_TUPLE_REPLY], s->prefix->family, &flow);
	/* There may have been no filter. */
	if (!is_in(s->prefix, flow.source) && !is_in(s->prefix, flow.answerer))
		return;
	if (!s->fn || s->fn(s->data, &flow))
		s->error = add_doomed(&s->doomed, a[CTA_TUPLE_ORIG]);
}

static int remove_doomed(struct mnl_socket *netfilter, int family, const struct doomed *doomed)
{
	for (size_t at = 0; at < doomed->length;) {
		const struct nlattr *tuple = (const void *)(doomed->bytes + at);
		struct nl_batch batch;
		struct nlmsghdr *h;
		int r;

		nl_batch_init(&batch);
		h = put_message(&batch, IPCTNL_MSG_CT_DELETE, 0, family);
		mnl_attr_put(h, CTA_TUPLE_ORIG | NLA_F_NESTED, mnl_attr_get_payload_len(tuple),
			     mnl_attr_get_payload(tuple));
		r = nl_commit(netfilter, &batch, NULL);
		if (r && r != -ENOENT)
			return r;
		at += MNL_ALIGN(tuple->nla_len);
	}
	return 0;
}

/* tuple: CTA_TUPLE_ORIG or CTA_TUPLE_REPLY, or 0 for whichever. */
static int forget(struct mnl_socket *netfilter, uint16_t tuple, struct search *s)
{
	struct nl_batch batch;
	struct nlmsghdr *h;
	int r;

	nl_batch_init(&batch);
	h = put_message(&batch, IPCTNL_MSG_CT_GET, NLM_F_DUMP, s->prefix->family);
	if (tuple)
		put_filter(h, tuple, s->prefix);
	s->doomed.length = 0;
	r = nl_query(netfilter, &batch, note_entry, s);
	if (!r)
		r = s->error;
	return r ? r : remove_doomed(netfilter, s->prefix->family, &s->doomed);
}

/*
 * Whether the kernel can find them: it knows single addresses only, and for those of IPv6
 * it means the others (ctnetlink_filter_match_tuple(), Linux 5.8 to 6.18 at least).
 */
static bool has_filter(const struct conf_prefix *prefix)
{
	return prefix->family == AF_INET && prefix->length == 32;
}

/*
 * All of an address, at once and by the kernel: it need not take the lock of each empty
 * bucket, as for a dump.  -EINVAL, and nothing done: an older kernel, which wants whole
 * tuples here, or -EOPNOTSUPP.  It goes through all zones, as the filter cannot name that of
 * us, 0; the lists are of that one.
 */
static int flush(struct mnl_socket *netfilter, const struct conf_prefix *address)
{
	static const uint16_t tuples[] = { CTA_TUPLE_ORIG, CTA_TUPLE_REPLY };
	struct nl_batch batch;

	nl_batch_init(&batch);
	for (size_t i = 0; i < ARRAY_SIZE(tuples); i++)
		put_filter(put_message(&batch, IPCTNL_MSG_CT_DELETE, 0, address->family), tuples[i],
			   address);
	return nl_commit(netfilter, &batch, NULL);
}

/* One by one. */
static int search(struct mnl_socket *netfilter, struct search *s)
{
	int r;

	if (!has_filter(s->prefix))
		return forget(netfilter, 0, s);
	r = forget(netfilter, CTA_TUPLE_ORIG, s);
	return r ? r : forget(netfilter, CTA_TUPLE_REPLY, s);
}

int conntrack_forget(struct mnl_socket *netfilter, const struct conf_prefix *prefix,
		     conntrack_doomed_fn *doomed, void *data)
{
	struct search s = { .prefix = prefix, .fn = doomed, .data = data };
	int r = -EOPNOTSUPP;

	if (!prefix->family)
		return 0;
	if (has_filter(prefix) && !doomed)
		r = flush(netfilter, prefix);
	if (r == -EOPNOTSUPP || r == -EINVAL)
		r = search(netfilter, &s);
	free(s.doomed.bytes);
	return r;
}

bool conntrack_is_open(const struct flow *flow)
{
	return flow->tcp_state != TCP_CONNTRACK_TIME_WAIT && flow->tcp_state != TCP_CONNTRACK_CLOSE;
}

struct listing {
	conntrack_fn *fn;
	void *data;
	int family;
	int result;
};

static void note_listed(const struct nlmsghdr *h, void *data)
{
	const struct nlattr *a[8] = { NULL };
	struct listing *listing = data;
	struct flow flow = { 0 };

	mnl_attr_parse(h, sizeof(struct nfgenmsg), note_attribute, a);
	if (!a[CTA_TUPLE_ORIG] || !a[CTA_TUPLE_REPLY] || listing->result)
		return;
	read_flow(a[CTA_TUPLE_ORIG], a[CTA_TUPLE_REPLY], listing->family, &flow);
	read_state(a, &flow);
	listing->result = listing->fn(listing->data, &flow);
}

int conntrack_list(struct mnl_socket *netfilter, int family, conntrack_fn *fn, void *data)
{
	struct listing listing = { .fn = fn, .data = data, .family = family };
	struct nl_batch batch;
	int r;

	nl_batch_init(&batch);
	put_message(&batch, IPCTNL_MSG_CT_GET, NLM_F_DUMP, family);
	r = nl_query(netfilter, &batch, note_listed, &listing);
	return r ? r : listing.result;
}
