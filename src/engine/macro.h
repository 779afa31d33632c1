/* Macro subsignatures: ${a-b}g$. See macro.c. */
#ifndef OV_MACRO_H
#define OV_MACRO_H

#include "engine_int.h"

struct ov_macro_slots { /* the finder's slots of a group's patterns */
	uint32_t *slots;
	size_t n;
};

struct ov_macro_hits { /* matches of a subsignature: start and end of each */
	const struct ov_range *at;
	size_t n;
	bool is_cut; /* there were more than are kept */
};

void ov_macros_free(struct ov_macros **m);

/** Asks the finder for the patterns of a macro's group. @return OV_OK; OV_NOMEM, OV_LIMIT. */
OV_MUST_USE ov_status ov_macro_ask(struct ov_engine *e, enum ov_target target,
				   const struct ov_macro *macro, struct ov_macro_slots *out);

/**
 * After the finder ran: the group's matches that stand at the macro's distance from one of
 * `before`.
 * @param out   Those matches, for a macro that follows; in the engine's scratch.
 * @param find  How many, first and last.
 */
OV_MUST_USE ov_status ov_macro_match(struct ov_engine *e, const struct ov_macro *macro,
				     const struct ov_macro_slots *slots,
				     const struct ov_macro_hits *before, struct ov_macro_hits *out,
				     struct ov_find *find);

#endif
