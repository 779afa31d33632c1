/*
 * The engines that overt can recognise in programs, and the clues to each:
 * data/engines/engines.list as a table. The texts are stored with every bit turned over, so that a
 * program which carries the table does not look like everything in it.
 */
#ifndef OV_KNOWN_H
#define OV_KNOWN_H

#include <stddef.h>
#include <stdint.h>

#include "str.h"

struct ov_known_engine {
	const char *id, *title, *maker;
};

enum ov_clue_kind {
	OV_CLUE_SYMBOL = 0, /* a function's name                           */
	OV_CLUE_NEEDED,	    /* beginning of a shared library's name        */
	OV_CLUE_STRING,	    /* a text in the program's data                */
	OV_CLUE_BYTES,	    /* a constant                                  */
	OV_CLUE_VERSION,    /* a text that a version number follows        */
	OV_CLUE_NAME	    /* in package notes, Go modules, Rust crates   */
};

struct ov_clue {
	enum ov_clue_kind kind;
	uint8_t engine; /* index in ov_known_engines */
	uint8_t n;	/* bytes */
	uint32_t at;	/* in ov_clue_texts, all bits turned over */
};

#define OV_CLUE_MAX 200 /* bytes of one */

extern const struct ov_known_engine ov_known_engines[];
extern const size_t ov_known_nengines;
extern const struct ov_clue ov_clues[];
extern const size_t ov_nclues;
extern const uint8_t ov_clue_texts[];

/** The clue's bytes as they are. @param room  OV_CLUE_MAX bytes. */
struct ov_str ov_clue_text(const struct ov_clue *c, char *room);

/** Do the `n` bytes at `p` begin with the clue? */
bool ov_clue_at(const struct ov_clue *c, const uint8_t *p, size_t n);

/** Is this text the whole of the clue? */
bool ov_clue_is(const struct ov_clue *c, struct ov_str s);

/** Index of the engine that a package note, module or crate of this name is; -1: of none. */
int ov_known_by_name(struct ov_str name);

#endif
