/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/denied.h"

/* Where nobody answers, each question takes many seconds. */
#define RESOLVE_MS 10000

/* A table that is replaced while it is read is read again. */
#define ATTEMPTS 20

#define FORGOTTEN_MS 60000

#define NS_PER_MS INT64_C(1000000)

struct reading {
	struct denieds denieds;
	size_t room;
	uint64_t now_ms;
};

uint64_t denied_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)(now.tv_nsec / NS_PER_MS);
}

static int compare_addresses(const struct conf_prefix *a, const struct conf_prefix *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

/* The key of the firewall's sets, by which a denial is the same as another one. */
static int compare_keys(const void *a, const void *b)
{
	const struct usage_denial *x = &((const struct denied *)a)->what;
	const struct usage_denial *y = &((const struct denied *)b)->what;
	int order = compare_addresses(&x->source, &y->source);

	if (!order)
		order = compare_addresses(&x->destination, &y->destination);
	if (!order)
		order = x->proto - y->proto;
	return order ? order : x->port - y->port;
}

static int compare_times(const void *a, const void *b)
{
	const struct denied *x = a;
	const struct denied *y = b;

	if (x->seen_ms != y->seen_ms)
		return x->seen_ms < y->seen_ms ? -1 : 1;
	return compare_keys(a, b);
}

static void sort(struct denieds *denieds, int (*compare)(const void *, const void *))
{
	if (denieds->n > 0)
		qsort(denieds->list, denieds->n, sizeof(*denieds->list), compare);
}

static int note(void *data, const struct usage_denial *denial)
{
	struct reading *reading = data;
	struct denieds *denieds = &reading->denieds;

	if (denieds->n == reading->room) {
		size_t room = reading->room ? reading->room * 2 : 64;
		struct denied *list = reallocarray(denieds->list, room, sizeof(*list));

		if (!list)
			return -ENOMEM;
		denieds->list = list;
		reading->room = room;
	}
	denieds->list[denieds->n++] = (struct denied){
		.what = *denial,
		.fresh = denial->packets,
		.seen_ms = reading->now_ms - denial->age_ms,
	};
	return 0;
}

static int read_once(struct denieds *ret_denieds)
{
	struct reading reading = { .now_ms = denied_now_ms() };
	uint64_t after = 0;
	int r;

	r = usage_read_table(&reading.denieds.table);
	if (!r)
		r = usage_each_denial(note, &reading);
	if (!r)
		r = usage_read_table(&after);
	if (!r && after != reading.denieds.table)
		r = -EAGAIN;
	if (r)
		denied_done(&reading.denieds);
	else
		*ret_denieds = reading.denieds;
	return r;
}

int denied_read(struct denieds *ret_denieds)
{
	int r = -EAGAIN;

	for (unsigned i = 0; i < ATTEMPTS && r == -EAGAIN; i++)
		r = read_once(ret_denieds);
	if (!r)
		sort(ret_denieds, compare_keys);
	return r;
}

static void forget(struct denied *denied)
{
	free(denied->user);
	free(denied->name);
	free(denied->host_name);
}

void denied_done(struct denieds *denieds)
{
	for (size_t i = 0; i < denieds->n; i++)
		forget(&denieds->list[i]);
	free(denieds->list);
	*denieds = (struct denieds){ 0 };
}

/* Where before has it, or would have it, from *at on. */
static const struct denied *find_before(const struct denieds *before, const struct denied *denied,
					size_t *at)
{
	while (*at < before->n && compare_keys(&before->list[*at], denied) < 0)
		(*at)++;
	if (*at == before->n || compare_keys(&before->list[*at], denied) != 0)
		return NULL;
	return &before->list[*at];
}

/* It had been forgotten meanwhile, which takes much longer than clocks differ. */
static bool is_another(const struct denied *denied, const struct denied *earlier)
{
	return denied->what.packets < earlier->what.packets ||
	       (denied->what.packets == earlier->what.packets &&
		denied->seen_ms > earlier->seen_ms + FORGOTTEN_MS);
}

int denied_find_fresh(const struct denieds *now, const struct denieds *before,
		      struct denieds *ret_fresh)
{
	struct denieds fresh = { .list = calloc(now->n + 1, sizeof(*fresh.list)) };
	size_t at = 0;

	if (!fresh.list)
		return -ENOMEM;
	for (size_t i = 0; i < now->n; i++) {
		const struct denied *earlier = find_before(before, &now->list[i], &at);
		struct denied denied = now->list[i];

		/* A table that replaces another starts without any. */
		if (earlier && now->table == before->table && !is_another(&denied, earlier))
			denied.fresh -= earlier->what.packets;
		if (denied.fresh == 0)
			continue;
		fresh.list[fresh.n++] = denied;
	}
	*ret_fresh = fresh;
	return 0;
}

/* Sources and destinations come in rows: each is looked up once. */
static int attribute_all(struct denieds *denieds, const struct denied_book *book)
{
	int r = 0;

	for (size_t i = 0; i < denieds->n && !r; i++) {
		struct denied *denied = &denieds->list[i];
		const struct denied *last = i > 0 ? denied - 1 : NULL;

		if (last && compare_addresses(&last->what.source, &denied->what.source) == 0) {
			denied->has_uid = last->has_uid;
			denied->is_live = last->is_live;
			denied->uid = last->uid;
			denied->user = last->user ? strdup(last->user) : NULL;
			r = last->user && !denied->user ? -ENOMEM : 0;
		} else {
			r = denied_book_source(book, denied);
		}
		if (!r)
			r = denied_book_destination(book, denied);
	}
	return r;
}

int denied_attribute(struct denieds *denieds, const struct conf *conf)
{
	struct denied_book book = { 0 };
	int r;

	r = denied_book_open(&book, conf);
	if (!r)
		r = attribute_all(denieds, &book);
	denied_book_done(&book);
	sort(denieds, compare_times);
	return r;
}

void denied_leave_user(struct denieds *denieds, uint32_t uid)
{
	size_t n = 0;

	for (size_t i = 0; i < denieds->n; i++) {
		struct denied *denied = &denieds->list[i];

		if (denied->has_uid && denied->uid == uid)
			denieds->list[n++] = *denied;
		else
			forget(denied);
	}
	denieds->n = n;
}

/*
 * Reverse DNS
 */

static char *look_up(const struct conf_prefix *address)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	bool is_v4 = address->family == AF_INET;
	const struct sockaddr *sa = is_v4 ? (const void *)&v4 : (const void *)&v6;
	char name[NI_MAXHOST];

	memcpy(&v4.sin_addr, address->bytes, sizeof(v4.sin_addr));
	memcpy(&v6.sin6_addr, address->bytes, sizeof(v6.sin6_addr));
	if (getnameinfo(sa, is_v4 ? sizeof(v4) : sizeof(v6), name, sizeof(name), NULL, 0,
			NI_NAMEREQD) != 0)
		return NULL;
	return strdup(name);
}

static int compare_destinations(const void *a, const void *b)
{
	const struct denied *x = a;
	const struct denied *y = b;
	int order = compare_addresses(&x->what.destination, &y->what.destination);

	return order ? order : compare_times(a, b);
}

void denied_resolve(struct denieds *denieds)
{
	int64_t end = usage_now_ns() + RESOLVE_MS * NS_PER_MS;

	sort(denieds, compare_destinations);
	for (size_t i = 0; i < denieds->n; i++) {
		struct denied *denied = &denieds->list[i];
		const struct denied *last = i > 0 ? denied - 1 : NULL;

		if (last &&
		    compare_addresses(&last->what.destination, &denied->what.destination) == 0)
			denied->host_name = last->host_name ? strdup(last->host_name) : NULL;
		else if (usage_now_ns() < end)
			denied->host_name = look_up(&denied->what.destination);
	}
	sort(denieds, compare_times);
}
