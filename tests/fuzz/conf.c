/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/dump.h"
#include "conf/diag.h"

/*
 * Any text is either explained to be wrong, or dumps to a text that means the
 * same: parsed again, it dumps to itself.  With -DFUZZ_MAIN this is a program
 * that tries the files named, without libFuzzer.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good, const char *what, const char *text)
{
	if (good)
		return;
	fprintf(stderr, "%s:\n%s\n", what, text);
	abort();
}

static char *dump(const struct conf *conf)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out || conf_dump(conf, out) < 0 || fclose(out) != 0)
		abort();
	return text;
}

static int parse(const char *text, size_t length, struct diag *diag, struct conf **ret_conf)
{
	return conf_parse("input", text, length, NULL, NULL, diag, ret_conf);
}

/* Nothing that a terminal would act upon comes out of the diagnostics. */
static void check_print(const struct diag *diag)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	diag_print(diag, out);
	if (fclose(out) != 0)
		abort();
	for (size_t i = 0; i < size; i++) {
		bool good =
			text[i] == '\n' || text[i] == '\t' || (text[i] >= ' ' && text[i] <= '~');

		check(good, "a byte that must not be printed", text);
	}
}

static void match_something(const struct conf *conf)
{
	const uint32_t gids[] = { 100, 1000 };
	const struct conf_subject subject = { "alice", 1000, gids, ARRAY_SIZE(gids), "sshd" };

	conf_match(conf, &subject);
}

static void check_dump(const struct conf *conf)
{
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	_cleanup_(conf_free_p) struct conf *again = NULL;
	_cleanup_free_ char *first = dump(conf), *second = NULL;

	if (diag_new(&diag) < 0)
		abort();
	check(parse(first, strlen(first), diag, &again) == 0, "a dump is refused", first);
	second = dump(again);
	check(strcmp(first, second) == 0, "a dump changes", first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	_cleanup_(conf_free_p) struct conf *conf = NULL;
	int r;

	if (diag_new(&diag) < 0)
		abort();
	r = parse((const char *)data, size, diag, &conf);
	check((r == 0) == (diag_count(diag, DIAG_ERROR) == 0), "result and diagnostics differ", "");
	check_print(diag);
	if (r < 0)
		return 0;
	match_something(conf);
	check_dump(conf);
	return 0;
}

#ifdef FUZZ_MAIN
int main(int argc, char **argv)
{
	static uint8_t data[CONF_FILE_MAX];

	for (int i = 1; i < argc; i++) {
		_cleanup_fclose_ FILE *in = fopen(argv[i], "re");

		if (!in) {
			perror(argv[i]);
			return 1;
		}
		LLVMFuzzerTestOneInput(data, fread(data, 1, sizeof(data), in));
	}
	return 0;
}
#endif
