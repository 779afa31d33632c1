/* Words of a YARA source. The parser asks for one at a time; hexadecimal strings only on demand. */
#ifndef OV_YARA_LEX_H
#define OV_YARA_LEX_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "cursor.h"
#include "status.h"
#include "str.h"

/* Words with a meaning, in the order of `keywords` in lex.c. */
enum ov_yword {
	YW_NONE = 0,
#define OV_YWORD(id, text) YW_##id,
#include "words.def"
#undef OV_YWORD
	YW_COUNT
};

enum ov_ytoken_kind {
	YT_END = 0,
	YT_IDENT,  /* also keywords: `word` tells which          */
	YT_STRING, /* $a; text is what follows the sign           */
	YT_WILD,   /* $a*                                         */
	YT_COUNT,  /* #a                                          */
	YT_OFFSET, /* @a                                          */
	YT_LENGTH, /* !a                                          */
	YT_INT,
	YT_FLOAT,
	YT_TEXT,  /* text: escapes undone                         */
	YT_REGEX, /* text: between the slashes; `flags` of ystr.h */
	YT_HEX,	  /* text: between the braces; from ov_ylex_hex() */
	YT_EQ,
	YT_NE,
	YT_LE,
	YT_GE,
	YT_SHL,
	YT_SHR,
	YT_DOTS,
	YT_CHAR /* any other: `c` */
};

struct ov_ytoken {
	enum ov_ytoken_kind kind;
	enum ov_yword word;
	struct ov_str text;
	int64_t i;
	double f;
	uint32_t flags;
	char c;
	bool has_line; /* the first on its line */
	uint32_t line, column;
	size_t at, end; /* bytes [at, end) of the source */
};

struct ov_ylex {
	const char *p;
	size_t n, pos;
	uint32_t line;
	size_t line_at; /* where the line begins */
	struct ov_arena *arena;
	const char *why, *mend; /* of the last OV_BAD */
	size_t bad_at;
};

/** Starts at the first word of a source, which must outlive the lexer. */
void ov_ylex_init(struct ov_ylex *l, struct ov_cur bytes, struct ov_arena *a);

/** Next word; YT_END at the end, again and again. @return OV_OK; OV_BAD with l->why; OV_LIMIT,
 * OV_NOMEM from the arena. */
OV_MUST_USE ov_status ov_ylex_next(struct ov_ylex *l, struct ov_ytoken *out);

/** What follows `=` in a list of strings: a text, an expression or a hexadecimal string. */
OV_MUST_USE ov_status ov_ylex_value(struct ov_ylex *l, struct ov_ytoken *out);

/** Moves to the next line that begins a rule, an import or an include, beyond byte `from`. For
 * going on after an error. */
void ov_ylex_resync(struct ov_ylex *l, size_t from);

/** Line and column, both from 1, of a byte. Linear; for messages. */
void ov_ylex_where(const struct ov_ylex *l, size_t at, uint32_t *line, uint32_t *column);

const char *ov_yword_text(enum ov_yword w);

#endif
