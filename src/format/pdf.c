/*
 * PDF as a container, ISO 32000-1. Parts: every stream, through its filters; scripts that stand in
 * strings; scripts inside object streams. Embedded files carry their names. Objects are found by
 * looking for them, so that broken, appended and hidden ones are read as well.
 *
 * Not read, and noted: encrypted documents (their streams are matched as they are), unknown
 * filters. Pictures (DCT, JPX, JBIG2, CCITT) are handed on as they are.
 */
#include "formats.h"
#include "pdf_int.h"

#include <stdio.h>

#include "buf.h"
#include "checked.h"
#include "decoder.h"
#include "overt/features.h"
#include "pdf_string.h"

#define SCRATCH ((size_t)4 << 20)
#define FILES_MAX 1024
#define OBJSTM_MAX ((size_t)32 << 20)
#define STAGES (OV_PDF_FILTERS + 1)
#define PIECE ((size_t)64 * 1024)
#define OVERLAP_MAX 4096
#define REST_ROOM 8   /* bytes behind the end of packed data that are none of it */
#define EOF_ROOM 1024 /* bytes at the end, in which its mark stands */

struct embedded {
	uint64_t object;
	struct ov_pdf_string name;
};

/* A decoder as the source of the next one. */
struct stage {
	struct ov_decoder *d;
	uint64_t at;
	ov_status end; /* why it ended, when that was no end */
};

struct pdf {
	const struct ov_fmt_env *env;
	struct ov_pdf_lex lex, inner; /* of the file; of an object stream's text */
	uint64_t covered;	      /* raw bytes up to here were given         */
	uint64_t at;		      /* where the next object may begin         */
	struct ov_pdf_object o;
	bool has_object, stream_given;
	unsigned string;	      /* next of o.strings                       */
	const struct ov_src *strings; /* what o.strings point into               */
	struct ov_src objstm_src;
	bool is_encrypted, is_told;
	struct embedded files[FILES_MAX];
	unsigned nfiles;
	uint64_t position;
	char label[32];
	struct ov_arena scratch; /* of the current part                     */
	struct stage stages[STAGES];
	unsigned nstages;
	struct ov_buf text; /* a string, decoded                       */
	struct ov_buf objstm;
	struct ov_src part; /* bytes in memory, when there is no stage */
	uint64_t given;
};

static void note(struct pdf *f, ov_status why, struct ov_str member, const char *detail)
{
	f->env->note(f->env->ctx, why, member, detail);
}

static struct ov_str label_of(struct pdf *f)
{
	(void)snprintf(f->label, sizeof f->label, "object %llu", (unsigned long long)f->o.number);
	return ov_str_of(f->label);
}

/*
 * Objects are found by their marks. An end without a beginning is one whose mark is damaged;
 * without
 * "%%EOF" near the end, readers take the file for cut (implementation note 18 of PDF 1.7).
 */
static ov_status check_whole(struct pdf *f)
{
	const uint64_t size = f->env->src->size;
	uint64_t at = size > EOF_ROOM ? size - EOF_ROOM : 0;
	bool found;

	if (f->lex.ends > f->lex.begins)
		note(f, OV_BAD, OV_STR(""), "the end of an object whose beginning is not there");
	OV_TRY(ov_pdf_find(&f->lex.w, &at, size, "%%EOF", &found));
	if (!found)
		note(f, OV_SHORT, OV_STR(""), "it has no end: objects may be missing");
	return OV_OK;
}

/* A first look at all objects: is the document encrypted, how are its files called. */
static ov_status survey(struct pdf *f)
{
	uint64_t at = 0, n = 0;
	ov_status s;

	while ((s = ov_pdf_object(&f->lex, &at, &f->o)) == OV_OK) {
		n++;
		f->is_encrypted |= f->o.has_encrypt;
		if (f->o.file != 0 && f->nfiles < FILES_MAX)
			f->files[f->nfiles++] =
			    (struct embedded){ .object = f->o.file, .name = f->o.file_name };
	}
	if (s != OV_END && s != OV_LIMIT)
		return s;
	if (n == 0)
		note(f, OV_BAD, OV_STR(""), "it has no objects");
	else
		OV_TRY(check_whole(f));
	if (f->is_encrypted) {
		note(f, OV_ENCRYPTED, OV_STR(""), "an encrypted PDF document");
		ov_fmt_heuristic(f->env, OVERT_ALERT_ENCRYPTED_DOC, "Heuristics.Encrypted.PDF");
	}
	return OV_OK;
}

