/* The module pe: sections, directories, overlay, resources, version information, rich signature. */
#include "ype_int.h"

#include "checked.h"
#include "le.h"
#include "text.h"

YPE_MEMBER_INT(version_major, struct ov_pe_version2, x->major)
YPE_MEMBER_INT(version_minor, struct ov_pe_version2, x->minor)

static const struct ov_yfield version_fields[] = {
	{ .name = "major", .kind = OV_Y_INT, .get = version_major },
	{ .name = "minor", .kind = OV_Y_INT, .get = version_minor },
};
YPE_TYPE(ype_version, "pe.version", version_fields);

/* --- sections: self->a is the index --- */

static YPE_GET(section_name)
{
	const struct ov_pe_section *x = self->p;

	YPE_UNUSED();
	ype_str(out, ov_pe_section_short_name(x));
	return OV_OK;
}

static YPE_GET(section_full_name)
{
	struct ov_str name;
	struct ype *p;
	ov_status s;

	OV_TRY(ype_get(env, module, &p));
	if (p == NULL)
		return OV_OK;
	s = ov_pe_section_name(&p->pe, (uint32_t)self->a, &name);
	if (s == OV_OK)
		ype_str(out, name);
	return s == OV_BAD ? OV_OK : s;
}

YPE_MEMBER_INT(section_flags, struct ov_pe_section, x->flags)
YPE_MEMBER_INT(section_rva, struct ov_pe_section, x->rva)
YPE_MEMBER_INT(section_vsize, struct ov_pe_section, x->vsize)
YPE_MEMBER_INT(section_raw, struct ov_pe_section, x->raw)
YPE_MEMBER_INT(section_raw_size, struct ov_pe_section, x->raw_size)
YPE_MEMBER_INT(section_relocations, struct ov_pe_section, x->relocations)
YPE_MEMBER_INT(section_lines, struct ov_pe_section, x->lines)
YPE_MEMBER_INT(section_nrelocations, struct ov_pe_section, x->nrelocations)
YPE_MEMBER_INT(section_nlines, struct ov_pe_section, x->nlines)

static const struct ov_yfield section_fields[] = {
	{ .name = "name", .kind = OV_Y_STRING, .get = section_name },
	{ .name = "full_name", .kind = OV_Y_STRING, .get = section_full_name },
	{ .name = "characteristics", .kind = OV_Y_INT, .get = section_flags },
	{ .name = "virtual_address", .kind = OV_Y_INT, .get = section_rva },
	{ .name = "virtual_size", .kind = OV_Y_INT, .get = section_vsize },
	{ .name = "raw_data_offset", .kind = OV_Y_INT, .get = section_raw },
	{ .name = "raw_data_size", .kind = OV_Y_INT, .get = section_raw_size },
	{ .name = "pointer_to_relocations", .kind = OV_Y_INT, .get = section_relocations },
	{ .name = "pointer_to_line_numbers", .kind = OV_Y_INT, .get = section_lines },
	{ .name = "number_of_relocations", .kind = OV_Y_INT, .get = section_nrelocations },
	{ .name = "number_of_line_numbers", .kind = OV_Y_INT, .get = section_nlines },
};
YPE_TYPE(ype_section, "pe.section", section_fields);

YPE_GET(ype_get_sections)
{
	struct ype *p;

	(void)self;
	OV_TRY(ype_get(env, module, &p));
	if (p == NULL)
		return OV_OK;
	if (p->pe.nsections == OV_PE_SECTIONS_MAX && p->pe.h.nsections > OV_PE_SECTIONS_MAX) {
		p->is_capped = true;
		ype_tell(env, p);
	}
	ype_obj(out, OV_Y_ARRAY, p->pe.sections, 0, p->pe.nsections);
	return OV_OK;
}

YPE_AT(ype_at_section)
{
	const struct ov_pe_section *list = self->p;

	(void)env;
	(void)module;
	ype_obj(out, OV_Y_STRUCT, &list[i], i, 0);
	return OV_OK;
}

