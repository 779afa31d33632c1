/*
 * ZIP as a container (PKWARE APPNOTE 6.3.10). zip_dir.c and zip_hunt.c find the members; here they
 * are handed out and decoded: stored, deflate, deflate64, implode, bzip2, LZMA, zstd, xz; with
 * traditional or AES encryption when one of the passwords given fits.
 *
 * Not read, and noted: other encrypted members, shrink, reduce, PPMd, and the rest of a
 * multi-volume set.
 */
#include "zip_dir.h"

#include <stdio.h>
#include <zlib.h>

#include "checked.h"
#include "decoder.h"
#include "overt/features.h"
#include "zip_aes.h"
#include "zip_crypt.h"

#define SCRATCH                                                                                    \
	((size_t)2 << 20) /* a decoder's own state; dictionaries are counted by max_memory */

#define TRIAL_MAX ((uint64_t)4 << 20) /* bytes that a password is proven by */
#define TRIAL_STEP ((size_t)16 << 10)

struct zip {
	const struct ov_fmt_env *env;
	struct ov_zip_dir dir;
	const struct ov_zip_chunk *chunk; /* walk: the next entry is chunk->e[at] */
	unsigned at;
	uint64_t position;
	struct ov_arena scratch; /* of the current member only */
	struct ov_decoder *decoder;
	const struct ov_zip_entry *e; /* the current member */
	struct ov_str name;
	size_t good;	 /* the password that fitted last */
	uint64_t packed; /* bytes that the decoder is given, as declared */
	uint64_t made;
	uint32_t crc;
	struct ov_zip_aes *aes; /* made when it is first needed */
	bool is_damaged;	/* a password fits the member, its data does not */
	bool has_macros;	/* a macro sheet was met and told */
};

static const struct method {
	uint16_t number;
	enum ov_codec codec;
	bool is_open_ended; /* it ends by its own mark: declared sizes need not be believed */
} methods[] = {
	{ 6, OV_CODEC_EXPLODE, true },	  { 8, OV_CODEC_DEFLATE, true },
	{ 9, OV_CODEC_DEFLATE64, true },  { 12, OV_CODEC_BZIP2, false },
	{ 14, OV_CODEC_LZMA_ZIP, false }, { 20, OV_CODEC_ZSTD, false },
	{ 93, OV_CODEC_ZSTD, false },	  { 95, OV_CODEC_XZ, false },
};

static const struct method *method_of(uint16_t number)
{
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (methods[i].number == number)
			return &methods[i];
	return NULL;
}

static const char *method_name(uint16_t number)
{
	static const char *const old[] = {
		[1] = "shrink",	  [2] = "reduce 1", [3] = "reduce 2",
		[4] = "reduce 3", [5] = "reduce 4", [10] = "DCL implode"
	};

	if (number < sizeof old / sizeof *old && old[number] != NULL)
		return old[number];
	switch (number) {
	case 94:
		return "MP3";
	case 96:
		return "JPEG";
	case 97:
		return "WavPack";
	case 98:
		return "PPMd";
	default:
		return "unknown";
	}
}

static void note(struct zip *z, ov_status why, const char *detail)
{
	z->env->note(z->env->ctx, why, z->name, detail);
}

static ov_status open_zip(const struct ov_fmt_env *env, void **state)
{
	struct zip *z;

	OV_TRY(ov_arena_new(env->arena, &z));
	z->env = env;
	OV_TRY(ov_zip_dir_read(&z->dir, env));
	z->chunk = z->dir.first;
	ov_arena_init(&z->scratch, SCRATCH);
	*state = z;
	return OV_OK;
}

/* Bytes from `data` to the end of the file. */
static uint64_t available(const struct zip *z, const struct ov_zip_entry *e)
{
	const uint64_t size = z->env->src->size;

	return e->data < size ? size - e->data : 0;
}

/* Nobody decodes a stored member, so its checksum is looked at here. */
static ov_status check_stored(struct zip *z, const struct ov_zip_entry *e, const struct ov_child *c)
{
	uint64_t done = 0;
	uLong crc = 0;

	while (done < c->size) {
		struct ov_cur view;
		size_t n;

		OV_TRY(ov_window_some(&z->dir.win, c->off + done, 1, &view));
		n = (size_t)ov_min_u64(ov_cur_left(&view), c->size - done);
		if (n == 0 || ov_fmt_is_late(z->env)) {
			note(z, n == 0 ? OV_SHORT : OV_LIMIT, "its CRC-32 could not be checked");
			return OV_OK;
		}
		n = ov_min_size(n, UINT32_MAX);
		crc = crc32(crc, ov_cur_rest(&view), (uInt)n);
		done += n;
	}
	if (crc != e->crc)
		note(z, OV_BAD, "its CRC-32 does not match");
	return OV_OK;
}

