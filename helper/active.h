/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_ACTIVE_H
#define HELPER_ACTIVE_H

#include <stdbool.h>
#include <stddef.h>

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

/* Whether there is an active configuration, made from what is on the disk now. */
bool active_is_current(const char *source);

/* -ENOENT: none has been loaded yet. */
int active_load(const char *source, struct diag *diag, struct conf **ret_conf);

/*
 * Puts conf in force, at once or not at all.  names are further files that its
 * meaning depends on (the user data base).  Needs the runtime directory.
 */
int active_write(const char *source, const struct conf *conf, const struct conf_source *names,
		 size_t n_names);

#endif
