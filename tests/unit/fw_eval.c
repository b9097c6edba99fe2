/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/rtnetlink.h>

#include "conf_help.h"
#include "helper/class.h"
#include "helper/fw.h"
#include "helper/fw_eval.h"
#include "helper/fw_ir.h"
#include "tests/tap.h"

/* What a configuration says about packets, by the table that is compiled from it. */

/* A configuration in force. */
struct firewall {
	struct parsed parsed;
	struct fw_table *table;
	struct fw_eval eval;
};

static struct firewall firewall_of(const char *text, const struct fw_context *context)
{
	struct firewall f = { .parsed = parse_text(text) };

	if (f.parsed.r < 0 || fw_compile(f.parsed.conf, context, f.parsed.diag, &f.table) < 0 ||
	    fw_eval_init(&f.eval, f.table) < 0) {
		fputs(f.parsed.said, stderr);
		abort();
	}
	return f;
}

static void firewall_done(struct firewall *f)
{
	fw_free(f->table);
	parsed_done(&f->parsed);
}

static bool is_v6(const char *text)
{
	return strchr(text, ':') || strstr(text, "/6");
}

static void put_address(const char *text, int family, uint8_t address[SPAN_WIDTH_MAX])
{
	if (inet_pton(family, text, address) != 1)
		abort();
}

/*
 * An end of a connection: "host", an address outside or the name of a policy,
 * which is a session with it.  Behind the names, "/6" is for IPv6.
 */
static void put_end(const char *text, struct fw_link *link, uint8_t address[SPAN_WIDTH_MAX])
{
	char name[32];

	if (strchr(text, '.') || strchr(text, ':')) {
		put_address(text, is_v6(text) ? AF_INET6 : AF_INET, address);
	} else if (strncmp(text, "host", 4) == 0) {
		put_address(is_v6(text) ? "2001:db8::2" : "192.0.2.2",
			    is_v6(text) ? AF_INET6 : AF_INET, address);
	} else {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, "/"), text);
		link->group = class_of_policy(name);
		put_address(is_v6(text) ? "fd6e:6574:6e73::11" : "100.64.0.11",
			    is_v6(text) ? AF_INET6 : AF_INET, address);
	}
}

static void put_proto(const char *name, unsigned number, struct fw_packet *packet)
{
	static const struct {
		const char *name;
		uint8_t proto;
	} protos[] = {
		{ "tcp", IPPROTO_TCP },       { "udp", IPPROTO_UDP },      { "icmp", IPPROTO_ICMP },
		{ "icmpv6", IPPROTO_ICMPV6 }, { "lite", IPPROTO_UDPLITE }, { "gre", IPPROTO_GRE },
		{ "hop-by-hop", IPPROTO_IP },
	};

	for (size_t i = 0; i < ARRAY_SIZE(protos); i++) {
		if (strcmp(name, protos[i].name) == 0)
			packet->proto = protos[i].proto;
	}
	if (strncmp(name, "icmp", 4) == 0)
		packet->icmp_type = (uint8_t)number;
	else
		packet->dport = (uint16_t)number;
}

/* "FROM TO PROTO PORT", or in the place of the port the type of ICMP. */
static struct fw_packet packet_of(const char *text)
{
	char from[32], to[32], proto[32];
	struct fw_packet packet = { .path = FW_PATH_FORWARD };
	unsigned number;

	if (sscanf(text, "%31s %31s %31s %u", from, to, proto, &number) != 4)
		abort();
	packet.family = is_v6(from) ? AF_INET6 : AF_INET;
	if (strncmp(from, "host", 4) == 0)
		packet.path = FW_PATH_OUTPUT;
	else if (strncmp(to, "host", 4) == 0)
		packet.path = FW_PATH_INPUT;
	put_end(from, &packet.iif, packet.saddr);
	put_end(to, &packet.oif, packet.daddr);
	put_proto(proto, number, &packet);
	return packet;
}

