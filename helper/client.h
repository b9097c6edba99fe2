/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_CLIENT_H
#define HELPER_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

struct proto_request;
struct proto_answer;
struct wire_fds;

/*
 * Starts netns-helper, asks it one thing and hears the answer.
 *
 * The helper is an orphan from the start: it is the child of process 1, or of
 * the nearest subreaper, so the caller's SIGCHLD handling does not matter and
 * nobody has to wait for its end.  It has a session, ids, descriptors, limits and an environment of
 * its own, whatever the caller's are.  All signals of the calling thread are blocked meanwhile; the
 * calling process must have no other thread.
 */
struct client {
	int channel; /* -1: not asked */
	int pidfd; /* of the helper */
};

#define CLIENT_INIT                        \
	{                                  \
		.channel = -1, .pidfd = -1 \
	}

/*
 * Fills version and counts of request by itself.  Returns 0 with *ret_answer, a
 * result of PROTO_FAILED included, and the descriptors that came with it in
 * *ret_fds (the caller's; NULL: an answer with any is refused).  Otherwise a
 * negative errno (-ETIMEDOUT after PROTO_DEADLINE_MS, with the helper killed);
 * ret_answer->text then says what happened, for the log.
 *
 * The helper keeps the namespace of its answer from being tidied away until
 * client_done(): enter first.
 */
int client_ask(struct client *client, struct proto_request *request, const uint32_t *gids,
	       uint32_t n_gids, struct proto_answer *ret_answer, struct wire_fds *ret_fds);

/*
 * Whether the helper is there still, and with it what it holds.  Asked after
 * entering: then the namespace was the right one at that moment.
 */
bool client_is_held(const struct client *client);

/* Ends the conversation.  Takes what client_ask() never touched, too. */
void client_done(struct client *client);

#endif
