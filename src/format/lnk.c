/*
 * Shell links, [MS-SHLLINK] 8.0.
 *
 *   | header 76 | ID list | link info | strings | extra data blocks ... 0000 | overlay |
 *
 * Each part after the header is there if its flag says so; a part that breaks off ends the reading,
 * since nothing tells where the next one begins. Texts that are not UTF-16 are in the code page of
 * the machine that wrote them: taken for 1252, so only letters beyond ASCII may differ.
 *
 * Not read: what the items of the ID list mean (nobody documents them all), property stores.
 */
#include "lnk.h"

#include <string.h>

#include "checked.h"
#include "utf16.h"
#include "window.h"

#define HEADER 76
#define INFO_MAX OV_WINDOW_MAX
#define BLOCK_MAX ((size_t)64 << 10) /* looked at of a block; the largest that is read has 788 */
#define TARGET_ANSI 260
#define TARGET_WIDE 520

struct in {
	struct ov_window w;
	struct ov_arena *a;
	struct ov_lnk *l;
	uint64_t at; /* of the next part */
};

static void broken(struct ov_lnk *l, const char *why)
{
	if (l->broken == NULL)
		l->broken = why;
}

static ov_status read_header(struct in *in)
{
	struct ov_lnk *l = in->l;
	struct ov_cur c;

	OV_TRY(ov_window_upto(&in->w, 0, HEADER, &c));
	if (c.len < HEADER)
		return OV_BAD;
	OV_TRY(ov_cur_expect(&c, "L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0F"));
	l->flags = ov_cur_soft_u32le(&c);
	l->attributes = ov_cur_soft_u32le(&c);
	l->creation = ov_cur_soft_u64le(&c);
	l->access = ov_cur_soft_u64le(&c);
	l->write = ov_cur_soft_u64le(&c);
	l->file_size = ov_cur_soft_u32le(&c);
	l->icon_index = ov_cur_soft_u32le(&c);
	l->show_command = ov_cur_soft_u32le(&c);
	l->hotkey = ov_cur_soft_u16le(&c);
	in->at = HEADER;
	return ov_cur_status(&c);
}

/* 2.2: items of their own size each, then an empty one. */
static ov_status read_id_list(struct in *in)
{
	struct ov_lnk *l = in->l;
	uint64_t at;
	struct ov_cur c;
	uint16_t size;

	OV_TRY(ov_window_get(&in->w, in->at, 2, &c));
	OV_TRY(ov_cur_u16le(&c, &size));
	OV_TRY(ov_window_get(&in->w, in->at + 2, size, &c));
	l->has_id_list = true;
	l->id_list_at = in->at + 2;
	l->id_list_size = size;
	at = l->id_list_at;
	in->at = at + size;
	while (ov_cur_left(&c) >= 2) {
		const uint16_t n = ov_cur_soft_u16le(&c);
		struct ov_cur data;

		if (n == 0)
			return OV_OK;
		if (n < 2 || ov_cur_take(&c, n - 2u, &data) != OV_OK)
			break;
		if (l->nitems == OV_LNK_ITEMS_MAX) {
			l->is_capped = true;
			return OV_OK;
		}
		l->items[l->nitems++] =
		    (struct ov_lnk_part){ at, n, data.len > 0 ? ov_cur_soft_u8(&data) : 0 };
		at += n;
	}
	broken(l, "the ID list has no end"); /* its size still tells where the next part begins */
	return OV_OK;
}

/* A text at `off` of `part` (0: there is none), up to its NUL. */
static ov_status text_at(struct in *in, const struct ov_cur *part, uint32_t off, bool is_wide,
			 struct ov_str *out)
{
	struct ov_cur c;

	if (off == 0)
		return OV_OK;
	if (ov_cur_sub(part, off, off <= part->len ? part->len - off : 0, &c) != OV_OK) {
		broken(in->l, "a text lies outside its part");
		return OV_OK;
	}
	return is_wide ? ov_utf16_str(in->a, c, out) : ov_cp1252_str(in->a, c, out);
}

/* A structure inside the link info, which begins with its own size. OV_END: it is not there. */
static ov_status inner(struct in *in, const struct ov_cur *info, uint32_t off, uint32_t least,
		       struct ov_cur *out)
{
	struct ov_cur c;
	uint32_t size = 0;

	if (ov_cur_sub(info, off, off <= info->len ? info->len - off : 0, &c) != OV_OK ||
	    ov_cur_u32le(&c, &size) != OV_OK || size < least ||
	    ov_cur_sub(info, off, size, out) != OV_OK) {
		broken(in->l, "a part of the link info lies outside it");
		return OV_END;
	}
	ov_cur_soft_skip(out, 4);
	return OV_OK;
}

