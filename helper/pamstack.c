/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/base.h"
#include "helper/list.h"
#include "helper/pamstack.h"
#include "helper/textfile.h"

#define TYPE    "session"
#define INCLUDE "@include"
#define BLANKS  " \t\r\f\v"

/* libpam has 16 levels of substacks, and more lines are not anybody's stack. */
#define DEPTH_MAX 16U
#define LINES_MAX 4096U
#define FILES_MAX 512U

const char *const pamstack_dirs[] = { "/etc/pam.d", "/usr/lib/pam.d", NULL };

/* Where the reading is. */
struct reader {
	const char *const *dirs;
	struct pamstack *stack;
	unsigned n_files;
	unsigned line_of_service; /* 0: in the service's own file */
};

static int note_wrong(struct pamstack *stack, const char *file, unsigned line, const char *text)
{
	if (stack->wrong)
		return 0;
	stack->wrong_file = strdup(file);
	stack->wrong_line = line;
	stack->wrong = text;
	return stack->wrong_file ? 0 : -ENOMEM;
}

/* Cuts the next word off; one in brackets may have blanks, and keeps its first bracket. */
static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, BLANKS);
	char *end;

	if (!*word)
		return NULL;
	if (*word == '[') {
		end = strchr(word, ']');
		end = end ? end + 1 : word + strlen(word);
	} else {
		end = word + strcspn(word, BLANKS);
	}
	*rest = end + (*end != '\0');
	*end = '\0';
	return word;
}

static int read_file(struct reader *reader, const char *path, unsigned depth, unsigned level);

/* The first directory that has it; an absolute path is one. */
static char *find_file(const char *const *dirs, const char *name)
{
	char *path = NULL;

	if (name[0] == '/')
		return strdup(name);
	for (size_t i = 0; dirs[i]; i++) {
		free(path);
		if (asprintf(&path, "%s/%s", dirs[i], name) < 0)
			return NULL;
		if (access(path, F_OK) == 0)
			break;
	}
	return path;
}

static int note_included(struct pamstack *stack, const char *name)
{
	char **slot = list_add(stack->included, stack->n_included);

	if (!slot)
		return -ENOMEM;
	*slot = strdup(name);
	return *slot ? 0 : -ENOMEM;
}

struct place {
	const char *file;
	unsigned line;
	unsigned depth;
	unsigned level;
};

static int include(struct reader *reader, const struct place *at, const char *name, bool substack)
{
	_cleanup_free_ char *path = NULL;
	int r;

	if (!name)
		return note_wrong(reader->stack, at->file, at->line, "names no file to include");
	path = find_file(reader->dirs, name);
	if (!path)
		return -ENOMEM;
	r = note_included(reader->stack, name);
	if (r)
		return r;
	if (at->depth >= DEPTH_MAX || reader->n_files >= FILES_MAX)
		return note_wrong(reader->stack, at->file, at->line,
				  "goes round in circles, or too deep");
	r = read_file(reader, path, at->depth + 1, at->level + substack);
	return r && r != -ENOMEM ? note_wrong(reader->stack, at->file, at->line,
					      "includes a file that cannot be read")
				 : r;
}

static int add_module(struct reader *reader, const struct place *at, const char *control,
		      const char *module, const char *arguments, bool may_be_missing)
{
	struct pamstack *stack = reader->stack;
	struct pamstack_line *line;

	if (stack->n_lines == LINES_MAX)
		return note_wrong(stack, at->file, at->line, "is more than can be looked at");
	line = list_add(stack->lines, stack->n_lines);
	if (!line)
		return -ENOMEM;
	line->line = at->line;
	line->line_of_service = reader->line_of_service ? reader->line_of_service : at->line;
	line->level = at->level;
	line->may_be_missing = may_be_missing;
	line->file = strdup(at->file);
	line->control = strdup(control);
	line->module = strdup(module);
	line->arguments = strdup(arguments);
	if (!line->file || !line->control || !line->module || !line->arguments)
		return -ENOMEM;
	/* libpam fails whatever the module says. */
	if (!pamstack_parse_control(control, line->actions))
		return note_wrong(stack, at->file, at->line, "has a control that libpam refuses");
	return 0;
}

