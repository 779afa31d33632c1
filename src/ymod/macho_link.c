/*
 * macho: names that the loader binds and that a file gives away. Source: Apple's <mach-o/loader.h>
 * (opcodes of dyld's compressed information, the trie of exports) and <mach-o/fixup-chains.h>; a
 * file without these tells by its symbol table.
 */
#include <string.h>

#include "checked.h"
#include "macho_int.h"
#include "ymod_give.h"

#define TABLE_MAX ((uint64_t)64 << 20) /* bytes of opcodes or of a trie that are read */
#define NAME_MAX_BYTES 4096u
#define SYMBOLS_MAX 1048576u

enum { N_STAB = 0xe0, N_TYPE = 0x0e, N_EXT = 1, N_UNDF = 0 };

/* A table of the image: where its offset and size stand in a command. */
static ov_status table_of(const struct macho_image *x, uint64_t command, uint32_t field,
			  uint64_t *at, uint64_t *size)
{
	struct ov_cur c;
	uint64_t off;

	OV_TRY(ov_window_get(&x->of->win, command + field, 8, &c));
	off = ov_macho_u32(&x->h, &c);
	*size = ov_min_u64(ov_macho_u32(&x->h, &c), TABLE_MAX);
	*at = x->base + off;
	if (off > x->size || *size > x->size - off)
		return OV_SHORT;
	return OV_OK;
}

/* A cursor over what is left of a table, a window at most. */
static ov_status look(const struct macho_image *x, uint64_t at, uint64_t end, struct ov_cur *c)
{
	return ov_window_upto(&x->of->names, at, (size_t)ov_min_u64(end - at, OV_WINDOW_MAX / 2),
			      c);
}

static ov_status uleb(struct ov_cur *c, uint64_t *out)
{
	uint64_t v = 0;
	uint8_t b;

	for (unsigned shift = 0;; shift += 7) {
		OV_TRY(ov_cur_u8(c, &b));
		if (shift < 64)
			v |= (uint64_t)(b & 0x7f) << shift;
		else if (shift > 140)
			return OV_BAD;
		if ((b & 0x80) == 0)
			break;
	}
	*out = v;
	return OV_OK;
}

/* One opcode with its operands. @return OV_END when the table says that it is at its end. */
static ov_status bind_step(struct ov_yenv *env, struct ov_cur *c, bool is_lazy,
			   struct macho_names *out)
{
	uint64_t ignored;
	struct ov_str name;
	uint8_t b;

	OV_TRY(ov_cur_u8(c, &b));
	switch (b & 0xf0) {
	case 0x00: /* done: of lazy ones, with this symbol */
		return is_lazy ? OV_OK : OV_END;
	case 0x40: /* the symbol's name */
		OV_TRY(ov_cur_zstr(c, NAME_MAX_BYTES, &name));
		OV_TRY(ov_arena_str(env->arena, name, &name));
		return macho_names_add(env, out, name);
	case 0x20: /* library; addend; segment and offset; address */
	case 0x60:
	case 0x70:
	case 0x80:
	case 0xa0:
		return uleb(c, &ignored);
	case 0xc0: /* times, skipping */
		OV_TRY(uleb(c, &ignored));
		return uleb(c, &ignored);
	case 0xd0:
		return (b & 0x0f) == 0 ? uleb(c, &ignored) : OV_OK;
	case 0x10:
	case 0x30:
	case 0x50:
	case 0x90:
	case 0xb0:
		return OV_OK;
	default:
		return OV_BAD;
	}
}

static ov_status binds(struct ov_yenv *env, struct macho_image *x, uint32_t field, bool is_lazy,
		       struct macho_names *out)
{
	uint64_t at = 0, size = 0;
	struct ov_cur c;
	ov_status s = table_of(x, x->dyld_info, field, &at, &size);
	const uint64_t end = at + size;

