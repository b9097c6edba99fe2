/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conf/base.h"
#include "helper/columns.h"
#include "helper/ctl.h"
#include "helper/status.h"
#include "helper/terminal.h"

#define INTERVAL_MS       2000
#define INTERVAL_LEAST_MS 100
#define NS_PER_MS         1000000LL

/* Before there is an earlier look, two of them. */
#define FIRST_MS 200

/* Lines that are not users': the sum, the titles and the keys. */
#define OTHER_ROWS     3
#define ROWS_WITH_KEYS 6
#define SUMMARY_MAX    200

static const struct column table[] = {
	{ "USER", false, 6, 0 }, { "NETWORK", false, 8, 5 }, { "OUT/s", true, 0, 1 },
	{ "IN/s", true, 0, 1 },  { "CONN", true, 0, 2 },     { "DENY/s", true, 0, 3 },
	{ "DENY", true, 0, 4 },  { "SESS", true, 0, 6 },     { "PROC", true, 0, 7 },
	{ "OUT", true, 0, 8 },   { "IN", true, 0, 8 },
};

/*
 * The order
 */

static int by_more(double a, double b)
{
	return a > b ? -1 : a < b;
}

static int by_uid(const struct usage *a, const struct usage *b)
{
	return a->uid < b->uid ? -1 : a->uid > b->uid;
}

static int by_traffic(const struct usage *a, const struct usage *b)
{
	return by_more(a->rate_out + a->rate_in, b->rate_out + b->rate_in);
}

static int by_connections(const struct usage *a, const struct usage *b)
{
	return by_more(a->connections, b->connections);
}

static int by_denials(const struct usage *a, const struct usage *b)
{
	int order = by_more(a->denied_rate, b->denied_rate);

	return order ? order : by_more((double)a->denied, (double)b->denied);
}

typedef int order_fn(const struct usage *a, const struct usage *b);

static const struct order {
	char key;
	order_fn *compare;
} orders[] = {
	{ 't', by_traffic },
	{ 'c', by_connections },
	{ 'd', by_denials },
	{ 'u', by_uid },
};

static const char keys_line[] = "q quit   order: t traffic  c connections  d denials  u uid";

struct view {
	struct terminal terminal;
	struct status status;
	unsigned interval_ms;
	order_fn *order;
	const char *step; /* that has failed */
};

static int compare(const void *a, const void *b, void *order)
{
	const struct usage *x = *(struct usage *const *)a;
	const struct usage *y = *(struct usage *const *)b;
	int result = (*(order_fn *const *)order)(x, y);

	return result ? result : by_uid(x, y);
}

/*
 * A screen
 */

static void add_amount(struct columns *c, bool known, double amount)
{
	char text[AMOUNT_TEXT_MAX];

	columns_add(c, !known || amount < 1 ? CELL_FAINT : CELL_PLAIN,
		    known ? amount_text((uint64_t)amount, text) : "-");
}

static void add_denied(struct columns *c, bool known, double amount)
{
	char text[AMOUNT_TEXT_MAX];

	/* Less than one a second is more than none. */
	if (known && amount > 0 && amount < 1)
		columns_add(c, CELL_NOTICE, "<1");
	else if (known && amount > 0)
		columns_add(c, CELL_NOTICE, amount_text((uint64_t)amount, text));
	else
		add_amount(c, known, 0);
}

static void add_row(struct columns *c, const struct status *status, const struct usage *u)
{
	bool knows_denied = u->link && status->usages.has_table;

	status_add_user(c, u);
	status_add_network(c, status, u);
	add_amount(c, u->has_rate, u->rate_out);
	add_amount(c, u->has_rate, u->rate_in);
	add_amount(c, u->link, u->connections);
	add_denied(c, knows_denied, u->denied_rate);
	add_denied(c, knows_denied, (double)u->denied);
	add_amount(c, true, u->sessions);
	add_amount(c, true, u->processes);
	add_amount(c, u->link, (double)u->traffic.bytes_out);
	add_amount(c, u->link, (double)u->traffic.bytes_in);
}

static void put_summary(const struct columns_page *page, const struct status *status)
{
	char out[AMOUNT_TEXT_MAX], in[AMOUNT_TEXT_MAX], line[SUMMARY_MAX], at[16] = "";
	double rate_out = 0, rate_in = 0, denied_rate = 0;
	unsigned long sessions = 0, connections = 0;
	time_t now = time(NULL);
	struct tm tm;

	for (size_t i = 0; i < status->usages.n; i++) {
		const struct usage *u = &status->usages.list[i];

		rate_out += u->rate_out;
		rate_in += u->rate_in;
		denied_rate += u->denied_rate;
		sessions += u->sessions;
		connections += u->connections;
	}
	if (localtime_r(&now, &tm))
		strftime(at, sizeof(at), "%H:%M:%S", &tm);
	snprintf(line, sizeof(line),
		 "%s %zu users, out %s/s, in %s/s, %.0f denied/s, %lu sessions, %lu connections%s",
		 at, status->usages.n, amount_text((uint64_t)rate_out, out),
		 amount_text((uint64_t)rate_in, in), denied_rate, sessions, connections,
		 status->usages.n && !status->usages.has_table ? ", no firewall" : "");
	columns_put_styled(page, CELL_TITLE, line, page->width);
}

