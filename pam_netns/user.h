/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAM_NETNS_USER_H
#define PAM_NETNS_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct pam_handle;

/* Who the session is for. */
struct user {
	char *name; /* as in the passwd entry */
	uid_t uid;
	gid_t *gids; /* the primary one first; all of them after user_find_groups() */
	size_t n_gids;
};

void user_done(struct user *user);

/* Longest text of user_quote(), with the NUL. */
#define USER_QUOTED_MAX 128

/* name for the log: control characters and what is not ASCII as \ooo, long ones cut. */
void user_quote(const char *name, char text[USER_QUOTED_MAX]);

/*
 * Finds the passwd entry of PAM_USER.  -ENOENT: there is none.  Otherwise 0 or
 * the negative errno of a data base that does not answer.
 */
int user_find(struct pam_handle *pamh, struct user *ret_user);

/* Finds the user's groups. 0 or a negative errno. */
int user_find_groups(struct user *user);

/* 1: the user is in the group of that name; 0: not; -ENOENT: there is no such group. */
int user_is_in(const struct user *user, struct pam_handle *pamh, const char *group);

#endif
