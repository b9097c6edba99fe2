/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <err.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/neighbour.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/base.h"
#include "tests/faults/faultrun.h"

/*
 * What the kernel has of links and all that hangs on them, in the network that we
 * are in, without what it numbers or counts by itself.
 */

struct kind {
	const char *name;
	uint16_t type;
	size_t header; /* its size */
	uint64_t attributes; /* those that are shown */
};

#define BIT(n) (1ULL << (n))
#define ALL    (~0ULL)
#define LATER  (IFF_RUNNING | 0x30000U) /* and IFF_LOWER_UP, IFF_DORMANT */

static const struct kind kinds[] = {
	{ "link", RTM_GETLINK, sizeof(struct ifinfomsg),
	  BIT(IFLA_IFNAME) | BIT(IFLA_ADDRESS) | BIT(IFLA_MTU) | BIT(IFLA_IFALIAS) |
		  BIT(IFLA_GROUP) | BIT(IFLA_AF_SPEC) },
	{ "address", RTM_GETADDR, sizeof(struct ifaddrmsg), BIT(IFA_ADDRESS) | BIT(IFA_LOCAL) },
	{ "route", RTM_GETROUTE, sizeof(struct rtmsg),
	  BIT(RTA_DST) | BIT(RTA_OIF) | BIT(RTA_GATEWAY) | BIT(RTA_PREFSRC) | BIT(RTA_TABLE) },
	{ "rule", RTM_GETRULE, sizeof(struct fib_rule_hdr), ALL },
	{ "neighbour", RTM_GETNEIGH, sizeof(struct ndmsg), BIT(NDA_DST) | BIT(NDA_LLADDR) },
	{ "qdisc", RTM_GETQDISC, sizeof(struct tcmsg), BIT(TCA_KIND) | BIT(TCA_OPTIONS) },
};

struct part {
	const struct kind *kind;
	FILE *out;
};

static void put_hex(FILE *out, const void *bytes, size_t n)
{
	const uint8_t *b = bytes;

	for (size_t i = 0; i < n; i++)
		fprintf(out, "%02x", b[i]);
}

static void put_link(FILE *out, unsigned index)
{
	char name[IF_NAMESIZE];

	fprintf(out, " dev %s", if_indextoname(index, name) ? name : "-");
}

/* The link's settings, conf/LINK of sysctl(8), without statistics and times. */
static void put_conf(FILE *out, const struct nlattr *spec)
{
	const struct nlattr *family, *a;

	mnl_attr_for_each_nested(family, spec)
	{
		uint16_t kept =
			mnl_attr_get_type(family) == AF_INET6 ? IFLA_INET6_CONF : IFLA_INET_CONF;

		mnl_attr_for_each_nested(a, family)
		{
			if (mnl_attr_get_type(a) != kept)
				continue;
			fprintf(out, " conf%u:", mnl_attr_get_type(family));
			put_hex(out, mnl_attr_get_payload(a), mnl_attr_get_payload_len(a));
		}
	}
}

static int put_attribute(const struct nlattr *a, void *userdata)
{
	const struct part *d = userdata;
	uint16_t type = mnl_attr_get_type(a);

	if (type >= 64 || !(d->kind->attributes & BIT(type)))
		return MNL_CB_OK;
	if (d->kind->type == RTM_GETROUTE && type == RTA_OIF) {
		put_link(d->out, mnl_attr_get_u32(a));
		return MNL_CB_OK;
	}
	if (d->kind->type == RTM_GETLINK && type == IFLA_AF_SPEC) {
		put_conf(d->out, a);
		return MNL_CB_OK;
	}
	fprintf(d->out, " %u:", type);
	put_hex(d->out, mnl_attr_get_payload(a), mnl_attr_get_payload_len(a));
	return MNL_CB_OK;
}

