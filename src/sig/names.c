/* Packed names: reading. Every length and number is checked where it is used. */
#include "names.h"

#include <string.h>

#include "checked.h"
#include "names_int.h"

struct segment { /* verified at opening */
	struct ov_cur blocks, groups, block_bytes, template_bytes;
	uint32_t first, source, names, templates;
};

static ov_status segment_at(const struct ov_names *n, uint32_t i, struct segment *out)
{
	const uint8_t *row = n->rows.base + (size_t)i * NAMES_ROW;
	struct segment s = { .first = ov_le32(row), .source = ov_le32(row + 4) };
	uint32_t block_bytes, template_bytes;
	struct ov_cur c;

	OV_TRY(ov_cur_sub(&n->heap, ov_le64(row + 8), ov_le64(row + 16), &c));
	OV_TRY(ov_cur_u32le(&c, &s.names));
	OV_TRY(ov_cur_u32le(&c, &s.templates));
	OV_TRY(ov_cur_u32le(&c, &block_bytes));
	OV_TRY(ov_cur_u32le(&c, &template_bytes));
	OV_TRY(ov_cur_take(&c, ((uint64_t)s.names + OV_NAMES_BLOCK - 1) / OV_NAMES_BLOCK * 4,
			   &s.blocks));
	OV_TRY(ov_cur_take(&c, ((uint64_t)s.templates + NAMES_GROUP - 1) / NAMES_GROUP * 4,
			   &s.groups));
	OV_TRY(ov_cur_take(&c, block_bytes, &s.block_bytes));
	OV_TRY(ov_cur_take(&c, template_bytes, &s.template_bytes));
	if (ov_cur_left(&c) != 0)
		return OV_BAD;
	*out = s;
	return OV_OK;
}

ov_status ov_names_open(struct ov_cur bytes, uint32_t nsources, struct ov_names *out)
{
	struct ov_names n = { .count = 0 };
	struct ov_cur c = bytes;
	uint64_t next = 0;

	OV_TRY(ov_cur_u32le(&c, &n.nsegments));
	OV_TRY(ov_cur_u32le(&c, &n.count));
	OV_TRY(ov_cur_take(&c, (uint64_t)n.nsegments * NAMES_ROW, &n.rows));
	n.heap = ov_cur_of(ov_cur_rest(&c), ov_cur_left(&c));
	for (uint32_t i = 0; i < n.nsegments; i++) {
		struct segment s;

		if (segment_at(&n, i, &s) != OV_OK || s.first != next || s.names == 0 ||
		    s.source >= nsources)
			return OV_BAD;
		next += s.names;
	}
	if (next != n.count)
		return OV_BAD;
	*out = n;
	return OV_OK;
}

static ov_status read_var(struct ov_cur *c, uint64_t *out)
{
	uint64_t v = 0;

	for (uint32_t shift = 0; shift < 64; shift += 7) {
		uint8_t b;

		OV_TRY(ov_cur_u8(c, &b));
		v |= (uint64_t)(b & 0x7f) << shift;
		if (b < 0x80) {
			*out = v;
			return OV_OK;
		}
	}
	return OV_BAD;
}

/* A cursor at a place that an index names. */
static ov_status seek_index(const struct ov_cur *index, uint32_t i, const struct ov_cur *bytes,
			    struct ov_cur *out)
{
	*out = *bytes;
	if (i >= index->len / 4)
		return OV_BAD;
	return ov_cur_seek(out, ov_le32(index->base + 4 * (size_t)i));
}

struct template_text {
	struct ov_str suffix;
	bool has_number;
	size_t n; /* of the prefix */
	char prefix[OV_NAMES_TEXT];
};

static ov_status next_template(struct ov_cur *c, struct template_text *t)
{
	uint64_t shared, rest, tail;
	struct ov_cur more, suffix;

	OV_TRY(read_var(c, &shared));
	OV_TRY(read_var(c, &rest));
	OV_TRY(read_var(c, &tail));
	if (shared > t->n || rest > OV_NAMES_TEXT - shared || tail / 2 > OV_NAMES_TEXT)
		return OV_BAD;
	OV_TRY(ov_cur_take(c, rest, &more));
	OV_TRY(ov_cur_take(c, tail / 2, &suffix));
	if (rest > 0)
		memcpy(t->prefix + shared, more.base, (size_t)rest);
	t->n = (size_t)(shared + rest);
	t->suffix = (struct ov_str){ .p = (const char *)suffix.base, .n = suffix.len };
	t->has_number = tail % 2 != 0;
	return OV_OK;
}

static ov_status template_at(const struct segment *s, uint32_t id, struct template_text *t)
{
	struct ov_cur c;

	if (id >= s->templates)
		return OV_BAD;
	OV_TRY(seek_index(&s->groups, id / NAMES_GROUP, &s->template_bytes, &c));
	t->n = 0;
	for (uint32_t i = 0; i <= id % NAMES_GROUP; i++)
		OV_TRY(next_template(&c, t));
	return OV_OK;
}

/* Whether a template has a number, without putting it together. */
static ov_status has_number(const struct segment *s, uint32_t id, bool *out)
{
	struct ov_cur c, skipped;

	if (id >= s->templates)
		return OV_BAD;
	OV_TRY(seek_index(&s->groups, id / NAMES_GROUP, &s->template_bytes, &c));
	for (uint32_t i = 0; i <= id % NAMES_GROUP; i++) {
		uint64_t shared, rest, tail;

		OV_TRY(read_var(&c, &shared));
		OV_TRY(read_var(&c, &rest));
		OV_TRY(read_var(&c, &tail));
		if (rest > OV_NAMES_TEXT || tail / 2 > OV_NAMES_TEXT)
			return OV_BAD;
		OV_TRY(ov_cur_take(&c, rest + tail / 2, &skipped));
		*out = tail % 2 != 0;
	}
	return OV_OK;
}

