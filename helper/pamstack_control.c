/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/base.h"
#include "helper/pamstack.h"

#define BLANKS   " \t\r\f\v"
#define JUMP_MAX 4096

/* In the order of their numbers, as libpam's own table. */
static const char *const returns[PAMSTACK_RETURNS] = {
	"success",
	"open_err",
	"symbol_err",
	"service_err",
	"system_err",
	"buf_err",
	"perm_denied",
	"auth_err",
	"cred_insufficient",
	"authinfo_unavail",
	"user_unknown",
	"maxtries",
	"new_authtok_reqd",
	"acct_expired",
	"session_err",
	"cred_unavail",
	"cred_expired",
	"cred_err",
	"no_module_data",
	"conv_err",
	"authtok_err",
	"authtok_recover_err",
	"authtok_lock_busy",
	"authtok_disable_aging",
	"try_again",
	"ignore",
	"abort",
	"authtok_expired",
	"module_unknown",
	"bad_item",
	"conv_again",
	"incomplete",
};

enum {
	RETURN_SUCCESS = 0,
	RETURN_OPEN_ERR = 1,
	RETURN_SYSTEM_ERR = 4,
	RETURN_NEW_AUTHTOK_REQD = 12,
	RETURN_IGNORE = 25,
	RETURN_MODULE_UNKNOWN = 28,
};

static const struct {
	const char *name;
	enum pamstack_action action;
} actions[] = {
	{ "ignore", PAMSTACK_IGNORE }, { "ok", PAMSTACK_OK },   { "done", PAMSTACK_DONE },
	{ "bad", PAMSTACK_BAD },       { "die", PAMSTACK_DIE }, { "reset", PAMSTACK_RESET },
};

static const struct control {
	const char *name;
	enum pamstack_action success;
	enum pamstack_action ignore;
	enum pamstack_action other;
} controls[] = {
	{ "required", PAMSTACK_OK, PAMSTACK_IGNORE, PAMSTACK_BAD },
	{ "requisite", PAMSTACK_OK, PAMSTACK_IGNORE, PAMSTACK_DIE },
	{ "optional", PAMSTACK_OK, PAMSTACK_IGNORE, PAMSTACK_IGNORE },
	{ "sufficient", PAMSTACK_DONE, PAMSTACK_IGNORE, PAMSTACK_IGNORE },
};

static void set_all(int of[PAMSTACK_RETURNS], int action)
{
	for (size_t i = 0; i < PAMSTACK_RETURNS; i++)
		of[i] = action;
}

static bool parse_action(const char *word, int *ret_action)
{
	char *end;
	long n;

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (strcasecmp(word, actions[i].name) == 0) {
			*ret_action = actions[i].action;
			return true;
		}
	}
	n = strtol(word, &end, 10);
	*ret_action = (int)n;
	return *word >= '0' && *word <= '9' && *end == '\0' && n > 0 && n < (long)JUMP_MAX;
}

static bool set_return(int of[PAMSTACK_RETURNS], bool seen[PAMSTACK_RETURNS], const char *name,
		       int action)
{
	if (strcasecmp(name, "default") == 0) {
		for (size_t i = 0; i < PAMSTACK_RETURNS; i++)
			if (!seen[i])
				of[i] = action;
		return true;
	}
	for (size_t i = 0; i < PAMSTACK_RETURNS; i++) {
		if (strcasecmp(name, returns[i]) == 0) {
			of[i] = action;
			return seen[i] = true;
		}
	}
	return false;
}

/* "success=1 default=ignore", without the brackets; what is not named is bad. */
static bool parse_brackets(char *text, int of[PAMSTACK_RETURNS])
{
	bool seen[PAMSTACK_RETURNS] = { false };
	char *rest = text;
	char *word;

	set_all(of, PAMSTACK_BAD);
	while ((word = strtok_r(rest, BLANKS, &rest))) {
		char *value = strchr(word, '=');
		int action;

		if (!value)
			return false;
		*value++ = '\0';
		if (!parse_action(value, &action) || !set_return(of, seen, word, action))
			return false;
	}
	return true;
}

static bool parse(const char *text, int of[PAMSTACK_RETURNS])
{
	_cleanup_free_ char *copy = NULL;

	if (text[0] == '[') {
		copy = strndup(text + 1, strcspn(text + 1, "]"));
		return copy && parse_brackets(copy, of);
	}
	for (size_t i = 0; i < ARRAY_SIZE(controls); i++) {
		if (strcasecmp(text, controls[i].name) == 0) {
			set_all(of, controls[i].other);
			of[RETURN_SUCCESS] = controls[i].success;
			of[RETURN_NEW_AUTHTOK_REQD] = controls[i].success;
			if (controls[i].other != PAMSTACK_IGNORE)
				of[RETURN_IGNORE] = controls[i].ignore;
			return true;
		}
	}
	return false;
}

bool pamstack_parse_control(const char *text, int ret_actions[PAMSTACK_RETURNS])
{
	bool is_known = parse(text, ret_actions);

	if (!is_known)
		set_all(ret_actions, PAMSTACK_BAD);
	return is_known;
}

static bool refuses(int action)
{
	return action == PAMSTACK_BAD || action == PAMSTACK_DIE;
}

bool pamstack_refuses(const struct pamstack_line *line)
{
	return refuses(line->actions[RETURN_SYSTEM_ERR]);
}

bool pamstack_refuses_absence(const struct pamstack_line *line)
{
	return !line->may_be_missing && refuses(line->actions[RETURN_MODULE_UNKNOWN]) &&
	       refuses(line->actions[RETURN_OPEN_ERR]);
}
