/* What the parts of the pattern code share: the section's layout, the instructions, and how a part
 * is run. */
#ifndef OV_PATTERN_INT_H
#define OV_PATTERN_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "le.h"
#include "pattern.h"
#include "sieve.h"
#include "status.h"

/*
 * A section, little-endian:
 *
 *   0       4       8           12       16           20             24
 *   | magic | count | nvariants | nparts | code bytes | longest part | 0 0 | patterns | variants |
 * parts | code |
 *
 * pattern: first variant u32, variants u16, count mode u8, 0
 * variant: first part u32, parts u32
 * part:    see the offsets below. Parts own consecutive stretches of the code, in order.
 */
#define PATS_MAGIC 0x3150564fu /* "OVP1" */
#define PATS_HEAD 32u
#define PATTERN_SIZE 8u
#define VARIANT_SIZE 8u

enum part_at {			  /* offsets in a part's record */
	       PART_CODE = 0,	  /* u32 offset in code       */
	       PART_CODE_LEN = 4, /* u32                      */
	       PART_MIN = 8,	  /* u32 fewest bytes taken   */
	       PART_MAX = 12,	  /* u32 most bytes taken     */
	       PART_GAP_MIN = 16, /* u64 bytes between the part before and this one */
	       PART_GAP_MAX = 24, /* u64, OV_JUMP_INF: no end */
	       PART_KEY = 32,	  /* value[16] mask[16]       */
	       PART_KEY_N =
		   64, /* u8: 4..16 gram key; 1: one literal byte; 0: none; then 3 zero bytes */
	       PART_DIST_MIN = 68, /* u32 from the part's start to the key */
	       PART_DIST_MAX = 72, /* u32                      */
	       PART_ZERO = 76,
	       PART_SIZE = 80
};

#define PART_BYTES_MAX 131072u /* most bytes a part may take               */
#define CODE_MAX ((size_t)1 << 30)
#define WALK_MAX 255u	     /* widest range that is walked inside a part */
#define DIST_RANGE_MAX 1023u /* widest uncertainty of where a part's key stands */
#define ALTS_MAX 1024u
#define NEST_MAX 16u
#define VARIANTS_MAX 64u

/*
 * Instructions. All targets are offsets in the part's code and lie after the instruction, so that a
 * program has no loop: each (instruction, position) pair is run at most once.
 */
enum pat_op {
	OP_END = 0, /*                                                             */
	OP_LIT,	    /* n u16, bytes[n]                                             */
	OP_MASK,    /* n u16, value[n], mask[n]                                    */
	OP_ANY,	    /* n u32: any n bytes                                          */
	OP_JUMP,    /* min u32, max u32, max - min <= WALK_MAX                     */
	OP_SET,	    /* bits[32]                                                    */
	OP_NONE,    /* n u16, count u16, count times (value[n], mask[n]): n bytes that equal none */
	OP_SPLIT,   /* count u16, count times target u32                           */
	OP_GOTO,    /* target u32                                                  */
	OP_BORDER,  /* kind u8 (enum ov_assert), is_after u8                        */
	OP_COUNT
};

struct part_view {		   /* a verified part, decoded */
	const uint8_t *code, *key; /* key: value[16] mask[16] */
	uint32_t min, max, key_n, dist_min, dist_max;
	uint64_t gap_min, gap_max;
};

static inline struct part_view part_of(const struct ov_pats *p, uint32_t part)
{
	const uint8_t *r = p->parts + (size_t)part * PART_SIZE;

	return (struct part_view){ .code = p->code + ov_le32(r + PART_CODE),
				   .key = r + PART_KEY,
				   .min = ov_le32(r + PART_MIN),
				   .max = ov_le32(r + PART_MAX),
				   .key_n = r[PART_KEY_N],
				   .dist_min = ov_le32(r + PART_DIST_MIN),
				   .dist_max = ov_le32(r + PART_DIST_MAX),
				   .gap_min = ov_le64(r + PART_GAP_MIN),
				   .gap_max = ov_le64(r + PART_GAP_MAX) };
}

