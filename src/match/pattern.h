/*
 * Byte patterns: what ClamAV body signatures and YARA hex and text strings have in common.
 *
 * Compile side: a tree (struct ov_pn) made by a signature parser. ov_pats_add() turns it into a
 * small program in a flat section; ov_pats_open() verifies such a section as hostile input. Scan
 * side: finder.h.
 */
#ifndef OV_PATTERN_H
#define OV_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "buf.h"
#include "cursor.h"
#include "gram.h"
#include "status.h"

enum ov_pn_kind {
	OV_PN_BYTES = 1, /* n bytes, each matching (b & mask) == value; mask 0 = any byte, 0xdf =
			    letter in either case */
	OV_PN_SET,	 /* one byte out of a set of 256       */
	OV_PN_ALT,  /* one of several sequences; `negate`: as many bytes as they have, equal to none
		     */
	OV_PN_JUMP, /* min..max bytes of anything; max may be OV_JUMP_INF */
	OV_PN_ASSERT /* a border at the first or last place of a part: takes no byte. Between bytes,
		      * the ClamAV ones take one byte, as ClamAV does; FULLWORD there is refused */
};

#define OV_JUMP_INF UINT64_MAX

enum ov_assert {
	OV_AT_WORD_B = 1, /* ClamAV (B): word boundary or a file edge */
	OV_AT_LINE,	  /* ClamAV (L): LF, CRLF or a file edge       */
	OV_AT_NONALNUM,	  /* ClamAV (W): a byte that is not alphanumeric, or a file edge   */
	OV_AT_FULLWORD,	 /* ClamAV ::f and YARA fullword: no alphanumeric byte beyond this edge   */
	OV_AT_FULLWORD_W /* the same for wide text: no alphanumeric byte followed by 00  */
};

struct ov_pn { /* lives in the compiler's arena */
	enum ov_pn_kind kind;
	struct ov_pn *next;	     /* the rest of the sequence */
	const uint8_t *value, *mask; /* BYTES: n of each; value has no bit outside mask */
	size_t n;
	uint8_t set[32];     /* SET: bit b of set[b / 8] */
	struct ov_pn **alts; /* ALT */
	size_t nalts;
	bool negate;	   /* ALT of equal-length BYTES only */
	uint64_t min, max; /* JUMP */
	enum ov_assert assertion;
};

/* How matches are counted (they differ, and verdicts depend on it). */
enum ov_count_mode {
	OV_COUNT_CLAMAV =
	    0, /* each completed last part, but none at or before the last counted one        */
	OV_COUNT_STARTS /* YARA: each start offset once, with its first (shortest) end */
};

struct ov_pat_ir {
	struct ov_pn **variants; /* ascii, wide, ...: any of them is a match of this pattern */
	size_t nvariants;
	enum ov_count_mode count_mode;
};

/* An anchor: a literal run of the pattern that must occur for it to match. */
struct ov_anchor {
	struct ov_gram_key key; /* token unset */
	bool is_fixed;		/* the key stands at a fixed distance from the pattern's start */
	uint32_t distance;	/* that distance, bytes                                        */
	uint64_t cost;		/* expected hits per 1000 MB                                   */
};

/**
 * The rarest anchor of one variant. @return OV_OK; OV_END when it has no literal run of OV_GRAM_MIN
 * bytes with at least two distinct bytes (distinct after | 0x20, which is how the gram filter sees
 * them).
 */
OV_MUST_USE ov_status ov_pat_anchor(const struct ov_pn *variant, struct ov_anchor *out);

struct ov_pats_builder;

OV_MUST_USE ov_status ov_pats_builder_new(struct ov_pats_builder **out);
void ov_pats_builder_free(struct ov_pats_builder **b);

/**
 * Compiles one pattern. Equal patterns may share code.
 * @param id   Number of the pattern in the section, from 0.
 * @param why  On failure: a static sentence part that tells what is wrong. May be NULL.
 * @return OV_OK; OV_BAD for a pattern that can't be matched (no byte at all); OV_LIMIT too large;
 * OV_NOMEM.
 */
OV_MUST_USE ov_status ov_pats_add(struct ov_pats_builder *b, const struct ov_pat_ir *ir,
				  uint32_t *id, const char **why);

/**
 * Which part of a pattern is searched by `key`, the anchor of its variant `variant`.
 * @param part  Counted through all variants of the pattern, from 0.
 * @return OV_OK; OV_END when no part is: where the key stands in its part is too uncertain.
 */
OV_MUST_USE ov_status ov_pats_part_of_key(const struct ov_pats_builder *b, uint32_t id,
					  uint32_t variant, const struct ov_gram_key *key,
					  uint32_t *part);

/** How many different patterns there are. */
uint32_t ov_pats_count(const struct ov_pats_builder *b);

/** Appends the section to `out`; deterministic. */
OV_MUST_USE ov_status ov_pats_finish(const struct ov_pats_builder *b, struct ov_buf *out);

/** Only patterns order[0..n-1], which get the numbers 0..n-1. @return also OV_BAD for a number that
 * is not there. */
OV_MUST_USE ov_status ov_pats_finish_some(const struct ov_pats_builder *b, const uint32_t *order,
					  uint32_t n, struct ov_buf *out);

struct ov_pats { /* verified view; immutable, shared by threads. All zero: no pattern */
	const uint8_t *patterns, *variants, *parts, *code; /* layout: pattern_int.h */
	uint32_t count, nvariants, nparts, code_bytes;
	uint32_t longest_part; /* most bytes one gap-free part can span */
};

OV_MUST_USE ov_status ov_pats_open(struct ov_cur bytes, struct ov_pats *out);

/**
 * As ov_pats_open(), but looks at the section's head only: millions of bytes need not be read
 * before the first is used. Each pattern must pass ov_pats_check() before it is given to a finder.
 */
OV_MUST_USE ov_status ov_pats_view(struct ov_cur bytes, struct ov_pats *out);

/** Asks the memory for a pattern's row (stage 0), its first variant's (1), that one's first part
 * (2). Each stage reads what the one before asked for. */
void ov_pats_ask_ahead(const struct ov_pats *p, uint32_t id, uint32_t stage);

/** Verifies one pattern. @return OV_OK; OV_BAD; OV_NOMEM, for parts of more than 64 KiB of code. */
OV_MUST_USE ov_status ov_pats_check(const struct ov_pats *p, uint32_t id);

/** Adds a pattern of another section, which ov_pats_check() has passed. *out is as from
 * ov_pats_add(): the same pattern has the same number, however it came. */
OV_MUST_USE ov_status ov_pats_add_compiled(struct ov_pats_builder *b, const struct ov_pats *from,
					   uint32_t id, uint32_t *out);

/** How often a pattern's rarest keys are expected, in hits per 1000 MB, roughly: for choosing among
 * patterns. UINT64_MAX: it has none. */
uint64_t ov_pats_cost(const struct ov_pats *p, uint32_t id);

/**
 * Tells whether a pattern matches with its first part starting exactly at `at`, using only [base,
 * base + n) of a file of `size` bytes (base is the file offset of p). For fixed offsets, tests and
 * explanations.
 * @param len Bytes from start to end of the shortest match.
 * @return OV_OK matches; OV_END does not; OV_SHORT the window is too small to tell; OV_LIMIT step
 * budget spent.
 */
OV_MUST_USE ov_status ov_pat_match_at(const struct ov_pats *p, uint32_t id, const uint8_t *bytes,
				      size_t n, uint64_t base, uint64_t size, uint64_t at,
				      uint64_t *len);

#endif
