/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_ACTIVE_H
#define HELPER_ACTIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf;
struct conf_source;
struct diag;

/*
 * The configuration in force: canonical text with numeric ids in
 * /run/pam_netns, written by "netnsctl reload", read by every login.  Its first
 * lines say what it was made from, so that a login can tell with a few stat(2)
 * calls that the files have changed since.  All return 0 or a negative errno.
 */
#define ACTIVE_PATH_MAX 1024

/*
 * The active file for the configuration file source: active.conf for the
 * default, active-etc-security-other.conf for others; no two share one.
 * -ENAMETOOLONG, -EINVAL (not an absolute path).
 */
int active_path(const char *source, char path[ACTIVE_PATH_MAX]);

/*
 * Whether there is an active configuration, made from what is on the disk now;
 * *ret_has_links: and whether sessions with a link are in it.
 */
bool active_is_current(const char *source, bool *ret_has_links);

/* The same, whatever has become of the files of this list since. */
bool active_is_current_but(const char *source, const struct conf_source *but, size_t n_but);

/* What active_prepare() was given as table; 0: there is none. */
uint64_t active_table(const char *source);

/* Whether the table knows nobody as confined who has no session, or it is not known. */
bool active_exempts(const char *source);

/* Tells one active configuration from the next. */
struct active_stamp {
	uint64_t ino;
	int64_t mtime_ns;
	int64_t ctime_ns;
};
int active_stamp(const char *source, struct active_stamp *ret_stamp); /* -ENOENT: none */
bool active_is_same(const char *source, const struct active_stamp *stamp);

/* -ENOENT: none has been loaded yet. */
int active_load(const char *source, struct diag *diag, struct conf **ret_conf);

/*
 * Writes what is to be in force next, beside what is; and puts it in force, at
 * once.  names are further files that its meaning depends on (depends.h);
 * table tells one firewall from another, and exempts is as above.  Both need the runtime directory
 * and STATE_LOCK_RELOAD.
 */
int active_prepare(const char *source, const struct conf *conf, const struct conf_source *names,
		   size_t n_names, uint64_t table, bool exempts);
int active_commit(const char *source);
void active_discard(const char *source); /* what was written, and did not come into force */

/* Removes every active configuration. */
int active_remove(void);

#endif
