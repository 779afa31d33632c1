/*
 * lnk: shell links. Names and meaning of the fields are those of YARA-X's manual; those that it
 * does not have are told in docs/YARA.md. Source of the format: format/lnk.c.
 */
#include "ymod.h"

#include "buf.h"
#include "lnk.h"
#include "ymod_give.h"

#define TARGET_MAX ((size_t)1 << 20)
#define TICKS 10000000
#define EPOCH (INT64_C(11644473600)) /* seconds from 1601 to 1970 */

struct state {
	ov_status status; /* OV_BAD: no link */
	struct ov_lnk l;
};

/* The layer's link, read once. @return OV_OK; OV_END: it is none; OV_LIMIT, OV_NOMEM, OV_IO. */
static ov_status load(struct ov_yenv *env, unsigned module, const struct ov_lnk **out)
{
	struct state *st = env->state[module];

	if (env->is_process)
		return OV_END;
	if (st == NULL) {
		OV_TRY(ov_arena_new(env->arena, &st));
		st->status = ov_lnk_read(env->src, env->arena, &st->l);
		env->state[module] = st;
		if (st->status == OV_OK && st->l.is_capped)
			ov_ymod_note(env, OV_LIMIT, "a link with more parts than are listed");
	}
	if (st->status != OV_OK)
		return st->status == OV_BAD || st->status == OV_SHORT ? OV_END : st->status;
	*out = &st->l;
	return OV_OK;
}

/* A getter of an expression over the link `l`. */
#define OF_LINK(name, answer) OV_GET_OF(name, const struct ov_lnk, l, load, answer)
#define NUMBER(name, v) OF_LINK(name, ov_give_int(out, v))
#define NUMBER_IF(name, is, v) OF_LINK(name, (is) ? ov_give_int(out, v) : OV_OK)
#define TEXT(name, v) OF_LINK(name, ov_give_text(out, v))

static ov_status give_time(struct ov_yval *out, uint64_t ticks)
{
	return ticks == 0 ? OV_OK : ov_give_int(out, (uint64_t)((int64_t)(ticks / TICKS) - EPOCH));
}

OV_GET_IS(is_lnk, const struct ov_lnk, load)

OF_LINK(is_malformed, ov_give_bool(out, l->broken != NULL))
NUMBER(flags, l->flags)
NUMBER(file_attributes, l->attributes)
OF_LINK(creation_time, give_time(out, l->creation))
OF_LINK(access_time, give_time(out, l->access))
OF_LINK(write_time, give_time(out, l->write))
NUMBER(file_size, l->file_size)
NUMBER(icon_index, l->icon_index)
NUMBER(show_command, l->show_command)
NUMBER(hotkey, l->hotkey)
NUMBER_IF(drive_type, l->has_volume, l->drive_type)
NUMBER_IF(drive_serial, l->has_volume, l->drive_serial)
TEXT(volume_label, l->volume_label)
TEXT(local_base_path, l->local_base_path)
TEXT(common_path_suffix, l->common_path_suffix)
TEXT(net_name, l->net_name)
TEXT(device_name, l->device_name)
NUMBER_IF(network_provider, l->has_network, l->network_provider)
TEXT(description, l->name)
TEXT(relative_path, l->relative_path)
TEXT(working_dir, l->working_dir)
TEXT(arguments, l->arguments)
TEXT(icon_location, l->icon_location)
TEXT(environment, l->environment)
TEXT(icon_environment, l->icon_environment)
TEXT(darwin_id, l->darwin_id)
TEXT(known_folder, l->known_folder)
TEXT(shim_layer, l->shim_layer)
NUMBER_IF(code_page, l->has_code_page, l->code_page)
NUMBER_IF(special_folder, l->has_special_folder, l->special_folder)
NUMBER_IF(overlay_offset, l->has_end && l->end < env->src->size, l->end)
NUMBER_IF(overlay_size, l->has_end, env->src->size - l->end)
NUMBER_IF(tracker_version, l->has_tracker, l->tracker_version)
TEXT(machine_id, l->machine_id)
TEXT(droid_volume, l->droid_volume)
TEXT(droid_file, l->droid_file)
TEXT(birth_volume, l->birth_volume)
TEXT(birth_file, l->birth_file)
NUMBER(number_of_blocks, l->nblocks)
NUMBER(number_of_items, l->nitems)
OF_LINK(blocks, ov_give_array(out, l->blocks, 0, l->nblocks))
OF_LINK(items, ov_give_array(out, l->items, 0, l->nitems))

