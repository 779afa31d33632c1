/* ZIP: the directory reader (zip_dir.c), for the format (zip.c) and for YARA's modules. */
#ifndef OV_ZIP_DIR_H
#define OV_ZIP_DIR_H

#include "format.h"
#include "window.h"

#define OV_ZIP_ENCRYPTED 0x0001u /* general purpose flags, APPNOTE 4.4.4 */
#define OV_ZIP_DESCRIPTOR 0x0008u
#define OV_ZIP_STRONG 0x0040u
#define OV_ZIP_MASKED 0x2000u
#define OV_ZIP_LZMA_END 0x0002u

struct ov_zip_entry {
	uint64_t local, data; /* offsets in the source: local header, first packed byte          */
	uint64_t packed, plain; /* declared sizes; OV_SIZE_UNKNOWN: to be found by decoding */
	uint64_t name_at;
	uint32_t crc;
	uint16_t name_len, flags, method, disk, time;
	uint16_t aes_method; /* of compression, below AES          */
	uint8_t aes;	     /* 1, 2, 3: AES with 128, 192, 256 bits; 0: none  */
	bool has_local;	     /* a local header stands where it should                           */
	bool has_crc;
	bool differs;  /* the local header says something else: it is a second reading    */
	bool is_extra; /* not from the directory: its own local header's words only       */
};

#define OV_ZIP_CHUNK 128
struct ov_zip_chunk {
	struct ov_zip_chunk *next;
	unsigned n;
	struct ov_zip_entry e[OV_ZIP_CHUNK];
};

struct ov_zip_dir {
	const struct ov_fmt_env *env;
	struct ov_window win, local; /* of the directory and all else; of local headers   */
	struct ov_zip_chunk *first, *last;
	uint64_t n;	   /* entries in the chunks                           */
	uint64_t cd, cd_n; /* the central directory: where, entries read      */
	uint64_t end;	   /* of the end record; valid if has_end             */
	uint16_t disk;	   /* number of this volume                           */
	bool has_end;	   /* an end record with a usable directory was found */
	bool is_full;	   /* the arena refused more entries: noted           */
};

/**
 * Finds all members: those of the central directory in its order, then those that only local
 * headers tell of, and a second reading of each member whose two headers disagree. Notes what is
 * wrong on the way.
 *
 * @return OV_OK; OV_BAD when there is neither a directory nor a member; OV_NOMEM; OV_IO.
 */
OV_MUST_USE ov_status ov_zip_dir_read(struct ov_zip_dir *d, const struct ov_fmt_env *env);

/* Copies an entry's name into `a`; empty when it can't be read. */
OV_MUST_USE ov_status ov_zip_name(struct ov_zip_dir *d, const struct ov_zip_entry *e,
				  struct ov_arena *a, struct ov_str *out);

#endif
