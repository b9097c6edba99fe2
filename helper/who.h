/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_WHO_H
#define HELPER_WHO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "conf/nat.h"
#include "helper/holders.h"

/* Whose a source port of this host is, for "netnsctl who". */
enum who_reason {
	WHO_BLOCK, /* it is in the user's block */
	WHO_PUBLISHED, /* it leads to the user now */
	WHO_CONNECTION, /* a connection of the user's has it now */
	WHO_SOCKET, /* a socket of the host's network has it now */
	WHO_N_REASONS,
};

struct who_one {
	enum who_reason reason;
	uint32_t uid;
	char *name; /* NULL: no such user any more, or nobody's */
	struct conf_prefix other; /* of a connection: its other end */
	uint16_t other_port;
};

enum who_verdict {
	WHO_USER, /* the first one, and nobody else that is known */
	WHO_SEVERAL,
	WHO_NOBODY, /* the block has no user */
	WHO_OUTSIDE, /* it is in no block */
	WHO_N_VERDICTS,
};

struct who {
	enum conf_proto proto;
	uint16_t port;
	enum who_verdict verdict;
	bool has_blocks; /* some policy has "nat ports" */
	bool in_block;
	struct conf_block block;
	bool host_chooses; /* for its own connections, too */
	uint16_t host_first, host_last;
	char gap[HOLDERS_GAP_MAX]; /* what could not be read, so that it is not complete; or "" */
	struct who_one *list;
	size_t n;
	size_t n_more; /* connections of the same users that are not in the list */
};

/*
 * With proto and port given.  For root, in the host's network.  0 or a negative
 * errno; *ret_step is what has failed.
 */
int who_find(struct who *who, const struct conf *conf, const char **ret_step);
void who_done(struct who *who);

void who_print(const struct who *who);
void who_print_json(const struct who *who);

#endif
