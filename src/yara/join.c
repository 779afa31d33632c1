/* A compiled image among sources: its rows come back, moved to their new places. */
#include "ycompile_int.h"

struct join {
	struct ov_ycompiler *c;
	const struct ov_yimage *y;
	uint32_t rules, strings, namespaces, first_source, nsources;
	uint32_t *externals; /* new number of each */
};

static ov_status put_text(struct ov_ycompiler *c, struct ov_buf *to, struct ov_str s)
{
	uint32_t at = 0;

	OV_TRY(ov_yc_text(c, s, &at));
	OV_TRY(ov_buf_u32(to, at));
	return ov_buf_u32(to, (uint32_t)s.n);
}

static ov_status put_block(struct ov_ycompiler *c, struct ov_cur code, uint32_t *at)
{
	struct ov_buf *blocks = &c->sect[YI_BLOCKS];

	OV_TRY(ov_buf_align(blocks, 4));
	if (blocks->n > UINT32_MAX - code.len)
		return OV_LIMIT;
	*at = (uint32_t)blocks->n;
	return ov_buf_put(blocks, code.base, code.len);
}

static ov_status namespaces(struct join *j)
{
	struct ov_ycompiler *c = j->c;

	j->namespaces = yc_count(c->nss, struct yc_ns);
	for (uint32_t i = 0; i < j->y->nnamespaces; i++) {
		const struct yc_ns ns = { .first_rule =
					      j->rules }; /* of no name: nobody joins in */

		OV_TRY(put_text(c, &c->sect[YI_NAMESPACES], ov_yimage_namespace(j->y, i)));
		OV_TRY(ov_buf_put(&c->nss, &ns, sizeof ns));
	}
	return OV_OK;
}

static ov_status externals(struct join *j)
{
	OV_TRY(ov_arena_array(&j->c->keep, j->y->nexternals, &j->externals));
	for (uint32_t i = 0; i < j->y->nexternals; i++) {
		struct ov_str name;
		struct ov_yval value;
		enum ov_ykind kind;

		ov_yimage_external(j->y, i, &name, &value);
		if (!ov_yc_find_external(j->c, name, &j->externals[i], &kind)) {
			OV_TRY(ov_ycompiler_external(j->c, name, &value));
			if (!ov_yc_find_external(j->c, name, &j->externals[i], &kind))
				return OV_BUG;
		}
	}
	return OV_OK;
}

static ov_status imports(struct join *j)
{
	for (uint32_t i = 0; i < ov_yimage_imports_count(j->y); i++) {
		const int m = ov_ymodule_find(j->c->o.modules, ov_yimage_import(j->y, i));

		if (m >= 0)
			OV_TRY(ov_yc_import(j->c, (unsigned)m));
	}
	return OV_OK;
}

static ov_status strings(struct join *j, const struct ov_yrule *r, uint8_t *row)
{
	struct ov_ycompiler *c = j->c;

	ov_put_le32(row + YR_STRINGS, (uint32_t)(c->sect[YI_STRINGS].n / YI_STRING));
	ov_put_le32(row + YR_STRINGS + 4, r->nstrings);
	for (uint32_t i = 0; i < r->nstrings; i++) {
		struct ov_ystring s;
		uint32_t at = 0;

		ov_yimage_string(j->y, r->first_string + i, &s);
		OV_TRY(put_block(c, s.code, &at));
		OV_TRY(put_text(c, &c->sect[YI_STRINGS], s.name));
		OV_TRY(ov_buf_u32(&c->sect[YI_STRINGS], at));
		OV_TRY(ov_buf_u32(&c->sect[YI_STRINGS], (uint32_t)s.code.len));
		OV_TRY(ov_buf_u32(&c->sect[YI_STRINGS], s.flags));
		OV_TRY(ov_buf_u32(&c->sect[YI_STRINGS],
				  ov_yimage_string_facts(j->y, r->first_string + i).min_len));
		OV_TRY(ov_buf_u64(&c->sect[YI_STRINGS], s.fixed));
	}
	return OV_OK;
}

