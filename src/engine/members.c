/*
 * Members of containers, held against container-metadata signatures: each part that a format hands
 * out, whether its bytes can be read or not.
 *
 * Signatures that name one CRC or one size are looked up by it. The others are gone through, each
 * for the price of one comparison: of the bytes that the member's name holds with those that the
 * expression needs. Only what passes is looked at in full.
 */
#include "engine_int.h"

#include <stdlib.h>
#include <string.h>

#include "ere.h"
#include "member.h"
#include "members.h"

#define STEPS_PER_FILE (UINT64_C(1) << 27) /* of name expressions: about a second */

struct row {
	uint64_t key; /* CRC, size, or the mask of bytes that the name needs */
	uint32_t at;  /* of the record in its table */
};

struct rows {
	struct row *v;
	size_t n;
};

struct ov_members {
	struct rows by_crc, by_size, others;
	struct ov_cur table;
	struct ov_arena arena;
	struct ov_ere_run run;
	uint64_t steps;
	bool is_spent;
};

static ov_status record_at(const struct ov_members *m, uint32_t at, struct ov_extra_row *r,
			   struct ov_member_sig *s)
{
	struct ov_cur c = m->table;

	c.pos = at;
	OV_TRY(ov_extra_next(&c, r));
	return ov_member_get(r->body, s);
}

static bool is_one(struct ov_u64_range r)
{
	return r.lo == r.hi;
}

static struct rows *place_of(struct ov_members *m, const struct ov_member_sig *s, uint64_t *key)
{
	if (s->has_crc) {
		*key = s->crc;
		return &m->by_crc;
	}
	if (is_one(s->real)) {
		*key = s->real.lo;
		return &m->by_size;
	}
	*key = s->has_name ? s->needs.mask : 0;
	return &m->others;
}

/* Twice: to count, and to fill. */
static void sort_in(struct ov_members *m, bool is_counting)
{
	struct ov_cur c = m->table;
	struct ov_extra_row r;
	size_t at = 0;

	m->by_crc.n = m->by_size.n = m->others.n = 0;
	for (c.pos = 0; ov_extra_next(&c, &r) == OV_OK; at = c.pos) {
		struct ov_member_sig s;
		struct rows *to;
		uint64_t key;

		if (ov_member_get(r.body, &s) != OV_OK)
			continue;
		to = place_of(m, &s, &key);
		if (!is_counting)
			to->v[to->n] = (struct row){ .key = key, .at = (uint32_t)at };
		to->n++;
	}
}

static int compare_rows(const void *pa, const void *pb)
{
	const struct row *a = pa, *b = pb;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->at < b->at ? -1 : a->at > b->at;
}

static ov_status reserve(struct rows *r)
{
	r->v = calloc(r->n + 1, sizeof *r->v);
	return r->v != NULL ? OV_OK : OV_NOMEM;
}

static ov_status arrange(struct ov_members *m)
{
	OV_TRY(ov_ere_run_new(&m->arena, &m->run));
	sort_in(m, true);
	OV_TRY(reserve(&m->by_crc));
	OV_TRY(reserve(&m->by_size));
	OV_TRY(reserve(&m->others));
	sort_in(m, false);
	qsort(m->by_crc.v, m->by_crc.n, sizeof *m->by_crc.v, compare_rows);
	qsort(m->by_size.v, m->by_size.n, sizeof *m->by_size.v, compare_rows);
	return OV_OK;
}

ov_status ov_members_new(const struct ov_odb *db, struct ov_members **out)
{
	struct ov_members *m;
	ov_status s;

	*out = NULL;
	if (db->extra[OV_EXTRA_CONTAINER].len == 0)
		return OV_OK;
	if (db->extra[OV_EXTRA_CONTAINER].len > UINT32_MAX)
		return OV_LIMIT;
	m = calloc(1, sizeof *m);
	if (m == NULL)
		return OV_NOMEM;
	m->table = db->extra[OV_EXTRA_CONTAINER];
	ov_arena_init(&m->arena, (size_t)1 << 20);
	s = arrange(m);
	if (s != OV_OK)
		ov_members_free(&m);
	else
		*out = m;
	return s;
}

void ov_members_free(struct ov_members **pm)
{
	struct ov_members *m = *pm;

	if (m == NULL)
		return;
	ov_arena_free(&m->arena);
	free(m->by_crc.v);
	free(m->by_size.v);
	free(m->others.v);
	free(m);
	*pm = NULL;
}

void ov_members_begin(struct ov_members *m)
{
	if (m == NULL)
		return;
	m->steps = STEPS_PER_FILE;
	m->is_spent = false;
}

/*
 * Containers whose parts are files with names. Documents have parts as well, but their names are
 * the format's own, and clamscan asks no such signature about them.
 */
static bool has_members(enum ov_type t)
{
	static const uint16_t types[] = {
		OV_T_ZIP,     OV_T_OOXML_WORD, OV_T_OOXML_XL,	 OV_T_OOXML_PPT, OV_T_OOXML_HWP,
		OV_T_ZIPSFX,  OV_T_RAR,	       OV_T_RARSFX,	 OV_T_7Z,	 OV_T_7ZSFX,
		OV_T_ARJ,     OV_T_ARJSFX,     OV_T_LHA,	 OV_T_ALZ,	 OV_T_EGG,
		OV_T_EGGSFX,  OV_T_MSCAB,      OV_T_CABSFX,	 OV_T_MSCHM,	 OV_T_POSIX_TAR,
		OV_T_OLD_TAR, OV_T_CPIO_OLD,   OV_T_CPIO_ODC,	 OV_T_CPIO_NEWC, OV_T_CPIO_CRC,
		OV_T_ISO9660, OV_T_UDF,	       OV_T_MAIL,	 OV_T_XAR,	 OV_T_AR,
		OV_T_RPM,     OV_T_WARC,       OV_T_ISHIELD_CAB,
	};

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (types[i] == (uint16_t)t)
			return true;
	return false;
}

