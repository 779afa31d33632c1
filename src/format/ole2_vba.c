/*
 * VBA projects, [MS-OVBA] 2.3.4.2: the records of the `dir` stream name the modules, each a stream
 * of its own with the source, compressed, behind the compiled code.
 *
 * Beside the sources themselves one text of the whole project is made, in the very form in which
 * ClamAV matches it (seen by running clamscan): "REM" lines for the records, and the sources with
 * lower-case letters and single blanks wherever they don't stand between quotation marks. What is
 * written for that form matches here too.
 *
 * Not read: the compiled code (p-code), which is matched as the bytes it is. Code pages other than
 * 1252 and UTF-8 are taken for 1252: only letters beyond ASCII differ.
 */
#include "ole2.h"

#include "checked.h"
#include "text.h"
#include "utf16.h"

#define DIR_MAX ((size_t)4 << 20)
#define TEXT_MAX ((size_t)32 << 20)
#define MODULES_MAX 4096
#define PIECE 4096
#define LINE "##################################################"

enum {
	REC_SYSTEM = 0x01,
	REC_LCID = 0x02,
	REC_PROJECT = 0x04,
	REC_DESCRIPTION = 0x05,
	REC_HELP = 0x06,
	REC_REFERENCE = 0x16,
	REC_CLASS = 0x22,
	REC_MODULES = 0x0f,
	REC_NAME = 0x19,
	REC_STREAM = 0x1a,
	REC_STREAM16 = 0x32,
	REC_OFFSET = 0x31,
	REC_END = 0x2b,
	REC_VERSION = 0x09,
	REC_CODEPAGE = 0x03,
	REC_LAST = 0x10
};

enum shape { TEXT8, TEXT16, HEX16, HEX32, NUMBER, VERSION, SYSTEM, MARK };

struct reader {
	struct ov_ole2 *o;
	struct ov_vba *v;
	struct ov_arena *scratch;
	uint32_t entry;
	bool is_utf8;
	/* The module that is being told of. */
	struct ov_vba_module m;
	struct ov_str name, stream;
	bool has_module;
};

/* What ClamAV writes of each record. HEX16 and HEX32: so many digits at least. */
static const struct row {
	uint16_t id;
	enum shape shape;
	const char *text;
} rows[] = {
	{ 0x01, SYSTEM, "PROJECTSYSKIND: " },
	{ 0x02, HEX32, "PROJECTLCID: " },
	{ 0x03, HEX16, "PROJECTCODEPAGE: " },
	{ 0x04, TEXT8, "PROJECTNAME: " },
	{ 0x05, TEXT8, "PROJECTDOCSTRING: " },
	{ 0x06, TEXT8, "PROJECTHELPFILEPATH: " },
	{ 0x07, HEX16, "PROJECTHELPCONTEXT: " },
	{ 0x08, HEX16, "PROJECTLIBFLAGS: " },
	{ 0x09, VERSION, "PROJECTVERSION: " },
	{ 0x0f, NUMBER, "PROJECTMODULES: " },
	{ 0x13, HEX16, "PROJECTCOOKIE: " },
	{ 0x14, HEX32, "PROJECTLCIDINVOKE: " },
	{ 0x19, TEXT8, "MODULENAME: " },
	{ 0x1a, TEXT8, "MODULESTREAMNAME: " },
	{ 0x1c, TEXT8, "MODULEDOCSTRING: " },
	{ 0x1e, HEX32, "MODULEHELPCONTEXT: " },
	{ 0x21, MARK, "MODULETYPE: Procedural" },
	{ 0x22, MARK, "MODULETYPE: Class" },
	{ 0x25, MARK, "MODULEREADONLY" },
	{ 0x28, MARK, "MODULEPRIVATE" },
	{ 0x2b, MARK, LINE },
	{ 0x2c, HEX16, "MODULECOOKIE: " },
	{ 0x31, HEX32, "MODULEOFFSET: " },
	{ 0x32, TEXT16, "MODULESTREAMNAMEUNICODE: " },
	{ 0x3d, TEXT8, "PROJECTHELPFILEPATH2: " },
	{ 0x40, TEXT16, "PROJECTDOCSTRINGUNICODE: " },
	{ 0x47, TEXT16, "MODULENAMEUNICODE: " },
	{ 0x48, TEXT16, "MODULEDOCSTRINGUNICODE: " },
};

