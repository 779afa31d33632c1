/*
 * The report: detections and incomplete parts of one file, in the engine's report arena.
 *
 * Both lists are cut at OV_REPORT_MAX; what lies beyond is counted, so that no path through here
 * can turn an incomplete file into a clean one.
 */
#include "engine_int.h"

#include <string.h>

#include "checked.h"

void ov_report_begin(struct ov_engine *e)
{
	ov_arena_reset(&e->report_arena, (size_t)256 << 10);
	e->report_arena.budget = e->o->yara_matches > 0 ? OV_YARA_ARENA : OV_REPORT_ARENA;
	e->report = (struct ov_report){ .type = OV_T_BINARY_DATA };
	e->detection_tail = &e->report.detections;
	e->reported_tail = &e->report.reported;
	e->incomplete_tail = &e->report.incompletes;
	e->held = NULL;
	e->held_tail = &e->held;
	e->nheld = 0;
	e->limit = NULL;
}

/* The names from the outermost member to `n`, and `member` inside it. An empty path is the file
 * itself. */
static ov_status path_of(struct ov_engine *e, const struct ov_node *n, struct ov_str member,
			 const struct ov_str **out, uint32_t *nout)
{
	const uint32_t count = n->depth + (member.n > 0 ? 1 : 0);
	struct ov_str *path = NULL;

	*nout = 0;
	*out = NULL;
	if (count == 0)
		return OV_OK;
	OV_TRY(ov_arena_array(&e->report_arena, count, &path));
	if (member.n > 0)
		OV_TRY(ov_arena_str(&e->report_arena, member, &path[n->depth]));
	for (const struct ov_node *at = n; at != NULL && at->depth > 0; at = at->parent)
		path[at->depth - 1] = at->name;
	*out = path;
	*nout = count;
	return OV_OK;
}

enum overt_reason ov_reason_of(ov_status s)
{
	switch (s) {
	case OV_ENCRYPTED:
		return OVERT_ENCRYPTED;
	case OV_UNSUPPORTED:
		return OVERT_UNSUPPORTED;
	case OV_LIMIT:
	case OV_NOMEM:
		return OVERT_LIMIT_SIZE;
	case OV_IO:
		return OVERT_UNREADABLE;
	case OV_BUG:
		return OVERT_CRASHED;
	case OV_OK:
	case OV_END:
	case OV_SHORT:
	case OV_BAD:
		break;
	}
	return OVERT_MALFORMED;
}

const char *ov_fill_text(ov_status s, enum overt_reason why)
{
	if (why == OVERT_LIMIT_RATIO)
		return "unpacks to far more than its size: only its first bytes were matched "
		       "(--max-ratio)";
	if (why == OVERT_LIMIT_TIME)
		return "the time for this file was spent while it was unpacked";
	switch (s) {
	case OV_SHORT:
		return "its packed data ends too early: what could be unpacked was matched";
	case OV_BAD:
		return "its packed data is damaged: what could be unpacked was matched";
	case OV_UNSUPPORTED:
		return "packed in a way that is not read";
	case OV_ENCRYPTED:
		return "encrypted";
	case OV_NOMEM:
		return "the system had no memory to unpack it";
	default:
		return "a limit was reached while it was unpacked: what could be unpacked was "
		       "matched";
	}
}

static ov_status store_incomplete(struct ov_engine *e, const struct ov_node *n, enum overt_reason r,
				  struct ov_str member, const char *detail)
{
	struct ov_report_incomplete *i = NULL;

	OV_TRY(ov_arena_new(&e->report_arena, &i));
	i->reason = r;
	OV_TRY(path_of(e, n, member, &i->layer, &i->nlayer));
	OV_TRY(ov_arena_str(&e->report_arena, ov_str_of(detail), &i->detail));
	*e->incomplete_tail = i;
	e->incomplete_tail = &i->next;
	return OV_OK;
}

void ov_report_incomplete(struct ov_engine *e, struct ov_node *n, enum overt_reason r,
			  struct ov_str member, const char *detail)
{
	e->report.nincompletes++;
	if (ov_heuristic_note(e, n, r) != OV_OK)
		detail = "something of it could not be read, and no memory was left to tell all";
	if (e->report.nincompletes > OV_REPORT_MAX)
		return;
	if (store_incomplete(e, n, r, member, detail) != OV_OK)
		return; /* counted above: the verdict stays incomplete though this line is lost */
}

