/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONF_ARRAY_H
#define CONF_ARRAY_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/*
 * The lists of the tree store no capacity: an array of n elements has room for
 * the next power of two, so it needs to grow exactly when n is one.
 */
static inline void *array_room(void *array, size_t n, size_t size)
{
	if (n & (n - 1))
		return array;
	return reallocarray(array, n ? 2 * n : 1, size);
}

/* A pointer to a new zeroed element at the end, or NULL when memory ran out. */
#define array_add(array, n)                                               \
	({                                                                \
		void *room_ = array_room((array), (n), sizeof(*(array))); \
                                                                          \
		if (room_) {                                              \
			(array) = room_;                                  \
			memset(&(array)[(n)++], 0, sizeof(*(array)));     \
		}                                                         \
		room_ ? &(array)[(n)-1] : NULL;                           \
	})

#endif