/* "VERDICT COMMENT" or, without a comment, "VERDICT CHAIN"; with brackets, its policy. */
static const char *text_of(const struct fw_decision *decision, const struct fw_step *step)
{
	static const char *const verdicts[] = {
		[FW_VERDICT_ACCEPT] = "accept",
		[FW_VERDICT_DROP] = "drop",
		[FW_VERDICT_REJECT] = "reject",
		[FW_VERDICT_RESET] = "reset",
	};
	static char text[256];
	const char *verdict = verdicts[decision->verdict];

	if (!step->rule)
		snprintf(text, sizeof(text), "%s [%s]", verdict, step->base->name);
	else
		snprintf(text, sizeof(text), "%s %s", verdict,
			 step->rule->comment ? step->rule->comment : step->chain->name);
	return text;
}

static struct fw_decision decide(const struct firewall *f, const struct fw_packet *packet)
{
	struct fw_decision decision;

	if (fw_eval_packet(&f->eval, packet, &decision) < 0)
		abort();
	return decision;
}

static void is_decided(const struct firewall *f, const struct fw_packet *packet, const char *wanted,
		       const char *what)
{
	struct fw_decision decision = decide(f, packet);

	is_str(text_of(&decision, fw_decided_by(&decision)), wanted, "%s: %s", what, wanted);
}

static void check(const struct firewall *f, const char *text, const char *wanted)
{
	struct fw_packet packet = packet_of(text);

	is_decided(f, &packet, wanted, text);
}

static const struct fw_context plain = { 0 };

static void test_verbs(void)
{
	_cleanup_(firewall_done) struct firewall f = firewall_of("set dns none\n"
								 "policy p {\n"
								 "out allow tcp 22\n" /* 3 */
								 "out deny tcp 22-25 udp 25\n"
								 "out drop tcp 26 udp 26\n" /* 5 */
								 "out allow tcp 25-80\n"
								 "in deny tcp 22\n" /* 7 */
								 "in allow tcp 22-23\n"
								 "out allow icmp\n" /* 9 */
								 "}\n"
								 "session 1 veth p\n",
								 &plain);

	check(&f, "p 198.51.100.1 tcp 22", "accept t.conf:3");
	check(&f, "p/6 2001:db8:1::1 tcp 22", "accept t.conf:3");
	check(&f, "p 198.51.100.1 tcp 21", "reset t.conf:2: default");
	check(&f, "p 198.51.100.1 tcp 25", "reset t.conf:4");
	check(&f, "p/6 2001:db8:1::1 udp 25", "reject t.conf:4");
	check(&f, "p 198.51.100.1 tcp 26", "drop t.conf:5");
	check(&f, "p/6 2001:db8:1::1 udp 26", "drop t.conf:5");
	check(&f, "p 198.51.100.1 tcp 27", "accept t.conf:6");
	check(&f, "p 198.51.100.1 tcp 80", "accept t.conf:6");
	check(&f, "p 198.51.100.1 tcp 81", "reset t.conf:2: default");
	check(&f, "p 198.51.100.1 udp 22", "reject t.conf:2: default");
	check(&f, "p 198.51.100.1 icmp 8", "accept t.conf:9");
	check(&f, "p/6 2001:db8:1::1 icmpv6 128", "accept t.conf:9");
	check(&f, "198.51.100.1 p tcp 22", "drop t.conf:7");
	check(&f, "198.51.100.1 p tcp 23", "accept t.conf:8");
	check(&f, "2001:db8:1::1 p/6 tcp 23", "accept t.conf:8");
	check(&f, "198.51.100.1 p tcp 24", "drop t.conf:2: default");
	check(&f, "198.51.100.1 p icmp 8", "drop t.conf:2: default");
}

