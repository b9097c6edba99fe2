/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "conf/base.h"
#include "helper/exempt.h"
#include "helper/textfile.h"

#define MODULE       "pam_netns"
#define EXEMPT_GROUP "exempt_group="
#define GROUP_MAX    256 /* a longer name is not a group's */

/* Where libpam reads its stacks. */
static const char *const dirs[] = { "/etc/pam.d", "/usr/lib/pam.d" };
#define PAM_CONF "/etc/pam.conf"

struct search {
	exempt_fn *fn;
	void *data;
};

static bool note_group(const struct search *s, const char *path, const char *group)
{
	char name[GROUP_MAX];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(group, " \t]\\"), group);
	return s->fn(s->data, path, name);
}

/* pam.d(5): a comment ends a line, and a backslash continues it. */
static bool search_file(const struct search *s, const char *path)
{
	_cleanup_free_ char *text = NULL;
	bool continued = false;
	bool ours = false;
	char *rest;
	char *line;

	/* What is no file of text is no stack either. */
	if (textfile_read(path, &text) < 0)
		return false;
	for (rest = text; (line = textfile_line(&rest));) {
		size_t n = strcspn(line, "#");
		const char *group = line;

		while (n && strchr(" \t", line[n - 1]))
			n--;
		line[n] = '\0';
		ours = (continued && ours) || strstr(line, MODULE);
		/* A line may name several. */
		while (ours && (group = strstr(group, EXEMPT_GROUP))) {
			group += strlen(EXEMPT_GROUP);
			if (note_group(s, path, group))
				return true;
		}
		continued = n && line[n - 1] == '\\';
	}
	return false;
}

static int is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Not by glob(3), which frees twice where it has no memory (glibc 2.36). */
static int search_dir(const struct search *s, const char *dir, bool *ret_is)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, is_shown, alphasort);
	bool is = false;

	if (n < 0)
		return errno == ENOMEM ? -ENOMEM : 0;
	for (int i = 0; i < n; i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
		is = is || search_file(s, path);
		free(entries[i]);
	}
	free(entries);
	*ret_is = is;
	return 0;
}

int exempt_search(exempt_fn *fn, void *data, bool *ret_any)
{
	const struct search s = { fn, data };
	bool is = false;

	for (size_t i = 0; i < ARRAY_SIZE(dirs) && !is; i++) {
		int r = search_dir(&s, dirs[i], &is);

		if (r)
			return r;
	}
	*ret_any = is || search_file(&s, PAM_CONF);
	return 0;
}
