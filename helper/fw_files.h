/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_FW_FILES_H
#define HELPER_FW_FILES_H

struct conf;
struct fw_context;

/*
 * The tables of the sessions' own namespaces, /run/pam_netns/session/POLICY,
 * ready to be sent (fw_serialize()): a login has nothing to compile.  A policy
 * without a resolver has no file.  Under STATE_LOCK_RELOAD.  0 or a negative errno.
 */
#define FW_FILES_DIRECTORY NETNS_RUN "/session"

/* Writes those that are to come, beside those that are there. */
int fw_files_prepare(const struct conf *conf, const struct fw_context *context);

/* Puts them in the place of those that are there, all at once. */
int fw_files_commit(void);
int fw_files_discard(void); /* those that are to come */
int fw_files_remove(void); /* all */

#endif
