/* Verifying rules as hostile input: one when it is first used, or all of them. */
#include "odb.h"

#include "checked.h"
#include "cond.h"
#include "le.h"
#include "odb_int.h"

struct checker {
	const struct ov_odb *o;
	const char *why;
};

static ov_status bad(struct checker *p, const char *why)
{
	p->why = why;
	return OV_BAD;
}

static bool is_relation(char c)
{
	return c == '<' || c == '>' || c == '=';
}

static bool is_good_compare(const struct ov_compare *c, uint32_t nsubs)
{
	if (c->ref >= nsubs || c->ncmp < 1 || c->ncmp > 2 || c->width < 1 ||
	    c->width > ODB_COMPARE_WIDTH || c->off < INT32_MIN || c->off > INT32_MAX)
		return false;
	if (c->form == 'i' && c->width > 8)
		return false;
	if (c->form != 'h' && c->form != 'd' && c->form != 'a' && c->form != 'i')
		return false;
	return is_relation(c->op[0]) && (c->ncmp == 1 || is_relation(c->op[1]));
}

bool odb_is_good_place(const struct ov_place *p)
{
	if (p->kind == OV_PLACE_MACRO)
		return p->n >= 0 && p->n < OV_MACRO_GROUPS;
	if ((unsigned)p->kind > OV_PLACE_IMAGE || p->n < -(int64_t)UINT32_MAX ||
	    p->n > (int64_t)UINT32_MAX)
		return false;
	return p->n >= 0 || p->kind == OV_PLACE_EP;
}

static ov_status check_code(struct checker *p, const uint8_t *at, uint32_t nsubs)
{
	const uint64_t off = ov_le32(at), n = ov_le32(at + 4);

	if (!odb_in(&p->o->conds, off, n))
		return bad(p, "a condition lies outside its section");
	if (ov_cond_verify(odb_cur(&p->o->conds, off, n), nsubs) != OV_OK)
		return bad(p, "a condition's code is broken");
	return OV_OK;
}

static ov_status check_sub(struct checker *p, uint32_t id, uint32_t nsubs)
{
	const uint8_t *row = odb_row(&p->o->subs, id, ODB_SUB_SIZE);
	struct ov_sub s;

	if (row == NULL || row[0] < OV_SUB_PATTERN || row[0] >= OV_SUB_KINDS)
		return bad(p, "a subsignature is of no known kind");
	ov_odb_sub(p->o, id, &s);
	if (!odb_is_good_place(&s.place))
		return bad(p, "a subsignature's place is broken");
	if (s.kind == OV_SUB_PATTERN) {
		const ov_status st = ov_pats_check(&p->o->pats, s.pattern);

		return st == OV_BAD ? bad(p, "a pattern is broken") : st;
	}
	if (s.kind == OV_SUB_MACRO)
		return s.macro.group < OV_MACRO_GROUPS && s.macro.lo <= s.macro.hi
			   ? OV_OK
			   : bad(p, "a macro is broken");
	if (s.kind == OV_SUB_IMAGE)
		return OV_OK;
	if (s.kind == OV_SUB_ICON)
		return odb_in(&p->o->names, ov_le32(row + 24), ov_le32(row + 28)) &&
			       odb_in(&p->o->names, ov_le32(row + 32), ov_le32(row + 36))
			   ? OV_OK
			   : bad(p, "a group of icons lies outside its section");
	if (s.kind == OV_SUB_COMPARE)
		return is_good_compare(&s.compare, nsubs) ? OV_OK
							  : bad(p, "a byte comparison is broken");
	if (!odb_in(&p->o->names, ov_le32(row + 24), ov_le32(row + 28)) ||
	    !odb_in(&p->o->names, ov_le32(row + 32), ov_le32(row + 36)) || s.regex.n == 0)
		return bad(p, "a regular expression lies outside its section");
	return check_code(p, row + 40, nsubs);
}

static ov_status check_inter(struct checker *p, const struct ov_rule *r, const uint8_t *row)
{
	if (row[87] > ODB_INTER_MAX || row[87] != r->nintermediates)
		return bad(p, "a list of intermediates lies outside its section");
	for (uint32_t i = 0; i < r->nintermediates; i++) {
		const uint16_t t = ov_le16(r->intermediates + 2 * (size_t)i);

		if (t >= OV_T_COUNT && t != ODB_TYPE_ANY)
			return bad(p, "an intermediate's type is unknown");
	}
	return OV_OK;
}

