/*
 * Types that databases declare (.ftm). overt knows what it opens by its own tests, and a database
 * can't take that away: a declared type counts only where overt knows no better than "data" or
 * "text". Such a layer is matched as what it was, then as what the database says, as if a rule with
 * HandlerType had said it.
 */
#include "engine_int.h"
#include "magic.h"

static bool knows_no_better(enum ov_type t)
{
	switch (t) {
	case OV_T_BINARY_DATA:
	case OV_T_TEXT_ASCII:
	case OV_T_TEXT_UTF8:
	case OV_T_TEXT_UTF16LE:
	case OV_T_TEXT_UTF16BE:
		return true;
	default:
		return false;
	}
}

void ov_layer_magic(const struct ov_engine *e, struct ov_node *n, struct ov_cur head)
{
	struct ov_cur table = e->db->extra[OV_EXTRA_MAGIC];
	struct ov_extra_row r;
	bool by_bytes = false;

	if (table.len == 0 || head.len == 0 || !knows_no_better(n->type))
		return;
	for (table.pos = 0; ov_extra_next(&table, &r) == OV_OK;) {
		struct ov_magic m;

		/* Of several the last counts, bytes before patterns, as in clamscan. */
		if (ov_magic_get(r.body, &m) != OV_OK || (m.is_pattern && by_bytes) ||
		    !ov_magic_holds(&m, head, n->type))
			continue;
		by_bytes = !m.is_pattern;
		n->handlers[0] = m.type;
		n->nhandlers = 1;
	}
}
