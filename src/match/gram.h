/*
 * The gram filter: finds many literal keys (4 to 16 bytes, masked) in one pass over bytes.
 *
 * Stage 1: the dword at each position, folded (| 0x20202020) so that letter case costs nothing, is
 * hashed into a blocked Bloom filter. Stage 2: bucket -> entries -> masked 16-byte compare. A hit
 * is reported as (token, position). Nothing is missed and nothing is reported that does not match
 * the key: tests hold it against a naive search. The same code serves the stored tables of a
 * database and the small tables that are made while scanning (finder.h).
 *
 * Source: our own design; blocked Bloom filters are common knowledge. bench/bench_match.c measures
 * it.
 */
#ifndef OV_GRAM_H
#define OV_GRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "cursor.h"
#include "status.h"

#define OV_GRAM_MIN 4
#define OV_GRAM_MAX 16

/*
 * A key matches at p when (p[i] & mask[i]) == value[i] for all i < n. In the first four bytes only
 * the masks 0xff and 0xdf are allowed (0xdf: an ASCII letter in either case; value is then the
 * upper-case letter).
 */
struct ov_gram_key {
	uint8_t value[OV_GRAM_MAX], mask[OV_GRAM_MAX];
	uint8_t n;
	uint32_t token; /* the caller's */
};

struct ov_gram { /* a verified view of a table; immutable, shared by threads. All zero: an empty
		    table */
	const uint8_t *filter, *buckets, *entries;
	uint32_t filter_bits_log2, bucket_log2, nentries;
};

/* Room for building tables again and again without allocating; see ov_gram_build_with(). */
struct ov_gram_room {
	void *p;
	size_t cap; /* bytes */
};

/* Called for each hit. @return false to stop the scan. */
typedef bool (*ov_gram_hit_fn)(void *ctx, uint32_t token, uint64_t at);

/** Appends a table for `n` keys to `out` (deterministic: same keys, same bytes). @return OV_OK;
 * OV_BAD for a key out of its rules; OV_LIMIT; OV_NOMEM. */
OV_MUST_USE ov_status ov_gram_build(const struct ov_gram_key *keys, size_t n, struct ov_buf *out);

/** As ov_gram_build, with room that is kept for the next time. Start with a zeroed room; free with
 * ov_gram_room_free. */
OV_MUST_USE ov_status ov_gram_build_with(struct ov_gram_room *room, const struct ov_gram_key *keys,
					 size_t n, struct ov_buf *out);
void ov_gram_room_free(struct ov_gram_room *room);

/** Verifies a stored table as hostile input. The bytes must outlive the view. @return OV_OK,
 * OV_SHORT, OV_BAD. */
OV_MUST_USE ov_status ov_gram_open(struct ov_cur bytes, struct ov_gram *out);

/** As ov_gram_open, for a table that this process has just built: its entries are not verified. */
OV_MUST_USE ov_status ov_gram_view(struct ov_cur bytes, struct ov_gram *out);

/** The bytes that a scan looks at: filter, buckets and entries. Empty for an empty table. */
struct ov_cur ov_gram_bytes(const struct ov_gram *g);

/** Key of entry `i`, below g->nentries, in table order. */
void ov_gram_key_at(const struct ov_gram *g, uint32_t i, struct ov_gram_key *out);

/**
 * Reports each key's match that lies wholly inside [p, p + n).
 *
 * @param base   Added to positions in reports (the file offset of p).
 * @return OV_OK when all was looked at; OV_END when `hit` stopped it.
 * Threads: no shared state; allocates nothing. The kernel (AVX-512, AVX2, NEON, scalar) is chosen
 * at run time.
 */
OV_MUST_USE ov_status ov_gram_scan(const struct ov_gram *g, const uint8_t *p, size_t n,
				   uint64_t base, ov_gram_hit_fn hit, void *ctx);

/* What the receiver of a hit says of its token. */
enum ov_wake { OV_WAKE_STOP = 0, OV_WAKE_MORE, OV_WAKE_SETTLED };
typedef enum ov_wake (*ov_gram_wake_fn)(void *ctx, uint32_t token, uint64_t at);

/** Bytes of memory that ov_gram_wake() needs for a table; zeroed by the caller when a new layer
 * begins. */
size_t ov_gram_settled_bytes(const struct ov_gram *g);

/**
 * As ov_gram_scan, for one who need not hear of each hit: once all tokens of a key are
 * OV_WAKE_SETTLED, the key is passed over. So a file made of one key again and again, shared by
 * many rules, is no slower than another.
 *
 * @param settled  ov_gram_settled_bytes(g) bytes, kept between the windows of a layer.
 */
OV_MUST_USE ov_status ov_gram_wake(const struct ov_gram *g, uint8_t *settled, const uint8_t *p,
				   size_t n, uint64_t base, ov_gram_wake_fn wake, void *ctx);

struct ov_sieve;

/** The first four bytes of a table's keys as a sieve, which looks at far more places at a time. The
 * keys' tokens are entries of the table. @return OV_OK; OV_END: it has none, or too many. */
OV_MUST_USE ov_status ov_gram_few(const struct ov_gram *g, struct ov_sieve *out);

/** As ov_gram_wake, for a table of which ov_gram_few made a sieve. Keys that match at one place may
 * be told of in another order. */
OV_MUST_USE ov_status ov_gram_wake_few(const struct ov_gram *g, const struct ov_sieve *few,
				       uint8_t *settled, const uint8_t *p, size_t n, uint64_t base,
				       ov_gram_wake_fn wake, void *ctx);

enum ov_kernel {
	OV_KERNEL_AUTO,
	OV_KERNEL_SCALAR,
	OV_KERNEL_AVX2,
	OV_KERNEL_AVX512,
	OV_KERNEL_NEON
};
/** As ov_gram_scan with a kernel forced (tests, benchmarks). @return also OV_UNSUPPORTED on another
 * CPU. */
OV_MUST_USE ov_status ov_gram_scan_with(enum ov_kernel k, const struct ov_gram *g, const uint8_t *p,
					size_t n, uint64_t base, ov_gram_hit_fn hit, void *ctx);

/**
 * How often a 4-gram is expected in ordinary files, in hits per MB times 1000, from the table made
 * by tools/ (see there for the files it was made from). `fold`: case-blind for letters.
 */
uint32_t ov_gram_cost(const uint8_t value[4], const uint8_t mask[4]);

#endif
