/* The end of a build: ignore lists, hash sets, header and id. */
#include <stdlib.h>
#include <string.h>

#include "le.h"
#include "write_int.h"

static int compare_texts(struct ov_str x, struct ov_str y)
{
	const size_t n = x.n < y.n ? x.n : y.n;
	const int c = n > 0 ? memcmp(x.p, y.p, n) : 0;

	if (c != 0)
		return c;
	return x.n < y.n ? -1 : x.n > y.n;
}

static int compare_ignores(const void *pa, const void *pb, void *names)
{
	const struct b_ignore *a = pa, *b = pb;
	const int c = compare_texts(ov_build_str(names, a->name), ov_build_str(names, b->name));

	if (c != 0)
		return c;
	if (a->has_md5 != b->has_md5)
		return a->has_md5 ? 1 : -1; /* a bare name first: it decides alone */
	return memcmp(a->md5, b->md5, sizeof a->md5);
}

/* In order, each once. */
static void sort_ignores(struct ov_odb_builder *b)
{
	struct b_ignore *rows = rows_of(b->ignores, struct b_ignore);
	const size_t n = rows_count(b->ignores, struct b_ignore);
	size_t kept = 0;

	if (n > 1)
		qsort_r(rows, n, sizeof *rows, compare_ignores, &b->names);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || compare_ignores(&rows[kept - 1], &rows[i], &b->names) != 0)
			rows[kept++] = rows[i];
	b->ignores.n = kept * sizeof *rows;
}

