/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/in.h>
#include <string.h>

#include "conf/array.h"
#include "conf/base.h"
#include "conf/conf.h"
#include "conf/keyword.h"
#include "conf/parse.h"
#include "conf/tree.h"

/* 100.64.0.0/10 (RFC 6598) and a unique local prefix (RFC 4193) that spells "netns". */
static const struct conf_prefix default_pool4 = { AF_INET, 10, { 100, 64 } };
static const struct conf_prefix default_pool6 = { AF_INET6,
						  64,
						  { 0xfd, 0x6e, 0x65, 0x74, 0x6e, 0x73 } };

static const char *const default_families[] = { "unix", "inet", "inet6", "netlink" };

int conf_new(struct conf **ret_conf)
{
	struct conf *conf = calloc(1, sizeof(*conf));

	if (!conf)
		return -ENOMEM;
	conf->settings.pool4 = default_pool4;
	conf->settings.pool6 = default_pool6;
	conf->settings.hide_default = true;
	*ret_conf = conf;
	return 0;
}

int conf_set_default_families(struct conf *conf)
{
	struct conf_settings *s = &conf->settings;

	for (size_t i = 0; i < ARRAY_SIZE(default_families); i++) {
		char **slot = array_add(s->families, s->n_families);

		if (!slot)
			return -ENOMEM;
		*slot = strdup(default_families[i]);
		if (!*slot)
			return -ENOMEM;
	}
	return 0;
}

uint64_t conf_families(const struct conf_settings *settings)
{
	/* Always: without these no session is opened or closed from inside (log, helper). */
	uint64_t families = UINT64_C(1) << AF_UNIX | UINT64_C(1) << AF_NETLINK;

	for (size_t i = 0; i < settings->n_families; i++) {
		const char *name = settings->families[i];
		const struct keyword *family = keyword_find(&keywords_family, name, strlen(name));

		if (family)
			families |= UINT64_C(1) << family->value;
	}
	return settings->any_family ? 0 : families;
}

static void strings_free(char **strings, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(strings[i]);
	free(strings);
}

static void targets_free(struct conf_target *targets, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(targets[i].name);
	free(targets);
}

void conf_statement_done(struct conf_statement *statement)
{
	switch (statement->kind) {
	case CONF_USE:
		free(statement->use.name);
		break;
	case CONF_RULE:
		targets_free(statement->rule.targets, statement->rule.n_targets);
		free(statement->rule.services);
		break;
	case CONF_PUBLISH:
		targets_free(statement->publish.from, statement->publish.n_from);
		break;
	case CONF_DNS:
		free(statement->dns.servers);
		break;
	case CONF_RATE:
	case CONF_CONNECTIONS:
	case CONF_NAT_PORTS:
		break;
	}
}

static void policy_free(struct conf_policy *policy)
{
	if (!policy)
		return;
	for (size_t i = 0; i < policy->n_statements; i++)
		conf_statement_done(&policy->statements[i]);
	free(policy->statements);
	free(policy->name);
	free(policy);
}

static void addresses_free(struct conf_addresses *addresses)
{
	if (!addresses)
		return;
	for (size_t i = 0; i < addresses->n_members; i++)
		free(addresses->members[i].name);
	free(addresses->members);
	free(addresses->name);
	free(addresses);
}

void conf_session_free(struct conf_session *session)
{
	if (!session)
		return;
	for (size_t i = 0; i < session->n_who; i++)
		free(session->who[i].name);
	free(session->who);
	strings_free(session->services, session->n_services);
	free(session->name);
	free(session);
}

static void settings_done(struct conf_settings *s)
{
	strings_free(s->uplinks, s->n_uplinks);
	strings_free(s->families, s->n_families);
	strings_free(s->hide, s->n_hide);
	free(s->dns.servers);
}

static void texts_free(struct parse_text *texts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(texts[i].bytes);
		free(texts[i].lines);
	}
	free(texts);
}

void conf_free(struct conf *conf)
{
	if (!conf)
		return;
	settings_done(&conf->settings);
	for (size_t i = 0; i < conf->n_addresses; i++)
		addresses_free(conf->addresses[i]);
	for (size_t i = 0; i < conf->n_policies; i++)
		policy_free(conf->policies[i]);
	for (size_t i = 0; i < conf->n_sessions; i++)
		conf_session_free(conf->sessions[i]);
	for (size_t i = 0; i < conf->n_sources; i++)
		free(conf->sources[i].path);
	free(conf->addresses);
	free(conf->policies);
	free(conf->sessions);
	free(conf->sources);
	texts_free(conf->texts, conf->n_texts);
	strings_free(conf->file_names, conf->n_file_names);
	free(conf);
}

void conf_free_p(struct conf **conf)
{
	int saved = errno;

	conf_free(*conf);
	errno = saved;
}
