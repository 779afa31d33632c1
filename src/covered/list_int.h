/* What the reader of a list shares between its files: the stanza at hand and its fields. */
#ifndef OV_COVERED_LIST_INT_H
#define OV_COVERED_LIST_INT_H

#include "list.h"

#define FIELDS_MAX 512 /* of one stanza */

struct field {
	struct ov_str name, value;
	uint32_t line;
	bool is_used;
};

struct reader {
	struct ov_cov_list *l;
	struct ov_str rest;
	uint32_t line;
	struct ov_str type, id; /* of the stanza at hand */
	uint32_t at;		/* line of its head */
	struct field f[FIELDS_MAX];
	size_t n;
	bool is_bad;
	ov_cov_error_fn error;
	void *ctx;
};

/** Tells that a line is wrong: the list is refused. */
void ov_cov_bad(struct reader *r, uint32_t line, const char *why);
/** The value of a field that may stand once; "" when it is not there. */
struct ov_str ov_cov_one(struct reader *r, const char *name, bool is_needed);
/** All values of a field. */
OV_MUST_USE ov_status ov_cov_many(struct reader *r, const char *name, struct ov_cov_texts *out);
/** Words of a value, with blanks between. */
OV_MUST_USE ov_status ov_cov_words(struct reader *r, struct ov_str v, struct ov_cov_texts *out);
/** "E0" to "E5"; what it is otherwise for "". */
enum ov_grade ov_cov_grade(struct reader *r, struct ov_str v, enum ov_grade otherwise);

#endif
