/* The builder: takes rules and hash rows in, keeps them compact until odb_write.c puts them in a
 * file. */
#include "odb_build.h"

#include <stdlib.h>
#include <string.h>

#include "build_int.h"
#include "cond.h"

#define SCRATCH_MAX ((size_t)64 << 20) /* one line's tree; a line is at most 64 KiB of text */
#define MEMORY_DEFAULT ((uint64_t)8 << 30)
#define LEVEL_DEFAULT 216 /* what clamscan 1.4.6 answers to */

ov_status ov_odb_builder_new(const struct ov_build_options *o, struct ov_odb_builder **out)
{
	struct ov_odb_builder *b = calloc(1, sizeof *b);
	ov_status s;
	size_t max;

	if (b == NULL)
		return OV_NOMEM;
	b->magic = OV_BUILDER_MAGIC;
	b->options = *o;
	if (b->options.max_memory == 0 || b->options.max_memory > SIZE_MAX / 2)
		b->options.max_memory = MEMORY_DEFAULT;
	if (b->options.flevel_max == 0) {
		b->options.flevel_max = LEVEL_DEFAULT;
		if (b->options.flevel_min == 0)
			b->options.flevel_min = LEVEL_DEFAULT;
	}
	max = (size_t)b->options.max_memory;
	ov_arena_init(&b->scratch, SCRATCH_MAX < max ? SCRATCH_MAX : max);
	b->rules = b->subs = b->conds = b->anchors = b->fixed = b->sources = b->ignores =
	    ov_buf_of(max);
	b->names = b->texts = ov_buf_of(max);
	for (int k = 0; k < OV_EXTRA_COUNT; k++)
		b->extra[k] = ov_buf_of(max);
	for (int use = 0; use < OV_HASH_USES; use++)
		for (int kind = 0; kind < OV_DIGEST_KINDS; kind++)
			b->hashes[use][kind] = ov_buf_of(max);
	s = ov_pats_builder_new(&b->pats);
	if (s == OV_OK)
		s = ov_names_builder_new(max, &b->hash_names);
	if (s == OV_OK)
		s = ov_hasher_new(OV_MD5, &b->md5);
	if (s == OV_OK)
		s = ov_hasher_new(OV_SHA256, &b->sha256);
	if (s != OV_OK)
		ov_odb_builder_free(&b);
	else
		*out = b;
	return s;
}

void ov_odb_builder_free(struct ov_odb_builder **pb)
{
	struct ov_odb_builder *b = *pb;

	if (b == NULL)
		return;
	ov_arena_free(&b->scratch);
	ov_pats_builder_free(&b->pats);
	ov_hasher_free(&b->md5);
	ov_hasher_free(&b->sha256);
	ov_buf_free(&b->rules);
	ov_buf_free(&b->subs);
	ov_buf_free(&b->conds);
	ov_buf_free(&b->anchors);
	ov_buf_free(&b->fixed);
	ov_buf_free(&b->sources);
	ov_buf_free(&b->ignores);
	ov_buf_free(&b->names);
	ov_buf_free(&b->texts);
	for (int k = 0; k < OV_EXTRA_COUNT; k++)
		ov_buf_free(&b->extra[k]);
	for (int use = 0; use < OV_HASH_USES; use++)
		for (int kind = 0; kind < OV_DIGEST_KINDS; kind++)
			ov_buf_free(&b->hashes[use][kind]);
	ov_names_builder_free(&b->hash_names);
	ov_ycompiler_free(&b->yara);
	b->magic = 0;
	free(b);
	*pb = NULL;
}

ov_status ov_build_text(struct ov_buf *heap, struct ov_str s, struct b_text *out)
{
	const struct b_text t = { .at = heap->n, .n = (uint32_t)s.n };

	if (s.n > UINT32_MAX || heap->n > UINT32_MAX - s.n)
		return OV_LIMIT; /* offsets in the file have 32 bits */
	OV_TRY(ov_buf_str(heap, s));
	*out = t;
	return OV_OK;
}

struct ov_str ov_build_str(const struct ov_buf *heap, struct b_text t)
{
	return (struct ov_str){ .p = t.n > 0 ? (const char *)heap->p + t.at : NULL, .n = t.n };
}

