/*
 * dex: header, tables, fields and methods of a Dalvik executable. Names are those of `yara -D` of
 * Debian, and those of YARA-X where they don't contradict each other (docs/YARA.md). Format:
 * format/dex.h.
 */
#include <string.h>
#include "checked.h"
#include "dex_int.h"
#include "ymod.h"
#include "ymod_give.h"

/* ---- getters ---- */

#define OF_DEX(name, answer)                                                                       \
	OV_GET(name)                                                                               \
	{                                                                                          \
		struct dex *d = NULL;                                                              \
                                                                                                   \
		(void)self;                                                                        \
		OV_TRY(dex_load(env, module, &d));                                                 \
		return d == NULL ? OV_OK : (answer);                                               \
	}
#define NUMBER(name, v) OF_DEX(name, ov_give_int(out, v))
#define OF_MEMBERS(name, answer)                                                                   \
	OV_GET(name)                                                                               \
	{                                                                                          \
		struct dex *d = NULL;                                                              \
                                                                                                   \
		(void)self;                                                                        \
		OV_TRY(dex_members(env, module, &d));                                              \
		return d == NULL ? OV_OK : (answer);                                               \
	}

#define BYTES(p_, n_) ((struct ov_str){ .p = (const char *)(p_), .n = (n_) })

OF_DEX(magic, ov_give_text(out, BYTES(d->h.magic, 7)))
NUMBER(version, d->h.version)
NUMBER(checksum, d->h.checksum)
OF_DEX(signature,
       ov_give_text(out, BYTES(d->h.signature, strnlen((const char *)d->h.signature, 20))))
NUMBER(file_size, d->h.file_size)
NUMBER(header_size, d->h.header_size)
NUMBER(endian_tag, d->h.endian_tag)
NUMBER(link_size, d->h.link_size)
NUMBER(link_off, d->h.link_off)
NUMBER(map_off, d->h.map_off)
NUMBER(strings_n, d->h.n[OV_DEX_STRINGS])
NUMBER(strings_at, d->h.at[OV_DEX_STRINGS])
NUMBER(types_n, d->h.n[OV_DEX_TYPES])
NUMBER(types_at, d->h.at[OV_DEX_TYPES])
NUMBER(protos_n, d->h.n[OV_DEX_PROTOS])
NUMBER(protos_at, d->h.at[OV_DEX_PROTOS])
NUMBER(fields_n, d->h.n[OV_DEX_FIELDS])
NUMBER(fields_at, d->h.at[OV_DEX_FIELDS])
NUMBER(methods_n, d->h.n[OV_DEX_METHODS])
NUMBER(methods_at, d->h.at[OV_DEX_METHODS])
NUMBER(classes_n, d->h.n[OV_DEX_CLASSES])
NUMBER(classes_at, d->h.at[OV_DEX_CLASSES])
NUMBER(data_size, d->h.data_size)
NUMBER(data_off, d->h.data_off)

OV_GET(is_dex)
{
	struct dex *d = NULL;

	(void)self;
	OV_TRY(dex_load(env, module, &d));
	return ov_give_bool(out, d != NULL);
}

#define TABLE(name, t) OF_DEX(name, ov_give_array(out, d, 0, d->has[t] ? d->h.n[t] : 0))

TABLE(string_ids, OV_DEX_STRINGS)
TABLE(type_ids, OV_DEX_TYPES)
TABLE(proto_ids, OV_DEX_PROTOS)
TABLE(field_ids, OV_DEX_FIELDS)
TABLE(method_ids, OV_DEX_METHODS)
TABLE(class_defs, OV_DEX_CLASSES)
OF_MEMBERS(number_of_fields, d->is_whole ? ov_give_int(out, d->fields.n) : OV_OK)
OF_MEMBERS(number_of_methods, d->is_whole ? ov_give_int(out, d->methods.n) : OV_OK)
OF_MEMBERS(field_list, ov_give_array(out, d, 0, d->fields.n))
OF_MEMBERS(method_list, ov_give_array(out, d, 0, d->methods.n))
OF_MEMBERS(class_data_list, ov_give_array(out, d, 0, d->ndata))

OV_ITEM(row)
{
	OV_UNUSED_GET();
	return ov_give_struct(out, self->p, i);
}

