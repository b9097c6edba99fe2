/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_FLOWS_H
#define HELPER_FLOWS_H

struct conf_settings;
struct fw_table;
struct members;

/*
 * Forgets the connections of users that table, which is in force, would not let
 * them begin: answers pass without being asked about, so that a connection in
 * which only answers come would go on.  members is who is live now.  In the host's
 * network namespace.  0 or a negative errno.
 */
int flows_end_refused(const struct fw_table *table, const struct conf_settings *settings,
		      const struct members *members);

#endif