static YPE_CALL(section_by_name)
{
	struct ype *p;

	(void)nargs;
	(void)self;
	OV_TRY(ype_get(env, module, &p));
	for (uint32_t i = 0; p != NULL && i < p->pe.nsections; i++) {
		if (ov_str_eq(args[0].s, ov_pe_section_short_name(&p->pe.sections[i]))) {
			ype_int(out, i);
			break;
		}
	}
	return OV_OK;
}

static YPE_CALL(section_by_offset)
{
	struct ype *p;

	(void)nargs;
	(void)self;
	OV_TRY(ype_get(env, module, &p));
	for (uint32_t i = 0; p != NULL && i < p->pe.nsections; i++) {
		const struct ov_pe_section *s = &p->pe.sections[i];

		if (args[0].i >= s->raw && args[0].i - s->raw < s->raw_size) {
			ype_int(out, i);
			break;
		}
	}
	return OV_OK;
}

const struct ov_ysig ype_section_index_sigs[] = { { "s", OV_Y_INT, section_by_name },
						  { "i", OV_Y_INT, section_by_offset },
						  YPE_SIG_END };

/* --- directories and overlay --- */

YPE_MEMBER_INT(dir_rva, struct ov_pe_dir, x->rva)
YPE_MEMBER_INT(dir_size, struct ov_pe_dir, x->size)

static const struct ov_yfield dir_fields[] = {
	{ .name = "virtual_address", .kind = OV_Y_INT, .get = dir_rva },
	{ .name = "size", .kind = OV_Y_INT, .get = dir_size },
};
YPE_TYPE(ype_dir, "pe.directory", dir_fields);

YPE_GET(ype_get_dirs)
{
	struct ype *p;

	(void)self;
	OV_TRY(ype_get(env, module, &p));
	if (p != NULL)
		ype_obj(out, OV_Y_ARRAY, p->pe.h.dirs, 0,
			p->pe.h.ndirs > INT32_MAX ? 0 : ov_min_u64(p->pe.h.ndirs, OV_PE_DIRS));
	return OV_OK;
}

YPE_AT(ype_at_dir)
{
	const struct ov_pe_dir *list = self->p;

	(void)env;
	(void)module;
	ype_obj(out, OV_Y_STRUCT, &list[i], i, 0);
	return OV_OK;
}

static YPE_GET(overlay_offset)
{
	YPE_UNUSED();
	ype_int(out, (int64_t)self->a);
	return OV_OK;
}

static YPE_GET(overlay_size)
{
	YPE_UNUSED();
	ype_int(out, (int64_t)self->n);
	return OV_OK;
}

static const struct ov_yfield overlay_fields[] = {
	{ .name = "offset", .kind = OV_Y_INT, .get = overlay_offset },
	{ .name = "size", .kind = OV_Y_INT, .get = overlay_size },
};
YPE_TYPE(ype_overlay, "pe.overlay", overlay_fields);

YPE_GET(ype_get_overlay)
{
	uint64_t off, size;
	struct ype *p;

	(void)self;
	OV_TRY(ype_get(env, module, &p));
	if (p == NULL)
		return OV_OK;
	ov_pe_overlay(&p->pe, &off, &size);
	ype_obj(out, OV_Y_STRUCT, NULL, off, size);
	return OV_OK;
}

/* --- rich signature --- */

YPE_MEMBER_INT(rich_offset, struct ov_pe_rich, x->off)
YPE_MEMBER_INT(rich_length, struct ov_pe_rich, x->raw.n)
YPE_MEMBER_INT(rich_key, struct ov_pe_rich, x->key)
YPE_MEMBER_STR(rich_raw, struct ov_pe_rich, x->raw)
YPE_MEMBER_STR(rich_clear, struct ov_pe_rich, x->clear)

#define RICH_ROWS 16 /* bytes before the first row */

static uint32_t rich_rows(const struct ov_pe_rich *r)
{
	return r->clear.n > RICH_ROWS ? (uint32_t)((r->clear.n - RICH_ROWS) / 8) : 0;
}

