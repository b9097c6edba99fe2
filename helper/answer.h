/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_ANSWER_H
#define HELPER_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

struct proto_answer;

/*
 * Whether an answer of length bytes, with n_fds descriptors, is one that a helper
 * of ours sends: nothing else is looked at, nor obeyed.
 */
bool answer_is_sound(const struct proto_answer *answer, size_t length, size_t n_fds);

/* Whether a session may have something else at this path. */
bool answer_path_is_sound(const char *path);

/* Whether path is directory, or leads into it.  Both are sound. */
bool answer_path_is_below(const char *path, const char *directory);

#endif
