/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/dump.h"
#include "conf/keyword.h"

static void put_prefix(FILE *out, const struct conf_prefix *prefix)
{
	char text[CONF_PREFIX_TEXT_MAX];

	fputs(conf_prefix_format(prefix, text), out);
}

static void put_words(FILE *out, char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fprintf(out, " %s", words[i]);
}

/* A number with the largest unit that leaves no rest. */
static void put_quantity(FILE *out, uint64_t value, const struct keyword_table *units)
{
	size_t i = value > 0 ? units->n_words - 1 : 0;

	while (i > 0 && value % (uint64_t)units->words[i].value != 0)
		i--;
	fprintf(out, "%" PRIu64 "%s", value / (uint64_t)units->words[i].value,
		units->words[i].name);
}

static void put_dns(FILE *out, const struct conf_dns *dns)
{
	if (dns->kind != CONF_DNS_ADDRESSES)
		fprintf(out, " %s", keyword_name(&keywords_dns, (int)dns->kind));
	for (size_t i = 0; i < dns->n_servers; i++) {
		fputc(' ', out);
		put_prefix(out, &dns->servers[i]);
	}
}

static void put_hide(FILE *out, const struct conf_settings *s)
{
	if (s->hide_default)
		fputs(" default", out);
	else if (s->n_hide == 0)
		fputs(" none", out);
	put_words(out, s->hide, s->n_hide);
}

static void put_setting_value(FILE *out, const struct conf_settings *s, enum conf_setting setting)
{
	switch (setting) {
	case CONF_SETTING_POOL4:
	case CONF_SETTING_POOL6:
		fputc(' ', out);
		put_prefix(out, setting == CONF_SETTING_POOL4 ? &s->pool4 : &s->pool6);
		break;
	case CONF_SETTING_UPLINK:
		put_words(out, s->uplinks, s->n_uplinks);
		break;
	case CONF_SETTING_DNS:
		put_dns(out, &s->dns);
		break;
	case CONF_SETTING_LINGER:
		fputc(' ', out);
		put_quantity(out, s->linger, &keywords_duration);
		break;
	case CONF_SETTING_ON_ERROR:
		fprintf(out, " %s", keyword_name(&keywords_on_error, (int)s->on_error));
		break;
	case CONF_SETTING_FAMILIES:
		fputs(s->any_family ? " any" : "", out);
		put_words(out, s->families, s->n_families);
		break;
	case CONF_SETTING_HIDE:
		put_hide(out, s);
		break;
	case N_CONF_SETTINGS:
		break;
	}
}

void conf_dump_setting(const struct conf_settings *s, enum conf_setting setting, FILE *out)
{
	fprintf(out, "set %s", keyword_name(&keywords_set, (int)setting));
	put_setting_value(out, s, setting);
}

static void put_settings(FILE *out, const struct conf_settings *s)
{
	for (int setting = 0; setting < N_CONF_SETTINGS; setting++) {
		if (!(s->is_set & (1U << setting)))
			continue;
		conf_dump_setting(s, (enum conf_setting)setting, out);
		fputc('\n', out);
	}
}

void conf_dump_member(const struct conf_member *member, FILE *out)
{
	if (member->name)
		fputs(member->name, out);
	else
		put_prefix(out, &member->prefix);
}

static void put_addresses(FILE *out, const struct conf_addresses *list)
{
	fprintf(out, "addresses %s {\n", list->name);
	for (size_t i = 0; i < list->n_members; i++) {
		fputc('\t', out);
		conf_dump_member(&list->members[i], out);
		fputc('\n', out);
	}
	fputs("}\n", out);
}

static void put_targets(FILE *out, const char *preposition, const struct conf_target *targets,
			size_t n)
{
	if (n > 0)
		fprintf(out, " %s", preposition);
	for (size_t i = 0; i < n; i++) {
		fputc(' ', out);
		if (targets[i].kind == CONF_TARGET_LIST)
			fputs(targets[i].name, out);
		else if (targets[i].kind == CONF_TARGET_PREFIX)
			put_prefix(out, &targets[i].prefix);
		else
			fputs(keyword_name(&keywords_target, (int)targets[i].kind), out);
	}
}

/* One protocol is written once for all its ports in a row; "icmp" has none. */
static void put_services(FILE *out, const struct conf_rule *rule)
{
	for (size_t i = 0; i < rule->n_services; i++) {
		const struct conf_service *service = &rule->services[i];

		if (i == 0 || service->proto != service[-1].proto ||
		    service->proto == CONF_PROTO_ICMP)
			fprintf(out, " %s", keyword_name(&keywords_proto, (int)service->proto));
		if (service->proto == CONF_PROTO_ICMP)
			continue;
		fprintf(out, " %u", service->first);
		if (service->last != service->first)
			fprintf(out, "-%u", service->last);
	}
}

