/*
 * Joining: records of many files become one inventory. Package databases tell what is installed and
 * which paths belong to it; the walk tells what is there; when a scope (a root, an image) ends, the
 * two are held against each other: packages whose files are gone, programs that nobody owns.
 */
#ifndef OV_INV_JOIN_H
#define OV_INV_JOIN_H

#include "inventory.h"
#include "record.h"

struct ov_join;

/** @param watch  Borrowed until closing; may be NULL. */
OV_MUST_USE ov_status ov_join_new(struct ov_str target, const struct ov_inv_watch *watch,
				  size_t nwatch, struct ov_join **out);
void ov_join_free(struct ov_join **j);

/** A path that is there, as the walk of a live root meets it. `path` is relative to the root. */
OV_MUST_USE ov_status ov_join_entry(struct ov_join *j, struct ov_str path, uint64_t size,
				    bool is_file);

/**
 * Takes all records of a message body about `file` (relative to the root; empty: the target
 * itself).
 * @return OV_OK; OV_SHORT, OV_BAD: the worker broke the form; OV_LIMIT, OV_NOMEM.
 */
OV_MUST_USE ov_status ov_join_records(struct ov_join *j, struct ov_str file, struct ov_cur body);

/** Closes the scopes that a file's records left open: its worker died in the middle. */
OV_MUST_USE ov_status ov_join_file_end(struct ov_join *j);

/** Notes what could not be read. `reason`, `detail`: copied. */
OV_MUST_USE ov_status ov_join_unread(struct ov_join *j, struct ov_str file, ov_status why,
				     const char *reason, const char *detail);

/** Ends it: owners, states, order. *out is the joiner's until it is freed. */
OV_MUST_USE ov_status ov_join_finish(struct ov_join *j, const struct ov_inventory **out);

#endif
