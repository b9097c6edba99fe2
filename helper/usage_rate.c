/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conf/base.h"
#include "helper/usage.h"

#define NS_PER_S  1000000000U
#define NS_PER_MS 1000000U

int64_t usage_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* What counts from the start again has not counted below nothing. */
static double rate(uint64_t now, uint64_t before, double seconds)
{
	return now > before ? (double)(now - before) / seconds : 0;
}

void usage_compare(struct usages *now, const struct usages *before)
{
	double seconds = (double)(now->read_ns - before->read_ns) / NS_PER_S;

	for (size_t i = 0; i < now->n && seconds > 0; i++) {
		struct usage *u = &now->list[i];
		const struct usage *b = usage_find(before, u->uid);

		if (!u->link)
			continue;
		/* Of a link that has come since, all is new. */
		if (b && b->link != u->link)
			b = NULL;
		u->denied_rate = rate(u->denied, b ? b->denied : 0, seconds);
		u->rate_out = rate(u->traffic.bytes_out, b ? b->traffic.bytes_out : 0, seconds);
		u->rate_in = rate(u->traffic.bytes_in, b ? b->traffic.bytes_in : 0, seconds);
		u->has_rate = true;
	}
}

static void wait_until(int64_t ns)
{
	const struct timespec until = { .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		continue;
}

int usage_measure(struct usages *usages, unsigned ms)
{
	struct usages before;
	int r;

	r = usage_read_traffic(usages);
	if (r)
		return r;
	before = *usages;
	before.list = calloc(usages->n + 1, sizeof(*before.list));
	if (!before.list)
		return -ENOMEM;
	memcpy(before.list, usages->list, usages->n * sizeof(*before.list));
	usage_read_names(usages);
	wait_until(before.read_ns + (int64_t)ms * NS_PER_MS);
	r = usage_read_traffic(usages);
	if (!r)
		usage_compare(usages, &before);
	free(before.list);
	return r;
}
