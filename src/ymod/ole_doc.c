/* See ole_doc.h. */
#include "ole_doc.h"

#include <string.h>

#include "checked.h"
#include "utf16.h"
#include "ymod.h"

#define CLASS_AT 80 /* in an entry, [MS-CFB] 2.6.1 */

/* What is broken is news of the document when it is opened; here only limits are. */
static void note(void *ctx, ov_status why, struct ov_str member, const char *detail)
{
	struct ole_doc *d = ctx;

	(void)member;
	d->is_malformed = true;
	if (why == OV_LIMIT)
		ov_ymod_note(d->env, why, detail);
}

/* Entries that the tree of names leads to, by kind. */
static ov_status list_entries(struct ole_doc *d)
{
	struct ov_arena *a = d->env->arena;
	const uint32_t most = (uint32_t)ov_min_u64(d->o.n, OV_OLE_LIST_MAX);

	if (d->o.n > most)
		ov_ymod_note(d->env, OV_LIMIT, "a document with more streams than are listed");
	OV_TRY(ov_arena_array(a, (size_t)most + 1, &d->streams));
	OV_TRY(ov_arena_array(a, (size_t)most + 1, &d->storages));
	for (uint32_t i = 1; i < most; i++) {
		if (!d->o.e[i].is_seen)
			continue;
		if (d->o.e[i].kind == OV_OLE2_STREAM)
			d->streams[d->nstreams++] = i;
		else if (d->o.e[i].kind == OV_OLE2_STORAGE)
			d->storages[d->nstorages++] = i;
	}
	return OV_OK;
}

static ov_status read_doc(struct ole_doc *d)
{
	ov_status s;

	OV_TRY(ov_ole2_read(&d->o, &d->fmt));
	OV_TRY(list_entries(d));
	s = ov_src_read(&d->src, d->o.e[0].at + CLASS_AT, d->class_id, sizeof d->class_id);
	return s == OV_SHORT ? OV_OK : s;
}

void ov_ole_doc_open(struct ov_yenv *env, const struct ov_src *src, struct ole_doc *d)
{
	d->env = env;
	d->src = *src;
	d->fmt = (struct ov_fmt_env){ .src = &d->src,
				      .type = OV_T_MSOLE2,
				      .arena = env->arena,
				      .max_memory = UINT64_C(16) << 20,
				      .note = note,
				      .ctx = d };
	d->status = read_doc(d);
}

ov_status ov_ole_doc(struct ov_yenv *env, struct ole_doc **out)
{
	const int at = ov_ymodule_find(&ov_ymodules_all, OV_STR("olecf"));
	struct ole_doc *d;

	if (at < 0 || env->is_process)
		return OV_END;
	d = env->state[at];
	if (d == NULL) {
		OV_TRY(ov_arena_new(env->arena, &d));
		ov_ole_doc_open(env, env->src, d);
		env->state[at] = d;
	}
	if (d->status != OV_OK)
		return d->status == OV_BAD || d->status == OV_SHORT ? OV_END : d->status;
	*out = d;
	return OV_OK;
}

ov_status ov_ole_doc_bytes(struct ole_doc *d, uint32_t entry, size_t max, struct ov_cur *out)
{
	struct ov_ole2_stream *s;

	OV_TRY(ov_arena_new(d->env->arena, &s));
	ov_ole2_stream_open(&d->o, entry, s);
	if (s->src.size > max)
		ov_ymod_note(d->env, OV_LIMIT, "a stream longer than is looked at");
	return ov_src_view_upto(&s->src, 0, (size_t)ov_min_u64(s->src.size, max), d->env->arena,
				out);
}

/* A code point of UTF-8 that utf16.c wrote; *n bytes long. */
static uint32_t code_point(struct ov_str s, size_t *n)
{
	const uint8_t *p = (const uint8_t *)s.p;

	if (s.n >= 3 && p[0] >> 4 == 0xe) {
		*n = 3;
		return (uint32_t)(p[0] & 15) << 12 | (uint32_t)(p[1] & 63) << 6 | (p[2] & 63);
	}
	*n = 1;
	return p[0];
}

/* Two characters of 64 in one of U+3800..U+47FF, one in U+4800..U+483F; U+4840 marks a table. */
ov_status ov_msi_name(struct ov_arena *a, struct ov_str name, struct ov_str *out)
{
	static const char digits[] =
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._";
	char *p;
	size_t at = 0, step;

	OV_TRY(ov_arena_array(a, name.n + 1, &p));
	for (size_t i = 0; i < name.n; i += step) {
		const struct ov_str rest = { .p = name.p + i, .n = name.n - i };
		const uint32_t u = code_point(rest, &step);

		if (u >= 0x3800 && u < 0x4800) {
			p[at++] = digits[(u - 0x3800) & 63];
			p[at++] = digits[(u - 0x3800) >> 6];
		} else if (u >= 0x4800 && u < 0x4840) {
			p[at++] = digits[u - 0x4800];
		} else if (u == 0x4840) {
			p[at++] = '!';
		} else {
			memcpy(p + at, rest.p, step);
			at += step;
		}
	}
	*out = (struct ov_str){ .p = p, .n = at };
	return OV_OK;
}
