/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "conf/base.h"
#include "helper/pamstack.h"

/*
 * Which lines can follow each other, as _pam_dispatch_aux() of libpam goes through
 * them.  Whatever has been bad once refuses the session in the end, so only the
 * ways on which nothing is bad are of interest.
 */

#define SESSION_ERR 14 /* PAM_SESSION_ERR */

/* Of two modules it is known what they return. */
static bool can_return(const struct pamstack_line *line, unsigned value)
{
	if (pamstack_is(line, "pam_permit.so"))
		return value == 0;
	if (pamstack_is(line, "pam_deny.so"))
		return value == SESSION_ERR;
	return true;
}

/* The end of the substack that line i is in: what "done" leads to. */
static size_t end_of_level(const struct pamstack *stack, size_t i)
{
	unsigned level = stack->lines[i].level;

	while (++i < stack->n_lines && stack->lines[i].level >= level)
		;
	return i;
}

/*
 * Over n modules, of which a substack is one.  Beyond the end of its own substack
 * none can jump: libpam refuses the session.
 */
static bool jump(const struct pamstack *stack, size_t i, int n, size_t *ret_to)
{
	unsigned level = stack->lines[i].level;
	size_t end = end_of_level(stack, i);
	size_t to = i + 1;

	for (; n > 0; n--) {
		if (to >= end)
			return false;
		if (stack->lines[to].level > level)
			while (to < end && stack->lines[to].level > level)
				to++;
		else
			to++;
	}
	*ret_to = to;
	return true;
}

/* Where value of line i leads; false: the session is refused. */
static bool follow(const struct pamstack *stack, size_t i, unsigned value, size_t *ret_to)
{
	int action = stack->lines[i].actions[value];

	switch (action) {
	case PAMSTACK_BAD:
	case PAMSTACK_DIE:
		return false;
	case PAMSTACK_DONE:
		*ret_to = end_of_level(stack, i);
		return true;
	case PAMSTACK_IGNORE:
	case PAMSTACK_OK:
	case PAMSTACK_RESET:
		*ret_to = i + 1;
		return true;
	default:
		return jump(stack, i, action, ret_to);
	}
}

static bool is_closed(const struct pamstack *stack, size_t i, const char *without)
{
	return without && pamstack_is(&stack->lines[i], without);
}

/* For each line, and the end behind them: whether the first line leads there. */
static bool *find_reached(const struct pamstack *stack, const char *without)
{
	bool *reached = calloc(stack->n_lines + 1, sizeof(*reached));
	size_t to;

	if (!reached)
		return NULL;
	reached[0] = true;
	/* No line leads back. */
	for (size_t i = 0; i < stack->n_lines; i++)
		for (unsigned v = 0; reached[i] && v < PAMSTACK_RETURNS; v++)
			if (!is_closed(stack, i, without) && can_return(&stack->lines[i], v) &&
			    follow(stack, i, v, &to))
				reached[to] = true;
	return reached;
}

/* Likewise: whether it leads to the end. */
static bool *find_leading(const struct pamstack *stack, const char *without)
{
	bool *leading = calloc(stack->n_lines + 1, sizeof(*leading));
	size_t to;

	if (!leading)
		return NULL;
	leading[stack->n_lines] = true;
	for (size_t i = stack->n_lines; i-- > 0;)
		for (unsigned v = 0; !is_closed(stack, i, without) && v < PAMSTACK_RETURNS; v++)
			if (can_return(&stack->lines[i], v) && follow(stack, i, v, &to))
				leading[i] |= leading[to];
	return leading;
}

bool pamstack_opens(const struct pamstack *stack, const char *without)
{
	_cleanup_free_ bool *reached = find_reached(stack, without);

	/* Without memory to find out, say that it does. */
	return !reached || (stack->n_lines && reached[stack->n_lines]);
}

static bool is_between(const struct pamstack *stack, size_t from, size_t to, const char *module)
{
	for (size_t i = from + 1; i < to; i++)
		if (pamstack_is(&stack->lines[i], module))
			return true;
	return false;
}

const struct pamstack_line *pamstack_skips(const struct pamstack *stack, const char *module)
{
	_cleanup_free_ bool *reached = find_reached(stack, module);
	_cleanup_free_ bool *leading = find_leading(stack, module);
	size_t to;

	for (size_t i = 0; reached && leading && i < stack->n_lines; i++) {
		if (!reached[i] || is_closed(stack, i, module))
			continue;
		for (unsigned v = 0; v < PAMSTACK_RETURNS; v++)
			if (can_return(&stack->lines[i], v) && follow(stack, i, v, &to) &&
			    leading[to] && is_between(stack, i, to, module))
				return &stack->lines[i];
	}
	return NULL;
}
