/* Choosing the keys by which a YARA string is found. See re_atoms.h. */
#include "re_atoms.h"

#include <string.h>

#include "checked.h"
#include "pattern_int.h"

#define COMMON 8000u  /* hits per 1000 MB from which ov_gram_cost() was counted, not estimated */
#define CHOICES 16u   /* most bytes that one place of a key's beginning may be               */
#define WRITTEN 64u   /* most keys that one run is written out to                            */
#define RUN_MAX 4096u /* cells of a run that are looked at                                   */
#define SHORT_CHOICES 4u
#define SHORT_WRITTEN 8u
#define AROUND 16u /* bytes beside an alternative that are read together with it          */

static bool is_certain(uint8_t value, uint8_t mask)
{
	return mask == 0xff || (mask == 0xdf && value >= 'A' && value <= 'Z');
}

struct choice {
	uint8_t value, mask;
};

/* The bytes that a cell may be, letters in both cases as one. @return how many; 0: too many. */
static uint32_t choices_of(const struct re_cell *c, struct choice out[CHOICES])
{
	uint8_t set[32];
	uint32_t n = 0;

	if (is_certain(c->value, c->mask)) {
		out[0] = (struct choice){ c->value, c->mask };
		return 1;
	}
	if (c->leaf == NULL || c->inner)
		return 0;
	re_leaf_set(c->leaf, set);
	for (unsigned b = 0; b < 256; b++) {
		const bool is_lower = b >= 'a' && b <= 'z', is_upper = b >= 'A' && b <= 'Z';
		const bool is_pair = (is_lower || is_upper) && re_set_has(set, b & 0xdf) &&
				     re_set_has(set, b | 0x20);

		if (!re_set_has(set, b) || (is_pair && is_lower))
			continue;
		if (n == CHOICES)
			return 0;
		out[n++] = (struct choice){ (uint8_t)b, is_pair ? 0xdf : 0xff };
	}
	return n;
}

struct window { /* a place where a key may begin */
	struct choice choice[OV_GRAM_MIN][CHOICES];
	uint32_t nchoices[OV_GRAM_MIN];
	uint32_t written;	 /* keys that it is written out to */
	struct ov_gram_key tail; /* its bytes from the fifth on */
	uint64_t tail_cost;	 /* rarest certain gram behind the first; UINT32_MAX: none */
	uint32_t certain;	 /* certain bytes behind the first four                  */
};

static bool open_window(const struct re_cell *cells, size_t n, size_t at, struct window *w)
{
	w->written = 1;
	if (n - at < OV_GRAM_MIN || cells[at].inner)
		return false;
	for (unsigned i = 0; i < OV_GRAM_MIN; i++) {
		w->nchoices[i] = choices_of(&cells[at + i], w->choice[i]);
		w->written *= w->nchoices[i];
		if (w->written == 0 || w->written > WRITTEN)
			return false;
	}
	return true;
}

static uint64_t cheapest_gram(const struct ov_gram_key *k)
{
	uint64_t least = UINT32_MAX;

	for (unsigned i = OV_GRAM_MIN; i + OV_GRAM_MIN <= k->n; i++) {
		bool is_gram = true;

		for (unsigned j = i; j < i + OV_GRAM_MIN && is_gram; j++)
			is_gram = is_certain(k->value[j], k->mask[j]);
		if (is_gram)
			least = ov_min_u64(least, ov_gram_cost(k->value + i, k->mask + i));
	}
	return least;
}

/* What follows the first four bytes of a key. */
static void read_tail(const struct re_cell *cells, size_t n, size_t at, struct window *w)
{
	size_t len = ov_min_size(OV_GRAM_MAX, n - at);

	w->tail = (struct ov_gram_key){ 0 };
	w->certain = 0;
	for (size_t i = OV_GRAM_MIN; i < len; i++) {
		const struct re_cell *c = &cells[at + i];

		w->tail.value[i] = c->value & c->mask;
		w->tail.mask[i] = c->mask;
		w->certain += is_certain(c->value, c->mask);
	}
	while (len > OV_GRAM_MIN && w->tail.mask[len - 1] == 0)
		len--;
	w->tail.n = (uint8_t)len;
	w->tail_cost = cheapest_gram(&w->tail);
}