static void drop_part(struct pdf *f)
{
	while (f->nstages > 0)
		ov_decoder_close(&f->stages[--f->nstages].d);
	ov_arena_reset(&f->scratch, SCRATCH);
	f->part = ov_src_mem(NULL, 0);
	f->given = 0;
}

static void close_pdf(void *state)
{
	struct pdf *f = state;

	drop_part(f);
	ov_arena_free(&f->scratch);
	ov_buf_free(&f->text);
	ov_buf_free(&f->objstm);
}

static ov_status open_pdf(const struct ov_fmt_env *env, void **state)
{
	struct pdf *f;
	ov_status s;

	if ((env->features_off >> OVERT_FEATURE_PDF & 1) != 0) {
		env->note(env->ctx, OV_UNSUPPORTED, OV_STR(""),
			  "PDF documents are not opened, as asked");
		return OV_UNSUPPORTED;
	}
	OV_TRY(ov_arena_new(env->arena, &f));
	f->env = env;
	OV_TRY(ov_pdf_lex_init(&f->lex, env->src, env->arena));
	ov_arena_init(&f->scratch, SCRATCH);
	f->scratch.fail_in = env->arena->fail_in;
	f->text = ov_buf_of(OV_PDF_STRING_MAX);
	f->objstm = ov_buf_of(OBJSTM_MAX);
	s = survey(f);
	if (s != OV_OK) {
		close_pdf(f);
		return s;
	}
	*state = f;
	return OV_OK;
}

/* ---- filters ---- */

static ov_status read_stage(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	struct stage *g = ctx;
	ov_status s;

	*got = 0;
	if (off != g->at || n == 0)
		return OV_BUG; /* decoders pull their input once, from first to last */
	s = ov_decoder_read(g->d, to, n, got);
	g->at += *got;
	if (s != OV_OK && s != OV_END) {
		g->end = s; /* what came before it is good: told when all is read */
		if (s == OV_NOMEM || s == OV_BUG || s == OV_IO)
			return s;
	}
	return OV_OK;
}

static ov_status add_stage(struct pdf *f, enum ov_codec c, const struct ov_decoder_params *p,
			   struct ov_src *in)
{
	struct stage *g = &f->stages[f->nstages];

	*g = (struct stage){ 0 };
	OV_TRY(ov_decoder_open(c, in, p, &f->scratch, &g->d));
	f->nstages++;
	*in = (struct ov_src){ .size = UINT64_MAX / 2, .read = read_stage, .ctx = g };
	return OV_OK;
}

/* Flate data lacks its header in some files: then it is deflated data alone. */
static enum ov_codec flate_of(const struct ov_src *in, bool is_first)
{
	uint8_t h[2];

	if (!is_first || ov_src_read(in, 0, h, 2) != OV_OK)
		return OV_CODEC_ZLIB;
	return (h[0] & 15) == 8 && ((unsigned)h[0] << 8 | h[1]) % 31 == 0 ? OV_CODEC_ZLIB
									  : OV_CODEC_DEFLATE;
}

/* A stream's first filter ends before its data does, but for a line's end or two. */
static bool has_rest(const struct pdf *f)
{
	return f->o.filters[0] == OV_PDF_FLATE &&
	       ov_decoder_consumed(f->stages[0].d) + REST_ROOM < f->o.n;
}

static ov_status add_predictor(struct pdf *f, struct ov_decoder_params *p, struct ov_src *in)
{
	const struct ov_pdf_object *o = &f->o;
	uint64_t bits;

	if (o->predictor < 10 || o->is_image || o->columns > UINT32_MAX || o->colors > 64 ||
	    o->bits > 32)
		return OV_OK;
	bits = o->columns * o->colors * o->bits;
	p->row_bytes = (uint32_t)ov_min_u64((bits + 7) / 8, UINT32_MAX);
	p->pixel_bytes = (uint32_t)((o->colors * o->bits + 7) / 8);
	if (p->row_bytes == 0 || p->row_bytes > SCRATCH / 8)
		return OV_OK; /* no such rows: the bytes as they are */
	return add_stage(f, OV_CODEC_PNG_ROWS, p, in);
}

