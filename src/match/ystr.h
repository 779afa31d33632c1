/*
 * YARA strings: texts with modifiers, hexadecimal strings and regular expressions, each compiled to
 * one block of code that stands in a database, and their search with exact offsets and lengths.
 *
 * Compile side: ov_ystr_compile(), ov_re_compile(). What they append is flat, position independent
 * and begins with a magic number; ov_ystr_check() and ov_re_check() verify it as hostile input, and
 * all that follows may only be given code that passed. Scan side: ov_ystr_probe() tells in place
 * whether an atom that was met belongs to a match; the search finds all matches of chosen strings
 * in one pass; ov_ystr_match_at() looks at one place.
 *
 * Source: YARA's manual; where it is silent, what yara 4.2.3 prints.
 */
#ifndef OV_YSTR_H
#define OV_YSTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "buf.h"
#include "cursor.h"
#include "gram.h"
#include "source.h"
#include "status.h"
#include "str.h"

enum ov_ystr_kind { OV_YSTR_TEXT = 1, OV_YSTR_HEX, OV_YSTR_REGEX };

/* Modifiers. Which may stand together is for ov_ystr_compile() to say. */
#define OV_YSTR_ASCII 0x1u
#define OV_YSTR_WIDE 0x2u
#define OV_YSTR_NOCASE 0x4u
#define OV_YSTR_FULLWORD 0x8u
#define OV_YSTR_XOR 0x10u
#define OV_YSTR_BASE64 0x20u
#define OV_YSTR_BASE64WIDE 0x40u
#define OV_YSTR_DOTALL 0x80u /* regular expression: /s */
#define OV_YSTR_STRICT                                                                             \
	0x100u /* regular expression: refuse what YARA-X refuses (bare `{`, unknown escapes) */

struct ov_ystr_ir {
	enum ov_ystr_kind kind;
	struct ov_str body; /* TEXT: the bytes, escapes undone. HEX: what stands between the braces,
			     * comments included. REGEX: between the slashes, escapes kept */
	uint32_t flags;	    /* OV_YSTR_*; without ASCII, WIDE, BASE64*: ASCII is meant */
	uint8_t xor_lo, xor_hi;
	struct ov_str base64, base64wide; /* alphabets of 64 bytes; empty: the usual one */
};

struct ov_ystr_error {
	const char *why;  /* English sentence part, static: what is wrong             */
	const char *mend; /* what would be right, static; NULL when there is no more to say */
	size_t at;	  /* byte of `body`                                            */
};

struct ov_ystr_facts {
	uint64_t cost;	  /* its atoms' expected hits per 1000 MB, all together; UINT64_MAX: it can
			   * match where no atom of it stands (a search must try every place) */
	uint32_t natoms;  /* for ov_ystr_atom()                                        */
	uint32_t min_len; /* bytes of the shortest match                               */
	const char *note; /* a warning for the writer of the rule, static; or NULL     */
};

/**
 * Compiles a string.
 *
 * @param scratch  For the work; the caller resets it.
 * @param out      The code is appended, from an offset that is a multiple of 4 on; nothing on
 * failure.
 * @return OV_OK; OV_BAD with *err; OV_UNSUPPORTED with *err; OV_LIMIT too large, with *err;
 * OV_NOMEM.
 */
OV_MUST_USE ov_status ov_ystr_compile(const struct ov_ystr_ir *ir, struct ov_arena *scratch,
				      struct ov_buf *out, struct ov_ystr_facts *facts,
				      struct ov_ystr_error *err);

/** Verifies a string's code as hostile input. Linear in its length. @return OV_OK; OV_BAD. */
OV_MUST_USE ov_status ov_ystr_check(struct ov_cur code);

/*
 * An atom: a literal run of 4 to 16 bytes, in the gram filter's keys. Every match of a string whose
 * cost is not UINT64_MAX holds one of its atoms.
 */
uint32_t ov_ystr_natoms(struct ov_cur code);
/** Key of atom `i`; its token is left unset. @return OV_OK; OV_END past the last. */
OV_MUST_USE ov_status ov_ystr_atom(struct ov_cur code, uint32_t i, struct ov_gram_key *out);

/* Bytes of a layer: [base, base + n) of a whole of `size` bytes, for those who look in place. */
struct ov_ybytes {
	const uint8_t *p;
	size_t n;
	uint64_t base, size;
};