/* Office documents are ZIP archives with a type of their own; so are programs that unpack
 * themselves. */
static bool is_type(enum ov_type want, enum ov_type have)
{
	switch (have) {
	case OV_T_OOXML_WORD:
	case OV_T_OOXML_XL:
	case OV_T_OOXML_PPT:
	case OV_T_OOXML_HWP:
	case OV_T_ZIPSFX:
		return want == have || want == OV_T_ZIP;
	case OV_T_RARSFX:
		return want == have || want == OV_T_RAR;
	case OV_T_7ZSFX:
		return want == have || want == OV_T_7Z;
	case OV_T_CABSFX:
		return want == have || want == OV_T_MSCAB;
	default:
		return want == have;
	}
}

static bool in_range(struct ov_u64_range r, uint64_t v)
{
	return v >= r.lo && v <= r.hi;
}

/* All but the name. A size that the container does not tell is in no range but the whole one. */
static bool facts_hold(const struct ov_member_sig *s, const struct ov_node *n,
		       const struct ov_child *c)
{
	if (s->has_type && !is_type(s->type, n->type))
		return false;
	if (s->has_encrypted && s->is_encrypted != c->is_encrypted)
		return false;
	if (s->has_crc && !(c->has_crc32 && c->crc32 == s->crc))
		return false;
	if (s->has_method && !(c->has_method && c->method == s->method))
		return false;
	return in_range(s->container, n->src.size) && in_range(s->packed, c->packed) &&
	       in_range(s->real, c->size) && in_range(s->position, c->position);
}

static ov_status name_holds(struct ov_engine *e, struct ov_node *n, const struct ov_member_sig *s,
			    struct ov_str name)
{
	struct ov_members *m = e->members;
	ov_status st;

	if (!s->has_name)
		return OV_OK;
	if (m->is_spent)
		return OV_END;
	st = ov_ere_search(s->program, name, &m->run, &m->steps);
	if (st == OV_LIMIT) {
		m->is_spent = true;
		ov_report_incomplete(e, n, OVERT_LIMIT_TIME, (struct ov_str){ 0 },
				     "its members' names could not all be held against the "
				     "expressions of container signatures");
		return OV_END;
	}
	return st;
}

static ov_status report(struct ov_engine *e, struct ov_node *n, const struct ov_child *c,
			const struct ov_extra_row *r, const struct ov_member_sig *s)
{
	const struct ov_report_detection d = { .name = r->name,
					       .kind = OV_RULE_CONTAINER,
					       .source = r->source,
					       .line = r->line,
					       .rule = UINT32_MAX,
					       .rule_text = s->text };
	struct ov_node member = { .parent = n,
				  .parent_type = n->type,
				  .depth = n->depth + 1,
				  .name = c->name,
				  .allowed = -1,
				  .type = OV_T_ANY };

	if (c->name.n == 0)
		member.name = OV_STR("content");
	else if (ov_arena_str(&e->report_arena, c->name, &member.name) != OV_OK)
		member.name = OV_STR("(name lost: too many parts)");
	return ov_report_detection(e, &member, &d);
}

static ov_status one(struct ov_engine *e, struct ov_node *n, const struct ov_child *c, uint32_t at)
{
	struct ov_extra_row r;
	struct ov_member_sig s;
	ov_status st;

	OV_TRY(record_at(e->members, at, &r, &s));
	if (!facts_hold(&s, n, c))
		return OV_OK;
	st = name_holds(e, n, &s, c->name);
	if (st != OV_OK)
		return st == OV_END ? OV_OK : st;
	return report(e, n, c, &r, &s);
}

static ov_status equals(struct ov_engine *e, struct ov_node *n, const struct ov_child *c,
			const struct rows *r, uint64_t key)
{
	size_t lo = 0, hi = r->n;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (r->v[mid].key < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < r->n && r->v[lo].key == key && !e->is_done; lo++)
		OV_TRY(one(e, n, c, r->v[lo].at));
	return OV_OK;
}

ov_status ov_members_check(struct ov_engine *e, struct ov_node *n, const struct ov_child *c)
{
	const struct ov_members *m = e->members;
	uint64_t mask;

	if (m == NULL || c->is_coding || c->is_carved || !has_members(n->type))
		return OV_OK;
	if (c->has_crc32)
		OV_TRY(equals(e, n, c, &m->by_crc, c->crc32));
	if (!e->is_done)
		OV_TRY(equals(e, n, c, &m->by_size, c->size));
	mask = m->others.n > 0 ? ov_ere_mask(c->name) : 0;
	for (size_t i = 0; i < m->others.n && !e->is_done; i++)
		if ((m->others.v[i].key & ~mask) == 0)
			OV_TRY(one(e, n, c, m->others.v[i].at));
	return OV_OK;
}