static struct dex *dex_of(const struct ov_yobj *self)
{
	return (struct dex *)(uintptr_t)self->p;
}

/* Strings: as structs, and (YARA-X) as texts. */
#define OF_STRING(name, answer)                                                                    \
	OV_GET(name)                                                                               \
	{                                                                                          \
		uint32_t off = 0, units = 0;                                                       \
		struct ov_str s;                                                                   \
                                                                                                   \
		(void)module;                                                                      \
		OV_TRY(dex_text(env, dex_of(self), self->a, &off, &units, &s));                    \
		return s.p == NULL ? OV_OK : (answer);                                             \
	}

OF_STRING(string_offset, ov_give_int(out, off))
OF_STRING(string_size, ov_give_int(out, units))
OF_STRING(string_value, ov_give_text(out, s))

OV_ITEM(string_at)
{
	struct ov_str s;

	(void)module;
	OV_TRY(dex_string(env, dex_of(self), i, &s));
	return ov_give_text(out, s);
}

OV_ITEM(type_at)
{
	struct ov_str s;

	(void)module;
	OV_TRY(dex_type_name(env, dex_of(self), (uint32_t)i, &s));
	return ov_give_text(out, s);
}

/* Numbers of a row as they stand, and the texts that they name. */
#define OF_ROW(name, t, answer)                                                                    \
	OV_GET(name)                                                                               \
	{                                                                                          \
		struct dex *d = dex_of(self);                                                      \
		struct ov_str s = { .p = NULL };                                                   \
		uint32_t r[8];                                                                     \
                                                                                                   \
		(void)module;                                                                      \
		(void)env;                                                                         \
		OV_TRY(dex_row(d, t, self->a, r));                                                 \
		answer;                                                                            \
		return s.p != NULL ? ov_give_text(out, s) : OV_OK;                                 \
	}
#define ROW_INT(name, t, k) OF_ROW(name, t, (void)s; return ov_give_int(out, r[k]))
#define ROW_STRING(name, t, k) OF_ROW(name, t, OV_TRY(dex_string(env, d, r[k], &s)))
#define ROW_TYPE(name, t, k) OF_ROW(name, t, OV_TRY(dex_type_name(env, d, r[k], &s)))

ROW_INT(type_descriptor, OV_DEX_TYPES, 0)
ROW_INT(proto_shorty_idx, OV_DEX_PROTOS, 0)
ROW_INT(proto_return_idx, OV_DEX_PROTOS, 1)
ROW_INT(proto_parameters_offset, OV_DEX_PROTOS, 2)
ROW_STRING(proto_shorty, OV_DEX_PROTOS, 0)
ROW_TYPE(proto_return, OV_DEX_PROTOS, 1)
ROW_INT(field_class_idx, OV_DEX_FIELDS, 0)
ROW_INT(field_type_idx, OV_DEX_FIELDS, 1)
ROW_INT(field_name_idx, OV_DEX_FIELDS, 2)
ROW_TYPE(field_class, OV_DEX_FIELDS, 0)
ROW_TYPE(field_type, OV_DEX_FIELDS, 1)
ROW_STRING(field_name, OV_DEX_FIELDS, 2)
ROW_INT(method_class_idx, OV_DEX_METHODS, 0)
ROW_INT(method_proto_idx, OV_DEX_METHODS, 1)
ROW_INT(method_name_idx, OV_DEX_METHODS, 2)
ROW_TYPE(method_class, OV_DEX_METHODS, 0)
ROW_STRING(method_name, OV_DEX_METHODS, 2)
ROW_INT(class_idx, OV_DEX_CLASSES, 0)
ROW_INT(class_flags, OV_DEX_CLASSES, 1)
ROW_INT(class_super_idx, OV_DEX_CLASSES, 2)
ROW_INT(class_interfaces, OV_DEX_CLASSES, 3)
ROW_INT(class_source_idx, OV_DEX_CLASSES, 4)
ROW_INT(class_annotations, OV_DEX_CLASSES, 5)
ROW_INT(class_data_offset, OV_DEX_CLASSES, 6)
ROW_INT(class_values, OV_DEX_CLASSES, 7)
ROW_TYPE(class_name, OV_DEX_CLASSES, 0)
ROW_TYPE(class_super, OV_DEX_CLASSES, 2)
ROW_STRING(class_source, OV_DEX_CLASSES, 4)

