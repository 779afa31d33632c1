/*
 * The walk: a stack of layers. The top layer hands out its next part, the new top; one without
 * further parts is dropped. Depth is an index: hostile nesting costs frames of a fixed array.
 *
 *    nodes[0], [1]  the file, "a.zip"  format open, at their 3rd and 1st parts
 *    nodes[2]  "b.exe"                 being matched
 */
#include "engine_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "packer.h"
#include "members.h"
#include "phishing.h"
#include "trust.h"

#define NODE_KEEP ((size_t)256 << 10) /* parser memory kept for the next layer at a depth */
#define DATA_KEEP ((size_t)1 << 20)   /* unpacked bytes' buffer kept for the next layer           */
#define READ_STEP ((size_t)256 << 10) /* unpacked bytes taken from a format at once */
#define KEPT_TOTAL_FACTOR 2 /* all layers on the stack together: that many times max_kept */

static struct ov_str no_member(void)
{
	return (struct ov_str){ .p = NULL, .n = 0 };
}

/* ---- one layer ---- */

/* A fresh frame at `depth`; buffers of the layer that was there before are reused. */
static struct ov_node *frame(struct ov_engine *e, uint32_t depth)
{
	struct ov_node *n = &e->nodes[depth];
	const struct ov_arena arena = n->arena;
	struct ov_buf data = n->data;

	data.n = 0;
	*n = (struct ov_node){
		.arena = arena, .data = data, .depth = depth, .parent_type = OV_T_ANY
	};
	n->parent = depth > 0 ? &e->nodes[depth - 1] : NULL;
	return n;
}

static void drop(struct ov_node *n)
{
	if (n->format != NULL && n->format->close != NULL)
		n->format->close(n->state);
	n->format = NULL;
	ov_arena_reset(&n->arena, NODE_KEEP);
	if (n->data.cap > DATA_KEEP)
		ov_buf_free(&n->data);
}

struct note_target {
	struct ov_engine *e;
	struct ov_node *n;
};

/*
 * A carved part begins where bytes looked like a header; broken data there only means that it was
 * none. Once one of its members unpacked whole, it is an archive like any other, and what is broken
 * in it is news.
 */
static bool is_noise(const struct ov_node *n, ov_status s)
{
	return n->is_carved && (s == OV_BAD || s == OV_SHORT);
}

/* A format tells of something that it could not read. */
static void on_note(void *ctx, ov_status why, struct ov_str member, const char *detail)
{
	const struct note_target *t = ctx;

	if (why == OV_OK || why == OV_END || is_noise(t->n, why))
		return;
	if (member.n == 0)
		t->n->noted |= UINT32_C(1) << ov_reason_of(why);
	ov_report_incomplete(t->e, t->n, ov_reason_of(why), member, detail);
}

static void on_heuristic(void *ctx, int alert, const char *name)
{
	const struct note_target *t = ctx;

	if (ov_heuristic(t->e, t->n, alert, name) != OV_OK)
		ov_report_incomplete(t->e, t->n, OVERT_LIMIT_SIZE, no_member(),
				     "a heuristic's finding could not be kept");
}

static bool on_clock(void *ctx)
{
	const struct note_target *t = ctx;

	return ov_budget_late(&t->e->budget);
}

static ov_status open_with(struct ov_engine *e, struct ov_node *n, const struct ov_format *f)
{
	struct ov_fmt_env *env = NULL;
	struct note_target *t = NULL;
	ov_status s;

	OV_TRY(ov_arena_new(&n->arena, &env));
	OV_TRY(ov_arena_new(&n->arena, &t));
	*t = (struct note_target){ .e = e, .n = n };
	*env = (struct ov_fmt_env){ .src = &n->src,
				    .type = n->type,
				    .is_part = n->depth > 0,
				    .arena = &n->arena,
				    .max_memory = OV_CODEC_MEMORY,
				    .note = on_note,
				    .heuristic = on_heuristic,
				    .is_doubted = &n->is_carved,
				    .is_late = on_clock,
				    .ctx = t,
				    .features_off = e->o->features_off | e->settings.features_off,
				    .passwords = e->settings.zip_passwords,
				    .npasswords = e->settings.nzip_passwords };
	s = f->open(env, &n->state);
	if (s == OV_OK)
		n->format = f;
	return s;
}

/* Why a format ended early, unless it has said so itself in better words. */
static void note_format_end(struct ov_engine *e, struct ov_node *n, const struct ov_format *f,
			    ov_status s)
{
	char detail[160];

	if (is_noise(n, s) || (n->noted >> ov_reason_of(s) & 1) != 0)
		return;
	(void)snprintf(detail, sizeof detail, "%s: %s; parts after this point were not read",
		       f->name, ov_status_name(s));
	ov_report_incomplete(e, n, ov_reason_of(s), no_member(), detail);
}

