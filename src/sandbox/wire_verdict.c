/* Verdicts and what is known of a database, as messages. See wire.h. */
#include "wire_int.h"

#include <string.h>

#include "checked.h"
#include "text.h"

/* Contract of `kind` in the front door; the first nine are enum ov_rule_kind's. */
static const char *const kinds[] = { NULL,	"hash",	     "section", "import",    "body",
				     "logical", "container", "yara",	"heuristic", "certificate",
				     "allow",	"password",  "magic",	"catalog",   "address",
				     "icon",	"switch",    "bytecode" };

uint8_t ov_wire_kind_number(const char *name)
{
	for (size_t i = 1; i < sizeof kinds / sizeof kinds[0]; i++)
		if (name != NULL && strcmp(kinds[i], name) == 0)
			return (uint8_t)i;
	return 0;
}

const char *ov_wire_kind_name(uint8_t number)
{
	return number < sizeof kinds / sizeof kinds[0] ? kinds[number] : NULL;
}

/* Smallest number of bytes that one item takes, for holding counts against what is there. */
#define MIN_TEXT 4
#define MIN_MATCH (4 + 8 + 8 + 8 + MIN_TEXT)
#define MIN_DETECTION (1 + 1 + 1 + 4 + 3 * MIN_TEXT + 2 + 1 + 8 + 8 + 4)
#define MIN_INCOMPLETE (1 + 2 + MIN_TEXT)
#define MIN_SOURCE (2 * MIN_TEXT + 5 * 8 + 1)

static ov_status put_layer(struct ov_buf *b, const struct overt_text *layer, size_t n)
{
	if (n > UINT16_MAX)
		return OV_LIMIT;
	OV_TRY(ov_buf_u16(b, (uint16_t)n));
	for (size_t i = 0; i < n; i++)
		OV_TRY(ov_wire_put_text(b, layer[i]));
	return OV_OK;
}

static ov_status get_layer(struct ov_cur *c, struct ov_arena *a, const struct overt_text **out,
			   size_t *n)
{
	struct overt_text *layer;
	uint16_t count;

	OV_TRY(ov_cur_u16le(c, &count));
	if (count > ov_cur_left(c) / MIN_TEXT)
		return OV_BAD;
	*out = NULL;
	*n = count;
	if (count == 0)
		return OV_OK;
	OV_TRY(ov_arena_array(a, count, &layer));
	for (size_t i = 0; i < count; i++)
		OV_TRY(ov_wire_get_text(c, &layer[i]));
	*out = layer;
	return OV_OK;
}

static ov_status put_match(struct ov_buf *b, const struct overt_match *m)
{
	OV_TRY(ov_buf_u32(b, m->part));
	OV_TRY(ov_buf_u64(b, m->offset));
	OV_TRY(ov_buf_u64(b, m->length));
	OV_TRY(ov_buf_u64(b, m->context_offset));
	return ov_wire_put_text(b, (struct overt_text){ .bytes = (const char *)m->context,
							.length = m->context_length });
}

static ov_status get_match(struct ov_cur *c, struct overt_match *m)
{
	struct overt_text context;
	uint64_t end;

	OV_TRY(ov_cur_u32le(c, &m->part));
	OV_TRY(ov_cur_u64le(c, &m->offset));
	OV_TRY(ov_cur_u64le(c, &m->length));
	OV_TRY(ov_cur_u64le(c, &m->context_offset));
	OV_TRY(ov_wire_get_text(c, &context));
	m->context = context.length > 0 ? (const uint8_t *)context.bytes : NULL;
	m->context_length = context.length;
	if (ov_add_u64(m->offset, m->length, &end) != OV_OK ||
	    ov_add_u64(m->context_offset, m->context_length, &end) != OV_OK)
		return OV_BAD;
	return OV_OK;
}

static ov_status put_detection(struct ov_buf *b, const struct overt_detection *d)
{
	if (d->nmatches > UINT32_MAX)
		return OV_LIMIT;
	OV_TRY(ov_buf_u8(b, ov_wire_kind_number(d->kind)));
	OV_TRY(ov_buf_u8(b, (uint8_t)d->severity));
	OV_TRY(ov_buf_u8(b, d->source_is_signed != 0));
	OV_TRY(ov_buf_u32(b, d->line));
	OV_TRY(ov_wire_put_text(b, d->name));
	OV_TRY(ov_wire_put_text(b, d->source));
	OV_TRY(ov_wire_put_text(b, d->rule_text));
	OV_TRY(put_layer(b, d->layer, d->nlayer));
	OV_TRY(ov_buf_u8(b, (uint8_t)d->view));
	OV_TRY(ov_buf_u64(b, d->offset));
	OV_TRY(ov_buf_u64(b, d->length));
	OV_TRY(ov_buf_u32(b, (uint32_t)d->nmatches));
	for (size_t i = 0; i < d->nmatches; i++)
		OV_TRY(put_match(b, &d->matches[i]));
	return OV_OK;
}