/* The i-th key that a window is written out to. @return false when all its four bytes are alike. */
static bool key_at(const struct window *w, uint32_t i, struct ov_gram_key *k)
{
	bool differ = false;

	*k = w->tail;
	for (unsigned b = 0; b < OV_GRAM_MIN; b++) {
		const struct choice *c = &w->choice[b][i % w->nchoices[b]];

		i /= w->nchoices[b];
		k->value[b] = c->value;
		k->mask[b] = c->mask;
		differ |= (k->value[b] | 0x20) != (k->value[0] | 0x20);
	}
	return differ;
}

/*
 * How good a window is, less is better: each further byte makes a chance match rarer, in runs of
 * common grams (text, padding) less so. Twin of weigh_key() in pattern_anchor.c.
 */
static bool weigh(const struct window *w, struct re_cover *out)
{
	*out = (struct re_cover){ 0 };
	for (uint32_t i = 0; i < w->written; i++) {
		struct ov_gram_key k;
		uint64_t cost, wake;
		const uint32_t certain = (uint32_t)ov_min_u64(w->certain, OV_GRAM_MAX);

		if (!key_at(w, i, &k))
			return false;
		cost = ov_gram_cost(k.value, k.mask);
		wake = ov_min_u64(cost, w->tail_cost);
		wake = 1 + (wake << 8 >> (wake < COMMON ? certain : certain / 4));
		out->score += wake * 16 + (cost << 8);
		out->cost += (wake + 255) >> 8;
	}
	out->n = w->written;
	return true;
}

static ov_status write_keys(struct ov_arena *a, const struct re_cell *cells, size_t at,
			    const struct window *w, struct re_cover *out)
{
	for (uint32_t i = 0; i < w->written; i++) {
		struct re_atom *atom = NULL;

		OV_TRY(ov_arena_new(a, &atom));
		(void)key_at(w, i, &atom->key);
		atom->leaf = cells[at].leaf;
		atom->dist = (uint32_t)at;
		if (out->last != NULL)
			out->last->next = atom;
		else
			out->first = atom;
		out->last = atom;
	}
	return OV_OK;
}

ov_status re_cover_cells(struct ov_arena *a, const struct re_cell *cells, size_t n,
			 struct re_cover *out)
{
	struct re_cover best = { .score = UINT64_MAX };
	struct window w;
	size_t at = 0;

	for (size_t i = 0; i + OV_GRAM_MIN <= n && i < RUN_MAX; i++) {
		struct re_cover c;

		if (!open_window(cells, n, i, &w))
			continue;
		read_tail(cells, n, i, &w);
		/* A key that may begin at several distances must be verified from each. */
		if (!weigh(&w, &c))
			continue;
		if (cells[i].leaf != NULL && cells[i].leaf->pre_min != cells[i].leaf->pre_max)
			c.score *= 4;
		if (c.score < best.score) {
			best = c;
			at = i;
		}
	}
	*out = best;
	if (best.score == UINT64_MAX)
		return OV_OK;
	(void)open_window(cells, n, at, &w);
	read_tail(cells, n, at, &w);
	return write_keys(a, cells, at, &w, out);
}

/* The bytes of a short key: as many as four, written out where one of few bytes can stand. */
static bool open_short(const struct re_cell *cells, size_t n, size_t at, struct window *w)
{
	const size_t len = ov_min_size(OV_GRAM_MIN, n - at);

	w->written = 1;
	w->tail = (struct ov_gram_key){ .n = (uint8_t)len };
	w->certain = 0;
	for (size_t i = 0; i < OV_GRAM_MIN; i++) {
		const struct re_cell *c = &cells[at + i];

		w->nchoices[i] = i < len ? choices_of(c, w->choice[i]) : 0;
		if (w->nchoices[i] == 0 || w->nchoices[i] > SHORT_CHOICES ||
		    w->written * w->nchoices[i] > SHORT_WRITTEN) {
			w->choice[i][0] = (struct choice){ 0 };
			if (i < len)
				w->choice[i][0] = (struct choice){ c->value & c->mask, c->mask };
			w->nchoices[i] = 1;
		}
		w->written *= w->nchoices[i];
		if (w->choice[i][0].mask != 0)
			w->certain += (uint32_t)__builtin_popcount(w->choice[i][0].mask) *
				      (9 - (pat_byte_weight(w->choice[i][0].value) + 1) / 2);
	}
	while (w->tail.n > 0 && w->choice[w->tail.n - 1][0].mask == 0)
		w->tail.n--;
	return !cells[at].inner && w->choice[0][0].mask != 0;
}

