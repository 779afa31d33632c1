/*
 * Dalvik executables: the header and rows of its tables, one by one. Source: "Dalvik executable
 * format", source.android.com. Nothing is kept, nothing is allocated. Little-endian only: no other
 * exists.
 */
#ifndef OV_DEX_H
#define OV_DEX_H

#include <stdint.h>

#include "status.h"
#include "str.h"
#include "window.h"

#define OV_DEX_HEADER 112u
#define OV_DEX_NO_INDEX UINT32_MAX

enum ov_dex_table {
	OV_DEX_STRINGS,
	OV_DEX_TYPES,
	OV_DEX_PROTOS,
	OV_DEX_FIELDS,
	OV_DEX_METHODS,
	OV_DEX_CLASSES,
	OV_DEX_TABLES
};

struct ov_dex {
	uint8_t magic[8]; /* "dex\n035\0" */
	uint32_t version; /* 35 to 41 */
	uint32_t checksum;
	uint8_t signature[20];
	uint32_t file_size, header_size, endian_tag, link_size, link_off, map_off;
	uint32_t n[OV_DEX_TABLES], at[OV_DEX_TABLES]; /* rows, and where the first stands */
	uint32_t data_size, data_off;
};

/** Bytes of a table's row. */
uint32_t ov_dex_row_size(enum ov_dex_table t);

/** Reads the header. @return OV_OK; OV_BAD: no DEX; OV_SHORT: cut; OV_IO. */
OV_MUST_USE ov_status ov_dex_open(struct ov_window *w, struct ov_dex *out);

/** Numbers of a row, in the order of the format: 16-bit ones are widened. `n` of them are written.
 * @return OV_OK; OV_END: there is no such row, or the table leaves the file; OV_IO. */
OV_MUST_USE ov_status ov_dex_row(const struct ov_dex *d, struct ov_window *w, enum ov_dex_table t,
				 uint64_t i, uint32_t out[8]);

/** Whether all rows of a table lie in the file. */
bool ov_dex_has_table(const struct ov_dex *d, uint64_t file_size, enum ov_dex_table t);

/**
 * A string: where it stands, its length in UTF-16 units, its bytes (modified UTF-8) up to the NUL.
 * @param text  A view of the window: valid until its next use. A string longer than the window is
 * cut there.
 * @return OV_OK; OV_END: there is no such string, or it has no end.
 */
OV_MUST_USE ov_status ov_dex_string(const struct ov_dex *d, struct ov_window *w, uint64_t i,
				    uint32_t *off, uint32_t *units, struct ov_str *text);

/** A number of up to 32 bits in 1 to 5 bytes. @return OV_OK; OV_SHORT; OV_BAD: longer. */
OV_MUST_USE ov_status ov_dex_uleb(struct ov_cur *c, uint32_t *out);

#endif
