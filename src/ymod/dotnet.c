/*
 * dotnet: .NET assemblies. Fields are those of YARA 4.5's manual, values those that yara 4.2.3
 * prints (`-D`); classes are in dotnet_class.c. Source of the format: format/dotnet.c.
 */
#include "ymod.h"

#include "dotnet_int.h"

#define ELEMENT_STRING 0x0e

ov_status ov_dotnet_load(struct ov_yenv *env, unsigned module, struct dotnet **out)
{
	struct dotnet *st = env->state[module];

	if (env->is_process)
		return OV_END;
	if (st == NULL) {
		OV_TRY(ov_arena_new(env->arena, &st));
		st->status = ov_dotnet_read(env->src, env->arena, &st->d);
		env->state[module] = st;
		if (st->status == OV_OK && st->d.is_capped)
			ov_ymod_note(env, OV_LIMIT,
				     "an assembly with more streams than are listed");
	}
	if (st->status != OV_OK)
		return st->status == OV_BAD ? OV_END : st->status;
	*out = st;
	return OV_OK;
}

uint32_t ov_dotnet_capped(struct ov_yenv *env, struct dotnet *st, uint32_t n)
{
	if (n <= OV_DOTNET_LIST_MAX)
		return n;
	if (!st->is_capped_told)
		ov_ymod_note(env, OV_LIMIT, "an assembly with longer lists than are looked at");
	st->is_capped_told = true;
	return OV_DOTNET_LIST_MAX;
}

OV_GET(is_dotnet)
{
	struct dotnet *st;
	const ov_status s = ov_dotnet_load(env, module, &st);

	(void)self;
	if (s != OV_OK && s != OV_END)
		return s;
	st = env->state[module];
	/* As in YARA: of what is no program at all nothing is said, not even this. */
	return st != NULL && st->d.is_program ? ov_give_int(out, s == OV_OK) : OV_OK;
}

/* How many rows a table has; undefined when there is no such table. */
static ov_status give_rows(struct ov_yenv *env, struct dotnet *st, unsigned table,
			   struct ov_yval *out)
{
	if (!st->d.t[table].is_there)
		return OV_OK;
	return ov_give_int(out, ov_dotnet_capped(env, st, ov_dotnet_rows(&st->d, table)));
}

static ov_status give_list(struct ov_yenv *env, struct dotnet *st, unsigned table,
			   struct ov_yval *out)
{
	return ov_give_array(out, st, 0, ov_dotnet_capped(env, st, ov_dotnet_rows(&st->d, table)));
}

static ov_status give_cell(struct dotnet *st, unsigned table, uint64_t row, unsigned column,
			   struct ov_yval *out)
{
	if (row >= ov_dotnet_rows(&st->d, table))
		return OV_OK;
	return ov_give_int(out, ov_dotnet_cell(&st->d, table, (uint32_t)row, column));
}

static ov_status give_name(struct dotnet *st, unsigned table, uint64_t row, unsigned column,
			   struct ov_yval *out)
{
	struct ov_str s;

	if (row >= ov_dotnet_rows(&st->d, table))
		return OV_OK;
	OV_TRY(ov_dotnet_name(&st->d, ov_dotnet_cell(&st->d, table, (uint32_t)row, column), &s));
	return ov_give_text(out, s);
}

static ov_status give_bytes(struct ov_cur c, struct ov_yval *out)
{
	const char *p = (const char *)ov_cur_rest(&c);

	return ov_give_text(out, (struct ov_str){ .p = p != NULL ? p : "", .n = ov_cur_left(&c) });
}

OV_OF_DOTNET(version, ov_give_text(out, d->version))
OV_OF_DOTNET(module_name, give_name(st, OV_NET_MODULE, 0, 1, out))
OV_OF_DOTNET(number_of_streams, ov_give_int(out, d->nstreams))
OV_OF_DOTNET(streams, ov_give_array(out, d->streams, 0, d->nstreams))
OV_OF_DOTNET(number_of_generics, give_rows(env, st, OV_NET_GENERIC_PARAM, out))

