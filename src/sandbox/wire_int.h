/* What the files of the wire share; not for other folders. */
#ifndef OV_WIRE_INT_H
#define OV_WIRE_INT_H

#include "wire.h"

OV_MUST_USE ov_status ov_wire_put_text(struct ov_buf *b, struct overt_text t);
/** A view into the body; an empty text gives "" and not NULL. */
OV_MUST_USE ov_status ov_wire_get_text(struct ov_cur *c, struct overt_text *out);
OV_MUST_USE ov_status ov_wire_get_bool(struct ov_cur *c, bool *out);
/** OV_BAD when something is left. */
OV_MUST_USE ov_status ov_wire_end(const struct ov_cur *c);

/* wire_yara.c: the YARA rules of a verdict. */
OV_MUST_USE ov_status ov_wire_put_rules(struct ov_buf *b, const struct overt_verdict *v);
OV_MUST_USE ov_status ov_wire_get_rules(struct ov_cur *c, struct ov_arena *a,
					struct overt_verdict *v);

#endif
