/*
 * TNEF, "winmail.dat": what Outlook packs attachments in. [MS-OXTNEF].
 *
 *   78 9f 3e 22 | key (2) | attributes ...
 *   level (1: message, 2: attachment) | tag (4) | length (4) | data | checksum (2)
 *
 * An attachment begins with attAttachRenddata; its name is in attAttachTitle, or in the MAPI
 * properties of attAttachment, which come after the bytes. So the bytes are given when the
 * attachment ends. Embedded messages and objects are properties too: every binary or object
 * property of an attachment is a part, whatever it says it is. The message's own body, plain or
 * as compressed RTF, is not undone: its bytes are given as they are.
 */
#include "formats.h"

#include <string.h>

#include "checked.h"
#include "window.h"

#define NAME_MAX_BYTES 512
#define QUEUE 8	       /* parts of one attachment */
#define PROPS_MAX 4096 /* properties looked at in one attribute */

/* Attributes by the low half of their tags; the high half is a type, which readers don't ask. */
#define TAG_TITLE 0x8010u
#define TAG_DATA 0x800fu
#define TAG_REND 0x9002u
#define TAG_PROPS 0x9005u
#define TAG_MSG_PROPS 0x9003u
#define TAG_BODY 0x800cu

#define ATTACHMENT 2 /* level */

#define PT_BINARY 0x0102
#define PT_OBJECT 0x000d
#define PT_STRING8 0x001e
#define PT_UNICODE 0x001f

#define PR_ATTACH_FILENAME 0x3704
#define PR_ATTACH_LONG_FILENAME 0x3707
#define PR_RTF_COMPRESSED 0x1009
#define PR_HTML 0x1013

struct part {
	uint64_t off, size;
	const char *name; /* NULL: the attachment's */
};

struct tnef {
	const struct ov_fmt_env *env;
	struct ov_window win;
	uint64_t at, position;
	struct part queue[QUEUE];
	size_t nqueue, given;
	char name[NAME_MAX_BYTES];
	size_t nname;
	bool has_long_name, is_over, lost_parts;
	bool is_open; /* an attachment began, and no data of it was met */
	bool is_told; /* of a wrong checksum */
};

static ov_status open_tnef(const struct ov_fmt_env *env, void **state)
{
	struct tnef *t;
	struct ov_cur c;

	OV_TRY(ov_arena_new(env->arena, &t));
	t->env = env;
	OV_TRY(ov_window_init(&t->win, env->src, env->arena));
	OV_TRY(ov_window_get(&t->win, 0, 6, &c));
	OV_TRY(ov_cur_expect(&c, "\x78\x9f\x3e\x22"));
	t->at = 6;
	*state = t;
	return OV_OK;
}

static void add_part(struct tnef *t, uint64_t off, uint64_t size, const char *name)
{
	if (size == 0)
		return;
	if (t->nqueue == QUEUE) {
		if (!t->lost_parts)
			t->env->note(t->env->ctx, OV_LIMIT, OV_STR(""),
				     "an attachment of more than 8 pieces: the others were not "
				     "opened");
		t->lost_parts = true;
		return;
	}
	t->queue[t->nqueue++] = (struct part){ .off = off, .size = size, .name = name };
}

/* A name of one or two bytes a character; two-byte ones keep their low half. */
static ov_status read_name(struct tnef *t, uint64_t off, uint64_t size, bool is_wide)
{
	const size_t want = (size_t)ov_min_u64(size, is_wide ? 2 * NAME_MAX_BYTES : NAME_MAX_BYTES);
	struct ov_cur c;

	OV_TRY(ov_window_upto(&t->win, off, want, &c));
	t->nname = 0;
	while (ov_cur_left(&c) >= (is_wide ? 2u : 1u)) {
		const uint16_t v = is_wide ? ov_cur_soft_u16le(&c) : ov_cur_soft_u8(&c);

		if (v == 0)
			break;
		t->name[t->nname++] = v < 0x100 ? (char)v : '?';
	}
	return OV_OK;
}

/* Size of a property of a fixed size, padded to four bytes; 0 for those that tell their own. */
static uint64_t fixed_size(unsigned type)
{
	switch (type) {
	case 0x0002: /* short */
	case 0x0003: /* long */
	case 0x0004: /* float */
	case 0x000a: /* error */
	case 0x000b: /* boolean */
		return 4;
	case 0x0005: /* double */
	case 0x0006: /* currency */
	case 0x0007: /* time of applications */
	case 0x0014: /* 64 bits */
	case 0x0040: /* system time */
		return 8;
	case 0x0048: /* identifier */
		return 16;
	default:
		return 0;
	}
}

