/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HELPER_COLUMNS_H
#define HELPER_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * A table for people, that fits the width there is: columns that are less needed
 * are left out, and texts are cut, with a "+" in place of the rest.  What is put
 * into it may be anything: nothing of it speaks to the terminal.
 */
struct column {
	const char *title;
	bool right; /* stands at the right end of its column */
	unsigned least; /* width to which it may be cut; 0: it is not */
	unsigned rank; /* the highest goes first; 0: it stays */
};

/* From this rank on: only where there is more than the usual width, and before a text is cut. */
#define COLUMN_EXTRA 100U

enum cell_style {
	CELL_PLAIN,
	CELL_TITLE,
	CELL_FAINT,
	CELL_NOTICE,
	N_CELL_STYLES,
};

struct cell {
	char *text;
	enum cell_style style;
};

struct columns {
	const struct column *columns;
	size_t n;
	struct cell *cells; /* a row after the other */
	size_t n_cells;
	size_t room;
	bool failed; /* no memory for some of it */
};

struct columns columns_start(const struct column *columns, size_t n);
void columns_done(struct columns *columns);

/* The next cell. */
void columns_add(struct columns *columns, enum cell_style style, const char *text);

/* Where it goes. */
struct columns_page {
	FILE *out;
	size_t width;
	bool colour;
	const char *indent;
	const char *line_end;
	size_t rows; /* at most, the titles not counted */
};

/* Of a stream: the terminal's width, or else that of COLUMNS, or 80; colour as people want it. */
struct columns_page columns_page_of(FILE *out);
void columns_print(const struct columns *columns, const struct columns_page *page);

/* Text of others, as far as width reaches; without the end of the line. */
void columns_put_text(FILE *out, const char *text, size_t width);
void columns_put_styled(const struct columns_page *page, enum cell_style style, const char *text,
			size_t width);

/*
 * Amounts in few characters, cut off and not rounded: "999", "1.2K", "34M"; times
 * "59s", "9m59s", "59m", "9h59m", "99h", "123d".
 */
#define AMOUNT_TEXT_MAX 24
const char *amount_text(uint64_t amount, char text[AMOUNT_TEXT_MAX]);
const char *age_text(int64_t seconds, char text[AMOUNT_TEXT_MAX]);

#endif
