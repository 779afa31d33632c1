/* Parts that a bill of materials names, and what contains what. */
#ifndef OV_EV_BOM_H
#define OV_EV_BOM_H

#include "ev_sources.h"

struct ov_bom_part {
	struct ov_str ref; /* the document's own name for it */
	struct ov_str name, version, supplier, supplier_from, other_supplier, other_from, purl, cpe,
	    swid, group, hash;
	uint32_t parent; /* index plus 1; 0: none */
};

struct ov_bom {
	struct ov_bom_part *parts;
	uint32_t n, cap;
	struct { /* by ref, for relations */
		struct ov_str ref;
		uint32_t at;
	} * refs;
	bool is_sorted;
	struct ov_str document; /* its name */
	int64_t made;
	const char *format; /* "CycloneDX", ... */
	struct ov_str version;
};

/** A new part; *out is its index. @return OV_OK; OV_LIMIT, OV_NOMEM. */
OV_MUST_USE ov_status ov_bom_add(struct ov_ev *e, struct ov_bom *b, uint32_t *out);
/** `child` is inside `parent`, by their refs; the first word counts. Only after all parts are
 * there. */
OV_MUST_USE ov_status ov_bom_relate(struct ov_ev *e, struct ov_bom *b, struct ov_str parent,
				    struct ov_str child);
/** Sends the document and its parts. */
OV_MUST_USE ov_status ov_bom_emit(struct ov_ev *e, struct ov_bom *b, const struct ov_ev_file *f);

/** Each reads one form. */
OV_MUST_USE ov_status ov_bom_cyclonedx(struct ov_ev *e, const struct ov_doc *root,
				       struct ov_bom *b);
OV_MUST_USE ov_status ov_bom_spdx2(struct ov_ev *e, const struct ov_doc *root, struct ov_bom *b);
OV_MUST_USE ov_status ov_bom_spdx3(struct ov_ev *e, const struct ov_doc *root, struct ov_bom *b);
OV_MUST_USE ov_status ov_bom_spdx_tags(struct ov_ev *e, struct ov_cur text, struct ov_bom *b);
OV_MUST_USE ov_status ov_bom_swid(struct ov_ev *e, const struct ov_doc *root, struct ov_bom *b);
OV_MUST_USE ov_status ov_bom_coswid(struct ov_ev *e, const struct ov_doc *root, struct ov_bom *b);

#endif
