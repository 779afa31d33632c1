/* Dalvik executables: see dex.h. */
#include "dex.h"

#include <string.h>

#include "checked.h"

/* Widths of a row's numbers, in bytes; 0 ends them. */
static const uint8_t layout[OV_DEX_TABLES][9] = {
	[OV_DEX_STRINGS] = { 4 },	[OV_DEX_TYPES] = { 4 },
	[OV_DEX_PROTOS] = { 4, 4, 4 },	[OV_DEX_FIELDS] = { 2, 2, 4 },
	[OV_DEX_METHODS] = { 2, 2, 4 }, [OV_DEX_CLASSES] = { 4, 4, 4, 4, 4, 4, 4, 4 },
};

uint32_t ov_dex_row_size(enum ov_dex_table t)
{
	uint32_t n = 0;

	for (int i = 0; layout[t][i] != 0; i++)
		n += layout[t][i];
	return n;
}

/* "dex\n0NN\0", 35 to 41. */
static bool is_version(const uint8_t m[8], uint32_t *out)
{
	if (memcmp(m, "dex\n0", 5) != 0 || m[7] != 0 || m[5] < '0' || m[5] > '9' || m[6] < '0' ||
	    m[6] > '9')
		return false;
	*out = (uint32_t)(m[5] - '0') * 10 + (uint32_t)(m[6] - '0');
	return *out >= 35 && *out <= 41;
}

ov_status ov_dex_open(struct ov_window *w, struct ov_dex *out)
{
	struct ov_dex d = { .version = 0 };
	struct ov_cur c;

	OV_TRY(ov_window_get(w, 0, OV_DEX_HEADER, &c));
	OV_TRY(ov_cur_copy(&c, d.magic, sizeof d.magic));
	if (!is_version(d.magic, &d.version))
		return OV_BAD;
	d.checksum = ov_cur_soft_u32le(&c);
	OV_TRY(ov_cur_copy(&c, d.signature, sizeof d.signature));
	d.file_size = ov_cur_soft_u32le(&c);
	d.header_size = ov_cur_soft_u32le(&c);
	d.endian_tag = ov_cur_soft_u32le(&c);
	d.link_size = ov_cur_soft_u32le(&c);
	d.link_off = ov_cur_soft_u32le(&c);
	d.map_off = ov_cur_soft_u32le(&c);
	for (int t = 0; t < OV_DEX_TABLES; t++) {
		d.n[t] = ov_cur_soft_u32le(&c);
		d.at[t] = ov_cur_soft_u32le(&c);
	}
	d.data_size = ov_cur_soft_u32le(&c);
	d.data_off = ov_cur_soft_u32le(&c);
	OV_TRY(ov_cur_status(&c));
	*out = d;
	return OV_OK;
}

bool ov_dex_has_table(const struct ov_dex *d, uint64_t file_size, enum ov_dex_table t)
{
	/* 32 bits each, rows below 33 bytes: nothing wraps */
	return d->at[t] + (uint64_t)d->n[t] * ov_dex_row_size(t) <= file_size;
}

static ov_status gone(ov_status s)
{
	return s == OV_SHORT || s == OV_BAD ? OV_END : s;
}

ov_status ov_dex_row(const struct ov_dex *d, struct ov_window *w, enum ov_dex_table t, uint64_t i,
		     uint32_t out[8])
{
	const uint32_t size = ov_dex_row_size(t);
	struct ov_cur c;

	if (i >= d->n[t])
		return OV_END;
	OV_TRY(gone(ov_window_get(w, d->at[t] + i * size, size, &c)));
	for (int k = 0; layout[t][k] != 0; k++)
		out[k] = layout[t][k] == 2 ? ov_cur_soft_u16le(&c) : ov_cur_soft_u32le(&c);
	return gone(ov_cur_status(&c));
}

ov_status ov_dex_uleb(struct ov_cur *c, uint32_t *out)
{
	struct ov_cur at = *c;
	uint32_t v = 0;
	uint8_t b = 0x80;

	for (unsigned i = 0; (b & 0x80) != 0; i++) {
		if (i == 5)
			return OV_BAD;
		OV_TRY(ov_cur_u8(&at, &b));
		v |= (uint32_t)(b & 0x7f) << (7 * i);
	}
	*c = at;
	*out = v;
	return OV_OK;
}

ov_status ov_dex_string(const struct ov_dex *d, struct ov_window *w, uint64_t i, uint32_t *off,
			uint32_t *units, struct ov_str *text)
{
	uint32_t row[8];
	struct ov_cur c;

	OV_TRY(ov_dex_row(d, w, OV_DEX_STRINGS, i, row));
	OV_TRY(ov_window_upto(w, row[0], OV_WINDOW_MAX, &c));
	OV_TRY(gone(ov_dex_uleb(&c, units)));
	OV_TRY(gone(ov_cur_zstr(&c, OV_WINDOW_MAX, text)));
	*off = row[0];
	return OV_OK;
}
