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

/* Others mean that there is no such thing. */
static bool is_failure(int r)
{
	return r == -ENOMEM || r == -EMFILE || r == -ENFILE || r == -EIO || r == -EINTR;
}

/* pam.d(5): a comment ends a line, and a backslash continues it. */
static int search_file(const struct search *s, const char *path, bool *ret_is)
{
	_cleanup_free_ char *text = NULL;
	bool continued = false;
	bool ours = false;
	char *rest;
	char *line;
	int r;

	/* What is no file of text is no stack either. */
	r = textfile_read(path, &text);
	if (r < 0)
		return is_failure(r) ? r : 0;
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
			*ret_is = note_group(s, path, group);
			if (*ret_is)
				return 0;
		}
		continued = n && line[n - 1] == '\\';
	}
	return 0;
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
	int r = 0;

	if (n < 0)
		return is_failure(-errno) ? -errno : 0;
	for (int i = 0; i < n; i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
		if (!r && !*ret_is)
			r = search_file(s, path, ret_is);
		free(entries[i]);
	}
	free(entries);
	return r;
}

int exempt_search(exempt_fn *fn, void *data, bool *ret_any)
{
	const struct search s = { fn, data };
	int r = 0;

	*ret_any = false;
	for (size_t i = 0; i < ARRAY_SIZE(dirs) && !r && !*ret_any; i++)
		r = search_dir(&s, dirs[i], ret_any);
	return r || *ret_any ? r : search_file(&s, PAM_CONF, ret_any);
}
