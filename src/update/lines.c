#include "lines.h"

#include "text.h"

ov_status ov_lines_words(struct ov_str line, struct ov_str *words, size_t n, bool rest)
{
	for (size_t i = 0; i < n; i++) {
		if (rest && i + 1 == n) {
			words[i] = line;
			return line.n > 0 ? OV_OK : OV_BAD;
		}
		if (!ov_text_split(&line, ' ', &words[i]) || words[i].n == 0)
			return OV_BAD;
	}
	return line.p == NULL ? OV_OK : OV_BAD;
}

ov_status ov_lines_u64(struct ov_str word, uint64_t *out)
{
	if (word.n == 0 || (word.n > 1 && word.p[0] == '0') || ov_text_u64(word, out) != OV_OK)
		return OV_BAD;
	return *out <= INT64_MAX ? OV_OK : OV_BAD;
}

/* Lower-case hexadecimal digits, exactly two for each of `n` bytes. */
static ov_status read_hex(struct ov_str word, uint8_t *out, size_t n)
{
	size_t got;

	if (word.n != 2 * n)
		return OV_BAD;
	for (size_t i = 0; i < word.n; i++)
		if (word.p[i] >= 'A' && word.p[i] <= 'F')
			return OV_BAD;
	return ov_hex_decode(word, out, n, &got) == OV_OK ? OV_OK : OV_BAD;
}

ov_status ov_lines_sha256(struct ov_str word, uint8_t out[OV_SHA256_BYTES])
{
	return read_hex(word, out, OV_SHA256_BYTES);
}

ov_status ov_lines_short(struct ov_str word, uint8_t out[OV_SHORT_BYTES])
{
	return read_hex(word, out, OV_SHORT_BYTES);
}

bool ov_lines_name_ok(struct ov_str s)
{
	if (s.n == 0 || s.n > 64 || s.p[0] == '.')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		const char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
		      c == '+' || c == '-'))
			return false;
	}
	return true;
}
