/*
 * Documents that are one XML text and carry files as base64: Word and Excel 2003 (w:binData,
 * pkg:binaryData), XDP (chunk: a PDF), HWPML (BINDATA). And ActiveMime, the wrapping of macros in
 * the first two: a header, then a compound file by zlib.
 *
 * The text is searched for the elements; whether it is sound XML is not asked.
 */
#include "formats.h"

#include <string.h>

#include "checked.h"
#include "decoder.h"
#include "overt/features.h"
#include "window.h"

#define SCRATCH ((size_t)1 << 20)
#define TAG_MAX 512
#define LOOK 1024 /* bytes of ActiveMime in which its data begins */

struct xmldoc {
	const struct ov_fmt_env *env;
	struct ov_window w;
	uint64_t at, position;
	bool is_given; /* ActiveMime: its one part */
	struct ov_arena scratch;
	struct ov_decoder *d;
};

static ov_status open_xmldoc(const struct ov_fmt_env *env, void **state)
{
	struct xmldoc *f;

	/* XDP is PDF in another dress, and has PDF's switch. */
	const enum overt_feature feature =
	    env->type == OV_T_XDP ? OVERT_FEATURE_PDF : OVERT_FEATURE_XMLDOCS;

	if ((env->features_off >> feature & 1) != 0) {
		env->note(env->ctx, OV_UNSUPPORTED, OV_STR(""),
			  "XML documents are not opened, as asked");
		return OV_UNSUPPORTED;
	}
	OV_TRY(ov_arena_new(env->arena, &f));
	f->env = env;
	OV_TRY(ov_window_init(&f->w, env->src, env->arena));
	ov_arena_init(&f->scratch, SCRATCH);
	f->scratch.fail_in = env->arena->fail_in;
	*state = f;
	return OV_OK;
}

static ov_status decode(struct xmldoc *f, struct ov_child *out, enum ov_codec codec, uint64_t off,
			uint64_t n, struct ov_str name)
{
	const struct ov_decoder_params p = { .max_memory = f->env->max_memory,
					     .plain_size = UINT64_MAX };
	struct ov_src in;

	OV_TRY(ov_src_slice(f->env->src, off, n, &in));
	OV_TRY(ov_decoder_open(codec, &in, &p, &f->scratch, &f->d));
	*out = (struct ov_child){ .kind = OV_CHILD_STREAM,
				  .name = name,
				  .size = OV_SIZE_UNKNOWN,
				  .packed = n,
				  .position = ++f->position };
	return OV_OK;
}

/* The element's name without its prefix: is it one that holds base64? `c`: behind the '<'. */
static bool holds_base64(struct ov_cur c)
{
	static const char *const names[] = { "binData", "binaryData", "chunk", "BINDATA",
					     "BinData" };
	const uint8_t *p = ov_cur_rest(&c);
	size_t n = 0, local = 0;

	while (n < ov_cur_left(&c) && p[n] > ' ' && p[n] != '>' && p[n] != '/') {
		if (p[n] == ':')
			local = n + 1;
		n++;
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (n - local == strlen(names[i]) && memcmp(p + local, names[i], n - local) == 0)
			return true;
	return false;
}

/* A name given in the tag, between quotation marks after name=. */
static ov_status name_in(struct xmldoc *f, struct ov_cur tag, struct ov_str *out)
{
	const uint8_t *p = tag.base;
	const uint8_t *hit = memmem(p, tag.len, "name=\"", 6), *end;

	*out = OV_STR("data");
	if (hit == NULL)
		return OV_OK;
	hit += 6;
	end = memchr(hit, '"', tag.len - (size_t)(hit - p));
	if (end == NULL || end == hit)
		return OV_OK;
	return ov_arena_str(
	    &f->scratch, (struct ov_str){ .p = (const char *)hit, .n = (size_t)(end - hit) }, out);
}

static ov_status next_element(struct xmldoc *f, struct ov_child *out)
{
	const uint64_t size = f->env->src->size;
	bool found;

	for (;;) {
		struct ov_cur tag;
		struct ov_str name;
		uint64_t end;

		OV_TRY(ov_window_find(&f->w, &f->at, size, "<", 1, &found));
		if (!found)
			return OV_END;
		f->at++;
		OV_TRY(ov_window_upto(&f->w, f->at, 32, &tag));
		if (!holds_base64(tag))
			continue;
		end = f->at;
		OV_TRY(ov_window_find(&f->w, &end, size, ">", 1, &found));
		OV_TRY(
		    ov_window_upto(&f->w, f->at, (size_t)ov_min_u64(end - f->at, TAG_MAX), &tag));
		OV_TRY(name_in(f, tag, &name));
		f->at = end = ov_min_u64(end + 1, size);
		OV_TRY(ov_window_find(&f->w, &end, size, "<", 1, &found));
		if (end > f->at)
			return decode(f, out, OV_CODEC_BASE64, f->at, end - f->at, name);
	}
}

/* The compressed data begins at 50 or 554; else where zlib's header stands. */
static ov_status next_activemime(struct xmldoc *f, struct ov_child *out)
{
	struct ov_cur c;

	if (f->is_given)
		return OV_END;
	f->is_given = true;
	OV_TRY(ov_window_upto(&f->w, 0, LOOK, &c));
	for (size_t i = 12; i + 1 < c.len; i++)
		if (c.base[i] == 0x78 && ((unsigned)c.base[i] << 8 | c.base[i + 1]) % 31 == 0)
			return decode(f, out, OV_CODEC_ZLIB, i, f->env->src->size - i,
				      OV_STR("macros"));
	f->env->note(f->env->ctx, OV_BAD, OV_STR(""), "no compressed data was found in it");
	return OV_END;
}

static void drop_part(struct xmldoc *f)
{
	ov_decoder_close(&f->d);
	ov_arena_reset(&f->scratch, SCRATCH);
}

static ov_status next_xmldoc(void *state, struct ov_child *out)
{
	struct xmldoc *f = state;

	drop_part(f);
	return f->env->type == OV_T_ACTIVEMIME ? next_activemime(f, out) : next_element(f, out);
}

static ov_status read_xmldoc(void *state, void *to, size_t n, size_t *got)
{
	struct xmldoc *f = state;

	return ov_decoder_read(f->d, to, n, got);
}

static void close_xmldoc(void *state)
{
	struct xmldoc *f = state;

	drop_part(f);
	ov_arena_free(&f->scratch);
}

const struct ov_format ov_format_xmldoc = { "xmldoc", open_xmldoc, next_xmldoc, read_xmldoc,
					    close_xmldoc };
