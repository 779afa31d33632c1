/*
 * Covers: the cheapest set of subsignatures of which at least one must occur for a rule's condition
 * to hold.
 *
 * AND takes its cheapest child, OR needs both, a count of at least one needs any of the parts below
 * it. Cost is how often the parts' anchors are expected in ordinary files. A part at one exact
 * place costs next to nothing, and so does an image hash. A macro is covered by what it follows.
 * Source: docs/formats/odb.md, "What wakes a rule".
 */
#include "build_int.h"
#include "cond.h"
#include "le.h"

#define COST_NONE UINT64_MAX
#define COST_FIXED 1
#define COST_MAGIC                                                                                 \
	4000	       /* at the start of nearly each file of some type; files are about 0.2 MB    \
			*/
#define COST_ANCHOR 20 /* added to each anchor, so that fewer win among rare ones */
#define COST_MAX                                                                                   \
	(UINT64_C(1000) * 1000) /* hits per 1000 MB; more often than that, "always" is no worse */

struct cover {
	uint64_t cost; /* COST_NONE: can't be covered                  */
	uint64_t set;  /* subsignatures of the cover, all PATTERN kind */
};

struct covers {
	uint64_t base[ODB_SUBS_MAX];   /* cost of a PATTERN by itself */
	struct cover of[ODB_SUBS_MAX]; /* of each subsignature        */
};

static uint64_t add_cost(uint64_t a, uint64_t b)
{
	return a > COST_NONE - b ? COST_NONE : a + b;
}

static void set_cost(const struct covers *c, struct cover *v)
{
	v->cost = 0;
	for (size_t i = 0; i < ODB_SUBS_MAX; i++)
		if (v->set >> i & 1)
			v->cost = add_cost(v->cost, c->base[i]);
}

static struct cover join(const struct covers *c, struct cover a, struct cover b, bool is_and)
{
	struct cover v = { .cost = COST_NONE };

	if (is_and) {
		v.cost = a.cost <= b.cost ? a.cost : b.cost;
		v.set = a.cost <= b.cost ? a.set : b.set;
	} else if (a.cost != COST_NONE && b.cost != COST_NONE) {
		v.set = a.set | b.set;
		set_cost(c, &v);
	}
	return v;
}

/*
 * A relation that needs at least one match below it is covered by what covers the block: counts
 * reach it only through parts that hold (see ov_cond_eval), so a sum above 0 means that the block
 * holds.
 */
static void count_cover(const struct ov_cond_op *op, struct cover *v)
{
	const bool needs =
	    op->min_distinct > 0 || op->rel == '>' || (op->rel == '=' && op->want > 0);

	if (!needs)
		*v = (struct cover){ .cost = COST_NONE };
}

/* Runs condition code over covers instead of values. The code comes from ov_cond_compile(). */
static ov_status cover_of(const struct covers *c, struct ov_cur code, struct cover *out)
{
	struct cover stack[OV_COND_DEPTH];
	struct ov_cond_op op;
	size_t n = 0;
	ov_status s;

	while ((s = ov_cond_next(&code, &op)) == OV_OK) {
		if (op.kind == OV_COND_SUB || op.kind == OV_COND_SUB_COUNT ||
		    op.kind == OV_COND_TRUE) {
			if (n == OV_COND_DEPTH)
				return OV_LIMIT;
			stack[n] = (struct cover){ .cost = COST_NONE };
			if (op.kind != OV_COND_TRUE)
				stack[n] = c->of[op.sub];
			if (op.kind == OV_COND_SUB_COUNT)
				count_cover(&op, &stack[n]);
			n++;
		} else if (op.kind == OV_COND_COUNT) {
			if (n < 1)
				return OV_BUG;
			count_cover(&op, &stack[n - 1]);
		} else {
			if (n < 2)
				return OV_BUG;
			n--;
			stack[n - 1] = join(c, stack[n - 1], stack[n], op.kind == OV_COND_AND);
		}
	}
	if (s != OV_END || n != 1)
		return OV_BUG;
	*out = stack[0];
	return OV_OK;
}

static bool is_exact_place(const struct ov_place *p)
{
	switch (p->kind) {
	case OV_PLACE_ABS:
	case OV_PLACE_EOF:
	case OV_PLACE_EP:
	case OV_PLACE_SECTION:
	case OV_PLACE_LAST_SECTION:
	case OV_PLACE_IMAGE:
		return p->shift == 0;
	default:
		return false;
	}
}

