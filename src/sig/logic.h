/*
 * ClamAV logical expressions: "0&(1|2)>3,2" to a condition tree.
 *
 * & and | have no precedence. Outside parentheses the first operator splits, and all that follows
 * is its right side; inside parentheses the last operator splits. Source: ClamAV manual,
 * Signatures/LogicalSignatures.md, and the program's behaviour on small files.
 */
#ifndef OV_LOGIC_H
#define OV_LOGIC_H

#include <stdint.h>

#include "arena.h"
#include "rule.h"
#include "status.h"
#include "str.h"

#define OV_LOGIC_NEST 64 /* parentheses inside parentheses */

/**
 * Parses an expression. Spaces and tabs are allowed between its elements.
 *
 * @param nsubs  Subsignatures that may be named: 0 .. nsubs - 1.
 * @param top    Largest index named.
 * @param why    On OV_BAD and OV_LIMIT: a static sentence part.
 */
OV_MUST_USE ov_status ov_logic_parse(struct ov_str text, uint32_t nsubs, struct ov_arena *a,
				     struct ov_cond_node **out, uint32_t *top, const char **why);

#endif
