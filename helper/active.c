/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/dump.h"
#include "conf/diag.h"
#include "helper/active.h"

/* The first lines: what it was made from, and whether logins need the firewall. */
#define SOURCE_TAG        "#source "
#define TABLE_TAG         "#table "
#define LINKS_TAG         "#links\n"
#define EXEMPT_TAG        "#exempt "
#define EXEMPT_NONE       EXEMPT_TAG "no\n"
#define ACTIVE_SOURCE_MAX 200

/* The path of the source as one word: '/' becomes '-', and what is '-' already "%2d". */
static void append_escaped(char *to, const char *source)
{
	for (; *source; source++)
		if (*source == '-' || *source == '%')
			to += sprintf(to, "%%%02x", (unsigned char)*source);
		else
			*to++ = (char)(*source == '/' ? '-' : *source);
	*to = '\0';
}

int active_path(const char *source, char path[ACTIVE_PATH_MAX])
{
	char name[3 * ACTIVE_SOURCE_MAX + 1];

	if (source[0] != '/')
		return -EINVAL;
	if (strlen(source) > ACTIVE_SOURCE_MAX)
		return -ENAMETOOLONG;
	append_escaped(name, source);
	/* The file system has a limit too, and a new file has a longer name. */
	if (strlen(name) > NAME_MAX - strlen("new-active"))
		return -ENAMETOOLONG;
	if (strcmp(source, NETNS_CONF) == 0)
		name[0] = '\0';
	snprintf(path, ACTIVE_PATH_MAX, NETNS_RUN "/active%s%s", name, name[0] ? "" : ".conf");
	return 0;
}

static bool is_among(const struct conf_source *list, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].path, path) == 0)
			return true;
	return false;
}

/* One "#source" line: does it describe what is on the disk, or one of those left out? */
static bool source_is_current(const char *line, const struct conf_source *but, size_t n_but)
{
	struct conf_source then = { 0 };
	struct conf_source now = { 0 };
	char path[PATH_MAX];
	int exists;

	if (sscanf(line,
		   SOURCE_TAG "%d %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNd64 " %" SCNd64
			      " %4095[^\n]",
		   &exists, &then.dev, &then.ino, &then.size, &then.mtime_ns, &then.ctime_ns,
		   path) != 7)
		return false;
	if (is_among(but, n_but, path))
		return true;
	now.path = path;
	if (conf_source_stat(&now) < 0)
		return false;
	return now.exists == (exists != 0) && now.dev == then.dev && now.ino == then.ino &&
	       now.size == then.size && now.mtime_ns == then.mtime_ns &&
	       now.ctime_ns == then.ctime_ns;
}

static bool is_current(const char *source, const struct conf_source *but, size_t n_but,
		       bool *ret_has_links)
{
	_cleanup_fclose_ FILE *f = NULL;
	_cleanup_free_ char *line = NULL;
	char path[ACTIVE_PATH_MAX];
	size_t room = 0;
	bool any = false;

	*ret_has_links = false;
	if (active_path(source, path) < 0)
		return false;
	f = fopen(path, "re");
	if (!f)
		return false;
	for (; getline(&line, &room, f) > 0 && line[0] == '#'; any = true)
		if (strcmp(line, LINKS_TAG) == 0)
			*ret_has_links = true;
		else if (strncmp(line, TABLE_TAG, strlen(TABLE_TAG)) == 0 ||
			 strncmp(line, EXEMPT_TAG, strlen(EXEMPT_TAG)) == 0)
			continue;
		else if (!source_is_current(line, but, n_but))
			return false;
	return any;
}

bool active_is_current(const char *source, bool *ret_has_links)
{
	return is_current(source, NULL, 0, ret_has_links);
}

bool active_is_current_but(const char *source, const struct conf_source *but, size_t n_but)
{
	bool has_links;

	return is_current(source, but, n_but, &has_links);
}

uint64_t active_table(const char *source)
{
	_cleanup_fclose_ FILE *f = NULL;
	_cleanup_free_ char *line = NULL;
	char path[ACTIVE_PATH_MAX];
	uint64_t table = 0;
	size_t room = 0;

	if (active_path(source, path) < 0)
		return 0;
	f = fopen(path, "re");
	while (f && getline(&line, &room, f) > 0 && line[0] == '#')
		if (sscanf(line, TABLE_TAG "%" SCNx64, &table) == 1)
			break;
	return table;
}

