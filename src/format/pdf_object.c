/*
 * PDF objects, found by looking for "obj" and "trailer": the table of objects (xref) may lie, be
 * broken or leave objects out. Of an object we want its stream with its filters, scripts, the name
 * of an embedded file, and signs of hiding.
 */
#include "pdf_int.h"

#include <string.h>

#include "checked.h"
#include "text.h"

#define STRING_ROOM 16 /* bytes of a string that can hold an object */
#define MARK_ROOM 64   /* bytes before "obj" that hold its number */

static bool is(const struct ov_pdf_token *t, const char *text)
{
	return strcmp(t->text, text) == 0;
}

static bool is_in(const char *text, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(text, list[i]) == 0)
			return true;
	return false;
}

/* The names that ClamAV finds suspicious when letters of them are written as #xx (seen by running
 * clamscan on each). */
static bool is_obfuscated(const struct ov_pdf_token *t)
{
	static const char *const names[] = { "ASCIIHexDecode",
					     "ASCII85Decode",
					     "LZWDecode",
					     "FlateDecode",
					     "RunLengthDecode",
					     "CCITTFaxDecode",
					     "JBIG2Decode",
					     "DCTDecode",
					     "JPXDecode",
					     "Crypt",
					     "AHx",
					     "A85",
					     "Fl",
					     "RL",
					     "CCF",
					     "DCT",
					     "LZW",
					     "Linearized",
					     "Filter",
					     "JavaScript",
					     "Length",
					     "S",
					     "Type",
					     "OpenAction",
					     "Launch",
					     "Page",
					     "Contents",
					     "EmbeddedFile",
					     "Image",
					     "V",
					     "R",
					     "Standard",
					     "Sig" };

	return t->is_escaped && is_in(t->text, names, sizeof names / sizeof *names);
}

static enum ov_pdf_filter filter_of(const char *name)
{
	static const struct {
		const char *name, *abbreviation;
		enum ov_pdf_filter filter;
	} rows[] = {
		{ "FlateDecode", "Fl", OV_PDF_FLATE },
		{ "ASCIIHexDecode", "AHx", OV_PDF_ASCIIHEX },
		{ "ASCII85Decode", "A85", OV_PDF_ASCII85 },
		{ "LZWDecode", "LZW", OV_PDF_LZW },
		{ "RunLengthDecode", "RL", OV_PDF_RUNS },
		{ "DCTDecode", "DCT", OV_PDF_PICTURE },
		{ "CCITTFaxDecode", "CCF", OV_PDF_PICTURE },
		{ "JPXDecode", "JPX", OV_PDF_PICTURE },
		{ "JBIG2Decode", "JBIG2", OV_PDF_PICTURE },
		{ "Crypt", "Crypt", OV_PDF_CRYPT },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(name, rows[i].name) == 0 || strcmp(name, rows[i].abbreviation) == 0)
			return rows[i].filter;
	return OV_PDF_UNKNOWN;
}

static void add_filter(struct ov_pdf_object *o, const char *name)
{
	const enum ov_pdf_filter f = filter_of(name);

	if (o->nfilters == OV_PDF_FILTERS) {
		o->has_more_filters = true;
		return;
	}
	if (f == OV_PDF_UNKNOWN)
		memcpy(o->unknown, name, strlen(name) + 1);
	o->filters[o->nfilters++] = f;
}

static struct ov_pdf_string string_of(const struct ov_pdf_token *t)
{
	return (struct ov_pdf_string){ .off = t->off, .n = t->n, .is_hex = t->kind == OV_PDF_HEX };
}

static void add_string(struct ov_pdf_object *o, const struct ov_pdf_token *t)
{
	if (o->nstrings < OV_PDF_STRINGS)
		o->strings[o->nstrings++] = string_of(t);
	else
		o->has_more_strings = true;
}

static uint64_t number_of(const struct ov_pdf_token *t)
{
	uint64_t v;

	return ov_text_u64(ov_str_of(t->text), &v) == OV_OK ? v : 0;
}

/* What stands before the token in hand. */
struct place {
	char key[OV_PDF_WORD]; /* the last name, until its value was met              */
	bool in_filters;       /* within /Filter [ ... ]                              */
	bool in_files;	       /* within /EF << ... >>                                */
	unsigned tokens;
	uint32_t depth; /* of dictionaries                                    */
};

static void take_name(struct ov_pdf_object *o, struct place *p, const struct ov_pdf_token *t)
{
	o->is_obfuscated |= is_obfuscated(t);
	o->has_encrypt |= is(t, "Encrypt");
	o->has_version |= is(t, "V");
	if (p->in_filters || strcmp(p->key, "Filter") == 0) {
		add_filter(o, t->text);
		if (!p->in_filters)
			p->key[0] = '\0';
		return;
	}
	o->is_objstm |= strcmp(p->key, "Type") == 0 && is(t, "ObjStm");
	o->is_image |= strcmp(p->key, "Subtype") == 0 && is(t, "Image");
	if (filter_of(t->text) != OV_PDF_UNKNOWN && strlen(t->text) > 5 && !is(t, "Crypt"))
		o->is_elsewhere = true; /* a filter by its whole name, where none is asked for */
	memcpy(p->key, t->text, sizeof p->key);
}