static int parse_session(struct reader *reader, const struct place *at, char *rest,
			 bool may_be_missing)
{
	char *control = next_word(&rest);
	char *name = control ? next_word(&rest) : NULL;

	if (control && strcasecmp(control, "include") == 0)
		return include(reader, at, name, false);
	if (control && strcasecmp(control, "substack") == 0)
		return include(reader, at, name, true);
	if (!name)
		return note_wrong(reader->stack, at->file, at->line, "names no module");
	return add_module(reader, at, control, name, rest + strspn(rest, BLANKS), may_be_missing);
}

static int parse_line(struct reader *reader, const struct place *at, char *text)
{
	char *rest = text;
	char *type = next_word(&rest);
	bool may_be_missing = type && type[0] == '-';
	int r;

	if (!type)
		return 0;
	if (at->depth == 0)
		reader->line_of_service = at->line;
	if (strcasecmp(type, INCLUDE) == 0)
		r = include(reader, at, next_word(&rest), false);
	else if (strcasecmp(type + may_be_missing, TYPE) == 0)
		r = parse_session(reader, at, rest, may_be_missing);
	else
		r = 0;
	if (at->depth == 0)
		reader->line_of_service = 0;
	return r;
}

/* A comment ends a line, and a backslash at what is left continues it. */
static bool trim(char *line)
{
	size_t n = strcspn(line, "#");

	while (n && strchr(BLANKS, line[n - 1]))
		n--;
	line[n] = '\0';
	if (!n || line[n - 1] != '\\')
		return false;
	line[n - 1] = ' ';
	return true;
}

static int read_file(struct reader *reader, const char *path, unsigned depth, unsigned level)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *whole = NULL; /* of continued lines */
	struct place at = { path, 0, depth, level };
	unsigned number = 0;
	size_t length = 0;
	char *rest;
	char *line;
	int r;

	r = textfile_read(path, &text);
	if (r)
		return r;
	reader->n_files++;
	whole = malloc(strlen(text) + 1);
	if (!whole)
		return -ENOMEM;
	for (rest = text; !r && (line = textfile_line(&rest));) {
		bool continued = trim(line);

		number++;
		if (length == 0)
			at.line = number;
		length = (size_t)(stpcpy(whole + length, line) - whole);
		if (continued && rest && *rest)
			continue;
		r = parse_line(reader, &at, whole);
		length = 0;
	}
	return r;
}

int pamstack_read(const char *const *dirs, const char *service, struct pamstack *stack)
{
	struct reader reader = { .dirs = dirs, .stack = stack };

	*stack = (struct pamstack){ .file = find_file(dirs, service) };
	return stack->file ? read_file(&reader, stack->file, 0, 0) : -ENOMEM;
}

void pamstack_done(struct pamstack *stack)
{
	for (size_t i = 0; i < stack->n_lines; i++) {
		free(stack->lines[i].file);
		free(stack->lines[i].control);
		free(stack->lines[i].module);
		free(stack->lines[i].arguments);
	}
	for (size_t i = 0; i < stack->n_included; i++)
		free(stack->included[i]);
	free(stack->lines);
	free(stack->included);
	free(stack->file);
	free(stack->wrong_file);
	*stack = (struct pamstack){ 0 };
}

bool pamstack_is(const struct pamstack_line *line, const char *module)
{
	const char *name = strrchr(line->module, '/');

	return strcmp(name ? name + 1 : line->module, module) == 0;
}

bool pamstack_is_leftover(const char *name)
{
	static const char *const patterns[] = {
		".*",    "*~",     "*.dpkg-*", "*.ucf-*", "*.rpm*",    "*.bak",     "*.new",
		"*.old", "*.orig", "*.save",   "*.swp",   "*.pam-new", "*.pam-old",
	};

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
		if (fnmatch(patterns[i], name, FNM_NOESCAPE) == 0)
			return true;
	return false;
}

char *pamstack_argument(char **rest)
{
	char *word = *rest + strspn(*rest, BLANKS);
	bool bracket = *word == '[';
	char *from;
	char *to;

	if (!*word)
		return NULL;
	word += bracket;
	to = word;
	for (from = word; *from && (bracket ? *from != ']' : !strchr(BLANKS, *from)); from++) {
		if (bracket && from[0] == '\\' && from[1] == ']')
			from++;
		*to++ = *from;
	}
	*rest = from + (*from != '\0');
	*to = '\0';
	return word;
}
