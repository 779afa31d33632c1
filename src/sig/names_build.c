/* Packed names: writing, one segment a source. Names stream through; what is kept is packed. */
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "names_int.h"

#define NUMBER_DIGITS 18u /* a longer run of digits stays in the prefix */

struct template_row { /* of the open segment; bytes in `raw`: prefix, suffix */
	size_t at;
	uint32_t prefix, suffix, hash;
	bool has_number;
};

struct ov_names_builder {
	struct ov_buf rows, heap; /* finished segments */
	uint32_t count;		  /* all names */
	/* the open segment */
	struct ov_buf blocks, bytes;	     /* index of blocks, and they */
	struct ov_buf templates, raw, index; /* struct template_row, their bytes, open addressing */
	uint32_t source, names, in_block, run;
	struct ov_names_entry last;
	struct names_memory memory;
};

struct split { /* a name as a template and a number */
	struct ov_str prefix, suffix;
	uint64_t number;
	bool has_number;
};

ov_status ov_names_builder_new(size_t max, struct ov_names_builder **out)
{
	struct ov_names_builder *b = calloc(1, sizeof *b);

	if (b == NULL)
		return OV_NOMEM;
	b->rows = b->heap = b->blocks = b->bytes = b->templates = b->raw = b->index =
	    ov_buf_of(max);
	*out = b;
	return OV_OK;
}

void ov_names_builder_free(struct ov_names_builder **pb)
{
	struct ov_names_builder *b = *pb;

	if (b == NULL)
		return;
	ov_buf_free(&b->rows);
	ov_buf_free(&b->heap);
	ov_buf_free(&b->blocks);
	ov_buf_free(&b->bytes);
	ov_buf_free(&b->templates);
	ov_buf_free(&b->raw);
	ov_buf_free(&b->index);
	free(b);
	*pb = NULL;
}

size_t ov_names_held(const struct ov_names_builder *b)
{
	return b->rows.cap + b->heap.cap + b->blocks.cap + b->bytes.cap + b->templates.cap +
	       b->raw.cap + b->index.cap;
}

