/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "helper/resolvers.h"

/* In the order in which they are asked; the second is what hides behind a stub in the first. */
const char *const resolvers_files[RESOLVERS_FILES] = {
	"/etc/resolv.conf",
	"/run/systemd/resolve/resolv.conf",
};

static const struct conf_prefix not_for_others[] = {
	{ AF_INET, 8, { 0 } },
	{ AF_INET, 8, { 127 } },
	{ AF_INET6, 127, { 0 } }, /* :: and ::1 */
	{ AF_INET6, 10, { 0xfe, 0x80 } }, /* of the host's link */
};

static bool parse(const char *text, struct conf_prefix *resolver)
{
	*resolver = (struct conf_prefix){ .family = strchr(text, ':') ? AF_INET6 : AF_INET };
	resolver->length = resolver->family == AF_INET ? 32 : 128;
	if (inet_pton(resolver->family, text, resolver->bytes) != 1)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(not_for_others); i++) {
		if (conf_prefix_contains(&not_for_others[i], resolver))
			return false;
	}
	return true;
}

static size_t read_file(const char *path, struct conf_prefix *resolvers)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	_cleanup_free_ char *line = NULL;
	char word[INET6_ADDRSTRLEN];
	size_t room = 0;
	size_t n = 0;

	while (f && n < RESOLVERS_MAX && getline(&line, &room, f) > 0) {
		if (sscanf(line, "nameserver %45s", word) == 1 && parse(word, &resolvers[n]))
			n++;
	}
	return n;
}

size_t resolvers_find(struct conf_prefix *resolvers)
{
	size_t n = 0;

	for (size_t i = 0; i < RESOLVERS_FILES && n == 0; i++)
		n = read_file(resolvers_files[i], resolvers);
	return n;
}

const struct conf_policy *resolvers_first_need(const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_sessions; i++) {
		const struct conf_session *s = conf->sessions[i];

		if (s->network == CONF_NET_VETH &&
		    conf_policy_dns(conf, s->policy)->kind == CONF_DNS_AUTO)
			return s->policy;
	}
	return NULL;
}
