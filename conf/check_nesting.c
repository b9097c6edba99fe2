/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/check.h"
#include "conf/parse.h"
#include "conf/value.h"

/*
 * Policies use policies and lists hold lists.  Whoever follows them does so
 * without a count: the depth and the size of the result are bounded here, far
 * above what anybody writes.
 */
#define STATEMENTS_MAX 4096U
#define ADDRESSES_MAX  (1U << 20)

#define NOWHERE SIZE_MAX

/* How to walk through the one or the other: nodes and edges are numbered. */
struct graph {
	const char *what;
	const char *plural;
	const char *parts;
	unsigned size_max;
	size_t (*n_nodes)(const struct conf *conf);
	size_t (*n_edges)(const struct conf *conf, size_t node);
	/* The node at the other end, or NOWHERE for a part that leads to none. */
	size_t (*edge)(const struct conf *conf, size_t node, size_t i,
		       const struct conf_place **ret_place);
	const char *(*name)(const struct conf *conf, size_t node);
	const struct conf_place *(*place)(const struct conf *conf, size_t node);
};

static size_t policy_count(const struct conf *conf)
{
	return conf->n_policies;
}

static size_t policy_n_edges(const struct conf *conf, size_t node)
{
	return conf->policies[node]->n_statements;
}

static size_t policy_edge(const struct conf *conf, size_t node, size_t i,
			  const struct conf_place **ret_place)
{
	const struct conf_statement *s = &conf->policies[node]->statements[i];

	if (s->kind != CONF_USE || !s->use.policy)
		return NOWHERE;
	*ret_place = &s->place;
	return s->use.policy->index;
}

static const char *policy_name(const struct conf *conf, size_t node)
{
	return conf->policies[node]->name;
}

static const struct conf_place *policy_place(const struct conf *conf, size_t node)
{
	return &conf->policies[node]->place;
}

static const struct graph policies = {
	.what = "policy",
	.plural = "policies use each other",
	.parts = "statements",
	.size_max = STATEMENTS_MAX,
	.n_nodes = policy_count,
	.n_edges = policy_n_edges,
	.edge = policy_edge,
	.name = policy_name,
	.place = policy_place,
};

static size_t list_count(const struct conf *conf)
{
	return conf->n_addresses;
}

static size_t list_n_edges(const struct conf *conf, size_t node)
{
	return conf->addresses[node]->n_members;
}

static size_t list_edge(const struct conf *conf, size_t node, size_t i,
			const struct conf_place **ret_place)
{
	const struct conf_member *member = &conf->addresses[node]->members[i];

	if (!member->list)
		return NOWHERE;
	*ret_place = &member->place;
	return member->list->index;
}

static const char *list_name(const struct conf *conf, size_t node)
{
	return conf->addresses[node]->name;
}

static const struct conf_place *list_place(const struct conf *conf, size_t node)
{
	return &conf->addresses[node]->place;
}

static const struct graph lists = {
	.what = "address list",
	.plural = "address lists hold each other",
	.parts = "addresses",
	.size_max = ADDRESSES_MAX,
	.n_nodes = list_count,
	.n_edges = list_n_edges,
	.edge = list_edge,
	.name = list_name,
	.place = list_place,
};

struct node {
	bool open; /* on the path */
	unsigned depth; /* 0: not visited */
	unsigned size;
};

struct step {
	size_t node;
	size_t next; /* edge to follow from there */
};

struct walk {
	struct check *c;
	const struct graph *graph;
	struct node *nodes;
	struct step path[CONF_NESTING_MAX];
	unsigned n_path;
	size_t *order; /* of leaving: what a node leads to comes before it */
	size_t n_order;
};

