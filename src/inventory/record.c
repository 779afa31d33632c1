/* Records on their way between worker and inventory. See record.h. */
#include "record.h"

#include "checked.h"

struct ov_str ov_rec_relative(struct ov_str path)
{
	for (;;) {
		if (path.n > 0 && path.p[0] == '/') {
			path.p++;
			path.n--;
		} else if (path.n > 1 && path.p[0] == '.' && path.p[1] == '/') {
			path.p += 2;
			path.n -= 2;
		} else {
			return path;
		}
	}
}

static bool is_merged(struct ov_str path)
{
	static const char *const tops[] = { "bin/",   "sbin/",	 "lib/",   "lib32/",
					    "lib64/", "libx32/", "libo32/" };

	for (size_t i = 0; i < sizeof tops / sizeof tops[0]; i++)
		if (ov_str_starts(path, ov_str_of(tops[i])))
			return true;
	return false;
}

static uint64_t fnv(uint64_t h, struct ov_str s)
{
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (uint8_t)s.p[i]) * 0x100000001b3ULL;
	return h;
}

uint64_t ov_rec_hash(struct ov_str path)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	path = ov_rec_relative(path);
	if (is_merged(path))
		h = fnv(h, OV_STR("usr/"));
	return fnv(h, path);
}

uint8_t ov_rec_own_flags(struct ov_str path)
{
	static const char *const minor[] = { "usr/share/doc/",	   "usr/share/man/",
					     "usr/share/locale/",  "usr/share/info/",
					     "usr/share/lintian/", "usr/share/groff/",
					     "usr/share/linda/" };

	path = ov_rec_relative(path);
	for (size_t i = 0; i < sizeof minor / sizeof minor[0]; i++)
		if (ov_str_starts(path, ov_str_of(minor[i])))
			return OV_OWN_MINOR;
	return 0;
}

static ov_status put_text(struct ov_buf *b, struct ov_str s)
{
	const size_t n = ov_min_size(s.n, OV_REC_TEXT_MAX);

	OV_TRY(ov_buf_u32(b, (uint32_t)n));
	return ov_buf_put(b, s.p, n);
}

static ov_status get_text(struct ov_cur *c, struct ov_str *out)
{
	struct ov_cur part;
	uint32_t n;

	OV_TRY(ov_cur_u32le(c, &n));
	if (n > OV_REC_TEXT_MAX)
		return OV_BAD;
	OV_TRY(ov_cur_take(c, n, &part));
	*out = (struct ov_str){ .p = n > 0 ? (const char *)part.base : "", .n = n };
	return OV_OK;
}

static ov_status get_date(struct ov_cur *c, int64_t *out)
{
	uint64_t v;

	OV_TRY(ov_cur_u64le(c, &v));
	*out = (int64_t)v;
	return OV_OK;
}

static ov_status get_enum(struct ov_cur *c, unsigned end, unsigned *out)
{
	uint8_t v;

	OV_TRY(ov_cur_u8(c, &v));
	if (v >= end)
		return OV_BAD;
	*out = v;
	return OV_OK;
}

static ov_status put_path(struct ov_buf *b, const struct ov_str *path, uint32_t n)
{
	if (n > OV_REC_PATH_MAX)
		return OV_LIMIT;
	OV_TRY(ov_buf_u8(b, (uint8_t)n));
	for (uint32_t i = 0; i < n; i++)
		OV_TRY(put_text(b, path[i]));
	return OV_OK;
}

static ov_status get_path(struct ov_cur *c, struct ov_arena *a, struct ov_str **path, uint32_t *n)
{
	unsigned count;

	OV_TRY(get_enum(c, OV_REC_PATH_MAX + 1, &count));
	OV_TRY(ov_arena_array(a, count, path));
	for (unsigned i = 0; i < count; i++)
		OV_TRY(get_text(c, &(*path)[i]));
	*n = count;
	return OV_OK;
}

