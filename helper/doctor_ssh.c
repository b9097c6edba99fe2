/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/conf.h"
#include "helper/doctor.h"
#include "helper/textfile.h"

/*
 * sshd_config(5), read as sshd reads it, rather than asked of "sshd -T": that runs
 * another's program as root, does not start without host keys or /run/sshd, and
 * does not tell the line.  Of a keyword, the first value counts; a file that is
 * included stands in its place, and a Match block in it ends with it.
 */
#define DIRECTORY "/etc/ssh/"
#define MAIN_FILE DIRECTORY "sshd_config"
#define BLANKS    " \t\r\f"

/* sshd's own limit; and one for files that include many. */
#define DEPTH_MAX 16U
#define FILES_MAX 512U

enum keyword {
	USE_PAM,
	DISABLE_FORWARDING,
	TCP_FORWARDING,
	STREAM_FORWARDING,
	X11_FORWARDING,
	TUNNEL,
	N_KEYWORDS,
};

static const struct {
	const char *name;
	bool is_on; /* by default */
} keywords[N_KEYWORDS] = {
	[USE_PAM] = { "UsePAM", false },
	[DISABLE_FORWARDING] = { "DisableForwarding", false },
	[TCP_FORWARDING] = { "AllowTcpForwarding", true },
	[STREAM_FORWARDING] = { "AllowStreamLocalForwarding", true },
	[X11_FORWARDING] = { "X11Forwarding", false },
	[TUNNEL] = { "PermitTunnel", false },
};

struct value {
	bool is_on;
	char *file; /* NULL: it is the default */
	unsigned line;
};

struct settings {
	struct doctor *doctor;
	struct value values[N_KEYWORDS];
	bool has_match; /* a Match block speaks of forwarding, too */
	unsigned n_files;
	bool is_wrong; /* and that has been said */
};

static int note_wrong(struct settings *s, const char *file, unsigned line, const char *text)
{
	struct doctor_finding *f;

	if (s->is_wrong)
		return 0;
	s->is_wrong = true;
	f = doctor_add(s->doctor, DOCTOR_SSHD_UNREADABLE, file, line, "%s", text);
	doctor_mend(s->doctor, f, "sshd -t says what sshd makes of it");
	return 0;
}

/* Cuts off the next word, which may be quoted. */
static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, BLANKS);
	char *end;

	if (!*word || *word == '#')
		return NULL;
	if (*word == '"') {
		word++;
		end = word + strcspn(word, "\"");
	} else {
		end = word + strcspn(word, BLANKS);
	}
	*rest = end + (*end != '\0');
	*end = '\0';
	return word;
}

/* One "=" may stand between. */
static char *next_keyword(char **rest)
{
	char *word = *rest + strspn(*rest, BLANKS);
	char *end = word + strcspn(word, BLANKS "=");

	if (!*word || *word == '#')
		return NULL;
	*rest = end + strspn(end, BLANKS);
	if (**rest == '=')
		(*rest)++;
	*end = '\0';
	return word;
}

static int set_value(struct settings *s, const char *file, unsigned line, const char *keyword,
		     const char *value, bool in_match)
{
	for (size_t i = 0; i < N_KEYWORDS; i++) {
		struct value *v = &s->values[i];

		if (strcasecmp(keyword, keywords[i].name) != 0)
			continue;
		s->has_match |= in_match;
		if (in_match || v->file)
			return 0;
		v->is_on = strcasecmp(value, "no") != 0 && strcasecmp(value, "false") != 0;
		v->line = line;
		v->file = strdup(file);
		return v->file ? 0 : -ENOMEM;
	}
	return 0;
}

static int read_file(struct settings *s, const char *path, unsigned depth, bool in_match);

static int include(struct settings *s, const char *pattern, unsigned depth, bool in_match)
{
	_cleanup_free_ char *absolute = NULL;
	glob_t files = { 0 };
	int r;

	if (asprintf(&absolute, "%s%s", pattern[0] == '/' ? "" : DIRECTORY, pattern) < 0)
		return -ENOMEM;
	r = glob(absolute, 0, NULL, &files);
	/* sshd passes over what is not there. */
	if (r == GLOB_NOSPACE)
		r = -ENOMEM;
	else if (r)
		r = 0;
	for (size_t i = 0; !r && i < files.gl_pathc; i++) {
		r = read_file(s, files.gl_pathv[i], depth + 1, in_match);
		if (r == -ENOENT)
			r = 0;
	}
	globfree(&files);
	return r;
}

