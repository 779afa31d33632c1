/* tar: what the header reader (tar.c) and the sparse maps (tar_sparse.c) share. */
#ifndef OV_TAR_INT_H
#define OV_TAR_INT_H

#include "format.h"
#include "window.h"

#define OV_TAR_BLOCK 512u

struct ov_tar_piece { /* bytes [off, off + n) of the member; the bytes between pieces are zero */
	uint64_t off, n;
};

struct ov_tar_sparse {
	struct ov_tar_piece *pieces; /* in the arena, ascending */
	uint64_t npieces, room;
	uint64_t size;		  /* of the member, holes included        */
	uint64_t data, ndata;	  /* its packed bytes in the archive      */
	uint64_t at, piece, used; /* reading: member offset, next piece, packed bytes used */
};

/* Adds a piece. @return OV_OK; OV_BAD when it is out of order; OV_LIMIT, OV_NOMEM. */
OV_MUST_USE ov_status ov_tar_piece_add(struct ov_tar_sparse *s, struct ov_arena *a, uint64_t off,
				       uint64_t n);

/* Old GNU: four pieces in the header, then blocks of 21 from *at on, which moves past them. */
OV_MUST_USE ov_status ov_tar_sparse_old(struct ov_tar_sparse *s, struct ov_window *w,
					struct ov_cur header, uint64_t *at, struct ov_arena *a);

/* GNU 0.1: "offset,size,offset,size". */
OV_MUST_USE ov_status ov_tar_sparse_list(struct ov_tar_sparse *s, struct ov_str list,
					 struct ov_arena *a);

/* GNU 1.0: decimal lines at the start of the member's data, padded to a block; s->data moves past
 * them. */
OV_MUST_USE ov_status ov_tar_sparse_data(struct ov_tar_sparse *s, struct ov_window *w,
					 struct ov_arena *a);

/* The next bytes of the member, holes as zeros. @return as ov_format's read. */
OV_MUST_USE ov_status ov_tar_sparse_read(struct ov_tar_sparse *s, const struct ov_src *src,
					 uint8_t *to, size_t n, size_t *got);

/* A number field: octal, or base-256 (GNU) when its first bit is set. */
OV_MUST_USE ov_status ov_tar_number(struct ov_cur field, uint64_t *out);

#endif
