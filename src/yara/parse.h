/* A source to rules, one at a time. */
#ifndef OV_YARA_PARSE_H
#define OV_YARA_PARSE_H

#include "ast.h"
#include "lex.h"

/* What is wrong, where, and how to mend it. */
struct ov_yerror {
	uint32_t line, column;
	char why[320];
};

enum ov_yunit { OV_YUNIT_RULE = 1, OV_YUNIT_IMPORT, OV_YUNIT_INCLUDE };

struct ov_yparser;

/* Whom the parser asks what it can't know. */
struct ov_yparse_env {
	/* Numbers of the rules of the namespace whose names begin so, for `of (a*)`. Appends nodes.
	 */
	ov_status (*rules_like)(void *ctx, struct ov_str prefix, struct ov_arena *a,
				struct ov_str **names, uint32_t *n);
	void *ctx;
	uint32_t max_strings; /* of a rule */
	bool is_strict;	      /* as YARA-X, where it contradicts 4.5 */
};

struct ov_yparser {
	struct ov_ylex lex;
	struct ov_ytoken tok;
	struct ov_arena *arena;
	const struct ov_yparse_env *env;
	struct ov_yerror *err;
	struct ov_yrule_ast *rule; /* being read */
	uint32_t depth, loops;
	uint32_t nslots; /* in use where the parser stands */
	struct ov_yscope {
		struct ov_str name;
		uint32_t slot;
	} scope[64];
	uint32_t nscope;
	uint32_t *names, names_mask; /* the rule's strings by name: number + 1 */
};

/** Starts a source. */
OV_MUST_USE ov_status ov_yparse_begin(struct ov_yparser *p, struct ov_cur bytes, struct ov_arena *a,
				      const struct ov_yparse_env *env, struct ov_yerror *err);

/**
 * Reads the next rule, import or include. After OV_BAD call ov_yparse_recover() and go on.
 * @return OV_OK; OV_END at the end of the source; OV_BAD with *err; OV_LIMIT, OV_NOMEM.
 */
OV_MUST_USE ov_status ov_yparse_next(struct ov_yparser *p, enum ov_yunit *what, struct ov_str *name,
				     struct ov_yrule_ast *rule);
OV_MUST_USE ov_status ov_yparse_recover(struct ov_yparser *p, size_t from);

/* parse_expr.c: a condition. */
OV_MUST_USE ov_status ov_yparse_condition(struct ov_yparser *p, struct ov_ynode **out);

/* parse_string.c: the rule's strings by name. */
OV_MUST_USE ov_status ov_yp_index_strings(struct ov_yparser *p);
/* @return false: there is none of that name. */
bool ov_yp_find_string(const struct ov_yparser *p, struct ov_str name, uint32_t *out);

/* parse_expr.c, parse_loop.c: parts of a condition. Each counts how deep it stands. */
#define OV_YP_ARITHMETIC 2u /* operators above this level make numbers */
OV_MUST_USE ov_status ov_yp_expression(struct ov_yparser *p, struct ov_ynode **out);
OV_MUST_USE ov_status ov_yp_unary(struct ov_yparser *p, struct ov_ynode **out);
OV_MUST_USE ov_status ov_yp_relation(struct ov_yparser *p, unsigned level, struct ov_ynode **out);
OV_MUST_USE ov_status ov_yp_make(struct ov_yparser *p, enum ov_ynode_kind kind,
				 struct ov_ynode **out);
OV_MUST_USE ov_status ov_yp_adopt(struct ov_yparser *p, struct ov_ynode *n,
				  const struct ov_ynode *kid);
OV_MUST_USE ov_status ov_yp_add_kid(struct ov_yparser *p, struct ov_ynode *n, struct ov_ynode *kid);
OV_MUST_USE ov_status ov_yp_enter(struct ov_yparser *p);
OV_MUST_USE ov_status ov_yp_range(struct ov_yparser *p, struct ov_ynode *n);
OV_MUST_USE ov_status ov_yp_set(struct ov_yparser *p, struct ov_ynode *n, bool strings_only);
OV_MUST_USE ov_status ov_yp_loop(struct ov_yparser *p, struct ov_ynode **out);
OV_MUST_USE ov_status ov_yp_with(struct ov_yparser *p, struct ov_ynode **out);

/* Shared by the parser's files. */
OV_MUST_USE ov_status ov_yp_next(struct ov_yparser *p);
OV_MUST_USE ov_status ov_yp_fail(struct ov_yparser *p, const struct ov_ytoken *t, const char *fmt,
				 ...) OV_PRINTF(3, 4);
/* "unexpected X, expecting WANT" */
OV_MUST_USE ov_status ov_yp_unexpected(struct ov_yparser *p, const char *want);
static inline bool ov_yp_is(const struct ov_yparser *p, char c)
{
	return p->tok.kind == YT_CHAR && p->tok.c == c;
}
static inline bool ov_yp_word(const struct ov_yparser *p, enum ov_yword w)
{
	return p->tok.kind == YT_IDENT && p->tok.word == w;
}
OV_MUST_USE ov_status ov_yp_expect(struct ov_yparser *p, char c);
/* Room for one more row in an array that grows in the arena: doubled when it is full. */
OV_MUST_USE ov_status ov_yp_grow(struct ov_arena *a, void **rows, uint32_t n, size_t size);
OV_MUST_USE ov_status ov_yp_strings(struct ov_yparser *p, struct ov_yrule_ast *r);

#endif
