/* What the tests of src/sig share: texts in, a database out, and a database as text. */
#ifndef OV_TESTS_BUILD_TEXT_H
#define OV_TESTS_BUILD_TEXT_H

#include "buf.h"
#include "odb.h"
#include "odb_build.h"

struct text_source {
	const char *name, *text;
};

struct built {
	struct ov_buf bytes; /* the .odb                                              */
	struct ov_buf said;  /* each message: "file:line refused|skipped reason\n"    */
	struct ov_build_stats stats;
	struct ov_odb db; /* opened over `bytes`, when status is OV_OK             */
	ov_status status; /* of the first step that failed                          */
};

/** Builds and opens. `options` may be NULL; its diag is replaced. Release with built_free(). */
void build_texts(const struct text_source *sources, size_t n,
		 const struct ov_build_options *options, struct built *out);
void built_free(struct built *b);

/** Writes all that the accessors tell. */
ov_status dump_odb(const struct ov_odb *o, struct ov_buf *out);

/** Writes a pattern as text: bytes as hex with "/mask", sets, alternatives, jumps, borders. */
ov_status dump_pattern(const struct ov_pn *n, struct ov_buf *out);

/** Calls every accessor with numbers in and out of range; sums what it reads, so that nothing is
 * optimised away. */
uint64_t touch_odb(const struct ov_odb *o);

#endif
