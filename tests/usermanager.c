/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *   usermanager [-s SERVICE] USER COMMAND [ARG]...
 *
 * Does with PAM what systemd does for user@.service, whose service is
 * systemd-user, before it executes the user's manager; COMMAND is in its place:
 *
 *   - the session is opened, as root, by the process that becomes the manager;
 *   - a child, "(sd-pam)", keeps the handle: it becomes the user, with no other
 *     group, and waits for SIGTERM, which comes when the manager ends;
 *   - then it closes the session: as the user, in another process than the one
 *     that has opened it, and with PAM_DATA_SILENT at the end;
 *   - the manager becomes the user only after the child, and never ends PAM.
 *
 * What systemd does not do: "(sd-pam)" prints what closing gave, as "close 0" and
 * "end 0", to standard output.
 *
 * Exit status: 224, as systemd's EXIT_PAM, when there is no session.
 */
#include <err.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/base.h"

#define EXIT_PAM 224

/* There is nobody to ask or to tell. */
static int converse(int n, const struct pam_message **messages, struct pam_response **ret_answers,
		    void *data)
{
	(void)n;
	(void)messages;
	(void)ret_answers;
	(void)data;
	return PAM_CONV_ERR;
}

static void check(pam_handle_t *pamh, const char *what, int r)
{
	if (r != PAM_SUCCESS)
		errx(EXIT_PAM, "%s: %s", what, pam_strerror(pamh, r));
}

static pam_handle_t *open_session(const char *service, const char *user)
{
	static const struct pam_conv conv = { .conv = converse };
	pam_handle_t *pamh = NULL;
	int r = pam_start(service, user, &conv, &pamh);

	if (r != PAM_SUCCESS)
		errx(EXIT_PAM, "pam_start: %d", r);
	check(pamh, "pam_acct_mgmt", pam_acct_mgmt(pamh, PAM_SILENT));
	r = pam_setcred(pamh, PAM_ESTABLISH_CRED | PAM_SILENT);
	if (r != PAM_SUCCESS)
		warnx("pam_setcred: %s, ignored", pam_strerror(pamh, r));
	check(pamh, "pam_open_session", pam_open_session(pamh, PAM_SILENT));
	return pamh;
}

static const struct passwd *find_user(const char *name)
{
	const struct passwd *pw = getpwnam(name);

	if (!pw)
		errx(2, "no user '%s'", name);
	return pw;
}

static void become(const struct passwd *pw)
{
	if (setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) < 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0)
		err(EXIT_PAM, "cannot become %s", pw->pw_name);
}

/* Returns when the parent has ended: SIGTERM is blocked, and waited for. */
static void wait_for_end_of(pid_t parent, int ready)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
		err(EXIT_PAM, "prctl");
	close(ready);
	while (getppid() == parent)
		sigwait(&set, &sig);
}

static _Noreturn void be_sd_pam(pam_handle_t *pamh, const struct passwd *pw, pid_t parent,
				int ready)
{
	int r;

	prctl(PR_SET_NAME, "(sd-pam)");
	if (setgroups(0, NULL) < 0)
		err(EXIT_PAM, "setgroups");
	become(pw);
	signal(SIGPIPE, SIG_IGN);
	wait_for_end_of(parent, ready);
	r = pam_close_session(pamh, PAM_SILENT);
	printf("close %d\n", r);
	r = pam_end(pamh, (int)((unsigned int)r | PAM_SILENT | PAM_DATA_SILENT));
	printf("end %d\n", r);
	fflush(stdout);
	_exit(0);
}

/* Until the child says, by the end of the pipe, that it has no privilege any more. */
static void start_sd_pam(pam_handle_t *pamh, const struct passwd *pw)
{
	pid_t parent = getpid();
	int ready[2];
	sigset_t term, before;
	pid_t pid;
	char c;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &term, &before) < 0 || pipe(ready) < 0)
		err(EXIT_PAM, "cannot start (sd-pam)");
	pid = fork();
	if (pid < 0)
		err(EXIT_PAM, "fork");
	if (pid == 0) {
		close(ready[0]);
		be_sd_pam(pamh, pw, parent, ready[1]);
	}
	close(ready[1]);
	sigprocmask(SIG_SETMASK, &before, NULL);
	while (read(ready[0], &c, 1) < 0 && errno == EINTR)
		;
	close(ready[0]);
}

int main(int argc, char *argv[])
{
	const char *service = "systemd-user";
	const struct passwd *pw;
	pam_handle_t *pamh;
	char **env;
	int c;

	while ((c = getopt(argc, argv, "+s:")) != -1) {
		if (c != 's')
			return 2;
		service = optarg;
	}
	if (argc - optind < 2)
		errx(2, "usage: usermanager [-s SERVICE] USER COMMAND [ARG]...");
	pw = find_user(argv[optind]);
	pamh = open_session(service, pw->pw_name);
	env = pam_getenvlist(pamh);
	start_sd_pam(pamh, pw);
	if (initgroups(pw->pw_name, pw->pw_gid) < 0 || chdir(pw->pw_dir) < 0)
		err(EXIT_PAM, "%s", pw->pw_name);
	become(pw);
	for (char **e = env; e && *e; e++)
		putenv(*e);
	execvp(argv[optind + 1], &argv[optind + 1]);
	err(127, "%s", argv[optind + 1]);
}
