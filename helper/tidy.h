/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_TIDY_H
#define HELPER_TIDY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "helper/link.h"

struct state;

/*
 * Removes the namespaces that nobody is in.  Who is inside is read from /proc
 * while the users concerned are locked, so no login can slip in between.
 */

/* Processes in a namespace that are about to end with the session of asker. */
#define TIDY_STRAGGLERS_MAX 32
struct stragglers {
	pid_t asker;
	int pidfds[TIDY_STRAGGLERS_MAX];
	size_t n;
};

/* A namespace that is gone, and what its link had counted. */
struct tidy_gone {
	uint32_t uid;
	uint64_t netns;
	struct timespec since; /* when it was pinned; 0: it is not known */
	struct link_view link; /* index 0: there was none */
};

struct tidy_result {
	struct tidy_gone *gone; /* as many of them as there was memory for */
	size_t n_gone;
	uint32_t removed;
	bool entering; /* somebody was about to enter one */
};

void tidy_result_done(struct tidy_result *result);

/*
 * Tidies what uid has, and waits for the user's lock.  linger is in seconds.  With
 * stragglers (may be NULL, then all zero but asker) it collects the processes in the
 * way, if all of them are the asker or its descendants; stragglers_wait() waits for
 * their end.  Returns 0 or a negative errno; then nothing, or part, was removed.
 * *ret_result is the caller's to end by tidy_result_done(), whatever is returned.
 */
int tidy_one(const struct state *state, uint32_t uid, uint32_t linger,
	     struct stragglers *stragglers, struct tidy_result *ret_result);

/* Tidies what uids have, but of those who are locked for long, be it a single one. */
int tidy_many(const struct state *state, const uint32_t *uids, size_t n, uint32_t linger,
	      struct tidy_result *ret_result);

/*
 * Keeps of uids, n of them, those who have nobody inside, by a look that locks nobody:
 * however long /proc is, it holds up no log-in.  0 or a negative errno, then uids are in
 * no order.
 */
int tidy_keep_idle(const struct state *state, uint32_t *uids, size_t *n);

/*
 * Removes the namespace that the caller has just made for uid, and nobody has entered:
 * the user has been locked since.  Leads the thread to the host's network.
 */
int tidy_take_back(const struct state *state, int host_fd, uint32_t uid);

/*
 * The user's link.  -ENODEV: there is none; or there is none any more, for an
 * unfinished one goes.  Under the user's lock.
 */
int tidy_find_link(uint32_t uid, struct link_view *ret_view);

/* True when all have ended within timeout_ms, false when they have not or there are none. */
int stragglers_wait(struct stragglers *stragglers, int timeout_ms);
void stragglers_done(struct stragglers *stragglers);

#endif
