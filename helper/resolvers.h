/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_RESOLVERS_H
#define HELPER_RESOLVERS_H

#include <stddef.h>

struct conf;
struct conf_policy;
struct conf_prefix;

/*
 * The resolvers that the host asks itself, for "dns auto": those of resolv.conf
 * that other machines can ask too, or else the ones that systemd-resolved
 * forwards to.  Returns their number; resolvers has room for RESOLVERS_MAX.
 */
#define RESOLVERS_MAX 8
size_t resolvers_find(struct conf_prefix *resolvers);

/* Where they are looked for. */
#define RESOLVERS_FILES 2
extern const char *const resolvers_files[RESOLVERS_FILES];

/* The first policy of a session that has them, or NULL: then nobody needs them. */
const struct conf_policy *resolvers_first_need(const struct conf *conf);

#endif
