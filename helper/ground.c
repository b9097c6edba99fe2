/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/ground.h"
#include "helper/link.h"
#include "helper/nl.h"
#include "helper/pool.h"
#include "helper/rule.h"
#include "helper/sysctl.h"

#define SAVED           NETNS_RUN "/host"
#define SAVED_TEMP      NETNS_RUN "/host.tmp"
#define FORWARD4        "ipv4/ip_forward"
#define FORWARD6        "ipv6/conf/all/forwarding"
#define CONF6           "/proc/sys/net/ipv6/conf"
#define SYSCTL_NAME_MAX 96

/* A setting as it was before us. */
static void save(FILE *f, const char *name)
{
	int value;

	if (sysctl_read(name, &value) == 0)
		fprintf(f, "%d %s\n", value, name);
}

/*
 * With forwarding on, a link listens to router advertisements only if it is told
 * to twice (ip-sysctl: accept_ra=2).  Those that listen now shall go on.
 */
typedef int each_link_fn(const char *name, void *data);
static int for_each_listener(each_link_fn *fn, void *data)
{
	_cleanup_(closedir_p) DIR *dir = opendir(CONF6);
	const struct dirent *d;
	int r = 0;

	while (dir && !r && (d = readdir(dir))) {
		char name[SYSCTL_NAME_MAX];
		int value;

		if (d->d_name[0] == '.' || strcmp(d->d_name, "all") == 0)
			continue;
		snprintf(name, sizeof(name), "ipv6/conf/%.32s/accept_ra", d->d_name);
		if (sysctl_read(name, &value) == 0 && value == 1)
			r = fn(name, data);
	}
	return r;
}

static int save_listener(const char *name, void *data)
{
	save(data, name);
	return 0;
}

static int keep_listening(const char *name, void *data)
{
	(void)data;
	return sysctl_write(name, 2);
}

int ground_save(void)
{
	_cleanup_fclose_ FILE *f = NULL;

	/* Once: what is there was written before the first change. */
	if (access(SAVED, F_OK) == 0)
		return 0;
	f = fopen(SAVED_TEMP, "we");
	if (!f)
		return -errno;
	save(f, FORWARD4);
	save(f, FORWARD6);
	for_each_listener(save_listener, f);
	if (fflush(f) != 0)
		return -errno;
	return rename(SAVED_TEMP, SAVED) < 0 ? -errno : 0;
}

static bool forwards(const char *name)
{
	int value;

	return sysctl_read(name, &value) == 0 && value != 0;
}

bool ground_was_router(void)
{
	_cleanup_fclose_ FILE *f = fopen(SAVED, "re");
	char name[SYSCTL_NAME_MAX];
	bool was = false;
	int value;

	/* Nothing was changed yet. */
	if (!f)
		return forwards(FORWARD4) || forwards(FORWARD6);
	while (fscanf(f, "%d %95s", &value, name) == 2)
		was |= value != 0 && (strcmp(name, FORWARD4) == 0 || strcmp(name, FORWARD6) == 0);
	return was;
}

static int restore_settings(void)
{
	_cleanup_fclose_ FILE *f = fopen(SAVED, "re");
	char name[SYSCTL_NAME_MAX];
	int first = 0;
	int value;

	/* A link that listened may be gone; forwarding is the first in the file. */
	while (f && fscanf(f, "%d %95s", &value, name) == 2) {
		int r = sysctl_write(name, value);

		if (r && r != -ENOENT && !first)
			first = r;
	}
	if (!first)
		unlink(SAVED);
	return first;
}

int ground_forward(void)
{
	int r = sysctl_write(FORWARD4, 1);

	if (r || !sysctl_has_ipv6())
		return r;
	/* Before forwarding: switching that on drops the routes learnt by those who listen once. */
	r = for_each_listener(keep_listening, NULL);
	return r ? r : sysctl_write(FORWARD6, 1);
}

static int set_gateway(struct mnl_socket *socket, const struct conf_prefix *pool, bool present)
{
	const struct conf_prefix gateway = pool_address(pool, POOL_GATEWAY);
	struct nl_batch batch;
	int r;

	nl_batch_init(&batch);
	if (present)
		link_put_address(&batch, LINK_LOOPBACK, &gateway);
	else
		link_put_no_address(&batch, LINK_LOOPBACK, &gateway);
	r = nl_commit(socket, &batch, NULL);
	return !present && r == -EADDRNOTAVAIL ? 0 : r;
}

static bool same(const struct conf_prefix *a, const struct conf_prefix *b)
{
	return a->length == b->length && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static int set_family(struct mnl_socket *socket, const struct conf_prefix *pool,
		      const struct conf_prefix *old)
{
	int r = 0;

	if (old && (!pool || !same(pool, old)))
		r = set_gateway(socket, old, false);
	if (!r && pool)
		r = set_gateway(socket, pool, true);
	return r ? r : rule_set(socket, pool ? pool->family : old->family, pool);
}

/* Either may be NULL. */
static int set_all(const struct conf_settings *new, const struct conf_settings *old)
{
	_cleanup_(nl_close_p) struct mnl_socket *socket = NULL;
	int r;

	r = nl_open(NETLINK_ROUTE, &socket);
	if (!r)
		r = set_family(socket, new ? &new->pool4 : NULL, old ? &old->pool4 : NULL);
	if (!r && sysctl_has_ipv6())
		r = set_family(socket, new ? &new->pool6 : NULL, old ? &old->pool6 : NULL);
	return r;
}

int ground_set(const struct conf_settings *settings, const struct conf_settings *old)
{
	return set_all(settings, old);
}

static int check_family(struct mnl_socket *socket, const struct conf_prefix *pool, bool *is_set)
{
	bool is = true;
	int r = rule_is_set(socket, pool->family, pool, &is);

	*is_set &= is;
	return r;
}

int ground_is_set(const struct conf_settings *settings, bool *ret_is)
{
	_cleanup_(nl_close_p) struct mnl_socket *socket = NULL;
	bool ipv6 = sysctl_has_ipv6();
	bool is = forwards(FORWARD4) && (!ipv6 || forwards(FORWARD6));
	int r;

	r = nl_open(NETLINK_ROUTE, &socket);
	if (!r)
		r = check_family(socket, &settings->pool4, &is);
	if (!r && ipv6)
		r = check_family(socket, &settings->pool6, &is);
	if (!r)
		*ret_is = is;
	return r;
}

int ground_clear(const struct conf_settings *old)
{
	int r = restore_settings();

	return r ? r : set_all(NULL, old);
}