/* --- streams --- */

OV_ITEM(stream_at)
{
	const struct ov_dotnet_stream *list = self->p;

	(void)env;
	(void)module;
	return ov_give_struct(out, &list[i], 0);
}

OV_GET(stream_name)
{
	OV_UNUSED_GET();
	return ov_give_text(out, ((const struct ov_dotnet_stream *)self->p)->name);
}

OV_GET(stream_offset)
{
	OV_UNUSED_GET();
	return ov_give_int(out, ((const struct ov_dotnet_stream *)self->p)->off);
}

OV_GET(stream_size)
{
	OV_UNUSED_GET();
	return ov_give_int(out, ((const struct ov_dotnet_stream *)self->p)->size);
}

/* --- guids --- */

static ov_status guid_list(struct ov_yenv *env, struct dotnet *st, bool is_count,
			   struct ov_yval *out)
{
	struct ov_cur c;
	uint32_t n;

	OV_TRY(ov_dotnet_heap(&st->d, OV_NET_GUID, &c));
	if (is_count && st->d.heap_stream[OV_NET_GUID] < 0)
		return OV_OK;
	n = ov_dotnet_capped(env, st, (uint32_t)(c.len / 16));
	return is_count ? ov_give_int(out, n) : ov_give_array(out, st, 0, n);
}

OV_OF_DOTNET(number_of_guids, guid_list(env, st, true, out))
OV_OF_DOTNET(guids, guid_list(env, st, false, out))

OV_ITEM(guid_at)
{
	struct dotnet *st = NULL;
	char text[OV_GUID_TEXT + 1];
	struct ov_str kept;
	struct ov_cur c;

	(void)self;
	OV_TRY(ov_dotnet_load(env, module, &st));
	OV_TRY(ov_dotnet_heap(&st->d, OV_NET_GUID, &c));
	if (ov_cur_seek(&c, i * 16) != OV_OK || ov_guid_text(&c, text) != OV_OK)
		return OV_OK;
	OV_TRY(ov_arena_str(env->arena, ov_str_of(text), &kept));
	return ov_give_text(out, kept);
}

/* --- texts of the program --- */

/* One text of the heap at the cursor: UTF-16, then a byte that is none of it. */
static ov_status user_text(struct ov_cur *c, struct ov_cur *out)
{
	uint32_t n;

	OV_TRY(ov_dotnet_number(c, &n));
	OV_TRY(ov_cur_take(c, n, out));
	return n > 1 ? ov_cur_sub(out, 0, n - 1, out) : OV_END;
}

/* Goes through the heap; with `to`, keeps the places. */
static uint32_t user_places(struct ov_cur c, uint32_t *to)
{
	uint32_t n = 0;
	struct ov_cur text;

	ov_cur_soft_skip(&c, 1);
	while (n <= OV_DOTNET_LIST_MAX && ov_cur_left(&c) > 0) {
		const size_t at = c.pos;
		const ov_status s = user_text(&c, &text);

		if (s != OV_OK && s != OV_END)
			break;
		if (s == OV_OK && to != NULL)
			to[n] = (uint32_t)at;
		n += s == OV_OK;
	}
	return n;
}

static ov_status load_user(struct ov_yenv *env, struct dotnet *st)
{
	struct ov_cur c;
	uint32_t n;

	if (st->has_user)
		return OV_OK;
	OV_TRY(ov_dotnet_heap(&st->d, OV_NET_USER, &c));
	n = user_places(c, NULL);
	OV_TRY(ov_arena_array(env->arena, (size_t)n + 1, &st->user));
	(void)user_places(c, st->user);
	st->nuser = ov_dotnet_capped(env, st, n);
	st->has_user = true;
	return OV_OK;
}

static ov_status user_list(struct ov_yenv *env, struct dotnet *st, bool is_count,
			   struct ov_yval *out)
{
	OV_TRY(load_user(env, st));
	if (is_count && st->d.heap_stream[OV_NET_USER] < 0)
		return OV_OK;
	return is_count ? ov_give_int(out, st->nuser) : ov_give_array(out, st, 0, st->nuser);
}

