/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_CTL_FW_H
#define HELPER_CTL_FW_H

struct conf;
struct diag;
struct fw_table;

/*
 * The firewall that a configuration asks for, without what this machine would add
 * to it (resolvers, live users).  0 or a negative errno; -EINVAL: see diag.
 */
int ctl_fw_compile(const struct conf *conf, struct diag *diag, struct fw_table **ret_table);

#endif
