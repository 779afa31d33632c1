/*
 * pe: Portable Executables. The numbers of the headers are here with the table of all fields; lists
 * and what rules ask of them are in pe_tables.c, pe_resources.c, pe_imports.c, pe_exports.c and
 * pe_signatures.c. A list is read when a condition first asks for it.
 *
 * Source: YARA's manual and YARA-X's; what counts in broken files was found by running yara 4.2.3
 * on made ones (docs/formats/pe.md).
 */
#include "ymod.h"
#include "ype_int.h"

#define NUMBER(name, value)                                                                        \
	static YPE_GET(get_##name)                                                                 \
	{                                                                                          \
		const struct ov_pe_header *h;                                                      \
		struct ype *p;                                                                     \
		(void)self;                                                                        \
		OV_TRY(ype_get(env, module, &p));                                                  \
		if (p == NULL)                                                                     \
			return OV_OK;                                                              \
		h = &p->pe.h;                                                                      \
		ype_int(out, (int64_t)(value));                                                    \
		return OV_OK;                                                                      \
	}
#include "pe_numbers.def"
#undef NUMBER

static YPE_GET(is_pe)
{
	struct ype *p;

	(void)self;
	OV_TRY(ype_get(env, module, &p));
	if (!env->is_process)
		ype_int(out, p != NULL);
	return OV_OK;
}

static YPE_GET(base_of_data)
{
	struct ype *p;

	(void)self;
	OV_TRY(ype_get(env, module, &p));
	if (p != NULL && !p->pe.h.is_64)
		ype_int(out, p->pe.h.data_base);
	return OV_OK;
}

static YPE_GET(entry_point)
{
	struct ype *p;
	uint64_t off;

	(void)self;
	OV_TRY(ype_get(env, module, &p));
	if (p != NULL)
		ype_int(out, ov_pe_map(&p->pe, p->pe.h.entry, &off) == OV_OK ? (int64_t)off : -1);
	return OV_OK;
}

#define VERSION(name, field)                                                                       \
	static YPE_GET(name)                                                                       \
	{                                                                                          \
		struct ype *p;                                                                     \
		(void)self;                                                                        \
		OV_TRY(ype_get(env, module, &p));                                                  \
		if (p != NULL)                                                                     \
			ype_obj(out, OV_Y_STRUCT, &p->pe.h.field, 0, 0);                           \
		return OV_OK;                                                                      \
	}
VERSION(linker_version, linker)
VERSION(os_version, os)
VERSION(image_version, image)
VERSION(subsystem_version, subsystem_version)

#define QUESTION(name, value)                                                                      \
	static YPE_CALL(name)                                                                      \
	{                                                                                          \
		struct ype *p;                                                                     \
		YPE_UNUSED_CALL();                                                                 \
		OV_TRY(ype_get(env, module, &p));                                                  \
		if (p != NULL)                                                                     \
			ype_int(out, value);                                                       \
		return OV_OK;                                                                      \
	}                                                                                          \
	static const struct ov_ysig name##_sigs[] = { { "", OV_Y_INT, name }, YPE_SIG_END };
QUESTION(is_dll, p->pe.h.flags & 0x2000)
QUESTION(is_32bit, !p->pe.h.is_64)
QUESTION(is_64bit, p->pe.h.is_64)

static YPE_CALL(rva_to_offset)
{
	struct ype *p;
	uint64_t off;

	YPE_UNUSED_CALL();
	OV_TRY(ype_get(env, module, &p));
	if (p != NULL && args[0].i >= 0 && ov_pe_map(&p->pe, (uint64_t)args[0].i, &off) == OV_OK)
		ype_int(out, (int64_t)off);
	return OV_OK;
}
static const struct ov_ysig rva_to_offset_sigs[] = { { "i", OV_Y_INT, rva_to_offset },
						     YPE_SIG_END };

static YPE_CALL(calculate_checksum)
{
	struct ype *p;
	ov_status s;

	YPE_UNUSED_CALL();
	OV_TRY(ype_get(env, module, &p));
	if (p == NULL)
		return OV_OK;
	if (!p->has_checksum) {
		OV_TRY(ype_spend(env, env->src->size >> 4));
		s = ov_pe_checksum(&p->pe, &p->checksum);
		if (s != OV_OK)
			return s == OV_SHORT ? OV_OK : s;
		p->has_checksum = true;
	}
	ype_int(out, p->checksum);
	return OV_OK;
}
static const struct ov_ysig calculate_checksum_sigs[] = { { "", OV_Y_INT, calculate_checksum },
							  YPE_SIG_END };

/* clang-format off */
#define ARRAY(text, type, getter, item_at)                                                         \
	{ .name = (text), .kind = OV_Y_ARRAY, .get = (getter), .item = OV_Y_STRUCT,                \
	  .of = &(type), .at = (item_at) }
#define STRUCT(text, type, getter)                                                                 \
	{ .name = (text), .kind = OV_Y_STRUCT, .get = (getter), .of = &(type) }
#define INT(text, getter) { .name = (text), .kind = OV_Y_INT, .get = (getter) }
#define FUNC(text, list) { .name = (text), .kind = OV_Y_FUNC, .sigs = (list) }
/* clang-format on */

static const struct ov_yfield fields[] = {
#define CONSTANT(text, v) { .name = #text, .kind = OV_Y_INT, .value = (v) },
#include "pe_constants.def"
#undef CONSTANT
#define NUMBER(text, v) INT(#text, get_##text),
#include "pe_numbers.def"
#undef NUMBER
	INT("is_pe", is_pe),
	INT("base_of_data", base_of_data),
	INT("entry_point", entry_point),
	STRUCT("linker_version", ype_version, linker_version),
	STRUCT("os_version", ype_version, os_version),
	STRUCT("image_version", ype_version, image_version),
	STRUCT("subsystem_version", ype_version, subsystem_version),
	ARRAY("data_directories", ype_dir, ype_get_dirs, ype_at_dir),
	ARRAY("sections", ype_section, ype_get_sections, ype_at_section),
	STRUCT("overlay", ype_overlay, ype_get_overlay),
	STRUCT("rich_signature", ype_rich_type, ype_get_rich),
	{ .name = "pdb_path", .kind = OV_Y_STRING, .get = ype_get_path },
	INT("number_of_resources", ype_get_nresources),
	INT("resource_timestamp", ype_get_resource_time),
	STRUCT("resource_version", ype_version, ype_get_resource_version),
	ARRAY("resources", ype_resource, ype_get_resources, ype_at_resource),
	INT("number_of_version_infos", ype_get_ntexts),
	ARRAY("version_info_list", ype_pair, ype_get_texts, ype_at_text),
	{ .name = "version_info",
	  .kind = OV_Y_DICT,
	  .get = ype_get_dict,
	  .item = OV_Y_STRING,
	  .pair = ype_pair_at,
	  .by_key = ype_by_key },
	INT("number_of_imports", ype_get_nimports),
	INT("number_of_imported_functions", ype_get_nfunctions),
	ARRAY("import_details", ype_library, ype_get_libraries, ype_at_library),
	INT("number_of_delayed_imports", ype_get_ndelayed),
	INT("number_of_delay_imports", ype_get_ndelayed),
	INT("number_of_delayed_imported_functions", ype_get_ndelayed_functions),
	INT("number_of_delay_imported_functions", ype_get_ndelayed_functions),
	ARRAY("delayed_import_details", ype_library, ype_get_delayed, ype_at_library),
	ARRAY("delay_import_details", ype_library, ype_get_delayed, ype_at_library),
	INT("number_of_exports", ype_get_nexports),
	INT("export_timestamp", ype_get_export_time),
	{ .name = "dll_name", .kind = OV_Y_STRING, .get = ype_get_dll_name },
	ARRAY("export_details", ype_export, ype_get_exports, ype_at_export),
	INT("number_of_signatures", ype_get_nsignatures),
	{ .name = "is_signed", .kind = OV_Y_BOOL, .get = ype_get_is_signed },
	ARRAY("signatures", ype_signature_type, ype_get_signatures, ype_at_signature),
	FUNC("imports", ype_imports_sigs),
	FUNC("import_rva", ype_import_rva_sigs),
	FUNC("delayed_import_rva", ype_delayed_rva_sigs),
	FUNC("imphash", ype_imphash_sigs),
	FUNC("exports", ype_exports_sigs),
	FUNC("exports_index", ype_exports_index_sigs),
	FUNC("section_index", ype_section_index_sigs),
	FUNC("locale", ype_locale_sigs),
	FUNC("language", ype_language_sigs),
	FUNC("is_dll", is_dll_sigs),
	FUNC("is_32bit", is_32bit_sigs),
	FUNC("is_64bit", is_64bit_sigs),
	FUNC("rva_to_offset", rva_to_offset_sigs),
	FUNC("calculate_checksum", calculate_checksum_sigs),
};

static YPE_TYPE(root, "pe", fields);

const struct ov_ymodule ov_ymod_pe = { "pe", &root, .head = "MZ", .anyway = "is_pe" };
