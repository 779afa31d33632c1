/*
 * The built-in signatures: texts of data/builtin.*, put into the program by tools/embed.py. They
 * find harmless test files only, and serve when no other database is there.
 */
#ifndef OV_BUILTIN_H
#define OV_BUILTIN_H

#include <stddef.h>

struct ov_builtin_source {
	const char *name;	    /* "built-in/builtin.ldb": for ov_odb_builder_add() */
	const unsigned char *bytes; /* the text; not NUL-terminated */
	size_t n;
};

/** The sources, in a fixed order. Static constants. */
const struct ov_builtin_source *ov_builtin_sources(size_t *count);

#endif
