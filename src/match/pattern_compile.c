/*
 * From pattern trees to a section: variants are cut into parts at jumps too wide to be walked, each
 * part gets its anchor and its code. Equal patterns share one number.
 *
 * Where a pattern is cut decides how its matches are counted, so OV_COUNT_CLAMAV cuts where ClamAV
 * does: at each range but [n-m] before a single byte, and at {n} from 128 on (found by running
 * clamscan).
 */
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "pattern_emit.h"
#include "pattern_int.h"

#define TABLE_MAX ((size_t)1 << 28) /* bytes of each record table */

struct made { /* a finished pattern's share of the tables */
	uint64_t hash;
	size_t code, code_n, parts, parts_n, variants, variants_n; /* offsets and bytes */
	uint8_t mode;
};

struct ov_pats_builder {
	struct ov_buf variants, parts, code, made,
	    index; /* index: open addressing over made, number + 1 each */
	uint32_t count;
};

ov_status ov_pats_builder_new(struct ov_pats_builder **out)
{
	struct ov_pats_builder *b = calloc(1, sizeof *b);

	if (b == NULL)
		return OV_NOMEM;
	b->variants = b->parts = b->made = b->index = ov_buf_of(TABLE_MAX);
	b->code = ov_buf_of(CODE_MAX);
	*out = b;
	return OV_OK;
}

void ov_pats_builder_free(struct ov_pats_builder **b)
{
	if (*b == NULL)
		return;
	ov_buf_free(&(*b)->variants);
	ov_buf_free(&(*b)->parts);
	ov_buf_free(&(*b)->code);
	ov_buf_free(&(*b)->made);
	ov_buf_free(&(*b)->index);
	free(*b);
	*b = NULL;
}

struct jump { /* jumps that follow each other, as one */
	uint64_t min, max;
	const struct ov_pn *rest; /* what stands behind them */
};

static struct jump jump_at(const struct ov_pn *n)
{
	struct jump j = { .rest = n };

	for (; j.rest != NULL && j.rest->kind == OV_PN_JUMP; j.rest = j.rest->next) {
		j.min = j.min > OV_JUMP_INF - j.rest->min ? OV_JUMP_INF : j.min + j.rest->min;
		j.max = j.max > OV_JUMP_INF - j.rest->max ? OV_JUMP_INF : j.max + j.rest->max;
	}
	return j;
}

/* What stands between a jump and the next one is a single byte. */
static bool is_single_byte(const struct ov_pn *n)
{
	uint64_t total = 0;

	for (; n != NULL && n->kind != OV_PN_JUMP && total <= 1; n = n->next) {
		uint64_t lo, hi;

		if (n->kind == OV_PN_ASSERT)
			continue;
		if (node_length(n, &lo, &hi) != OV_OK || lo != hi || lo > 1)
			return false;
		total += lo;
	}
	return total == 1;
}

static bool is_walked(const struct jump *j, enum ov_count_mode mode)
{
	if (j->min == j->max)
		return j->max < (mode == OV_COUNT_CLAMAV ? 128 : 65536);
	if (mode == OV_COUNT_CLAMAV)
		return j->max <= 32 && is_single_byte(j->rest);
	return j->max <= 4096 && j->max - j->min <= WALK_MAX;
}

struct span { /* a part's nodes */
	const struct ov_pn *first, *body, *tail, *end;
	uint64_t gap_min, gap_max;
};

/* Finds body and tail; checks that the part takes a byte, and not too many. */
static ov_status measure(struct span *s, uint64_t *min, uint64_t *max, const char **why)
{
	*min = *max = 0;
	s->body = s->first;
	while (s->body != s->end && s->body->kind == OV_PN_ASSERT)
		s->body = s->body->next;
	s->tail = s->body;
	for (const struct ov_pn *n = s->body; n != s->end; n = n->next)
		if (n->kind != OV_PN_ASSERT)
			s->tail = n->next;
	for (const struct ov_pn *n = s->body; n != s->tail; n = n->next) {
		uint64_t lo, hi;

		*why = "alternatives are nested too deep";
		OV_TRY(node_length(n, &lo, &hi));
		*why = "a part of the pattern is too long";
		if (hi > PART_BYTES_MAX - *max)
			return OV_LIMIT;
		*min += lo;
		*max += hi;
	}
	*why = "a part of the pattern takes no byte";
	return *min == 0 ? OV_BAD : OV_OK;
}

