/*
 * The rule IR: what every signature language is turned into before it is compiled to an .odb.
 *
 * A rule is a set of subsignatures (patterns with places, regular expressions, byte comparisons)
 * and a condition over their counts, guarded by facts (target, size, sections, container). ClamAV's
 * .ndb lines are rules of one subsignature, .ldb lines of up to 64; YARA rules will use the same
 * structures. Hash signatures are not rules but rows of hash sets: see odb_build.h. Everything here
 * lives in the compiler's arena.
 */
#ifndef OV_RULE_H
#define OV_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "pattern.h"
#include "status.h"
#include "str.h"
#include "type.h"

/* What a detection's `kind` says (contract: hash body logical section import container yara
 * heuristic). */
enum ov_rule_kind {
	OV_RULE_HASH = 1,
	OV_RULE_SECTION_HASH,
	OV_RULE_IMPORT_HASH,
	OV_RULE_BODY,
	OV_RULE_LOGICAL,
	OV_RULE_CONTAINER,
	OV_RULE_YARA,
	OV_RULE_HEURISTIC,
	OV_RULE_CERTIFICATE,
	OV_RULE_KINDS
};

const char *ov_rule_kind_name(enum ov_rule_kind k); /* "hash", "section", "import", "body", ... */

/* Where a pattern may start. Resolved against a layer's facts by the engine. */
enum ov_place_kind {
	OV_PLACE_ANY = 0,      /* anywhere                                          */
	OV_PLACE_ABS,	       /* n .. n + shift                                    */
	OV_PLACE_EOF,	       /* size - n .. size - n + shift                      */
	OV_PLACE_EP,	       /* entry point + n (n may be negative) .. + shift    */
	OV_PLACE_SECTION,      /* section `section` start + n .. + shift            */
	OV_PLACE_IN_SECTION,   /* anywhere in section, end inclusive (SEx)        */
	OV_PLACE_LAST_SECTION, /* start of the last section + n .. + shift      */
	OV_PLACE_VERSION,      /* at a key or value of PE version information (VI)  */
	OV_PLACE_MACRO, /* nowhere: member `n` (0..31) of the macro groups, found by macros */
	OV_PLACE_IMAGE	/* no place: the layer's image hash                  */
};

struct ov_place {
	enum ov_place_kind kind;
	int64_t n;	  /* bytes; for EOF: how far before the end, >= 0 */
	uint32_t shift;	  /* bytes */
	uint32_t section; /* index, for the SECTION kinds */
};

enum ov_sub_kind {
	OV_SUB_PATTERN = 1,
	OV_SUB_PCRE,
	OV_SUB_COMPARE, /* ClamAV byte compare */
	OV_SUB_MACRO, /* ClamAV macro: a group's pattern at a distance from the subsignature before
		       */
	OV_SUB_IMAGE, /* perceptual hash of an image (fuzzy_img) */
	OV_SUB_ICON,  /* an icon of these groups (IconGroup1, IconGroup2) */
	OV_SUB_KINDS
};

#define OV_MACRO_GROUPS 32

/* ${lo-hi}group$: a pattern of the group (its .ndb lines of the rule's target) that starts lo..hi
 * bytes after the start of a match of the subsignature before. */
struct ov_macro {
	uint32_t group, lo, hi;
};

/* ClamAV byte compare: sub(>>off#[hdai][lb][e]N#cmp[,cmp]). */
struct ov_compare {
	uint32_t ref;		/* index of the subsignature whose last match is the base */
	int64_t off;		/* bytes from there */
	char form;		/* 'h' hex text, 'd' decimal text, 'a' automatic text, 'i' binary */
	bool is_big, is_little; /* neither was given: only 'd' can match then, as in ClamAV */
	bool is_exact;
	uint32_t width; /* bytes */
	uint32_t ncmp;	/* 1 or 2 */
	char op[2];	/* '<' '>' '=' */
	uint64_t value[2];
};

struct ov_pcre {	     /* ClamAV PCRE subsignature */
	struct ov_str regex; /* as given, between the slashes */
	struct ov_str flags; /* letters */
	struct ov_cond_node *trigger;
};

struct ov_sub_ir {
	enum ov_sub_kind kind;
	struct ov_place place;
	struct ov_pat_ir pattern; /* PATTERN */
	struct ov_pcre pcre;	  /* PCRE    */
	struct ov_compare compare;
	struct ov_macro macro;
	uint64_t image;	       /* IMAGE: the hash, first digits in the top bits */
	struct ov_str icon[2]; /* ICON: groups, "*" for any */
};

/*
 * Conditions. ClamAV: no precedence among & and |; the parser has already applied its rules. COUNT
 * applies a relation to the sum of counts of the subsignatures below `a`, with at least
 * `min_distinct` of them matched.
 */
enum ov_cond_kind {
	OV_COND_SUB = 1,
	OV_COND_AND,
	OV_COND_OR,
	OV_COND_COUNT,
	OV_COND_TRUE,
	OV_COND_SUB_COUNT /* in compiled code only: a COUNT over one SUB */
};

struct ov_cond_node {
	enum ov_cond_kind kind;
	uint32_t sub;		    /* SUB: index in the rule */
	struct ov_cond_node *a, *b; /* AND, OR: both; COUNT: a */
	char rel;		    /* COUNT: '=' '<' '>' */
	uint64_t want;
	uint32_t min_distinct; /* COUNT: 0 when not given */
};

struct ov_u64_range {
	uint64_t lo, hi; /* both included; {0, UINT64_MAX} when not given */
};

#define OV_INTERMEDIATES_MAX 16

struct ov_rule_ir {
	struct ov_str name; /* as in the source, without .UNOFFICIAL */
	enum ov_rule_kind kind;
	enum ov_target target;
	uint32_t source;    /* number given by ov_odb_builder_source */
	uint32_t line;	    /* in that source, from 1 */
	struct ov_str text; /* the source line, for explanations */
	struct ov_u64_range file_size, entry_point, nsections;
	bool has_container;
	enum ov_type
	    container; /* direct parent's type; with container_is_top: only a file itself */
	bool container_is_top;
	enum ov_type
	    intermediates[OV_INTERMEDIATES_MAX]; /* last = direct parent; OV_T_COUNT = any */
	uint32_t nintermediates;
	bool has_handler;
	enum ov_type handler; /* re-scan the layer as this type instead of alerting */
	struct ov_sub_ir *subs;
	uint32_t nsubs;
	struct ov_cond_node *condition;
};

#endif
