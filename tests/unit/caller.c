/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whoever borrows limits at once: they are as before when all have returned. */
#include <sys/resource.h>
#include <sys/types.h>

#include "conf/base.h"
#include "pam_netns/caller.h"
#include "tests/tap.h"

static rlim_t limit(void)
{
	struct rlimit l;

	return getrlimit(RLIMIT_DATA, &l) < 0 ? 1 : l.rlim_cur;
}

int main(void)
{
	const struct rlimit before = { .rlim_cur = 100U << 20, .rlim_max = RLIM_INFINITY };
	struct caller first = { 0 };
	struct caller second = { 0 };
	struct caller never = { 0 };

	ok(setrlimit(RLIMIT_DATA, &before) == 0, "there is a limit");
	ok(caller_borrow(&first) == 0, "one borrows");
	ok(limit() == RLIM_INFINITY, "the limit is away");
	ok(caller_borrow(&second) == 0, "another one borrows at the same time");
	caller_return(&first);
	ok(limit() == RLIM_INFINITY, "the first one returns: it is away yet");
	caller_return(&never);
	ok(limit() == RLIM_INFINITY, "so it is when one returns that has not borrowed");
	caller_return(&second);
	ok(limit() == before.rlim_cur, "the second one returns: it is back");
	ok(caller_borrow(&first) == 0, "it can be borrowed again");
	ok(limit() == RLIM_INFINITY, "and is away");
	caller_return(&first);
	ok(limit() == before.rlim_cur, "and back");
	return done_testing();
}
