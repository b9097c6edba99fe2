/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lets the n-th allocation of a program fail.  For every program of the sandbox,
 * by /etc/ld.so.preload, as the helper gets no environment.  Which program and
 * which n, OOM_FILE says:
 *
 *   netns-helper 17
 *
 * and it is gone when that one has been asked for.  "faultrun" is the program that
 * has the module loaded: it says itself when counting begins, by oom_count().
 *
 * What the C library needs for nsswitch.conf(5) is not counted: without it glibc 2.36
 * ends the program, by an assertion or a null pointer.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

#define OOM_FILE "/tmp/oom"

/* What the C library calls them, so that none is asked for before main(). */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t nmemb, size_t size);
void *__libc_realloc(void *ptr, size_t size);

EXPORT void oom_count(int on);

static int left; /* allocations until the one that fails */
static int counting;

static void read_order(void)
{
	char line[64] = "";
	char name[32];
	int fd = open(OOM_FILE, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (read(fd, line, sizeof(line) - 1) > 0 && sscanf(line, "%31s %d", name, &left) == 2 &&
	    strcmp(name, program_invocation_short_name) != 0)
		left = 0;
	close(fd);
}

EXPORT void oom_count(int on)
{
	static int is_read;

	if (on && !is_read)
		read_order();
	is_read = 1;
	counting = on;
}

__attribute__((constructor)) static void begin(void)
{
	if (strcmp(program_invocation_short_name, "netnsctl") == 0)
		(void)getpwuid(0);
	if (strcmp(program_invocation_short_name, "faultrun") != 0)
		oom_count(1);
}

static int fails(void)
{
	if (!counting || left == 0 || --left > 0)
		return 0;
	unlink(OOM_FILE);
	errno = ENOMEM;
	return 1;
}

EXPORT void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

EXPORT void *calloc(size_t nmemb, size_t size)
{
	return fails() ? NULL : __libc_calloc(nmemb, size);
}

EXPORT void *realloc(void *ptr, size_t size)
{
	return fails() ? NULL : __libc_realloc(ptr, size);
}
