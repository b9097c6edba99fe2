/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/diag.h"
#include "helper/draft.h"
#include "helper/proto.h"
#include "helper/resolvers.h"

/* What no file can say. */
static void add_warnings(struct diag *diag)
{
	const struct conf_place place = { .file = NETNS_HELPER };

	if (access(NETNS_HELPER, X_OK) < 0)
		diag_add(diag, DIAG_WARNING, &place, NULL, 0, "%s: every session is refused",
			 strerror(errno));
}

/* No error: the machine may be without a network as yet. */
static void check_resolvers(const struct conf *conf, struct diag *diag)
{
	const struct conf_policy *policy = resolvers_first_need(conf);
	struct conf_prefix resolvers[RESOLVERS_MAX];

	if (policy && resolvers_find(resolvers) == 0)
		diag_add(diag, DIAG_WARNING, &policy->place, NULL, 0,
			 "sessions with the policy '%s' get no answers to name queries: "
			 "/etc/resolv.conf names no server that they can reach; give the policy "
			 "\"dns ADDRESS\", or \"dns none\"",
			 policy->name);
}

static void check_families(const struct conf *conf, struct diag *diag)
{
	if (PROTO_HAS_FAMILIES || conf_families(&conf->settings) == 0)
		return;
	for (size_t i = 0; i < conf->n_sessions; i++) {
		const struct conf_session *session = conf->sessions[i];

		if (!conf_confines(session))
			continue;
		diag_add(diag, DIAG_WARNING, &session->place, NULL, 0,
			 "sessions that are confined are refused: on this architecture, families "
			 "of sockets cannot be restricted (see \"set families any\")");
		return;
	}
}

int draft_load(const char *path, unsigned flags, struct diag *diag, struct conf **ret_conf)
{
	_cleanup_(conf_free_p) struct conf *conf = NULL;
	int r;

	r = conf_load(path, flags, diag, &conf);
	if (!r)
		r = conf_resolve(conf, diag);
	if (r)
		return r;
	add_warnings(diag);
	check_resolvers(conf, diag);
	check_families(conf, diag);
	*ret_conf = steal_ptr(&conf);
	return 0;
}
