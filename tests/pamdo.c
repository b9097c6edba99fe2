/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *   pamdo [-s SERVICE] [-u USER] [-q] ACTION [ARG]...
 *
 * A PAM application that does what it is told, in one process and in order; see
 * the table of actions.  What it prints goes out at once, to what standard
 * output was at the start:
 *
 *   open 0 Success              the result of a PAM function, and its text
 *   msg error TEXT              what a module said to the user (or info)
 *   ns 4026531840               the answer of an action that asks
 *
 * Exit status: 1 when a PAM function has failed, 2 when an action has.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/base.h"

#define REPORT_FD 99 /* out of the way of what is closed and counted */
#define HANDLES   4

struct handle {
	pam_handle_t *pamh;
	const char *user;
};

struct app {
	struct handle handles[HANDLES];
	unsigned handle; /* which of them is in use; what follows is of that one */
	pam_handle_t *pamh;
	const char *user;
	const char *service;
	int flags;
	bool failed;
};

static void report(const char *format, ...) PRINTF_LIKE(1, 2);
static void report(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vdprintf(REPORT_FD, format, args);
	va_end(args);
}

static void result(struct app *a, const char *what, int r)
{
	report("%s %d %s\n", what, r, pam_strerror(a->pamh, r));
	if (r != PAM_SUCCESS)
		a->failed = true;
}

/* Any question is answered with the password of the sandbox's users. */
static int converse(int n, const struct pam_message **messages, struct pam_response **ret_answers,
		    void *data)
{
	struct pam_response *answers = calloc((size_t)n, sizeof(*answers));

	(void)data;
	if (!answers)
		return PAM_BUF_ERR;
	for (int i = 0; i < n; i++) {
		const char *kind = "prompt";

		if (messages[i]->msg_style == PAM_ERROR_MSG)
			kind = "error";
		else if (messages[i]->msg_style == PAM_TEXT_INFO)
			kind = "info";
		else
			answers[i].resp = strdup("secret");
		report("msg %s %s\n", kind, messages[i]->msg);
	}
	*ret_answers = answers;
	return PAM_SUCCESS;
}

static const struct pam_conv conversation = { .conv = converse };

static const struct passwd *find_user(const struct app *a)
{
	const struct passwd *pw = getpwnam(a->user);

	if (!pw)
		errx(2, "no user '%s'", a->user);
	return pw;
}

static void become_user(const struct app *a)
{
	const struct passwd *pw = find_user(a);

	if (initgroups(pw->pw_name, pw->pw_gid) < 0 ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) < 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0)
		err(2, "cannot become %s", a->user);
}

/* The status of a child; -1 when a SIGCHLD handler was faster, or ignores it. */
static int wait_for_child(pid_t pid)
{
	int status;
	pid_t r;

	do
		r = waitpid(pid, &status, 0);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static pid_t xfork(void)
{
	pid_t pid = fork();

	if (pid < 0)
		err(2, "fork");
	return pid;
}

/*
 * PAM
 */

static void do_authenticate(struct app *a, const char *arg)
{
	(void)arg;
	result(a, "authenticate", pam_authenticate(a->pamh, a->flags));
}

static void do_open(struct app *a, const char *arg)
{
	(void)arg;
	result(a, "open", pam_open_session(a->pamh, a->flags));
}

static void do_close(struct app *a, const char *arg)
{
	(void)arg;
	result(a, "close", pam_close_session(a->pamh, a->flags));
}

static void do_setcred(struct app *a, const char *arg)
{
	(void)arg;
	result(a, "setcred", pam_setcred(a->pamh, PAM_ESTABLISH_CRED | a->flags));
}

static void start(struct app *a)
{
	int r = pam_start(a->service, a->user, &conversation, &a->pamh);

	if (r != PAM_SUCCESS)
		errx(1, "pam_start: %d", r);
}

static void do_handle(struct app *a, const char *arg)
{
	unsigned n = (unsigned)(arg[0] - '0');

	if (n >= HANDLES || (arg[1] && arg[1] != ':'))
		errx(2, "no such handle: %s", arg);
	a->handles[a->handle] = (struct handle){ a->pamh, a->user };
	a->handle = n;
	a->pamh = a->handles[n].pamh;
	a->user = arg[1] ? arg + 2 : a->handles[n].user;
	if (!a->pamh)
		start(a);
}

static void do_user(struct app *a, const char *arg)
{
	int r = pam_set_item(a->pamh, PAM_USER, arg);

	a->user = arg;
	if (r != PAM_SUCCESS)
		errx(1, "pam_set_item: %d", r);
}

static void do_end(struct app *a, const char *arg)
{
	int r = pam_end(a->pamh, PAM_SUCCESS);

	(void)arg;
	a->pamh = NULL;
	report("end %d\n", r);
}

static void do_item(struct app *a, const char *arg)
{
	static const struct {
		const char *name;
		int item;
	} items[] = { { "rhost=", PAM_RHOST }, { "ruser=", PAM_RUSER }, { "tty=", PAM_TTY } };

	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		size_t n = strlen(items[i].name);

		if (strncmp(arg, items[i].name, n) != 0)
			continue;
		if (pam_set_item(a->pamh, items[i].item, arg + n) != PAM_SUCCESS)
			errx(2, "pam_set_item");
		return;
	}
	errx(2, "unknown item '%s'", arg);
}

