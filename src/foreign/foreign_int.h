/* What this folder's files share. */
#ifndef OV_FOREIGN_INT_H
#define OV_FOREIGN_INT_H

#include "cvd.h"
#include "foreign.h"

/* Writes the reason and returns `s`. */
ov_status ov_foreign_fail(struct ov_foreign_job *j, ov_status s, const char *fmt, ...)
    OV_PRINTF(3, 4);
void ov_foreign_tell(const struct ov_foreign_job *j, struct ov_str file, uint64_t line,
		     const char *why, bool is_skipped);

/** The value of an argument; empty when it was not given. */
struct ov_str ov_foreign_argument(const struct ov_foreign_job *j, const char *key);

/** The input whose name begins with `head` ("file:"), and what follows in its name. NULL: none. */
const struct ov_foreign_input *ov_foreign_input(const struct ov_foreign_job *j, const char *head,
						struct ov_str *rest);
/** The same with a number behind the head. */
const struct ov_foreign_input *ov_foreign_numbered(const struct ov_foreign_job *j, const char *head,
						   uint64_t n);

/** Appends one file to what comes out. `name` is made fit, and unique. */
OV_MUST_USE ov_status ov_foreign_put(struct ov_foreign_job *j, struct ov_foreign_result *r,
				     struct ov_str name, struct ov_cur bytes);

/** Tells each file of an archive (zip, tar, gzip, xz, bzip2 or zstd of these), or the input itself.
 * Bounded; a broken archive fails as a whole. */
typedef ov_status (*ov_foreign_file_fn)(void *ctx, struct ov_str name, struct ov_cur bytes);
OV_MUST_USE ov_status ov_foreign_each(struct ov_foreign_job *j, struct ov_str name,
				      struct ov_cur bytes, ov_foreign_file_fn fn, void *ctx);

struct ov_foreign_keys {
	struct ov_cvd_key cvd;
	struct ov_cvd_pss_key pss;
	bool are_own;
};
OV_MUST_USE ov_status ov_foreign_keys(struct ov_foreign_job *j, struct ov_foreign_keys *out);

/** Verifies a detached signature file over `bytes` with the certificates of the job.
 * @return OV_OK; OV_BAD with a reason; OV_NOMEM. */
OV_MUST_USE ov_status ov_foreign_detached(struct ov_foreign_job *j, struct ov_cur sign,
					  struct ov_cur bytes);

/* The kinds. */
OV_MUST_USE ov_status ov_foreign_container(struct ov_foreign_job *j, struct ov_foreign_result *r);
OV_MUST_USE ov_status ov_foreign_patch(struct ov_foreign_job *j, struct ov_foreign_result *r);
OV_MUST_USE ov_status ov_foreign_hashes(struct ov_foreign_job *j, struct ov_foreign_result *r);
OV_MUST_USE ov_status ov_foreign_rules(struct ov_foreign_job *j, struct ov_foreign_result *r);

#endif