OV_OF_DOTNET(number_of_user_strings, user_list(env, st, true, out))
OV_OF_DOTNET(user_strings, user_list(env, st, false, out))

OV_ITEM(user_string_at)
{
	struct dotnet *st = NULL;
	struct ov_cur c, text;

	(void)self;
	OV_TRY(ov_dotnet_load(env, module, &st));
	OV_TRY(ov_dotnet_heap(&st->d, OV_NET_USER, &c));
	if (ov_cur_seek(&c, st->user[i]) != OV_OK || user_text(&c, &text) != OV_OK)
		return OV_OK;
	return give_bytes(text, out);
}

/* --- constants that are texts --- */

static ov_status load_constants(struct ov_yenv *env, struct dotnet *st)
{
	const uint32_t rows = ov_dotnet_rows(&st->d, OV_NET_CONSTANT);
	uint32_t n = 0;

	if (st->has_constants)
		return OV_OK;
	for (uint32_t i = 0; i < rows; i++)
		n += (ov_dotnet_cell(&st->d, OV_NET_CONSTANT, i, 0) & 0xff) == ELEMENT_STRING;
	n = ov_dotnet_capped(env, st, n);
	OV_TRY(ov_arena_array(env->arena, (size_t)n + 1, &st->constants));
	for (uint32_t i = 0; i < rows && st->nconstants < n; i++)
		if ((ov_dotnet_cell(&st->d, OV_NET_CONSTANT, i, 0) & 0xff) == ELEMENT_STRING)
			st->constants[st->nconstants++] = i;
	st->has_constants = true;
	return OV_OK;
}

static ov_status constant_list(struct ov_yenv *env, struct dotnet *st, bool is_count,
			       struct ov_yval *out)
{
	OV_TRY(load_constants(env, st));
	if (is_count && !st->d.t[OV_NET_CONSTANT].is_there)
		return OV_OK;
	return is_count ? ov_give_int(out, st->nconstants)
			: ov_give_array(out, st, 0, st->nconstants);
}

OV_OF_DOTNET(number_of_constants, constant_list(env, st, true, out))
OV_OF_DOTNET(constants, constant_list(env, st, false, out))

static ov_status give_blob(struct dotnet *st, unsigned table, uint64_t row, unsigned column,
			   bool empty_is_none, struct ov_yval *out)
{
	struct ov_cur c;
	ov_status s;

	if (row >= ov_dotnet_rows(&st->d, table))
		return OV_OK;
	s = ov_dotnet_blob(&st->d, ov_dotnet_cell(&st->d, table, (uint32_t)row, column), &c);
	if (s != OV_OK)
		return s == OV_END ? OV_OK : s;
	return c.len == 0 && empty_is_none ? OV_OK : give_bytes(c, out);
}

OV_ITEM(constant_at)
{
	struct dotnet *st = NULL;

	(void)self;
	OV_TRY(ov_dotnet_load(env, module, &st));
	return give_blob(st, OV_NET_CONSTANT, st->constants[i], 2, false, out);
}

/* --- assembly --- */

/* Most assemblies have none: an empty one is not there. */
static ov_status give_culture(struct dotnet *st, struct ov_yval *out)
{
	OV_TRY(give_name(st, OV_NET_ASSEMBLY, 0, 8, out));
	if (out->kind == OV_Y_STRING && out->s.n == 0)
		out->kind = OV_Y_UNDEFINED;
	return OV_OK;
}

OV_OF_DOTNET(assembly_name, give_name(st, OV_NET_ASSEMBLY, 0, 7, out))
OV_OF_DOTNET(assembly_culture, give_culture(st, out))
OV_OF_DOTNET(assembly_major, give_cell(st, OV_NET_ASSEMBLY, 0, 1, out))
OV_OF_DOTNET(assembly_minor, give_cell(st, OV_NET_ASSEMBLY, 0, 2, out))
OV_OF_DOTNET(assembly_build, give_cell(st, OV_NET_ASSEMBLY, 0, 3, out))
OV_OF_DOTNET(assembly_revision, give_cell(st, OV_NET_ASSEMBLY, 0, 4, out))

