/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "helper/ground.h"
#include "helper/sysctl.h"

#define SAVED      NETNS_RUN "/host"
#define SAVED_TEMP NETNS_RUN "/host.tmp"
#define SYSCTL_NET "/proc/sys/net/"

#define FORWARD4        "ipv4/ip_forward"
#define FORWARD6        "ipv6/conf/all/forwarding"
#define REDIRECTS       "ipv4/conf/all/accept_redirects"
#define SRC_VMARK       "ipv4/conf/all/src_valid_mark"
#define FORWARDING      "/forwarding"
#define ACCEPT_RA       "/accept_ra"
#define SYSCTL_NAME_MAX 96

/*
 * What we switch, and what the kernel switches along with it, in the order in
 * which it is given back: forwarding for all sets it for every link, too, and
 * that of IPv4 decides about redirects.
 */
static const char *const whole[] = { FORWARD4, FORWARD6, REDIRECTS, SRC_VMARK };

static const struct {
	const char *dir;
	const char *key;
} of_links[] = {
	{ "ipv4/conf/", FORWARDING },
	{ "ipv6/conf/", FORWARDING },
	{ "ipv6/conf/", ACCEPT_RA },
};

/* The kernel lets a link be named ".x", "a.b" or "$x", but not with a slash or a blank. */
static bool is_link(const char *name, size_t length)
{
	static const char *const others[] = { ".", "..", "all" };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (length == strlen(others[i]) && memcmp(name, others[i], length) == 0)
			return false;
	return length && length < IF_NAMESIZE && !memchr(name, '/', length);
}

/* Whether it is one of ours to set. */
static bool is_expected(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(whole); i++)
		if (strcmp(name, whole[i]) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(of_links); i++) {
		size_t dir = strlen(of_links[i].dir);
		const char *end = strrchr(name, '/');

		if (strncmp(name, of_links[i].dir, dir) == 0 && end && end >= name + dir &&
		    strcmp(end, of_links[i].key) == 0 &&
		    is_link(name + dir, (size_t)(end - name) - dir))
			return true;
	}
	return false;
}

typedef int each_fn(const char *name, int value, void *data);

/* A link may be gone, and there may be no IPv6. */
static int call_with(each_fn *fn, const char *name, void *data)
{
	int value;
	int r = sysctl_read(name, &value);

	if (r == -ENOENT)
		return 0;
	return r ? r : fn(name, value, data);
}

/* Calls fn for a setting of all links, and of those to come. */
static int for_each_link(const char *in, const char *key, each_fn *fn, void *data)
{
	char path[SYSCTL_NAME_MAX];
	_cleanup_(closedir_p) DIR *dir = NULL;
	const struct dirent *d;
	int r = 0;

	snprintf(path, sizeof(path), SYSCTL_NET "%s", in);
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	for (errno = 0; !r && (d = readdir(dir)); errno = 0) {
		char name[SYSCTL_NAME_MAX];

		if (!is_link(d->d_name, strlen(d->d_name)))
			continue;
		snprintf(name, sizeof(name), "%s%.15s%s", in, d->d_name, key);
		r = call_with(fn, name, data);
	}
	return r || !errno ? r : -errno;
}

/* Calls fn for what is in the file, in its order.  -ENOENT: nothing was changed yet. */
static int for_each_saved(each_fn *fn, void *data)
{
	_cleanup_fclose_ FILE *f = fopen(SAVED, "re");
	_cleanup_free_ char *line = NULL;
	size_t room = 0;
	int r = 0;

	if (!f)
		return -errno;
	while (!r && getline(&line, &room, f) > 0) {
		char *name;
		long value = strtol(line, &name, 10);

		line[strcspn(line, "\n")] = '\0';
		if (name != line && *name == ' ' && is_expected(name + 1))
			r = fn(name + 1, (int)value, data);
	}
	return r || !ferror(f) ? r : -EIO;
}

static int save(const char *name, int value, void *data)
{
	return fprintf(data, "%d %s\n", value, name) < 0 ? -EIO : 0;
}

