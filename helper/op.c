/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <string.h>

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
