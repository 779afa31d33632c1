/*
 * Joining: a compiled database as a source of another. Rules come back as the builder's rows, hash
 * sets and names as they are stored, so that nothing is parsed or chosen anew; what is written in
 * the end is, byte for byte, what all sources compiled at once would give.
 *
 * The database is hostile input like any source. What depends on others is done when the builder
 * finishes: ignore lists across all, tables of keys, numbers.
 */
#include <stdlib.h>
#include <string.h>

#include "build_int.h"
#include "checked.h"
#include "le.h"

struct joining {
	struct ov_odb_builder *b;
	struct ov_odb db;
	struct ov_cur text; /* of its only source, if at hand */
	uint32_t first_source, first_rule, first_sub;
	struct ov_gram_key *keys; /* of each anchor; n 0: none found */
	bool *is_always;	  /* of each rule */
	uint64_t fixed_left;	  /* entries that may still be read: no two groups share one */
};

static ov_status join_sources(struct joining *j)
{
	for (uint32_t i = 0; i < j->db.nsources; i++) {
		struct ov_odb_source s;
		uint32_t id;

		ov_odb_source(&j->db, i, &s);
		s.nsignatures = 0; /* counted again when all is known */
		OV_TRY(ov_odb_builder_source(j->b, &s, &id));
		if (i == 0)
			j->first_source = id;
		if (j->db.nsources == 1)
			rows_of(j->b->sources, struct b_source)[id].text = j->text;
		OV_TRY(ov_add_u64(j->b->stats.refused, s.nrefused, &j->b->stats.refused));
		OV_TRY(ov_add_u64(j->b->stats.skipped, s.nskipped, &j->b->stats.skipped));
	}
	return ov_add_u64(j->b->stats.ignored, j->db.nignored, &j->b->stats.ignored);
}

static ov_status copy_code(struct joining *j, struct ov_cur code, struct b_text *out)
{
	return ov_build_text(&j->b->conds,
			     (struct ov_str){ .p = (const char *)code.base, .n = code.len }, out);
}

static ov_status join_sub(struct joining *j, uint32_t id, uint32_t rule)
{
	struct b_sub row = { .rule = rule };
	struct ov_sub s;

	ov_odb_sub(&j->db, id, &s);
	row.kind = s.kind;
	row.place = s.place;
	switch (s.kind) {
	case OV_SUB_PATTERN:
		OV_TRY(ov_pats_add_compiled(j->b->pats, &j->db.pats, s.pattern, &row.pattern));
		break;
	case OV_SUB_PCRE:
		OV_TRY(ov_build_text(&j->b->names, s.regex, &row.regex));
		OV_TRY(ov_build_text(&j->b->names, s.flags, &row.flags));
		OV_TRY(copy_code(j, s.trigger, &row.trigger));
		break;
	case OV_SUB_COMPARE:
		row.compare = s.compare;
		break;
	case OV_SUB_MACRO:
		row.macro = s.macro;
		break;
	case OV_SUB_IMAGE:
		row.image = s.image;
		break;
	case OV_SUB_ICON:
		OV_TRY(ov_build_text(&j->b->names, s.icon[0], &row.icon[0]));
		OV_TRY(ov_build_text(&j->b->names, s.icon[1], &row.icon[1]));
		break;
	case OV_SUB_KINDS:
		return OV_BUG;
	}
	return ov_buf_put(&j->b->subs, &row, sizeof row);
}

static void copy_facts(const struct ov_rule *r, struct b_rule *row)
{
	row->kind = r->kind;
	row->target = r->target;
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
		row->inter[i] = ov_le16(r->intermediates + 2 * (size_t)i);
	row->nsubs = r->nsubs;
}