/* What the link leads to, as far as it says so in words: base and suffix, else the environment's.
 */
static ov_status join_target(struct ov_yenv *env, const struct ov_lnk *l, struct ov_yval *out)
{
	const struct ov_str base = l->local_base_path.n > 0 ? l->local_base_path : l->net_name;
	const struct ov_str end = l->common_path_suffix;
	struct ov_buf b = ov_buf_of(TARGET_MAX);
	struct ov_str joined;
	ov_status s;

	if (base.n == 0)
		return ov_give_text(out, l->environment);
	if (end.n == 0)
		return ov_give_text(out, base);
	s = ov_buf_str(&b, base);
	if (s == OV_OK && base.p[base.n - 1] != '\\')
		s = ov_buf_u8(&b, '\\');
	if (s == OV_OK)
		s = ov_buf_str(&b, end);
	if (s == OV_OK)
		s = ov_arena_str(env->arena, ov_buf_text(&b), &joined);
	ov_buf_free(&b);
	OV_TRY(s);
	return ov_give_text(out, joined);
}

OF_LINK(target, join_target(env, l, out))

OV_ITEM(part_at)
{
	const struct ov_lnk_part *list = self->p;

	(void)env;
	(void)module;
	return ov_give_struct(out, &list[i], 0);
}

OV_GET(part_kind)
{
	OV_UNUSED_GET();
	return ov_give_int(out, ((const struct ov_lnk_part *)self->p)->kind);
}

OV_GET(part_offset)
{
	OV_UNUSED_GET();
	return ov_give_int(out, ((const struct ov_lnk_part *)self->p)->off);
}

OV_GET(part_size)
{
	OV_UNUSED_GET();
	return ov_give_int(out, ((const struct ov_lnk_part *)self->p)->size);
}

static const struct ov_yfield block_fields[] = {
	OV_F_INT("signature", part_kind),
	OV_F_INT("offset", part_offset),
	OV_F_INT("size", part_size),
};
OV_YTYPE(block, "lnk.block");

static const struct ov_yfield item_fields[] = {
	OV_F_INT("type", part_kind),
	OV_F_INT("offset", part_offset),
	OV_F_INT("size", part_size),
};
OV_YTYPE(item, "lnk.id_list_item");

static const struct ov_yfield tracker_fields[] = {
	OV_F_INT("version", tracker_version),
	OV_F_STR("machine_id", machine_id),
	OV_F_STR("droid_volume_id", droid_volume),
	OV_F_STR("droid_file_id", droid_file),
	OV_F_STR("droid_birth_volume_id", birth_volume),
	OV_F_STR("droid_birth_file_id", birth_file),
};
OV_YTYPE(tracker, "lnk.tracker_data");

static const struct ov_yfield drive_fields[] = {
	OV_F_CONST("UNKNOWN", 0), OV_F_CONST("NO_ROOT_DIR", 1), OV_F_CONST("REMOVABLE", 2),
	OV_F_CONST("FIXED", 3),	  OV_F_CONST("REMOTE", 4),	OV_F_CONST("CDROM", 5),
	OV_F_CONST("RAMDISK", 6),
};
OV_YTYPE(drive, "lnk.DriveType");