/* One byte of the project's code page, as UTF-8. */
static ov_status put_char(struct reader *r, uint8_t b)
{
	char p[4];
	size_t n;

	if (b < 0x80 || r->is_utf8)
		return ov_buf_u8(&r->v->text, b);
	n = ov_utf8_put(p, ov_cp1252(b));
	return ov_buf_put(&r->v->text, p, n);
}

static ov_status put_text(struct reader *r, struct ov_cur c)
{
	while (ov_cur_left(&c) > 0)
		OV_TRY(put_char(r, ov_cur_soft_u8(&c)));
	return OV_OK;
}

static ov_status put_text16(struct reader *r, struct ov_cur c)
{
	const struct ov_arena_mark mark = ov_arena_mark(r->scratch);
	struct ov_str s;

	OV_TRY(ov_utf16_str(r->scratch, c, &s));
	OV_TRY(ov_buf_str(&r->v->text, s));
	ov_arena_release(r->scratch, mark);
	return OV_OK;
}

static ov_status put_system(struct ov_buf *b, uint32_t kind)
{
	static const char *const names[] = { "Windows 16 bit", "Windows 32 bit", "Macintosh",
					     "Windows 64 bit" };

	if (kind < sizeof names / sizeof *names)
		return ov_buf_fmt(b, "%s", names[kind]);
	return ov_buf_fmt(b, "Unknown (0x%x)", kind);
}

static ov_status put_value(struct reader *r, const struct row *row, struct ov_cur c)
{
	struct ov_buf *b = &r->v->text;
	const uint32_t v = c.len >= 4	? ov_cur_soft_u32le(&c)
			   : c.len >= 2 ? ov_cur_soft_u16le(&c)
					: 0;

	switch (row->shape) {
	case HEX16:
		return ov_buf_fmt(b, "0x%04x", v);
	case HEX32:
		return ov_buf_fmt(b, "0x%08x", v);
	case NUMBER:
		return ov_buf_fmt(b, "%u", v);
	case SYSTEM:
		return put_system(b, v);
	case VERSION:
		return ov_buf_fmt(b, "%u.%u", v, ov_cur_soft_u16le(&c));
	default:
		return OV_OK;
	}
}

/* The line of a record. */
static ov_status put_record(struct reader *r, uint16_t id, struct ov_cur c)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *row = &rows[i];

		if (row->id != id)
			continue;
		if (id == REC_NAME)
			OV_TRY(ov_buf_str(&r->v->text, OV_STR("\n\n")));
		OV_TRY(ov_buf_fmt(&r->v->text, "REM %s", row->text));
		if (row->shape == TEXT8)
			OV_TRY(put_text(r, c));
		else if (row->shape == TEXT16)
			OV_TRY(put_text16(r, c));
		else
			OV_TRY(put_value(r, row, c));
		return ov_buf_u8(&r->v->text, '\n');
	}
	return OV_OK;
}

/* ClamAV's form of source text; the state goes on from piece to piece. */
struct shaper {
	bool in_quotes, was_blank;
};

static ov_status put_source(struct reader *r, struct shaper *sh, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t b = p[i];
		const bool is_blank = !sh->in_quotes && (b == ' ' || b == '\t');

		if (b == '"')
			sh->in_quotes = !sh->in_quotes;
		if (is_blank && sh->was_blank)
			continue;
		sh->was_blank = is_blank;
		if (is_blank)
			b = ' ';
		else if (!sh->in_quotes && b >= 'A' && b <= 'Z')
			b = (uint8_t)(b - 'A' + 'a');
		OV_TRY(put_char(r, b));
	}
	return OV_OK;
}

static ov_status open_source(struct ov_ole2 *o, const struct ov_src *s, uint64_t at,
			     struct ov_arena *scratch, struct ov_decoder **d)
{
	const struct ov_decoder_params params = { .max_memory = o->env->max_memory,
						  .plain_size = UINT64_MAX };
	struct ov_src packed;

	if (at > s->size)
		return OV_BAD;
	OV_TRY(ov_src_slice(s, at, s->size - at, &packed));
	return ov_decoder_open(OV_CODEC_OVBA, &packed, &params, scratch, d);
}

