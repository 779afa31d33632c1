/* Target description blocks: "Engine:51-255,Target:1,...", of .ldb and .pwdb lines. In
 * parse_ldb.c. */
#ifndef OV_TDB_H
#define OV_TDB_H

#include "build_int.h"

/**
 * Reads a block into a rule.
 *
 * @param needs_target  Target must be there.
 * @param skip          Set to the first reason to skip the line: told only when nothing is wrong.
 * @return OV_OK; OV_BAD with l->why.
 */
OV_MUST_USE ov_status ov_sig_tdb(struct ov_sig_line *l, struct ov_str block, bool needs_target,
				 struct ov_rule_ir *r, const char **skip);

#endif
