/*
 * Android packages and Java archives: the application's id from its binary manifest, watched
 * beginnings of class names in its classes, and what Maven left in a JAR. Follows the Dalvik
 * executable format and the layout of resource chunks in the Android sources' documentation.
 */
#include "ev_sources.h"
#include "zipparts.h"

bool ov_ev_android_wants(const struct ov_ev_file *f)
{
	return ov_ev_head_is(f, "PK\3\4", 4) &&
	       (ov_ev_ends(f, ".apk") || ov_ev_ends(f, ".jar") || ov_ev_ends(f, ".aar") ||
		ov_ev_ends(f, ".war") || ov_ev_ends(f, ".ear") || ov_ev_ends(f, ".xapk"));
}

/* One text of the manifest's string pool: UTF-16 or UTF-8. */
static ov_status pool_text(struct ov_ev *e, struct ov_cur pool, uint32_t i, struct ov_str *out)
{
	uint32_t n, flags, start, off;
	struct ov_cur c = pool;
	size_t len, k = 0;
	bool is_utf8;
	char *to = NULL;

	c.pos = 8;
	n = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 4);
	flags = ov_cur_soft_u32le(&c);
	start = ov_cur_soft_u32le(&c);
	if (i >= n)
		return OV_BAD;
	OV_TRY(ov_cur_seek(&c, (uint64_t)28 + (uint64_t)i * 4));
	OV_TRY(ov_cur_u32le(&c, &off));
	OV_TRY(ov_cur_seek(&c, (uint64_t)start + off));
	is_utf8 = (flags & 0x100) != 0;
	if (is_utf8) {
		uint8_t a = ov_cur_soft_u8(&c), b;

		if ((a & 0x80) != 0)
			ov_cur_soft_skip(&c, 1);
		b = ov_cur_soft_u8(&c);
		len = (b & 0x80) != 0 ? (size_t)(b & 0x7f) << 8 | ov_cur_soft_u8(&c) : b;
	} else {
		const uint16_t a = ov_cur_soft_u16le(&c);

		len = (a & 0x8000) != 0 ? (size_t)(a & 0x7fff) << 16 | ov_cur_soft_u16le(&c) : a;
	}
	OV_TRY(ov_cur_status(&c));
	if (len > 4096)
		return OV_LIMIT;
	OV_TRY(ov_arena_array(&e->arena, len + 1, &to));
	for (; k < len; k++) {
		const uint32_t u = is_utf8 ? ov_cur_soft_u8(&c) : ov_cur_soft_u16le(&c);

		to[k] = u < 0x80 || is_utf8 ? (char)u : '?'; /* ids are ASCII */
	}
	*out = (struct ov_str){ .p = to, .n = len };
	return ov_cur_status(&c);
}

/* Chunks { type, header size, size }; the first element is <manifest package versionName>. */
static ov_status manifest(struct ov_ev *e, struct ov_cur c, struct ov_ev_found *x)
{
	struct ov_cur pool = ov_cur_of(NULL, 0);

	OV_TRY(ov_cur_skip(&c, 8));
	while (ov_cur_left(&c) >= 8) {
		struct ov_cur head = c, chunk;
		const uint16_t type = ov_cur_soft_u16le(&head);
		uint32_t size;
		uint16_t count;

		ov_cur_soft_skip(&head, 2);
		size = ov_cur_soft_u32le(&head);
		if (size < 8 || ov_cur_take(&c, size, &chunk) != OV_OK)
			return OV_BAD;
		if (type == 0x0001)
			pool = chunk;
		if (type != 0x0102)
			continue;
		chunk.pos = 28; /* attributes: start, size, count stand at 24, 26, 28 */
		count = ov_cur_soft_u16le(&chunk);
		chunk.pos = 36;
		for (uint16_t i = 0; i < count; i++) {
			struct ov_str name = { .p = "", .n = 0 }, value = name;
			uint32_t key, raw;

			ov_cur_soft_skip(&chunk, 4);
			key = ov_cur_soft_u32le(&chunk);
			raw = ov_cur_soft_u32le(&chunk);
			ov_cur_soft_skip(&chunk, 8);
			OV_TRY(ov_cur_status(&chunk));
			if (pool_text(e, pool, key, &name) != OV_OK || raw == UINT32_MAX ||
			    pool_text(e, pool, raw, &value) != OV_OK)
				continue;
			if (ov_str_is(name, "package"))
				x->c.id = x->c.name = value;
			else if (ov_str_is(name, "versionName"))
				x->c.version = value;
		}
		return x->c.id.n > 0 ? OV_OK : OV_BAD;
	}
	return OV_BAD;
}

