/*
 * A sample of the system's own files whose content the package manager vouches for: by dpkg's lists
 * of MD5 sums (/var/lib/dpkg/info/<package>.md5sums: digest, two spaces, path from the root).
 */
#ifndef OV_UPDATER_SAMPLE_H
#define OV_UPDATER_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"
#include "str.h"

#define SAMPLE_FOLDER "/var/lib/dpkg/info"
#define SAMPLE_MD5 16

struct sample_file {
	char *path; /* owned */
	uint8_t md5[SAMPLE_MD5];
	uint64_t size; /* bytes */
};

struct sample {
	struct sample_file *files; /* owned */
	size_t n, cap;
	uint64_t bytes;
};

/**
 * Draws files by chance, from packages drawn by chance, until `bytes` or `max` of them are there.
 * Each is a regular file that can be opened. Contents are not looked at.
 * @return OV_OK, also with none when this system has no such lists; OV_NOMEM.
 */
OV_MUST_USE ov_status sample_draw(const char *folder, uint64_t bytes, size_t max,
				  struct sample *out);
void sample_free(struct sample *s);

/** One line of a list. @return OV_OK; OV_BAD: no path that is one, or no digest. */
OV_MUST_USE ov_status sample_line(struct ov_str line, uint8_t md5[SAMPLE_MD5], struct ov_str *path);

/** Does the content have the digest that the list says? */
bool sample_is_right(const struct sample_file *f);

/** Looks a path up in all lists. @return OV_OK with *out (free with sample_free on a sample that
 * has it, or free(out->path)); OV_END no package has it; OV_NOMEM. */
OV_MUST_USE ov_status sample_find(const char *folder, const char *path, struct sample_file *out);

#endif