	while (s == OV_OK && at < end) {
		OV_TRY(ov_ymod_spend(env, 1));
		OV_TRY(look(x, at, end, &c));
		/* As many as stand whole in the window. */
		while (ov_cur_left(&c) > 0) {
			const struct ov_cur before = c;

			OV_TRY(ov_ymod_spend(env, 1));
			s = bind_step(env, &c, is_lazy, out);
			if (s != OV_OK) {
				c = before;
				break;
			}
		}
		if (c.pos == 0 && s == OV_OK)
			return OV_OK;
		at += c.pos;
		if (s == OV_SHORT && c.pos > 0)
			s = OV_OK; /* the opcode goes on behind the window */
	}
	return s == OV_END || s == OV_SHORT || s == OV_BAD ? OV_OK : s;
}

/* Format 1: 4 bytes a row; 2: an addend of 4 behind it; 3: 16 bytes. */
static ov_status chained(struct ov_yenv *env, struct macho_image *x, struct macho_names *out)
{
	uint64_t at = 0, size = 0, imports, symbols, n, row;
	uint32_t format;
	struct ov_cur c;

	OV_TRY(table_of(x, x->fixups, 8, &at, &size));
	if (size < 28)
		return OV_OK;
	OV_TRY(ov_window_get(&x->of->win, at, 28, &c));
	ov_cur_soft_skip(&c, 8);
	imports = ov_macho_u32(&x->h, &c);
	symbols = ov_macho_u32(&x->h, &c);
	n = ov_macho_u32(&x->h, &c);
	format = ov_macho_u32(&x->h, &c);
	if (ov_macho_u32(&x->h, &c) != 0 || format < 1 || format > 3 || symbols >= size)
		return OV_OK; /* symbols in a compressed form that nobody writes */
	row = format == 1 ? 4 : format == 2 ? 8 : 16;
	for (uint64_t i = 0; i < n; i++) {
		struct ov_str name;
		uint64_t v;

		OV_TRY(ov_ymod_spend(env, 2));
		if (imports > size || (i + 1) * row > size - imports)
			return OV_OK;
		OV_TRY(ov_window_get(&x->of->win, at + imports + i * row, (size_t)row, &c));
		v = format == 3 ? ov_macho_u64(&x->h, &c) >> 32 : ov_macho_u32(&x->h, &c) >> 9;
		if (v >= size - symbols)
			continue;
		OV_TRY(macho_text(env, x->of, at + symbols + v,
				  ov_min_u64(size - symbols - v, NAME_MAX_BYTES), &name));
		OV_TRY(macho_names_add(env, out, name));
	}
	return OV_OK;
}

static ov_status symbols(struct ov_yenv *env, struct macho_image *x, enum macho_which which,
			 struct macho_names *out)
{
	const uint32_t row = x->h.is_64 ? 16 : 12;
	uint64_t at, strings, size, n;
	struct ov_cur c;

	if (x->symtab == 0)
		return OV_OK;
	OV_TRY(ov_window_get(&x->of->win, x->symtab + 8, 16, &c));
	at = ov_macho_u32(&x->h, &c);
	n = ov_macho_u32(&x->h, &c);
	strings = ov_macho_u32(&x->h, &c);
	size = ov_macho_u32(&x->h, &c);
	if (n > SYMBOLS_MAX) {
		ov_ymod_note(env, OV_LIMIT, "more symbols than are listed");
		n = SYMBOLS_MAX;
	}
	for (uint64_t i = 0; i < n; i++) {
		struct ov_str name = { .p = "", .n = 0 };
		uint32_t text;
		uint8_t kind;

		OV_TRY(ov_ymod_spend(env, 2));
		if (at > x->size || (i + 1) * row > x->size - at)
			return OV_OK;
		OV_TRY(ov_window_get(&x->of->win, x->base + at + i * row, row, &c));
		text = ov_macho_u32(&x->h, &c);
		kind = ov_cur_soft_u8(&c);
		if (which != MACHO_ALL &&
		    ((kind & N_STAB) != 0 || (kind & N_EXT) == 0 ||
		     ((kind & N_TYPE) == N_UNDF) != (which == MACHO_UNDEFINED)))
			continue;
		if (text < size && strings < x->size && text < x->size - strings)
			OV_TRY(macho_text(env, x->of, x->base + strings + text,
					  ov_min_u64(size - text, x->size - strings - text),
					  &name));
		if (which == MACHO_ALL || name.n > 0)
			OV_TRY(macho_names_add(env, out, name));
	}
	return OV_OK;
}

