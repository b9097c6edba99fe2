/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/dump.h"
#include "helper/compare.h"
#include "helper/delta.h"

/* A part of a configuration that has a heading of its own. */
struct section {
	struct delta_list before;
	struct delta_list after;
};

struct text {
	char *bytes;
	size_t size;
	FILE *out;
};

static int start_text(struct text *text)
{
	*text = (struct text){ .bytes = NULL };
	text->out = open_memstream(&text->bytes, &text->size);
	return text->out ? 0 : -ENOMEM;
}

/* NULL: memory ran out. */
static char *end_text(struct text *text)
{
	if (fclose(text->out) == 0)
		return text->bytes;
	free(text->bytes);
	return NULL;
}

/* Of what is in force the place is one in a file that nobody has written. */
static int add_setting(struct delta_list *list, const struct conf_settings *s,
		       enum conf_setting setting, bool is_new)
{
	struct text text;
	int r = start_text(&text);

	if (r)
		return r;
	conf_dump_setting(s, setting, text.out);
	return delta_add(list, end_text(&text), is_new ? &s->set_at[setting] : NULL, NULL);
}

static int add_settings(struct delta_list *list, const struct conf *conf, bool is_new)
{
	int r = 0;

	for (int i = 0; conf && i < N_CONF_SETTINGS && !r; i++)
		if (conf->settings.is_set & 1U << i)
			r = add_setting(list, &conf->settings, (enum conf_setting)i, is_new);
	return r;
}

static int add_members(struct delta_list *list, const struct conf_addresses *addresses, bool is_new)
{
	int r = 0;

	for (size_t i = 0; addresses && i < addresses->n_members && !r; i++) {
		const struct conf_member *member = &addresses->members[i];
		struct text text;

		r = start_text(&text);
		if (r)
			break;
		conf_dump_member(member, text.out);
		r = delta_add(list, end_text(&text), is_new ? &member->place : NULL, NULL);
	}
	return r;
}

static int add_statements(struct delta_list *list, const struct conf_policy *policy, bool is_new)
{
	int r = 0;

	for (size_t i = 0; policy && i < policy->n_statements && !r; i++) {
		const struct conf_statement *s = &policy->statements[i];
		struct text text;

		r = start_text(&text);
		if (r)
			break;
		conf_dump_statement(s, text.out);
		r = delta_add(list, end_text(&text), is_new ? &s->place : NULL, NULL);
	}
	return r;
}

/* Names of groups are in the file alone: what is in force has their numbers. */
static int add_sessions(struct delta_list *list, const struct conf *conf, bool is_new)
{
	int r = 0;

	for (size_t i = 0; conf && i < conf->n_sessions && !r; i++) {
		const struct conf_session *s = conf->sessions[i];
		struct text text;

		r = start_text(&text);
		if (r)
			break;
		conf_dump_session(s, text.out);
		r = delta_add(list, end_text(&text), is_new ? &s->place : NULL,
			      is_new ? conf_dump_source(conf, &s->place) : NULL);
	}
	return r;
}

/* Prints what differs, below a heading "WHAT NAME:". */
static int finish(struct section *section, int r, const char *what, const char *name, bool is_new,
		  bool is_gone, FILE *out, bool *differs)
{
	bool same = delta_is_same(&section->before, &section->after) && !is_new && !is_gone;

	if (!r && !same) {
		*differs = true;
		fprintf(out, "%s%s%s%s:\n", what, name ? " " : "", name ? name : "",
			is_new    ? " (new)"
			: is_gone ? " (gone)"
				  : "");
		r = delta_print(&section->before, &section->after, out);
	}
	delta_done(&section->before);
	delta_done(&section->after);
	return r;
}

static int compare_settings(const struct conf *before, const struct conf *conf, FILE *out,
			    bool *differs)
{
	struct section section = { 0 };
	int r = add_settings(&section.before, before, false);

	if (!r)
		r = add_settings(&section.after, conf, true);
	return finish(&section, r, "settings", NULL, false, false, out, differs);
}

static const struct conf_addresses *find_addresses(const struct conf *conf, const char *name)
{
	for (size_t i = 0; conf && i < conf->n_addresses; i++)
		if (strcmp(conf->addresses[i]->name, name) == 0)
			return conf->addresses[i];
	return NULL;
}

static const struct conf_policy *find_policy(const struct conf *conf, const char *name)
{
	for (size_t i = 0; conf && i < conf->n_policies; i++)
		if (strcmp(conf->policies[i]->name, name) == 0)
			return conf->policies[i];
	return NULL;
}

static int compare_addresses(const struct conf_addresses *before,
			     const struct conf_addresses *after, FILE *out, bool *differs)
{
	struct section section = { 0 };
	int r = add_members(&section.before, before, false);

	if (!r)
		r = add_members(&section.after, after, true);
	return finish(&section, r, "addresses", after ? after->name : before->name, !before, !after,
		      out, differs);
}

static int compare_policies(const struct conf_policy *before, const struct conf_policy *after,
			    FILE *out, bool *differs)
{
	struct section section = { 0 };
	int r = add_statements(&section.before, before, false);

	if (!r)
		r = add_statements(&section.after, after, true);
	return finish(&section, r, "policy", after ? after->name : before->name, !before, !after,
		      out, differs);
}

static int compare_sessions(const struct conf *before, const struct conf *conf, FILE *out,
			    bool *differs)
{
	struct section section = { 0 };
	int r = add_sessions(&section.before, before, false);

	if (!r)
		r = add_sessions(&section.after, conf, true);
	return finish(&section, r, "session lines", NULL, false, false, out, differs);
}

static int compare_all_addresses(const struct conf *before, const struct conf *conf, FILE *out,
				 bool *differs)
{
	int r = 0;

	for (size_t i = 0; before && i < before->n_addresses && !r; i++)
		if (!find_addresses(conf, before->addresses[i]->name))
			r = compare_addresses(before->addresses[i], NULL, out, differs);
	for (size_t i = 0; i < conf->n_addresses && !r; i++)
		r = compare_addresses(find_addresses(before, conf->addresses[i]->name),
				      conf->addresses[i], out, differs);
	return r;
}

static int compare_all_policies(const struct conf *before, const struct conf *conf, FILE *out,
				bool *differs)
{
	int r = 0;

	for (size_t i = 0; before && i < before->n_policies && !r; i++)
		if (!find_policy(conf, before->policies[i]->name))
			r = compare_policies(before->policies[i], NULL, out, differs);
	for (size_t i = 0; i < conf->n_policies && !r; i++)
		r = compare_policies(find_policy(before, conf->policies[i]->name),
				     conf->policies[i], out, differs);
	return r;
}

int compare_confs(const struct conf *before, const struct conf *conf, FILE *out, bool *ret_differs)
{
	bool differs = !before;
	int r = compare_settings(before, conf, out, &differs);

	if (!r)
		r = compare_all_addresses(before, conf, out, &differs);
	if (!r)
		r = compare_all_policies(before, conf, out, &differs);
	if (!r)
		r = compare_sessions(before, conf, out, &differs);
	if (!r)
		*ret_differs = differs;
	return r;
}
