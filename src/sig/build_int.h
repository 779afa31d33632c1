/* Inside of the compiler: the builder's state, and what its files share. */
#ifndef OV_BUILD_INT_H
#define OV_BUILD_INT_H

#include "arena.h"
#include "names.h"
#include "odb_build.h"
#include "ycompile.h"
#include "odb_int.h"

#define OV_LINE_MAX (64 * 1024) /* bytes; longer lines are refused */

/* A growable array of fixed-size rows, kept in a buffer. */
#define rows_of(buf, type) ((type *)(void *)(buf).p)
#define rows_count(buf, type) ((buf).n / sizeof(type))

/* Bytes in one of the builder's heaps. */
struct b_text {
	uint64_t at;
	uint32_t n;
};

struct b_rule {
	struct b_text name, text, cond;
	enum ov_rule_kind kind;
	enum ov_target target;
	uint32_t source, line;
	struct ov_u64_range file_size, entry_point, nsections;
	uint8_t flags;
	uint16_t container, handler;
	uint16_t inter[ODB_INTER_MAX];
	uint32_t ninter;
	uint32_t first_sub, nsubs;
	bool is_always, is_ignored;
	uint32_t new_id; /* in the written file */
};

struct b_sub {
	enum ov_sub_kind kind;
	struct ov_place place;
	uint32_t pattern;
	struct b_text regex, flags, trigger; /* regex and flags in names, trigger in conds */
	struct ov_compare compare;
	struct ov_macro macro;
	uint64_t image;
	struct b_text icon[2];
	uint32_t rule;
};

struct b_anchor {
	struct ov_gram_key key;
	uint32_t rule, sub, distance; /* sub: number in the builder's subs */
	uint32_t part;		      /* of the pattern, or OV_ODB_NO_PART   */
};

struct b_fixed {
	struct ov_place place;
	uint32_t dword, mask;
	uint32_t rule, sub;
};

struct b_ignore {
	struct b_text name;
	bool has_md5;
	uint8_t md5[16];
};

struct b_source {
	struct b_text name, label;
	uint64_t version, built;
	bool is_signed;
	uint64_t nsignatures, nrefused, nskipped;
	struct ov_cur text; /* the source's own bytes; empty for members of containers */
};

#define OV_BUILDER_MAGIC 0x4f564442u

struct ov_odb_builder {
	uint32_t magic;
	struct ov_build_options options;
	struct ov_arena scratch; /* of one line */
	struct ov_pats_builder *pats;
	struct ov_hasher *md5, *sha256;
	struct ov_buf rules, subs, conds, anchors, fixed, sources, ignores;
	struct ov_buf names, texts;
	struct ov_buf hashes[OV_HASH_USES][OV_DIGEST_KINDS]; /* struct ov_hash_entry */
	struct ov_names_builder *hash_names;		     /* their tokens are its numbers */
	struct ov_buf extra[OV_EXTRA_COUNT];		     /* records as in the file */
	struct ov_ycompiler *yara;			     /* NULL: no YARA source yet */
	bool is_builtin; /* the source being added is of the built-in set */
	struct ov_build_stats stats;
};

/* odb_build.c */
OV_MUST_USE ov_status ov_build_text(struct ov_buf *heap, struct ov_str s, struct b_text *out);
struct ov_str ov_build_str(const struct ov_buf *heap, struct b_text t);

/*
 * cover.c: which subsignatures wake a rule. Writes anchors and fixed entries of one rule, or marks
 * it always-woken.
 * @param subs  The rule's IR; `first_sub` their number in the builder.
 */
OV_MUST_USE ov_status ov_cover_rule(struct ov_odb_builder *b, const struct ov_rule_ir *r,
				    struct b_rule *rule, uint32_t rule_id);

/* One line of a source on its way to a parser. */
struct ov_sig_line {
	struct ov_odb_builder *b;
	struct ov_str file; /* source's name, for messages */
	struct ov_str text;
	uint32_t number, source;
	const char *why; /* set by the parser when it refuses or skips */
};

/*
 * Parsers, one a kind. OV_OK: taken. OV_BAD: malformed. OV_UNSUPPORTED: valid but not for us,
 * skipped. Others: OV_NOMEM; OV_LIMIT from the arena means that this line is too large.
 */
