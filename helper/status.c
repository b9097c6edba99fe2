/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/diag.h"
#include "helper/active.h"
#include "helper/depends.h"
#include "helper/class.h"
#include "helper/status.h"

static int compare_classes(const void *a, const void *b)
{
	const struct status_class *x = a;
	const struct status_class *y = b;

	return x->group < y->group ? -1 : x->group > y->group;
}

/* What was wrong with the file, reload has said. */
static struct conf *load_file(void)
{
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	struct conf *conf = NULL;
	struct depends depends;

	/* Its lines say the same when users or resolvers have changed. */
	if (depends_stat(&depends) == 0 &&
	    active_is_current_but(NETNS_CONF, depends.list, depends.n) && diag_new(&diag) == 0)
		(void)conf_load(NETNS_CONF, CONF_LOAD_TRUSTED | CONF_LOAD_QUICK, diag, &conf);
	return conf;
}

int status_load(struct status *status, bool with_file)
{
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	size_t n = 0;

	*status = (struct status){ 0 };
	if (diag_new(&diag) == 0)
		(void)active_load(NETNS_CONF, diag, &status->active);
	if (with_file)
		status->file = load_file();
	if (status->active)
		n = status->active->n_policies;
	status->classes = calloc(n + 1, sizeof(*status->classes));
	if (!status->classes)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const char *name = status->active->policies[i]->name;

		status->classes[i] = (struct status_class){ class_of_policy(name), name };
	}
	qsort(status->classes, n, sizeof(*status->classes), compare_classes);
	return 0;
}

void status_done(struct status *status)
{
	usage_done(&status->usages);
	free(status->classes);
	conf_free(status->active);
	conf_free(status->file);
	*status = (struct status){ 0 };
}

const char *status_policy(const struct status *status, const struct usage *usage)
{
	const struct status_class key = { .group = usage->group };
	const struct status_class *found;

	if (!usage->link || !status->active)
		return NULL;
	found = bsearch(&key, status->classes, status->active->n_policies, sizeof(key),
			compare_classes);
	return found ? found->policy : NULL;
}

const char *status_network(const struct status *status, const struct usage *usage,
			   char text[STATUS_NETWORK_MAX])
{
	const char *policy = status_policy(status, usage);

	if (usage->link)
		snprintf(text, STATUS_NETWORK_MAX, "veth %s", policy ? policy : "-");
	else
		snprintf(text, STATUS_NETWORK_MAX, "loopback");
	return text;
}
