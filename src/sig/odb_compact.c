/* Before writing: heaps and patterns hold what kept rules use, and nothing else. */
#include <stdlib.h>

#include "write_int.h"

struct heaps {
	struct ov_buf names, texts, conds;
};

/* Moves a text from one heap to another. */
static ov_status move(const struct ov_buf *from, struct b_text *t, struct ov_buf *to)
{
	return ov_build_text(to, ov_build_str(from, *t), t);
}

static ov_status move_sub(struct ov_odb_builder *b, struct b_sub *s, struct heaps *h)
{
	if (s->kind == OV_SUB_ICON) {
		OV_TRY(move(&b->names, &s->icon[0], &h->names));
		return move(&b->names, &s->icon[1], &h->names);
	}
	if (s->kind != OV_SUB_PCRE)
		return OV_OK;
	OV_TRY(move(&b->names, &s->regex, &h->names));
	OV_TRY(move(&b->names, &s->flags, &h->names));
	return move(&b->conds, &s->trigger, &h->conds);
}

static ov_status move_rule(struct ov_odb_builder *b, struct b_rule *r, struct heaps *h)
{
	struct b_sub *subs = rows_of(b->subs, struct b_sub) + r->first_sub;

	OV_TRY(move(&b->names, &r->name, &h->names));
	OV_TRY(move(&b->texts, &r->text, &h->texts));
	for (uint32_t i = 0; i < r->nsubs; i++)
		OV_TRY(move_sub(b, &subs[i], h));
	return move(&b->conds, &r->cond, &h->conds);
}

static ov_status move_all(struct ov_odb_builder *b, struct heaps *h)
{
	struct b_source *sources = rows_of(b->sources, struct b_source);
	struct b_ignore *ignores = rows_of(b->ignores, struct b_ignore);
	struct b_rule *rules = rows_of(b->rules, struct b_rule);

	for (size_t i = 0; i < rows_count(b->sources, struct b_source); i++) {
		OV_TRY(move(&b->names, &sources[i].name, &h->names));
		OV_TRY(move(&b->names, &sources[i].label, &h->names));
	}
	for (size_t i = 0; i < rows_count(b->ignores, struct b_ignore); i++)
		OV_TRY(move(&b->names, &ignores[i].name, &h->names));
	for (size_t i = 0; i < rows_count(b->rules, struct b_rule); i++)
		if (!rules[i].is_ignored)
			OV_TRY(move_rule(b, &rules[i], h));
	return OV_OK;
}

/* Numbers the patterns by first use. `number` has room for all, zeroed; 0: not used yet. */
static void number_patterns(struct ov_writer *w, uint32_t *number)
{
	const struct b_rule *rules = rows_of(w->b->rules, struct b_rule);

	for (size_t i = 0; i < rows_count(w->b->rules, struct b_rule); i++) {
		struct b_sub *subs = rows_of(w->b->subs, struct b_sub) + rules[i].first_sub;

		for (uint32_t k = 0; k < rules[i].nsubs && !rules[i].is_ignored; k++) {
			if (subs[k].kind != OV_SUB_PATTERN)
				continue;
			if (number[subs[k].pattern] == 0) {
				w->pats[w->npats++] = subs[k].pattern;
				number[subs[k].pattern] = w->npats;
			}
			subs[k].pattern = number[subs[k].pattern] - 1;
		}
	}
}

ov_status ov_write_compact(struct ov_writer *w)
{
	const size_t npats = (size_t)ov_pats_count(w->b->pats) + 1, max = w->b->names.max;
	struct heaps h = { ov_buf_of(max), ov_buf_of(max), ov_buf_of(max) };
	uint32_t *number = calloc(npats, sizeof *number);
	ov_status s = OV_NOMEM;

	w->pats = calloc(npats, sizeof *w->pats);
	if (number != NULL && w->pats != NULL)
		s = move_all(w->b, &h);
	if (s == OV_OK) {
		const struct heaps old = { w->b->names, w->b->texts, w->b->conds };

		number_patterns(w, number);
		w->b->names = h.names;
		w->b->texts = h.texts;
		w->b->conds = h.conds;
		h = old;
	}
	free(number);
	ov_buf_free(&h.names);
	ov_buf_free(&h.texts);
	ov_buf_free(&h.conds);
	return s;
}
