/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_PAMSTACK_H
#define HELPER_PAMSTACK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The session stack of a PAM service as libpam makes it of files, pam.d(5), with
 * what they include in its place; and which ways lead through it.  Nothing is
 * executed.  Whatever the files hold: no module is known but by its name.
 */

#define PAMSTACK_RETURNS 32 /* what a module can return, PAM_SUCCESS (0) to PAM_INCOMPLETE */

/* What libpam does on it; a number above 0 jumps over so many modules. */
enum pamstack_action {
	PAMSTACK_IGNORE = 0,
	PAMSTACK_OK = -1,
	PAMSTACK_DONE = -2,
	PAMSTACK_BAD = -3,
	PAMSTACK_DIE = -4,
	PAMSTACK_RESET = -5,
};

struct pamstack_line {
	char *file;
	unsigned line;
	unsigned line_of_service; /* in the service's own file: what has led here */
	unsigned level; /* of substacks */
	bool may_be_missing; /* "-session" */
	char *control;
	char *module;
	char *arguments;
	int actions[PAMSTACK_RETURNS];
};

struct pamstack {
	char *file; /* of the service */
	struct pamstack_line *lines;
	size_t n_lines;
	char **included; /* names, in order, repeated as they are in the files */
	size_t n_included;
	/* The first that libpam would not understand, and that refuses the service. */
	char *wrong_file;
	unsigned wrong_line;
	const char *wrong; /* NULL: nothing */
};

/* Where libpam looks, in this order; NULL at the end. */
extern const char *const pamstack_dirs[];

/*
 * dirs: where the files are, the first that has one counts; ends with NULL.
 * -ENOENT: the service has no file.  Any other negative errno but -ENOMEM: it
 * cannot be read.  What is wrong in it, or with what it includes, is in *stack.
 */
int pamstack_read(const char *const *dirs, const char *service, struct pamstack *stack);
void pamstack_done(struct pamstack *stack);

/*
 * Cuts the next word off a line's arguments, as libpam does: one in brackets may have
 * blanks, and "\]".  NULL: there is none.
 */
char *pamstack_argument(char **rest);

/* Whether a file of that name is what package managers and editors leave, and no service. */
bool pamstack_is_leftover(const char *name);

/* What a control does on each return; false: libpam refuses it, and all is bad. */
bool pamstack_parse_control(const char *text, int ret_actions[PAMSTACK_RETURNS]);

/* Whether the line is this module's. */
bool pamstack_is(const struct pamstack_line *line, const char *module);

/* Whether a failure of the module refuses the session; and whether its absence does. */
bool pamstack_refuses(const struct pamstack_line *line);
bool pamstack_refuses_absence(const struct pamstack_line *line);

/* Whether a session can be opened; without, whether it can without passing module. */
bool pamstack_opens(const struct pamstack *stack, const char *without);

/*
 * The first line that leads around all lines of module, as sufficient lines and
 * jumps do.  NULL: there is none, or the module is not in the stack.
 */
const struct pamstack_line *pamstack_skips(const struct pamstack *stack, const char *module);

#endif
