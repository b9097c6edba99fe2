/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf_help.h"
#include "tests/tap.h"

/*
 * Fails each allocation of the parser in turn; the sanitizers watch what it
 * leaves behind.  The linker puts these in the place of the real ones.
 */
void *__real_calloc(size_t n, size_t size);
void *__real_malloc(size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t n, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t n, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t n);

static long countdown = -1; /* below 0: never */

static bool fails(void)
{
	return countdown >= 0 && countdown-- == 0;
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t n, size_t size)
{
	return fails() ? NULL : __real_reallocarray(old, n, size);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t n)
{
	return fails() ? NULL : __real_strndup(text, n);
}

static const char good[] =
	"set uplink eth0\nset families inet\nset hide /a /b\nset dns ::2\n"
	"addresses l { m 192.0.2.1 }\naddresses m { ::1 }\n"
	"policy p { use q\nout allow to l host tcp 1 2 3 udp 1\ndns 192.0.2.1\n"
	"publish tcp 1 from l\nin deny\n}\npolicy q { out allow to any }\n"
	"session a,@b,1:2 via sshd,cron veth p\nsession c join n\nsession 1 host\n"
	"session 1 host\n";
static const char bad[] = "session alice hots\npolicy p { dns x\nout alow\n}\nsession * veth q\n";

static void test_text(const char *text, int want, const char *what)
{
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	unsigned wrong = 0, failures = 0;
	bool done = false;
	int r = 0;

	if (diag_new(&diag) < 0)
		abort();
	for (long i = 0; !done && i < 10000; i++) {
		struct conf *conf = NULL;
		size_t errors = diag_count(diag, DIAG_ERROR);

		countdown = i;
		r = conf_parse("t", text, strlen(text), NULL, NULL, diag, &conf);
		done = countdown >= 0;
		countdown = -1;
		conf_free(conf);
		failures += r == -ENOMEM;
		/* When only the text of an error is lost, the error is still counted. */
		wrong += r != -ENOMEM && r != want;
		wrong += r != -ENOMEM && (diag_count(diag, DIAG_ERROR) > errors) != (want < 0);
	}
	ok(done, "%s: the whole of it was tried", what);
	is_int(r, want, "%s: with enough memory, the result", what);
	is_int(wrong, 0, "%s: with less, out of memory and no other failure", what);
	ok(failures > 10, "%s: %u failures", what, failures);
}

int main(void)
{
	test_text(good, 0, "a good text");
	test_text(bad, -EINVAL, "a bad text");
	return done_testing();
}
