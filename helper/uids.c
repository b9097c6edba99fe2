/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "helper/uids.h"

static int compare_uids(const void *a, const void *b)
{
	const uint32_t *x = a;
	const uint32_t *y = b;

	return *x < *y ? -1 : *x > *y;
}

int uids_add(uint32_t **uids, size_t *n, const uint32_t *others, size_t n_others)
{
	uint32_t *grown = reallocarray(*uids, *n + n_others + 1, sizeof(*grown));
	size_t known = *n;

	if (!grown)
		return -ENOMEM;
	*uids = grown;
	if (known)
		qsort(grown, known, sizeof(*grown), compare_uids);
	for (size_t i = 0; i < n_others; i++)
		if (!known || !bsearch(&others[i], grown, known, sizeof(*grown), compare_uids))
			grown[(*n)++] = others[i];
	if (*n > known)
		qsort(grown, *n, sizeof(*grown), compare_uids);
	return 0;
}
