/* Images and archives: opened one after the other from a work list, each a scope of its own. */
#ifndef OV_EV_IMAGE_H
#define OV_EV_IMAGE_H

#include "tree.h"

#define OV_IMAGES_MAX 512 /* inside one file */
#define OV_IMAGE_LEVELS 6 /* images in images */

struct ov_image { /* one that waits */
	struct ov_src src;
	struct ov_str *chain; /* of its path, in e->kept */
	uint32_t nchain, level, layer;
	struct ov_image *next;
};

/* What a visitor carries along the entries of one tree. */
struct ov_visit {
	struct ov_ev *e;
	uint32_t level;
	uint8_t *rows; /* of ENTRIES */
	uint32_t nrows;
	uint32_t layer;
	/* Layers: number of the later layer that hides this path, 0: none. May be NULL. */
	uint32_t (*hider)(void *ctx, struct ov_str path);
	void *ctx;
};

OV_MUST_USE ov_status ov_visit_begin(struct ov_ev *e, struct ov_visit *v, uint32_t level);
/** Shows one entry: its name counts, sources read it, images in it wait. Fits ov_tree_visitor. */
OV_MUST_USE ov_status ov_visit_entry(void *ctx, const struct ov_tree_entry *t);
OV_MUST_USE ov_status ov_visit_end(struct ov_visit *v);

/** Puts an image on the work list. @return OV_OK; OV_LIMIT (told); OV_NOMEM. */
OV_MUST_USE ov_status ov_image_push(struct ov_ev *e, const struct ov_src *src, struct ov_str name,
				    uint32_t level);
/** Opens all that wait. */
OV_MUST_USE ov_status ov_image_all(struct ov_ev *e);

/* oci.c */
bool ov_oci_is(struct ov_ev *e, const struct ov_src *src);
OV_MUST_USE ov_status ov_oci_read_tar(struct ov_ev *e, const struct ov_src *src);

/* archive.c: whatever format/ opens. @return OV_END: nothing does. */
OV_MUST_USE ov_status ov_archive_read(struct ov_ev *e, const struct ov_src *src, uint32_t level);

/* raw.c: images anywhere in a file. *found: how many. */
OV_MUST_USE ov_status ov_raw_read(struct ov_ev *e, const struct ov_src *src, uint32_t level,
				  uint32_t *found);

/** The forms of tree.h, NULL at the end. */
extern const struct ov_tree_form *const ov_tree_forms[];

#endif
