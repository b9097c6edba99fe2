/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "conf/base.h"
#include "helper/list.h"
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

static int look_up(uint32_t uid, struct person *person)
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

static int copy(const struct person *from, struct person *to)
{
	size_t n = from->subject.n_gids;

	to->name = strdup(from->name);
	to->gids = calloc(n ? n : 1, sizeof(*to->gids));
	if (!to->name || !to->gids)
		return -ENOMEM;
	if (n)
		memcpy(to->gids, from->gids, n * sizeof(*to->gids));
	to->subject = (struct conf_subject){
		.name = to->name,
		.uid = from->subject.uid,
		.gids = to->gids,
		.n_gids = n,
	};
	return 0;
}

/* All who have been found, by uid. */
static struct person *known;
static size_t n_known;

/* Where uid is among them, or would be. */
static size_t find_place(uint32_t uid)
{
	size_t first = 0;
	size_t last = n_known;

	while (first < last) {
		size_t middle = first + (last - first) / 2;

		if (known[middle].subject.uid < uid)
			first = middle + 1;
		else
			last = middle;
	}
	return first;
}

static int remember(const struct person *person, size_t place)
{
	struct person new = { 0 };
	int r = copy(person, &new);

	if (r || !list_add(known, n_known)) {
		person_done(&new);
		return -ENOMEM;
	}
	memmove(&known[place + 1], &known[place], (n_known - 1 - place) * sizeof(*known));
	known[place] = new;
	return 0;
}

int person_find(uint32_t uid, struct person *person)
{
	size_t place = find_place(uid);
	int r;

	if (place < n_known && known[place].subject.uid == uid)
		return copy(&known[place], person);
	r = look_up(uid, person);
	return r ? r : remember(person, place);
}

void person_done(struct person *person)
{
	free(person->name);
	free(person->gids);
	*person = (struct person){ 0 };
}
