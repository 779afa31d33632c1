/* Inside src/match: a YARA string while it is compiled. */
#ifndef OV_YSTR_MAKE_H
#define OV_YSTR_MAKE_H

#include "re_atoms.h"
#include "ystr_int.h"

struct ym_expr { /* where the parts of a program are, once they are written */
	uint32_t nstates, rev, nrev, rev_states, pool, npool, sets, nsets;
};

struct ym_piece {
	enum ys_kind kind;
	uint32_t flags;
	const uint8_t *value, *mask; /* LITERAL, MASKED: n each; mask is NULL for LITERAL */
	uint32_t n;
	const struct re_tree *tree; /* EXPR */
	uint32_t gap_min, gap_max;
	struct re_cover cover;
	bool is_told;	    /* its cover is of those that wake         */
	bool is_short;	    /* its cover is of short keys for the sieve */
	uint32_t data, ext; /* offsets, once they are written */
	struct ym_expr expr;
};

#define YM_FEW 12u /* as many as a text can have */
#define YM_PIECES 512u

struct ym {
	struct ov_arena *arena;
	const struct ov_ystr_ir *ir;
	struct ov_ystr_error *err;
	struct ym_piece *piece; /* YM_FEW at first, then room for YM_PIECES */
	uint32_t npieces;
	uint32_t flags; /* YS_* of the string */
	uint8_t xor_lo, xor_hi;
};

ov_status ym_refuse(struct ym *m, const char *why, const char *mend);

/** Adds a piece. The caller fills it. */
OV_MUST_USE ov_status ym_piece_new(struct ym *m, enum ys_kind kind, uint32_t flags,
				   struct ym_piece **out);

/** The pieces of a text with its modifiers. */
OV_MUST_USE ov_status ym_text(struct ym *m);

/** Chooses the atoms of all pieces, and which of them wake. */
OV_MUST_USE ov_status ym_cover(struct ym *m, struct ov_ystr_facts *facts);

/** Appends the code. */
OV_MUST_USE ov_status ym_write(struct ym *m, struct ov_buf *out);

#endif
