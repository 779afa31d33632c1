/* Reading side: verifies a database once, then decodes rows of fixed size. */
#include "odb.h"

#include <string.h>

#include "checked.h"
#include "le.h"
#include "odb_int.h"

struct opener {
	struct ov_odb *o;
	const char *why;
	uint64_t off[ODB_SECTIONS], len[ODB_SECTIONS];
};

static ov_status bad(struct opener *p, const char *why)
{
	p->why = why;
	return OV_BAD;
}

static struct ov_str heap_str(const struct ov_cur *heap, uint64_t at, uint64_t n)
{
	if (n == 0 || !odb_in(heap, at, n))
		return (struct ov_str){ .p = NULL, .n = 0 };
	return (struct ov_str){ .p = (const char *)heap->base + at, .n = (size_t)n };
}

static struct ov_u64_range read_range(const uint8_t *p)
{
	return (struct ov_u64_range){ .lo = ov_le64(p), .hi = ov_le64(p + 8) };
}

static void read_place(const uint8_t *p, enum ov_place_kind kind, struct ov_place *out)
{
	out->kind = kind;
	out->n = (int64_t)ov_le64(p);
	out->shift = ov_le32(p + 8);
	out->section = ov_le32(p + 12);
}

void ov_odb_rule(const struct ov_odb *o, uint32_t id, struct ov_rule *out)
{
	const uint8_t *r = odb_rule_row(o, id);

	*out = (struct ov_rule){ .id = id };
	if (r == NULL)
		return;
	out->name = heap_str(&o->names, ov_le32(r), ov_le16(r + 4));
	out->kind = (enum ov_rule_kind)r[6];
	out->target = (enum ov_target)r[7];
	out->text = heap_str(&o->texts, ov_le32(r + 8), ov_le32(r + 12));
	out->source = ov_le32(r + 16);
	out->line = ov_le32(r + 20);
	out->file_size = read_range(r + 24);
	out->entry_point = read_range(r + 40);
	out->nsections = read_range(r + 56);
	out->first_sub = ov_le32(r + 72);
	out->condition = odb_cur(&o->conds, ov_le32(r + 76), ov_le32(r + 80));
	out->nsubs = ov_le16(r + 84);
	out->has_container = (r[86] & ODB_RULE_CONTAINER) != 0;
	out->container_is_top = (r[86] & ODB_RULE_TOP) != 0;
	out->has_handler = (r[86] & ODB_RULE_HANDLER) != 0;
	out->nintermediates = r[87];
	out->container = (enum ov_type)ov_le16(r + 88);
	out->handler = (enum ov_type)ov_le16(r + 90);
	out->intermediates = odb_in(&o->rules, ov_le32(r + 92), 2 * (uint64_t)out->nintermediates)
				 ? o->rules.base + ov_le32(r + 92)
				 : NULL;
	if (out->intermediates == NULL)
		out->nintermediates = 0; /* a rule that ov_odb_check_rule() refuses */
}

void ov_odb_rule_logic(const struct ov_odb *o, uint32_t id, struct ov_rule *out)
{
	const uint8_t *r = odb_rule_row(o, id);

	out->first_sub = out->nsubs = 0;
	out->condition = ov_cur_of(NULL, 0);
	if (r == NULL)
		return;
	out->first_sub = ov_le32(r + 72);
	out->nsubs = ov_le16(r + 84);
	out->condition = odb_cur(&o->conds, ov_le32(r + 76), ov_le32(r + 80));
}

uint32_t ov_odb_first_sub(const struct ov_odb *o, uint32_t id)
{
	const uint8_t *r = odb_rule_row(o, id);

	return r != NULL ? ov_le32(r + 72) : UINT32_MAX;
}

uint32_t ov_odb_sub_pattern(const struct ov_odb *o, uint32_t id)
{
	const uint8_t *s = odb_row(&o->subs, id, ODB_SUB_SIZE);

	return s != NULL && s[0] == OV_SUB_PATTERN ? ov_le32(s + 24) : UINT32_MAX;
}

