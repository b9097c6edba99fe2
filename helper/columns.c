/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "conf/base.h"
#include "conf/diag.h"
#include "helper/columns.h"

#define WIDTH_DEFAULT 80
#define WIDTH_MAX     10000

/* Between two columns. */
#define GAP 1

struct layout {
	size_t *widths; /* 0: the column is left out */
	size_t *needs;
};

struct columns columns_start(const struct column *columns, size_t n)
{
	return (struct columns){ .columns = columns, .n = n };
}

void columns_done(struct columns *columns)
{
	for (size_t i = 0; i < columns->n_cells; i++)
		free(columns->cells[i].text);
	free(columns->cells);
	*columns = (struct columns){ 0 };
}

static char *make_visible(const char *text)
{
	char *visible = NULL;
	size_t size;
	FILE *out = open_memstream(&visible, &size);

	if (!out)
		return NULL;
	diag_put_visible(out, text);
	if (fclose(out) == 0)
		return visible;
	free(visible);
	return NULL;
}

void columns_add(struct columns *columns, enum cell_style style, const char *text)
{
	if (columns->n_cells == columns->room) {
		size_t room = columns->room ? columns->room * 2 : 64;
		struct cell *cells = reallocarray(columns->cells, room, sizeof(*cells));

		if (!cells) {
			columns->failed = true;
			return;
		}
		columns->cells = cells;
		columns->room = room;
	}
	columns->cells[columns->n_cells].text = make_visible(text);
	columns->cells[columns->n_cells].style = style;
	if (!columns->cells[columns->n_cells].text)
		columns->failed = true;
	else
		columns->n_cells++;
}

static size_t max(size_t a, size_t b)
{
	return a > b ? a : b;
}

static void measure(const struct columns *columns, struct layout *layout)
{
	for (size_t c = 0; c < columns->n; c++)
		layout->needs[c] = strlen(columns->columns[c].title);
	for (size_t i = 0; i < columns->n_cells; i++) {
		size_t *need = &layout->needs[i % columns->n];

		*need = max(*need, strlen(columns->cells[i].text));
	}
}

static size_t total(const struct columns *columns, const size_t *widths)
{
	size_t sum = 0;

	for (size_t c = 0; c < columns->n; c++)
		if (widths[c])
			sum += (sum ? GAP : 0) + widths[c];
	return sum;
}

static bool may_be_cut(const struct column *column, size_t width)
{
	return column->least && width > column->least;
}

/* Takes from what is widest; false: it does not suffice. */
static bool cut(const struct columns *columns, size_t *widths, size_t width)
{
	while (total(columns, widths) > width) {
		size_t widest = columns->n;

		for (size_t c = 0; c < columns->n; c++)
			if (may_be_cut(&columns->columns[c], widths[c]) &&
			    (widest == columns->n || widths[c] > widths[widest]))
				widest = c;
		if (widest == columns->n)
			return false;
		widths[widest]--;
	}
	return true;
}

/* Of the columns left, the one to go; n: all have to stay. */
static size_t find_last(const struct columns *columns, const size_t *needs)
{
	size_t last = columns->n;

	for (size_t c = 0; c < columns->n; c++)
		if (needs[c] && columns->columns[c].rank &&
		    (last == columns->n || columns->columns[c].rank > columns->columns[last].rank))
			last = c;
	return last;
}

/* What there is must not depend on what is in it. */
static void drop_extra(const struct columns *columns, size_t *needs)
{
	for (size_t c = 0; c < columns->n; c++)
		if (columns->columns[c].rank >= COLUMN_EXTRA)
			needs[c] = 0;
}

static void lay_out(const struct columns *columns, struct layout *layout, size_t width)
{
	size_t size = columns->n * sizeof(*layout->widths);

	measure(columns, layout);
	if (width <= WIDTH_DEFAULT)
		drop_extra(columns, layout->needs);
	for (;;) {
		size_t last = find_last(columns, layout->needs);

		memcpy(layout->widths, layout->needs, size);
		if (total(columns, layout->widths) <= width)
			return;
		if (last < columns->n && columns->columns[last].rank >= COLUMN_EXTRA)
			layout->needs[last] = 0;
		else if (cut(columns, layout->widths, width) || last == columns->n)
			return;
		else
			layout->needs[last] = 0;
	}
}

static const char *const styles[N_CELL_STYLES] = {
	[CELL_PLAIN] = "",
	[CELL_TITLE] = "\033[1m",
	[CELL_FAINT] = "\033[2m",
	[CELL_NOTICE] = "\033[33m",
};

/* No more than width; what is missing is marked. */
static void put_cut(FILE *out, const char *text, size_t width)
{
	size_t length = strlen(text);

	if (length <= width)
		fputs(text, out);
	else if (width > 0)
		fprintf(out, "%.*s+", (int)width - 1, text);
}

void columns_put_text(FILE *out, const char *text, size_t width)
{
	_cleanup_free_ char *visible = make_visible(text);

	put_cut(out, visible ? visible : "", width);
}

static void start_style(const struct columns_page *page, enum cell_style style)
{
	if (page->colour)
		fputs(styles[style], page->out);
}

static void end_style(const struct columns_page *page, enum cell_style style)
{
	if (page->colour && style != CELL_PLAIN)
		fputs("\033[0m", page->out);
}

