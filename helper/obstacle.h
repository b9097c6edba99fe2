/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_OBSTACLE_H
#define HELPER_OBSTACLE_H

struct conf;
struct diag;

/*
 * Warns of chains of others that drop every packet which they do not know, and
 * so those of veth sessions, whatever our own chains say.  Who may not look at
 * them is told nothing.  0 or a negative errno.
 */
int obstacle_warn(const struct conf *conf, struct diag *diag);

#endif
