/*
 * macho: lists of names, questions whether a name is in one, and their hashes. A hash is the MD5 of
 * the names, each once, sorted and joined by commas, in lower case (but for symhash), as YARA-X
 * makes it. Of a file for several processors the first image that has such names is hashed, and all
 * are asked.
 */
#include <stdlib.h>
#include <string.h>

#include "macho_int.h"
#include "text.h"
#include "ymod_give.h"

#define NAMES_MAX 262144u

ov_status macho_names_add(struct ov_yenv *env, struct macho_names *l, struct ov_str s)
{
	struct ov_str *more = NULL;

	if (l->n == NAMES_MAX) {
		ov_ymod_note(env, OV_LIMIT, "more names in a Mach-O than are listed");
		return OV_END;
	}
	if (l->n == l->room) {
		const uint32_t room = l->room == 0 ? 64 : l->room * 2;

		OV_TRY(ov_arena_array(env->arena, room, &more));
		if (l->n > 0)
			memcpy(more, l->s, l->n * sizeof *more);
		l->s = more;
		l->room = room;
	}
	l->s[l->n++] = s;
	return OV_OK;
}

static ov_status dylibs(struct ov_yenv *env, struct macho_image *x, struct macho_names *out)
{
	for (uint32_t i = 0; i < x->dylibs.n; i++) {
		struct ov_macho_command k;
		struct ov_str s;
		struct ov_cur c;
		uint32_t off;

		OV_TRY(ov_macho_command_at(&x->h, &x->of->win, x->dylibs.at[i], x->base + x->size,
					   &k));
		OV_TRY(ov_window_get(&x->of->win, k.at + 8, 4, &c));
		off = ov_macho_u32(&x->h, &c);
		if (off < 12 || off >= k.size)
			continue;
		OV_TRY(macho_text(env, x->of, k.at + off, k.size - off, &s));
		OV_TRY(macho_names_add(env, out, s));
	}
	return OV_OK;
}

/* A command holds a count of options, then each as a text with its NUL. */
static ov_status options(struct ov_yenv *env, struct macho_image *x, struct macho_names *out)
{
	for (uint32_t i = 0; i < x->options.n; i++) {
		struct ov_macho_command k;
		struct ov_cur c;
		uint32_t n, at = 12;

		OV_TRY(ov_macho_command_at(&x->h, &x->of->win, x->options.at[i], x->base + x->size,
					   &k));
		OV_TRY(ov_window_get(&x->of->win, k.at + 8, 4, &c));
		n = ov_macho_u32(&x->h, &c);
		for (; n > 0 && at < k.size; n--) {
			struct ov_str s;

			OV_TRY(macho_text(env, x->of, k.at + at, k.size - at, &s));
			OV_TRY(macho_names_add(env, out, s));
			at += (uint32_t)s.n + 1; /* less than the command's size */
		}
	}
	return OV_OK;
}

ov_status macho_names_of(struct ov_yenv *env, struct macho_image *x, int which,
			 struct macho_names **out)
{
	struct macho_names *l = &x->names[which];
	struct macho_names made = { .is_there = true };
	ov_status s = OV_OK;

	*out = l;
	if (l->is_there)
		return OV_OK;
	if (which == MACHO_DYLIBS)
		s = dylibs(env, x, &made);
	else if (which == MACHO_IMPORTS)
		s = macho_imports(env, x, &made);
	else if (which == MACHO_EXPORTS)
		s = macho_exports(env, x, &made);
	else if (which == MACHO_ENTITLEMENTS)
		s = macho_entitlements(env, x, &made);
	else if (which == MACHO_OPTIONS)
		s = options(env, x, &made);
	else
		s = macho_symbols(env, x, MACHO_ALL, &made);
	if (s != OV_OK && s != OV_END && s != OV_SHORT && s != OV_BAD)
		return s;
	*l = made;
	return OV_OK;
}

