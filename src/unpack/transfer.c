/*
 * The codings by which mail carries bytes as text: base64 (RFC 2045 6.8), quoted-printable (6.7),
 * uuencode (POSIX), yEnc (yenc.org draft 1.3), BinHex 4.0 (RFC 1741).
 *
 * All read on as mail programs do: what does not belong to the coding is passed over, and the end
 * of the input is an end. But bytes were lost there, and nobody knows which: so the first such
 * place is kept, and the end is then OV_BAD or OV_SHORT (ov_decoder_fault). What programs write and
 * no reader stumbles over is no fault: base64 without its padding, blanks that a mail server cut
 * from the end of a uuencoded line, a soft line break at the very end.
 *
 * Each is a machine that takes one byte and gives none or some; a driver keeps what did not fit.
 */
#include "decoder_int.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "checked.h"

#define GIVE_MAX 512 /* bytes that one step may give: a BinHex run of 255, a uuencoded line */
#define LINE_MAX_BYTES 256

struct machine {
	ov_status (*step)(struct machine *m, uint8_t c); /* OV_OK, or OV_END: no more */
	void (*finish)(struct machine *m);		 /* gives what the end leaves */
	uint8_t out[GIVE_MAX];
	size_t nout, at;
	bool is_ended;
	ov_status fault; /* OV_OK: none so far */
	const char *what;
	/* base64, BinHex */
	uint32_t bits;
	unsigned nbits;
	bool is_strict, is_padded;
	/* quoted-printable: what stands between '=' and its meaning; BinHex: the run's byte */
	uint8_t held[16];
	size_t nheld;
	bool in_run, is_started;
	/* uuencode, yEnc */
	char line[LINE_MAX_BYTES];
	size_t nline;
	bool is_control, is_escaped, at_start;
	bool has_backquote, was_last; /* uuencode: zeros are written as '`'; a line that ends it */
	uint64_t total;		      /* yEnc: bytes given, and their checksum */
	uLong crc;
};

static void give(struct machine *m, uint8_t c)
{
	if (m->nout < GIVE_MAX)
		m->out[m->nout++] = c;
}

/* The first fault counts. */
static void fault(struct machine *m, ov_status s, const char *what)
{
	if (m->fault == OV_OK) {
		m->fault = s;
		m->what = what;
	}
}

static bool is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* ---- base64 ---- */

/* Value of a digit, or -1. The table holds value + 1, so that what it does not name is none. */
static int sextet(uint8_t c)
{
	/* clang-format off */
	static const uint8_t values[256] = {
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 63, 0, 0, 0, 64,
		53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 0, 0, 0, 0, 0, 0,
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
		16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 0, 0, 0, 0, 0,
		0, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41,
		42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 0, 0, 0, 0, 0,
	};
	/* clang-format on */

	return values[c] - 1;
}

/* Whole bytes of an incomplete group; its last bits are padding. */
static void flush_group(struct machine *m)
{
	while (m->nbits >= 8) {
		m->nbits -= 8;
		give(m, (uint8_t)(m->bits >> m->nbits));
	}
	m->bits = 0;
	m->nbits = 0;
}

/*
 * Padding ends a group, and for some readers the whole; others read on behind it. `is_strict` is
 * the first kind.
 */
static ov_status step_base64(struct machine *m, uint8_t c)
{
	const int v = sextet(c);

	if (c == '=') {
		if (m->nbits == 6)
			fault(m, OV_BAD, "base64 with a digit that belongs to no byte");
		flush_group(m);
		m->is_padded = true;
		return m->is_strict ? OV_END : OV_OK;
	}
	if (v < 0) {
		if (!is_space(c))
			fault(m, OV_BAD, "a byte among base64 that is none of it");
		return OV_OK;
	}
	if (m->is_padded)
		fault(m, OV_BAD, "base64 that goes on behind its padding");
	m->bits = m->bits << 6 | (uint32_t)v;
	m->nbits += 6;
	if (m->nbits == 24)
		flush_group(m);
	return OV_OK;
}

/*
 * Many programs leave the padding out. But then the last digit's spare bits are zero, as RFC 4648
 * 3.5 asks; where they are not, the text was cut.
 */
static void finish_base64(struct machine *m)
{
	if (m->nbits == 6 || (m->bits & ((UINT32_C(1) << m->nbits % 8) - 1)) != 0)
		fault(m, OV_SHORT, "base64 that ends within a group of digits");
	if (m->is_strict) /* its end is the padding */
		fault(m, OV_SHORT, "base64 without an end");
	flush_group(m);
}

