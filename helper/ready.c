/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <unistd.h>

#include "conf/base.h"
#include "helper/active.h"
#include "helper/fwset.h"
#include "helper/nl.h"
#include "helper/ready.h"

bool ready_has_firewall(void)
{
	_cleanup_(nl_close_p) struct mnl_socket *netfilter = NULL;
	bool there = false;

	return nl_open(NETLINK_NETFILTER, &netfilter) == 0 && fwset_probe(netfilter, &there) == 0 &&
	       there;
}

/* What cannot be looked at may be there. */
bool ready_is_pending(void)
{
	return access(READY_PENDING, F_OK) == 0 || errno != ENOENT;
}

bool ready_check(const char *conf)
{
	bool has_links;

	/* Somebody was killed before everybody who is live was looked after. */
	if (strcmp(conf, NETNS_CONF) == 0 && ready_is_pending())
		return false;
	return active_is_current(conf, &has_links) && (!has_links || ready_has_firewall());
}
