/*
 * Inside src/match: regular expressions and hexadecimal strings of YARA as trees.
 *
 * Both languages parse to the same tree; what consumes one byte is a leaf. Trees are at most
 * RE_DEPTH deep, live in an arena and are walked with stacks of that depth.
 */
#ifndef OV_RE_AST_H
#define OV_RE_AST_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "status.h"
#include "str.h"
#include "ystr.h"

#define RE_DEPTH 128u	     /* groups inside groups                                      */
#define RE_NODES 200000u     /* of one tree                                               */
#define RE_INF UINT32_MAX    /* no upper bound                                            */
#define RE_LOOK 4096u	     /* bytes that YARA looks at on each side of where it began   */
#define RE_REPEAT_MAX 32767u /* YARA 4; YARA-X takes more                                 */
#define RE_CHAIN 200u	     /* a longer jump of a hexadecimal string cuts it into pieces */
#define RE_PIECES 256u

enum re_kind {
	/* one byte, `set` holds the bytes that fit when it is not BYTE, MASK, ANY, NOTNL */
	RE_BYTE, /* value                                          */
	RE_MASK, /* (byte & mask) == value; with `negated`: not so */
	RE_SET,
	RE_ANY,
	RE_NOTNL, /* any byte but a line feed */
	/* no byte */
	RE_EMPTY,
	RE_BEGIN, /* of the file     */
	RE_END,
	RE_LINE_BEGIN,
	RE_LINE_END,
	RE_WORD_EDGE,
	RE_WORD_INSIDE,
	/* others */
	RE_SEQ,
	RE_ALT,
	RE_REPEAT
};

struct re_cover;

struct re_node {
	enum re_kind kind;
	uint8_t value, mask;
	bool negated, greedy;
	const uint8_t *set; /* 32 bytes                  */
	uint32_t min, max;  /* REPEAT                    */
	uint32_t len_min;   /* bytes it matches          */
	uint32_t len_max;   /* RE_INF: any number        */
	uint32_t pre_min;   /* bytes before it           */
	uint32_t pre_max;
	/* Of a leaf: its state in the program, and in the mirrored one the state behind it. */
	uint32_t fwd_pc, fwd_count, rev_pc, rev_count;
	uint32_t pool; /* of the first leaf of a run: where its bytes are, if has_pool */
	bool placed, has_pool;
	struct re_cover *cover; /* re_atoms.c */
	struct re_node *parent, *first, *last, *next, *prev;
};

struct re_tree {
	struct re_node *root;
	uint32_t nnodes;	   /* at least as many as it has               */
	uint32_t gap_min, gap_max; /* bytes between it and the piece before it */
	bool has_greedy;	   /* some quantifier is                       */
	bool has_lazy;
};

struct re_parse { /* the work of a parser */
	struct ov_arena *arena;
	struct ov_str body;
	size_t at;
	uint32_t flags; /* OV_YSTR_* */
	uint32_t nnodes;
	struct ov_ystr_error *err;
};

static inline bool re_is_leaf(const struct re_node *n)
{
	return n->kind <= RE_NOTNL;
}

/** Refuses the body: fills the error and gives OV_BAD. */
OV_MUST_USE ov_status re_refuse(struct re_parse *p, size_t at, const char *why, const char *mend);

OV_MUST_USE ov_status re_node_new(struct re_parse *p, enum re_kind kind, struct re_node **out);
/** Puts a node behind the last child of another. */
void re_append(struct re_node *to, struct re_node *n);
/** Puts a node in the place of a child. */
void re_replace(struct re_node *old, struct re_node *by);

/** Parses a regular expression to pieces, at most RE_PIECES, nearly always one. @return OV_OK;
 * OV_BAD with the error; OV_LIMIT; OV_NOMEM. */
OV_MUST_USE ov_status re_parse_regex(struct re_parse *p, struct re_tree *out, uint32_t *n);

/** As re_parse_regex(), but always one tree: for texts, where nothing is searched by pieces. */
OV_MUST_USE ov_status re_parse_whole(struct re_parse *p, struct re_tree *out);

/** One escape or bracket expression of a regular expression; `p->at` stands behind `\` or `[`. */
OV_MUST_USE ov_status re_parse_escape(struct re_parse *p, bool nocase, struct re_node **out);
OV_MUST_USE ov_status re_parse_class(struct re_parse *p, bool nocase, struct re_node **out);
/** A leaf for a byte, in either case when `nocase`. */
OV_MUST_USE ov_status re_byte_node(struct re_parse *p, uint8_t c, bool nocase,
				   struct re_node **out);

/** Parses a hexadecimal string to pieces, at most RE_PIECES. */
OV_MUST_USE ov_status re_parse_hex(struct re_parse *p, struct re_tree *out, uint32_t *n);

/** Turns alternatives of single bytes into leaves, measures all nodes. */
OV_MUST_USE ov_status re_measure(struct re_parse *p, struct re_tree *t);

/** The bytes that a leaf takes, as a set. */
void re_leaf_set(const struct re_node *n, uint8_t set[32]);

static inline bool re_set_has(const uint8_t set[32], unsigned c)
{
	return (set[c / 8] >> c % 8 & 1) != 0;
}

static inline void re_set_add(uint8_t set[32], unsigned c)
{
	set[c / 8] = (uint8_t)(set[c / 8] | 1u << c % 8);
}

static inline bool re_is_word(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_';
}

static inline bool re_is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

#endif
