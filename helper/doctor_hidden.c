/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conf/conf.h"
#include "helper/doctor.h"
#include "helper/hide.h"

#define BUS "/run/dbus/system_bus_socket"

static const char *const resolvers[] = { HIDE_RESOLVERS };

/* Those that answer on the bus. */
static const char *const on_bus[] = { HIDE_RESOLVED, "/run/avahi-daemon" };

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static bool is_socket_at(int at, const char *name)
{
	struct stat st;

	return fstatat(at, name, &st, 0) == 0 && S_ISSOCK(st.st_mode);
}

/* One itself, or a directory with one in it. */
static bool has_socket(const char *path)
{
	_cleanup_(closedir_p) DIR *dir = opendir(path);
	const struct dirent *d;

	if (!dir)
		return is_socket_at(AT_FDCWD, path);
	while ((d = readdir(dir)))
		if (is_socket_at(dirfd(dir), d->d_name))
			return true;
	return false;
}

static bool is_below(const char *path, const char *top)
{
	size_t n = strlen(top);

	return strncmp(path, top, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* By a path of the list: what that leads to is hidden. */
static bool is_listed(const struct conf_settings *settings, const char *path)
{
	for (size_t i = 0; i < settings->n_hide; i++) {
		_cleanup_free_ char *real = realpath(settings->hide[i], NULL);

		if (is_below(path, settings->hide[i]) || (real && is_below(path, real)))
			return true;
	}
	return false;
}

/* Their queries go to the servers that the host asks, in any case. */
static bool asks_the_same(const struct conf *conf, const struct conf_session *s)
{
	return s->network == CONF_NET_VETH &&
	       conf_policy_dns(conf, s->policy)->kind == CONF_DNS_AUTO;
}

bool doctor_hides(const struct conf *conf, const struct conf_session *session)
{
	const struct conf_settings *settings = &conf->settings;

	for (size_t i = 0; i < settings->n_hide; i++)
		if (exists(settings->hide[i]))
			return true;
	if (!settings->hide_default || asks_the_same(conf, session))
		return false;
	/* The host's links are always there. */
	if (session->network == CONF_NET_LOOPBACK)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(resolvers); i++)
		if (exists(resolvers[i]))
			return true;
	return false;
}

/* Of "set hide default" there is nothing left to see, but for who may ask anyway. */
static bool is_anybody_kept_from(const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_sessions; i++)
		if (conf_confines(conf->sessions[i]) && !asks_the_same(conf, conf->sessions[i]))
			return true;
	return false;
}

static void look_at(struct doctor *doctor, const char *path, enum doctor_kind kind)
{
	const struct conf_settings *settings = &doctor->conf->settings;
	const struct conf_place *place = &settings->set_at[CONF_SETTING_HIDE];
	struct doctor_finding *f;

	if (is_listed(settings, path))
		return;
	f = doctor_add(doctor, kind, place->line ? place->file : NULL, place->line,
		       "%s is not hidden from confined sessions", path);
	doctor_mend(doctor, f, "'set hide default %s' in " NETNS_CONF ", and netnsctl reload%s",
		    kind == DOCTOR_BUS_VISIBLE ? BUS : "",
		    kind == DOCTOR_BUS_VISIBLE ? "; netns.conf(5) says what else needs the bus"
					       : "");
}

int doctor_hidden(struct doctor *doctor)
{
	bool has_bus = false;

	if (!doctor->conf || !is_anybody_kept_from(doctor->conf))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(resolvers); i++)
		if (!doctor->conf->settings.hide_default && has_socket(resolvers[i]))
			look_at(doctor, resolvers[i], DOCTOR_RESOLVER_VISIBLE);
	for (size_t i = 0; i < ARRAY_SIZE(on_bus); i++)
		has_bus |= exists(on_bus[i]);
	if (has_bus && is_socket_at(AT_FDCWD, BUS))
		look_at(doctor, BUS, DOCTOR_BUS_VISIBLE);
	return 0;
}