static void put_key(uint8_t *r, const struct span *s)
{
	struct anchor_best a;

	anchor_find(s->first, s->end, &a);
	if (a.is_set && a.dist_max - a.dist_min <= DIST_RANGE_MAX) {
		memcpy(r + PART_KEY, a.key.value, OV_GRAM_MAX);
		memcpy(r + PART_KEY + OV_GRAM_MAX, a.key.mask, OV_GRAM_MAX);
		r[PART_KEY_N] = a.key.n;
		ov_put_le32(r + PART_DIST_MIN, (uint32_t)a.dist_min);
		ov_put_le32(r + PART_DIST_MAX, (uint32_t)a.dist_max);
	} else if (a.has_byte) {
		r[PART_KEY] = a.byte;
		r[PART_KEY + OV_GRAM_MAX] = 0xff;
		r[PART_KEY_N] = 1;
		ov_put_le32(r + PART_DIST_MIN, (uint32_t)a.byte_min);
		ov_put_le32(r + PART_DIST_MAX, (uint32_t)a.byte_max);
	}
}

static ov_status add_part(struct ov_pats_builder *b, struct span *s, const char **why)
{
	uint8_t r[PART_SIZE] = { 0 };
	const size_t code = b->code.n;
	uint64_t min, max;

	OV_TRY(measure(s, &min, &max, why));
	*why = "the pattern holds something that can't be compiled";
	OV_TRY(emit_part(&b->code, s->first, s->end, s->body, s->tail));
	ov_put_le32(r + PART_CODE_LEN, (uint32_t)(b->code.n - code));
	ov_put_le32(r + PART_MIN, (uint32_t)min);
	ov_put_le32(r + PART_MAX, (uint32_t)max);
	ov_put_le64(r + PART_GAP_MIN, s->gap_min);
	ov_put_le64(r + PART_GAP_MAX, s->gap_max);
	put_key(r, s);
	return ov_buf_put(&b->parts, r, sizeof r);
}

/* The node at which the part that begins at `first` ends: a jump that is not walked, or NULL. */
static const struct ov_pn *part_end(const struct ov_pn *first, enum ov_count_mode mode)
{
	const struct ov_pn *n = first;

	while (n != NULL) {
		struct jump j;

		if (n->kind != OV_PN_JUMP) {
			n = n->next;
			continue;
		}
		j = jump_at(n);
		if (!is_walked(&j, mode))
			return n;
		n = j.rest;
	}
	return NULL;
}

static bool is_bad_edge(const struct ov_pn *n)
{
	return n->kind == OV_PN_JUMP && n->min != n->max;
}

static ov_status add_variant(struct ov_pats_builder *b, const struct ov_pn *v,
			     enum ov_count_mode mode, const char **why)
{
	struct span s = { .first = v };
	uint32_t nparts = 0;

	*why = "the pattern is empty";
	if (v == NULL)
		return OV_BAD;
	*why = "a range of bytes stands at the pattern's edge";
	if (is_bad_edge(v))
		return OV_BAD;
	for (;;) {
		struct jump j;

		s.end = part_end(s.first, mode);
		OV_TRY(add_part(b, &s, why));
		nparts++;
		if (s.end == NULL)
			break;
		j = jump_at(s.end);
		*why = "a range of bytes stands at the pattern's edge";
		if (j.rest == NULL || j.max < j.min)
			return OV_BAD;
		s = (struct span){ .first = j.rest, .gap_min = j.min, .gap_max = j.max };
	}
	OV_TRY(ov_buf_u32(&b->variants, 0)); /* numbers are known when all is */
	return ov_buf_u32(&b->variants, nparts);
}

static uint64_t hash_more(uint64_t h, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3u; /* FNV-1a; the bytes are compared as well */
	return h;
}

static bool is_same(const struct ov_pats_builder *b, const struct made *x, const struct made *y)
{
	return x->hash == y->hash && x->mode == y->mode && x->code_n == y->code_n &&
	       x->parts_n == y->parts_n && x->variants_n == y->variants_n &&
	       memcmp(b->code.p + x->code, b->code.p + y->code, x->code_n) == 0 &&
	       memcmp(b->parts.p + x->parts, b->parts.p + y->parts, x->parts_n) == 0 &&
	       memcmp(b->variants.p + x->variants, b->variants.p + y->variants, x->variants_n) == 0;
}

/* Where in the index a pattern stands or would stand. The index is never full. */
static uint8_t *index_slot(const struct ov_pats_builder *b, const struct made *m)
{
	const struct made *all = (const struct made *)(const void *)b->made.p;
	const size_t slots = b->index.n / 4;
	size_t i = (size_t)(m->hash ^ m->hash >> 29) % slots;

	for (;; i = (i + 1) % slots) {
		uint8_t *at = b->index.p + 4 * i;

		if (ov_le32(at) == 0 || is_same(b, &all[ov_le32(at) - 1], m))
			return at;
	}
}

static ov_status grow_index(struct ov_pats_builder *b)
{
	const struct made *all = (const struct made *)(const void *)b->made.p;
	size_t want = 1024;

	if ((size_t)b->count * 2 + 2 <= b->index.n / 4)
		return OV_OK;
	while (want < (size_t)b->count * 4)
		want *= 2;
	b->index.n = 0;
	OV_TRY(ov_buf_zero(&b->index, want * 4));
	for (uint32_t i = 0; i < b->count; i++)
		ov_put_le32(index_slot(b, &all[i]), i + 1);
	return OV_OK;
}