ov_status ov_odb_builder_source(struct ov_odb_builder *b, const struct ov_odb_source *s,
				uint32_t *id)
{
	struct b_source row = { .version = s->version,
				.built = s->built,
				.is_signed = s->is_signed,
				.nsignatures = s->nsignatures,
				.nrefused = s->nrefused,
				.nskipped = s->nskipped };
	const size_t n = rows_count(b->sources, struct b_source);

	if (n >= ODB_SOURCES_MAX || s->name.n > ODB_NAME_MAX || s->label.n > ODB_NAME_MAX)
		return OV_LIMIT;
	OV_TRY(ov_build_text(&b->names, s->name, &row.name));
	OV_TRY(ov_build_text(&b->names, s->label, &row.label));
	OV_TRY(ov_buf_put(&b->sources, &row, sizeof row));
	*id = (uint32_t)n;
	return OV_OK;
}

static ov_status put_cond(struct ov_odb_builder *b, const struct ov_cond_node *root, uint32_t nsubs,
			  struct b_text *out)
{
	const size_t at = b->conds.n;

	OV_TRY(ov_cond_compile(root, nsubs, &b->conds));
	if (b->conds.n > UINT32_MAX)
		return OV_LIMIT;
	*out = (struct b_text){ .at = at, .n = (uint32_t)(b->conds.n - at) };
	return OV_OK;
}

static ov_status put_sub(struct ov_odb_builder *b, const struct ov_sub_ir *s, uint32_t nsubs,
			 uint32_t rule)
{
	struct b_sub row = { .kind = s->kind, .place = s->place, .rule = rule };
	const char *why = NULL;

	switch (s->kind) {
	case OV_SUB_PATTERN:
		OV_TRY(ov_pats_add(b->pats, &s->pattern, &row.pattern, &why));
		break;
	case OV_SUB_PCRE:
		OV_TRY(ov_build_text(&b->names, s->pcre.regex, &row.regex));
		OV_TRY(ov_build_text(&b->names, s->pcre.flags, &row.flags));
		OV_TRY(put_cond(b, s->pcre.trigger, nsubs, &row.trigger));
		break;
	case OV_SUB_COMPARE:
		if (s->compare.ref >= nsubs || s->compare.ncmp < 1 || s->compare.ncmp > 2)
			return OV_BAD;
		row.compare = s->compare;
		break;
	case OV_SUB_MACRO:
		if (s->macro.group >= OV_MACRO_GROUPS || s->macro.lo > s->macro.hi)
			return OV_BAD;
		row.macro = s->macro;
		break;
	case OV_SUB_IMAGE:
		row.image = s->image;
		break;
	case OV_SUB_ICON:
		OV_TRY(ov_build_text(&b->names, s->icon[0], &row.icon[0]));
		OV_TRY(ov_build_text(&b->names, s->icon[1], &row.icon[1]));
		break;
	case OV_SUB_KINDS:
		return OV_BUG;
	}
	return ov_buf_put(&b->subs, &row, sizeof row);
}

static void copy_facts(const struct ov_rule_ir *r, struct b_rule *row)
{
	row->kind = r->kind;
	row->target = r->target;
	row->source = r->source;
	row->line = r->line;
	row->file_size = r->file_size;
	row->entry_point = r->entry_point;
	row->nsections = r->nsections;
	row->flags = (uint8_t)((r->has_container ? ODB_RULE_CONTAINER : 0) |
			       (r->container_is_top ? ODB_RULE_TOP : 0) |
			       (r->has_handler ? ODB_RULE_HANDLER : 0));
	row->container = (uint16_t)r->container;
	row->handler = (uint16_t)r->handler;
	row->ninter = r->nintermediates;
	for (uint32_t i = 0; i < r->nintermediates; i++)
		row->inter[i] = r->intermediates[i] >= OV_T_COUNT ? ODB_TYPE_ANY
								  : (uint16_t)r->intermediates[i];
	row->nsubs = r->nsubs;
}

