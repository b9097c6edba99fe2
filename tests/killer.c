/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *   killer NAME MICROSECONDS
 *
 * Kills the processes of that name that are started, each at some moment within
 * its first MICROSECONDS, and prints a line for each one that it has killed
 * while it was alive.  Until it is killed itself.  One in four it leaves alone:
 * where programs start slowly, none would live long enough to do its work.
 *
 * It looks at the newest pids only: a helper does not live long enough to be
 * found by a walk through /proc.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NEWEST 8 /* pids */

/* The last word of /proc/loadavg is the pid that was given out last. */
static int last_pid(void)
{
	char line[128] = "";
	const char *word;
	int fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, line, sizeof(line) - 1) < 0)
		err(1, "/proc/loadavg");
	close(fd);
	word = strrchr(line, ' ');
	return word ? atoi(word) : 0;
}

static int is_called(int pid, const char *name)
{
	char comm[32] = "";
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (read(fd, comm, sizeof(comm) - 1) < 0)
		comm[0] = '\0';
	close(fd);
	comm[strcspn(comm, "\n")] = '\0';
	return strcmp(comm, name) == 0;
}

/*
 * By the pid alone, so that it is the same whenever it is asked and for another
 * killer; by all of its bits, because log-ins use up pids in a rhythm.
 */
static int is_spared(int pid)
{
	return ((uint32_t)pid * 2654435769U) >> 30 == 0;
}

static void spin(long us)
{
	struct timespec t;
	long long end;

	clock_gettime(CLOCK_MONOTONIC, &t);
	end = t.tv_sec * 1000000LL + t.tv_nsec / 1000 + us;
	do
		clock_gettime(CLOCK_MONOTONIC, &t);
	while (t.tv_sec * 1000000LL + t.tv_nsec / 1000 < end);
}

int main(int argc, char *argv[])
{
	int done = 0;
	long within;

	if (argc != 3)
		errx(1, "usage: killer NAME MICROSECONDS");
	within = atol(argv[2]);
	srandom((unsigned)getpid());
	for (;;) {
		int last = last_pid();

		for (int pid = last > NEWEST ? last - NEWEST : 1; pid <= last; pid++) {
			if (pid == done || is_spared(pid) || !is_called(pid, argv[1]))
				continue;
			done = pid;
			spin(random() % (within + 1));
			/* Not a pid that has been given to somebody else meanwhile. */
			if (is_called(pid, argv[1]) && kill(pid, SIGKILL) == 0)
				dprintf(STDOUT_FILENO, "killed %d\n", pid);
		}
	}
}
