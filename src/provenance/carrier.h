/*
 * The record in read-only data by which overt can be recognised inside any program: its reader. The
 * writer is tools/provenance.py.
 *
 *    0          16       20        52
 *    | magic    | length | SHA-256 | body ...
 *
 * The body is lines "key value", the first "overt-provenance/v1", the last "sbom BYTES", and then
 * so many bytes of CycloneDX JSON. Length: of the body, little-endian.
 */
#ifndef OV_CARRIER_H
#define OV_CARRIER_H

#include "cursor.h"
#include "digest.h"
#include "str.h"

#define OV_CARRIER_MAGIC 16
#define OV_CARRIER_HEAD (OV_CARRIER_MAGIC + 4 + 32)
#define OV_CARRIER_MAX ((size_t)256 << 10) /* bytes of a body that are read */

struct ov_carrier { /* views into what was read */
	struct ov_str name, version, commit, source, format, compiler, machine, log, sbom;
};

/** What a record begins with, for those who look for it. */
void ov_carrier_magic(uint8_t out[OV_CARRIER_MAGIC]);

/** Bytes of the body, from the first OV_CARRIER_HEAD bytes of a record. @return OV_OK; OV_BAD when
 * it does not begin as one; OV_SHORT; OV_LIMIT longer than any that we write. */
OV_MUST_USE ov_status ov_carrier_size(struct ov_cur head, size_t *body);

/**
 * Reads a whole record. Keys that are not known are passed over, so that later ones can say more.
 * @param h  A SHA-256 hasher; NULL: the digest is not compared. @return OV_OK; OV_BAD, also when
 * the digest differs; OV_SHORT, OV_LIMIT; OV_UNSUPPORTED another version; errors of the hasher.
 */
OV_MUST_USE ov_status ov_carrier_read(struct ov_cur whole, struct ov_hasher *h,
				      struct ov_carrier *out);

#endif
