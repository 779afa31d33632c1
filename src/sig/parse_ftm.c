/*
 * .ftm lines: kind:offset:bytes or pattern:description:required type:type[:min[:max]]. Source:
 * ClamAV manual, FileTypeMagic.md, and what clamscan 1.4.6 does with small files.
 *
 * Kind 0 compares bytes, kind 1 looks for a pattern in the beginning, kind 4 compares bytes in
 * partition tables, which this version does not open.
 */
#include "body.h"
#include "build_int.h"
#include "magic.h"
#include "text.h"

#define FIELDS_MAX 8

static ov_status read_types(struct ov_sig_line *l, struct ov_str from, struct ov_str type,
			    struct ov_magic *m)
{
	if (ov_type_by_name(from, &m->from) != OV_OK || ov_type_by_name(type, &m->type) != OV_OK)
		return ov_sig_skip(l, "a type that is not known");
	if (m->type == OV_T_IGNORED || m->type == OV_T_ERROR || m->type == OV_T_ANY)
		return ov_sig_skip(l, "no database may keep files from being scanned");
	return OV_OK;
}

static ov_status read_bytes(struct ov_sig_line *l, struct ov_str offset, struct ov_str hex,
			    struct ov_magic *m, uint8_t bytes[OV_MAGIC_BYTES])
{
	if (ov_text_u32(offset, UINT32_MAX, &m->offset) != OV_OK)
		return ov_sig_bad(l, "the offset is not a number");
	if (hex.n > 2 * OV_MAGIC_BYTES)
		return ov_sig_bad(l, "more than 64 bytes of magic");
	if (hex.n == 0 || ov_hex_decode(hex, bytes, OV_MAGIC_BYTES, &m->bytes.n) != OV_OK)
		return ov_sig_bad(l, "the magic is not hexadecimal");
	m->bytes.p = (const char *)bytes;
	return OV_OK;
}

/* "*", "n" or "n,shift"; what is counted from elsewhere does not stand in the beginning. */
static ov_status read_offset(struct ov_sig_line *l, struct ov_str s, struct ov_magic *m)
{
	struct ov_place p;

	OV_TRY(ov_sig_place(l, s, OV_TARGET_ANY, &p));
	if (p.kind != OV_PLACE_ANY && p.kind != OV_PLACE_ABS)
		return ov_sig_skip(l, "an offset that is not counted from the beginning");
	m->offset = p.kind == OV_PLACE_ANY ? 0 : (uint32_t)p.n;
	m->shift = p.kind == OV_PLACE_ANY ? UINT32_MAX : p.shift;
	return OV_OK;
}

/* The longest run of plain bytes that each match holds. */
static void longest_run(const struct ov_pat_ir *ir, uint8_t bytes[OV_MAGIC_BYTES],
			struct ov_magic *m)
{
	size_t n = 0, best = 0;
	uint8_t run[OV_MAGIC_BYTES];

	for (const struct ov_pn *at = ir->variants[0]; at != NULL; at = at->next) {
		n = at->kind == OV_PN_BYTES ? n : 0;
		for (size_t i = 0; at->kind == OV_PN_BYTES && i < at->n; i++) {
			n = at->mask[i] == 0xff && n < sizeof run ? n : 0;
			if (at->mask[i] == 0xff)
				run[n++] = at->value[i];
			if (n > best) {
				memcpy(bytes, run, n);
				best = n;
			}
		}
	}
	m->bytes = (struct ov_str){ .p = (const char *)bytes, .n = best };
}

static ov_status compile(const struct ov_pat_ir *ir, struct ov_buf *out, const char **why)
{
	struct ov_pats_builder *b = NULL;
	uint32_t id;
	ov_status s = ov_pats_builder_new(&b);

	if (s == OV_OK)
		s = ov_pats_add(b, ir, &id, why);
	if (s == OV_OK)
		s = ov_pats_finish(b, out);
	ov_pats_builder_free(&b);
	return s;
}

static ov_status add_pattern(struct ov_sig_line *l, struct ov_str hex, struct ov_str name,
			     struct ov_magic *m)
{
	static const struct ov_body_options plain = { 0 };
	struct ov_buf section = ov_buf_of(OV_EXTRA_MAX), body = ov_buf_of(OV_EXTRA_MAX);
	uint8_t bytes[OV_MAGIC_BYTES];
	struct ov_pat_ir ir;
	ov_status s;

	OV_TRY(ov_body_parse(hex, &plain, &l->b->scratch, &ir, &l->why));
	m->is_pattern = true;
	longest_run(&ir, bytes, m);
	s = compile(&ir, &section, &l->why);
	m->pattern = ov_buf_cur(&section);
	if (s == OV_OK)
		s = ov_magic_put(m, &body);
	if (s == OV_OK)
		s = ov_build_extra(l, OV_EXTRA_MAGIC, name, false, ov_buf_cur(&body));
	ov_buf_free(&section);
	ov_buf_free(&body);
	return s;
}

static ov_status add_bytes(struct ov_sig_line *l, struct ov_str name, const struct ov_magic *m)
{
	struct ov_buf body = ov_buf_of(4096);
	ov_status s = ov_magic_put(m, &body);

	if (s == OV_OK)
		s = ov_build_extra(l, OV_EXTRA_MAGIC, name, false, ov_buf_cur(&body));
	ov_buf_free(&body);
	return s;
}

ov_status ov_sig_ftm(struct ov_sig_line *l)
{
	struct ov_str f[FIELDS_MAX + 1] = { 0 }, rest = l->text;
	uint8_t bytes[OV_MAGIC_BYTES];
	struct ov_magic m = { .is_pattern = false };
	uint32_t kind = 0;
	size_t n = 0;

	while (n <= FIELDS_MAX && ov_text_split(&rest, ':', &f[n]))
		n++;
	if (n < 6 || n > FIELDS_MAX)
		return ov_sig_bad(l, "a magic line has 6 to 8 fields");
	if (f[3].n > ODB_NAME_MAX)
		return ov_sig_bad(l, "a description longer than 1024 bytes");
	if (ov_text_u32(f[0], UINT32_MAX, &kind) != OV_OK)
		return ov_sig_bad(l, "the kind of magic is not a number");
	if (kind == 0 || kind == 4)
		OV_TRY(read_bytes(l, f[1], f[2], &m, bytes));
	else if (kind == 1)
		OV_TRY(read_offset(l, f[1], &m));
	else
		return ov_sig_skip(l, "a kind of magic that is not known (0, 1 and 4 are)");
	OV_TRY(ov_sig_level(l, f[6], f[7]));
	OV_TRY(read_types(l, f[4], f[5], &m));
	if (kind == 4)
		return ov_sig_skip(l, "partitions are not opened by this version");
	return kind == 0 ? add_bytes(l, f[3], &m) : add_pattern(l, f[2], f[3], &m);
}