static const struct ov_yfield show_fields[] = {
	OV_F_CONST("NORMAL", 1),
	OV_F_CONST("MAXIMIZED", 3),
	OV_F_CONST("MIN_NO_ACTIVE", 7),
};
OV_YTYPE(show, "lnk.ShowCommand");

static const struct ov_yfield root_fields[] = {
	OV_F_BOOL("is_lnk", is_lnk),
	OV_F_BOOL("is_malformed", is_malformed),
	OV_F_STR("name", description),
	OV_F_INT("flags", flags),
	OV_F_INT("creation_time", creation_time),
	OV_F_INT("access_time", access_time),
	OV_F_INT("write_time", write_time),
	OV_F_INT("file_size", file_size),
	OV_F_INT("file_attributes", file_attributes),
	OV_F_STR("icon_location", icon_location),
	OV_F_INT("icon_index", icon_index),
	OV_F_INT("show_command", show_command),
	OV_F_INT("hotkey", hotkey),
	OV_F_INT("drive_type", drive_type),
	OV_F_INT("drive_serial_number", drive_serial),
	OV_F_STR("volume_label", volume_label),
	OV_F_STR("local_base_path", local_base_path),
	OV_F_STR("common_path_suffix", common_path_suffix),
	OV_F_STR("net_name", net_name),
	OV_F_STR("device_name", device_name),
	OV_F_INT("network_provider_type", network_provider),
	OV_F_STR("relative_path", relative_path),
	OV_F_STR("working_dir", working_dir),
	OV_F_STR("cmd_line_args", arguments),
	OV_F_STR("target", target),
	OV_F_STR("environment_target", environment),
	OV_F_STR("icon_environment_target", icon_environment),
	OV_F_STR("darwin_id", darwin_id),
	OV_F_STR("known_folder_id", known_folder),
	OV_F_INT("special_folder_id", special_folder),
	OV_F_INT("console_code_page", code_page),
	OV_F_STR("shim_layer", shim_layer),
	OV_F_INT("overlay_size", overlay_size),
	OV_F_INT("overlay_offset", overlay_offset),
	{ .name = "tracker_data", .kind = OV_Y_STRUCT, .of = &tracker },
	OV_F_INT("number_of_id_list_items", number_of_items),
	OV_F_STRUCTS("id_list_items", items, part_at, item),
	OV_F_INT("number_of_blocks", number_of_blocks),
	OV_F_STRUCTS("blocks", blocks, part_at, block),
	{ .name = "DriveType", .kind = OV_Y_STRUCT, .of = &drive },
	{ .name = "ShowCommand", .kind = OV_Y_STRUCT, .of = &show },
	OV_F_CONST("FILE_ATTRIBUTE_READONLY", 0x1),
	OV_F_CONST("FILE_ATTRIBUTE_HIDDEN", 0x2),
	OV_F_CONST("FILE_ATTRIBUTE_SYSTEM", 0x4),
	OV_F_CONST("FILE_ATTRIBUTE_DIRECTORY", 0x10),
	OV_F_CONST("FILE_ATTRIBUTE_ARCHIVE", 0x20),
	OV_F_CONST("FILE_ATTRIBUTE_NORMAL", 0x80),
	OV_F_CONST("FILE_ATTRIBUTE_TEMPORARY", 0x100),
	OV_F_CONST("FILE_ATTRIBUTE_SPARSE_FILE", 0x200),
	OV_F_CONST("FILE_ATTRIBUTE_REPARSE_POINT", 0x400),
	OV_F_CONST("FILE_ATTRIBUTE_COMPRESSED", 0x800),
	OV_F_CONST("FILE_ATTRIBUTE_OFFLINE", 0x1000),
	OV_F_CONST("FILE_ATTRIBUTE_NOT_CONTENT_INDEXED", 0x2000),
	OV_F_CONST("FILE_ATTRIBUTE_ENCRYPTED", 0x4000),
};
OV_YTYPE(root, "lnk");

const struct ov_ymodule ov_ymod_lnk = { "lnk", &root };