static void take_number(struct ov_pdf_object *o, struct place *p, const struct ov_pdf_token *t)
{
	const uint64_t v = number_of(t);

	if (strcmp(p->key, "Length") == 0) {
		o->has_length = o->names_length = true;
		o->length = v;
	} else if (strcmp(p->key, "Predictor") == 0) {
		o->predictor = v;
	} else if (strcmp(p->key, "Columns") == 0) {
		o->columns = v;
	} else if (strcmp(p->key, "Colors") == 0) {
		o->colors = v;
	} else if (strcmp(p->key, "BitsPerComponent") == 0) {
		o->bits = v;
	} else if (strcmp(p->key, "EarlyChange") == 0) {
		o->is_late = v == 0;
	} else if (p->in_files && (strcmp(p->key, "F") == 0 || strcmp(p->key, "UF") == 0)) {
		o->file = v;
	}
	if (is(t, "R")) /* the number before was one of an object */
		o->has_length &= strcmp(p->key, "-") != 0;
	else if (strcmp(p->key, "Length") == 0)
		memcpy(p->key, "-", 2);
	else if (!is(t, "0"))
		p->key[0] = '\0';
}

/* A filter is a name, or another object that is one. */
static bool is_no_filter(const struct place *p, const struct ov_pdf_token *t)
{
	return (p->in_filters || strcmp(p->key, "Filter") == 0) && !is(t, "null");
}

static void take_token(struct ov_pdf_object *o, struct place *p, const struct ov_pdf_token *t)
{
	switch (t->kind) {
	case OV_PDF_NAME:
		take_name(o, p, t);
		break;
	case OV_PDF_STRING:
	case OV_PDF_HEX:
		o->has_string |= t->n >= STRING_ROOM;
		o->is_elsewhere |= is_no_filter(p, t);
		/* A string alone may be a script that another object names. */
		if (strcmp(p->key, "JS") == 0 || p->tokens == 0)
			add_string(o, t);
		else if (strcmp(p->key, "UF") == 0 ||
			 (strcmp(p->key, "F") == 0 && o->file_name.n == 0))
			o->file_name = string_of(t);
		p->key[0] = '\0';
		break;
	case OV_PDF_WORD_TOKEN:
		o->is_elsewhere |= is_no_filter(p, t);
		take_number(o, p, t);
		break;
	case OV_PDF_OPEN:
		p->depth += t->bracket == '<';
		p->in_filters = t->bracket == '[' && strcmp(p->key, "Filter") == 0;
		p->in_files |= t->bracket == '<' && strcmp(p->key, "EF") == 0;
		p->key[0] = '\0';
		break;
	default:
		p->depth -= t->bracket == '>' && p->depth > 0;
		p->in_filters = false;
		p->in_files = p->in_files && t->bracket != '>';
		p->key[0] = '\0';
		break;
	}
	p->tokens++;
}

/* "12 0 obj": the number before a mark at `at`. @return false when none stands there. */
static ov_status number_before(struct ov_window *w, uint64_t at, uint64_t *number, bool *is_one)
{
	const uint64_t from = at > MARK_ROOM ? at - MARK_ROOM : 0;
	struct ov_cur c;
	size_t i, field = 0;
	uint64_t v = 0, scale = 1;

	*is_one = false;
	OV_TRY(ov_window_upto(w, from, (size_t)(at - from), &c));
	i = c.len;
	for (unsigned k = 0; k < 2; k++) {
		while (i > 0 && (c.base[i - 1] <= ' '))
			i--;
		field = i;
		v = 0;
		scale = 1;
		while (i > 0 && c.base[i - 1] >= '0' && c.base[i - 1] <= '9') {
			if (scale < UINT64_C(1000000000000))
				v += (uint64_t)(c.base[i - 1] - '0') * scale;
			scale *= scale < UINT64_C(1000000000000) ? 10 : 1;
			i--;
		}
		if (i == field)
			return OV_OK;
	}
	*number = v;
	*is_one = true;
	return OV_OK;
}

/* Packed data knows its end; its last byte may look like half of a line's. */
static bool ends_itself(const struct ov_pdf_object *o)
{
	return o->nfilters > 0 && o->filters[0] < OV_PDF_PICTURE;
}

/* The line end before "endstream" is not of the data, 7.3.8.1. */
static ov_status drop_line_end(struct ov_pdf_lex *l, struct ov_pdf_object *o)
{
	const uint64_t from = o->n >= 2 ? o->off + o->n - 2 : o->off;
	struct ov_cur c;

	OV_TRY(ov_window_upto(&l->w, from, o->n >= 2 ? 2 : (size_t)o->n, &c));
	if (c.len > 0 && c.base[c.len - 1] == '\n')
		o->n -= c.len == 2 && c.base[0] == '\r' ? 2 : 1;
	else if (c.len > 0 && c.base[c.len - 1] == '\r')
		o->n--;
	return OV_OK;
}

