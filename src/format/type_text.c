/*
 * Types of text: mail, HTML, XML documents, uuencode, scripts, and the plain encodings.
 *
 * What is text is decided on the head only. A text has no NUL and no control character that a
 * terminal would not take; bytes above 0x7f are UTF-8 or, when they are not, some 8-bit code page:
 * ClamAV calls that ASCII too.
 */
#include <string.h>
#include <strings.h>

#include "le.h"
#include "text.h"
#include "type_int.h"

struct look {
	bool is_text, is_ascii;
};

typedef uint8_t bytes16 __attribute__((vector_size(16)));

/* Bytes that no text has, and bytes above 0x7f, gathered over the head 16 at a time. */
struct sight {
	bytes16 bad, all;
};

static void see(struct sight *s, const uint8_t *p)
{
	bytes16 v;

	memcpy(&v, p, sizeof v);
	/* allowed below 0x20: BEL BS TAB LF VT FF CR (7..13), SUB (26, the end mark of DOS), ESC
	 * (27) */
	s->bad |= (bytes16)(v < 7) | (bytes16)(v - 14 < 12) | (bytes16)(v - 28 < 4);
	s->all |= v;
}

static struct look look_at(struct ov_cur c)
{
	struct sight s = { .bad = { 0 } };
	uint8_t last[16], bad = 0, all = 0;
	struct ov_cur block;

	while (ov_cur_left(&c) >= 256 && ov_cur_take(&c, 256, &block) == OV_OK)
		for (size_t i = 0; i < 256; i += 16)
			see(&s, block.base + i);
	while (ov_cur_take(&c, 16, &block) == OV_OK)
		see(&s, block.base);
	memset(last, ' ', sizeof last);
	if (ov_cur_copy(&c, last, ov_cur_left(&c)) == OV_OK)
		see(&s, last);
	for (int i = 0; i < 16; i++) {
		bad |= s.bad[i];
		all |= s.all[i];
	}
	return (struct look){ .is_text = bad == 0, .is_ascii = (all & 0x80) == 0 };
}

/* Most of most texts, eight bytes at a time. */
static void pass_ascii(struct ov_cur *c)
{
	while (ov_cur_left(c) > 8 && (ov_le64(ov_cur_rest(c)) & 0x8080808080808080u) == 0)
		ov_cur_soft_skip(c, 8);
}

/* Valid UTF-8 up to a sequence that the end of the head may have cut. */
static bool is_utf8(struct ov_cur c, bool may_be_cut)
{
	for (pass_ascii(&c); ov_cur_left(&c) > 0; pass_ascii(&c)) {
		const struct ov_str rest = { .p = (const char *)ov_cur_rest(&c),
					     .n = ov_cur_left(&c) };
		const size_t n = ov_utf8_len(rest);

		if (n == 0)
			return rest.n < 4 && may_be_cut;
		if (ov_cur_skip(&c, n) != OV_OK)
			return false;
	}
	return true;
}

/* Case-blind: does the text at the cursor begin with `word` (lower case)? */
static bool begins(const struct ov_cur *c, const char *word)
{
	size_t n;

	/* The first byte is asked before anything else: most words fail there. */
	if (ov_cur_left(c) == 0 || ((*ov_cur_rest(c) ^ (uint8_t)*word) & 0xdf) != 0)
		return false;
	n = strlen(word);
	return ov_cur_left(c) >= n && strncasecmp((const char *)ov_cur_rest(c), word, n) == 0;
}

static bool skip_to(struct ov_cur *c, char what)
{
	const uint8_t *hit =
	    ov_cur_left(c) > 0 ? memchr(ov_cur_rest(c), what, ov_cur_left(c)) : NULL;

	return hit != NULL && ov_cur_skip(c, (uint64_t)(hit - ov_cur_rest(c))) == OV_OK;
}

static void skip_space(struct ov_cur *c)
{
	while (ov_cur_left(c) > 0 && strchr(" \t\r\n\f\v", *ov_cur_rest(c)) != NULL &&
	       *ov_cur_rest(c) != 0)
		if (ov_cur_skip(c, 1) != OV_OK)
			return;
}

/* True when the name at the cursor ends after `n` bytes, as a tag's does. */
static bool ends_tag(const struct ov_cur *c, size_t n)
{
	return ov_cur_left(c) <= n || strchr(" \t\r\n/>", ov_cur_rest(c)[n]) != NULL;
}

static bool any_tag(const struct ov_cur *c, const char *const *tags, size_t count)
{
	const uint8_t second = ov_cur_left(c) >= 2 ? ov_cur_rest(c)[1] | 0x20 : 0;

	for (size_t i = 0; i < count; i++)
		if (second == (uint8_t)tags[i][1] && begins(c, tags[i]) &&
		    ends_tag(c, strlen(tags[i])))
			return true;
	return false;
}

