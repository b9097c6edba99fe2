/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *   faultrun [-lE] [-S USER] -w DIR -u USER [-o OPERATION]
 *            [-p PREPARE] [-g GROUND -g GROUND] [-r RESTORE]
 *   faultrun -G
 *
 * Opens and closes a session of USER, or runs OPERATION, under a fault at each of
 * the points that standard input names, and says a line for each of them: the
 * point, what came of it, the number of the system call, what is wrong.
 *
 *   0.1.1 17 ENOSPC      the 17th call of this process fails
 *   0.1.1 17 before      or its process is killed before it, or after
 *   netns-helper 4 oom   the 4th allocation of this program fails (see oom.c)
 *
 * What must hold: the session is as without the fault, or refused, and then in an
 * empty network; nothing crashes; the next log-in works; nothing is left, at least
 * after a sweep.  With -E a session is ended, and not closed.  With -S a session in an empty
 * network is right, too, where all else is as for that USER, who gets no other.  With -g the host's
 * table and routing rules are as in one of these files, which -G prints.  -l lists the calls
 * instead: process, number, system call.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/base.h"
#include "tests/faults/faultrun.h"
#include "tests/faults/trace.h"

#define DEADLINE 40 /* seconds, for an operation and all that it starts */
#define PATIENCE 20.0 /* until nothing is left */
#define RUNS     0.3 /* what may still run, before a sweep */
#define SETTLES  0.03 /* what the kernel does after that */
#define OOM_FILE "/tmp/oom"
/* Who might just have joined is given a while: it has passed. */
#define SWEEP "touch -c -d @0 /run/pam_netns/joined/*; netnsctl sweep"

static char oom_order[TRACE_NAME_MAX + 16]; /* of the point that is tried; "": none */

/* ret_runs, which may be NULL: whether one of our programs does. */
static bool looks_like_base(const struct run *run, bool *ret_runs)
{
	char *text = picture_of_host();
	bool same = strcmp(text, run->base) == 0;

	/* The first line says how many there are. */
	if (ret_runs)
		*ret_runs = strncmp(text, run->base, strcspn(run->base, "\n") + 1) != 0;
	if (!same)
		put_text(in(run, "base.now"), text);
	free(text);
	return same;
}

static pid_t start(const struct run *run, bool traced, const char *picture, int *ret_fd)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		err(2, "pipe");
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		err(2, "fork");
	if (pid == 0) {
		close(ends[0]);
		if (traced && run->operation) {
			int null = open("/dev/null", O_WRONLY);

			dup2(null, STDOUT_FILENO);
			dup2(null, STDERR_FILENO);
			trace_begin();
			trace_mark(true);
			execl("/bin/sh", "sh", "-c", run->operation, (char *)NULL);
			_exit(127);
		}
		app_run(run, traced, picture, ends[1]);
		_exit(0);
	}
	close(ends[1]);
	*ret_fd = ends[0];
	return pid;
}

static void get_report(int fd, struct report *ret)
{
	struct report r;

	*ret = (struct report){ 0 };
	while (read(fd, &r, sizeof(r)) == (ssize_t)sizeof(r))
		*ret = r;
	close(fd);
}

static bool is_sealed(const struct run *run, const struct report *r)
{
	return run->sealed_user && !r->opened && !r->has_links && r->inside != run->host;
}

/* Of a session there is one, also where libpam has failed after the module, which had done its
 * part. */
static bool has_picture(const struct run *run, const struct report *r)
{
	if (run->operation || !r->has_opened || is_sealed(run, r))
		return false;
	return r->opened ? r->has_links && r->inside != run->host : true;
}

/* What came of it, in a word. */
static const char *outcome_of(const struct run *run, const struct report *r,
			      const struct trace_result *t, bool ours)
{
	if (WIFSIGNALED(t->status) && WTERMSIG(t->status) == SIGKILL)
		return ours ? "killed" : "ended";
	if (run->operation)
		return WIFEXITED(t->status) && WEXITSTATUS(t->status) == 0 ? "done" : "failed";
	if (!r->has_opened || !r->has_closed)
		return "vanished";
	if (r->opened)
		return r->opened == PAM_BUF_ERR || r->has_links ? "refused by libpam" : "refused";
	if (r->closed)
		return "opened, not closed";
	if (is_sealed(run, r))
		return "sealed";
	if (old)
		return "opened, as before the reload";
	if (busy && unset)
		return "opened, port not published";
	return unset ? "opened, tripwire not set" : "opened";
}

