/*
 * Views: normalised forms of a layer's bytes, which rules are matched on beside, or instead of, the
 * bytes themselves. They are no layers: no format opens them, and what is found in one is reported
 * for the layer, with offsets in the view.
 *
 *   text          the raw bytes for rules of any target, then the text in lower case with single
 *                 blanks (norm_text.h) for those and the rules of target 7
 *   HTML          the raw bytes for rules of any target; the page without comments, and the text
 *                 without tags, for those and target 3; its scripts for targets 3 and 7
 *                 (norm_html.h)
 *
 * A signature's parts must all match in the same view. Which view sees which rules was found by
 * running clamscan: see docs/COMPATIBILITY.md. Buffers belong to the engine and are used again.
 */
#include "engine_int.h"

#include <string.h>

#include "checked.h"
#include "norm_html.h"
#include "norm_script.h"
#include "norm_text.h"
#include "screnc.h"

#define VIEW_KEEP ((size_t)1 << 20) /* bytes of a buffer that stay for the next layer */
#define LOOKS_TEXT ((size_t)1024)   /* ClamAV takes what has no NUL here for text      */

enum kind { VIEW_NONE = 0, VIEW_TEXT, VIEW_HTML };

void ov_views_free(struct ov_views *v)
{
	ov_buf_free(&v->bytes);
	ov_buf_free(&v->text);
	ov_buf_free(&v->tags);
	ov_buf_free(&v->scripts);
	ov_norm_script_free(&v->script);
}

ov_status ov_views_init(struct ov_views *v)
{
	v->bytes = v->text = v->tags = v->scripts = ov_buf_of(SIZE_MAX);
	return ov_norm_script_new(&v->script);
}

static void trim(struct ov_buf *b)
{
	if (b->cap > VIEW_KEEP)
		ov_buf_free(b);
	b->n = 0;
}

/* Without a rule that could match there, a view is not made. */
static bool has_rules(const struct ov_engine *e, enum ov_target t)
{
	return e->db->gram[t].nentries > 0 || ov_odb_always_count(e->db, t) > 0 ||
	       ov_odb_fixed_groups(e->db, t) > 0;
}

/* Rules that are for this target alone: what they did not see was not scanned. Rules for any target
 * have seen the raw bytes. */
static bool has_own_rules(const struct ov_engine *e, enum ov_target t)
{
	const struct ov_odb *db = e->db;

	return db->gram[t].nentries > db->gram[OV_TARGET_ANY].nentries ||
	       ov_odb_always_count(db, t) > ov_odb_always_count(db, OV_TARGET_ANY) ||
	       ov_odb_fixed_groups(db, t) > ov_odb_fixed_groups(db, OV_TARGET_ANY);
}

/* Rules, or hashes of views. */
static bool needs_page(const struct ov_engine *e)
{
	bool has_hashes = false;

	for (int k = 0; k < OV_DIGEST_KINDS; k++)
		has_hashes |= e->db->hashes[OV_USE_FILE][k].count > 0;
	return has_hashes || has_rules(e, OV_TARGET_HTML);
}

/* ClamAV takes for text whatever it knows no better, if its beginning has no NUL. */
static bool looks_like_text(const struct ov_node *n)
{
	uint8_t head[LOOKS_TEXT] OV_SCRATCH;
	size_t got = 0;

	if (n->src.size == 0 ||
	    ov_src_read_upto(&n->src, 0, head, (size_t)ov_min_u64(n->src.size, sizeof head),
			     &got) != OV_OK)
		return false;
	return memchr(head, 0, got) == NULL;
}

static enum kind kind_of(const struct ov_engine *e, const struct ov_node *n)
{
	/* Without HTML, clamscan does not normalise text either. */
	if (!ov_is_on(e, OVERT_FEATURE_NORMALISE) || !ov_is_on(e, OVERT_FEATURE_HTML))
		return VIEW_NONE;
	switch (n->type) {
	case OV_T_HTML:
	case OV_T_HTML_UTF16:
		return needs_page(e) ? VIEW_HTML : VIEW_NONE;
	case OV_T_TEXT_ASCII:
	case OV_T_TEXT_UTF8:
	case OV_T_TEXT_UTF16LE:
	case OV_T_TEXT_UTF16BE:
	case OV_T_SCRIPT:
	case OV_T_XML_HWP:
		break;
	case OV_T_BINARY_DATA:
		if (!looks_like_text(n))
			return VIEW_NONE;
		break;
	default:
		return VIEW_NONE;
	}
	return has_rules(e, OV_TARGET_ASCII) ? VIEW_TEXT : VIEW_NONE;
}

enum ov_target ov_raw_target(const struct ov_node *n)
{
	const enum ov_target t = ov_type_target(n->type);

