/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/base.h"
#include "helper/fw_eval.h"
#include "helper/fw_ir.h"
#include "helper/fw_view.h"

/* NFT_JUMP_STACK_SIZE: deeper than this the kernel refuses a table, and so any circle. */
#define LEVELS_MAX 16U

/* A place in a chain. */
struct frame {
	const struct fw_chain *chain;
	const struct fw_rule *rule; /* the next one, or NULL */
	unsigned level; /* of chains that led here */
	/* The last rule with a comment that did, or NULL. */
	const struct fw_chain *guide_chain;
	const struct fw_rule *guide;
};

/* A packet on its way. */
struct walk {
	struct fw_view view;
	struct frame at;
	struct frame jumps[LEVELS_MAX]; /* where to go on at the end of a chain */
	size_t n_jumps;
	const struct fw_chain *target; /* after GOES_TO and JUMPS_TO */
	enum fw_verdict verdict; /* after DECIDES */
	const struct fw_expr *nat; /* likewise, what translates the address; NULL: nothing does */
	const struct fw_element *nat_element; /* of its map */
};

/*
 * Expressions
 */

/* What comes after one. */
enum outcome {
	GOES_ON, /* the next, or behind the last one the next rule */
	ENDS, /* the next rule */
	GOES_TO, /* target */
	JUMPS_TO, /* target, and then the next rule */
	DECIDES, /* verdict */
};

static enum outcome goes_on_if(bool matches)
{
	return matches ? GOES_ON : ENDS;
}

static enum outcome eval_match(struct walk *w, const struct fw_expr *e)
{
	bool is;

	if (!fw_view_is_in(&w->view, e->field, &e->span, &is))
		return ENDS;
	return goes_on_if(is != e->negate);
}

static enum outcome eval_match_set(struct walk *w, const struct fw_expr *e)
{
	const struct fw_element *element;

	if (!fw_view_find(&w->view, e->field, e->set, &element))
		return ENDS;
	return goes_on_if((element != NULL) != e->negate);
}

static enum outcome eval_match_bits(struct walk *w, const struct fw_expr *e)
{
	bool matches;

	if (!fw_view_has(&w->view, e->field))
		return ENDS;
	matches = fw_view_number(&w->view, e->field) & e->number;
	return goes_on_if(matches != e->negate);
}

/* Counters and logs, and limits that have room. */
static enum outcome eval_nothing(struct walk *w, const struct fw_expr *e)
{
	(void)w;
	(void)e;
	return GOES_ON;
}

static enum outcome eval_set_mark(struct walk *w, const struct fw_expr *e)
{
	w->view.mark |= e->number;
	return GOES_ON;
}

static enum outcome eval_update(struct walk *w, const struct fw_expr *e)
{
	for (size_t i = 0; i < e->set->n_keys; i++) {
		if (!fw_view_has(&w->view, e->set->fields[i]))
			return ENDS;
	}
	return GOES_ON;
}

/* Nobody has sent anything before. */
static enum outcome eval_match_added(struct walk *w, const struct fw_expr *e)
{
	return e->negate ? eval_update(w, e) : ENDS;
}

static enum outcome eval_limit_each(struct walk *w, const struct fw_expr *e)
{
	return e->negate ? ENDS : eval_update(w, e);
}

/* The rule is for those beyond the limit. */
static enum outcome eval_limit_connections(struct walk *w, const struct fw_expr *e)
{
	(void)w;
	(void)e;
	return ENDS;
}

static enum outcome eval_verdict(struct walk *w, const struct fw_expr *e)
{
	static const enum fw_verdict verdicts[FW_N_KINDS] = {
		[FW_ACCEPT] = FW_VERDICT_ACCEPT,
		[FW_DROP] = FW_VERDICT_DROP,
		[FW_RESET] = FW_VERDICT_RESET,
		[FW_REJECT] = FW_VERDICT_REJECT,
	};

	w->verdict = verdicts[e->kind];
	return DECIDES;
}

/* What is translated is accepted.  With several destinations, it is the turn of the first. */
static enum outcome eval_nat(struct walk *w, const struct fw_expr *e)
{
	const struct fw_element *element = NULL;

	if (e->family && e->family != w->view.packet->family)
		return ENDS;
	if (e->kind == FW_DNAT_MAP &&
	    (!fw_view_find(&w->view, e->field, e->set, &element) || !element))
		return ENDS;
	if (e->kind == FW_DNAT_SPREAD) {
		if (e->set->n_elements == 0)
			return ENDS;
		element = &e->set->elements[0];
	}
	w->nat = e;
	w->nat_element = element;
	w->verdict = FW_VERDICT_ACCEPT;
	return DECIDES;
}

