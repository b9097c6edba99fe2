/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_DEPENDS_H
#define HELPER_DEPENDS_H

#include <limits.h>
#include <stddef.h>

#include "conf/conf.h"

/*
 * The files on which the meaning of a configuration depends beside those that it
 * is written in: when one of them changes, it has to be loaded again.
 */
#define DEPENDS_MAX       8
#define DEPENDS_LINKS_MAX 2 /* that one name is followed through */

struct depends {
	struct conf_source list[DEPENDS_MAX];
	size_t n;
	char targets[DEPENDS_MAX][PATH_MAX]; /* of links, which the list points to */
	size_t n_always;
};

/* Before the configuration is read: whatever it may depend on, as it is now. */
int depends_stat(struct depends *depends);

/* When it has been read: each costs every login a look, so that only what is needed stays. */
void depends_trim(struct depends *depends, const struct conf *conf);

#endif
