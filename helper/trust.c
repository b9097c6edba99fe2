/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "conf/base.h"
#include "helper/trust.h"

static bool is_of_root_alone(const struct stat *st)
{
	return st->st_uid == 0 && !(st->st_mode & 022);
}

int trust_check(int fd, mode_t type)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	/* Made before us by somebody else, or opened up: nothing in it can be trusted. */
	if ((st.st_mode & S_IFMT) != type || !is_of_root_alone(&st))
		return -EPERM;
	return 0;
}

int trust_open_dir(int at, const char *name, int *ret_fd)
{
	_cleanup_close_ int fd = -1;
	int r;

	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = trust_check(fd, S_IFDIR);
	if (r)
		return r;
	*ret_fd = steal_fd(&fd);
	return 0;
}

bool trust_others_lead_to(const char *path)
{
	char here[PATH_MAX];
	struct stat st;

	snprintf(here, sizeof(here), "%s", path);
	for (char *slash = here; (slash = strchr(slash, '/')); slash++) {
		char first = slash[1];

		slash[1] = '\0';
		if (lstat(here, &st) < 0)
			return false;
		if (!is_of_root_alone(&st))
			return true;
		slash[1] = first;
	}
	return false;
}