uint32_t ov_names_count(const struct ov_names_builder *b)
{
	return b->count + b->names;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The longest run of digits is the number; the last of several. Leading zeros belong to the
 * prefix. */
static void split_name(struct ov_str name, struct split *out)
{
	size_t best = 0, best_n = 0;
	struct split s = { .prefix = name };

	for (size_t i = 0, k; i < name.n; i = k + 1) {
		for (k = i; k < name.n && is_digit(name.p[k]);)
			k++;
		if (k - i >= best_n && k > i) {
			best = i;
			best_n = k - i;
		}
	}
	while (best_n > 1 && (name.p[best] == '0' || best_n > NUMBER_DIGITS)) {
		best++;
		best_n--;
	}
	if (best_n > 0) {
		s.has_number = true;
		for (size_t i = 0; i < best_n; i++)
			s.number = s.number * 10 + (uint64_t)(name.p[best + i] - '0');
		s.prefix.n = best;
		s.suffix =
		    (struct ov_str){ .p = name.p + best + best_n, .n = name.n - best - best_n };
	}
	*out = s;
}

static ov_status put_var(struct ov_buf *b, uint64_t v)
{
	uint8_t bytes[NAMES_VAR];
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		bytes[n++] = (uint8_t)(v | 0x80);
	bytes[n++] = (uint8_t)v;
	return ov_buf_put(b, bytes, n);
}

static uint32_t hash_split(const struct split *s)
{
	uint32_t h = s->has_number ? 0x811c9dc5u : 0x9e3779b1u; /* FNV-1a; bytes are compared too */

	for (size_t i = 0; i < s->prefix.n; i++)
		h = (h ^ (uint8_t)s->prefix.p[i]) * 0x01000193u;
	h = (h ^ 0xffu) * 0x01000193u;
	for (size_t i = 0; i < s->suffix.n; i++)
		h = (h ^ (uint8_t)s->suffix.p[i]) * 0x01000193u;
	return h;
}

static const struct template_row *row_of(const struct ov_names_builder *b, uint32_t id)
{
	return (const struct template_row *)(const void *)b->templates.p + id;
}

static uint32_t ntemplates(const struct ov_names_builder *b)
{
	return (uint32_t)(b->templates.n / sizeof(struct template_row));
}

static bool is_same(const struct ov_names_builder *b, const struct template_row *t,
		    const struct split *s, uint32_t hash)
{
	const uint8_t *p = b->raw.p + t->at;

	return t->hash == hash && t->has_number == s->has_number && t->prefix == s->prefix.n &&
	       t->suffix == s->suffix.n && memcmp(p, s->prefix.p, s->prefix.n) == 0 &&
	       (s->suffix.n == 0 || memcmp(p + t->prefix, s->suffix.p, s->suffix.n) == 0);
}

static ov_status grow_index(struct ov_names_builder *b)
{
	const uint32_t n = ntemplates(b);
	size_t want = 256;

	if (((size_t)n + 1) * 2 <= b->index.n / 4)
		return OV_OK;
	while (want < ((size_t)n + 1) * 4)
		want *= 2;
	b->index.n = 0;
	OV_TRY(ov_buf_zero(&b->index, want * 4));
	for (uint32_t id = 0; id < n; id++) {
		size_t i = row_of(b, id)->hash & (want - 1);

		while (ov_le32(b->index.p + 4 * i) != 0)
			i = (i + 1) & (want - 1);
		ov_put_le32(b->index.p + 4 * i, id + 1);
	}
	return OV_OK;
}

static ov_status new_template(struct ov_names_builder *b, const struct split *s, uint32_t hash)
{
	const struct template_row t = { .at = b->raw.n,
					.prefix = (uint32_t)s->prefix.n,
					.suffix = (uint32_t)s->suffix.n,
					.hash = hash,
					.has_number = s->has_number };

	OV_TRY(ov_buf_reserve(&b->templates, sizeof t));
	OV_TRY(ov_buf_reserve(&b->raw, s->prefix.n + s->suffix.n));
	OV_TRY(ov_buf_str(&b->raw, s->prefix));
	OV_TRY(ov_buf_str(&b->raw, s->suffix));
	return ov_buf_put(&b->templates, &t, sizeof t);
}

static ov_status intern(struct ov_names_builder *b, const struct split *s, uint32_t *id)
{
	const uint32_t hash = hash_split(s);
	size_t i;

	if (b->names > 0 && is_same(b, row_of(b, b->last.id), s, hash)) {
		*id = b->last.id; /* neighbours are often of one family */
		return OV_OK;
	}
	OV_TRY(grow_index(b));
	for (i = hash & (b->index.n / 4 - 1);; i = (i + 1) & (b->index.n / 4 - 1)) {
		const uint32_t at = ov_le32(b->index.p + 4 * i);

		if (at == 0)
			break;
		if (is_same(b, row_of(b, at - 1), s, hash)) {
			*id = at - 1;
			return OV_OK;
		}
	}
	OV_TRY(new_template(b, s, hash));
	*id = ntemplates(b) - 1;
	ov_put_le32(b->index.p + 4 * i, *id + 1);
	return OV_OK;
}

static ov_status flush_run(struct ov_names_builder *b)
{
	if (b->run == 0)
		return OV_OK;
	OV_TRY(ov_buf_u8(&b->bytes, 0));
	OV_TRY(put_var(&b->bytes, b->run));
	b->run = 0;
	return OV_OK;
}

static void remember(struct ov_names_builder *b, const struct ov_names_entry *e)
{
	b->memory.slot[e->id % NAMES_SLOTS].id = e->id + 1;
	b->memory.slot[e->id % NAMES_SLOTS].number = e->number;
}

static ov_status put_entry(struct ov_names_builder *b, const struct ov_names_entry *e,
			   bool has_number)
{
	const uint32_t step = e->line - (b->last.line + 1), k = e->id % NAMES_SLOTS;
	uint64_t number = e->number;

	OV_TRY(put_var(&b->bytes, ((uint64_t)e->id << 1 | (step != 0)) + 1));
	if (b->memory.slot[k].id == e->id + 1)
		number = names_zigzag(number - b->memory.slot[k].number);
	if (has_number)
		OV_TRY(put_var(&b->bytes, number));
	if (step != 0)
		OV_TRY(put_var(&b->bytes, names_zigzag((uint64_t)(int64_t)(int32_t)step)));
	return OV_OK;
}

static ov_status add_entry(struct ov_names_builder *b, const struct ov_names_entry *e,
			   bool has_number)
{
	if (b->in_block == OV_NAMES_BLOCK) {
		OV_TRY(flush_run(b));
		b->in_block = 0;
	}
	if (b->in_block == 0) {
		if (b->bytes.n > UINT32_MAX)
			return OV_LIMIT;
		OV_TRY(ov_buf_u32(&b->blocks, (uint32_t)b->bytes.n));
		memset(&b->memory, 0, sizeof b->memory);
		b->last = (struct ov_names_entry){ .line = 0 };
	} else if (e->id == b->last.id && e->number == b->last.number + 1 &&
		   e->line == b->last.line + 1) {
		b->run++;
		return OV_OK;
	}
	OV_TRY(flush_run(b));
	return put_entry(b, e, has_number);
}

static ov_status put_templates(const struct ov_names_builder *b, struct ov_buf *index,
			       struct ov_buf *bytes)
{
	/* Names that are numbers alone have no text at all. */
	const uint8_t *raw = b->raw.p != NULL ? b->raw.p : (const uint8_t *)"";

	for (uint32_t id = 0; id < ntemplates(b); id++) {
		const struct template_row *t = row_of(b, id);
		const uint8_t *p = raw + t->at;
		size_t shared = 0;

		if (id % NAMES_GROUP == 0) {
			OV_TRY(ov_buf_u32(index, (uint32_t)bytes->n));
		} else {
			const struct template_row *before = t - 1;

			while (shared < t->prefix && shared < before->prefix &&
			       p[shared] == raw[before->at + shared])
				shared++;
		}
		OV_TRY(put_var(bytes, shared));
		OV_TRY(put_var(bytes, t->prefix - shared));
		OV_TRY(put_var(bytes, (uint64_t)t->suffix << 1 | t->has_number));
		OV_TRY(ov_buf_put(bytes, p + shared, t->prefix - shared + t->suffix));
		if (bytes->n > UINT32_MAX)
			return OV_LIMIT;
	}
	return OV_OK;
}

static ov_status put_segment(struct ov_names_builder *b, const struct ov_buf *index,
			     const struct ov_buf *templates)
{
	const size_t at = b->heap.n;

	if (b->bytes.n > UINT32_MAX)
		return OV_LIMIT;
	OV_TRY(ov_buf_u32(&b->heap, b->names));
	OV_TRY(ov_buf_u32(&b->heap, ntemplates(b)));
	OV_TRY(ov_buf_u32(&b->heap, (uint32_t)b->bytes.n));
	OV_TRY(ov_buf_u32(&b->heap, (uint32_t)templates->n));
	OV_TRY(ov_buf_put(&b->heap, b->blocks.p, b->blocks.n));
	OV_TRY(ov_buf_put(&b->heap, index->p, index->n));
	OV_TRY(ov_buf_put(&b->heap, b->bytes.p, b->bytes.n));
	OV_TRY(ov_buf_put(&b->heap, templates->p, templates->n));
	OV_TRY(ov_buf_u32(&b->rows, b->count));
	OV_TRY(ov_buf_u32(&b->rows, b->source));
	OV_TRY(ov_buf_u64(&b->rows, at));
	return ov_buf_u64(&b->rows, b->heap.n - at);
}

static void reset_segment(struct ov_names_builder *b)
{
	b->blocks.n = b->bytes.n = b->templates.n = b->raw.n = b->index.n = 0;
	b->names = b->in_block = b->run = 0;
}

/* Ends the open segment, if there is one. */
static ov_status close_segment(struct ov_names_builder *b)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf index = ov_buf_of(b->heap.max);
	OV_CLEANUP(ov_buf_free) struct ov_buf templates = ov_buf_of(b->heap.max);

	if (b->names == 0)
		return OV_OK;
	OV_TRY(flush_run(b));
	OV_TRY(put_templates(b, &index, &templates));
	OV_TRY(put_segment(b, &index, &templates));
	b->count += b->names;
	reset_segment(b);
	return OV_OK;
}

