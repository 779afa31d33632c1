/*
 * Inside src/match: which literal runs cover all matches of a YARA string. A cover is a set of gram
 * keys of which every match holds at least one, with where each stands.
 */
#ifndef OV_RE_ATOMS_H
#define OV_RE_ATOMS_H

#include <stdint.h>

#include "gram.h"
#include "re_ast.h"

#define RE_ATOMS_MAX 512u /* keys of one piece */

struct re_cell { /* one byte of a run: leaf with its `leaf` set, or value and mask alone */
	uint8_t value, mask;
	const struct re_node *leaf;
	bool inner; /* a wide byte's zero: no key of an expression begins here */
};

struct re_atom {
	struct ov_gram_key key;
	const struct re_node *leaf; /* where it begins, NULL for plain runs */
	uint32_t dist;		    /* of its first byte from the run's     */
	struct re_atom *next;
};

struct re_cover {
	uint64_t score; /* for choosing: UINT64_MAX when there is none */
	uint64_t cost;	/* hits per 1000 MB                            */
	uint32_t n;
	struct re_atom *first, *last;
};

/** The best key of a run of cells, written out for the bytes that its first four may be. */
OV_MUST_USE ov_status re_cover_cells(struct ov_arena *a, const struct re_cell *cells, size_t n,
				     struct re_cover *out);

/**
 * The best cover of a tree, wide or not. @param is_short  Of keys of one to four bytes of any mask,
 * for the sieve. @return OV_OK, with score UINT64_MAX when there is none.
 */
OV_MUST_USE ov_status re_cover_tree(struct ov_arena *a, const struct re_tree *t, bool wide,
				    bool is_short, struct re_cover *out);

#endif
