/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/in.h>

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter_ipv4.h>
#include <linux/rtnetlink.h>

#include "conf/base.h"
#include "helper/fw_eval.h"
#include "helper/fw_ir.h"
#include "tests/tap.h"

/* Chains, rules and sets are read as nf_tables reads them, whatever table it is. */

static const struct fw_base raw = { "filter", FW_HOOK_PREROUTING, NF_IP_PRI_RAW, false };
static const struct fw_base dstnat = { "nat", FW_HOOK_PREROUTING, NF_IP_PRI_NAT_DST, false };
static const struct fw_base mangle = { "filter", FW_HOOK_PREROUTING, NF_IP_PRI_MANGLE, false };
static const struct fw_base translated = { "filter", FW_HOOK_PREROUTING, NF_IP_PRI_NAT_DST + 1,
					   false };
static const struct fw_base input = { "filter", FW_HOOK_INPUT, NF_IP_PRI_FILTER, false };
static const struct fw_base forward = { "filter", FW_HOOK_FORWARD, NF_IP_PRI_FILTER, false };
static const struct fw_base forward_drop = { "filter", FW_HOOK_FORWARD, NF_IP_PRI_FILTER, true };
static const struct fw_base forward_late = { "filter", FW_HOOK_FORWARD, NF_IP_PRI_LAST, false };
static const struct fw_base output = { "filter", FW_HOOK_OUTPUT, NF_IP_PRI_FILTER, false };
static const struct fw_base postrouting = { "filter", FW_HOOK_POSTROUTING, NF_IP_PRI_LAST, false };

#define MARK 0x10U

static const struct fw_packet tcp = {
	.path = FW_PATH_FORWARD,
	.family = AF_INET,
	.proto = IPPROTO_TCP,
	.dport = 22,
	.saddr = { 198, 51, 100, 1 },
	.daddr = { 203, 0, 113, 1 },
	.iif = { "eth0", 1 },
	.oif = { "eth1", 2 },
};

static struct fw_table *table_new(void)
{
	struct fw_table *table = fw_table_new("t");

	if (!table)
		abort();
	return table;
}

/* "CHAIN COMMENT" of who decides, "[CHAIN]" of a policy, with a "!" before it unless it accepts. */
static const char *decide(const struct fw_table *table, const struct fw_packet *packet)
{
	struct fw_decision decision;
	const struct fw_step *step;
	static char text[128];
	struct fw_eval eval;

	if (table->error || fw_eval_init(&eval, table) < 0 ||
	    fw_eval_packet(&eval, packet, &decision) < 0)
		abort();
	if (!fw_decided_by(&decision))
		return "";
	step = &decision.steps[decision.n_steps - 1];
	snprintf(text, sizeof(text), step->rule ? "%s%s %s" : "%s[%s]",
		 decision.verdict == FW_VERDICT_ACCEPT ? "" : "!", step->chain->name,
		 step->rule && step->rule->comment ? step->rule->comment : "-");
	return text;
}

static void test_jumps(void)
{
	_cleanup_(fw_table_free_p) struct fw_table *t = table_new();
	struct fw_chain *base = fw_add_chain(t, &forward_drop, NULL, "base");
	struct fw_chain *empty = fw_add_chain(t, NULL, NULL, "empty");
	struct fw_chain *one = fw_add_chain(t, NULL, NULL, "one");
	struct fw_chain *two = fw_add_chain(t, NULL, NULL, "two");
	struct fw_chain *three = fw_add_chain(t, NULL, NULL, "three");

	is_str(decide(t, &tcp), "![base]", "an empty chain ends with its policy");
	fw_rule(base, "jump", fw_jump(empty));
	is_str(decide(t, &tcp), "![base]", "a jump comes back, and is nobody's decision");
	fw_rule(base, "ssh", fw_is(FW_TCP_DPORT, 22), fw_jump(one));
	fw_rule(one, NULL, fw_is(FW_TCP_DPORT, 23), fw_drop());
	fw_rule(base, "goto", fw_is(FW_TCP_DPORT, 22), fw_count(), fw_goto(two));
	fw_rule(two, NULL, fw_jump(empty));
	is_str(decide(t, &tcp), "![base]", "a chain gone to does not come back");
	fw_rule(base, "behind", fw_accept());
	is_str(decide(t, &tcp), "![base]", "so that what is behind is not run");
	fw_rule(one, "inner", fw_goto(two));
	is_str(decide(t, &tcp), "![base]", "from a chain jumped to, it comes back behind the jump");
	fw_rule(two, NULL, fw_goto(three));
	fw_rule(three, NULL, fw_reject());
	is_str(decide(t, &tcp), "!one inner", "the last rule with a comment on the way decides");
	fw_rule(empty, "own", fw_is(FW_TCP_DPORT, 22), fw_accept(), fw_drop());
	is_str(decide(t, &tcp), "empty own", "but for a comment of the rule itself");
}