/* The first of the sorted rows that has this name, or NULL. */
static const struct b_ignore *find_ignore(const struct ov_odb_builder *b, struct ov_str name)
{
	const struct b_ignore *rows = rows_of(b->ignores, struct b_ignore);
	size_t lo = 0, hi = rows_count(b->ignores, struct b_ignore);
	const size_t n = hi;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (compare_texts(ov_build_str(&b->names, rows[mid].name), name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && compare_texts(ov_build_str(&b->names, rows[lo].name), name) == 0
		   ? &rows[lo]
		   : NULL;
}

ov_status ov_build_is_ignored(struct ov_odb_builder *b, struct ov_str name, struct ov_str text,
			      bool *out)
{
	const struct b_ignore *row = find_ignore(b, name);
	const struct b_ignore *past;
	uint8_t md5[OV_DIGEST_MAX];

	*out = row != NULL && !row->has_md5;
	if (row == NULL || *out)
		return OV_OK;
	past = rows_of(b->ignores, struct b_ignore) + rows_count(b->ignores, struct b_ignore);
	OV_TRY(ov_hasher_once(b->md5, text.p, text.n, md5));
	for (; row < past && compare_texts(ov_build_str(&b->names, row->name), name) == 0; row++)
		*out = *out || memcmp(row->md5, md5, sizeof row->md5) == 0;
	return OV_OK;
}

static ov_status ignore_rules(struct ov_writer *w)
{
	struct ov_odb_builder *b = w->b;
	struct b_rule *rules = rows_of(b->rules, struct b_rule);

	for (size_t i = 0; i < rows_count(b->rules, struct b_rule); i++) {
		OV_TRY(ov_build_is_ignored(b, ov_build_str(&b->names, rules[i].name),
					   ov_build_str(&b->texts, rules[i].text),
					   &rules[i].is_ignored));
		if (rules[i].is_ignored) {
			b->stats.ignored++;
			continue;
		}
		rows_of(b->sources, struct b_source)[rules[i].source].nsignatures++;
		w->nsignatures++;
		w->nrules++;
	}
	return OV_OK;
}

/* Reads the lines of sources again, in order: a hash row keeps no text. */
struct line_reader {
	struct ov_cur text;
	uint32_t source, line;
	bool is_open;
};

static struct ov_str line_of(const struct ov_odb_builder *b, struct line_reader *r,
			     const struct ov_name *name)
{
	struct ov_str line = { .p = NULL, .n = 0 };

	if (!r->is_open || r->source != name->source || r->line >= name->line) {
		*r = (struct line_reader){ .source = name->source, .is_open = true };
		r->text = rows_of(b->sources, struct b_source)[name->source].text;
		r->text.pos = 0;
	}
	for (; r->line < name->line; r->line++)
		if (ov_cur_line(&r->text, &line) != OV_OK)
			return (struct ov_str){ .p = NULL, .n = 0 };
	return line;
}

static ov_status is_hash_ignored(struct ov_odb_builder *b, struct line_reader *r,
				 const struct ov_name *name, bool *out)
{
	const struct ov_str text = { .p = name->text, .n = name->n };
	const struct b_ignore *row = find_ignore(b, text);
	struct ov_diag d = { .reason = "an ignore list gives the MD5 of this hash's line, which is "
				       "not at hand: it stays; ignore it by its name alone",
			     .is_skipped = true };
	struct ov_str line;

	*out = row != NULL && !row->has_md5;
	if (row == NULL || *out)
		return OV_OK;
	line = line_of(b, r, name);
	if (line.n > 0)
		return ov_build_is_ignored(b, text, line, out);
	d.file = ov_build_str(&b->names, rows_of(b->sources, struct b_source)[name->source].name);
	d.line = name->line;
	d.text = text;
	b->stats.skipped++;
	ov_build_diag(b, &d);
	return OV_OK;
}

/* Names that are kept, in a builder of their own; map[token] is the new token or UINT32_MAX. */
static ov_status keep_names(struct ov_odb_builder *b, const struct ov_names *all,
			    struct ov_names_builder *kept, uint32_t *map)
{
	struct ov_names_walk walk = { .names = all };
	struct line_reader lines = { .is_open = false };
	struct ov_name name;
	ov_status s;

	for (uint32_t i = 0; (s = ov_names_next(&walk, &name)) == OV_OK; i++) {
		const struct ov_str text = { .p = name.text, .n = name.n };
		bool ignored;

		OV_TRY(is_hash_ignored(b, &lines, &name, &ignored));
		map[i] = UINT32_MAX;
		if (ignored)
			b->stats.ignored++;
		else
			OV_TRY(ov_names_add(kept, text, name.source, name.line, &map[i]));
	}
	return s == OV_END ? OV_OK : s;
}

static void drop_hashes(struct ov_buf *rows, const uint32_t *map)
{
	struct ov_hash_entry *e = rows_of(*rows, struct ov_hash_entry);
	size_t kept = 0;

	for (size_t i = 0; i < rows_count(*rows, struct ov_hash_entry); i++) {
		if (map[e[i].token] == UINT32_MAX)
			continue;
		e[kept] = e[i];
		e[kept++].token = map[e[i].token];
	}
	rows->n = kept * sizeof *e;
}

/* Takes ignored hashes out, and their names. */
static ov_status ignore_hashes(struct ov_odb_builder *b)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf bytes = ov_buf_of((size_t)b->options.max_memory);
	OV_CLEANUP(ov_names_builder_free) struct ov_names_builder *kept = NULL;
	struct ov_names_builder *all = b->hash_names;
	struct ov_names names;
	uint32_t *map;
	ov_status s;

	if (b->ignores.n == 0 || ov_names_count(all) == 0)
		return OV_OK;
	OV_TRY(ov_names_finish(all, &bytes));
	OV_TRY(ov_names_open(ov_buf_cur(&bytes), UINT32_MAX, &names));
	OV_TRY(ov_names_builder_new((size_t)b->options.max_memory, &kept));
	map = calloc(names.count, sizeof *map);
	if (map == NULL)
		return OV_NOMEM;
	s = keep_names(b, &names, kept, map);
	for (int i = 0; s == OV_OK && i < OV_HASH_USES * OV_DIGEST_KINDS; i++)
		drop_hashes(&b->hashes[i / OV_DIGEST_KINDS][i % OV_DIGEST_KINDS], map);
	free(map);
	if (s == OV_OK) {
		b->hash_names = kept;
		kept = all;
	}
	return s;
}

static ov_status count_hashes(struct ov_writer *w, struct ov_cur section)
{
	struct b_source *sources = rows_of(w->b->sources, struct b_source);
	struct ov_names names;

	OV_TRY(
	    ov_names_open(section, (uint32_t)rows_count(w->b->sources, struct b_source), &names));
	for (uint32_t i = 0; i < names.nsegments; i++) {
		uint32_t source, n;

		ov_names_segment(&names, i, &source, &n);
		sources[source].nsignatures += n;
	}
	for (int k = 0; k < OV_DIGEST_KINDS; k++)
		w->b->stats.allowed +=
		    rows_count(w->b->hashes[OV_USE_ALLOW][k], struct ov_hash_entry);
	w->nsignatures += names.count - w->b->stats.allowed;
	return OV_OK;
}

static ov_status put_hash_set(struct ov_writer *w, int use, int kind)
{
	struct ov_buf *rows = &w->b->hashes[use][kind];
	const enum odb_section s = (enum odb_section)(ODB_HASH + use * OV_DIGEST_KINDS + kind);

	OV_TRY(ov_write_begin(w, s));
	OV_TRY(ov_hashset_build(rows_of(*rows, struct ov_hash_entry),
				rows_count(*rows, struct ov_hash_entry), w->out));
	ov_write_end(w, s);
	ov_buf_free(rows); /* written: the next set needs the room */
	return OV_OK;
}

static ov_status put_hashes(struct ov_writer *w)
{
	OV_TRY(ignore_hashes(w->b));
	OV_TRY(ov_write_begin(w, ODB_HASH_NAMES));
	OV_TRY(ov_names_finish(w->b->hash_names, w->out));
	ov_write_end(w, ODB_HASH_NAMES);
	OV_TRY(count_hashes(w, ov_cur_of(w->out->p + w->start + w->off[ODB_HASH_NAMES],
					 (size_t)w->len[ODB_HASH_NAMES])));
	for (int use = 0; use < OV_HASH_USES; use++)
		for (int kind = 0; kind < OV_DIGEST_KINDS; kind++)
			OV_TRY(put_hash_set(w, use, kind));
	return OV_OK;
}

static ov_status put_extra_row(struct ov_writer *w, enum ov_extra kind, const uint8_t *at,
			       const struct ov_extra_row *r)
{
	struct ov_odb_builder *b = w->b;
	bool ignored = false;

	if (b->ignores.n > 0 && r->name.n > 0)
		OV_TRY(ov_build_is_ignored(b, r->name, ov_extra_text(kind, r), &ignored));
	if (ignored) {
		b->stats.ignored++;
		return OV_OK;
	}
	if (r->is_signature) {
		rows_of(b->sources, struct b_source)[r->source].nsignatures++;
		w->nsignatures++;
	}
	return ov_buf_put(w->out, at, ov_le32(at));
}

static ov_status put_extras(struct ov_writer *w)
{
	for (int k = 0; k < OV_EXTRA_COUNT; k++) {
		struct ov_cur table = ov_buf_cur(&w->b->extra[k]);
		const uint8_t *at = table.base;
		struct ov_extra_row r;

		OV_TRY(ov_write_begin(w, (enum odb_section)(ODB_EXTRA + k)));
		while (ov_extra_next(&table, &r) == OV_OK) {
			OV_TRY(put_extra_row(w, (enum ov_extra)k, at, &r));
			at = table.base + table.pos;
		}
		ov_write_end(w, (enum odb_section)(ODB_EXTRA + k));
	}
	return OV_OK;
}

static ov_status put_ignores(struct ov_writer *w)
{
	const struct b_ignore *rows = rows_of(w->b->ignores, struct b_ignore);

	OV_TRY(ov_write_begin(w, ODB_IGNORES));
	for (size_t i = 0; i < rows_count(w->b->ignores, struct b_ignore); i++) {
		OV_TRY(ov_buf_u32(w->out, (uint32_t)rows[i].name.at));
		OV_TRY(ov_buf_u16(w->out, (uint16_t)rows[i].name.n));
		OV_TRY(ov_buf_u16(w->out, rows[i].has_md5));
		OV_TRY(ov_buf_put(w->out, rows[i].md5, sizeof rows[i].md5));
	}
	ov_write_end(w, ODB_IGNORES);
	return OV_OK;
}

static ov_status put_anchors_and_grams(struct ov_writer *w, const uint32_t *firsts)
{
	uint32_t *tokens = calloc(rows_count(w->b->anchors, struct b_anchor) + 1, sizeof *tokens);
	ov_status s = tokens != NULL ? OV_OK : OV_NOMEM;

	if (s == OV_OK)
		s = ov_write_anchors(w, firsts, tokens);
	if (s == OV_OK)
		s = ov_write_grams(w, tokens);
	free(tokens);
	return s;
}

static ov_status put_rule_tables(struct ov_writer *w)
{
	const size_t n = rows_count(w->b->rules, struct b_rule);
	const struct b_rule *rules = rows_of(w->b->rules, struct b_rule);
	uint32_t *firsts = calloc(n + 1, sizeof *firsts), next = 0;
	ov_status s = firsts != NULL ? OV_OK : OV_NOMEM;

	for (size_t i = 0; s == OV_OK && i < n; i++) {
		firsts[i] = next;
		next += rules[i].is_ignored ? 0 : rules[i].nsubs;
	}
	if (s == OV_OK)
		s = ov_write_rules(w);
	if (s == OV_OK)
		s = ov_write_subs(w);
	if (s == OV_OK)
		s = put_anchors_and_grams(w, firsts);
	if (s == OV_OK)
		s = ov_write_targets(w, firsts);
	free(firsts);
	return s;
}

static ov_status put_pats(struct ov_writer *w)
{
	OV_TRY(ov_write_begin(w, ODB_PATS));
	OV_TRY(ov_pats_finish_some(w->b->pats, w->pats, w->npats, w->out));
	ov_write_end(w, ODB_PATS);
	return OV_OK;
}

static ov_status put_yara(struct ov_writer *w)
{
	OV_TRY(ov_write_begin(w, ODB_YARA));
	OV_TRY(ov_build_write_yara(w->b, w->out, &w->nsignatures));
	ov_write_end(w, ODB_YARA);
	return OV_OK;
}

static uint64_t newest(const struct ov_odb_builder *b)
{
	const struct b_source *s = rows_of(b->sources, struct b_source);
	uint64_t t = 0;

	for (size_t i = 0; i < rows_count(b->sources, struct b_source); i++)
		t = s[i].built > t ? s[i].built : t;
	return t;
}

/* Fills the header that was left free, and last the id, which is a digest of all behind it. */
static ov_status fill_header(struct ov_writer *w)
{
	uint8_t *p = w->out->p + w->start;
	const size_t len = w->out->n - w->start;
	uint8_t id[OV_DIGEST_MAX];

	memcpy(p, ODB_MAGIC, ODB_MAGIC_LEN);
	ov_put_le32(p + 8, ODB_VERSION);
	ov_put_le32(p + 12, ODB_SECTIONS);
	ov_put_le64(p + 16, len);
	ov_put_le64(p + ODB_ID_END, newest(w->b));
	ov_put_le64(p + ODB_ID_END + 8, w->nsignatures);
	ov_put_le64(p + ODB_ID_END + 16, w->b->stats.ignored);
	for (size_t i = 0; i < ODB_SECTIONS; i++) {
		ov_put_le64(p + ODB_DIR_AT + i * ODB_DIR_ROW, w->off[i]);
		ov_put_le64(p + ODB_DIR_AT + i * ODB_DIR_ROW + 8, w->len[i]);
	}
	OV_TRY(ov_hasher_once(w->b->sha256, p + ODB_ID_END, len - ODB_ID_END, id));
	memcpy(p + ODB_ID_AT, id, OV_ODB_ID);
	return OV_OK;
}

static ov_status write_all(struct ov_writer *w)
{
	struct ov_odb_builder *b = w->b;

	OV_TRY(ov_buf_zero(w->out, ODB_DIR_AT + ODB_SECTIONS * ODB_DIR_ROW));
	sort_ignores(b);
	OV_TRY(ignore_rules(w));
	OV_TRY(ov_write_compact(w));
	OV_TRY(put_rule_tables(w));
	OV_TRY(put_pats(w));
	OV_TRY(ov_write_bytes(w, ODB_CONDS, &b->conds));
	OV_TRY(put_ignores(w));
	OV_TRY(put_hashes(w));
	OV_TRY(put_extras(w));
	OV_TRY(put_yara(w));
	OV_TRY(ov_write_sources(w)); /* after their signatures have been counted */
	OV_TRY(ov_write_bytes(w, ODB_NAMES, &b->names));
	OV_TRY(ov_write_bytes(w, ODB_TEXTS, &b->texts));
	return fill_header(w);
}

ov_status ov_odb_builder_finish(struct ov_odb_builder *b, struct ov_buf *out,
				struct ov_build_stats *stats)
{
	struct ov_writer w = { .b = b, .out = out, .start = out->n };
	ov_status s;

	OV_TRY(ov_check(b, OV_BUILDER_MAGIC));
	s = write_all(&w);
	free(w.pats);
	b->magic = 0; /* its rows are sorted and counted now: a builder finishes once */
	if (s != OV_OK) {
		out->n = w.start;
		return s;
	}
	b->stats.signatures = w.nsignatures;
	if (stats != NULL)
		*stats = b->stats;
	return OV_OK;
}
