/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/diag.h"
#include "conf/dump.h"
#include "conf/nat.h"
#include "helper/explain.h"
#include "helper/fw_build.h"

#define INDENT "    "

void explain_put_network(const struct conf_session *s, FILE *out)
{
	fprintf(out, "%s%s%s%s", conf_network_name(s ? s->network : CONF_NET_HOST),
		s && s->private ? " private" : "", s && s->name ? " " : "",
		s && s->name ? s->name : "");
}

char *explain_line(const struct explain *x, const struct conf_place *place,
		   const struct conf_session *session, const struct conf_statement *statement)
{
	char *text = conf_dump_source(x->conf, place);
	size_t size;
	FILE *out;

	if (text)
		return text;
	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	if (session)
		conf_dump_session(session, out);
	else if (statement)
		conf_dump_statement(statement, out);
	fclose(out);
	return text;
}

static void put_place(const struct conf_place *place, FILE *out)
{
	diag_put_visible(out, place->file);
	fprintf(out, ":%u: ", place->line);
}

static void put_line(const struct explain *x, const struct conf_place *place,
		     const struct conf_session *session, const struct conf_statement *statement,
		     FILE *out)
{
	_cleanup_free_ char *text = explain_line(x, place, session, statement);

	put_place(place, out);
	diag_put_visible(out, text ? text : "");
}

/* What holds whatever the policy says, by the comments of fw_base.c. */
static const char *protection_sentence(const char *chain, const char *comment)
{
	static const struct {
		const char *comment;
		const char *sentence;
	} all[] = {
		{ "protocol", "only TCP, UDP and ICMP pass" },
		{ "protocol or extension header",
		  "only TCP, UDP and ICMP pass, and no extension headers" },
		{ "kind of ICMP", "of ICMP only echo requests, their answers and errors pass" },
		{ "not for one machine", "what is not for one machine alone does not pass" },
		{ "loopback", "addresses of loopback are not reached from a session" },
		{ "spoofed", "the source is not the session's own address" },
		{ "spoofed: another session's", "the source is not the session's own address" },
		{ "not by an uplink", "it does not go by one of the links of 'set uplink'" },
		{ "no policy", "the link has no policy that is known" },
		{ "no connection", "connection tracking does not know it" },
		{ "tripwire", "a confined user has no business in the host's network" },
	};

	if (!comment)
		return "nothing lets it pass";
	if (strcmp(chain, "forward_in") == 0 && strcmp(comment, "spoofed") == 0)
		return "the source is an address of users, and comes from outside";
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (strcmp(all[i].comment, comment) == 0)
			return all[i].sentence;
	return comment;
}

void explain_put_step(const struct explain *x, const struct explain_step *step, FILE *out)
{
	if (step->statement) {
		put_line(x, &step->statement->place, NULL, step->statement, out);
	} else if (step->reason == EXPLAIN_PROTECTION) {
		fprintf(out, "whatever the policy: %s",
			protection_sentence(step->chain->name,
					    step->rule ? step->rule->comment : NULL));
	} else {
		put_place(&step->policy->place, out);
		fprintf(out, "policy %s: %s", step->policy->name,
			step->reason == EXPLAIN_DNS ? "names may be asked of its resolvers"
						    : "no rule of it is about this");
	}
}

const char *explain_sentence(const struct answer *a)
{
	static const char *const sentences[N_EXPLAIN_REASONS] = {
		[EXPLAIN_INSIDE] = "it does not leave the session",
		[EXPLAIN_LOOPBACK] = "the session has loopback alone",
		[EXPLAIN_HOST] = "the session is in the host's network",
		[EXPLAIN_STAY] = "the session is in the network of whoever opens it",
		[EXPLAIN_JOIN] = "the session is in a namespace whose rules are its own",
		[EXPLAIN_NOT_OURS] = "it is for the host itself: no session has that port",
		[EXPLAIN_NO_ADDRESS] = "no user has this address",
		[EXPLAIN_OTHER_USER] = "the port leads to another user now",
	};

	return sentences[a->reason];
}

/*
 * The user
 */

static void put_others(const struct explain *x, const struct answer *a, FILE *out)
{
	const struct conf_session *session;
	size_t next = 0;

	while ((session = conf_match_some(x->conf, &a->person.subject, &next))) {
		if (session->n_services == 0 || session == a->session)
			continue;
		fputs("  but via ", out);
		for (size_t i = 0; i < session->n_services; i++)
			fprintf(out, "%s%s", i ? "," : "", session->services[i]);
		fputs(": ", out);
		explain_put_network(session, out);
		fputs("\n" INDENT, out);
		put_line(x, &session->place, session, NULL, out);
		fputc('\n', out);
	}
}