static void test_use(void)
{
	_cleanup_(firewall_done) struct firewall f = firewall_of("set dns none\n"
								 "policy base {\n"
								 "out deny tcp 25\n" /* 3 */
								 "out allow tcp 1-100\n"
								 "}\n"
								 "policy p {\n" /* 6 */
								 "out deny tcp 24\n"
								 "use base\n"
								 "out allow tcp 25 101\n" /* 9 */
								 "}\n"
								 "session 1 veth p\n",
								 &plain);

	check(&f, "p 198.51.100.1 tcp 24", "reset t.conf:7");
	check(&f, "p 198.51.100.1 tcp 25", "reset t.conf:3");
	check(&f, "p 198.51.100.1 tcp 26", "accept t.conf:4");
	check(&f, "p 198.51.100.1 tcp 101", "accept t.conf:9");
	check(&f, "p 198.51.100.1 tcp 102", "reset t.conf:6: default");
	check(&f, "base 198.51.100.1 tcp 26", "drop no policy");
}

static void test_targets(void)
{
	_cleanup_(firewall_done) struct firewall f =
		firewall_of("set dns none\n"
			    "addresses some { 198.51.100.0/28 2001:db8:1::/48 more 203.0.113.7 }\n"
			    "addresses more { 198.51.100.77 198.51.100.79 169.254.0.0/16 }\n"
			    "policy p {\n"
			    "out deny to some tcp 1\n" /* 5 */
			    "out allow to private tcp 2\n"
			    "out allow to metadata tcp 3\n"
			    "out allow to users tcp 4\n" /* 8 */
			    "out allow to host tcp 5\n"
			    "out allow to 198.51.100.80 198.51.100.81 0.0.0.0/1 tcp 6\n"
			    "out allow to any tcp 1-9\n" /* 11 */
			    "in allow from any users\n"
			    "}\n"
			    "session 1 veth p\n",
			    &plain);

	check(&f, "p 198.51.100.0 tcp 1", "reset t.conf:5");
	check(&f, "p 198.51.100.15 tcp 1", "reset t.conf:5");
	check(&f, "p 198.51.100.16 tcp 1", "accept t.conf:11");
	check(&f, "p 198.51.100.77 tcp 1", "reset t.conf:5");
	check(&f, "p 198.51.100.78 tcp 1", "accept t.conf:11");
	check(&f, "p 203.0.113.7 tcp 1", "reset t.conf:5");
	check(&f, "p/6 2001:db8:1:ffff::1 tcp 1", "reset t.conf:5");
	check(&f, "p/6 2001:db8:2::1 tcp 1", "accept t.conf:11");
	check(&f, "p 169.254.169.254 tcp 1", "reset t.conf:5");
	check(&f, "p 10.1.2.3 tcp 2", "accept t.conf:6");
	check(&f, "p 100.63.0.1 tcp 2", "accept t.conf:11");
	check(&f, "p/6 fd01::1 tcp 2", "accept t.conf:6");
	check(&f, "p/6 fd00:ec2::254 tcp 2", "reset t.conf:4: default");
	check(&f, "p 169.254.169.254 tcp 3", "accept t.conf:7");
	check(&f, "p/6 fd00:ec2::254 tcp 3", "accept t.conf:7");
	check(&f, "p 169.254.169.254 tcp 4", "reset t.conf:4: default");
	check(&f, "p p tcp 4", "accept t.conf:8");
	check(&f, "p p tcp 7", "reset t.conf:4: default");
	check(&f, "p 100.64.0.99 tcp 7", "reset t.conf:4: default");
	check(&f, "p/6 fd6e:6574:6e73::99 tcp 4", "reset t.conf:4: default");
	check(&f, "p host tcp 5", "accept t.conf:9");
	check(&f, "p/6 host/6 tcp 5", "accept t.conf:9");
	check(&f, "p host tcp 7", "drop t.conf:4: default");
	check(&f, "p 198.51.100.80 tcp 6", "accept t.conf:10");
	check(&f, "p 198.51.100.82 tcp 6", "accept t.conf:11");
	check(&f, "p 127.255.255.255 tcp 6", "drop loopback");
	check(&f, "p 100.100.100.200 tcp 6", "reset t.conf:4: default");
	check(&f, "198.51.100.1 p udp 7", "accept t.conf:12");
	check(&f, "169.254.169.254 p udp 7", "drop t.conf:4: default");
}

