/* hash: digests and checksums of a range of the file, or of a text. Source: YARA's manual. */
#include "ymod.h"
#include "ymod_range.h"

#include <string.h>

#include "checked.h"
#include "digest.h"
#include "text.h"

#define KEPT 16u

/* Many rules ask for the digest of the same range: the last ones are kept, as hexadecimal digits.
 */
struct kept {
	struct {
		int64_t at, n;
		enum ov_digest_kind kind;
		struct ov_str hex;
	} row[KEPT];
	uint32_t n;
};

static ov_status add_digest(void *ctx, const uint8_t *p, size_t n)
{
	return ov_hasher_add(ctx, p, n);
}

static ov_status end_digest(struct ov_yenv *env, struct ov_hasher *h, enum ov_digest_kind k,
			    struct ov_str *out)
{
	uint8_t digest[OV_DIGEST_MAX];
	char hex[2 * OV_DIGEST_MAX + 1];

	OV_TRY(ov_hasher_end(h, digest));
	ov_hex_encode(digest, ov_digest_size(k), hex);
	return ov_arena_str(env->arena, ov_str_of(hex), out);
}

static ov_status digest_of_range(struct ov_yenv *env, unsigned module, const struct ov_yval *args,
				 enum ov_digest_kind k, struct ov_str *out)
{
	struct kept *kept = env->state[module];
	uint64_t total;

	if (kept == NULL) {
		OV_TRY(ov_arena_new(env->arena, &kept));
		env->state[module] = kept;
	}
	for (uint32_t i = 0; i < KEPT && i < kept->n; i++)
		if (kept->row[i].at == args[0].i && kept->row[i].n == args[1].i &&
		    kept->row[i].kind == k) {
			*out = kept->row[i].hex;
			return OV_OK;
		}
	OV_TRY(ov_ymod_range(env, args[0].i, args[1].i, add_digest, env->hasher[k], &total));
	OV_TRY(end_digest(env, env->hasher[k], k, out));
	kept->row[kept->n % KEPT].at = args[0].i;
	kept->row[kept->n % KEPT].n = args[1].i;
	kept->row[kept->n % KEPT].kind = k;
	kept->row[kept->n++ % KEPT].hex = *out;
	return OV_OK;
}

static ov_status digest(struct ov_yenv *env, unsigned module, const struct ov_yval *args,
			size_t nargs, enum ov_digest_kind k, struct ov_yval *out)
{
	struct ov_hasher *h = env->hasher[k];
	struct ov_str hex = { 0 };
	ov_status s = OV_OK;

	if (h == NULL)
		return OV_OK;
	OV_TRY(ov_hasher_start(h));
	if (nargs == 1) {
		OV_TRY(ov_hasher_add(h, args[0].s.p, args[0].s.n));
		OV_TRY(end_digest(env, h, k, &hex));
	} else {
		s = digest_of_range(env, module, args, k, &hex);
	}
	if (s != OV_OK)
		return s == OV_END ? OV_OK : s;
	out->kind = OV_Y_STRING;
	out->s = hex;
	return OV_OK;
}

#define DIGEST(name, kind)                                                                         \
	static ov_status name(struct ov_yenv *env, unsigned module, const struct ov_yobj *self,    \
			      const struct ov_yval *args, size_t nargs, struct ov_yval *out)       \
	{                                                                                          \
		(void)self;                                                                        \
		return digest(env, module, args, nargs, kind, out);                                \
	}

DIGEST(md5, OV_MD5)
DIGEST(sha1, OV_SHA1)
DIGEST(sha256, OV_SHA256)

static ov_status add_sum(void *ctx, const uint8_t *p, size_t n)
{
	uint32_t *sum = ctx;

	for (size_t i = 0; i < n; i++)
		*sum += p[i];
	return OV_OK;
}

/* CRC-32 of IEEE 802.3, bit by bit of a nibble's table. */
static ov_status add_crc(void *ctx, const uint8_t *p, size_t n)
{
	static const uint32_t nibble[16] = { 0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
					     0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
					     0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
					     0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c };
	uint32_t *crc = ctx;

	for (size_t i = 0; i < n; i++) {
		*crc ^= p[i];
		*crc = *crc >> 4 ^ nibble[*crc & 15];
		*crc = *crc >> 4 ^ nibble[*crc & 15];
	}
	return OV_OK;
}

static ov_status number(struct ov_yenv *env, const struct ov_yval *args, size_t nargs, bool is_crc,
			struct ov_yval *out)
{
	const ov_ymod_piece_fn fn = is_crc ? add_crc : add_sum;
	uint32_t v = is_crc ? UINT32_MAX : 0;
	uint64_t total;
	ov_status s;

	if (nargs == 1) {
		OV_TRY(fn(&v, (const uint8_t *)args[0].s.p, args[0].s.n));
	} else {
		s = ov_ymod_range(env, args[0].i, args[1].i, fn, &v, &total);
		if (s != OV_OK)
			return s == OV_END ? OV_OK : s;
	}
	out->kind = OV_Y_INT;
	out->i = is_crc ? ~v : v;
	return OV_OK;
}

static ov_status checksum32(struct ov_yenv *env, unsigned module, const struct ov_yobj *self,
			    const struct ov_yval *args, size_t nargs, struct ov_yval *out)
{
	(void)module;
	(void)self;
	return number(env, args, nargs, false, out);
}

static ov_status crc32(struct ov_yenv *env, unsigned module, const struct ov_yobj *self,
		       const struct ov_yval *args, size_t nargs, struct ov_yval *out)
{
	(void)module;
	(void)self;
	return number(env, args, nargs, true, out);
}

#define SIGS(name, result)                                                                         \
	static const struct ov_ysig name##_sigs[] = { { "ii", result, name },                      \
						      { "s", result, name },                       \
						      { NULL, OV_Y_UNDEFINED, NULL } }

SIGS(md5, OV_Y_STRING);
SIGS(sha1, OV_Y_STRING);
SIGS(sha256, OV_Y_STRING);
SIGS(checksum32, OV_Y_INT);
SIGS(crc32, OV_Y_INT);

static const struct ov_yfield fields[] = {
	{ .name = "md5", .kind = OV_Y_FUNC, .sigs = md5_sigs },
	{ .name = "sha1", .kind = OV_Y_FUNC, .sigs = sha1_sigs },
	{ .name = "sha256", .kind = OV_Y_FUNC, .sigs = sha256_sigs },
	{ .name = "checksum32", .kind = OV_Y_FUNC, .sigs = checksum32_sigs },
	{ .name = "crc32", .kind = OV_Y_FUNC, .sigs = crc32_sigs },
};

static const struct ov_ytype root = { "hash", fields, sizeof fields / sizeof *fields };

const struct ov_ymodule ov_ymod_hash = { "hash", &root };