static ov_status constant(struct join *j, const struct ov_yconst *k)
{
	struct ov_ycompiler *c = j->c;
	struct ov_buf *to = &c->sect[YI_CONSTS];
	uint32_t at = 0;

	OV_TRY(ov_buf_u32(to, (uint32_t)k->kind));
	switch (k->kind) {
	case OV_YC_TEXT:
		return put_text(c, to, k->text);
	case OV_YC_REGEX:
		OV_TRY(put_block(c, k->regex, &at));
		OV_TRY(ov_buf_u32(to, at));
		return ov_buf_u32(to, (uint32_t)k->regex.len);
	case OV_YC_EXTERNAL:
		OV_TRY(ov_buf_u32(to, j->externals[k->external]));
		return ov_buf_u32(to, 0);
	default:
		OV_TRY(ov_buf_u32(to, (uint32_t)(c->sect[YI_SETS].n / 4)));
		OV_TRY(ov_buf_u32(to, (uint32_t)(k->set.len / 4)));
		return ov_buf_put(&c->sect[YI_SETS], k->set.base, k->set.len);
	}
}

static ov_status constants(struct join *j, const struct ov_yrule *r, uint8_t *row)
{
	ov_put_le32(row + YR_CONSTS, (uint32_t)(j->c->sect[YI_CONSTS].n / YI_CONST));
	ov_put_le32(row + YR_CONSTS + 4, r->nconsts);
	for (uint32_t i = 0; i < r->nconsts; i++) {
		struct ov_yconst k;

		ov_yimage_const(j->y, r->first_const + i, &k);
		OV_TRY(constant(j, &k));
	}
	return OV_OK;
}

static ov_status labels(struct join *j, const struct ov_yrule *r, uint8_t *row)
{
	struct ov_ycompiler *c = j->c;

	ov_put_le32(row + YR_TAGS, (uint32_t)(c->sect[YI_TAGS].n / 8));
	ov_put_le32(row + YR_TAGS + 4, r->ntags);
	for (uint32_t i = 0; i < r->ntags; i++)
		OV_TRY(put_text(c, &c->sect[YI_TAGS], ov_yimage_tag(j->y, r->first_tag + i)));
	ov_put_le32(row + YR_METAS, (uint32_t)(c->sect[YI_METAS].n / YI_META));
	ov_put_le32(row + YR_METAS + 4, r->nmetas);
	for (uint32_t i = 0; i < r->nmetas; i++) {
		struct ov_ymeta m;

		ov_yimage_meta(j->y, r->first_meta + i, &m);
		OV_TRY(ov_yc_value(c, &c->sect[YI_METAS], m.name, &m.value));
	}
	return OV_OK;
}

static ov_status gate(struct join *j, uint32_t id, uint32_t *out)
{
	struct ov_yalt alts[YI_ALTS_MAX];
	uint32_t n = 0;

	*out = UINT32_MAX;
	if (id == UINT32_MAX || !ov_yimage_alternatives(j->y, id, alts, &n))
		return OV_OK;
	return ov_yc_gate_rows(j->c, alts, n, out);
}