/* Class names stand in a DEX file as "Lcom/example/Name;" with a length and a NUL; in a JAR the
 * files' names are the classes'. A watched "com.kavsdk." is met as "Lcom/kavsdk/". */
static ov_status classes(struct ov_ev *e, struct ov_cur c, struct ov_str where)
{
	for (size_t i = 0; i < e->nwatch; i++) {
		const struct ov_inv_watch *w = &e->watch[i];
		struct ov_str want;
		char *p;

		if (w->kind != OV_WATCH_CLASS || w->pattern.n < 4)
			continue;
		want = ov_ev_fmt(e, "L%.*s", (int)w->pattern.n, w->pattern.p);
		p = (char *)(uintptr_t)want.p;
		for (size_t k = 0; k < want.n; k++)
			if (p[k] == '.')
				p[k] = '/';
		if (c.len > 0 && memmem(c.base, c.len, want.p, want.n) != NULL)
			OV_TRY(ov_ev_watched(e, w, where));
	}
	return OV_OK;
}

static ov_status class_file(struct ov_ev *e, struct ov_str name)
{
	const struct ov_str text = ov_ev_fmt(e, "L%.*s", (int)ov_min_size(name.n, 1000), name.p);

	return classes(e, ov_cur_of(text.p, text.n), name);
}

struct reading {
	struct ov_ev_found x;
	uint32_t broken;
};

static bool wants_member(void *ctx, struct ov_ev *e, struct ov_str name, ov_status *st)
{
	(void)ctx;
	if (ov_text_ends_with(name, OV_STR(".class"))) {
		*st = class_file(e, name);
		return false;
	}
	return ov_str_is(name, "AndroidManifest.xml") || ov_text_ends_with(name, OV_STR(".dex")) ||
	       ov_text_ends_with(name, OV_STR("/pom.properties"));
}

static ov_status take_member(void *ctx, struct ov_ev *e, struct ov_str name, struct ov_cur c)
{
	struct reading *r = ctx;
	const struct ov_src src = ov_src_mem(c.base, c.len);
	struct ov_ev_file part = { .path = name, .src = &src, .mtime = OV_INV_NO_DATE };

	if (ov_str_is(name, "AndroidManifest.xml")) {
		r->broken += manifest(e, c, &r->x) != OV_OK;
		return OV_OK;
	}
	if (ov_text_ends_with(name, OV_STR(".dex")))
		return classes(e, c, name);
	part.name = OV_STR("pom.properties");
	OV_TRY(ov_cur_sub(&c, 0, ov_min_size(c.len, OV_EV_HEAD), &part.head));
	return ov_ev_locks_text_read(e, &part);
}

ov_status ov_ev_android_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	struct reading *r = NULL;

	OV_TRY(ov_arena_new(&e->arena, &r));
	ov_ev_begin(&r->x, OV_WHAT_ANDROID, f->name);
	OV_TRY(ov_ev_zip_members(e, f->src, wants_member, take_member, r));
	if (r->x.c.id.n > 0) {
		ov_ev_add(&r->x, OV_EV_ANDROID_PKG, OV_E3, r->x.c.id,
			  OV_STR("AndroidManifest.xml"));
		OV_TRY(ov_ev_emit(e, &r->x));
	}
	return r->broken > 0 ? OV_BAD : OV_OK;
}