static void test_publish(void)
{
	_cleanup_(firewall_done) struct firewall f =
		firewall_of("set dns none\n"
			    "policy p {\n"
			    "publish tcp 8022 to 22 from 198.51.100.0/24\n" /* 3 */
			    "publish udp 5000\n"
			    "}\n"
			    "session 1 veth p\n",
			    &plain);
	struct fw_packet packet = packet_of("198.51.100.1 p tcp 22");

	is_decided(&f, &packet, "drop t.conf:2: default", "the port itself");
	packet.dnat = true;
	memcpy(packet.original_daddr, (const uint8_t[]){ 192, 0, 2, 2 }, 4);
	packet.original_dport = 8022;
	is_decided(&f, &packet, "accept t.conf:3", "by the published port");
	packet.confirmed = true;
	is_decided(&f, &packet, "accept t.conf:3", "also later");
	packet.original_dport = 8023;
	is_decided(&f, &packet, "drop t.conf:2: default", "by another's");
	packet.original_dport = 8022;
	packet.saddr[2]++;
	is_decided(&f, &packet, "drop t.conf:2: default", "from elsewhere");
	packet = packet_of("2001:db8:1::1 p/6 udp 5000");
	packet.dnat = true;
	packet.original_dport = 5000;
	is_decided(&f, &packet, "accept t.conf:4", "IPv6");

	/* One that another table translates. */
	packet = packet_of("p 198.51.100.1 tcp 22");
	packet.dnat = true;
	memcpy(packet.original_daddr, (const uint8_t[]){ 192, 0, 2, 2 }, 4);
	is_decided(&f, &packet, "drop sent to this machine, led elsewhere", "to the host");
	packet.daddr_type = RTN_UNICAST;
	is_decided(&f, &packet, "reset t.conf:2: default", "to an address of nobody's");
	packet.original_daddr[0] = 127;
	is_decided(&f, &packet, "drop loopback", "to loopback");
}

static void test_dns(void)
{
	static const struct conf_prefix resolvers[] = {
		{ AF_INET, 32, { 203, 0, 113, 53 } },
		{ AF_INET, 32, { 192, 0, 2, 2 } },
	};
	static const struct fw_context context = { .resolvers = resolvers, .n_resolvers = 2 };
	_cleanup_(firewall_done) struct firewall f =
		firewall_of("policy auto {\n"
			    "out deny\n"
			    "}\n"
			    "policy own {\n"
			    "dns 198.51.100.53 2001:db8::53\n" /* 5 */
			    "}\n"
			    "session 1 veth auto\n"
			    "session 2 veth own\n",
			    &context);

	check(&f, "auto 203.0.113.53 udp 53", "accept dns");
	check(&f, "auto 203.0.113.53 tcp 53", "accept dns");
	check(&f, "auto 203.0.113.53 tcp 54", "reset t.conf:2");
	check(&f, "auto host udp 53", "accept dns");
	check(&f, "auto 198.51.100.53 udp 53", "reject t.conf:2");
	check(&f, "own 198.51.100.53 udp 53", "accept t.conf:5");
	check(&f, "own/6 2001:db8::53 tcp 53", "accept t.conf:5");
	check(&f, "own 203.0.113.53 udp 53", "reject t.conf:4: default");
	check(&f, "own host udp 53", "drop t.conf:4: default");
}