#define ANY_TAG(c, tags) any_tag((c), (tags), sizeof(tags) / sizeof(tags)[0])

static bool is_link(const struct ov_cur *c)
{
	const uint8_t second = ov_cur_left(c) >= 2 ? ov_cur_rest(c)[1] | 0x20 : 0;

	return second == 'a' || second == 'i';
}

/* A tag that begins a page. */
static bool opens_page(const struct ov_cur *c)
{
	static const char *const opening[] = { "<!doctype html",
					       "<html",
					       "<head",
					       "<body",
					       "<title",
					       "<meta",
					       "<script",
					       "<iframe",
					       "<table",
					       "<frameset",
					       "<base",
					       "<div",
					       "<style",
					       "<center",
					       "<form",
					       "<applet",
					       "<object",
					       "<embed",
					       "<h1",
					       "<br",
					       "<p",
					       "<a",
					       "<font",
					       "<img",
					       "<b" };

	return ANY_TAG(c, opening);
}

/*
 * HTML: a tag of a page at the start, after space and comments; or, anywhere in the head, one of
 * the tags by which ClamAV knows it too. The second list is short, because other markup and
 * programs have tags as well.
 */
static bool is_html(struct ov_cur c)
{
	static const char *const anywhere[] = { "<html",    "<head",   "<script", "<iframe",
						"<img src", "<object", "<table",  "<a href" };

	skip_space(&c);
	while (begins(&c, "<!--")) {
		const uint8_t *end = memmem(ov_cur_rest(&c), ov_cur_left(&c), "-->", 3);

		if (end == NULL || ov_cur_skip(&c, (uint64_t)(end - ov_cur_rest(&c)) + 3) != OV_OK)
			return false;
		skip_space(&c);
	}
	if (opens_page(&c))
		return true;
	while (skip_to(&c, '<')) {
		if (ANY_TAG(&c, anywhere) ||
		    (is_link(&c) && (begins(&c, "<a href=") || begins(&c, "<img src="))))
			return true;
		if (ov_cur_skip(&c, 1) != OV_OK)
			break;
	}
	return false;
}

/* XML by its root or its processing instruction. */
static enum ov_type xml_kind(const struct ov_probe *p)
{
	static const struct {
		const char *mark;
		enum ov_type type;
	} rows[] = {
		{ "progid=\"Word.Document\"", OV_T_XML_WORD },
		{ "<w:wordDocument", OV_T_XML_WORD },
		{ "<pkg:package", OV_T_XML_WORD }, /* flat OPC */
		{ "progid=\"Excel.Sheet\"", OV_T_XML_XL },
		{ "urn:schemas-microsoft-com:office:spreadsheet", OV_T_XML_XL },
		{ "<HWPML", OV_T_XML_HWP },
		{ "<xdp:xdp", OV_T_XDP },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (ov_probe_find(p, rows[i].mark, strlen(rows[i].mark), OV_TYPE_HEAD) != SIZE_MAX)
			return rows[i].type;
	return OV_T_BINARY_DATA;
}

/* RFC 822 header names that mail has and other "Name: value" files seldom do. */
static bool is_mail_header(const struct ov_cur *c, bool *is_strong)
{
	static const struct {
		const char *name;
		bool is_strong; /* enough for a header that stands first and alone */
	} names[] = { { "received: ", true },	     { "return-path: ", true },
		      { "from: ", false },	     { "to: ", false },
		      { "subject: ", false },	     { "message-id: ", true },
		      { "mime-version: ", true },    { "delivered-to: ", true },
		      { "reply-to: ", false },	     { "cc: ", false },
		      { "x-mailer: ", true },	     { "x-uidl: ", true },
		      { "envelope-to: ", true },     { "dkim-signature: ", true },
		      { "in-reply-to: ", true },     { "content-transfer-encoding: ", false },
		      { "content-type: ", false },   { "x-originating-ip: ", true },
		      { "x-envelope-from: ", true }, { "date: ", false },
		      { "sender: ", false } };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (begins(c, names[i].name)) {
			*is_strong = names[i].is_strong;
			return true;
		}
	}
	return false;
}

/* "Name:" of printable characters without space; RFC 5322 2.2. */
static bool is_header_line(struct ov_str line)
{
	size_t i = 0;

	while (i < line.n && line.p[i] > ' ' && line.p[i] < 0x7f && line.p[i] != ':')
		i++;
	return i > 0 && i < line.n && line.p[i] == ':';
}

