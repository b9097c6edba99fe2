/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *   ptydo [-t SECONDS] PROGRAM [ARG]... -- [PATTERN TEXT]...
 *
 * Runs PROGRAM on a terminal of its own, as its session leader.  For each pair:
 * waits until what PROGRAM has printed since the last one contains PATTERN,
 * then types TEXT.  In TEXT, ^X is that control key (^M is Enter) and ^^ a
 * caret; the TEXT "<" waits for a line on standard input instead.  Afterwards
 * waits for the end of PROGRAM.
 *
 * Prints all that the terminal showed.  Exit status: PROGRAM's, 128 + N for
 * signal N, 124 when nothing of the kind came within the time (10 s a step).
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What PROGRAM has printed since the last match; more than a screen is no dialogue. */
struct screen {
	int pty;
	char text[65536];
	size_t length;
};

static int seconds = 10;

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* False at the end: Linux reports EIO when nobody has the terminal open any more. */
static bool read_some(struct screen *s, long deadline)
{
	struct pollfd readable = { .fd = s->pty, .events = POLLIN };
	char *to;
	ssize_t n;
	long left = deadline - now_ms();

	if (left < 0 || poll(&readable, 1, (int)left) == 0)
		errx(124, "nothing came within %d s", seconds);
	if (s->length >= sizeof(s->text) - 1)
		s->length = 0;
	to = s->text + s->length;
	n = read(s->pty, to, sizeof(s->text) - 1 - s->length);
	if (n < 0 && errno != EIO)
		err(1, "read");
	if (n <= 0)
		return false;
	for (ssize_t i = 0; i < n; i++)
		if (to[i] == '\0')
			to[i] = '?';
	to[n] = '\0';
	s->length += (size_t)n;
	if (write(STDOUT_FILENO, to, (size_t)n) < 0)
		err(1, "write");
	return true;
}

static void expect(struct screen *s, const char *pattern)
{
	long deadline = now_ms() + seconds * 1000L;

	while (!strstr(s->text, pattern))
		if (!read_some(s, deadline))
			errx(124, "it ended before '%s' came", pattern);
	s->length = 0;
	s->text[0] = '\0';
}

/* Byte by byte: what follows is another TEXT's. */
static void wait_for_line(void)
{
	char c;

	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
		;
}

static void type(const struct screen *s, const char *text)
{
	for (; *text; text++) {
		char c = *text;

		if (c == '^' && text[1]) {
			c = *++text;
			if (c != '^')
				c &= 0x1f;
		}
		if (write(s->pty, &c, 1) != 1)
			err(1, "write to the terminal");
	}
}

int main(int argc, char *argv[])
{
	static struct screen s;
	char **dialogue = NULL;
	int status;
	pid_t pid;

	if (argc > 2 && strcmp(argv[1], "-t") == 0) {
		seconds = atoi(argv[2]);
		argv += 2;
		argc -= 2;
	}
	for (int i = 2; i < argc && !dialogue; i++) {
		if (strcmp(argv[i], "--") == 0) {
			argv[i] = NULL;
			dialogue = argv + i + 1;
		}
	}
	if (!dialogue)
		errx(1, "usage: ptydo [-t SECONDS] PROGRAM [ARG]... -- [PATTERN TEXT]...");
	pid = forkpty(&s.pty, NULL, NULL, NULL);
	if (pid < 0)
		err(1, "forkpty");
	if (pid == 0) {
		execvp(argv[1], argv + 1);
		err(127, "%s", argv[1]);
	}
	for (; dialogue[0] && dialogue[1]; dialogue += 2) {
		expect(&s, dialogue[0]);
		if (strcmp(dialogue[1], "<") == 0)
			wait_for_line();
		else
			type(&s, dialogue[1]);
	}
	for (long deadline = now_ms() + seconds * 1000L; read_some(&s, deadline);)
		;
	if (waitpid(pid, &status, 0) < 0)
		err(1, "waitpid");
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