/* --- references: self->a is the row --- */

OV_OF_DOTNET(number_of_assembly_refs, give_rows(env, st, OV_NET_ASSEMBLY_REF, out))
OV_OF_DOTNET(assembly_refs, give_list(env, st, OV_NET_ASSEMBLY_REF, out))
OV_OF_DOTNET(ref_name, give_name(st, OV_NET_ASSEMBLY_REF, self->a, 6, out))
OV_OF_DOTNET(ref_key, give_blob(st, OV_NET_ASSEMBLY_REF, self->a, 5, true, out))
OV_OF_DOTNET(ref_major, give_cell(st, OV_NET_ASSEMBLY_REF, self->a, 0, out))
OV_OF_DOTNET(ref_minor, give_cell(st, OV_NET_ASSEMBLY_REF, self->a, 1, out))
OV_OF_DOTNET(ref_build, give_cell(st, OV_NET_ASSEMBLY_REF, self->a, 2, out))
OV_OF_DOTNET(ref_revision, give_cell(st, OV_NET_ASSEMBLY_REF, self->a, 3, out))

OV_ITEM(row_at)
{
	(void)env;
	(void)module;
	return ov_give_struct(out, self->p, i);
}

OV_OF_DOTNET(number_of_modulerefs, give_rows(env, st, OV_NET_MODULE_REF, out))
OV_OF_DOTNET(modulerefs, give_list(env, st, OV_NET_MODULE_REF, out))

OV_ITEM(moduleref_at)
{
	struct dotnet *st = NULL;

	(void)self;
	OV_TRY(ov_dotnet_load(env, module, &st));
	return give_name(st, OV_NET_MODULE_REF, i, 0, out);
}

OV_OF_DOTNET(number_of_field_offsets, give_rows(env, st, OV_NET_FIELD_RVA, out))
OV_OF_DOTNET(field_offsets, give_list(env, st, OV_NET_FIELD_RVA, out))

OV_ITEM(field_offset_at)
{
	struct dotnet *st = NULL;
	uint64_t at;

	(void)self;
	OV_TRY(ov_dotnet_load(env, module, &st));
	if (ov_dotnet_map(&st->d, ov_dotnet_cell(&st->d, OV_NET_FIELD_RVA, (uint32_t)i, 0), &at) !=
	    OV_OK)
		return OV_OK;
	return ov_give_int(out, at);
}

/* --- resources --- */

/* Where a resource of this file lies: behind its length, at a place that counts from the directory.
 * OV_END: it lies in another file, or not at all. */
static ov_status find_resource(const struct ov_dotnet *d, uint32_t row, uint64_t *at,
			       uint32_t *length)
{
	uint8_t raw[4];
	struct ov_cur c = ov_cur_of(raw, sizeof raw);
	ov_status s;

	if (d->resources == 0 || ov_dotnet_cell(d, OV_NET_RESOURCE, row, 3) != 0)
		return OV_END;
	*at = d->resources + ov_dotnet_cell(d, OV_NET_RESOURCE, row, 0);
	s = ov_src_read(d->src, *at, raw, sizeof raw);
	if (s != OV_OK)
		return s == OV_SHORT ? OV_END : s;
	*at += sizeof raw;
	*length = ov_cur_soft_u32le(&c);
	return *length <= d->src->size - *at ? OV_OK : OV_END;
}

