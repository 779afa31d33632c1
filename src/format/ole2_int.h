/* OLE2: what streams hold, for the format (ole2.c). */
#ifndef OV_OLE2_INT_H
#define OV_OLE2_INT_H

#include "ole2.h"

/* ole2_embed.c: what lies inside streams. */

struct ov_ole_native {	    /* an \1Ole10Native stream */
	struct ov_str name; /* empty: no package                             */
	uint64_t off, size; /* of its file                                   */
	bool is_broken;	    /* its sizes don't fit: the file may lie elsewhere */
};

/** Where the file lies in what stands from `at` on. @return OV_OK; OV_IO, OV_LIMIT, OV_NOMEM. */
OV_MUST_USE ov_status ov_ole_native(const struct ov_src *s, uint64_t at, struct ov_arena *a,
				    struct ov_ole_native *out);

struct ov_ppt_object { /* an embedded object of a PowerPoint document */
	uint64_t off, size;
	bool is_packed; /* zlib */
	bool is_cut;	/* it goes beyond the end of the stream */
};

/** The next object from *at on; *at moves behind it. @return OV_OK; OV_END; OV_SHORT when a record
 * goes beyond the end, which is the last; OV_IO. */
OV_MUST_USE ov_status ov_ppt_next(const struct ov_src *s, uint64_t *at, struct ov_ppt_object *out);

/** Finds the next compressed VBA source from *at on: a container whose text begins with
 * "Attribute". *at moves onto it. @return OV_OK; OV_END; OV_IO. */
OV_MUST_USE ov_status ov_vba_hunt(const struct ov_src *s, uint64_t *at);

/* ole2_marks.c: what the streams say of the document. */

/** Tells encryption, and macro sheets of a workbook. */
OV_MUST_USE ov_status ov_ole2_marks(struct ov_ole2 *o, uint32_t entry,
				    const struct ov_ole2_stream *s);

/** A HWP 5 document: are its streams deflated? Set by its FileHeader. */
bool ov_hwp_is_packed(struct ov_ole2 *o);

#endif