typedef ov_status (*ov_sig_parse_fn)(struct ov_sig_line *l);
OV_MUST_USE ov_status ov_sig_hash(struct ov_sig_line *l);
OV_MUST_USE ov_status ov_sig_section(struct ov_sig_line *l);
OV_MUST_USE ov_status ov_sig_import(struct ov_sig_line *l);
OV_MUST_USE ov_status ov_sig_allow(struct ov_sig_line *l);
OV_MUST_USE ov_status ov_sig_crb(struct ov_sig_line *l);
OV_MUST_USE ov_status ov_sig_idb(struct ov_sig_line *l);
OV_MUST_USE ov_status ov_sig_ndb(struct ov_sig_line *l);
OV_MUST_USE ov_status ov_sig_ldb(struct ov_sig_line *l);
OV_MUST_USE ov_status ov_sig_ignore(struct ov_sig_line *l);
OV_MUST_USE ov_status ov_sig_cdb(struct ov_sig_line *l);
OV_MUST_USE ov_status ov_sig_zmd(struct ov_sig_line *l);
OV_MUST_USE ov_status ov_sig_rmd(struct ov_sig_line *l);
OV_MUST_USE ov_status ov_sig_ftm(struct ov_sig_line *l);
OV_MUST_USE ov_status ov_sig_cfg(struct ov_sig_line *l);
OV_MUST_USE ov_status ov_sig_pwdb(struct ov_sig_line *l);
OV_MUST_USE ov_status ov_sig_db(struct ov_sig_line *l);
OV_MUST_USE ov_status ov_sig_sdb(struct ov_sig_line *l);
OV_MUST_USE ov_status ov_sig_pdb(struct ov_sig_line *l);
OV_MUST_USE ov_status ov_sig_wdb(struct ov_sig_line *l);
OV_MUST_USE ov_status ov_sig_gdb(struct ov_sig_line *l);

/* Helpers of the parsers: set l->why and return the status. */
OV_MUST_USE ov_status ov_sig_bad(struct ov_sig_line *l, const char *why);
OV_MUST_USE ov_status ov_sig_skip(struct ov_sig_line *l, const char *why);
/* minFL and maxFL, either may be empty. */
OV_MUST_USE ov_status ov_sig_level(struct ov_sig_line *l, struct ov_str min, struct ov_str max);
/* "a-b", "a", "a-" , "-b". */
OV_MUST_USE ov_status ov_sig_range(struct ov_str s, struct ov_u64_range *out);
OV_MUST_USE ov_status ov_sig_place(struct ov_sig_line *l, struct ov_str text, enum ov_target target,
				   struct ov_place *out);
OV_MUST_USE ov_status ov_sig_subsig(struct ov_sig_line *l, struct ov_str text,
				    enum ov_target target, uint32_t index, struct ov_sub_ir *out);

/* A rule of one pattern. */
OV_MUST_USE ov_status ov_sig_body(struct ov_sig_line *l, struct ov_str name, enum ov_target target,
				  struct ov_str place, struct ov_str pattern);

/* Adds a record to a further table (extra.h). `body` may be empty. */
OV_MUST_USE ov_status ov_build_extra(struct ov_sig_line *l, enum ov_extra kind, struct ov_str name,
				     bool is_signature, struct ov_cur body);

/* Known kinds that are not run: bytecode is remembered by its file's name, all are counted. */
OV_MUST_USE ov_status ov_build_unread(struct ov_odb_builder *b, struct ov_str file, uint32_t source,
				      struct ov_cur bytes);
bool ov_build_is_unread(struct ov_str name);
/* Passes a whole text source over: said once, counted by line. */
OV_MUST_USE ov_status ov_build_skip(struct ov_odb_builder *b, struct ov_str file, uint32_t source,
				    struct ov_cur bytes, const char *reason);

/* yara_build.c: a YARA source, the image of a database that is joined, and what is written. */
bool ov_build_is_yara(struct ov_str name);
OV_MUST_USE ov_status ov_build_yara(struct ov_odb_builder *b, struct ov_str file, struct ov_str ns,
				    uint32_t source, struct ov_cur bytes);
OV_MUST_USE ov_status ov_build_join_yara(struct ov_odb_builder *b, const struct ov_yimage *y,
					 uint32_t first_source, uint32_t nsources);
/* odb_finish.c: does an ignore list name it? With an MD5, that of its text. */
OV_MUST_USE ov_status ov_build_is_ignored(struct ov_odb_builder *b, struct ov_str name,
					  struct ov_str text, bool *out);
OV_MUST_USE ov_status ov_build_write_yara(struct ov_odb_builder *b, struct ov_buf *out,
					  uint64_t *nsignatures);

/* source.c: a whole text source. */
OV_MUST_USE ov_status ov_build_lines(struct ov_odb_builder *b, struct ov_str file, uint32_t source,
				     struct ov_cur bytes, ov_sig_parse_fn parse);
void ov_build_diag(struct ov_odb_builder *b, const struct ov_diag *d);
/* The parser for a file name; NULL when there is none. *is_pua tells a PUA twin. */
ov_sig_parse_fn ov_build_parser(struct ov_str name, bool *is_pua);

/* parse_crb.c: a whole catalog (.cat), which is no text. */
bool ov_build_is_catalog(struct ov_str name);
OV_MUST_USE ov_status ov_build_catalog(struct ov_odb_builder *b, struct ov_str file,
				       uint32_t source, struct ov_cur bytes);

/* cvd_source.c: a container, member by member. */
OV_MUST_USE ov_status ov_build_container(struct ov_odb_builder *b, struct ov_str name,
					 struct ov_cur bytes);

#endif