static ov_status put_evidence(struct ov_buf *b, const struct ov_inv_evidence *e)
{
	OV_TRY(ov_buf_u8(b, (uint8_t)e->kind));
	OV_TRY(ov_buf_u8(b, (uint8_t)e->grade));
	OV_TRY(ov_buf_u32(b, e->count));
	OV_TRY(put_text(b, e->value));
	OV_TRY(put_text(b, e->where));
	return put_text(b, e->detail);
}

static ov_status get_evidence(struct ov_cur *c, struct ov_inv_evidence *out)
{
	unsigned kind, grade;

	OV_TRY(get_enum(c, OV_EV_KINDS, &kind));
	OV_TRY(get_enum(c, OV_GRADES, &grade));
	out->kind = (enum ov_inv_kind)kind;
	out->grade = (enum ov_grade)grade;
	OV_TRY(ov_cur_u32le(c, &out->count));
	OV_TRY(get_text(c, &out->value));
	OV_TRY(get_text(c, &out->where));
	return get_text(c, &out->detail);
}

/* The texts of a component, in their order on the wire. */
#define COMPONENT_TEXTS 10
static void texts_of(struct ov_inv_component *c, struct ov_str *to[COMPONENT_TEXTS])
{
	struct ov_str *const texts[COMPONENT_TEXTS] = {
		&c->name, &c->version, &c->arch,       &c->supplier,	 &c->id,
		&c->purl, &c->cpe,     &c->since.from, &c->updates.from, &c->key
	};

	for (size_t i = 0; i < COMPONENT_TEXTS; i++)
		to[i] = texts[i];
}

static ov_status put_component(struct ov_buf *b, const struct ov_inv_component *c, unsigned flags)
{
	const uint32_t n = c->nevidence < OV_REC_EVIDENCE_MAX ? c->nevidence : OV_REC_EVIDENCE_MAX;
	struct ov_inv_component copy = *c;
	struct ov_str *texts[COMPONENT_TEXTS];

	texts_of(&copy, texts);
	OV_TRY(ov_buf_u8(b, OV_REC_COMPONENT));
	OV_TRY(ov_buf_u8(b, (uint8_t)flags));
	OV_TRY(ov_buf_u8(b, (uint8_t)c->what));
	OV_TRY(ov_buf_u8(b, (uint8_t)c->state));
	OV_TRY(ov_buf_u8(b, c->is_privileged));
	OV_TRY(ov_buf_u32(b, c->layer));
	OV_TRY(ov_buf_u64(b, (uint64_t)c->since.earliest));
	OV_TRY(ov_buf_u64(b, (uint64_t)c->since.latest));
	OV_TRY(ov_buf_u64(b, (uint64_t)c->updates.last));
	for (size_t i = 0; i < COMPONENT_TEXTS; i++)
		OV_TRY(put_text(b, *texts[i]));
	OV_TRY(put_path(b, c->path, c->npath));
	OV_TRY(ov_buf_u32(b, n));
	for (uint32_t i = 0; i < n; i++)
		OV_TRY(put_evidence(b, &c->evidence[i]));
	return OV_OK;
}

/* A record is there whole or not at all. */
static ov_status whole(struct ov_buf *b, size_t before, ov_status st)
{
	if (st != OV_OK)
		b->n = before;
	return st;
}

ov_status ov_rec_put_component(struct ov_buf *b, const struct ov_inv_component *c, unsigned flags)
{
	const size_t before = b->n;

	return whole(b, before, put_component(b, c, flags));
}

static ov_status get_bool(struct ov_cur *c, bool *out)
{
	unsigned v;

	OV_TRY(get_enum(c, 2, &v));
	*out = v != 0;
	return OV_OK;
}

