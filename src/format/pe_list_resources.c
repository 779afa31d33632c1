/*
 * The resources of a PE as a flat list, and the texts of its version information. The tree is read
 * three levels deep, by one loop a level; pe_resources.c reads its records. A tree that leads back
 * to itself ends at the list's cap.
 */
#include "checked.h"
#include "pe_int.h"
#include "pe_view.h"

#define ENTRIES_MAX 32768u /* named ones or numbered ones of a directory; more: it is none */
#define RT_VERSION 16
#define FIXED_BYTES 52 /* VS_FIXEDFILEINFO, whatever the block says */
#define LEVELS 3

struct tree {
	struct ov_pe *p;
	uint64_t root;
	struct ov_pe_resources *out;
};

struct level {
	struct ov_pe_directory d;
	uint32_t i;
};

/* A directory, or none of it if its head makes no sense. @return OV_END: it leaves the file. */
static ov_status open_level(struct tree *t, uint64_t at, struct level *out)
{
	uint32_t named, numbered, flags;
	struct ov_cur c;
	ov_status s;

	out->i = out->d.n = 0;
	s = ov_window_get(&t->p->win, at, 16, &c);
	if (s == OV_SHORT)
		return OV_END;
	OV_TRY(s);
	flags = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 8);
	named = ov_cur_soft_u16le(&c);
	numbered = ov_cur_soft_u16le(&c);
	if (flags != 0 || named > ENTRIES_MAX || numbered > ENTRIES_MAX)
		return OV_OK;
	out->d.n = named + numbered;
	out->d.at = at + 16;
	return OV_OK;
}

/* A number, or the place of a text: its length, then that many units of UTF-16. */
static ov_status read_key(struct tree *t, uint32_t id, struct ov_pe_key *out)
{
	struct ov_cur c;
	uint16_t n = 0;
	ov_status s;
	uint64_t at;

	out->id = (int32_t)id;
	out->is_text = false;
	if ((id & OV_PE_SUBDIRECTORY) == 0)
		return OV_OK;
	at = t->root + (id & ~OV_PE_SUBDIRECTORY);
	s = ov_window_get(&t->p->names, at, 2, &c);
	if (s == OV_OK)
		s = ov_cur_u16le(&c, &n);
	if (s == OV_OK)
		s = ov_window_get(&t->p->names, at + 2, (size_t)n * 2, &c);
	if (s == OV_SHORT)
		return OV_OK;
	OV_TRY(s);
	out->is_text = true;
	out->text = (struct ov_str){ .p = (const char *)c.base, .n = c.len };
	return t->p->src->mem != NULL ? OV_OK : ov_arena_str(t->p->arena, out->text, &out->text);
}

/* A leaf: { rva, size, code page, 0 }. @return OV_END when the list is full, or it leaves the file:
 * yara goes no farther then. */
static ov_status add_leaf(struct tree *t, uint64_t at, const struct ov_pe_key keys[LEVELS])
{
	struct ov_pe_resources *out = t->out;
	struct ov_pe_resource r = { .keys = { keys[0], keys[1], keys[2] } };
	struct ov_cur c;
	const ov_status s = ov_window_get(&t->p->win, at, 16, &c);

	if (s == OV_SHORT)
		return OV_END;
	OV_TRY(s);
	r.rva = ov_cur_soft_u32le(&c);
	r.size = ov_cur_soft_u32le(&c);
	r.is_mapped = ov_pe_map(t->p, r.rva, &r.off) == OV_OK;
	OV_TRY(ov_pe_room(t->p, &out->list, out->n));
	out->list[out->n++] = r;
	if (out->n < OV_PE_RESOURCES_MAX)
		return OV_OK;
	t->p->is_capped = true;
	return OV_END;
}

/*
 * All leaves, in the order of the file. Each turn takes an entry. Entries are at most 65,536 a
 * directory; directories without leaves are limited by the same number.
 */
