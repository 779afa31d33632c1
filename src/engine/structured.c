/*
 * Structured data: credit card numbers and US social security numbers in text, for those who must
 * not let them out. ClamAV's names and counts; what counts as a number was found by running
 * clamscan 1.4 on generated ones (docs/COMPATIBILITY.md).
 *
 * Only digits that follow no digit begin a number, and a number is at most NUMBER_MAX bytes long:
 * one pass, constant memory, linear time.
 */
#include "engine_int.h"

#include <string.h>

#include "checked.h"

#define DIGITS_MAX 16
#define SEPARATORS_MAX 8 /* dashes and blanks within one card number, in any place */
#define NUMBER_MAX ((size_t)32)

/* Cards by their first digits, which are `ndigits` long, and how many digits follow in all. */
struct issuer {
	uint32_t from, to;
	uint8_t ndigits, least, most;
	bool is_debit; /* debit and store cards: not counted with --structured-cc-mode=1 */
};

/* clang-format off */
static const struct issuer issuers[] = {
	{ 4, 4, 1, 16, 16, false },           /* Visa */
	{ 51, 55, 2, 16, 16, false },         /* Mastercard */
	{ 2221, 2720, 4, 16, 16, false },
	{ 34, 34, 2, 15, 15, false },         /* American Express */
	{ 37, 37, 2, 15, 15, false },
	{ 300, 305, 3, 14, 16, false },       /* Diners Club */
	{ 3095, 3095, 4, 14, 16, false },
	{ 36, 36, 2, 14, 16, false },
	{ 38, 39, 2, 16, 16, false },
	{ 3528, 3589, 4, 16, 16, false },     /* JCB */
	{ 6011, 6011, 4, 16, 16, false },     /* Discover, Union Pay */
	{ 622126, 622926, 6, 16, 16, false },
	{ 624000, 626999, 6, 16, 16, false },
	{ 6282, 6288, 4, 16, 16, false },
	{ 644, 649, 3, 16, 16, false },
	{ 65, 65, 2, 16, 16, false },
	{ 50, 50, 2, 16, 16, true },          /* debit and store cards */
	{ 1, 1, 1, 13, 15, true },
};
/* clang-format on */

struct structured {
	uint64_t min_cards, min_ssns, cards, ssns;
	bool with_dashes, without_dashes, no_debit;
	uint64_t card_end, ssn_end; /* offsets in the layer: what lies before was counted */
};

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static const struct issuer *issuer_of(const uint8_t *digits, size_t n, bool no_debit)
{
	for (size_t i = 0; i < sizeof issuers / sizeof *issuers; i++) {
		const struct issuer *s = &issuers[i];
		uint32_t head = 0;

		if (n < s->ndigits || (s->is_debit && no_debit))
			continue;
		for (uint8_t k = 0; k < s->ndigits; k++)
			head = head * 10 + digits[k];
		if (head >= s->from && head <= s->to)
			return s;
	}
	return NULL;
}

/* ISO/IEC 7812-1, annex B: every second digit from the right doubled, its digits summed. */
static bool has_check_digit(const uint8_t *digits, size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++) {
		const unsigned d = digits[n - 1 - i];

		sum += i % 2 == 0 ? d : d < 5 ? 2 * d : 2 * d - 9;
	}
	return sum % 10 == 0;
}

/* Length of the card number that begins at p[0], or 0. */
static size_t card_at(const uint8_t *p, size_t n, bool no_debit)
{
	uint8_t digits[DIGITS_MAX];
	size_t end[DIGITS_MAX + 1] = { 0 }, ndigits = 0, separators = 0;
	const struct issuer *s;

	for (size_t i = 0; i < n && ndigits < DIGITS_MAX; i++) {
		if (is_digit(p[i])) {
			digits[ndigits++] = (uint8_t)(p[i] - '0');
			end[ndigits] = i + 1;
		} else if ((p[i] != '-' && p[i] != ' ') || ++separators > SEPARATORS_MAX) {
			break;
		}
	}
	s = issuer_of(digits, ndigits, no_debit);
	if (s == NULL || ndigits < s->least)
		return 0;
	ndigits = ov_min_size(ndigits, s->most);
	if ((end[ndigits] < n && is_digit(p[end[ndigits]])) || !has_check_digit(digits, ndigits))
		return 0;
	return end[ndigits];
}

static unsigned value(const uint8_t *p, size_t n)
{
	unsigned v = 0;

	for (size_t i = 0; i < n; i++)
		v = v * 10 + (unsigned)(p[i] - '0');
	return v;
}

