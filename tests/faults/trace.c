/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/base.h"
#include "tests/faults/trace.h"

#ifndef __x86_64__
#error "how a system call is skipped is known for x86_64 only"
#endif

#define MARK    1000 /* no system call has this number */
#define TRACEES 64
#define OPTIONS                                                                                   \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | \
	 PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)

struct tracee {
	pid_t pid; /* 0: free */
	char name[TRACE_NAME_MAX]; /* "": its parent has not been heard yet */
	unsigned children;
	unsigned calls;
	bool counts;
	bool stopped; /* has come, and waits for its name */
	bool in_call;
	bool hit;
	unsigned long long argument; /* of the call that was hit */
};

struct trace {
	const struct trace_point *point;
	struct trace_result *result;
	trace_visit *visit;
	struct tracee tracees[TRACEES];
	pid_t first;
};

static volatile sig_atomic_t time_is_up;

void trace_begin(void)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		err(2, "ptrace");
	raise(SIGSTOP);
}

void trace_mark(bool on)
{
	syscall(MARK, (long)on);
}

static struct tracee *find(struct trace *t, pid_t pid)
{
	for (size_t i = 0; i < TRACEES; i++)
		if (t->tracees[i].pid == pid)
			return &t->tracees[i];
	return NULL;
}

static struct tracee *add(struct trace *t, pid_t pid)
{
	struct tracee *p = find(t, 0);

	if (!p)
		errx(2, "more than %d processes", TRACEES);
	*p = (struct tracee){ .pid = pid };
	return p;
}

/*
 * Stops are what takes time: only for calls that are looked at, and for none once the
 * point is behind us.
 */
static bool is_watched(const struct trace *t, const struct tracee *p)
{
	if (t->visit)
		return p->counts || p->pid == t->first;
	return t->result->hit ? p->hit : strcmp(p->name, t->point->process) == 0;
}

static void go_on(const struct trace *t, const struct tracee *p, int sig)
{
	/* ESRCH: it has been killed. */
	if (ptrace(is_watched(t, p) ? PTRACE_SYSCALL : PTRACE_CONT, p->pid, NULL, (long)sig) < 0 &&
	    errno != ESRCH)
		err(2, "ptrace");
}

static void get_registers(pid_t pid, struct user_regs_struct *regs)
{
	memset(regs, 0, sizeof(*regs));
	if (ptrace(PTRACE_GETREGS, pid, NULL, regs) < 0 && errno != ESRCH)
		err(2, "ptrace");
}

static void set_registers(pid_t pid, const struct user_regs_struct *regs)
{
	if (ptrace(PTRACE_SETREGS, pid, NULL, regs) < 0 && errno != ESRCH)
		err(2, "ptrace");
}

static void hit(struct trace *t, struct tracee *p, struct user_regs_struct *regs)
{
	t->result->hit = true;
	t->result->number = (long)regs->orig_rax;
	p->hit = true;
	p->argument = regs->rdi;
	/* close(2) that fails has closed. */
	if (t->point->action == TRACE_KILL_AFTER ||
	    (t->point->action == TRACE_FAIL && regs->orig_rax == SYS_close))
		return;
	/* brk(2) has no error: it says where the end is, as for 0. */
	if (regs->orig_rax == SYS_brk)
		regs->rdi = 0;
	else
		regs->orig_rax = (unsigned long long)-1;
	set_registers(p->pid, regs);
	if (t->point->action == TRACE_KILL_BEFORE)
		kill(p->pid, SIGKILL);
}

static void enter_call(struct trace *t, struct tracee *p)
{
	struct user_regs_struct regs;

	get_registers(p->pid, &regs);
	if (regs.orig_rax == MARK) {
		p->counts = regs.rdi != 0;
		return;
	}
	if (!p->counts)
		return;
	p->calls++;
	if (t->visit)
		t->visit(p->name, p->calls, (long)regs.orig_rax);
	if (t->point->action != TRACE_NOTHING && !t->result->hit && p->calls == t->point->call &&
	    strcmp(p->name, t->point->process) == 0)
		hit(t, p, &regs);
}

static void leave_call(struct trace *t, struct tracee *p)
{
	struct user_regs_struct regs;

	if (!p->hit)
		return;
	p->hit = false;
	if (t->point->action == TRACE_KILL_AFTER) {
		kill(p->pid, SIGKILL);
	} else if (t->point->action == TRACE_FAIL) {
		get_registers(p->pid, &regs);
		/* It keeps its argument: the C library compares with that of brk(2). */
		regs.rdi = p->argument;
		if (t->result->number != SYS_brk)
			regs.rax = (unsigned long long)-(long long)t->point->error;
		set_registers(p->pid, &regs);
	}
}

