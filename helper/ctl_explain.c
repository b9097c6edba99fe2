/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/diag.h"
#include "helper/active.h"
#include "helper/ctl.h"
#include "helper/draft.h"
#include "helper/explain.h"
#include "helper/netns.h"

/* Of a line of "explain -". */
#define WORDS_MAX 16
#define BLANKS    " \t\r\n"

struct request {
	const char *file;
	bool is_default; /* nobody has asked for it */
	bool active;
	bool json;
};

/* On standard error, with the line of the input; 0: it is not of one. */
static void begin_error(unsigned line)
{
	fputs("netnsctl: ", stderr);
	if (line)
		fprintf(stderr, "line %u: ", line);
}

static int fail_user(const char *user, unsigned line, int r)
{
	begin_error(line);
	fputs(r == -ENOENT ? "no such user: " : "cannot look up ", stderr);
	diag_put_visible(stderr, user);
	if (r != -ENOENT)
		fprintf(stderr, ": %s", strerror(-r));
	fputc('\n', stderr);
	return 1;
}

static void fail_question(const struct question *q, unsigned line, const char *wrong)
{
	begin_error(line);
	if (!line)
		fputs("explain: ", stderr);
	if (q->wrong) {
		fputc('\'', stderr);
		diag_put_visible(stderr, q->wrong);
		fputs("' ", stderr);
	}
	fprintf(stderr, "%s\n", wrong);
}

/* A list has no room for it. */
static void warn_file(const struct answer *a, unsigned line)
{
	begin_error(line);
	diag_put_visible(stderr, a->decided_at);
	fputs(" decides by ", stderr);
	diag_put_visible(stderr, a->decided_by);
	fputs(": explain --file ", stderr);
	diag_put_visible(stderr, a->decided_by);
	fputc('\n', stderr);
}

/*
 * What is in force is kept without the places of the file: as long as the file has
 * not been edited, it says the same, and where.
 */
static int load_active(const struct request *request, struct diag *diag, const char **ret_path,
		       struct conf **ret_conf)
{
	static char path[ACTIVE_PATH_MAX];
	bool has_links;
	int r;

	if (active_is_current(request->file, &has_links))
		return draft_load(request->file, CONF_LOAD_TRUSTED, diag, ret_conf);
	r = active_path(request->file, path);
	if (r)
		return r;
	*ret_path = path;
	return active_load(request->file, diag, ret_conf);
}

static int load(const struct request *request, const char **ret_path, struct conf **ret_conf)
{
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	int r = diag_new(&diag);

	*ret_path = request->file;
	if (!r && request->active)
		r = load_active(request, diag, ret_path, ret_conf);
	else if (!r)
		r = draft_load(request->file, 0, diag, ret_conf);
	if (!r)
		return 0;
	/* Warnings alone are for "check". */
	if (diag && diag_count(diag, DIAG_ERROR))
		diag_print(diag, stderr);
	else
		ctl_error(r, "cannot read the configuration");
	return 1;
}

/* line: of the input, or 0. */
static int ask(struct explain *x, const struct request *request, const struct question *q,
	       unsigned line)
{
	struct answer answer;
	int r;

	r = explain_ask(x, q, &answer);
	if (r)
		return fail_user(q->user, line, r);
	if (request->json)
		explain_print_json(x, q, &answer, stdout);
	else if (line)
		explain_print_line(x, q, &answer, stdout);
	else
		explain_print(x, q, &answer, stdout);
	if (answer.decided_by && line && !request->json)
		warn_file(&answer, line);
	answer_done(&answer);
	return 0;
}

static int split(char *line, char **words)
{
	char *rest = line;
	char *word;
	int n = 0;

	while ((word = strtok_r(rest, BLANKS, &rest)) && n < WORDS_MAX)
		words[n++] = word;
	return n;
}

/* Each line of the input has one of the output, whatever is wrong with it. */
static int ask_many(struct explain *x, const struct request *request)
{
	_cleanup_free_ char *line = NULL;
	char *words[WORDS_MAX];
	size_t room = 0;
	int status = 0;

	for (unsigned n = 1; getline(&line, &room, stdin) > 0 && !ferror(stdout); n++) {
		struct question q;
		int n_words = split(line, words);
		const char *wrong = question_parse(n_words, words, &q);

		if (wrong)
			fail_question(&q, n, wrong);
		if (!wrong && ask(x, request, &q, n) == 0)
			continue;
		puts(request->json ? "null" : "error");
		status = 1;
	}
	return ferror(stdin) ? ctl_error(-errno, "cannot read the questions") : status;
}

/*
 * Routes and links are the host's, wherever root was started.  Others cannot enter
 * it, and are in it as a rule.
 */
static void enter_host(void)
{
	_cleanup_close_ int fd = -1;
	uint64_t inode;

	if (geteuid() == 0 && netns_open(NETNS_OF_HOST, &fd, &inode) == 0)
		(void)setns(fd, CLONE_NEWNET);
}

static int run(const struct request *request, const struct question *q)
{
	_cleanup_(conf_free_p) struct conf *conf = NULL;
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	struct explain x = { 0 };
	const char *path;
	int status = 1;
	int r;

	enter_host();
	if (load(request, &path, &conf))
		return 1;
	r = diag_new(&diag);
	if (!r)
		r = explain_start(&x, conf, path, diag);
	x.default_file = request->is_default ? request->file : NULL;
	if (!r)
		status = q->user ? ask(&x, request, q, 0) : ask_many(&x, request);
	else if (diag && diag_count(diag, DIAG_ERROR))
		diag_print(diag, stderr);
	else
		ctl_error(r, "cannot make the firewall");
	if (x.conf)
		explain_done(&x);
	return status;
}

int ctl_explain(int argc, char **argv)
{
	static const struct option options[] = {
		{ "active", no_argument, NULL, 'a' },
		{ "file", required_argument, NULL, 'f' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	struct request request = { .file = NETNS_CONF, .is_default = true };
	struct question q = { 0 };
	const char *wrong = NULL;
	int option;

	while ((option = ctl_option(argc, argv, "af:j", options)) != -1) {
		if (option == 'a')
			request.active = true;
		else if (option == 'f')
			request = (struct request){ optarg, false, request.active, request.json };
		else if (option == 'j')
			request.json = true;
		else
			return ctl_usage(argv[0]);
	}
	if (argc - optind != 1 || strcmp(argv[optind], "-") != 0)
		wrong = question_parse(argc - optind, argv + optind, &q);
	if (wrong) {
		fail_question(&q, 0, wrong);
		return ctl_usage(argv[0]);
	}
	if (request.active && geteuid() != 0)
		return ctl_error(0, "explain --active needs root: what is in force is in %s",
				 NETNS_RUN);
	return run(&request, &q);
}
