/* TLSH: see tlsh.h. */
#include "tlsh.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "text.h"

#define WINDOW 5
#define BUCKETS 128
#define CODE (BUCKETS / 4) /* two bits a bucket */
#define LEAST 50	   /* bytes of a text that has a hash */

/* clang-format off */
static const uint8_t pearson[256] = {
	1, 87, 49, 12, 176, 178, 102, 166, 121, 193, 6, 84, 249, 230, 44, 163,
	14, 197, 213, 181, 161, 85, 218, 80, 64, 239, 24, 226, 236, 142, 38, 200,
	110, 177, 104, 103, 141, 253, 255, 50, 77, 101, 81, 18, 45, 96, 31, 222,
	25, 107, 190, 70, 86, 237, 240, 34, 72, 242, 20, 214, 244, 227, 149, 235,
	97, 234, 57, 22, 60, 250, 82, 175, 208, 5, 127, 199, 111, 62, 135, 248,
	174, 169, 211, 58, 66, 154, 106, 195, 245, 171, 17, 187, 182, 179, 0, 243,
	132, 56, 148, 75, 128, 133, 158, 100, 130, 126, 91, 13, 153, 246, 216, 219,
	119, 68, 223, 78, 83, 88, 201, 99, 122, 11, 92, 32, 136, 114, 52, 10,
	138, 30, 48, 183, 156, 35, 61, 26, 143, 74, 251, 94, 129, 162, 63, 152,
	170, 7, 115, 167, 241, 206, 3, 150, 55, 59, 151, 220, 90, 53, 23, 131,
	125, 173, 15, 238, 79, 95, 89, 16, 105, 137, 225, 224, 217, 160, 37, 123,
	118, 73, 2, 157, 46, 116, 9, 145, 134, 228, 207, 212, 202, 215, 69, 229,
	27, 188, 67, 124, 168, 252, 42, 4, 29, 108, 21, 247, 19, 205, 39, 203,
	233, 40, 186, 147, 198, 192, 155, 33, 164, 191, 98, 204, 165, 180, 117, 76,
	140, 36, 210, 172, 41, 54, 159, 8, 185, 232, 113, 196, 231, 47, 146, 120,
	51, 65, 28, 144, 254, 221, 93, 189, 194, 139, 112, 43, 71, 109, 184, 209,
};
/* clang-format on */

static uint8_t mix(uint8_t salt, uint8_t a, uint8_t b, uint8_t c)
{
	return pearson[pearson[pearson[pearson[salt] ^ a] ^ b] ^ c];
}

/* Each window of five bytes counts in six buckets, one for each of its triplets with the newest. */
static uint8_t count(struct ov_str s, uint32_t buckets[256])
{
	static const struct {
		uint8_t salt, a, b;
	} triplets[] = { { 2, 1, 2 }, { 3, 1, 3 },  { 5, 2, 3 },
			 { 7, 2, 4 }, { 11, 1, 4 }, { 13, 3, 4 } };
	const uint8_t *p = (const uint8_t *)s.p;
	uint8_t checksum = 0;

	for (size_t i = WINDOW - 1; i < s.n; i++) {
		checksum = mix(0, p[i], p[i - 1], checksum);
		for (size_t k = 0; k < sizeof triplets / sizeof *triplets; k++)
			buckets[mix(triplets[k].salt, p[i], p[i - triplets[k].a],
				    p[i - triplets[k].b])]++;
	}
	return checksum;
}

static int by_size(const void *pa, const void *pb)
{
	const uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	return (a > b) - (a < b);
}

/* The logarithm of the length, to a base that falls as the length grows. */
static uint8_t length_code(size_t n)
{
	const double l = log((double)n);
	double v;

	if (n <= 656)
		v = floor(l / log(1.5));
	else if (n <= 3199)
		v = floor(l / log(1.3) - 8.72777);
	else
		v = floor(l / log(1.1) - 62.5472);
	return (uint8_t)((unsigned)v & 0xff);
}

static uint8_t swapped(uint8_t v)
{
	return (uint8_t)(v << 4 | v >> 4);
}

ov_status ov_tlsh(struct ov_str s, char out[OV_TLSH_TEXT])
{
	uint32_t buckets[256] = { 0 }, sorted[BUCKETS], q1, q2, q3, used = 0;
	uint8_t digest[3 + CODE] = { 0 };

	if (s.n < LEAST || s.n > UINT32_MAX / 8)
		return OV_END;
	digest[0] = swapped(count(s, buckets));
	for (size_t i = 0; i < BUCKETS; i++) {
		sorted[i] = buckets[i];
		used += buckets[i] > 0;
	}
	qsort(sorted, BUCKETS, sizeof *sorted, by_size);
	q1 = sorted[BUCKETS / 4 - 1];
	q2 = sorted[BUCKETS / 2 - 1];
	q3 = sorted[BUCKETS / 4 * 3 - 1];
	if (q3 == 0 || used <= BUCKETS / 2)
		return OV_END;
	digest[1] = swapped(length_code(s.n));
	digest[2] =
	    swapped((uint8_t)((uint64_t)q1 * 100 / q3 % 16 | ((uint64_t)q2 * 100 / q3 % 16) << 4));
	for (size_t i = 0; i < BUCKETS; i++) {
		const unsigned v = buckets[i] > q3 ? 3 : buckets[i] > q2 ? 2 : buckets[i] > q1;

		digest[2 + CODE - i / 4] |= (uint8_t)(v << 2 * (i % 4));
	}
	out[0] = 't';
	out[1] = '1';
	ov_hex_encode(digest, sizeof digest, out + 2);
	return OV_OK;
}