struct props {
	uint64_t at, end;
};

static ov_status u32_at(struct tnef *t, struct props *p, uint32_t *out)
{
	struct ov_cur c;

	if (p->end - p->at < 4)
		return OV_SHORT;
	OV_TRY(ov_window_get(&t->win, p->at, 4, &c));
	OV_TRY(ov_cur_u32le(&c, out));
	p->at += 4;
	return OV_OK;
}

static ov_status pass(struct props *p, uint64_t n)
{
	n += (4 - n % 4) % 4; /* at most 2^32 and a few */
	if (n > p->end - p->at)
		return OV_SHORT;
	p->at += n;
	return OV_OK;
}

/* Named properties carry a set's identifier and a number or a name. */
static ov_status pass_property_name(struct tnef *t, struct props *p)
{
	uint32_t kind, n;

	OV_TRY(pass(p, 16));
	OV_TRY(u32_at(t, p, &kind));
	if (kind == 0)
		return pass(p, 4);
	OV_TRY(u32_at(t, p, &n));
	return pass(p, n);
}

static ov_status use_value(struct tnef *t, unsigned type, unsigned id, uint64_t off, uint64_t n,
			   bool is_message)
{
	if (type == PT_STRING8 || type == PT_UNICODE) {
		if (!is_message && (id == PR_ATTACH_LONG_FILENAME ||
				    (id == PR_ATTACH_FILENAME && !t->has_long_name))) {
			t->has_long_name |= id == PR_ATTACH_LONG_FILENAME;
			return read_name(t, off, n, type == PT_UNICODE);
		}
		return OV_OK;
	}
	if (is_message && id != PR_RTF_COMPRESSED && id != PR_HTML)
		return OV_OK;		   /* keys and marks, not content */
	if (type == PT_OBJECT && n > 16) { /* behind the interface's identifier */
		off += 16;
		n -= 16;
	}
	if (n < 16)
		return OV_OK;
	t->is_open &= is_message;
	add_part(t, off, n, is_message ? (id == PR_HTML ? "body.html" : "body.rtf") : NULL);
	return OV_OK;
}

/* One property: type, number, name where it has one, values. */
static ov_status property(struct tnef *t, struct props *p, bool is_message)
{
	uint32_t tag, values = 1, n;
	unsigned type;
	uint64_t size;

	OV_TRY(u32_at(t, p, &tag));
	type = tag & 0xffff;
	if (tag >= 0x80000000u)
		OV_TRY(pass_property_name(t, p));
	size = fixed_size(type & 0x0fffu);
	if (size > 0) {
		if ((type & 0x1000) != 0)
			OV_TRY(u32_at(t, p, &values));
		return pass(p, ov_min_u64(values, UINT32_MAX / 16) * size);
	}
	OV_TRY(u32_at(t, p, &values));
	for (uint32_t i = 0; i < values; i++) { /* each turn consumes four bytes */
		OV_TRY(u32_at(t, p, &n));
		if (n > p->end - p->at)
			return OV_SHORT;
		OV_TRY(use_value(t, type & 0x0fffu, tag >> 16, p->at, n, is_message));
		OV_TRY(pass(p, n));
	}
	return OV_OK;
}

static ov_status properties(struct tnef *t, uint64_t off, uint64_t size, bool is_message)
{
	struct props p = { .at = off, .end = off + size };
	uint32_t count;
	ov_status s = u32_at(t, &p, &count);

	for (uint32_t i = 0; s == OV_OK && i < count && i < PROPS_MAX; i++)
		s = property(t, &p, is_message);
	if (s == OV_OK && count > PROPS_MAX)
		s = OV_LIMIT;
	if (s == OV_SHORT || s == OV_BAD || s == OV_LIMIT) {
		t->env->note(t->env->ctx, s, (struct ov_str){ .p = t->name, .n = t->nname },
			     "its properties could not all be read");
		return OV_OK;
	}
	return s;
}

static void note(struct tnef *t, ov_status why, const char *detail)
{
	t->env->note(t->env->ctx, why, (struct ov_str){ .p = t->name, .n = t->nname }, detail);
}

/* Is it an attribute of [MS-OXTNEF] 2.1.3.2, and of that level? */
static bool is_known(unsigned level, unsigned tag)
{
	const bool is_attachments = (tag >= 0x800f && tag <= 0x8013) || tag == 0x9001 ||
				    tag == TAG_REND || tag == TAG_PROPS;

	if (is_attachments)
		return level == ATTACHMENT;
	return level == 1 && (tag <= 2 || (tag >= 6 && tag <= 9) || tag == 0x600 ||
			      (tag >= 0x8000 && tag <= 0x800d) || tag == 0x8020 ||
			      (tag >= 0x9003 && tag <= 0x9007));
}