/* Sets up the chain of filters over the raw bytes. */
static ov_status open_chain(struct pdf *f)
{
	const struct ov_pdf_object *o = &f->o;
	struct ov_decoder_params p = { .max_memory = f->env->max_memory,
				       .plain_size = UINT64_MAX,
				       .lzw_is_late = o->is_late };
	struct ov_src in;
	bool was_packed = false;

	OV_TRY(ov_src_slice(f->env->src, o->off, o->n, &in));
	for (unsigned i = 0; i < o->nfilters; i++) {
		static const enum ov_codec codecs[] = { [OV_PDF_ASCIIHEX] = OV_CODEC_ASCIIHEX,
							[OV_PDF_ASCII85] = OV_CODEC_ASCII85,
							[OV_PDF_LZW] = OV_CODEC_LZW,
							[OV_PDF_FLATE] = OV_CODEC_ZLIB,
							[OV_PDF_RUNS] = OV_CODEC_RUNS };
		const enum ov_pdf_filter k = o->filters[i];

		if (k == OV_PDF_PICTURE)
			return OV_OK;
		if (k == OV_PDF_CRYPT)
			continue; /* the identity, unless the document is encrypted */
		if (k == OV_PDF_UNKNOWN) {
			note(f, OV_UNSUPPORTED, label_of(f), "a filter that is not known");
			return OV_OK;
		}
		OV_TRY(
		    add_stage(f, k == OV_PDF_FLATE ? flate_of(&in, i == 0) : codecs[k], &p, &in));
		was_packed |= k == OV_PDF_FLATE || k == OV_PDF_LZW;
	}
	if (o->has_more_filters)
		note(f, OV_LIMIT, label_of(f), "too many filters one on another");
	return was_packed ? add_predictor(f, &p, &in) : OV_OK;
}

static ov_status read_chain(struct pdf *f, void *to, size_t n, size_t *got)
{
	const ov_status s = ov_decoder_read(f->stages[f->nstages - 1].d, to, n, got);

	for (unsigned i = 0; s == OV_END && i + 1 < f->nstages; i++)
		if (f->stages[i].end != OV_OK)
			return f->stages[i].end;
	return s == OV_END && has_rest(f) ? OV_BAD : s;
}

/* ---- parts ---- */

static void describe(struct pdf *f, struct ov_child *c, struct ov_str name, uint64_t size)
{
	*c = (struct ov_child){ .kind = OV_CHILD_STREAM,
				.name = name,
				.size = size,
				.packed = f->o.has_stream ? f->o.n : OV_SIZE_UNKNOWN,
				.position = ++f->position };
}

static ov_status give_memory(struct pdf *f, struct ov_child *c, struct ov_str name,
			     const struct ov_buf *b)
{
	f->part = ov_src_mem(b->p, b->n);
	f->given = 0;
	describe(f, c, name, b->n);
	return OV_OK;
}

/* The name of the file that this object holds, if another object gives it one. */
static ov_status name_of(struct pdf *f, struct ov_str *out)
{
	*out = label_of(f);
	for (unsigned i = 0; i < f->nfiles; i++) {
		if (f->files[i].object != f->o.number)
			continue;
		f->text.n = 0;
		if (ov_pdf_string_read(f->env->src, &f->files[i].name, &f->text) != OV_OK ||
		    f->text.n == 0)
			break;
		return ov_arena_str(
		    &f->scratch,
		    (struct ov_str){ .p = (char *)f->text.p, .n = ov_min_size(f->text.n, 1024) },
		    out);
	}
	return OV_OK;
}

/* The text of an object stream: it is a part, and its scripts are too. */
static ov_status read_objstm(struct pdf *f)
{
	ov_status s = OV_OK;

	f->objstm.n = 0;
	while (s == OV_OK) {
		size_t got = 0;

		s = ov_buf_reserve(&f->objstm, PIECE);
		if (s == OV_OK)
			s = read_chain(f, f->objstm.p + f->objstm.n, PIECE, &got);
		f->objstm.n += got;
	}
	if (s == OV_NOMEM || s == OV_BUG || s == OV_IO)
		return s;
	if (s != OV_END)
		note(f, s, label_of(f), "its object stream could not be read to the end");
	return OV_OK;
}

static ov_status give_objstm(struct pdf *f, struct ov_child *c, struct ov_str name)
{
	const uint64_t number = f->o.number;

	OV_TRY(read_objstm(f));
	OV_TRY(give_memory(f, c, name, &f->objstm));
	f->objstm_src = f->part;
	OV_TRY(ov_pdf_lex_init(&f->inner, &f->objstm_src, &f->scratch));
	OV_TRY(ov_pdf_scripts(&f->inner, &f->o));
	f->o.number = number;
	f->strings = &f->objstm_src;
	return OV_OK;
}

