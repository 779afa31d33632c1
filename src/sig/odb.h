/*
 * A compiled database: flat, versioned, little-endian, offsets only. This is the reading side: a
 * view that has been verified, so that every accessor below is safe on the bytes that passed
 * ov_odb_open(); what runs programs asks for ov_odb_check_rule() first.
 *
 * The file is described in docs/formats/odb.md. Immutable; shared by threads and, mapped read-only,
 * by processes.
 */
#ifndef OV_ODB_H
#define OV_ODB_H

#include <stdbool.h>
#include <stdint.h>

#include "cursor.h"
#include "digest.h"
#include "extra.h"
#include "gram.h"
#include "hashset.h"
#include "yimage.h"
#include "names.h"
#include "pattern.h"
#include "rule.h"
#include "status.h"

#define OV_ODB_NO_DISTANCE UINT32_MAX
#define OV_ODB_NO_PART UINT32_MAX
#define OV_ODB_ID 32
#define OV_ODB_VERSION 6 /* of the file format */

enum ov_hash_use { OV_USE_FILE = 0, OV_USE_SECTION, OV_USE_IMPORT, OV_USE_ALLOW, OV_HASH_USES };

struct ov_odb {
	struct ov_cur all;
	struct ov_cur rules, subs, conds, anchors, groups, fixed, always, targets, sources, names,
	    texts, ignores;
	uint32_t nrules, nsubs, nanchors, nsources, nignores;
	uint8_t id[OV_ODB_ID]; /* SHA-256 over the content: the database's name            */
	uint64_t built;	       /* Unix seconds, from the newest source; 0 when unknown      */
	uint64_t nsignatures;  /* detecting signatures of all kinds                         */
	uint64_t nignored;     /* left out because an ignore list named them                */
	struct ov_pats pats;
	struct ov_gram gram[OV_TARGET_COUNT]; /* a target's own rules and those for any */
	struct ov_hashset hashes[OV_HASH_USES][OV_DIGEST_KINDS];
	struct ov_names hash_names;
	struct ov_yimage yara; /* rules of YARA sources */
	struct ov_cur
	    extra[OV_EXTRA_COUNT]; /* records for ov_extra_next(); copy the cursor first */
};

/**
 * Verifies a database's frame as hostile input and makes a view of it: sections, tables of keys,
 * directories, whatever is looked at for each file. Each accessor is safe on what passed. Rules are
 * millions of bytes of which a scan uses few: each is to be checked by ov_odb_check_rule() before
 * its patterns and conditions are run.
 *
 * @param why  On failure: a static sentence part. May be NULL.
 * @return OV_OK; OV_SHORT cut; OV_BAD broken; OV_UNSUPPORTED another version.
 */
OV_MUST_USE ov_status ov_odb_open(struct ov_cur bytes, struct ov_odb *out, const char **why);

/**
 * Verifies one rule, its subsignatures, patterns and code. After it, running them needs no further
 * check. @return OV_OK; OV_BAD broken, or no such rule; OV_NOMEM.
 */
OV_MUST_USE ov_status ov_odb_check_rule(const struct ov_odb *o, uint32_t id);

/** Verifies all rules, and what wakes them. For what was just written, and for joining.
 * @param why  As for ov_odb_open(). */
OV_MUST_USE ov_status ov_odb_check_all(const struct ov_odb *o, const char **why);

/** Whether `sub` is one of the rule's subsignatures: to be asked before an anchor's is used. */
bool ov_odb_is_sub_of(const struct ov_odb *o, uint32_t rule, uint32_t sub);

/**
 * Computes the id anew and compares it with the header's: tells bit rot and cut-and-paste, not
 * malice. Reads the whole file, so it is for `db check`, not for each start. @return OV_OK; OV_BAD
 * when they differ; OV_NOMEM.
 */
OV_MUST_USE ov_status ov_odb_check_id(const struct ov_odb *o);

/* One rule, decoded. Views point into the database. */
struct ov_rule {
	uint32_t id;
	struct ov_str name;
	enum ov_rule_kind kind;
	enum ov_target target;
	uint32_t source, line;
	struct ov_str text;
	struct ov_u64_range file_size, entry_point, nsections;
	bool has_container, container_is_top, has_handler;
	enum ov_type container, handler;
	const uint8_t *intermediates; /* 2 bytes each, little-endian; 0xffff = any */
	uint32_t nintermediates;
	uint32_t first_sub, nsubs; /* numbers in the database's subs */
	struct ov_cur condition;
};

/* Each accessor is safe for every number: one out of range gives an empty row. */
void ov_odb_rule(const struct ov_odb *o, uint32_t id, struct ov_rule *out);

/** Of a rule only its subsignatures and its condition: the rest of *out is not set. */
void ov_odb_rule_logic(const struct ov_odb *o, uint32_t id, struct ov_rule *out);

/** The first of a rule's subsignatures; UINT32_MAX for a rule that is not there. */
uint32_t ov_odb_first_sub(const struct ov_odb *o, uint32_t id);

