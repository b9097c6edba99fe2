/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <syslog.h>
#include <time.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/account.h"
#include "helper/link.h"
#include "helper/op.h"
#include "helper/proto.h"
#include "helper/record.h"
#include "helper/tidy.h"
#include "helper/usage.h"
#include "helper/veth.h"

void account_network(struct op *op, const struct conf_session *session)
{
	static const char *const modes[] = {
		[CONF_NET_HOST] = "host",         [CONF_NET_STAY] = "stay",
		[CONF_NET_LOOPBACK] = "loopback", [CONF_NET_VETH] = "veth",
		[CONF_NET_JOIN] = "join",
	};
	enum conf_network network = session ? session->network : CONF_NET_HOST;
	const char *name = "";

	if (network == CONF_NET_VETH)
		name = session->policy->name;
	else if (network == CONF_NET_JOIN)
		name = session->name;
	op->mode = network == CONF_NET_LOOPBACK && session->private ? "private" : modes[network];
	snprintf(op->name, sizeof(op->name), "%s", name);
}

void account_new_link(int index, struct proto_traffic *ret)
{
	*ret = (struct proto_traffic){ .link = (uint32_t)index, .knows_denied = 1 };
}

static int read_denied(uint32_t uid, uint64_t *ret_table, uint64_t *ret_packets)
{
	struct veth_addresses addresses = { 0 };
	const struct conf_prefix *const both[] = { &addresses.v4, &addresses.v6 };
	uint64_t sum = 0;
	uint64_t table = 0;
	int r;

	r = usage_read_table(&table);
	if (!r)
		r = veth_find_addresses(uid, &addresses);
	for (size_t i = 0; i < ARRAY_SIZE(both) && !r; i++) {
		uint64_t packets = 0;

		if (both[i]->family)
			r = usage_read_source(both[i], &packets);
		sum += packets;
	}
	if (!r) {
		*ret_table = table;
		*ret_packets = sum;
	}
	return r;
}

void account_link(uint32_t uid, const struct link_view *view, struct proto_traffic *ret)
{
	int r;

	*ret = (struct proto_traffic){
		.link = (uint32_t)view->index,
		.bytes_out = view->traffic.bytes_out,
		.bytes_in = view->traffic.bytes_in,
		.packets_out = view->traffic.packets_out,
		.packets_in = view->traffic.packets_in,
	};
	r = read_denied(uid, &ret->table, &ret->denied);
	/* No table has counted nothing. */
	ret->knows_denied = r == 0 || r == -ENOENT;
}

void account_close(const struct proto_request *request, struct proto_traffic *ret)
{
	struct link_view view;

	/* Gone; or another one, whose beginning the session has not seen. */
	if (request->link && veth_find(request->uid, &view) == 0 &&
	    (uint32_t)view.index == request->link)
		account_link(request->uid, &view, ret);
}

static int64_t time_ms(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000 + t->tv_nsec / 1000000;
}

static void put_gone(const struct tidy_gone *gone, struct record *record)
{
	struct timespec now;
	int64_t ms;

	record_init(record);
	record_text(record, "event", "removed");
	record_text(record, "user", gone->link.alias);
	record_number(record, "uid", gone->uid);
	record_number(record, "netns", gone->netns);
	clock_gettime(CLOCK_REALTIME, &now);
	ms = time_ms(&now) - time_ms(&gone->since);
	/* It is a clock that people set. */
	if (gone->since.tv_sec > 0 && ms >= 0)
		record_seconds(record, "duration", (uint64_t)ms);
	if (!gone->link.index)
		return;
	record_number(record, "bytes_out", gone->link.traffic.bytes_out);
	record_number(record, "bytes_in", gone->link.traffic.bytes_in);
	record_number(record, "packets_out", gone->link.traffic.packets_out);
	record_number(record, "packets_in", gone->link.traffic.packets_in);
}

void account_removed(const struct tidy_result *result)
{
	for (size_t i = 0; i < result->n_gone; i++) {
		struct record record;

		put_gone(&result->gone[i], &record);
		syslog(LOG_INFO, "%s", record.text);
	}
}
