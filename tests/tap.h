/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/*
 * The Test Anything Protocol for one program in one process: each check prints
 * a line, the plan comes at the end, the exit status tells failure.
 *
 *	ok(n > 0, "there are %zu lines", n);
 *	is_int(r, -ENOENT, "no such file");
 *	is_str(text, "host", "the network");
 *	return done_testing();
 */
#define ok(good, ...)          tap_ok((good), __FILE__, __LINE__, __VA_ARGS__)
#define is_int(got, want, ...) tap_is_int((got), (want), __FILE__, __LINE__, __VA_ARGS__)
#define is_str(got, want, ...) tap_is_str((got), (want), __FILE__, __LINE__, __VA_ARGS__)

static unsigned tap_run, tap_failed;

__attribute__((format(printf, 4, 0))) static inline void tap_result(bool good, const char *file,
								    int line, const char *format,
								    va_list args)
{
	printf("%s %u - ", good ? "ok" : "not ok", ++tap_run);
	vprintf(format, args);
	putchar('\n');
	if (good)
		return;
	tap_failed++;
	printf("# failed at %s:%d\n", file, line);
}

__attribute__((format(printf, 4, 5))) static inline bool tap_ok(bool good, const char *file,
								int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tap_result(good, file, line, format, args);
	va_end(args);
	return good;
}

__attribute__((format(printf, 5, 6))) static inline bool tap_is_int(long long got, long long want,
								    const char *file, int line,
								    const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tap_result(got == want, file, line, format, args);
	va_end(args);
	if (got != want)
		printf("#      got: %lld\n# expected: %lld\n", got, want);
	return got == want;
}

/* A newline in a diagnostic would start a line of the protocol. */
static inline void tap_show(const char *label, const char *text)
{
	printf("# %s: ", label);
	for (; text && *text; text++) {
		putchar(*text);
		if (*text == '\n')
			printf("#           ");
	}
	printf("%s\n", text ? "" : "(null)");
}

__attribute__((format(printf, 5, 6))) static inline bool tap_is_str(const char *got,
								    const char *want,
								    const char *file, int line,
								    const char *format, ...)
{
	bool good = got && want ? strcmp(got, want) == 0 : got == want;
	va_list args;

	va_start(args, format);
	tap_result(good, file, line, format, args);
	va_end(args);
	if (!good) {
		tap_show("     got", got);
		tap_show("expected", want);
	}
	return good;
}

static inline int done_testing(void)
{
	printf("1..%u\n", tap_run);
	return tap_failed > 0 || tap_run == 0;
}

#endif
