/*
 * Records: how a worker tells the inventory what it found. A message body holds any number of
 * whole records; each is put and taken as a whole. What is taken is hostile input: ranges, counts
 * and lengths are checked here, and nothing else is believed.
 */
#ifndef OV_INV_RECORD_H
#define OV_INV_RECORD_H

#include "cursor.h"
#include "inventory.h"

#define OV_REC_TEXT_MAX ((uint32_t)16 << 10) /* bytes of one text; longer ones are cut when put */
#define OV_REC_PATH_MAX 64		     /* elements of a path chain  */
#define OV_REC_EVIDENCE_MAX 512		     /* pieces in one record */
#define OV_REC_ROWS_MAX 4096		     /* of one OWNS or ENTRIES */
#define OV_REC_ROW 9			     /* bytes: hash, flags */

enum ov_rec_kind {
	OV_REC_COMPONENT = 1,
	OV_REC_OWNS,	/* paths that a package owns                                     */
	OV_REC_ENTRIES, /* paths that are there, in an image                             */
	OV_REC_UNREAD,
	OV_REC_SCOPE, /* what follows lies in an image, a partition, a layer; or its end */
	OV_REC_KINDS
};

/* Hash of a path inside a root: no leading '/' or "./"; bin, sbin and lib* of a merged /usr count
 * as usr/bin ... FNV-1a of 64 bits: who can choose paths to collide can write the record anyway. */
uint64_t ov_rec_hash(struct ov_str path);

/** Path without leading "/", "./" and doubled slashes at its start. */
struct ov_str ov_rec_relative(struct ov_str path);

enum { OV_OWN_FOLDER = 1, OV_OWN_MINOR = 2 }; /* minor: documentation, which images leave out */
/** Flags of an owned path (not OV_OWN_FOLDER, which only its neighbour in the list can tell). */
uint8_t ov_rec_own_flags(struct ov_str path);

/* The upper six bits of an entry's flags: number of the layer that hides it, 63 for higher ones. */
enum { OV_ENTRY_FOLDER = 1, OV_ENTRY_SHADOWED = 2, OV_ENTRY_HIDER = 4 };

struct ov_rec_rows { /* OWNS: what, name, arch, since; ENTRIES: layer */
	enum ov_inv_what what;
	struct ov_str name, arch;
	int64_t since; /* OV_INV_NO_DATE: not told */
	uint32_t layer;
	const uint8_t *rows; /* n times OV_REC_ROW bytes */
	uint32_t n;
};

enum ov_scope_kind { OV_SCOPE_END = 0, OV_SCOPE_IMAGE, OV_SCOPE_LAYER, OV_SCOPE_TREE, OV_SCOPES };
struct ov_rec_scope {
	enum ov_scope_kind kind;
	struct ov_str label; /* its element of the path chain */
	uint32_t layer;
	int64_t made; /* date of the layer or image */
};

enum {
	OV_REC_SUPPLEMENT = 1, /* adds to another record of its key, else means nothing           */
	OV_REC_MINOR = 2,      /* of no interest when a package owns the file                     */
	OV_REC_FLAGS = 4
};

/* A taken record. Texts are views into the body, arrays are the arena's. */
struct ov_rec {
	enum ov_rec_kind kind;
	unsigned flags; /* COMPONENT */
	struct ov_inv_component component;
	struct ov_rec_rows rows;
	struct ov_inv_unread unread;
	struct ov_rec_scope scope;
};

/** Each puts one record, whole or not at all. Texts beyond their bound are cut; evidence beyond its
 * bound is left out. @return OV_OK; OV_LIMIT, OV_NOMEM. */
OV_MUST_USE ov_status ov_rec_put_component(struct ov_buf *b, const struct ov_inv_component *c,
					   unsigned flags);
OV_MUST_USE ov_status ov_rec_put_rows(struct ov_buf *b, enum ov_rec_kind kind,
				      const struct ov_rec_rows *r);
OV_MUST_USE ov_status ov_rec_put_unread(struct ov_buf *b, const struct ov_inv_unread *u);
OV_MUST_USE ov_status ov_rec_put_scope(struct ov_buf *b, const struct ov_rec_scope *s);

/** Takes the next record. @return OV_OK; OV_END at the exact end; OV_SHORT, OV_BAD; OV_LIMIT,
 * OV_NOMEM from the arena. */
OV_MUST_USE ov_status ov_rec_get(struct ov_cur *c, struct ov_arena *a, struct ov_rec *out);

/* The watch list on its way to a worker. */
OV_MUST_USE ov_status ov_rec_put_watch(struct ov_buf *b, const struct ov_inv_watch *w, size_t n);
OV_MUST_USE ov_status ov_rec_get_watch(struct ov_cur *c, struct ov_arena *a,
				       struct ov_inv_watch **out, size_t *n);

#endif
