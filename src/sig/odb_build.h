/*
 * Building a compiled database: sources in, one .odb out. Compile side only; scanning code never
 * includes this.
 */
#ifndef OV_ODB_BUILD_H
#define OV_ODB_BUILD_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "cursor.h"
#include "digest.h"
#include "module.h"
#include "odb.h"
#include "rule.h"
#include "status.h"
#include "str.h"

struct ov_odb_builder;

/* A line that was refused (broken) or skipped (valid, but not for this version of overt:
 * `is_skipped`). */
struct ov_diag {
	struct ov_str file; /* source, with the member inside a CVD: "daily.cvd/daily.ndb" */
	uint64_t line;	    /* from 1; 0: the whole file */
	uint32_t column;    /* from 1; 0: the whole line */
	const char *reason; /* English sentence part: what is wrong and what would be right */
	struct ov_str text; /* beginning of the line, at most 200 bytes */
	bool is_skipped;
};
typedef void (*ov_diag_fn)(void *ctx, const struct ov_diag *d);

struct ov_cvd_key;

struct ov_yara_external {
	struct ov_str name;
	struct ov_yval value;
};

/* For `overt yara`: rules as its command line wants them. */
struct ov_yara_options {
	bool is_strict;	      /* where YARA 4.5 and YARA-X contradict, as YARA-X */
	uint32_t max_strings; /* of a rule; 0: 10,000 */
	const struct ov_yara_external *externals;
	size_t nexternals;
};

struct ov_build_options {
	bool with_pua;	     /* load .hdu .ldu ... twins */
	uint64_t max_memory; /* bytes its tables may take, patterns and output apart; 0: 8 GiB */
	uint32_t flevel_min, flevel_max; /* engine level that Engine:a-b ranges are held against */
	ov_diag_fn diag;
	void *ctx;
	const struct ov_yara_options *yara; /* NULL: as for any database */
	/* A file that a YARA source includes; as in ycompile.h. NULL: refused. */
	ov_status (*include)(void *ctx, struct ov_str from, struct ov_str name,
			     struct ov_cur *bytes, struct ov_str *path);
	const struct ov_cvd_key *cvd_key; /* NULL: ClamAV's; must outlive the builder. For tests */
};

OV_MUST_USE ov_status ov_odb_builder_new(const struct ov_build_options *o,
					 struct ov_odb_builder **out);
void ov_odb_builder_free(struct ov_odb_builder **b);

/**
 * Adds one source file, by what its name ends with (case-blind): .hdb .hsb .mdb .msb .ndb .ldb .fp
 * .sfp .ign2 and the PUA twins, or a container .cvd .cld .cud. Ignore lists count for all sources,
 * whatever the order.
 *
 * @param name   File name as a person gave it; bytes: its content, which must outlive the builder.
 * @return OV_OK (bad lines were told to diag); OV_UNSUPPORTED for an ending that is not a
 * database's; OV_BAD a container whose signature or structure is wrong; OV_LIMIT; OV_NOMEM.
 */
OV_MUST_USE ov_status ov_odb_builder_add(struct ov_odb_builder *b, struct ov_str name,
					 struct ov_cur bytes);

/** Adds YARA rules, whatever the file is called. @param ns  Their namespace: rules of one namespace
 * can name each other. Otherwise as ov_odb_builder_add(). */
OV_MUST_USE ov_status ov_odb_builder_yara(struct ov_odb_builder *b, struct ov_str name,
					  struct ov_str ns, struct ov_cur bytes);

/**
 * Adds a compiled database, as if its sources were added: what is written in the end is the same,
 * byte for byte. Its bytes are hostile input; they must outlive the builder only as `text` must.
 *
 * @param text  The text of its only source where that is at hand, else empty: needed for ignore
 *              lists that give the MD5 of a hash signature's line, which a database does not keep.
 * @param why   As for ov_odb_open().
 * @return OV_OK; OV_SHORT, OV_BAD, OV_UNSUPPORTED as ov_odb_open(), the builder is then of no use;
 *         OV_LIMIT; OV_NOMEM.
 */
OV_MUST_USE ov_status ov_odb_builder_join(struct ov_odb_builder *b, struct ov_cur bytes,
					  struct ov_cur text, const char **why);

/** Low level: registers a source, adds a rule or a hash row. For parsers and tests. */
OV_MUST_USE ov_status ov_odb_builder_source(struct ov_odb_builder *b, const struct ov_odb_source *s,
					    uint32_t *id);
OV_MUST_USE ov_status ov_odb_builder_rule(struct ov_odb_builder *b, const struct ov_rule_ir *r);
struct ov_hash_ir {
	enum ov_hash_use use;
	enum ov_digest_kind digest_kind;
	uint8_t digest[OV_DIGEST_MAX];
	uint32_t size; /* bytes, or OV_HASH_ANY_SIZE */
	struct ov_str name;
	uint32_t source, line;
};
OV_MUST_USE ov_status ov_odb_builder_hash(struct ov_odb_builder *b, const struct ov_hash_ir *h);

struct ov_build_stats {
	uint64_t signatures, refused, skipped, ignored, allowed;
};

/** Chooses covers and anchors, writes the database. Deterministic: same sources, same bytes. */
OV_MUST_USE ov_status ov_odb_builder_finish(struct ov_odb_builder *b, struct ov_buf *out,
					    struct ov_build_stats *stats);

/** True when a file name's ending is one that ov_odb_builder_add() reads. */
bool ov_odb_is_source_name(struct ov_str name);

/** True for those of them whose lines become rules: others are only named and counted. */
bool ov_odb_reads_name(struct ov_str name);

#endif
