/*
 * Container-metadata lines. Sources: ClamAV manual, Signatures/ContainerMetadata.md; the older .zmd
 * and .rmd by what clamscan 1.4.6 does with them.
 *
 *   .cdb        name:container:container size:name
 * expression:packed:real:encrypted:position:crc:-[:min[:max]] .zmd .rmd   name:encrypted:name
 * expression:real:packed:crc:method:position:depth
 */
#include "build_int.h"
#include "member.h"
#include "text.h"

#define CDB_FIELDS 12
#define OLD_FIELDS 9

struct member_line {
	struct ov_member_sig s;
	struct ov_str name;
	struct ov_buf program;
};

static bool is_any(struct ov_str s)
{
	return ov_str_is(s, "*");
}

/* "*", "n" or "a-b". */
static ov_status read_range(struct ov_sig_line *l, struct ov_str s, struct ov_u64_range *out)
{
	*out = (struct ov_u64_range){ 0, UINT64_MAX };
	if (is_any(s))
		return OV_OK;
	if (s.n == 0 || s.p[0] == '-' || s.p[s.n - 1] == '-' || ov_sig_range(s, out) != OV_OK)
		return ov_sig_bad(l, "a size or position is *, n, or a-b with a <= b");
	return OV_OK;
}

/* Old lines know no ranges. */
static ov_status read_number(struct ov_sig_line *l, struct ov_str s, struct ov_u64_range *out)
{
	if (s.n > 0 && memchr(s.p, '-', s.n) != NULL)
		return ov_sig_bad(l, "a size or position is * or a number");
	return read_range(l, s, out);
}

static ov_status read_encrypted(struct ov_sig_line *l, struct ov_str s, struct ov_member_sig *m)
{
	if (is_any(s))
		return OV_OK;
	if (!ov_str_is(s, "0") && !ov_str_is(s, "1"))
		return ov_sig_bad(l, "encrypted is *, 0 or 1");
	m->has_encrypted = true;
	m->is_encrypted = s.p[0] == '1';
	return OV_OK;
}

/* Up to eight hexadecimal digits. */
static ov_status read_crc(struct ov_sig_line *l, struct ov_str s, struct ov_member_sig *m)
{
	uint32_t v = 0;

	if (is_any(s))
		return OV_OK;
	if (s.n == 0 || s.n > 8)
		return ov_sig_bad(l, "a CRC-32 is * or up to eight hexadecimal digits");
	for (size_t i = 0; i < s.n; i++) {
		if (ov_hex_digit(s.p[i]) < 0)
			return ov_sig_bad(l, "a CRC-32 is * or up to eight hexadecimal digits");
		v = v << 4 | (uint32_t)ov_hex_digit(s.p[i]);
	}
	m->has_crc = true;
	m->crc = v;
	return OV_OK;
}

static ov_status read_name(struct ov_sig_line *l, struct ov_str s, struct member_line *m)
{
	if (is_any(s))
		return OV_OK;
	m->s.has_name = true;
	return ov_ere_compile(s, &m->program, &m->s.needs, &l->why);
}

static ov_status read_type(struct ov_sig_line *l, struct ov_str s, struct ov_member_sig *m)
{
	if (is_any(s) || ov_str_is(s, "CL_TYPE_ANY"))
		return OV_OK;
	if (ov_type_by_name(s, &m->type) != OV_OK)
		return ov_sig_skip(l, "the container's type is unknown");
	m->has_type = true;
	return OV_OK;
}

