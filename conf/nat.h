/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONF_NAT_H
#define CONF_NAT_H

#include <stdint.h>

struct conf;

/*
 * "nat ports": the source ports that connections of a user have outside, which
 * follow from the uid alone.  They end below those that Linux chooses for a host's
 * own connections.  Users whose uids differ by a multiple of the number of blocks
 * share one.
 */
#define CONF_NAT_FIRST     1024U
#define CONF_NAT_LAST      32767U
#define CONF_NAT_PORTS_MIN 64U /* each block is a chain of the firewall */
#define CONF_NAT_PORTS_MAX ((CONF_NAT_LAST - CONF_NAT_FIRST + 1) / 2)
struct conf_block {
	uint16_t first;
	uint16_t last;
};
uint32_t conf_nat_blocks(uint16_t ports);
struct conf_block conf_nat_block(uint16_t ports, uint32_t number); /* from 0 */
struct conf_block conf_nat_block_of(uint16_t ports, uint32_t uid);

/* The size of a block, the same for all policies; 0: no session can have one. */
uint16_t conf_nat_ports(const struct conf *conf);

#endif
