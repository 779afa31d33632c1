/*
 * Web addresses: .pdb (which links are looked at), .wdb (pairs of addresses that may differ), .gdb
 * (hashes of addresses). ClamAV's manual, PhishSigs.
 *
 *   R[flags]:regex[:levels]   H[flags]:host[:levels]
 *   X:regex[:levels]          M:real:shown[:levels]       Y:real:shown[:levels]
 *   S[1|2]:P|F|W:hex[:levels]
 *
 * Levels are "20-", "-30" or "20-30", the upper one not included; anything else behind the last
 * colon is a part of the text. ClamAV asks that an expression ends in three plain characters; we
 * don't.
 */
#include "build_int.h"

#include <stdio.h>
#include <string.h>

#include "regex_pcre.h"
#include "text.h"
#include "url.h"

#define TEXT_MAX 2000

/* "a-b", "a-", "-b": digits and one dash, not the dash alone. */
static bool is_levels(struct ov_str s)
{
	size_t dashes = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '-')
			dashes++;
		else if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return dashes == 1 && s.n > 1;
}

static ov_status check_levels(struct ov_sig_line *l, struct ov_str s)
{
	struct ov_str min;
	char upper[16];
	uint32_t max;

	if (!ov_text_split(&s, '-', &min))
		return ov_sig_bad(l, "an empty range of engine levels");
	if (s.n == 0)
		return ov_sig_level(l, min, s);
	if (ov_text_u32(s, UINT32_MAX, &max) != OV_OK)
		return ov_sig_bad(l, "an engine level is not a number");
	if (max == 0)
		return ov_sig_skip(l, "for other engine levels than ours");
	(void)snprintf(upper, sizeof upper, "%u", max - 1);
	return ov_sig_level(l, min, ov_str_of(upper));
}

/* Cuts the levels off, if the text ends in some. */
static ov_status take_levels(struct ov_sig_line *l, struct ov_str *text)
{
	size_t i = text->n;

	while (i > 0 && text->p[i - 1] != ':')
		i--;
	if (i == 0 || !is_levels((struct ov_str){ .p = text->p + i, .n = text->n - i }))
		return OV_OK;
	OV_TRY(check_levels(l, (struct ov_str){ .p = text->p + i, .n = text->n - i }));
	text->n = i - 1;
	return OV_OK;
}

static ov_status add(struct ov_sig_line *l, enum ov_url_kind kind, unsigned list, const void *p,
		     size_t n)
{
	uint8_t body[2 + TEXT_MAX];

	body[0] = (uint8_t)kind;
	body[1] = (uint8_t)list;
	memcpy(body + 2, p, n);
	/* What only allows is no signature: clamscan does not count it either. */
	return ov_build_extra(l, OV_EXTRA_URL, OV_STR(""),
			      kind != OV_URL_ALLOW_HOSTS && kind != OV_URL_ALLOW_REGEX &&
				  kind != OV_URL_HASH_ALLOWED,
			      ov_cur_of(body, 2 + n));
}

static ov_status check_regex(struct ov_sig_line *l, struct ov_str text)
{
	struct ov_pcre_re *re = NULL;
	const char *why = NULL;
	const ov_status s = ov_pcre_compile(text, OV_STR(""), (size_t)1 << 20, &re, &why);

	ov_pcre_free(&re);
	if (s == OV_BAD || s == OV_LIMIT)
		return ov_sig_bad(l, why != NULL ? why : "the regular expression is too large");
	return s;
}

/* "K[flags]:text[:levels]". The flags (three hexadecimal digits) are an old filter that ClamAV
 * ignores. */
static ov_status address(struct ov_sig_line *l, const char *literal, char regex,
			 enum ov_url_kind as_literal, enum ov_url_kind as_regex)
{
	struct ov_str text = l->text, head;
	char kind;

	if (!ov_text_split(&text, ':', &head) || head.n == 0 || head.n == l->text.n)
		return ov_sig_bad(l, "a kind and a colon are wanted first");
	kind = head.p[0];
	if (head.n > 4 || (kind != regex && strchr(literal, kind) == NULL))
		return ov_sig_bad(l, regex == 'R' ? "an unknown kind: R or H is wanted"
						  : "an unknown kind: X, M or Y is wanted");
	for (size_t i = 1; i < head.n; i++)
		if (ov_hex_digit(head.p[i]) < 0)
			return ov_sig_bad(l, "the flags are not hexadecimal");
	OV_TRY(take_levels(l, &text));
	if (text.n == 0)
		return ov_sig_bad(l, "nothing behind the kind");
	if (text.n > TEXT_MAX)
		return ov_sig_bad(l, "an address of more than 2000 bytes");
	if (kind == regex)
		OV_TRY(check_regex(l, text));
	return add(l, kind == regex ? as_regex : as_literal, 0, text.p, text.n);
}

ov_status ov_sig_pdb(struct ov_sig_line *l)
{
	return address(l, "H", 'R', OV_URL_CHECK_HOST, OV_URL_CHECK_REGEX);
}

ov_status ov_sig_wdb(struct ov_sig_line *l)
{
	return address(l, "MY", 'X', OV_URL_ALLOW_HOSTS, OV_URL_ALLOW_REGEX);
}

ov_status ov_sig_gdb(struct ov_sig_line *l)
{
	struct ov_str text = l->text, list, kind;
	uint8_t hash[32];
	unsigned number;
	size_t n = 0;

	OV_TRY(take_levels(l, &text));
	if (!ov_text_split(&text, ':', &list) || !ov_text_split(&text, ':', &kind) || kind.n != 1 ||
	    strchr("PFW", kind.p[0]) == NULL)
		return ov_sig_bad(l, "a list (S, S1, S2), a kind (P, F, W) and a hash are wanted");
	if (ov_str_is(list, "S"))
		number = 0;
	else if (ov_str_is(list, "S1"))
		number = 1;
	else if (ov_str_is(list, "S2"))
		number = 2;
	else
		return ov_sig_bad(l, "an unknown list: S, S1 or S2 is wanted");
	if (ov_hex_decode(text, hash, sizeof hash, &n) != OV_OK ||
	    n != (kind.p[0] == 'P' ? 4u : 32u))
		return ov_sig_bad(l, "the hash is not 8 (P) or 64 (F, W) hexadecimal digits");
	return add(l, (enum ov_url_kind)kind.p[0], number, hash, n);
}

ov_status ov_url_read(struct ov_cur body, struct ov_url *out)
{
	const uint8_t kind = ov_cur_soft_u8(&body), list = ov_cur_soft_u8(&body);
	size_t want = 0;

	OV_TRY(ov_cur_status(&body));
	switch (kind) {
	case OV_URL_HASH_PREFIX:
		want = 4;
		break;
	case OV_URL_HASH:
	case OV_URL_HASH_ALLOWED:
		want = 32;
		break;
	case OV_URL_CHECK_HOST:
	case OV_URL_CHECK_REGEX:
	case OV_URL_ALLOW_HOSTS:
	case OV_URL_ALLOW_REGEX:
		break;
	default:
		return OV_BAD;
	}
	if (list > 2 || ov_cur_left(&body) > TEXT_MAX || ov_cur_left(&body) == 0 ||
	    (want != 0 && ov_cur_left(&body) != want))
		return OV_BAD;
	out->kind = (enum ov_url_kind)kind;
	out->list = list;
	out->text =
	    (struct ov_str){ .p = (const char *)ov_cur_rest(&body), .n = ov_cur_left(&body) };
	return OV_OK;
}

ov_status ov_url_verify(struct ov_cur body)
{
	struct ov_url u;

	return ov_url_read(body, &u);
}