static ov_status copy_matches(struct ov_engine *e, struct ov_node *n,
			      const struct ov_report_match *from, struct ov_report_match **out)
{
	struct ov_report_match **tail = out;

	for (const struct ov_report_match *m = from; m != NULL; m = m->next) {
		struct ov_report_match *c = NULL;

		OV_TRY(ov_arena_new(&e->report_arena, &c));
		*c = *m;
		c->next = NULL;
		if (e->o->want_context) {
			void *p = NULL;
			size_t got = 0;
			const uint64_t want =
			    ov_min_u64(m->len, OV_CONTEXT_MAX - 2 * OV_CONTEXT_BEFORE);

			c->context_off = m->off - ov_min_u64(m->off, OV_CONTEXT_BEFORE);
			OV_TRY(ov_arena_alloc(&e->report_arena, OV_CONTEXT_MAX, &p));
			OV_TRY(ov_src_read_upto(
			    &n->src, c->context_off, p,
			    (size_t)(m->off - c->context_off + want) + OV_CONTEXT_BEFORE, &got));
			c->context = p;
			c->context_len = (uint32_t)got;
		}
		*tail = c;
		tail = &c->next;
	}
	return OV_OK;
}

static ov_status copy_detection(struct ov_engine *e, struct ov_node *n,
				const struct ov_report_detection *d,
				struct ov_report_detection **out)
{
	struct ov_report_detection *c = NULL;

	OV_TRY(ov_arena_new(&e->report_arena, &c));
	*c = *d; /* name and text are views into the database */
	c->type = n->type;
	c->view = n->view;
	c->matches = NULL;
	c->next = NULL;
	OV_TRY(ov_arena_str(&e->report_arena, d->rule_text, &c->rule_text));
	OV_TRY(path_of(e, n, (struct ov_str){ 0 }, &c->layer, &c->nlayer));
	OV_TRY(copy_matches(e, n, d->matches, &c->matches));
	*out = c;
	return OV_OK;
}

/* A rule that matched in one view of a layer is no news in the next. */
static bool was_reported(const struct ov_node *n, const struct ov_report_detection *d)
{
	if (n->seen == NULL || d->rule == UINT32_MAX)
		return false;
	for (const struct ov_report_detection *at = *n->seen; at != NULL; at = at->next)
		if (at->rule == d->rule)
			return true;
	return false;
}

/* What is told, and is no detection: neither ends it the scan nor changes it the verdict. */
static ov_status report_beside(struct ov_engine *e, struct ov_node *n,
			       const struct ov_report_detection *d)
{
	struct ov_report_detection *c = NULL;

	if ((ov_wanted_severities(e) >> d->severity & 1) == 0)
		return OV_OK;
	if (++e->report.nreported > OV_REPORT_MAX)
		return OV_OK;
	OV_TRY(copy_detection(e, n, d, &c));
	*e->reported_tail = c;
	e->reported_tail = &c->next;
	return OV_OK;
}

ov_status ov_report_detection(struct ov_engine *e, struct ov_node *n,
			      const struct ov_report_detection *d)
{
	struct ov_report_detection *c = NULL;

	if (!ov_name_counts(e, d->name) || ov_layer_allowed(e, n) || was_reported(n, d))
		return OV_OK;
	if ((ov_detected_severities(e) >> d->severity & 1) == 0)
		return report_beside(e, n, d);
	e->report.ndetections++;
	if (!e->o->all_matches)
		e->is_done = true;
	if (e->report.ndetections > OV_REPORT_MAX)
		return OV_OK;
	OV_TRY(copy_detection(e, n, d, &c));
	*e->detection_tail = c;
	e->detection_tail = &c->next;
	return OV_OK;
}

/* Several parts of a layer may say the same of it. */
static bool is_held(const struct ov_engine *e, const struct ov_node *n,
		    const struct ov_report_detection *d)
{
	for (const struct ov_report_detection *h = e->held; h != NULL; h = h->next)
		if (h->name.n == d->name.n && memcmp(h->name.p, d->name.p, d->name.n) == 0 &&
		    h->nlayer == n->depth && h->type == n->type && h->len == d->len)
			return true;
	return false;
}

ov_status ov_report_held(struct ov_engine *e, struct ov_node *n,
			 const struct ov_report_detection *d)
{
	struct ov_report_detection *c = NULL;

	if (is_held(e, n, d) || ov_layer_allowed(e, n))
		return OV_OK;
	e->nheld++;
	if (e->nheld > (e->o->all_matches ? OV_REPORT_MAX : 1))
		return OV_OK;
	OV_TRY(copy_detection(e, n, d, &c));
	*e->held_tail = c;
	e->held_tail = &c->next;
	return OV_OK;
}

ov_status ov_report_limit(struct ov_engine *e, struct ov_node *n,
			  const struct ov_report_detection *d)
{
	return ov_layer_allowed(e, n) ? OV_OK : copy_detection(e, n, d, &e->limit);
}

void ov_report_release(struct ov_engine *e)
{
	struct ov_report_detection *next;

	if (e->held == NULL)
		e->held = e->limit;
	if (e->report.ndetections > 0 && (!e->o->all_matches || e->held == e->limit))
		return;
	for (struct ov_report_detection *d = e->held; d != NULL; d = next) {
		next = d->next;
		d->next = NULL;
		if (e->report.ndetections >= OV_REPORT_MAX)
			break;
		*e->detection_tail = d;
		e->detection_tail = &d->next;
		e->report.ndetections++;
	}
	e->held = NULL;
}
