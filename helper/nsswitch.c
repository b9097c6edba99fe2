/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdbool.h>
#include <string.h>

#include "conf/base.h"
#include "helper/nsswitch.h"
#include "helper/textfile.h"

#define BLANKS " \t\r\v\f"

static bool lists_users(const char *source)
{
	static const char *const sources[] = { "files", "compat", "systemd", "db" };

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		if (strcmp(sources[i], source) == 0)
			return true;
	return false;
}

/* "[NOTFOUND=return]", which needs no blank around it */
static void blank_actions(char *text)
{
	while ((text = strchr(text, '['))) {
		size_t n = strcspn(text, "]");

		memset(text, ' ', text[n] ? n + 1 : n);
	}
}

const char *nsswitch_find_unlisted(char *text)
{
	char *line;

	while ((line = textfile_line(&text))) {
		char *rest = line;
		char *word;

		line[strcspn(line, "#")] = '\0';
		/* A blank may stand for the colon. */
		word = strtok_r(rest, BLANKS ":", &rest);
		if (!word || strcmp(word, "passwd") != 0)
			continue;
		blank_actions(rest);
		while ((word = strtok_r(rest, BLANKS ":", &rest)))
			if (!lists_users(word))
				return word;
	}
	return NULL;
}
