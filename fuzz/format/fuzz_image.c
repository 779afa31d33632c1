/*
 * Image hashes; the first byte selects PNG, JPEG, GIF, BMP or WebP, from 128 on what is broken in a
 * PNG, JPEG, GIF or TIFF. Claims: no bug is reported, the same bytes give the same status and hash,
 * and an arena of half a megabyte is enough or says so.
 */
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "media.h"
#include "riff.h"

#define CLAIM(cond)                                                                                \
	do {                                                                                       \
		if (!(cond))                                                                       \
			abort();                                                                   \
	} while (0)

static ov_status hash(enum ov_type t, const uint8_t *p, size_t n, size_t budget, uint64_t *out)
{
	const struct ov_src src = ov_src_mem(p, n);
	struct ov_arena a;
	ov_status s;

	ov_arena_init(&a, budget);
	s = ov_image_hash(t, &src, &a, out);
	CLAIM(a.used <= budget);
	ov_arena_free(&a);
	return s;
}

struct bytes {
	const uint8_t *p;
	size_t n;
};

static ov_status piecewise(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	const struct bytes *b = ctx;

	CLAIM(off < b->n && n <= b->n - off);
	memcpy(to, b->p + off, n);
	*got = n;
	return OV_OK;
}

/* Broken pictures: the same finding from memory and from a read function. */
static void faults(const uint8_t *p, size_t n)
{
	static const enum ov_type types[] = { OV_T_PNG, OV_T_JPEG, OV_T_GIF, OV_T_TIFF };
	const enum ov_type t = types[p[0] % 4];
	struct bytes b = { .p = p + 1, .n = n - 1 };
	const struct ov_src mem = ov_src_mem(b.p, b.n),
			    file = { .size = b.n, .read = piecewise, .ctx = &b };
	const char *one = NULL, *two = NULL;
	struct ov_arena a;

	ov_arena_init(&a, (size_t)1 << 20);
	CLAIM(ov_media_find_fault(t, &mem, &a, &one) == OV_OK);
	CLAIM(ov_media_find_fault(t, &file, &a, &two) == OV_OK);
	CLAIM(one == two);
	CLAIM(ov_riff_find_fault(&mem, &a, &one) == OV_OK);
	CLAIM(ov_riff_find_fault(&file, &a, &two) == OV_OK);
	CLAIM(one == two);
	ov_arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const enum ov_type types[] = { OV_T_PNG, OV_T_JPEG, OV_T_GIF, OV_T_BMP, OV_T_WEBP };
	uint64_t a = 0, b = 0;
	enum ov_type t;
	ov_status s;

	if (n < 2)
		return 0;
	if (p[0] >= 128) {
		faults(p, n);
		return 0;
	}
	t = types[p[0] % 5];
	s = hash(t, p + 1, n - 1, (size_t)2 << 20, &a);
	CLAIM(s != OV_BUG && s != OV_IO && s != OV_END);
	if (s == OV_LIMIT)
		return 0; /* as large as it says: not twice */
	CLAIM(hash(t, p + 1, n - 1, (size_t)2 << 20, &b) == s && (s != OV_OK || a == b));
	s = hash(t, p + 1, n - 1, (size_t)1 << 19, &b);
	CLAIM(s != OV_OK || a == b);
	return 0;
}