/* As re_cover_cells(), for keys of one to four bytes: only a search in the sieve can use them. */
static ov_status short_cells(struct ov_arena *a, const struct re_cell *cells, size_t n,
			     struct re_cover *out)
{
	struct window w;
	size_t at = 0;

	*out = (struct re_cover){ .score = UINT64_MAX };
	for (size_t i = 0; i < n; i++) {
		uint64_t score;

		if (!open_short(cells, n, i, &w))
			continue;
		score = ((uint64_t)w.written << 40) >> (w.certain / 8);
		if (cells[i].leaf->pre_min != cells[i].leaf->pre_max)
			score *= 4;
		if (score >= out->score)
			continue;
		*out = (struct re_cover){ .score = score, .n = w.written };
		at = i;
	}
	if (out->score == UINT64_MAX)
		return OV_OK;
	(void)open_short(cells, n, at, &w);
	return write_keys(a, cells, at, &w, out);
}

struct run { /* of cells, while a sequence is read */
	struct re_cell *cells;
	size_t n, cap;
	bool wide, is_short;
};

static struct re_cell cell_of(const struct re_node *leaf)
{
	struct re_cell c = { .leaf = leaf };

	if (leaf->kind == RE_BYTE) {
		c.value = leaf->value;
		c.mask = 0xff;
	} else if (leaf->kind == RE_MASK && !leaf->negated) {
		c.value = leaf->value;
		c.mask = leaf->mask;
	}
	return c;
}

static ov_status cover_run(struct ov_arena *a, const struct run *r, struct re_cover *out)
{
	return r->is_short ? short_cells(a, r->cells, r->n, out)
			   : re_cover_cells(a, r->cells, r->n, out);
}

static bool push_leaf(struct run *r, const struct re_node *leaf)
{
	if (r->n + 2 > r->cap)
		return false;
	r->cells[r->n++] = cell_of(leaf);
	if (r->wide)
		r->cells[r->n++] = (struct re_cell){ .mask = 0xff, .leaf = leaf, .inner = true };
	return true;
}

static bool is_place(const struct re_node *n)
{
	return n->kind >= RE_EMPTY && n->kind <= RE_WORD_INSIDE;
}

static void keep_better(struct re_cover *best, const struct re_cover *c)
{
	if (c->score < best->score)
		*best = *c;
}

static void add_cover(struct re_cover *to, const struct re_cover *c)
{
	if (c->score == UINT64_MAX || to->score == UINT64_MAX || to->n + c->n > RE_ATOMS_MAX) {
		to->score = UINT64_MAX;
		return;
	}
	to->score += c->score;
	to->cost += c->cost;
	to->n += c->n;
	if (to->last != NULL)
		to->last->next = c->first;
	else
		to->first = c->first;
	to->last = c->last;
}

/* The leaves beside a node, away from it, until something else stands there. */
static void push_after(struct run *r, const struct re_node *n)
{
	for (uint32_t i = 0; n != NULL && i < AROUND && (re_is_leaf(n) || is_place(n));
	     i++, n = n->next)
		if (re_is_leaf(n) && !push_leaf(r, n))
			return;
}

static const struct re_node *go_back(const struct re_node *n)
{
	for (uint32_t i = 0;
	     i < AROUND && n->prev != NULL && (re_is_leaf(n->prev) || is_place(n->prev)); i++)
		n = n->prev;
	return n;
}

/* Alternatives together with the leaves around them: a key for each that is all leaves. */
static ov_status cover_around(struct ov_arena *a, struct run *r, const struct re_node *alt,
			      struct re_cover *out)
{
	struct re_cover all = { 0 };

