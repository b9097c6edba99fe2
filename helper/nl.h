/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_NL_H
#define HELPER_NL_H

#include <stddef.h>
#include <stdint.h>

struct mnl_socket;
struct nlmsghdr;

/*
 * Requests to the kernel over netlink.  Several go in one batch, which is one
 * system call and is answered before the next; the kernel carries them out in
 * order and does not stop at one that fails.  All return 0 or a negative errno,
 * which is the kernel's own where the kernel refused.
 */

/* Opens a socket of protocol (NETLINK_ROUTE, ...) in the thread's network namespace. */
int nl_open(int protocol, struct mnl_socket **ret_socket);
void nl_close_p(struct mnl_socket **socket);

#define NL_BATCH_BYTES   8192
#define NL_MESSAGE_BYTES 1024 /* the largest of ours */

struct nl_batch {
	char bytes[NL_BATCH_BYTES] __attribute__((aligned(4)));
	size_t length;
	uint32_t first; /* sequence number */
	uint32_t next;
	unsigned acks; /* to come */
	struct nlmsghdr *open; /* the message that is being written */
};

void nl_batch_init(struct nl_batch *batch);

/*
 * Begins a message at the end of batch, with NLM_F_REQUEST, NLM_F_ACK and flags;
 * its extra header and attributes are put with libmnl.  The next nl_put() or
 * nl_commit() ends it.
 */
struct nlmsghdr *nl_put(struct nl_batch *batch, uint16_t type, uint16_t flags);

/* The last message begun has had its NLM_F_ACK taken away. */
void nl_expect_no_ack(struct nl_batch *batch);

/*
 * Sends batch and waits for all its acknowledgements.  The error is that of
 * the first message that failed; *ret_failed (may be NULL) is its place, from 0.
 */
int nl_commit(struct mnl_socket *socket, struct nl_batch *batch, unsigned *ret_failed);

/*
 * Sends a batch of one message that asks for something, or with NLM_F_DUMP for
 * all of a kind, and calls fn (NULL: nothing) for each answer.  -EINTR: what was
 * dumped changed meanwhile, and fn has not seen all of it.
 */
typedef void nl_answer_fn(const struct nlmsghdr *message, void *data);
int nl_query(struct mnl_socket *socket, struct nl_batch *batch, nl_answer_fn *fn, void *data);

/*
 * Sends length bytes of finished messages of which the last but one wants an
 * acknowledgement or none does; the error is the first that comes back.
 */
int nl_send_bytes(struct mnl_socket *socket, const char *bytes, size_t length);

#endif
