/*
 * ClamAV body patterns: hexadecimal text with wildcards, gaps, alternatives and borders to a struct
 * ov_pn tree.
 *
 * Source: ClamAV manual, Signatures/BodySignatureFormat.md, and the program's behaviour on small
 * files where the manual is silent (docs/formats/clamav-signatures.md tells which).
 */
#ifndef OV_BODY_H
#define OV_BODY_H

#include <stdbool.h>

#include "arena.h"
#include "buf.h"
#include "pattern.h"
#include "status.h"
#include "str.h"

#define OV_BODY_NEST 16		  /* alternatives inside alternatives            */
#define OV_BODY_BYTES (64 * 1024) /* most bytes that one pattern's elements span */

struct ov_body_options {
	bool nocase;   /* ::i */
	bool wide;     /* ::w */
	bool ascii;    /* ::a; with neither `wide` nor `ascii` the pattern is as written */
	bool fullword; /* ::f */
};

/** Reads the letters after "::". @return OV_OK; OV_BAD for another letter. */
OV_MUST_USE ov_status ov_body_options(struct ov_str letters, struct ov_body_options *out);

/**
 * Parses a pattern.
 *
 * @param a    The tree lives here, until the caller resets it.
 * @param why  On OV_BAD and OV_LIMIT: a static sentence part.
 * @return OV_OK; OV_BAD malformed; OV_LIMIT too long, too deep, or the arena is spent; OV_NOMEM.
 */
OV_MUST_USE ov_status ov_body_parse(struct ov_str text, const struct ov_body_options *o,
				    struct ov_arena *a, struct ov_pat_ir *out, const char **why);

#endif
