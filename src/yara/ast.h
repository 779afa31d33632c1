/*
 * What the parser makes of a rule. All of it lives in the arena of the rule and is gone when its
 * code was written.
 *
 * Walkers may recurse over nodes: the parser refuses what is nested deeper than OV_YNEST_MAX, and
 * `and` and `or` have any number of parts.
 */
#ifndef OV_YARA_AST_H
#define OV_YARA_AST_H

#include <stdbool.h>
#include <stdint.h>

#include "module.h"
#include "str.h"
#include "ystr.h"

#define OV_YNEST_MAX 300
#define OV_YLOOP_STRING UINT32_MAX /* `$` inside `for .. of`: the string that the loop is at */

enum ov_ynode_kind {
	YN_INT = 1,
	YN_FLOAT,
	YN_BOOL,
	YN_TEXT,
	YN_REGEX,
	YN_FILESIZE,
	YN_ENTRYPOINT,
	YN_NAME, /* before the check; then one of the next four */
	YN_EXTERNAL,
	YN_RULE,
	YN_MODULE,
	YN_LOCAL,
	YN_FIELD,  /* a.s       */
	YN_INDEX,  /* a[b]      */
	YN_CALL,   /* a(kids)   */
	YN_FOUND,  /* $str      */
	YN_AT,	   /* $str at a */
	YN_IN,	   /* $str in (a..b)                */
	YN_COUNT,  /* #str, or #str in (a..b)       */
	YN_OFFSET, /* @str[a]; a NULL: the first   */
	YN_LENGTH, /* !str[a] */
	YN_NOT,
	YN_DEFINED,
	YN_NEG,
	YN_BITNOT,
	YN_AND, /* kids */
	YN_OR,
	YN_ADD, /* a, b from here */
	YN_SUB,
	YN_MUL,
	YN_DIV,
	YN_MOD,
	YN_SHL,
	YN_SHR,
	YN_BITAND,
	YN_BITXOR,
	YN_BITOR,
	YN_EQ,
	YN_NE,
	YN_LT,
	YN_LE,
	YN_GT,
	YN_GE,
	YN_CONTAINS,
	YN_ICONTAINS,
	YN_STARTSWITH,
	YN_ISTARTSWITH,
	YN_ENDSWITH,
	YN_IENDSWITH,
	YN_IEQUALS,
	YN_MATCHES, /* to here */
	YN_READ,    /* uint16be(a); `i`: enum ov_yread */
	YN_OF,	    /* quant of set, `at` a or `in` (a..b) */
	YN_FOR_OF,  /* for quant of set : (b)              */
	YN_FOR_IN,  /* for quant vars in iter : (body)     */
	YN_WITH,    /* with vars = kids : (body)           */
	YN_KINDS
};

/* Widths and orders of integer functions. */
#define OV_YREAD_SIGNED 0x10
#define OV_YREAD_BIG 0x20 /* low bits: bytes 1, 2, 4 */

enum ov_yquant { OV_YQ_ALL = 1, OV_YQ_ANY, OV_YQ_NONE, OV_YQ_N, OV_YQ_PERCENT };
enum ov_yiter { OV_YI_RANGE = 1, OV_YI_LIST, OV_YI_OBJECT };
#define OV_YVARS_MAX 2

struct ov_ynode {
	enum ov_ynode_kind kind;
	enum ov_ykind type; /* set by the check */
	uint32_t line, column, depth;
	int64_t i; /* INT, BOOL, READ; RULE: number of the rule; EXTERNAL: of the external */
	double f;
	struct ov_str s; /* TEXT, REGEX, NAME, FIELD */
	uint32_t flags;	 /* REGEX */
	uint32_t str;	 /* FOUND .. LENGTH: number in the rule, or OV_YLOOP_STRING */
	struct ov_ynode *a, *b, *body;
	struct ov_ynode **kids;
	uint32_t nkids;
	enum ov_yquant quant;
	struct ov_ynode *nquant; /* N, PERCENT */
	uint32_t *set, nset;	 /* OF, FOR_OF: strings; OF with kids: any conditions   */
	bool is_at;		 /* OF: `a` is `at`                                     */
	enum ov_yiter iter;
	struct ov_str vars[OV_YVARS_MAX];
	uint32_t nvars, slot;	       /* LOCAL: slot; FOR_IN, WITH: first slot   */
	uint32_t loop;		       /* depth of the `for .. of` that OV_YLOOP_STRING means */
	const struct ov_yfield *field; /* of a value out of a module's tables      */
	const struct ov_ytype *otype;  /* STRUCT: its type                         */
	enum ov_ykind item;	       /* ARRAY, DICT: of elements; FOR_IN: of the variable   */
};

#define OV_YS_PRIVATE 0x10000u /* beside OV_YSTR_* */
#define OV_YS_HEX 0x400000u    /* a hexadecimal string */
#define OV_YS_USED 0x20000u
#define OV_YS_LISTED                                                                               \
	0x40000u /* its offsets, lengths or number are asked for, not only whether it is there */
#define OV_YS_ELSEWHERE 0x80000u /* it is asked for otherwise than `at` a place */
#define OV_YS_FIXED 0x100000u	 /* all that is asked is `at` one known offset */
#define OV_YS_ANCHORED                                                                             \
	0x800000u /* in a file of its rule's class it is not there unless an anchor was met */
#define OV_YS_PLACES 0x200000u /* it is asked for `at` more than one place */

struct ov_ystring_ast {
	struct ov_str name; /* without the sign; empty: anonymous */
	struct ov_ystr_ir ir;
	uint32_t line, column, flags;
	uint64_t fixed; /* FIXED: the offset */
	struct ov_ytoken_place {
		uint32_t line, column;
		size_t at;
	} body;
};

struct ov_ymeta_ast {
	struct ov_str name;
	enum ov_ykind kind;
	int64_t i;
	double f;
	struct ov_str s;
};

struct ov_yrule_ast {
	struct ov_str name, text;
	uint32_t line, column;
	bool is_global, is_private;
	struct ov_str *tags;
	struct ov_ymeta_ast *metas;
	struct ov_ystring_ast *strings;
	uint32_t ntags, nmetas, nstrings;
	struct ov_ynode *condition;
	uint32_t nslots, nloops; /* local values; `for .. of` inside each other */
};

#endif