/* A stored member is a slice. Sizes that differ are both served: some readers trust the one, some
 * the other. */
static ov_status as_slice(struct zip *z, const struct ov_zip_entry *e, struct ov_child *c)
{
	uint64_t n = e->packed == OV_SIZE_UNKNOWN ? available(z, e) : e->packed;

	if (e->plain != e->packed && e->plain != OV_SIZE_UNKNOWN) {
		note(z, OV_BAD, "stored, but with two different sizes");
		n = ov_max_u64(n, e->plain);
	}
	if (n > available(z, e)) {
		note(z, OV_SHORT, "its data goes beyond the end of the file");
		n = available(z, e);
	}
	c->kind = OV_CHILD_SLICE;
	c->off = n > 0 ? e->data : 0;
	c->size = n;
	return e->has_crc ? check_stored(z, e, c) : OV_OK;
}

static const struct method stored = { 0, OV_CODEC_STORED, false };

/* The packed bytes of a member: as many as declared, unless its end marks itself. */
static ov_status packed_bytes(struct zip *z, const struct ov_zip_entry *e, const struct method *m,
			      struct ov_src *out)
{
	uint64_t n = available(z, e);

	if (!m->is_open_ended)
		n = ov_min_u64(n, e->packed);
	return ov_src_slice(z->env->src, n > 0 ? e->data : 0, n, out);
}

static ov_status open_decoder(struct zip *z, const struct ov_zip_entry *e, const struct method *m,
			      const struct ov_src *packed, struct ov_decoder **out)
{
	const struct ov_decoder_params params = {
		.max_memory = z->env->max_memory,
		.plain_size = e->plain,
		.lzma_has_end_mark = (e->flags & OV_ZIP_LZMA_END) != 0,
		.zip_flags = e->flags,
	};

	return ov_decoder_open(m->codec, packed, &params, &z->scratch, out);
}

static ov_status as_stream(struct zip *z, const struct ov_zip_entry *e, const struct method *m,
			   const struct ov_src *packed, struct ov_child *c)
{
	ov_status s;

	if (e->packed != OV_SIZE_UNKNOWN && e->packed > available(z, e))
		note(z, OV_SHORT, "its data goes beyond the end of the file");
	s = open_decoder(z, e, m, packed, &z->decoder);
	if (s == OV_NOMEM || s == OV_BUG || s == OV_IO)
		return s;
	if (s != OV_OK) {
		note(z, s, "its compressed data can't be opened");
		c->kind = OV_CHILD_NONE;
		return OV_OK;
	}
	c->kind = OV_CHILD_STREAM;
	c->size = e->plain;
	z->made = 0;
	z->crc = 0;
	return OV_OK;
}

/* ---- locked members ---- */

/* Decodes the beginning: data that makes no sense means that the password was not the right one. */
static ov_status makes_sense(struct zip *z, const struct ov_zip_entry *e, struct ov_decoder *d)
{
	uint64_t made = 0;
	uint32_t crc = 0;
	uint8_t *block;
	ov_status s = OV_OK;

	OV_TRY(ov_arena_array(&z->scratch, TRIAL_STEP, &block));
	while (s == OV_OK && made < TRIAL_MAX) {
		size_t got = 0;

		s = ov_decoder_read(d, block, TRIAL_STEP, &got);
		if (s == OV_OK) {
			made += got;
			crc = (uint32_t)crc32(crc, block, (uInt)got);
		}
	}
	if (s == OV_OK) /* so far so good; the rest is checked when it is read */
		return OV_OK;
	if (s != OV_END)
		return s == OV_NOMEM || s == OV_IO || s == OV_BUG ? s : OV_END;
	if ((e->plain != OV_SIZE_UNKNOWN && made != e->plain) || (e->has_crc && crc != e->crc))
		return OV_END;
	return OV_OK;
}

