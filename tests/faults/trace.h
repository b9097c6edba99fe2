/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_FAULTS_TRACE_H
#define TESTS_FAULTS_TRACE_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Runs a process and all that come from it, counts their system calls, and lets
 * one of them fail, or kills who makes it.
 *
 * A process has a name that is the same in every run: "0" is the first one, "0.2"
 * the second that it has started.  What is called between trace_mark(true) and
 * trace_mark(false) counts, and all that is called by processes started there.
 */

enum trace_action {
	TRACE_NOTHING,
	TRACE_FAIL, /* with an error, and without being done */
	TRACE_KILL_BEFORE,
	TRACE_KILL_AFTER,
};

#define TRACE_NAME_MAX 32

struct trace_point {
	char process[TRACE_NAME_MAX];
	unsigned call; /* 1: its first */
	enum trace_action action;
	int error; /* positive */
};

struct trace_result {
	bool hit; /* the point has been there */
	bool late; /* not all had ended in time */
	int crash; /* a signal by which one has ended, and which was not ours; 0: none */
	int status; /* of process 0, as by wait(2) */
	long number; /* of the call that was hit */
};

/* For each call that counts; may be NULL. */
typedef void trace_visit(const char *process, unsigned call, long number);

/* In process 0. */
void trace_begin(void);
void trace_mark(bool on);

/* pid: a child that goes through trace_begin(). */
void trace_run(pid_t pid, const struct trace_point *point, trace_visit *visit, int seconds,
	       struct trace_result *ret_result);

#endif
