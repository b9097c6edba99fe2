/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAM_NETNS_OPENED_H
#define PAM_NETNS_OPENED_H

struct pam_handle;
struct session;

/*
 * The sessions that a PAM handle has open.  A program may open several with one,
 * for one user or for others, and each close_session is for the last of them.
 */

/*
 * Notes where the process is before it opens one.  The handle owns *ret_session,
 * which is NULL when there is no memory. 0 or a negative errno.
 */
int opened_begin(struct pam_handle *pamh, struct session **ret_session);

/* The one that was opened last; NULL: none ever was. */
struct session *opened_last(struct pam_handle *pamh);

/* That one is closed, if it is this process's. */
void opened_end(struct pam_handle *pamh);

/*
 * Has the helper remove the user's namespace, if this was the last session in it, and
 * logs the session's end, if it was open.
 */
void opened_tidy(struct pam_handle *pamh, struct session *s);

#endif
