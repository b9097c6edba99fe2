/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_COMPARE_H
#define HELPER_COMPARE_H

#include <stdbool.h>
#include <stdio.h>

struct conf;
struct conf_policy;
struct members;
struct state;

/*
 * What a configuration changes against what is in force (before; NULL: nothing is),
 * in words.  All return 0 or a negative errno.
 */

/* Settings, lists of addresses, policies and session lines. */
int compare_confs(const struct conf *before, const struct conf *conf, FILE *out, bool *ret_differs);

/*
 * For the users who have a namespace now, first in the words of members_change(); and
 * for others whom the user data base lists, from their next login on.  members are
 * by conf.
 */
int compare_users(const struct state *state, const struct members *members,
		  const struct conf *before, const struct conf *conf, FILE *out);

#endif