/* 2.3.1 */
static ov_status read_volume(struct in *in, const struct ov_cur *info, uint32_t off)
{
	struct ov_lnk *l = in->l;
	struct ov_cur c;
	uint32_t label;

	if (inner(in, info, off, 16, &c) != OV_OK)
		return OV_OK;
	l->has_volume = true;
	l->drive_type = ov_cur_soft_u32le(&c);
	l->drive_serial = ov_cur_soft_u32le(&c);
	label = ov_cur_soft_u32le(&c);
	if (label != 0x14)
		return text_at(in, &c, label, false, &l->volume_label);
	return text_at(in, &c, ov_cur_soft_u32le(&c), true, &l->volume_label);
}

/* 2.3.2 */
static ov_status read_network(struct in *in, const struct ov_cur *info, uint32_t off)
{
	struct ov_lnk *l = in->l;
	uint32_t flags, name, device, wide_name = 0, wide_device = 0;
	struct ov_cur c;

	if (inner(in, info, off, 20, &c) != OV_OK)
		return OV_OK;
	l->has_network = true;
	flags = ov_cur_soft_u32le(&c);
	name = ov_cur_soft_u32le(&c);
	device = ov_cur_soft_u32le(&c);
	l->network_provider = ov_cur_soft_u32le(&c);
	if (name > 0x14) {
		wide_name = ov_cur_soft_u32le(&c);
		wide_device = ov_cur_soft_u32le(&c);
	}
	if ((flags & 1) == 0)
		device = wide_device = 0;
	OV_TRY(text_at(in, &c, wide_name != 0 ? wide_name : name, wide_name != 0, &l->net_name));
	return text_at(in, &c, wide_device != 0 ? wide_device : device, wide_device != 0,
		       &l->device_name);
}

/* 2.3; offsets count from its start. Where there are two forms of a text, the UTF-16 one counts. */
static ov_status read_info(struct in *in)
{
	uint32_t size, head, flags, volume, base, net, suffix, wide_base = 0, wide_suffix = 0;
	struct ov_lnk *l = in->l;
	struct ov_cur c;

	OV_TRY(ov_window_get(&in->w, in->at, 4, &c));
	OV_TRY(ov_cur_u32le(&c, &size));
	if (size < 0x1c || size > in->w.src->size - in->at)
		return OV_BAD;
	OV_TRY(ov_window_get(&in->w, in->at, (size_t)ov_min_u64(size, INFO_MAX), &c));
	l->is_capped |= size > INFO_MAX;
	ov_cur_soft_skip(&c, 4);
	head = ov_cur_soft_u32le(&c);
	flags = ov_cur_soft_u32le(&c);
	volume = ov_cur_soft_u32le(&c);
	base = ov_cur_soft_u32le(&c);
	net = ov_cur_soft_u32le(&c);
	suffix = ov_cur_soft_u32le(&c);
	if (head >= 0x24) {
		wide_base = ov_cur_soft_u32le(&c);
		wide_suffix = ov_cur_soft_u32le(&c);
	}
	l->has_info = true;
	in->at += size;
	if ((flags & 1) != 0) {
		OV_TRY(read_volume(in, &c, volume));
		OV_TRY(text_at(in, &c, wide_base != 0 ? wide_base : base, wide_base != 0,
			       &l->local_base_path));
	}
	if ((flags & 2) != 0)
		OV_TRY(read_network(in, &c, net));
	return text_at(in, &c, wide_suffix != 0 ? wide_suffix : suffix, wide_suffix != 0,
		       &l->common_path_suffix);
}

/* 2.4: a count of characters, then as many, without a NUL. */
static ov_status read_string(struct in *in, struct ov_str *out)
{
	const unsigned width = (in->l->flags & OV_LNK_UNICODE) != 0 ? 2 : 1;
	struct ov_cur c;
	uint16_t n;

	OV_TRY(ov_window_get(&in->w, in->at, 2, &c));
	OV_TRY(ov_cur_u16le(&c, &n));
	OV_TRY(ov_window_get(&in->w, in->at + 2, (size_t)n * width, &c));
	in->at += 2 + (uint64_t)n * width;
	return width == 2 ? ov_utf16_str(in->a, c, out) : ov_cp1252_str(in->a, c, out);
}

static ov_status read_strings(struct in *in)
{
	struct ov_lnk *l = in->l;
	struct ov_str *const to[] = { &l->name, &l->relative_path, &l->working_dir, &l->arguments,
				      &l->icon_location };

	for (unsigned i = 0; i < sizeof to / sizeof *to; i++)
		if ((l->flags & ((unsigned)OV_LNK_NAME << i)) != 0)
			OV_TRY(read_string(in, to[i]));
	return OV_OK;
}

static ov_status read_guid(struct in *in, struct ov_cur *c, struct ov_str *out)
{
	char text[OV_GUID_TEXT + 1];

	OV_TRY(ov_guid_text(c, text));
	return ov_arena_str(in->a, ov_str_of(text), out);
}