static void report_loop(struct walk *w, size_t node, const struct conf_place *place)
{
	const struct conf *conf = w->c->conf;
	char text[(CONF_NESTING_MAX + 1) * (VALUE_NAME_MAX + 4)];
	unsigned i = w->n_path - 1;
	size_t n = 0;

	while (w->path[i].node != node)
		i--;
	for (; i < w->n_path; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s -> ",
				      w->graph->name(conf, w->path[i].node));
	parse_report(w->c->p, DIAG_ERROR, place, "%s in a circle: %s%s", w->graph->plural, text,
		     w->graph->name(conf, node));
	w->c->endless = true;
}

/* Counts as small from here on: one error, not one for all that it is part of. */
static void report_excess(struct walk *w, size_t node, const char *how, unsigned max,
			  const char *parts)
{
	parse_report(w->c->p, DIAG_ERROR, w->graph->place(w->c->conf, node), "%s '%s' %s %u %s",
		     w->graph->what, w->graph->name(w->c->conf, node), how, max, parts);
	w->nodes[node].depth = 1;
	w->nodes[node].size = 1;
	w->c->endless = true;
}

static void enter(struct walk *w, size_t at)
{
	w->nodes[at] = (struct node){ .open = true, .depth = 1 };
	w->path[w->n_path++] = (struct step){ .node = at };
}

/* What a node leads to counts for it too, and one for the step: walking is work. */
static void add(struct walk *w, size_t from, size_t to)
{
	struct node *node = &w->nodes[from];
	const struct node *next = &w->nodes[to];

	if (next->depth + 1 > node->depth)
		node->depth = next->depth + 1;
	node->size += 1 + next->size;
	if (node->size > w->graph->size_max)
		node->size = w->graph->size_max + 1;
}

static void leave(struct walk *w)
{
	size_t at = w->path[--w->n_path].node;
	struct node *node = &w->nodes[at];

	node->open = false;
	w->order[w->n_order++] = at;
	/* Without a name its definition was wrong, and nothing leads there. */
	if (!w->graph->name(w->c->conf, at))
		return;
	if (node->depth > CONF_NESTING_MAX)
		report_excess(w, at, "nests deeper than", CONF_NESTING_MAX, "levels");
	else if (node->size > w->graph->size_max)
		report_excess(w, at, "comes to more than", w->graph->size_max, w->graph->parts);
	if (w->n_path > 0)
		add(w, w->path[w->n_path - 1].node, at);
}

static void follow(struct walk *w)
{
	struct step *step = &w->path[w->n_path - 1];
	const struct conf_place *place = NULL;
	size_t to = w->graph->edge(w->c->conf, step->node, step->next++, &place);

	if (to == NOWHERE)
		w->nodes[step->node].size++;
	else if (w->nodes[to].open)
		report_loop(w, to, place);
	else if (w->nodes[to].depth > 0)
		add(w, step->node, to);
	else if (w->n_path < CONF_NESTING_MAX)
		enter(w, to);
	else
		/* What comes there is visited on its own. */
		w->nodes[step->node].depth = CONF_NESTING_MAX + 1;
}

static void visit(struct walk *w, size_t start)
{
	enter(w, start);
	while (w->n_path > 0) {
		const struct step *step = &w->path[w->n_path - 1];

		if (step->next < w->graph->n_edges(w->c->conf, step->node))
			follow(w);
		else
			leave(w);
	}
}

static int walk(struct check *c, const struct graph *graph, size_t **ret_order)
{
	size_t n_nodes = graph->n_nodes(c->conf);
	_cleanup_free_ struct node *nodes = calloc(n_nodes + 1, sizeof(*nodes));
	_cleanup_free_ size_t *order = calloc(n_nodes + 1, sizeof(*order));
	struct walk w = { .c = c, .graph = graph, .nodes = nodes, .order = order };

	if (!nodes || !order)
		return -ENOMEM;
	for (size_t i = 0; i < n_nodes; i++) {
		if (nodes[i].depth == 0)
			visit(&w, i);
	}
	*ret_order = steal_ptr(&order);
	return 0;
}

int check_nesting(struct check *c)
{
	int r;

	r = walk(c, &lists, &c->lists);
	return r < 0 ? r : walk(c, &policies, &c->policies);
}