/* What is logged is decided as if it were not; the limit of the log is none of packets. */
static void test_logs(void)
{
	_cleanup_(firewall_done) struct firewall f = firewall_of("set dns none\n"
								 "policy p {\n"
								 "out allow log tcp 22\n" /* 3 */
								 "out deny log tcp 23\n"
								 "out drop log udp 23\n"
								 "in drop log tcp 22\n" /* 6 */
								 "in allow log icmp\n"
								 "}\n"
								 "session 1 veth p\n",
								 &plain);
	struct fw_packet packet = packet_of("p 198.51.100.1 tcp 22");
	struct fw_decision decision = decide(&f, &packet);
	const struct fw_expr *exprs = fw_decided_by(&decision)->rule->exprs;

	check(&f, "p 198.51.100.1 tcp 22", "accept t.conf:3");
	check(&f, "p 198.51.100.1 tcp 23", "reset t.conf:4");
	check(&f, "p 198.51.100.1 udp 23", "drop t.conf:5");
	check(&f, "198.51.100.1 p tcp 22", "drop t.conf:6");
	check(&f, "198.51.100.1 p icmp 8", "accept t.conf:7");
	while (exprs->kind != FW_END && exprs->kind != FW_ACCEPT)
		exprs++;
	is_int(exprs->kind, FW_ACCEPT, "the rule that decides is not the one that logs");
}

static void test_sessions(void)
{
	_cleanup_(firewall_done) struct firewall f =
		firewall_of("set dns none\n"
			    "policy alice {\n"
			    "out allow to users tcp 22\n" /* 3 */
			    "in allow from users tcp 80\n"
			    "}\n"
			    "policy bob {\n" /* 6 */
			    "in deny from users tcp 22\n"
			    "out allow to users tcp 80\n"
			    "}\n"
			    "policy carol {\n" /* 10 */
			    "in allow from users\n"
			    "}\n"
			    "policy unused {\n"
			    "in allow from users\n"
			    "}\n"
			    "session 1 veth alice\n"
			    "session 2 veth bob\n"
			    "session 3 veth carol\n",
			    &plain);
	struct fw_packet packet = packet_of("alice carol tcp 22");
	struct fw_decision decision = decide(&f, &packet);

	check(&f, "alice bob tcp 22", "drop t.conf:7");
	check(&f, "alice bob tcp 80", "reset t.conf:2: default");
	check(&f, "alice carol tcp 22", "accept t.conf:3");
	check(&f, "alice/6 carol/6 tcp 22", "accept t.conf:3");
	check(&f, "bob alice tcp 80", "accept t.conf:8");
	check(&f, "bob alice tcp 22", "reset t.conf:6: default");
	check(&f, "carol alice tcp 80", "reset t.conf:10: default");
	check(&f, "198.51.100.1 carol tcp 22", "drop t.conf:10: default");
	check(&f, "alice unused tcp 22", "drop no policy");
	check(&f, "unused alice tcp 80", "drop no policy");
	check(&f, "unused host tcp 80", "drop no policy");
	check(&f, "host unused tcp 80", "drop no policy");

	is_int((int)decision.n_steps, 4, "both ends have their say");
	is_str(text_of(&decision, &decision.steps[0]), "accept [prerouting]", "the first step");
	is_str(text_of(&decision, &decision.steps[1]), "accept [arriving]", "the second");
	is_str(text_of(&decision, &decision.steps[2]), "accept t.conf:3", "the one's");
	is_str(decision.steps[2].base->name, "forward_out", "its base chain");
	is_str(decision.steps[2].chain->name, "out_alice", "its chain");
	is_str(text_of(&decision, &decision.steps[3]), "accept t.conf:11", "the other's");
	is_str(decision.steps[3].chain->name, "in_carol", "its chain");
	packet.oif.group = class_of_policy("bob");
	decision = decide(&f, &packet);
	is_str(decision.steps[3].chain->name, "in_bob",
	       "of what a general rule refuses, the chain of the one that sent it there");
	packet.iif.group = CLASS_NOTHING;
	is_decided(&f, &packet, "drop no policy", "a session that may do nothing");
}

static void check_uids(const struct firewall *f, struct fw_packet packet, const uint32_t *uids,
		       size_t n, const char *wanted)
{
	char what[32];

	for (size_t i = 0; i < n; i++) {
		packet.skuid = uids[i];
		snprintf(what, sizeof(what), "uid %u", uids[i]);
		is_decided(f, &packet, wanted, what);
	}
}

