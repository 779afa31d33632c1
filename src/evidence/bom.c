/* Bills of materials: parts, their places in each other, and the records for them. */
#include "doc.h"
#include "bom.h"

#include <stdlib.h>

ov_status ov_bom_add(struct ov_ev *e, struct ov_bom *b, uint32_t *out)
{
	if (b->n == b->cap) {
		const uint32_t cap = b->cap == 0 ? 64 : b->cap * 2;
		struct ov_bom_part *parts;

		if (cap > (1U << 24))
			return OV_LIMIT;
		OV_TRY(ov_arena_array(&e->arena, cap, &parts));
		if (b->n > 0)
			memcpy(parts, b->parts, b->n * sizeof *parts);
		b->parts = parts;
		b->cap = cap;
	}
	b->parts[b->n] = (struct ov_bom_part){ .parent = 0 };
	*out = b->n++;
	return OV_OK;
}

static int compare(struct ov_str a, struct ov_str b)
{
	const size_t n = a.n < b.n ? a.n : b.n;
	const int d = n > 0 ? memcmp(a.p, b.p, n) : 0;

	return d != 0 ? d : (a.n > b.n) - (a.n < b.n);
}

static int by_ref(const void *x, const void *y)
{
	const struct ov_str *a = x, *b = y; /* the ref is the first member */

	return compare(*a, *b);
}

static ov_status sort(struct ov_ev *e, struct ov_bom *b)
{
	void *p;

	if (b->is_sorted)
		return OV_OK;
	OV_TRY(ov_arena_alloc(&e->arena, (b->n + (size_t)1) * sizeof *b->refs, &p));
	b->refs = p;
	for (uint32_t i = 0; i < b->n; i++) {
		b->refs[i].ref = b->parts[i].ref;
		b->refs[i].at = i;
	}
	if (b->n > 1)
		qsort(b->refs, b->n, sizeof *b->refs, by_ref);
	b->is_sorted = true;
	return OV_OK;
}

static bool find(const struct ov_bom *b, struct ov_str ref, uint32_t *at)
{
	uint32_t lo = 0, hi = b->n;

	if (ref.n == 0)
		return false;
	while (lo < hi) {
		const uint32_t mid = lo + (hi - lo) / 2;

		if (compare(b->refs[mid].ref, ref) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == b->n || !ov_str_eq(b->refs[lo].ref, ref))
		return false;
	*at = b->refs[lo].at;
	return true;
}

ov_status ov_bom_relate(struct ov_ev *e, struct ov_bom *b, struct ov_str parent,
			struct ov_str child)
{
	uint32_t p, c;

	OV_TRY(sort(e, b));
	if (find(b, parent, &p) && find(b, child, &c) && p != c && b->parts[c].parent == 0)
		b->parts[c].parent = p + 1;
	return OV_OK;
}

static ov_status emit_part(struct ov_ev *e, const struct ov_bom *b, const struct ov_bom_part *part)
{
	const struct ov_str none = { .p = "", .n = 0 };
	struct ov_ev_found x;

	ov_ev_begin(&x, OV_WHAT_LISTED, part->name);
	x.c.state = OV_STATE_NAMED;
	x.c.version = part->version;
	x.c.supplier = part->supplier;
	x.c.purl = part->purl;
	x.c.cpe = part->cpe;
	x.c.id = part->group;
	x.c.since.latest = b->made;
	x.c.since.from = b->made != OV_INV_NO_DATE ? OV_STR("SBOM's date") : none;
	ov_ev_add(&x, OV_EV_NAME, OV_E1, part->name, none);
	ov_ev_add(&x, OV_EV_SUPPLIER, OV_E2, part->supplier, part->supplier_from);
	if (!ov_str_eq(part->supplier, part->other_supplier))
		ov_ev_add(&x, OV_EV_SUPPLIER, OV_E2, part->other_supplier, part->other_from);
	ov_ev_add(&x, OV_EV_PURL, OV_E2, part->purl, none);
	ov_ev_add(&x, OV_EV_CPE, OV_E2, part->cpe, none);
	ov_ev_add(&x, OV_EV_SWID, OV_E2, part->swid, none);
	ov_ev_add(&x, OV_EV_SHA256, OV_E2, part->hash, none);
	return ov_ev_emit(e, &x);
}

#define INSIDE_MAX 32 /* parts inside parts that a path shows */

static ov_status emit_at(struct ov_ev *e, const struct ov_bom *b, uint32_t i)
{
	const uint32_t depth = e->nchain;
	uint32_t up[INSIDE_MAX], n = 0, at = i;
	ov_status st = OV_OK;

	/* A circle of relations ends at the bound, like a path that is too long. */
	while (n < INSIDE_MAX && at != OV_INV_NONE) {
		up[n++] = at;
		at = b->parts[at].parent == 0 ? OV_INV_NONE : b->parts[at].parent - 1;
		if (at == i)
			break;
	}
	while (n > 0 && st == OV_OK)
		st = ov_ev_enter(e, b->parts[up[--n]].name);
	if (st == OV_LIMIT) /* deeper than a path may be: named all the same */
		st = OV_OK;
	if (st == OV_OK)
		st = emit_part(e, b, &b->parts[i]);
	e->nchain = depth;
	return st;
}

ov_status ov_bom_emit(struct ov_ev *e, struct ov_bom *b, const struct ov_ev_file *f)
{
	struct ov_ev_found x;

	ov_ev_begin(&x, OV_WHAT_SBOM, b->document.n > 0 ? b->document : f->name);
	x.c.version = b->version;
	x.c.id = ov_str_of(b->format);
	x.c.since.latest = b->made;
	if (b->made != OV_INV_NO_DATE)
		x.c.since.from = OV_STR("SBOM's date");
	ov_ev_add(&x, OV_EV_FIELD, OV_E0, ov_ev_fmt(e, "format=%s", b->format), f->path);
	OV_TRY(ov_ev_emit(e, &x));
	for (uint32_t i = 0; i < b->n; i++)
		OV_TRY(emit_at(e, b, i));
	return OV_OK;
}
