/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_DENIED_H
#define HELPER_DENIED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helper/usage.h"

struct conf;

/*
 * What "netnsctl denied" says: the denials that the firewall remembers, with whose
 * they are and what they were for.  For root, in the host's network namespace.  All
 * return 0 or a negative errno.
 */
enum denied_kind {
	DENIED_OTHER, /* nothing is known of the destination */
	DENIED_HOST, /* an address of this machine */
	DENIED_USER, /* of the sessions' pools */
	DENIED_METADATA,
	DENIED_LIST, /* in a list of the configuration */
	DENIED_N_KINDS,
};

struct denied {
	struct usage_denial what;
	uint64_t fresh; /* packets that an earlier look had not seen */
	uint64_t seen_ms; /* when that was, see denied_now_ms() */
	bool has_uid; /* it is known whose it is: */
	bool is_live; /* who has the address now; or else, who gets it when logged in */
	uint32_t uid;
	char *user; /* NULL: no such user any more */
	enum denied_kind kind;
	char *name; /* of the user or of the list, or NULL */
	char *host_name; /* by reverse DNS, if asked for, or NULL */
};

struct denieds {
	uint64_t table; /* that they are of */
	struct denied *list;
	size_t n;
};

/* All there is; -ENOENT: there is no firewall. */
int denied_read(struct denieds *ret_denieds);
void denied_done(struct denieds *denieds);

/* What before has not, or with other packets.  All are as denied_read() gives them. */
int denied_find_fresh(const struct denieds *now, const struct denieds *before,
		      struct denieds *ret_fresh);

/* Fills whose they are and what for, and puts the latest last; conf NULL: nothing is in force. */
int denied_attribute(struct denieds *denieds, const struct conf *conf);

/* Forgets those of others. */
void denied_leave_user(struct denieds *denieds, uint32_t uid);

/* Asks the resolver for names of destinations, as long as that takes no longer than a while. */
void denied_resolve(struct denieds *denieds);

/* Of the wall clock. */
uint64_t denied_now_ms(void);

/* For people: a table, or lines with the time of day; and for programs (denied_text.c). */
void denied_print_table(const struct denieds *denieds);
void denied_print_lines(const struct denieds *denieds);
void denied_print_json(const struct denieds *denieds);
void denied_print_json_lines(const struct denieds *denieds);

/* What else is known of the addresses (denied_name.c). */
struct denied_book {
	const struct conf *conf;
	struct usages usages;
	struct denied_owner *owners; /* by address */
	size_t n;
};
int denied_book_open(struct denied_book *book, const struct conf *conf);
void denied_book_done(struct denied_book *book);
/* 0 or -ENOMEM */
int denied_book_source(const struct denied_book *book, struct denied *denied);
int denied_book_destination(const struct denied_book *book, struct denied *denied);

#endif