/* The header, without indices and what comes and goes. */
static bool put_header(const struct part *d, const void *header)
{
	const struct ifinfomsg *link = header;
	const struct ifaddrmsg *address = header;
	const struct ndmsg *neighbour = header;
	const struct rtmsg *route = header;

	switch (d->kind->type) {
	case RTM_GETLINK:
		/* Whether it runs is seen a moment later. */
		fprintf(d->out, "link %x", link->ifi_flags & ~LATER);
		return true;
	case RTM_GETADDR:
		fprintf(d->out, "address %u/%u", address->ifa_family, address->ifa_prefixlen);
		put_link(d->out, address->ifa_index);
		return true;
	case RTM_GETROUTE:
		fprintf(d->out, "route %u %u %u %u", route->rtm_family, route->rtm_dst_len,
			route->rtm_type, route->rtm_scope);
		return !(route->rtm_flags & RTM_F_CLONED);
	case RTM_GETNEIGH:
		fprintf(d->out, "neighbour %x", neighbour->ndm_state);
		put_link(d->out, (unsigned)neighbour->ndm_ifindex);
		return true;
	default:
		fprintf(d->out, "%s", d->kind->name);
		if (d->kind->type == RTM_GETRULE)
			put_hex(d->out, header, d->kind->header);
		return true;
	}
}

static int put_message(const struct nlmsghdr *h, void *userdata)
{
	struct part *d = userdata;
	const void *header = mnl_nlmsg_get_payload(h);
	const struct ndmsg *neighbour = header;
	const struct rtmsg *route = header;

	if (d->kind->type == RTM_GETNEIGH && !(neighbour->ndm_state & NUD_PERMANENT))
		return MNL_CB_OK;
	/* They follow from the addresses, some time later. */
	if (d->kind->type == RTM_GETROUTE && route->rtm_table == RT_TABLE_LOCAL)
		return MNL_CB_OK;
	if (put_header(d, header))
		mnl_attr_parse(h, (unsigned)d->kind->header, put_attribute, d);
	fputc('\n', d->out);
	return MNL_CB_OK;
}

static void dump(struct mnl_socket *nl, const struct nlmsghdr *request, mnl_cb_t callback,
		 void *userdata, const char *what)
{
	char buffer[32768];
	int r = 1;

	if (mnl_socket_sendto(nl, request, request->nlmsg_len) < 0)
		err(2, "netlink");
	while (r > 0) {
		ssize_t n = mnl_socket_recvfrom(nl, buffer, sizeof(buffer));

		r = n < 0 ? -1 : mnl_cb_run(buffer, (size_t)n, 0, 0, callback, userdata);
	}
	if (r < 0)
		warn("netlink %s", what);
}

static void put_kind(FILE *out, struct mnl_socket *nl, const struct kind *kind)
{
	struct part d = { .kind = kind, .out = out };
	char request[NLMSG_SPACE(64)];
	struct nlmsghdr *h = mnl_nlmsg_put_header(request);

	h->nlmsg_type = kind->type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	memset(mnl_nlmsg_put_extra_header(h, kind->header), 0, kind->header);
	dump(nl, h, put_message, &d, kind->name);
}

static void put_kinds(FILE *out, uint16_t only)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		err(2, "netlink");
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!only || kinds[i].type == only)
			put_kind(out, nl, &kinds[i]);
	mnl_socket_close(nl);
}

void put_links(FILE *out)
{
	put_kinds(out, 0);
}

void put_routing_rules(FILE *out)
{
	put_kinds(out, RTM_GETRULE);
}

/*
 * The connections from addresses of ours, in the host, while no user has a link: then
 * nobody has one.
 */

/* 100.64.0.0/10, of which the pool is a part */
static bool is_of_pool(const struct nlattr *address)
{
	return address && (ntohl(mnl_attr_get_u32(address)) & 0xffc00000U) == 0x64400000U;
}

