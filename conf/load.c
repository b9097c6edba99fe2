/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>

#include "conf/array.h"
#include "conf/load.h"
#include "conf/parse.h"
#include "conf/source.h"

struct names {
	char **names;
	size_t n_names;
};

static void names_done(struct names *names)
{
	for (size_t i = 0; i < names->n_names; i++)
		free(names->names[i]);
	free(names->names);
}

static void loader_done(struct loader *l)
{
	sources_free(l->sources, l->n_sources);
}

static bool has_wildcard(const char *text)
{
	return strpbrk(text, "*?[");
}

static int wrong(const struct load_origin *origin, const char *what)
{
	parse_report(origin->p, DIAG_ERROR, origin->place, "%s", what);
	return -EINVAL;
}

static int too_many(const struct load_origin *origin)
{
	parse_report(origin->p, DIAG_ERROR, origin->place, "more than %u files", CONF_FILES_MAX);
	return -EINVAL;
}

static bool is_being_read(const struct loader *l, const struct stat *stat)
{
	for (const struct load_frame *frame = l->top; frame; frame = frame->parent) {
		if (frame->dev == stat->st_dev && frame->ino == stat->st_ino)
			return true;
	}
	return false;
}

static int include_file(struct loader *l, const struct load_origin *origin, int directory,
			const char *name, const char *path)
{
	_cleanup_(load_file_done) struct load_file file = { 0 };
	struct load_frame frame = { .parent = l->top, .path = path };
	int r;

	r = load_read_file(l, origin, directory, name, path, &file);
	if (r < 0)
		return r == -ENOMEM ? r : -EINVAL;
	if (is_being_read(l, &file.stat))
		return wrong(origin, "the file includes itself");
	frame.dev = file.stat.st_dev;
	frame.ino = file.stat.st_ino;
	l->n_files++;
	l->top = &frame;
	r = conf_parse_text(origin->p, path, file.text, file.length);
	l->top = frame.parent;
	return r;
}

/* Not for the names in order, nor for a hidden file or what an editor left. */
static bool is_wanted(const char *pattern, const char *name)
{
	size_t length = strlen(name);

	return name[0] != '.' && name[length - 1] != '~' &&
	       fnmatch(pattern, name, FNM_NOESCAPE) == 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list_names(int directory, const char *pattern, struct names *names)
{
	_cleanup_close_ int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(closedir_p) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	char **slot;

	if (!dir)
		return -errno;
	steal_fd(&fd);
	while (errno = 0, (entry = readdir(dir))) {
		if (!is_wanted(pattern, entry->d_name))
			continue;
		slot = array_add(names->names, names->n_names);
		if (!slot)
			return -ENOMEM;
		*slot = strdup(entry->d_name);
		if (!*slot)
			return -ENOMEM;
	}
	if (errno != 0)
		return -errno;
	if (names->n_names > 0)
		qsort(names->names, names->n_names, sizeof(*names->names), compare_names);
	return 0;
}

static int include_name(struct loader *l, const struct load_origin *origin, int fd,
			const char *directory, const char *name)
{
	_cleanup_free_ char *path = NULL;
	int r;

	r = path_join(directory, name, &path);
	return r < 0 ? r : include_file(l, origin, fd, name, path);
}

/* One bad file does not hide the errors in the others. */
static int include_names(struct loader *l, const struct load_origin *origin, int fd,
			 const char *directory, const struct names *names)
{
	int r = 0, r2;

	for (size_t i = 0; i < names->n_names; i++) {
		if (l->n_files >= CONF_FILES_MAX)
			return too_many(origin);
		r2 = include_name(l, origin, fd, directory, names->names[i]);
		if (r2 == -ENOMEM)
			return r2;
		r = r2 < 0 ? r2 : r;
	}
	return r;
}

static int include_pattern(struct loader *l, const struct load_origin *origin,
			   const char *directory, const char *pattern)
{
	_cleanup_(names_done) struct names names = { 0 };
	_cleanup_close_ int fd = -1;
	bool glob = has_wildcard(pattern);
	struct stat stat;
	int r;

	r = load_open_directory(l, origin, directory, O_PATH, &fd, &stat);
	if (r == -ENOENT && glob)
		return source_add(&l->sources, &l->n_sources, directory, NULL);
	if (r == -ENOENT)
		load_explain(l, origin, directory, r);
	if (r < 0)
		return r == -ENOMEM ? r : -EINVAL;
	if (!glob && l->n_files >= CONF_FILES_MAX)
		return too_many(origin);
	if (!glob)
		return include_name(l, origin, fd, directory, pattern);

	r = source_add(&l->sources, &l->n_sources, directory, &stat);
	if (r < 0)
		return r;
	r = list_names(fd, pattern, &names);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return load_explain(l, origin, directory, r), -EINVAL;
	return include_names(l, origin, fd, directory, &names);
}

static int include(struct conf_parser *p, const char *pattern, const struct conf_place *at,
		   void *userdata)
{
	struct loader *l = userdata;
	struct load_origin origin = { .p = p, .place = at };
	_cleanup_free_ char *here = NULL, *path = NULL, *directory = NULL;
	const char *name;
	int r;

	r = path_split(l->top->path, &here, &name);
	if (r < 0)
		return r;
	r = path_join(pattern[0] == '/' ? "." : here, pattern, &path);
	if (r < 0)
		return r;
	r = path_split(path, &directory, &name);
	if (r < 0)
		return r;
	if (has_wildcard(directory))
		return wrong(&origin, "wildcards may stand in the last part of the path only");
	if (!name[0])
		return wrong(&origin, "expected the name of a file, not of a directory");
	return include_pattern(l, &origin, directory, name);
}

static int load_main(struct loader *l, const char *path, struct load_file *ret_file)
{
	const struct load_origin origin = { 0 };
	_cleanup_free_ char *directory = NULL;
	_cleanup_close_ int fd = -1;
	const char *name;
	struct stat stat;
	int r;

	r = path_split(path, &directory, &name);
	if (r < 0)
		return r;
	r = load_open_directory(l, &origin, directory, O_PATH, &fd, &stat);
	if (r == -ENOENT)
		load_explain(l, &origin, path, r);
	if (r < 0)
		return r;
	return load_read_file(l, &origin, fd, name, path, ret_file);
}

int conf_load(const char *path, unsigned flags, struct diag *diag, struct conf **ret_conf)
{
	_cleanup_(loader_done) struct loader l = { .flags = flags, .diag = diag, .n_files = 1 };
	_cleanup_(load_file_done) struct load_file file = { 0 };
	struct load_frame frame = { .path = path };
	struct conf *conf;
	int r;

	r = load_main(&l, path, &file);
	if (r < 0)
		return r;
	frame.dev = file.stat.st_dev;
	frame.ino = file.stat.st_ino;
	l.top = &frame;
	r = parse_all(path, file.text, file.length, flags, include, &l, diag, &conf);
	if (r < 0)
		return r;
	conf->sources = steal_ptr(&l.sources);
	conf->n_sources = l.n_sources;
	l.n_sources = 0;
	*ret_conf = conf;
	return 0;
}