/* @return OV_OK when the password opens the member; OV_END when it does not. */
static ov_status try_password(struct zip *z, const struct ov_zip_entry *e, const struct method *m,
			      const struct ov_src *member, size_t i, struct ov_src *out)
{
	const struct ov_arena_mark mark = ov_arena_mark(&z->scratch);
	struct ov_decoder *d = NULL;
	struct ov_zip_keys keys;
	struct ov_src plain;
	ov_status s;

	s = ov_zip_try_password(member, e, z->env->passwords[i], &keys);
	if (s != OV_OK)
		return s;
	OV_TRY(ov_zip_decrypt(member, &keys, &z->scratch, &plain));
	s = open_decoder(z, e, m, &plain, &d);
	if (s == OV_OK)
		s = makes_sense(z, e, d);
	ov_decoder_close(&d);
	ov_arena_release(&z->scratch, mark);
	if (s == OV_NOMEM || s == OV_IO || s == OV_BUG)
		return s;
	if (s != OV_OK)
		return OV_END;
	z->good = i;
	return ov_zip_decrypt(member, &keys, &z->scratch, out);
}

static ov_status try_aes(struct zip *z, const struct ov_zip_entry *e, const struct ov_src *member,
			 size_t i, struct ov_src *out)
{
	ov_status s;

	if (z->aes == NULL)
		OV_TRY(ov_zip_aes_new(&z->aes));
	s = ov_zip_aes_open(z->aes, z->env, member, e->aes, z->env->passwords[i], out);
	z->is_damaged |= s == OV_BAD;
	if (s == OV_OK)
		z->good = i;
	return s == OV_BAD ? OV_END : s;
}

/* Tries the passwords, first the one that fitted the member before. @return OV_OK; OV_END: none
 * fits. */
static ov_status unlock(struct zip *z, const struct ov_zip_entry *e, const struct method *m,
			struct ov_src *out)
{
	struct ov_src member;
	ov_status s = OV_END;

	OV_TRY(packed_bytes(z, e, e->aes != 0 ? &stored : m, &member));
	for (size_t i = 0; s == OV_END && i < z->env->npasswords; i++) {
		const size_t which = (z->good + i) % z->env->npasswords;

		s = e->aes != 0 ? try_aes(z, e, &member, which, out)
				: try_password(z, e, m, &member, which, out);
	}
	return s == OV_SHORT ? OV_END : s;
}

static const char *why_encrypted(const struct ov_zip_entry *e)
{
	if (e->method == 99)
		return "AES encryption";
	return (e->flags & (OV_ZIP_STRONG | OV_ZIP_MASKED)) != 0 ? "strong encryption"
								 : "ZipCrypto encryption";
}

static bool is_locked(const struct ov_zip_entry *e)
{
	return (e->flags & (OV_ZIP_ENCRYPTED | OV_ZIP_STRONG)) != 0 || e->method == 99;
}

/* A locked member: opened with a password, or noted. */
static ov_status give_locked(struct zip *z, const struct ov_zip_entry *e, struct ov_child *c)
{
	const uint16_t number = e->aes != 0 ? e->aes_method : e->method;
	const struct method *m = number == 0 ? &stored : method_of(number);
	struct ov_src plain;
	ov_status s = OV_END;

	c->is_encrypted = true;
	z->is_damaged = false;
	if (m != NULL && (e->flags & (OV_ZIP_STRONG | OV_ZIP_MASKED)) == 0 &&
	    (e->aes == 0 || e->packed != OV_SIZE_UNKNOWN))
		s = unlock(z, e, m, &plain);
	if (s == OV_END || s == OV_LIMIT) {
		note(z,
		     z->is_damaged ? OV_BAD
		     : s == OV_END ? OV_ENCRYPTED
				   : s,
		     z->is_damaged ? "a password fits, but its AES data is damaged"
				   : why_encrypted(e));
		return OV_OK;
	}
	OV_TRY(s);
	/* Said of what is locked, though it could be opened: as ClamAV does. */
	ov_fmt_heuristic(z->env, OVERT_ALERT_ENCRYPTED_ARCHIVE, "Heuristics.Encrypted.Zip");
	if (e->aes != 0)
		z->packed = plain.size;
	else if (e->packed != OV_SIZE_UNKNOWN)
		z->packed = ov_max_u64(e->packed, OV_ZIP_CRYPT_HEAD) - OV_ZIP_CRYPT_HEAD;
	else
		z->packed = e->packed;
	return as_stream(z, e, m, &plain, c);
}