static void open_carver(struct ov_engine *e, struct ov_node *n)
{
	ov_status s;

	if (n->carve_done)
		return;
	n->carve_done = true;
	if (e->o->no_archives || e->budget.is_spent || n->depth + 1 >= OV_LAYER_DEPTH_MAX)
		return;
	s = open_with(e, n, &ov_format_carve);
	if (s != OV_OK && s != OV_END)
		ov_report_incomplete(
		    e, n, ov_budget_late(&e->budget) ? OVERT_LIMIT_TIME : ov_reason_of(s),
		    no_member(), "the search for embedded files ended early");
}

/* A packed program's loader was matched, not what it will run. */
static void note_packed(struct ov_engine *e, struct ov_node *n)
{
	const char *packer = n->has_exe ? ov_exe_packer(&n->exe, &n->src) : NULL;
	char detail[160];

	if (packer == NULL)
		return;
	(void)snprintf(
	    detail, sizeof detail,
	    "packed with %s: its bytes were matched, the program inside was not unpacked", packer);
	ov_report_incomplete(e, n, OVERT_UNSUPPORTED, no_member(), detail);
}

/* Opens the layer's own format, or else the carver. */
static void open_parts(struct ov_engine *e, struct ov_node *n)
{
	const struct ov_format *f = ov_format_for(n->type);
	char detail[160];
	ov_status s;

	note_packed(e, n);
	if (f == NULL) {
		if (ov_type_nature(n->type) == OV_NATURE_CONTAINER) {
			(void)snprintf(detail, sizeof detail, "%s is not opened by this version",
				       ov_type_name(n->type));
			ov_report_incomplete(e, n, OVERT_UNSUPPORTED, no_member(), detail);
		}
		open_carver(e, n);
		return;
	}
	/* A page is no archive: what lies in its addresses is read all the same. */
	if (!(e->o->no_archives && ov_type_nature(n->type) == OV_NATURE_TEXT) &&
	    !ov_may_open(e, n)) {
		open_carver(e, n);
		return;
	}
	s = open_with(e, n, f);
	if (s == OV_OK)
		return;
	note_format_end(e, n, f, s);
	open_carver(e, n);
}

static ov_status match_layer(struct ov_engine *e, struct ov_node *n)
{
	ov_status s;

	e->report.layers++;
	OV_TRY(e->o->yara_only ? ov_yara_layer(e, n) : ov_trust_blocks(e, n));
	if (e->is_done || e->o->yara_only)
		return OV_OK;
	OV_TRY(ov_views_match(e, n));
	OV_TRY(ov_yara_layer(e, n));
	if (e->is_done)
		return OV_OK;
	OV_TRY(ov_heuristic_layer(e, n));
	s = ov_layer_hashes(e, n);
	if (s == OV_LIMIT || s == OV_IO || s == OV_SHORT) {
		ov_report_incomplete(e, n, s == OV_LIMIT ? OVERT_LIMIT_TIME : OVERT_UNREADABLE,
				     no_member(), "its digest could not be computed");
		return OV_OK;
	}
	return s;
}

void ov_layer_read_as(struct ov_engine *e, struct ov_node *n, enum ov_type t)
{
	for (uint8_t i = 0; i < n->nhandlers; i++)
		if (n->handlers[i] == t)
			return;
	if (n->nhandlers < OV_HANDLERS)
		n->handlers[n->nhandlers++] = t;
	else if (!n->is_rescan) /* then it is asked for in vain */
		ov_report_incomplete(e, n, OVERT_LIMIT_FILES, no_member(),
				     "signatures ask for it to be read as more than 8 types");
}

/*
 * Rules say what else the layer is: it is matched as each of that, once, so that rules can't send
 * it round, and opened as the first when it would not be opened at all.
 */
static ov_status match_as_handlers(struct ov_engine *e, struct ov_node *n)
{
	const enum ov_type own = n->type;
	enum ov_type asked[OV_HANDLERS];
	const uint8_t count = n->nhandlers;

	memcpy(asked, n->handlers, sizeof asked);
	n->is_rescan = true;
	for (uint8_t i = 0; i < count && !e->is_done; i++) {
		if (asked[i] == own)
			continue;
		n->type = asked[i];
		OV_TRY(ov_views_match(e, n));
	}
	if (ov_format_for(own) != NULL || ov_type_nature(own) == OV_NATURE_CONTAINER)
		n->type = own;
	else
		n->type = asked[0];
	n->is_rescan = false; /* bytes beyond those that were kept come later */
	return OV_OK;
}

