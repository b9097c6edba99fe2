/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/base.h"
#include "helper/netns.h"
#include "helper/procs.h"

#define PROC_PATH_MAX   64
#define STATUS_LINE_MAX 256

static DIR *open_dir_at(int at, const char *path)
{
	_cleanup_close_ int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir;

	if (fd < 0)
		return NULL;
	dir = fdopendir(fd);
	if (dir)
		steal_fd(&fd);
	return dir;
}

/* The link reads "net:[4026531840]". */
static int read_netns(int proc, const char *task, uint64_t *ret_netns)
{
	char path[PROC_PATH_MAX];
	char link[PROC_PATH_MAX];
	unsigned long long netns;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/ns/net", task);
	n = readlinkat(proc, path, link, sizeof(link) - 1);
	if (n < 0)
		return -errno;
	link[n] = '\0';
	if (sscanf(link, "net:[%llu]", &netns) != 1)
		return -EIO;
	*ret_netns = netns;
	return 0;
}

/* Calls fn for each thread that is elsewhere than the first one, at netns. */
static int scan_threads(int proc, const char *pid, uint64_t first, procs_fn *fn, void *userdata)
{
	_cleanup_(closedir_p) DIR *dir = NULL;
	char path[PROC_PATH_MAX];
	const struct dirent *d;
	uint64_t netns;
	int r;

	snprintf(path, sizeof(path), "%.16s/task", pid);
	dir = open_dir_at(proc, path);
	if (!dir)
		return errno == ENOENT || errno == ESRCH ? 0 : -errno;
	while ((d = readdir(dir))) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%.16s/task/%.16s", pid, d->d_name);
		if (read_netns(proc, path, &netns) || netns == first)
			continue;
		r = fn(userdata, (pid_t)atoi(pid), netns);
		if (r)
			return r;
	}
	return 0;
}

/*
 * The first thread may have ended, while the others live on in their namespace;
 * or left it, with a user namespace of its own, while they stayed.  A process
 * whose first thread is in the host's network is not of those.
 */
static int scan_process(int proc, const char *pid, uint64_t host, procs_fn *fn, void *userdata)
{
	uint64_t netns = 0;
	int r = read_netns(proc, pid, &netns);

	/* Of one that has just gone, the kernel says EACCES too. */
	if (r == -EACCES && faccessat(proc, pid, F_OK, 0) < 0)
		return 0;
	if (r && r != -ENOENT && r != -ESRCH)
		return r;
	if (!r)
		r = fn(userdata, (pid_t)atoi(pid), netns);
	else
		r = 0;
	if (r || netns == host)
		return r;
	return scan_threads(proc, pid, netns, fn, userdata);
}

/*
 * The next process that was not there before, NULL and errno 0 at the end.  A
 * process that ends before it is looked at may have left a child, which has come
 * too late for the list; but that one's pid is higher (if the kernel's numbers
 * have not begun anew just then).  So, at the end of the list, it is read again
 * from the last entry on, until nothing has been added.
 */
static const struct dirent *next_process(DIR *dir, long *last_at, pid_t *last)
{
	bool again = false;

	for (;;) {
		long at = telldir(dir);
		const struct dirent *d = (errno = 0, readdir(dir));
		pid_t pid = d && d->d_name[0] >= '1' && d->d_name[0] <= '9' ? atoi(d->d_name) : 0;

		if (pid > *last) {
			*last_at = at;
			*last = pid;
			return d;
		}
		if (d)
			continue;
		if (errno || again)
			return NULL;
		again = true;
		seekdir(dir, *last_at);
	}
}

int procs_scan(procs_fn *fn, void *userdata)
{
	_cleanup_(closedir_p) DIR *dir = open_dir_at(AT_FDCWD, "/proc");
	const struct dirent *d;
	long last_at = 0;
	pid_t last = 0;
	uint64_t host;
	int r;

	if (!dir)
		return -errno;
	r = netns_inode(NETNS_OF_HOST, &host);
	if (r)
		return r;
	while ((d = next_process(dir, &last_at, &last))) {
		r = scan_process(dirfd(dir), d->d_name, host, fn, userdata);
		if (r)
			return r;
	}
	return errno ? -errno : 0;
}

/* The line of /proc/PID/status that begins with key. */
static bool read_status(pid_t pid, const char *key, char line[STATUS_LINE_MAX])
{
	_cleanup_fclose_ FILE *f = NULL;
	char path[PROC_PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	while (f && fgets(line, STATUS_LINE_MAX, f))
		if (strncmp(line, key, strlen(key)) == 0)
			return true;
	return false;
}

int procs_uids(pid_t pid, uint32_t ret_uids[PROCS_UIDS])
{
	char line[STATUS_LINE_MAX];

	if (!read_status(pid, "Uid:", line))
		return -ESRCH;
	return sscanf(line, "Uid: %u %u %u %u", &ret_uids[0], &ret_uids[1], &ret_uids[2],
		      &ret_uids[3]) == PROCS_UIDS
		       ? 0
		       : -EIO;
}

pid_t procs_parent(pid_t pid)
{
	char line[STATUS_LINE_MAX];
	int parent;

	if (!read_status(pid, "PPid:", line) || sscanf(line, "PPid: %d", &parent) != 1)
		return 0;
	return parent;
}
