/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/base.h"
#include "helper/answer.h"
#include "helper/client.h"
#include "helper/proto.h"
#include "helper/wire.h"

#define SPAWN_STACK 16384

/*
 * Shared by the caller, the middle process and the child until it has executed
 * the helper: all run in one address space, one after the other (CLONE_VFORK).
 * So the two functions below only make system calls, and those by number where
 * glibc's wrapper would involve the caller's threads.
 *
 * It is not on the caller's stack: whoever can kill the middle process alone (by
 * cgroup.kill, say) lets the caller go on while the child has not executed yet.
 */
struct spawn {
	int channel;
	int pidfd;
	int error; /* positive errno of the step that failed */
	char stack[2][SPAWN_STACK] __attribute__((aligned(16)));
};

/*
 * The caller may have been limited by the user it serves: su passes on
 * RLIMIT_FSIZE=0.  What is not listed does no harm.
 */
static const struct {
	int resource;
	rlim_t value;
} spawn_limits[] = {
	{ RLIMIT_AS, RLIM_INFINITY },
	{ RLIMIT_CPU, RLIM_INFINITY },
	{ RLIMIT_DATA, RLIM_INFINITY },
	{ RLIMIT_FSIZE, RLIM_INFINITY },
	{ RLIMIT_MEMLOCK, 8 << 20 },
	{ RLIMIT_NOFILE, 1024 },
	{ RLIMIT_SIGPENDING, 1024 },
	{ RLIMIT_STACK, 8 << 20 },
	{ RLIMIT_CORE, 0 },
};

/*
 * Puts the channel on PROTO_CHANNEL_FD, /dev/null on 0 to 2, and nothing else from
 * execve(2) on; until then the caller wants to see us alive.
 */
static bool spawn_set_fds(int channel)
{
	int null;

	channel = fcntl(channel, F_DUPFD, PROTO_CHANNEL_FD + 1);
	null = open("/dev/null", O_RDWR);
	if (channel < 0 || null < 0)
		return false;
	for (int fd = 0; fd < PROTO_CHANNEL_FD; fd++)
		if (dup2(null, fd) < 0)
			return false;
	return dup2(channel, PROTO_CHANNEL_FD) >= 0 &&
	       syscall(SYS_close_range, PROTO_CHANNEL_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0;
}

/*
 * Sets one limit.  A caller without CAP_SYS_RESOURCE cannot raise what is hard;
 * then as far as it goes, and the helper will see whether that is enough.
 */
static bool spawn_set_limit(int resource, rlim_t value)
{
	struct rlimit limit = { .rlim_cur = value, .rlim_max = value };

	if (syscall(SYS_prlimit64, 0, resource, &limit, NULL) == 0)
		return true;
	if (errno != EPERM || syscall(SYS_prlimit64, 0, resource, NULL, &limit) < 0)
		return false;
	limit.rlim_cur = value < limit.rlim_max ? value : limit.rlim_max;
	return syscall(SYS_prlimit64, 0, resource, &limit, NULL) == 0;
}

static int spawn_child(void *arg)
{
	static char name[] = "netns-helper";
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	static char locale[] = "LC_ALL=C";
	char *const argv[] = { name, NULL };
	char *const envp[] = { path, locale, NULL };
	const struct sched_param normal = { 0 };
	struct spawn *s = arg;

	for (size_t i = 0; i < ARRAY_SIZE(spawn_limits); i++)
		if (!spawn_set_limit(spawn_limits[i].resource, spawn_limits[i].value))
			goto fail;
	/* Not as patient as the caller may be made to be; what cannot be had is left. */
	(void)setpriority(PRIO_PROCESS, 0, 0);
	(void)syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &normal);
	umask(077);
	/* Own session: no terminal can stop us.  Own uid: su's user cannot signal us. */
	if (setsid() < 0 || syscall(SYS_setgroups, 0, NULL) < 0 ||
	    syscall(SYS_setresgid, 0, 0, 0) < 0 || syscall(SYS_setresuid, 0, 0, 0) < 0 ||
	    chdir("/") < 0 || !spawn_set_fds(s->channel))
		goto fail;
	/* Signals stay blocked: a handler of the caller's must not run here. */
	execve(NETNS_HELPER, argv, envp);
fail:
	s->error = errno;
	_exit(1);
}

/* The middle process shares the caller's descriptor table: the pidfd lands there. */
static int spawn_middle(void *arg)
{
	struct spawn *s = arg;

	if (clone(spawn_child, s->stack[1] + SPAWN_STACK,
		  CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, s, &s->pidfd) < 0)
		s->error = errno;
	_exit(0);
}

/*
 * Runs the middle process to its end.  Without a signal at that end (the 0 in
 * the low byte) it is invisible to SIGCHLD handlers and to a plain wait(); ours
 * asks for it with __WALL.
 */
static int spawn_run(struct spawn *s)
{
	pid_t middle;
	pid_t r;

	middle = clone(spawn_middle, s->stack[0] + SPAWN_STACK,
		       CLONE_VM | CLONE_VFORK | CLONE_FILES, s);
	if (middle < 0)
		return -errno;
	do
		r = waitpid(middle, NULL, __WALL);
	while (r < 0 && errno == EINTR);
	return 0;
}