static ov_status get_matches(struct ov_cur *c, struct ov_arena *a, struct overt_detection *d)
{
	struct overt_match *m = NULL;
	uint32_t n;

	OV_TRY(ov_cur_u32le(c, &n));
	if (n > ov_cur_left(c) / MIN_MATCH)
		return OV_BAD;
	if (n > 0)
		OV_TRY(ov_arena_array(a, n, &m));
	for (uint32_t i = 0; i < n; i++)
		OV_TRY(get_match(c, &m[i]));
	d->matches = m;
	d->nmatches = n;
	return OV_OK;
}

static ov_status get_detection(struct ov_cur *c, struct ov_arena *a, struct overt_detection *d)
{
	uint8_t kind, severity, view;
	uint64_t end;
	bool is_signed;

	OV_TRY(ov_cur_u8(c, &kind));
	OV_TRY(ov_cur_u8(c, &severity));
	OV_TRY(ov_wire_get_bool(c, &is_signed));
	OV_TRY(ov_cur_u32le(c, &d->line));
	OV_TRY(ov_wire_get_text(c, &d->name));
	OV_TRY(ov_wire_get_text(c, &d->source));
	OV_TRY(ov_wire_get_text(c, &d->rule_text));
	OV_TRY(get_layer(c, a, &d->layer, &d->nlayer));
	OV_TRY(ov_cur_u8(c, &view));
	OV_TRY(ov_cur_u64le(c, &d->offset));
	OV_TRY(ov_cur_u64le(c, &d->length));
	OV_TRY(get_matches(c, a, d));
	d->kind = ov_wire_kind_name(kind);
	d->severity = (enum overt_severity)severity;
	d->source_is_signed = is_signed;
	d->view = (enum overt_view)view;
	if (view >= OVERT_VIEW_COUNT || severity >= OVERT_SEVERITIES || d->kind == NULL ||
	    d->name.length == 0 || ov_add_u64(d->offset, d->length, &end) != OV_OK)
		return OV_BAD;
	return OV_OK;
}

static ov_status put_incomplete(struct ov_buf *b, const struct overt_incomplete *n)
{
	OV_TRY(ov_buf_u8(b, (uint8_t)n->reason));
	OV_TRY(put_layer(b, n->layer, n->nlayer));
	return ov_wire_put_text(b, n->detail);
}

static ov_status get_incomplete(struct ov_cur *c, struct ov_arena *a, struct overt_incomplete *n)
{
	uint8_t reason;

	OV_TRY(ov_cur_u8(c, &reason));
	if (reason >= OVERT_REASON_COUNT)
		return OV_BAD;
	n->reason = (enum overt_reason)reason;
	OV_TRY(get_layer(c, a, &n->layer, &n->nlayer));
	return ov_wire_get_text(c, &n->detail);
}

ov_status ov_wire_put_verdict(struct ov_buf *b, const struct overt_verdict *v, uint64_t memory)
{
	const struct ov_str type = ov_str_of(v->type);
	const uint64_t numbers[] = { v->size,
				     v->bytes,
				     v->layers,
				     v->time_ns,
				     v->detections_total,
				     v->incompletes_total,
				     v->reported_total,
				     memory };

	if (type.n > OV_WIRE_TYPE_MAX || v->ndetections > UINT32_MAX ||
	    v->nincompletes > UINT32_MAX || v->nreported > UINT32_MAX)
		return OV_LIMIT;
	OV_TRY(ov_buf_u8(b, (uint8_t)type.n));
	OV_TRY(ov_buf_str(b, type));
	OV_TRY(ov_buf_u8(b, v->has_sha256 != 0));
	OV_TRY(ov_buf_put(b, v->sha256, sizeof v->sha256));
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		OV_TRY(ov_buf_u64(b, numbers[i]));
	OV_TRY(ov_wire_put_text(b, v->error));
	OV_TRY(ov_buf_u32(b, (uint32_t)v->ndetections));
	OV_TRY(ov_buf_u32(b, (uint32_t)v->nincompletes));
	OV_TRY(ov_buf_u32(b, (uint32_t)v->nreported));
	for (size_t i = 0; i < v->ndetections; i++)
		OV_TRY(put_detection(b, &v->detections[i]));
	for (size_t i = 0; i < v->nincompletes; i++)
		OV_TRY(put_incomplete(b, &v->incompletes[i]));
	for (size_t i = 0; i < v->nreported; i++)
		OV_TRY(put_detection(b, &v->reported[i]));
	return ov_wire_put_rules(b, v);
}

