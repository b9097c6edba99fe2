/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_EXPLAIN_H
#define HELPER_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "helper/fw_eval.h"
#include "helper/machine.h"
#include "helper/members.h"
#include "helper/person.h"
#include "helper/route.h"

/*
 * What a configuration says about a user, and what would become of a packet of
 * theirs, without anybody logging in or sending one.  The policy is not read a
 * second time for that: the tables that netnsctl reload would load are compiled,
 * and fw_eval.h interprets them.  All return 0 or a negative errno.
 */

/* A configuration, made ready to be asked about. */
struct explain {
	const struct conf *conf;
	const char *path; /* of the file, for people */
	const char *default_file; /* read because none was asked for; NULL: one was */
	struct machine machine;
	struct fw_table *table;
	struct fw_eval eval;
	struct fw_table **sessions; /* the tables inside the sessions, by policy; as needed */
	bool *has_session;
	struct mnl_socket *routes;
	struct members members; /* who has a link now, once they were needed */
	bool has_members;
	bool knows_ports; /* whose the published ports are now: only root is told */
};

/* What is wrong with the configuration is in diag.  conf has to stay. */
int explain_start(struct explain *x, const struct conf *conf, const char *path, struct diag *diag);
void explain_done(struct explain *x);

/* The table inside the sessions of a policy; NULL: they have none. */
int explain_session_table(struct explain *x, const struct conf_policy *policy,
			  const struct fw_table **ret_table);

/* A question. */
enum explain_at {
	EXPLAIN_AT_ANY, /* what the port says */
	EXPLAIN_AT_SESSION,
	EXPLAIN_AT_HOST, /* a port of the host that may be published */
};

struct question {
	const char *user; /* as it was asked for */
	const char *service; /* NULL: none */
	bool has_packet;
	enum conf_direction direction;
	const char *proto_name;
	uint8_t proto; /* above IP */
	struct conf_prefix address; /* of the other end */
	bool has_number; /* a port, or the type of an ICMP message */
	uint16_t number;
	enum explain_at at; /* of what comes in */
	struct conf_prefix source; /* of what goes out; family 0: the session's own address */
	const char *wrong; /* a word that is not what it has to be */
};

/*
 * argv as on the command line: USER [via SERVICE] [out|in ...].  NULL, or what is
 * wrong, of q->wrong if that is not NULL.
 */
const char *question_parse(int argc, char *const *argv, struct question *q);

/* Who has an address. */
enum party {
	PARTY_OUTSIDE,
	PARTY_HOST,
	PARTY_USER, /* who has a link, or would have that address with one */
	PARTY_NOBODY, /* it is of a pool, and of no user */
	PARTY_SESSION, /* the user's own, and loopback in there */
};

struct end {
	enum party party;
	uint32_t uid; /* of PARTY_USER */
	char *name; /* "" if nobody knows it */
	uint32_t group;
	bool live;
	struct route route; /* of the host's */
	bool has_route;
};

enum explain_verdict {
	EXPLAIN_ALLOW,
	EXPLAIN_REJECT, /* and the sender is told */
	EXPLAIN_DROP,
	EXPLAIN_UNREACHABLE, /* there is no way */
	EXPLAIN_UNFILTERED, /* it is not ours to judge */
	N_EXPLAIN_VERDICTS,
};

/* What decided. */
enum explain_reason {
	EXPLAIN_RULE,
	EXPLAIN_PUBLISH,
	EXPLAIN_DNS,
	EXPLAIN_CONNECTIONS,
	EXPLAIN_DEFAULT, /* no rule of the policy */
	EXPLAIN_PROTECTION, /* what holds whatever the policy */
	EXPLAIN_INSIDE, /* it does not leave the session */
	EXPLAIN_LOOPBACK, /* the session has no link */
	EXPLAIN_HOST, /* the session is in the host's network */
	EXPLAIN_STAY,
	EXPLAIN_JOIN,
	EXPLAIN_NOT_OURS, /* it is for the host itself, or from there */
	EXPLAIN_NO_ADDRESS, /* nobody has it */
	EXPLAIN_OTHER_USER, /* the port leads to another user */
	N_EXPLAIN_REASONS,
};

/* A rule that had a say, in the order of the packet's way. */
#define EXPLAIN_STEPS_MAX 4U
struct explain_step {
	enum explain_reason reason;
	const struct conf_policy *policy; /* NULL: none */
	const struct conf_statement *statement; /* likewise */
	const struct fw_rule *rule;
	const struct fw_chain *chain;
};

struct answer {
	struct person person;
	uint32_t uid;
	bool unknown; /* no user has this uid */
	char *exempt; /* the file in PAM's stacks that exempts a group of theirs, or NULL */
	size_t n_exempt_others; /* more files do; of a service none */
	char *decided_by; /* the file that the service's stack names instead of the default */
	char *decided_at; /* the file of that stack */
	const struct conf_session *session; /* NULL: no line matches, which means host */
	const struct conf_policy *policy;
	struct veth_addresses addresses;
	bool live; /* they have these addresses now */

	/* Of the packet: */
	enum explain_verdict verdict;
	bool reset; /* the answer is a TCP reset, not an ICMP error */
	struct explain_step steps[EXPLAIN_STEPS_MAX];
	size_t n_steps; /* the last one of a refusal decided */
	enum explain_reason reason; /* of that step, or of an answer without any */
	struct conf_prefix source; /* as it leaves the sender */
	struct conf_prefix target; /* where it goes in the end, and the port there */
	uint16_t target_port;
	bool translated; /* that is not where it was sent to */
	bool masquerade; /* it leaves with an address of the host */
	bool at_host; /* of what comes in: it was sent to a port of the host */
	struct end end; /* the other one */
};

/* -ENOENT: there is no such user. */
int explain_ask(struct explain *x, const struct question *q, struct answer *ret_answer);
void answer_done(struct answer *answer);

/* The ends of a packet (explain_end.c). */
int explain_find_user(const char *text, struct answer *a);
int explain_members(struct explain *x);
int explain_find_end(struct explain *x, const struct answer *a, const struct conf_prefix *address,
		     struct end *ret_end);
void end_done(struct end *end);
bool prefix_is_loopback(const struct conf_prefix *address);

/*
 * What the module's lines in PAM's stacks say, that of the service if one was asked
 * for: who is exempt, and which file decides (explain_pam.c).
 */
int explain_look_at_pam(const struct explain *x, const struct question *q, struct answer *a);

/* What a decision of the firewall means (explain_step.c). */
void explain_read_decision(const struct explain *x, const struct fw_decision *decision,
			   struct answer *a);
const char *explain_hint(const struct answer *a, const struct question *q);

/* In words: a step; an answer that no rule gave; the network of a line (NULL: none). */
void explain_put_step(const struct explain *x, const struct explain_step *step, FILE *out);
const char *explain_sentence(const struct answer *a);
void explain_put_network(const struct conf_session *session, FILE *out);
/* What stands at a place, or what would (conf/dump.h); freed by the caller, NULL: no memory. */
char *explain_line(const struct explain *x, const struct conf_place *place,
		   const struct conf_session *session, const struct conf_statement *statement);

/* For people, and for programs; one is a line of a list of many. */
void explain_print(const struct explain *x, const struct question *q, const struct answer *a,
		   FILE *out);
void explain_print_line(const struct explain *x, const struct question *q, const struct answer *a,
			FILE *out);
void explain_print_json(const struct explain *x, const struct question *q, const struct answer *a,
			FILE *out);

extern const char *const explain_verdicts[N_EXPLAIN_VERDICTS];
extern const char *const explain_reasons[N_EXPLAIN_REASONS];

#endif
