/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <string.h>

#include "conf/array.h"
#include "conf/base.h"
#include "conf/conf.h"
#include "conf/diag.h"

/* Columns of a source line that are shown: fits a terminal with the indent. */
#define WINDOW 72

/* More than anybody reads; a large file of another kind has an error in each line. */
#define ENTRIES_MAX 10000U

#define INDENT "    "
#define CUT    "..."

struct entry {
	enum diag_severity severity;
	char *text; /* NULL: lost */
	char *file;
	unsigned line;
	char *message; /* what text has of it */
	char *excerpt; /* the source line and its caret, or NULL */
};

struct diag {
	struct entry *entries;
	size_t n_entries;
	size_t counts[DIAG_WARNING + 1];
};

int diag_new(struct diag **ret_diag)
{
	struct diag *diag = calloc(1, sizeof(*diag));

	if (!diag)
		return -ENOMEM;
	*ret_diag = diag;
	return 0;
}

void diag_free(struct diag *diag)
{
	if (!diag)
		return;
	for (size_t i = 0; i < diag->n_entries; i++) {
		free(diag->entries[i].text);
		free(diag->entries[i].file);
		free(diag->entries[i].message);
		free(diag->entries[i].excerpt);
	}
	free(diag->entries);
	free(diag);
}

void diag_free_p(struct diag **diag)
{
	int saved = errno;

	diag_free(*diag);
	errno = saved;
}

static bool is_printable(char c)
{
	return c >= ' ' && c <= '~';
}

/* What a file or its name holds could otherwise talk to the reader's terminal. */
void diag_put_visible(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (is_printable(*text))
			fputc(*text, out);
		else
			fprintf(out, "\\%03o", (unsigned char)*text);
	}
}

static void put_headline(FILE *out, enum diag_severity severity, const struct conf_place *place,
			 const char *message)
{
	diag_put_visible(out, place->file);
	if (place->line)
		fprintf(out, ":%u:%u", place->line, place->column);
	fputs(severity == DIAG_ERROR ? ": error: " : ": warning: ", out);
	diag_put_visible(out, message);
}

/* Tabs stay in both lines, so that the caret is aligned whatever their width. */
static void put_source(FILE *out, const char *line, size_t start, size_t end)
{
	for (size_t i = start; i < end; i++) {
		bool raw = line[i] == '\t' || is_printable(line[i]);

		fputc(raw ? line[i] : '?', out);
	}
}

static void put_caret(FILE *out, const char *line, size_t start, size_t end, size_t caret,
		      size_t length)
{
	for (size_t i = start; i < caret; i++)
		fputc(line[i] == '\t' ? '\t' : ' ', out);
	fputc('^', out);
	for (size_t i = caret + 1; i < end && i < caret + length; i++)
		fputc('~', out);
	fputc('\n', out);
}

static void put_excerpt(FILE *out, const char *line, size_t length, const struct conf_place *place)
{
	size_t caret = place->column ? place->column - 1 : 0;
	size_t start = 0, end;

	if (caret > length)
		caret = length;
	while (start < caret && (line[start] == ' ' || line[start] == '\t'))
		start++;
	line += start;
	length -= start;
	caret -= start;

	start = caret > WINDOW * 3 / 4 && length > WINDOW ? caret - WINDOW / 2 : 0;
	end = length - start > WINDOW ? start + WINDOW : length;

	fputs(start ? INDENT CUT : INDENT, out);
	put_source(out, line, start, end);
	fputs(end < length ? CUT "\n" : "\n", out);
	fputs(start ? INDENT "   " : INDENT, out);
	put_caret(out, line, start, end, caret, place->length);
}

/* Closes out; NULL when what was written to it is not all there. */
static char *finish(FILE *out, char **text)
{
	bool failed = ferror(out);

	if (fclose(out) != 0 || failed) {
		free(*text);
		*text = NULL;
	}
	return *text;
}

static char *new_headline(enum diag_severity severity, const struct conf_place *place,
			  const char *message)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	put_headline(out, severity, place, message);
	return finish(out, &text);
}

static char *new_excerpt(const char *line, size_t length, const struct conf_place *place)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	put_excerpt(out, line, length, place);
	return finish(out, &text);
}

void diag_vadd(struct diag *diag, enum diag_severity severity, const struct conf_place *place,
	       const char *line_text, size_t line_length, const char *format, va_list args)
{
	int saved = errno;
	_cleanup_free_ char *message = NULL;
	struct entry *entry;

	diag->counts[severity]++;
	if (diag->n_entries == ENTRIES_MAX || vasprintf(&message, format, args) < 0)
		message = NULL;
	entry = message ? array_add(diag->entries, diag->n_entries) : NULL;
	if (entry) {
		entry->severity = severity;
		entry->text = new_headline(severity, place, message);
		entry->file = strdup(place->file);
		entry->line = place->line;
		entry->message = steal_ptr(&message);
		if (line_text && place->line)
			entry->excerpt = new_excerpt(line_text, line_length, place);
	}
	errno = saved;
}

void diag_add(struct diag *diag, enum diag_severity severity, const struct conf_place *place,
	      const char *line_text, size_t line_length, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	diag_vadd(diag, severity, place, line_text, line_length, format, args);
	va_end(args);
}

size_t diag_count(const struct diag *diag, enum diag_severity severity)
{
	return diag->counts[severity];
}

void diag_print(const struct diag *diag, FILE *out)
{
	size_t rest = diag->counts[DIAG_ERROR] + diag->counts[DIAG_WARNING] - diag->n_entries;

	for (size_t i = 0; i < diag->n_entries; i++) {
		const struct entry *entry = &diag->entries[i];

		if (entry->text)
			fprintf(out, "%s\n", entry->text);
		if (entry->excerpt)
			fputs(entry->excerpt, out);
	}
	if (rest > 0)
		fprintf(out, "and %zu more\n", rest);
}

void diag_for_each(const struct diag *diag,
		   void (*fn)(void *userdata, enum diag_severity severity, const char *text),
		   void *userdata)
{
	for (size_t i = 0; i < diag->n_entries; i++) {
		if (diag->entries[i].text)
			fn(userdata, diag->entries[i].severity, diag->entries[i].text);
	}
}

void diag_each(const struct diag *diag, void (*fn)(void *userdata, const struct diag_entry *entry),
	       void *userdata)
{
	for (size_t i = 0; i < diag->n_entries; i++) {
		const struct entry *e = &diag->entries[i];
		const struct diag_entry entry = { e->severity, e->file, e->line, e->message };

		if (e->file && e->message)
			fn(userdata, &entry);
	}
}