/* 2.5.10 */
static ov_status read_tracker(struct in *in, struct ov_cur c)
{
	struct ov_lnk *l = in->l;
	struct ov_cur name;

	ov_cur_soft_skip(&c, 4); /* its length once more */
	l->tracker_version = ov_cur_soft_u32le(&c);
	OV_TRY(ov_cur_take(&c, 16, &name));
	l->has_tracker = true;
	OV_TRY(ov_cp1252_str(in->a, name, &l->machine_id));
	OV_TRY(read_guid(in, &c, &l->droid_volume));
	OV_TRY(read_guid(in, &c, &l->droid_file));
	OV_TRY(read_guid(in, &c, &l->birth_volume));
	return read_guid(in, &c, &l->birth_file);
}

/* 2.5.3, 2.5.4, 2.5.5: a text in both forms; the UTF-16 one counts if it is there. */
static ov_status read_target(struct in *in, struct ov_cur c, struct ov_str *out)
{
	struct ov_str wide = { 0 };
	struct ov_cur ansi, rest;

	OV_TRY(ov_cur_take(&c, TARGET_ANSI, &ansi));
	if (ov_cur_take(&c, TARGET_WIDE, &rest) == OV_OK)
		OV_TRY(ov_utf16_str(in->a, rest, &wide));
	if (wide.n > 0) {
		*out = wide;
		return OV_OK;
	}
	return ov_cp1252_str(in->a, ansi, out);
}

/* One block's data. OV_SHORT: it is smaller than its kind asks. */
static ov_status read_block(struct in *in, uint32_t kind, struct ov_cur c)
{
	struct ov_lnk *l = in->l;

	switch (kind) {
	case OV_LNK_TRACKER:
		return read_tracker(in, c);
	case OV_LNK_ENVIRONMENT:
		return read_target(in, c, &l->environment);
	case OV_LNK_ICON_ENVIRONMENT:
		return read_target(in, c, &l->icon_environment);
	case OV_LNK_DARWIN:
		return read_target(in, c, &l->darwin_id);
	case OV_LNK_SHIM:
		return ov_utf16_str(in->a, c, &l->shim_layer);
	case OV_LNK_KNOWN_FOLDER:
		return read_guid(in, &c, &l->known_folder);
	case OV_LNK_CODE_PAGE:
		OV_TRY(ov_cur_u32le(&c, &l->code_page));
		l->has_code_page = true;
		return OV_OK;
	case OV_LNK_SPECIAL_FOLDER:
		OV_TRY(ov_cur_u32le(&c, &l->special_folder));
		l->has_special_folder = true;
		return OV_OK;
	default:
		return OV_OK;
	}
}

/* 2.5: blocks up to one whose size is below 4. Each turn moves on by 8 bytes at least. */
static ov_status read_blocks(struct in *in)
{
	struct ov_lnk *l = in->l;

	for (;;) {
		struct ov_cur c;
		uint32_t size, kind;
		ov_status s;

		OV_TRY(ov_window_get(&in->w, in->at, 4, &c));
		size = ov_cur_soft_u32le(&c);
		if (size < 4) {
			l->has_end = true;
			l->end = in->at + 4;
			return OV_OK;
		}
		if (size < 8 || size > in->w.src->size - in->at)
			return OV_BAD;
		OV_TRY(ov_window_get(&in->w, in->at, (size_t)ov_min_u64(size, BLOCK_MAX), &c));
		ov_cur_soft_skip(&c, 4);
		kind = ov_cur_soft_u32le(&c);
		if (l->nblocks == OV_LNK_BLOCKS_MAX) {
			l->is_capped = true;
			return OV_OK;
		}
		l->blocks[l->nblocks++] = (struct ov_lnk_part){ in->at, size, kind };
		OV_TRY(ov_cur_sub(&c, 8, c.len - 8, &c));
		s = read_block(in, kind, c);
		if (s == OV_SHORT)
			broken(l, "an extra data block is smaller than its kind asks");
		else
			OV_TRY(s);
		in->at += size;
	}
}

ov_status ov_lnk_read(const struct ov_src *src, struct ov_arena *a, struct ov_lnk *out)
{
	typedef ov_status (*part_fn)(struct in * in);
	static const struct {
		uint32_t flag;
		part_fn read;
		const char *why;
	} parts[] = { { OV_LNK_ID_LIST, read_id_list, "the ID list is cut" },
		      { OV_LNK_INFO, read_info, "the link info is cut" },
		      { 0, read_strings, "the strings are cut" },
		      { 0, read_blocks, "the extra data has no end" } };
	struct in in = { .a = a, .l = out };

	memset(out, 0, sizeof *out);
	OV_TRY(ov_window_init(&in.w, src, a));
	OV_TRY(read_header(&in));
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		ov_status s;

		if (parts[i].flag != 0 && (out->flags & parts[i].flag) == 0)
			continue;
		s = parts[i].read(&in);
		if (s == OV_SHORT || s == OV_BAD) {
			broken(out, parts[i].why);
			break;
		}
		OV_TRY(s);
	}
	return OV_OK;
}
