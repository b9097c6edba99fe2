/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *   pamwatch [-n] SERVICE USER
 *
 * A PAM application that wants to stay what it is.  Looks at all of its own
 * state before it opens a session, while that is open and when it is closed,
 * and prints what the session has changed:
 *
 *   open 0
 *   while open: umask 22 -> 77
 *   close 0
 *
 * Also writes "before", "open" and "closed" to the log, in its own name.  -n:
 * starts in an empty network.
 */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <locale.h>
#include <sched.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <syslog.h>
#include <unistd.h>

#include "conf/base.h"

#define ITEMS_MAX 512
#define TEXT_MAX  512

/* Lines "what value", one each for whatever can be asked of a process. */
struct state {
	size_t n;
	char items[ITEMS_MAX][TEXT_MAX];
};

static void add(struct state *s, const char *format, ...) PRINTF_LIKE(2, 3);
static void add(struct state *s, const char *format, ...)
{
	va_list args;

	if (s->n == ITEMS_MAX)
		errx(2, "too much state");
	va_start(args, format);
	vsnprintf(s->items[s->n++], TEXT_MAX, format, args);
	va_end(args);
}

static void add_ids(struct state *s)
{
	uid_t u[3];
	gid_t g[3];
	gid_t groups[64];
	int n = getgroups(ARRAY_SIZE(groups), groups);

	getresuid(&u[0], &u[1], &u[2]);
	getresgid(&g[0], &g[1], &g[2]);
	add(s, "uids %u %u %u", u[0], u[1], u[2]);
	add(s, "gids %u %u %u", g[0], g[1], g[2]);
	for (int i = 0; i < n; i++)
		add(s, "group %u", groups[i]);
	add(s, "process %d parent %d group %d session %d", getpid(), getppid(), getpgid(0),
	    getsid(0));
}

static void add_signals(struct state *s)
{
	sigset_t set;
	stack_t stack;

	sigprocmask(SIG_SETMASK, NULL, &set);
	for (int i = 1; i < NSIG; i++) {
		struct sigaction a;

		if (sigismember(&set, i) == 1)
			add(s, "blocked %d", i);
		if (sigaction(i, NULL, &a) == 0)
			add(s, "handler of %d: %p %x", i, (void *)a.sa_handler,
			    (unsigned)a.sa_flags);
	}
	sigpending(&set);
	for (int i = 1; i < NSIG; i++)
		if (sigismember(&set, i) == 1)
			add(s, "pending %d", i);
	sigaltstack(NULL, &stack);
	add(s, "signal stack %p %zu", stack.ss_sp, stack.ss_size);
}

static void add_limits(struct state *s)
{
	struct itimerval timer;

	for (int i = 0; i < (int)RLIM_NLIMITS; i++) {
		struct rlimit l;

		if (syscall(SYS_prlimit64, 0, i, NULL, &l) == 0)
			add(s, "limit %d: %llu %llu", i, (unsigned long long)l.rlim_cur,
			    (unsigned long long)l.rlim_max);
	}
	add(s, "nice %d", getpriority(PRIO_PROCESS, 0));
	getitimer(ITIMER_REAL, &timer);
	add(s, "timer %s every %ld s", timer.it_value.tv_sec > 0 ? "set" : "off",
	    (long)timer.it_interval.tv_sec);
}

static void add_privileges(struct state *s)
{
	static const struct {
		const char *name;
		int get;
	} flags[] = {
		{ "dumpable", PR_GET_DUMPABLE },         { "keepcaps", PR_GET_KEEPCAPS },
		{ "no_new_privs", PR_GET_NO_NEW_PRIVS }, { "seccomp", PR_GET_SECCOMP },
		{ "securebits", PR_GET_SECUREBITS },     { "timerslack", PR_GET_TIMERSLACK },
	};
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];
	char name[17] = "";
	int number = 0;

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		add(s, "%s %d", flags[i].name, prctl(flags[i].get, 0, 0, 0, 0));
	prctl(PR_GET_CHILD_SUBREAPER, &number);
	add(s, "subreaper %d", number);
	prctl(PR_GET_PDEATHSIG, &number);
	add(s, "parent's death %d", number);
	prctl(PR_GET_NAME, name);
	add(s, "name %s", name);
	if (syscall(SYS_capget, &header, caps) == 0)
		for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
			add(s, "capabilities %x %x %x", caps[i].effective, caps[i].permitted,
			    caps[i].inheritable);
}

static void add_link(struct state *s, const char *what, const char *path)
{
	char target[TEXT_MAX / 2];
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	target[n < 0 ? 0 : n] = '\0';
	add(s, "%s %s", what, target);
}

