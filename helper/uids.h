/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_UIDS_H
#define HELPER_UIDS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Adds to *uids, which grows, those of others that are not there yet.  All
 * are sorted then.  0 or -ENOMEM.
 */
int uids_add(uint32_t **uids, size_t *n, const uint32_t *others, size_t n_others);

#endif