/* The sum of all bytes stands behind them. */
static ov_status check_sum(struct tnef *t, uint64_t off, uint64_t n)
{
	uint16_t sum = 0, want;
	struct ov_cur c;

	while (n > 0) {
		const uint8_t *p;
		size_t some;

		OV_TRY(ov_window_some(&t->win, off, 1, &c));
		some = (size_t)ov_min_u64(ov_cur_left(&c), n);
		p = ov_cur_rest(&c);
		if (some == 0)
			return OV_SHORT;
		for (size_t i = 0; i < some; i++)
			sum = (uint16_t)(sum + p[i]);
		off += some;
		n -= some;
	}
	OV_TRY(ov_window_get(&t->win, off, 2, &c));
	OV_TRY(ov_cur_u16le(&c, &want));
	return sum == want ? OV_OK : OV_BAD;
}

static ov_status check(struct tnef *t, unsigned level, unsigned tag, uint64_t off, uint64_t n)
{
	ov_status s;

	if (!is_known(level, tag))
		note(t, OV_BAD, "an attribute of no known kind");
	s = check_sum(t, off, n);
	if (s == OV_IO || (s != OV_OK && t->is_told))
		return s == OV_IO ? s : OV_OK;
	if (s != OV_OK)
		note(t, s, "an attribute with a wrong checksum");
	t->is_told |= s != OV_OK;
	return OV_OK;
}

static void note_empty(struct tnef *t)
{
	if (t->is_open)
		note(t, OV_BAD, "an attachment without data");
	t->is_open = false;
}

/* The next attribute. @return OV_OK; OV_END when an attachment or all ends there. */
static ov_status attribute(struct tnef *t)
{
	const uint64_t size = t->env->src->size;
	struct ov_cur c;
	uint32_t tag, n;
	uint64_t body;
	uint8_t level;

	if (size - t->at < 9)
		return OV_END;
	OV_TRY(ov_window_get(&t->win, t->at, 9, &c));
	OV_TRY(ov_cur_u8(&c, &level));
	OV_TRY(ov_cur_u32le(&c, &tag));
	OV_TRY(ov_cur_u32le(&c, &n));
	tag &= 0xffff;
	body = t->at + 9;
	if (tag == TAG_REND && t->nqueue > 0)
		return OV_END; /* give what the one before has, then come back */
	if (n > size - body) {
		t->env->note(t->env->ctx, OV_SHORT, OV_STR(""),
			     "it is cut: the last attribute goes beyond its end");
		n = (uint32_t)(size - body);
	} else {
		OV_TRY(check(t, level, tag, body, n));
	}
	t->at = body + n;
	t->at += ov_min_u64(2, size - t->at); /* checksum */
	switch (tag) {
	case TAG_REND:
		note_empty(t);
		t->is_open = true;
		t->nname = 0;
		t->has_long_name = false;
		return OV_OK;
	case TAG_TITLE:
		return t->has_long_name ? OV_OK : read_name(t, body, n, false);
	case TAG_DATA:
		t->is_open = false;
		add_part(t, body, n, NULL);
		return OV_OK;
	case TAG_BODY:
		add_part(t, body, n, "body.txt");
		return OV_OK;
	case TAG_PROPS:
	case TAG_MSG_PROPS:
		return properties(t, body, n, tag == TAG_MSG_PROPS);
	default:
		return OV_OK;
	}
}

static void at_end(struct tnef *t)
{
	note_empty(t);
	if (t->at < t->env->src->size)
		note(t, OV_SHORT, "it ends within an attribute");
}

static ov_status next_tnef(void *state, struct ov_child *out)
{
	struct tnef *t = state;
	const struct part *p;

	while (t->given == t->nqueue) {
		ov_status s;

		t->given = t->nqueue = 0;
		if (t->is_over)
			return OV_END;
		do {
			s = attribute(t);
		} while (s == OV_OK);
		if (s != OV_END)
			return s;
		t->is_over = t->env->src->size - t->at < 9;
		if (t->is_over)
			at_end(t);
	}
	p = &t->queue[t->given++];
	*out = (struct ov_child){ .kind = OV_CHILD_SLICE,
				  .off = p->off,
				  .size = p->size,
				  .packed = p->size,
				  .position = ++t->position,
				  .name = { .p = t->name, .n = t->nname } };
	if (p->name != NULL)
		out->name = ov_str_of(p->name);
	else if (t->nname == 0)
		out->name = OV_STR("attachment");
	return OV_OK;
}

const struct ov_format ov_format_tnef = { "tnef", open_tnef, next_tnef, NULL, NULL };
