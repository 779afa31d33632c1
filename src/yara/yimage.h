/*
 * Compiled YARA rules: a flat, position independent image that stands as one section in a database.
 *
 * Reading side: ov_yimage_open() verifies the frame as hostile input; ov_yimage_check_rule() a
 * rule, its strings and code, before they are first used. Layout: yimage_int.h and
 * docs/formats/odb.md. Immutable; shared by threads.
 */
#ifndef OV_YARA_IMAGE_H
#define OV_YARA_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "code.h"
#include "cursor.h"
#include "gram.h"
#include "module.h"
#include "status.h"
#include "str.h"

/* What a file's first bytes say, so that it is searched only for what can be in it. */
enum ov_yclass { OV_YCLASS_OTHER = 0, OV_YCLASS_MZ, OV_YCLASS_ELF, OV_YCLASSES };

enum ov_ysection {
	YI_NAMESPACES,
	YI_RULES,
	YI_STRINGS,
	YI_CONSTS,
	YI_SETS,
	YI_CODE,
	YI_BLOCKS,
	YI_TEXTS,
	YI_TAGS,
	YI_METAS,
	YI_EXTERNALS,
	YI_GATES,
	YI_ALTS,
	YI_ANCHORS,
	YI_GLOBALS,
	YI_SCOUTS,
	YI_IMPORTS,
	YI_ALWAYS,
	YI_GRAM = YI_ALWAYS + OV_YCLASSES,
	YI_SECTIONS = YI_GRAM + OV_YCLASSES
};

struct ov_yimage { /* all zero: no rules */
	struct ov_cur at[YI_SECTIONS];
	struct ov_gram gram[OV_YCLASSES]; /* tokens: numbers of anchors */
	uint32_t nrules, nstrings, nanchors, nexternals, nnamespaces, ngates;
};

OV_MUST_USE ov_status ov_yimage_open(struct ov_cur bytes, struct ov_yimage *out);
/** Verifies a rule, its strings, constants and code. @return OV_OK; OV_BAD; OV_NOMEM. */
OV_MUST_USE ov_status ov_yimage_check_rule(const struct ov_yimage *y, uint32_t id);

#define OV_YRULE_PRIVATE 1u
#define OV_YRULE_GLOBAL 2u
#define OV_YRULE_ALWAYS 4u   /* strings alone do not cover it: gates wake it */
#define OV_YRULE_SAYS 16u    /* it asks `console`: evaluated whatever its strings say */
#define OV_YRULE_IGNORED 32u /* an ignore list names it: private, and no rule of a set any more */
#define OV_YRULE_STRINGS 8u  /* its condition asks for strings that must be searched */
/* Bits 8 and 9: a grade, 0 for none. Of rules of the built-in set alone; its meaning is the
 * engine's (enum overt_severity). */
#define OV_YRULE_GRADE_SHIFT 8u
#define OV_YRULE_GRADES 4u
static inline unsigned ov_yrule_severity(uint32_t flags)
{
	return flags >> OV_YRULE_GRADE_SHIFT & (OV_YRULE_GRADES - 1);
}

struct ov_yrule {
	uint32_t id;
	struct ov_str name, ns, text;
	uint32_t nsid, source, line, flags;
	uint32_t first_string, nstrings, first_const, nconsts;
	uint32_t first_tag, ntags, first_meta, nmetas;
	/* ALWAYS: strings of which one must be there, though no table of keys can tell; 0: none */
	uint32_t first_scout, nscouts;
	uint32_t gate; /* UINT32_MAX: none */
	uint32_t wake; /* ALWAYS: the gate that wakes it without a string; UINT32_MAX: `gate` */
	uint32_t nslots, nloops, stack;
	enum ov_yclass class; /* OTHER: any */
	struct ov_cur code;
};
/* Each accessor is safe for every number: one out of range gives an empty row. */
void ov_yimage_rule(const struct ov_yimage *y, uint32_t id, struct ov_yrule *out);

/* What is asked of many rules in each layer. */
struct ov_ydoor {
	uint32_t flags, gate, wake, first_scout, nscouts;
};
struct ov_ydoor ov_yimage_door(const struct ov_yimage *y, uint32_t id);

struct ov_str ov_yimage_namespace(const struct ov_yimage *y, uint32_t id);

struct ov_ystring {
	struct ov_str name; /* without the sign */
	struct ov_cur code;
	uint32_t flags; /* OV_YSTR_*, OV_YS_* of ast.h */
	uint64_t fixed; /* OV_YS_FIXED: the only offset that counts */
};
/* Flags and the bytes of the shortest match. */
struct ov_ystring_facts {
	uint32_t flags, min_len;
};
struct ov_ystring_facts ov_yimage_string_facts(const struct ov_yimage *y, uint32_t id);
void ov_yimage_string(const struct ov_yimage *y, uint32_t id, struct ov_ystring *out);

enum ov_yconst_kind { OV_YC_NONE = 0, OV_YC_TEXT, OV_YC_REGEX, OV_YC_EXTERNAL, OV_YC_SET };
struct ov_yconst {
	enum ov_yconst_kind kind;
	struct ov_str text;  /* TEXT              */
	struct ov_cur regex; /* REGEX             */
	uint32_t external;   /* EXTERNAL: number  */
	struct ov_cur set;   /* SET: u32 each, strings of the rule */
};
void ov_yimage_const(const struct ov_yimage *y, uint32_t id, struct ov_yconst *out);

struct ov_yanchor {
	uint32_t rule, string, atom;
};
void ov_yimage_anchor(const struct ov_yimage *y, uint32_t token, struct ov_yanchor *out);

/* Rules that wake without a string in a file of a class; those for any class stand in each. */
uint32_t ov_yimage_always_count(const struct ov_yimage *y, enum ov_yclass c);
uint32_t ov_yimage_always(const struct ov_yimage *y, enum ov_yclass c, uint32_t i);
uint32_t ov_yimage_scout(const struct ov_yimage *y, uint32_t i); /* a string's number */
/* Names of the modules that were imported, whether a rule asks them or not. */
uint32_t ov_yimage_imports_count(const struct ov_yimage *y);
struct ov_str ov_yimage_import(const struct ov_yimage *y, uint32_t i);
uint32_t ov_yimage_globals_count(const struct ov_yimage *y);
uint32_t ov_yimage_global(const struct ov_yimage *y, uint32_t i);

struct ov_ymeta {
	struct ov_str name;
	struct ov_yval value; /* INT FLOAT BOOL STRING */
};
void ov_yimage_meta(const struct ov_yimage *y, uint32_t id, struct ov_ymeta *out);
struct ov_str ov_yimage_tag(const struct ov_yimage *y, uint32_t id);
/* An external's name and the value that it was compiled with. */
void ov_yimage_external(const struct ov_yimage *y, uint32_t id, struct ov_str *name,
			struct ov_yval *value);

#define OV_YHEAD 16 /* first bytes that gates look at */

/** Which class a file's first bytes are of. */
enum ov_yclass ov_yclass_of(const uint8_t *head, size_t n);
/** Could a rule with this gate hold for a file of `size` bytes that begins so? */
bool ov_yimage_gate(const struct ov_yimage *y, uint32_t gate, uint64_t size, const uint8_t *head,
		    size_t n);

#endif