void columns_put_styled(const struct columns_page *page, enum cell_style style, const char *text,
			size_t width)
{
	start_style(page, style);
	columns_put_text(page->out, text, width);
	end_style(page, style);
}

struct row {
	const struct columns *columns;
	const size_t *widths;
	const struct columns_page *page;
	size_t at; /* of the line, what is written so far */
	size_t blanks; /* that are owed before the next text */
};

static void put_cell(struct row *row, size_t c, enum cell_style style, const char *text)
{
	const struct columns_page *page = row->page;
	size_t length = strlen(text);
	size_t width = row->widths[c];
	size_t pad = width > length ? width - length : 0;
	size_t before = row->at + row->blanks + (row->columns->columns[c].right ? pad : 0);

	/* No blanks at the end of a line. */
	if (length == 0) {
		row->blanks += width + GAP;
		return;
	}
	/* Where even what has to stay does not fit. */
	if (before >= page->width)
		return;
	fprintf(page->out, "%*s", (int)(before - row->at), "");
	width -= pad;
	if (width > page->width - before)
		width = page->width - before;
	start_style(page, style);
	put_cut(page->out, text, width);
	end_style(page, style);
	row->at = before + width;
	row->blanks = GAP + (row->columns->columns[c].right ? 0 : pad);
}

static void put_row(const struct columns *columns, const size_t *widths,
		    const struct columns_page *page, const struct cell *cells)
{
	struct row row = { .columns = columns, .widths = widths, .page = page };

	fputs(page->indent, page->out);
	row.at = strlen(page->indent);
	for (size_t c = 0; c < columns->n; c++) {
		if (!widths[c])
			continue;
		if (cells)
			put_cell(&row, c, cells[c].style, cells[c].text);
		else
			put_cell(&row, c, CELL_TITLE, columns->columns[c].title);
	}
	fputs(page->line_end, page->out);
}

void columns_print(const struct columns *columns, const struct columns_page *page)
{
	_cleanup_free_ size_t *room = calloc(columns->n * 2, sizeof(*room));
	struct layout layout = { .widths = room, .needs = room ? room + columns->n : NULL };
	size_t rows = columns->n_cells / columns->n;
	size_t indent = strlen(page->indent);

	if (!room || columns->failed) {
		fputs("out of memory", page->out);
		fputs(page->line_end, page->out);
		return;
	}
	lay_out(columns, &layout, page->width > indent ? page->width - indent : 1);
	put_row(columns, layout.widths, page, NULL);
	for (size_t i = 0; i < rows && i < page->rows; i++)
		put_row(columns, layout.widths, page, &columns->cells[i * columns->n]);
}

static size_t width_of(int fd)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	unsigned long width;
	char *end;

	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	if (!columns || *columns < '0' || *columns > '9')
		return WIDTH_DEFAULT;
	width = strtoul(columns, &end, 10);
	return *end || width == 0 || width > WIDTH_MAX ? WIDTH_DEFAULT : width;
}

struct columns_page columns_page_of(FILE *out)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return (struct columns_page){
		.out = out,
		.width = width_of(fileno(out)),
		.colour = isatty(fileno(out)) && !(no_color && *no_color) && term &&
			  strcmp(term, "dumb") != 0,
		.indent = "",
		.line_end = "\n",
		.rows = SIZE_MAX,
	};
}

const char *amount_text(uint64_t amount, char text[AMOUNT_TEXT_MAX])
{
	static const char units[] = "KMGTPE";
	uint64_t whole = amount;
	uint64_t tenth = 0;
	const char *unit = NULL;

	for (const char *next = units; whole >= 1000; next++) {
		tenth = whole / 100 % 10;
		whole /= 1000;
		unit = next;
	}
	if (!unit)
		snprintf(text, AMOUNT_TEXT_MAX, "%" PRIu64, whole);
	else if (whole < 10)
		snprintf(text, AMOUNT_TEXT_MAX, "%" PRIu64 ".%" PRIu64 "%c", whole, tenth, *unit);
	else
		snprintf(text, AMOUNT_TEXT_MAX, "%" PRIu64 "%c", whole, *unit);
	return text;
}

const char *age_text(int64_t seconds, char text[AMOUNT_TEXT_MAX])
{
	int64_t s = seconds > 0 ? seconds : 0;

	if (s < 60)
		snprintf(text, AMOUNT_TEXT_MAX, "%" PRId64 "s", s);
	else if (s < 600)
		snprintf(text, AMOUNT_TEXT_MAX, "%" PRId64 "m%02" PRId64 "s", s / 60, s % 60);
	else if (s < 3600)
		snprintf(text, AMOUNT_TEXT_MAX, "%" PRId64 "m", s / 60);
	else if (s < 36000)
		snprintf(text, AMOUNT_TEXT_MAX, "%" PRId64 "h%02" PRId64 "m", s / 3600,
			 s / 60 % 60);
	else if (s < 360000)
		snprintf(text, AMOUNT_TEXT_MAX, "%" PRId64 "h", s / 3600);
	else
		snprintf(text, AMOUNT_TEXT_MAX, "%" PRId64 "d", s / 86400);
	return text;
}
