/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "helper/answer.h"
#include "helper/op.h"
#include "helper/state.h"

int op_fail(struct op *op, int r, const char *format, ...)
{
	char *text = op->answer.text;
	va_list args;

	memset(&op->answer, 0, sizeof(op->answer));
	op->answer.result = PROTO_FAILED;
	va_start(args, format);
	vsnprintf(text, PROTO_TEXT_MAX, format, args);
	va_end(args);
	if (r != -EINVAL && r != -EBADMSG) {
		size_t n = strlen(text);

		snprintf(text + n, PROTO_TEXT_MAX - n, ": %s", strerror(-r));
	}
	wire_fds_done(&op->fds);
	return r;
}

int op_fail_state(struct op *op, int r)
{
	(void)op_fail(op, -EINVAL, "cannot use %s: %s", NETNS_RUN, state_strerror(r));
	return r;
}

void op_notice(struct op *op, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(op->answer.text, PROTO_TEXT_MAX, format, args);
	va_end(args);
}

int op_add_mount(struct op *op, const char *path, int fd)
{
	_cleanup_close_ int mount = fd;
	struct proto_answer *answer = &op->answer;
	size_t size = strlen(path) + 1;

	if (answer->n_mounts == PROTO_MOUNTS_MAX)
		return -E2BIG;
	if (size > PROTO_PATH_MAX || !answer_path_is_sound(path))
		return -ENAMETOOLONG;
	memcpy(answer->mounts[answer->n_mounts++].path, path, size);
	op->fds.fds[op->fds.n++] = steal_fd(&mount);
	return 0;
}