/* At most 48 capitals, digits and underlines: it is shown as it stands. */
static ov_status get_type(struct ov_cur *c, char out[OV_WIRE_TYPE_MAX + 1])
{
	struct ov_cur part;
	uint8_t n;

	OV_TRY(ov_cur_u8(c, &n));
	if (n > OV_WIRE_TYPE_MAX)
		return OV_BAD;
	OV_TRY(ov_cur_take(c, n, &part));
	for (size_t i = 0; i < part.len; i++) {
		const char x = (char)part.base[i];

		if (!((x >= 'A' && x <= 'Z') || (x >= '0' && x <= '9') || x == '_'))
			return OV_BAD;
		out[i] = x;
	}
	out[n] = '\0';
	return OV_OK;
}

/* Detections, or what is reported beside them. */
static ov_status get_detections(struct ov_cur *c, struct ov_arena *a, uint32_t n,
				const struct overt_detection **out)
{
	struct overt_detection *d = NULL;

	if (n > 0)
		OV_TRY(ov_arena_array(a, n, &d));
	for (uint32_t i = 0; i < n; i++)
		OV_TRY(get_detection(c, a, &d[i]));
	*out = d;
	return OV_OK;
}

/* The lists, with totals that must fit them: nothing listed means nothing found, and the other way
 * round. */
static ov_status get_lists(struct ov_cur *c, struct ov_arena *a, struct overt_verdict *v)
{
	struct overt_incomplete *n = NULL;
	uint32_t nd, nn, nr;

	OV_TRY(ov_cur_u32le(c, &nd));
	OV_TRY(ov_cur_u32le(c, &nn));
	OV_TRY(ov_cur_u32le(c, &nr));
	if (nd > ov_cur_left(c) / MIN_DETECTION || nn > ov_cur_left(c) / MIN_INCOMPLETE ||
	    nr > ov_cur_left(c) / MIN_DETECTION)
		return OV_BAD;
	if (nd > v->detections_total || nn > v->incompletes_total || nr > v->reported_total ||
	    (nd == 0) != (v->detections_total == 0) || (nn == 0) != (v->incompletes_total == 0) ||
	    (nr == 0) != (v->reported_total == 0))
		return OV_BAD;
	OV_TRY(get_detections(c, a, nd, &v->detections));
	v->ndetections = nd;
	if (nn > 0)
		OV_TRY(ov_arena_array(a, nn, &n));
	for (uint32_t i = 0; i < nn; i++)
		OV_TRY(get_incomplete(c, a, &n[i]));
	v->incompletes = n;
	v->nincompletes = nn;
	OV_TRY(get_detections(c, a, nr, &v->reported));
	v->nreported = nr;
	return OV_OK;
}

/* The kind is our conclusion from the lists, never the worker's word. */
static enum overt_verdict_kind kind_of(const struct overt_verdict *v)
{
	if (v->ndetections > 0)
		return OVERT_DETECTED;
	if (v->error.length > 0)
		return OVERT_ERROR;
	return v->nincompletes > 0 ? OVERT_INCOMPLETE : OVERT_CLEAN;
}

ov_status ov_wire_get_verdict(struct ov_cur *c, struct ov_arena *a, struct ov_wire_verdict *out)
{
	struct overt_verdict *const v = &out->v;
	bool has_sha256;

	memset(v, 0, sizeof *v);
	OV_TRY(get_type(c, out->type));
	v->type = out->type;
	OV_TRY(ov_wire_get_bool(c, &has_sha256));
	v->has_sha256 = has_sha256;
	OV_TRY(ov_cur_copy(c, v->sha256, sizeof v->sha256));
	OV_TRY(ov_cur_u64le(c, &v->size));
	OV_TRY(ov_cur_u64le(c, &v->bytes));
	OV_TRY(ov_cur_u64le(c, &v->layers));
	OV_TRY(ov_cur_u64le(c, &v->time_ns));
	OV_TRY(ov_cur_u64le(c, &v->detections_total));
	OV_TRY(ov_cur_u64le(c, &v->incompletes_total));
	OV_TRY(ov_cur_u64le(c, &v->reported_total));
	OV_TRY(ov_cur_u64le(c, &out->memory));
	OV_TRY(ov_wire_get_text(c, &v->error));
	OV_TRY(get_lists(c, a, v));
	OV_TRY(ov_wire_get_rules(c, a, v));
	OV_TRY(ov_wire_end(c));
	v->kind = kind_of(v);
	return OV_OK;
}

