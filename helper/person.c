/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "conf/base.h"
#include "helper/person.h"
#include "helper/proto.h"

static bool is_absence(int error)
{
	return error == 0 || error == ENOENT || error == ESRCH;
}

/* getgrouplist(3) takes a data base that does not answer for one without groups. */
static int check_groups(gid_t primary)
{
	errno = 0;
	if (!getgrgid(primary) && !is_absence(errno))
		return -errno;
	return 0;
}

static int find_groups(const struct passwd *pw, struct person *person)
{
	int n = PROTO_GIDS_MAX;
	int r = check_groups(pw->pw_gid);

	if (r)
		return r;
	errno = 0;
	if (getgrouplist(pw->pw_name, pw->pw_gid, person->gids, &n) < 0)
		return -E2BIG;
	/* These it does tell, in passing. */
	if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == EIO)
		return -errno;
	person->subject.gids = person->gids;
	person->subject.n_gids = (size_t)n;
	return 0;
}

int person_find(uint32_t uid, struct person *person)
{
	const struct passwd *pw;

	errno = 0;
	pw = getpwuid(uid);
	if (!pw)
		return is_absence(errno) ? -ENOENT : -errno;
	person->name = strdup(pw->pw_name);
	person->gids = calloc(PROTO_GIDS_MAX, sizeof(*person->gids));
	if (!person->name || !person->gids)
		return -ENOMEM;
	person->subject = (struct conf_subject){ .name = person->name, .uid = uid };
	return find_groups(pw, person);
}

void person_done(struct person *person)
{
	free(person->name);
	free(person->gids);
	*person = (struct person){ 0 };
}
