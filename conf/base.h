/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONF_BASE_H
#define CONF_BASE_H

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * Small things that every file uses.  Ownership is in the type: a variable
 * marked _cleanup_close_ or _cleanup_free_ gives up what it holds when it goes
 * out of scope, unless steal_fd() or steal_ptr() has taken it.  The cleanup
 * functions leave errno alone.
 */

#define ARRAY_SIZE(a)      (sizeof(a) / sizeof((a)[0]))
#define PRINTF_LIKE(f, a)  __attribute__((format(printf, f, a)))
#define WARN_UNUSED_RESULT __attribute__((warn_unused_result))

#define _cleanup_(f)     __attribute__((cleanup(f)))
#define _cleanup_close_  _cleanup_(close_p)
#define _cleanup_free_   _cleanup_(free_p)
#define _cleanup_fclose_ _cleanup_(fclose_p)

static inline void close_p(const int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void free_p(void *p)
{
	int saved = errno;

	free(*(void **)p);
	errno = saved;
}

static inline void fclose_p(FILE **f)
{
	int saved = errno;

	if (*f)
		fclose(*f);
	errno = saved;
}

static inline void closedir_p(DIR **d)
{
	int saved = errno;

	if (*d)
		closedir(*d);
	errno = saved;
}

static inline int steal_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#define steal_ptr(p)                           \
	({                                     \
		__typeof__(*(p)) taken = *(p); \
		*(p) = NULL;                   \
		taken;                         \
	})

#endif
