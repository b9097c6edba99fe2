/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_OBSTACLE_H
#define HELPER_OBSTACLE_H

struct conf;
struct diag;

/*
 * Warns of what this host has in the way of veth sessions: chains of others that
 * drop every packet which they do not know, whatever our own chains say, and
 * programs at published ports.  Who may not look at the chains is told nothing
 * about them.  0 or a negative errno.
 */
int obstacle_warn(const struct conf *conf, struct diag *diag);

#endif