/* The i-th image that is a Mach-O: the thin one, or those of a fat one. @return OV_END: no more. */
static ov_status next_image(struct ov_yenv *env, unsigned module, uint32_t *i,
			    struct macho_image **out)
{
	struct ymod_macho *m = NULL;

	OV_TRY(macho_load(env, module, &m));
	if (m == NULL)
		return OV_END;
	if (!m->is_fat) {
		*out = &m->thin;
		return (*i)++ == 0 ? OV_OK : OV_END;
	}
	while (*i < m->nimages) {
		*out = &m->images[(*i)++];
		OV_TRY(macho_read_image(env, *out));
		if ((*out)->is_macho)
			return OV_OK;
	}
	return OV_END;
}

static char low(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool same(struct ov_str a, struct ov_str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (low(a.p[i]) != low(b.p[i]))
			return false;
	return true;
}

static ov_status rpath(struct ov_yenv *env, const struct macho_image *x, uint32_t i,
		       struct ov_str *out)
{
	struct ov_macho_command k;
	struct ov_cur c;
	uint32_t off;

	*out = (struct ov_str){ .p = NULL };
	OV_TRY(ov_macho_command_at(&x->h, &x->of->win, x->rpaths.at[i], x->base + x->size, &k));
	OV_TRY(ov_window_get(&x->of->win, k.at + 8, 4, &c));
	off = ov_macho_u32(&x->h, &c);
	if (off < 12 || off >= k.size)
		return OV_OK;
	return macho_text(env, x->of, k.at + off, k.size - off, out);
}

static ov_status has_rpath_in(struct ov_yenv *env, const struct macho_image *x, struct ov_str name,
			      bool *has)
{
	for (uint32_t i = 0; i < x->rpaths.n && !*has; i++) {
		struct ov_str s;
		const ov_status st = rpath(env, x, i, &s);

		if (st == OV_SHORT || st == OV_BAD)
			return OV_OK;
		OV_TRY(st);
		*has = s.p != NULL && same(s, name);
	}
	return OV_OK;
}

/* which < 0: paths for libraries. Undefined when the file is no Mach-O. */
static ov_status has(struct ov_yenv *env, unsigned module, int which, struct ov_str name,
		     struct ov_yval *out)
{
	struct macho_image *x = NULL;
	bool any = false, found = false;
	uint32_t at = 0;
	ov_status s;

	while (!found && (s = next_image(env, module, &at, &x)) != OV_END) {
		struct macho_names *l = NULL;

		OV_TRY(s);
		any = true;
		if (which < 0) {
			OV_TRY(has_rpath_in(env, x, name, &found));
			continue;
		}
		OV_TRY(macho_names_of(env, x, which, &l));
		OV_TRY(ov_ymod_spend(env, l->n));
		for (uint32_t i = 0; i < l->n && !found; i++)
			found = same(l->s[i], name);
	}
	return any ? ov_give_bool(out, found) : OV_OK;
}

#define HAS(name, which)                                                                           \
	OV_CALL(name)                                                                              \
	{                                                                                          \
		OV_UNUSED_CALL();                                                                  \
		return has(env, module, which, args[0].s, out);                                    \
	}                                                                                          \
	const struct ov_ysig macho_##name[] = { { "s", OV_Y_BOOL, name },                          \
						{ NULL, OV_Y_UNDEFINED, NULL } };

HAS(has_dylib, MACHO_DYLIBS)
HAS(has_rpath, -1)
HAS(has_import, MACHO_IMPORTS)
HAS(has_export, MACHO_EXPORTS)
HAS(has_entitlement, MACHO_ENTITLEMENTS)

static int by_text(const void *pa, const void *pb)
{
	const struct ov_str *a = pa, *b = pb;
	const size_t n = a->n < b->n ? a->n : b->n;
	const int d = n > 0 ? memcmp(a->p, b->p, n) : 0;

	return d != 0 ? d : (a->n > b->n) - (a->n < b->n);
}