static ov_status finish_pattern(struct ov_pats_builder *b, struct made *m, uint32_t *id)
{
	uint8_t *slot;

	OV_TRY(grow_index(b));
	m->code_n = b->code.n - m->code;
	m->parts_n = b->parts.n - m->parts;
	m->variants_n = b->variants.n - m->variants;
	m->hash = hash_more(0xcbf29ce484222325u, b->code.p + m->code, m->code_n);
	m->hash = hash_more(m->hash, b->parts.p + m->parts, m->parts_n);
	slot = index_slot(b, m);
	if (ov_le32(slot) != 0) {
		b->code.n = m->code;
		b->parts.n = m->parts;
		b->variants.n = m->variants;
		*id = ov_le32(slot) - 1;
		return OV_OK;
	}
	OV_TRY(ov_buf_put(&b->made, m, sizeof *m));
	ov_put_le32(slot, ++b->count);
	*id = b->count - 1;
	return OV_OK;
}

ov_status ov_pats_add(struct ov_pats_builder *b, const struct ov_pat_ir *ir, uint32_t *id,
		      const char **why)
{
	struct made m = { .code = b->code.n, .parts = b->parts.n, .variants = b->variants.n };
	const char *reason = "the pattern is empty";
	ov_status s = ir->nvariants == 0 ? OV_BAD : OV_OK;

	m.mode = (uint8_t)ir->count_mode;
	if (ir->nvariants > VARIANTS_MAX) {
		reason = "the pattern has too many variants";
		s = OV_LIMIT;
	}
	for (size_t i = 0; s == OV_OK && i < ir->nvariants; i++)
		s = add_variant(b, ir->variants[i], ir->count_mode, &reason);
	if (s == OV_OK) {
		reason = "the patterns are too large";
		s = finish_pattern(b, &m, id);
	}
	if (s == OV_OK)
		return OV_OK;
	b->code.n = m.code;
	b->parts.n = m.parts;
	b->variants.n = m.variants;
	if (why != NULL)
		*why = s == OV_NOMEM ? "out of memory" : reason;
	return s;
}

ov_status ov_pats_part_of_key(const struct ov_pats_builder *b, uint32_t id, uint32_t variant,
			      const struct ov_gram_key *key, uint32_t *part)
{
	const struct made *m = (const struct made *)(const void *)b->made.p + id;
	uint32_t first = 0, n = 0;

	if (id >= b->count || variant >= m->variants_n / VARIANT_SIZE)
		return OV_END;
	for (uint32_t i = 0; i <= variant; i++) {
		first += n;
		n = ov_le32(b->variants.p + m->variants + (size_t)i * VARIANT_SIZE + 4);
	}
	for (uint32_t i = first; i < first + n; i++) {
		const uint8_t *r = b->parts.p + m->parts + (size_t)i * PART_SIZE;

		if (r[PART_KEY_N] == key->n && memcmp(r + PART_KEY, key->value, key->n) == 0 &&
		    memcmp(r + PART_KEY + OV_GRAM_MAX, key->mask, key->n) == 0) {
			*part = i;
			return OV_OK;
		}
	}
	return OV_END;
}

/* One compiled variant: its parts' rows and code, unnumbered as the builder keeps them. */
static ov_status copy_variant(struct ov_pats_builder *b, const struct ov_pats *from,
			      uint32_t variant)
{
	const struct variant_view v = variant_of(from, variant);

	for (uint32_t k = 0; k < v.nparts; k++) {
		const uint8_t *row = from->parts + (size_t)(v.first_part + k) * PART_SIZE;
		const size_t at = b->parts.n;

		OV_TRY(ov_buf_put(&b->parts, row, PART_SIZE));
		ov_put_le32(b->parts.p + at + PART_CODE, 0);
		OV_TRY(ov_buf_put(&b->code, from->code + ov_le32(row + PART_CODE),
				  ov_le32(row + PART_CODE_LEN)));
	}
	OV_TRY(ov_buf_u32(&b->variants, 0));
	return ov_buf_u32(&b->variants, v.nparts);
}

ov_status ov_pats_add_compiled(struct ov_pats_builder *b, const struct ov_pats *from, uint32_t id,
			       uint32_t *out)
{
	struct made m = { .code = b->code.n, .parts = b->parts.n, .variants = b->variants.n };
	struct pattern_view v;
	ov_status s = OV_OK;

	if (id >= from->count)
		return OV_BAD;
	v = pattern_of(from, id);
	m.mode = (uint8_t)v.mode;
	for (uint32_t i = 0; s == OV_OK && i < v.nvariants; i++)
		s = copy_variant(b, from, v.first_variant + i);
	if (s == OV_OK)
		s = finish_pattern(b, &m, out);
	if (s != OV_OK) {
		b->code.n = m.code;
		b->parts.n = m.parts;
		b->variants.n = m.variants;
	}
	return s;
}

