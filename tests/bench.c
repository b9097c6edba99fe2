/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_appl.h>

#include "conf/base.h"

/*
 *   bench ROUNDS LABEL=SERVICE:USER...
 *
 * What a PAM session costs.  In every round each stack opens and closes one
 * session, in a process of its own, one stack after the other: so all of them
 * see the same weather.  Prints the medians in microseconds, of opening
 * (pam_start to pam_open_session) and of the whole (to pam_end), and their
 * ratios to the second stack's.  LABEL=SERVICE:USER+ keeps another session of
 * that stack open meanwhile.
 */

#define STACKS_MAX 16
#define ROUNDS_MAX 10000

struct sample {
	double open;
	double whole;
};

struct stack {
	const char *label;
	char service[64];
	char user[64];
	bool second; /* while another session is open */
	struct sample *samples;
};

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int converse(int n, const struct pam_message **messages, struct pam_response **ret,
		    void *data)
{
	(void)n;
	(void)ret;
	(void)data;
	fprintf(stderr, "bench: %s\n", messages[0]->msg);
	return PAM_CONV_ERR;
}

static const struct pam_conv conversation = { converse, NULL };

static void check(const struct stack *s, pam_handle_t *pamh, const char *what, int r)
{
	if (r == PAM_SUCCESS)
		return;
	fprintf(stderr, "bench: %s: %s: %s\n", s->label, what, pam_strerror(pamh, r));
	_exit(1);
}

static pam_handle_t *open_session(const struct stack *s)
{
	pam_handle_t *pamh = NULL;

	check(s, pamh, "pam_start", pam_start(s->service, s->user, &conversation, &pamh));
	check(s, pamh, "pam_open_session", pam_open_session(pamh, 0));
	return pamh;
}

static void close_session(pam_handle_t *pamh)
{
	/* Not checked: libpam-net's modules cannot close a session, which fails in libpam. */
	(void)pam_close_session(pamh, 0);
	pam_end(pamh, PAM_SUCCESS);
}

static void measure(const struct stack *s, int out)
{
	struct sample sample;
	double start = now_us();
	pam_handle_t *pamh = open_session(s);

	sample.open = now_us() - start;
	close_session(pamh);
	sample.whole = now_us() - start;
	if (write(out, &sample, sizeof(sample)) != sizeof(sample))
		_exit(1);
	_exit(0);
}

/* Runs in a child: what a session changes in its process must not add up. */
static struct sample run(const struct stack *s)
{
	struct sample sample;
	int fds[2];
	pid_t pid;

	if (pipe(fds) < 0 || (pid = fork()) < 0) {
		perror("bench");
		exit(1);
	}
	if (pid == 0)
		measure(s, fds[1]);
	close(fds[1]);
	if (read(fds[0], &sample, sizeof(sample)) != sizeof(sample))
		exit(1);
	close(fds[0]);
	waitpid(pid, NULL, 0);
	return sample;
}

/* Opens a session and keeps it until the write end of *ret_hold is closed. */
static pid_t hold(const struct stack *s, int *ret_hold)
{
	int ready[2];
	int until[2];
	char byte;
	pid_t pid;

	if (pipe(ready) < 0 || pipe(until) < 0 || (pid = fork()) < 0) {
		perror("bench");
		exit(1);
	}
	if (pid == 0) {
		pam_handle_t *pamh = open_session(s);

		close(until[1]);
		if (write(ready[1], "", 1) != 1 || read(until[0], &byte, 1) < 0)
			_exit(1);
		close_session(pamh);
		_exit(0);
	}
	close(ready[1]);
	close(until[0]);
	if (read(ready[0], &byte, 1) != 1)
		exit(1);
	close(ready[0]);
	*ret_hold = until[1];
	return pid;
}

static void run_round(struct stack *stacks, size_t n, size_t round)
{
	for (size_t i = 0; i < n; i++) {
		int until = -1;
		pid_t holder = stacks[i].second ? hold(&stacks[i], &until) : 0;

		stacks[i].samples[round] = run(&stacks[i]);
		if (holder) {
			close(until);
			waitpid(holder, NULL, 0);
		}
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(const struct stack *s, size_t rounds, size_t offset)
{
	double values[ROUNDS_MAX];

	for (size_t i = 0; i < rounds; i++)
		memcpy(&values[i], (const char *)&s->samples[i] + offset, sizeof(double));
	qsort(values, rounds, sizeof(double), compare);
	return values[rounds / 2];
}

static bool parse_stack(char *text, size_t rounds, struct stack *s)
{
	char *equals = strchr(text, '=');
	size_t n = strlen(text);

	if (!equals)
		return false;
	s->second = text[n - 1] == '+';
	if (s->second)
		text[n - 1] = '\0';
	*equals = '\0';
	s->label = text;
	s->samples = calloc(rounds + 1, sizeof(*s->samples));
	return s->samples && sscanf(equals + 1, "%63[^:]:%63s", s->service, s->user) == 2;
}

static void print_results(const struct stack *stacks, size_t n, size_t rounds)
{
	const struct stack *base = &stacks[n > 1];
	double base_open = median(base, rounds, offsetof(struct sample, open));
	double base_whole = median(base, rounds, offsetof(struct sample, whole));

	printf("%-26s %9s %7s %9s %7s   (medians of %zu, us; ratio to %s)\n", "stack", "open",
	       "ratio", "and close", "ratio", rounds, base->label);
	for (size_t i = 0; i < n; i++) {
		double open = median(&stacks[i], rounds, offsetof(struct sample, open));
		double whole = median(&stacks[i], rounds, offsetof(struct sample, whole));

		printf("%-26s %9.0f %7.2f %9.0f %7.2f\n", stacks[i].label, open, open / base_open,
		       whole, whole / base_whole);
	}
}

int main(int argc, char **argv)
{
	struct stack stacks[STACKS_MAX] = { 0 };
	size_t n = argc > 2 ? (size_t)argc - 2 : 0;
	size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;

	if (n == 0 || n > STACKS_MAX || rounds == 0 || rounds > ROUNDS_MAX) {
		fputs("usage: bench ROUNDS LABEL=SERVICE:USER[+]...\n", stderr);
		return 2;
	}
	for (size_t i = 0; i < n; i++)
		if (!parse_stack(argv[i + 2], rounds, &stacks[i])) {
			fprintf(stderr, "bench: unusable argument: %s\n", argv[i + 2]);
			return 2;
		}
	/* The first round warms the caches up and is written over. */
	for (size_t round = 0; round <= rounds; round++)
		run_round(stacks, n, round ? round - 1 : rounds);
	print_results(stacks, n, rounds);
	return 0;
}