ov_status ov_names_add(struct ov_names_builder *b, struct ov_str name, uint32_t source,
		       uint32_t line, uint32_t *token)
{
	struct ov_names_entry e = { .line = line };
	struct split s;

	if (name.n > OV_NAMES_TEXT || b->count + b->names == UINT32_MAX)
		return OV_LIMIT;
	if (b->names > 0 && b->source != source)
		OV_TRY(close_segment(b));
	split_name(name, &s);
	OV_TRY(intern(b, &s, &e.id));
	e.number = s.number;
	OV_TRY(add_entry(b, &e, s.has_number));
	remember(b, &e);
	b->last = e;
	b->source = source;
	b->in_block++;
	*token = b->count + b->names++;
	return OV_OK;
}

ov_status ov_names_join(struct ov_names_builder *b, const struct ov_names *more,
			uint32_t first_source, uint32_t *first)
{
	OV_TRY(close_segment(b));
	if (more->count > UINT32_MAX - 1 - b->count)
		return OV_LIMIT;
	*first = b->count;
	for (uint32_t i = 0; i < more->nsegments; i++) {
		const uint8_t *row = more->rows.base + (size_t)i * NAMES_ROW;

		OV_TRY(ov_buf_u32(&b->rows, b->count + ov_le32(row)));
		OV_TRY(ov_buf_u32(&b->rows, first_source + ov_le32(row + 4)));
		OV_TRY(ov_buf_u64(&b->rows, b->heap.n));
		OV_TRY(ov_buf_u64(&b->rows, ov_le64(row + 16)));
		OV_TRY(ov_buf_put(&b->heap, more->heap.base + ov_le64(row + 8),
				  (size_t)ov_le64(row + 16)));
	}
	b->count += more->count;
	return OV_OK;
}

ov_status ov_names_mark(struct ov_names_builder *b, struct ov_names_mark *out)
{
	OV_TRY(close_segment(b));
	*out = (struct ov_names_mark){ .rows = b->rows.n, .heap = b->heap.n, .count = b->count };
	return OV_OK;
}

void ov_names_take_back(struct ov_names_builder *b, const struct ov_names_mark *m)
{
	reset_segment(b);
	b->rows.n = m->rows;
	b->heap.n = m->heap;
	b->count = m->count;
}

ov_status ov_names_finish(struct ov_names_builder *b, struct ov_buf *out)
{
	OV_TRY(close_segment(b));
	OV_TRY(ov_buf_u32(out, (uint32_t)(b->rows.n / NAMES_ROW)));
	OV_TRY(ov_buf_u32(out, b->count));
	OV_TRY(ov_buf_put(out, b->rows.p, b->rows.n));
	return ov_buf_put(out, b->heap.p, b->heap.n);
}
