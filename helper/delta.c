/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conf/base.h"
#include "conf/conf.h"
#include "conf/diag.h"
#include "helper/delta.h"

/* More cells than that are not worth the memory: then all is taken out and added. */
#define CELLS_MAX (UINT64_C(4) << 20)

/* The part of both lists in which they differ. */
struct middle {
	const struct delta_line *before;
	const struct delta_line *after;
	size_t n_before;
	size_t n_after;
	/* Of what is left from each pair of lines on, how many are common. */
	uint32_t *common;
};

int delta_add(struct delta_list *list, char *text, const struct conf_place *place, char *shown)
{
	struct delta_line *lines;

	/* Room for the next power of two, as there is no capacity. */
	if (text && (list->n & (list->n - 1)) == 0) {
		lines = reallocarray(list->lines, list->n ? 2 * list->n : 1, sizeof(*lines));
		if (lines)
			list->lines = lines;
	} else {
		lines = text ? list->lines : NULL;
	}
	if (!lines) {
		free(text);
		free(shown);
		return -ENOMEM;
	}
	list->lines[list->n++] = (struct delta_line){ text, place, shown };
	return 0;
}

void delta_done(struct delta_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->lines[i].text);
		free(list->lines[i].shown);
	}
	free(list->lines);
	*list = (struct delta_list){ 0 };
}

static bool is_same(const struct delta_line *a, const struct delta_line *b)
{
	return strcmp(a->text, b->text) == 0;
}

bool delta_is_same(const struct delta_list *before, const struct delta_list *after)
{
	if (before->n != after->n)
		return false;
	for (size_t i = 0; i < before->n; i++)
		if (!is_same(&before->lines[i], &after->lines[i]))
			return false;
	return true;
}

static struct middle find_middle(const struct delta_list *before, const struct delta_list *after)
{
	struct middle m = { before->lines, after->lines, before->n, after->n, NULL };

	while (m.n_before > 0 && m.n_after > 0 && is_same(m.before, m.after)) {
		m.before++;
		m.after++;
		m.n_before--;
		m.n_after--;
	}
	while (m.n_before > 0 && m.n_after > 0 &&
	       is_same(&m.before[m.n_before - 1], &m.after[m.n_after - 1])) {
		m.n_before--;
		m.n_after--;
	}
	return m;
}

static uint32_t *cell(const struct middle *m, size_t i, size_t j)
{
	return &m->common[i * (m->n_after + 1) + j];
}

static int count_common(struct middle *m)
{
	uint64_t cells = ((uint64_t)m->n_before + 1) * ((uint64_t)m->n_after + 1);

	if (cells > CELLS_MAX)
		return 0;
	m->common = calloc((size_t)cells, sizeof(*m->common));
	if (!m->common)
		return -ENOMEM;
	for (size_t i = m->n_before; i-- > 0;) {
		for (size_t j = m->n_after; j-- > 0;) {
			uint32_t skip_before = *cell(m, i + 1, j);
			uint32_t skip_after = *cell(m, i, j + 1);

			if (is_same(&m->before[i], &m->after[j]))
				*cell(m, i, j) = *cell(m, i + 1, j + 1) + 1;
			else
				*cell(m, i, j) =
					skip_before > skip_after ? skip_before : skip_after;
		}
	}
	return 0;
}

static void print_line(char sign, const struct delta_line *line, FILE *out)
{
	fprintf(out, "%c ", sign);
	diag_put_visible(out, line->shown ? line->shown : line->text);
	if (line->place) {
		fputs("  (", out);
		diag_put_visible(out, line->place->file);
		fprintf(out, ":%u)", line->place->line);
	}
	fputc('\n', out);
}

static bool is_common(const struct middle *m, size_t i, size_t j)
{
	return m->common && i < m->n_before && j < m->n_after &&
	       is_same(&m->before[i], &m->after[j]);
}

/* What goes stands before what comes. */
static bool goes_first(const struct middle *m, size_t i, size_t j)
{
	if (i == m->n_before || j == m->n_after || !m->common)
		return i < m->n_before;
	return *cell(m, i + 1, j) >= *cell(m, i, j + 1);
}

int delta_print(const struct delta_list *before, const struct delta_list *after, FILE *out)
{
	struct middle m = find_middle(before, after);
	size_t i = 0, j = 0;
	int r = count_common(&m);

	while (!r && (i < m.n_before || j < m.n_after)) {
		if (is_common(&m, i, j)) {
			i++;
			j++;
		} else if (goes_first(&m, i, j)) {
			print_line('-', &m.before[i++], out);
		} else {
			print_line('+', &m.after[j++], out);
		}
	}
	free(m.common);
	return r;
}
