/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "helper/confined.h"
#include "helper/doctor.h"
#include "helper/exempt.h"
#include "helper/list.h"
#include "helper/person.h"

#define LINGER "/var/lib/systemd/linger"

bool doctor_confines_by(const struct conf *conf, const char *service)
{
	for (size_t i = 0; i < conf->n_sessions; i++) {
		const struct conf_session *s = conf->sessions[i];

		if (conf_confines(s) && s->n_services == 0)
			return true;
		for (size_t j = 0; conf_confines(s) && j < s->n_services; j++)
			if (fnmatch(s->services[j], service, FNM_NOESCAPE) == 0)
				return true;
	}
	return false;
}

bool doctor_confines(const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_sessions; i++)
		if (conf_confines(conf->sessions[i]))
			return true;
	return false;
}

/* A group that does not exist exempts nobody. */
static bool note_exempt(void *data, const char *path, const char *name)
{
	const struct group *group = getgrnam(name);
	struct doctor *doctor = data;
	uint32_t *gid;

	(void)path;
	if (!group)
		return false;
	gid = list_add(doctor->exempt, doctor->n_exempt);
	if (gid)
		*gid = group->gr_gid;
	else
		doctor->error = -ENOMEM;
	return !gid;
}

static int find_exempt(struct doctor *doctor)
{
	bool stopped;

	if (doctor->has_exempt)
		return 0;
	doctor->has_exempt = true;
	return exempt_search(note_exempt, doctor, &stopped);
}

static bool is_exempt(const struct doctor *doctor, const struct conf_subject *subject)
{
	for (size_t i = 0; i < subject->n_gids; i++)
		for (size_t j = 0; j < doctor->n_exempt; j++)
			if (subject->gids[i] == doctor->exempt[j])
				return true;
	return false;
}

static bool always_hides(const struct conf *conf, const struct conf_subject *subject)
{
	const struct conf_session *s;
	size_t next = 0;

	while ((s = conf_match_some(conf, subject, &next)))
		if (conf_confines(s) && !doctor_hides(conf, s))
			return false;
	return true;
}

static int find_user(struct doctor *doctor, uint32_t uid, struct doctor_user *ret_user)
{
	_cleanup_(person_done) struct person person = { 0 };
	int r = find_exempt(doctor);

	*ret_user = (struct doctor_user){ .uid = uid };
	if (!r)
		r = person_find(uid, &person);
	if (r == -ENOENT) {
		ret_user->confined = doctor->n_exempt == 0 && confined_has(doctor->conf, uid);
		return 0;
	}
	if (r)
		return r;
	ret_user->confined = conf_always_confines(doctor->conf, &person.subject) &&
			     !is_exempt(doctor, &person.subject);
	ret_user->hides = ret_user->confined && always_hides(doctor->conf, &person.subject);
	ret_user->name = steal_ptr(&person.name);
	return 0;
}

/* Where the user is, or belongs. */
static size_t find_place(const struct doctor *doctor, uint32_t uid)
{
	size_t first = 0;
	size_t end = doctor->n_users;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (doctor->users[middle].uid < uid)
			first = middle + 1;
		else
			end = middle;
	}
	return first;
}

const struct doctor_user *doctor_user(struct doctor *doctor, uint32_t uid, int *ret_error)
{
	size_t at = find_place(doctor, uid);
	struct doctor_user user;

	*ret_error = 0;
	if (at < doctor->n_users && doctor->users[at].uid == uid)
		return &doctor->users[at];
	*ret_error = find_user(doctor, uid, &user);
	if (*ret_error)
		return NULL;
	if (!list_add(doctor->users, doctor->n_users)) {
		free(user.name);
		*ret_error = doctor->error = -ENOMEM;
		return NULL;
	}
	memmove(&doctor->users[at + 1], &doctor->users[at],
		(doctor->n_users - 1 - at) * sizeof(user));
	doctor->users[at] = user;
	return &doctor->users[at];
}

static int look_at_linger(struct doctor *doctor, const char *name)
{
	const struct passwd *pw = getpwnam(name);
	const struct doctor_user *user;
	int r;

	/* A file that is left of a user who is gone starts nothing. */
	if (!pw || pw->pw_uid == 0)
		return 0;
	user = doctor_user(doctor, pw->pw_uid, &r);
	if (user && user->confined) {
		struct doctor_finding *f =
			doctor_add(doctor, DOCTOR_LINGER, NULL, 0, "the user '%s' lingers", name);

		doctor_about(doctor, f, user->name, NULL, 0);
		doctor_mend(doctor, f, "loginctl disable-linger '%s', if that is not meant", name);
	}
	return r;
}

int doctor_linger(struct doctor *doctor)
{
	_cleanup_(closedir_p) DIR *dir = opendir(LINGER);
	const struct dirent *d;
	int r = 0;

	if (!dir)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	while (doctor->conf && !r && (errno = 0, d = readdir(dir)))
		if (d->d_name[0] != '.')
			r = look_at_linger(doctor, d->d_name);
	return r;
}
