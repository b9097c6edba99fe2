/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "helper/class.h"

/* FNV-1a, folded to the 24 bits that the prefix leaves. */
uint32_t class_of_policy(const char *name)
{
	uint32_t hash = 2166136261U;
	uint32_t class;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619U;
	hash = (hash >> 24 ^ hash) & ~CLASS_MASK;
	class = CLASS_PREFIX | hash;
	return class == CLASS_NOTHING || class == CLASS_UNFINISHED ? CLASS_PREFIX | 1 : class;
}
