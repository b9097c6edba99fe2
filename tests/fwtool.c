/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/diag.h"
#include "helper/class.h"
#include "helper/fw.h"
#include "helper/fw_eval.h"
#include "helper/fw_ir.h"

/*
 *   fwtool [OPTION]... print|commit|bytes|decide FILE
 *
 * Compiles a configuration as netnsctl does, but for a machine that the options
 * describe: what of it goes to nft, to the kernel, or is to be sent there.
 * "decide" reads lines
 *   FROM ADDRESS TO ADDRESS tcp|udp PORT [SENT-TO-ADDRESS SENT-TO-PORT]
 * where FROM and TO are a policy, "host", "host:UID" or "-" for those outside, and
 * prints for each "VERDICT CHAIN COMMENT", of every base chain, one after the other.
 *
 *   -r ADDRESS      a resolver of "dns auto"
 *   -c FIRST:LAST   confined uids
 *   -f              the host forwards for the sessions' sake alone
 *   -s POLICY       the table of a session's namespace instead
 *   -l UID          is live
 *   -p PORT=ADDRESS=PORT   a published port (tcp)
 */
#define MAX 64

struct machine {
	struct fw_context context;
	struct conf_prefix resolvers[MAX];
	struct fw_uids confined[MAX];
	uint32_t live[MAX];
	size_t n_live;
	struct conf_publish published[MAX];
	struct conf_prefix addresses[MAX];
	size_t n_published;
	const char *policy;
};

static void die(const char *text)
{
	fprintf(stderr, "fwtool: %s\n", text);
	exit(2);
}

static struct conf_prefix parse_address(const char *text)
{
	struct conf_prefix address = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	address.length = address.family == AF_INET ? 32 : 128;
	if (inet_pton(address.family, text, address.bytes) != 1)
		die("not an address");
	return address;
}

static void add_uids(struct machine *m, const char *text)
{
	struct fw_uids *uids = &m->confined[m->context.n_confined++];

	if (sscanf(text, "%u:%u", &uids->first, &uids->last) != 2)
		die("not FIRST:LAST");
}

static void add_published(struct machine *m, const char *text)
{
	struct conf_publish *publish = &m->published[m->n_published];
	char address[INET6_ADDRSTRLEN];

	if (sscanf(text, "%hu=%45[^=]=%hu", &publish->port, address, &publish->to_port) != 3)
		die("not PORT=ADDRESS=PORT");
	publish->proto = CONF_PROTO_TCP;
	m->addresses[m->n_published++] = parse_address(address);
}

static void parse_option(struct machine *m, int option, const char *argument)
{
	if (m->context.n_resolvers == MAX || m->context.n_confined == MAX || m->n_live == MAX ||
	    m->n_published == MAX)
		die("too many");
	if (option == 'r')
		m->resolvers[m->context.n_resolvers++] = parse_address(argument);
	else if (option == 'c')
		add_uids(m, argument);
	else if (option == 'f')
		m->context.restrict_forward4 = m->context.restrict_forward6 = true;
	else if (option == 's')
		m->policy = argument;
	else if (option == 'l')
		m->live[m->n_live++] = (uint32_t)strtoul(argument, NULL, 10);
	else if (option == 'p')
		add_published(m, argument);
	else
		die("usage: fwtool [OPTION]... print|commit|bytes|decide FILE");
}

static int compile_session(const struct conf *conf, const struct machine *m,
			   struct fw_table **ret_table)
{
	for (size_t i = 0; i < conf->n_policies; i++) {
		if (strcmp(conf->policies[i]->name, m->policy) == 0)
			return fw_compile_session(conf, conf->policies[i], &m->context, ret_table);
	}
	die("no such policy");
	return -ENOENT;
}

static int compile(const struct conf *conf, const struct machine *m, struct diag *diag,
		   struct fw_table **ret_table)
{
	int r;

	if (m->policy)
		return compile_session(conf, m, ret_table);
	r = fw_compile(conf, &m->context, diag, ret_table);
	for (size_t i = 0; i < m->n_live && r == 0; i++)
		r = fw_add_live(*ret_table, m->live[i]);
	for (size_t i = 0; i < m->n_published && r == 0; i++)
		r = fw_add_published(*ret_table, &m->published[i], &m->addresses[i]);
	return r;
}

static int print_bytes(const struct fw_table *table)
{
	_cleanup_free_ char *bytes = NULL;
	size_t length;
	int r;

	r = fw_serialize(table, &bytes, &length);
	if (r == 0)
		fwrite(bytes, 1, length, stdout);
	return r;
}

