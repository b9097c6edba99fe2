/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <limits.h>
#include <string.h>

#include "conf/base.h"
#include "conf/keyword.h"

/* Longer words are not compared: whoever wrote one did not slip on a key. */
#define WORD_MAX 40

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;

	return least < c ? least : c;
}

static int lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/*
 * Edits that turn one word into the other, where two exchanged neighbours
 * count as one: they are the commonest slip of all.  Capitals do not count.
 */
static unsigned distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	unsigned rows[3][WORD_MAX + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_length; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= a_length; i++) {
		unsigned *next = before;

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_length; j++) {
			unsigned differs = lower(a[i - 1]) != lower(b[j - 1]);

			row[j] = min3(last[j] + 1, row[j - 1] + 1, last[j - 1] + differs);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = min3(row[j], row[j], before[j - 2] + 1);
		}
		before = last;
		last = row;
		row = next;
	}
	return last[b_length];
}

void suggest_start(struct suggestion *s, const char *word, size_t length)
{
	*s = (struct suggestion){ .word = word, .length = length, .distance = UINT_MAX };
}

/* A third of a word may be wrong: with more, a guess would only confuse. */
static unsigned tolerance(size_t length)
{
	return length < 3 ? 1 : (unsigned)length / 3;
}

void suggest_name(struct suggestion *s, const char *name)
{
	size_t length = strlen(name);
	size_t longer = length > s->length ? length : s->length;
	size_t shorter = length > s->length ? s->length : length;
	unsigned found;

	if (longer > WORD_MAX || longer - shorter > tolerance(longer))
		return;
	found = distance(s->word, s->length, name, length);
	/* Everything wrong is no likeness: "x" is not a slip of "s". */
	if (found <= tolerance(longer) && found < shorter && found < s->distance) {
		s->distance = found;
		s->best = name;
	}
}

void suggest_keyword(struct suggestion *s, const struct keyword_table *table)
{
	for (size_t i = 0; i < table->n_words; i++)
		suggest_name(s, table->words[i].name);
}