uint32_t ov_pats_count(const struct ov_pats_builder *b)
{
	return b->count;
}

struct sizes {
	uint32_t variants, parts, code, longest;
};

static void measure_all(const struct ov_pats_builder *b, const uint32_t *order, uint32_t n,
			struct sizes *out)
{
	const struct made *all = (const struct made *)(const void *)b->made.p;

	*out = (struct sizes){ .variants = 0 };
	for (uint32_t i = 0; i < n; i++) {
		const struct made *m = &all[order[i]];

		out->variants += (uint32_t)(m->variants_n / VARIANT_SIZE);
		out->parts += (uint32_t)(m->parts_n / PART_SIZE);
		out->code += (uint32_t)m->code_n;
		for (size_t k = m->parts; k < m->parts + m->parts_n; k += PART_SIZE)
			if (ov_le32(b->parts.p + k + PART_MAX) > out->longest)
				out->longest = ov_le32(b->parts.p + k + PART_MAX);
	}
}

static ov_status put_head(const struct sizes *s, uint32_t n, struct ov_buf *out)
{
	OV_TRY(ov_buf_u32(out, PATS_MAGIC));
	OV_TRY(ov_buf_u32(out, n));
	OV_TRY(ov_buf_u32(out, s->variants));
	OV_TRY(ov_buf_u32(out, s->parts));
	OV_TRY(ov_buf_u32(out, s->code));
	OV_TRY(ov_buf_u32(out, s->longest));
	return ov_buf_u64(out, 0);
}

static ov_status put_patterns(const struct ov_pats_builder *b, const uint32_t *order, uint32_t n,
			      struct ov_buf *out)
{
	const struct made *all = (const struct made *)(const void *)b->made.p;
	uint32_t variant = 0, part = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct made *m = &all[order[i]];
		const uint16_t nvariants = (uint16_t)(m->variants_n / VARIANT_SIZE);

		OV_TRY(ov_buf_u32(out, variant));
		OV_TRY(ov_buf_u16(out, nvariants));
		OV_TRY(ov_buf_u8(out, m->mode));
		OV_TRY(ov_buf_u8(out, 0));
		variant += nvariants;
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct made *m = &all[order[i]];

		for (size_t k = m->variants; k < m->variants + m->variants_n; k += VARIANT_SIZE) {
			OV_TRY(ov_buf_u32(out, part));
			OV_TRY(ov_buf_put(out, b->variants.p + k + 4, 4));
			part += ov_le32(b->variants.p + k + 4);
		}
	}
	return OV_OK;
}

static ov_status put_parts(const struct ov_pats_builder *b, const uint32_t *order, uint32_t n,
			   struct ov_buf *out)
{
	const struct made *all = (const struct made *)(const void *)b->made.p;
	uint32_t code = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct made *m = &all[order[i]];
		const size_t first = out->n;

		OV_TRY(ov_buf_put(out, b->parts.p + m->parts, m->parts_n));
		for (size_t k = first; k < out->n; k += PART_SIZE) {
			ov_put_le32(out->p + k + PART_CODE, code);
			code += ov_le32(out->p + k + PART_CODE_LEN);
		}
	}
	for (uint32_t i = 0; i < n; i++)
		OV_TRY(ov_buf_put(out, b->code.p + all[order[i]].code, all[order[i]].code_n));
	return OV_OK;
}

ov_status ov_pats_finish_some(const struct ov_pats_builder *b, const uint32_t *order, uint32_t n,
			      struct ov_buf *out)
{
	const size_t start = out->n;
	struct sizes sizes;
	ov_status s;

	for (uint32_t i = 0; i < n; i++)
		if (order[i] >= b->count)
			return OV_BAD;
	measure_all(b, order, n, &sizes);
	s = put_head(&sizes, n, out);
	if (s == OV_OK)
		s = put_patterns(b, order, n, out);
	if (s == OV_OK)
		s = put_parts(b, order, n, out);
	if (s != OV_OK)
		out->n = start;
	return s;
}

ov_status ov_pats_finish(const struct ov_pats_builder *b, struct ov_buf *out)
{
	uint32_t *order = calloc((size_t)b->count + 1, sizeof *order);
	ov_status s = order != NULL ? OV_OK : OV_NOMEM;

	for (uint32_t i = 0; s == OV_OK && i < b->count; i++)
		order[i] = i;
	if (s == OV_OK)
		s = ov_pats_finish_some(b, order, b->count, out);
	free(order);
	return s;
}