/* Matches a layer whose bytes are there, and opens it. */
static ov_status enter(struct ov_engine *e, struct ov_node *n)
{
	ov_status s;

	ov_layer_classify(e, n);
	if (n->depth == 0)
		e->report.type = n->type;
	s = match_layer(e, n);
	if (s == OV_OK && n->nhandlers > 0 && !e->is_done)
		s = match_as_handlers(e, n);
	if (s == OV_OK && n->is_mail_text && !e->is_done)
		s = ov_phishing(e, n);
	if (s == OV_LIMIT) { /* a budget of our own memory: what was found stands */
		ov_report_incomplete(e, n, OVERT_LIMIT_SIZE, no_member(),
				     "too much memory was needed to judge it");
		s = OV_OK;
	}
	OV_TRY(s);
	if (!e->is_done && !e->o->yara_only)
		open_parts(e, n);
	return OV_OK;
}

/* ---- parts ---- */

static uint64_t kept_on_stack(const struct ov_engine *e, uint32_t depth)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i <= depth; i++)
		sum += e->nodes[i].data.n;
	return sum;
}

/* Matches what lies beyond the kept bytes, piece by piece, as plain bytes; counts it and says so.
 */
static ov_status match_rest(struct ov_engine *e, struct ov_node *parent, struct ov_node *n)
{
	size_t have = 0;
	ov_status s = OV_OK;
	enum overt_reason why = OVERT_LIMIT_SIZE;

	OV_TRY(ov_buf_reserve(&e->piece, OV_PIECE + OV_PIECE_OVERLAP));
	while (s == OV_OK && !e->is_done) {
		size_t got = 0;

		if (ov_budget_late(&e->budget))
			return OV_LIMIT;
		s = parent->format->read(parent->state, e->piece.p + have,
					 OV_PIECE + OV_PIECE_OVERLAP - have, &got);
		if (s == OV_OK) {
			have += got;
			if (!ov_budget_unpacked(&e->budget, got, &why)) {
				ov_report_incomplete(e, n, why, no_member(),
						     "unpacked to more than is allowed");
				return OV_LIMIT;
			}
			if (have < OV_PIECE + OV_PIECE_OVERLAP)
				continue;
		}
		if (have == 0)
			break;
		n->src = ov_src_mem(e->piece.p, have);
		OV_TRY(ov_wake(e, n, ov_raw_target(n)));
		OV_TRY(ov_rules_evaluate(e, n));
		if (have > OV_PIECE_OVERLAP) {
			memmove(e->piece.p, e->piece.p + have - OV_PIECE_OVERLAP, OV_PIECE_OVERLAP);
			have = OV_PIECE_OVERLAP;
		}
	}
	return s;
}

/*
 * Reads an unpacked part into the frame's buffer, as far as the budget goes.
 * @return OV_OK: all is there; OV_END: cut at max_kept, more may follow; else why it ended early.
 * What was read stays.
 */
static ov_status fill(struct ov_engine *e, struct ov_node *parent, struct ov_node *n,
		      enum overt_reason *why)
{
	const uint64_t max = e->o->limits.max_kept > 0 ? e->o->limits.max_kept : UINT64_MAX / 4;

	*why = OVERT_LIMIT_SIZE;
	for (;;) {
		size_t got = 0, step = READ_STEP;
		ov_status s;

		if (n->data.n >= max || kept_on_stack(e, n->depth) >= KEPT_TOTAL_FACTOR * max)
			return OV_END;
		if (ov_budget_late(&e->budget)) {
			*why = OVERT_LIMIT_TIME;
			return OV_LIMIT;
		}
		step = (size_t)ov_min_u64(step, max - n->data.n);
		OV_TRY(ov_buf_reserve(&n->data, step));
		s = parent->format->read(parent->state, n->data.p + n->data.n, step, &got);
		if (s == OV_END)
			return OV_OK;
		if (s != OV_OK) {
			*why = ov_reason_of(s);
			return s;
		}
		if (got == 0 || got > step)
			return OV_BUG;
		n->data.n += got;
		if (!ov_budget_unpacked(&e->budget, got, why))
			return OV_LIMIT;
	}
}

/* A part that must be unpacked. @return OV_OK when the frame was entered, OV_END when there is
 * nothing to enter. */
