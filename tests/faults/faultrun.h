/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_FAULTS_FAULTRUN_H
#define TESTS_FAULTS_FAULTRUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "conf/base.h"

/* What is done again and again; the commands are for sh -c, and may be NULL. */
struct run {
	const char *user;
	unsigned uid;
	const char *service;
	/* "set on-error seal": a session may have an empty network, as this one's always is */
	const char *sealed_user;
	bool leaves; /* without closing the session */
	const char *operation; /* NULL: a session of the user */
	const char *prepare; /* before each point */
	const char *grounds[2]; /* the host's ground is as in one of these files then */
	const char *restore; /* in the end */
	uint64_t host; /* its network */
	char *base; /* what is there when nobody has done anything */
	const char *where; /* directory for what is in the next ones */
};

/* What a PAM application has seen of a session. */
struct report {
	bool has_opened; /* it has come that far */
	bool has_closed;
	int opened; /* result of pam_open_session() */
	int closed;
	uint64_t inside; /* the network, after open */
	uint64_t outside; /* and after close */
	bool has_links; /* one is up, after open */
	int fds_before;
	int fds_after;
	double seconds; /* the longer one of the two calls */
};

/* Opens and closes a session; to a file: its picture.  In a process of its own. */
void app_run(const struct run *run, bool traced, const char *picture, int report_fd);

/* The exit status; what it prints goes to a file, or nowhere. */
int shell(const char *command, const char *output);
/* Reads what a program has written; never NULL. */
char *read_text(const char *path);

/* What the host has: processes, mounts, files, links, rules, connections, locks. */
char *picture_of_host(void);
/* Its routing rules, and its table of rules but for the elements of sets. */
char *ground_of_host(void);
/* To a file: what the session that we are in has, and the host for it. */
void picture_of_session(const char *path, unsigned uid);

void put_links(FILE *out);
void put_routing_rules(FILE *out);
void put_rulesets(FILE *out);
/* Those that users have left, when all have gone. */
void put_connections(FILE *out);

double now(void);

#define WRONG_MAX 2000

extern char wrong[WRONG_MAX]; /* with the point that is tried */
extern bool unset; /* is the tripwire */
extern bool busy; /* is what the kernel says: of a published port, that it is another's */
extern bool old; /* is what is in force */

/* Adds to what is wrong. */
void complain(const char *format, ...) PRINTF_LIKE(1, 2);
/* The path of a file in run->where; good for the next three. */
const char *in(const struct run *run, const char *name);
void put_text(const char *path, const char *text);
enum tripwire {
	EXACT,
	MAY_HAVE_MORE,
	MAY_LACK,
};
bool compare(const struct run *run, const char *name, const char *what, enum tripwire tripwire);
void judge_ground(const struct run *run);
void judge_picture(const struct run *run);
void judge_sealed(const struct run *run);
void judge_session(const struct run *run, const struct report *r);

#endif