/* Sum of the counts of rows with this version and this tool; -1: any. */
static ov_status rich_sum(struct ov_yenv *env, const struct ov_pe_rich *r, int64_t version,
			  int64_t tool, struct ov_yval *out)
{
	const uint8_t *rows = (const uint8_t *)r->clear.p + RICH_ROWS;
	int64_t sum = 0;

	OV_TRY(ype_spend(env, rich_rows(r)));
	for (uint32_t i = 0; i < rich_rows(r); i++) {
		const uint32_t id = ov_le32(rows + 8 * (size_t)i);

		if ((version < 0 || (id & 0xffff) == version) && (tool < 0 || id >> 16 == tool))
			sum += ov_le32(rows + 8 * (size_t)i + 4);
	}
	ype_int(out, sum);
	return OV_OK;
}

static YPE_CALL(rich_version)
{
	(void)module;
	if (self->p == NULL || args[0].i < 0)
		return OV_OK;
	return rich_sum(env, self->p, args[0].i, nargs == 2 ? args[1].i : -1, out);
}

static YPE_CALL(rich_tool)
{
	(void)module;
	if (self->p == NULL || args[0].i < 0)
		return OV_OK;
	return rich_sum(env, self->p, nargs == 2 ? args[1].i : -1, args[0].i, out);
}

static const struct ov_ysig rich_version_sigs[] = { { "i", OV_Y_INT, rich_version },
						    { "ii", OV_Y_INT, rich_version },
						    YPE_SIG_END };
static const struct ov_ysig rich_tool_sigs[] = { { "i", OV_Y_INT, rich_tool },
						 { "ii", OV_Y_INT, rich_tool },
						 YPE_SIG_END };

static YPE_GET(rich_tools)
{
	YPE_UNUSED();
	ype_obj(out, OV_Y_ARRAY, self->p, 0, rich_rows(self->p));
	return OV_OK;
}

static YPE_AT(rich_tool_at)
{
	const struct ov_pe_rich *r = self->p;

	(void)env;
	(void)module;
	ype_obj(out, OV_Y_STRUCT, r->clear.p + RICH_ROWS + 8 * i, 0, 0);
	return OV_OK;
}

YPE_MEMBER_INT(tool_id, uint8_t, ov_le32(x) >> 16)
YPE_MEMBER_INT(tool_version, uint8_t, ov_le32(x) & 0xffff)
YPE_MEMBER_INT(tool_times, uint8_t, ov_le32(x + 4))

static const struct ov_yfield tool_fields[] = {
	{ .name = "toolid", .kind = OV_Y_INT, .get = tool_id },
	{ .name = "version", .kind = OV_Y_INT, .get = tool_version },
	{ .name = "times", .kind = OV_Y_INT, .get = tool_times },
};
static YPE_TYPE(tool_type, "pe.rich_tool", tool_fields);

static const struct ov_yfield rich_fields[] = {
	{ .name = "offset", .kind = OV_Y_INT, .get = rich_offset },
	{ .name = "length", .kind = OV_Y_INT, .get = rich_length },
	{ .name = "key", .kind = OV_Y_INT, .get = rich_key },
	{ .name = "raw_data", .kind = OV_Y_STRING, .get = rich_raw },
	{ .name = "clear_data", .kind = OV_Y_STRING, .get = rich_clear },
	{ .name = "tools",
	  .kind = OV_Y_ARRAY,
	  .get = rich_tools,
	  .item = OV_Y_STRUCT,
	  .of = &tool_type,
	  .at = rich_tool_at },
	{ .name = "version", .kind = OV_Y_FUNC, .sigs = rich_version_sigs },
	{ .name = "toolid", .kind = OV_Y_FUNC, .sigs = rich_tool_sigs },
};
YPE_TYPE(ype_rich_type, "pe.rich_signature", rich_fields);

YPE_GET(ype_get_rich)
{
	struct ype *p;

	(void)self;
	OV_TRY(ype_get(env, module, &p));
	if (p == NULL)
		return OV_OK;
	OV_TRY(ype_rich(env, p));
	if (p->rich.is_there)
		ype_obj(out, OV_Y_STRUCT, &p->rich, 0, 0);
	return OV_OK;
}

YPE_GET(ype_get_path)
{
	struct ype *p;

	(void)self;
	OV_TRY(ype_get(env, module, &p));
	if (p == NULL)
		return OV_OK;
	OV_TRY(ype_path(env, p));
	if (p->path.n > 0)
		ype_str(out, p->path);
	return OV_OK;
}
