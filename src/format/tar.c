/*
 * tar archives: old (V7), ustar, pax (POSIX.1-2001) and GNU (long names, base-256 numbers, sparse
 * members). Members are slices; sparse ones are streams.
 *
 *   0      100    108   116   124    136     148      156    157     257     263            345 500
 *   | name | mode | uid | gid | size | mtime | chksum | type | link  | magic | ver, owner.. |
 * prefix |
 *
 * Tapes are read on after end marks and damage: tar -i does, so a member can't hide behind either.
 * Folders, links and devices have no bytes and are no parts.
 */
#include "tar_int.h"

#include <string.h>

#include "checked.h"
#include "formats.h"
#include "text.h"

#define META_MAX ((uint64_t)1 << 20) /* bytes of a long name or of pax records */

struct meta { /* what pax records and GNU's long names tell of the next member */
	struct ov_str path;
	uint64_t size;
	bool has_path, has_size, is_sparse, is_map_in_data;
	uint64_t real_size, half; /* `half`: the offset of a 0.0 pair, whose size follows */
};

struct tar {
	const struct ov_fmt_env *env;
	struct ov_window win;
	uint64_t at; /* of the next header                    */
	uint64_t position;
	bool is_damaged; /* noted; looking for the next header    */
	bool has_end;	 /* a zero block came behind the last member */
	struct meta meta;
	struct ov_tar_sparse sparse;
	struct ov_arena_mark mark; /* before the current member's memory    */
};

struct header {
	struct ov_cur block;
	struct ov_str name;
	uint64_t size, body;
	char type;
};

ov_status ov_tar_number(struct ov_cur field, uint64_t *out)
{
	const uint8_t *p = ov_cur_rest(&field);
	const size_t n = ov_cur_left(&field);
	uint64_t v = 0;
	size_t i = 0;

	if (n > 0 && (p[0] & 0x80) != 0) {
		v = p[0] & 0x3f; /* bit 6: negative, which no size is */
		if ((p[0] & 0x40) != 0)
			return OV_BAD;
		for (i = 1; i < n; i++) {
			if (v >> 55 != 0)
				return OV_BAD;
			v = v << 8 | p[i];
		}
		*out = v;
		return OV_OK;
	}
	while (i < n && p[i] == ' ')
		i++;
	for (; i < n && p[i] >= '0' && p[i] <= '7'; i++)
		v = v << 3 | (uint64_t)(p[i] - '0'); /* at most 12 digits: 36 bits */
	if (i < n && p[i] != ' ' && p[i] != 0)
		return OV_BAD;
	*out = v;
	return OV_OK;
}

static bool is_zero(struct ov_cur block)
{
	const uint8_t *p = ov_cur_rest(&block);

	return p[0] == 0 && memcmp(p, p + 1, OV_TAR_BLOCK - 1) == 0;
}

/* The sum of all bytes, the field itself as spaces; some writers summed signed bytes. */
static bool has_good_sum(struct ov_cur block)
{
	const uint8_t *p = ov_cur_rest(&block);
	uint32_t sum = 0, high = 0;
	struct ov_cur field;
	uint64_t want;

	for (size_t i = 0; i < OV_TAR_BLOCK; i++) {
		const uint8_t b = i >= 148 && i < 156 ? ' ' : p[i];

		sum += b;
		high += b >> 7;
	}
	if (ov_cur_sub(&block, 148, 8, &field) != OV_OK || ov_tar_number(field, &want) != OV_OK)
		return false;
	return want == sum || (sum >= high * 256 && want == sum - high * 256);
}

/* Text up to a NUL or the field's end. */
static struct ov_str text_field(struct ov_cur block, uint64_t off, uint64_t n)
{
	struct ov_cur c;

	if (ov_cur_sub(&block, off, n, &c) != OV_OK)
		return OV_STR("");
	return (struct ov_str){ .p = (const char *)ov_cur_rest(&c),
				.n = strnlen((const char *)ov_cur_rest(&c), ov_cur_left(&c)) };
}