static const struct nlattr *nested(const struct nlattr *attr, uint16_t type)
{
	const struct nlattr *a;

	if (!attr)
		return NULL;
	mnl_attr_for_each_nested(a, attr)
	{
		if (mnl_attr_get_type(a) == type)
			return a;
	}
	return NULL;
}

static int put_connection(const struct nlmsghdr *h, void *userdata)
{
	const struct nlattr *a, *ip;
	FILE *out = userdata;

	mnl_attr_for_each(a, h, sizeof(struct nfgenmsg))
	{
		if (mnl_attr_get_type(a) != CTA_TUPLE_ORIG)
			continue;
		ip = nested(a, CTA_TUPLE_IP);
		if (!is_of_pool(nested(ip, CTA_IP_V4_SRC)))
			continue;
		fprintf(out, "connection ");
		put_hex(out, mnl_attr_get_payload(ip), mnl_attr_get_payload_len(ip));
		fputc('\n', out);
	}
	return MNL_CB_OK;
}

static bool has_users(void)
{
	struct if_nameindex *links = if_nameindex();
	bool has = false;

	for (const struct if_nameindex *l = links; l && l->if_name; l++)
		has |= strncmp(l->if_name, "nu", 2) == 0;
	if (links)
		if_freenameindex(links);
	return has;
}

void put_connections(FILE *out)
{
	struct mnl_socket *nl;
	char request[NLMSG_SPACE(64)];
	struct nlmsghdr *h = mnl_nlmsg_put_header(request);
	struct nfgenmsg *family;

	if (has_users())
		return;
	nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		err(2, "netlink");
	h->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	family = mnl_nlmsg_put_extra_header(h, sizeof(*family));
	*family = (struct nfgenmsg){ .nfgen_family = AF_INET, .version = NFNETLINK_V0 };
	dump(nl, h, put_connection, out, "connections");
	mnl_socket_close(nl);
}

/*
 * The rule sets, by nft(8)'s own library: not every machine that builds the tests
 * has its headers.
 */

#define STATELESS 4 /* NFT_CTX_OUTPUT_STATELESS */

static void *find(void *library, const char *name)
{
	void *symbol = dlsym(library, name);

	if (!symbol)
		errx(2, "%s", dlerror());
	return symbol;
}

/*
 * Without comments, which say from which file a rule is, and that may be the active one;
 * and without elements that count connections, which the kernel removes some time later.
 */
static void put_without_places(const char *text, FILE *out)
{
	while (*text) {
		size_t n = strcspn(text, "\n") + 1;
		const char *comment = memmem(text, n, "comment \"", 9);

		if (comment)
			fprintf(out, "%.*s\n", (int)(comment - text), text);
		else if (!memmem(text, n, " ct count over ", 15) || memmem(text, n, "@", 1))
			fwrite(text, 1, n, out);
		text += n;
	}
}

void put_rulesets(FILE *out)
{
	static void *library;
	void *(*new)(uint32_t flags);
	void (*done)(void *ctx);
	int (*buffer)(void *ctx);
	void (*set)(void *ctx, unsigned flags);
	int (*run)(void *ctx, const char *command);
	const char *(*get)(void *ctx);
	void *ctx;

	if (!library)
		library = dlopen("libnftables.so.1", RTLD_NOW);
	if (!library)
		errx(2, "%s", dlerror());
	*(void **)&new = find(library, "nft_ctx_new");
	*(void **)&done = find(library, "nft_ctx_free");
	*(void **)&buffer = find(library, "nft_ctx_buffer_output");
	*(void **)&set = find(library, "nft_ctx_output_set_flags");
	*(void **)&run = find(library, "nft_run_cmd_from_buffer");
	*(void **)&get = find(library, "nft_ctx_get_output_buffer");
	ctx = new (0);
	if (!ctx || buffer(ctx))
		errx(2, "no nftables");
	set(ctx, STATELESS);
	if (run(ctx, "list ruleset") == 0)
		put_without_places(get(ctx), out);
	done(ctx);
}
