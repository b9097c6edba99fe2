/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_ROUTE_H
#define HELPER_ROUTE_H

struct conf_prefix;
struct mnl_socket;

/* Where the thread's network namespace would send something for an address. */
struct route {
	unsigned type; /* RTN_UNICAST, RTN_LOCAL ... */
	char link[16]; /* that it goes out by; "" if there is none */
};

/*
 * By a NETLINK_ROUTE socket.  Needs no privilege.  0 or a negative errno:
 * -ENETUNREACH, -EHOSTUNREACH, -EACCES or -EINVAL if there is no way.
 */
int route_find(struct mnl_socket *socket, const struct conf_prefix *address, struct route *ret);

#endif