static void put_rule(FILE *out, const struct conf_rule *rule)
{
	bool is_out = rule->direction == CONF_OUT;

	fprintf(out, "%s %s%s", is_out ? "out" : "in",
		keyword_name(&keywords_verb, (int)rule->verb), rule->log ? " log" : "");
	put_targets(out, is_out ? "to" : "from", rule->targets, rule->n_targets);
	put_services(out, rule);
}

static void put_publish(FILE *out, const struct conf_publish *publish)
{
	fprintf(out, "publish %s %u", keyword_name(&keywords_proto, (int)publish->proto),
		publish->port);
	if (publish->to_port != publish->port)
		fprintf(out, " to %u", publish->to_port);
	put_targets(out, "from", publish->from, publish->n_from);
}

static void put_rate(FILE *out, const struct conf_rate *rate)
{
	fputs("rate", out);
	if (rate->up) {
		fputs(rate->up == rate->down ? " " : " up ", out);
		put_quantity(out, rate->up, &keywords_rate);
	}
	if (rate->down && rate->down != rate->up) {
		fputs(" down ", out);
		put_quantity(out, rate->down, &keywords_rate);
	}
}

void conf_dump_statement(const struct conf_statement *statement, FILE *out)
{
	switch (statement->kind) {
	case CONF_USE:
		fprintf(out, "use %s", statement->use.name);
		break;
	case CONF_RULE:
		put_rule(out, &statement->rule);
		break;
	case CONF_PUBLISH:
		put_publish(out, &statement->publish);
		break;
	case CONF_DNS:
		fputs("dns", out);
		put_dns(out, &statement->dns);
		break;
	case CONF_RATE:
		put_rate(out, &statement->rate);
		break;
	case CONF_CONNECTIONS:
		fprintf(out, "connections %u", statement->connections);
		break;
	case CONF_NAT_PORTS:
		fprintf(out, "nat ports %u", statement->nat_ports);
		break;
	}
}

static void put_policy(FILE *out, const struct conf_policy *policy)
{
	fprintf(out, "policy %s {\n", policy->name);
	for (size_t i = 0; i < policy->n_statements; i++) {
		fputc('\t', out);
		conf_dump_statement(&policy->statements[i], out);
		fputc('\n', out);
	}
	fputs("}\n", out);
}

/*
 * Text that was written with ids and has been resolved again names the uid
 * already: it must not grow with each round.
 */
static bool has_uid(const struct conf_session *session, uint32_t uid)
{
	for (size_t i = 0; i < session->n_who; i++) {
		const struct conf_who *who = &session->who[i];

		if (who->kind == CONF_WHO_UIDS && who->first == uid && who->last == uid)
			return true;
	}
	return false;
}

static void put_who(FILE *out, const struct conf_session *session, const struct conf_who *who)
{
	switch (who->kind) {
	case CONF_WHO_ANY:
		fputc('*', out);
		break;
	case CONF_WHO_USER:
		fputs(who->name, out);
		if (who->has_id && !has_uid(session, who->first))
			fprintf(out, ",%u", who->first);
		break;
	case CONF_WHO_GROUP:
		if (who->has_id)
			fprintf(out, "@%u", who->first);
		else
			fprintf(out, "@%s", who->name);
		break;
	case CONF_WHO_UIDS:
		fprintf(out, "%u", who->first);
		if (who->last != who->first)
			fprintf(out, ":%u", who->last);
		break;
	case CONF_WHO_GID:
		fprintf(out, "@%u", who->first);
		break;
	}
}

void conf_dump_session(const struct conf_session *session, FILE *out)
{
	for (size_t i = 0; i < session->n_who; i++) {
		fputs(i == 0 ? "session " : ",", out);
		put_who(out, session, &session->who[i]);
	}
	for (size_t i = 0; i < session->n_services; i++)
		fprintf(out, "%s%s", i == 0 ? " via " : ",", session->services[i]);
	fprintf(out, " %s", conf_network_name(session->network));
	if (session->private)
		fputs(" private", out);
	if (session->name)
		fprintf(out, " %s", session->name);
}

int conf_dump(const struct conf *conf, FILE *out)
{
	put_settings(out, &conf->settings);
	for (size_t i = 0; i < conf->n_addresses; i++)
		put_addresses(out, conf->addresses[i]);
	for (size_t i = 0; i < conf->n_policies; i++)
		put_policy(out, conf->policies[i]);
	for (size_t i = 0; i < conf->n_sessions; i++) {
		conf_dump_session(conf->sessions[i], out);
		fputc('\n', out);
	}
	return ferror(out) ? -EIO : 0;
}