static ov_status enter_stream(struct ov_engine *e, struct ov_node *parent, struct ov_node *n)
{
	enum overt_reason why = OVERT_LIMIT_SIZE;
	const ov_status s = fill(e, parent, n, &why);

	if (s == OV_OK && n->data.n > 0)
		parent->is_carved = n->is_carved = false; /* proven */
	n->src = ov_src_mem(n->data.p, n->data.n);
	if (s == OV_END)
		ov_report_incomplete(
		    e, n, OVERT_LIMIT_SIZE, no_member(),
		    "larger than what is kept of one part: the rest was matched piece by piece "
		    "and not opened (--max-kept)");
	else if (s != OV_OK && !is_noise(n, s))
		ov_report_incomplete(e, n, why, no_member(), ov_fill_text(s, why));
	OV_TRY(enter(e, n));
	if (s == OV_END && !e->is_done) {
		const struct ov_src kept = n->src;
		const ov_status rest = match_rest(e, parent, n);

		n->src = kept;
		if (rest == OV_LIMIT && ov_budget_late(&e->budget))
			ov_report_incomplete(e, n, OVERT_LIMIT_TIME, no_member(),
					     ov_fill_text(rest, OVERT_LIMIT_TIME));
		else if (rest != OV_END && rest != OV_OK && rest != OV_LIMIT)
			ov_report_incomplete(e, n, ov_reason_of(rest), no_member(),
					     ov_fill_text(rest, ov_reason_of(rest)));
	}
	return OV_OK;
}

/* Puts one part on the stack. @return OV_OK entered; OV_END nothing to enter. */
static ov_status enter_child(struct ov_engine *e, struct ov_node *parent, const struct ov_child *c)
{
	static const char unnamed[] = "content";
	struct ov_str name = c->name.n > 0 ? c->name : ov_str_of(unnamed);
	const bool is_within = parent->is_searched && c->kind == OV_CHILD_SLICE;
	struct ov_node *n;

	OV_TRY(ov_members_check(e, parent, c));
	if (e->is_done || c->kind == OV_CHILD_NONE)
		return OV_END; /* the format noted why its bytes can't be had */
	/*
	 * What follows a stream that a carver found (to the end of the layer, for want of a size)
	 * is that layer's own: matched and searched there. Looked at again, and again behind each
	 * further find, it would cost the square of the finds.
	 */
	if (is_within && c->is_carved)
		return OV_END;
	if (!ov_budget_file(&e->budget)) {
		if (!e->budget.is_spent)
			ov_report_incomplete(e, parent, OVERT_LIMIT_FILES, name,
					     "too many parts: this one and all after it were not "
					     "opened (--max-files)");
		e->budget.is_spent = true;
		return OV_END;
	}
	n = frame(e, parent->depth + 1);
	n->parent_type = parent->type;
	n->is_carved = c->is_carved || parent->is_carved;
	n->is_searched = c->is_searched || is_within;
	n->carve_done = n->is_searched;
	n->hint = c->hint;
	n->is_mail_text = c->is_text && parent->type == OV_T_MAIL;
	if (ov_arena_str(&e->report_arena, name, &n->name) != OV_OK)
		n->name = ov_str_of("(name lost: too many parts)");
	if (c->kind == OV_CHILD_STREAM)
		return enter_stream(e, parent, n);
	if (ov_src_slice(&parent->src, c->off, c->size, &n->src) != OV_OK) {
		ov_report_incomplete(e, n, OVERT_MALFORMED, no_member(),
				     "it lies outside its container");
		return OV_END;
	}
	return enter(e, n);
}

/* Advances the top layer by one part. @return the new top's depth, or -1 when the file is done. */
static ov_status step(struct ov_engine *e, int *top)
{
	struct ov_node *n = &e->nodes[*top];
	struct ov_child child = { 0 };
	ov_status s;

	if (ov_budget_late(&e->budget) && !e->budget.is_spent) {
		ov_report_incomplete(e, n, OVERT_LIMIT_TIME, no_member(),
				     "the time for this file was spent");
		e->budget.is_spent = true;
	}
	if (n->format == NULL || e->budget.is_spent) {
		drop(n);
		(*top)--;
		return OV_OK;
	}
	s = n->format->next(n->state, &child);
	if (s == OV_OK) {
		s = enter_child(e, n, &child);
		if (s == OV_OK)
			(*top)++;
		return s == OV_END ? OV_OK : s;
	}
	if (s != OV_END)
		note_format_end(e, n, n->format, s);
	if (n->format->close != NULL)
		n->format->close(n->state);
	n->format = NULL;
	/* A broken container may hide whole ones; so may a page. */
	if ((s != OV_END || ov_type_nature(n->type) == OV_NATURE_TEXT) && !n->carve_done)
		open_carver(e, n);
	return OV_OK;
}

