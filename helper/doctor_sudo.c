/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "helper/doctor.h"
#include "helper/pamstack.h"
#include "helper/textfile.h"

/*
 * sudoedit runs the editor of its caller in a session of another user.  It matters
 * where sudoers(5) allows it by name: who may run everything is root in any case.
 * Only words are looked for, and in no other files that are included.
 */
#define FILES "/etc/sudoers{,.d/*}"

struct sudoers {
	char *file; /* that allows it; NULL: none */
	unsigned line;
	bool is_apart; /* it has no session, and stays where its caller is */
};

/* sudo takes none of these in a directory. */
static bool is_ignored(const char *path)
{
	return strchr(strrchr(path, '/'), '.') || path[strlen(path) - 1] == '~';
}

static int read_file(struct sudoers *s, const char *path)
{
	_cleanup_free_ char *text = NULL;
	int r = textfile_read(path, &text);
	char *rest = text;
	char *line;

	for (unsigned n = 1; !r && (line = textfile_line(&rest)); n++) {
		line += strspn(line, " \t");
		if (strncmp(line, "Defaults", 8) == 0) {
			s->is_apart |= strchr("! \t", line[8]) && strstr(line, "!pam_session");
		} else if (*line != '#' && !s->file && strstr(line, "sudoedit")) {
			s->line = n;
			s->file = strdup(path);
			r = s->file ? 0 : -ENOMEM;
		}
	}
	return r == -ENOENT ? 0 : r;
}

static int read_files(struct sudoers *s)
{
	glob_t files;
	int r = glob(FILES, GLOB_BRACE, NULL, &files);

	if (r)
		return r == GLOB_NOSPACE ? -ENOMEM : 0;
	for (size_t i = 0; !r && i < files.gl_pathc; i++)
		if (!is_ignored(files.gl_pathv[i]))
			r = read_file(s, files.gl_pathv[i]);
	globfree(&files);
	return r;
}

/* Without the line, the session is where the caller is, and so is the editor. */
static int has_line(bool *ret_has)
{
	struct pamstack stack;
	int r = pamstack_read(pamstack_dirs, "sudo", &stack);

	*ret_has = false;
	for (size_t i = 0; i < stack.n_lines; i++)
		*ret_has |= pamstack_is(&stack.lines[i], "pam_netns.so");
	pamstack_done(&stack);
	return r == -ENOMEM ? r : 0;
}

int doctor_sudo(struct doctor *doctor)
{
	struct sudoers s = { 0 };
	bool has;
	int r;

	if (!doctor->conf || !doctor_confines(doctor->conf))
		return 0;
	r = has_line(&has);
	if (r || !has)
		return r;
	r = read_files(&s);
	if (!r && s.file && !s.is_apart)
		doctor_mend(doctor,
			    doctor_add(doctor, DOCTOR_SUDOEDIT_SESSION, s.file, s.line,
				       "sudoedit is allowed, and opens a session"),
			    "write 'Defaults!sudoedit !pam_session' there, by visudo");
	free(s.file);
	return r;
}
