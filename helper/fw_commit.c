/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>

#include "conf/base.h"
#include "helper/fw.h"
#include "helper/fw_nl.h"
#include "helper/nl.h"

/* Without NETLINK_CAP_ACK an answer repeats the message, which may be as long as netlink has them.
 */
#define ANSWER_MAX (96U << 10)

struct answer {
	int error;
	uint32_t number; /* of the message that failed */
	bool complete;
};

/* Netlink takes a transaction in one go or not at all. */
static int make_room(const struct mnl_socket *socket, size_t length)
{
	int room;

	if (length > INT_MAX / 4)
		return -EMSGSIZE;
	room = (int)length;
	if (setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) <
	    0)
		return -errno;
	return 0;
}

/*
 * Each message that fails is answered, and then the one that asks for it; the
 * first message stands for the whole.
 */
static void note(struct answer *answer, const struct nlmsghdr *h, uint32_t acknowledged)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

	if (h->nlmsg_type != NLMSG_ERROR)
		return;
	if (e->error && !answer->error) {
		answer->error = e->error;
		answer->number = h->nlmsg_seq;
	}
	if (h->nlmsg_seq == acknowledged || (h->nlmsg_seq == 0 && e->error))
		answer->complete = true;
}

static int receive(const struct mnl_socket *socket, uint32_t acknowledged, struct answer *answer)
{
	_cleanup_free_ char *bytes = malloc(ANSWER_MAX);
	const struct nlmsghdr *h;

	if (!bytes)
		return -ENOMEM;
	while (!answer->complete) {
		/* The kernel has done all by now, so nothing is to be waited for. */
		ssize_t n = recv(mnl_socket_get_fd(socket), bytes, ANSWER_MAX, MSG_DONTWAIT);
		int left = (int)n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 && errno != EAGAIN ? -errno : -EPROTO;
		for (h = (void *)bytes; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left))
			note(answer, h, acknowledged);
	}
	return 0;
}

static int send_batch(const struct fw_batch *batch, struct answer *answer)
{
	_cleanup_(nl_close_p) struct mnl_socket *socket = NULL;
	int r;

	r = nl_open(NETLINK_NETFILTER, &socket);
	if (r == 0)
		r = make_room(socket, batch->length);
	if (r < 0)
		return r;
	if (mnl_socket_sendto(socket, batch->bytes, batch->length) < 0)
		return -errno;
	return receive(socket, batch->n - 2, answer);
}

static char *describe(const struct fw_batch *batch, uint32_t number)
{
	const struct fw_origin *origin;
	char *text;
	int n;

	if (number >= batch->n)
		return NULL;
	origin = &batch->origins[number];
	if (origin->rule)
		n = asprintf(&text, "rule %s of %s %s",
			     origin->rule->comment ? origin->rule->comment : "without comment",
			     origin->what, origin->name);
	else
		n = asprintf(&text, "%s%s%s", origin->what, origin->name ? " " : "",
			     origin->name ? origin->name : "");
	return n < 0 ? NULL : text;
}

int fw_commit(const struct fw_table *table, char **ret_culprit)
{
	_cleanup_(fw_batch_done) struct fw_batch batch = { 0 };
	struct answer answer = { 0 };
	int r;

	*ret_culprit = NULL;
	r = fw_batch_write(&batch, table);
	if (r == 0)
		r = send_batch(&batch, &answer);
	if (r == 0 && answer.error) {
		r = answer.error;
		*ret_culprit = describe(&batch, answer.number);
	}
	return r;
}

int fw_serialize(const struct fw_table *table, char **ret_bytes, size_t *ret_length)
{
	_cleanup_(fw_batch_done) struct fw_batch batch = { 0 };
	int r;

	r = fw_batch_write(&batch, table);
	if (r < 0)
		return r;
	*ret_bytes = steal_ptr(&batch.bytes);
	*ret_length = batch.length;
	return 0;
}
