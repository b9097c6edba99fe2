/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_ARGUMENT_H
#define HELPER_ARGUMENT_H

/*
 * The arguments of the module in a line of a PAM stack: the module goes by them,
 * netnsctl doctor looks whether it can, and explain at what they say.
 */

#define ARGUMENT_GROUPS_MAX 8U /* exempt_group=, in one line */

enum argument {
	ARGUMENT_UNUSABLE,
	ARGUMENT_DEBUG,
	ARGUMENT_QUIET,
	ARGUMENT_CONF, /* an absolute path, short enough for a request */
	ARGUMENT_EXEMPT_GROUP,
};

/*
 * *ret_value: what stands behind the "=", empty for those without; NULL: no
 * argument has the name.  An unusable one that has a value has a bad value.
 */
enum argument argument_parse(const char *text, const char **ret_value);

#endif
