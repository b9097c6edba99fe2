/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "conf/base.h"
#include "helper/wire.h"

int wire_pair(int ret_fds[2])
{
	_cleanup_close_ int ours = -1;
	_cleanup_close_ int theirs = -1;
	int pair[2];
	int on = 1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	ours = pair[0];
	theirs = pair[1];
	/* Before anything is sent: credentials are attached by the sending side. */
	if (setsockopt(theirs, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
		return -errno;
	ret_fds[0] = steal_fd(&ours);
	ret_fds[1] = steal_fd(&theirs);
	return 0;
}

int wire_send(int sock, struct iovec *iov, size_t n, int fd)
{
	struct ucred cred = { .pid = getpid(), .uid = geteuid(), .gid = getegid() };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr msg = {
		.msg_iov = iov,
		.msg_iovlen = n,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(sizeof(cred)),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	ssize_t sent;

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_CREDENTIALS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(cred));
	memcpy(CMSG_DATA(cmsg), &cred, sizeof(cred));
	if (fd >= 0) {
		msg.msg_controllen = sizeof(control);
		cmsg = CMSG_NXTHDR(&msg, cmsg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	}

	do
		sent = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	/* A sequenced packet goes whole or not at all. */
	return sent < 0 ? -errno : 0;
}

/* What the control messages of one message held. */
struct ancillary {
	int fds[2]; /* one more than is ever accepted */
	size_t n_fds;
	struct ucred cred;
	bool strange;
};

static void ancillary_take(struct ancillary *a, const unsigned char *data)
{
	int fd;

	memcpy(&fd, data, sizeof(fd));
	if (a->n_fds < ARRAY_SIZE(a->fds)) {
		a->fds[a->n_fds++] = fd;
		return;
	}
	close(fd);
	a->strange = true;
}

static void ancillary_parse(struct msghdr *msg, struct ancillary *a)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t length = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
			const unsigned char *data = CMSG_DATA(c);

			for (; length >= sizeof(int); length -= sizeof(int), data += sizeof(int))
				ancillary_take(a, data);
			if (length)
				a->strange = true;
		} else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS &&
			   length == sizeof(a->cred)) {
			memcpy(&a->cred, CMSG_DATA(c), sizeof(a->cred));
		} else {
			a->strange = true;
		}
	}
}

int wire_recv(int sock, void *buffer, size_t size, size_t *ret_length, int *ret_fd,
	      struct ucred *ret_cred)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = buffer, .iov_len = size };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct ancillary a = { .fds = { -1, -1 } };
	ssize_t got;

	do
		got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;

	ancillary_parse(&msg, &a);
	if ((msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || a.strange || a.n_fds > (ret_fd ? 1 : 0)) {
		for (size_t i = 0; i < a.n_fds; i++)
			close(a.fds[i]);
		return -EPROTO;
	}
	if (got == 0 && a.n_fds == 0)
		return -ECONNRESET;

	*ret_length = (size_t)got;
	if (ret_fd)
		*ret_fd = a.fds[0];
	if (ret_cred)
		*ret_cred = a.cred;
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int wire_wait(int sock, int timeout_ms)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };
	int64_t end = now_ms() + timeout_ms;

	for (;;) {
		int64_t left = end - now_ms();
		int r = poll(&p, 1, left > 0 ? (int)left : 0);

		if (r > 0)
			return 0;
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r == 0 || left <= 0)
			return -ETIMEDOUT;
	}
}
