/*
 * Inside src/match: the code of a YARA string.
 *
 *   0       4       8        10     12     14      16       18         20          22
 *   | magic | bytes | npieces| nlits| nrows| flags | xor lo, hi | wake_lits | wake_rows | 0 |
 *   pieces: 16 bytes each | lits: 8 each | rows: 56 each | data
 *
 *   piece: | kind | flags | 0 0 | data: 32 | n: 32 | ext: 32 |       offsets from the first byte
 *          LIT n bytes at data; MASK n values and n masks; RE n instructions
 *   ext:   | gap_min | gap_max | len_min | len_max | rev | nrev | nstates | rev_states |
 *          | pool | npool | sets | nsets |                           48 bytes; 0: there is none
 *   lit:   | piece: 16 | n: 8 | 0 | dist: 32 |                       a key of a LIT or MASK piece
 *   row:   | value[16] | mask[16] | piece: 16 | n: 8 | flags: 8 | dist | fwd pc, count | rev pc,
 * count |
 *
 * A variant (ascii, wide, a shift of base64) is a chain of pieces with gaps between; its first is
 * marked HEAD. `dist` is in bytes of the text that is searched. The first wake_lits lits and
 * wake_rows rows are the atoms that are told; each lit stands for a key of each xor value.
 */
#ifndef OV_YSTR_INT_H
#define OV_YSTR_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "re_code.h"
#include "ystr.h"

#define YS_MAGIC 0x31545359u /* "YST1" */
#define YS_HEAD 24u
#define YS_PIECE 16u
#define YS_EXT 48u
#define YS_LIT 8u
#define YS_ROW 56u
#define YS_BYTES_MAX (1u << 22)
#define YS_TEXT_MAX (1u << 20)

#define YS_GREEDY 1u /* of two matches at one place the longer counts, not the first */
#define YS_XOR 2u
#define YS_COVERED 4u /* the atoms that are told cover all matches */
#define YS_FLAGS 7u

enum ys_kind { YS_LITERAL = 1, YS_MASKED, YS_EXPR };

#define YS_ROW_VARIES 1u /* the key stands at no certain distance                */
#define YS_ROW_SHORT 2u	 /* one to four bytes of any mask: for the sieve, not told */

#define YS_WIDE 1u
#define YS_NOCASE 2u
#define YS_FULLWORD 4u
#define YS_HEAD_PIECE 8u
#define YS_PIECE_FLAGS 15u

struct ys_view { /* code that was checked */
	const uint8_t *p;
	uint32_t npieces, nlits, nrows, flags, wake_lits, wake_rows;
	uint8_t xor_lo, xor_hi;
};

struct ys_piece {
	enum ys_kind kind;
	uint32_t flags, n;
	const uint8_t *data;
	uint32_t gap_min, gap_max;
	uint32_t len_min, len_max; /* bytes of a match, wide or not */
	struct re_prog fwd, rev;   /* EXPR; rev.n is 0 when there is none */
	bool has_narrow;	   /* a wide expression: the same stands there as ascii */
};

struct ys_row { /* an atom and where it stands */
	struct ov_gram_key key;
	uint32_t piece, dist;
	bool is_lit, is_variable, is_short;
	uint8_t xor_key;
	struct re_thread fwd, rev;
};

struct ys_view ys_open(struct ov_cur code);
void ys_piece_at(const struct ys_view *v, uint32_t i, struct ys_piece *out);

static inline uint32_t ys_piece_flags(const struct ys_view *v, uint32_t i)
{
	return v->p[YS_HEAD + (size_t)i * YS_PIECE + 1];
}

/** How many atoms there are in all: those that are told come first. */
uint32_t ys_nrows(const struct ys_view *v);
uint32_t ys_ntold(const struct ys_view *v);
void ys_row_at(const struct ys_view *v, uint32_t i, struct ys_row *out);

/** Byte `i` of a literal as it stands in the text: value and mask. */
void ys_byte_of(const struct ys_piece *p, uint32_t i, uint8_t xor_key, uint8_t *value,
		uint8_t *mask);

/** Bytes of a literal as it stands in the text. */
static inline uint32_t ys_literal_len(const struct ys_piece *p)
{
	return (p->flags & YS_WIDE) != 0 ? p->n * 2 : p->n;
}

/* What was found at one place. Offsets are in the bytes that were given. */
struct ys_found {
	const size_t *starts; /* rising */
	size_t n, end;
	bool is_cut, is_short;
};

#define YS_STARTS (RE_LOOK + 2)

/* Scratch of verification: one for each thread. */
struct ys_look {
	struct re_run run;
	size_t starts[YS_STARTS];
};

/** Does the row's piece `p` match where its key was met? @return OV_OK with *out; OV_END; OV_LIMIT
 * steps are spent; OV_NOMEM. */
OV_MUST_USE ov_status ys_try_row(struct ys_look *l, const struct ys_piece *p,
				 const struct ys_row *row, const struct ov_ybytes *b, size_t at,
				 uint64_t *steps, struct ys_found *out);

/** Does a piece match beginning at `at`? For a string with xor: with any key, told in *xor_key. */
OV_MUST_USE ov_status ys_try_piece(struct ys_look *l, const struct ys_view *v,
				   const struct ys_piece *p, const struct ov_ybytes *b, size_t at,
				   uint64_t *steps, uint8_t *xor_key, struct ys_found *out);

#endif