/* As programs do in the child that becomes the user's. */
static void do_fork_end(struct app *a, const char *arg)
{
	pid_t pid = xfork();

	(void)arg;
	if (pid == 0)
		_exit(pam_end(a->pamh, PAM_SUCCESS | PAM_DATA_SILENT));
	report("fork-end %d\n", wait_for_child(pid));
}

static void do_fork_close(struct app *a, const char *arg)
{
	pid_t pid = xfork();

	(void)arg;
	if (pid == 0) {
		do_close(a, NULL);
		_exit(a->failed);
	}
	if (wait_for_child(pid) != 0)
		a->failed = true;
}

/* As a daemon is made: whoever goes on is not who opened, nor that one's child. */
static void do_daemon(struct app *a, const char *arg)
{
	const pid_t first = getpid();

	(void)a;
	(void)arg;
	if (xfork() > 0)
		_exit(0);
	if (setsid() < 0)
		err(2, "setsid");
	if (xfork() > 0)
		_exit(0);
	while (kill(first, 0) == 0)
		sched_yield();
}

/*
 * Questions
 */

static uint64_t inode_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		err(2, "%s", path);
	return st.st_ino;
}

static void do_ns(struct app *a, const char *arg)
{
	(void)a;
	(void)arg;
	report("ns %" PRIu64 "\n", inode_of("/proc/thread-self/ns/net"));
}

static void do_mntns(struct app *a, const char *arg)
{
	(void)a;
	(void)arg;
	report("mntns %" PRIu64 "\n", inode_of("/proc/thread-self/ns/mnt"));
}

/* The C library keeps its connection to the log, once a module has used it. */
static bool is_syslog(int fd)
{
	struct sockaddr_un peer = { 0 };
	socklen_t length = sizeof(peer);

	return getpeername(fd, (struct sockaddr *)&peer, &length) == 0 &&
	       peer.sun_family == AF_UNIX && strcmp(peer.sun_path, "/dev/log") == 0;
}

static void do_links(struct app *a, const char *arg)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct if_nameindex *links = if_nameindex();

	(void)a;
	(void)arg;
	if (fd < 0 || !links)
		err(2, "links");
	report("links");
	for (const struct if_nameindex *l = links; l->if_name; l++) {
		struct ifreq request = { 0 };

		snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", l->if_name);
		if (ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP))
			report(" %s", l->if_name);
	}
	if_freenameindex(links);
	report("\n");
}

static void report_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *e;

	report(" fds:");
	while (dir && (e = readdir(dir))) {
		int fd = atoi(e->d_name);

		if (e->d_name[0] != '.' && fd != REPORT_FD && fd != dirfd(dir) && !is_syslog(fd))
			report("%d,", fd);
	}
	if (dir)
		closedir(dir);
}

static void report_limits(void)
{
	static const int limits[] = { RLIMIT_NOFILE, RLIMIT_FSIZE, RLIMIT_CORE, RLIMIT_CPU };

	report(" limits:");
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct rlimit l;

		getrlimit(limits[i], &l);
		report("%" PRIdMAX ",%" PRIdMAX ";", (intmax_t)l.rlim_cur, (intmax_t)l.rlim_max);
	}
}

