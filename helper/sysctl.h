/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_SYSCTL_H
#define HELPER_SYSCTL_H

#include <stdbool.h>

/*
 * Settings below /proc/sys/net, of the calling thread's network namespace.  They
 * need no capability but uid 0 in the host's, CAP_NET_ADMIN in a session's.
 * Return 0 or a negative errno.
 */
struct sysctl {
	const char *key;
	const char *value;
};

/* Sets n values in /proc/sys/net/ipv6/conf/LINK. */
int sysctl_set_link(const char *link, const struct sysctl *values, unsigned n);

int sysctl_read(const char *path, int *ret_value);
int sysctl_write(const char *path, int value);

/* Whether this kernel has IPv6 at all. */
bool sysctl_has_ipv6(void);

/*
 * And nobody has switched it off here: then not even lo may have an address.  What
 * cannot be read for another reason is an error, or half of a network would be missing.
 */
int sysctl_uses_ipv6(bool *ret_uses);

#endif
