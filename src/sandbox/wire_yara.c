/* YARA rules that hold, as messages. See wire.h. */
#include "wire_int.h"

#include <string.h>

#define MIN_TEXT 4
#define MIN_RULE (2 * MIN_TEXT + 3 * 4 + 8)
#define MIN_META (2 * MIN_TEXT + 1 + 8)
#define MIN_MATCH (2 * MIN_TEXT + 8 + 8 + 3)

static ov_status put_meta(struct ov_buf *b, const struct overt_yara_meta *m)
{
	uint64_t raw = (uint64_t)m->number;

	if (m->kind == OVERT_YARA_FLOAT)
		memcpy(&raw, &m->value, sizeof raw);
	OV_TRY(ov_wire_put_text(b, m->name));
	OV_TRY(ov_wire_put_text(b, m->text));
	OV_TRY(ov_buf_u8(b, (uint8_t)m->kind));
	return ov_buf_u64(b, raw);
}

static ov_status get_meta(struct ov_cur *c, struct overt_yara_meta *m)
{
	uint64_t raw;
	uint8_t kind;

	OV_TRY(ov_wire_get_text(c, &m->name));
	OV_TRY(ov_wire_get_text(c, &m->text));
	OV_TRY(ov_cur_u8(c, &kind));
	OV_TRY(ov_cur_u64le(c, &raw));
	if (kind < OVERT_YARA_INTEGER || kind > OVERT_YARA_TEXT)
		return OV_BAD;
	m->kind = (enum overt_yara_kind)kind;
	if (kind == OVERT_YARA_FLOAT)
		memcpy(&m->value, &raw, sizeof raw);
	else
		m->number = (int64_t)raw;
	return OV_OK;
}

static ov_status put_match(struct ov_buf *b, const struct overt_yara_match *m)
{
	OV_TRY(ov_wire_put_text(b, m->name));
	OV_TRY(ov_wire_put_text(b, m->data));
	OV_TRY(ov_buf_u64(b, m->offset));
	OV_TRY(ov_buf_u64(b, m->length));
	OV_TRY(ov_buf_u8(b, m->is_hex != 0));
	OV_TRY(ov_buf_u8(b, m->is_xor != 0));
	return ov_buf_u8(b, (uint8_t)m->xor_key);
}

static ov_status get_match(struct ov_cur *c, struct overt_yara_match *m)
{
	bool is_hex, is_xor;
	uint8_t key;

	OV_TRY(ov_wire_get_text(c, &m->name));
	OV_TRY(ov_wire_get_text(c, &m->data));
	OV_TRY(ov_cur_u64le(c, &m->offset));
	OV_TRY(ov_cur_u64le(c, &m->length));
	OV_TRY(ov_wire_get_bool(c, &is_hex));
	OV_TRY(ov_wire_get_bool(c, &is_xor));
	OV_TRY(ov_cur_u8(c, &key));
	m->is_hex = is_hex;
	m->is_xor = is_xor;
	m->xor_key = key;
	return m->data.length <= m->length ? OV_OK : OV_BAD;
}

static ov_status put_rule(struct ov_buf *b, const struct overt_yara_rule *r)
{
	OV_TRY(ov_wire_put_text(b, r->name));
	OV_TRY(ov_wire_put_text(b, r->name_space));
	OV_TRY(ov_buf_u32(b, (uint32_t)r->ntags));
	OV_TRY(ov_buf_u32(b, (uint32_t)r->nmetas));
	OV_TRY(ov_buf_u32(b, (uint32_t)r->nmatches));
	OV_TRY(ov_buf_u64(b, r->matches_total));
	for (size_t i = 0; i < r->ntags; i++)
		OV_TRY(ov_wire_put_text(b, r->tags[i]));
	for (size_t i = 0; i < r->nmetas; i++)
		OV_TRY(put_meta(b, &r->metas[i]));
	for (size_t i = 0; i < r->nmatches; i++)
		OV_TRY(put_match(b, &r->matches[i]));
	return OV_OK;
}

static ov_status get_rule(struct ov_cur *c, struct ov_arena *a, struct overt_yara_rule *r)
{
	struct overt_text *tags = NULL;
	struct overt_yara_meta *metas = NULL;
	struct overt_yara_match *matches = NULL;
	uint32_t n[3];

	OV_TRY(ov_wire_get_text(c, &r->name));
	OV_TRY(ov_wire_get_text(c, &r->name_space));
	for (int i = 0; i < 3; i++)
		OV_TRY(ov_cur_u32le(c, &n[i]));
	OV_TRY(ov_cur_u64le(c, &r->matches_total));
	if (r->name.length == 0 || n[0] > ov_cur_left(c) / MIN_TEXT ||
	    n[1] > ov_cur_left(c) / MIN_META || n[2] > ov_cur_left(c) / MIN_MATCH ||
	    n[2] > r->matches_total)
		return OV_BAD;
	OV_TRY(ov_arena_array(a, n[0], &tags));
	OV_TRY(ov_arena_array(a, n[1], &metas));
	OV_TRY(ov_arena_array(a, n[2], &matches));
	for (uint32_t i = 0; i < n[0]; i++)
		OV_TRY(ov_wire_get_text(c, &tags[i]));
	for (uint32_t i = 0; i < n[1]; i++)
		OV_TRY(get_meta(c, &metas[i]));
	for (uint32_t i = 0; i < n[2]; i++)
		OV_TRY(get_match(c, &matches[i]));
	r->tags = tags;
	r->ntags = n[0];
	r->metas = metas;
	r->nmetas = n[1];
	r->matches = matches;
	r->nmatches = n[2];
	return OV_OK;
}

ov_status ov_wire_put_rules(struct ov_buf *b, const struct overt_verdict *v)
{
	if (v->nyara > UINT32_MAX)
		return OV_LIMIT;
	OV_TRY(ov_buf_u32(b, (uint32_t)v->nyara));
	for (size_t i = 0; i < v->nyara; i++)
		OV_TRY(put_rule(b, &v->yara[i]));
	OV_TRY(ov_wire_put_text(b, v->yara_said));
	return ov_wire_put_text(b, v->yara_dump);
}

ov_status ov_wire_get_rules(struct ov_cur *c, struct ov_arena *a, struct overt_verdict *v)
{
	struct overt_yara_rule *r = NULL;
	uint32_t n;

	OV_TRY(ov_cur_u32le(c, &n));
	if (n > ov_cur_left(c) / MIN_RULE)
		return OV_BAD;
	if (n > 0)
		OV_TRY(ov_arena_array(a, n, &r));
	for (uint32_t i = 0; i < n; i++)
		OV_TRY(get_rule(c, a, &r[i]));
	v->yara = n > 0 ? r : NULL;
	v->nyara = n;
	OV_TRY(ov_wire_get_text(c, &v->yara_said));
	return ov_wire_get_text(c, &v->yara_dump);
}
