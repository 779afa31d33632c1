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

/*
 * A live root holds far more than settings, and to read all of it would take as long as a scan:
 * there only places and names where settings are kept are searched. Images are searched whole.
 */
static bool is_setting(const struct ov_ev_file *f)
{
	static const char *const tails[] = { ".conf", ".cfg", ".cnf", ".ini", ".config", ".pac",
					     ".reg",  ".lst", ".set", ".upd", ".dat" };
	static const char *const places[] = { "etc/",	      "opt/",	 "var/opt/",
					      "usr/local/",   "config/", "Users/",
					      "ProgramData/", "home/",	 "root/" };
	static const char *const texts[] = { ".xml", ".json", ".txt", ".htm", ".html",	    ".yaml",
					     ".yml", ".list", ".log", ".sh",  ".properties" };
	bool is_place = memchr(f->path.p, '/', f->path.n) == NULL;

	for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++)
		if (ov_ev_ends(f, tails[i]))
			return true;
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		is_place |= ov_ev_under(f, places[i]);
	if (!is_place)
		return false;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (ov_ev_ends(f, texts[i]))
			return true;
	return ov_ev_under(f, "etc/") || memchr(f->name.p, '.', f->name.n) == NULL;
}

static unsigned char small(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

struct wanted { /* first and second bytes of what is looked for, in small letters */
	bool first[256], second[256];
};

struct place { /* a byte and its line; lines are counted once */
	size_t at;
	uint64_t line;
};

static ov_status met(struct ov_ev *e, const struct ov_ev_file *f, struct ov_cur c, size_t at,
		     struct place *last)
{
	for (size_t k = 0; k < e->nwatch; k++) {
		const struct ov_inv_watch *w = &e->watch[k];

		if (!is_text(w) || w->pattern.n > c.len - at ||
		    !ov_text_same(
			(struct ov_str){ .p = (const char *)c.base + at, .n = w->pattern.n },
			w->pattern))
			continue;
		for (; last->at < at; last->at++)
			last->line += c.base[last->at] == '\n';
		OV_TRY(ov_ev_watched(e, w,
				     ov_ev_fmt(e, "%.*s:%llu", (int)ov_min_size(f->path.n, 2000),
					       f->path.p, (unsigned long long)last->line)));
	}
	return OV_OK;
}

static ov_status search(struct ov_ev *e, const struct ov_ev_file *f, struct ov_cur c,
			const struct wanted *w)
{
	struct place last = { .at = 0, .line = 1 };
	const uint8_t *p = c.base;

	for (size_t i = 0; i + 1 < c.len; i++) {
		if (!w->first[p[i]] || !w->second[p[i + 1]])
			continue;
		OV_TRY(met(e, f, c, i, &last));
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
	struct wanted w = { { false }, { false } };
	bool has = false;
	struct ov_cur c;

	if ((e->at == NULL && !f->is_target && !is_setting(f)) || is_opened(e, f) ||
	    ov_ev_is_report(f))
		return OV_OK;
	for (size_t k = 0; k < e->nwatch; k++) {
		const struct ov_str s = e->watch[k].pattern;

		if (!is_text(&e->watch[k]) || s.n < 4)
			continue;
		has = true;
		for (unsigned b = 0; b < 256; b++) {
			w.first[b] |= small((unsigned char)b) == small((unsigned char)s.p[0]);
			w.second[b] |= small((unsigned char)b) == small((unsigned char)s.p[1]);
		}
	}
	if (!has)
		return OV_OK;
	if (f->src->size > TEXT_MAX) /* a target of any size: its beginning */
		OV_TRY(ov_src_view(f->src, 0, TEXT_MAX, &e->arena, &c));
	else
		OV_TRY(ov_ev_load(e, f, TEXT_MAX, &c));
	return search(e, f, c, &w);
}
