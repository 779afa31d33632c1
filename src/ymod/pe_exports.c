/* The module pe: exports. */
#include "ype_int.h"

#include "text.h"

static YPE_GET(export_offset)
{
	const struct ov_pe_exported *e = self->p;

	YPE_UNUSED();
	if (!e->is_forward)
		ype_int(out, e->is_mapped ? (int64_t)e->off : -1);
	return OV_OK;
}

static YPE_GET(export_name)
{
	const struct ov_pe_exported *e = self->p;

	YPE_UNUSED();
	if (e->has_name)
		ype_str(out, e->name);
	return OV_OK;
}

static YPE_GET(export_forward)
{
	const struct ov_pe_exported *e = self->p;

	YPE_UNUSED();
	if (e->is_forward)
		ype_str(out, e->forward);
	return OV_OK;
}

YPE_MEMBER_INT(export_ordinal, struct ov_pe_exported, x->ordinal)
YPE_MEMBER_INT(export_rva, struct ov_pe_exported, x->rva)

static const struct ov_yfield export_fields[] = {
	{ .name = "offset", .kind = OV_Y_INT, .get = export_offset },
	{ .name = "name", .kind = OV_Y_STRING, .get = export_name },
	{ .name = "forward_name", .kind = OV_Y_STRING, .get = export_forward },
	{ .name = "ordinal", .kind = OV_Y_INT, .get = export_ordinal },
	{ .name = "rva", .kind = OV_Y_INT, .get = export_rva },
};
YPE_TYPE(ype_export, "pe.export", export_fields);

static ov_status with_exports(struct ov_yenv *env, unsigned module, struct ype **out)
{
	OV_TRY(ype_get(env, module, out));
	return *out != NULL ? ype_exports(env, *out) : OV_OK;
}

YPE_GET(ype_get_exports)
{
	struct ype *p;

	(void)self;
	OV_TRY(with_exports(env, module, &p));
	if (p != NULL)
		ype_obj(out, OV_Y_ARRAY, p->exports.list, 0, p->exports.n);
	return OV_OK;
}

YPE_AT(ype_at_export)
{
	const struct ov_pe_exported *list = self->p;

	(void)env;
	(void)module;
	ype_obj(out, OV_Y_STRUCT, &list[i], i, 0);
	return OV_OK;
}

YPE_GET(ype_get_nexports)
{
	struct ype *p;

	(void)self;
	OV_TRY(with_exports(env, module, &p));
	if (p != NULL)
		ype_int(out, p->exports.n);
	return OV_OK;
}

YPE_GET(ype_get_export_time)
{
	struct ype *p;

	(void)self;
	OV_TRY(with_exports(env, module, &p));
	if (p != NULL && p->exports.is_there)
		ype_int(out, p->exports.time);
	return OV_OK;
}

YPE_GET(ype_get_dll_name)
{
	struct ype *p;

	(void)self;
	OV_TRY(with_exports(env, module, &p));
	if (p != NULL && p->exports.has_library)
		ype_str(out, p->exports.library);
	return OV_OK;
}

static ov_status fits(struct ov_yenv *env, const struct ov_pe_exported *e,
		      const struct ov_yval *want, bool *out)
{
	struct ov_ymatch m;
	ov_status s;

	*out = false;
	if (want->kind == OV_Y_INT) {
		*out = e->ordinal == want->i;
		return OV_OK;
	}
	if (!e->has_name)
		return OV_OK;
	if (want->kind == OV_Y_STRING) {
		*out = ov_text_same(want->s, e->name);
		return OV_OK;
	}
	s = ov_re_find(env->search, want->regex, (const uint8_t *)e->name.p, e->name.n, env->steps,
		       &m);
	*out = s == OV_OK;
	return s == OV_END ? OV_OK : s;
}

/* The first export that fits; -1: none. @return also OV_END: no PE. */
static ov_status find(struct ov_yenv *env, unsigned module, const struct ov_yval *want,
		      int64_t *index)
{
	struct ype *p;

	*index = -1;
	OV_TRY(with_exports(env, module, &p));
	if (p == NULL)
		return OV_END;
	OV_TRY(ype_spend(env, p->exports.n));
	for (uint32_t i = 0; i < p->exports.n; i++) {
		bool is;

		OV_TRY(fits(env, &p->exports.list[i], want, &is));
		if (is) {
			*index = i;
			return OV_OK;
		}
	}
	return OV_OK;
}

static YPE_CALL(exports)
{
	int64_t index;
	const ov_status s = find(env, module, &args[0], &index);

	(void)self;
	(void)nargs;
	if (s == OV_OK)
		ype_int(out, index >= 0);
	return s == OV_END ? OV_OK : s;
}

static YPE_CALL(exports_index)
{
	int64_t index;
	const ov_status s = find(env, module, &args[0], &index);

	(void)self;
	(void)nargs;
	if (s == OV_OK && index >= 0)
		ype_int(out, index);
	return s == OV_END ? OV_OK : s;
}

const struct ov_ysig ype_exports_sigs[] = { { "s", OV_Y_INT, exports },
					    { "i", OV_Y_INT, exports },
					    { "r", OV_Y_INT, exports },
					    YPE_SIG_END };
const struct ov_ysig ype_exports_index_sigs[] = { { "s", OV_Y_INT, exports_index },
						  { "i", OV_Y_INT, exports_index },
						  { "r", OV_Y_INT, exports_index },
						  YPE_SIG_END };