static ov_status join_rule(struct joining *j, uint32_t id)
{
	struct b_rule row = { .first_sub = (uint32_t)rows_count(j->b->subs, struct b_sub) };
	struct ov_rule r;

	ov_odb_rule(&j->db, id, &r);
	copy_facts(&r, &row);
	row.source = j->first_source + r.source;
	row.is_always = j->is_always[id];
	OV_TRY(ov_build_text(&j->b->names, r.name, &row.name));
	OV_TRY(ov_build_text(&j->b->texts, r.text, &row.text));
	for (uint32_t i = 0; i < r.nsubs; i++)
		OV_TRY(join_sub(j, r.first_sub + i, j->first_rule + id));
	OV_TRY(copy_code(j, r.condition, &row.cond));
	return ov_buf_put(&j->b->rules, &row, sizeof row);
}

static ov_status join_rules(struct joining *j)
{
	if (rows_count(j->b->rules, struct b_rule) + j->db.nrules >= UINT32_MAX / 2 ||
	    rows_count(j->b->subs, struct b_sub) + j->db.nsubs >= UINT32_MAX / 2)
		return OV_LIMIT;
	j->first_rule = (uint32_t)rows_count(j->b->rules, struct b_rule);
	j->first_sub = (uint32_t)rows_count(j->b->subs, struct b_sub);
	for (int t = 0; t < OV_TARGET_COUNT; t++)
		for (uint32_t i = 0; i < ov_odb_always_count(&j->db, (enum ov_target)t); i++)
			j->is_always[ov_odb_always(&j->db, (enum ov_target)t, i)] = true;
	for (uint32_t i = 0; i < j->db.nrules; i++)
		OV_TRY(join_rule(j, i));
	return OV_OK;
}

/* Keys stand in the tables only; each anchor's is in that of its rule's target. */
static ov_status join_anchors(struct joining *j)
{
	for (int t = 0; t < OV_TARGET_COUNT; t++) {
		const struct ov_gram *g = &j->db.gram[t];

		for (uint32_t i = 0; i < g->nentries; i++) {
			struct ov_gram_key k;

			ov_gram_key_at(g, i, &k);
			if (k.token >= j->db.nanchors)
				return OV_BAD;
			if (j->keys[k.token].n == 0)
				j->keys[k.token] = k;
		}
	}
	for (uint32_t i = 0; i < j->db.nanchors; i++) {
		struct b_anchor row = { .key = j->keys[i] };
		struct ov_odb_anchor a;

		if (row.key.n == 0)
			return OV_BAD;
		ov_odb_anchor(&j->db, i, &a);
		row.key.token = 0;
		row.rule = j->first_rule + a.rule;
		row.sub = j->first_sub + a.sub;
		row.distance = a.distance;
		row.part = a.part;
		OV_TRY(ov_buf_put(&j->b->anchors, &row, sizeof row));
	}
	return OV_OK;
}

/* A rule for any target stands in the groups of each: taken once, from its own target's. */
static ov_status join_fixed(struct joining *j, enum ov_target t)
{
	for (uint32_t i = 0; i < ov_odb_fixed_groups(&j->db, t); i++) {
		struct ov_odb_fixed_group g;

		ov_odb_fixed_group(&j->db, t, i, &g);
		if (g.count > j->fixed_left)
			return OV_BAD;
		j->fixed_left -= g.count;
		for (uint32_t k = 0; k < g.count; k++) {
			struct b_fixed row = { .place = g.place };
			struct ov_odb_fixed f;
			struct ov_rule r;

			ov_odb_fixed(&j->db, g.first + k, &f);
			ov_odb_rule(&j->db, f.rule, &r);
			if (r.target != t)
				continue;
			row.dword = f.dword;
			row.mask = f.mask;
			row.rule = j->first_rule + f.rule;
			row.sub = j->first_sub + f.sub;
			OV_TRY(ov_buf_put(&j->b->fixed, &row, sizeof row));
		}
	}
	return OV_OK;
}

