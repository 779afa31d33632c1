/*
 * PCRE2 for ClamAV's PCRE subsignatures: compiled once, matched within limits that are told, never
 * silent.
 *
 * No just-in-time code: a worker may not map writable memory executable, and the interpreter keeps
 * its limits. Threads: a compiled expression is immutable and may be shared; a matcher belongs to
 * one thread.
 */
#ifndef OV_REGEX_PCRE_H
#define OV_REGEX_PCRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"
#include "str.h"

struct ov_pcre_re;
struct ov_pcre_matcher;

/* What ClamAV's flag letters ask of the one who drives the matching. */
struct ov_pcre_use {
	bool is_global;	  /* g: count all matches, not only whether there is one   */
	bool is_rolling;  /* r: at an absolute offset, search on from there instead of anchoring  */
	bool is_enclosed; /* e: confine the match to offset .. offset + shift */
};

struct ov_pcre_limits {
	uint32_t match;	   /* calls of the matching function          (ClamAV: 100000)  */
	uint32_t depth;	   /* nesting of backtracking points          (ClamAV: 2000)    */
	uint32_t heap_kib; /* memory of one match, KiB                                  */
};
#define OV_PCRE_LIMITS                                                                             \
	((struct ov_pcre_limits){ .match = 100000, .depth = 2000, .heap_kib = 16384 })

/**
 * Compiles an expression. Names start at the slashes' inside; `\x3B` stands for ';' as in the
 * source.
 *
 * @param flags  Letters of g r e i s m x A E U. @param max_bytes  Memory that the compiled form may
 * take.
 * @param why    On failure: a static sentence part. May be NULL.
 * @return OV_OK; OV_BAD for a wrong expression or flag; OV_LIMIT too large; OV_NOMEM.
 */
OV_MUST_USE ov_status ov_pcre_compile(struct ov_str regex, struct ov_str flags, size_t max_bytes,
				      struct ov_pcre_re **out, const char **why);
void ov_pcre_free(struct ov_pcre_re **re);

struct ov_pcre_use ov_pcre_use_of(const struct ov_pcre_re *re);

/** Memory that the compiled form takes, bytes: for a cache that keeps count. */
size_t ov_pcre_bytes(const struct ov_pcre_re *re);

/** Makes a matcher. @param max_bytes  Memory that all its matching may take together. */
OV_MUST_USE ov_status ov_pcre_matcher_new(struct ov_pcre_limits limits, size_t max_bytes,
					  struct ov_pcre_matcher **out);
void ov_pcre_matcher_free(struct ov_pcre_matcher **m);

/**
 * Searches p[0, n) from `from` on; bytes before `from` can be looked back at.
 *
 * @param is_anchored  The match must begin at `from`.
 * @param start, end   Offsets in p of the match, when found. It may be empty: go on from end + 1
 * then.
 * @return OV_OK found; OV_END not; OV_LIMIT a limit was reached, so nothing can be said; OV_NOMEM;
 * OV_BUG.
 */
OV_MUST_USE ov_status ov_pcre_match(struct ov_pcre_matcher *m, const struct ov_pcre_re *re,
				    const uint8_t *p, size_t n, size_t from, bool is_anchored,
				    size_t *start, size_t *end);

#endif