/* A header line with a byte or two that no header has. */
static bool is_nearly_header(struct ov_str line)
{
	unsigned odd = 0;

	for (size_t i = 0; i < line.n; i++)
		odd += (uint8_t)line.p[i] < ' ' || (uint8_t)line.p[i] >= 0x7f;
	return odd <= 3 && line.n <= 998; /* a CR among them */
}

/* "From addr Mon Jan  1 00:00:00 2001": the line that parts the messages of a mailbox. */
static bool is_mbox_line(struct ov_str line)
{
	return line.n >= 24 && memcmp(line.p, "From ", 5) == 0 &&
	       memchr(line.p, ':', line.n) != NULL && memmem(line.p, line.n, " 20", 3) != NULL;
}

struct headers {
	unsigned known, strong;
	unsigned mime; /* of the known ones: texts of programs' translations have them too */
	bool at_mbox;
};

/* Are these the headers of a mail? `ended`: a blank line, or the end of the file, came behind them.
 */
static bool are_mail(const struct headers *h, unsigned lines, bool ended)
{
	if (h->at_mbox)
		return h->known >= 1;
	return (h->strong >= 1 && h->known >= 2) || h->known >= 3 ||
	       (ended && ((h->strong >= 1 && lines <= 2) || h->known >= 2));
}

/*
 * A mail begins with header lines. Two names that mail has are asked for, or one that nothing but
 * mail has as the first, so that control files of packages and notes with "Date:" in them stay
 * text.
 */
static bool is_mail(struct ov_cur c)
{
	struct headers h = { .known = 0 };
	unsigned lines = 0, bad = 0;
	bool ended = false;

	while (ov_cur_left(&c) > 0 && (*ov_cur_rest(&c) == '\n' || *ov_cur_rest(&c) == '\r'))
		if (ov_cur_skip(&c, 1) != OV_OK)
			return false;
	for (; lines < 100; lines++) {
		const struct ov_cur here = c;
		struct ov_str line;
		bool is_strong = false;

		if (ov_cur_line(&c, &line) != OV_OK || line.n == 0) {
			ended = true;
			break;
		}
		if (lines == 0 && is_mbox_line(line)) {
			h.at_mbox = true;
			continue;
		}
		if (lines > 0 && (line.p[0] == ' ' || line.p[0] == '\t'))
			continue; /* folded */
		if (!is_header_line(line)) {
			if (are_mail(&h, lines, false))
				return true;
			if (bad++ > 0 || !is_nearly_header(line))
				return false;
			continue;
		}
		if (is_mail_header(&here, &is_strong)) {
			h.known++;
			h.strong += is_strong;
			h.mime += begins(&here, "mime-version: ") || begins(&here, "content-");
		}
	}
	/* Behind one line that is damaged more is asked for. */
	return bad > 0 ? h.strong >= 1 && h.known >= h.mime + 2 && h.known >= 4
		       : are_mail(&h, lines, ended);
}

/* POSIX uuencode: "begin 644 name", then a line whose first byte tells the length of what follows.
 */
static bool is_uuencoded(struct ov_cur c)
{
	const bool is_base64 = begins(&c, "begin-base64 ");
	struct ov_str line;
	size_t want;

	if ((!begins(&c, "begin ") && !is_base64) || ov_cur_line(&c, &line) != OV_OK || line.n < 11)
		return false;
	for (size_t i = is_base64 ? 13 : 6, digits = 0; digits < 3; i++, digits++)
		if (i >= line.n || line.p[i] < '0' || line.p[i] > '7')
			return false;
	if (is_base64)
		return true;
	for (unsigned i = 0; i < 2; i++) { /* the first one may be damaged */
		if (ov_cur_line(&c, &line) != OV_OK)
			return false;
		if (line.n == 0 || line.p[0] < ' ' || line.p[0] > '`')
			continue;
		want = ((size_t)(line.p[0] - ' ') & 63) * 4 / 3;
		if (line.n >= want && line.n <= want + 6 && (i == 0 || line.n > 20))
			return true;
	}
	return false;
}

/*
 * UTF-16: with its mark, or without one when nearly all units are plain characters with a zero byte
 * each. Units are looked at in the first 512 bytes.
 */
static bool is_utf16(struct ov_cur c, bool is_be, bool has_mark)
{
	size_t units = 0, plain = 0;

	if (c.len > 512)
		c.len = 512;
	while (ov_cur_left(&c) >= 2) {
		const uint16_t u = is_be ? ov_cur_soft_u16be(&c) : ov_cur_soft_u16le(&c);

		if (u == 0 || u == 0xffff || (u < 0x20 && strchr("\t\n\v\f\r", (int)u) == NULL))
			return false;
		units++;
		plain += u < 0x7f;
	}
	if (has_mark)
		return true;
	return units >= 8 && plain >= units - units / 8;
}

