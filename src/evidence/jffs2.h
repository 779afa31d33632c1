/* The nodes of a JFFS2 image: names, and pieces of files. */
#ifndef OV_EV_JFFS2_H
#define OV_EV_JFFS2_H

#include "tree.h"

#define OV_JFFS2_PLAIN_MAX 65536u /* of a piece that has bytes */

enum ov_jffs2_coding {
	OV_JFFS2_NONE = 0,
	OV_JFFS2_ZERO = 1,
	OV_JFFS2_RTIME = 2,
	OV_JFFS2_COPY = 4,
	OV_JFFS2_ZLIB = 6,
	OV_JFFS2_LZO = 7
};

struct ov_jffs2_name {
	uint32_t folder, version, inode; /* inode 0: removed */
	uint8_t kind, n;
	const char *text; /* n bytes */
};

struct ov_jffs2_piece {
	uint32_t inode, version, offset, packed, plain, size, mode, mtime; /* size: of the file */
	uint64_t at;							   /* of its bytes */
	uint8_t coding;
};

struct ov_jffs2_list { /* in e->kept */
	void *rows;
	uint32_t n, cap;
};

struct ov_jffs2 {
	struct ov_ev *e;
	const struct ov_src *src;
	bool is_big;
	struct ov_jffs2_list names;  /* by folder, name, and the newest first */
	struct ov_jffs2_list pieces; /* by inode, offset, and the newest first */
	uint32_t steps;
	const struct ov_jffs2_piece *held; /* whose bytes `plain` has */
	uint8_t *plain;
};

/** Does a node stand at the start? In which byte order? */
bool ov_jffs2_is(const struct ov_src *src, bool *is_big);

/** Where the last node ends; a megabyte without one ends the file system. 0: without memory. */
uint64_t ov_jffs2_extent(struct ov_ev *e, const struct ov_src *src, bool is_big);

/** Fills the lists; what is broken is told. @return OV_OK; OV_LIMIT, OV_NOMEM, OV_IO; the sink's.
 */
OV_MUST_USE ov_status ov_jffs2_nodes(struct ov_jffs2 *j);

#endif
