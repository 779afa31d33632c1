/*
 * RTF as a container (Rich Text Format 1.9.1): embedded objects, which stand in the text as
 * hexadecimal digits or after \bin. Parts: each object as decoded, and what its OLE 1.0 header
 * ([MS-OLEDS] 2.2) wraps: a compound file, or the file of a package.
 *
 * Read as Word reads, not as the specification asks: "{\rt" is enough, anything but digits is
 * passed over, groups may stand between the digits. Where readers differ on those (does their
 * text belong to the object?), both readings are given. No program that saves documents writes
 * such objects: they are told of as broken, whatever was made of them.
 *
 * Not read: pictures, which are matched as the digits they are.
 */
#include "formats.h"
#include "ole2_int.h"

#include <string.h>

#include "buf.h"
#include "checked.h"
#include "text.h"

#define OBJECT_MAX ((size_t)64 << 20)
#define PIECE ((size_t)64 * 1024)
#define WORD_MAX 32
#define PARTS_MAX 8

struct hexed { /* digits being put together */
	struct ov_buf b;
	int high;
};

struct part {
	struct ov_str name;
	const uint8_t *p;
	size_t n;
};

struct rtf {
	const struct ov_fmt_env *env;
	uint8_t *buf;
	size_t n, i;		    /* of buf                                               */
	uint64_t at;		    /* of buf[n] in the source                              */
	uint64_t depth;		    /* of groups                                            */
	uint64_t object;	    /* depth of the group that holds an object, 0: none     */
	uint64_t skip;		    /* depth of a group of an unknown kind in it, 0: none   */
	bool has_star;		    /* "\*" came before                                     */
	uint64_t holder;	    /* depth of an \object's group without data yet, 0: none */
	bool is_nested;		    /* digits stood in inner groups: two readings           */
	bool is_odd;		    /* something but digits and white space stood in it     */
	bool is_cut;		    /* more than OBJECT_MAX                                 */
	bool is_told;		    /* that the file is cut                                 */
	struct hexed with, without; /* inner groups */
	struct part parts[PARTS_MAX];
	unsigned nparts, part;
	size_t given;
	uint64_t nobjects, position;
	struct ov_arena names;
};

static ov_status open_rtf(const struct ov_fmt_env *env, void **state)
{
	struct rtf *f;

	OV_TRY(ov_arena_new(env->arena, &f));
	OV_TRY(ov_arena_array(env->arena, PIECE, &f->buf));
	f->env = env;
	f->with.b = f->without.b = ov_buf_of(OBJECT_MAX);
	ov_arena_init(&f->names, 65536);
	f->names.fail_in = env->arena->fail_in;
	*state = f;
	return OV_OK;
}

/* The next byte, or -1 at the end. */
static ov_status peek(struct rtf *f, int *b)
{
	*b = -1;
	if (f->i == f->n) {
		f->i = f->n = 0;
		OV_TRY(ov_src_read_upto(f->env->src, f->at, f->buf, PIECE, &f->n));
		f->at += f->n;
		if (f->n == 0)
			return OV_OK;
	}
	*b = f->buf[f->i];
	return OV_OK;
}

static ov_status put(struct rtf *f, struct ov_buf *b, const void *p, size_t n)
{
	const ov_status s = ov_buf_put(b, p, n);

	f->is_cut |= s == OV_LIMIT;
	return s == OV_LIMIT ? OV_OK : s;
}

static ov_status put_digit(struct rtf *f, struct hexed *h, int v)
{
	uint8_t b;

	if (h->high < 0) {
		h->high = v;
		return OV_OK;
	}
	b = (uint8_t)(h->high << 4 | v);
	h->high = -1;
	return put(f, &h->b, &b, 1);
}

static ov_status take_digit(struct rtf *f, int b)
{
	const int v = ov_hex_digit((char)b);

	if (f->object == 0 || f->skip != 0)
		return OV_OK;
	if (v < 0) {
		f->is_odd |= strchr(" \t\r\n", b) == NULL;
		return OV_OK;
	}
	OV_TRY(put_digit(f, &f->with, v));
	if (f->depth == f->object)
		return put_digit(f, &f->without, v);
	f->is_nested = true;
	return OV_OK;
}

/* \binN: N bytes as they are. */
static ov_status take_binary(struct rtf *f, uint64_t n)
{
	while (n > 0) {
		size_t some;
		int b;

		OV_TRY(peek(f, &b));
		if (b < 0)
			return OV_OK;
		some = (size_t)ov_min_u64(n, f->n - f->i);
		if (f->object != 0 && f->skip == 0) {
			OV_TRY(put(f, &f->with.b, f->buf + f->i, some));
			OV_TRY(put(f, &f->without.b, f->buf + f->i, some));
		}
		f->i += some;
		n -= some;
	}
	return OV_OK;
}

