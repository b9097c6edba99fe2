/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *   ctforget ADDRESS [one-by-one]
 *
 * Has the kernel forget the connections of the address, at once, as when a user
 * leaves, or as where the kernel cannot do that.
 */
#include <arpa/inet.h>
#include <err.h>
#include <linux/netlink.h>
#include <string.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/conntrack.h"
#include "helper/nl.h"

static bool each(void *data, const struct flow *flow)
{
	(void)data;
	(void)flow;
	return true;
}

int main(int argc, char *argv[])
{
	struct conf_prefix address = { 0 };
	struct mnl_socket *netfilter;
	int r;

	if (argc < 2)
		return 2;
	address.family = strchr(argv[1], ':') ? AF_INET6 : AF_INET;
	address.length = address.family == AF_INET ? 32 : 128;
	if (inet_pton(address.family, argv[1], address.bytes) != 1)
		errx(2, "not an address: %s", argv[1]);
	r = nl_open(NETLINK_NETFILTER, &netfilter);
	if (r)
		errx(2, "netlink: %s", strerror(-r));
	r = conntrack_forget(netfilter, &address, argc > 2 ? each : NULL, NULL);
	if (r)
		errx(1, "%s", strerror(-r));
	nl_close_p(&netfilter);
	return 0;
}
