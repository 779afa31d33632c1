/* Tables of the module dex: a part of dex.c, which its length alone keeps apart. */

static const struct ov_yfield code_fields[] = {
	OV_F_INT("registers_size", registers_size),
	OV_F_INT("ins_size", ins_size),
	OV_F_INT("outs_size", outs_size),
	OV_F_INT("tries_size", tries_size),
	OV_F_INT("debug_info_off", debug_info_off),
	OV_F_INT("insns_size", insns_size),
	OV_F_STR("insns", insns),
};
OV_YTYPE(code, "dex.code_item");

static const struct ov_yfield method_fields[] = {
	OV_F_STR("class_name", m_class),
	OV_F_STR("name", m_name),
	OV_F_STR("proto", m_proto),
	OV_F_INT("direct", m_direct),
	OV_F_INT("virtual", m_virtual),
	OV_F_INT("method_idx_diff", m_diff),
	OV_F_INT("access_flags", m_flags),
	OV_F_INT("code_off", m_code_off),
	OV_F_STRUCT("code_item", code_item, code),
};
OV_YTYPE(method, "dex.method");

static const struct ov_yfield field_fields[] = {
	OV_F_STR("class_name", f_class),   OV_F_STR("name", f_name),
	OV_F_STR("proto", f_proto),	   OV_F_INT("field_idx_diff", f_diff),
	OV_F_INT("access_flags", f_flags),
};
OV_YTYPE(field, "dex.field");

static const struct ov_yfield map_item_fields[] = {
	OV_F_INT("type", map_type),
	OV_F_INT("unused", map_unused),
	OV_F_INT("size", map_item_size),
	OV_F_INT("offset", map_offset),
};
OV_YTYPE(map_item, "dex.map_item");

static const struct ov_yfield map_list_fields[] = {
	OV_F_STRUCTS("map_item", map_items, row, map_item),
	OV_F_STRUCTS("items", map_items, row, map_item),
	OV_F_INT("size", map_size),
};
OV_YTYPE(map_list, "dex.map_list");

static const struct ov_yfield data_fields[] = {
	OV_F_INT("static_fields_size", static_fields_size),
	OV_F_INT("instance_fields_size", instance_fields_size),
	OV_F_INT("direct_methods_size", direct_methods_size),
	OV_F_INT("virtual_methods_size", virtual_methods_size),
};
OV_YTYPE(data, "dex.class_data_item");

static const struct ov_yfield class_fields[] = {
	OV_F_INT("class_idx", class_idx),
	OV_F_INT("access_flags", class_flags),
	OV_F_INT("super_class_idx", class_super_idx),
	OV_F_INT("interfaces_offset", class_interfaces),
	OV_F_INT("source_file_idx", class_source_idx),
	OV_F_INT("annotations_offset", class_annotations),
	OV_F_INT("class_data_offset", class_data_offset),
	OV_F_INT("static_values_offset", class_values),
	OV_F_STR("class", class_name),
	OV_F_INT("access_flag", class_flags),
	OV_F_STR("superclass", class_super),
	OV_F_STR("source_file", class_source),
};
OV_YTYPE(class, "dex.class_def");

static const struct ov_yfield proto_item_fields[] = {
	OV_F_STR("shorty", proto_shorty),
	OV_F_STR("return_type", proto_return),
	OV_F_INT("parameters_count", parameters_count),
	OV_F_LIST("parameters", parameters, parameter_at, OV_Y_STRING),
};
OV_YTYPE(proto_item, "dex.proto");

static const struct ov_yfield proto_fields[] = {
	OV_F_INT("shorty_idx", proto_shorty_idx),
	OV_F_INT("return_type_idx", proto_return_idx),
	OV_F_INT("parameters_offset", proto_parameters_offset),
	OV_F_STR("shorty", proto_shorty),
	OV_F_STR("return_type", proto_return),
	OV_F_INT("parameters_count", parameters_count),
	OV_F_LIST("parameters", parameters, parameter_at, OV_Y_STRING),
};
OV_YTYPE(proto, "dex.proto_id");

static const struct ov_yfield method_id_fields[] = {
	OV_F_INT("class_idx", method_class_idx),	OV_F_INT("proto_idx", method_proto_idx),
	OV_F_INT("name_idx", method_name_idx),		OV_F_STR("class", method_class),
	OV_F_STRUCT("proto", method_proto, proto_item), OV_F_STR("name", method_name),
};
OV_YTYPE(method_id, "dex.method_id");

static const struct ov_yfield field_id_fields[] = {
	OV_F_INT("class_idx", field_class_idx), OV_F_INT("type_idx", field_type_idx),
	OV_F_INT("name_idx", field_name_idx),	OV_F_STR("class", field_class),
	OV_F_STR("type", field_type),		OV_F_STR("name", field_name),
};
OV_YTYPE(field_id, "dex.field_id");

static const struct ov_yfield type_fields[] = { OV_F_INT("descriptor_idx", type_descriptor) };
OV_YTYPE(type, "dex.type_id");