/* The source of the module in hand, into the text. @return why it ended; OV_END when well. */
static ov_status add_source(struct reader *r)
{
	const struct ov_arena_mark mark = ov_arena_mark(r->scratch);
	struct ov_ole2_stream *s;
	struct ov_decoder *d = NULL;
	struct shaper sh = { 0 };
	uint8_t piece[PIECE];
	ov_status end;

	OV_TRY(ov_arena_new(r->scratch, &s));
	ov_ole2_stream_open(r->o, r->m.entry, s);
	end = open_source(r->o, &s->src, r->m.offset, r->scratch, &d);
	while (end == OV_OK) {
		size_t got = 0;

		end = ov_decoder_read(d, piece, sizeof piece, &got);
		if (end == OV_OK)
			end = put_source(r, &sh, piece, got);
	}
	ov_decoder_close(&d);
	ov_arena_release(r->scratch, mark);
	return end;
}

/* All records of a module were read. */
static ov_status end_module(struct reader *r)
{
	struct ov_vba *v = r->v;
	ov_status s;

	if (!r->has_module)
		return OV_OK;
	r->has_module = false;
	r->m.entry = OV_OLE2_NONE;
	OV_TRY(ov_arena_str(r->o->env->arena, r->name, &r->m.name));
	if (r->stream.n > 0)
		r->m.entry = ov_ole2_beside(r->o, r->entry, r->stream.p);
	if (r->m.entry == OV_OLE2_NONE) {
		v->is_broken = true;
		return OV_OK;
	}
	s = add_source(r);
	if (s == OV_NOMEM || s == OV_BUG || s == OV_IO)
		return s;
	/* One that can't be read from where it should be is hunted for. */
	r->o->e[r->m.entry].is_module = s == OV_END || s == OV_LIMIT;
	v->is_cut |= s == OV_LIMIT;
	v->is_broken |= s != OV_END && s != OV_LIMIT;
	if (s == OV_END || s == OV_LIMIT)
		v->m[v->n++] = r->m;
	return OV_OK;
}

/* Text in the scratch arena, with a NUL behind it. */
static ov_status keep(struct reader *r, struct ov_cur c, bool is_utf16, struct ov_str *out)
{
	struct ov_str s = { .p = (const char *)ov_cur_rest(&c), .n = ov_cur_left(&c) };

	if (is_utf16)
		OV_TRY(ov_utf16_str(r->scratch, c, &s));
	return ov_arena_str(r->scratch, s, out);
}

/* A text of the project, kept as long as the document. */
static ov_status keep_fact(struct reader *r, struct ov_cur c, struct ov_str *out)
{
	if (r->is_utf8)
		return ov_arena_str(
		    r->o->env->arena,
		    (struct ov_str){ .p = (const char *)ov_cur_rest(&c), .n = ov_cur_left(&c) },
		    out);
	return ov_cp1252_str(r->o->env->arena, c, out);
}

/* What the project says of itself; 2.3.4.2.1 and 2.3.4.2.2. */
static ov_status take_fact(struct reader *r, uint16_t id, struct ov_cur c)
{
	struct ov_vba_facts *f = r->v->facts;

	switch (id) {
	case REC_SYSTEM:
		f->system = ov_cur_soft_u32le(&c);
		return OV_OK;
	case REC_LCID:
		f->lcid = ov_cur_soft_u32le(&c);
		return OV_OK;
	case REC_CODEPAGE:
		f->code_page = ov_cur_soft_u16le(&c);
		return OV_OK;
	case REC_VERSION:
		f->major = ov_cur_soft_u32le(&c);
		f->minor = ov_cur_soft_u16le(&c);
		return OV_OK;
	case REC_PROJECT:
		return keep_fact(r, c, &f->name);
	case REC_DESCRIPTION:
		return keep_fact(r, c, &f->description);
	case REC_HELP:
		return keep_fact(r, c, &f->help_file);
	case REC_REFERENCE:
		if (f->nreferences < OV_VBA_REFERENCES_MAX)
			return keep_fact(r, c, &f->references[f->nreferences++]);
		f->is_capped = true;
		return OV_OK;
	default:
		return OV_OK;
	}
}

