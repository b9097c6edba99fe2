/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_CONFINED_H
#define HELPER_CONFINED_H

#include <stdbool.h>
#include <stdint.h>

struct conf;
struct spans;

/*
 * The uids that have a network of their own whatever PAM service opens their
 * session and whatever groups they are in: without looking anybody up, the
 * ones whose sockets in the host's network are there by mistake.  Adds them to
 * uids, merged.  0 or -ENOMEM.
 */
int confined_uids(const struct conf *conf, struct spans *uids);

/* Whether uid is one of them; false also without memory to find out. */
bool confined_has(const struct conf *conf, uint32_t uid);

#endif