static ov_status read_entry(const struct segment *s, struct ov_cur *c, uint64_t v,
			    const struct ov_names_entry *last, struct names_memory *m,
			    struct ov_names_entry *e)
{
	uint64_t number = 0, line = 0;
	bool numbered = false;

	if ((v - 1) / 2 > UINT32_MAX)
		return OV_BAD;
	e->id = (uint32_t)((v - 1) / 2);
	OV_TRY(has_number(s, e->id, &numbered));
	if (numbered) {
		const uint32_t k = e->id % NAMES_SLOTS;

		OV_TRY(read_var(c, &number));
		if (m->slot[k].id == e->id + 1)
			number = m->slot[k].number + names_unzigzag(number);
	}
	if ((v - 1) % 2 != 0)
		OV_TRY(read_var(c, &line));
	e->number = number;
	e->line = last->line + 1 + (uint32_t)names_unzigzag(line);
	return OV_OK;
}

static void remember(struct names_memory *m, const struct ov_names_entry *e)
{
	m->slot[e->id % NAMES_SLOTS].id = e->id + 1;
	m->slot[e->id % NAMES_SLOTS].number = e->number;
}

/* All entries of a block; n is how many it must have. */
static ov_status decode_block(const struct segment *s, uint32_t block, uint32_t n,
			      struct ov_names_entry *e)
{
	struct names_memory m = { 0 };
	struct ov_names_entry last = { .line = 0 };
	struct ov_cur c;

	OV_TRY(seek_index(&s->blocks, block, &s->block_bytes, &c));
	for (uint32_t i = 0; i < n;) {
		uint64_t v;

		OV_TRY(read_var(&c, &v));
		if (v == 0) {
			uint64_t run;

			OV_TRY(read_var(&c, &run));
			if (i == 0 || run == 0 || run > n - i)
				return OV_BAD;
			for (; run > 0; run--) {
				last.number++;
				last.line++;
				e[i++] = last;
			}
		} else {
			OV_TRY(read_entry(s, &c, v, &last, &m, &e[i]));
			last = e[i++];
		}
		remember(&m, &last);
	}
	return OV_OK;
}

static ov_status put_together(const struct segment *s, const struct ov_names_entry *e,
			      struct ov_name *out)
{
	struct template_text t = { .n = 0 };
	char digits[24];
	size_t nd = 0, n;

	OV_TRY(template_at(s, e->id, &t));
	if (t.has_number) {
		uint64_t v = e->number;

		do
			digits[sizeof digits - ++nd] = (char)('0' + v % 10);
		while ((v /= 10) > 0);
	}
	n = t.n + nd + t.suffix.n;
	if (n > OV_NAMES_TEXT)
		return OV_BAD;
	memcpy(out->text, t.prefix, t.n);
	memcpy(out->text + t.n, digits + sizeof digits - nd, nd);
	if (t.suffix.n > 0)
		memcpy(out->text + t.n + nd, t.suffix.p, t.suffix.n);
	out->n = n;
	out->line = e->line;
	out->source = s->source;
	return OV_OK;
}

void ov_names_segment(const struct ov_names *n, uint32_t i, uint32_t *source, uint32_t *count)
{
	const uint8_t *row = n->rows.base + (size_t)i * NAMES_ROW;
	const uint32_t next = i + 1 < n->nsegments ? ov_le32(row + NAMES_ROW) : n->count;

	*source = ov_le32(row + 4);
	*count = next - ov_le32(row);
}

/* The segment that holds a token below n->count. */
static uint32_t find_segment(const struct ov_names *n, uint32_t token)
{
	uint32_t lo = 0, hi = n->nsegments;

	while (hi - lo > 1) {
		const uint32_t mid = lo + (hi - lo) / 2;

		if (ov_le32(n->rows.base + (size_t)mid * NAMES_ROW) <= token)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

ov_status ov_names_next(struct ov_names_walk *w, struct ov_name *out)
{
	uint32_t at, block;
	struct segment s;

	if (w->next >= w->names->count)
		return OV_END;
	OV_TRY(segment_at(w->names, w->segment, &s));
	if (w->next - s.first >= s.names) {
		w->segment++;
		w->decoded = 0;
		OV_TRY(segment_at(w->names, w->segment, &s));
	}
	at = w->next - s.first;
	block = at / OV_NAMES_BLOCK;
	if (w->decoded != block + 1) {
		const uint64_t left = s.names - (uint64_t)block * OV_NAMES_BLOCK;

		OV_TRY(decode_block(&s, block, (uint32_t)ov_min_u64(left, OV_NAMES_BLOCK),
				    w->entries));
		w->decoded = block + 1;
	}
	OV_TRY(put_together(&s, &w->entries[at % OV_NAMES_BLOCK], out));
	w->next++;
	return OV_OK;
}

ov_status ov_names_at(const struct ov_names *n, uint32_t token, struct ov_name *out)
{
	struct ov_names_walk w = { .names = n, .next = token };

	if (token >= n->count)
		return OV_END;
	w.segment = find_segment(n, token);
	return ov_names_next(&w, out);
}
