/* Inside of the writer: its state and the tables that odb_write.c writes for odb_finish.c. */
#ifndef OV_WRITE_INT_H
#define OV_WRITE_INT_H

#include "build_int.h"

struct ov_writer {
	struct ov_odb_builder *b;
	struct ov_buf *out;
	size_t start; /* of the file in `out` */
	uint64_t off[ODB_SECTIONS], len[ODB_SECTIONS];
	uint32_t nrules; /* kept */
	uint64_t nsignatures;
	uint32_t *pats; /* numbers of the patterns that kept rules use, by first use */
	uint32_t npats;
};

/* odb_compact.c: leaves nothing in the heaps but what is written, in the order of its users, so
 * that the same rules give the same bytes whatever was ignored beside them. */
OV_MUST_USE ov_status ov_write_compact(struct ov_writer *w);

OV_MUST_USE ov_status ov_write_begin(struct ov_writer *w, enum odb_section s);
void ov_write_end(struct ov_writer *w, enum odb_section s);
OV_MUST_USE ov_status ov_write_bytes(struct ov_writer *w, enum odb_section s,
				     const struct ov_buf *from);

OV_MUST_USE ov_status ov_write_rules(struct ov_writer *w);
OV_MUST_USE ov_status ov_write_subs(struct ov_writer *w);
/* firsts: of each rule of the builder, the new number of its first sub. tokens: out, of each
 * anchor. */
OV_MUST_USE ov_status ov_write_anchors(struct ov_writer *w, const uint32_t *firsts,
				       uint32_t *tokens);
OV_MUST_USE ov_status ov_write_grams(struct ov_writer *w, const uint32_t *tokens);
OV_MUST_USE ov_status ov_write_targets(struct ov_writer *w, const uint32_t *firsts);
OV_MUST_USE ov_status ov_write_sources(struct ov_writer *w);

#endif