	if (t == OV_TARGET_ASCII || (n->type == OV_T_BINARY_DATA && looks_like_text(n)))
		return OV_TARGET_ANY;
	return t;
}

/* Matches one view of a layer. Of normalised text, FileSize speaks of the layer, not of the view.
 */
static ov_status match_view(struct ov_engine *e, struct ov_node *n, const struct ov_buf *view,
			    enum ov_target t, enum overt_view kind)
{
	const bool sees_raw_size = kind == OVERT_VIEW_TEXT;
	struct ov_node v = *n;

	v.src = ov_src_mem(view->p, view->n);
	v.view_of = n;
	v.view = kind;
	v.is_cut = e->views.is_cut;
	v.sees_raw_size = sees_raw_size;
	v.has_exe = false;
	v.allowed = 0;
	memset(v.has_digest, 0, sizeof v.has_digest);
	OV_TRY(ov_wake(e, &v, t));
	OV_TRY(ov_rules_evaluate(e, &v));
	if (!sees_raw_size && !e->is_done)
		OV_TRY(ov_layer_hashes(e, &v));
	memcpy(n->handlers, v.handlers, sizeof n->handlers);
	n->nhandlers = v.nhandlers;
	return OV_OK;
}

/* ---- text ---- */

static ov_status add_text(struct ov_engine *e, struct ov_norm_text *s, enum ov_type t,
			  const uint8_t *p, size_t n)
{
	struct ov_views *v = &e->views;

	if (t == OV_T_TEXT_UTF16LE || t == OV_T_TEXT_UTF16BE) {
		v->bytes.n = 0;
		OV_TRY(ov_buf_reserve(&v->bytes, n / 2 + 1));
		n = ov_utf16_narrow(t == OV_T_TEXT_UTF16BE ? OV_UTF16_BE : OV_UTF16_LE, p, n,
				    v->bytes.p);
		p = v->bytes.p;
	}
	OV_TRY(ov_buf_reserve(&v->text, n + OV_NORM_SLACK));
	v->text.n += ov_norm_text(s, p, n, v->text.p + v->text.n);
	return OV_OK;
}

/* The first `size` bytes of a layer, normalised; what is not in memory goes through the window. */
static ov_status make_text(struct ov_engine *e, const struct ov_node *n, uint64_t size)
{
	struct ov_norm_text s = { 0 };
	uint64_t off = 0;

	e->views.text.n = 0;
	if (n->src.mem != NULL)
		return add_text(e, &s, n->type, n->src.mem, (size_t)size);
	while (off < size) {
		const size_t want = (size_t)ov_min_u64(size - off, OV_WINDOW);
		size_t got = 0;

		if (ov_budget_late(&e->budget))
			return OV_LIMIT;
		OV_TRY(ov_src_read_upto(&n->src, off, e->window.p, want, &got));
		if (got == 0)
			return OV_SHORT;
		OV_TRY(add_text(e, &s, n->type, e->window.p, got));
		off += got;
	}
	return OV_OK;
}

/* How much of a layer is normalised; tells what lies beyond. */
static uint64_t within_limit(struct ov_engine *e, struct ov_node *n, enum ov_target t, uint64_t max,
			     const char *detail)
{
	e->views.is_cut = n->is_cut || (max != 0 && n->match_size > max);
	if (max == 0 || n->match_size <= max)
		return n->match_size;
	if (has_own_rules(e, t))
		ov_report_incomplete(e, n, OVERT_LIMIT_SIZE, (struct ov_str){ 0 }, detail);
	return max;
}

static ov_status match_text(struct ov_engine *e, struct ov_node *n)
{
	const uint64_t size = within_limit(e, n, OV_TARGET_ASCII, e->o->limits.max_script,
					   "only its first bytes were matched as normalised text "
					   "(--max-scriptnormalize)");
	ov_status s = make_text(e, n, size);

	if (s == OV_LIMIT || s == OV_SHORT || s == OV_IO) {
		ov_report_incomplete(e, n, s == OV_LIMIT ? OVERT_LIMIT_TIME : OVERT_UNREADABLE,
				     (struct ov_str){ 0 }, "it could not be normalised as text");
		e->views.is_cut = true;
		s = OV_OK; /* what was made of it is matched */
	}
	OV_TRY(s);
	s = match_view(e, n, &e->views.text, OV_TARGET_ASCII, OVERT_VIEW_TEXT);
	trim(&e->views.text);
	trim(&e->views.bytes);
	return s;
}

/* ---- HTML ---- */

/* A page as it is is matched for any target only, unless a .sdb database asks for more. */
static enum ov_target raw_html_target(const struct ov_engine *e)
{
	return e->settings.raw_html ? OV_TARGET_HTML : OV_TARGET_ANY;
}

static ov_status on_script(void *ctx, struct ov_str body)
{
	struct ov_views *v = ctx;

	return ov_norm_script(v->script, body, &v->scripts);
}