bool active_exempts(const char *source)
{
	_cleanup_fclose_ FILE *f = NULL;
	_cleanup_free_ char *line = NULL;
	char path[ACTIVE_PATH_MAX];
	size_t room = 0;

	f = active_path(source, path) < 0 ? NULL : fopen(path, "re");
	while (f && getline(&line, &room, f) > 0 && line[0] == '#')
		if (strcmp(line, EXEMPT_NONE) == 0)
			return false;
	return true;
}

int active_stamp(const char *source, struct active_stamp *ret_stamp)
{
	char path[ACTIVE_PATH_MAX];
	struct conf_source file = { .path = path };
	int r = active_path(source, path);

	if (!r)
		r = conf_source_stat(&file);
	if (r)
		return r;
	if (!file.exists)
		return -ENOENT;
	*ret_stamp = (struct active_stamp){ file.ino, file.mtime_ns, file.ctime_ns };
	return 0;
}

bool active_is_same(const char *source, const struct active_stamp *stamp)
{
	struct active_stamp now;

	return active_stamp(source, &now) == 0 && now.ino == stamp->ino &&
	       now.mtime_ns == stamp->mtime_ns && now.ctime_ns == stamp->ctime_ns;
}

int active_load(const char *source, struct diag *diag, struct conf **ret_conf)
{
	char path[ACTIVE_PATH_MAX];
	int r = active_path(source, path);

	if (r)
		return r;
	return conf_load(path, CONF_LOAD_TRUSTED | CONF_LOAD_QUICK, diag, ret_conf);
}

static void write_source(FILE *f, const struct conf_source *s)
{
	fprintf(f, SOURCE_TAG "%d %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 " %s\n",
		s->exists, s->dev, s->ino, s->size, s->mtime_ns, s->ctime_ns, s->path);
}

static int write_file(const char *path, const struct conf *conf, const struct conf_source *names,
		      size_t n_names, uint64_t table, bool exempts)
{
	_cleanup_close_ int fd = -1;
	_cleanup_fclose_ FILE *f = NULL;
	int r;

	/* Left over from one that was killed; nobody else writes it, see STATE_LOCK_RELOAD. */
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	f = fdopen(fd, "w");
	if (!f)
		return -errno;
	steal_fd(&fd);
	for (size_t i = 0; i < conf->n_sources; i++)
		write_source(f, &conf->sources[i]);
	for (size_t i = 0; i < n_names; i++)
		write_source(f, &names[i]);
	if (conf_has_network(conf, CONF_NET_VETH))
		fputs(LINKS_TAG, f);
	fputs(exempts ? EXEMPT_TAG "yes\n" : EXEMPT_NONE, f);
	fprintf(f, TABLE_TAG "%016" PRIx64 "\n", table);
	r = conf_dump(conf, f);
	if (r)
		return r;
	if (fflush(f) != 0 || ferror(f))
		return errno ? -errno : -EIO;
	return 0;
}

/* No active file is called so. */
static int next_path(const char *source, char path[ACTIVE_PATH_MAX], char next[ACTIVE_PATH_MAX])
{
	int r = active_path(source, path);

	if (!r && snprintf(next, ACTIVE_PATH_MAX, NETNS_RUN "/new-%s",
			   path + strlen(NETNS_RUN "/")) >= ACTIVE_PATH_MAX)
		r = -ENAMETOOLONG;
	return r;
}

int active_prepare(const char *source, const struct conf *conf, const struct conf_source *names,
		   size_t n_names, uint64_t table, bool exempts)
{
	char path[ACTIVE_PATH_MAX];
	char next[ACTIVE_PATH_MAX];
	int r;

	r = next_path(source, path, next);
	return r ? r : write_file(next, conf, names, n_names, table, exempts);
}

void active_discard(const char *source)
{
	char path[ACTIVE_PATH_MAX];
	char next[ACTIVE_PATH_MAX];

	if (next_path(source, path, next) == 0)
		unlink(next);
}

int active_commit(const char *source)
{
	char path[ACTIVE_PATH_MAX];
	char next[ACTIVE_PATH_MAX];
	int r = next_path(source, path, next);

	return r ? r : rename(next, path) < 0 ? -errno : 0;
}

int active_remove(void)
{
	_cleanup_(closedir_p) DIR *dir = opendir(NETNS_RUN);
	const struct dirent *d;

	if (!dir)
		return -errno;
	while (errno = 0, (d = readdir(dir)))
		if ((strncmp(d->d_name, "active", strlen("active")) == 0 ||
		     strncmp(d->d_name, "new-active", strlen("new-active")) == 0) &&
		    unlinkat(dirfd(dir), d->d_name, 0) < 0)
			return -errno;
	return errno ? -errno : 0;
}