static void test_fields(void)
{
	static const enum fw_field missing[] = { FW_IIF,       FW_SKUID, FW_UDP_DPORT, FW_IP6_SADDR,
						 FW_IP6_DADDR, FW_ICMP,  FW_ICMPV6 };
	_cleanup_(fw_table_free_p) struct fw_table *t = table_new();
	struct fw_chain *base = fw_add_chain(t, &forward, NULL, "base");
	struct fw_set *none = fw_add_set(t, FW_TYPE_GROUP, 0, NULL);
	struct fw_chain *out = fw_add_chain(t, &output, NULL, "out");
	struct fw_packet packet = tcp;

	for (size_t i = 0; i < ARRAY_SIZE(missing); i++) {
		fw_rule(base, "is", fw_is(missing[i], 5), fw_drop());
		fw_rule(base, "is not", fw_not(fw_is(missing[i], 5)), fw_drop());
	}
	fw_rule(base, "negated twice", fw_not(fw_not(fw_is(FW_TCP_DPORT, 23))), fw_drop());
	fw_rule(out, "group", fw_not(fw_is_of(FW_IIFGROUP, none)), fw_drop());
	fw_rule(out, "bits", fw_not(fw_has(FW_SKUID, 1)), fw_drop());
	fw_rule(out, "other group", fw_not(fw_is_of(FW_OIFGROUP, none)), fw_drop());
	is_str(decide(t, &tcp), "[base]", "what is not there is neither this nor that");
	packet.path = FW_PATH_OUTPUT;
	is_str(decide(t, &packet), "!out other group",
	       "what comes from here has no link of origin");
	packet.path = FW_PATH_INPUT;
	is_str(decide(t, &packet), "", "no chain, no decision");
}

static void test_names(void)
{
	_cleanup_(fw_table_free_p) struct fw_table *t = table_new();
	struct fw_chain *before = fw_add_chain(t, &raw, NULL, "raw");
	struct fw_chain *base = fw_add_chain(t, &forward, NULL, "base");
	struct fw_set *names = fw_add_set(t, FW_TYPE_LINK_NAME, 0, NULL);
	struct fw_packet packet = tcp;

	fw_add_name(names, "eth2");
	fw_add_name(names, "eth1");
	fw_rule(before, "group", fw_not(fw_is(FW_OIFGROUP, 9)), fw_drop());
	fw_rule(before, "mark", fw_not(fw_is_named(FW_OIFNAME, "eth1")),
		fw_number(FW_SET_MARK, MARK));
	fw_rule(base, "no mark", fw_not(fw_has(FW_MARK, MARK)), fw_drop());
	fw_rule(base, "known", fw_is_of(FW_OIFNAME, names), fw_accept());
	fw_rule(base, "other", fw_not(fw_is_of(FW_OIFNAME, names)), fw_drop());
	is_str(decide(t, &tcp), "base known", "before routing, no link out is known");
	packet.oif.name = "eth";
	is_str(decide(t, &packet), "!base other", "names are compared to their end");
	packet.oif.name = NULL;
	is_str(decide(t, &packet), "[base]", "a name that is not known is neither this nor that");
}

