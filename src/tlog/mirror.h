/*
 * What is said to a mirror (C2SP tlog-mirror, add-entries), apart from its network and its disk.
 *
 *   0             2          2 + n          10 + n       18 + n    20 + n
 *   | n: u16 BE   | origin   | start: u64   | end: u64   | u16 t   | ticket (t bytes) | packages
 * ...
 *
 * Entries [start, end) come in packages that end at multiples of 256: each entry with its length
 * before it (u16, big-endian), then a count (one byte, at most 63) of hashes, which prove that the
 * subtree from the last multiple of 256 to the package's end is in the tree of `end` leaves. A body
 * may end after any package.
 *
 * Answers 202 and 409 carry three lines: a size to upload to, the next entry wanted, a ticket in
 * base64.
 */
#ifndef OV_TLOG_MIRROR_H
#define OV_TLOG_MIRROR_H

#include "merkle.h"
#include "tile.h"

#define OV_MIRROR_TICKET_MAX 1024
#define OV_MIRROR_HASHES 63
/* Bytes of the largest head and of the largest package. */
#define OV_MIRROR_HEAD_MAX (2 + 255 + 16 + 2 + OV_MIRROR_TICKET_MAX)
#define OV_MIRROR_PACKAGE_MAX                                                                      \
	((size_t)OV_TILE_WIDTH * (OV_ENTRY_MAX + 2) + 1 + OV_MIRROR_HASHES * OV_MERKLE_HASH)

struct ov_mirror_head {
	struct ov_str origin; /* views */
	struct ov_str ticket;
	uint64_t start, end;
};

/** Reads a body's head; `in` moves past it. @return OV_OK; OV_SHORT more is needed; OV_BAD start is
 * above end; OV_LIMIT an origin or a ticket too long. */
OV_MUST_USE ov_status ov_mirror_head_read(struct ov_cur *in, struct ov_mirror_head *out);
OV_MUST_USE ov_status ov_mirror_head_write(struct ov_buf *b, const struct ov_mirror_head *h);

/* A package: the entries [start, end) of a log, and the proof of [base, end). */
struct ov_mirror_package {
	uint64_t base, start, end;
	struct ov_cur entries; /* as a bundle has them: ov_entry_next() */
	struct ov_merkle_proof proof;
};

/** Where the package that begins at `start` ends, in an upload to `end`. start < end. */
uint64_t ov_mirror_package_end(uint64_t start, uint64_t end);

/** Reads the package of the entries [start, ov_mirror_package_end(start, end)); `in` moves past it.
 * @return OV_OK; OV_SHORT more is needed; OV_BAD too many hashes. */
OV_MUST_USE ov_status ov_mirror_package_read(struct ov_cur *in, uint64_t start, uint64_t end,
					     struct ov_mirror_package *out);
OV_MUST_USE ov_status ov_mirror_package_write(struct ov_buf *b, const struct ov_mirror_package *p);

struct ov_mirror_info { /* the body of 202 and 409 */
	uint64_t size, next;
	struct ov_str ticket; /* base64, a view */
};
OV_MUST_USE ov_status ov_mirror_info_read(struct ov_str body, struct ov_mirror_info *out);
OV_MUST_USE ov_status ov_mirror_info_write(struct ov_buf *b, const struct ov_mirror_info *i);

#endif
