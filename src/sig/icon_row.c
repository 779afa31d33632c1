/* Bodies of icons. See icon_row.h. */
#include "icon_row.h"

#include <string.h>

static uint8_t *put_u16(uint8_t *to, size_t v)
{
	to[0] = (uint8_t)v;
	to[1] = (uint8_t)(v >> 8);
	return to + 2;
}

size_t ov_icon_row_put(const struct ov_icon_row *r, uint8_t to[OV_ICON_ROW_MAX])
{
	uint8_t *p = to;

	*p++ = r->icon.side;
	for (unsigned kind = 0; kind < OV_ICON_KINDS; kind++) {
		for (unsigned k = 0; k < OV_ICON_SPOTS; k++) {
			p = put_u16(p, r->icon.spots[kind][k].average);
			*p++ = r->icon.spots[kind][k].x;
			*p++ = r->icon.spots[kind][k].y;
		}
	}
	*p++ = r->icon.red;
	*p++ = r->icon.green;
	*p++ = r->icon.blue;
	*p++ = r->icon.coloured;
	for (int g = 0; g < 2; g++) {
		p = put_u16(p, r->group[g].n);
		if (r->group[g].n > 0)
			memcpy(p, r->group[g].p, r->group[g].n);
		p += r->group[g].n;
	}
	return (size_t)(p - to);
}

ov_status ov_icon_row_get(struct ov_cur body, struct ov_icon_row *out)
{
	struct ov_icon *i = &out->icon;

	i->side = ov_cur_soft_u8(&body);
	for (unsigned kind = 0; kind < OV_ICON_KINDS; kind++) {
		for (unsigned k = 0; k < OV_ICON_SPOTS; k++) {
			i->spots[kind][k].average = ov_cur_soft_u16le(&body);
			i->spots[kind][k].x = ov_cur_soft_u8(&body);
			i->spots[kind][k].y = ov_cur_soft_u8(&body);
		}
	}
	i->red = ov_cur_soft_u8(&body);
	i->green = ov_cur_soft_u8(&body);
	i->blue = ov_cur_soft_u8(&body);
	i->coloured = ov_cur_soft_u8(&body);
	OV_TRY(ov_cur_status(&body) == OV_OK ? OV_OK : OV_BAD);
	if (i->side != 16 && i->side != 24 && i->side != 32)
		return OV_BAD;
	for (int g = 0; g < 2; g++) {
		const uint16_t n = ov_cur_soft_u16le(&body);
		struct ov_cur text;

		if (ov_cur_status(&body) != OV_OK || n > OV_ICON_GROUP_MAX ||
		    ov_cur_take(&body, n, &text) != OV_OK)
			return OV_BAD;
		out->group[g] = (struct ov_str){ (const char *)text.base, n };
	}
	return ov_cur_left(&body) == 0 ? OV_OK : OV_BAD;
}

ov_status ov_icon_row_verify(struct ov_cur body)
{
	struct ov_icon_row r;

	return ov_icon_row_get(body, &r);
}
