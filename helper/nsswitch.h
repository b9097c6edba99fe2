/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_NSSWITCH_H
#define HELPER_NSSWITCH_H

#define NSSWITCH_CONF "/etc/nsswitch.conf"

/*
 * The first source of users in the text of an nsswitch.conf(5) that cannot be counted on
 * to list them all, as the files of this host can; NULL: there is none.  The text is cut
 * up, and the name is in it.
 */
const char *nsswitch_find_unlisted(char *text);

#endif
