/*
 * The blocks of a RAR archive, beside libarchive, which neither checks their sums nor those of
 * stored members, and takes an archive that is cut between blocks for whole.
 */
#ifndef OV_RAR_BLOCKS_H
#define OV_RAR_BLOCKS_H

#include "format.h"

struct ov_rar;

/** Starts behind the mark of RAR 1.5 to 4, or 5. *out is NULL when none stands at 0. @return OV_OK;
 * OV_LIMIT, OV_NOMEM; OV_IO. */
OV_MUST_USE ov_status ov_rar_open(const struct ov_fmt_env *env, struct ov_rar **out);

/** Moves to the next member, as libarchive does. Notes what is wrong on the way. @return OV_OK;
 * OV_IO. */
OV_MUST_USE ov_status ov_rar_next(struct ov_rar *r);

/** The member in hand unpacked to bytes of this CRC-32: notes when it should be another. */
void ov_rar_check(struct ov_rar *r, uint32_t crc, struct ov_str name);

/** Goes on to the end. @return OV_END; OV_IO. */
OV_MUST_USE ov_status ov_rar_finish(struct ov_rar *r);

#endif