/* News about the input ends a list; the rest is an error. */
static ov_status calm(ov_status s)
{
	return s == OV_SHORT || s == OV_BAD || s == OV_END ? OV_OK : s;
}

ov_status macho_symbols(struct ov_yenv *env, struct macho_image *x, enum macho_which which,
			struct macho_names *out)
{
	return calm(symbols(env, x, which, out));
}

ov_status macho_imports(struct ov_yenv *env, struct macho_image *x, struct macho_names *out)
{
	if (x->dyld_info != 0) {
		OV_TRY(binds(env, x, 16, false, out));
		OV_TRY(binds(env, x, 32, true, out));
	}
	if (x->fixups != 0)
		OV_TRY(calm(chained(env, x, out)));
	return out->n > 0 ? OV_OK : calm(symbols(env, x, MACHO_UNDEFINED, out));
}

struct node { /* of the trie, to be gone to */
	uint64_t at;
	struct ov_str name;
};

/* One node: its own name when it is an end, its children on the stack. */
static ov_status trie_node(struct ov_yenv *env, struct macho_image *x, uint64_t at, uint64_t size,
			   const struct node *n, struct node **stack, uint32_t *top, uint32_t *room,
			   struct macho_names *out)
{
	struct ov_cur c;
	uint64_t terminal, to;
	uint8_t children;

	OV_TRY(look(x, at + n->at, at + size, &c));
	OV_TRY(uleb(&c, &terminal));
	if (terminal > 0)
		OV_TRY(macho_names_add(env, out, n->name));
	OV_TRY(ov_cur_skip(&c, terminal));
	OV_TRY(ov_cur_u8(&c, &children));
	for (unsigned i = 0; i < children; i++) {
		struct ov_str edge;
		char *p = NULL;

		OV_TRY(ov_ymod_spend(env, 4));
		OV_TRY(ov_cur_zstr(&c, NAME_MAX_BYTES, &edge));
		OV_TRY(uleb(&c, &to));
		if (to >= size || n->name.n + edge.n > NAME_MAX_BYTES)
			continue;
		if (*top == *room) {
			struct node *more = NULL;

			OV_TRY(ov_arena_array(env->arena, (size_t)*room * 2, &more));
			memcpy(more, *stack, *top * sizeof *more);
			*stack = more;
			*room *= 2;
		}
		OV_TRY(ov_arena_array(env->arena, n->name.n + edge.n, &p));
		if (n->name.n > 0)
			memcpy(p, n->name.p, n->name.n);
		if (edge.n > 0)
			memcpy(p + n->name.n, edge.p, edge.n);
		(*stack)[*top].at = to;
		(*stack)[(*top)++].name = (struct ov_str){ .p = p, .n = n->name.n + edge.n };
	}
	return OV_OK;
}

/* A tree has fewer nodes than bytes: more are a ring. */
static ov_status trie(struct ov_yenv *env, struct macho_image *x, uint64_t command, uint32_t field,
		      struct macho_names *out)
{
	struct node *stack = NULL;
	uint64_t at = 0, size = 0, seen = 0;
	uint32_t top = 0, room = 64;

	OV_TRY(table_of(x, command, field, &at, &size));
	if (size == 0)
		return OV_OK;
	OV_TRY(ov_arena_array(env->arena, room, &stack));
	stack[top++] = (struct node){ .at = 0, .name = { .p = "", .n = 0 } };
	while (top > 0 && seen++ < size) {
		const struct node n = stack[--top];

		OV_TRY(ov_ymod_spend(env, 4));
		OV_TRY(calm(trie_node(env, x, at, size, &n, &stack, &top, &room, out)));
	}
	if (top > 0)
		ov_ymod_note(env, OV_BAD, "the exports of a Mach-O run in a ring");
	return OV_OK;
}

ov_status macho_exports(struct ov_yenv *env, struct macho_image *x, struct macho_names *out)
{
	if (x->dyld_info != 0)
		OV_TRY(calm(trie(env, x, x->dyld_info, 40, out)));
	if (x->trie != 0)
		OV_TRY(calm(trie(env, x, x->trie, 8, out)));
	return out->n > 0 ? OV_OK : calm(symbols(env, x, MACHO_DEFINED, out));
}
