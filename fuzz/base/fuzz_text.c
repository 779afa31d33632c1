/*
 * Escapes and shell patterns. Claims: JSON text is valid ASCII-or-UTF-8 without control characters
 * and gives the same bytes back; shown text holds nothing that a terminal would obey; a pattern
 * matches exactly when a plain table of all prefixes says so.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define GLOB_MAX 64

static void claim(bool true_)
{
	if (!true_)
		abort();
}

/* Decodes what ov_text_json() writes; nothing more. Returns the number of bytes. */
static size_t json_back(const struct ov_buf *b, uint8_t *out)
{
	static const char shorts[] = "\"\"\\\\n\nr\rt\t"; /* letter, meaning */
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++) {
		uint8_t hex[2];
		size_t got;
		const char *at;

		if (b->p[i] != '\\') {
			claim(b->p[i] >= 0x20 && b->p[i] != '"' && b->p[i] != 0x7f);
			out[n++] = b->p[i];
			continue;
		}
		claim(++i < b->n);
		if (b->p[i] == 'u') {
			claim(b->n - i >= 5);
			claim(ov_hex_decode((struct ov_str){ (const char *)b->p + i + 1, 4 }, hex,
					    2, &got) == OV_OK);
			claim(hex[0] == 0 ? hex[1] < 0x80 : hex[0] == 0xdc && hex[1] >= 0x80);
			out[n++] = hex[1];
			i += 4;
			continue;
		}
		for (at = shorts; *at != '\0' && (uint8_t)*at != b->p[i];)
			at += 2;
		claim(*at != '\0');
		out[n++] = (uint8_t)at[1];
	}
	return n;
}

static void check_escapes(struct ov_str s)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf json = ov_buf_of(1 << 20), shown = ov_buf_of(1 << 20);
	struct ov_str rest;
	uint8_t *back = malloc(6 * s.n + 1);

	if (back == NULL)
		return;
	claim(ov_text_json(&json, s) == OV_OK);
	claim(json_back(&json, back) == s.n && (s.n == 0 || memcmp(back, s.p, s.n) == 0));
	for (rest = (struct ov_str){ (const char *)json.p, json.n }; rest.n > 0;) {
		const size_t len = ov_utf8_len(rest);

		claim(len > 0);
		rest.p += len;
		rest.n -= len;
	}
	claim(ov_text_shown(&shown, s) == OV_OK);
	for (size_t i = 0; i < shown.n; i++) {
		claim(shown.p[i] >= 0x20 && shown.p[i] != 0x7f);
		claim(!(shown.p[i] == 0xc2 && i + 1 < shown.n && shown.p[i + 1] < 0xa0));
	}
	free(back);
}

/* One element of a pattern at `i`, other than '*', against c; how long it is goes to *len. Written
 * from text.h's words. */
static bool plain_one(struct ov_str p, size_t i, char c, size_t *len)
{
	const char *body = p.p + i + 1, *end;
	bool negate, hit = false;
	size_t n;

	*len = 1;
	if (p.p[i] == '?')
		return true;
	if (p.p[i] == '\\' && i + 1 < p.n) {
		*len = 2;
		return p.p[i + 1] == c;
	}
	if (p.p[i] != '[')
		return p.p[i] == c;
	n = p.n - i - 1;
	negate = n > 0 && (*body == '!' || *body == '^');
	body += negate;
	n -= negate;
	end = n > 1 ? memchr(body + 1, ']', n - 1) : NULL;
	if (end == NULL)
		return c == '[';
	for (const char *at = body; at < end; at++) {
		if (at + 2 < end && at[1] == '-') {
			hit |= (uint8_t)c >= (uint8_t)at[0] && (uint8_t)c <= (uint8_t)at[2];
			at += 2;
		} else {
			hit |= *at == c;
		}
	}
	*len = (size_t)(end + 1 - (p.p + i));
	return hit != negate;
}

/* can[i][k]: the pattern from i on matches the text from k on. */
static bool plain_glob(struct ov_str p, struct ov_str s)
{
	static const size_t none = 0;
	bool can[GLOB_MAX + 1][GLOB_MAX + 1];

	memset(can, 0, sizeof can);
	can[p.n][s.n] = true;
	for (size_t i = p.n; i-- > 0;) {
		for (size_t k = s.n + 1; k-- > 0;) {
			size_t len = none;

			if (p.p[i] == '*')
				can[i][k] = can[i + 1][k] || (k < s.n && can[i][k + 1]);
			else if (k < s.n && plain_one(p, i, s.p[k], &len))
				can[i][k] = can[i + len][k + 1];
		}
	}
	return can[0][0];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ov_str all = { (const char *)data, size }, pattern;
	uint64_t v;

	if (size == 0)
		return 0;
	check_escapes(all);
	(void)!ov_text_u64(all, &v);
	if (ov_text_split(&all, '\n', &pattern) && all.p != NULL && pattern.n <= GLOB_MAX &&
	    all.n <= GLOB_MAX)
		claim(ov_text_glob(pattern, all) == plain_glob(pattern, all));
	return 0;
}
