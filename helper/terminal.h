/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_TERMINAL_H
#define HELPER_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

/*
 * A terminal whose whole screen a program has for a while: standard output, with the
 * keys of standard input if that is a terminal too.  What was on it comes back at the
 * end, whatever signal ends the program, but for those that nobody can catch.
 */
struct terminal {
	int signals; /* descriptors */
	bool has_keys;
	bool taken; /* the screen is ours now */
	struct termios before; /* of the keys */
};

#define TERMINAL_INIT         \
	{                     \
		.signals = -1 \
	}

/* 0 or a negative errno; -ENOTTY: it is none that can do so. */
int terminal_start(struct terminal *terminal);
void terminal_done(struct terminal *terminal);

/* What there is room for. */
void terminal_size(size_t *ret_width, size_t *ret_rows);

/*
 * Writes a screen of lines that end in TERMINAL_LINE_END, the last one excepted.
 * 0 or a negative errno.
 */
#define TERMINAL_LINE_END "\033[K\n"
int terminal_draw(const char *text, size_t length);

enum terminal_event {
	TERMINAL_TIME, /* it is over */
	TERMINAL_KEY,
	TERMINAL_CHANGED, /* the size, or all that was on it */
	TERMINAL_INTERRUPTED, /* the program is to end */
	TERMINAL_LOST, /* the terminal is gone */
};

/* Waits until the time, by CLOCK_MONOTONIC.  A signal that is to kill does so. */
enum terminal_event terminal_wait(struct terminal *terminal, long long until_ns, char *ret_key);

#endif
