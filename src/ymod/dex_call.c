/* dex: checksum and signature of the bytes, and questions for names. */
#include <string.h>
#include <zlib.h>

#include "checked.h"
#include "dex_int.h"
#include "ymod_give.h"

#define PIECE ((size_t)64 << 10)
#define BYTES(p_, n_) ((struct ov_str){ .p = (const char *)(p_), .n = (n_) })

/* All of the file from `at` on, piece by piece. */
static ov_status each_piece(struct ov_yenv *env, uint64_t at,
			    ov_status (*fn)(void *, const void *, size_t), void *ctx)
{
	const struct ov_arena_mark mark = ov_arena_mark(env->arena);
	ov_status s = OV_OK;

	OV_TRY(ov_ymod_spend(env, (env->src->size - at) / 16));
	while (s == OV_OK && at < env->src->size) {
		const size_t n = (size_t)ov_min_u64(env->src->size - at, PIECE);
		struct ov_cur c;

		s = ov_src_view(env->src, at, n, env->arena, &c);
		if (s == OV_OK)
			s = fn(ctx, c.base, n);
		ov_arena_release(env->arena, mark);
		at += n;
	}
	return s;
}

static ov_status add_adler(void *ctx, const void *p, size_t n)
{
	uLong *sum = ctx;

	*sum = adler32_z(*sum, p, n);
	return OV_OK;
}

static ov_status add_sha(void *ctx, const void *p, size_t n)
{
	return ov_hasher_add(ctx, p, n);
}

OV_CALL(real_checksum)
{
	uLong sum = adler32(0, NULL, 0);
	struct dex *d = NULL;
	ov_status s;

	OV_UNUSED_CALL();
	OV_TRY(dex_load(env, module, &d));
	if (d == NULL)
		return OV_OK;
	s = each_piece(env, 12, add_adler, &sum);
	if (s != OV_OK)
		return s == OV_SHORT ? OV_OK : s;
	return ov_give_int(out, sum);
}

OV_CALL(real_signature)
{
	struct ov_hasher *h = env->hasher[OV_SHA1];
	uint8_t digest[OV_DIGEST_MAX];
	struct dex *d = NULL;
	struct ov_str text;
	ov_status s;

	OV_UNUSED_CALL();
	OV_TRY(dex_load(env, module, &d));
	if (d == NULL || h == NULL)
		return OV_OK;
	OV_TRY(ov_hasher_start(h));
	s = each_piece(env, 32, add_sha, h);
	if (s != OV_OK)
		return s == OV_SHORT ? OV_OK : s;
	OV_TRY(ov_hasher_end(h, digest));
	/* As header.signature is: bytes, which end at a NUL. */
	OV_TRY(ov_arena_str(env->arena, BYTES(digest, strnlen((const char *)digest, 20)), &text));
	return ov_give_text(out, text);
}

static ov_status is_like(struct ov_yenv *env, const struct ov_yval *want, struct ov_str s, bool *is)
{
	struct ov_ymatch m;
	ov_status st;

	*is = false;
	if (s.p == NULL)
		return OV_OK;
	if (want->kind == OV_Y_STRING) {
		*is = ov_str_eq(want->s, s);
		return OV_OK;
	}
	st = ov_re_find(env->search, want->regex, (const uint8_t *)s.p, s.n, env->steps, &m);
	*is = st == OV_OK;
	return st == OV_END ? OV_OK : st;
}

