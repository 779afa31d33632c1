/* Bytes for a person: offset, hexadecimal with the matched ones marked, letters. */
#ifndef OV_CLI_HEXDUMP_H
#define OV_CLI_HEXDUMP_H

#include "out.h"

/**
 * Writes rows of 16 bytes, each behind `indent` spaces. Bytes in [mark, mark + marked) stand in
 * [brackets], and in colour where there is one.
 *
 * @param at  Offset of p[0] in its layer. @param mark  Offset in the same layer.
 */
void hexdump(struct cli_out *out, size_t indent, const uint8_t *p, size_t n, uint64_t at,
	     uint64_t mark, uint64_t marked);

#endif