static ov_status put_rule(struct ov_odb_builder *b, const struct ov_rule_ir *r, uint32_t id)
{
	struct b_rule row = { .first_sub = (uint32_t)rows_count(b->subs, struct b_sub) };

	copy_facts(r, &row);
	OV_TRY(ov_build_text(&b->names, r->name, &row.name));
	OV_TRY(ov_build_text(&b->texts, r->text, &row.text));
	for (uint32_t i = 0; i < r->nsubs; i++)
		OV_TRY(put_sub(b, &r->subs[i], r->nsubs, id));
	OV_TRY(put_cond(b, r->condition, r->nsubs, &row.cond));
	OV_TRY(ov_cover_rule(b, r, &row, id));
	return ov_buf_put(&b->rules, &row, sizeof row);
}

/* Takes all or nothing: a rule that fails half way leaves only unused patterns behind. */
ov_status ov_odb_builder_rule(struct ov_odb_builder *b, const struct ov_rule_ir *r)
{
	const size_t subs = b->subs.n, conds = b->conds.n, anchors = b->anchors.n,
		     fixed = b->fixed.n;
	const size_t names = b->names.n, texts = b->texts.n;
	ov_status s;

	if (r->nsubs > ODB_SUBS_MAX || r->nintermediates > OV_INTERMEDIATES_MAX ||
	    r->name.n > ODB_NAME_MAX)
		return OV_LIMIT;
	if (r->target >= OV_TARGET_COUNT || r->kind < OV_RULE_HASH || r->kind >= OV_RULE_KINDS ||
	    r->source >= rows_count(b->sources, struct b_source) || r->condition == NULL)
		return OV_BAD;
	if (rows_count(b->rules, struct b_rule) >= UINT32_MAX / 2 ||
	    rows_count(b->subs, struct b_sub) >= UINT32_MAX / 2)
		return OV_LIMIT;
	s = put_rule(b, r, (uint32_t)rows_count(b->rules, struct b_rule));
	if (s != OV_OK) {
		b->subs.n = subs;
		b->conds.n = conds;
		b->anchors.n = anchors;
		b->fixed.n = fixed;
		b->names.n = names;
		b->texts.n = texts;
	}
	return s;
}

static ov_status put_extra(struct ov_buf *to, const struct ov_sig_line *l, struct ov_str name,
			   bool is_signature, struct ov_cur body)
{
	OV_TRY(ov_buf_u32(to, (uint32_t)(OV_EXTRA_HEAD + name.n + body.len)));
	OV_TRY(ov_buf_u32(to, l->number));
	OV_TRY(ov_buf_u16(to, (uint16_t)l->source));
	OV_TRY(ov_buf_u16(to, (uint16_t)name.n));
	OV_TRY(ov_buf_u32(to, is_signature));
	OV_TRY(ov_buf_str(to, name));
	return ov_buf_put(to, body.base, body.len);
}

ov_status ov_build_extra(struct ov_sig_line *l, enum ov_extra kind, struct ov_str name,
			 bool is_signature, struct ov_cur body)
{
	struct ov_buf *to = &l->b->extra[kind];
	const size_t before = to->n;
	ov_status s;

	if (name.n > ODB_NAME_MAX || body.len > OV_EXTRA_MAX - OV_EXTRA_HEAD - ODB_NAME_MAX)
		return OV_LIMIT;
	s = put_extra(to, l, name, is_signature, body);
	if (s != OV_OK)
		to->n = before;
	return s;
}

ov_status ov_odb_builder_hash(struct ov_odb_builder *b, const struct ov_hash_ir *h)
{
	struct ov_hash_entry e = { .size = h->size };
	struct ov_buf *entries;

	if ((int)h->use < 0 || h->use >= OV_HASH_USES || (int)h->digest_kind < 0 ||
	    h->digest_kind >= OV_DIGEST_KINDS ||
	    h->source >= rows_count(b->sources, struct b_source))
		return OV_BAD;
	if (h->name.n > ODB_NAME_MAX)
		return OV_LIMIT;
	memcpy(e.key, h->digest, sizeof e.key);
	entries = &b->hashes[h->use][h->digest_kind];
	OV_TRY(ov_buf_reserve(entries, sizeof e));
	OV_TRY(ov_names_add(b->hash_names, h->name, h->source, h->line, &e.token));
	return ov_buf_put(entries, &e, sizeof e);
}
