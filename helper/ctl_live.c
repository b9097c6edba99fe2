/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/diag.h"
#include "helper/active.h"
#include "helper/class.h"
#include "helper/client.h"
#include "helper/ctl.h"
#include "helper/live.h"
#include "helper/proto.h"
#include "helper/state.h"

#define MODE_LOOPBACK "loopback"
#define MODE_VETH     "veth"

static void print_age(time_t since)
{
	long s = since ? (long)(time(NULL) - since) : 0;

	if (s < 0)
		s = 0;
	if (s >= 86400)
		printf("%ldd%02ldh\n", s / 86400, s / 3600 % 24);
	else if (s >= 3600)
		printf("%ldh%02ldm\n", s / 3600, s / 60 % 60);
	else
		printf("%ldm%02lds\n", s / 60, s % 60);
}

/* The policy whose class a link has; NULL: none that is in force. */
static const char *policy_name(const struct conf *conf, uint32_t group)
{
	for (size_t i = 0; conf && i < conf->n_policies; i++)
		if (class_of_policy(conf->policies[i]->name) == group)
			return conf->policies[i]->name;
	return NULL;
}

static const char *address_text(const struct conf_prefix *address, char text[CONF_PREFIX_TEXT_MAX])
{
	return address->family ? conf_prefix_format(address, text) : NULL;
}

static void print_table(const struct conf *conf, const struct live *live, size_t n)
{
	printf("%-16s %10s %-22s %-15s %4s  %s\n", "USER", "UID", "NETWORK", "IPV4", "PROC", "AGE");
	for (size_t i = 0; i < n; i++) {
		const struct live *l = &live[i];
		const char *policy = policy_name(conf, l->group);
		char address[CONF_PREFIX_TEXT_MAX] = "-";
		char network[80] = MODE_LOOPBACK;

		if (l->group)
			snprintf(network, sizeof(network), MODE_VETH " %s", policy ? policy : "-");
		(void)address_text(&l->addresses.v4, address);
		printf("%-16s %10u %-22s %-15s %4u  ", l->name ? l->name : "-", l->uid, network,
		       address, l->processes);
		print_age(l->since);
	}
}

static void print_json_string(const char *text)
{
	if (!text) {
		fputs("null", stdout);
		return;
	}
	putchar('"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void print_json_address(const char *key, const struct conf_prefix *address)
{
	char text[CONF_PREFIX_TEXT_MAX];

	printf(", \"%s\": ", key);
	print_json_string(address_text(address, text));
}

static void print_json(const struct conf *conf, const struct live *live, size_t n)
{
	putchar('[');
	for (size_t i = 0; i < n; i++) {
		const struct live *l = &live[i];

		fputs(i ? ",\n " : "", stdout);
		fputs("{\"user\": ", stdout);
		print_json_string(l->name);
		printf(", \"uid\": %u, \"mode\": \"%s\", \"policy\": ", l->uid,
		       l->group ? MODE_VETH : MODE_LOOPBACK);
		print_json_string(policy_name(conf, l->group));
		print_json_address("ipv4", &l->addresses.v4);
		print_json_address("ipv6", &l->addresses.v6);
		printf(", \"netns\": %llu, \"processes\": %u, \"since\": %lld}",
		       (unsigned long long)l->netns, l->processes, (long long)l->since);
	}
	puts("]");
}

/* What names the policies; NULL when nothing is in force. */
static struct conf *load_active(void)
{
	_cleanup_(diag_free_p) struct diag *diag = NULL;
	struct conf *conf = NULL;

	if (diag_new(&diag) == 0)
		(void)active_load(NETNS_CONF, diag, &conf);
	return conf;
}

/* Opens what there is; an empty machine is no error. 0 with *ret_n 0, then. */
static int list(struct live **ret_live, size_t *ret_n)
{
	_cleanup_(state_close) struct state state = STATE_INIT;
	int r = state_open(&state, false);

	*ret_live = NULL;
	*ret_n = 0;
	if (r == -ENOENT)
		return 0;
	if (!r)
		r = live_list(&state, ret_live, ret_n);
	return r ? ctl_error(0, "cannot read %s: %s", NETNS_RUN, state_strerror(r)) : 0;
}

int ctl_status(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	_cleanup_(conf_free_p) struct conf *conf = NULL;
	struct live *live;
	size_t n;
	size_t first = 0;
	size_t shown;
	uint32_t uid;
	bool json = false;
	int option;

	while ((option = getopt_long(argc, argv, "j", options, NULL)) != -1) {
		if (option != 'j')
			return ctl_usage(argv[0]);
		json = true;
	}
	if (argc - optind > 1)
		return ctl_usage(argv[0]);
	if (ctl_need_root(argv[0]) || ctl_enter_host() ||
	    (optind < argc && ctl_find_uid(argv[optind], &uid)) || list(&live, &n))
		return 1;
	shown = n;
	if (optind < argc) {
		while (first < n && live[first].uid != uid)
			first++;
		shown = first < n;
	}
	conf = load_active();
	if (json)
		print_json(conf, live + first, shown);
	else
		print_table(conf, live + first, shown);
	live_free(live, n);
	return 0;
}

int ctl_exec(int argc, char **argv)
{
	_cleanup_(state_close) struct state state = STATE_INIT;
	_cleanup_close_ int fd = -1;
	uint64_t netns;
	uint32_t uid;
	int command = 2;
	int r;

	if (argc > command && strcmp(argv[command], "--") == 0)
		command++;
	if (argc <= command)
		return ctl_usage(argv[0]);
	if (ctl_need_root(argv[0]) || ctl_find_uid(argv[1], &uid))
		return 1;
	r = state_open(&state, false);
	if (!r)
		r = state_open_pin(&state, uid, &fd, &netns);
	if (r == -ENOENT)
		return ctl_error(0, "%s has no network namespace now", argv[1]);
	if (r)
		return ctl_error(r, "cannot open the network namespace of %s", argv[1]);
	if (setns(fd, CLONE_NEWNET) < 0)
		return ctl_error(-errno, "cannot enter the network namespace of %s", argv[1]);
	execvp(argv[command], argv + command);
	return ctl_error(-errno, "cannot run %s", argv[command]);
}

int ctl_sweep(int argc, char **argv)
{
	_cleanup_(client_done) struct client client = CLIENT_INIT;
	struct proto_request request = { .op = PROTO_SWEEP };
	struct proto_answer answer;
	int status;

	if (argc > 1)
		return ctl_usage(argv[0]);
	if (ctl_need_root(argv[0]) || ctl_enter_host())
		return 1;
	status = ctl_repair();
	if (client_ask(&client, &request, NULL, 0, &answer, NULL) < 0 ||
	    answer.result != PROTO_DONE)
		return ctl_error(0, "%s", answer.text);
	printf("%u removed\n", answer.count);
	return status;
}
