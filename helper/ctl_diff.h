/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_CTL_DIFF_H
#define HELPER_CTL_DIFF_H

#include <stdbool.h>

struct conf;
struct diag;

/*
 * Prints what conf would change against what is in force of source, and for whom.
 * diag (may be NULL) gets what a reload would refuse: -EINVAL, and nothing is
 * printed.  For root.  0 or a negative errno.
 */
int ctl_diff(const char *source, const struct conf *conf, struct diag *diag, bool *ret_differs);

#endif
