/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf_help.h"
#include "helper/confined.h"
#include "helper/fw.h"
#include "helper/span.h"
#include "tests/tap.h"

/*
 * Fails each allocation of the firewall in turn; the sanitizers watch what it
 * leaves behind.  The linker puts these in the place of the real ones.
 */
void *__real_calloc(size_t n, size_t size);
void *__real_malloc(size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t n, size_t size);
char *__real_strdup(const char *text);
int __real_vasprintf(char **text, const char *format, va_list args);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t n, size_t size);
char *__wrap_strdup(const char *text);
int __wrap_vasprintf(char **text, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

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

int __wrap_vasprintf(char **text, const char *format, va_list args)
{
	return fails() ? -1 : __real_vasprintf(text, format, args);
}

static const char text[] =
	"set uplink up0 up1\nset dns 192.0.2.53 192.0.2.54 2001:db8::53\n"
	"addresses l { m 192.0.2.1 0.0.0.0/1 }\naddresses m { 2001:db8::/32 }\n"
	"policy p {\nuse q\nout allow log to l any host users metadata private 192.0.2.7 "
	"192.0.2.9 tcp 22 80 udp 53 icmp\npublish tcp 22 to 23 from l\n}\n"
	"policy q {\nconnections 5\nin drop\n}\nsession 1:5,9 veth p\n";

static const struct fw_uids confined[] = { { 1, 5 }, { 9, 9 } };
static const struct fw_context context = { .confined = confined, .n_confined = 2 };

static int serialize(const struct fw_table *table)
{
	_cleanup_free_ char *bytes = NULL;
	size_t length;

	return fw_serialize(table, &bytes, &length);
}

static int compile(const struct conf *conf, struct diag *diag)
{
	_cleanup_(fw_free_p) struct fw_table *table = NULL;
	int r;

	r = fw_compile(conf, &context, diag, &table);
	if (r == 0)
		r = fw_add_live(table, 7);
	return r < 0 ? r : serialize(table);
}

static int compile_session(const struct conf *conf, struct diag *diag)
{
	_cleanup_(fw_free_p) struct fw_table *table = NULL;
	int r;

	(void)diag;
	r = fw_compile_session(conf, conf->policies[0], &context, &table);
	return r < 0 ? r : serialize(table);
}

static int confine(const struct conf *conf, struct diag *diag)
{
	_cleanup_(spans_done) struct spans uids = { 0 };

	(void)diag;
	return confined_uids(conf, &uids);
}

static void test(const struct parsed *parsed, int (*fn)(const struct conf *conf, struct diag *diag),
		 long least, const char *what)
{
	long failures = 0, wrong = 0;
	bool done = false;

	for (long i = 0; !done && i < 10000; i++) {
		int r;

		countdown = i;
		r = fn(parsed->conf, parsed->diag);
		done = countdown >= 0;
		countdown = -1;
		failures += r == -ENOMEM;
		wrong += r != (done ? 0 : -ENOMEM);
	}
	ok(done, "%s: the whole of it was tried", what);
	is_int(wrong, 0, "%s: each allocation that fails is noticed", what);
	ok(failures >= least, "%s: %ld failures", what, failures);
}

int main(void)
{
	_cleanup_(parsed_done) struct parsed parsed = parse_text(text);

	if (parsed.r < 0)
		abort();
	test(&parsed, compile, 300, "a table");
	test(&parsed, compile_session, 10, "a session's table");
	test(&parsed, confine, 3, "confined uids");
	return done_testing();
}
