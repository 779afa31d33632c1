/*
 * The built-in set: texts of data/builtin.* and data/builtin/, put into the program by
 * tools/embed.py: signatures of harmless test files, and overt's own YARA rules, whose metadata
 * grade them (docs/BUILTIN.md). It serves when no other database is there, or by its name.
 */
#ifndef OV_BUILTIN_H
#define OV_BUILTIN_H

#include <stddef.h>

#include "status.h"

struct ov_odb_builder;

struct ov_builtin_source {
	const char *name;	    /* "built-in/builtin.ldb": for ov_odb_builder_add() */
	const unsigned char *bytes; /* the text; not NUL-terminated */
	size_t n;
};

/** The sources, in a fixed order. Static constants. */
const struct ov_builtin_source *ov_builtin_sources(size_t *count);

/** Adds them all to a database that is being built; rules are graded. @return as
 * ov_odb_builder_add(). */
OV_MUST_USE ov_status ov_builtin_add(struct ov_odb_builder *b);

#endif
