/*
 * elf.telfhash() and elf.import_md5(). Source: Trend Micro's description of telfhash, whose list of
 * symbols that don't count is kept; YARA-X 1.7.1 for import_md5 (names that the file takes from
 * elsewhere, lower case, sorted, joined by commas). Undefined where there is nothing to hash.
 */
#include <stdlib.h>
#include <string.h>

#include "elf_int.h"
#include "text.h"
#include "tlsh.h"
#include "ymod_give.h"

#define SYMBOLS_MAX 262144u

enum { STB_GLOBAL = 1, STT_FUNC = 2 };

typedef bool (*wanted_fn)(const struct ov_elf_symbol *s, struct ov_str name);

/* gcc takes other functions for these from one processor to the next. */
static bool is_telling(const struct ov_elf_symbol *s, struct ov_str name)
{
	static const char *const out[] = { "__libc_start_main", "main", "abort", "cachectl",
					   "cacheflush",	"puts", "atol",	 "malloc_trim" };

	if (s->info != (STB_GLOBAL << 4 | STT_FUNC) || (s->other & 3) != 0)
		return false;
	if (name.p[0] == '_' || name.p[0] == '.' || ov_str_starts(name, OV_STR("str")) ||
	    ov_str_starts(name, OV_STR("mem")))
		return false;
	if (name.n >= 2 && memcmp(name.p + name.n - 2, "64", 2) == 0)
		return false;
	for (size_t i = 0; i < sizeof out / sizeof *out; i++)
		if (ov_str_is(name, out[i]))
			return false;
	return true;
}

static bool is_import(const struct ov_elf_symbol *s, struct ov_str name)
{
	(void)name;
	return s->shndx == 0;
}

static int by_text(const void *pa, const void *pb)
{
	const struct ov_str *a = pa, *b = pb;
	const size_t n = a->n < b->n ? a->n : b->n;
	const int d = n > 0 ? memcmp(a->p, b->p, n) : 0;

	return d != 0 ? d : (a->n > b->n) - (a->n < b->n);
}

static ov_status lower(struct ov_yenv *env, struct ov_str s, struct ov_str *out)
{
	char *p = NULL;

	OV_TRY(ov_arena_array(env->arena, s.n, &p));
	for (size_t i = 0; i < s.n; i++)
		p[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] | 0x20) : s.p[i];
	*out = (struct ov_str){ .p = p, .n = s.n };
	return OV_OK;
}

static ov_status collect(const struct ymod_elf_symbols *t, struct ov_yenv *env, wanted_fn wanted,
			 struct ov_str **out, size_t *n)
{
	uint64_t all = t->n;

	*n = 0;
	if (all > SYMBOLS_MAX) {
		ov_ymod_note(env, OV_LIMIT, "more symbols than are hashed");
		return OV_OK; /* a hash of some of them would be another file's */
	}
	OV_TRY(ov_arena_array(env->arena, (size_t)all, out));
	for (uint64_t i = 0; i < all; i++) {
		struct ov_elf_symbol s;
		struct ov_str name;

		OV_TRY(ov_ymod_spend(env, 4));
		OV_TRY(ymod_elf_symbol(t, env, i, &s, &name));
		if (name.n == 0 || !wanted(&s, name))
			continue;
		OV_TRY(lower(env, name, &(*out)[(*n)++]));
	}
	if (*n > 1)
		qsort(*out, *n, sizeof **out, by_text);
	return OV_OK;
}

/* The names that count, joined by commas; p is NULL when there are none. */
static ov_status joined(struct ymod_elf *e, struct ov_yenv *env, wanted_fn wanted,
			struct ov_str *out)
{
	const struct ymod_elf_symbols *t = e->dynsym.is_there ? &e->dynsym : &e->symtab;
	struct ov_str *names = NULL;
	size_t n = 0, bytes = 0;
	char *p = NULL;

	*out = (struct ov_str){ .p = NULL };
	if (!t->is_there)
		return OV_OK;
	OV_TRY(collect(t, env, wanted, &names, &n));
	for (size_t i = 0; i < n; i++) /* each was copied to the arena: their sum can't wrap */
		bytes += names[i].n + 1;
	if (n == 0)
		return OV_OK;
	OV_TRY(ov_ymod_spend(env, bytes));
	OV_TRY(ov_arena_array(env->arena, bytes, &p));
	out->p = p;
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			p[out->n++] = ',';
		memcpy(p + out->n, names[i].p, names[i].n);
		out->n += names[i].n;
	}
	return OV_OK;
}

enum { TELFHASH, IMPORT_MD5 };

static ov_status hash_text(struct ymod_elf *e, struct ov_yenv *env, int which, char *text)
{
	uint8_t digest[OV_DIGEST_MAX];
	struct ov_str all;

	OV_TRY(joined(e, env, which == TELFHASH ? is_telling : is_import, &all));
	if (all.p == NULL)
		return OV_END;
	if (which == TELFHASH)
		return ov_tlsh(all, text);
	if (env->hasher[OV_MD5] == NULL)
		return OV_END;
	OV_TRY(ov_hasher_once(env->hasher[OV_MD5], all.p, all.n, digest));
	ov_hex_encode(digest, ov_digest_size(OV_MD5), text);
	return OV_OK;
}

/* Computed once a layer; what it took of the arena is given back. */
static ov_status hash(struct ov_yenv *env, unsigned module, int which, struct ov_yval *out)
{
	char text[OV_TLSH_TEXT] = "";
	struct ymod_elf *e = NULL;
	ov_status s;

	OV_TRY(ymod_elf_load(env, module, &e));
	if (e == NULL)
		return OV_OK;
	if (!e->is_hashed[which]) {
		const struct ov_arena_mark mark = ov_arena_mark(env->arena);

		s = hash_text(e, env, which, text);
		ov_arena_release(env->arena, mark);
		if (s == OV_OK)
			OV_TRY(ov_arena_str(env->arena, ov_str_of(text), &e->hash[which]));
		else if (s != OV_END && s != OV_SHORT) /* SHORT: it changed under us */
			return s;
		e->is_hashed[which] = true;
	}
	return ov_give_text(out, e->hash[which]);
}

OV_CALL(telfhash)
{
	OV_UNUSED_CALL();
	return hash(env, module, TELFHASH, out);
}

OV_CALL(import_md5)
{
	OV_UNUSED_CALL();
	return hash(env, module, IMPORT_MD5, out);
}

const struct ov_ysig ymod_elf_telfhash[] = { { "", OV_Y_STRING, telfhash },
					     { NULL, OV_Y_UNDEFINED, NULL } };
const struct ov_ysig ymod_elf_import_md5[] = { { "", OV_Y_STRING, import_md5 },
					       { NULL, OV_Y_UNDEFINED, NULL } };
