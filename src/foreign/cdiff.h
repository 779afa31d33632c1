/*
 * ClamAV's patches (.cdiff): a script of line edits on the members of a container.
 *
 *   ClamAV-Diff:<version>:<bytes of the script>:<gzip of the script>:<signature>
 *
 *   OPEN file            edits of one file follow; it is made when it is not there
 *   ADD text             a line at its end
 *   DEL n word           line n, which must begin with the word, goes
 *   XCHG n word text     line n, which must begin with the word, becomes the text
 *   CLOSE                the edits happen, by the numbers that lines had before
 *   MOVE a b m w n v     lines m (beginning with w) to n (with v) go from a to the end of b
 *   UNLINK file          the file goes
 *
 * The signature (cvd.h, the newer kind) is over all before the last colon. Found by running sigtool
 * 1.4.6 (--compare, --diff, --run-cdiff) on scripts of ours: docs/formats/cvd.md. One difference is
 * wanted: a script that ends with a file open is cut, and refused as a whole.
 */
#ifndef OV_CDIFF_H
#define OV_CDIFF_H

#include "buf.h"
#include "cursor.h"
#include "status.h"
#include "str.h"

#define OV_CDIFF_FILES 256
#define OV_CDIFF_NAME 64
#define OV_CDIFF_TEXT_MAX ((uint64_t)512 << 20)

struct ov_cdiff_file {
	char name[OV_CDIFF_NAME + 1];
	struct ov_buf bytes; /* owned */
};

struct ov_cdiff_files {
	struct ov_cdiff_file *f; /* OV_CDIFF_FILES of them; owned */
	size_t n;
	uint64_t max; /* bytes that all together may have */
};

OV_MUST_USE ov_status ov_cdiff_files_new(uint64_t max, struct ov_cdiff_files *out);
void ov_cdiff_files_free(struct ov_cdiff_files *f);
/** The file of that name, or NULL. */
struct ov_cdiff_file *ov_cdiff_find(struct ov_cdiff_files *f, struct ov_str name);
/** A new, empty file. @return OV_OK; OV_BAD for a name that none may have, or that is there. */
OV_MUST_USE ov_status ov_cdiff_new_file(struct ov_cdiff_files *f, struct ov_str name,
					struct ov_cdiff_file **out);

struct ov_cdiff_head {
	uint64_t version, text_bytes;
	struct ov_cur packed, is_signed; /* the gzip; what the signature is over */
	struct ov_str dsig;
};

/** Reads a patch's frame. Verifies nothing. @return OV_OK; OV_BAD, OV_SHORT. */
OV_MUST_USE ov_status ov_cdiff_head(struct ov_cur bytes, struct ov_cdiff_head *out);

/**
 * Applies a script. On failure the files are of no more use.
 * @param line  Where it failed, from 1. @param why  Static words.
 * @return OV_OK; OV_BAD; OV_LIMIT; OV_NOMEM.
 */
OV_MUST_USE ov_status ov_cdiff_apply(struct ov_cdiff_files *f, struct ov_cur script, uint64_t *line,
				     const char **why);

#endif