static void add_rows(struct columns *c, const struct view *view, size_t rows)
{
	const struct usages *usages = &view->status.usages;
	_cleanup_free_ struct usage **sorted = calloc(usages->n + 1, sizeof(struct usage *));
	order_fn *order = view->order;

	for (size_t i = 0; i < usages->n && sorted; i++)
		sorted[i] = &usages->list[i];
	if (!sorted)
		c->failed = true;
	else
		qsort_r(sorted, usages->n, sizeof(struct usage *), compare, &order);
	for (size_t i = 0; i < usages->n && i < rows && sorted; i++)
		add_row(c, &view->status, sorted[i]);
}

static void put_screen(const struct view *view, FILE *out)
{
	struct columns c = columns_start(table, ARRAY_SIZE(table));
	struct columns_page page = columns_page_of(stdout);
	size_t rows;

	terminal_size(&page.width, &rows);
	page.out = out;
	page.line_end = TERMINAL_LINE_END;
	page.rows = rows > OTHER_ROWS ? rows - OTHER_ROWS : 0;
	put_summary(&page, &view->status);
	/* Neither goes beyond the last line: that would move all up. */
	if (rows > 2) {
		fputs(page.line_end, out);
		add_rows(&c, view, page.rows);
		columns_print(&c, &page);
	}
	if (rows >= ROWS_WITH_KEYS)
		columns_put_styled(&page, CELL_FAINT, keys_line, page.width);
	columns_done(&c);
}

static int draw(const struct view *view)
{
	_cleanup_free_ char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return -ENOMEM;
	put_screen(view, out);
	if (fclose(out) != 0)
		return -ENOMEM;
	return terminal_draw(text, length);
}

/*
 * What is seen
 */

static void take_names(struct usages *to, const struct usages *from)
{
	for (size_t i = 0; i < to->n; i++) {
		struct usage *before = usage_find(from, to->list[i].uid);

		if (before)
			to->list[i].name = steal_ptr(&before->name);
	}
}

static int look(struct view *view, bool first)
{
	struct status status;
	int r;

	view->step = "read the configuration";
	r = status_load(&status, false);
	if (!r)
		r = usage_read(USAGE_ALL & ~(unsigned)USAGE_NAMES, &status.usages, &view->step);
	if (!r && first) {
		r = usage_measure(&status.usages, FIRST_MS);
	} else if (!r) {
		usage_compare(&status.usages, &view->status.usages);
		take_names(&status.usages, &view->status.usages);
		usage_read_names(&status.usages);
	}
	if (r) {
		status_done(&status);
		return r;
	}
	status_done(&view->status);
	view->status = status;
	return 0;
}

/* False: it is to end. */
static bool press(struct view *view, char key)
{
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++)
		if (orders[i].key == key)
			view->order = orders[i].compare;
	return key != 'q';
}

static int watch(struct view *view)
{
	int64_t next = usage_now_ns() + view->interval_ms * NS_PER_MS;
	int r = 0;

	while (!r) {
		char key = 0;

		r = draw(view);
		if (r) {
			view->step = "write to the terminal";
			break;
		}
		switch (terminal_wait(&view->terminal, next, &key)) {
		case TERMINAL_TIME:
			r = look(view, false);
			next = usage_now_ns() + view->interval_ms * NS_PER_MS;
			break;
		case TERMINAL_KEY:
			if (!press(view, key))
				return 0;
			break;
		case TERMINAL_CHANGED:
			break;
		case TERMINAL_INTERRUPTED:
			return 0;
		case TERMINAL_LOST:
			view->step = "use the terminal";
			r = -EIO;
			break;
		}
	}
	return r;
}

static int run(struct view *view)
{
	int r;

	/* Before the screen is another one, so that what goes wrong at once is seen. */
	r = look(view, true);
	if (r)
		return ctl_error(r, "cannot %s", view->step);
	r = terminal_start(&view->terminal);
	if (r == -ENOTTY)
		return ctl_error(0, "top needs a terminal to draw on: see netnsctl status");
	view->step = "use the terminal";
	if (!r)
		r = watch(view);
	terminal_done(&view->terminal);
	return r ? ctl_error(r, "cannot %s", view->step) : 0;
}

int ctl_top(int argc, char **argv)
{
	static const struct option options[] = {
		{ "interval", required_argument, NULL, 'i' },
		{ NULL, 0, NULL, 0 },
	};
	struct view view = {
		.terminal = TERMINAL_INIT,
		.interval_ms = INTERVAL_MS,
		.order = by_traffic,
	};
	int option;
	int result;

	while ((option = ctl_option(argc, argv, "i:", options)) != -1)
		if (option != 'i' ||
		    ctl_read_interval(optarg, INTERVAL_LEAST_MS, &view.interval_ms))
			return ctl_usage(argv[0]);
	if (argc > optind)
		return ctl_usage(argv[0]);
	if (ctl_need_root(argv[0]) || ctl_enter_host())
		return 1;
	result = run(&view);
	status_done(&view.status);
	return result;
}
