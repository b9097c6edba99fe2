/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_APPLY_H
#define HELPER_APPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct conf;
struct conf_source;
struct diag;
struct members;
struct state;

/* How a configuration comes into force, and out of it.  Under STATE_LOCK_RELOAD. */
struct apply {
	const char *source; /* the file it was made from */
	const struct conf *conf;
	const struct conf *before; /* what is in force; NULL: nothing, or not known */
	const struct conf_source *names; /* as for active_prepare() */
	size_t n_names;
	const struct state *state;
	bool keep; /* conf is the active configuration itself: only the kernel lacks it */
	struct diag *diag; /* gets what cannot be had */
	bool sparing; /* a table that is there already is left alone */
	bool wait; /* some seconds for users who are just logging in or out; otherwise the next
		      reload sees to them */
	FILE *out; /* gets what changes for whom; may be NULL */
};

/*
 * Firewall, routing rules, what logins read, and then the links of those who are
 * live.  0 or a negative errno: then nothing has changed, or READY_PENDING says
 * that what was in force has to be put back.  -EINVAL means that diag says why.
 */
int apply_conf(const struct apply *apply);

/*
 * Whether it could come into force, as far as that can be told without trying;
 * members are by conf.  -EINVAL as above.
 */
int apply_check(const struct apply *apply, const struct members *members);

/*
 * Takes everything out of force: the links go, and the host is as it was before
 * us.  Confined users are refused from then on, as long as nothing is loaded.
 * -EAGAIN: the links of these users stay, since their locks are held, and with them
 * the firewall.
 */
int apply_nothing(const struct state *state, uint32_t **ret_left, size_t *ret_n);

#endif