static ov_status load_resources(struct ov_yenv *env, struct dotnet *st)
{
	const uint32_t rows = ov_dotnet_capped(env, st, ov_dotnet_rows(&st->d, OV_NET_RESOURCE));
	uint32_t length;
	uint64_t at;

	if (st->has_resources)
		return OV_OK;
	OV_TRY(ov_arena_array(env->arena, (size_t)rows + 1, &st->resources));
	st->nresources = 0;
	for (uint32_t i = 0; i < rows; i++) {
		const ov_status s = find_resource(&st->d, i, &at, &length);

		if (s == OV_OK)
			st->resources[st->nresources++] = i;
		else if (s != OV_END)
			return s;
	}
	st->has_resources = true;
	return OV_OK;
}

static ov_status resource_list(struct ov_yenv *env, struct dotnet *st, bool is_count,
			       struct ov_yval *out)
{
	OV_TRY(load_resources(env, st));
	if (is_count && !st->d.t[OV_NET_RESOURCE].is_there)
		return OV_OK;
	return is_count ? ov_give_int(out, st->nresources)
			: ov_give_array(out, st, 0, st->nresources);
}

static ov_status resource(struct dotnet *st, uint64_t row, bool is_length, struct ov_yval *out)
{
	uint32_t length = 0;
	uint64_t at = 0;
	const ov_status s = find_resource(&st->d, (uint32_t)row, &at, &length);

	if (s != OV_OK)
		return s == OV_END ? OV_OK : s;
	return ov_give_int(out, is_length ? length : at);
}

OV_OF_DOTNET(number_of_resources, resource_list(env, st, true, out))
OV_OF_DOTNET(resources, resource_list(env, st, false, out))

OV_ITEM(resource_at)
{
	struct dotnet *st = NULL;

	OV_TRY(ov_dotnet_load(env, module, &st));
	return ov_give_struct(out, self->p, st->resources[i]);
}

OV_OF_DOTNET(resource_name, give_name(st, OV_NET_RESOURCE, self->a, 2, out))
OV_OF_DOTNET(resource_offset, resource(st, self->a, false, out))
OV_OF_DOTNET(resource_length, resource(st, self->a, true, out))

/* --- typelib: the argument of [assembly: Guid("...")] --- */

static ov_status is_guid_attribute(struct ov_dotnet *d, uint32_t type, bool *out)
{
	unsigned table;
	struct ov_str name;
	uint32_t row;

	*out = false;
	if (!ov_dotnet_decode(OV_NET_CUSTOM_ATTRIBUTE_TYPE, type, &table, &row) ||
	    table != OV_NET_MEMBER_REF ||
	    !ov_dotnet_decode(OV_NET_MEMBER_REF_PARENT,
			      ov_dotnet_cell(d, OV_NET_MEMBER_REF, row, 0), &table, &row) ||
	    table != OV_NET_TYPE_REF)
		return OV_OK;
	OV_TRY(ov_dotnet_name(d, ov_dotnet_cell(d, OV_NET_TYPE_REF, row, 1), &name));
	*out = ov_str_is(name, "GuidAttribute");
	return OV_OK;
}

static ov_status find_typelib(struct dotnet *st, struct ov_yval *out)
{
	struct ov_dotnet *d = &st->d;

	for (uint32_t i = 0; i < ov_dotnet_rows(d, OV_NET_CUSTOM_ATTRIBUTE); i++) {
		struct ov_cur c, text;
		uint32_t row, n;
		unsigned table;
		bool is_it;

		if (!ov_dotnet_decode(OV_NET_HAS_CUSTOM_ATTRIBUTE,
				      ov_dotnet_cell(d, OV_NET_CUSTOM_ATTRIBUTE, i, 0), &table,
				      &row) ||
		    table != OV_NET_ASSEMBLY)
			continue;
		OV_TRY(
		    is_guid_attribute(d, ov_dotnet_cell(d, OV_NET_CUSTOM_ATTRIBUTE, i, 1), &is_it));
		if (is_it &&
		    ov_dotnet_blob(d, ov_dotnet_cell(d, OV_NET_CUSTOM_ATTRIBUTE, i, 2), &c) ==
			OV_OK &&
		    ov_cur_soft_u16le(&c) == 1 && ov_dotnet_number(&c, &n) == OV_OK &&
		    ov_cur_take(&c, n, &text) == OV_OK)
			return give_bytes(text, out);
	}
	return OV_OK;
}

