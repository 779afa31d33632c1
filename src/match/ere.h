/*
 * POSIX extended regular expressions over short texts, for the member names of container
 * signatures.
 *
 * They are compiled to a program that is run over all its states at once: time is the length of the
 * text times that of the program at most, whatever the expression, and there are no back
 * references. Programs lie in databases: verified once as hostile input, then run. Source: IEEE Std
 * 1003.1, chapter 9.4; where it leaves things open, what clamscan 1.4.6 takes.
 */
#ifndef OV_ERE_H
#define OV_ERE_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "buf.h"
#include "cursor.h"
#include "status.h"
#include "str.h"

#define OV_ERE_STATES 4096 /* steps of one program */
#define OV_ERE_LITERAL 64  /* bytes of `literal` below that are kept */

/* What a text must hold to match at all: cheap to ask before the program is run. */
struct ov_ere_needs {
	uint64_t mask; /* ov_ere_mask() of a text has all these bits */
	uint8_t literal[OV_ERE_LITERAL];
	size_t nliteral; /* 0: none is known. Lower case when the program is case-blind */
};

/**
 * Compiles an expression: alternatives, groups, `*` `+` `?` `{n,m}` (to 255), `.`, brackets with
 * classes and ranges, `^` `$` `\<` `\>`; `(?i)` at its start makes it case-blind (ASCII).
 *
 * @param out    The program is appended. @param needs  May be NULL.
 * @param why    On failure: a static sentence part.
 * @return OV_OK; OV_BAD wrong; OV_LIMIT too large; OV_NOMEM. Threads: no shared state.
 */
OV_MUST_USE ov_status ov_ere_compile(struct ov_str text, struct ov_buf *out,
				     struct ov_ere_needs *needs, const char **why);

/** Verifies a program as hostile input. @return OV_OK or OV_BAD. */
OV_MUST_USE ov_status ov_ere_verify(struct ov_cur program);

/** One bit for each byte that a text holds, case-blind: what ov_ere_needs.mask is held against. */
uint64_t ov_ere_mask(struct ov_str text);

/** Memory of one run: made once, used for one run at a time. */
struct ov_ere_run {
	uint16_t *now, *next, *stack, *seen;
	uint64_t entered; /* states, since it was last counted */
};
OV_MUST_USE ov_status ov_ere_run_new(struct ov_arena *a, struct ov_ere_run *out);

/**
 * Searches a text for the expression.
 *
 * @param program  Has passed ov_ere_verify().
 * @param steps    What may still be spent; counted down.
 * @return OV_OK it matches; OV_END it does not; OV_LIMIT the steps are spent, so nothing is known.
 */
OV_MUST_USE ov_status ov_ere_search(struct ov_cur program, struct ov_str text,
				    struct ov_ere_run *run, uint64_t *steps);

#endif
