/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdbool.h>
#include <string.h>

#include "conf/base.h"
#include "helper/argument.h"
#include "helper/proto.h"

static const struct {
	const char *name; /* with "=": and a value */
	enum argument argument;
} arguments[] = {
	{ "debug", ARGUMENT_DEBUG },
	{ "quiet", ARGUMENT_QUIET },
	{ "conf=", ARGUMENT_CONF },
	{ "exempt_group=", ARGUMENT_EXEMPT_GROUP },
};

static bool is_usable(enum argument argument, const char *text, const char *value)
{
	return argument != ARGUMENT_CONF || (value[0] == '/' && strlen(text) < PROTO_PATH_MAX);
}

enum argument argument_parse(const char *text, const char **ret_value)
{
	*ret_value = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(arguments); i++) {
		size_t n = strlen(arguments[i].name);
		bool has_value = arguments[i].name[n - 1] == '=';

		if (strncmp(text, arguments[i].name, n) != 0 || (!has_value && text[n]))
			continue;
		*ret_value = text + n;
		return is_usable(arguments[i].argument, text, *ret_value) ? arguments[i].argument
									  : ARGUMENT_UNUSABLE;
	}
	return ARGUMENT_UNUSABLE;
}
