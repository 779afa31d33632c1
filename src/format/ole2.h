/* OLE2: the reader of compound files (ole2_dir.c, ole2_stream.c) and of VBA projects in them
 * (ole2_vba.c), for the format (ole2.c) and for YARA's modules. */
#ifndef OV_OLE2_H
#define OV_OLE2_H

#include "buf.h"
#include "decoder.h"
#include "format.h"

#define OV_OLE2_NONE 0xffffffffu
#define OV_OLE2_PATH_MAX 64 /* storages in a path; deeper ones lose their outer names */
#define OV_OLE2_STREAM_MAX UINT64_C(0x7fffffff00) /* more than any file holds */

enum ov_ole2_kind { OV_OLE2_EMPTY = 0, OV_OLE2_STORAGE = 1, OV_OLE2_STREAM = 2, OV_OLE2_ROOT = 5 };

struct ov_ole2_entry {
	struct ov_str name; /* UTF-8                                           */
	uint32_t left, right, child, parent;
	uint32_t start;	   /* first sector, or mini sector                    */
	uint64_t size, at; /* at: of its 128 bytes in the file                 */
	uint8_t kind;
	bool is_seen;	/* the tree of names leads to it                   */
	bool is_module; /* a VBA project's directory names it              */
};

struct ov_ole2 {
	const struct ov_fmt_env *env;
	struct ov_src src;
	unsigned bits, mini_bits; /* of a sector's size                              */
	uint32_t cutoff;	  /* smaller streams are in the mini stream          */
	uint32_t nsectors;	  /* that the file has room for                      */
	uint32_t *fat, nfat;
	uint32_t *mini, nmini;
	uint32_t *mini_at, nmini_at; /* sectors of the mini stream, in order            */
	struct ov_ole2_entry *e;
	uint32_t n;
	/* Sectors that may still be handed out: sharing them can't multiply the file. */
	uint64_t steps;
};

/* Bytes of a stream, which lie in sectors anywhere. `src` reads through `hop`: don't move it. */
struct ov_ole2_stream {
	struct ov_ole2 *o;
	bool is_mini;
	uint32_t start;
	uint32_t hop_index, hop; /* the block that was looked at last, and its number */
	struct ov_src src;	 /* what of it can be read                          */
	bool is_run;		 /* in one piece, at `at` of the file               */
	uint64_t at;
	ov_status end;	   /* OV_OK, or why it is shorter than declared       */
	const char *wrong; /* the same in words                               */
};

/**
 * Reads header, FAT, mini FAT and directory. Tells what is wrong on the way and keeps what was
 * read. @return OV_OK; OV_BAD, OV_SHORT without a usable header or directory; OV_LIMIT; OV_NOMEM;
 * OV_IO.
 */
OV_MUST_USE ov_status ov_ole2_read(struct ov_ole2 *o, const struct ov_fmt_env *env);

/** Follows an entry's chain and makes its bytes readable. `out` must not move while they are used.
 * Never fails: what can't be read is in out->end. */
void ov_ole2_stream_open(struct ov_ole2 *o, uint32_t entry, struct ov_ole2_stream *out);

/** The entry's path, storages joined by '/', in `a`. */
OV_MUST_USE ov_status ov_ole2_path(const struct ov_ole2 *o, uint32_t entry, struct ov_arena *a,
				   struct ov_str *out);

/** The stream or storage of that name (any case) beside `entry`, or OV_OLE2_NONE. */
uint32_t ov_ole2_beside(const struct ov_ole2 *o, uint32_t entry, const char *name);

/* ole2_vba.c: a VBA project's directory, and its text as ClamAV writes it. */

struct ov_vba_module {
	struct ov_str name; /* as in the code page, or from UTF-16; UTF-8 */
	uint32_t entry;	    /* its stream, or OV_OLE2_NONE                */
	uint32_t offset;    /* of the compressed source in it             */
	bool is_class;	    /* a class, a form or a document              */
};

#define OV_VBA_REFERENCES_MAX 256

struct ov_vba_facts { /* what the directory says of the project. Texts: p NULL when not there */
	struct ov_str name, description, help_file;
	uint32_t system, lcid, major;
	uint16_t code_page, minor;
	struct ov_str references[OV_VBA_REFERENCES_MAX]; /* names of libraries */
	uint32_t nreferences;
	bool is_capped;
};

struct ov_vba {
	struct ov_vba_module *m;
	uint32_t n;
	bool is_broken;		    /* the directory breaks off: there may be more modules */
	struct ov_buf text;	    /* the caller frees it                                 */
	bool is_cut;		    /* the text is not whole: too large, or a module is    */
	struct ov_vba_facts *facts; /* filled if the caller gives room, else NULL  */
};

/**
 * Reads the project whose `dir` stream is `entry`. out->facts is set by the caller. @param scratch
 * Decoders' memory; emptied.
 * @return OV_OK; OV_BAD when it is no such stream; OV_LIMIT, OV_NOMEM, OV_IO.
 */
OV_MUST_USE ov_status ov_vba_read(struct ov_ole2 *o, uint32_t entry, struct ov_arena *scratch,
				  struct ov_vba *out);

#endif