static void report_signals(void)
{
	char line[256];
	_cleanup_fclose_ FILE *f = fopen("/proc/thread-self/status", "re");

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "Sig", 3) == 0 && strncmp(line, "SigQ", 4) != 0)
			report(" %.6s:%.16s", line, line + 8);
}

/* All that a module must leave as it was, in one line to compare. */
static void do_state(struct app *a, const char *arg)
{
	char cwd[4096];
	uid_t r, e, s;
	mode_t mask = umask(0);

	(void)a;
	(void)arg;
	umask(mask);
	getresuid(&r, &e, &s);
	report("state ns:%" PRIu64 " mnt:%" PRIu64 " uids:%u,%u,%u umask:%o sid:%d pgid:%d cwd:%s",
	       inode_of("/proc/thread-self/ns/net"), inode_of("/proc/thread-self/ns/mnt"), r, e, s,
	       mask, getsid(0), getpgid(0), getcwd(cwd, sizeof(cwd)) ? cwd : "?");
	report(" dumpable:%d", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	report_fds();
	report_limits();
	report_signals();
	report("\n");
}

/* Whether there is a child that the program does not know of. */
static void do_children(struct app *a, const char *arg)
{
	pid_t pid = waitpid(-1, NULL, WNOHANG | __WALL);

	(void)a;
	(void)arg;
	report("children %s\n", pid < 0 && errno == ECHILD ? "none" : "some");
}

/*
 * The program's own doings
 */

/* Inherits everything else. */
static void run_shell(const char *command, const struct app *as_user)
{
	pid_t pid = xfork();

	if (pid == 0) {
		if (as_user)
			become_user(as_user);
		dup2(REPORT_FD, STDOUT_FILENO);
		dup2(REPORT_FD, STDERR_FILENO);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		err(2, "/bin/sh");
	}
	report("run %d\n", wait_for_child(pid));
}

static void do_run(struct app *a, const char *arg)
{
	run_shell(arg, a);
}

static void do_system(struct app *a, const char *arg)
{
	(void)a;
	run_shell(arg, NULL);
}

static void *sleep_forever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void do_thread(struct app *a, const char *arg)
{
	pthread_t thread;

	(void)a;
	(void)arg;
	errno = pthread_create(&thread, NULL, sleep_forever, NULL);
	if (errno)
		err(2, "pthread_create");
}

static void *close_session(void *arg)
{
	struct app *a = arg;

	do_close(a, NULL);
	report("thread-ns %" PRIu64 "\n", inode_of("/proc/thread-self/ns/net"));
	return NULL;
}

static void do_thread_close(struct app *a, const char *arg)
{
	pthread_t thread;

	(void)arg;
	errno = pthread_create(&thread, NULL, close_session, a);
	if (!errno)
		errno = pthread_join(thread, NULL);
	if (errno)
		err(2, "thread-close");
}

static void do_drop(struct app *a, const char *arg)
{
	(void)arg;
	become_user(a);
}

static void do_ids(struct app *a, const char *arg)
{
	(void)a;
	if (setresuid((uid_t)strtoul(arg, NULL, 10), (uid_t)-1, (uid_t)-1) < 0)
		err(2, "setresuid");
}

/* As fork(2), but for that.  It stays until we end. */
static void do_share_fs(struct app *a, const char *arg)
{
	long pid = syscall(SYS_clone, CLONE_FS | SIGCHLD, NULL, NULL, NULL, NULL);

	(void)a;
	(void)arg;
	if (pid < 0)
		err(2, "clone");
	while (pid == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0)
		pause();
	report("shared %ld\n", pid);
}

static void do_effective_id(struct app *a, const char *arg)
{
	(void)a;
	if (setresuid((uid_t)-1, (uid_t)strtoul(arg, NULL, 10), (uid_t)-1) < 0)
		err(2, "setresuid");
}

static void do_undumpable(struct app *a, const char *arg)
{
	(void)a;
	(void)arg;
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		err(2, "prctl");
}

/* As a filter does that its author took for strict: EPERM, for us and all who come from us. */
static void do_forbid(struct app *a, const char *arg)
{
	static const struct {
		const char *name;
		uint32_t number;
	} calls[] = {
		{ "clone", SYS_clone },      { "execve", SYS_execve },
		{ "kill", SYS_kill },        { "mount", SYS_mount },
		{ "mmap", SYS_mmap },        { "prlimit", SYS_prlimit64 },
		{ "setns", SYS_setns },      { "setresuid", SYS_setresuid },
		{ "setsid", SYS_setsid },    { "socket", SYS_socket },
		{ "statx", SYS_statx },      { "socketpair", SYS_socketpair },
		{ "unshare", SYS_unshare },  { "close_range", SYS_close_range },
		{ "sendmsg", SYS_sendmsg },  { "pipe", SYS_pipe2 },
		{ "pidfd", SYS_pidfd_open }, { "capset", SYS_capset },
	};
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { ARRAY_SIZE(filter), filter };

	(void)a;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (strcmp(calls[i].name, arg) == 0)
			filter[1].k = calls[i].number;
	if (!filter[1].k)
		errx(2, "forbid: unknown '%s'", arg);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		err(2, "seccomp");
}

static void do_unshare_net(struct app *a, const char *arg)
{
	(void)a;
	(void)arg;
	if (unshare(CLONE_NEWNET) < 0)
		err(2, "unshare");
}

/* By a child that is the first process of a pid namespace, as we may be of ours. */
static void do_first_close(struct app *a, const char *arg)
{
	pid_t pid;

	if (unshare(CLONE_NEWPID) < 0)
		err(2, "unshare");
	pid = xfork();
	if (pid == 0) {
		do_close(a, arg);
		do_ns(a, arg);
		_exit(a->failed);
	}
	if (wait_for_child(pid) != 0)
		a->failed = true;
}

static void do_sigchld_ignore(struct app *a, const char *arg)
{
	(void)a;
	(void)arg;
	signal(SIGCHLD, SIG_IGN);
}

static void reap_all(int sig)
{
	int saved = errno;

	(void)sig;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	errno = saved;
}

static void do_sigchld_reap(struct app *a, const char *arg)
{
	(void)a;
	(void)arg;
	signal(SIGCHLD, reap_all);
}

static void do_block_signals(struct app *a, const char *arg)
{
	sigset_t all;

	(void)a;
	(void)arg;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* Every system call may be interrupted: no SA_RESTART. */
static void do_alarms(struct app *a, const char *arg)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	const struct timeval every = { .tv_usec = 1000 };
	const struct itimerval timer = { .it_interval = every, .it_value = every };

	(void)a;
	(void)arg;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void do_close_fds(struct app *a, const char *arg)
{
	(void)a;
	(void)arg;
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		close(fd);
}

/* Leaves N descriptors below the limit: 0 none at all. */
static void do_fill_fds(struct app *a, const char *arg)
{
	int left = atoi(arg);
	int last = -1;
	int fd;

	(void)a;
	while ((fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
		last = fd;
	for (fd = last; left > 0 && fd > STDERR_FILENO; fd--)
		if (fd != REPORT_FD && close(fd) == 0)
			left--;
}

static void set_limit(const char *arg, bool soft)
{
	static const struct {
		const char *name;
		int resource;
	} names[] = {
		{ "as=", RLIMIT_AS },
		{ "core=", RLIMIT_CORE },
		{ "cpu=", RLIMIT_CPU },
		{ "data=", RLIMIT_DATA },
		{ "fsize=", RLIMIT_FSIZE },
		{ "nofile=", RLIMIT_NOFILE },
		{ "memlock=", RLIMIT_MEMLOCK },
		{ "nproc=", RLIMIT_NPROC },
		{ "sigpending=", RLIMIT_SIGPENDING },
		{ "stack=", RLIMIT_STACK },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t n = strlen(names[i].name);
		struct rlimit l;

		if (strncmp(arg, names[i].name, n) != 0)
			continue;
		getrlimit(names[i].resource, &l);
		l.rlim_cur = strcmp(arg + n, "max") == 0 ? l.rlim_max : strtoul(arg + n, NULL, 10);
		if (!soft)
			l.rlim_max = l.rlim_cur;
		if (setrlimit(names[i].resource, &l) < 0)
			err(2, "rlimit %s", arg);
		return;
	}
	errx(2, "rlimit: unknown '%s'", arg);
}

static void do_rlimit(struct app *a, const char *arg)
{
	(void)a;
	set_limit(arg, false);
}

static void do_softlimit(struct app *a, const char *arg)
{
	(void)a;
	set_limit(arg, true);
}

static void do_cwd(struct app *a, const char *arg)
{
	(void)a;
	if (chdir(arg) < 0)
		err(2, "%s", arg);
}

static void do_say(struct app *a, const char *arg)
{
	(void)a;
	report("%s\n", arg);
}

/* Byte by byte: the rest belongs to the next one. */
static void do_wait_line(struct app *a, const char *arg)
{
	char c;

	(void)a;
	(void)arg;
	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
		;
}

static const struct action {
	const char *name;
	bool has_arg;
	void (*run)(struct app *a, const char *arg);
} actions[] = {
	{ "authenticate", false, do_authenticate },
	{ "open", false, do_open },
	{ "close", false, do_close },
	{ "setcred", false, do_setcred },
	{ "end", false, do_end },
	{ "handle", true, do_handle }, /* N or N:USER, another one from now on */
	{ "user", true, do_user }, /* the handle is for another one */
	{ "item", true, do_item }, /* NAME=VALUE: rhost, ruser, tty */
	{ "fork-end", false, do_fork_end }, /* pam_end() in a child */
	{ "daemon", false, do_daemon },
	{ "fork-close", false, do_fork_close }, /* pam_close_session() in a child */
	{ "first-close", false, do_first_close }, /* in one that is process 1, and ns there */

	{ "ns", false, do_ns }, /* inode of the network namespace */
	{ "mntns", false, do_mntns },
	{ "links", false, do_links }, /* those that are up */
	{ "state", false, do_state }, /* one line of all that must not change */
	{ "children", false, do_children }, /* "none" or "some" */

	{ "run", true, do_run }, /* sh -c ARG as the user */
	{ "system", true, do_system }, /* sh -c ARG as we are */
	{ "say", true, do_say },
	{ "sleep-for-stdin", false, do_wait_line }, /* until a line comes */
	{ "thread", false, do_thread }, /* from now on there is a second one */
	{ "thread-close", false, do_thread_close }, /* a second one that closes, and ends */
	{ "drop", false, do_drop }, /* become the user, as systemd's sd-pam */
	{ "ids", true, do_ids }, /* set the real uid, as in su */
	{ "share-fs", false, do_share_fs }, /* from now on a child has our root and cwd */
	{ "effective-id", true, do_effective_id },
	{ "undumpable", false, do_undumpable },
	{ "forbid", true, do_forbid }, /* a system call, by seccomp */
	{ "unshare-net", false, do_unshare_net },
	{ "sigchld-ignore", false, do_sigchld_ignore },
	{ "sigchld-reap", false, do_sigchld_reap }, /* as atd */
	{ "block-signals", false, do_block_signals },
	{ "alarms", false, do_alarms }, /* SIGALRM every millisecond */
	{ "close-fds", false, do_close_fds }, /* 0 to 2 */
	{ "fill-fds", true, do_fill_fds }, /* all but ARG */
	{ "rlimit", true, do_rlimit }, /* NAME=VALUE, both limits */
	{ "softlimit", true, do_softlimit }, /* NAME=VALUE or NAME=max, what can be undone */
	{ "cwd", true, do_cwd },
};

static const struct action *find_action(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (strcmp(actions[i].name, name) == 0)
			return &actions[i];
	errx(2, "unknown action '%s'", name);
}

int main(int argc, char *argv[])
{
	struct app a = { .user = "alice", .service = "pamdo" };
	int c;

	while ((c = getopt(argc, argv, "+s:u:q")) != -1) {
		switch (c) {
		case 's':
			a.service = optarg;
			break;
		case 'u':
			a.user = optarg;
			break;
		case 'q':
			a.flags |= PAM_SILENT;
			break;
		default:
			return 2;
		}
	}
	if (dup3(STDOUT_FILENO, REPORT_FD, O_CLOEXEC) < 0)
		err(2, "dup3");
	start(&a);
	while (optind < argc) {
		const struct action *action = find_action(argv[optind++]);

		if (action->has_arg && optind == argc)
			errx(2, "%s wants an argument", action->name);
		action->run(&a, action->has_arg ? argv[optind++] : NULL);
	}
	return a.failed;
}