/* Up to four masked bytes that a variant begins with; two at least, or it is no use. */
static bool first_dword(const struct ov_pn *v, uint32_t *value, uint32_t *mask)
{
	uint8_t val[4] = { 0 }, msk[4] = { 0 };
	size_t have = 0, masked = 0;

	for (; v != NULL && have < 4 && v->kind == OV_PN_BYTES; v = v->next) {
		for (size_t i = 0; i < v->n && have < 4; i++, have++) {
			val[have] = v->value[i];
			msk[have] = v->mask[i];
			masked += v->mask[i] != 0;
		}
	}
	*value = ov_le32(val);
	*mask = ov_le32(msk);
	return masked >= 2;
}

static bool is_fixed(const struct ov_sub_ir *s)
{
	uint32_t value, mask;

	if (s->kind == OV_SUB_IMAGE)
		return true;
	if (s->kind != OV_SUB_PATTERN || !is_exact_place(&s->place))
		return false;
	for (size_t i = 0; i < s->pattern.nvariants; i++)
		if (!first_dword(s->pattern.variants[i], &value, &mask))
			return false;
	return true;
}

/* What ordinary files of a type all begin with tells nothing. */
static bool is_magic(const struct ov_place *p, uint32_t value, uint32_t mask)
{
	static const char magics[][4] = { { 'M', 'Z' },
					  { 'M', 'Z', '\x90', 0 },
					  { 0x7f, 'E', 'L', 'F' },
					  { 'P', 'K', 3, 4 },
					  { '%', 'P', 'D', 'F' },
					  { '\xd0', '\xcf', 0x11, '\xe0' },
					  { '{', '\\', 'r', 't' },
					  { '<', '?', 'x', 'm' },
					  { '<', 'h', 't', 'm' },
					  { '<', '!', 'D', 'O' },
					  { '#', '!', '/', 'b' },
					  { '#', '!', '/', 'u' },
					  { '/', '/', ' ' },
					  { '/', '*', ' ' },
					  { '\xff', '\xd8', '\xff' },
					  { 'G', 'I', 'F', '8' },
					  { '\xca', '\xfe', '\xba', '\xbe' } };

	if (p->kind != OV_PLACE_ABS || p->n != 0)
		return false;
	for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
		if ((ov_le32((const uint8_t *)magics[i]) & mask) == value)
			return true;
	return false;
}

static uint64_t fixed_cost(const struct ov_sub_ir *s)
{
	uint64_t cost = COST_FIXED;

	for (size_t i = 0; i < s->pattern.nvariants; i++) {
		uint32_t value, mask;

		if (first_dword(s->pattern.variants[i], &value, &mask) &&
		    is_magic(&s->place, value & mask, mask))
			cost = COST_MAGIC;
	}
	return cost;
}

static ov_status pattern_cost(const struct ov_sub_ir *s, uint64_t *out)
{
	uint64_t cost = 0;

	if (is_fixed(s)) {
		*out = fixed_cost(s);
		return OV_OK;
	}
	for (size_t i = 0; i < s->pattern.nvariants; i++) {
		struct ov_anchor a;
		const ov_status st = ov_pat_anchor(s->pattern.variants[i], &a);

		if (st == OV_END || (st == OV_OK && a.cost > COST_MAX)) {
			cost = COST_NONE;
			break;
		}
		OV_TRY(st);
		cost = add_cost(cost, add_cost(a.cost, COST_ANCHOR));
	}
	*out = cost;
	return OV_OK;
}

/* Covers of the subsignatures in order: a PCRE's is its trigger's, a comparison's that of what it
 * stands on. */
