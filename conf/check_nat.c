/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/check.h"
#include "conf/nat.h"
#include "conf/parse.h"

/* Source ports of users, "nat ports": what makes it impossible to tell whose one was. */

/* Blocks of different sizes would overlap. */
void check_nat_sizes(struct check *c)
{
	const struct conf_statement *first = NULL;

	for (size_t i = 0; i < c->conf->n_policies; i++) {
		const struct conf_policy *policy = c->conf->policies[i];

		for (size_t j = 0; j < policy->n_statements; j++) {
			const struct conf_statement *s = &policy->statements[j];

			if (s->kind != CONF_NAT_PORTS)
				continue;
			if (first && first->nat_ports != s->nat_ports)
				parse_report(c->p, DIAG_ERROR, &s->place,
					     "blocks of source ports are of one size in all "
					     "policies: nat ports %u is %s:%u",
					     first->nat_ports, first->place.file,
					     first->place.line);
			first = first ? first : s;
		}
	}
}

static void check_who(struct check *c, const struct conf_who *who, uint16_t ports)
{
	uint32_t blocks = conf_nat_blocks(ports);

	if (who->kind == CONF_WHO_UIDS && who->last - who->first >= blocks)
		parse_report(c->p, DIAG_WARNING, &who->place,
			     "these are more users than there are blocks of %u source ports, %u: "
			     "those whose uids differ by a multiple of %u share one",
			     ports, blocks, blocks);
}

static void check_publish_port(struct check *c, const struct conf_statement *s, uint16_t ports)
{
	const struct conf_block last = conf_nat_block(ports, conf_nat_blocks(ports) - 1);

	if (s->publish.port >= CONF_NAT_FIRST && s->publish.port <= last.last)
		parse_report(c->p, DIAG_WARNING, &s->place,
			     "%s port %u is also in the block of source ports of some users: "
			     "'netnsctl who' cannot tell them apart",
			     keyword_name(&keywords_proto, (int)s->publish.proto), s->publish.port);
}

void check_nat(struct check *c)
{
	const struct conf *conf = c->conf;
	uint16_t ports = conf_nat_ports(conf);

	for (size_t i = 0; i < conf->n_sessions && ports; i++) {
		const struct conf_session *line = conf->sessions[i];

		if (!line->policy || !conf_policy_find(line->policy, CONF_NAT_PORTS))
			continue;
		for (size_t j = 0; j < line->n_who; j++)
			check_who(c, &line->who[j], ports);
	}
	for (size_t i = 0; i < conf->n_policies && ports; i++) {
		const struct conf_policy *policy = conf->policies[i];

		for (size_t j = 0; j < policy->n_statements && policy->used; j++)
			if (policy->statements[j].kind == CONF_PUBLISH)
				check_publish_port(c, &policy->statements[j], ports);
	}
}
