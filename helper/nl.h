/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_NL_H
#define HELPER_NL_H

struct mnl_socket;
struct nlmsghdr;

/*
 * Requests to the kernel over netlink, each answered before the next.  All
 * return 0 or a negative errno, which for nl_request() is the kernel's own.
 */

/* Opens a socket of protocol (NETLINK_ROUTE, ...) in the thread's network namespace. */
int nl_open(int protocol, struct mnl_socket **ret_socket);
void nl_close_p(struct mnl_socket **socket);

/* Sends request with NLM_F_ACK and waits for the acknowledgement. */
int nl_request(struct mnl_socket *socket, struct nlmsghdr *request);

#endif
