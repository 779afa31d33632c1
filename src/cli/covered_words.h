/* What the forms of `overt covered` for other programs share: sentences, names that stay the same
 * for the same thing, and the list of rules that apply. */
#ifndef OV_CLI_COVERED_WORDS_H
#define OV_CLI_COVERED_WORDS_H

#include "covered_diff.h"
#include "covered_out.h"
#include "digest.h"
#include "inventory_out.h"

/* A report being written; the first failure sticks and ends as an error of the output. */
struct covered_writer {
	struct cli_out *out;
	const struct covered_report *r;
	struct ov_hasher *sha1; /* for names that stay the same */
};

/** @return false when there is no memory; the output then carries the error. */
bool covered_writer_open(struct covered_writer *w, struct cli_out *out,
			 const struct covered_report *r);
void covered_writer_close(struct covered_writer *w);

/** `"..."`: a version 5 UUID (RFC 9562) of overt's name space, of the report's target and day, and
 * of what is named: the same report has the same names. */
void covered_uuid(struct covered_writer *w, const char *kind, size_t number);
/** Without the quotes. */
void covered_uuid_bare(struct covered_writer *w, const char *kind, size_t number);

/** A JSON string: all of path, joined; what it is; on which grade. */
void covered_what(struct cli_out *out, const struct ov_cov_finding *f);
/** A JSON string: what a rule says of it. */
void covered_verdict(struct cli_out *out, const struct ov_cov_finding *f,
		     const struct ov_cov_verdict *v);
/** A JSON string: the path of a component, or the target's name. */
void covered_place(struct cli_out *out, const struct covered_report *r,
		   const struct ov_inv_component *c);

/** Does a rule speak to this reader? */
bool covered_applies(const struct covered_report *r, const struct ov_cov_rule *rule);

/** Something was neither found nor ruled out: privileged parts of unknown makers, unread places. */
bool covered_has_gaps(const struct covered_report *r);

#endif
