/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_LIST_H
#define HELPER_LIST_H

#include <stdlib.h>
#include <string.h>

/* A pointer to a new zeroed element at the end of a list of n, or NULL when memory ran out. */
#define list_add(list, n)                                                                \
	({                                                                               \
		__typeof__(list) room_ = reallocarray((list), (n) + 1, sizeof(*(list))); \
                                                                                         \
		if (room_) {                                                             \
			(list) = room_;                                                  \
			memset(&room_[(n)++], 0, sizeof(*room_));                        \
		}                                                                        \
		room_ ? &(list)[(n)-1] : NULL;                                           \
	})

#endif
