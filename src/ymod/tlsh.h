/* TLSH, Trend Micro's locality sensitive hash: similar bytes have similar hashes. */
#ifndef OV_YMOD_TLSH_H
#define OV_YMOD_TLSH_H

#include "status.h"
#include "str.h"

#define OV_TLSH_TEXT 73 /* "t1", 70 hexadecimal digits, NUL */

/**
 * The hash of a text: 128 buckets, a checksum of one byte, version 1, lower case.
 *
 * @param out  Written on OV_OK.
 * @return OV_OK; OV_END: the text has less than 50 bytes, or is too uniform to have a hash.
 * Source: J. Oliver, C. Cheng, Y. Chen: "TLSH - A Locality Sensitive Hash", 2013; the permutation
 * is that of P. Pearson, "Fast hashing of variable-length text strings", CACM 1990.
 */
OV_MUST_USE ov_status ov_tlsh(struct ov_str s, char out[OV_TLSH_TEXT]);

#endif