OV_GET(method_proto)
{
	uint32_t r[8];

	OV_UNUSED_GET();
	OV_TRY(dex_row(dex_of(self), OV_DEX_METHODS, self->a, r));
	if (r[1] >= dex_of(self)->h.n[OV_DEX_PROTOS])
		return OV_OK;
	return ov_give_struct(out, self->p, r[1]);
}

/* A list of types: a count, then 16 bits each. @return the place of the first, 0: none. */
static ov_status parameters_of(struct dex *d, uint64_t proto, uint64_t *at, uint32_t *n)
{
	const uint64_t size = d->win.src->size;
	uint32_t r[8];
	struct ov_cur c;

	*at = 0;
	*n = 0;
	OV_TRY(dex_row(d, OV_DEX_PROTOS, proto, r));
	if (r[2] == 0 || r[2] > size || size - r[2] < 4)
		return OV_OK;
	OV_TRY(ov_window_get(&d->win, r[2], 4, &c));
	*at = (uint64_t)r[2] + 4;
	*n = (uint32_t)ov_min_u64(ov_cur_soft_u32le(&c), (size - *at) / 2);
	return OV_OK;
}

OV_GET(parameters_count)
{
	uint64_t at;
	uint32_t n;

	OV_UNUSED_GET();
	OV_TRY(parameters_of(dex_of(self), self->a, &at, &n));
	return ov_give_int(out, n);
}

OV_GET(parameters)
{
	uint64_t at;
	uint32_t n;

	OV_UNUSED_GET();
	OV_TRY(parameters_of(dex_of(self), self->a, &at, &n));
	return ov_give_array(out, self->p, at, n);
}

OV_ITEM(parameter_at)
{
	struct dex *d = dex_of(self);
	struct ov_str s;
	struct ov_cur c;

	(void)module;
	OV_TRY(ov_window_upto(&d->win, self->a + 2 * i, 2, &c));
	if (c.len < 2)
		return OV_OK;
	OV_TRY(dex_type_name(env, d, ov_cur_soft_u16le(&c), &s));
	return ov_give_text(out, s);
}

/* ---- members and their code ---- */

#define OF_MEMBER(name, list, answer)                                                              \
	OV_GET(name)                                                                               \
	{                                                                                          \
		struct dex *d = dex_of(self);                                                      \
		const struct member *m = &d->list.m[self->a];                                      \
		struct ov_str s = { .p = NULL };                                                   \
		uint32_t r[8];                                                                     \
                                                                                                   \
		(void)module;                                                                      \
		(void)env;                                                                         \
		OV_TRY(dex_row(d,                                                                  \
			       (const void *)&d->list == (const void *)&d->fields                  \
				   ? OV_DEX_FIELDS                                                 \
				   : OV_DEX_METHODS,                                               \
			       m->index, r));                                                      \
		answer;                                                                            \
		return s.p != NULL ? ov_give_text(out, s) : OV_OK;                                 \
	}
#define MEMBER_INT(name, list, v) OF_MEMBER(name, list, (void)s; return ov_give_int(out, v))

static ov_status shorty_of(struct ov_yenv *env, struct dex *d, uint32_t proto, struct ov_str *s)
{
	uint32_t r[8];

	OV_TRY(dex_row(d, OV_DEX_PROTOS, proto, r));
	return dex_string(env, d, r[0], s);
}

OF_MEMBER(f_class, fields, OV_TRY(dex_type_name(env, d, r[0], &s)))
OF_MEMBER(f_name, fields, OV_TRY(dex_string(env, d, r[2], &s)))
OF_MEMBER(f_proto, fields, OV_TRY(dex_type_name(env, d, r[1], &s)))
MEMBER_INT(f_diff, fields, m->diff)
MEMBER_INT(f_flags, fields, m->flags)
OF_MEMBER(m_class, methods, OV_TRY(dex_type_name(env, d, r[0], &s)))
OF_MEMBER(m_name, methods, OV_TRY(dex_string(env, d, r[2], &s)))
OF_MEMBER(m_proto, methods, OV_TRY(shorty_of(env, d, r[1], &s)))
MEMBER_INT(m_direct, methods, m->is_direct)
MEMBER_INT(m_virtual, methods, m->is_virtual)
MEMBER_INT(m_diff, methods, m->diff)
MEMBER_INT(m_flags, methods, m->flags)
MEMBER_INT(m_code_off, methods, m->code_off)