/* looked: its picture is to be the right one. */
static void next_login(const struct run *run, bool looked)
{
	struct report r;
	int status;
	pid_t pid;
	int fd;

	unlink(in(run, "session.now"));
	pid = start(run, false, looked ? in(run, "session.now") : NULL, &fd);
	get_report(fd, &r);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		complain("the next log-in: status %d", status);
	else if (r.opened || r.closed)
		complain("the next log-in is refused");
	else if (looked && access(in(run, "session"), F_OK) == 0)
		(void)compare(run, "session", "the next log-in", MAY_HAVE_MORE);
	judge_session(run, &r);
}

/* Nothing is left, or a sweep removes it. */
static const char *clean_up(const struct run *run)
{
	double start = now();
	double sweep = start + RUNS;
	bool swept = false;
	bool runs;

	while (!looks_like_base(run, &runs)) {
		double t = now();

		if (t > start + PATIENCE) {
			(void)compare(run, "base", "left", EXACT);
			return " left";
		}
		if (!swept && !runs && sweep > t + SETTLES)
			sweep = t + SETTLES;
		if (t >= sweep) {
			swept = true;
			sweep = t + 2 * RUNS;
			if (shell(SWEEP, in(run, "sweep")) != 0)
				complain("sweep: %s", read_text(in(run, "sweep")));
		} else {
			usleep(2000);
		}
	}
	return swept ? " swept" : "";
}

static void run_hook(const struct run *run, const char *command, const char *name)
{
	char *text;

	if (!command || shell(command, in(run, "hook")) == 0)
		return;
	text = read_text(in(run, "hook"));
	complain("%s: %s", name, text);
	free(text);
}

static void try(const struct run *run, const struct trace_point *point, trace_visit *visit,
		struct trace_result *ret_trace, struct report *ret_report)
{
	pid_t pid;
	int fd;

	wrong[0] = '\0';
	unset = false;
	busy = point->action == TRACE_FAIL && point->error == EBUSY;
	old = false;
	run_hook(run, run->prepare, "prepare");
	/* Not before: what prepares it may run the same program. */
	if (oom_order[0])
		put_text(OOM_FILE, oom_order);
	unlink(in(run, "session.now"));
	pid = start(run, true, in(run, "session.now"), &fd);
	trace_run(pid, point, visit, DEADLINE, ret_trace);
	get_report(fd, ret_report);
	if (ret_trace->late)
		complain("has not ended in %d s", DEADLINE);
	if (ret_trace->crash)
		complain("crashed by signal %d", ret_trace->crash);
	/* By itself: what it had come to, nobody has seen.  127 is from glibc, which ends a program
	 * that has no memory for a library's thread-local variables. */
	if (!run->operation && WIFEXITED(ret_trace->status) &&
	    !(ret_report->has_opened && ret_report->has_closed) &&
	    !(oom_order[0] && WEXITSTATUS(ret_trace->status) == 127))
		complain("ended with status %d", WEXITSTATUS(ret_trace->status));
	judge_session(run, ret_report);
	if (has_picture(run, ret_report))
		judge_picture(run);
	if (ret_report->has_opened && is_sealed(run, ret_report))
		judge_sealed(run);
	if (run->grounds[0])
		judge_ground(run);
}

/*
 * A log-in takes away what is left of the user's last one, and would hide from a
 * sweep what that cannot find.  Each moment between two calls is tried in both orders.
 */
static bool is_swept_first(const struct run *run, const struct trace_point *point)
{
	if (run->restore)
		return false;
	return point->action == TRACE_KILL_AFTER ||
	       (point->action == TRACE_FAIL && point->error % 2 != 0);
}

/* Whether the point has been reached. */
static bool try_point(const struct run *run, const char *text, const struct trace_point *point,
		      bool oom)
{
	struct trace_result trace;
	struct report report;
	const char *outcome;
	const char *after = "";
	bool ours;

	try(run, point, NULL, &trace, &report);
	if (oom)
		trace.hit = access(OOM_FILE, F_OK) < 0;
	unlink(OOM_FILE);
	ours = trace.hit && point->action != TRACE_FAIL && strcmp(point->process, "0") == 0;
	outcome = trace.hit ? outcome_of(run, &report, &trace, ours) : "missed";
	if (run->operation || run->restore || !looks_like_base(run, NULL)) {
		if (is_swept_first(run, point))
			after = clean_up(run);
		next_login(run, true);
		run_hook(run, run->restore, "restore");
		if (!looks_like_base(run, NULL))
			after = clean_up(run);
	} else {
		next_login(run, false);
	}
	printf("%s | %s%s | %ld | %s\n", text, outcome, after, trace.number, wrong);
	fflush(stdout);
	return trace.hit;
}

/*
 * Points
 */

static int parse_error(const char *name)
{
	for (int e = 1; e < 134; e++) {
		const char *known = strerrorname_np(e);

		if (known && strcmp(known, name) == 0)
			return e;
	}
	errx(2, "unknown error %s", name);
}