static void test_host(void)
{
	static const uint32_t trapped[] = { 1000, 1500, 1999, 3000, 4000, 5000 };
	static const uint32_t others[] = { 0, 999, 2000, 2999, 3001, 4999 };
	static const struct fw_uids confined[] = { { 1000, 1999 }, { 3000, 3000 } };
	static const struct fw_context context = { .confined = confined, .n_confined = 2 };
	_cleanup_(firewall_done) struct firewall f =
		firewall_of("set dns none\n"
			    "policy p {\n"
			    "out allow to host udp 53\n" /* 3 */
			    "in allow from host tcp 22\n"
			    "}\n"
			    "session 1 veth p\n",
			    &context);
	struct fw_packet packet = packet_of("host p tcp 22");

	check(&f, "p host udp 53", "accept t.conf:3");
	check(&f, "p host udp 54", "drop t.conf:2: default");
	check(&f, "p 198.51.100.1 udp 53", "reject t.conf:2: default");
	check(&f, "host p tcp 22", "accept t.conf:4");
	check(&f, "host/6 p/6 tcp 22", "accept t.conf:4");
	check(&f, "host p tcp 23", "drop t.conf:2: default");
	check(&f, "host 198.51.100.1 tcp 23", "accept not for a session");
	check(&f, "198.51.100.1 host tcp 22", "accept not from a session");
	check(&f, "198.51.100.1 203.0.113.1 tcp 22", "accept not for a session");

	if (fw_add_live(f.table, 5000) < 0 || fw_add_live(f.table, 4000) < 0)
		abort();
	packet.has_socket = true;
	check_uids(&f, packet, trapped, ARRAY_SIZE(trapped), "reject tripwire");
	check_uids(&f, packet, others, ARRAY_SIZE(others), "accept t.conf:4");
	packet = packet_of("host 127.0.0.1 udp 53");
	is_decided(&f, &packet, "accept not for a session", "without a socket");
	packet.has_socket = true;
	check_uids(&f, packet, trapped, ARRAY_SIZE(trapped), "reject tripwire");
}

static void test_odd(void)
{
	_cleanup_(firewall_done) struct firewall f =
		firewall_of("set dns none\n"
			    "policy p {\n"
			    "out allow to any host users\n" /* 3 */
			    "in allow from any host users\n"
			    "}\n"
			    "session 1 veth p\n",
			    &plain);
	struct fw_packet packet;

	check(&f, "p 198.51.100.1 udp 7", "accept t.conf:3");
	check(&f, "p 198.51.100.1 lite 7", "drop protocol");
	check(&f, "p/6 2001:db8:1::1 lite 7", "drop protocol or extension header");
	check(&f, "p/6 2001:db8:1::1 hop-by-hop 0", "drop protocol or extension header");
	check(&f, "p 198.51.100.1 gre 0", "drop protocol");
	check(&f, "198.51.100.1 p lite 7", "drop protocol");
	check(&f, "198.51.100.1 p udp 7", "accept t.conf:4");
	check(&f, "p 198.51.100.1 icmp 8", "accept t.conf:3");
	check(&f, "p 198.51.100.1 icmp 13", "drop kind of ICMP");
	check(&f, "p/6 2001:db8:1::1 icmpv6 135", "drop kind of ICMP");
	check(&f, "p 224.0.0.251 udp 5353", "drop not for one machine");
	check(&f, "p/6 ff02::fb udp 5353", "drop not for one machine");
	check(&f, "p 255.255.255.255 udp 67", "drop not for one machine");
	check(&f, "p 239.255.255.255 udp 67", "drop not for one machine");
	check(&f, "p 240.0.0.1 udp 67", "accept t.conf:3");
	check(&f, "p 127.0.0.1 udp 53", "drop loopback");
	check(&f, "100.64.0.1 p udp 53", "drop spoofed");
	check(&f, "fd6e:6574:6e73::1 p/6 udp 53", "drop spoofed");

	packet = packet_of("p 198.51.100.255 udp 9");
	packet.daddr_type = RTN_BROADCAST;
	is_decided(&f, &packet, "drop not for one machine", "a broadcast of a network");
	packet = packet_of("p 198.51.100.1 udp 9");
	packet.spoofed = true;
	is_decided(&f, &packet, "drop spoofed: another session's", "another's address");
	packet.saddr[0] = 10;
	is_decided(&f, &packet, "drop spoofed", "no session's address");
	packet = packet_of("p 198.51.100.1 tcp 9");
	packet.ct_state = NF_CT_STATE_INVALID_BIT;
	is_decided(&f, &packet, "drop no connection", "invalid");
	packet.ct_state = NF_CT_STATE_UNTRACKED_BIT;
	is_decided(&f, &packet, "drop no connection", "untracked");
}

