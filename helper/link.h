/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_LINK_H
#define HELPER_LINK_H

/* Brings up lo of the calling thread's network namespace. 0 or a negative errno. */
int link_up_loopback(void);

#endif
