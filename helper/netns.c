/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "conf/base.h"
#include "helper/netns.h"

int netns_identify(int fd, uint64_t *ret_inode)
{
	struct statfs fs;
	struct stat st;
	int type;

	if (fstatfs(fd, &fs) < 0)
		return -errno;
	/* Only nsfs knows the ioctl; on another file it could mean anything. */
	if (fs.f_type != NSFS_MAGIC)
		return -EINVAL;
	type = ioctl(fd, NS_GET_NSTYPE);
	if (type < 0)
		return -errno;
	if (type != CLONE_NEWNET)
		return -EINVAL;
	if (fstat(fd, &st) < 0)
		return -errno;
	*ret_inode = st.st_ino;
	return 0;
}

int netns_open(const char *path, int *ret_fd, uint64_t *ret_inode)
{
	_cleanup_close_ int fd = -1;
	int r;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	r = netns_identify(fd, ret_inode);
	if (r)
		return r;
	*ret_fd = steal_fd(&fd);
	return 0;
}

int netns_inode(const char *path, uint64_t *ret_inode)
{
	_cleanup_close_ int fd = -1;

	return netns_open(path, &fd, ret_inode);
}
