/* What carve.c, carve_scan.c and carve_check.c share. Not for other folders. */
#ifndef OV_CARVE_INT_H
#define OV_CARVE_INT_H

#include "format.h"
#include "window.h"

/* Kinds of embedded files. carve_scan.c's table has a mark for each. */
enum ov_carve_kind {
	OV_CARVE_PE,
	OV_CARVE_ELF,
	OV_CARVE_ZIP,	  /* a local header */
	OV_CARVE_ZIP_END, /* the record that ends a ZIP; it tells where the ZIP began */
	OV_CARVE_RAR,
	OV_CARVE_7Z,
	OV_CARVE_CAB,
	OV_CARVE_ARJ,
	OV_CARVE_EGG,
	OV_CARVE_GZ,
	OV_CARVE_BZ,
	OV_CARVE_XZ,
	OV_CARVE_OLE2,
	OV_CARVE_NSIS,
	OV_CARVE_AUTOIT,
	OV_CARVE_KINDS
};

/* Tables of the scanner: a bit per group of marks, by value of a byte and of the byte after it. */
struct ov_carve_tables {
	uint8_t a[256], b[256];
	uint8_t a_low[16], a_high[16], b_low[16],
	    b_high[16]; /* the same by half bytes, for vectors */
};

void ov_carve_tables_make(struct ov_carve_tables *t);

#define OV_CARVE_MARK_MAX                                                                          \
	20u /* a mark ends at most so many bytes after its key, and begins as many before */

/**
 * Finds the next place at or after `from` whose two bytes are the key of a mark.
 * @return its offset, or n when there is none before the last byte.
 */
size_t ov_carve_scan(const struct ov_carve_tables *t, const uint8_t *p, size_t n, size_t from);
size_t ov_carve_scan_plain(const struct ov_carve_tables *t, const uint8_t *p, size_t n,
			   size_t from);

/** True when a mark stands with its key at `at`; tells its kind and how far before `at` it begins.
 */
bool ov_carve_mark(const uint8_t *p, size_t n, size_t at, enum ov_carve_kind *kind, size_t *back);

/* An embedded file. */
struct ov_carve_part {
	uint64_t off, end;
	enum ov_carve_kind kind;
	bool is_exact; /* the end is known: what lies inside is found through the part */
};

/**
 * Looks whether the header at a mark makes sense, and where the file begins and ends.
 *
 * @param at  Offset of the mark in the layer.
 * @return OV_OK; OV_BAD when it is chance; OV_IO, OV_LIMIT, OV_NOMEM, OV_BUG.
 */
OV_MUST_USE ov_status ov_carve_check(struct ov_window *w, struct ov_arena *a,
				     enum ov_carve_kind kind, uint64_t at,
				     struct ov_carve_part *out);

#endif