static void test_answers(void)
{
	_cleanup_(firewall_done) struct firewall f = firewall_of("set dns none\n"
								 "policy p {\n"
								 "connections 5\n"
								 "out allow tcp 22\n" /* 4 */
								 "}\n"
								 "session 1 veth p\n",
								 &plain);
	struct fw_packet packet = packet_of("198.51.100.1 p tcp 40000");

	check(&f, "p 198.51.100.1 tcp 22", "accept t.conf:4");
	is_decided(&f, &packet, "drop t.conf:2: default", "what nobody asked for");
	packet.reply = packet.confirmed = true;
	is_decided(&f, &packet, "accept in_p", "an answer");
	packet = packet_of("198.51.100.1 p icmp 3");
	packet.ct_state = NF_CT_STATE_BIT(IP_CT_RELATED);
	is_decided(&f, &packet, "accept errors", "an error about a connection");
	packet.icmp_type = ICMP_ECHO;
	is_decided(&f, &packet, "drop t.conf:2: default", "no other packet is let in with it");
	packet = packet_of("p/6 2001:db8:1::1 icmpv6 2");
	packet.ct_state = NF_CT_STATE_BIT(IP_CT_RELATED);
	is_decided(&f, &packet, "accept errors", "an error about an answer, IPv6");
	packet = packet_of("p 198.51.100.1 tcp 23");
	packet.confirmed = true;
	is_decided(&f, &packet, "reset t.conf:2: default", "a connection from before");
}

static void test_machine(void)
{
	static const struct fw_context context = { .restrict_forward4 = true,
						   .restrict_forward6 = true };
	_cleanup_(firewall_done) struct firewall nothing = firewall_of("", &plain);
	_cleanup_(firewall_done) struct firewall f = firewall_of("set dns none\n"
								 "set uplink up0 up1\n"
								 "policy p {\n"
								 "out allow to any users\n" /* 4 */
								 "in allow from any users\n"
								 "}\n"
								 "session 1 veth p\n",
								 &context);
	struct fw_packet packet = packet_of("p 198.51.100.1 tcp 22");

	check(&nothing, "p 198.51.100.1 tcp 22", "drop no policy");
	check(&nothing, "198.51.100.1 p tcp 22", "drop no policy");
	check(&nothing, "198.51.100.1 203.0.113.1 tcp 22", "accept not for a session");
	check(&f, "198.51.100.1 203.0.113.1 tcp 22",
	      "drop the host is no router: forwarding was off before pam_netns");
	check(&f, "198.51.100.1 p tcp 22", "accept t.conf:5");

	is_decided(&f, &packet, "accept t.conf:4", "by a link whose name is not known");
	packet.oif.name = "up1";
	is_decided(&f, &packet, "accept t.conf:4", "by an uplink");
	packet.oif.name = "up10";
	is_decided(&f, &packet, "drop not by an uplink", "by another link");
	packet.reply = packet.confirmed = true;
	is_decided(&f, &packet, "drop not by an uplink", "so are answers");
	packet = packet_of("p p tcp 22");
	packet.oif.name = "nu1";
	is_decided(&f, &packet, "accept t.conf:4", "to a session");
}

