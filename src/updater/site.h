/*
 * What a site without network has, for whoever makes a bundle for it: carried out by hand, no
 * secret in it. Strict lines, as in lines.h.
 *
 *   overt-site/v1
 *   size <n>                 of the largest tree accepted; 0: none
 *   root <version>           of the root file in force; 0: none
 *   have <sha256>            databases, one a line
 */
#ifndef OV_UPDATER_SITE_H
#define OV_UPDATER_SITE_H

#include "memory.h"

#define SITE_MAX ((size_t)16 << 10)

struct site {
	uint64_t size, root;
	uint8_t have[OV_MEMORY_HAVE][OV_SHA256_BYTES];
	uint32_t nhave;
};

/** Parses. @return OV_OK; OV_BAD; OV_UNSUPPORTED; OV_LIMIT. */
OV_MUST_USE ov_status site_parse(struct ov_str text, struct site *out);
OV_MUST_USE ov_status site_write(const struct site *s, struct ov_buf *out);

/** What a memory says. */
void site_of(const struct ov_memory *m, struct site *out);

bool site_has(const struct site *s, const uint8_t sha256[OV_SHA256_BYTES]);
/* By the first bytes of its digest. */
bool site_has_short(const struct site *s, const uint8_t part[OV_SHORT_BYTES]);

#endif