/* An end of a connection. Returns whether it is this machine. */
static bool put_end(const char *name, struct fw_link *link, struct fw_packet *packet)
{
	if (strcmp(name, "host") == 0)
		return true;
	if (sscanf(name, "host:%u", &packet->skuid) == 1) {
		packet->has_socket = true;
		return true;
	}
	if (strcmp(name, "-") != 0)
		link->group = class_of_policy(name);
	return false;
}

static bool parse_packet(const char *line, struct fw_packet *packet)
{
	char from[64], to[64], saddr[64], daddr[64], proto[8], sent_to[64];
	struct conf_prefix address;
	int n;

	*packet = (struct fw_packet){ .path = FW_PATH_FORWARD };
	n = sscanf(line, "%63s %63s %63s %63s %7s %hu %63s %hu", from, saddr, to, daddr, proto,
		   &packet->dport, sent_to, &packet->original_dport);
	if (n != 6 && n != 8)
		return false;
	if (put_end(to, &packet->oif, packet))
		packet->path = FW_PATH_INPUT;
	if (put_end(from, &packet->iif, packet))
		packet->path = FW_PATH_OUTPUT;
	packet->proto = strcmp(proto, "tcp") == 0 ? IPPROTO_TCP : IPPROTO_UDP;
	address = parse_address(saddr);
	packet->family = address.family;
	memcpy(packet->saddr, address.bytes, sizeof(packet->saddr));
	address = parse_address(daddr);
	memcpy(packet->daddr, address.bytes, sizeof(packet->daddr));
	packet->dnat = n == 8;
	if (packet->dnat) {
		address = parse_address(sent_to);
		memcpy(packet->original_daddr, address.bytes, sizeof(packet->original_daddr));
	}
	return true;
}

static void print_decision(const struct fw_decision *decision)
{
	static const char *const verdicts[] = {
		[FW_VERDICT_ACCEPT] = "accept",
		[FW_VERDICT_DROP] = "drop",
		[FW_VERDICT_REJECT] = "reject",
		[FW_VERDICT_RESET] = "reset",
	};

	fputs(verdicts[decision->verdict], stdout);
	for (size_t i = 0; i < decision->n_steps; i++) {
		const struct fw_step *step = &decision->steps[i];
		const char *comment = step->rule ? step->rule->comment : "policy";

		printf("%s %s %s", i > 0 ? "," : "", step->chain->name, comment ? comment : "-");
	}
	putchar('\n');
}

static int decide(const struct fw_table *table)
{
	struct fw_eval eval;
	char line[512];
	int r;

	r = fw_eval_init(&eval, table);
	while (r == 0 && fgets(line, sizeof(line), stdin)) {
		struct fw_packet packet;
		struct fw_decision decision;

		if (!parse_packet(line, &packet))
			die("not a packet");
		r = fw_eval_packet(&eval, &packet, &decision);
		if (r == 0)
			print_decision(&decision);
	}
	return r;
}

static int run(const struct fw_table *table, const char *command)
{
	_cleanup_free_ char *culprit = NULL;
	int r;

	if (strcmp(command, "print") == 0)
		return fw_print(table, stdout);
	if (strcmp(command, "bytes") == 0)
		return print_bytes(table);
	if (strcmp(command, "decide") == 0)
		return decide(table);
	if (strcmp(command, "commit") != 0)
		die("unknown command");
	r = fw_commit(table, &culprit);
	if (culprit)
		fprintf(stderr, "fwtool: %s:\n", culprit);
	return r;
}

int main(int argc, char **argv)
{
	_cleanup_(fw_free_p) struct fw_table *table = NULL;
	_cleanup_(conf_free_p) struct conf *conf = NULL;
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	static struct machine m;
	int option;
	int r;

	m.context.resolvers = m.resolvers;
	m.context.confined = m.confined;
	while ((option = getopt(argc, argv, "r:c:fs:l:p:")) != -1)
		parse_option(&m, option, optarg);
	if (argc - optind != 2)
		parse_option(&m, '?', NULL);

	r = diag_new(&diag);
	if (r == 0)
		r = conf_load(argv[optind + 1], CONF_LOAD_QUICK, diag, &conf);
	if (r == 0)
		r = compile(conf, &m, diag, &table);
	if (diag)
		diag_print(diag, stderr);
	if (r == 0 && table)
		r = run(table, argv[optind]);
	if (r < 0)
		fprintf(stderr, "fwtool: %s\n", strerror(-r));
	return r < 0;
}