static void add_files(struct state *s)
{
	static const char *const namespaces[] = { "net", "mnt", "pid", "user", "uts", "ipc" };
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *d;
	mode_t mask = umask(0);

	umask(mask);
	add(s, "umask %o", mask);
	add_link(s, "cwd", "/proc/self/cwd");
	add_link(s, "root", "/proc/self/root");
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/thread-self/ns/%s", namespaces[i]);
		add_link(s, namespaces[i], path);
	}
	while (dir && (d = readdir(dir))) {
		char path[300];
		char what[300];
		int fd = atoi(d->d_name);

		if (d->d_name[0] == '.' || fd == dirfd(dir))
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%s", d->d_name);
		snprintf(what, sizeof(what), "fd %d %x %x", fd, fcntl(fd, F_GETFD),
			 fcntl(fd, F_GETFL));
		add_link(s, what, path);
	}
	if (dir)
		closedir(dir);
}

static void look(struct state *s)
{
	s->n = 0;
	add_ids(s);
	add_signals(s);
	add_limits(s);
	add_privileges(s);
	add_files(s);
	for (char **e = environ; *e; e++)
		add(s, "environment %s", *e);
	add(s, "locale %s", setlocale(LC_ALL, NULL));
	add(s, "log mask %x", (unsigned)setlogmask(0));
}

static bool has(const struct state *s, const char *item)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->items[i], item) == 0)
			return true;
	return false;
}

static void compare(const char *when, const struct state *a, const struct state *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (!has(b, a->items[i]))
			printf("%s: no more: %s\n", when, a->items[i]);
	for (size_t i = 0; i < b->n; i++)
		if (!has(a, b->items[i]))
			printf("%s: new: %s\n", when, b->items[i]);
}

static int converse(int n, const struct pam_message **messages, struct pam_response **ret_answers,
		    void *data)
{
	(void)messages;
	(void)data;
	*ret_answers = calloc((size_t)n, sizeof(**ret_answers));
	return *ret_answers ? PAM_SUCCESS : PAM_BUF_ERR;
}

static void on_signal(int sig)
{
	(void)sig;
}

/* So that whatever is reset to its default differs from before. */
static void be_special(void)
{
	static char stack[65536];
	const struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	const stack_t alternative = { .ss_sp = stack, .ss_size = sizeof(stack) };
	const struct itimerval timer = { .it_value = { .tv_sec = 1000 },
					 .it_interval = { .tv_sec = 7 } };
	const struct rlimit files = { 500, 600 };
	sigset_t blocked;

	sigaction(SIGCHLD, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigaltstack(&alternative, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigaddset(&blocked, SIGINT);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	raise(SIGUSR1);
	setitimer(ITIMER_REAL, &timer, NULL);
	setrlimit(RLIMIT_NOFILE, &files);
	setpriority(PRIO_PROCESS, 0, 3);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	umask(027);
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("MINE", "yes", 1);
	setlocale(LC_ALL, "");
	setlogmask(LOG_UPTO(LOG_INFO));
	if (chdir("/var") < 0 || open("/etc/passwd", O_RDONLY) < 0)
		err(2, "cannot prepare");
}

int main(int argc, char *argv[])
{
	static const struct pam_conv conversation = { .conv = converse };
	static struct state before, open_state, closed;
	pam_handle_t *pamh;
	int r;

	if (argc == 4 && strcmp(argv[1], "-n") == 0) {
		if (unshare(CLONE_NEWNET) < 0)
			err(2, "unshare");
		argv++;
		argc--;
	}
	if (argc != 3)
		errx(2, "usage: pamwatch [-n] SERVICE USER");
	setvbuf(stdout, NULL, _IOLBF, 0);
	be_special();
	openlog("mine", LOG_NDELAY, LOG_LOCAL3);
	if (pam_start(argv[1], argv[2], &conversation, &pamh) != PAM_SUCCESS)
		errx(2, "pam_start");

	look(&before);
	syslog(LOG_INFO, "before");
	syslog(LOG_DEBUG, "masked before");
	r = pam_open_session(pamh, 0);
	printf("open %d\n", r);
	look(&open_state);
	syslog(LOG_INFO, "open");
	syslog(LOG_DEBUG, "masked while open");
	compare("while open", &before, &open_state);
	printf("close %d\n", pam_close_session(pamh, 0));
	look(&closed);
	syslog(LOG_INFO, "closed");
	compare("closed", &before, &closed);
	pam_end(pamh, r);
	look(&closed);
	syslog(LOG_INFO, "ended");
	compare("ended", &before, &closed);
	return 0;
}
