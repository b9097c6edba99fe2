/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_OP_H
#define HELPER_OP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf/base.h"
#include "helper/proto.h"
#include "helper/tidy.h"
#include "helper/wire.h"

/* One request on its way through the helper. */
struct op {
	struct proto_request request;
	const uint32_t *gids;
	const char *conf; /* path of the configuration that decides */
	pid_t asker;
	int host_fd; /* the host's network namespace */
	uint64_t host_inode;
	struct proto_answer answer;
	const char *mode; /* OPEN: what the session gets, for the answer; NULL: it is not known */
	char name[PROTO_NAME_MAX]; /* OPEN: of its policy, or of the namespace it joins */
	struct wire_fds fds; /* travel with the answer: the namespace, then its mounts */
	int entering_fd; /* OPEN: holds a lock until our end, see state.h; -1: none */
	struct stragglers stragglers; /* CLOSE: who was still inside */
	bool entering; /* CLOSE: somebody was about to be */
};

/*
 * Says what went wrong, in the answer.  "TEXT: strerror(-r)", or the text alone
 * when r is -EINVAL or -EBADMSG.  Returns r.
 */
int op_fail(struct op *op, int r, const char *format, ...) PRINTF_LIKE(3, 4);

/* The same for a failed state_open(). */
int op_fail_state(struct op *op, int r);

/* Says something worth logging beside success, in the answer. */
void op_notice(struct op *op, const char *format, ...) PRINTF_LIKE(2, 3);

/*
 * Has the session see the mount fd, which is attached nowhere, at path.  fd is taken,
 * whatever happens.  0 or a negative errno, of which nothing is said in the answer:
 * -E2BIG, there are as many as there can be; -ENAMETOOLONG, no asker accepts the path.
 */
int op_add_mount(struct op *op, const char *path, int fd);

/* The operations.  Each fills the answer; 0 or a negative errno from op_fail(). */
int op_open(struct op *op);
int op_close(struct op *op);
int op_sweep(struct op *op);

/* The part of op_open() that is for "join name"; confined: the user, whatever the service. */
struct conf;
struct conf_session;
int op_open_join(struct op *op, const struct conf *conf, const struct conf_session *session,
		 bool confined);

/* Whether the tripwire knows the user without being told of a session. */
bool op_is_in_table(const struct op *op, const struct conf *conf);

/*
 * The part of op_open() that is for "set hide".  The answer has the namespace of the
 * session; NULL is for one that has been sealed.
 */
int op_hide(struct op *op, const struct conf *conf, const struct conf_session *session);

/* What they do once the answer is out. */
void op_open_after(struct op *op);
void op_close_after(struct op *op);

#endif