void ov_odb_ask_ahead(const struct ov_odb *o, uint32_t rule, uint32_t sub, uint32_t stage)
{
	const uint8_t *r = odb_rule_row(o, rule), *s = odb_row(&o->subs, sub, ODB_SUB_SIZE);

	if (r == NULL || s == NULL)
		return;
	if (stage == 0) {
		__builtin_prefetch(r);
		__builtin_prefetch(r + ODB_RULE_SIZE - 1);
		return;
	}
	__builtin_prefetch(s);
	if (ov_le32(r + 76) < o->conds.len)
		__builtin_prefetch(o->conds.base + ov_le32(r + 76));
}

uint32_t ov_odb_sub_beside(const struct ov_odb *o, uint32_t rule, uint32_t sub)
{
	const uint8_t *r = odb_rule_row(o, rule);

	if (r == NULL || ov_le32(r + 72) != sub)
		return r != NULL ? ov_le32(r + 72) : sub;
	return ov_le16(r + 84) > 1 ? sub + 1 : sub;
}

bool ov_odb_sub_is_anywhere(const struct ov_odb *o, uint32_t id)
{
	const uint8_t *s = odb_row(&o->subs, id, ODB_SUB_SIZE);

	return s != NULL && s[1] == OV_PLACE_ANY;
}

void ov_odb_sub(const struct ov_odb *o, uint32_t id, struct ov_sub *out)
{
	const uint8_t *s = odb_row(&o->subs, id, ODB_SUB_SIZE);
	struct ov_compare *c = &out->compare;

	*out = (struct ov_sub){ .kind = OV_SUB_PATTERN, .pattern = UINT32_MAX };
	if (s == NULL || s[0] < OV_SUB_PATTERN || s[0] >= OV_SUB_KINDS || s[1] > OV_PLACE_IMAGE)
		return;
	out->kind = (enum ov_sub_kind)s[0];
	read_place(s + 8, (enum ov_place_kind)s[1], &out->place);
	if (out->kind == OV_SUB_PATTERN) {
		out->pattern = ov_le32(s + 24);
	} else if (out->kind == OV_SUB_PCRE) {
		out->regex = heap_str(&o->names, ov_le32(s + 24), ov_le32(s + 28));
		out->flags = heap_str(&o->names, ov_le32(s + 32), ov_le32(s + 36));
		out->trigger = odb_cur(&o->conds, ov_le32(s + 40), ov_le32(s + 44));
	} else if (out->kind == OV_SUB_MACRO) {
		out->macro = (struct ov_macro){ .group = ov_le32(s + 24),
						.lo = ov_le32(s + 28),
						.hi = ov_le32(s + 32) };
	} else if (out->kind == OV_SUB_IMAGE) {
		out->image = ov_le64(s + 24);
	} else if (out->kind == OV_SUB_ICON) {
		out->icon[0] = heap_str(&o->names, ov_le32(s + 24), ov_le32(s + 28));
		out->icon[1] = heap_str(&o->names, ov_le32(s + 32), ov_le32(s + 36));
	} else {
		c->form = (char)s[2];
		c->is_big = (s[3] & 1) != 0;
		c->is_exact = (s[3] & 2) != 0;
		c->is_little = (s[3] & 4) != 0;
		c->ncmp = s[4];
		c->op[0] = (char)s[5];
		c->op[1] = (char)s[6];
		c->ref = ov_le32(s + 24);
		c->width = ov_le32(s + 28);
		c->off = (int64_t)ov_le64(s + 32);
		c->value[0] = ov_le64(s + 40);
		c->value[1] = ov_le64(s + 48);
	}
}

void ov_odb_anchor(const struct ov_odb *o, uint32_t token, struct ov_odb_anchor *out)
{
	const uint8_t *a = odb_row(&o->anchors, token, ODB_ANCHOR_SIZE);

	*out = (struct ov_odb_anchor){ .rule = UINT32_MAX,
				       .sub = UINT32_MAX,
				       .distance = OV_ODB_NO_DISTANCE,
				       .part = OV_ODB_NO_PART };
	if (a != NULL)
		*out = (struct ov_odb_anchor){ .rule = ov_le32(a),
					       .sub = ov_le32(a + 4),
					       .distance = ov_le32(a + 8),
					       .part = ov_le32(a + 12) };
}

/* Four u32: first group, groups, first always, always. */
static uint32_t target_field(const struct ov_odb *o, enum ov_target t, size_t field)
{
	const uint8_t *r = odb_row(&o->targets, (uint64_t)t, ODB_TARGET_SIZE);

	return r != NULL ? ov_le32(r + 4 * field) : 0;
}

