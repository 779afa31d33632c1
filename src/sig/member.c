/* Bodies of container-metadata signatures. See member.h. */
#include "member.h"

#include <string.h>

#include "le.h"

#define HEAD 88
#define HAS_CRC 1u
#define HAS_METHOD 2u
#define HAS_ENCRYPTED 4u
#define IS_ENCRYPTED 8u
#define HAS_NAME 16u
#define ALL_FLAGS 31u

static uint16_t flags_of(const struct ov_member_sig *s)
{
	return (uint16_t)((s->has_crc ? HAS_CRC : 0) | (s->has_method ? HAS_METHOD : 0) |
			  (s->has_encrypted ? HAS_ENCRYPTED : 0) |
			  (s->is_encrypted ? IS_ENCRYPTED : 0) | (s->has_name ? HAS_NAME : 0));
}

ov_status ov_member_put(const struct ov_member_sig *s, struct ov_buf *out)
{
	const struct ov_u64_range *ranges[] = { &s->container, &s->packed, &s->real, &s->position };

	if (s->text.n > UINT16_MAX)
		return OV_LIMIT;
	OV_TRY(ov_buf_u16(out, s->has_type ? (uint16_t)s->type : OV_MEMBER_TYPE_ANY));
	OV_TRY(ov_buf_u16(out, flags_of(s)));
	OV_TRY(ov_buf_u16(out, s->method));
	OV_TRY(ov_buf_u16(out, (uint16_t)s->text.n));
	OV_TRY(ov_buf_u32(out, s->crc));
	OV_TRY(ov_buf_u32(out, (uint32_t)s->needs.nliteral));
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		OV_TRY(ov_buf_u64(out, ranges[i]->lo));
		OV_TRY(ov_buf_u64(out, ranges[i]->hi));
	}
	OV_TRY(ov_buf_u64(out, s->needs.mask));
	OV_TRY(ov_buf_str(out, s->text));
	OV_TRY(ov_buf_put(out, s->needs.literal, s->needs.nliteral));
	return ov_buf_put(out, s->program.base, s->has_name ? s->program.len : 0);
}

static struct ov_u64_range range_at(const uint8_t *p)
{
	return (struct ov_u64_range){ .lo = ov_le64(p), .hi = ov_le64(p + 8) };
}

ov_status ov_member_get(struct ov_cur body, struct ov_member_sig *out)
{
	struct ov_member_sig s = { .has_type = false };
	const uint8_t *p = body.base;
	uint32_t flags, type;
	size_t nlit;

	if (body.len < HEAD)
		return OV_BAD;
	type = ov_le16(p);
	flags = ov_le16(p + 2);
	s.text.n = ov_le16(p + 6);
	nlit = ov_le32(p + 12);
	if (nlit > OV_ERE_LITERAL || s.text.n + nlit > body.len - HEAD || flags > ALL_FLAGS ||
	    (type != OV_MEMBER_TYPE_ANY && type >= OV_T_COUNT))
		return OV_BAD;
	s.has_type = type != OV_MEMBER_TYPE_ANY;
	s.type = s.has_type ? (enum ov_type)type : OV_T_ANY;
	s.has_crc = (flags & HAS_CRC) != 0;
	s.has_method = (flags & HAS_METHOD) != 0;
	s.has_encrypted = (flags & HAS_ENCRYPTED) != 0;
	s.is_encrypted = (flags & IS_ENCRYPTED) != 0;
	s.has_name = (flags & HAS_NAME) != 0;
	s.method = ov_le16(p + 4);
	s.crc = ov_le32(p + 8);
	s.container = range_at(p + 16);
	s.packed = range_at(p + 32);
	s.real = range_at(p + 48);
	s.position = range_at(p + 64);
	s.needs.mask = ov_le64(p + 80);
	s.needs.nliteral = nlit;
	s.text.p = (const char *)p + HEAD;
	s.literal = (struct ov_str){ .p = s.text.p + s.text.n, .n = nlit };
	s.program = ov_cur_of(p + HEAD + s.text.n + nlit, body.len - HEAD - s.text.n - nlit);
	*out = s;
	return OV_OK;
}

ov_status ov_member_verify(struct ov_cur body)
{
	struct ov_member_sig s;

	OV_TRY(ov_member_get(body, &s));
	if (s.has_name)
		return ov_ere_verify(s.program);
	return s.program.len == 0 ? OV_OK : OV_BAD;
}