static ov_status copies(struct ov_yenv *env, const struct macho_names *l, bool is_low,
			struct ov_str **out)
{
	OV_TRY(ov_arena_array(env->arena, l->n, out));
	for (uint32_t i = 0; i < l->n; i++) {
		char *p = NULL;

		OV_TRY(ov_ymod_spend(env, 1 + l->s[i].n / 8));
		OV_TRY(ov_arena_array(env->arena, l->s[i].n, &p));
		for (size_t k = 0; k < l->s[i].n; k++)
			p[k] = is_low ? low(l->s[i].p[k]) : l->s[i].p[k];
		(*out)[i] = (struct ov_str){ .p = p, .n = l->s[i].n };
	}
	if (l->n > 1)
		qsort(*out, l->n, sizeof **out, by_text);
	return OV_OK;
}

static ov_status digest(struct ov_yenv *env, const struct macho_names *l, bool is_low, char *hex)
{
	struct ov_hasher *h = env->hasher[OV_MD5];
	uint8_t out[OV_DIGEST_MAX];
	struct ov_str *names = NULL;

	OV_TRY(copies(env, l, is_low, &names));
	OV_TRY(ov_hasher_start(h));
	for (uint32_t i = 0; i < l->n; i++) {
		if (i > 0 && ov_str_eq(names[i], names[i - 1]))
			continue;
		if (i > 0)
			OV_TRY(ov_hasher_add(h, ",", 1));
		OV_TRY(ov_hasher_add(h, names[i].p, names[i].n));
	}
	OV_TRY(ov_hasher_end(h, out));
	ov_hex_encode(out, ov_digest_size(OV_MD5), hex);
	return OV_OK;
}

/* symhash: undefined symbols of the table, whatever the loader's opcodes say. */
static ov_status list_for(struct ov_yenv *env, struct macho_image *x, int which,
			  struct macho_names *own, struct macho_names **out)
{
	if (which != MACHO_SYMBOLS)
		return macho_names_of(env, x, which, out);
	*out = own;
	return macho_symbols(env, x, MACHO_UNDEFINED, own);
}

static ov_status hash(struct ov_yenv *env, unsigned module, int which, struct ov_yval *out)
{
	struct macho_image *x = NULL;
	uint32_t at = 0;
	ov_status s;

	if (env->hasher[OV_MD5] == NULL)
		return OV_OK;
	while ((s = next_image(env, module, &at, &x)) != OV_END) {
		struct macho_names own = { .n = 0 }, *l = NULL;
		char hex[2 * OV_DIGEST_MAX + 1];
		struct ov_arena_mark mark;
		struct ov_str text;

		OV_TRY(s);
		OV_TRY(list_for(env, x, which, &own, &l));
		if (l->n == 0)
			continue;
		mark = ov_arena_mark(env->arena);
		s = digest(env, l, which != MACHO_SYMBOLS, hex);
		ov_arena_release(env->arena, mark);
		OV_TRY(s);
		OV_TRY(ov_arena_str(env->arena, ov_str_of(hex), &text));
		return ov_give_text(out, text);
	}
	return OV_OK;
}

#define HASH(name, which)                                                                          \
	OV_CALL(name)                                                                              \
	{                                                                                          \
		OV_UNUSED_CALL();                                                                  \
		return hash(env, module, which, out);                                              \
	}                                                                                          \
	const struct ov_ysig macho_##name[] = { { "", OV_Y_STRING, name },                         \
						{ NULL, OV_Y_UNDEFINED, NULL } };

HASH(dylib_hash, MACHO_DYLIBS)
HASH(import_hash, MACHO_IMPORTS)
HASH(export_hash, MACHO_EXPORTS)
HASH(entitlement_hash, MACHO_ENTITLEMENTS)
HASH(symhash, MACHO_SYMBOLS)