uint32_t ov_odb_always_count(const struct ov_odb *o, enum ov_target t)
{
	return target_field(o, t, 3);
}

uint32_t ov_odb_always(const struct ov_odb *o, enum ov_target t, uint32_t i)
{
	const uint8_t *r = odb_row(&o->always, (uint64_t)target_field(o, t, 2) + i, 4);

	return r != NULL && i < target_field(o, t, 3) ? ov_le32(r) : UINT32_MAX;
}

uint32_t ov_odb_fixed_groups(const struct ov_odb *o, enum ov_target t)
{
	return target_field(o, t, 1);
}

void ov_odb_fixed_group(const struct ov_odb *o, enum ov_target t, uint32_t i,
			struct ov_odb_fixed_group *out)
{
	const uint8_t *r = odb_row(&o->groups, (uint64_t)target_field(o, t, 0) + i, ODB_GROUP_SIZE);

	*out = (struct ov_odb_fixed_group){ .place = { .kind = OV_PLACE_ANY } };
	if (r == NULL || i >= target_field(o, t, 1))
		return;
	read_place(r + 8, (enum ov_place_kind)r[0], &out->place);
	out->first = ov_le32(r + 24);
	out->count = ov_le32(r + 28);
}

uint32_t ov_odb_fixed_next(const struct ov_odb *o, const struct ov_odb_fixed_group *g,
			   uint32_t from, uint32_t dword)
{
	const uint64_t rows = o->fixed.len / ODB_FIXED_SIZE;
	const uint64_t last = ov_min_u64((uint64_t)g->first + g->count, rows);

	for (uint64_t i = (uint64_t)g->first + from; i < last; i++) {
		const uint8_t *r = o->fixed.base + i * ODB_FIXED_SIZE;

		if ((dword & ov_le32(r + 4)) == ov_le32(r))
			return (uint32_t)(i - g->first);
	}
	return g->count;
}

void ov_odb_fixed(const struct ov_odb *o, uint32_t i, struct ov_odb_fixed *out)
{
	const uint8_t *r = odb_row(&o->fixed, i, ODB_FIXED_SIZE);

	*out = (struct ov_odb_fixed){ .rule = UINT32_MAX, .sub = UINT32_MAX };
	if (r != NULL)
		*out = (struct ov_odb_fixed){ .dword = ov_le32(r),
					      .mask = ov_le32(r + 4),
					      .rule = ov_le32(r + 8),
					      .sub = ov_le32(r + 12) };
}

void ov_odb_hash_name(const struct ov_odb *o, uint32_t token, struct ov_odb_hash_name *out)
{
	out->name = OV_STR("");
	out->source = out->line = 0;
	if (ov_names_at(&o->hash_names, token, &out->room) != OV_OK)
		return;
	out->name = (struct ov_str){ .p = out->room.text, .n = out->room.n };
	out->source = out->room.source;
	out->line = out->room.line;
}

void ov_odb_source(const struct ov_odb *o, uint32_t i, struct ov_odb_source *out)
{
	const uint8_t *r = odb_row(&o->sources, i, ODB_SOURCE_SIZE);

	*out = (struct ov_odb_source){ .version = 0 };
	if (r == NULL)
		return;
	out->name = heap_str(&o->names, ov_le32(r), ov_le32(r + 4));
	out->label = heap_str(&o->names, ov_le32(r + 8), ov_le32(r + 12));
	out->version = ov_le64(r + 16);
	out->built = ov_le64(r + 24);
	out->nsignatures = ov_le64(r + 32);
	out->nrefused = ov_le64(r + 40);
	out->nskipped = ov_le64(r + 48);
	out->is_signed = ov_le64(r + 56) != 0;
}

void ov_odb_ignore(const struct ov_odb *o, uint32_t i, struct ov_odb_ignore *out)
{
	const uint8_t *r = odb_row(&o->ignores, i, ODB_IGNORE_SIZE);

	*out = (struct ov_odb_ignore){ .has_md5 = false };
	if (r == NULL)
		return;
	out->name = heap_str(&o->names, ov_le32(r), ov_le16(r + 4));
	out->has_md5 = ov_le16(r + 6) != 0;
	memcpy(out->md5, r + 8, sizeof out->md5);
}