/* ---- quoted-printable ---- */

static int hex_of(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void give_held(struct machine *m)
{
	for (size_t i = 0; i < m->nheld; i++)
		give(m, m->held[i]);
	m->nheld = 0;
}

static ov_status plain_qp(struct machine *m, uint8_t c)
{
	if (c == '=')
		m->held[m->nheld++] = c;
	else
		give(m, c);
	return OV_OK;
}

/* held[0] is '='; then one hexadecimal digit, or spaces (and a CR) before a soft line break. */
static ov_status step_qp(struct machine *m, uint8_t c)
{
	const bool has_digit = m->nheld == 2 && hex_of(m->held[1]) >= 0;

	if (m->nheld == 0)
		return plain_qp(m, c);
	if (has_digit && hex_of(c) >= 0) {
		give(m, (uint8_t)(hex_of(m->held[1]) << 4 | hex_of(c)));
		m->nheld = 0;
		return OV_OK;
	}
	if (!has_digit && c == '\n') {
		m->nheld = 0; /* soft line break */
		return OV_OK;
	}
	if (m->held[m->nheld - 1] == '\r') {
		m->nheld = 0; /* a soft line break where CR alone ends lines */
		return plain_qp(m, c);
	}
	if (m->nheld < sizeof m->held && ((m->nheld == 1 && hex_of(c) >= 0) ||
					  (!has_digit && (c == ' ' || c == '\t' || c == '\r')))) {
		m->held[m->nheld++] = c;
		return OV_OK;
	}
	fault(m, OV_BAD, "'=' in quoted-printable without two hexadecimal digits behind it");
	give_held(m); /* no escape after all */
	return plain_qp(m, c);
}

static void finish_qp(struct machine *m)
{
	if (m->nheld == 2 && hex_of(m->held[1]) >= 0)
		fault(m, OV_SHORT, "quoted-printable that ends within an escape");
	give_held(m);
}

/* ---- uuencode ---- */

static bool line_is(const struct machine *m, const char *word)
{
	const size_t n = strlen(word);

	return m->nline >= n && memcmp(m->line, word, n) == 0;
}

/*
 * Does a line hold as many digits as its first character says? Programs that write zeros as blanks
 * lose them at a line's end; a digit or two more are a checksum. A number of bytes that fills no
 * group ends the file.
 */
static void check_uu_line(struct machine *m, size_t want)
{
	const size_t least = (want * 4 + 2) / 3 + 1, most = (want + 2) / 3 * 4 + 1 + 2;

	if (m->was_last && want > 0)
		fault(m, OV_BAD, "a uuencoded line behind the last one");
	m->was_last |= want % 3 != 0;
	m->has_backquote |= memchr(m->line, '`', m->nline) != NULL;
	if (m->nline > most || (m->nline < least && m->has_backquote))
		fault(m, OV_BAD, "a uuencoded line that is not as long as it says");
}

/* One line: its first character tells how many bytes follow. Lines that are none are passed over.
 */
static ov_status uu_line(struct machine *m)
{
	size_t want, i;

	while (m->nline > 0 && (m->line[m->nline - 1] == '\r' || m->line[m->nline - 1] == ' '))
		m->nline--; /* trailing spaces are often lost: what is missing counts as spaces */
	if (m->nline == 3 && line_is(m, "end"))
		return OV_END;
	if (line_is(m, "begin ")) {
		fault(m, OV_SHORT, "uuencode without an end");
		return OV_END;
	}
	if (m->nline == 0)
		return OV_OK;
	want = ((size_t)(m->line[0] - ' ') & 63);
	for (i = 0; i < m->nline && i < (want * 4 + 2) / 3 + 1; i++)
		if (m->line[i] < ' ' || m->line[i] > '`') {
			fault(m, OV_BAD, "a line among uuencode that is none of it");
			return OV_OK;
		}
	check_uu_line(m, want);
	for (i = 1; want > 0; i += 4) {
		uint32_t group = 0;

		for (size_t k = i; k < i + 4; k++) {
			const char c = k < m->nline ? m->line[k] : ' ';

			group = group << 6 | ((uint32_t)(c - ' ') & 63);
		}
		for (int shift = 16; shift >= 0 && want > 0; shift -= 8, want--)
			give(m, (uint8_t)(group >> shift));
	}
	return OV_OK;
}

static ov_status step_uu(struct machine *m, uint8_t c)
{
	ov_status s;

	if (c != '\n') {
		if (m->nline < sizeof m->line)
			m->line[m->nline++] = (char)c;
		return OV_OK;
	}
	s = uu_line(m);
	m->nline = 0;
	return s;
}

static void finish_uu(struct machine *m)
{
	/* the end of the input ends the line; nothing can follow */
	if (m->nline == 0 || uu_line(m) != OV_END)
		fault(m, OV_SHORT, "uuencode without an end");
}

/* ---- yEnc ---- */

/* The number behind " key=" of a control line. */
static bool yenc_number(const struct machine *m, const char *key, int base, uint64_t *out)
{
	char line[LINE_MAX_BYTES + 1];
	const char *at;
	char *end;

	memcpy(line, m->line, m->nline);
	line[m->nline] = '\0';
	at = strstr(line, key);
	if (at == NULL)
		return false;
	at += strlen(key);
	*out = strtoull(at, &end, base);
	return end != at;
}

/* "end size=584 crc32=ded29f4f"; of a piece: "end size=11250 part=1 pcrc32=bfae5c0b crc32=..." */
static void check_yenc(struct machine *m)
{
	uint64_t size, part, crc;

	if (!line_is(m, "end")) {
		fault(m, OV_SHORT, "yEnc without an end");
		return;
	}
	if (yenc_number(m, " size=", 10, &size) && size != m->total)
		fault(m, OV_BAD, "yEnc of another length than its end tells");
	if (yenc_number(m, yenc_number(m, " part=", 10, &part) ? " pcrc32=" : " crc32=", 16,
			&crc) &&
	    crc != m->crc)
		fault(m, OV_BAD, "yEnc with a wrong checksum");
}

static void give_yenc(struct machine *m, uint8_t c)
{
	m->total++;
	m->crc = crc32(m->crc, &c, 1);
	give(m, c);
}

static ov_status yenc_line_end(struct machine *m)
{
	const bool is_end = m->is_control && (line_is(m, "end") || line_is(m, "begin"));

	if (m->is_escaped)
		fault(m, OV_BAD, "yEnc with an escape at the end of a line");
	if (is_end)
		check_yenc(m);
	m->is_control = m->is_escaped = false;
	m->nline = 0;
	m->at_start = true;
	return is_end ? OV_END : OV_OK;
}

static void finish_yenc(struct machine *m)
{
	if (yenc_line_end(m) != OV_END)
		fault(m, OV_SHORT, "yEnc without an end");
}

/* Lines that begin with "=y" are control lines: =ypart is passed over, =yend and =ybegin end it. */
static ov_status step_yenc(struct machine *m, uint8_t c)
{
	if (c == '\n' || c == '\r')
		return yenc_line_end(m);
	if (m->is_control) {
		if (m->nline < sizeof m->line)
			m->line[m->nline++] = (char)c;
		return OV_OK;
	}
	if (m->is_escaped) {
		m->is_escaped = false;
		m->is_control = m->at_start && c == 'y';
		m->at_start = false;
		if (!m->is_control)
			give_yenc(m, (uint8_t)(c - 64 - 42));
		return OV_OK;
	}
	if (c == '=') {
		m->is_escaped = true;
		return OV_OK;
	}
	m->at_start = false;
	give_yenc(m, (uint8_t)(c - 42));
	return OV_OK;
}

/* ---- BinHex ---- */

static int binhex_value(uint8_t c)
{
	static const char digits[] =
	    "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr";
	const char *at = c != 0 ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* 0x90 n: the byte before it, n times in all; 0x90 0: 0x90 itself. */
static void binhex_byte(struct machine *m, uint8_t c)
{
	if (m->in_run) {
		m->in_run = false;
		if (c == 0) {
			m->held[0] = 0x90;
			give(m, 0x90);
		}
		for (unsigned i = 1; i < c; i++)
			give(m, m->held[0]);
	} else if (c == 0x90) {
		m->in_run = true;
	} else {
		m->held[0] = c;
		give(m, c);
	}
}

/* ":", the digits in lines, ":". Anything else is passed over. */
static ov_status step_binhex(struct machine *m, uint8_t c)
{
	const int v = binhex_value(c);

	if (c == ':') {
		if (m->is_started)
			return OV_END;
		m->is_started = true;
		return OV_OK;
	}
	if (v < 0 || !m->is_started) {
		if (m->is_started && !is_space(c))
			fault(m, OV_BAD, "a byte among BinHex that is none of it");
		return OV_OK;
	}
	m->bits = m->bits << 6 | (uint32_t)v;
	m->nbits += 6;
	if (m->nbits >= 8) {
		m->nbits -= 8;
		binhex_byte(m, (uint8_t)(m->bits >> m->nbits));
	}
	return OV_OK;
}

static void finish_binhex(struct machine *m)
{
	fault(m, OV_SHORT, "BinHex without an end");
}

/* ---- the driver ---- */

static ov_status open_transfer(struct ov_decoder *d)
{
	struct machine *m;

	OV_TRY(ov_arena_new(d->arena, &m));
	m->at_start = true;
	switch (d->codec) {
	case OV_CODEC_BASE64_STRICT:
		m->is_strict = true;
		__attribute__((fallthrough)); /* clang reads no comments */
	case OV_CODEC_BASE64:
		m->step = step_base64;
		m->finish = finish_base64;
		break;
	case OV_CODEC_QP:
		m->step = step_qp;
		m->finish = finish_qp;
		break;
	case OV_CODEC_UU:
		m->step = step_uu;
		m->finish = finish_uu;
		break;
	case OV_CODEC_YENC:
		m->step = step_yenc;
		m->finish = finish_yenc;
		break;
	case OV_CODEC_BINHEX:
		m->step = step_binhex;
		m->finish = finish_binhex;
		break;
	default:
		return OV_BUG;
	}
	d->own = m;
	return OV_OK;
}

/* Whole groups of four base64 digits, straight from window to output. */
static size_t base64_fast(struct ov_inflow *in, uint8_t *to, size_t n)
{
	size_t made = 0;

	while (in->left >= 4 && n - made >= 3) {
		const int a = sextet(in->p[0]), b = sextet(in->p[1]), c = sextet(in->p[2]),
			  d = sextet(in->p[3]);

		if ((a | b | c | d) < 0)
			break;
		to[made++] = (uint8_t)(a << 2 | b >> 4);
		to[made++] = (uint8_t)((b & 15) << 4 | c >> 2);
		to[made++] = (uint8_t)((c & 3) << 6 | d);
		ov_in_take(in, 4);
	}
	return made;
}

/* Steps until something was given, or the window or the machine is at its end. */
static ov_status run_window(struct ov_decoder *d, struct machine *m)
{
	ov_status s = OV_OK;

	while (s != OV_END && d->in.left > 0 && m->nout == 0) {
		const bool was_sound = m->fault == OV_OK;
		const uint8_t c = *d->in.p;

		ov_in_take(&d->in, 1);
		s = m->step(m, c);
		if (was_sound && m->fault != OV_OK)
			d->fault_at = ov_in_at(&d->in) - 1;
	}
	return s;
}

static void finish(struct ov_decoder *d, struct machine *m)
{
	const bool was_sound = m->fault == OV_OK;

	m->finish(m);
	if (was_sound && m->fault != OV_OK)
		d->fault_at = ov_in_at(&d->in);
}

/* How a stream ends whose last byte was given. */
static ov_status ending(struct ov_decoder *d, const struct machine *m)
{
	d->fault = m->what;
	return m->fault == OV_OK ? OV_END : m->fault;
}

static ov_status read_transfer(struct ov_decoder *d, uint8_t *to, size_t n, size_t *got)
{
	struct machine *m = d->own;
	const bool is_base64 = m->step == step_base64;

	for (*got = 0; *got < n;) {
		ov_status s;

		if (m->at < m->nout) {
			const size_t some = ov_min_size(n - *got, m->nout - m->at);

			memcpy(to + *got, m->out + m->at, some);
			m->at += some;
			*got += some;
			continue;
		}
		m->at = m->nout = 0;
		if (m->is_ended)
			return ending(d, m);
		s = ov_in_fill(&d->in);
		if (s != OV_OK && s != OV_END)
			return s;
		if (s == OV_END) {
			m->is_ended = true;
			finish(d, m);
			continue;
		}
		if (is_base64 && m->nbits == 0 && !m->is_padded)
			*got += base64_fast(&d->in, to + *got, n - *got);
		if (*got < n && run_window(d, m) == OV_END)
			m->is_ended = true;
	}
	return OV_OK;
}

const struct ov_codec_row ov_codec_transfer = { open_transfer, read_transfer, NULL };
