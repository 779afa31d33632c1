/*
 * Watched texts (the names of update hosts, words of appliances' configurations) in small files:
 * configurations, scripts, data of programs. A text in a file is a trace of something: it says
 * nothing about who put it there. Case-blind, ASCII.
 */
#include "ev_sources.h"
#include "images.h"
#include "type.h"

#define TEXT_MAX ((uint64_t)1 << 20) /* larger files are no configuration */

bool ov_ev_texts_wants(const struct ov_ev_file *f)
{
	return f->src->size > 5 && (f->src->size <= TEXT_MAX || f->is_target);
}

static bool is_text(const struct ov_inv_watch *w)
{
	return w->kind == OV_WATCH_HOST || w->kind == OV_WATCH_KEYWORD;
}

static unsigned char small(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

/* `fresh`: what it may begin with. Candidates are few, so comparing all of them is cheap. */
static ov_status search(struct ov_ev *e, const struct ov_ev_file *f, struct ov_cur c,
			const bool fresh[256])
{
	uint64_t line = 1;

	for (size_t i = 0; i < c.len; i++) {
		line += c.base[i] == '\n';
		if (!fresh[c.base[i]])
			continue;
		for (size_t k = 0; k < e->nwatch; k++) {
			const struct ov_inv_watch *w = &e->watch[k];

			if (!is_text(w) || w->pattern.n > c.len - i ||
			    small((unsigned char)w->pattern.p[0]) != small(c.base[i]) ||
			    !ov_text_same(
				(struct ov_str){ .p = (const char *)c.base + i, .n = w->pattern.n },
				w->pattern))
				continue;
			OV_TRY(ov_ev_watched(e, w,
					     ov_ev_fmt(e, "%.*s:%llu",
						       (int)ov_min_size(f->path.n, 2000), f->path.p,
						       (unsigned long long)line)));
		}
	}
	return OV_OK;
}

/* What is opened as an image has its texts in its files. */
static bool is_opened(struct ov_ev *e, const struct ov_ev_file *f)
{
	struct ov_tree_facts facts;

	if (!f->is_target)
		return false;
	for (size_t i = 0; ov_tree_forms[i] != NULL; i++)
		if (ov_tree_forms[i]->probe(e, f->src, &facts))
			return true;
	return ov_type_nature(ov_type_detect(f->head, f->src)) == OV_NATURE_CONTAINER;
}

ov_status ov_ev_texts_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	bool fresh[256] = { false }, has = false;
	struct ov_cur c;

	if (is_opened(e, f))
		return OV_OK;

	for (size_t k = 0; k < e->nwatch; k++) {
		const struct ov_inv_watch *w = &e->watch[k];

		if (!is_text(w) || w->pattern.n < 4)
			continue;
		fresh[small((unsigned char)w->pattern.p[0])] = has = true;
		if (w->pattern.p[0] >= 'a' && w->pattern.p[0] <= 'z')
			fresh[(unsigned char)w->pattern.p[0] - 32] = true;
	}
	if (!has)
		return OV_OK;
	if (f->src->size > TEXT_MAX) /* a target of any size: its beginning */
		OV_TRY(ov_src_view(f->src, 0, TEXT_MAX, &e->arena, &c));
	else
		OV_TRY(ov_ev_load(e, f, TEXT_MAX, &c));
	return search(e, f, c, fresh);
}
