/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "helper/nl.h"

/* Acknowledgements come without the request that they answer, see nl_open(). */
#define NL_REPLY_BYTES 8192
/* What the kernel likes best for a dump, netlink(7). */
#define NL_DUMP_BYTES 32768

int nl_open(int protocol, struct mnl_socket **ret_socket)
{
	_cleanup_(nl_close_p) struct mnl_socket *socket = NULL;
	int on = 1;

	socket = mnl_socket_open2(protocol, SOCK_CLOEXEC);
	if (!socket)
		return -errno;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	if (mnl_socket_setsockopt(socket, NETLINK_CAP_ACK, &on, sizeof(on)) < 0 ||
	    mnl_socket_setsockopt(socket, NETLINK_GET_STRICT_CHK, &on, sizeof(on)) < 0)
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

void nl_batch_init(struct nl_batch *batch)
{
	batch->length = 0;
	batch->first = batch->next = 1;
	batch->acks = 0;
	batch->open = NULL;
}

static void end_message(struct nl_batch *batch)
{
	if (batch->open)
		batch->length += MNL_ALIGN(batch->open->nlmsg_len);
	batch->open = NULL;
}

struct nlmsghdr *nl_put(struct nl_batch *batch, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *h;

	end_message(batch);
	/* Batches have a fixed make-up; one that does not fit is a mistake in this program. */
	if (batch->length + NL_MESSAGE_BYTES > sizeof(batch->bytes))
		abort();
	h = mnl_nlmsg_put_header(batch->bytes + batch->length);
	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	h->nlmsg_seq = batch->next++;
	batch->open = h;
	batch->acks++;
	return h;
}

void nl_expect_no_ack(struct nl_batch *batch)
{
	batch->acks--;
}

struct acks {
	const struct nl_batch *batch;
	unsigned missing;
	int error;
	unsigned failed;
};

/* Reads one datagram of acknowledgements. */
static int read_acks(struct acks *acks, const char *reply, size_t length)
{
	const struct nlmsghdr *h = (const void *)reply;
	int left = (int)length;

	for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
		const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);
		unsigned place = h->nlmsg_seq - acks->batch->first;

		if (h->nlmsg_type != NLMSG_ERROR || h->nlmsg_seq < acks->batch->first ||
		    h->nlmsg_seq >= acks->batch->next)
			return -EPROTO;
		if (e->error && (!acks->error || place < acks->failed)) {
			acks->error = e->error;
			acks->failed = place;
		}
		acks->missing--;
	}
	return 0;
}

int nl_commit(struct mnl_socket *socket, struct nl_batch *batch, unsigned *ret_failed)
{
	char reply[NL_REPLY_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct acks acks = { .batch = batch, .missing = batch->acks };

	end_message(batch);
	if (mnl_socket_sendto(socket, batch->bytes, batch->length) < 0)
		return -errno;
	while (acks.missing > 0) {
		ssize_t n = mnl_socket_recvfrom(socket, reply, sizeof(reply));
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EPROTO;
		r = read_acks(&acks, reply, (size_t)n);
		if (r)
			return r;
	}
	if (acks.error && ret_failed)
		*ret_failed = acks.failed;
	return acks.error;
}

struct answers {
	uint32_t sequence;
	nl_answer_fn *fn;
	void *data;
	bool complete;
	int error;
};

/* Reads one datagram of answers. */
static void read_answers(struct answers *answers, const char *reply, size_t length)
{
	const struct nlmsghdr *h = (const void *)reply;
	int left = (int)length;

	for (; mnl_nlmsg_ok(h, left) && !answers->complete; h = mnl_nlmsg_next(h, &left)) {
		const int *error = mnl_nlmsg_get_payload(h);

		if (h->nlmsg_seq != answers->sequence)
			continue;
		/* The end of a dump and an acknowledgement both begin with an error or 0. */
		answers->complete = h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR;
		if (answers->complete && mnl_nlmsg_get_payload_len(h) >= sizeof(*error) && *error)
			answers->error = *error;
		else if (h->nlmsg_flags & NLM_F_DUMP_INTR)
			answers->error = -EINTR;
		else if (!answers->complete && answers->fn)
			answers->fn(h, answers->data);
	}
}

int nl_query(struct mnl_socket *socket, struct nl_batch *batch, nl_answer_fn *fn, void *data)
{
	struct answers answers = { .sequence = batch->first, .fn = fn, .data = data };
	char reply[NL_DUMP_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));

	end_message(batch);
	if (mnl_socket_sendto(socket, batch->bytes, batch->length) < 0)
		return -errno;
	while (!answers.complete) {
		ssize_t n = mnl_socket_recvfrom(socket, reply, sizeof(reply));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EPROTO;
		read_answers(&answers, reply, (size_t)n);
	}
	return answers.error;
}

int nl_send_bytes(struct mnl_socket *socket, const char *bytes, size_t length)
{
	char reply[NL_REPLY_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
	ssize_t n;

	if (mnl_socket_sendto(socket, bytes, length) < 0)
		return -errno;
	/* Netlink has done all by now, and every answer is waiting. */
	while ((n = recv(mnl_socket_get_fd(socket), reply, sizeof(reply), MSG_DONTWAIT)) > 0) {
		const struct nlmsghdr *h = (const void *)reply;
		int left = (int)n;

		for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
			const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

			if (h->nlmsg_type == NLMSG_ERROR && e->error)
				return e->error;
		}
	}
	return n < 0 && errno != EAGAIN ? -errno : 0;
}
