/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "conf/base.h"
#include "helper/client.h"
#include "helper/ctl.h"
#include "helper/proto.h"
#include "helper/state.h"

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
