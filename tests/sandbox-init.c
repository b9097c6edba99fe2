/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *   sandbox-init PROGRAM ARG...
 *
 * The first process of tests/sandbox, started in a fresh PID namespace that is
 * still empty ("unshare --pid" without --fork):
 *
 *   the process started   waits, passes the exit status on
 *     `- PID 1            reaps what is orphaned, ends with PROGRAM
 *          `- PROGRAM
 *
 * When PID 1 ends, the kernel kills whatever is left in the namespace.  When
 * the process started is killed, by whatever signal, so is PID 1.
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* As a shell reports it: 128 + the signal's number. */
static int exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int wait_and_reap(pid_t wanted)
{
	int status;
	pid_t pid;

	do {
		pid = wait(&status);
		if (pid < 0 && errno != EINTR)
			err(125, "wait");
	} while (pid != wanted);
	return exit_status(status);
}

/* Not for PROGRAM: PR_SET_PDEATHSIG ends with fork(). */
static void die_with_parent(int alive)
{
	struct pollfd closed = { .fd = alive };

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		err(125, "PR_SET_PDEATHSIG");
	/* It may have died before the call above. */
	if (poll(&closed, 1, 0) != 0)
		_exit(125);
	close(alive);
}

static _Noreturn void run_init(char *argv[])
{
	pid_t pid;

	pid = fork();
	if (pid < 0)
		err(125, "fork");
	if (pid == 0) {
		execvp(argv[0], argv);
		err(127, "%s", argv[0]);
	}
	_exit(wait_and_reap(pid));
}

int main(int argc, char *argv[])
{
	int alive[2]; /* the parent holds the writing end */
	pid_t pid;

	if (argc < 2)
		errx(125, "usage: sandbox-init PROGRAM ARG...");
	/* What the caller has left open would look like a leak of what is tested. */
	close_range(STDERR_FILENO + 1, ~0U, 0);
	signal(SIGCHLD, SIG_DFL); /* ignored, wait() would have nothing to tell */
	if (pipe(alive) < 0)
		err(125, "pipe");
	pid = fork();
	if (pid < 0)
		err(125, "fork");
	if (pid == 0) {
		close(alive[1]);
		if (getpid() != 1)
			errx(125, "not in a PID namespace of its own");
		die_with_parent(alive[0]);
		run_init(argv + 1);
	}
	close(alive[0]);
	return wait_and_reap(pid);
}
