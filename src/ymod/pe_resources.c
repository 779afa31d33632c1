/* The module pe: resources and version information. */
#include "ype_int.h"

YPE_MEMBER_INT(resource_rva, struct ov_pe_resource, x->rva)
YPE_MEMBER_INT(resource_length, struct ov_pe_resource, x->size)

static YPE_GET(resource_offset)
{
	const struct ov_pe_resource *r = self->p;

	YPE_UNUSED();
	if (r->is_mapped)
		ype_int(out, (int64_t)r->off);
	return OV_OK;
}

static void key_number(const struct ov_pe_key *k, struct ov_yval *out)
{
	if (!k->is_text)
		ype_int(out, k->id);
}

static void key_text(const struct ov_pe_key *k, struct ov_yval *out)
{
	if (k->is_text)
		ype_str(out, k->text);
}

#define KEY(name, fn, level)                                                                       \
	static YPE_GET(name)                                                                       \
	{                                                                                          \
		const struct ov_pe_resource *r = self->p;                                          \
		YPE_UNUSED();                                                                      \
		fn(&r->keys[level], out);                                                          \
		return OV_OK;                                                                      \
	}

KEY(resource_type, key_number, 0)
KEY(resource_id, key_number, 1)
KEY(resource_language, key_number, 2)
KEY(resource_type_text, key_text, 0)
KEY(resource_name_text, key_text, 1)
KEY(resource_language_text, key_text, 2)

static const struct ov_yfield resource_fields[] = {
	{ .name = "rva", .kind = OV_Y_INT, .get = resource_rva },
	{ .name = "offset", .kind = OV_Y_INT, .get = resource_offset },
	{ .name = "length", .kind = OV_Y_INT, .get = resource_length },
	{ .name = "type", .kind = OV_Y_INT, .get = resource_type },
	{ .name = "id", .kind = OV_Y_INT, .get = resource_id },
	{ .name = "language", .kind = OV_Y_INT, .get = resource_language },
	{ .name = "type_string", .kind = OV_Y_STRING, .get = resource_type_text },
	{ .name = "name_string", .kind = OV_Y_STRING, .get = resource_name_text },
	{ .name = "language_string", .kind = OV_Y_STRING, .get = resource_language_text },
};
YPE_TYPE(ype_resource, "pe.resource", resource_fields);

/* The state with its resources read; NULL: no PE. */
static ov_status with_resources(struct ov_yenv *env, unsigned module, struct ype **out)
{
	OV_TRY(ype_get(env, module, out));
	return *out != NULL ? ype_resources(env, *out) : OV_OK;
}

YPE_GET(ype_get_resources)
{
	struct ype *p;

	(void)self;
	OV_TRY(with_resources(env, module, &p));
	if (p != NULL)
		ype_obj(out, OV_Y_ARRAY, p->resources.list, 0, p->resources.n);
	return OV_OK;
}

YPE_AT(ype_at_resource)
{
	const struct ov_pe_resource *list = self->p;

	(void)env;
	(void)module;
	ype_obj(out, OV_Y_STRUCT, &list[i], i, 0);
	return OV_OK;
}

YPE_GET(ype_get_nresources)
{
	struct ype *p;

	(void)self;
	OV_TRY(with_resources(env, module, &p));
	if (p != NULL)
		ype_int(out, p->resources.n);
	return OV_OK;
}

YPE_GET(ype_get_resource_time)
{
	struct ype *p;

	(void)self;
	OV_TRY(with_resources(env, module, &p));
	if (p != NULL && p->resources.is_there)
		ype_int(out, p->resources.time);
	return OV_OK;
}

YPE_GET(ype_get_resource_version)
{
	struct ype *p;

	(void)self;
	OV_TRY(with_resources(env, module, &p));
	if (p != NULL && p->resources.is_there)
		ype_obj(out, OV_Y_STRUCT, &p->resources.version, 0, 0);
	return OV_OK;
}

