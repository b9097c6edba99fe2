/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glob.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/confined.h"
#include "helper/ground.h"
#include "helper/machine.h"
#include "helper/span.h"

#define MODULE       "pam_netns"
#define EXEMPT_GROUP "exempt_group="

/* Where libpam reads its stacks. */
static const char *const stacks[] = { "/etc/pam.d/*", "/usr/lib/pam.d/*", "/etc/pam.conf" };

/* pam.d(5): a comment ends a line, and a backslash continues it. */
static bool has_exempt_group(const char *path)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	_cleanup_free_ char *line = NULL;
	bool continued = false;
	bool ours = false;
	size_t room = 0;

	while (f && getline(&line, &room, f) > 0) {
		size_t n = strcspn(line, "#\n");

		while (n && strchr(" \t", line[n - 1]))
			n--;
		line[n] = '\0';
		ours = (continued && ours) || strstr(line, MODULE);
		if (ours && strstr(line, EXEMPT_GROUP))
			return true;
		continued = n && line[n - 1] == '\\';
	}
	return false;
}

/* Whether the module lets members of a group into the host's network, unasked. */
static int find_exempt_group(bool *ret_is)
{
	bool is = false;

	for (size_t i = 0; i < ARRAY_SIZE(stacks) && !is; i++) {
		glob_t files = { 0 };
		int r = glob(stacks[i], GLOB_NOSORT, NULL, &files);

		for (size_t j = 0; r == 0 && j < files.gl_pathc && !is; j++)
			is = has_exempt_group(files.gl_pathv[j]);
		globfree(&files);
		if (r == GLOB_NOSPACE)
			return -ENOMEM;
	}
	*ret_is = is;
	return 0;
}

/*
 * Such groups count as a first line "session @GROUP host" would.  Who is in a
 * group is not known here, so nobody is confined for certain: what remains of
 * the tripwire is for those who have a confined session.
 */
static int find_confined(const struct conf *conf, struct spans *uids)
{
	bool anybody = false;
	int r = find_exempt_group(&anybody);

	return r || anybody ? r : confined_uids(conf, uids);
}

int machine_init(struct machine *machine, const struct conf *conf)
{
	_cleanup_(spans_done) struct spans uids = { 0 };
	int r;

	r = find_confined(conf, &uids);
	if (r < 0)
		return r;
	machine->confined = calloc(uids.n + 1, sizeof(*machine->confined));
	if (!machine->confined)
		return -ENOMEM;
	for (size_t i = 0; i < uids.n; i++) {
		machine->confined[i].first = span_first_number(&uids.list[i], uids.width);
		machine->confined[i].last = span_last_number(&uids.list[i], uids.width);
	}
	machine->context.confined = machine->confined;
	machine->context.n_confined = uids.n;
	return 0;
}

int machine_look(struct machine *machine)
{
	int r;

	machine->context.resolvers = machine->resolvers;
	machine->context.n_resolvers = resolvers_find(machine->resolvers);
	machine->context.restrict_forward4 = !ground_was_router(AF_INET);
	machine->context.restrict_forward6 = !ground_was_router(AF_INET6);
	r = ground_list_routers4(&machine->routers4, &machine->context.n_routers4);
	machine->context.routers4 = machine->routers4;
	return r;
}

void machine_done(struct machine *machine)
{
	free(machine->confined);
	free(machine->routers4);
}