OV_GET(code_item)
{
	const struct dex *d = dex_of(self);
	const uint32_t at = d->methods.m[self->a].code_off;

	OV_UNUSED_GET();
	return at != 0 && at <= d->win.src->size && d->win.src->size - at >= 16
		   ? ov_give_struct(out, d, at)
		   : OV_OK;
}

/* u16 registers, ins, outs, tries; u32 debug information, instructions in units of two bytes. */
#define OF_CODE(name, answer)                                                                      \
	OV_GET(name)                                                                               \
	{                                                                                          \
		struct dex *d = dex_of(self);                                                      \
		uint32_t v[6];                                                                     \
		struct ov_cur c;                                                                   \
                                                                                                   \
		(void)module;                                                                      \
		(void)env;                                                                         \
		OV_TRY(ov_window_upto(&d->win, self->a, 16, &c));                                  \
		for (int k = 0; k < 6; k++)                                                        \
			v[k] = k < 4 ? ov_cur_soft_u16le(&c) : ov_cur_soft_u32le(&c);              \
		return ov_cur_status(&c) != OV_OK ? OV_OK : (answer);                              \
	}

static ov_status give_code(struct ov_yenv *env, const struct dex *d, uint64_t at, uint32_t units,
			   struct ov_yval *out)
{
	const uint64_t n = (uint64_t)units * 2;
	struct ov_cur c;

	if (at > d->win.src->size || n > d->win.src->size - at || n > SIZE_MAX)
		return OV_OK;
	OV_TRY(ov_src_view(d->win.src, at, (size_t)n, env->arena, &c));
	return ov_give_text(out, BYTES(c.len > 0 ? (const void *)c.base : "", c.len));
}

OF_CODE(registers_size, ov_give_int(out, v[0]))
OF_CODE(ins_size, ov_give_int(out, v[1]))
OF_CODE(outs_size, ov_give_int(out, v[2]))
OF_CODE(tries_size, ov_give_int(out, v[3]))
OF_CODE(debug_info_off, ov_give_int(out, v[4]))
OF_CODE(insns_size, ov_give_int(out, v[5]))
OF_CODE(insns, give_code(env, d, self->a + 16, v[5], out))

#define OF_DATA(name, k)                                                                           \
	OV_GET(name)                                                                               \
	{                                                                                          \
		OV_UNUSED_GET();                                                                   \
		return ov_give_int(out, dex_of(self)->data[self->a].sizes[k]);                     \
	}

OF_DATA(static_fields_size, 0)
OF_DATA(instance_fields_size, 1)
OF_DATA(direct_methods_size, 2)
OF_DATA(virtual_methods_size, 3)

/* ---- the map ---- */

OF_DEX(map_size, d->has_map ? ov_give_int(out, d->map_size) : OV_OK)
OF_DEX(map_items, ov_give_array(out, d, 0, d->nmap))

#define OF_MAP(name, off, bits)                                                                    \
	OV_GET(name)                                                                               \
	{                                                                                          \
		struct dex *d = dex_of(self);                                                      \
		const uint64_t at = (uint64_t)d->h.map_off + 4 + 12 * self->a + (off);             \
		struct ov_cur c;                                                                   \
                                                                                                   \
		OV_UNUSED_GET();                                                                   \
		OV_TRY(ov_window_upto(&d->win, at, (bits) / 8, &c));                               \
		if (c.len < (bits) / 8)                                                            \
			return OV_OK;                                                              \
		return ov_give_int(out,                                                            \
				   (bits) == 16 ? ov_cur_soft_u16le(&c) : ov_cur_soft_u32le(&c));  \
	}

OF_MAP(map_type, 0, 16)
OF_MAP(map_unused, 2, 16)
OF_MAP(map_item_size, 4, 32)
OF_MAP(map_offset, 8, 32)

#include "dex_fields.h"