/* "a group of theirs is exempt, as FILE says" */
static void put_exempt(const struct answer *a, FILE *out)
{
	size_t n = a->n_exempt_others;

	fputs("a group of theirs is exempt, as ", out);
	diag_put_visible(out, a->exempt);
	if (n)
		fprintf(out, " and %zu other%s", n, n > 1 ? "s" : "");
	fputs(n ? " say" : " says", out);
}

/* Why it is this network. */
static void put_cause(const struct explain *x, const struct question *q, const struct answer *a,
		      FILE *out)
{
	if (a->session)
		put_line(x, &a->session->place, a->session, NULL, out);
	else if (a->uid == 0)
		fputs("root is exempt, whatever the file says", out);
	else if (q->service && a->exempt)
		put_exempt(a, out);
	else
		fputs("no line matches, which means the host", out);
}

/* What makes it another in the end. */
static void put_reservations(const struct question *q, const struct answer *a, FILE *out)
{
	if (a->exempt && !q->service && a->uid != 0) {
		fputs("  but ", out);
		put_exempt(a, out);
		fprintf(out, ":\n" INDENT "sessions that %s are in the host's network\n",
			a->n_exempt_others ? "these open" : "it opens");
	}
	if (a->decided_by && a->uid != 0) {
		fputs("  but ", out);
		diag_put_visible(out, a->decided_at);
		fputs(" decides by ", out);
		diag_put_visible(out, a->decided_by);
		fputs(":\n" INDENT "netnsctl explain --file ", out);
		diag_put_visible(out, a->decided_by);
		fputc(' ', out);
		diag_put_visible(out, q->user);
		fputs(" via ", out);
		diag_put_visible(out, q->service);
		fputs(q->has_packet ? " ...\n" : "\n", out);
	}
}

static void put_user(const struct explain *x, const struct question *q, const struct answer *a,
		     FILE *out)
{
	if (!a->unknown)
		diag_put_visible(out, a->person.name);
	fprintf(out, a->unknown ? "uid %u" : " (uid %u)", a->uid);
	if (q->service) {
		fputs(" via ", out);
		diag_put_visible(out, q->service);
	}
	fputs(": ", out);
	explain_put_network(a->session, out);
	fputs("\n" INDENT, out);
	put_cause(x, q, a, out);
	fputc('\n', out);
	if (a->unknown)
		fputs("  no user has this uid: lines for names and groups are not about it\n", out);
	put_reservations(q, a, out);
	if (!q->service && a->uid != 0)
		put_others(x, a, out);
}

/*
 * The policy
 */

static void put_addresses(const struct answer *a, FILE *out)
{
	char v4[CONF_PREFIX_TEXT_MAX], v6[CONF_PREFIX_TEXT_MAX];

	fprintf(out, "  addresses %s %s%s\n", conf_prefix_format(&a->addresses.v4, v4),
		conf_prefix_format(&a->addresses.v6, v6),
		a->live ? "" : ", with the next log-in, unless others have them");
}

static void put_resolvers(const struct explain *x, const struct answer *a, FILE *out)
{
	const struct fw_dns dns = fw_dns_of(x->conf, a->policy, &x->machine.context);
	char text[CONF_PREFIX_TEXT_MAX];

	fputs("  names are asked of", out);
	for (size_t i = 0; i < dns.n_servers; i++)
		fprintf(out, " %s", conf_prefix_format(&dns.servers[i], text));
	fprintf(out, "%s%s\n", dns.n_servers ? "" : " nobody",
		dns.n_servers && dns.fixed ? ", whatever is asked" : "");
}

static void put_block(const struct answer *a, FILE *out)
{
	const struct conf_statement *s = conf_policy_find(a->policy, CONF_NAT_PORTS);
	struct conf_block block;

	if (!s)
		return;
	block = conf_nat_block_of(s->nat_ports, a->uid);
	fprintf(out, "  connections leave from the ports %u-%u of the host\n", block.first,
		block.last);
}

static void put_policy(const struct explain *x, const struct answer *a, FILE *out)
{
	static const enum conf_statement_kind kinds[] = { CONF_DNS, CONF_RATE, CONF_CONNECTIONS,
							  CONF_NAT_PORTS };
	const struct conf_statement *s;
	struct conf_walk walk;

	fprintf(out, "policy %s\n" INDENT, a->policy->name);
	put_line(x, &a->policy->place, NULL, NULL, out);
	fputc('\n', out);
	put_addresses(a, out);
	put_resolvers(x, a, out);
	put_block(a, out);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		s = conf_policy_find(a->policy, kinds[i]);
		if (!s)
			continue;
		fputs(INDENT, out);
		put_line(x, &s->place, NULL, s, out);
		fputc('\n', out);
	}
	conf_walk_start(&walk, a->policy);
	while ((s = conf_walk_next(&walk))) {
		if (s->kind != CONF_PUBLISH)
			continue;
		fputs(INDENT, out);
		put_line(x, &s->place, NULL, s, out);
		fputc('\n', out);
	}
}

