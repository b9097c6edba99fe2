/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "conf/base.h"
#include "helper/sysctl.h"

#define SYSCTL_NET      "/proc/sys/net/"
#define SYSCTL_PATH_MAX 128

static int write_text(const char *path, const char *text)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
	size_t length = strlen(text);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, length);
	if (n < 0)
		return -errno;
	return (size_t)n == length ? 0 : -EIO;
}

int sysctl_set_link(const char *link, const struct sysctl *values, unsigned n)
{
	char path[SYSCTL_PATH_MAX];

	for (unsigned i = 0; i < n; i++) {
		int r;

		snprintf(path, sizeof(path), SYSCTL_NET "ipv6/conf/%s/%s", link, values[i].key);
		r = write_text(path, values[i].value);
		if (r)
			return r;
	}
	return 0;
}

int sysctl_read(const char *path, int *ret_value)
{
	_cleanup_fclose_ FILE *f = NULL;
	char full[SYSCTL_PATH_MAX];

	snprintf(full, sizeof(full), SYSCTL_NET "%s", path);
	f = fopen(full, "re");
	if (!f)
		return -errno;
	/* Of a link that goes just now, reading says ENOENT. */
	errno = EIO;
	return fscanf(f, "%d", ret_value) == 1 ? 0 : -errno;
}

int sysctl_write(const char *path, int value)
{
	char full[SYSCTL_PATH_MAX];
	char text[16];

	snprintf(full, sizeof(full), SYSCTL_NET "%s", path);
	snprintf(text, sizeof(text), "%d", value);
	return write_text(full, text);
}

bool sysctl_has_ipv6(void)
{
	/* What cannot be looked at is there: without rules for it IPv6 would not be held back. */
	return access(SYSCTL_NET "ipv6/conf/all", F_OK) == 0 || errno != ENOENT;
}

int sysctl_uses_ipv6(bool *ret_uses)
{
	int disabled = 1;
	int r = sysctl_read("ipv6/conf/lo/disable_ipv6", &disabled);

	if (r && r != -ENOENT)
		return r;
	*ret_uses = !disabled;
	return 0;
}