/* Length of the social security number "AAA-GG-SSSS" or "AAAGGSSSS" that begins at p[0], or 0. */
static size_t ssn_at(const uint8_t *p, size_t n, bool with_dashes)
{
	static const char dashed[] = "ddd-dd-dddd", plain[] = "ddddddddd";
	const char *form = with_dashes ? dashed : plain;
	const size_t len = strlen(form), dash = with_dashes ? 1 : 0;
	unsigned area;

	if (n < len || (n > len && is_digit(p[len])))
		return 0;
	for (size_t i = 0; i < len; i++)
		if (form[i] == 'd' ? !is_digit(p[i]) : p[i] != '-')
			return 0;
	area = value(p, 3);
	if (area == 0 || area == 666 || area > 772 || value(p + 3 + dash, 2) == 0 ||
	    value(p + 5 + 2 * dash, 4) == 0)
		return 0;
	return len;
}

/* Looks at the numbers that may begin at bytes [from, to) of `p`, whose first byte is at `off`. */
static void look(struct structured *s, const uint8_t *p, size_t n, size_t from, size_t to,
		 uint64_t off)
{
	for (size_t i = from; i < to; i++) {
		size_t len;

		if (!is_digit(p[i]) || (i > 0 && is_digit(p[i - 1])))
			continue;
		if (off + i >= s->card_end && (len = card_at(p + i, n - i, s->no_debit)) > 0) {
			s->cards++;
			s->card_end = off + i + len;
		}
		if (off + i < s->ssn_end)
			continue;
		len = s->with_dashes ? ssn_at(p + i, n - i, true) : 0;
		if (len == 0 && s->without_dashes)
			len = ssn_at(p + i, n - i, false);
		if (len > 0) {
			s->ssns++;
			s->ssn_end = off + i + len;
		}
	}
}

static ov_status look_in_windows(struct ov_engine *e, const struct ov_node *n, struct structured *s)
{
	size_t have = 0; /* bytes kept from the window before */
	uint64_t off = 0;

	while (off < n->match_size) {
		const size_t want = (size_t)ov_min_u64(n->match_size - off, OV_WINDOW);
		const bool is_last = want == n->match_size - off;
		size_t got = 0, all;

		if (ov_budget_late(&e->budget))
			return OV_OK; /* noted by the walk */
		OV_TRY(ov_src_read_upto(&n->src, off, e->piece.p + have, want, &got));
		all = have + got;
		look(s, e->piece.p, all, have > 0 ? have - NUMBER_MAX : 0,
		     is_last ? all : all - NUMBER_MAX, off - have);
		if (got < want)
			return OV_OK; /* it shrank, which was noted when it was matched */
		off += got;
		have = ov_min_size(all, 2 * NUMBER_MAX);
		memmove(e->piece.p, e->piece.p + all - have, have);
	}
	return OV_OK;
}

static bool is_text(const struct ov_node *n)
{
	switch (n->type) {
	case OV_T_HTML:
	case OV_T_HTML_UTF16:
	case OV_T_TEXT_UTF16LE:
	case OV_T_TEXT_UTF16BE:
		return false;
	case OV_T_BINARY_DATA:
		return ov_raw_target(n) == OV_TARGET_ANY; /* it looks like text */
	default:
		return ov_type_nature(n->type) == OV_NATURE_TEXT;
	}
}

ov_status ov_structured(struct ov_engine *e, struct ov_node *n)
{
	const struct ov_scan_options *o = e->o;
	struct structured s = { .min_cards = ov_max_u64(o->min_cards, 1),
				.min_ssns = ov_max_u64(o->min_ssns, 1),
				.with_dashes = o->ssn_formats != 2,
				.without_dashes = o->ssn_formats != 1,
				.no_debit = o->cards_only };

	if ((o->alerts >> OVERT_ALERT_STRUCTURED & 1) == 0 || !is_text(n))
		return OV_OK;
	if (n->src.mem != NULL) {
		look(&s, n->src.mem, (size_t)n->match_size, 0, (size_t)n->match_size, 0);
	} else {
		OV_TRY(ov_buf_reserve(&e->piece, OV_WINDOW + 2 * NUMBER_MAX));
		OV_TRY(look_in_windows(e, n, &s));
	}
	if (s.ssns >= s.min_ssns)
		OV_TRY(ov_heuristic(e, n, OVERT_ALERT_STRUCTURED, "Heuristics.Structured.SSN"));
	if (s.cards >= s.min_cards)
		OV_TRY(ov_heuristic(e, n, OVERT_ALERT_STRUCTURED,
				    "Heuristics.Structured.CreditCardNumber"));
	return OV_OK;
}