/* Whether it is an allocation. */
static bool parse_point(const char *text, struct trace_point *ret)
{
	char action[16];

	*ret = (struct trace_point){ .action = TRACE_NOTHING };
	oom_order[0] = '\0';
	if (sscanf(text, "%31s %u %15s", ret->process, &ret->call, action) != 3)
		errx(2, "no point: %s", text);
	if (strcmp(action, "oom") == 0) {
		snprintf(oom_order, sizeof(oom_order), "%s %u\n", ret->process, ret->call);
		return true;
	}
	if (strcmp(action, "before") == 0) {
		ret->action = TRACE_KILL_BEFORE;
	} else if (strcmp(action, "after") == 0) {
		ret->action = TRACE_KILL_AFTER;
	} else {
		ret->action = TRACE_FAIL;
		ret->error = parse_error(action);
	}
	return false;
}

static void print_call(const char *process, unsigned call, long number)
{
	printf("%s %u %ld\n", process, call, number);
}

static void no_fault(struct run *run, trace_visit *visit)
{
	const struct trace_point nothing = { .action = TRACE_NOTHING };
	struct trace_result trace;
	struct report report;

	try(run, &nothing, visit, &trace, &report);
	if (trace.status != 0 || report.opened || report.closed || wrong[0])
		errx(2, "fails without a fault: %d %d %d %s", trace.status, report.opened,
		     report.closed, wrong);
}

static void pose_sealed(const struct run *run)
{
	struct run other = *run;
	struct report report;
	int status;
	int fd;

	other.user = run->sealed_user;
	if (waitpid(start(&other, false, in(run, "sealed"), &fd), &status, 0) < 0)
		err(2, "waitpid");
	get_report(fd, &report);
	if (!is_sealed(run, &report) || access(in(run, "sealed"), F_OK) < 0)
		errx(2, "the session of %s is not sealed", other.user);
}

/* How all of it looks without a fault. */
static void pose(struct run *run)
{
	run_hook(run, run->restore, "restore");
	no_fault(run, NULL);
	next_login(run, true);
	run_hook(run, run->restore, "restore");
	(void)shell(SWEEP, NULL);
	usleep(300000);
	run->base = picture_of_host();
	put_text(in(run, "base"), run->base);
	next_login(run, true);
	if (run->prepare && !run->operation &&
	    rename(in(run, "session.now"), in(run, "session.old")) < 0)
		err(2, "no picture");
	no_fault(run, NULL);
	next_login(run, true);
	if (rename(in(run, "session.now"), in(run, "session")) < 0)
		err(2, "no picture");
	run_hook(run, run->restore, "restore");
	if (run->sealed_user)
		pose_sealed(run);
	wrong[0] = '\0';
	if (strcmp(clean_up(run), " left") == 0)
		errx(2, "something is left without a fault: %s", wrong);
}

static uint64_t host_netns(void)
{
	struct stat st;

	if (stat("/proc/1/ns/net", &st) < 0)
		err(2, "/proc/1/ns/net");
	return st.st_ino;
}

static unsigned uid_of(const char *name)
{
	const struct passwd *pw = getpwnam(name);

	if (!pw)
		errx(2, "no user %s", name);
	return pw->pw_uid;
}

/* Those that standard input names. */
static void try_all(const struct run *run)
{
	char end[TRACE_NAME_MAX] = ""; /* the program that has no more allocations */
	struct trace_point point;
	char line[128];
	bool oom;

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		oom = parse_point(line, &point);
		if (oom && strcmp(end, point.process) == 0)
			continue;
		if (!try_point(run, line, &point, oom) && oom)
			memcpy(end, point.process, sizeof(end));
	}
}

int main(int argc, char *argv[])
{
	struct run run = { .service = "faults" };
	bool list = false;
	int c;

	while ((c = getopt(argc, argv, "lEGS:w:u:o:p:g:r:")) != -1) {
		switch (c) {
		case 'l':
			list = true;
			break;
		case 'E':
			run.leaves = true;
			break;
		case 'S':
			run.sealed_user = optarg;
			break;
		case 'w':
			run.where = optarg;
			break;
		case 'u':
			run.user = optarg;
			break;
		case 'o':
			run.operation = optarg;
			break;
		case 'p':
			run.prepare = optarg;
			break;
		case 'g':
			run.grounds[run.grounds[0] ? 1 : 0] = optarg;
			break;
		case 'G':
			return fputs(ground_of_host(), stdout) == EOF;
		case 'r':
			run.restore = optarg;
			break;
		default:
			return 2;
		}
	}
	if (!run.where || !run.user)
		errx(2, "-w and -u are needed");
	run.host = host_netns();
	run.uid = uid_of(run.user);
	if (list) {
		run_hook(&run, run.restore, "restore");
		no_fault(&run, print_call);
		return 0;
	}
	pose(&run);
	try_all(&run);
	return 0;
}