static ov_status cover_subs(struct ov_odb_builder *b, const struct ov_rule_ir *r,
			    const struct b_sub *subs, struct covers *c)
{
	for (uint32_t i = 0; i < ODB_SUBS_MAX; i++) {
		c->base[i] = COST_NONE;
		c->of[i] = (struct cover){ .cost = COST_NONE };
	}
	for (uint32_t i = 0; i < r->nsubs; i++) {
		const struct ov_sub_ir *s = &r->subs[i];

		if (s->kind == OV_SUB_PATTERN || s->kind == OV_SUB_IMAGE) {
			OV_TRY(pattern_cost(s, &c->base[i]));
			c->of[i].cost = c->base[i];
			if (c->base[i] != COST_NONE)
				c->of[i].set = UINT64_C(1) << i;
		} else if (s->kind == OV_SUB_PCRE) {
			const struct b_text t = subs[i].trigger;

			OV_TRY(cover_of(c, ov_cur_of(b->conds.p + t.at, t.n), &c->of[i]));
		} else if (s->kind == OV_SUB_ICON) {
			continue; /* never alone: it stands behind the expression, with an AND */
		} else if (s->kind == OV_SUB_MACRO) {
			if (i > 0)
				c->of[i] = c->of[i - 1];
		} else if (s->compare.ref < i) {
			c->of[i] = c->of[s->compare.ref];
		}
	}
	return OV_OK;
}

/* An image hash is looked up like the first bytes at a place; its low half stands for them. */
static ov_status add_image(struct ov_odb_builder *b, const struct ov_sub_ir *s, uint32_t rule,
			   uint32_t sub)
{
	const struct b_fixed f = { .place = s->place,
				   .dword = (uint32_t)s->image,
				   .mask = UINT32_MAX,
				   .rule = rule,
				   .sub = sub };

	return ov_buf_put(&b->fixed, &f, sizeof f);
}

static ov_status add_fixed(struct ov_odb_builder *b, const struct ov_sub_ir *s, uint32_t rule,
			   uint32_t sub)
{
	for (size_t i = 0; i < s->pattern.nvariants; i++) {
		struct b_fixed f = { .place = s->place, .rule = rule, .sub = sub };

		if (!first_dword(s->pattern.variants[i], &f.dword, &f.mask))
			return OV_BUG;
		f.dword &= f.mask;
		OV_TRY(ov_buf_put(&b->fixed, &f, sizeof f));
	}
	return OV_OK;
}

static ov_status add_anchors(struct ov_odb_builder *b, const struct ov_sub_ir *s, uint32_t rule,
			     uint32_t sub)
{
	const uint32_t pattern = rows_of(b->subs, struct b_sub)[sub].pattern;

	for (size_t i = 0; i < s->pattern.nvariants; i++) {
		struct b_anchor row = { .rule = rule, .sub = sub, .distance = OV_ODB_NO_DISTANCE };
		struct ov_anchor a;

		OV_TRY(ov_pat_anchor(s->pattern.variants[i], &a));
		row.key = a.key;
		if (a.is_fixed)
			row.distance = a.distance;
		if (ov_pats_part_of_key(b->pats, pattern, (uint32_t)i, &a.key, &row.part) != OV_OK)
			row.part = OV_ODB_NO_PART;
		OV_TRY(ov_buf_put(&b->anchors, &row, sizeof row));
	}
	return OV_OK;
}

ov_status ov_cover_rule(struct ov_odb_builder *b, const struct ov_rule_ir *r, struct b_rule *rule,
			uint32_t rule_id)
{
	const struct b_sub *subs = rows_of(b->subs, struct b_sub) + rule->first_sub;
	struct covers c = { 0 };
	struct cover whole;

	if (r->nsubs > ODB_SUBS_MAX)
		return OV_LIMIT;
	if (r->nsubs == 1 && r->subs[0].place.kind == OV_PLACE_MACRO)
		return OV_OK; /* a member of a macro group: never looked at by itself */
	OV_TRY(cover_subs(b, r, subs, &c));
	OV_TRY(cover_of(&c, ov_cur_of(b->conds.p + rule->cond.at, rule->cond.n), &whole));
	rule->is_always = whole.cost == COST_NONE || whole.set == 0;
	for (uint32_t i = 0; !rule->is_always && i < r->nsubs; i++) {
		if ((whole.set >> i & 1) == 0)
			continue;
		if (r->subs[i].kind == OV_SUB_IMAGE)
			OV_TRY(add_image(b, &r->subs[i], rule_id, rule->first_sub + i));
		else if (is_fixed(&r->subs[i]))
			OV_TRY(add_fixed(b, &r->subs[i], rule_id, rule->first_sub + i));
		else
			OV_TRY(add_anchors(b, &r->subs[i], rule_id, rule->first_sub + i));
	}
	return OV_OK;
}
