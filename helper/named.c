/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "conf/base.h"
#include "helper/named.h"
#include "helper/netns.h"
#include "helper/trust.h"

int named_open(const char *name, uint64_t host, int *ret_fd, uint64_t *ret_inode)
{
	_cleanup_close_ int dir = -1;
	_cleanup_close_ int fd = -1;
	int r;

	r = trust_open_dir(AT_FDCWD, NAMED_DIR, &dir);
	if (r)
		return r;
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = netns_identify(fd, ret_inode);
	if (r)
		return r;
	if (*ret_inode == host)
		return -EEXIST;
	*ret_fd = steal_fd(&fd);
	return 0;
}

void named_explain(const char *name, int error, char *text, size_t size)
{
	switch (error) {
	case -ENOENT:
		snprintf(text, size, "there is no network namespace " NAMED_DIR "/%s", name);
		break;
	case -EINVAL:
		snprintf(text, size, NAMED_DIR "/%s is no network namespace", name);
		break;
	case -ELOOP:
		snprintf(text, size, NAMED_DIR "/%s is no network namespace but a symbolic link",
			 name);
		break;
	case -EPERM:
		snprintf(text, size, NAMED_DIR " is not root's, or others may write to it");
		break;
	case -EEXIST:
		snprintf(text, size, NAMED_DIR "/%s is the host's own network", name);
		break;
	default:
		snprintf(text, size, "cannot open " NAMED_DIR "/%s: %s", name, strerror(-error));
		break;
	}
}
