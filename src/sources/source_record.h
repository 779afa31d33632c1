/*
 * What is known of one source between runs, and what of it is in force. A strict text file,
 * record/NAME, written whole:
 *
 *   overt-source/v1
 *   checked <unix seconds>       the last time that its servers were asked
 *   took <unix seconds>
 *   version <word>
 *   modified <words>             what the server said of the file that is in use
 *   etag <words>
 *   raw <sha256>                 of what was fetched
 *   how <sha256>                 of what the configuration says of converting it
 *   before <sha256>              the list of files that were in force before: lists/<sha256>
 *   bad <word> <version>         set aside on this machine: not taken again
 *   file <sha256> <bytes> <0|1 read> <version> <built> <0|1 detached> <name>
 */
#ifndef OV_RECORD_H
#define OV_RECORD_H

#include "arena.h"
#include "buf.h"
#include "lines.h"
#include "status.h"

#define OV_RECORD_FILES 400
#define OV_RECORD_NAME 96
#define OV_RECORD_BAD 16
#define OV_RECORD_MAX ((size_t)256 << 10)

struct ov_record_file {
	char name[OV_RECORD_NAME + 1]; /* without the source's name before it */
	uint8_t sha256[OV_SHA256_BYTES];
	uint64_t size, version, built; /* the last two of containers; else 0 */
	bool is_read, is_detached;     /* by the database build; signed by a .sign file */
};

struct ov_record_bad {
	char word[80]; /* a database's name, or the sha256 of what was fetched */
	uint64_t version;
};

struct ov_record {
	uint64_t checked, took;
	char version[65], modified[64], etag[128];
	bool has_raw, has_how, has_before;
	uint8_t raw[OV_SHA256_BYTES], how[OV_SHA256_BYTES], before[OV_SHA256_BYTES];
	struct ov_record_bad bad[OV_RECORD_BAD];
	size_t nbad;
	struct ov_record_file files[OV_RECORD_FILES];
	size_t nfiles;
};

/** @return OV_OK; OV_BAD with nothing of use in *out. */
OV_MUST_USE ov_status ov_record_parse(struct ov_str text, struct ov_record *out);
OV_MUST_USE ov_status ov_record_write(const struct ov_record *r, struct ov_buf *out);

/** Only the file lines: what stands under lists/<sha256>. */
OV_MUST_USE ov_status ov_record_list_parse(struct ov_str text, struct ov_record_file *files,
					   size_t *n);
OV_MUST_USE ov_status ov_record_list_write(const struct ov_record_file *files, size_t n,
					   struct ov_buf *out);

/** True for a name that a file may have: [A-Za-z0-9._-], not beginning with a dot or dash. */
bool ov_record_name_ok(struct ov_str s);

bool ov_record_is_bad(const struct ov_record *r, const char *word, uint64_t version);
/** The oldest is forgotten when there are too many. */
void ov_record_set_bad(struct ov_record *r, const char *word, uint64_t version);

#endif