/* "prefix/name", in the arena. */
static ov_status member_name(struct tar *t, struct ov_cur block, struct ov_str *out)
{
	const struct ov_str name = text_field(block, 0, 100), prefix = text_field(block, 345, 155);
	const struct ov_str magic = text_field(block, 257, 6);
	char text[100 + 155 + 1];

	if (!ov_str_is(magic, "ustar") ||
	    prefix.n == 0) /* GNU's "ustar  " has other fields there */
		return ov_arena_str(t->env->arena, name, out);
	memcpy(text, prefix.p, prefix.n);
	text[prefix.n] = '/';
	memcpy(text + prefix.n + 1, name.p, name.n);
	return ov_arena_str(t->env->arena, (struct ov_str){ text, prefix.n + 1 + name.n }, out);
}

static void note_damage(struct tar *t)
{
	if (!t->is_damaged)
		t->env->note(t->env->ctx, OV_BAD, OV_STR(""),
			     "a header is damaged: looking for the next one");
	t->is_damaged = true;
}

/* Two blocks of zeros end an archive (POSIX.1-1988 10.1.1): one is enough for us. */
static void note_end(struct tar *t)
{
	if (!t->has_end)
		t->env->note(t->env->ctx, OV_SHORT, OV_STR(""),
			     "it has no end: members may be missing");
	t->has_end = true;
}

/* Finds and reads the next header; passes zero blocks and damage. @return OV_END at the end. */
static ov_status read_header(struct tar *t, struct header *h)
{
	const uint64_t size = t->env->src->size;
	struct ov_cur field;

	for (;; t->at += OV_TAR_BLOCK) {
		if (t->at >= size || size - t->at < OV_TAR_BLOCK) {
			note_end(t);
			return OV_END;
		}
		OV_TRY(ov_window_get(&t->win, t->at, OV_TAR_BLOCK, &h->block));
		if (is_zero(h->block)) {
			t->has_end = true;
			continue;
		}
		if (!has_good_sum(h->block)) {
			note_damage(t);
			continue;
		}
		OV_TRY(ov_cur_sub(&h->block, 124, 12, &field));
		if (ov_tar_number(field, &h->size) == OV_OK)
			break;
		note_damage(t);
	}
	t->is_damaged = t->has_end = false;
	h->type = (char)ov_cur_rest(&h->block)[156];
	h->body = t->at + OV_TAR_BLOCK;
	return member_name(t, h->block, &h->name);
}

/* Moves past a body of `size` bytes at `body`, and its padding. */
static void pass(struct tar *t, uint64_t body, uint64_t size)
{
	const uint64_t left =
	    t->env->src->size - body; /* body lies inside: a header was read before it */

	if (size > left) {
		t->at = t->env->src->size;
		return;
	}
	t->at = body + size;
	t->at += (OV_TAR_BLOCK - size % OV_TAR_BLOCK) % OV_TAR_BLOCK;
}

/* One record of a pax header that concerns us (POSIX.1-2001 pax; GNU tar manual for GNU.sparse). */
static ov_status use_record(struct tar *t, struct meta *m, struct ov_str key, struct ov_str value)
{
	uint64_t v = 0;
	const bool is_number = ov_text_u64(value, &v) == OV_OK;

	if (ov_str_is(key, "path") || ov_str_is(key, "GNU.sparse.name")) {
		if (m->has_path && !ov_str_is(key, "GNU.sparse.name"))
			return OV_OK; /* the sparse form's own name is the better one */
		m->has_path = true;
		return ov_arena_str(t->env->arena, value, &m->path);
	}
	if (ov_str_is(key, "GNU.sparse.map")) {
		m->is_sparse = true;
		return ov_tar_sparse_list(&t->sparse, value, t->env->arena);
	}
	if (!is_number)
		return OV_OK;
	if (ov_str_is(key, "size")) {
		m->size = v;
		m->has_size = true;
	} else if (ov_str_is(key, "GNU.sparse.size") || ov_str_is(key, "GNU.sparse.realsize")) {
		m->is_sparse = true;
		m->real_size = v;
	} else if (ov_str_is(key, "GNU.sparse.major")) {
		m->is_sparse = true;
		m->is_map_in_data = v == 1;
	} else if (ov_str_is(key, "GNU.sparse.offset")) {
		m->half = v;
	} else if (ov_str_is(key, "GNU.sparse.numbytes")) {
		m->is_sparse = true;
		return ov_tar_piece_add(&t->sparse, t->env->arena, m->half, v);
	}
	return OV_OK;
}

