/* Inside src/match: writing the instructions of one part. */
#ifndef OV_PATTERN_EMIT_H
#define OV_PATTERN_EMIT_H

#include "buf.h"
#include "pattern.h"
#include "status.h"

enum emit_side { EMIT_BEFORE, EMIT_BETWEEN, EMIT_AFTER }; /* of an assertion */

/**
 * Appends the code of nodes first .. end (not included), closed by OP_END.
 *
 * @param body  First node that is not a leading assertion. @param tail  First of the closing
 * assertions, or `end`.
 * @return OV_OK; OV_BAD a node out of its rules; OV_LIMIT nested too deep or too many alternatives;
 * OV_NOMEM.
 */
OV_MUST_USE ov_status emit_part(struct ov_buf *b, const struct ov_pn *first,
				const struct ov_pn *end, const struct ov_pn *body,
				const struct ov_pn *tail);

#endif