ov_status ov_wire_put_signature(struct ov_buf *b, const struct overt_signature *s)
{
	OV_TRY(ov_wire_put_text(b, s->name));
	OV_TRY(ov_wire_put_text(b, s->source));
	OV_TRY(ov_wire_put_text(b, s->text));
	OV_TRY(ov_buf_u8(b, ov_wire_kind_number(s->kind)));
	OV_TRY(ov_buf_u32(b, s->line));
	return ov_buf_u32(b, (uint32_t)s->target);
}

ov_status ov_wire_get_signature(struct ov_cur *c, struct overt_signature *out)
{
	struct ov_cur at = *c;
	struct overt_signature s;
	uint32_t target;
	uint8_t kind;

	if (ov_cur_left(&at) == 0)
		return OV_END;
	OV_TRY(ov_wire_get_text(&at, &s.name));
	OV_TRY(ov_wire_get_text(&at, &s.source));
	OV_TRY(ov_wire_get_text(&at, &s.text));
	OV_TRY(ov_cur_u8(&at, &kind));
	OV_TRY(ov_cur_u32le(&at, &s.line));
	OV_TRY(ov_cur_u32le(&at, &target));
	s.kind = ov_wire_kind_name(kind);
	if (s.kind == NULL || (target > 255 && target != UINT32_MAX))
		return OV_BAD;
	s.target = target == UINT32_MAX ? -1 : (int)target;
	*c = at;
	*out = s;
	return OV_OK;
}

static ov_status put_source(struct ov_buf *b, const struct overt_database_source *s)
{
	OV_TRY(ov_wire_put_text(b, s->name));
	OV_TRY(ov_wire_put_text(b, s->label));
	OV_TRY(ov_buf_u64(b, s->version));
	OV_TRY(ov_buf_u64(b, s->built));
	OV_TRY(ov_buf_u64(b, s->signatures));
	OV_TRY(ov_buf_u64(b, s->refused));
	OV_TRY(ov_buf_u64(b, s->skipped));
	return ov_buf_u8(b, s->is_signed != 0);
}

static ov_status get_source(struct ov_cur *c, struct overt_database_source *s)
{
	bool is_signed;

	OV_TRY(ov_wire_get_text(c, &s->name));
	OV_TRY(ov_wire_get_text(c, &s->label));
	OV_TRY(ov_cur_u64le(c, &s->version));
	OV_TRY(ov_cur_u64le(c, &s->built));
	OV_TRY(ov_cur_u64le(c, &s->signatures));
	OV_TRY(ov_cur_u64le(c, &s->refused));
	OV_TRY(ov_cur_u64le(c, &s->skipped));
	OV_TRY(ov_wire_get_bool(c, &is_signed));
	s->is_signed = is_signed;
	return OV_OK;
}

ov_status ov_wire_put_cost(struct ov_buf *b, const struct overt_cost *s)
{
	OV_TRY(ov_wire_put_text(b, s->name));
	OV_TRY(ov_wire_put_text(b, s->source));
	OV_TRY(ov_buf_u8(b, ov_wire_kind_number(s->kind)));
	OV_TRY(ov_buf_u32(b, s->line));
	OV_TRY(ov_buf_u64(b, s->met));
	OV_TRY(ov_buf_u64(b, s->woken));
	OV_TRY(ov_buf_u64(b, s->work));
	OV_TRY(ov_buf_u64(b, s->bytes));
	OV_TRY(ov_buf_u8(b, (uint8_t)s->target));
	OV_TRY(ov_buf_u64(b, s->shut));
	OV_TRY(ov_buf_u64(b, s->decided));
	OV_TRY(ov_buf_u64(b, s->searched));
	OV_TRY(ov_buf_u64(b, s->held));
	return ov_wire_put_text(b, s->string);
}

