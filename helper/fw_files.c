/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/fw.h"
#include "helper/fw_files.h"

#define NEXT FW_FILES_DIRECTORY ".new"

static int open_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int remove_directory(const char *path)
{
	_cleanup_(closedir_p) DIR *list = NULL;
	_cleanup_close_ int fd = open_directory(path);
	const struct dirent *entry;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	list = fdopendir(fd);
	if (!list)
		return -errno;
	steal_fd(&fd);
	while (errno = 0, (entry = readdir(list)))
		if (entry->d_name[0] != '.' && unlinkat(dirfd(list), entry->d_name, 0) < 0)
			return -errno;
	return errno || rmdir(path) < 0 ? -errno : 0;
}

static int write_file(int directory, const char *name, const char *bytes, size_t length)
{
	_cleanup_fclose_ FILE *f = NULL;
	_cleanup_close_ int fd = -1;

	fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	f = fdopen(fd, "w");
	if (!f)
		return -errno;
	steal_fd(&fd);
	if (fwrite(bytes, 1, length, f) != length || fflush(f) != 0)
		return errno ? -errno : -EIO;
	return 0;
}

static int write_policy(int directory, const struct conf *conf, const struct conf_policy *policy,
			const struct fw_context *context)
{
	_cleanup_(fw_free_p) struct fw_table *table = NULL;
	_cleanup_free_ char *bytes = NULL;
	size_t length;
	int r;

	r = fw_compile_session(conf, policy, context, &table);
	if (r < 0 || !table)
		return r;
	r = fw_serialize(table, &bytes, &length);
	return r < 0 ? r : write_file(directory, policy->name, bytes, length);
}

int fw_files_prepare(const struct conf *conf, const struct fw_context *context)
{
	_cleanup_close_ int directory = -1;
	int r;

	/* Left over from one that was killed. */
	r = remove_directory(NEXT);
	if (r)
		return r;
	if (mkdir(NEXT, 0700) < 0)
		return -errno;
	directory = open_directory(NEXT);
	if (directory < 0)
		return directory;
	for (size_t i = 0; i < conf->n_policies && r == 0; i++)
		r = write_policy(directory, conf, conf->policies[i], context);
	return r;
}

int fw_files_commit(void)
{
	if (renameat2(AT_FDCWD, NEXT, AT_FDCWD, FW_FILES_DIRECTORY, RENAME_EXCHANGE) < 0 &&
	    (errno != ENOENT || rename(NEXT, FW_FILES_DIRECTORY) < 0))
		return -errno;
	/* Where nothing is needed, nothing stays; otherwise it is not empty. */
	rmdir(FW_FILES_DIRECTORY);
	return remove_directory(NEXT);
}

int fw_files_discard(void)
{
	return remove_directory(NEXT);
}

int fw_files_remove(void)
{
	int r = fw_files_discard();

	return r ? r : remove_directory(FW_FILES_DIRECTORY);
}