/* Starts the helper on channel. */
static int spawn_helper(int channel, int *ret_pidfd)
{
	_cleanup_close_ int alive = -1;
	_cleanup_close_ int pidfd = -1;
	struct spawn *s;
	int ends[2];
	int r;

	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK,
		 -1, 0);
	if (s == MAP_FAILED)
		return -errno;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		r = -errno;
		munmap(s, sizeof(*s));
		return r;
	}
	alive = ends[0];
	s->channel = channel;
	s->pidfd = -1;
	r = spawn_run(s);
	close(ends[1]);
	pidfd = s->pidfd;
	/* Its last copy is gone when the child has executed, or ended. */
	if (!r && wire_wait(alive, PROTO_DEADLINE_MS) < 0) {
		/* It still stands on the memory at s, which is left to it. */
		if (pidfd >= 0)
			syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
		return -ETIMEDOUT;
	}
	if (!r)
		r = s->error ? -s->error : pidfd < 0 ? -ECHILD : 0;
	munmap(s, sizeof(*s));
	if (!r)
		*ret_pidfd = steal_fd(&pidfd);
	return r;
}

static int fail(struct proto_answer *answer, int r, const char *format, ...) PRINTF_LIKE(3, 4);
static int fail(struct proto_answer *answer, int r, const char *format, ...)
{
	va_list args;

	memset(answer, 0, sizeof(*answer));
	answer->result = PROTO_FAILED;
	va_start(args, format);
	vsnprintf(answer->text, sizeof(answer->text), format, args);
	va_end(args);
	return r;
}

/* It goes to a log of lines. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

static int receive(struct client *client, struct proto_answer *answer, struct wire_fds *ret_fds)
{
	_cleanup_(wire_fds_done) struct wire_fds fds = { .n = 0 };
	size_t length;
	int r;

	r = wire_wait(client->channel, PROTO_DEADLINE_MS);
	if (r == -ETIMEDOUT)
		return fail(answer, r, "%s did not answer within %d s", NETNS_HELPER,
			    PROTO_DEADLINE_MS / 1000);
	if (!r)
		r = wire_recv(client->channel, answer, sizeof(*answer), &length,
			      ret_fds ? &fds : NULL, NULL);
	if (r == -ECONNRESET)
		return fail(answer, r, "%s ended without an answer", NETNS_HELPER);
	if (!r && !answer_is_sound(answer, length, fds.n))
		r = -EPROTO;
	if (r)
		return fail(answer, r, "no usable answer from %s: %s", NETNS_HELPER, strerror(-r));
	make_printable(answer->text);
	if (ret_fds)
		*ret_fds = fds;
	fds.n = 0;
	return 0;
}

static int ask(struct client *client, struct iovec *iov, size_t n, struct proto_answer *answer,
	       struct wire_fds *ret_fds)
{
	_cleanup_close_ int theirs = -1;
	int pair[2];
	int r;

	r = wire_pair(pair);
	if (r)
		return fail(answer, r, "cannot make a socketpair: %s", strerror(-r));
	client->channel = pair[0];
	theirs = pair[1];
	/* Sent first: the helper finds its request waiting. */
	r = wire_send(client->channel, iov, n, NULL);
	if (r)
		return fail(answer, r, "cannot send to %s: %s", NETNS_HELPER, strerror(-r));
	r = spawn_helper(theirs, &client->pidfd);
	if (r)
		return fail(answer, r, "cannot start %s: %s", NETNS_HELPER, strerror(-r));
	/* Otherwise its end would never be seen. */
	close(steal_fd(&theirs));

	r = receive(client, answer, ret_fds);
	if (r)
		syscall(SYS_pidfd_send_signal, client->pidfd, SIGKILL, NULL, 0);
	return r;
}

int client_ask(struct client *client, struct proto_request *request, const uint32_t *gids,
	       uint32_t n_gids, struct proto_answer *ret_answer, struct wire_fds *ret_fds)
{
	struct iovec iov[] = {
		{ .iov_base = request, .iov_len = sizeof(*request) },
		{ .iov_base = (void *)(uintptr_t)gids, .iov_len = n_gids * sizeof(*gids) },
	};
	sigset_t all;
	sigset_t before;
	int r;

	if (n_gids > PROTO_GIDS_MAX)
		return fail(ret_answer, -E2BIG, "the user is in %u groups, more than %u", n_gids,
			    PROTO_GIDS_MAX);
	request->version = PROTO_VERSION;
	request->n_gids = n_gids;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	r = ask(client, iov, ARRAY_SIZE(iov), ret_answer, ret_fds);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return r;
}

bool client_is_held(const struct client *client)
{
	return wire_wait(client->channel, 0) == -ETIMEDOUT;
}

void client_done(struct client *client)
{
	close_p(&client->channel);
	close_p(&client->pidfd);
	client->channel = -1;
	client->pidfd = -1;
}