ov_status ov_wire_get_cost(struct ov_cur *c, struct overt_cost *out)
{
	struct ov_cur at = *c;
	struct overt_cost s;
	uint8_t kind, target;

	if (ov_cur_left(&at) == 0)
		return OV_END;
	OV_TRY(ov_wire_get_text(&at, &s.name));
	OV_TRY(ov_wire_get_text(&at, &s.source));
	OV_TRY(ov_cur_u8(&at, &kind));
	OV_TRY(ov_cur_u32le(&at, &s.line));
	OV_TRY(ov_cur_u64le(&at, &s.met));
	OV_TRY(ov_cur_u64le(&at, &s.woken));
	OV_TRY(ov_cur_u64le(&at, &s.work));
	OV_TRY(ov_cur_u64le(&at, &s.bytes));
	OV_TRY(ov_cur_u8(&at, &target));
	s.target = target;
	OV_TRY(ov_cur_u64le(&at, &s.shut));
	OV_TRY(ov_cur_u64le(&at, &s.decided));
	OV_TRY(ov_cur_u64le(&at, &s.searched));
	OV_TRY(ov_cur_u64le(&at, &s.held));
	OV_TRY(ov_wire_get_text(&at, &s.string));
	s.kind = ov_wire_kind_name(kind);
	if (s.kind == NULL || target >= OVERT_TARGETS)
		return OV_BAD;
	*c = at;
	*out = s;
	return OV_OK;
}

ov_status ov_wire_put_facts(struct ov_buf *b, const struct overt_database_facts *f)
{
	const uint64_t v[] = { f->bytes,	f->built,      f->signatures,	f->allowed,
			       f->patterns,	f->anchors,    f->always_woken, f->yara_strings,
			       f->yara_anchors, f->yara_always };
	uint8_t id[32];
	size_t n;

	OV_TRY(ov_hex_decode(ov_str_of(f->id), id, sizeof id, &n));
	if (n != sizeof id || f->nsources > UINT32_MAX)
		return OV_BUG;
	OV_TRY(ov_buf_put(b, id, sizeof id));
	OV_TRY(ov_buf_u32(b, f->format_version));
	for (size_t i = 0; i < sizeof v / sizeof v[0]; i++)
		OV_TRY(ov_buf_u64(b, v[i]));
	for (size_t i = 0; i < 8; i++)
		OV_TRY(ov_buf_u64(b, f->by_kind[i]));
	for (size_t i = 0; i < OVERT_TABLES; i++)
		OV_TRY(ov_buf_u64(b, f->by_table[i]));
	OV_TRY(ov_buf_u32(b, (uint32_t)f->nsources));
	for (size_t i = 0; i < f->nsources; i++)
		OV_TRY(put_source(b, &f->sources[i]));
	return OV_OK;
}

ov_status ov_wire_get_facts(struct ov_cur *c, struct ov_arena *a, struct overt_database_facts *out)
{
	struct overt_database_facts f;
	struct overt_database_source *s = NULL;
	uint8_t id[32];
	uint32_t n;

	memset(&f, 0, sizeof f);
	OV_TRY(ov_cur_copy(c, id, sizeof id));
	ov_hex_encode(id, sizeof id, f.id);
	OV_TRY(ov_cur_u32le(c, &f.format_version));
	OV_TRY(ov_cur_u64le(c, &f.bytes));
	OV_TRY(ov_cur_u64le(c, &f.built));
	OV_TRY(ov_cur_u64le(c, &f.signatures));
	OV_TRY(ov_cur_u64le(c, &f.allowed));
	OV_TRY(ov_cur_u64le(c, &f.patterns));
	OV_TRY(ov_cur_u64le(c, &f.anchors));
	OV_TRY(ov_cur_u64le(c, &f.always_woken));
	OV_TRY(ov_cur_u64le(c, &f.yara_strings));
	OV_TRY(ov_cur_u64le(c, &f.yara_anchors));
	OV_TRY(ov_cur_u64le(c, &f.yara_always));
	for (size_t i = 0; i < 8; i++)
		OV_TRY(ov_cur_u64le(c, &f.by_kind[i]));
	for (size_t i = 0; i < OVERT_TABLES; i++)
		OV_TRY(ov_cur_u64le(c, &f.by_table[i]));
	OV_TRY(ov_cur_u32le(c, &n));
	if (n > ov_cur_left(c) / MIN_SOURCE)
		return OV_BAD;
	if (n > 0)
		OV_TRY(ov_arena_array(a, n, &s));
	for (uint32_t i = 0; i < n; i++)
		OV_TRY(get_source(c, &s[i]));
	OV_TRY(ov_wire_end(c));
	f.sources = s;
	f.nsources = n;
	*out = f;
	return OV_OK;
}
