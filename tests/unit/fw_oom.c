/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf_help.h"
#include "helper/confined.h"
#include "helper/fw.h"
#include "helper/span.h"
#include "tests/tap.h"

/*
 * Fails each allocation of the firewall in turn, and of the libraries for it; the
 * sanitizers watch what is left behind.
 */
#define EXPORT __attribute__((visibility("default")))
#ifdef __SANITIZE_ADDRESS__
#define REAL(name) __interceptor_##name
#else
#define REAL(name) __libc_##name
#endif

void *REAL(malloc)(size_t size);
void *REAL(calloc)(size_t nmemb, size_t size);
void *REAL(realloc)(void *ptr, size_t size);

static long countdown = -1; /* below 0: never */

static bool fails(void)
{
	return countdown >= 0 && countdown-- == 0;
}

EXPORT void *malloc(size_t size)
{
	return fails() ? NULL : REAL(malloc)(size);
}

EXPORT void *calloc(size_t nmemb, size_t size)
{
	return fails() ? NULL : REAL(calloc)(nmemb, size);
}

EXPORT void *realloc(void *ptr, size_t size)
{
	return fails() ? NULL : REAL(realloc)(ptr, size);
}

static const char text[] =
	"set uplink up0 up1\nset dns 192.0.2.53 192.0.2.54 2001:db8::53\n"
	"addresses l { m 192.0.2.1 0.0.0.0/1 }\naddresses m { 2001:db8::/32 }\n"
	"policy p {\nuse q\nout allow log to l any host users metadata private 192.0.2.7 "
	"192.0.2.9 tcp 22 80 udp 53 icmp\npublish tcp 22 to 23 from l\n}\n"
	"policy q {\nconnections 5\nin drop\n}\nsession 1:5,9 veth p\n";

static const struct fw_uids confined[] = { { 1, 5 }, { 9, 9 } };
static const struct fw_context context = { .confined = confined, .n_confined = 2 };

/* What a test has made: memory that was not there must not make it another one. */
struct made {
	char *bytes;
	size_t length;
};

static int compile(const struct conf *conf, struct diag *diag, struct made *made)
{
	_cleanup_(fw_free_p) struct fw_table *table = NULL;
	int r;

	r = fw_compile(conf, &context, diag, &table);
	if (r == 0)
		r = fw_add_live(table, 7);
	return r < 0 ? r : fw_serialize(table, &made->bytes, &made->length);
}

static int compile_session(const struct conf *conf, struct diag *diag, struct made *made)
{
	_cleanup_(fw_free_p) struct fw_table *table = NULL;
	int r;

	(void)diag;
	r = fw_compile_session(conf, conf->policies[0], &context, &table);
	return r < 0 ? r : fw_serialize(table, &made->bytes, &made->length);
}

static int confine(const struct conf *conf, struct diag *diag, struct made *made)
{
	struct spans uids = { 0 };
	int r;

	(void)diag;
	r = confined_uids(conf, &uids);
	made->bytes = (char *)uids.list;
	made->length = uids.n * sizeof(*uids.list);
	return r;
}

static bool is_same(const struct made *a, const struct made *b)
{
	return a->length == b->length && a->bytes && b->bytes &&
	       memcmp(a->bytes, b->bytes, a->length) == 0;
}

static void test(const struct parsed *parsed,
		 int (*fn)(const struct conf *conf, struct diag *diag, struct made *made),
		 long least, const char *what)
{
	struct made good = { 0 };
	long failures = 0, wrong = 0;
	bool done = false;

	is_int(fn(parsed->conf, parsed->diag, &good), 0, "%s: can be made", what);
	for (long i = 0; !done && i < 10000; i++) {
		struct made made = { 0 };
		int r;

		countdown = i;
		r = fn(parsed->conf, parsed->diag, &made);
		done = countdown >= 0;
		countdown = -1;
		failures += r == -ENOMEM;
		/* The C library can do without some, for a name that grows or is cut. */
		wrong += r == 0 ? !is_same(&made, &good) : r != -ENOMEM;
		free(made.bytes);
	}
	free(good.bytes);
	ok(done, "%s: the whole of it was tried", what);
	is_int(wrong, 0, "%s: each allocation that fails is noticed", what);
	ok(failures >= least, "%s: %ld failures", what, failures);
}

int main(void)
{
	_cleanup_(parsed_done) struct parsed parsed = parse_text(text);

	if (parsed.r < 0)
		abort();
	test(&parsed, compile, 3000, "a table");
	test(&parsed, compile_session, 100, "a session's table");
	test(&parsed, confine, 3, "confined uids");
	return done_testing();
}
