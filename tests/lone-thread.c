/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *   lone-thread
 *
 * A process whose first thread has ended while another one lives on: /proc/PID
 * is a zombie without a network namespace, /proc/PID/task/TID is not.  Prints
 * "alone" when it is so, and stays until it is killed.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* "123 (lone-thread) Z ..." */
static int leader_is_zombie(void)
{
	char stat[64] = "";
	char path[32];
	int fd;
	int zombie;

	snprintf(path, sizeof(path), "/proc/%d/stat", getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, stat, sizeof(stat) - 1) < 0)
		err(1, "%s", path);
	zombie = strstr(stat, ") Z ") != NULL;
	close(fd);
	return zombie;
}

static void *stay(void *arg)
{
	while (!leader_is_zombie())
		sched_yield();
	dprintf(STDOUT_FILENO, "alone\n");
	for (;;)
		pause();
	return arg;
}

int main(void)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, stay, NULL);
	if (errno)
		err(1, "pthread_create");
	pthread_exit(NULL);
}
