/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_MEMBERS_H
#define HELPER_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "helper/veth.h"

struct conf;
struct conf_policy;
struct conf_session;
struct fw_context;
struct fw_table;
struct state;

/*
 * The users who have a namespace now, and what a configuration means for them.
 * All return 0 or a negative errno.
 */
struct member {
	uint32_t uid;
	char *name; /* "" for a user who is gone */
	bool live; /* no service gives the user the host's network */
	uint32_t group; /* class of the link; 0: there is none */
	struct veth_addresses addresses;
	const struct conf_policy *policy; /* that the link shall have; NULL: it shall go */
	bool keep; /* no policy is meant for the user now, but the link's is still there */
	int doubt; /* a negative errno: the user could not be looked up */
};

struct members {
	struct member *list; /* by uid */
	size_t n;
};

/* Who has something that the firewall knows of.  *ret_uids is the caller's to free. */
int members_list(const struct state *state, uint32_t **ret_uids, size_t *ret_n);

/*
 * One of them; the name is the caller's to free.  A user whom nobody knows, or
 * nobody can ask about, keeps what there is, while it is there: another line, such
 * as the one for everybody, is not about them.
 */
int members_read(const struct conf *conf, uint32_t uid, struct member *ret_member);

/*
 * Those of these uids, which are in order.  If one fails, members has those before;
 * it is the caller's to free in any case.
 */
int members_read_all(const struct conf *conf, const uint32_t *uids, size_t n,
		     struct members *members);

int members_find(const struct state *state, const struct conf *conf, struct members *members);
void members_done(struct members *members);

/* The one of that uid, or NULL. */
const struct member *members_get(const struct members *members, uint32_t uid);

/* Puts them into a table that is to replace the one they are in. */
int members_add_to(const struct members *members, struct fw_table *table);

/*
 * Lets nothing pass for those whose policy will be another one: until a table is
 * in force and the links follow, one class would have two meanings.  And takes
 * that back.  Neither needs a user's lock.
 */
int members_hold(const struct members *members);
void members_let_go(const struct members *members);

/*
 * Makes the links of those who are there now what conf says, with the resolvers of
 * context, each under the user's lock, and takes out of the table who is not there
 * any more of those with whom it was made (seen).  Says on out (may be NULL) what
 * changes for whom, compared to before (NULL: not known).  A lock is the user's to
 * hold up: -EAGAIN says that somebody was left out for that, after some seconds, or
 * with wait false, after less than one.
 * Whoever cannot be changed is cut off.
 */
int members_change(const struct state *state, const struct members *seen, const struct conf *before,
		   const struct conf *conf, const struct fw_context *context, bool wait, FILE *out);

/*
 * Says on out what changes for a user who has a namespace; members_change() does so
 * by itself.
 */
void members_print_change(const struct conf *before, const struct conf *conf,
			  const struct member *member, FILE *out);

/* The network of a session line (NULL: none): "loopback private", "veth web". */
#define MEMBERS_NETWORK_MAX 300 /* names have a limit */
void members_describe(const struct conf_session *session, char text[MEMBERS_NETWORK_MAX]);

#endif
