/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_EXEMPT_H
#define HELPER_EXEMPT_H

#include <stdbool.h>

/*
 * The groups whose members the module lets into the host's network unasked: those
 * that a stack of PAM names.  fn is called for each, with the file, by directory and
 * name, until it returns true, which is then *ret_any.  0 or -ENOMEM.
 */
typedef bool exempt_fn(void *data, const char *path, const char *group);
int exempt_search(exempt_fn *fn, void *data, bool *ret_any);

#endif