static ov_status read_cdb(struct ov_sig_line *l, struct member_line *m)
{
	struct ov_str f[CDB_FIELDS + 1] = { 0 }, rest = l->text;
	size_t n = 0;

	while (n <= CDB_FIELDS && ov_text_split(&rest, ':', &f[n]))
		n++;
	if (n < 10 || n > CDB_FIELDS)
		return ov_sig_bad(l, "a container line has 10 to 12 fields");
	m->name = f[0];
	OV_TRY(ov_sig_level(l, f[10], f[11]));
	if (n == CDB_FIELDS && f[11].n == 0) /* ClamAV reads nothing as 0 here */
		return ov_sig_skip(l, "for other engine levels than ours");
	OV_TRY(read_range(l, f[2], &m->s.container));
	OV_TRY(read_range(l, f[4], &m->s.packed));
	OV_TRY(read_range(l, f[5], &m->s.real));
	OV_TRY(read_encrypted(l, f[6], &m->s));
	OV_TRY(read_range(l, f[7], &m->s.position));
	OV_TRY(read_type(l, f[1], &m->s));
	/* The manual gives this field a meaning for two kinds of container only. */
	if (m->s.has_type && (m->s.type == OV_T_ZIP || m->s.type == OV_T_RAR))
		OV_TRY(read_crc(l, f[8], &m->s));
	return read_name(l, f[3], m);
}

static ov_status read_old(struct ov_sig_line *l, struct member_line *m)
{
	struct ov_str f[OLD_FIELDS + 1] = { 0 }, rest = l->text;
	uint32_t v = 0;
	size_t n = 0;

	while (n <= OLD_FIELDS && ov_text_split(&rest, ':', &f[n]))
		n++;
	if (n != OLD_FIELDS)
		return ov_sig_bad(l, "an archive line has 9 fields");
	m->name = f[0];
	OV_TRY(read_encrypted(l, f[1], &m->s));
	OV_TRY(read_number(l, f[3], &m->s.real));
	OV_TRY(read_number(l, f[4], &m->s.packed));
	OV_TRY(read_crc(l, f[5], &m->s));
	if (!is_any(f[6])) {
		if (ov_text_u32(f[6], UINT16_MAX, &v) != OV_OK)
			return ov_sig_bad(l, "a compression method is * or a number");
		m->s.has_method = true;
		m->s.method = (uint16_t)v;
	}
	OV_TRY(read_number(l, f[7], &m->s.position));
	if (!is_any(f[8]) && ov_text_u32(f[8], UINT32_MAX, &v) != OV_OK)
		return ov_sig_bad(l, "a depth is * or a number");
	m->s.has_type = true;
	return read_name(l, f[2], m);
}

static ov_status add(struct ov_sig_line *l, struct member_line *m)
{
	struct ov_buf body = ov_buf_of(OV_EXTRA_MAX);
	ov_status s;

	if (m->name.n == 0 || m->name.n > ODB_NAME_MAX)
		return ov_sig_bad(l, "the name is empty or longer than 1024 bytes");
	m->s.text = l->text;
	m->s.program = ov_buf_cur(&m->program);
	s = ov_member_put(&m->s, &body);
	if (s == OV_OK)
		s = ov_build_extra(l, OV_EXTRA_CONTAINER, m->name, true, ov_buf_cur(&body));
	ov_buf_free(&body);
	return s;
}

static ov_status one_line(struct ov_sig_line *l, enum ov_type type,
			  ov_status (*read)(struct ov_sig_line *l, struct member_line *m))
{
	struct member_line m = { .s = { .type = type,
					.container = { 0, UINT64_MAX },
					.packed = { 0, UINT64_MAX },
					.real = { 0, UINT64_MAX },
					.position = { 0, UINT64_MAX } },
				 .program = ov_buf_of(OV_EXTRA_MAX) };
	ov_status s = read(l, &m);

	if (s == OV_OK)
		s = add(l, &m);
	ov_buf_free(&m.program);
	return s;
}

ov_status ov_sig_cdb(struct ov_sig_line *l)
{
	return one_line(l, OV_T_ANY, read_cdb);
}

ov_status ov_sig_zmd(struct ov_sig_line *l)
{
	return one_line(l, OV_T_ZIP, read_old);
}

ov_status ov_sig_rmd(struct ov_sig_line *l)
{
	return one_line(l, OV_T_RAR, read_old);
}