static void test_hooks(void)
{
	_cleanup_(fw_table_free_p) struct fw_table *t = table_new();
	struct fw_chain *last = fw_add_chain(t, &postrouting, NULL, "last");
	struct fw_chain *late = fw_add_chain(t, &forward_late, NULL, "late");
	struct fw_chain *second = fw_add_chain(t, &forward, NULL, "second");
	struct fw_chain *first = fw_add_chain(t, &forward, NULL, "first");
	struct fw_chain *out = fw_add_chain(t, &output, NULL, "out");
	struct fw_chain *in = fw_add_chain(t, &input, NULL, "in");
	struct fw_chain *nat = fw_add_chain(t, &dstnat, NULL, "nat");
	struct fw_chain *before = fw_add_chain(t, &raw, NULL, "raw");
	struct fw_packet packet = tcp;

	fw_rule(nat, NULL, fw_drop());
	fw_rule(in, NULL, fw_is(FW_MARK, 1), fw_accept());
	fw_rule(out, NULL, fw_is(FW_MARK, 0), fw_number(FW_SET_MARK, 2), fw_accept());
	fw_rule(before, NULL, fw_is(FW_MARK, 0), fw_number(FW_SET_MARK, 1), fw_accept(), fw_drop());
	fw_rule(first, NULL, fw_is(FW_MARK, 1), fw_number(FW_SET_MARK, 2));
	fw_rule(second, NULL, fw_is(FW_MARK, 3), fw_number(FW_SET_MARK, 4), fw_accept());
	fw_rule(late, NULL, fw_is(FW_MARK, 7), fw_number(FW_SET_MARK, 8));
	fw_rule(last, "forwarded", fw_is(FW_MARK, 15), fw_accept());
	fw_rule(last, "sent", fw_is(FW_MARK, 2), fw_reset());
	is_str(decide(t, &tcp), "last forwarded",
	       "all chains in order: accepted is not yet through");
	packet.path = FW_PATH_INPUT;
	is_str(decide(t, &packet), "in -", "to this machine");
	packet.path = FW_PATH_OUTPUT;
	is_str(decide(t, &packet), "!last sent", "and from it");
	packet.mark = 1;
	is_str(decide(t, &packet), "[last]", "a packet can come with a mark");
	fw_rule(first, NULL, fw_drop());
	is_str(decide(t, &tcp), "!first -", "dropped is the end");
}

/* Where one base chain has left off is nothing to the next. */
static void test_left(void)
{
	_cleanup_(fw_table_free_p) struct fw_table *t = table_new();
	struct fw_chain *before = fw_add_chain(t, &raw, NULL, "raw");
	struct fw_chain *base = fw_add_chain(t, &forward, NULL, "base");
	struct fw_chain *inner = fw_add_chain(t, NULL, NULL, "inner");

	fw_rule(before, "guide", fw_jump(inner));
	fw_rule(before, NULL, fw_drop());
	fw_rule(inner, NULL, fw_accept());
	is_str(decide(t, &tcp), "[base]", "it does not come back to the other's rules");
	fw_rule(base, NULL, fw_drop());
	is_str(decide(t, &tcp), "!base -", "nor is it led by them");
}

static void test_connection(void)
{
	_cleanup_(fw_table_free_p) struct fw_table *t = table_new();
	struct fw_chain *base = fw_add_chain(t, &forward, NULL, "base");
	struct fw_packet packet = tcp;

	fw_rule(base, "other port", fw_not(fw_is(FW_CT_ORIGINAL_DPORT, 22)), fw_drop());
	fw_rule(base, "new", fw_has(FW_CT_STATE, NF_CT_STATE_BIT(IP_CT_NEW)),
		fw_not(fw_has(FW_CT_STATUS, IPS_CONFIRMED)), fw_is(FW_CT_DIRECTION, 0), fw_drop());
	fw_rule(base, "old", fw_has(FW_CT_STATE, NF_CT_STATE_BIT(IP_CT_ESTABLISHED)),
		fw_has(FW_CT_STATUS, IPS_CONFIRMED), fw_is(FW_CT_DIRECTION, 0), fw_drop());
	fw_rule(base, "reply", fw_has(FW_CT_STATE, NF_CT_STATE_BIT(IP_CT_ESTABLISHED)),
		fw_is(FW_CT_DIRECTION, 1), fw_drop());
	is_str(decide(t, &tcp), "!base new", "the first packet of a connection");
	packet.confirmed = true;
	is_str(decide(t, &packet), "!base old", "a later one");
	packet.confirmed = false;
	packet.reply = true;
	is_str(decide(t, &packet), "!base reply", "one the other way");
	packet.ct_state = NF_CT_STATE_UNTRACKED_BIT;
	is_str(decide(t, &packet), "[base]", "one of no connection");
}