OV_OF_DOTNET(typelib, find_typelib(st, out))

/* --- tables --- */

static const struct ov_yfield stream_fields[] = {
	OV_F_STR("name", stream_name),
	OV_F_INT("offset", stream_offset),
	OV_F_INT("size", stream_size),
};
OV_YTYPE(stream, "dotnet.stream");

static const struct ov_yfield resource_row_fields[] = {
	OV_F_INT("offset", resource_offset),
	OV_F_INT("length", resource_length),
	OV_F_STR("name", resource_name),
};
OV_YTYPE(resource_row, "dotnet.resource");

static const struct ov_yfield assembly_version_fields[] = {
	OV_F_INT("major", assembly_major),
	OV_F_INT("minor", assembly_minor),
	OV_F_INT("build_number", assembly_build),
	OV_F_INT("revision_number", assembly_revision),
};
OV_YTYPE(assembly_version, "dotnet.version");

static const struct ov_yfield assembly_fields[] = {
	{ .name = "version", .kind = OV_Y_STRUCT, .of = &assembly_version },
	OV_F_STR("name", assembly_name),
	OV_F_STR("culture", assembly_culture),
};
OV_YTYPE(assembly, "dotnet.assembly");

static const struct ov_yfield ref_version_fields[] = {
	OV_F_INT("major", ref_major),
	OV_F_INT("minor", ref_minor),
	OV_F_INT("build_number", ref_build),
	OV_F_INT("revision_number", ref_revision),
};
OV_YTYPE(ref_version, "dotnet.version");

static const struct ov_yfield ref_fields[] = {
	{ .name = "version", .kind = OV_Y_STRUCT, .of = &ref_version },
	OV_F_STR("name", ref_name),
	OV_F_STR("public_key_or_token", ref_key),
};
OV_YTYPE(ref, "dotnet.assembly_ref");

static const struct ov_yfield root_fields[] = {
	OV_F_INT("is_dotnet", is_dotnet),
	OV_F_STR("version", version),
	OV_F_STR("module_name", module_name),
	OV_F_INT("number_of_streams", number_of_streams),
	OV_F_STRUCTS("streams", streams, stream_at, stream),
	OV_F_INT("number_of_guids", number_of_guids),
	OV_F_LIST("guids", guids, guid_at, OV_Y_STRING),
	OV_F_INT("number_of_resources", number_of_resources),
	OV_F_STRUCTS("resources", resources, resource_at, resource_row),
	OV_F_INT("number_of_classes", ov_dotnet_number_of_classes),
	OV_F_STRUCTS("classes", ov_dotnet_classes, ov_dotnet_class_at, ov_dotnet_class_type),
	OV_F_INT("number_of_generic_parameters", number_of_generics),
	OV_F_INT("number_of_assembly_refs", number_of_assembly_refs),
	OV_F_STRUCTS("assembly_refs", assembly_refs, row_at, ref),
	{ .name = "assembly", .kind = OV_Y_STRUCT, .of = &assembly },
	OV_F_INT("number_of_modulerefs", number_of_modulerefs),
	OV_F_LIST("modulerefs", modulerefs, moduleref_at, OV_Y_STRING),
	OV_F_INT("number_of_user_strings", number_of_user_strings),
	OV_F_LIST("user_strings", user_strings, user_string_at, OV_Y_STRING),
	OV_F_STR("typelib", typelib),
	OV_F_INT("number_of_constants", number_of_constants),
	OV_F_LIST("constants", constants, constant_at, OV_Y_STRING),
	OV_F_INT("number_of_field_offsets", number_of_field_offsets),
	OV_F_LIST("field_offsets", field_offsets, field_offset_at, OV_Y_INT),
};
OV_YTYPE(root, "dotnet");

const struct ov_ymodule ov_ymod_dotnet = { "dotnet", &root, .head = "MZ" };