static ov_status get_component(struct ov_cur *c, struct ov_arena *a, struct ov_rec *out)
{
	struct ov_inv_component *k = &out->component;
	struct ov_str *texts[COMPONENT_TEXTS];
	unsigned what, state;

	OV_TRY(get_enum(c, OV_REC_FLAGS, &out->flags));
	OV_TRY(get_enum(c, OV_WHATS, &what));
	OV_TRY(get_enum(c, OV_STATES, &state));
	k->what = (enum ov_inv_what)what;
	k->state = (enum ov_inv_state)state;
	OV_TRY(get_bool(c, &k->is_privileged));
	OV_TRY(ov_cur_u32le(c, &k->layer));
	OV_TRY(get_date(c, &k->since.earliest));
	OV_TRY(get_date(c, &k->since.latest));
	OV_TRY(get_date(c, &k->updates.last));
	texts_of(k, texts);
	for (size_t i = 0; i < COMPONENT_TEXTS; i++)
		OV_TRY(get_text(c, texts[i]));
	OV_TRY(get_path(c, a, &k->path, &k->npath));
	k->owner = OV_INV_NONE;
	OV_TRY(ov_cur_u32le(c, &k->nevidence));
	if (k->nevidence > OV_REC_EVIDENCE_MAX)
		return OV_BAD;
	OV_TRY(ov_arena_array(a, k->nevidence, &k->evidence));
	for (uint32_t i = 0; i < k->nevidence; i++)
		OV_TRY(get_evidence(c, &k->evidence[i]));
	return OV_OK;
}

static ov_status put_rows(struct ov_buf *b, enum ov_rec_kind kind, const struct ov_rec_rows *r)
{
	if (r->n > OV_REC_ROWS_MAX)
		return OV_LIMIT;
	OV_TRY(ov_buf_u8(b, (uint8_t)kind));
	OV_TRY(ov_buf_u8(b, (uint8_t)r->what));
	OV_TRY(put_text(b, r->name));
	OV_TRY(put_text(b, r->arch));
	OV_TRY(ov_buf_u64(b, (uint64_t)r->since));
	OV_TRY(ov_buf_u32(b, r->layer));
	OV_TRY(ov_buf_u32(b, r->n));
	return ov_buf_put(b, r->rows, (size_t)r->n * OV_REC_ROW);
}

ov_status ov_rec_put_rows(struct ov_buf *b, enum ov_rec_kind kind, const struct ov_rec_rows *r)
{
	const size_t before = b->n;

	return whole(b, before, put_rows(b, kind, r));
}

static ov_status get_rows(struct ov_cur *c, struct ov_rec_rows *r)
{
	struct ov_cur part;
	unsigned what;

	OV_TRY(get_enum(c, OV_WHATS, &what));
	r->what = (enum ov_inv_what)what;
	OV_TRY(get_text(c, &r->name));
	OV_TRY(get_text(c, &r->arch));
	OV_TRY(get_date(c, &r->since));
	OV_TRY(ov_cur_u32le(c, &r->layer));
	OV_TRY(ov_cur_u32le(c, &r->n));
	if (r->n > OV_REC_ROWS_MAX)
		return OV_BAD;
	OV_TRY(ov_cur_take(c, (uint64_t)r->n * OV_REC_ROW, &part));
	r->rows = part.base;
	return OV_OK;
}

static ov_status put_unread(struct ov_buf *b, const struct ov_inv_unread *u)
{
	OV_TRY(ov_buf_u8(b, OV_REC_UNREAD));
	OV_TRY(put_path(b, u->path, u->npath));
	OV_TRY(ov_buf_u8(b, (uint8_t)u->why));
	return put_text(b, u->detail);
}

ov_status ov_rec_put_unread(struct ov_buf *b, const struct ov_inv_unread *u)
{
	const size_t before = b->n;

	return whole(b, before, put_unread(b, u));
}

static ov_status get_unread(struct ov_cur *c, struct ov_arena *a, struct ov_inv_unread *u)
{
	unsigned why;

	OV_TRY(get_path(c, a, &u->path, &u->npath));
	OV_TRY(get_enum(c, OV_STATUS_COUNT, &why));
	u->why = (ov_status)why;
	u->reason = ov_str_of(ov_inv_reason(u->why));
	return get_text(c, &u->detail);
}