static ov_status open_header(struct opener *p, struct ov_cur bytes)
{
	struct ov_cur c = bytes;
	struct ov_odb *o = p->o;
	uint32_t version, sections;
	uint64_t length;
	ov_status s;

	c.pos = 0;
	p->why = "it is too short to be a compiled database";
	s = ov_cur_expect_n(&c, ODB_MAGIC, ODB_MAGIC_LEN);
	if (s == OV_BAD)
		p->why = "it is not a compiled database";
	OV_TRY(s);
	OV_TRY(ov_cur_u32le(&c, &version));
	OV_TRY(ov_cur_u32le(&c, &sections));
	if (version != ODB_VERSION || sections != ODB_SECTIONS) {
		p->why = "it was made by another version of overt; build it again";
		return OV_UNSUPPORTED;
	}
	OV_TRY(ov_cur_u64le(&c, &length));
	OV_TRY(ov_cur_copy(&c, o->id, sizeof o->id));
	OV_TRY(ov_cur_u64le(&c, &o->built));
	OV_TRY(ov_cur_u64le(&c, &o->nsignatures));
	OV_TRY(ov_cur_u64le(&c, &o->nignored));
	for (size_t i = 0; i < ODB_SECTIONS; i++) {
		OV_TRY(ov_cur_u64le(&c, &p->off[i]));
		OV_TRY(ov_cur_u64le(&c, &p->len[i]));
	}
	if (length > bytes.len) {
		p->why = "it is cut short";
		return OV_SHORT;
	}
	return length == bytes.len ? OV_OK : bad(p, "bytes follow its end");
}

/* A section whose length must be a whole number of rows. */
static ov_status table(struct opener *p, enum odb_section s, size_t row, struct ov_cur *out)
{
	if (p->off[s] % ODB_ALIGN != 0 ||
	    ov_cur_sub(&p->o->all, p->off[s], p->len[s], out) != OV_OK)
		return bad(p, "a section lies outside the file");
	if (out->len % row != 0 || out->len / row > UINT32_MAX)
		return bad(p, "a section has half a row, or too many");
	return OV_OK;
}

static ov_status open_sections(struct opener *p)
{
	struct ov_odb *o = p->o;
	struct ov_cur part;
	uint64_t rows;

	OV_TRY(table(p, ODB_RULES, 1, &o->rules));
	OV_TRY(table(p, ODB_SUBS, ODB_SUB_SIZE, &o->subs));
	OV_TRY(table(p, ODB_CONDS, 1, &o->conds));
	OV_TRY(table(p, ODB_ANCHORS, ODB_ANCHOR_SIZE, &o->anchors));
	OV_TRY(table(p, ODB_GROUPS, ODB_GROUP_SIZE, &o->groups));
	OV_TRY(table(p, ODB_FIXED, ODB_FIXED_SIZE, &o->fixed));
	OV_TRY(table(p, ODB_ALWAYS, 4, &o->always));
	OV_TRY(table(p, ODB_TARGETS, ODB_TARGET_SIZE, &o->targets));
	OV_TRY(table(p, ODB_SOURCES, ODB_SOURCE_SIZE, &o->sources));
	OV_TRY(table(p, ODB_NAMES, 1, &o->names));
	OV_TRY(table(p, ODB_TEXTS, 1, &o->texts));
	OV_TRY(table(p, ODB_IGNORES, ODB_IGNORE_SIZE, &o->ignores));
	o->nignores = (uint32_t)(o->ignores.len / ODB_IGNORE_SIZE);
	if (o->rules.len < 8)
		return bad(p, "the rules lack their count");
	o->nrules = ov_le32(o->rules.base);
	if (ov_mul_u64(o->nrules, ODB_RULE_SIZE, &rows) != OV_OK || rows > o->rules.len - 8)
		return bad(p, "there are fewer rules than their count says");
	o->nsubs = (uint32_t)(o->subs.len / ODB_SUB_SIZE);
	o->nanchors = (uint32_t)(o->anchors.len / ODB_ANCHOR_SIZE);
	o->nsources = (uint32_t)(o->sources.len / ODB_SOURCE_SIZE);
	OV_TRY(table(p, ODB_HASH_NAMES, 1, &part));
	if (ov_names_open(part, o->nsources, &o->hash_names) != OV_OK)
		return bad(p, "the names of hashes are broken");
	OV_TRY(table(p, ODB_PATS, 1, &part));
	if (ov_pats_view(part, &o->pats) != OV_OK)
		return bad(p, "the patterns are broken");
	for (int t = 0; t < OV_TARGET_COUNT; t++) {
		OV_TRY(table(p, (enum odb_section)(ODB_GRAM + t), 1, &part));
		if (ov_gram_open(part, &o->gram[t]) != OV_OK)
			return bad(p, "a table of keys is broken");
	}
	for (int i = 0; i < OV_HASH_USES * OV_DIGEST_KINDS; i++) {
		OV_TRY(table(p, (enum odb_section)(ODB_HASH + i), 1, &part));
		if (ov_hashset_open(part, &o->hashes[i / OV_DIGEST_KINDS][i % OV_DIGEST_KINDS]) !=
		    OV_OK)
			return bad(p, "a hash set is broken");
	}
	for (int k = 0; k < OV_EXTRA_COUNT; k++) {
		OV_TRY(table(p, (enum odb_section)(ODB_EXTRA + k), 1, &o->extra[k]));
		if (ov_extra_verify((enum ov_extra)k, o->extra[k], o->nsources) != OV_OK)
			return bad(p, "a further table is broken");
	}
	OV_TRY(table(p, ODB_YARA, 1, &part));
	if (part.len > 0 && ov_yimage_open(part, &o->yara) != OV_OK)
		return bad(p, "the YARA rules are broken");
	return OV_OK;
}