static const struct ov_yfield string_item_fields[] = {
	OV_F_INT("offset", string_offset),
	OV_F_INT("size", string_size),
	OV_F_STR("value", string_value),
};
OV_YTYPE(string_item, "dex.string_id");

static const struct ov_yfield header_fields[] = {
	OV_F_INT("data_offset", data_off),
	OV_F_INT("data_size", data_size),
	OV_F_INT("class_defs_offset", classes_at),
	OV_F_INT("class_defs_size", classes_n),
	OV_F_INT("method_ids_offset", methods_at),
	OV_F_INT("method_ids_size", methods_n),
	OV_F_INT("field_ids_offset", fields_at),
	OV_F_INT("field_ids_size", fields_n),
	OV_F_INT("proto_ids_offset", protos_at),
	OV_F_INT("proto_ids_size", protos_n),
	OV_F_INT("type_ids_offset", types_at),
	OV_F_INT("type_ids_size", types_n),
	OV_F_INT("string_ids_offset", strings_at),
	OV_F_INT("string_ids_size", strings_n),
	OV_F_INT("map_offset", map_off),
	OV_F_INT("link_offset", link_off),
	OV_F_INT("link_size", link_size),
	OV_F_INT("endian_tag", endian_tag),
	OV_F_INT("header_size", header_size),
	OV_F_INT("file_size", file_size),
	OV_F_STR("signature", signature),
	OV_F_INT("checksum", checksum),
	OV_F_STR("magic", magic),
	OV_F_INT("version", version),
	OV_F_INT("data_off", data_off),
	OV_F_INT("class_defs_off", classes_at),
	OV_F_INT("method_ids_off", methods_at),
	OV_F_INT("field_ids_off", fields_at),
	OV_F_INT("proto_ids_off", protos_at),
	OV_F_INT("type_ids_off", types_at),
	OV_F_INT("string_ids_off", strings_at),
	OV_F_INT("map_off", map_off),
	OV_F_INT("link_off", link_off),
};
OV_YTYPE(header, "dex.header");

#define VERSION_MAGIC(n)                                                                           \
	OV_GET(magic_##n)                                                                          \
	{                                                                                          \
		OV_UNUSED_GET();                                                                   \
		return ov_give_text(out, OV_STR("dex\n" #n));                                      \
	}

VERSION_MAGIC(035)
VERSION_MAGIC(036)
VERSION_MAGIC(037)
VERSION_MAGIC(038)
VERSION_MAGIC(039)

static const struct ov_yfield root_fields[] = {
	OV_F_STRUCTS("method", method_list, row, method),
	OV_F_INT("number_of_methods", number_of_methods),
	OV_F_STRUCTS("field", field_list, row, field),
	OV_F_INT("number_of_fields", number_of_fields),
	OV_F_STRUCT("map_list", NULL, map_list),
	OV_F_STRUCTS("class_data_item", class_data_list, row, data),
	OV_F_STRUCTS("class_defs", class_defs, row, class),
	OV_F_STRUCTS("method_ids", method_ids, row, method_id),
	OV_F_STRUCTS("field_ids", field_ids, row, field_id),
	OV_F_STRUCTS("proto_ids", proto_ids, row, proto),
	OV_F_STRUCTS("type_ids", type_ids, row, type),
	OV_F_STRUCTS("string_ids", string_ids, row, string_item),
	OV_F_STRUCT("header", NULL, header),
	OV_F_BOOL("is_dex", is_dex),
	OV_F_LIST("strings", string_ids, string_at, OV_Y_STRING),
	OV_F_LIST("types", type_ids, type_at, OV_Y_STRING),
	OV_F_STRUCTS("protos", proto_ids, row, proto_item),
	OV_F_STRUCTS("fields", field_ids, row, field_id),
	OV_F_STRUCTS("methods", method_ids, row, method_id),
	OV_F_FUNC("has_method", dex_has_method),
	OV_F_FUNC("has_class", dex_has_class),
	OV_F_FUNC("contains_string", dex_contains_string),
	OV_F_FUNC("contains_method", dex_contains_method),
	OV_F_FUNC("contains_class", dex_contains_class),
	OV_F_FUNC("checksum", dex_checksum),
	OV_F_FUNC("signature", dex_signature),
	OV_F_STR("DEX_FILE_MAGIC_035", magic_035),
	OV_F_STR("DEX_FILE_MAGIC_036", magic_036),
	OV_F_STR("DEX_FILE_MAGIC_037", magic_037),
	OV_F_STR("DEX_FILE_MAGIC_038", magic_038),
	OV_F_STR("DEX_FILE_MAGIC_039", magic_039),
#define OV_NAME(name, value) OV_F_CONST(#name, value),
#include "dex_names.def"
#undef OV_NAME
};
OV_YTYPE(root, "dex");

const struct ov_ymodule ov_ymod_dex = { "dex", &root };