static ov_status take_record(struct reader *r, uint16_t id, struct ov_cur c)
{
	struct ov_cur again = c;

	if (r->v->facts != NULL)
		OV_TRY(take_fact(r, id, c));

	switch (id) {
	case REC_CODEPAGE:
		r->is_utf8 = ov_cur_soft_u16le(&again) == 65001;
		break;
	case REC_NAME:
		OV_TRY(end_module(r));
		r->m = (struct ov_vba_module){ .entry = OV_OLE2_NONE };
		r->has_module = r->v->n < MODULES_MAX;
		r->v->is_broken |= !r->has_module;
		r->stream = OV_STR("");
		OV_TRY(keep(r, c, false, &r->name));
		break;
	case REC_STREAM:
	case REC_STREAM16:
		OV_TRY(keep(r, c, id == REC_STREAM16, &r->stream));
		break;
	case REC_OFFSET:
		r->m.offset = ov_cur_soft_u32le(&again);
		break;
	case REC_CLASS:
		r->m.is_class = true;
		break;
	default:
		break;
	}
	OV_TRY(put_record(r, id, c));
	return id == REC_END ? end_module(r) : OV_OK;
}

static ov_status take_records(struct reader *r, struct ov_cur c)
{
	struct ov_cur data;
	uint16_t id;
	uint32_t size;

	while (ov_cur_left(&c) >= 6) {
		id = ov_cur_soft_u16le(&c);
		size = ov_cur_soft_u32le(&c);
		if (id == REC_LAST)
			return OV_OK;
		if (id == REC_VERSION) /* 2.3.4.2.1.10: the size is that of half of it */
			size = 6;
		if (ov_cur_take(&c, size, &data) != OV_OK)
			break;
		OV_TRY(take_record(r, id, data));
	}
	r->v->is_broken = true;
	return end_module(r);
}

/* The whole plain `dir` stream, in the scratch arena. */
static ov_status unpack_dir(struct ov_ole2 *o, uint32_t entry, struct ov_arena *scratch,
			    struct ov_cur *out, bool *is_broken)
{
	struct ov_ole2_stream *s;
	struct ov_decoder *d = NULL;
	struct ov_buf b = ov_buf_of(DIR_MAX);
	struct ov_str copy;
	ov_status end;

	OV_TRY(ov_arena_new(scratch, &s));
	ov_ole2_stream_open(o, entry, s);
	end = open_source(o, &s->src, 0, scratch, &d);
	while (end == OV_OK) {
		size_t got = 0;

		end = ov_buf_reserve(&b, PIECE);
		if (end == OV_OK)
			end = ov_decoder_read(d, b.p + b.n, PIECE, &got);
		b.n += got;
	}
	ov_decoder_close(&d);
	*is_broken = end != OV_END;
	if (end == OV_NOMEM || end == OV_BUG || end == OV_IO || b.n < 6) {
		ov_buf_free(&b);
		return end == OV_NOMEM || end == OV_BUG || end == OV_IO ? end : OV_BAD;
	}
	end = ov_arena_str(scratch, (struct ov_str){ .p = (char *)b.p, .n = b.n }, &copy);
	ov_buf_free(&b);
	OV_TRY(end);
	*out = ov_cur_of(copy.p, copy.n);
	return OV_OK;
}

ov_status ov_vba_read(struct ov_ole2 *o, uint32_t entry, struct ov_arena *scratch,
		      struct ov_vba *out)
{
	struct reader r = { .o = o, .v = out, .scratch = scratch, .entry = entry };
	struct ov_cur c;
	ov_status s;

	*out = (struct ov_vba){ .text = ov_buf_of(TEXT_MAX), .facts = out->facts };
	OV_TRY(unpack_dir(o, entry, scratch, &c, &out->is_broken));
	if (!ov_cur_looking_at(&c, "\x01\0\x04\0\0\0", 6))
		return OV_BAD;
	OV_TRY(ov_arena_array(scratch, MODULES_MAX, &out->m));
	s = ov_buf_str(&out->text,
		       OV_STR("REM VBA project extracted from Microsoft Office document\n\n"));
	if (s == OV_OK)
		s = take_records(&r, c);
	if (s == OV_LIMIT) { /* too much text, or too many names: what there is counts */
		out->is_cut = true;
		s = OV_OK;
	}
	if (s != OV_OK)
		ov_buf_free(&out->text);
	return s;
}