static enum outcome eval_chain(struct walk *w, const struct fw_expr *e)
{
	w->target = e->chain;
	return e->kind == FW_JUMP ? JUMPS_TO : GOES_TO;
}

static enum outcome eval_vmap(struct walk *w, const struct fw_expr *e)
{
	const struct fw_element *element;

	if (!fw_view_find(&w->view, e->field, e->set, &element) || !element)
		return ENDS;
	w->target = element->chain;
	return GOES_TO;
}

typedef enum outcome eval_fn(struct walk *w, const struct fw_expr *e);

static eval_fn *const eval_kinds[] = {
	[FW_END] = NULL,
	[FW_MATCH] = eval_match,
	[FW_MATCH_SET] = eval_match_set,
	[FW_MATCH_BITS] = eval_match_bits,
	[FW_MATCH_ADDED] = eval_match_added,
	[FW_COUNTER] = eval_nothing,
	[FW_COUNTER_NAMED] = eval_nothing,
	[FW_LIMIT] = eval_nothing,
	[FW_LOG] = eval_nothing,
	[FW_SET_MARK] = eval_set_mark,
	[FW_UPDATE] = eval_update,
	[FW_LIMIT_CONNECTIONS] = eval_limit_connections,
	[FW_LIMIT_EACH] = eval_limit_each,
	[FW_ACCEPT] = eval_verdict,
	[FW_DROP] = eval_verdict,
	[FW_RESET] = eval_verdict,
	[FW_REJECT] = eval_verdict,
	[FW_GOTO] = eval_chain,
	[FW_JUMP] = eval_chain,
	[FW_VMAP] = eval_vmap,
	[FW_MASQUERADE] = eval_nat,
	[FW_MASQUERADE_TO] = eval_nat,
	[FW_DNAT] = eval_nat,
	[FW_DNAT_MAP] = eval_nat,
	[FW_DNAT_SPREAD] = eval_nat,
};
static_assert(ARRAY_SIZE(eval_kinds) == FW_N_KINDS, "every kind can be evaluated");

/*
 * Chains
 */

static enum outcome run_rule(struct walk *w, const struct fw_rule *rule)
{
	enum outcome outcome = GOES_ON;

	for (const struct fw_expr *e = rule->exprs; e->kind != FW_END && outcome == GOES_ON; e++)
		outcome = eval_kinds[e->kind](w, e);
	return outcome;
}

static struct frame start_of(const struct fw_chain *chain)
{
	return (struct frame){ .chain = chain, .rule = chain->rules };
}

/* Rule leads to the target.  Levels grow from jump to jump, so that there is room for all. */
static int enter(struct walk *w, const struct fw_rule *rule, bool comes_back)
{
	struct frame to = start_of(w->target);

	to.level = w->at.level + 1;
	if (to.level == LEVELS_MAX)
		return -ELOOP;
	to.guide_chain = rule->comment ? w->at.chain : w->at.guide_chain;
	to.guide = rule->comment ? rule : w->at.guide;
	if (comes_back)
		w->jumps[w->n_jumps++] = w->at;
	w->at = to;
	return 0;
}

static struct fw_step step_of(const struct walk *w, const struct fw_chain *base,
			      const struct fw_rule *rule)
{
	if (!rule->comment && w->at.guide)
		return (struct fw_step){ base, w->at.guide_chain, w->at.guide };
	return (struct fw_step){ base, w->at.chain, rule };
}

static int run_base(struct walk *w, const struct fw_chain *base, struct fw_step *ret_step)
{
	int r = 0;

	w->view.base = base->base;
	w->at = start_of(base);
	w->n_jumps = 0;
	w->verdict = base->base->drop ? FW_VERDICT_DROP : FW_VERDICT_ACCEPT;
	*ret_step = (struct fw_step){ base, base, NULL };
	while (r == 0 && (w->at.rule || w->n_jumps > 0)) {
		const struct fw_rule *rule = w->at.rule;
		enum outcome outcome;

		if (!rule) {
			w->at = w->jumps[--w->n_jumps];
			continue;
		}
		w->at.rule = rule->next;
		outcome = run_rule(w, rule);
		if (outcome == DECIDES) {
			*ret_step = step_of(w, base, rule);
			return 0;
		}
		if (outcome == GOES_TO || outcome == JUMPS_TO)
			r = enter(w, rule, outcome == JUMPS_TO);
	}
	return r;
}