/* A new process, whoever of the two is heard first. */
static void meet_child(struct trace *t, struct tracee *parent)
{
	unsigned long message = 0;
	struct tracee *child;

	if (ptrace(PTRACE_GETEVENTMSG, parent->pid, NULL, &message) < 0)
		return;
	child = find(t, (pid_t)message);
	if (!child)
		child = add(t, (pid_t)message);
	if ((size_t)snprintf(child->name, sizeof(child->name), "%s.%u", parent->name,
			     ++parent->children) >= sizeof(child->name))
		errx(2, "%s has too many descendants", parent->name);
	/* One that is named by a point has been listed, and so counts. */
	child->counts = t->visit ? parent->counts : true;
	if (child->stopped)
		go_on(t, child, 0);
}

/*
 * Whether it is in the dynamic loader, which does not look at all that it asks for:
 * the program has not begun, and who has started it sees it end.
 */
static bool is_loading(pid_t pid)
{
	struct user_regs_struct regs;
	unsigned long from, to;
	char line[512];
	char path[32];
	bool is = false;
	FILE *f;

	get_registers(pid, &regs);
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		is |= sscanf(line, "%lx-%lx", &from, &to) == 2 && regs.rip >= from &&
		      regs.rip < to && strstr(line, "/ld-");
	if (f)
		fclose(f);
	return is;
}

static void on_stop(struct trace *t, struct tracee *p, int status)
{
	int sig = WSTOPSIG(status);
	int event = status >> 16;

	if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
	    event == PTRACE_EVENT_CLONE) {
		meet_child(t, p);
		sig = 0;
	} else if (event) {
		sig = 0;
	} else if (sig == (SIGTRAP | 0x80)) {
		p->in_call = !p->in_call;
		if (p->in_call)
			enter_call(t, p);
		else
			leave_call(t, p);
		sig = 0;
	} else if (sig == SIGSTOP && !p->stopped) {
		p->stopped = true; /* the first thing that any of them does */
		sig = 0;
	} else if (sig == SIGSEGV || sig == SIGABRT || sig == SIGBUS || sig == SIGFPE ||
		   sig == SIGILL) {
		if (!is_loading(p->pid))
			t->result->crash = sig;
	}
	if (p->name[0])
		go_on(t, p, sig);
}

static void on_end(struct trace *t, pid_t pid, int status)
{
	struct tracee *p = find(t, pid);

	if (pid == t->first)
		t->result->status = status;
	if (p)
		p->pid = 0;
}

static bool all_gone(const struct trace *t)
{
	for (size_t i = 0; i < TRACEES; i++)
		if (t->tracees[i].pid)
			return false;
	return true;
}

static void on_alarm(int number)
{
	(void)number;
	time_is_up = 1;
}

static void kill_all(struct trace *t)
{
	t->result->late = true;
	time_is_up = 0;
	for (size_t i = 0; i < TRACEES; i++)
		if (t->tracees[i].pid)
			kill(t->tracees[i].pid, SIGKILL);
}

static void watch(struct trace *t)
{
	while (!all_gone(t)) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);
		struct tracee *p;

		if (time_is_up)
			kill_all(t);
		if (pid < 0 && errno == ECHILD)
			return;
		if (pid < 0)
			continue;
		if (!WIFSTOPPED(status)) {
			on_end(t, pid, status);
			continue;
		}
		p = find(t, pid);
		on_stop(t, p ? p : add(t, pid), status);
	}
}

void trace_run(pid_t pid, const struct trace_point *point, trace_visit *visit, int seconds,
	       struct trace_result *ret_result)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval timer = { .it_value = { .tv_sec = seconds } };
	static struct trace t;
	struct tracee *first;
	int status;

	*ret_result = (struct trace_result){ .number = -1 };
	memset(&t, 0, sizeof(t));
	t.point = point;
	t.visit = visit;
	t.result = ret_result;
	t.first = pid;
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		errx(2, "process 0 does not stop");
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, (long)OPTIONS) < 0)
		err(2, "ptrace");
	first = add(&t, pid);
	first->stopped = true;
	snprintf(first->name, sizeof(first->name), "0");
	time_is_up = 0;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	go_on(&t, first, 0);
	watch(&t);
	timer.it_value.tv_sec = 0;
	setitimer(ITIMER_REAL, &timer, NULL);
}