	out->score = UINT64_MAX;
	for (const struct re_node *c = alt->first; c != NULL; c = c->next) {
		const struct re_node *leaf = c->kind == RE_SEQ ? c->first : c;
		struct re_cover one;

		r->n = 0;
		for (const struct re_node *b = go_back(alt); b != alt; b = b->next)
			if (re_is_leaf(b) && !push_leaf(r, b))
				return OV_OK;
		for (; leaf != NULL; leaf = c->kind == RE_SEQ ? leaf->next : NULL)
			if (!re_is_leaf(leaf) || !push_leaf(r, leaf))
				return OV_OK;
		push_after(r, alt->next);
		OV_TRY(cover_run(a, r, &one));
		add_cover(&all, &one);
		if (all.score == UINT64_MAX)
			return OV_OK;
	}
	*out = all;
	return OV_OK;
}

struct covers { /* of the nodes of a tree: by number, in the order of leaving them */
	struct ov_arena *a;
	struct run run;
};

static ov_status cover_sequence(struct covers *v, const struct re_node *seq, struct re_cover *best)
{
	struct re_cover c;

	v->run.n = 0;
	for (const struct re_node *n = seq->first; n != NULL; n = n->next) {
		if (re_is_leaf(n) && push_leaf(&v->run, n))
			continue;
		if (is_place(n))
			continue;
		OV_TRY(cover_run(v->a, &v->run, &c));
		keep_better(best, &c);
		if (n->kind == RE_ALT) {
			OV_TRY(cover_around(v->a, &v->run, n, &c));
			keep_better(best, &c);
		}
		v->run.n = 0;
		if (!re_is_leaf(n) && n->cover != NULL)
			keep_better(best, n->cover);
	}
	OV_TRY(cover_run(v->a, &v->run, &c));
	keep_better(best, &c);
	return OV_OK;
}

static ov_status cover_node(struct covers *v, struct re_node *n)
{
	struct re_cover best = { .score = UINT64_MAX };

	if (is_place(n) || (re_is_leaf(n) && !v->run.is_short))
		return OV_OK;
	if (re_is_leaf(n)) {
		if (n->parent != NULL && n->parent->kind == RE_SEQ)
			return OV_OK; /* it is read with its neighbours */
		v->run.n = 0;
		(void)push_leaf(&v->run, n);
		OV_TRY(cover_run(v->a, &v->run, &best));
	} else if (n->kind == RE_SEQ) {
		OV_TRY(cover_sequence(v, n, &best));
	} else if (n->kind == RE_REPEAT) {
		/* A single byte that is repeated is one instruction: no place in it has a number.
		 */
		if (n->min > 0 && n->first->cover != NULL && !re_is_leaf(n->first))
			best = *n->first->cover;
	} else {
		best = (struct re_cover){ 0 };
		for (const struct re_node *c = n->first; c != NULL; c = c->next)
			if (c->cover != NULL)
				add_cover(&best, c->cover);
			else
				best.score = UINT64_MAX;
	}
	OV_TRY(ov_arena_new(v->a, &n->cover));
	*n->cover = best;
	return OV_OK;
}

static struct re_node *deepest(struct re_node *n)
{
	while (n->first != NULL)
		n = n->first;
	return n;
}

ov_status re_cover_tree(struct ov_arena *a, const struct re_tree *t, bool wide, bool is_short,
			struct re_cover *out)
{
	struct covers v = { .a = a, .run = { .wide = wide, .is_short = is_short } };

	v.run.cap = ov_min_size(2 * (size_t)t->nnodes + 2, RUN_MAX);
	OV_TRY(ov_arena_array(a, v.run.cap, &v.run.cells));
	for (struct re_node *n = deepest(t->root);;) {
		n->cover = NULL;
		OV_TRY(cover_node(&v, n));
		if (n == t->root)
			break;
		n = n->next != NULL ? deepest(n->next) : n->parent;
	}
	*out = t->root->cover != NULL ? *t->root->cover : (struct re_cover){ .score = UINT64_MAX };
	return OV_OK;
}
