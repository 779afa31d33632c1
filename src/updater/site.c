#include "site.h"

#include <string.h>

#include "text.h"

static ov_status number(struct ov_str *rest, const char *name, uint64_t *out)
{
	struct ov_str line, w[2];

	if (!ov_text_split(rest, '\n', &line))
		return OV_BAD;
	OV_TRY(ov_lines_words(line, w, 2, false));
	return ov_str_is(w[0], name) ? ov_lines_u64(w[1], out) : OV_BAD;
}

static ov_status parse(struct ov_str rest, struct site *s)
{
	struct ov_str line;

	if (!ov_text_split(&rest, '\n', &line) || !ov_str_is(line, "overt-site/v1"))
		return ov_str_starts(line, OV_STR("overt-site/")) ? OV_UNSUPPORTED : OV_BAD;
	OV_TRY(number(&rest, "size", &s->size));
	OV_TRY(number(&rest, "root", &s->root));
	while (ov_text_split(&rest, '\n', &line)) {
		struct ov_str w[2];

		OV_TRY(ov_lines_words(line, w, 2, false));
		if (!ov_str_is(w[0], "have"))
			return OV_BAD;
		if (s->nhave == OV_MEMORY_HAVE)
			return OV_LIMIT;
		OV_TRY(ov_lines_sha256(w[1], s->have[s->nhave]));
		s->nhave++;
	}
	return OV_OK;
}

ov_status site_parse(struct ov_str text, struct site *out)
{
	memset(out, 0, sizeof *out);
	if (text.n == 0 || text.p[text.n - 1] != '\n')
		return OV_BAD;
	return parse((struct ov_str){ text.p, text.n - 1 }, out);
}

ov_status site_write(const struct site *s, struct ov_buf *out)
{
	char hex[2 * OV_SHA256_BYTES + 1];

	OV_TRY(ov_buf_fmt(out, "overt-site/v1\nsize %llu\nroot %llu\n", (unsigned long long)s->size,
			  (unsigned long long)s->root));
	for (uint32_t i = 0; i < s->nhave; i++) {
		ov_hex_encode(s->have[i], OV_SHA256_BYTES, hex);
		OV_TRY(ov_buf_fmt(out, "have %s\n", hex));
	}
	return OV_OK;
}

void site_of(const struct ov_memory *m, struct site *out)
{
	memset(out, 0, sizeof *out);
	out->size = m->size;
	out->root = m->root;
	for (uint32_t i = 0; i < m->nhave; i++) /* the newest of each name: deltas start there */
		if (&m->have[i] == ov_memory_have(m, m->have[i].channel, m->have[i].name, 0))
			memcpy(out->have[out->nhave++], m->have[i].sha256, OV_SHA256_BYTES);
}

bool site_has(const struct site *s, const uint8_t sha256[OV_SHA256_BYTES])
{
	for (uint32_t i = 0; i < s->nhave; i++)
		if (memcmp(s->have[i], sha256, OV_SHA256_BYTES) == 0)
			return true;
	return false;
}

bool site_has_short(const struct site *s, const uint8_t part[OV_SHORT_BYTES])
{
	for (uint32_t i = 0; i < s->nhave; i++)
		if (ov_state_is_short(part, s->have[i]))
			return true;
	return false;
}
