#include "mirror.h"

#include <string.h>

#include "b64.h"
#include "checkpoint.h"
#include "key.h"
#include "text.h"

#define MASK ((uint64_t)OV_TILE_WIDTH - 1)

static ov_status take_str(struct ov_cur *c, size_t max, struct ov_str *out)
{
	struct ov_cur part;
	uint16_t n;

	OV_TRY(ov_cur_u16be(c, &n));
	if (n > max)
		return OV_LIMIT;
	OV_TRY(ov_cur_take(c, n, &part));
	*out = (struct ov_str){ (const char *)part.base, part.len };
	return OV_OK;
}

ov_status ov_mirror_head_read(struct ov_cur *in, struct ov_mirror_head *out)
{
	struct ov_mirror_head h;
	struct ov_cur c = *in;

	OV_TRY(take_str(&c, OV_KEY_NAME_MAX, &h.origin));
	OV_TRY(ov_cur_u64be(&c, &h.start));
	OV_TRY(ov_cur_u64be(&c, &h.end));
	OV_TRY(take_str(&c, OV_MIRROR_TICKET_MAX, &h.ticket));
	if (h.start > h.end || h.end > OV_MERKLE_SIZE_MAX)
		return OV_BAD;
	*in = c;
	*out = h;
	return OV_OK;
}

static ov_status put_be(struct ov_buf *b, uint64_t v, unsigned bytes)
{
	while (bytes-- > 0)
		OV_TRY(ov_buf_u8(b, (uint8_t)(v >> (8 * bytes))));
	return OV_OK;
}

static ov_status put_str(struct ov_buf *b, struct ov_str s, size_t max)
{
	if (s.n > max)
		return OV_LIMIT;
	OV_TRY(put_be(b, s.n, 2));
	return s.n > 0 ? ov_buf_str(b, s) : OV_OK;
}

ov_status ov_mirror_head_write(struct ov_buf *b, const struct ov_mirror_head *h)
{
	OV_TRY(put_str(b, h->origin, OV_KEY_NAME_MAX));
	OV_TRY(put_be(b, h->start, 8));
	OV_TRY(put_be(b, h->end, 8));
	return put_str(b, h->ticket, OV_MIRROR_TICKET_MAX);
}

uint64_t ov_mirror_package_end(uint64_t start, uint64_t end)
{
	const uint64_t next = (start & ~MASK) + OV_TILE_WIDTH;

	return next < end ? next : end;
}

ov_status ov_mirror_package_read(struct ov_cur *in, uint64_t start, uint64_t end,
				 struct ov_mirror_package *out)
{
	struct ov_mirror_package p = { .base = start & ~MASK,
				       .start = start,
				       .end = ov_mirror_package_end(start, end) };
	struct ov_cur c = *in, part;
	uint8_t n;

	for (uint64_t i = p.start; i < p.end; i++)
		OV_TRY(ov_entry_next(&c, &part) == OV_OK ? OV_OK : OV_SHORT);
	p.entries = ov_cur_of(in->base + in->pos, c.pos - in->pos);
	OV_TRY(ov_cur_u8(&c, &n));
	if (n > OV_MIRROR_HASHES)
		return OV_BAD;
	for (; p.proof.n < n; p.proof.n++) {
		OV_TRY(ov_cur_take(&c, OV_MERKLE_HASH, &part));
		memcpy(p.proof.h[p.proof.n].b, part.base, OV_MERKLE_HASH);
	}
	*in = c;
	*out = p;
	return OV_OK;
}

ov_status ov_mirror_package_write(struct ov_buf *b, const struct ov_mirror_package *p)
{
	if (p->proof.n > OV_MIRROR_HASHES)
		return OV_LIMIT;
	OV_TRY(ov_buf_put(b, p->entries.base, p->entries.len));
	OV_TRY(ov_buf_u8(b, (uint8_t)p->proof.n));
	for (size_t i = 0; i < p->proof.n; i++)
		OV_TRY(ov_buf_put(b, p->proof.h[i].b, OV_MERKLE_HASH));
	return OV_OK;
}

ov_status ov_mirror_info_read(struct ov_str body, struct ov_mirror_info *out)
{
	struct ov_mirror_info i;
	struct ov_str rest = body, line;

	if (!ov_text_split(&rest, '\n', &line))
		return OV_BAD;
	OV_TRY(ov_checkpoint_number(line, &i.size));
	if (!ov_text_split(&rest, '\n', &line))
		return OV_BAD;
	OV_TRY(ov_checkpoint_number(line, &i.next));
	if (!ov_text_split(&rest, '\n', &i.ticket) || rest.p == NULL || rest.n != 0 ||
	    i.ticket.n > OV_B64_SIZE(OV_MIRROR_TICKET_MAX))
		return OV_BAD;
	*out = i;
	return OV_OK;
}

ov_status ov_mirror_info_write(struct ov_buf *b, const struct ov_mirror_info *i)
{
	OV_TRY(ov_buf_fmt(b, "%llu\n%llu\n", (unsigned long long)i->size,
			  (unsigned long long)i->next));
	OV_TRY(i->ticket.n > 0 ? ov_buf_str(b, i->ticket) : OV_OK);
	return ov_buf_u8(b, '\n');
}