/* The stream of the object in hand. OV_END: it has none. */
static ov_status give_stream(struct pdf *f, struct ov_child *c)
{
	struct ov_str name;
	ov_status s;

	if (!f->o.has_stream || f->o.n == 0)
		return OV_END;
	OV_TRY(name_of(f, &name));
	if (!f->o.has_end)
		note(f, OV_SHORT, name, "its stream has no end");
	if (!f->o.names_length)
		note(f, OV_BAD, name, "its stream has no length");
	s = f->is_encrypted ? OV_OK : open_chain(f);
	if (s == OV_NOMEM || s == OV_BUG || s == OV_IO)
		return s;
	if (s != OV_OK) {
		note(f, s, name, "its filters can't be opened: matched as it is");
		while (f->nstages > 0)
			ov_decoder_close(&f->stages[--f->nstages].d);
	}
	if (f->o.is_objstm && f->nstages > 0)
		return give_objstm(f, c, name);
	describe(f, c, name, OV_SIZE_UNKNOWN);
	if (f->nstages == 0) {
		c->kind = OV_CHILD_SLICE;
		c->off = f->o.off;
		c->size = f->o.n;
		/* Streams without ends of their own lie within one another: their bytes were
		 * matched once, so their starts are enough. */
		if (f->o.off < f->covered)
			c->size = ov_min_u64(c->size, OVERLAP_MAX);
		else
			f->covered = f->o.off + f->o.n;
	}
	return OV_OK;
}

/* Scripts of the object in hand, one after another. */
static ov_status give_string(struct pdf *f, struct ov_child *c)
{
	while (f->string < f->o.nstrings) {
		ov_status s;

		f->text.n = 0;
		s = ov_pdf_string_read(f->strings, &f->o.strings[f->string++], &f->text);
		if (s == OV_LIMIT)
			note(f, s, label_of(f), "a script is too long: its first part was matched");
		else
			OV_TRY(s);
		if (f->text.n > 0)
			return give_memory(f, c, OV_STR("JavaScript"), &f->text);
	}
	if (f->o.has_more_strings)
		note(f, OV_LIMIT, label_of(f), "too many scripts in one object");
	return OV_END;
}

static ov_status next_object(struct pdf *f)
{
	const ov_status s = ov_pdf_object(&f->lex, &f->at, &f->o);

	if (s == OV_LIMIT)
		note(f, OV_LIMIT, OV_STR(""), "its objects overlap, again and again");
	OV_TRY(s == OV_LIMIT ? OV_END : s);
	if (f->o.is_obfuscated && !f->is_told) {
		f->is_told = true;
		ov_fmt_heuristic(f->env, OV_ALWAYS, "Heuristics.PDF.ObfuscatedNameObject");
	}
	/* Without its stream: but a dictionary of encryption has a /Length too. */
	if (f->o.is_broken || (f->o.names_length && !f->o.has_stream && !f->o.has_version))
		note(f, OV_BAD, label_of(f), "its end, or the beginning of its stream, is damaged");
	if (f->o.is_elsewhere && f->o.has_stream)
		note(f, OV_UNSUPPORTED, label_of(f),
		     "its filters are not named here: it was matched without them");
	f->has_object = true;
	f->stream_given = false;
	f->string = 0;
	f->strings = f->env->src;
	return OV_OK;
}

static ov_status next_pdf(void *state, struct ov_child *out)
{
	struct pdf *f = state;

	drop_part(f);
	for (;;) {
		ov_status s;

		if (!f->has_object)
			OV_TRY(next_object(f));
		if (!f->stream_given) {
			f->stream_given = true;
			s = give_stream(f, out);
			if (s != OV_END)
				return s;
		}
		s = give_string(f, out);
		if (s != OV_END)
			return s;
		f->has_object = false;
	}
}

static ov_status read_pdf(void *state, void *to, size_t n, size_t *got)
{
	struct pdf *f = state;

	*got = 0;
	if (f->part.size == 0 && f->nstages > 0)
		return read_chain(f, to, n, got);
	if (f->given >= f->part.size)
		return OV_END;
	OV_TRY(ov_src_read_upto(&f->part, f->given, to, n, got));
	f->given += *got;
	return OV_OK;
}

const struct ov_format ov_format_pdf = { "pdf", open_pdf, next_pdf, read_pdf, close_pdf };
