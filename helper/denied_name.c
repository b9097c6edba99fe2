/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/denied.h"
#include "helper/fw_build.h"
#include "helper/pool.h"

/* Whose an address is. */
struct denied_owner {
	struct conf_prefix address;
	const struct usage *usage; /* NULL: the host's */
};

static int compare_owners(const void *a, const void *b)
{
	const struct conf_prefix *x = &((const struct denied_owner *)a)->address;
	const struct conf_prefix *y = &((const struct denied_owner *)b)->address;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	return memcmp(x->bytes, y->bytes, sizeof(x->bytes));
}

static bool read_address(const struct sockaddr *sa, struct conf_prefix *ret)
{
	*ret = (struct conf_prefix){ .family = sa ? sa->sa_family : 0 };
	if (ret->family == AF_INET)
		memcpy(ret->bytes, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, 4);
	else if (ret->family == AF_INET6)
		memcpy(ret->bytes, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, 16);
	else
		return false;
	return true;
}

static int add_owners(struct denied_book *book, const struct ifaddrs *all)
{
	const struct usages *usages = &book->usages;
	size_t n = usages->n * 2;
	struct conf_prefix address;

	for (const struct ifaddrs *i = all; i; i = i->ifa_next)
		n++;
	book->owners = calloc(n + 1, sizeof(*book->owners));
	if (!book->owners)
		return -ENOMEM;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next)
		if (read_address(i->ifa_addr, &address))
			book->owners[book->n++] = (struct denied_owner){ address, NULL };
	for (size_t i = 0; i < usages->n; i++) {
		const struct usage *u = &usages->list[i];

		if (u->addresses.v4.family)
			book->owners[book->n++] = (struct denied_owner){ u->addresses.v4, u };
		if (u->addresses.v6.family)
			book->owners[book->n++] = (struct denied_owner){ u->addresses.v6, u };
	}
	qsort(book->owners, book->n, sizeof(*book->owners), compare_owners);
	return 0;
}

int denied_book_open(struct denied_book *book, const struct conf *conf)
{
	struct ifaddrs *all;
	const char *step;
	int r;

	*book = (struct denied_book){ .conf = conf };
	r = usage_read(USAGE_NAMES, &book->usages, &step);
	if (r)
		return r;
	if (getifaddrs(&all) < 0)
		return -errno;
	r = add_owners(book, all);
	freeifaddrs(all);
	return r;
}

void denied_book_done(struct denied_book *book)
{
	free(book->owners);
	usage_done(&book->usages);
	*book = (struct denied_book){ 0 };
}

static const struct denied_owner *find_owner(const struct denied_book *book,
					     const struct conf_prefix *address)
{
	const struct denied_owner key = { .address = *address };

	return book->n ? bsearch(&key, book->owners, book->n, sizeof(key), compare_owners) : NULL;
}

static int copy(const char *text, char **ret)
{
	*ret = text ? strdup(text) : NULL;
	return text && !*ret ? -ENOMEM : 0;
}

/*
 * Sources
 */

/* How many of /etc/passwd, two at most, the address would go to, and one of them. */
static unsigned find_in_file(const struct conf_settings *settings,
			     const struct conf_prefix *address, uint32_t *ret_uid)
{
	const struct conf_prefix *pool =
		address->family == AF_INET ? &settings->pool4 : &settings->pool6;
	uint32_t size = pool_size(&settings->pool4, &settings->pool6);
	_cleanup_fclose_ FILE *f = fopen("/etc/passwd", "re");
	const struct passwd *pw;
	unsigned found = 0;

	while (f && found < 2 && (pw = fgetpwent(f))) {
		struct conf_prefix theirs = pool_address(pool, pool_offset(pw->pw_uid, 0, size));

		if (!conf_prefix_equal(&theirs, address) || (found && *ret_uid == pw->pw_uid))
			continue;
		*ret_uid = pw->pw_uid;
		found++;
	}
	return found;
}

/* A directory of users can be asked for one: the first whom the address would go to. */
static bool find_in_directory(const struct conf_settings *settings,
			      const struct conf_prefix *address, uint32_t *ret_uid)
{
	const struct conf_prefix *pool =
		address->family == AF_INET ? &settings->pool4 : &settings->pool6;
	uint32_t first = pool_offset(0, 0, pool_size(&settings->pool4, &settings->pool6));
	unsigned last = address->length / 8;
	uint32_t offset = 0;

	for (unsigned i = sizeof(offset); i > 0; i--)
		offset = offset << 8 | (uint8_t)(address->bytes[last - i] ^ pool->bytes[last - i]);
	if (!conf_prefix_contains(pool, address) || offset < first || !getpwuid(offset - first))
		return false;
	*ret_uid = offset - first;
	return true;
}

/* Whose the address was, if that can be but one. */
static bool conclude(const struct conf_settings *settings, const struct conf_prefix *address,
		     uint32_t *ret_uid)
{
	unsigned n = find_in_file(settings, address, ret_uid);

	return n == 1 || (n == 0 && find_in_directory(settings, address, ret_uid));
}

int denied_book_source(const struct denied_book *book, struct denied *denied)
{
	const struct conf_prefix *address = &denied->what.source;
	const struct denied_owner *owner = find_owner(book, address);
	const struct passwd *pw;

	if (owner && owner->usage) {
		denied->has_uid = denied->is_live = true;
		denied->uid = owner->usage->uid;
		return copy(owner->usage->name, &denied->user);
	}
	if (owner || !book->conf || !conclude(&book->conf->settings, address, &denied->uid))
		return 0;
	denied->has_uid = true;
	pw = getpwuid(denied->uid);
	return copy(pw ? pw->pw_name : NULL, &denied->user);
}

/*
 * Destinations
 */

/* The list that has it by the longest prefix; of two, the first. */
static const struct conf_addresses *find_list(const struct conf *conf,
					      const struct conf_prefix *address)
{
	const struct conf_addresses *best = NULL;
	unsigned length = 0;

	for (size_t i = 0; conf && i < conf->n_addresses; i++) {
		const struct conf_addresses *list = conf->addresses[i];

		for (size_t j = 0; j < list->n_members; j++) {
			const struct conf_member *m = &list->members[j];

			if (m->name || !conf_prefix_contains(&m->prefix, address) ||
			    (best && m->prefix.length <= length))
				continue;
			best = list;
			length = m->prefix.length;
		}
	}
	return best;
}

static bool is_in_pools(const struct conf *conf, const struct conf_prefix *address)
{
	return conf && (conf_prefix_contains(&conf->settings.pool4, address) ||
			conf_prefix_contains(&conf->settings.pool6, address));
}

int denied_book_destination(const struct denied_book *book, struct denied *denied)
{
	const struct conf_prefix *address = &denied->what.destination;
	const struct denied_owner *owner = find_owner(book, address);
	const struct conf_addresses *list;

	if (owner && !owner->usage) {
		denied->kind = DENIED_HOST;
	} else if (owner || is_in_pools(book->conf, address)) {
		denied->kind = DENIED_USER;
		return copy(owner ? owner->usage->name : NULL, &denied->name);
	} else if (fw_is_metadata(address)) {
		denied->kind = DENIED_METADATA;
	} else if ((list = find_list(book->conf, address))) {
		denied->kind = DENIED_LIST;
		return copy(list->name, &denied->name);
	}
	return 0;
}
