/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf/base.h"
#include "helper/depends.h"
#include "helper/resolvers.h"

/* What names mean can change: then the ids in the active configuration are old. */
static const char *const always[] = { "/etc/passwd", "/etc/group" };

static_assert(ARRAY_SIZE(always) + RESOLVERS_FILES * (1UL + DEPENDS_LINKS_MAX) <= DEPENDS_MAX,
	      "there is room for all");

static int add(struct depends *d, const char *path)
{
	struct conf_source *source = &d->list[d->n++];

	*source = (struct conf_source){ .path = (char *)(uintptr_t)path };
	return conf_source_stat(source);
}

/* Where a symbolic link leads; 0: path is none. */
static int read_link(const char *path, char target[PATH_MAX])
{
	char text[PATH_MAX];
	ssize_t n = readlink(path, text, sizeof(text));
	int directory = (int)(strrchr(path, '/') - path) + 1;

	if (n < 0)
		return errno == EINVAL || errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	if (n == 0 || n + directory >= PATH_MAX)
		return -ENAMETOOLONG;
	snprintf(target, PATH_MAX, "%.*s%.*s", text[0] == '/' ? 0 : directory, path, (int)n, text);
	return 1;
}

/* A link may stay while what it leads to is exchanged. */
static int add_followed(struct depends *d, const char *path)
{
	int r = add(d, path);

	for (int i = 0; i < DEPENDS_LINKS_MAX && !r; i++) {
		char *target = d->targets[d->n];

		r = read_link(path, target);
		if (r <= 0)
			return r;
		r = add(d, target);
		path = target;
	}
	return r;
}

int depends_stat(struct depends *depends)
{
	int r = 0;

	depends->n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(always) && !r; i++)
		r = add(depends, always[i]);
	depends->n_always = depends->n;
	for (size_t i = 0; i < RESOLVERS_FILES && !r; i++)
		r = add_followed(depends, resolvers_files[i]);
	return r;
}

void depends_trim(struct depends *depends, const struct conf *conf)
{
	if (!resolvers_first_need(conf))
		depends->n = depends->n_always;
}