/* "ADDRESS PORT" that it is led to, "masquerade", or "-". */
static void is_translated(const struct fw_table *table, enum fw_hook hook, const char *text,
			  const char *wanted)
{
	struct fw_packet packet = packet_of(text);
	char address[INET6_ADDRSTRLEN];
	char got[64] = "-";
	struct fw_nat nat;

	if (fw_eval_nat(table, hook, &packet, &nat) < 0)
		abort();
	inet_ntop(packet.family, nat.daddr, address, sizeof(address));
	if (nat.kind == FW_NAT_DESTINATION)
		snprintf(got, sizeof(got), "%s %u", address, nat.dport);
	else if (nat.kind == FW_NAT_SOURCE)
		snprintf(got, sizeof(got), "masquerade");
	is_str(got, wanted, "%s in hook %d: %s", text, (int)hook, wanted);
}

static void test_published_nat(void)
{
	struct firewall f = firewall_of("policy p {\npublish tcp 8022 to 22\n}\n"
					"session 1 veth p\n",
					&(struct fw_context){ 0 });
	const struct conf_publish *publish = &f.parsed.conf->policies[0]->statements[0].publish;
	struct conf_prefix v4 = { AF_INET, 32, { 100, 64, 0, 11 } };
	struct conf_prefix v6 = { .family = AF_INET6, .length = 128 };

	put_address("fd6e:6574:6e73::11", AF_INET6, v6.bytes);
	is_translated(f.table, FW_HOOK_PREROUTING, "198.51.100.1 host tcp 8022", "-");
	if (fw_add_published(f.table, publish, &v4) < 0 ||
	    fw_add_published(f.table, publish, &v6) < 0)
		abort();
	is_translated(f.table, FW_HOOK_PREROUTING, "198.51.100.1 host tcp 8022", "100.64.0.11 22");
	is_translated(f.table, FW_HOOK_PREROUTING, "2001:db8:1::1 host/6 tcp 8022",
		      "fd6e:6574:6e73::11 22");
	is_translated(f.table, FW_HOOK_PREROUTING, "198.51.100.1 host udp 8022", "-");
	is_translated(f.table, FW_HOOK_PREROUTING, "198.51.100.1 host tcp 8023", "-");
	is_translated(f.table, FW_HOOK_PREROUTING, "198.51.100.1 203.0.113.1 tcp 8022", "-");
	is_translated(f.table, FW_HOOK_PREROUTING, "p host tcp 8022", "-");
	is_translated(f.table, FW_HOOK_POSTROUTING, "p 198.51.100.1 tcp 80", "masquerade");
	is_translated(f.table, FW_HOOK_POSTROUTING, "p p tcp 80", "-");
	is_translated(f.table, FW_HOOK_POSTROUTING, "198.51.100.1 p tcp 80", "-");
	firewall_done(&f);
}

static void test_session_nat(void)
{
	struct firewall f = firewall_of("policy p {\ndns 192.0.2.53 192.0.2.54 2001:db8::53\n}\n"
					"session 1 veth p\n",
					&(struct fw_context){ 0 });
	_cleanup_(fw_free_p) struct fw_table *table = NULL;

	if (fw_compile_session(f.parsed.conf, f.parsed.conf->policies[0], &(struct fw_context){ 0 },
			       &table) < 0)
		abort();
	is_translated(table, FW_HOOK_OUTPUT, "host 127.0.0.53 udp 53", "192.0.2.53 53");
	is_translated(table, FW_HOOK_OUTPUT, "host 198.51.100.1 tcp 53", "192.0.2.53 53");
	is_translated(table, FW_HOOK_OUTPUT, "host/6 ::1 udp 53", "2001:db8::53 53");
	is_translated(table, FW_HOOK_OUTPUT, "host 198.51.100.1 tcp 80", "-");
	firewall_done(&f);
}

int main(void)
{
	test_verbs();
	test_use();
	test_targets();
	test_publish();
	test_dns();
	test_logs();
	test_sessions();
	test_host();
	test_odd();
	test_answers();
	test_machine();
	test_published_nat();
	test_session_nat();
	return done_testing();
}