static ov_status walk(struct ov_engine *e)
{
	ov_status s = OV_OK;
	int top = 0;

	while (s == OV_OK && top >= 0 && !e->is_done)
		s = step(e, &top);
	for (; top >= 0; top--)
		drop(&e->nodes[top]);
	return s;
}

static void finish(struct ov_engine *e, struct ov_node *root)
{
	if (e->o->want_sha256 && ov_layer_digest(e, root, OV_SHA256) != OV_OK)
		return;
	if (root->has_digest[OV_SHA256]) {
		e->report.has_sha256 = true;
		memcpy(e->report.sha256, root->digest[OV_SHA256], sizeof e->report.sha256);
	}
}

static struct ov_node *begin(struct ov_engine *e, const struct ov_scan_options *o, uint64_t size)
{
	e->o = o;
	e->is_done = false;
	ov_touch_end(e);
	ov_report_begin(e);
	ov_members_begin(e->members);
	ov_budget_start(&e->budget, &o->limits, size);
	(void)ov_budget_file(&e->budget);
	return frame(e, 0);
}

/* Small files are read once, as a whole; larger ones are read in windows where they lie. */
static ov_status load_root(struct ov_engine *e, struct ov_node *n, const struct ov_src *src)
{
	size_t got = 0;
	ov_status s;

	n->src = *src;
	if (src->mem != NULL || src->size == 0 || src->size > OV_WHOLE_MAX)
		return OV_OK;
	OV_TRY(ov_buf_reserve(&n->data, (size_t)src->size));
	s = ov_src_read_upto(src, 0, n->data.p, (size_t)src->size, &got);
	if (s != OV_OK || got < src->size)
		ov_report_incomplete(e, n, OVERT_UNREADABLE, no_member(),
				     s != OV_OK ? "it could not be read"
						: "it shrank while it was read");
	n->data.n = got;
	n->src = ov_src_mem(n->data.p, got);
	return OV_OK;
}

ov_status ov_engine_scan(struct ov_engine *e, const struct ov_src *src,
			 const struct ov_scan_options *o, const struct ov_report **out)
{
	struct ov_node *root;
	ov_status s;

	OV_TRY(ov_check(e, OV_ENGINE_MAGIC));
	root = begin(e, o, src->size);
	s = load_root(e, root, src);
	e->report.size = root->src.size;
	if (s == OV_OK)
		s = enter(e, root);
	if (s == OV_OK)
		finish(e, root); /* before the walk: its frames reuse buffers, the root's bytes are
				    still there */
	if (s == OV_OK && !e->is_done)
		s = walk(e);
	else
		drop(root);
	OV_TRY(s);
	if (e->is_damaged)
		return OV_BAD;
	ov_report_release(e);
	*out = &e->report;
	return OV_OK;
}

/* ---- streams: a format with one part, whose bytes come from the caller ---- */

struct stream {
	ov_src_read_fn read;
	void *ctx;
	uint64_t off;
	struct ov_budget *budget;
};

static ov_status stream_read(void *state, void *to, size_t n, size_t *got)
{
	struct stream *s = state;
	const uint64_t start = ov_now_ns();

	*got = 0;
	OV_TRY(s->read(s->ctx, s->off, to, n, got));
	s->off += *got;
	ov_budget_more_input(s->budget, *got, ov_now_ns() - start);
	return *got > 0 ? OV_OK : OV_END;
}

static const struct ov_format stream_format = { .name = "stream", .read = stream_read };

ov_status ov_engine_scan_stream(struct ov_engine *e, ov_src_read_fn read, void *ctx,
				const struct ov_scan_options *o, const struct ov_report **out)
{
	struct stream stream = { .read = read, .ctx = ctx, .budget = &e->budget };
	struct ov_scan_options plain = *o;
	struct ov_node source = { .format = &stream_format, .state = &stream };
	struct ov_node *root;
	ov_status s;

	OV_TRY(ov_check(e, OV_ENGINE_MAGIC));
	plain.limits.max_ratio = 0; /* nothing is unpacked by reading the stream itself */
	root = begin(e, &plain, 0);
	s = enter_stream(e, &source, root);
	e->report.size = stream.off;
	e->budget.root_size = stream.off;
	e->budget.unpacked = 0;
	plain.limits.max_ratio = o->limits.max_ratio;
	if (s == OV_OK)
		finish(e, root);
	if (s == OV_OK && !e->is_done)
		s = walk(e);
	else
		drop(root);
	OV_TRY(s);
	if (e->is_damaged)
		return OV_BAD;
	ov_report_release(e);
	e->o = NULL;
	*out = &e->report;
	return OV_OK;
}