/*
 * The packet
 */

static const char *verdict_text(const struct answer *a)
{
	static const char *const texts[N_EXPLAIN_VERDICTS] = {
		[EXPLAIN_ALLOW] = "allowed",
		[EXPLAIN_REJECT] = "refused, by an ICMP error",
		[EXPLAIN_DROP] = "dropped, without an answer",
		[EXPLAIN_UNREACHABLE] = "there is no way",
		[EXPLAIN_UNFILTERED] = "not filtered",
	};

	return a->verdict == EXPLAIN_REJECT && a->reset ? "refused, by a TCP reset"
							: texts[a->verdict];
}

static void put_end(const struct answer *a, FILE *out)
{
	if (a->end.party != PARTY_USER)
		return;
	fputs("  the other end is ", out);
	if (a->end.name[0])
		diag_put_visible(out, a->end.name);
	else
		fprintf(out, "uid %u", a->end.uid);
	fputs(a->end.live ? "\n" : ", who has no link now\n", out);
}

static void put_translation(const struct explain *x, const struct answer *a, FILE *out)
{
	char text[CONF_PREFIX_TEXT_MAX];

	if (a->translated && a->reason != EXPLAIN_OTHER_USER)
		fprintf(out, "  it is led to %s port %u\n", conf_prefix_format(&a->target, text),
			a->target_port);
	if (a->masquerade)
		fputs("  it leaves with an address of the host\n", out);
	if (a->at_host && a->translated && !x->knows_ports)
		fputs("  whether another user has the port now, only root is told\n", out);
	if (a->end.party == PARTY_OUTSIDE && !a->end.has_route && a->policy)
		fputs("  the host has no route there now\n", out);
}

/* Between users, both policies have a say. */
static bool is_of_other(const struct question *q, const struct answer *a,
			const struct explain_step *step)
{
	const char *prefix = q->direction == CONF_OUT ? "in_" : "out_";

	return a->end.party == PARTY_USER && step->policy &&
	       strncmp(step->chain->name, prefix, strlen(prefix)) == 0;
}

static void put_packet(const struct explain *x, const struct question *q, const struct answer *a,
		       FILE *out)
{
	char text[CONF_PREFIX_TEXT_MAX];
	const char *hint = explain_hint(a, q);

	fprintf(out, "%s %s %s", q->direction == CONF_OUT ? "out" : "in", q->proto_name,
		conf_prefix_format(&q->address, text));
	if (q->has_number)
		fprintf(out, " %u", q->number);
	if (q->direction == CONF_IN && a->policy)
		fputs(a->at_host ? " to host" : " to session", out);
	fprintf(out, ": %s\n", verdict_text(a));
	for (size_t i = 0; i < a->n_steps; i++) {
		fputs(INDENT, out);
		explain_put_step(x, &a->steps[i], out);
		if (is_of_other(q, a, &a->steps[i]))
			fputs(" (of the other end)", out);
		fputc('\n', out);
	}
	if (explain_sentence(a))
		fprintf(out, INDENT "%s\n", explain_sentence(a));
	if (hint)
		fprintf(out, "  %s\n", hint);
	put_end(a, out);
	put_translation(x, a, out);
}

void explain_print(const struct explain *x, const struct question *q, const struct answer *a,
		   FILE *out)
{
	put_user(x, q, a, out);
	if (q->has_packet)
		put_packet(x, q, a, out);
	else if (a->policy)
		put_policy(x, a, out);
}

void explain_print_line(const struct explain *x, const struct question *q, const struct answer *a,
			FILE *out)
{
	if (!q->has_packet) {
		explain_put_network(a->session, out);
		if (a->session) {
			fputc(' ', out);
			put_line(x, &a->session->place, a->session, NULL, out);
		}
	} else {
		fprintf(out, "%s %s ", explain_verdicts[a->verdict], explain_reasons[a->reason]);
		if (explain_sentence(a) || a->n_steps == 0)
			fputs(explain_sentence(a) ? explain_sentence(a) : "", out);
		else
			explain_put_step(x, &a->steps[a->n_steps - 1], out);
	}
	fputc('\n', out);
}
