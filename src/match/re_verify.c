/* Programs of regular expressions, verified as hostile input: whatever stands in them, a run stays
 * inside its code, pool, sets and states. */
#include "re_code.h"

static bool is_leaf(const struct re_prog *p, const struct re_ins *i)
{
	if (i->op == RC_SET)
		return i->x < p->nsets;
	return i->op >= RC_BYTE && i->op <= RC_NOTNL;
}

static bool is_run(const struct re_prog *p, const struct re_ins *i, uint32_t pc)
{
	struct re_ins data;

	if (pc + 2 >= p->n || i->b == 0 || i->a > 1)
		return false;
	data = re_ins_at(p->code, pc + 1);
	return data.op == RC_DATA && i->x <= p->nstates && p->nstates - i->x >= i->b &&
	       data.x <= p->npool && (p->npool - data.x) / 2 >= i->b;
}

static bool is_loop(const struct re_prog *p, const struct re_ins *i, uint32_t pc)
{
	const uint32_t most = i->b == UINT16_MAX ? rc_loop_min(i) : i->b;
	struct re_ins leaf;

	if (pc + 2 >= p->n || i->a > 1 || rc_loop_min(i) > most || most > RC_TIMES_MAX)
		return false;
	leaf = re_ins_at(p->code, pc + 1);
	return is_leaf(p, &leaf) && rc_loop_base(i) < p->nstates &&
	       p->nstates - rc_loop_base(i) > most;
}

static bool is_good(const struct re_prog *p, uint32_t pc)
{
	const struct re_ins i = re_ins_at(p->code, pc);

	switch (i.op) {
	case RC_MATCH:
		return true;
	case RC_DATA:
		return pc > 0 && re_ins_at(p->code, pc - 1).op == RC_RUN;
	case RC_JUMP:
		return i.x < p->n;
	case RC_SPLIT:
		return i.x < p->n && i.a <= 1 && pc + 1 < p->n;
	case RC_PLACE:
		return i.a >= RE_BEGIN && i.a <= RE_WORD_INSIDE && pc + 1 < p->n;
	case RC_RUN:
		return is_run(p, &i, pc);
	case RC_LOOP:
		return is_loop(p, &i, pc);
	default:
		return is_leaf(p, &i) && pc + 1 < p->n;
	}
}

ov_status re_verify(const struct re_prog *p)
{
	if (p->n == 0 || p->n > RC_CODES_MAX || p->nstates < p->n || p->nstates > RC_STATES_MAX)
		return OV_BAD;
	for (uint32_t pc = 0; pc < p->n; pc++)
		if (!is_good(p, pc))
			return OV_BAD;
	return OV_OK;
}