static void start_object(struct rtf *f)
{
	if (f->object != 0)
		return;
	f->object = f->depth > 0 ? f->depth : 1;
	f->skip = 0;
	f->holder = 0;
	f->is_nested = f->is_cut = f->is_odd = false;
	f->with.b.n = f->without.b.n = 0;
	f->with.high = f->without.high = -1;
}

/* Letters, then perhaps a number, then perhaps one blank. */
static ov_status take_word(struct rtf *f)
{
	const bool had_star = f->has_star;
	char word[WORD_MAX + 1];
	uint64_t number = 0;
	size_t n = 0;
	int b;

	f->has_star = false;
	OV_TRY(peek(f, &b));
	while (b >= 0 && (b | 32) >= 'a' && (b | 32) <= 'z') {
		if (n < WORD_MAX)
			word[n++] = (char)b;
		f->i++;
		OV_TRY(peek(f, &b));
	}
	word[n] = '\0';
	if (b == '-') {
		f->i++;
		OV_TRY(peek(f, &b));
	}
	while (b >= '0' && b <= '9') {
		if (number < UINT32_MAX)
			number = number * 10 + (uint64_t)(b - '0');
		f->i++;
		OV_TRY(peek(f, &b));
	}
	if (b == ' ')
		f->i++;
	if (strcmp(word, "bin") == 0)
		return take_binary(f, number);
	f->is_odd |= f->object != 0 && f->skip == 0;
	if (strcmp(word, "objdata") == 0 || strcmp(word, "datastore") == 0)
		start_object(f);
	else if (strcmp(word, "object") == 0 && f->object == 0)
		f->holder = f->depth;
	else if (had_star && f->object != 0 && f->skip == 0 && f->depth > f->object)
		f->skip = f->depth;
	return OV_OK;
}

/* After a backslash. */
static ov_status take_control(struct rtf *f)
{
	int b;

	OV_TRY(peek(f, &b));
	if (b >= 0 && (b | 32) >= 'a' && (b | 32) <= 'z')
		return take_word(f);
	if (b < 0)
		return OV_OK;
	f->i++;
	f->has_star = b == '*';
	f->is_odd |= !f->has_star && f->object != 0 && f->skip == 0;
	for (unsigned k = 0; b == '\'' && k < 2; k++) { /* a character by its number: no data */
		int digit;

		OV_TRY(peek(f, &digit));
		if (digit < 0 || ov_hex_digit((char)digit) < 0)
			break;
		f->i++;
	}
	return OV_OK;
}

/* @return true when it is the group of an object's data: that is complete. */
static bool close_group(struct rtf *f)
{
	const bool is_last = f->object != 0 && f->depth <= f->object;

	if (f->depth == f->skip)
		f->skip = 0;
	if (f->holder != 0 && f->depth <= f->holder) {
		f->holder = 0;
		f->env->note(f->env->ctx, OV_BAD, OV_STR("object"), "an object without its data");
	}
	f->depth -= f->depth > 0;
	return is_last;
}

/* Reads on until an object is complete. @return OV_OK; OV_END. */
static ov_status find_object(struct rtf *f)
{
	int b;

	for (;;) {
		OV_TRY(peek(f, &b));
		if (b < 0)
			break;
		f->i++;
		if (b == '\\') {
			OV_TRY(take_control(f));
		} else if (b == '{') {
			f->depth++;
			f->has_star = false;
		} else if (b == '}') {
			if (close_group(f))
				return OV_OK;
		} else {
			OV_TRY(take_digit(f, b));
		}
	}
	if (f->object == 0) {
		if (f->depth > 0 && !f->is_told)
			f->env->note(f->env->ctx, OV_SHORT, OV_STR(""),
				     "the file ends within a group");
		f->is_told = true;
		return OV_END;
	}
	f->env->note(f->env->ctx, OV_SHORT, OV_STR("object"), "the file ends within it");
	f->is_told = true;
	return OV_OK;
}

static void add_part(struct rtf *f, struct ov_str name, const uint8_t *p, size_t n)
{
	if (n > 0 && f->nparts < PARTS_MAX)
		f->parts[f->nparts++] = (struct part){ .name = name, .p = p, .n = n };
}

static void note_object(struct rtf *f, ov_status why, const char *detail)
{
	f->env->note(f->env->ctx, why, OV_STR("object"), detail);
}