/* "length key=value\n" records; `length` counts the whole record. */
static ov_status read_pax(struct tar *t, struct ov_str text, struct meta *m)
{
	while (text.p != NULL && text.n > 0 && text.p[0] != 0) {
		struct ov_str rest = text, digits, key;
		uint64_t len;

		if (!ov_text_split(&rest, ' ', &digits) || ov_text_u64(digits, &len) != OV_OK ||
		    len > text.n || len < digits.n + 3 || text.p[len - 1] != '\n')
			return OV_BAD;
		rest.n = (size_t)len - digits.n - 2;
		if (!ov_text_split(&rest, '=', &key))
			return OV_BAD;
		OV_TRY(use_record(t, m, key, rest));
		text.p += len;
		text.n -= (size_t)len;
	}
	return OV_OK;
}

/* Headers that speak of the next member: pax records and GNU's long names. */
static ov_status read_meta(struct tar *t, const struct header *h)
{
	struct ov_cur c;
	struct ov_str text;
	ov_status s;

	if (h->type == 'K' ||
	    h->type == 'g') /* a link's target; what holds for all, never names or sizes */
		return OV_OK;
	if (h->size > META_MAX) {
		t->env->note(t->env->ctx, OV_LIMIT, h->name,
			     "the records before a member are too large");
		return OV_OK;
	}
	s = ov_src_view(t->env->src, h->body, (size_t)h->size, t->env->arena, &c);
	if (s == OV_SHORT) {
		t->env->note(t->env->ctx, s, h->name, "the records before a member are cut");
		return OV_OK;
	}
	OV_TRY(s);
	text = (struct ov_str){ .p = (const char *)ov_cur_rest(&c), .n = ov_cur_left(&c) };
	if (h->type == 'L') {
		text.n = text.p != NULL ? strnlen(text.p, text.n) : 0;
		t->meta.has_path = true;
		return ov_arena_str(t->env->arena, text, &t->meta.path);
	}
	s = read_pax(t, text, &t->meta);
	if (s == OV_BAD) {
		t->env->note(t->env->ctx, OV_BAD, h->name, "its pax records are malformed");
		return OV_OK;
	}
	return s;
}

static bool is_meta(char type)
{
	return type == 'L' || type == 'K' || type == 'x' || type == 'X' || type == 'g';
}

/*
 * Does the member have bytes? Links, devices and folders have none; when their size says otherwise,
 * readers differ in whether it counts. So look: if a header or the end follows at once, there is no
 * body.
 */
static ov_status has_bytes(struct tar *t, const struct header *h, bool *out)
{
	const bool is_file = h->type == '\0' || strchr("123456V", h->type) == NULL;
	struct ov_cur c;

	*out = false;
	if (h->size == 0) {
		*out = is_file && !(h->name.n > 0 && h->name.p[h->name.n - 1] == '/');
		return OV_OK;
	}
	if (!is_file) {
		OV_TRY(ov_window_upto(&t->win, h->body, OV_TAR_BLOCK, &c));
		*out = ov_cur_left(&c) == OV_TAR_BLOCK && !is_zero(c) && !has_good_sum(c);
		return OV_OK;
	}
	*out = true;
	return OV_OK;
}

