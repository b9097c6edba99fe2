/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "conf/array.h"
#include "conf/base.h"
#include "conf/conf.h"
#include "conf/source.h"

int path_split(const char *path, char **ret_directory, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	char *directory;

	if (!slash)
		directory = strdup(".");
	else
		directory = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (!directory)
		return -ENOMEM;
	*ret_directory = directory;
	*ret_name = slash ? slash + 1 : path;
	return 0;
}

int path_join(const char *directory, const char *name, char **ret_path)
{
	const char *gap = directory[strlen(directory) - 1] == '/' ? "" : "/";
	char *path;

	/* A file beside the first one is called as the first one was. */
	if (strcmp(directory, ".") == 0)
		directory = gap = "";
	if (asprintf(&path, "%s%s%s", directory, gap, name) < 0)
		return -ENOMEM;
	*ret_path = path;
	return 0;
}

static int make_absolute(const char *path, char **ret_path)
{
	_cleanup_free_ char *cwd = NULL;
	char *copy;

	if (path[0] == '/') {
		copy = strdup(path);
		if (!copy)
			return -ENOMEM;
		*ret_path = copy;
		return 0;
	}
	cwd = getcwd(NULL, 0);
	if (!cwd)
		return -errno;
	return path_join(cwd, path, ret_path);
}

static int64_t nanoseconds(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

static void fill(struct conf_source *source, const struct stat *stat)
{
	source->exists = stat;
	source->dev = stat ? stat->st_dev : 0;
	source->ino = stat ? stat->st_ino : 0;
	source->size = stat ? (uint64_t)stat->st_size : 0;
	source->mtime_ns = stat ? nanoseconds(&stat->st_mtim) : 0;
	source->ctime_ns = stat ? nanoseconds(&stat->st_ctim) : 0;
}

/* Symbolic links are not followed: one in the place of a file is a change. */
int conf_source_stat(struct conf_source *source)
{
	struct stat stat;

	if (fstatat(AT_FDCWD, source->path, &stat, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			return -errno;
		fill(source, NULL);
		return 0;
	}
	fill(source, &stat);
	return 0;
}

int source_add(struct conf_source **sources, size_t *n, const char *path, const struct stat *stat)
{
	_cleanup_free_ char *absolute = NULL;
	struct conf_source *source;
	int r;

	r = make_absolute(path, &absolute);
	if (r < 0)
		return r;
	source = array_add(*sources, *n);
	if (!source)
		return -ENOMEM;
	source->path = steal_ptr(&absolute);
	fill(source, stat);
	return 0;
}

void sources_free(struct conf_source *sources, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(sources[i].path);
	free(sources);
}
