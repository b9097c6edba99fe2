/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "conf/base.h"
#include "helper/textfile.h"

static int read_all(int fd, char *text, size_t room, size_t *ret_n)
{
	size_t n = 0;

	while (n < room) {
		ssize_t more = read(fd, text + n, room - n);

		if (more < 0 && errno == EINTR)
			continue;
		if (more < 0)
			return -errno;
		if (more == 0)
			break;
		n += (size_t)more;
	}
	*ret_n = n;
	return 0;
}

int textfile_read(const char *path, char **ret_text)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	struct stat st;
	size_t n = 0;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size > TEXTFILE_MAX)
		return -EFBIG;
	/* Files of /proc have the size 0, and others may grow. */
	text = malloc(TEXTFILE_MAX + 1);
	if (!text)
		return -ENOMEM;
	r = read_all(fd, text, TEXTFILE_MAX + 1, &n);
	if (r || n > TEXTFILE_MAX)
		return r ? r : -EFBIG;
	text[n] = '\0';
	for (char *at = text; (at = memchr(at, '\0', n - (size_t)(at - text)));)
		*at = '?';
	*ret_text = steal_ptr(&text);
	return 0;
}

char *textfile_line(char **rest)
{
	char *line = *rest;
	char *end;

	if (!line || !*line)
		return NULL;
	end = strchr(line, '\n');
	if (end)
		*end++ = '\0';
	*rest = end;
	return line;
}
