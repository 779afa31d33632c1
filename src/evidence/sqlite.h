/* Tables of an SQLite database, with what its write-ahead log holds. */
#ifndef OV_EV_SQLITE_H
#define OV_EV_SQLITE_H

#include "gather_int.h"

struct ov_sqlite {
	struct ov_ev *e;
	struct ov_cur all;
	uint32_t page_size, usable, pages;
	uint32_t *todo, n, cap, seen;
	uint32_t broken; /* rows and pages that could not be read */
};

/** One row: a record, to be taken apart by ov_sqlite_column(). OV_BAD and OV_SHORT are counted, any
 * other failure ends the table. */
typedef ov_status (*ov_sqlite_row)(void *ctx, struct ov_cur record);

/**
 * Opens a database that is in memory.
 *
 * @param wal  The write-ahead log beside it, or NULL. Its committed pages replace those of `db`, in
 *             a copy in e->arena; what its checksums don't cover is left out, as SQLite does.
 * @return OV_OK; OV_BAD, OV_SHORT; OV_LIMIT, OV_NOMEM.
 * Source: "Database File Format" (sqlite.org), 1 to 1.6 and 4. Records in UTF-8 only.
 */
OV_MUST_USE ov_status ov_sqlite_open(struct ov_ev *e, struct ov_cur db, const struct ov_src *wal,
				     struct ov_sqlite *out);

/**
 * Shows all rows of a table, by its name.
 *
 * @return OV_OK; OV_END: there is none of that name; OV_BAD, OV_SHORT; OV_LIMIT, OV_NOMEM; the
 *         callback's.
 */
OV_MUST_USE ov_status ov_sqlite_table(struct ov_sqlite *q, const char *name, ov_sqlite_row row,
				      void *ctx);
/** The text that made a table. @return OV_OK; OV_END; as above. */
OV_MUST_USE ov_status ov_sqlite_schema(struct ov_sqlite *q, const char *name, struct ov_str *sql);

/** The n-th column of a record: its header has the types, the body the values. @return OV_OK;
 * OV_BAD: it has fewer. */
OV_MUST_USE ov_status ov_sqlite_column(struct ov_cur rec, unsigned n, uint64_t *type,
				       struct ov_cur *out);

#endif
