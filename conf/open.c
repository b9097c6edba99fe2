/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <string.h>

#include "conf/load.h"
#include "conf/parse.h"
#include "conf/source.h"

void load_file_done(struct load_file *file)
{
	free(file->text);
}

static int whole_error(struct loader *l, const char *path, int r, const char *what)
{
	struct conf_place place = { .file = path };

	diag_add(l->diag, DIAG_ERROR, &place, NULL, 0, "%s", what);
	return r;
}

int load_explain(struct loader *l, const struct load_origin *origin, const char *path, int r)
{
	if (r == -ENOMEM)
		return r;
	if (!origin->p)
		return whole_error(l, path, r, strerror(-r));
	parse_report(origin->p, DIAG_ERROR, origin->place, "cannot read '%s': %s", path,
		     strerror(-r));
	return r;
}

/* What somebody who looks at a file may overlook, a login may not. */
static int distrust(struct loader *l, const char *path, int r, const char *what)
{
	struct conf_place place = { .file = path };
	bool trusted = l->flags & CONF_LOAD_TRUSTED;

	diag_add(l->diag, trusted ? DIAG_ERROR : DIAG_WARNING, &place, NULL, 0, "%s: %s", what,
		 trusted ? "refusing to trust it" : "a login would not trust it");
	return trusted ? r : 0;
}

static int check_trust(struct loader *l, const char *path, const struct stat *stat)
{
	char what[80];

	if (stat->st_uid != 0) {
		snprintf(what, sizeof(what), "owned by uid %u, not by root", stat->st_uid);
		return distrust(l, path, -EPERM, what);
	}
	if (stat->st_mode & (S_IWGRP | S_IWOTH)) {
		snprintf(what, sizeof(what), "writable by group or others (mode %04o)",
			 stat->st_mode & 07777U);
		return distrust(l, path, -EPERM, what);
	}
	return 0;
}

static int open_once(int directory, const char *name, int flags)
{
	int fd = openat(directory, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags);

	return fd < 0 ? -errno : fd;
}

static bool is_link(int directory, const char *name)
{
	struct stat stat;

	return fstatat(directory, name, &stat, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(stat.st_mode);
}

/* Opens what name is, without following it: whoever can write there could turn it later. */
static int open_untainted(struct loader *l, const struct load_origin *origin, int directory,
			  const char *name, const char *path, int flags)
{
	int fd, r;

	fd = open_once(directory, name, O_NOFOLLOW | flags);
	/* With O_DIRECTORY, a link is ENOTDIR. */
	if ((fd == -ELOOP || fd == -ENOTDIR) && is_link(directory, name)) {
		r = distrust(l, path, -ELOOP, "a symbolic link");
		if (r < 0)
			return r;
		fd = open_once(directory, name, flags);
	}
	if (fd < 0 && !(fd == -ENOENT && (flags & O_DIRECTORY)))
		load_explain(l, origin, path, fd);
	return fd;
}

int load_open_directory(struct loader *l, const struct load_origin *origin, const char *path,
			int flags, int *ret_fd, struct stat *ret_stat)
{
	_cleanup_close_ int fd = -1;
	int r;

	fd = open_untainted(l, origin, AT_FDCWD, path, path, O_DIRECTORY | flags);
	if (fd < 0)
		return fd;
	if (fstat(fd, ret_stat) < 0)
		return load_explain(l, origin, path, -errno);
	r = check_trust(l, path, ret_stat);
	if (r < 0)
		return r;
	*ret_fd = steal_fd(&fd);
	return 0;
}

/* The size from the start is a hint only: a file may grow while it is read. */
static int read_all(int fd, size_t hint, char **ret_text, size_t *ret_length)
{
	_cleanup_free_ char *text = NULL;
	size_t room = 0, length = 0;
	ssize_t n;

	do {
		if (length == room) {
			char *larger = realloc(text, room = room ? 2 * room : hint + 1);

			if (!larger)
				return -ENOMEM;
			text = larger;
		}
		n = read(fd, text + length, room - length);
		if (n < 0 && errno != EINTR)
			return -errno;
		length += n > 0 ? (size_t)n : 0;
		if (length > CONF_FILE_MAX)
			return -EFBIG;
	} while (n != 0);

	*ret_text = steal_ptr(&text);
	*ret_length = length;
	return 0;
}

int load_read_file(struct loader *l, const struct load_origin *origin, int directory,
		   const char *name, const char *path, struct load_file *ret_file)
{
	_cleanup_close_ int fd = -1;
	int r;

	fd = open_untainted(l, origin, directory, name, path, 0);
	if (fd < 0)
		return fd;
	if (fstat(fd, &ret_file->stat) < 0)
		return load_explain(l, origin, path, -errno);
	if (!S_ISREG(ret_file->stat.st_mode))
		return whole_error(l, path, -EINVAL, "not a regular file");
	r = check_trust(l, path, &ret_file->stat);
	if (r < 0)
		return r;
	r = -EFBIG;
	if (ret_file->stat.st_size <= (off_t)CONF_FILE_MAX)
		r = read_all(fd, (size_t)ret_file->stat.st_size, &ret_file->text,
			     &ret_file->length);
	if (r < 0)
		return load_explain(l, origin, path, r);
	return source_add(&l->sources, &l->n_sources, path, &ret_file->stat);
}