/* Whether some resource has this language, looked at through a mask. */
static ov_status has_language(struct ov_yenv *env, unsigned module, int64_t want, int64_t mask,
			      struct ov_yval *out)
{
	bool is = false;
	struct ype *p;

	OV_TRY(with_resources(env, module, &p));
	if (p == NULL)
		return OV_OK;
	OV_TRY(ype_spend(env, p->resources.n));
	for (uint32_t i = 0; i < p->resources.n && !is; i++) {
		const struct ov_pe_key *k = &p->resources.list[i].keys[2];

		is = !k->is_text && (k->id & mask) == want;
	}
	ype_int(out, is);
	return OV_OK;
}

static YPE_CALL(locale)
{
	(void)self;
	(void)nargs;
	return has_language(env, module, args[0].i, 0xffff, out);
}

static YPE_CALL(language)
{
	(void)self;
	(void)nargs;
	return has_language(env, module, args[0].i, 0xff, out);
}

const struct ov_ysig ype_locale_sigs[] = { { "i", OV_Y_INT, locale }, YPE_SIG_END };
const struct ov_ysig ype_language_sigs[] = { { "i", OV_Y_INT, language }, YPE_SIG_END };

/* --- version information --- */

YPE_MEMBER_STR(pair_key, struct ov_pe_text, x->key)
YPE_MEMBER_STR(pair_value, struct ov_pe_text, x->value)

static const struct ov_yfield pair_fields[] = {
	{ .name = "key", .kind = OV_Y_STRING, .get = pair_key },
	{ .name = "value", .kind = OV_Y_STRING, .get = pair_value },
};
YPE_TYPE(ype_pair, "pe.version_info", pair_fields);

static ov_status with_texts(struct ov_yenv *env, unsigned module, struct ype **out)
{
	OV_TRY(ype_get(env, module, out));
	return *out != NULL ? ype_texts(env, *out) : OV_OK;
}

YPE_GET(ype_get_texts)
{
	struct ype *p;

	(void)self;
	OV_TRY(with_texts(env, module, &p));
	if (p != NULL)
		ype_obj(out, OV_Y_ARRAY, p->texts.list, 0, p->texts.n);
	return OV_OK;
}

YPE_AT(ype_at_text)
{
	const struct ov_pe_text *list = self->p;

	(void)env;
	(void)module;
	ype_obj(out, OV_Y_STRUCT, &list[i], i, 0);
	return OV_OK;
}

YPE_GET(ype_get_ntexts)
{
	struct ype *p;

	(void)self;
	OV_TRY(with_texts(env, module, &p));
	if (p != NULL)
		ype_int(out, p->texts.n);
	return OV_OK;
}

YPE_GET(ype_get_dict)
{
	struct ype *p;

	(void)self;
	OV_TRY(ype_get(env, module, &p));
	if (p == NULL)
		return OV_OK;
	OV_TRY(ype_dict(env, p));
	ype_obj(out, OV_Y_DICT, p->dict.list, 0, p->dict.n);
	return OV_OK;
}

ov_status ype_pair_at(struct ov_yenv *env, unsigned module, const struct ov_yobj *self, uint64_t i,
		      struct ov_str *key, struct ov_yval *out)
{
	const struct ov_pe_text *list = self->p;

	(void)env;
	(void)module;
	*key = list[i].key;
	ype_str(out, list[i].value);
	return OV_OK;
}

ov_status ype_by_key(struct ov_yenv *env, unsigned module, const struct ov_yobj *self,
		     struct ov_str key, struct ov_yval *out)
{
	const struct ov_pe_text *list = self->p;

	(void)module;
	OV_TRY(ype_spend(env, self->n));
	for (uint64_t i = 0; i < self->n; i++)
		if (ov_str_eq(list[i].key, key)) {
			ype_str(out, list[i].value);
			break;
		}
	return OV_OK;
}