int ground_save(void)
{
	_cleanup_fclose_ FILE *f = NULL;
	int r = 0;

	/* Once: what is there was written before the first change, and what is so now is ours. */
	if (access(SAVED, F_OK) == 0)
		return 0;
	if (errno != ENOENT)
		return -errno;
	f = fopen(SAVED_TEMP, "we");
	if (!f)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(whole) && !r; i++)
		r = call_with(save, whole[i], f);
	for (size_t i = 0; i < ARRAY_SIZE(of_links) && !r; i++)
		r = for_each_link(of_links[i].dir, of_links[i].key, save, f);
	if (!r && fflush(f) != 0)
		r = -errno;
	if (!r && rename(SAVED_TEMP, SAVED) < 0)
		r = -errno;
	return r;
}

struct search {
	const char *name;
	bool is_on;
};

static int note_on(const char *name, int value, void *data)
{
	struct search *search = data;

	if (strcmp(name, search->name) == 0)
		search->is_on = value != 0;
	return 0;
}

static bool is_on(const char *name)
{
	int value;

	return sysctl_read(name, &value) == 0 && value != 0;
}

int ground_was_router(int family, bool *ret_was)
{
	struct search search = { .name = family == AF_INET ? FORWARD4 : FORWARD6 };
	int r = for_each_saved(note_on, &search);

	if (r == -ENOENT)
		r = call_with(note_on, search.name, &search);
	*ret_was = search.is_on;
	return r == -EACCES ? 0 : r;
}

struct names {
	fw_link_name *list;
	size_t n;
};

/* IPv6 has such settings as well, but forwards by "all" alone (ip6_forward()). */
static int note_router(const char *name, int value, void *data)
{
	const size_t dir = strlen("ipv4/conf/");
	const char *end = strrchr(name, '/');
	struct names *names = data;
	fw_link_name *list;

	if (!value || strncmp(name, "ipv4/conf/", dir) != 0 || end < name + dir ||
	    strcmp(end, FORWARDING) != 0 || strncmp(name + dir, "default/", 8) == 0)
		return 0;
	list = reallocarray(names->list, names->n + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	names->list = list;
	snprintf(list[names->n++], sizeof(*list), "%.*s", (int)(end - name - (ptrdiff_t)dir),
		 name + dir);
	return 0;
}

int ground_list_routers4(fw_link_name **ret_names, size_t *ret_n)
{
	struct names names = { 0 };
	int r = for_each_saved(note_router, &names);

	if (r == -ENOENT)
		r = for_each_link("ipv4/conf/", FORWARDING, note_router, &names);
	/* Whoever may not read it is not told: what is so now, we have made so. */
	if (r == -EACCES)
		r = 0;
	if (r) {
		free(names.list);
		return r;
	}
	*ret_names = names.list;
	*ret_n = names.n;
	return 0;
}

/* A link may be gone.  To set what is so already is not always without effect. */
static int set(const char *name, int value)
{
	int now;
	int r;

	if (sysctl_read(name, &now) == 0 && now == value)
		return 0;
	r = sysctl_write(name, value);
	return r == -ENOENT ? 0 : r;
}

static int give_back(const char *name, int value, void *data)
{
	int r = set(name, value);

	if (r && !*(int *)data)
		*(int *)data = r;
	return 0;
}

int ground_restore(void)
{
	int error = 0;
	int r = for_each_saved(give_back, &error);

	if (r)
		return r == -ENOENT ? 0 : r;
	if (!error)
		unlink(SAVED);
	return error;
}

static int keep_listening(const char *name, int value, void *data)
{
	(void)data;
	return value == 1 ? set(name, 2) : 0;
}

int ground_forward(void)
{
	int r = set(SRC_VMARK, 1);
	bool was;

	if (!r)
		r = set(FORWARD4, 1);
	/*
	 * With forwarding on, a link listens to router advertisements only if it is told
	 * to twice (ip-sysctl: accept_ra=2), and the moment it is switched on, the routes
	 * go that were learnt by those who listen once.  On a router, nobody listens.
	 */
	if (!r)
		r = ground_was_router(AF_INET6, &was);
	if (!r && !was)
		r = for_each_link("ipv6/conf/", ACCEPT_RA, keep_listening, NULL);
	return r || !sysctl_has_ipv6() ? r : set(FORWARD6, 1);
}

bool ground_forwards(void)
{
	return is_on(SRC_VMARK) && is_on(FORWARD4) && (!sysctl_has_ipv6() || is_on(FORWARD6));
}
