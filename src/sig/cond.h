/*
 * Condition code: what a rule's condition tree is compiled to. Postfix over a bounded stack, so
 * that evaluating it needs no recursion, no allocation and, once ov_cond_verify() has passed it, no
 * check.
 */
#ifndef OV_COND_H
#define OV_COND_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "cursor.h"
#include "rule.h"
#include "status.h"

#define OV_COND_SUBS 64	  /* subsignatures that code may name     */
#define OV_COND_DEPTH 192 /* most values that wait on the stack */

/* One value on the stack while code runs. */
struct ov_cond_value {
	bool truth;
	uint64_t sum;  /* counts of the subsignatures below, of those parts that hold */
	uint64_t seen; /* which of them matched: bit i for subsignature i             */
};

struct ov_cond_op { /* one decoded instruction */
	enum ov_cond_kind kind;
	uint32_t sub;
	char rel;
	uint64_t want;
	uint32_t min_distinct;
};

/**
 * Appends the code of a tree. @param nsubs  Subsignatures that it may name.
 * @return OV_OK; OV_BAD for a tree that names others or has an unknown relation; OV_LIMIT too deep;
 * OV_NOMEM.
 */
OV_MUST_USE ov_status ov_cond_compile(const struct ov_cond_node *root, uint32_t nsubs,
				      struct ov_buf *out);

/** Verifies hostile code: it must leave exactly one value. @return OV_OK, OV_SHORT, OV_BAD. */
OV_MUST_USE ov_status ov_cond_verify(struct ov_cur code, uint32_t nsubs);

/** Decodes the next instruction. @return OV_OK; OV_END; OV_SHORT; OV_BAD. */
OV_MUST_USE ov_status ov_cond_next(struct ov_cur *code, struct ov_cond_op *out);

/**
 * Could verified code hold, when only some counts are known? Never false for counts with which
 * ov_cond_eval() is true.
 *
 * @param known  Bit i: counts[i] is final. Others may be anything.
 */
bool ov_cond_may(struct ov_cur code, const uint64_t *counts, uint64_t known, uint32_t nsubs);

/**
 * The subsignatures that code asks for, all of them, when it is nothing but their conjunction; 0
 * when it is anything else. Most conditions are, and this tells it in less time than they take.
 * The code need not be verified.
 */
uint64_t ov_cond_all_of(struct ov_cur code);

/** Applies `rel` ('=' '<' '>'). */
bool ov_cond_holds(char rel, uint64_t have, uint64_t want);

#endif