/* The raw bytes of a stream, from behind the word "stream". */
static ov_status measure(struct ov_pdf_lex *l, uint64_t at, struct ov_pdf_object *o, uint64_t *next)
{
	const uint64_t size = l->w.src->size;
	struct ov_cur c;
	uint64_t end;
	bool found, is_told;

	OV_TRY(ov_window_upto(&l->w, at, 2, &c));
	if (ov_cur_looking_at(&c, "\r\n", 2))
		at += 2;
	else if (ov_cur_looking_at(&c, "\n", 1) || ov_cur_looking_at(&c, "\r", 1))
		at += 1;
	o->off = end = at;
	if (at >= l->stream_from && at <= l->stream_end) { /* streams without ends of their own */
		end = l->stream_end;
		found = l->has_stream_end;
	} else {
		OV_TRY(ov_pdf_find(&l->w, &end, size, "endstream", &found));
		l->stream_from = at;
		l->stream_end = end;
		l->has_stream_end = found;
	}
	o->n = end - at;
	o->has_end = found;
	/*
	 * Unless the length tells the same end, the search goes on behind the object's beginning:
	 * the mark may be that of another object, which this one would hide. So may a string.
	 */
	is_told = o->has_length && o->n >= o->length && o->n - o->length <= 2;
	if (is_told && !o->has_string)
		*next = end;
	if (is_told)
		o->n = o->length;
	else if (found && !ends_itself(o))
		OV_TRY(drop_line_end(l, o));
	if (!o->has_length || o->length <= o->n || o->length > size - at)
		return OV_OK;
	/* A stream may hold the word itself: then its length must lead to another one. */
	end = at + o->length;
	OV_TRY(
	    ov_pdf_find(&l->w, &end, ov_min_u64(size, at + o->length + 16), "endstream", &found));
	if (found)
		o->n = o->length;
	return OV_OK;
}

/*
 * Tokens up to the end of the object. Only a stream moves *next: what a string swallowed may be an
 * object, to which the table of objects leads.
 */
static ov_status read_body(struct ov_pdf_lex *l, struct ov_pdf_object *o, uint64_t *next)
{
	struct ov_pdf_token t;
	struct place p = { 0 };

	for (;;) {
		OV_TRY(ov_pdf_lex_next(l, &t));
		if (t.kind == OV_PDF_EOF) {
			o->is_broken |= !o->is_trailer;
			return OV_OK;
		}
		if (t.kind == OV_PDF_WORD_TOKEN) {
			if (is(&t, "stream")) {
				o->has_stream = true;
				o->is_broken |= p.depth > 0; /* within its dictionary */
				return measure(l, ov_pdf_lex_at(l), o, next);
			}
			o->is_broken |= is(&t, "endstream");
			if (is(&t, "endobj"))
				return OV_OK;
			if (is(&t, "obj") || is(&t, "xref") || is(&t, "trailer") ||
			    is(&t, "startxref")) {
				o->is_broken |= !o->is_trailer;
				return OV_OK;
			}
		}
		take_token(o, &p, &t);
	}
}

/* Counts what stands at an "obj": an object's beginning, or the rest of "endobj". */
static ov_status count_mark(struct ov_pdf_lex *l, uint64_t obj, bool is_one)
{
	struct ov_cur c;

	l->begins += is_one;
	if (is_one || obj < 3)
		return OV_OK;
	OV_TRY(ov_window_upto(&l->w, obj - 3, 3, &c));
	l->ends += ov_cur_looking_at(&c, "end", 3);
	return OV_OK;
}

ov_status ov_pdf_object(struct ov_pdf_lex *l, uint64_t *at, struct ov_pdf_object *o)
{
	const uint64_t size = l->w.src->size;

	memset(o, 0, sizeof *o);
	o->columns = o->colors = 1;
	o->bits = 8;
	for (;;) {
		uint64_t obj = *at, next;
		bool found, is_one = false;

		OV_TRY(ov_pdf_find(&l->w, &obj, size, "obj", &found));
		next = *at;
		OV_TRY(ov_pdf_find(&l->w, &next, obj, "trailer", &o->is_trailer));
		if (o->is_trailer) {
			*at = next + 7;
			is_one = true;
		} else if (!found) {
			return OV_END;
		} else {
			*at = obj + 3;
			OV_TRY(number_before(&l->w, obj, &o->number, &is_one));
			OV_TRY(count_mark(l, obj, is_one));
		}
		if (!is_one)
			continue;
		if (l->is_over)
			return OV_LIMIT;
		ov_pdf_lex_seek(l, *at);
		return read_body(l, o, at);
	}
}

ov_status ov_pdf_scripts(struct ov_pdf_lex *l, struct ov_pdf_object *o)
{
	struct ov_pdf_token t;
	struct place p = { .tokens = 1 };

	memset(o, 0, sizeof *o);
	for (;;) {
		OV_TRY(ov_pdf_lex_next(l, &t));
		if (t.kind == OV_PDF_EOF)
			return OV_OK;
		take_token(o, &p, &t);
	}
}
