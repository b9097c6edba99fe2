/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "helper/nl.h"

/* An acknowledgement repeats the request at the most; ours are smaller by far. */
#define NL_REPLY_MAX 8192

int nl_open(int protocol, struct mnl_socket **ret_socket)
{
	_cleanup_(nl_close_p) struct mnl_socket *socket = NULL;

	socket = mnl_socket_open2(protocol, SOCK_CLOEXEC);
	if (!socket)
		return -errno;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	*ret_socket = steal_ptr(&socket);
	return 0;
}

void nl_close_p(struct mnl_socket **socket)
{
	int saved = errno;

	if (*socket)
		mnl_socket_close(*socket);
	errno = saved;
}

int nl_request(struct mnl_socket *socket, struct nlmsghdr *request)
{
	char reply[NL_REPLY_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));
	unsigned int port = mnl_socket_get_portid(socket);
	ssize_t n;
	int r;

	request->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	request->nlmsg_seq = 1;
	if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return -errno;
	do {
		n = mnl_socket_recvfrom(socket, reply, sizeof(reply));
		if (n < 0)
			return -errno;
		/* Ends at the acknowledgement; an error in it becomes errno. */
		r = mnl_cb_run(reply, (size_t)n, request->nlmsg_seq, port, NULL, NULL);
	} while (r > MNL_CB_STOP);
	return r < 0 ? -errno : 0;
}