static ov_status walk(struct tree *t)
{
	struct ov_pe_key keys[LEVELS] = { { .id = -1 }, { .id = -1 }, { .id = -1 } };
	struct level levels[LEVELS];
	uint32_t depth = 0, turns = 4 * OV_PE_RESOURCES_MAX;

	OV_TRY(open_level(t, t->root, &levels[0]));
	for (; turns > 0; turns--) {
		struct level *l = &levels[depth];
		uint32_t id, to;
		ov_status s;

		if (l->i >= l->d.n) {
			keys[depth] = (struct ov_pe_key){ .id = -1 };
			if (depth-- == 0)
				return OV_OK;
			continue;
		}
		s = ov_pe_directory_entry(&t->p->win, &l->d, l->i++, &id, &to);
		if (s == OV_SHORT) {
			l->i = l->d.n;
			continue;
		}
		OV_TRY(s);
		OV_TRY(read_key(t, id, &keys[depth]));
		if ((to & OV_PE_SUBDIRECTORY) == 0 || depth == LEVELS - 1)
			OV_TRY(add_leaf(t, t->root + (to & ~OV_PE_SUBDIRECTORY), keys));
		else
			OV_TRY(
			    open_level(t, t->root + (to & ~OV_PE_SUBDIRECTORY), &levels[++depth]));
	}
	t->p->is_capped = true;
	return OV_OK;
}

ov_status ov_pe_list_resources(struct ov_pe *p, struct ov_pe_resources *out)
{
	struct ov_pe_resources r = { .n = 0 };
	struct tree t = { .p = p, .out = &r };
	struct ov_pe_dir dir;
	struct ov_cur c;
	ov_status s;

	*out = r;
	if (!ov_pe_dir(p, OV_PE_RESOURCE, &dir) || ov_pe_map(p, dir.rva, &t.root) != OV_OK)
		return OV_OK;
	s = ov_window_get(&p->win, t.root, 16, &c);
	if (s == OV_SHORT)
		return OV_OK;
	OV_TRY(s);
	ov_cur_soft_skip(&c, 4);
	r.is_there = true;
	r.time = ov_cur_soft_u32le(&c);
	r.version.major = ov_cur_soft_u16le(&c);
	r.version.minor = ov_cur_soft_u16le(&c);
	s = walk(&t);
	if (s != OV_OK && s != OV_END)
		return s;
	*out = r;
	return OV_OK;
}

struct texts {
	struct ov_pe *p;
	struct ov_pe_texts *out;
};

/* The low bytes of UTF-16 up to a zero one; at most `max`. */
static ov_status low_bytes(struct ov_pe *p, uint64_t at, size_t max, struct ov_str *out)
{
	char text[256];
	struct ov_cur c;
	size_t n = 0;

	OV_TRY(ov_window_upto(&p->names, at, 2 * max, &c));
	while (n < max && n < sizeof text && ov_cur_left(&c) >= 2) {
		const char low = (char)ov_cur_soft_u8(&c);

		if (low == 0)
			break;
		ov_cur_soft_skip(&c, 1);
		text[n++] = low;
	}
	return ov_arena_str(p->arena, (struct ov_str){ .p = text, .n = n }, out);
}

static ov_status add_text(void *ctx, const struct ov_pe_version_row *row)
{
	struct texts *t = ctx;
	struct ov_pe_text e = { .value = { .p = "", .n = 0 } };

	if (!row->is_string || row->is_cut)
		return OV_OK;
	if (t->out->n >= OV_PE_VERSIONS_MAX) {
		t->p->is_capped = true;
		return OV_END;
	}
	OV_TRY(low_bytes(t->p, row->key_at, 63, &e.key));
	if (row->value_length != 0)
		OV_TRY(low_bytes(t->p, row->value_at, 255, &e.value));
	OV_TRY(ov_pe_room(t->p, &t->out->list, t->out->n));
	t->out->list[t->out->n++] = e;
	return OV_OK;
}

ov_status ov_pe_list_versions(struct ov_pe *p, const struct ov_pe_resources *r,
			      struct ov_pe_texts *out)
{
	struct ov_pe_texts list = { .n = 0 };
	struct texts t = { .p = p, .out = &list };

	for (uint32_t i = 0; i < r->n; i++) {
		const struct ov_pe_resource *x = &r->list[i];
		ov_status s;

		if (x->keys[0].is_text || x->keys[0].id != RT_VERSION || !x->is_mapped)
			continue;
		s = ov_pe_version_block(&p->win, x->off, x->size, FIXED_BYTES, add_text, &t);
		if (s != OV_OK && s != OV_END && !ov_exe_is_news(s))
			return s;
		if (p->is_capped && list.n >= OV_PE_VERSIONS_MAX)
			break;
	}
	*out = list;
	return OV_OK;
}