static ov_status check_rule(struct checker *p, uint32_t id)
{
	const uint8_t *row = odb_rule_row(p->o, id);
	const struct ov_odb *o = p->o;
	struct ov_rule r;

	ov_odb_rule(o, id, &r);
	if (r.kind < OV_RULE_HASH || r.kind >= OV_RULE_KINDS || r.target >= OV_TARGET_COUNT)
		return bad(p, "a rule's kind or target is unknown");
	if (!odb_in(&o->names, ov_le32(row), ov_le16(row + 4)) || r.name.n == 0 ||
	    !odb_in(&o->texts, ov_le32(row + 8), ov_le32(row + 12)) || r.source >= o->nsources)
		return bad(p, "a rule's name, text or source is not there");
	if ((unsigned)r.container >= OV_T_COUNT || (unsigned)r.handler >= OV_T_COUNT)
		return bad(p, "a rule's container or handler type is unknown");
	if (r.first_sub > o->nsubs || r.nsubs > ODB_SUBS_MAX || r.nsubs > o->nsubs - r.first_sub)
		return bad(p, "a rule's subsignatures are not there");
	OV_TRY(check_inter(p, &r, row));
	OV_TRY(check_code(p, row + 76, r.nsubs));
	for (uint32_t i = 0; i < r.nsubs; i++)
		OV_TRY(check_sub(p, r.first_sub + i, r.nsubs));
	return OV_OK;
}

ov_status ov_odb_check_rule(const struct ov_odb *o, uint32_t id)
{
	struct checker p = { .o = o };

	return id < o->nrules ? check_rule(&p, id) : OV_BAD;
}

bool ov_odb_is_sub_of(const struct ov_odb *o, uint32_t rule, uint32_t sub)
{
	const uint8_t *r = odb_rule_row(o, rule);

	return r != NULL && sub >= ov_le32(r + 72) && sub - ov_le32(r + 72) < ov_le16(r + 84);
}

/* What the filter's tables name: without it a damaged row would go unnoticed, with no harm. */
static ov_status check_wakers(struct checker *p)
{
	const struct ov_odb *o = p->o;

	for (uint32_t i = 0; i < o->nanchors; i++) {
		struct ov_odb_anchor a;

		ov_odb_anchor(o, i, &a);
		if (!ov_odb_is_sub_of(o, a.rule, a.sub))
			return bad(p, "an anchor wakes a rule that is not there");
	}
	for (uint32_t i = 0; i < o->fixed.len / ODB_FIXED_SIZE; i++) {
		struct ov_odb_fixed f;

		ov_odb_fixed(o, i, &f);
		if (!ov_odb_is_sub_of(o, f.rule, f.sub) || (f.dword & ~f.mask) != 0)
			return bad(p, "an entry for a fixed place is broken");
	}
	for (uint64_t i = 0; i < o->always.len / 4; i++)
		if (ov_le32(odb_row(&o->always, i, 4)) >= o->nrules)
			return bad(p, "a list of rules names one that is not there");
	return OV_OK;
}

/* The subsignatures belong to the rules in turn, so that none is checked twice. */
static ov_status check_all(struct checker *p)
{
	uint32_t next_sub = 0;

	for (uint32_t i = 0; i < p->o->nrules; i++) {
		const uint8_t *row = odb_rule_row(p->o, i);

		if (ov_le32(row + 72) != next_sub)
			return bad(p, "a rule's subsignatures are not its own");
		OV_TRY(check_rule(p, i));
		next_sub += ov_le16(row + 84);
	}
	if (next_sub != p->o->nsubs)
		return bad(p, "there are subsignatures of no rule");
	OV_TRY(check_wakers(p));
	for (uint32_t i = 0; i < p->o->yara.nrules; i++)
		if (ov_yimage_check_rule(&p->o->yara, i) != OV_OK)
			return bad(p, "a YARA rule is broken");
	return OV_OK;
}

ov_status ov_odb_check_all(const struct ov_odb *o, const char **why)
{
	struct checker p = { .o = o };
	const ov_status s = check_all(&p);

	if (s != OV_OK && why != NULL)
		*why = p.why;
	return s;
}
