/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_JOINED_H
#define HELPER_JOINED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Those of the users of join sessions, and of sessions elsewhere than in the namespace
 * that is pinned for the user, who have no business in the host's network
 * whatever service they come by: the firewall knows each by an element of the
 * set of those who are live.  No pin of ours tells when that ends, as the network
 * namespace is not ours, so each has a mark (state.h) that says when a process of
 * the user was seen last in any network but the host's.  All return 0 or a
 * negative errno.
 */
struct state;

/* A session of uid begins. */
int joined_note(uint32_t uid);
/* The same, of whoever has locked the user. */
int joined_note_locked(const struct state *state, uint32_t uid);

/* Whether uid is one of them. */
bool joined_is(const struct state *state, uint32_t uid);

/* Adds to *uids, which grows, those of them who are not there yet. */
int joined_add_to(const struct state *state, uint32_t **uids, size_t *n);

/*
 * Forgets those of whom nothing has been seen for JOINED_GRACE seconds: between
 * the begin of a session and the user's first process, there is nothing to see.
 * Needs CAP_SYS_PTRACE.
 */
#define JOINED_GRACE 30
int joined_sweep(const struct state *state);

#endif
