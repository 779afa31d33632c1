/*
 * Whose engine: what the evidence in an inventory comes to. No file, no clock.
 *
 * Evidence comes from different hands: names of functions and of the library itself; texts (two at
 * least); constants; notes, modules and crates; overt's own record. Two hands, or a whole record of
 * overt's, make "contains". See docs/WHOIS.md.
 */
#ifndef OV_WHOSE_H
#define OV_WHOSE_H

#include "inventory.h"
#include "known.h"

enum ov_relation {
	OV_REL_IS = 0,	    /* it is that engine's library                        */
	OV_REL_CONTAINS,    /* the engine is linked into it                       */
	OV_REL_USES,	    /* it asks for the engine's shared library            */
	OV_REL_MAY_CONTAIN, /* one kind of evidence only                          */
	OV_REL_MENTIONS,    /* a document, or one that is no program, speaks of it */
	OV_RELATIONS
};

struct ov_whose {
	const struct ov_inv_component *component; /* its evidence, its path */
	const struct ov_inv_component *note;	  /* a note, module or crate beside it; or NULL */
	const struct ov_known_engine *engine;
	enum ov_relation relation;
	enum ov_grade grade;
	struct ov_str version; /* "" when nothing tells */
};

struct ov_whose_result {
	struct ov_whose *found; /* in the inventory's order */
	size_t nfound;
	const struct ov_inv_component **packed; /* programs that can't be seen into */
	size_t npacked;
	uint64_t programs; /* looked at */
};

/** "is", "contains", "uses", "may contain", "mentions". */
const char *ov_relation_name(enum ov_relation r);

/** Words of a packed program: "UPX"; "" when it is not packed. */
struct ov_str ov_whose_packer(const struct ov_inv_component *c);

/** @param a  For the arrays. @return OV_OK; OV_LIMIT, OV_NOMEM. Threads: no shared state. */
OV_MUST_USE ov_status ov_whose_judge(const struct ov_inventory *inv, struct ov_arena *a,
				     struct ov_whose_result *out);

#endif
