/* What the compiler's files share. */
#ifndef OV_YARA_COMPILE_INT_H
#define OV_YARA_COMPILE_INT_H

#include "ast.h"
#include "ycompile.h"
#include "yimage_int.h"
#include "parse.h"

#define YC_NO_COST UINT64_MAX

struct yc_rule { /* what later rules need to know of one */
	uint32_t gate;
	uint32_t first_cover, ncover; /* in yc.covers: numbers of strings */
	uint64_t cost;
};

struct yc_ns {
	struct ov_str name;  /* NULL text for those that came with an image */
	uint32_t first_rule; /* nothing below is its own */
	uint64_t imported;   /* modules, bits */
};

struct ov_ycompiler {
	struct ov_yoptions o;
	struct ov_buf sect[YI_SECTIONS];
	struct ov_arena rule_arena;		   /* one rule's tree */
	struct ov_arena string_arena;		   /* one string's */
	struct ov_arena keep;			   /* names of namespaces, externals, files */
	struct ov_buf rules;			   /* struct yc_rule */
	struct ov_buf covers;			   /* u32 */
	struct ov_buf nss;			   /* struct yc_ns */
	uint32_t *by_name, by_name_mask, nby_name; /* number of a rule, plus one */
	uint32_t *texts, texts_mask, ntexts; /* offset of an interned text in YI_TEXTS' row, +1 */
	struct ov_buf text_rows;	     /* of those: offset, length */
	uint32_t *gates, gates_mask;
	uint32_t current_ns, source, base_rule; /* of the source being added */
	uint64_t imported;			/* modules that stand in YI_IMPORTS, bits */
	uint32_t nignored;			/* rules that an ignore list names */
	bool says;				/* the rule being checked asks `console` */
	bool is_graded;				/* ov_ycompiler_graded() */
	struct ov_yerror err;
};

#define yc_rows(buf, type) ((type *)(void *)(buf).p)
#define yc_count(buf, type) ((uint32_t)((buf).n / sizeof(type)))

OV_MUST_USE ov_status ov_yfail(struct ov_yerror *e, uint32_t line, uint32_t column, const char *fmt,
			       ...) OV_PRINTF(4, 5);

/* names.c: texts are kept once; rules and externals by name. */
OV_MUST_USE ov_status ov_yc_text(struct ov_ycompiler *c, struct ov_str s, uint32_t *at);
OV_MUST_USE ov_status ov_yc_name_rule(struct ov_ycompiler *c, uint32_t ns, struct ov_str name,
				      uint32_t rule);
bool ov_yc_find_rule(const struct ov_ycompiler *c, uint32_t ns, struct ov_str name, uint32_t *rule);
bool ov_yc_find_external(const struct ov_ycompiler *c, struct ov_str name, uint32_t *id,
			 enum ov_ykind *kind);
/* Writes name (8 bytes) and value (16). */
OV_MUST_USE ov_status ov_yc_value(struct ov_ycompiler *c, struct ov_buf *to, struct ov_str name,
				  const struct ov_yval *v);

/* ignore.c: rules that are left out wake no more, unless others name them. */
OV_MUST_USE ov_status ov_yc_settle_ignored(struct ov_ycompiler *c);

/* names.c: a module that some source imports. */
OV_MUST_USE ov_status ov_yc_import(struct ov_ycompiler *c, unsigned module);

/* check.c: names and kinds; constants are folded. */
OV_MUST_USE ov_status ov_yc_check(struct ov_ycompiler *c, struct ov_yrule_ast *r);

/* gate.c: what must hold of a file's size and first bytes. UINT32_MAX: nothing. */
OV_MUST_USE ov_status ov_yc_gate(struct ov_ycompiler *c, const struct ov_yrule_ast *r,
				 uint32_t *gate, enum ov_yclass *class);
OV_MUST_USE ov_status ov_yc_gate_rows(struct ov_ycompiler *c, const struct ov_yalt *alts,
				      uint32_t n, uint32_t *gate);

/* Whether a file of a class may pass a gate. */
bool ov_yc_gate_lets_in(const struct ov_ycompiler *c, uint32_t gate, enum ov_yclass class);
/* A gate of what a place in the first bytes, a number read there or a module's field asks of them,
 * if it asks for any; UINT32_MAX: not. */
OV_MUST_USE ov_status ov_yc_head(struct ov_ycompiler *c, const struct ov_yrule_ast *r,
				 const struct ov_ynode *n, uint32_t *gate);
/* A gate that is open when one of some is. UINT32_MAX: that can't be said. */
OV_MUST_USE ov_status ov_yc_gate_any(struct ov_ycompiler *c, const uint32_t *gates, uint32_t n,
				     uint32_t *out);

/*
 * cover.c: the cheapest strings of which one must be there. `costs`: of each of the rule's strings.
 * @param has_gates  Gates on first bytes may stand for strings.
 * @param out   Numbers in the image, in the rule's arena, rising; strings of other rules may be
 *              among them. Gates come last, with YC_GATE.
 * @param cost  YC_NO_COST: the rule can hold without any of them. 0 with none: it never holds.
 */
#define YC_GATE 0x80000000u
OV_MUST_USE ov_status ov_yc_cover(struct ov_ycompiler *c, const struct ov_yrule_ast *r,
				  const uint64_t *costs, uint32_t first_string, bool has_gates,
				  uint32_t **out, uint32_t *n, uint64_t *cost);

/* gen.c: code and constants; marks how strings are used. */
struct ov_ygen_out {
	uint32_t code_at, code_n, first_const, nconsts, stack, nloops;
};
OV_MUST_USE ov_status ov_yc_gen(struct ov_ycompiler *c, struct ov_yrule_ast *r, uint32_t id,
				struct ov_ygen_out *out);
/* Marks how each string is used; before code is made. */
void ov_yc_uses(struct ov_yrule_ast *r);

/* compile_rule.c: a checked rule to rows. */
OV_MUST_USE ov_status ov_yc_rule(struct ov_ycompiler *c, struct ov_yrule_ast *r);

/* Whether a node is a known integer. */
static inline bool ov_yc_is_int(const struct ov_ynode *n)
{
	return n != NULL && n->kind == YN_INT;
}

#endif
