/*
 * Documents that are one XML text and carry files as base64: Word and Excel 2003 (w:binData,
 * pkg:binaryData), XDP (chunk: a PDF), HWPML (BINDATA). And ActiveMime, the wrapping of macros in
 * the first two: a header, then a compound file by zlib.
 *
 * The text is searched for the elements. Of sound XML only what could hide one is asked: that they
 * are closed, and that the document is.
 */
#include "formats.h"

#include <stdio.h>
#include <string.h>

#include "checked.h"
#include "decoder.h"
#include "overt/features.h"
#include "text.h"
#include "window.h"

#define SCRATCH ((size_t)1 << 20)
#define TAG_MAX 512
#define LOOK 1024 /* bytes of ActiveMime in which its data begins */

struct xmldoc {
	const struct ov_fmt_env *env;
	struct ov_window w;
	uint64_t at, position;
	bool is_given; /* ActiveMime: its one part */
	bool is_open;  /* an element that holds base64 */
	char root[64]; /* the first element's name     */
	size_t nroot;
	struct ov_arena scratch;
	struct ov_decoder *d;
	uint64_t in_at; /* of what it decodes */
};

/* The first element's name. */
static ov_status read_root(struct xmldoc *f)
{
	struct ov_cur c;

	OV_TRY(ov_window_upto(&f->w, 0, LOOK, &c));
	for (size_t i = 0; i + 1 < c.len; i++) {
		const uint8_t *name = c.base + i + 1;

		if (c.base[i] != '<' || *name == '?' || *name == '!')
			continue;
		while (f->nroot < sizeof f->root && f->nroot < c.len - i - 1 &&
		       name[f->nroot] > ' ' && name[f->nroot] != '>' && name[f->nroot] != '/') {
			f->root[f->nroot] = (char)name[f->nroot];
			f->nroot++;
		}
		return OV_OK;
	}
	return OV_OK;
}

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
	return read_root(f);
}

static void note(struct xmldoc *f, ov_status why, const char *detail)
{
	f->env->note(f->env->ctx, why, OV_STR(""), detail);
}

static ov_status decode(struct xmldoc *f, struct ov_child *out, enum ov_codec codec, uint64_t off,
			uint64_t n, struct ov_str name)
{
	const struct ov_decoder_params p = { .max_memory = f->env->max_memory,
					     .plain_size = UINT64_MAX };
	struct ov_src in;

	f->in_at = off;
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

/* The element's end, or that of the whole: the last tag closes the first. */
static ov_status check_end(struct xmldoc *f)
{
	const uint64_t size = f->env->src->size, n = ov_min_u64(size, LOOK);
	bool is_closed;
	struct ov_cur c;
	struct ov_str s;

	if (f->is_open)
		note(f, OV_SHORT, "it ends within a file that it carries");
	OV_TRY(ov_window_upto(&f->w, size - n, (size_t)n, &c));
	s = ov_text_trim(
	    (struct ov_str){ .p = (const char *)ov_cur_rest(&c), .n = ov_cur_left(&c) });
	while (s.n > 0 && s.p[s.n - 1] == 0)
		s.n--;
	is_closed = s.n > 0 && s.p[s.n - 1] == '>';
	for (s.n -= s.n > 0; s.n > 0 && s.p[s.n - 1] <= ' ';)
		s.n--;
	is_closed &= s.n > f->nroot + 2 && memcmp(s.p + s.n - f->nroot, f->root, f->nroot) == 0 &&
		     s.p[s.n - f->nroot - 1] == '/';
	if (!is_closed)
		note(f, OV_SHORT, "it ends before its first element does");
	return OV_OK;
}

/* A tag of an element that holds base64: each beginning has its end. */
static void take_tag(struct xmldoc *f, bool is_end, bool is_empty)
{
	if (is_end != f->is_open)
		note(f, OV_BAD, "the beginning and the end of a file that it carries don't match");
	f->is_open = !is_end && !is_empty;
}

/* Behind the next '<' of such an element, which `is_end` tells. @return OV_OK; OV_END; OV_IO. */
static ov_status find_tag(struct xmldoc *f, bool *is_end)
{
	const uint64_t size = f->env->src->size;
	bool found;

	for (;;) {
		struct ov_cur tag;

		OV_TRY(ov_window_find(&f->w, &f->at, size, "<", 1, &found));
		if (!found)
			return OV_END;
		f->at++;
		OV_TRY(ov_window_upto(&f->w, f->at, 32, &tag));
		*is_end = ov_cur_looking_at(&tag, "/", 1);
		if (*is_end)
			ov_cur_soft_skip(&tag, 1);
		if (holds_base64(tag))
			return OV_OK;
	}
}

static ov_status next_element(struct xmldoc *f, struct ov_child *out)
{
	const uint64_t size = f->env->src->size;

	for (;;) {
		struct ov_cur tag;
		struct ov_str name;
		bool found, is_end = false;
		uint64_t end;
		ov_status s = find_tag(f, &is_end);

		if (s == OV_END)
			s = check_end(f);
		else if (s == OV_OK && is_end)
			take_tag(f, true, false);
		OV_TRY(s);
		if (f->at >= size)
			return OV_END;
		if (is_end)
			continue;
		end = f->at;
		OV_TRY(ov_window_find(&f->w, &end, size, ">", 1, &found));
		OV_TRY(
		    ov_window_upto(&f->w, f->at, (size_t)ov_min_u64(end - f->at, TAG_MAX), &tag));
		take_tag(f, false,
			 end - f->at == tag.len && tag.len > 0 && tag.base[tag.len - 1] == '/');
		OV_TRY(name_in(f, tag, &name));
		f->at = end = ov_min_u64(end + 1, size);
		OV_TRY(ov_window_find(&f->w, &end, size, "<", 1, &found));
		if (end > f->at && f->is_open)
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
	const ov_status s = ov_decoder_read(f->d, to, n, got);
	const char *what;
	char detail[128];
	uint64_t at;

	if (s != OV_BAD && s != OV_SHORT)
		return s;
	what = ov_decoder_fault(f->d, &at);
	if (what == NULL)
		return s;
	at += f->in_at;
	(void)snprintf(detail, sizeof detail, "%s, at byte %llu of the document", what,
		       (unsigned long long)at);
	note(f, s, detail);
	return OV_END;
}

static void close_xmldoc(void *state)
{
	struct xmldoc *f = state;

	drop_part(f);
	ov_arena_free(&f->scratch);
}

const struct ov_format ov_format_xmldoc = { "xmldoc", open_xmldoc, next_xmldoc, read_xmldoc,
					    close_xmldoc };