struct ov_sub {
	enum ov_sub_kind kind;
	struct ov_place place;
	uint32_t pattern;	    /* PATTERN: number in pats */
	struct ov_str regex, flags; /* PCRE */
	struct ov_cur trigger;	    /* PCRE: condition code */
	struct ov_compare compare;  /* COMPARE */
	struct ov_macro macro;	    /* MACRO   */
	uint64_t image;		    /* IMAGE   */
	struct ov_str icon[2];	    /* ICON: groups */
};

void ov_odb_sub(const struct ov_odb *o, uint32_t id, struct ov_sub *out);

/** The number in pats of a subsignature that is a pattern, else UINT32_MAX. */
uint32_t ov_odb_sub_pattern(const struct ov_odb *o, uint32_t id);
/** Whether a subsignature may stand at any place. */
bool ov_odb_sub_is_anywhere(const struct ov_odb *o, uint32_t id);

/*
 * A gram table's token is an anchor's number: it says which rule to wake. `sub` is a number for
 * ov_odb_sub(), within the rule's. A token out of range (a hostile table) gives rule UINT32_MAX:
 * callers must hold `rule` against nrules.
 */
struct ov_odb_anchor {
	uint32_t rule, sub;
	uint32_t distance; /* from the subsignature's start to the key, or OV_ODB_NO_DISTANCE */
	uint32_t part; /* which of the pattern's parts the key stands in, for ov_finder_probe(); or
			  OV_ODB_NO_PART */
};
void ov_odb_anchor(const struct ov_odb *o, uint32_t token, struct ov_odb_anchor *out);

/** Asks the memory for rows before they are needed: stage 0 a rule's, 1 its condition and that of a
 * subsignature; 1 reads what 0 asked for. Nothing need be verified. */
void ov_odb_ask_ahead(const struct ov_odb *o, uint32_t rule, uint32_t sub, uint32_t stage);

/** The first of a rule's subsignatures that is not `sub`; `sub` when there is no other. */
uint32_t ov_odb_sub_beside(const struct ov_odb *o, uint32_t rule, uint32_t sub);

/* Rules that each layer of a target wakes, because nothing rare covers them. Own target's and any's
 * together. */
uint32_t ov_odb_always_count(const struct ov_odb *o, enum ov_target t);
uint32_t ov_odb_always(const struct ov_odb *o, enum ov_target t, uint32_t i); /* a rule's number */

/*
 * Subsignatures at one exact place (shift 0; ABS, EOF, EP, SECTION, LAST_SECTION) that alone can
 * wake their rule. Grouped by place: per group the place, then entries sorted by the masked first
 * dword. A pattern shorter than four bytes has mask 0 behind its end: bytes past the layer's end
 * are to be taken as 0.
 */
struct ov_odb_fixed_group {
	struct ov_place place;
	uint32_t first, count; /* entries */
};
struct ov_odb_fixed {
	uint32_t dword, mask; /* little-endian dword at the place: (dword_there & mask) == dword */
	uint32_t rule, sub;
};
uint32_t ov_odb_fixed_groups(const struct ov_odb *o, enum ov_target t);
void ov_odb_fixed_group(const struct ov_odb *o, enum ov_target t, uint32_t i,
			struct ov_odb_fixed_group *out);
void ov_odb_fixed(const struct ov_odb *o, uint32_t i, struct ov_odb_fixed *out);
/** The first of a group's entries, from number `from` on, that `dword` fits; count when there is
 * none. For layers of which there are many: no entry is decoded that does not fit. */
uint32_t ov_odb_fixed_next(const struct ov_odb *o, const struct ov_odb_fixed_group *g,
			   uint32_t from, uint32_t dword);

/*
 * A hash set's token: name and origin of a hash signature. Names are packed, so this one is put
 * together in `room`, into which `name` points.
 */
struct ov_odb_hash_name {
	struct ov_str name;
	uint32_t source, line;
	struct ov_name room;
};
void ov_odb_hash_name(const struct ov_odb *o, uint32_t token, struct ov_odb_hash_name *out);

struct ov_odb_source {
	struct ov_str name;  /* "daily.ndb", "built-in"                                        */
	struct ov_str label; /* what a person reads: "ClamAV daily 27501", "rules/mine.ndb"    */
	uint64_t version, built; /* from a CVD header; 0 when it has none */
	bool is_signed;		 /* container signature checked and good                          */
	uint64_t nsignatures, nrefused, nskipped;
};
void ov_odb_source(const struct ov_odb *o, uint32_t i, struct ov_odb_source *out);

/* A line of an ignore list: kept, since it counts for databases that are joined with this one. */
struct ov_odb_ignore {
	struct ov_str name;
	bool has_md5; /* only the line with this MD5 */
	uint8_t md5[16];
};
void ov_odb_ignore(const struct ov_odb *o, uint32_t i, struct ov_odb_ignore *out);

/**
 * Evaluates condition code that ov_odb_open() has verified.
 * @param counts  Matches of each of the rule's subsignatures, nsubs of them.
 */
bool ov_cond_eval(struct ov_cur code, const uint64_t *counts, uint32_t nsubs);

#endif