static ov_status check_group(struct opener *p, uint32_t i)
{
	const uint8_t *g = odb_row(&p->o->groups, i, ODB_GROUP_SIZE);
	struct ov_place place;

	if (g == NULL || ov_le64(g) > OV_PLACE_IMAGE)
		return bad(p, "a group of fixed places is broken");
	read_place(g + 8, (enum ov_place_kind)g[0], &place);
	if (!odb_is_good_place(&place) || place.kind == OV_PLACE_ANY ||
	    place.kind == OV_PLACE_IN_SECTION || place.kind == OV_PLACE_VERSION ||
	    place.kind == OV_PLACE_MACRO || place.shift != 0)
		return bad(p, "a group's place is not one exact place");
	if ((uint64_t)ov_le32(g + 24) + ov_le32(g + 28) > p->o->fixed.len / ODB_FIXED_SIZE)
		return bad(p, "a group's entries are not there");
	return OV_OK;
}

static ov_status check_targets(struct opener *p)
{
	const struct ov_odb *o = p->o;
	const uint64_t ngroups = o->groups.len / ODB_GROUP_SIZE;

	if (o->targets.len != OV_TARGET_COUNT * ODB_TARGET_SIZE)
		return bad(p, "the table of targets has another size");
	for (int t = 0; t < OV_TARGET_COUNT; t++) {
		const uint8_t *r = odb_row(&o->targets, (uint64_t)t, ODB_TARGET_SIZE);

		if ((uint64_t)ov_le32(r) + ov_le32(r + 4) > ngroups ||
		    (uint64_t)ov_le32(r + 8) + ov_le32(r + 12) > o->always.len / 4)
			return bad(p, "a target's lists are not there");
	}
	for (uint32_t i = 0; i < ngroups; i++)
		OV_TRY(check_group(p, i));
	return OV_OK;
}

ov_status ov_odb_open(struct ov_cur bytes, struct ov_odb *out, const char **why)
{
	struct ov_odb o = { .all = bytes };
	struct opener p = { .o = &o };
	ov_status s;

	o.all.pos = 0;
	s = open_header(&p, bytes);
	if (s == OV_OK)
		s = open_sections(&p);
	if (s == OV_OK)
		s = check_targets(&p);
	if (s == OV_OK)
		*out = o;
	else if (why != NULL)
		*why = p.why;
	return s;
}

ov_status ov_odb_check_id(const struct ov_odb *o)
{
	struct ov_hasher *h = NULL;
	uint8_t id[OV_DIGEST_MAX];
	ov_status s;

	OV_TRY(ov_hasher_new(OV_SHA256, &h));
	s = ov_hasher_once(h, o->all.base + ODB_ID_END, o->all.len - ODB_ID_END, id);
	ov_hasher_free(&h);
	OV_TRY(s);
	return memcmp(id, o->id, OV_ODB_ID) == 0 ? OV_OK : OV_BAD;
}