/* In prerouting, conntrack comes first and translation later. */
static void test_translation(void)
{
	_cleanup_(fw_table_free_p) struct fw_table *t = table_new();
	struct fw_chain *first = fw_add_chain(t, &raw, NULL, "first");
	struct fw_chain *middle = fw_add_chain(t, &mangle, NULL, "middle");
	struct fw_chain *last = fw_add_chain(t, &translated, NULL, "last");
	struct fw_packet packet = tcp;

	fw_rule(first, "seen", fw_not(fw_has(FW_CT_STATE, NF_CT_STATE_INVALID_BIT)), fw_drop());
	fw_rule(first, "known", fw_not(fw_has(FW_CT_STATUS, IPS_DST_NAT)), fw_drop());
	fw_rule(middle, "not", fw_not(fw_has(FW_CT_STATUS, IPS_DST_NAT)), fw_drop());
	fw_rule(middle, "original", fw_is(FW_CT_ORIGINAL_DPORT, 8022), fw_is(FW_TCP_DPORT, 8022),
		fw_is(FW_IP_DADDR, 0x01020304), fw_is(FW_FIB_DADDR_TYPE, RTN_ANYCAST),
		fw_number(FW_SET_MARK, MARK));
	fw_rule(last, "final", fw_is(FW_CT_ORIGINAL_DPORT, 8022), fw_is(FW_TCP_DPORT, 22),
		fw_is(FW_IP_DADDR, 0xcb007101), fw_is(FW_FIB_DADDR_TYPE, RTN_UNICAST),
		fw_is(FW_MARK, MARK), fw_drop());
	is_str(decide(t, &tcp), "!middle not", "what is not translated");
	packet.dnat = true;
	packet.original_dport = 8022;
	memcpy(packet.original_daddr, (const uint8_t[]){ 1, 2, 3, 4 }, 4);
	packet.daddr_type = RTN_ANYCAST;
	is_str(decide(t, &packet), "!last final", "what is, before and after");
}

/* Elements of an interval set are searched; that must find just what is there. */
static void test_intervals(void)
{
	_cleanup_(fw_table_free_p) struct fw_table *t = table_new();
	struct fw_chain *base = fw_add_chain(t, &forward, NULL, "base");
	struct fw_set *set = fw_add_set(t, FW_TYPE_PORT, FW_SET_INTERVALS, NULL);
	_cleanup_(spans_done) struct spans spans = { .width = 2 };
	struct fw_packet packet = tcp;
	struct fw_decision decision;
	struct fw_eval eval;
	unsigned wrong = 0;

	fw_rule(base, NULL, fw_is_of(FW_TCP_DPORT, set), fw_drop());
	is_str(decide(t, &tcp), "[base]", "nothing is in an empty set");
	for (uint32_t i = 0; i < 0xff00; i += 1 + i % 97) {
		struct span span = span_of_numbers(i, i + i % 7, spans.width);

		if (spans_add(&spans, &span) < 0)
			abort();
	}
	spans_merge(&spans);
	fw_add_spans(set, &spans);
	if (t->error || fw_eval_init(&eval, t) < 0)
		abort();
	for (uint32_t port = 0; port <= UINT16_MAX; port++) {
		struct span span = span_of_numbers(port, port, spans.width);
		bool in_it = spans_contain(&spans, &span);

		packet.dport = (uint16_t)port;
		if (fw_eval_packet(&eval, &packet, &decision) < 0)
			abort();
		wrong += in_it != (decision.verdict == FW_VERDICT_DROP);
	}
	ok(spans.n > 500, "%zu intervals", spans.n);
	is_int(wrong, 0, "each port is found, or not, as it should");
}

static void test_maps(void)
{
	_cleanup_(fw_table_free_p) struct fw_table *t = table_new();
	struct fw_chain *base = fw_add_chain(t, &forward, NULL, "base");
	struct fw_set *map = fw_add_map(t, FW_TYPE_GROUP, FW_TYPE_VERDICT, FW_TYPE_NONE, NULL);
	struct fw_chain *one = fw_add_chain(t, NULL, NULL, "one");
	struct fw_chain *two = fw_add_chain(t, NULL, NULL, "two");
	struct fw_packet packet = tcp;

	fw_add_goto(map, 7, two);
	fw_add_goto(map, 1, one);
	fw_rule(base, "map", fw_vmap(FW_IIFGROUP, map));
	fw_rule(base, "behind", fw_drop());
	is_str(decide(t, &packet), "[base]", "a map goes to a chain, and not back");
	packet.iif.group = 2;
	is_str(decide(t, &packet), "!base behind", "what is not in it comes to the next rule");
	fw_rule(two, NULL, fw_reset());
	packet.iif.group = 7;
	is_str(decide(t, &packet), "!base map", "elements need no order");
}

