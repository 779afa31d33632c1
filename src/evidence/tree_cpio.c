/* cpio "newc" archives (initramfs: Documentation/driver-api/early-userspace/buffer-format.rst),
 * several in a row with zeros between as well. Other cpio forms go through format/. */
#include "tree.h"

#define NAME_MAX_BYTES 4096u

static bool probe(struct ov_ev *e, const struct ov_src *src, struct ov_tree_facts *facts)
{
	struct ov_cur c;

	if (src->size < 110 || ov_src_view(src, 0, 110, &e->arena, &c) != OV_OK)
		return false;
	if (!ov_cur_looking_at(&c, "070701", 6) && !ov_cur_looking_at(&c, "070702", 6))
		return false;
	for (size_t i = 6; i < 110; i++)
		if (ov_hex_digit((char)c.base[i]) < 0)
			return false;
	*facts = (struct ov_tree_facts){ .made = OV_INV_NO_DATE, .size = 0 };
	return true;
}

static uint32_t hex8(const char *p)
{
	uint32_t v = 0;

	for (int i = 0; i < 8; i++) {
		const int d = ov_hex_digit(p[i]);

		v = v << 4 | (uint32_t)(d < 0 ? 0 : d);
	}
	return v;
}

/* Zeros up to the next archive, or the end. */
static ov_status pass_zeros(const struct ov_src *src, uint64_t *at)
{
	uint8_t b[512];

	while (*at < src->size) {
		size_t got;

		OV_TRY(ov_src_read_upto(src, *at, b, sizeof b, &got));
		for (size_t i = 0; i < got; i++)
			if (b[i] != 0) {
				*at += i;
				return OV_OK;
			}
		if (got == 0)
			return OV_OK;
		*at += got;
	}
	return OV_OK;
}

static ov_status read(struct ov_ev *e, const struct ov_src *src, const struct ov_tree_visitor *v)
{
	uint64_t at = 0, entries = 0;

	while (at < src->size) {
		const struct ov_arena_mark mark = ov_arena_mark(&e->arena);
		struct ov_tree_entry t = { .kind = OV_TREE_OTHER };
		uint32_t mode, size, nname;
		struct ov_cur head, name;
		struct ov_src body;
		uint64_t data;

		if (at > 0 && entries > 0)
			OV_TRY(ov_src_view_upto(src, at, 110, &e->arena, &head));
		else
			OV_TRY(ov_src_view(src, at, 110, &e->arena, &head));
		if (!ov_cur_looking_at(&head, "07070", 5))
			return OV_OK; /* something else follows */
		if (head.len < 110)
			return OV_SHORT;
		mode = hex8((const char *)head.base + 14);
		t.mtime = hex8((const char *)head.base + 46);
		size = hex8((const char *)head.base + 54);
		nname = hex8((const char *)head.base + 94);
		if (nname == 0 || nname > NAME_MAX_BYTES)
			return OV_BAD;
		OV_TRY(ov_src_view(src, at + 110, nname, &e->arena, &name));
		data = at + (((uint64_t)110 + nname + 3) & ~(uint64_t)3);
		t.path = (struct ov_str){ .p = (const char *)name.base, .n = nname - 1 };
		t.mode = mode & 07777;
		if (++entries > OV_TREE_ENTRIES_MAX)
			return OV_LIMIT;
		if (ov_str_is(t.path, "TRAILER!!!")) {
			at = data;
			OV_TRY(pass_zeros(src, &at));
			continue;
		}
		OV_TRY(ov_src_slice(src, data, size, &body));
		if ((mode & 0170000) == 0100000) {
			t.kind = OV_TREE_FILE;
			t.src = &body;
		} else if ((mode & 0170000) == 0040000) {
			t.kind = OV_TREE_FOLDER;
		}
		OV_TRY(v->entry(v->ctx, &t));
		ov_arena_release(&e->arena, mark);
		at = data + (((uint64_t)size + 3) & ~(uint64_t)3);
	}
	return OV_OK;
}

const struct ov_tree_form ov_tree_cpio = { .name = "cpio", .probe = probe, .read = read };
