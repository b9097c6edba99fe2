/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/base.h"
#include "helper/ctl.h"
#include "helper/stats.h"

typedef void print_fn(const struct stats *stats, FILE *out);

/* 0 or a negative errno; fd is taken. */
static int write_to(int fd, print_fn *print, const struct stats *stats)
{
	FILE *out = fdopen(fd, "w");
	bool failed;
	int error;

	if (!out) {
		close(fd);
		return -ENOMEM;
	}
	print(stats, out);
	failed = fflush(out) != 0 || ferror(out) || fchmod(fd, 0644) < 0;
	error = errno;
	if (fclose(out) != 0 && !failed)
		return -errno;
	return failed ? -(error ? error : EIO) : 0;
}

/*
 * A reader sees all of the old contents, or all of the new.  The name of what is not
 * complete ends in no ".prom", which a collector looks for.
 */
static int write_file(const char *path, print_fn *print, const struct stats *stats)
{
	char temporary[PATH_MAX];
	struct stat st;
	int fd;
	int r;

	/* A device, or a link to one, is not to be replaced. */
	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return ctl_error(0, "%s is not a regular file", path);
	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= sizeof(temporary))
		return ctl_error(-ENAMETOOLONG, "cannot write %s", path);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return ctl_error(-errno, "cannot write %s", path);
	r = write_to(fd, print, stats);
	if (!r && rename(temporary, path) < 0)
		r = -errno;
	if (r) {
		unlink(temporary);
		return ctl_error(r, "cannot write %s", path);
	}
	return 0;
}

static int run(print_fn *print, const char *path)
{
	struct stats stats;
	const char *step;
	int result = 0;
	int r;

	r = stats_read(&stats, &step);
	if (r)
		result = ctl_error(r, "cannot %s", step);
	else if (path)
		result = write_file(path, print, &stats);
	else
		print(&stats, stdout);
	stats_done(&stats);
	return result;
}

int ctl_stats(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "output", required_argument, NULL, 'o' },
		{ "prometheus", no_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 },
	};
	print_fn *print = stats_print;
	const char *path = NULL;
	int option;

	while ((option = ctl_option(argc, argv, "jo:p", options)) != -1) {
		if (option == 'o')
			path = optarg;
		else if ((option == 'j' || option == 'p') && print == stats_print)
			print = option == 'j' ? stats_print_json : stats_print_prometheus;
		else
			return ctl_usage(argv[0]);
	}
	if (optind < argc)
		return ctl_usage(argv[0]);
	if (ctl_need_root(argv[0]) || ctl_enter_host())
		return 1;
	return run(print, path);
}
