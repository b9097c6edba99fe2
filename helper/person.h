/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_PERSON_H
#define HELPER_PERSON_H

#include <stdint.h>
#include <sys/types.h>

#include "conf/conf.h"

/* A user as the lines of a configuration are tried, by the user data base. */
struct person {
	struct conf_subject subject; /* points to the rest; without a service */
	char *name;
	gid_t *gids;
};

/*
 * -ENOENT: there is no such user.  Any other negative errno: it cannot be told
 * who that is, or of which groups, which must not be taken for no groups.  Whoever
 * has been found stays so for this process: to look up is what takes longest in a
 * command that looks at all users, and two looks in it are to agree.
 */
int person_find(uint32_t uid, struct person *person);
void person_done(struct person *person);

#endif