struct ov_ymatch {
	uint64_t off; /* in the layer; of a process: the address */
	uint64_t len; /* bytes                                    */
	uint8_t xor_key;
	bool is_wide; /* YARA says nothing of it; explanations do */
};

/* Lists of a search, and scratch for verification. One thread at a time. */
struct ov_ysearch;
OV_MUST_USE ov_status ov_ysearch_new(struct ov_ysearch **out);
void ov_ysearch_free(struct ov_ysearch **out);

/**
 * Tells whether atom `atom` of the string, met at `at`, belongs to a match (of the string, or at
 * least of the part that the atom stands in). Never OV_END where there is a match.
 *
 * @param steps  Budget; what was used is taken off, some for each call.
 * @return OV_OK; OV_END; OV_SHORT not to be told from these bytes or with this budget.
 */
OV_MUST_USE ov_status ov_ystr_probe(struct ov_ysearch *s, struct ov_cur code, uint32_t atom,
				    const struct ov_ybytes *bytes, uint64_t at, uint64_t *steps);

/** Tells whether a match starts exactly at `at`. @return OV_OK with *out; OV_END; OV_SHORT;
 * OV_LIMIT steps are spent. */
OV_MUST_USE ov_status ov_ystr_match_at(struct ov_ysearch *s, struct ov_cur code,
				       const struct ov_ybytes *bytes, uint64_t at, uint64_t *steps,
				       struct ov_ymatch *out);

/** Starts a layer: forgets all strings and matches. */
void ov_ysearch_begin(struct ov_ysearch *s);

/** Starts a layer in which the same strings are looked for as in the last; slots stay. */
void ov_ysearch_again(struct ov_ysearch *s);

/**
 * Asks for a string.
 * @param code  Verified; must outlive the layer.
 * @param max   Matches to keep; from then on the string is not looked for (1: only whether it is
 *              there). At most OV_YMATCH_MAX.
 * @param slot  Slots count from 0 in the order of asking.
 */
#define OV_YMATCH_MAX 1000000u
OV_MUST_USE ov_status ov_ysearch_add(struct ov_ysearch *s, struct ov_cur code, uint32_t max,
				     uint32_t *slot);

/**
 * Searches all strings that were asked for in one pass over a source. May be called again for
 * further blocks of the same layer (a process's memory), with rising bases.
 *
 * @param base         Added to all offsets.
 * @param deadline_ns  CLOCK_MONOTONIC; 0: never. Looked at about once a MiB.
 * @param steps        Budget of verification; what was used is taken off.
 * @return OV_OK; OV_LIMIT deadline or steps (what was found stands, lists say so); OV_IO; OV_SHORT
 * the source shrank; OV_NOMEM.
 */
OV_MUST_USE ov_status ov_ysearch_run(struct ov_ysearch *s, const struct ov_src *src, uint64_t base,
				     uint64_t deadline_ns, uint64_t *steps);

#define OV_YLIST_TOO_MANY                                                                          \
	1u /* more matches than were asked for; with max == OV_YMATCH_MAX: a fact to tell */
#define OV_YLIST_CUT 2u	  /* an expression looked at 4,096 bytes and would have gone on */
#define OV_YLIST_SPENT 4u /* steps or time ran out: there may be more */

struct ov_ylist {
	const struct ov_ymatch *at; /* by rising offset, each offset once */
	uint32_t n;
	uint32_t flags;
};

/** Matches of a slot, valid until the next begin. An unknown slot gives an empty list. */
struct ov_ylist ov_ysearch_list(const struct ov_ysearch *s, uint32_t slot);
/** Steps that a slot took, for profiles. */
uint64_t ov_ysearch_work(const struct ov_ysearch *s, uint32_t slot);

/* Regular expressions of conditions (`matches`, module functions). Flags: NOCASE, DOTALL, STRICT.
 */
OV_MUST_USE ov_status ov_re_compile(struct ov_str body, uint32_t flags, struct ov_arena *scratch,
				    struct ov_buf *out, struct ov_ystr_error *err);
OV_MUST_USE ov_status ov_re_check(struct ov_cur code);
/** First match in a text. @return OV_OK with *out; OV_END none; OV_LIMIT steps are spent. */
OV_MUST_USE ov_status ov_re_find(struct ov_ysearch *s, struct ov_cur code, const uint8_t *p,
				 size_t n, uint64_t *steps, struct ov_ymatch *out);

#endif