ov_status ov_rec_put_scope(struct ov_buf *b, const struct ov_rec_scope *s)
{
	const size_t before = b->n;
	ov_status st = ov_buf_u8(b, OV_REC_SCOPE);

	if (st == OV_OK)
		st = ov_buf_u8(b, (uint8_t)s->kind);
	if (st == OV_OK)
		st = ov_buf_u32(b, s->layer);
	if (st == OV_OK)
		st = ov_buf_u64(b, (uint64_t)s->made);
	if (st == OV_OK)
		st = put_text(b, s->label);
	return whole(b, before, st);
}

static ov_status get_scope(struct ov_cur *c, struct ov_rec_scope *s)
{
	unsigned kind;

	OV_TRY(get_enum(c, OV_SCOPES, &kind));
	s->kind = (enum ov_scope_kind)kind;
	OV_TRY(ov_cur_u32le(c, &s->layer));
	OV_TRY(get_date(c, &s->made));
	return get_text(c, &s->label);
}

ov_status ov_rec_get(struct ov_cur *c, struct ov_arena *a, struct ov_rec *out)
{
	struct ov_rec r = { .flags = 0 };
	struct ov_cur at = *c;
	ov_status st = OV_BAD;
	unsigned kind;

	if (ov_cur_left(&at) == 0)
		return OV_END;
	OV_TRY(get_enum(&at, OV_REC_KINDS, &kind));
	r.kind = (enum ov_rec_kind)kind;
	switch (r.kind) {
	case OV_REC_COMPONENT:
		st = get_component(&at, a, &r);
		break;
	case OV_REC_OWNS:
	case OV_REC_ENTRIES:
		st = get_rows(&at, &r.rows);
		break;
	case OV_REC_UNREAD:
		st = get_unread(&at, a, &r.unread);
		break;
	case OV_REC_SCOPE:
		st = get_scope(&at, &r.scope);
		break;
	case OV_REC_KINDS:
		break;
	}
	OV_TRY(st);
	*c = at;
	*out = r;
	return OV_OK;
}

ov_status ov_rec_put_watch(struct ov_buf *b, const struct ov_inv_watch *w, size_t n)
{
	uint32_t count;

	OV_TRY(ov_u32_of_size(n, &count));
	OV_TRY(ov_buf_u32(b, count));
	for (size_t i = 0; i < n; i++) {
		OV_TRY(ov_buf_u8(b, (uint8_t)w[i].kind));
		OV_TRY(ov_buf_u8(b, (uint8_t)w[i].grade));
		OV_TRY(put_text(b, w[i].group));
		OV_TRY(put_text(b, w[i].pattern));
	}
	return OV_OK;
}

ov_status ov_rec_get_watch(struct ov_cur *c, struct ov_arena *a, struct ov_inv_watch **out,
			   size_t *n)
{
	struct ov_inv_watch *list;
	uint32_t count;

	OV_TRY(ov_cur_u32le(c, &count));
	if (count > ov_cur_left(c) / 10) /* each takes that much at least */
		return OV_BAD;
	OV_TRY(ov_arena_array(a, count, &list));
	for (uint32_t i = 0; i < count; i++) {
		unsigned kind, grade;

		OV_TRY(get_enum(c, OV_WATCH_KINDS, &kind));
		OV_TRY(get_enum(c, OV_GRADES, &grade));
		list[i].kind = (enum ov_watch_kind)kind;
		list[i].grade = (enum ov_grade)grade;
		OV_TRY(get_text(c, &list[i].group));
		OV_TRY(get_text(c, &list[i].pattern));
	}
	if (ov_cur_left(c) != 0)
		return OV_BAD;
	*out = list;
	*n = count;
	return OV_OK;
}
