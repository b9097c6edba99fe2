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

void wire_fds_done(struct wire_fds *fds)
{
	for (size_t i = 0; i < fds->n; i++)
		close_p(&fds->fds[i]);
	fds->n = 0;
}

/* The credentials and the most descriptors that a message can have. */
union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(WIRE_FDS_MAX * sizeof(int))];
};

static void put_control(struct cmsghdr *cmsg, int type, const void *data, size_t size)
{
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = type;
	cmsg->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(cmsg), data, size);
}

int wire_send(int sock, struct iovec *iov, size_t n, const struct wire_fds *fds)
{
	struct ucred cred = { .pid = getpid(), .uid = geteuid(), .gid = getegid() };
	union control control = { 0 };
	struct msghdr msg = {
		.msg_iov = iov,
		.msg_iovlen = n,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(sizeof(cred)),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	ssize_t sent;

	put_control(cmsg, SCM_CREDENTIALS, &cred, sizeof(cred));
	if (fds && fds->n > 0) {
		size_t size = fds->n * sizeof(*fds->fds);

		msg.msg_controllen += CMSG_SPACE(size);
		cmsg = CMSG_NXTHDR(&msg, cmsg);
		if (!cmsg)
			return -EMSGSIZE;
		put_control(cmsg, SCM_RIGHTS, fds->fds, size);
	}

	do
		sent = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	/* A sequenced packet goes whole or not at all. */
	return sent < 0 ? -errno : 0;
}

/* What the control messages of one message held. */
struct ancillary {
	struct wire_fds fds;
	struct ucred cred;
	bool strange;
};

static void ancillary_take(struct ancillary *a, const unsigned char *data)
{
	int fd;

	memcpy(&fd, data, sizeof(fd));
	if (a->fds.n < WIRE_FDS_MAX) {
		a->fds.fds[a->fds.n++] = fd;
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

int wire_recv(int sock, void *buffer, size_t size, size_t *ret_length, struct wire_fds *ret_fds,
	      struct ucred *ret_cred)
{
	union control control;
	struct iovec iov = { .iov_base = buffer, .iov_len = size };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct ancillary a = { .fds.n = 0 };
	ssize_t got;

	do
		got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;

	ancillary_parse(&msg, &a);
	if ((msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || a.strange || (a.fds.n && !ret_fds)) {
		wire_fds_done(&a.fds);
		return -EPROTO;
	}
	if (got == 0 && a.fds.n == 0)
		return -ECONNRESET;

	*ret_length = (size_t)got;
	if (ret_fds)
		*ret_fds = a.fds;
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
