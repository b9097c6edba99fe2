/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/diag.h"
#include "helper/occupied.h"

#define LINE_BYTES 512

/* Addresses are words as they lie in memory, ports are numbers (net/ipv4/tcp_ipv4.c). */
static bool is_loopback(const char *hex)
{
	struct in6_addr address = IN6ADDR_ANY_INIT;
	uint32_t *const words = address.s6_addr32;

	if (strlen(hex) == 8)
		return sscanf(hex, "%8x", &words[3]) == 1 &&
		       ntohl(words[3]) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
	return sscanf(hex, "%8x%8x%8x%8x", &words[0], &words[1], &words[2], &words[3]) == 4 &&
	       (IN6_IS_ADDR_LOOPBACK(&address) ||
		(IN6_IS_ADDR_V4MAPPED(&address) && address.s6_addr[12] == IN_LOOPBACKNET));
}

/* Whether a socket that is bound waits for whoever comes. */
static bool waits(enum conf_proto proto, unsigned state, unsigned far_port)
{
	return proto == CONF_PROTO_UDP ? far_port == 0 : state == TCP_LISTEN;
}

static int each_in_table(const char *path, enum conf_proto proto, uint16_t port, occupied_fn *fn,
			 void *data)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	char line[LINE_BYTES];
	int r = 0;

	/* A host without IPv6 has no table of it. */
	if (!f)
		return errno == ENOENT ? 0 : -errno;
	while (!r && fgets(line, sizeof(line), f)) {
		unsigned near_port, far_port, state, uid;
		char address[33];

		if (sscanf(line,
			   " %*[0-9]: %32[0-9A-F]:%x %*[0-9A-F]:%x %x %*[0-9A-F]:%*[0-9A-F] "
			   "%*[0-9A-F]:%*[0-9A-F] %*[0-9A-F] %u",
			   address, &near_port, &far_port, &state, &uid) != 5)
			continue;
		/* The owner of what is only waited for is not kept. */
		if (near_port == port && !is_loopback(address) &&
		    (proto == CONF_PROTO_UDP || state != TCP_TIME_WAIT))
			r = fn(data, uid, waits(proto, state, far_port));
	}
	return !r && ferror(f) ? -EIO : r;
}

int occupied_each(enum conf_proto proto, uint16_t port, occupied_fn *fn, void *data)
{
	static const char *const paths[][2] = {
		[CONF_PROTO_TCP] = { "/proc/self/net/tcp", "/proc/self/net/tcp6" },
		[CONF_PROTO_UDP] = { "/proc/self/net/udp", "/proc/self/net/udp6" },
	};
	int r = each_in_table(paths[proto][0], proto, port, fn, data);

	return r ? r : each_in_table(paths[proto][1], proto, port, fn, data);
}

static int is_waiting(void *data, uint32_t uid, bool listens)
{
	(void)data;
	(void)uid;
	return listens;
}

static bool is_occupied(enum conf_proto proto, uint16_t port)
{
	return occupied_each(proto, port, is_waiting, NULL) > 0;
}

void occupied_warn(const struct conf *conf, struct diag *diag)
{
	for (size_t i = 0; i < conf->n_policies; i++) {
		const struct conf_policy *policy = conf->policies[i];

		for (size_t j = 0; j < policy->n_statements; j++) {
			const struct conf_statement *s = &policy->statements[j];

			if (policy->used && s->kind == CONF_PUBLISH &&
			    is_occupied(s->publish.proto, s->publish.port))
				diag_add_of(diag, DIAG_WARNING, conf, &s->place,
					    "a program of the host listens at %s port %u: nobody "
					    "outside reaches it while a user has the port",
					    s->publish.proto == CONF_PROTO_UDP ? "udp" : "tcp",
					    s->publish.port);
		}
	}
}