struct variant_view {
	uint32_t first_part, nparts;
};

static inline struct variant_view variant_of(const struct ov_pats *p, uint32_t variant)
{
	const uint8_t *r = p->variants + (size_t)variant * VARIANT_SIZE;

	return (struct variant_view){ .first_part = ov_le32(r), .nparts = ov_le32(r + 4) };
}

struct pattern_view {
	uint32_t first_variant, nvariants;
	enum ov_count_mode mode;
};

/* Grams of a key of n bytes that stand side by side, and its last: the others tell little more. */
static inline uint32_t gram_next(uint32_t at, uint32_t n)
{
	const uint32_t last = n - OV_GRAM_MIN;

	return at < last && at + OV_GRAM_MIN > last ? last : at + OV_GRAM_MIN;
}

/* Whether the numbers of a pattern that was not verified yet lead to rows that are there. */
static inline bool has_variants(const struct ov_pats *p, const struct pattern_view *v)
{
	return v->first_variant <= p->nvariants && v->nvariants <= p->nvariants - v->first_variant;
}

static inline bool has_parts(const struct ov_pats *p, const struct variant_view *v)
{
	return v->first_part <= p->nparts && v->nparts <= p->nparts - v->first_part;
}

static inline struct pattern_view pattern_of(const struct ov_pats *p, uint32_t id)
{
	const uint8_t *r = p->patterns + (size_t)id * PATTERN_SIZE;

	return (struct pattern_view){ .first_variant = ov_le32(r),
				      .nvariants = ov_le16(r + 4),
				      .mode = (enum ov_count_mode)r[6] };
}

/* Bytes that a part is run over: [base, base + n) of a file of `size` bytes. */
struct pat_text {
	const uint8_t *p;
	size_t n;
	uint64_t base, size;
};

#define EXEC_HEAP 4096u
#define EXEC_ENDS 256u

struct pat_exec {	/* scratch of one run */
	uint64_t steps; /* budget: each instruction run takes one; the caller fills it up */
	uint32_t nends; /* ends found: offsets from the start, ascending, distinct        */
	uint32_t nheap;
	bool is_short; /* some end may be missing: it needs bytes outside the window     */
	uint32_t ends[EXEC_ENDS];
	uint64_t heap[EXEC_HEAP];
};

/**
 * Runs one part at file offset `at` and finds all its ends.
 * @return OV_OK with x->ends; OV_END no match; OV_SHORT the window is too small to tell; OV_LIMIT a
 * budget was spent (ends found so far are there).
 */
OV_MUST_USE ov_status pat_run(const struct part_view *part, const struct pat_text *t, uint64_t at,
			      struct pat_exec *x);

/* How common a byte is in ordinary files, roughly: 3 (rare) .. 9. */
unsigned pat_byte_weight(uint8_t b);

/*
 * The window of a part that tells most, as a key of the sieve, and its distance from the part's
 * start. @return how much it tells, about 6 for each rare byte; 0: less than a byte, no key is
 * made.
 */
unsigned pat_window(const struct part_view *part, struct ov_sieve_key *k, uint32_t *distance);

/* The rarest anchor among nodes first .. end (not included). */
struct anchor_best {
	bool is_set;
	struct ov_gram_key key;
	uint64_t dist_min,
	    dist_max; /* from `first` to the key; max is OV_JUMP_INF behind an endless jump */
	uint64_t score, cost;
	bool has_byte; /* a single literal byte, for parts that have no key */
	uint8_t byte;
	uint64_t byte_min, byte_max;
};
void anchor_find(const struct ov_pn *first, const struct ov_pn *end, struct anchor_best *out);

/** Fewest and most bytes that a node takes. @return OV_LIMIT beyond NEST_MAX nested alternatives.
 */
OV_MUST_USE ov_status node_length(const struct ov_pn *node, uint64_t *min, uint64_t *max);

/* The bytes that fit a ClamAV border when it stands between bytes and takes one, as bits. */
void border_set(enum ov_assert a, bool is_after, uint8_t set[32]);

#endif