/* How the bytes of the current entry are handed out. */
static ov_status give(struct zip *z, const struct ov_zip_entry *e, struct ov_child *c)
{
	const struct method *m = method_of(e->method);
	struct ov_src packed;
	char text[64];

	c->kind = OV_CHILD_NONE;
	if (e->disk != z->dir.disk && e->disk != UINT16_MAX && !e->is_extra) {
		note(z, OV_SHORT, "lies on another volume");
		return OV_OK;
	}
	if (!e->has_local) {
		note(z, OV_BAD, "no local header stands where the directory says");
		return OV_OK;
	}
	if (is_locked(e))
		return give_locked(z, e, c);
	if (e->method == 0) {
		return as_slice(z, e, c);
	}
	if (e->packed == 0 && e->plain == 0) {
		c->kind = OV_CHILD_SLICE;
		c->size = 0;
		return OV_OK;
	}
	if (m == NULL) {
		(void)snprintf(text, sizeof text, "compression method %u (%s)", e->method,
			       method_name(e->method));
		note(z, OV_UNSUPPORTED, text);
		return OV_OK;
	}
	z->packed = e->packed;
	OV_TRY(packed_bytes(z, e, m, &packed));
	return as_stream(z, e, m, &packed, c);
}

static bool is_folder(const struct zip *z, const struct ov_zip_entry *e)
{
	return z->name.n > 0 && z->name.p[z->name.n - 1] == '/' && e->packed == 0 && e->plain == 0;
}

static void drop_member(struct zip *z)
{
	ov_decoder_close(&z->decoder);
	ov_arena_reset(&z->scratch, SCRATCH);
	z->e = NULL;
}

static ov_status next_zip(void *state, struct ov_child *out)
{
	struct zip *z = state;
	const struct ov_zip_entry *e;

	drop_member(z);
	while (z->chunk != NULL && z->at == z->chunk->n) {
		z->chunk = z->chunk->next;
		z->at = 0;
	}
	if (z->chunk == NULL)
		return OV_END;
	e = &z->chunk->e[z->at++];
	OV_TRY(ov_zip_name(&z->dir, e, &z->scratch, &z->name));
	*out = (struct ov_child){ .name = z->name,
				  .size = e->plain,
				  .packed = e->packed,
				  .position = ++z->position,
				  .crc32 = e->crc,
				  .has_crc32 = e->has_crc,
				  .method = e->method,
				  .has_method = true };
	z->e = e;
	if (!z->has_macros && ov_str_starts(z->name, OV_STR("xl/macrosheets/"))) {
		z->has_macros = true; /* Excel 4.0 macros, in .xlsm and .xlsb alike */
		ov_fmt_heuristic(z->env, OVERT_ALERT_MACROS, "Heuristics.OLE2.ContainsMacros.XLM");
	}
	if (is_folder(z, e)) { /* signatures may ask for its name */
		out->kind = OV_CHILD_NONE;
		return OV_OK;
	}
	return give(z, e, out);
}

/* The stream ended well: do the header's words hold? What was given is given in any case. */
static void check_end(struct zip *z)
{
	const struct ov_zip_entry *e = z->e;
	const uint64_t used = ov_decoder_consumed(z->decoder);

	if (z->packed != OV_SIZE_UNKNOWN && used < ov_min_u64(z->packed, available(z, e)))
		note(z, OV_BAD, "bytes follow its compressed data");
	else if (z->packed != OV_SIZE_UNKNOWN && used > z->packed)
		note(z, OV_BAD, "its compressed data is longer than declared");
	else if (e->plain != OV_SIZE_UNKNOWN && z->made != e->plain)
		note(z, OV_BAD, "its size is not the declared one");
	else if (e->has_crc && z->crc != e->crc)
		note(z, OV_BAD, "its CRC-32 does not match");
}

static ov_status read_zip(void *state, void *to, size_t n, size_t *got)
{
	struct zip *z = state;
	ov_status s;

	*got = 0;
	if (z->decoder == NULL)
		return OV_BUG;
	s = ov_decoder_read(z->decoder, to, ov_min_size(n, UINT32_MAX), got);
	if (s == OV_OK) {
		z->made += *got;
		z->crc = (uint32_t)crc32(z->crc, to, (uInt)*got);
	} else if (s == OV_END) {
		check_end(z);
	}
	return s;
}

static void close_zip(void *state)
{
	struct zip *z = state;

	drop_member(z);
	ov_zip_aes_free(&z->aes);
	ov_arena_free(&z->scratch);
}

const struct ov_format ov_format_zip = { "zip", open_zip, next_zip, read_zip, close_zip };
