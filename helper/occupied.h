/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_OCCUPIED_H
#define HELPER_OCCUPIED_H

struct conf;
struct diag;

/*
 * Warns of published ports at which a program listens in this network namespace:
 * from outside, what it offers is out of reach while somebody has the port.
 */
void occupied_warn(const struct conf *conf, struct diag *diag);

#endif