static ov_status join_set(struct joining *j, int use, int kind, uint32_t first_name)
{
	const struct ov_hashset *h = &j->db.hashes[use][kind];
	struct ov_buf *to = &j->b->hashes[use][kind];
	const size_t before = rows_count(*to, struct ov_hash_entry);
	struct ov_hash_entry *e;
	size_t bytes;

	OV_TRY(ov_mul_size((size_t)h->count, sizeof *e, &bytes));
	if (bytes == 0)
		return OV_OK;
	OV_TRY(ov_buf_reserve(to, bytes));
	to->n += bytes;
	e = rows_of(*to, struct ov_hash_entry) + before;
	ov_hashset_all(h, e);
	for (size_t i = 0; i < h->count; i++) {
		if (e[i].token >= j->db.hash_names.count) {
			to->n -= bytes;
			return OV_BAD;
		}
		e[i].token += first_name;
	}
	return OV_OK;
}

static ov_status join_hashes(struct joining *j)
{
	uint32_t first_name;

	OV_TRY(ov_names_join(j->b->hash_names, &j->db.hash_names, j->first_source, &first_name));
	for (int use = 0; use < OV_HASH_USES; use++)
		for (int kind = 0; kind < OV_DIGEST_KINDS; kind++)
			OV_TRY(join_set(j, use, kind, first_name));
	return OV_OK;
}

/* Records are self-contained, but for their source. */
static ov_status join_extra(struct joining *j, enum ov_extra kind)
{
	struct ov_cur table = j->db.extra[kind];
	struct ov_buf *to = &j->b->extra[kind];
	struct ov_extra_row r;
	ov_status s;

	table.pos = 0;
	for (;;) {
		const size_t from = table.pos, at = to->n;

		s = ov_extra_next(&table, &r);
		if (s != OV_OK)
			return s == OV_END ? OV_OK : s;
		OV_TRY(ov_buf_put(to, table.base + from, table.pos - from));
		ov_put_le16(to->p + at + 8, (uint16_t)(j->first_source + r.source));
	}
}

static ov_status join_ignores(struct joining *j)
{
	for (uint32_t i = 0; i < j->db.nignores; i++) {
		struct b_ignore row = { .has_md5 = false };
		struct ov_odb_ignore g;

		ov_odb_ignore(&j->db, i, &g);
		row.has_md5 = g.has_md5;
		memcpy(row.md5, g.md5, sizeof row.md5);
		OV_TRY(ov_build_text(&j->b->names, g.name, &row.name));
		OV_TRY(ov_buf_put(&j->b->ignores, &row, sizeof row));
	}
	return OV_OK;
}

static ov_status join_all(struct joining *j)
{
	OV_TRY(join_sources(j));
	OV_TRY(join_rules(j));
	OV_TRY(join_anchors(j));
	j->fixed_left = j->db.fixed.len / ODB_FIXED_SIZE;
	for (int t = 0; t < OV_TARGET_COUNT; t++)
		OV_TRY(join_fixed(j, (enum ov_target)t));
	OV_TRY(join_hashes(j));
	for (int k = 0; k < OV_EXTRA_COUNT; k++)
		OV_TRY(join_extra(j, (enum ov_extra)k));
	OV_TRY(ov_build_join_yara(j->b, &j->db.yara, j->first_source, j->db.nsources));
	return join_ignores(j);
}

ov_status ov_odb_builder_join(struct ov_odb_builder *b, struct ov_cur bytes, struct ov_cur text,
			      const char **why)
{
	struct joining j = { .b = b, .text = text };
	ov_status s;

	OV_TRY(ov_check(b, OV_BUILDER_MAGIC));
	OV_TRY(ov_odb_open(bytes, &j.db, why));
	OV_TRY(ov_odb_check_all(&j.db, why));
	j.keys = calloc((size_t)j.db.nanchors + 1, sizeof *j.keys);
	j.is_always = calloc((size_t)j.db.nrules + 1, sizeof *j.is_always);
	s = j.keys != NULL && j.is_always != NULL ? join_all(&j) : OV_NOMEM;
	if (s == OV_BAD && why != NULL)
		*why = "its tables contradict each other";
	free(j.keys);
	free(j.is_always);
	return s;
}