/* The head without its byte order mark of `n` bytes. */
static struct ov_cur after_mark(const struct ov_probe *p, size_t n)
{
	struct ov_cur c = p->head, rest;

	if (ov_cur_skip(&c, n) != OV_OK || ov_cur_take(&c, ov_cur_left(&c), &rest) != OV_OK)
		return ov_cur_of(NULL, 0);
	return rest;
}

static enum ov_type utf16_kind(const struct ov_probe *p)
{
	static const char *const tags[] = { "<html",	      "<head",	 "<body",  "<script",
					    "<!doctype html", "<iframe", "<object" };
	const bool be_mark = ov_probe_is(p, 0, "\xfe\xff"), le_mark = ov_probe_is(p, 0, "\xff\xfe");
	uint8_t narrow[512] = { 0 };
	struct ov_cur c = p->head, n;
	bool is_be = be_mark;
	size_t count = 0;

	if (be_mark || le_mark)
		c = after_mark(p, 2);
	else
		is_be = ov_probe_u8(p, 0) == 0;
	if (c.len == 0 || !is_utf16(c, is_be, be_mark || le_mark))
		return OV_T_BINARY_DATA;
	while (ov_cur_left(&c) >= 2 && count < sizeof narrow) {
		const uint16_t u = is_be ? ov_cur_soft_u16be(&c) : ov_cur_soft_u16le(&c);

		narrow[count++] = u < 0x80 ? (uint8_t)u : '?';
	}
	n = ov_cur_of(narrow, count);
	while (skip_to(&n, '<')) {
		if (ANY_TAG(&n, tags))
			return OV_T_HTML_UTF16;
		if (ov_cur_skip(&n, 1) != OV_OK)
			break;
	}
	return is_be ? OV_T_TEXT_UTF16BE : OV_T_TEXT_UTF16LE;
}

/*
 * Readers take a PDF whose mark stands in the first 1024 bytes (ISO 32000-1 annex H, note 13). Text
 * that only speaks of it is told apart by the version behind the mark and a line of its own.
 */
static bool is_late_pdf(const struct ov_probe *p)
{
	const size_t at = ov_probe_find(p, "%PDF-", 5, 1024);
	uint8_t major, before;

	if (at == SIZE_MAX || at == 0)
		return false;
	major = ov_probe_u8(p, at + 5);
	before = ov_probe_u8(p, at - 1);
	if (major < '1' || major > '2' || ov_probe_u8(p, at + 6) != '.')
		return false;
	return before < ' ' || before >= 0x7f || ov_probe_u8(p, at + 8) < ' ';
}

enum ov_type ov_type_by_text(const struct ov_probe *p)
{
	struct ov_cur c = p->head;
	struct look look = look_at(c);
	enum ov_type t;

	if (is_late_pdf(p))
		return OV_T_PDF;
	if (!look.is_text) {
		if (is_mail(c)) /* it may hold bytes that no text has, and is shown all the same */
			return OV_T_MAIL;
		if (is_uuencoded(c))
			return OV_T_UUENCODED;
		t = begins(&c, "<?xml") ? xml_kind(p) : OV_T_BINARY_DATA;
		if (t != OV_T_BINARY_DATA)
			return t;
		t = utf16_kind(p);
		skip_space(&c);
		/* Browsers pass over NUL and control characters in a page. */
		return t == OV_T_BINARY_DATA && opens_page(&c) ? OV_T_HTML : t;
	}
	if (ov_probe_is(p, 0, "\xff\xfe") || ov_probe_is(p, 0, "\xfe\xff")) {
		t = utf16_kind(p);
		if (t != OV_T_BINARY_DATA)
			return t;
	}
	if (ov_probe_is(p, 0, "\xef\xbb\xbf")) { /* the mark of UTF-8 */
		c = after_mark(p, 3);
		if (begins(&c, "{\\rt"))
			return OV_T_RTF;
	}
	if (is_uuencoded(c))
		return OV_T_UUENCODED;
	if (ov_probe_find(p, "(This file must be converted with BinHex", 40, 1024) != SIZE_MAX)
		return OV_T_BINHEX;
	if (is_mail(c))
		return OV_T_MAIL;
	skip_space(&c);
	t = begins(&c, "<") ? xml_kind(p) : OV_T_BINARY_DATA;
	if (t != OV_T_BINARY_DATA)
		return t;
	if (is_html(c))
		return OV_T_HTML;
	return look.is_ascii || !is_utf8(c, p->head.len == OV_TYPE_HEAD) ? OV_T_TEXT_ASCII
									 : OV_T_TEXT_UTF8;
}
