/*
 * File systems and archives inside a file: images, firmware, layers. A reader of one form goes
 * through its entries in the form's own order and shows each to a visitor; what becomes of them is
 * image.c's.
 */
#ifndef OV_EV_TREE_H
#define OV_EV_TREE_H

#include "gather_int.h"

enum ov_tree_kind { OV_TREE_FILE = 0, OV_TREE_FOLDER, OV_TREE_OTHER };

struct ov_tree_entry {
	struct ov_str path; /* as stored; cleaned by the visitor */
	enum ov_tree_kind kind;
	uint32_t mode;		  /* permission bits with setuid; 0: not told */
	int64_t mtime;		  /* OV_INV_NO_DATE: not told */
	const struct ov_src *src; /* FILE: its bytes; NULL: they can't be had, which was told */
};

struct ov_tree_visitor {
	ov_status (*entry)(void *ctx, const struct ov_tree_entry *t);
	void *ctx;
};

struct ov_tree_facts {
	int64_t made;  /* when the image was made, OV_INV_NO_DATE: not told */
	uint64_t size; /* bytes that it takes, from its start */
};

/*
 * A form. `probe`: could it begin at the start of `src`? Cheap, and fills the facts. `read` shows
 * all entries. @return OV_OK; what the visitor returned; OV_SHORT, OV_BAD, OV_UNSUPPORTED,
 * OV_LIMIT: the rest could not be read.
 */
struct ov_tree_form {
	const char *name;
	bool (*probe)(struct ov_ev *e, const struct ov_src *src, struct ov_tree_facts *facts);
	ov_status (*read)(struct ov_ev *e, const struct ov_src *src,
			  const struct ov_tree_visitor *v);
};

extern const struct ov_tree_form ov_tree_squashfs, ov_tree_ext, ov_tree_fat, ov_tree_cpio,
    ov_tree_ubi, ov_tree_ubifs, ov_tree_jffs2, ov_tree_exfat;

#define OV_TREE_DEPTH 128	       /* folders in folders */
#define OV_TREE_ENTRIES_MAX (4U << 20) /* of one tree: a circle ends here */

/** Folders that wait to be read: a work list with their paths. */
struct ov_tree_todo {
	struct ov_tree_dir {
		struct ov_str path;
		uint64_t ref;
		unsigned depth;
	} * list;
	size_t n, cap;
	uint64_t entries; /* met so far */
};
OV_MUST_USE ov_status ov_tree_push(struct ov_arena *a, struct ov_tree_todo *t, struct ov_str folder,
				   struct ov_str name, uint64_t ref, unsigned depth,
				   struct ov_str *path);

/** "folder/name" in the arena. */
OV_MUST_USE ov_status ov_tree_join(struct ov_arena *a, struct ov_str folder, struct ov_str name,
				   struct ov_str *out);

/** A source that reads by a callback, in the arena. */
struct ov_src ov_tree_src(ov_src_read_fn read, void *ctx, uint64_t size);

/** DOS date and time as seconds since 1970, as if UTC. @return OV_INV_NO_DATE: none. */
int64_t ov_tree_dos_time(uint16_t date, uint16_t clock);

/** Opens whatever tree or container begins `src`: pushes it on the work list of gather.c. */
bool ov_image_is(struct ov_ev *e, const struct ov_ev_file *f);

#endif