static bool passes(enum fw_path path, enum fw_hook hook)
{
	static const unsigned hooks[] = {
		[FW_PATH_FORWARD] = 1U << FW_HOOK_PREROUTING | 1U << FW_HOOK_FORWARD |
				    1U << FW_HOOK_POSTROUTING,
		[FW_PATH_INPUT] = 1U << FW_HOOK_PREROUTING | 1U << FW_HOOK_INPUT,
		[FW_PATH_OUTPUT] = 1U << FW_HOOK_OUTPUT | 1U << FW_HOOK_POSTROUTING,
	};

	return hooks[path] & 1U << hook;
}

int fw_eval_packet(const struct fw_eval *eval, const struct fw_packet *packet,
		   struct fw_decision *ret_decision)
{
	struct walk w = { .view = { .packet = packet, .mark = packet->mark } };
	struct fw_decision decision = { .verdict = FW_VERDICT_ACCEPT };

	for (size_t i = 0; i < eval->n_bases && decision.verdict == FW_VERDICT_ACCEPT; i++) {
		const struct fw_chain *base = eval->bases[i];
		int r;

		if (!passes(packet->path, base->base->hook))
			continue;
		r = run_base(&w, base, &decision.steps[decision.n_steps++]);
		if (r < 0)
			return r;
		decision.verdict = w.verdict;
	}
	*ret_decision = decision;
	return 0;
}

static void read_nat(const struct walk *w, const struct fw_packet *packet, struct fw_nat *nat)
{
	size_t width = packet->family == AF_INET ? 4 : 16;
	const struct fw_element *element = w->nat_element;

	nat->kind = w->nat->kind == FW_MASQUERADE || w->nat->kind == FW_MASQUERADE_TO
			    ? FW_NAT_SOURCE
			    : FW_NAT_DESTINATION;
	memcpy(nat->daddr, packet->daddr, sizeof(nat->daddr));
	nat->dport = packet->dport;
	if (w->nat->kind == FW_DNAT)
		memcpy(nat->daddr, w->nat->span.first, width);
	if (!element)
		return;
	memcpy(nat->daddr, element->data, width);
	if (w->nat->kind == FW_DNAT_MAP)
		nat->dport = (uint16_t)(element->data[width] << 8 | element->data[width + 1]);
}

int fw_eval_nat(const struct fw_table *table, enum fw_hook hook, const struct fw_packet *packet,
		struct fw_nat *ret_nat)
{
	struct walk w = { .view = { .packet = packet, .mark = packet->mark } };
	struct fw_nat nat = { .kind = FW_NAT_NONE };
	struct fw_step step;
	int r = 0;

	for (const struct fw_chain *chain = table->chains; chain && !w.nat && r == 0;
	     chain = chain->next) {
		if (chain->base && strcmp(chain->base->type, "nat") == 0 &&
		    chain->base->hook == hook)
			r = run_base(&w, chain, &step);
	}
	if (r < 0)
		return r;
	if (w.nat)
		read_nat(&w, packet, &nat);
	*ret_nat = nat;
	return 0;
}

const struct fw_step *fw_decided_by(const struct fw_decision *decision)
{
	if (decision->n_steps == 0)
		return NULL;
	for (size_t i = 0; i < decision->n_steps && decision->verdict == FW_VERDICT_ACCEPT; i++) {
		if (!decision->steps[i].chain->base)
			return &decision->steps[i];
	}
	return &decision->steps[decision->n_steps - 1];
}

/* Hooks are numbered as a packet passes them; of one priority, the later chain is run first. */
static bool is_run_before(const struct fw_base *base, const struct fw_base *other)
{
	if (base->hook != other->hook)
		return base->hook < other->hook;
	return base->priority <= other->priority;
}

int fw_eval_init(struct fw_eval *eval, const struct fw_table *table)
{
	struct fw_eval found = { .n_bases = 0 };

	for (const struct fw_chain *chain = table->chains; chain; chain = chain->next) {
		size_t place = found.n_bases;

		if (!chain->base || strcmp(chain->base->type, "nat") == 0)
			continue;
		if (found.n_bases == ARRAY_SIZE(found.bases))
			return -E2BIG;
		for (; place > 0 && is_run_before(chain->base, found.bases[place - 1]->base);
		     place--)
			found.bases[place] = found.bases[place - 1];
		found.bases[place] = chain;
		found.n_bases++;
	}
	*eval = found;
	return 0;
}
