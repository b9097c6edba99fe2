/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pwd.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>

#include "conf/base.h"
#include "conf/diag.h"
#include "helper/ctl.h"
#include "helper/netns.h"

#define INTERVAL_MAX 3600

/* Of the help: where arguments begin, and how much room they have beside a description. */
#define LINE_WIDTH      80
#define INDENT          10
#define ARGUMENTS_WIDTH 32

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *arguments;
	const char *what;
} commands[] = {
	{ "check", ctl_check, "[--diff | --dump | --nft] [FILE]",
	  "find mistakes in the configuration" },
	{ "reload", ctl_reload, "[--dry-run | --if-changed] [--log] [FILE]",
	  "put the configuration in force" },
	{ "unload", ctl_unload, "", "take everything out of force" },
	{ "status", ctl_status, "[--interval SECONDS] [--json] [USER]",
	  "who has a namespace, and does what" },
	{ "top", ctl_top, "[--interval SECONDS]", "the same, as it changes" },
	{ "denied", ctl_denied, "[--follow] [--json] [--resolve] [USER]",
	  "what users tried in vain" },
	{ "who", ctl_who, "[--json] tcp|udp PORT", "whose a source port of this host is" },
	{ "stats", ctl_stats, "[--json | --prometheus] [--output FILE]",
	  "totals, also for monitoring systems" },
	{ "explain", ctl_explain,
	  "[--active] [--file FILE] [--json] USER [via SERVICE] [out|in PROTO ADDRESS [PORT]]",
	  "what decides about a user or a packet" },
	{ "doctor", ctl_doctor, "[--json]", "what lets users out, or does not work" },
	{ "exec", ctl_exec, "USER [--] COMMAND [ARGUMENT...]",
	  "run a command in a user's network" },
	{ "sweep", ctl_sweep, "", "remove namespaces that nobody uses" },
};

int ctl_error(int r, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	fputs("netnsctl: ", stderr);
	/* Names in it come from anywhere. */
	diag_put_visible(stderr, text ? text : "out of memory");
	if (r)
		fprintf(stderr, ": %s", strerror(-r));
	fputc('\n', stderr);
	return 1;
}

int ctl_option(int argc, char **argv, const char *letters, const struct option *options)
{
	int option;

	opterr = 0;
	option = getopt_long(argc, argv, letters, options, NULL);
	if (option == '?' && optopt)
		ctl_error(0, "%s: wrong option -%c", argv[0], optopt);
	else if (option == '?')
		ctl_error(0, "%s: wrong option %s", argv[0], argv[optind - 1]);
	return option;
}

/* What there is no room for in a line comes below, from a bracket on. */
static const char *print_arguments(FILE *out, const char *arguments, size_t indent)
{
	const char *end = arguments + strlen(arguments);

	while ((size_t)(end - arguments) > LINE_WIDTH - indent)
		do
			end--;
		while (end > arguments && strncmp(end, " [", 2) != 0);
	fprintf(out, "%.*s\n%*s", (int)(end - arguments), arguments, (int)indent, "");
	return *end ? end + 1 : end;
}

static void print_usage(const struct command *command)
{
	size_t indent = strlen("usage: netnsctl ") + strlen(command->name) + 1;
	const char *rest = command->arguments;

	fprintf(stderr, "usage: netnsctl %s ", command->name);
	while (strlen(rest) > LINE_WIDTH - indent)
		rest = print_arguments(stderr, rest, indent);
	fprintf(stderr, "%s\n", rest);
}

int ctl_usage(const char *command)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i].name, command) == 0)
			print_usage(&commands[i]);
	return CTL_USAGE;
}

int ctl_finish(int status, int trouble)
{
	errno = EIO; /* of an error before the last one, nothing else is known */
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	ctl_error(-errno, "cannot write the output");
	return trouble;
}

int ctl_need_root(const char *command)
{
	if (geteuid() == 0)
		return 0;
	return ctl_error(0, "%s needs root: it looks into %s and other users' processes", command,
			 NETNS_RUN);
}

int ctl_find_uid(const char *text, uint32_t *ret_uid)
{
	const struct passwd *pw = getpwnam(text);
	unsigned long value;
	char *end;

	if (pw) {
		*ret_uid = pw->pw_uid;
		return 0;
	}
	errno = 0;
	value = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || value >= UINT32_MAX)
		return ctl_error(0, "no such user: %s", text);
	*ret_uid = (uint32_t)value;
	return 0;
}

int ctl_read_interval(const char *text, unsigned least_ms, unsigned *ret_ms)
{
	double seconds;
	char *end;

	seconds = strtod(text, &end);
	if (text[0] < '0' || text[0] > '9' || *end || !(seconds <= INTERVAL_MAX))
		return ctl_error(0, "no interval in seconds, up to %d: %s", INTERVAL_MAX, text);
	*ret_ms = (unsigned)(seconds * 1000);
	if (*ret_ms < least_ms)
		return ctl_error(0, "an interval of %s seconds is too short", text);
	return 0;
}

int ctl_enter_host(void)
{
	_cleanup_close_ int fd = -1;
	uint64_t host;
	uint64_t own;
	int r;

	r = netns_open(NETNS_OF_HOST, &fd, &host);
	if (!r)
		r = netns_inode(NETNS_OF_SELF, &own);
	if (!r && own != host && setns(fd, CLONE_NEWNET) < 0)
		r = -errno;
	return r ? ctl_error(r, "cannot enter the host's network") : 0;
}

/* Completions read it: a command begins after two blanks, and goes on after INDENT of them. */
static void print_help(FILE *out)
{
	fputs("usage: netnsctl COMMAND [ARGUMENT...]\n\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const char *rest = commands[i].arguments;

		fprintf(out, "  %-7s ", commands[i].name);
		while (strlen(rest) >= ARGUMENTS_WIDTH)
			rest = print_arguments(out, rest, INDENT);
		fprintf(out, "%-*s %s\n", ARGUMENTS_WIDTH, rest, commands[i].what);
	}
	fputs("\nThe configuration is " NETNS_CONF ", see netns.conf(5).\n", out);
}

static int finish(int status)
{
	return status ? status : ctl_finish(0, 1);
}

/*
 * Started without some of 0 to 2, what we open would be taken for them.  For
 * reading only: what is written is still an error.
 */
static void fill_standard_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	fill_standard_fds();

	if (strcmp(name, "--version") == 0) {
		puts("netnsctl " VERSION);
		return finish(0);
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
		print_help(stdout);
		return finish(0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return finish(commands[i].run(argc - 1, argv + 1));
	if (*name)
		ctl_error(0, "unknown command '%s'", name);
	print_help(stderr);
	return CTL_USAGE;
}