static ov_status give_sparse(struct tar *t, const struct header *h, struct ov_child *out)
{
	struct ov_tar_sparse *s = &t->sparse;
	ov_status r = OV_OK;

	s->size = h->type == 'S' ? s->size : t->meta.real_size;
	s->ndata = ov_min_u64(h->size, t->env->src->size - ov_min_u64(s->data, t->env->src->size));
	if (t->meta.is_map_in_data)
		r = ov_tar_sparse_data(s, &t->win, t->env->arena);
	if (r == OV_BAD || r == OV_SHORT) {
		t->env->note(t->env->ctx, r, out->name, "the map of its holes is malformed");
		return OV_OK; /* the slice with the stored bytes is all that can be given */
	}
	OV_TRY(r);
	out->kind = OV_CHILD_STREAM;
	out->size = s->size;
	return OV_OK;
}

static ov_status give_member(struct tar *t, struct header *h, struct ov_child *out)
{
	const uint64_t size = t->env->src->size;
	const bool is_old_sparse = h->type == 'S';
	uint64_t body = h->body;
	ov_status r = OV_OK;

	if (is_old_sparse)
		r = ov_tar_sparse_old(&t->sparse, &t->win, h->block, &body, t->env->arena);
	if (r != OV_OK && r != OV_BAD && r != OV_SHORT)
		return r;
	*out = (struct ov_child){ .kind = OV_CHILD_SLICE,
				  .name = h->name,
				  .off = body,
				  .size = h->size,
				  .packed = h->size,
				  .position = ++t->position };
	if (h->size > size - body) {
		t->env->note(t->env->ctx, OV_SHORT, h->name, "goes beyond the end of the archive");
		out->size = size - body;
	}
	if (h->type == 'M')
		t->env->note(t->env->ctx, OV_SHORT, h->name, "begins on another volume");
	pass(t, body, h->size);
	t->sparse.data = body;
	if (r != OV_OK) {
		t->env->note(t->env->ctx, r, h->name, "the map of its holes is malformed");
		return OV_OK;
	}
	return is_old_sparse || t->meta.is_sparse ? give_sparse(t, h, out) : OV_OK;
}

static ov_status next_tar(void *state, struct ov_child *out)
{
	struct tar *t = state;
	struct header h;
	bool is_part;

	ov_arena_release(t->env->arena, t->mark);
	t->meta = (struct meta){ 0 };
	t->sparse = (struct ov_tar_sparse){ 0 };
	for (;;) {
		OV_TRY(read_header(t, &h));
		if (is_meta(h.type)) {
			OV_TRY(read_meta(t, &h));
			pass(t, h.body, h.size);
			continue;
		}
		if (t->meta.has_path)
			h.name = t->meta.path;
		if (t->meta.has_size)
			h.size = t->meta.size;
		OV_TRY(has_bytes(t, &h, &is_part));
		if (is_part)
			return give_member(t, &h, out);
		pass(t, h.body, 0);
		ov_arena_release(t->env->arena, t->mark);
		t->meta = (struct meta){ 0 };
		t->sparse = (struct ov_tar_sparse){ 0 };
	}
}

static ov_status read_tar(void *state, void *to, size_t n, size_t *got)
{
	struct tar *t = state;

	return ov_tar_sparse_read(&t->sparse, t->env->src, to, n, got);
}

static ov_status open_tar(const struct ov_fmt_env *env, void **state)
{
	struct tar *t;

	OV_TRY(ov_arena_new(env->arena, &t));
	t->env = env;
	OV_TRY(ov_window_init(&t->win, env->src, env->arena));
	t->mark = ov_arena_mark(env->arena);
	*state = t;
	return OV_OK;
}

const struct ov_format ov_format_tar = { "tar", open_tar, next_tar, read_tar, NULL };