static void test_statements(void)
{
	static const enum fw_field v6[] = { FW_IP6_SADDR }, v4[] = { FW_IP_SADDR, FW_TH_DPORT };
	_cleanup_(fw_table_free_p) struct fw_table *t = table_new();
	struct fw_chain *base = fw_add_chain(t, &forward, NULL, "base");
	struct fw_set *set4 = fw_add_dynamic(t, v4, ARRAY_SIZE(v4), 0, "v4");
	struct fw_set *set6 = fw_add_dynamic(t, v6, ARRAY_SIZE(v6), 0, "v6");
	const struct fw_rate rate = { .per_minute = 1, .burst = 1 };
	struct fw_packet packet = tcp;

	fw_rule(base, "v6", fw_update(set6), fw_drop());
	fw_rule(base, "known", fw_is_added(set4), fw_drop());
	fw_rule(base, "often", fw_not(fw_limit_each(set4, rate)), fw_drop());
	fw_rule(base, "connections", fw_limit_connections(set4, 5), fw_drop());
	fw_rule(base, "noted", fw_count(), fw_number(FW_LIMIT, 1), fw_log("x"), fw_update(set4),
		fw_not(fw_is_added(set4)), fw_limit_each(set4, rate));
	fw_rule(base, "v4", fw_update(set4), fw_drop());
	is_str(decide(t, &tcp), "!base v4", "limits are not reached, what is noted goes on");
	packet.proto = IPPROTO_ICMP;
	is_str(decide(t, &packet), "[base]", "what cannot be noted does not");
}

/* As many levels as the kernel takes, and one more. */
static void test_levels(void)
{
	_cleanup_(fw_table_free_p) struct fw_table *t = table_new();
	struct fw_chain *base = fw_add_chain(t, &forward, NULL, "base");
	struct fw_chain *last = base;
	struct fw_decision decision = { .n_steps = 77 };
	struct fw_eval eval;

	for (int i = 1; i < 16; i++) {
		struct fw_chain *next = fw_add_chain(t, NULL, NULL, "c%d", i);

		/* Twice, since what was jumped to is left again. */
		fw_rule(last, NULL, fw_is(FW_TCP_DPORT, 23), fw_jump(next));
		if (i % 2)
			fw_rule(last, NULL, fw_jump(next));
		fw_rule(last, NULL, i % 2 ? fw_jump(next) : fw_goto(next));
		last = next;
	}
	is_str(decide(t, &tcp), "[base]", "fifteen chains deep");
	fw_rule(last, NULL, fw_goto(fw_add_chain(t, NULL, NULL, "sixteenth")));
	if (t->error || fw_eval_init(&eval, t) < 0)
		abort();
	is_int(fw_eval_packet(&eval, &tcp, &decision), -ELOOP, "but no deeper");
	is_int((int)decision.n_steps, 77, "then nothing is decided");
}

static void test_circle(void)
{
	_cleanup_(fw_table_free_p) struct fw_table *t = table_new();
	struct fw_chain *base = fw_add_chain(t, &forward, NULL, "base");
	struct fw_chain *one = fw_add_chain(t, NULL, NULL, "one");
	struct fw_decision decision;
	struct fw_eval eval;

	fw_rule(base, NULL, fw_jump(one));
	fw_rule(one, NULL, fw_goto(one));
	if (t->error || fw_eval_init(&eval, t) < 0)
		abort();
	is_int(fw_eval_packet(&eval, &tcp, &decision), -ELOOP, "a circle is left");
}

static void test_bases(void)
{
	_cleanup_(fw_table_free_p) struct fw_table *t = table_new();
	struct fw_eval eval = { .n_bases = 77 };

	for (unsigned i = 0; i < FW_EVAL_BASES_MAX; i++)
		fw_add_chain(t, &forward, NULL, "c%u", i);
	fw_add_chain(t, &dstnat, NULL, "nat");
	is_str(decide(t, &tcp), "[c0]", "base chains up to a number");
	fw_add_chain(t, &input, NULL, "in");
	is_int(fw_eval_init(&eval, t), -E2BIG, "but no more");
	is_int((int)eval.n_bases, 77, "nothing has changed then");
}

int main(void)
{
	test_jumps();
	test_fields();
	test_names();
	test_hooks();
	test_left();
	test_connection();
	test_translation();
	test_intervals();
	test_maps();
	test_statements();
	test_levels();
	test_circle();
	test_bases();
	return done_testing();
}
