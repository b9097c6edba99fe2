/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_DRAFT_H
#define HELPER_DRAFT_H

struct conf;
struct diag;

/*
 * A configuration that is not in force yet: reads path (flags as for conf_load()),
 * looks its names up, and warns of what this version or this machine has not.
 * 0 or a negative errno; -EINVAL, and most others, with what is wrong in diag.
 */
int draft_load(const char *path, unsigned flags, struct diag *diag, struct conf **ret_conf);

#endif