/* The file of a package, or all that the object holds. */
static ov_status add_native(struct rtf *f, const struct ov_src *native, bool is_package)
{
	struct ov_ole_native n;

	OV_TRY(ov_ole_native(native, 0, &f->names, &n));
	if (!is_package && (n.name.n == 0 || n.is_broken)) {
		add_part(f, OV_STR("object"), native->mem, (size_t)native->size);
		return OV_OK;
	}
	if (n.is_broken || n.name.n == 0)
		note_object(f, OV_BAD, "a package whose sizes don't fit");
	add_part(f, n.name.n > 0 ? n.name : OV_STR("package"), native->mem + n.off, (size_t)n.size);
	return OV_OK;
}

/*
 * Behind an object stands how it looks ([MS-OLEDS] 2.2.3): version, kind 0 (none) or 5. Some
 * programs leave it out.
 */
static bool is_presentation(struct ov_cur c)
{
	const size_t n = ov_cur_left(&c);
	uint32_t kind;

	if (n < 8)
		return true;
	(void)ov_cur_soft_u32le(&c);
	kind = ov_cur_soft_u32le(&c);
	return kind == 0 || kind == 5;
}

/* [MS-OLEDS] 2.2.4, 2.2.5: version, kind, class, topic, item, size, data. */
static ov_status unwrap(struct rtf *f, const struct ov_buf *b)
{
	struct ov_cur c = ov_cur_of(b->p, b->n), native;
	struct ov_src src;
	bool is_package = false;
	uint32_t n = 0;

	if (b->n == 0)
		return OV_OK;
	ov_cur_soft_skip(&c, 8);
	for (unsigned k = 0; k < 3; k++) {
		n = ov_cur_soft_u32le(&c);
		if (k == 0)
			is_package = ov_cur_looking_at(&c, "Package", 8);
		ov_cur_soft_skip(&c, n);
	}
	n = ov_cur_soft_u32le(&c);
	if (ov_cur_status(&c) != OV_OK) {
		/* No header that makes sense: a compound file somewhere in it is still one. */
		const uint8_t *hit =
		    b->n > 8 ? memmem(b->p + 1, b->n - 1, "\xd0\xcf\x11\xe0\xa1\xb1", 6) : NULL;

		note_object(f, OV_BAD, "its header makes no sense");
		if (hit != NULL)
			add_part(f, OV_STR("object"), hit, b->n - (size_t)(hit - b->p));
		return OV_OK;
	}
	if (n > ov_cur_left(&c))
		note_object(f, OV_SHORT, "it is shorter than its header tells");
	OV_TRY(ov_cur_take(&c, ov_min_u64(n, ov_cur_left(&c)), &native));
	if (!is_presentation(c))
		note_object(f, OV_BAD, "it is longer than its header tells");
	src = ov_src_mem(native.base, native.len);
	return add_native(f, &src, is_package);
}

static ov_status make_parts(struct rtf *f)
{
	f->object = 0;
	f->nobjects++;
	f->nparts = f->part = 0;
	ov_arena_reset(&f->names, 65536);
	if (f->is_cut)
		note_object(f, OV_LIMIT, "it is too large: its first part was matched");
	if (f->is_odd)
		note_object(f, OV_BAD, "something but digits stands in its data");
	if (f->with.high >= 0)
		note_object(f, OV_BAD, "its data ends in half a byte");
	add_part(f, OV_STR("objdata"), f->with.b.p, f->with.b.n);
	OV_TRY(unwrap(f, &f->with.b));
	if (!f->is_nested)
		return OV_OK;
	add_part(f, OV_STR("objdata"), f->without.b.p, f->without.b.n);
	return unwrap(f, &f->without.b);
}

static ov_status next_rtf(void *state, struct ov_child *out)
{
	struct rtf *f = state;
	const struct part *p;

	if (f->part < f->nparts)
		f->part++;
	while (f->part >= f->nparts) {
		OV_TRY(find_object(f));
		OV_TRY(make_parts(f));
	}
	p = &f->parts[f->part];
	f->given = 0;
	*out = (struct ov_child){ .kind = OV_CHILD_STREAM,
				  .name = p->name,
				  .size = p->n,
				  .packed = OV_SIZE_UNKNOWN,
				  .position = ++f->position };
	return OV_OK;
}

static ov_status read_rtf(void *state, void *to, size_t n, size_t *got)
{
	struct rtf *f = state;
	const struct part *p = &f->parts[f->part];

	*got = 0;
	if (f->part >= f->nparts || f->given >= p->n)
		return OV_END;
	*got = ov_min_size(n, p->n - f->given);
	memcpy(to, p->p + f->given, *got);
	f->given += *got;
	return OV_OK;
}

static void close_rtf(void *state)
{
	struct rtf *f = state;

	ov_buf_free(&f->with.b);
	ov_buf_free(&f->without.b);
	ov_arena_free(&f->names);
}

const struct ov_format ov_format_rtf = { "rtf", open_rtf, next_rtf, read_rtf, close_rtf };
