/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "conf/base.h"
#include "tests/faults/faultrun.h"

double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int shell(const char *command, const char *output)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		err(2, "fork");
	if (pid == 0) {
		int fd = open(output ? output : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0600);

		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		close(fd);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid)
		err(2, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

char *read_text(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (f && getdelim(&text, &size, '\0', f) < 0 && text)
		text[0] = '\0';
	if (f)
		fclose(f);
	if (!text)
		text = strdup("");
	if (!text)
		err(2, "memory");
	return text;
}

static bool is_ours(const char *comm)
{
	return strncmp(comm, "netns", 5) == 0 || strncmp(comm, "faultrun", 8) == 0;
}

/* How many there are of our programs, or of what has not become one of them yet. */
static void put_processes(FILE *out)
{
	DIR *dir = opendir("/proc");
	const struct dirent *e;
	unsigned n = 0;

	if (!dir)
		err(2, "/proc");
	while ((e = readdir(dir))) {
		char path[300];
		char *comm;

		if (e->d_name[0] < '1' || e->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", e->d_name);
		comm = read_text(path);
		n += is_ours(comm);
		free(comm);
	}
	closedir(dir);
	fprintf(out, "processes %u\n", n);
}

/* Lines of a file under /proc from the skip-th word on; those with "only" in them, and none
 * with "no". */
static void put_lines(FILE *out, const char *path, unsigned skip, const char *only, const char *no)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	char line[4096];

	while (f && fgets(line, sizeof(line), f)) {
		const char *p = line;

		if ((only && !strstr(line, only)) || (no && strstr(line, no)))
			continue;
		for (unsigned i = 0; i < skip && p; i++) {
			p = strchr(p, ' ');
			p = p ? p + 1 : NULL;
		}
		/* Where a namespace is mounted, its number is the root of it. */
		if (p && strncmp(p, "net:[", 5) == 0)
			p = strchr(p, ' ');
		fprintf(out, "%s", p ? p : line);
	}
}

/* Asked for one after another: to open /proc/locks takes a grace period of RCU. */
static void put_locks(FILE *out)
{
	_cleanup_close_ int fd = open("/run/pam_netns/lock", O_RDWR | O_CLOEXEC);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	while (fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) {
		fprintf(out, "lock %s %lld+%lld\n", lock.l_type == F_WRLCK ? "write" : "read",
			(long long)lock.l_start, (long long)lock.l_len);
		if (lock.l_len == 0)
			return;
		lock = (struct flock){ .l_type = F_WRLCK,
				       .l_whence = SEEK_SET,
				       .l_start = lock.l_start + lock.l_len };
	}
}

static FILE *walk_out;

static int put_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)type;
	(void)ftw;
	fprintf(walk_out, "%s %o\n", path, st->st_mode);
	return 0;
}

static void put_files(FILE *out, const char *path)
{
	walk_out = out;
	(void)nftw(path, put_file, 16, FTW_PHYS);
}

/* What holds for all links, and what each new one begins with: of all that there is, as
 * reading takes long, what is ever written, and its likes. */
static void put_settings(FILE *out)
{
	glob_t g;

	if (glob("/proc/sys/net/ipv[46]/conf/{all,default}/"
		 "{accept_redirects,disable_ipv6,forwarding,route_localnet,rp_filter}",
		 GLOB_BRACE, NULL, &g) != 0)
		errx(2, "no settings");
	for (size_t i = 0; i < g.gl_pathc; i++) {
		_cleanup_close_ int fd = open(g.gl_pathv[i], O_RDONLY | O_CLOEXEC);
		char value[256];
		ssize_t n = fd < 0 ? 0 : read(fd, value, sizeof(value));

		fprintf(out, "%s %.*s\n", g.gl_pathv[i], n > 0 ? (int)n : 0, value);
	}
	globfree(&g);
}

static void put_around(FILE *out)
{
	int host = open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC);

	if (host < 0 || setns(host, CLONE_NEWNET) < 0)
		err(2, "host");
	close(host);
	fprintf(out, "around\n");
	put_links(out);
	put_rulesets(out);
}

/* As the host sees it: the session has copies of mounts, and may have none of this one. */
static void put_pin(FILE *out, unsigned uid)
{
	char path[80];
	struct stat self, pin;

	snprintf(path, sizeof(path), "/proc/1/root/run/pam_netns/ns/%u", uid);
	if (stat("/proc/thread-self/ns/net", &self) == 0 && stat(path, &pin) == 0)
		fprintf(out, "pin %s\n", self.st_ino == pin.st_ino ? "here" : "elsewhere");
}

void picture_of_session(const char *path, unsigned uid)
{
	pid_t pid = fork();
	FILE *out;

	if (pid < 0)
		err(2, "fork");
	if (pid > 0) {
		while (waitpid(pid, NULL, 0) < 0)
			;
		return;
	}
	out = fopen(path, "we");
	if (!out)
		err(2, "%s", path);
	put_links(out);
	put_rulesets(out);
	put_settings(out);
	put_pin(out, uid);
	/* That copies of pins are not there saves memory, where it succeeds. */
	put_lines(out, "/proc/self/mountinfo", 3, NULL, " /run/pam_netns/ns");
	put_lines(out, "/proc/self/status", 0, "Cap", NULL);
	put_lines(out, "/proc/self/status", 0, "Seccomp", NULL);
	put_lines(out, "/proc/self/status", 0, "NoNewPrivs", NULL);
	put_lines(out, "/proc/self/status", 0, "Uid:", NULL);
	put_lines(out, "/proc/self/status", 0, "Gid:", NULL);
	put_lines(out, "/proc/self/status", 0, "SigBlk", NULL);
	put_lines(out, "/proc/self/status", 0, "SigIgn", NULL);
	fprintf(out, "dumpable %d\n", prctl(PR_GET_DUMPABLE));
	put_around(out);
	fclose(out);
	_exit(0);
}

char *picture_of_host(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		err(2, "memory");
	put_processes(out);
	put_links(out);
	put_rulesets(out);
	put_connections(out);
	put_lines(out, "/proc/self/mountinfo", 3, NULL, NULL);
	put_files(out, "/run/pam_netns");
	put_files(out, "/run/netns");
	put_locks(out);
	fclose(out);
	return text;
}

char *ground_of_host(void)
{
	char *text = NULL;
	char *to, *from;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		err(2, "memory");
	put_routing_rules(out);
	put_rulesets(out);
	fclose(out);
	to = text;
	for (from = text; *from;) {
		size_t n = strcspn(from, "\n") + 1;

		if (memmem(from, n, "elements = ", 11) == NULL) {
			memmove(to, from, n);
			to += n;
		}
		from += n;
	}
	*to = '\0';
	return text;
}
