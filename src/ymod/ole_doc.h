/* What olecf, vba and msi share: the layer's compound file, read once. */
#ifndef OV_YMOD_OLE_DOC_H
#define OV_YMOD_OLE_DOC_H

#include "ole2.h"
#include "ymod_give.h"

#define OV_OLE_LIST_MAX 65536u

struct ole_doc {
	ov_status status; /* OV_BAD: no compound file */
	struct ov_yenv *env;
	struct ov_fmt_env fmt;
	struct ov_src src;
	struct ov_ole2 o;
	bool is_malformed;
	uint32_t *streams, *storages, nstreams, nstorages; /* numbers of entries */
	uint8_t class_id[16];				   /* of the root */
};

/** The layer's compound file. @return OV_OK; OV_END: it is none; OV_LIMIT, OV_NOMEM, OV_IO. */
OV_MUST_USE ov_status ov_ole_doc(struct ov_yenv *env, struct ole_doc **out);

/** Any bytes as a compound file; `d` is zeroed, and must not move after that. Sets d->status. */
void ov_ole_doc_open(struct ov_yenv *env, const struct ov_src *src, struct ole_doc *d);

/** All of a stream, at most `max` bytes (a longer one is told): a view, or a copy in the arena. */
OV_MUST_USE ov_status ov_ole_doc_bytes(struct ole_doc *d, uint32_t entry, size_t max,
				       struct ov_cur *out);

/** A name as Windows Installer packs it into few characters; "!" stands before those of tables.
 * Others stay as they are. In the arena. */
OV_MUST_USE ov_status ov_msi_name(struct ov_arena *a, struct ov_str name, struct ov_str *out);

#endif