/* The first `size` bytes of a layer as the normaliser wants them: single bytes, no NUL, no CR. */
static ov_status clean_page(struct ov_engine *e, const struct ov_node *n, uint64_t size)
{
	struct ov_buf *b = &e->views.bytes;
	uint64_t off = 0;
	enum ov_utf16 order = OV_UTF16_LE;

	b->n = 0;
	OV_TRY(ov_buf_reserve(b, (size_t)size));
	while (off < size) {
		const size_t want = (size_t)ov_min_u64(size - off, OV_WINDOW);
		const uint8_t *p = n->src.mem != NULL ? n->src.mem + off : e->window.p;
		size_t got = want;

		if (ov_budget_late(&e->budget))
			return OV_LIMIT;
		if (n->src.mem == NULL)
			OV_TRY(ov_src_read_upto(&n->src, off, e->window.p, want, &got));
		if (got == 0)
			return OV_SHORT;
		if (off == 0)
			order = ov_utf16_order(p, got);
		off += got;
		if (n->type == OV_T_HTML_UTF16) {
			got = ov_utf16_narrow(order, p, got, b->p + b->n);
			p = b->p + b->n;
		}
		b->n += ov_norm_html_clean(p, got, b->p + b->n);
	}
	return OV_OK;
}

/* Encoded scripts of a page, decoded in their places. */
static void decode_scripts(struct ov_buf *b)
{
	size_t at = ov_screnc_find(b->p, b->n), to = at;

	while (at < b->n) {
		size_t n = 0, next;

		at += ov_screnc_decode(b->p + at, b->n - at, b->p + to, &n);
		to += n;
		next = ov_screnc_find(b->p + at, b->n - at);
		memmove(b->p + to, b->p + at, next);
		to += next;
		at += next;
	}
	b->n = to;
}

static ov_status make_page(struct ov_engine *e, struct ov_node *n, uint64_t size)
{
	struct ov_views *v = &e->views;
	const struct ov_norm_html to = {
		.tags = &v->tags, .text = &v->text, .script = on_script, .ctx = v
	};

	v->tags.n = v->text.n = v->scripts.n = 0;
	OV_TRY(clean_page(e, n, size));
	decode_scripts(&v->bytes);
	ov_norm_script_begin(v->script);
	return ov_norm_html(v->bytes.p, v->bytes.n, &to);
}

static ov_status match_page(struct ov_engine *e, struct ov_node *n)
{
	struct ov_views *v = &e->views;

	OV_TRY(match_view(e, n, &v->tags, OV_TARGET_HTML, OVERT_VIEW_HTML));
	if (!e->is_done)
		OV_TRY(match_view(e, n, &v->text, OV_TARGET_HTML, OVERT_VIEW_HTML_NOTAGS));
	if (!e->is_done && v->scripts.n > 0)
		OV_TRY(match_view(e, n, &v->scripts, OV_TARGET_HTML, OVERT_VIEW_SCRIPT));
	if (!e->is_done && v->scripts.n > 0 && has_own_rules(e, OV_TARGET_ASCII))
		OV_TRY(match_view(e, n, &v->scripts, OV_TARGET_ASCII, OVERT_VIEW_SCRIPT));
	return OV_OK;
}

static ov_status match_html(struct ov_engine *e, struct ov_node *n)
{
	const uint64_t size =
	    within_limit(e, n, OV_TARGET_HTML, e->o->limits.max_html,
			 "only its first bytes were matched as HTML (--max-htmlnormalize)");
	ov_status s = make_page(e, n, size);

	if (s == OV_LIMIT || s == OV_SHORT || s == OV_IO)
		ov_report_incomplete(e, n, s == OV_LIMIT ? OVERT_LIMIT_TIME : OVERT_UNREADABLE,
				     (struct ov_str){ 0 }, "it could not be normalised as HTML");
	else if (s == OV_OK)
		s = match_page(e, n);
	trim(&e->views.tags);
	trim(&e->views.text);
	trim(&e->views.scripts);
	trim(&e->views.bytes);
	return s == OV_NOMEM || s == OV_BUG ? s : OV_OK;
}

ov_status ov_views_match(struct ov_engine *e, struct ov_node *n)
{
	const enum kind kind = kind_of(e, n);

	n->seen = kind != VIEW_NONE ? e->detection_tail : NULL;
	OV_TRY(ov_wake(e, n, kind == VIEW_HTML ? raw_html_target(e) : ov_raw_target(n)));
	OV_TRY(ov_rules_evaluate(e, n));
	if (e->is_done)
		return OV_OK;
	switch (kind) {
	case VIEW_TEXT:
		return match_text(e, n);
	case VIEW_HTML:
		return match_html(e, n);
	case VIEW_NONE:
		break;
	}
	return OV_OK;
}