static int include_all(struct settings *s, const char *file, unsigned line, char *rest,
		       unsigned depth, bool in_match)
{
	char *pattern;
	int r = 0;

	if (depth >= DEPTH_MAX || s->n_files >= FILES_MAX)
		return note_wrong(s, file, line, "includes go round in circles, or too deep");
	while (!r && (pattern = next_word(&rest)))
		r = include(s, pattern, depth, in_match);
	return r;
}

static int read_lines(struct settings *s, const char *path, char *text, unsigned depth,
		      bool in_match)
{
	unsigned number = 0;
	char *line;
	int r = 0;

	while (!r && (line = textfile_line(&text))) {
		char *keyword = next_keyword(&line);
		char *value;

		number++;
		if (!keyword)
			continue;
		if (strcasecmp(keyword, "Match") == 0)
			in_match = true;
		else if (strcasecmp(keyword, "Include") == 0)
			r = include_all(s, path, number, line, depth, in_match);
		else if ((value = next_word(&line)))
			r = set_value(s, path, number, keyword, value, in_match);
	}
	return r;
}

static int read_file(struct settings *s, const char *path, unsigned depth, bool in_match)
{
	_cleanup_free_ char *text = NULL;
	int r = textfile_read(path, &text);

	s->n_files++;
	if (r == -ENOENT || r == -ENOMEM)
		return r;
	return r ? note_wrong(s, path, 0, strerror(-r))
		 : read_lines(s, path, text, depth, in_match);
}

static void judge_pam(const struct settings *s)
{
	const struct value *v = &s->values[USE_PAM];
	struct doctor_finding *f;

	if (v->is_on || !doctor_confines_by(s->doctor->conf, "sshd"))
		return;
	if (v->file)
		f = doctor_add(s->doctor, DOCTOR_SSHD_WITHOUT_PAM, v->file, v->line,
			       "sshd is told not to use PAM");
	else
		f = doctor_add(s->doctor, DOCTOR_SSHD_WITHOUT_PAM, MAIN_FILE, 0,
			       "sshd is not told to use PAM, and does not by itself");
	doctor_mend(s->doctor, f, "write 'UsePAM yes'%s, and restart sshd",
		    v->file ? " there" : "");
}

static void judge_forwarding(const struct settings *s)
{
	struct doctor_finding *f;
	char list[256] = "";
	size_t n = 0;
	size_t only = N_KEYWORDS;
	unsigned count = 0;

	if (s->values[DISABLE_FORWARDING].is_on || !doctor_confines_by(s->doctor->conf, "sshd"))
		return;
	for (size_t i = TCP_FORWARDING; i < N_KEYWORDS; i++) {
		if (!s->values[i].is_on)
			continue;
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", n ? ", " : "",
				      keywords[i].name);
		only = i;
		count++;
	}
	if (!count)
		return;
	f = doctor_add(s->doctor, DOCTOR_SSHD_FORWARDING,
		       count == 1 && s->values[only].file ? s->values[only].file : MAIN_FILE,
		       count == 1 ? s->values[only].line : 0,
		       "sshd forwards for confined users: %s%s", list,
		       s->has_match ? "; a Match block may say otherwise" : "");
	doctor_mend(
		s->doctor, f,
		"for users who are to reach no daemon's socket, 'AllowStreamLocalForwarding no'; "
		"for none of it, 'DisableForwarding yes'");
}

int doctor_ssh(struct doctor *doctor)
{
	struct settings s = { .doctor = doctor };
	int r;

	if (!doctor->conf)
		return 0;
	for (size_t i = 0; i < N_KEYWORDS; i++)
		s.values[i].is_on = keywords[i].is_on;
	r = read_file(&s, MAIN_FILE, 0, false);
	if (!r) {
		judge_pam(&s);
		judge_forwarding(&s);
	}
	for (size_t i = 0; i < N_KEYWORDS; i++)
		free(s.values[i].file);
	/* There is no sshd. */
	return r == -ENOENT ? 0 : r;
}
