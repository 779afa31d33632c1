/*
 * Names of hash signatures, packed: families with running numbers, millions of them. A name's
 * number here is the token of its row in a hash set; beside the name stand its source and its line.
 *
 * A name is a template ("Win.Malware.Agent-", number, "-0") and a number. Names are in the order of
 * their lines, in blocks of OV_NAMES_BLOCK; inside a block, numbers and lines are differences, and
 * a run of neighbours is one entry. Reading one name walks one block: names are read on a hit, not
 * while scanning. The layout is described in docs/formats/odb.md.
 */
#ifndef OV_NAMES_H
#define OV_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "cursor.h"
#include "status.h"
#include "str.h"

#define OV_NAMES_BLOCK 128u
#define OV_NAMES_TEXT 1024u /* bytes of the longest name */

struct ov_names { /* verified view; immutable, shared by threads. All zero: no names */
	struct ov_cur rows, heap;
	uint32_t nsegments, count;
};

struct ov_name { /* one name, put together */
	uint32_t source, line;
	size_t n;
	char text[OV_NAMES_TEXT];
};

/** Verifies a section as hostile input, in time that grows with the number of sources. */
OV_MUST_USE ov_status ov_names_open(struct ov_cur bytes, uint32_t nsources, struct ov_names *out);

/** Name of a token. @return OV_OK; OV_END no such token; OV_BAD a block is broken (what lies inside
 * blocks is not verified when a database is opened). Threads: no shared state. */
OV_MUST_USE ov_status ov_names_at(const struct ov_names *n, uint32_t token, struct ov_name *out);

/** Source of segment `i`, below n->nsegments, and how many names it has. */
void ov_names_segment(const struct ov_names *n, uint32_t i, uint32_t *source, uint32_t *count);

/* Reads names one after the other. Start with `names` set and all else 0. */
struct ov_names_walk {
	const struct ov_names *names;
	uint32_t next;	  /* token */
	uint32_t segment; /* of `next` */
	uint32_t decoded; /* block + 1 whose entries are below; 0: none */
	struct ov_names_entry {
		uint64_t number;
		uint32_t id, line;
	} entries[OV_NAMES_BLOCK];
};
/** @return OV_OK; OV_END after the last; OV_BAD. */
OV_MUST_USE ov_status ov_names_next(struct ov_names_walk *w, struct ov_name *out);

struct ov_names_builder;

/** @param max  Bytes that each of its tables may take. */
OV_MUST_USE ov_status ov_names_builder_new(size_t max, struct ov_names_builder **out);
void ov_names_builder_free(struct ov_names_builder **b);

/** Adds a name; *token is its number. Names of one source come together, else they cost more.
 * @return OV_OK; OV_LIMIT; OV_NOMEM. */
OV_MUST_USE ov_status ov_names_add(struct ov_names_builder *b, struct ov_str name, uint32_t source,
				   uint32_t line, uint32_t *token);
/** Adds all names of a stored section, its sources renumbered by `first_source` up. *first is the
 * token of the first. */
OV_MUST_USE ov_status ov_names_join(struct ov_names_builder *b, const struct ov_names *more,
				    uint32_t first_source, uint32_t *first);

/* What has been added so far, to be gone back to. */
struct ov_names_mark {
	size_t rows, heap;
	uint32_t count;
};
OV_MUST_USE ov_status ov_names_mark(struct ov_names_builder *b, struct ov_names_mark *out);
void ov_names_take_back(struct ov_names_builder *b, const struct ov_names_mark *m);

/** Bytes that it holds. */
size_t ov_names_held(const struct ov_names_builder *b);
uint32_t ov_names_count(const struct ov_names_builder *b);

/** Appends the section. Deterministic; the builder stays as it is. */
OV_MUST_USE ov_status ov_names_finish(struct ov_names_builder *b, struct ov_buf *out);

#endif