/* A method that a class of this file has: its name, or its class's and its own. */
OV_CALL(has_method)
{
	struct dex *d = NULL;

	OV_UNUSED_CALL();
	OV_TRY(dex_members(env, module, &d));
	if (d == NULL)
		return OV_OK;
	for (uint32_t i = 0; i < d->methods.n; i++) {
		struct ov_str s;
		uint32_t r[8];
		bool is;

		OV_TRY(ov_ymod_spend(env, 4));
		OV_TRY(dex_row(d, OV_DEX_METHODS, d->methods.m[i].index, r));
		OV_TRY(dex_string(env, d, r[2], &s));
		OV_TRY(is_like(env, &args[nargs - 1], s, &is));
		if (is && nargs == 2) {
			OV_TRY(dex_type_name(env, d, r[0], &s));
			OV_TRY(is_like(env, &args[0], s, &is));
		}
		if (is)
			return ov_give_int(out, 1);
	}
	return ov_give_int(out, 0);
}

/* A class that this file defines. */
OV_CALL(has_class)
{
	struct dex *d = NULL;

	OV_UNUSED_CALL();
	OV_TRY(dex_load(env, module, &d));
	if (d == NULL)
		return OV_OK;
	for (uint32_t i = 0; d->has[OV_DEX_CLASSES] && i < d->h.n[OV_DEX_CLASSES]; i++) {
		struct ov_str s;
		uint32_t r[8];
		bool is;

		OV_TRY(ov_ymod_spend(env, 4));
		OV_TRY(dex_row(d, OV_DEX_CLASSES, i, r));
		OV_TRY(dex_type_name(env, d, r[0], &s));
		OV_TRY(is_like(env, &args[0], s, &is));
		if (is)
			return ov_give_int(out, 1);
	}
	return ov_give_int(out, 0);
}

/* Names of a table, by the string that column `column` names (of classes: by a type). They need not
 * be in order in a broken file, so all are looked at. */
static ov_status contains(struct ov_yenv *env, unsigned module, enum ov_dex_table t, int column,
			  struct ov_str want, struct ov_yval *out)
{
	struct dex *d = NULL;

	OV_TRY(dex_load(env, module, &d));
	if (d == NULL)
		return OV_OK;
	for (uint32_t i = 0; d->has[t] && i < d->h.n[t]; i++) {
		struct ov_str s;
		uint32_t r[8];

		OV_TRY(ov_ymod_spend(env, 4));
		if (t == OV_DEX_STRINGS) {
			OV_TRY(dex_string(env, d, i, &s));
		} else {
			OV_TRY(dex_row(d, t, i, r));
			OV_TRY(t == OV_DEX_CLASSES ? dex_type_name(env, d, r[column], &s)
						   : dex_string(env, d, r[column], &s));
		}
		if (s.p != NULL && ov_str_eq(s, want))
			return ov_give_bool(out, true);
	}
	return ov_give_bool(out, false);
}

OV_CALL(contains_string)
{
	OV_UNUSED_CALL();
	return contains(env, module, OV_DEX_STRINGS, 0, args[0].s, out);
}

OV_CALL(contains_method)
{
	OV_UNUSED_CALL();
	return contains(env, module, OV_DEX_METHODS, 2, args[0].s, out);
}

OV_CALL(contains_class)
{
	OV_UNUSED_CALL();
	return contains(env, module, OV_DEX_CLASSES, 0, args[0].s, out);
}

#define WAYS(name, ...)                                                                            \
	const struct ov_ysig name[] = { __VA_ARGS__, { NULL, OV_Y_UNDEFINED, NULL } }

WAYS(dex_checksum, { "", OV_Y_INT, real_checksum });
WAYS(dex_signature, { "", OV_Y_STRING, real_signature });
WAYS(dex_has_method, { "s", OV_Y_INT, has_method }, { "ss", OV_Y_INT, has_method },
     { "r", OV_Y_INT, has_method }, { "rr", OV_Y_INT, has_method });
WAYS(dex_has_class, { "s", OV_Y_INT, has_class }, { "r", OV_Y_INT, has_class });
WAYS(dex_contains_string, { "s", OV_Y_BOOL, contains_string });
WAYS(dex_contains_method, { "s", OV_Y_BOOL, contains_method });
WAYS(dex_contains_class, { "s", OV_Y_BOOL, contains_class });
