/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

#include <security/pam_modules.h>
#include <security/pam_modutil.h>

#include "conf/base.h"
#include "helper/proto.h"
#include "pam_netns/user.h"

#define GROUPS_FIRST    64
#define GID_OF_NOBODY   ((gid_t)-2)
#define GROUP_ENTRY_MAX (16U << 20) /* bytes; some groups have very many members */

void user_done(struct user *user)
{
	free(user->name);
	free(user->gids);
	user->name = NULL;
	user->gids = NULL;
}

void user_quote(const char *name, char text[USER_QUOTED_MAX])
{
	size_t n = 0;

	for (const char *p = name ? name : ""; *p; p++) {
		unsigned char c = (unsigned char)*p;

		/* Room for "\ooo", "..." and the NUL. */
		if (n + 8 > USER_QUOTED_MAX) {
			memcpy(text + n, "...", 3);
			n += 3;
			break;
		}
		if (c > 0x20 && c < 0x7f && c != '\\')
			text[n++] = (char)c;
		else
			n += (size_t)snprintf(text + n, 5, "\\%03o", c);
	}
	text[n] = '\0';
}

int user_find(pam_handle_t *pamh, struct user *ret_user)
{
	const void *name = NULL;
	const struct passwd *pw;

	if (pam_get_item(pamh, PAM_USER, &name) != PAM_SUCCESS || !name || !*(const char *)name)
		return -ENOENT;
	errno = 0;
	pw = pam_modutil_getpwnam(pamh, name);
	if (!pw)
		return errno ? -errno : -ENOENT;
	if (strlen(pw->pw_name) >= PROTO_NAME_MAX)
		return -ENAMETOOLONG;
	ret_user->name = strdup(pw->pw_name);
	if (!ret_user->name)
		return -ENOMEM;
	ret_user->uid = pw->pw_uid;
	ret_user->gids = malloc(sizeof(gid_t));
	if (!ret_user->gids)
		return -ENOMEM;
	ret_user->gids[0] = pw->pw_gid;
	ret_user->n_gids = 1;
	return 0;
}

/* 0: there is such a group, or none; otherwise the data base has not answered. */
static int ask_for_group(gid_t gid)
{
	_cleanup_free_ char *buffer = NULL;
	size_t size = 1024;
	int r = ERANGE;

	for (; r == ERANGE && size <= GROUP_ENTRY_MAX; size *= 4) {
		struct group *found;
		struct group gr;
		char *grown = realloc(buffer, size);

		if (!grown)
			return -ENOMEM;
		buffer = grown;
		r = getgrgid_r(gid, &gr, buffer, size, &found);
	}
	return -r;
}

/*
 * getgrouplist(3) takes a data base that does not answer for one in which the
 * user has no groups.  So two questions first: for the primary group, which must
 * have an answer; and for a group that nobody has, which every service of
 * nsswitch.conf(5) is asked for.  That one may be missing altogether: ENOENT.
 */
static int check_group_data_base(gid_t primary)
{
	int r = ask_for_group(primary);

	if (r)
		return r;
	r = ask_for_group(GID_OF_NOBODY);
	return r == -ENOENT || r == -ESRCH ? 0 : r;
}

int user_find_groups(struct user *user)
{
	gid_t primary = user->gids[0];
	int r = check_group_data_base(primary);

	if (r)
		return r;

	/* getgrouplist(3) says how many there are when the room is too small. */
	for (int room = GROUPS_FIRST; room <= PROTO_GIDS_MAX;) {
		gid_t *grown = reallocarray(user->gids, (size_t)room, sizeof(gid_t));
		int n = room;

		if (!grown)
			return -ENOMEM;
		user->gids = grown;
		errno = 0;
		if (getgrouplist(user->name, primary, user->gids, &n) >= 0) {
			user->n_gids = (size_t)n;
			/* These it does tell, in passing. */
			return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? -errno : 0;
		}
		room = n > room ? n : room * 2;
	}
	return -E2BIG;
}

int user_is_in(const struct user *user, pam_handle_t *pamh, const char *group)
{
	const struct group *gr = pam_modutil_getgrnam(pamh, group);

	if (!gr)
		return -ENOENT;
	for (size_t i = 0; i < user->n_gids; i++)
		if (user->gids[i] == gr->gr_gid)
			return 1;
	return 0;
}
