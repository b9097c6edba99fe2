/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *   crowd SERVICE USER...
 *
 * Opens a session of each user by the PAM service, in a process of its own, as
 * many at once as there are processors, and has a program of the user's run in it.
 * Prints "ready N", N of them being open, and keeps them until its standard input
 * ends; then all are killed: nobody closes a session.
 */
#include <err.h>
#include <grp.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "conf/base.h"

static int converse(int n, const struct pam_message **messages, struct pam_response **ret,
		    void *data)
{
	(void)n;
	(void)ret;
	(void)data;
	fprintf(stderr, "crowd: %s\n", messages[0]->msg);
	return PAM_CONV_ERR;
}

static const struct pam_conv conversation = { converse, NULL };

static void become(const struct passwd *pw)
{
	if (setgroups(0, NULL) < 0 || setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) < 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0)
		err(1, "%s", pw->pw_name);
}

/* The program: it ends with the one that has the session, whatever its uid. */
static pid_t start_program(const struct passwd *pw)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	become(pw);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

/* Writes a byte to out: whether there is a session now. */
_Noreturn static void keep_session(const char *service, const char *user, int out)
{
	const struct passwd *pw = getpwnam(user);
	pam_handle_t *pamh = NULL;
	bool good;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	good = pw && pam_start(service, user, &conversation, &pamh) == PAM_SUCCESS &&
	       pam_open_session(pamh, 0) == PAM_SUCCESS && start_program(pw) > 0;
	if (write(out, good ? "1" : "0", 1) != 1 || !good)
		_exit(1);
	for (;;)
		pause();
}

static void start(const char *service, const char *user, int out)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid == 0)
		keep_session(service, user, out);
}

static int wait_for_one(int in)
{
	char answer;

	if (read(in, &answer, 1) != 1)
		err(1, "read");
	return answer == '1';
}

int main(int argc, char **argv)
{
	long at_once = sysconf(_SC_NPROCESSORS_ONLN);
	int open_sessions = 0;
	long waiting = 0;
	int fds[2];
	char byte;

	if (argc < 3)
		errx(2, "usage: crowd SERVICE USER...");
	if (pipe(fds) < 0)
		err(1, "pipe");
	for (int i = 2; i < argc; i++) {
		if (waiting == at_once) {
			open_sessions += wait_for_one(fds[0]);
			waiting--;
		}
		start(argv[1], argv[i], fds[1]);
		waiting++;
	}
	for (; waiting > 0; waiting--)
		open_sessions += wait_for_one(fds[0]);
	printf("ready %d\n", open_sessions);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
	return 0;
}
