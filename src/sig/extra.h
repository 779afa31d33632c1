/*
 * Further tables of a database: signatures that are neither rules nor hashes (container metadata,
 * certificates, web addresses, icons), and settings that databases carry (passwords, file type
 * magic, switches).
 *
 * A table is a row of records in the order of their sources. All kinds share the record's head, so
 * that ignoring, counting, listing and joining of databases need not know them:
 *
 *   0        4      8        10            12      16     16 + name
 *   | length | line | source | name length | flags | name | body ...
 *
 * Little-endian; `length` is that of the whole record; flags bit 0: it counts as a signature.
 * Adding a kind: one enumerator here, one row in extra.c with the function that verifies a body.
 */
#ifndef OV_EXTRA_H
#define OV_EXTRA_H

#include <stdbool.h>
#include <stdint.h>

#include "cursor.h"
#include "status.h"
#include "str.h"

enum ov_extra {
	OV_EXTRA_CONTAINER = 0, /* .cdb .zmd .rmd: metadata of a container's members */
	OV_EXTRA_PASSWORD,	/* .pwdb: passwords to try on encrypted members      */
	OV_EXTRA_MAGIC,		/* .ftm: file type magic                             */
	OV_EXTRA_CERT,		/* .crb: certificates trusted or blocked             */
	OV_EXTRA_CATALOG,	/* .cat: digests of trusted programs                 */
	OV_EXTRA_URL,		/* .pdb .wdb .gdb: web addresses                     */
	OV_EXTRA_ICON,		/* .idb: icons                                       */
	OV_EXTRA_SWITCH,	/* .cfg: features switched off                       */
	OV_EXTRA_BYTECODE,	/* .cbc: programs, which are not run: names only     */
	OV_EXTRA_COUNT
};

#define OV_EXTRA_HEAD 16
#define OV_EXTRA_MAX ((size_t)1 << 20) /* bytes of one record */

struct ov_extra_row { /* views into the table */
	struct ov_str name;
	uint32_t source, line;
	bool is_signature;
	struct ov_cur body;
};

/** Kind's name as `db info` shows it: "container", "password", ... "?" for a number out of range.
 */
const char *ov_extra_name(enum ov_extra kind);

/** A record's line as it stood in its source, where the record keeps it; else its name. */
struct ov_str ov_extra_text(enum ov_extra kind, const struct ov_extra_row *r);

/** Next record of a table. @return OV_OK; OV_END after the last; OV_BAD, which no verified table
 * gives. */
OV_MUST_USE ov_status ov_extra_next(struct ov_cur *table, struct ov_extra_row *out);

/** Verifies a table as hostile input: heads, and each body by its kind. @return OV_OK or OV_BAD. */
OV_MUST_USE ov_status ov_extra_verify(enum ov_extra kind, struct ov_cur table, uint32_t nsources);

#endif
