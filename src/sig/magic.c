/* Bodies of file type magic. See magic.h. */
#include "magic.h"

#include <string.h>

#include "checked.h"
#include "finder.h"
#include "le.h"

#define HEAD 16

ov_status ov_magic_put(const struct ov_magic *m, struct ov_buf *out)
{
	if (m->bytes.n > OV_MAGIC_BYTES)
		return OV_LIMIT;
	OV_TRY(ov_buf_u16(out, (uint16_t)m->type));
	OV_TRY(ov_buf_u16(out, (uint16_t)m->from));
	OV_TRY(ov_buf_u16(out, m->is_pattern));
	OV_TRY(ov_buf_u16(out, (uint16_t)m->bytes.n));
	OV_TRY(ov_buf_u32(out, m->offset));
	OV_TRY(ov_buf_u32(out, m->shift));
	OV_TRY(ov_buf_str(out, m->bytes));
	return ov_buf_put(out, m->pattern.base, m->is_pattern ? m->pattern.len : 0);
}

ov_status ov_magic_get(struct ov_cur body, struct ov_magic *out)
{
	const uint8_t *p = body.base;
	struct ov_magic m = { .is_pattern = false };

	if (body.len < HEAD || ov_le16(p) >= OV_T_COUNT || ov_le16(p + 2) >= OV_T_COUNT ||
	    ov_le16(p + 4) > 1 || ov_le16(p + 6) > OV_MAGIC_BYTES ||
	    ov_le16(p + 6) > body.len - HEAD)
		return OV_BAD;
	m.type = (enum ov_type)ov_le16(p);
	m.from = (enum ov_type)ov_le16(p + 2);
	m.is_pattern = ov_le16(p + 4) != 0;
	m.bytes = (struct ov_str){ .p = (const char *)p + HEAD, .n = ov_le16(p + 6) };
	m.offset = ov_le32(p + 8);
	m.shift = ov_le32(p + 12);
	m.pattern = ov_cur_of(p + HEAD + m.bytes.n, body.len - HEAD - m.bytes.n);
	*out = m;
	return OV_OK;
}

ov_status ov_magic_verify(struct ov_cur body)
{
	struct ov_magic m;
	struct ov_pats pats;

	OV_TRY(ov_magic_get(body, &m));
	if (!m.is_pattern)
		return m.pattern.len == 0 && m.bytes.n > 0 ? OV_OK : OV_BAD;
	OV_TRY(ov_pats_open(m.pattern, &pats));
	return pats.count == 1 ? OV_OK : OV_BAD;
}

/* Looks at each place in the first bytes: rarely, for the run of bytes is looked for first. */
static bool pattern_holds(const struct ov_magic *m, struct ov_cur head)
{
	const size_t n = ov_min_size(head.len, OV_MAGIC_HEAD);
	struct ov_pats pats;

	if (n == 0 || (m->bytes.n > 0 && memmem(head.base, n, m->bytes.p, m->bytes.n) == NULL))
		return false;
	if (ov_pats_open(m->pattern, &pats) != OV_OK)
		return false;
	for (size_t at = m->offset; at < n && at - m->offset <= m->shift; at++) {
		uint64_t len = 0;

		if (ov_pat_match_at(&pats, 0, head.base, n, 0, n, at, &len) == OV_OK)
			return true;
	}
	return false;
}

bool ov_magic_holds(const struct ov_magic *m, struct ov_cur head, enum ov_type own)
{
	if (m->is_pattern)
		return (m->from == OV_T_ANY || m->from == own) && pattern_holds(m, head);
	/* ClamAV looks at `from` for patterns only. */
	return m->offset <= head.len && m->bytes.n <= head.len - m->offset &&
	       memcmp(head.base + m->offset, m->bytes.p, m->bytes.n) == 0;
}
