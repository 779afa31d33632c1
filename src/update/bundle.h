/*
 * Bundles: a repository, or the part of one that a site needs, as one file to be carried there.
 *
 * A tar file (POSIX ustar) of one spelling only: what could be written in two ways is refused.
 *
 *   overt-bundle          "overt-bundle/v1\n", first
 *   a/<sha256>            the rest by name, in the order of its bytes, none twice
 *   latest.tlog-proof
 *   root/<version>
 *   tile/...
 *                         two empty blocks, then nothing
 *
 *   0          100  108 116 124    136   148    156 157       257        265              512
 *   | name     |mode|uid|gid| size |mtime|chksum|'0'| zeros ..|"ustar"00 | zeros ...      |
 *
 * Names are paths of the repository, at most 100 bytes. Modes are 0644, owners and times 0. A
 * bundle proves nothing: all that is taken out of one is verified as if a mirror had sent it.
 */
#ifndef OV_BUNDLE_H
#define OV_BUNDLE_H

#include "buf.h"
#include "source.h"
#include "status.h"
#include "str.h"

#define OV_BUNDLE_BLOCK 512
#define OV_BUNDLE_NAME 100
#define OV_BUNDLE_FILES ((size_t)1 << 17)
#define OV_BUNDLE_FILE_MAX (((uint64_t)1 << 33) - 1) /* eleven octal digits */
#define OV_BUNDLE_FIRST "overt-bundle"
#define OV_BUNDLE_TEXT "overt-bundle/v1\n"

struct ov_bundle_file {
	char name[OV_BUNDLE_NAME + 1];
	uint64_t at, size; /* bytes, of its content */
};

struct ov_bundle { /* an index; the source is the caller's and must outlive it */
	struct ov_src src;
	struct ov_bundle_file *files; /* owned */
	size_t n, cap;
};

/** True for a path that may stand in a bundle. */
bool ov_bundle_name_ok(struct ov_str name);

/** Writes the header of a file. @return OV_OK; OV_BAD for such a name or size. */
OV_MUST_USE ov_status ov_bundle_header(struct ov_str name, uint64_t size,
				       uint8_t out[OV_BUNDLE_BLOCK]);

/** Reads a header: only what ov_bundle_header() writes is taken. @return OV_OK; OV_END an empty
 * block; OV_BAD. `at` is left alone. */
OV_MUST_USE ov_status ov_bundle_parse(const uint8_t block[OV_BUNDLE_BLOCK],
				      struct ov_bundle_file *out);

/**
 * Reads all headers. Contents are not looked at.
 * @param out  Free with ov_bundle_close() whatever is returned.
 * @return OV_OK; OV_BAD, OV_SHORT it is no bundle; OV_UNSUPPORTED of another version; OV_LIMIT too
 * many files; OV_IO; OV_NOMEM.
 */
OV_MUST_USE ov_status ov_bundle_open(struct ov_src src, struct ov_bundle *out);
void ov_bundle_close(struct ov_bundle *b);

/** Appends a file's content. @return OV_OK; OV_END it is not in there; OV_LIMIT above `max` bytes;
 * OV_SHORT the bundle shrank; OV_IO; OV_NOMEM. */
OV_MUST_USE ov_status ov_bundle_read(const struct ov_bundle *b, const char *name, size_t max,
				     struct ov_buf *out);

struct ov_bundle_writer {
	int fd; /* the caller's */
	char last[OV_BUNDLE_NAME + 1];
	size_t n;
	uint64_t bytes;
};

/** Begins a bundle on a descriptor. */
OV_MUST_USE ov_status ov_bundle_begin(int fd, struct ov_bundle_writer *out);

/** Adds a file. @return OV_OK; OV_BAD not in order, or no such name may be; OV_LIMIT; OV_IO. */
OV_MUST_USE ov_status ov_bundle_put(struct ov_bundle_writer *w, const char *name, const void *p,
				    size_t n);

OV_MUST_USE ov_status ov_bundle_end(struct ov_bundle_writer *w);

#endif
