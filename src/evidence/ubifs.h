/* The nodes of a UBIFS volume, and the list of where those with a key stand. */
#ifndef OV_EV_UBIFS_H
#define OV_EV_UBIFS_H

#include "tree.h"

#define OV_UBIFS_BLOCK 4096u /* plain bytes of a data node, at most */

/* Kinds of nodes; the first three are the types of keys too. */
enum ov_ubifs_type {
	OV_UBIFS_INODE = 0,
	OV_UBIFS_DATA = 1,
	OV_UBIFS_NAME = 2,
	OV_UBIFS_PAD = 5,
	OV_UBIFS_SUPER = 6,
	OV_UBIFS_MASTER = 7,
	OV_UBIFS_REFERENCE = 8,
	OV_UBIFS_INDEX = 9,
	OV_UBIFS_COMMIT = 10
};

struct ov_ubifs_leaf {
	uint32_t inode, key; /* key: type << 29 | hash or block */
	uint32_t leb, off;
	uint64_t seq; /* 0: of the index; else newer than that */
};

struct ov_ubifs {
	struct ov_ev *e;
	const struct ov_src *src;
	uint32_t leb_size, lebs, log_lebs;
	struct ov_ubifs_leaf *leaves; /* by inode and key, the newest first */
	uint32_t n, cap;
	const struct ov_ubifs_leaf *held; /* whose bytes `block` has */
	uint8_t block[OV_UBIFS_BLOCK];
};

struct ov_ubifs_node {
	struct ov_cur c; /* whole; behind the common header */
	uint64_t seq;
	uint32_t len;
	uint8_t type;
};

/** Reads the superblock into `u`. @return false when there is none. */
bool ov_ubifs_super(const struct ov_src *src, struct ov_ubifs *u);

/** Fills u->leaves from index and log. @return OV_OK; OV_BAD; OV_SHORT; OV_LIMIT, OV_NOMEM. A
 * broken part is told. */
OV_MUST_USE ov_status ov_ubifs_leaves(struct ov_ubifs *u);

/** The first leaf at or behind a key; u->n when there is none. */
uint32_t ov_ubifs_lower(const struct ov_ubifs *u, uint32_t inode, uint32_t key);
/** The newest leaf of a key, or NULL. */
const struct ov_ubifs_leaf *ov_ubifs_find(const struct ov_ubifs *u, uint32_t inode, uint32_t key);

/** The node of a leaf, in u->e->arena when the source is no memory. @return OV_OK; OV_BAD when it
 * is of another type; OV_SHORT; OV_IO; OV_LIMIT, OV_NOMEM. */
OV_MUST_USE ov_status ov_ubifs_node(struct ov_ubifs *u, uint32_t leb, uint32_t off,
				    enum ov_ubifs_type type, struct ov_ubifs_node *out);

#endif
