/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_OCCUPIED_H
#define HELPER_OCCUPIED_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"

struct diag;

/*
 * Warns of published ports at which a program listens in this network namespace:
 * from outside, what it offers is out of reach while somebody has the port.
 */
void occupied_warn(const struct conf *conf, struct diag *diag);

/*
 * Calls fn for each socket of this network namespace at the port, but for those on
 * loopback, until it returns something else than 0, which is then returned; or a
 * negative errno.
 */
typedef int occupied_fn(void *data, uint32_t uid, bool listens);
int occupied_each(enum conf_proto proto, uint16_t port, occupied_fn *fn, void *data);

#endif
