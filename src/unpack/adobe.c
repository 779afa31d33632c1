/*
 * The small filters of PostScript and PDF, ISO 32000-1 7.4.2, 7.4.3 and 7.4.5: ASCIIHex, ASCII85,
 * RunLength. Own code, which reads on as readers do: bytes that don't belong to a coding are passed
 * over, and in text an end without its mark is an end. But what was passed over makes the end
 * OV_BAD.
 */
#include "decoder_int.h"

#include <string.h>

#include "text.h"

struct adobe {
	uint32_t word; /* ASCII85: up to five digits; ASCIIHex: one digit        */
	unsigned ndigits;
	uint8_t out[4]; /* decoded bytes not yet given                            */
	unsigned nout, at;
	unsigned run;	  /* RunLength: bytes of the run that are left              */
	bool is_repeated; /* all of them are out[0]                                 */
	bool is_over, is_bad;
};

static bool is_space(uint8_t b)
{
	return b == 0 || b == ' ' || (b >= '\t' && b <= '\r');
}

static ov_status open_adobe(struct ov_decoder *d)
{
	struct adobe *z;

	OV_TRY(ov_arena_new(d->arena, &z));
	d->own = z;
	return OV_OK;
}

/* The group is full, or the end was met: `n` digits give n - 1 bytes. */
static void end_group(struct adobe *z, unsigned n)
{
	for (unsigned i = n; i < 5; i++)
		z->word = z->word * 85 + 84;
	for (unsigned i = 0; i < 4; i++)
		z->out[i] = (uint8_t)(z->word >> (24 - 8 * i));
	z->nout = n > 0 ? n - 1 : 0;
	z->at = 0;
	z->ndigits = 0;
	z->word = 0;
}

static void take_85(struct adobe *z, uint8_t b)
{
	if (b == '~') {
		z->is_over = true;
		z->is_bad |= z->ndigits == 1;
		end_group(z, z->ndigits);
	} else if (b == 'z' && z->ndigits == 0) {
		memset(z->out, 0, sizeof z->out);
		z->nout = 4;
		z->at = 0;
	} else if (b >= '!' && b <= 'u') {
		const uint64_t word = (uint64_t)z->word * 85 + (uint64_t)(b - '!');

		z->is_bad |= word > UINT32_MAX; /* a group that is none */
		z->word = (uint32_t)word;
		if (++z->ndigits == 5)
			end_group(z, 5);
	} else {
		z->is_bad |= !is_space(b);
	}
}

static void take_hex(struct adobe *z, uint8_t b)
{
	const int v = ov_hex_digit((char)b);

	z->is_over = b == '>';
	z->is_bad |= v < 0 && !z->is_over && !is_space(b);
	if (v < 0 && !(z->is_over && z->ndigits == 1))
		return;
	z->word = z->word << 4 | (uint32_t)(v < 0 ? 0 : v);
	if (++z->ndigits < 2)
		return;
	z->out[0] = (uint8_t)z->word;
	z->nout = 1;
	z->at = z->ndigits = 0;
	z->word = 0;
}

/* The input is used up without a mark: what is in hand still counts. */
static void at_end(struct adobe *z, enum ov_codec c)
{
	z->is_over = true;
	if (c == OV_CODEC_ASCII85)
		end_group(z, z->ndigits);
	else if (z->ndigits == 1)
		take_hex(z, '>');
}

/* Behind the end stands nothing, but '>' after '~', and white space. */
static ov_status check_rest(struct ov_decoder *d, const struct adobe *z)
{
	for (;;) {
		const ov_status s = ov_in_fill(&d->in);

		if (s != OV_OK)
			return s == OV_END && z->is_bad ? OV_BAD : s;
		while (d->in.left > 0) {
			if (!is_space(*d->in.p) && *d->in.p != '>')
				return OV_BAD;
			ov_in_take(&d->in, 1);
		}
	}
}

static ov_status read_ascii(struct ov_decoder *d, uint8_t *to, size_t n, size_t *got)
{
	struct adobe *z = d->own;

	for (*got = 0; *got < n;) {
		uint8_t b;
		ov_status s;

		if (z->at < z->nout) {
			to[(*got)++] = z->out[z->at++];
			continue;
		}
		if (z->is_over)
			return check_rest(d, z);
		s = ov_in_fill(&d->in);
		if (s == OV_END) {
			at_end(z, d->codec);
			continue;
		}
		OV_TRY(s);
		OV_TRY(ov_in_u8(&d->in, &b));
		if (d->codec == OV_CODEC_ASCII85)
			take_85(z, b);
		else
			take_hex(z, b);
	}
	return OV_OK;
}

/* 0..127: so many bytes and one; 129..255: the next byte, 257 minus that often; 128: the end. */
static ov_status read_runs(struct ov_decoder *d, uint8_t *to, size_t n, size_t *got)
{
	struct adobe *z = d->own;

	for (*got = 0; *got < n;) {
		uint8_t b;
		ov_status s;

		if (z->is_over)
			return check_rest(d, z);
		if (z->run > 0) {
			if (!z->is_repeated)
				OV_TRY(ov_in_u8(&d->in, &z->out[0]));
			to[(*got)++] = z->out[0];
			z->run--;
			continue;
		}
		s = ov_in_fill(&d->in);
		if (s != OV_OK)
			return s == OV_END ? OV_SHORT : s; /* without its mark of the end */
		OV_TRY(ov_in_u8(&d->in, &b));
		z->is_over = b == 128;
		z->is_repeated = b > 128;
		z->run = b > 128 ? 257u - b : b < 128 ? b + 1u : 0;
		if (z->is_repeated)
			OV_TRY(ov_in_u8(&d->in, &z->out[0]));
	}
	return OV_OK;
}

const struct ov_codec_row ov_codec_ascii = { open_adobe, read_ascii, NULL };
const struct ov_codec_row ov_codec_runs = { open_adobe, read_runs, NULL };