static ov_status one_rule(struct join *j, uint32_t id)
{
	struct ov_ycompiler *c = j->c;
	struct yc_rule info = { .cost = YC_NO_COST };
	uint8_t row[YI_RULE] = { 0 };
	struct ov_yrule r;
	uint32_t at = 0, wakes = UINT32_MAX;

	OV_TRY(ov_yimage_check_rule(j->y, id));
	ov_yimage_rule(j->y, id, &r);
	if (r.source >= j->nsources)
		return OV_BAD;
	OV_TRY(ov_yc_text(c, r.name, &at));
	ov_put_le32(row + YR_NAME, at);
	ov_put_le32(row + YR_NAME + 4, (uint32_t)r.name.n);
	OV_TRY(ov_yc_text(c, r.text, &at));
	ov_put_le32(row + YR_TEXT, at);
	ov_put_le32(row + YR_TEXT + 4, (uint32_t)r.text.n);
	ov_put_le32(row + YR_NS, j->namespaces + r.nsid);
	ov_put_le32(row + YR_SOURCE, j->first_source + r.source);
	ov_put_le32(row + YR_LINE, r.line);
	ov_put_le32(row + YR_FLAGS, r.flags);
	c->nignored += (r.flags & OV_YRULE_IGNORED) != 0;
	ov_put_le32(row + YR_UNIT, j->rules);
	ov_put_le32(row + YR_SCOUTS, (uint32_t)(c->sect[YI_SCOUTS].n / 4));
	ov_put_le32(row + YR_SCOUTS + 4, r.nscouts);
	for (uint32_t i = 0; i < r.nscouts; i++)
		OV_TRY(ov_buf_u32(&c->sect[YI_SCOUTS],
				  j->strings + ov_yimage_scout(j->y, r.first_scout + i)));
	OV_TRY(strings(j, &r, row));
	OV_TRY(constants(j, &r, row));
	OV_TRY(labels(j, &r, row));
	if (c->sect[YI_CODE].n > UINT32_MAX - r.code.len)
		return OV_LIMIT;
	ov_put_le32(row + YR_CODE, (uint32_t)c->sect[YI_CODE].n);
	ov_put_le32(row + YR_CODE + 4, (uint32_t)r.code.len);
	OV_TRY(ov_buf_put(&c->sect[YI_CODE], r.code.base, r.code.len));
	OV_TRY(gate(j, r.gate, &info.gate));
	OV_TRY(gate(j, r.wake, &wakes));
	ov_put_le32(row + YR_GATE, info.gate);
	ov_put_le32(row + YR_WAKE, wakes);
	ov_put_le32(row + YR_SLOTS, r.nslots);
	ov_put_le32(row + YR_LOOPS, r.nloops);
	ov_put_le32(row + YR_STACK, r.stack);
	ov_put_le32(row + YR_CLASS, (uint32_t)r.class);
	if ((r.flags & OV_YRULE_GLOBAL) != 0)
		OV_TRY(ov_buf_u32(&c->sect[YI_GLOBALS], j->rules + id));
	OV_TRY(ov_buf_put(&c->rules, &info, sizeof info));
	OV_TRY(ov_buf_put(&c->sect[YI_RULES], row, sizeof row));
	return ov_yc_name_rule(c, j->namespaces + r.nsid, r.name, j->rules + id);
}

static ov_status anchors(struct join *j)
{
	for (uint32_t i = 0; i < j->y->nanchors; i++) {
		struct ov_ystring s;
		struct ov_yanchor a;
		uint8_t row[YI_ANCHOR];

		ov_yimage_anchor(j->y, i, &a);
		if (a.rule >= j->y->nrules || a.string >= j->y->nstrings)
			return OV_BAD;
		ov_yimage_string(j->y, a.string, &s);
		OV_TRY(ov_ystr_check(s.code));
		if (a.atom >= ov_ystr_natoms(s.code))
			return OV_BAD;
		ov_put_le32(row, j->rules + a.rule);
		ov_put_le32(row + 4, j->strings + a.string);
		ov_put_le32(row + 8, a.atom);
		OV_TRY(ov_buf_put(&j->c->sect[YI_ANCHORS], row, sizeof row));
	}
	return OV_OK;
}

/* Strings keep their order: each rule's follow those of the rule before. */
static bool are_in_order(const struct ov_yimage *y)
{
	uint32_t next = 0;

	for (uint32_t i = 0; i < y->nrules; i++) {
		struct ov_yrule r;

		ov_yimage_rule(y, i, &r);
		if (r.first_string != next || r.nstrings > y->nstrings - next)
			return false;
		next += r.nstrings;
	}
	return next == y->nstrings;
}

ov_status ov_ycompiler_join(struct ov_ycompiler *c, const struct ov_yimage *y,
			    uint32_t first_source, uint32_t nsources)
{
	struct join j = { .c = c,
			  .y = y,
			  .rules = ov_ycompiler_rules(c),
			  .strings = (uint32_t)(c->sect[YI_STRINGS].n / YI_STRING),
			  .first_source = first_source,
			  .nsources = nsources };

	if (!are_in_order(y))
		return OV_BAD;
	OV_TRY(namespaces(&j));
	OV_TRY(externals(&j));
	OV_TRY(imports(&j));
	for (uint32_t i = 0; i < y->nrules; i++)
		OV_TRY(one_rule(&j, i));
	return anchors(&j);
}
