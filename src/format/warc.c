/*
 * WARC: what crawlers keep of the web (ISO 28500). Each record's block is a part, whatever kind of
 * record it is; of an HTTP response the file behind its headers is one more.
 *
 *   WARC/1.0 CRLF | Name: value CRLF ... | CRLF | block (Content-Length bytes) | CRLF CRLF
 */
#include "formats.h"

#include <string.h>

#include "checked.h"
#include "text.h"
#include "window.h"

#define HEAD_MAX ((size_t)64 * 1024)
#define NAME_MAX_BYTES 1024

struct warc {
	const struct ov_fmt_env *env;
	struct ov_window win;
	uint64_t at, position;
	char name[NAME_MAX_BYTES];
	size_t nname;
	uint64_t inner, inner_n; /* the file in a response, to be given next */
};

struct record {
	uint64_t body, n;
	bool has_length, is_http;
};

static ov_status open_warc(const struct ov_fmt_env *env, void **state)
{
	struct warc *f;

	OV_TRY(ov_arena_new(env->arena, &f));
	f->env = env;
	OV_TRY(ov_window_init(&f->win, env->src, env->arena));
	*state = f;
	return OV_OK;
}

static struct ov_str name_of(const struct warc *f)
{
	return (struct ov_str){ .p = f->name, .n = f->nname };
}

static void take_field(struct warc *f, struct record *r, struct ov_str line)
{
	struct ov_str key, value = line;

	if (!ov_text_split(&value, ':', &key) || value.p == NULL)
		return;
	value = ov_text_trim(value);
	if (ov_text_same(key, OV_STR("Content-Length"))) {
		r->has_length = ov_text_u64(value, &r->n) == OV_OK;
	} else if (ov_text_same(key, OV_STR("Content-Type"))) {
		r->is_http = ov_str_starts(value, OV_STR("application/http"));
	} else if (ov_text_same(key, OV_STR("WARC-Target-URI")) ||
		   (f->nname == 0 && ov_text_same(key, OV_STR("WARC-Type")))) {
		f->nname = ov_min_size(value.n, sizeof f->name);
		if (f->nname > 0)
			memcpy(f->name, value.p, f->nname);
	}
}

/* The header at f->at. @return OV_OK; OV_BAD, OV_SHORT when it is none. */
static ov_status read_head(struct warc *f, struct record *r)
{
	struct ov_cur c;

	*r = (struct record){ .n = 0 };
	f->nname = 0;
	OV_TRY(ov_window_upto(&f->win, f->at, HEAD_MAX, &c));
	if (!ov_cur_looking_at(&c, "WARC/", 5))
		return OV_BAD;
	for (;;) {
		struct ov_str line;

		if (ov_cur_line(&c, &line) != OV_OK || c.base[c.pos - 1] != '\n')
			return OV_SHORT;
		if (line.n == 0)
			break;
		take_field(f, r, line);
	}
	r->body = f->at + c.pos;
	return r->has_length ? OV_OK : OV_BAD;
}

/* Two line ends stand behind each block. */
static ov_status check_end(struct warc *f)
{
	struct ov_cur c;

	OV_TRY(ov_window_upto(&f->win, f->at, 4, &c));
	if (ov_cur_looking_at(&c, "\r\n\r\n", 4)) {
		f->at += 4;
		return OV_OK;
	}
	f->env->note(f->env->ctx, OV_BAD, name_of(f), "its end is not where its length says");
	while (ov_cur_left(&c) > 0 && strchr("\r\n", *ov_cur_rest(&c)) != NULL) {
		ov_cur_soft_skip(&c, 1);
		f->at++;
	}
	return OV_OK;
}

/* Where the file in an HTTP response begins. */
static ov_status find_file(struct warc *f, const struct record *r)
{
	struct ov_cur c;
	const uint8_t *hit;

	OV_TRY(ov_window_upto(&f->win, r->body, (size_t)ov_min_u64(r->n, HEAD_MAX), &c));
	hit = c.len > 0 ? memmem(c.base, c.len, "\r\n\r\n", 4) : NULL;
	if (hit == NULL || !ov_cur_looking_at(&c, "HTTP/", 5))
		return OV_OK;
	f->inner = r->body + (uint64_t)(hit - c.base) + 4;
	f->inner_n = r->n - (f->inner - r->body);
	return OV_OK;
}

static void give(struct warc *f, struct ov_child *out, uint64_t off, uint64_t n)
{
	*out = (struct ov_child){ .kind = OV_CHILD_SLICE,
				  .name = name_of(f),
				  .off = off,
				  .size = n,
				  .packed = n,
				  .position = ++f->position };
}

static ov_status next_warc(void *state, struct ov_child *out)
{
	struct warc *f = state;
	const uint64_t size = f->env->src->size;
	struct record r;

	if (f->inner_n > 0) {
		give(f, out, f->inner, f->inner_n);
		f->inner_n = 0;
		return OV_OK;
	}
	do {
		if (f->at >= size)
			return OV_END;
		OV_TRY(read_head(f, &r));
		if (r.n > size - r.body) {
			f->env->note(f->env->ctx, OV_SHORT, name_of(f),
				     "goes beyond the end of the archive");
			r.n = size - r.body;
			f->at = size;
		} else {
			f->at = r.body + r.n;
			OV_TRY(check_end(f));
		}
	} while (r.n == 0);
	if (r.is_http)
		OV_TRY(find_file(f, &r));
	give(f, out, r.body, r.n);
	return OV_OK;
}

const struct ov_format ov_format_warc = { "warc", open_warc, next_warc, NULL, NULL };
