/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_READY_H
#define HELPER_READY_H

#include <stdbool.h>

/*
 * Whether a login can go on at once: the configuration that is in force was made
 * from what the file conf, and all that it includes, is now; and if sessions have
 * links, the firewall is there.  In the host's namespaces.
 */
bool ready_check(const char *conf);

/* Is there from before a configuration comes into force until all links follow it. */
#define READY_PENDING NETNS_RUN "/pending"
bool ready_is_pending(void);

/* Whether the firewall is there. */
bool ready_has_firewall(void);

#endif
